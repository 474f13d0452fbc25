"""Drills from the command line, on a real server with the real worker and real flag files."""

from __future__ import annotations

from activities.drivers.flagd import Flagd
from tests.cli.lab import Lab, needs_server


@needs_server
def test_a_drill_is_run_on_test_subjects_and_then_for_real(lab: Lab) -> None:
    """On test subjects nobody who is served notices; for real it is reduced; both are timed and on record."""
    name = "drilled"
    lab.live(name)
    real = Flagd({"file": f"flags/{name}.json", "flag": name}, lab.home)
    before = real.observe()
    said = lab.words("drill", name, "rollback", "--as", "ops-manager")
    assert (said["code"], said["drill"]["passed"], said["drill"]["on"]) == ("drill_begun", True, "test/few")
    assert [one["confirmed"] for one in said["drill"]["targets"]] == [True]
    assert real.observe() == before
    copy = Flagd({"file": f"flags/{name}.json", "flag": f"{name}-drill"}, lab.home).observe()
    assert (copy.exposure.serves, copy.epoch > 1) == (False, True)
    people = lab.run("drill", name, "rollback", "--subjects", "team/pmo", "--as", "ops-manager")
    assert (people.code, "test subjects" in people.err) == (1, True)
    assert lab.run("drill", name, "rollback", "--as", "legal-counsel").code == 3
    assert lab.run("drill", name, "pause", "--real", "--subjects", "test/few").code == 2
    file = lab.home / "flags" / f"{name}.json"
    kept = file.read_bytes()
    file.write_text("torn", "utf-8")
    failed = lab.words("drill", name, "narrow", "--as", "ops-manager", code=1)
    file.write_bytes(kept)
    assert (failed["drill"]["passed"], failed["standing"]["control"], failed["standing"]["people"]) == (
        False,
        "live",
        12,
    )
    done = lab.run("drill", name, "pause", "--real", "--as", "risk-officer")
    assert (done.code, "DRILL PASSED" in done.out, real.observe().exposure.people) == (0, True, 0)
    again = lab.run("drill", name, "pause", "--real", "--as", "risk-officer")
    assert (again.code, "Nothing was drilled" in again.err) == (1, True)
    assert lab.run("evidence", "list", name).out.count("passed:") == 2

"""`tidegate rehearse` tells a life as a calendar, a picture and verdicts; what it cannot read is not lived."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path

import pytest

from cli import rehearsed
from cli.answers import Refusal
from cli.rehearsed import Life
from tests.cli.within import Within, within
from tests.pure.chronicled import late_life, moment, plan, told, walked
from tests.pure.documents import PLAYBOOKS
from tests.pure.world import Story, but, standard_plan, with_member
from tidegate.models.judgement import Judgement
from tidegate.panorama import panorama
from tidegate.strip import LABEL, strip

FAILED = Judgement(
    scenario="late", number=1, expects="never wave w3", why="people first", result="failed", says="Wave w3 was seen."
)
PASSED = FAILED.model_copy(update={"number": 2, "expects": "eventually wave w5", "result": "passed"})


def life(*judged: Judgement) -> Life:
    """Return the late life with verdicts."""
    return Life("late", "Claims triage as planned", late_life(), judged)


def locked() -> Life:
    """Return a life that stands still because compliance is on leave."""
    away = ((moment(12, 1, 2026), moment(6, 1)),)
    story = walked(Story(with_member(standard_plan(), "comp-a", deputy=None, away=away)), moment(12, 20, 2026))
    return Life("away", "Compliance on leave", told(story, "deadlock"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a directory with the sample playbooks."""
    for name in ("programme", "minutes-summariser", "bad-example"):
        (tmp_path / f"{name}.yaml").write_text((PLAYBOOKS / f"{name}.yaml").read_text("utf-8"), "utf-8")
    return tmp_path


def test_the_answer_has_calendar_picture_people_and_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    """What a manager asks first comes first; each wave has its date, and what was not met says why."""
    rehearsed.show([life(FAILED, PASSED)])
    said = " ".join(capsys.readouterr().out.split())
    assert said.index("best 2026-12-26") < said.index("The calendar") < said.index("Who is asked what")
    assert "limited/w4 100 2026-12-18 2027-01-04 +17 days" in said
    assert "failed never wave w3 Wave w3 was seen. It guards: people first" in said
    assert "passed eventually wave w5" in said


def test_several_lives_end_with_a_table_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Each life is a row with its verdict."""
    rehearsed.show([life(PASSED), locked()])
    short = capsys.readouterr().out.rpartition("In short")[2]
    assert re.search(r"^late .* 1 of 1 +well$", short, re.MULTILINE)
    assert re.search(r"^away .* nothing +stands still$", short, re.MULTILINE)


def test_a_life_that_stands_still_says_where_who_and_what_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The box comes before the picture, and the life is not well."""
    one = locked()
    rehearsed.show([one])
    said = " ".join(capsys.readouterr().out.split())
    assert "It stands still since 2026-12-09: pilot, w2, preparing" in said
    assert "What mends it: Name a deputy for comp-a" in said
    assert not one.well


@pytest.mark.parametrize(("judged", "well"), [((PASSED,), True), ((FAILED,), False), ((), True)])
def test_a_life_is_well_if_all_that_was_expected_came(judged: tuple[Judgement, ...], well: bool) -> None:
    """One failed expectation is enough, and an error is no pass."""
    assert life(*judged).well is well
    assert not life(*judged, FAILED.model_copy(update={"result": "error"})).well


@pytest.mark.parametrize("width", [80, 60, 40])
def test_the_picture_fits_whatever_it_is_shown_on(width: int) -> None:
    """No line is longer than the terminal, and every wave's people have a row of their own."""
    drawn = strip(late_life(), width)
    assert max(len(line) for line in drawn) <= width
    rows = [line[:LABEL].strip() for line in drawn]
    assert [row for row in rows if row.isdigit()] == ["500", "100", "50", "20", "10"]
    assert {"stage", "wave", "freeze", "leave", "waits"} <= set(rows)


def test_the_picture_has_no_people_where_nobody_is_served() -> None:
    """Before the first wave it says so; a life without length has no picture."""
    story = Story()
    story.start()
    assert strip(told(story)) == ()
    story.wait(moment(12, 1, 2026))
    assert any(line.split() == ["served", "nobody"] for line in strip(told(story)))
    assert panorama(told(Story())) is None


def test_the_json_is_one_object_with_the_chronicle() -> None:
    """Machines read dates, delays and verdicts without parsing a sentence."""
    words = json.loads(json.dumps(rehearsed.as_json([life(FAILED)])))
    one = words["lives"][0]
    assert (words["ok"], one["well"]) == (False, False)
    assert one["lived"]["milestones"][4]["begun"].startswith("2027-01-12")
    assert {wait["kind"] for wait in one["waits"]} >= {"freeze", "people"}
    assert one["expectations"][0]["result"] == "failed"


def test_the_page_is_well_formed_and_whole() -> None:
    """Waves, dates and people are in it, with the freeze shaded, and nothing comes from elsewhere."""
    page = rehearsed.page([life(FAILED), locked()])
    for said in ("limited/w4", "2027-01-04", "comp-a", "year-end", "k-freeze", "What mends it", "never wave w3"):
        assert said in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=|url\(", page)
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert len(list(ET.parse(StringIO(svg)).getroot().iter())) > 1  # noqa: S314  # it is our own


def test_what_people_wrote_stays_text_on_the_page() -> None:
    """A title with a tag in it is shown, and does nothing."""
    nasty = but(standard_plan(), title="<img src=x onerror=alert(1)>")
    page = rehearsed.page([Life("<b>", "<script>x</script>", told(Story(nasty).live()))])
    assert "<img src=x" not in page
    assert "<script" not in page
    assert "&lt;img src=x" in page


def test_what_is_signed_says_what_came_of_it() -> None:
    """Green only if all is well; how far it came is what was lived of exactly this plan."""
    kept = plan()
    one = life(PASSED)
    green = rehearsed.result(kept, [one], moment(3, 2))
    assert (green.verdict, green.expected, green.failed, green.stuck) == ("green", 1, 0, False)
    assert (green.plan, green.reached.value) == (kept.digest, "system_of_record")
    red = rehearsed.result(kept, [one, locked()], moment(3, 2))
    assert (red.verdict, red.stuck, len(red.lived)) == ("red", True, 2)
    with pytest.raises(Refusal, match="nothing to sign"):
        rehearsed.result(standard_plan(), [one], moment(3, 2))


def test_a_playbook_with_a_mistake_is_not_lived(place: Path) -> None:
    """It ends with 2 and says the findings as `check` does."""
    with _here(place) as here:
        checked, answer = here.run("check", "bad-example.yaml"), here.run("rehearse", "bad-example.yaml")
    assert answer.code == 2
    errors = [line for line in checked.out.splitlines() if ": error " in line]
    assert errors
    assert all(line in answer.out for line in errors)
    assert "nothing was lived" in answer.out


def test_a_scenario_with_a_mistake_is_not_lived(place: Path) -> None:
    """The finding has the line of the file, and `--json` says the same."""
    (place / "typo.yaml").write_text("scenario: typo\ntitle: A mistake\nabsense: []\n", "utf-8")
    with _here(place) as here:
        answer = here.run("rehearse", "minutes-summariser.yaml", "--scenario", "typo.yaml", "--json")
    words = json.loads(answer.out)
    assert (answer.code, words["ok"], words["lives"]) == (2, False, [])
    assert [(row["line"], row["severity"]) for row in words["findings"] if "absense" in row["path"]] == [(3, "error")]


def test_a_stage_that_nobody_knows_is_said(place: Path) -> None:
    """`--until` has five words."""
    with _here(place) as here:
        answer = here.run("rehearse", "minutes-summariser.yaml", "--until", "piolt")
    assert answer.code == 2
    assert "'piolt' is no stage" in answer.err


def test_a_real_life_is_told_with_its_verdicts(place: Path) -> None:
    """The real workflow lives to its first wave; what was expected came, and what was not expected ends with 1."""
    scenario = "scenario: short\ntitle: The first wave\nuntil: pilot\nexpect:\n  - eventually: {phase: scheduled}\n"
    (place / "short.yaml").write_text(scenario, "utf-8")
    (place / "never.yaml").write_text(scenario.replace("short", "never").replace("eventually", "never"), "utf-8")
    with _here(place) as here:
        answer = here.run(
            "rehearse", "minutes-summariser.yaml", "--scenario", "short.yaml", "--scenario", "never.yaml",
            "--from", "2026-11-30", "--json", "--junit", "verdicts.xml", "--html", "page.html",
        )  # fmt: skip
    words = json.loads(answer.out)
    assert [one["well"] for one in words["lives"]] == [True, False]
    assert (answer.code, answer.err) == (1, "")
    (asked,) = words["lives"][0]["lived"]["rounds"]
    assert (asked["kind"], asked["about"], asked["how"]) == ("first_exposure", "pilot/pmo", "used")
    assert asked["opened"] > "2026-11-30"
    assert 'failures="1"' in (place / "verdicts.xml").read_text("utf-8")
    assert "The first wave" in (place / "page.html").read_text("utf-8")


def test_a_function_that_is_away_for_half_a_year_is_a_deadlock_that_is_told(place: Path) -> None:
    """The real workflow cannot open its first round: it is said where, who is lacking, and what mends it."""
    dates = {"since": {"day": "0d"}, "until": {"day": "182d"}}
    away = [{"who": who, **dates} for who in ("risk-officer", "risk-deputy")]
    words = {"scenario": "away", "title": "Nobody of risk is there.", "starts": "2026-11-23T09:00:00+01:00"}
    (place / "away.yaml").write_text(json.dumps({**words, "absences": away}), "utf-8")
    with _here(place) as here:
        answer = here.run("rehearse", "minutes-summariser.yaml", "--scenario", "away.yaml")
    said = " ".join(answer.out.split())
    assert answer.code == 1
    assert "It stands still since 2026-11-23: pilot, preparing Risk lacks 1 of 1: risk-deputy is away" in said
    assert "Who: risk-deputy and risk-officer. What mends it: Name a deputy for risk-deputy" in said
    assert "or ask from 2027-05-24 on" in said


def _here(place: Path) -> AbstractContextManager[Within]:
    return within(place, {"HOME": str(place), "PATH": "/usr/bin:/bin", "TIDEGATE_AS_OF": "2026-11-21"})

"""How to stop a use case is written down before anybody is served."""

from __future__ import annotations

from pathlib import Path

from activities.exposure import ExposureActivities
from activities.whereabouts import recall, whereabouts
from tests.activities.place import NOW, ONE, TWO, Place
from tidegate.models.decision import Apply
from tidegate.models.event import Applied
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.task import ApplyRequest

SOME = Exposure(cohorts={"team/pmo": CohortShare(people=5)})


def widen(place: Place, folder: Path) -> object:
    """Widen with an activity that writes down where it does."""
    hands = ExposureActivities(place.driver_of, whereabouts(folder), lambda _: None)
    move = Apply(verb="widen", epoch=1, exposure=SOME, label="pilot/pmo")
    request = ApplyRequest(use_case="claims", move=move, targets=place.targets, as_of=NOW)
    return place.environment.run(hands.widen, request)


def test_what_is_written_down_comes_back(tmp_path: Path) -> None:
    """Where a use case is enforced is remembered as it is now, and of another nothing is known."""
    remember = whereabouts(tmp_path / "targets")
    remember("claims", {"flags/one": ONE}, "")
    remember("claims", {"flags/one": ONE, "flags/two": TWO}, "docs/manual.md")
    assert recall(tmp_path / "targets", "claims") == ({"flags/one": ONE, "flags/two": TWO}, "docs/manual.md")
    assert recall(tmp_path / "targets", "minutes") is None


def test_what_could_not_be_stopped_does_not_begin(tmp_path: Path) -> None:
    """Where it cannot be written down how to stop it, nothing widens; where it can, it does."""
    (tmp_path / "full").touch()
    (tmp_path / "root").mkdir()
    place = Place(tmp_path / "root")
    failed = widen(place, tmp_path / "full" / "targets")
    assert isinstance(failed, Applied)
    assert failed.result == "failed"
    assert place.actual().exposure == NOTHING
    done = widen(place, tmp_path / "targets")
    assert isinstance(done, Applied)
    assert (done.result, place.actual().exposure) == ("confirmed", SOME)
    assert recall(tmp_path / "targets", "claims") == (place.targets, "")


def test_what_nobody_can_read_is_written_anew(tmp_path: Path) -> None:
    """A file that was damaged neither keeps anything from widening nor stays what it is."""
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "claims.json").write_bytes(b"\xff\x00 no text")
    place = Place(tmp_path)
    done = widen(place, folder)
    assert isinstance(done, Applied)
    assert done.result == "confirmed"
    assert recall(folder, "claims") == (place.targets, "")

"""The playbook that ships, from its pilot to retired, with two years of operating: by the command line and the desk."""

from __future__ import annotations

import asyncio
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowExecutionStatus

from tests import evidence
from tests.cli import lives, triage
from tests.cli.errands import SUCCESSOR, YEARS, Errands
from tests.cli.lab import Lab
from tests.cli.owed import Words, carried, debts, states
from tests.cli.robot import Look, Robot, Unread
from tests.cli.within import within
from tests.cli.worlds import Years
from tests.desk.device import Device
from tests.pure.keys import public
from tests.workflows.rig import Rig, needs_test_server, relived, virtual
from tidegate import recompute, recording
from tidegate.keys import blob, fingerprint
from tidegate.models.messages import RolloutInput

_LIVES = 5
"""So often a life is begun anew where the test server has lost a task, or a figure was not there in time."""
_LONGEST = 1_000
"""Events of one run: a wave of four weeks with its votes, notices, drills and samples comes to near 800, and the server
suggests to begin anew from 4,096 on."""
_AT_DESK = "risk-deputy"
_STAGES = ("pilot", "limited", "system_of_record")
_MET_BY = {"sample", "confirm", "ready", "drilled", "answer", "amend"}
"""What ends an obligation."""
_VOTED = ("handoff", "replacement", "vacancy")
"""What ends with a vote: the receiver signs, everybody agrees to another model or owner; and at the end all is over."""


class Lived(NamedTuple):
    """All that is left of a life."""

    looks: list[Look]
    story: str
    rows: list[Words]
    lines: list[Words]
    papers: dict[str, Words]
    runs: list[list[HistoryEvent]]
    """Oldest first."""
    given: list[RolloutInput]
    """What each run began with."""
    status: WorkflowExecutionStatus | None
    people: int
    at_desk: list[str]
    typed: list[str]


@needs_test_server
def test_two_years_of_operating(tmp_path: Path) -> None:
    """Whoever does what is named brings it from its pilot through two years to retired, and nothing owed is lost."""
    lived = _lived(tmp_path)
    _assert_lived(lived)
    _assert_years(lived)
    _assert_owed(lived)
    _assert_carried(lived)
    _assert_kept(lived)


def _lived(folder: Path) -> Lived:
    places, found = (folder / str(attempt) for attempt in range(_LIVES)), list[Lived]()

    async def live() -> None:
        # What `asyncio.run` returns it spells out as well, for an error of its own that nobody sees.
        found.append(await _life(next(places)))

    relived(lambda: asyncio.run(live()), _LIVES, Unread)
    return found[-1]


async def _life(folder: Path) -> Lived:
    devices = {_AT_DESK: Device(f"of {_AT_DESK}")}
    async with virtual(guarded=False) as rig:
        lab = Lab(folder)
        lab.home, lab.address = rig.home, rig.client.service_client.config.target_host
        place = folder / triage.NAME
        playbook = triage.laid_out(place, lab.home, devices)
        with within(folder, lab.around()) as inside:
            world = Years(lab, rig, inside, devices)
            said = {**triage.SAID, "VERDICTS": str(place / lives.VERDICTS)}
            robot = Robot(world, triage.NAME, triage.people(place), said, Errands(place).all())
            await robot.live(str(playbook), lives.OWNER, 3_000)
        return await _left(rig, robot, world)


async def _left(rig: Rig, robot: Robot, world: Years) -> Lived:
    runs = (await rig.runs())[::-1]
    return Lived(
        looks=robot.looks,
        story=robot.story(),
        rows=evidence.rows(rig.home, triage.NAME),
        lines=evidence.lines(rig.home, triage.NAME),
        papers=evidence.papers(rig.home),
        runs=runs,
        given=[await carried(run, rig.client.data_converter) for run in runs],
        status=(await rig.handle.describe()).status,
        people=world.people(),
        at_desk=world.at_desk,
        typed=robot.typed,
    )


def _assert_lived(lived: Lived) -> None:
    """Every stage was lived in, then it was handed over and operated for two years, and nobody is served at the end."""
    seen = [stage for stage, _ in groupby(look["stage"] for look in lived.looks if look["phase"] == "observing")]
    assert tuple(seen) == _STAGES, lived.story
    phases = [phase for phase, _ in groupby(look["phase"] for look in lived.looks)]
    assert phases.index("handoff_pending") < phases.index("operating")
    assert phases[-2:] == ["retiring", "retired"], lived.story
    last = lived.looks[-1]
    assert (last["confirmed"], last["served"], last["unstored"], lived.people) == (True, 0, 0, 0)
    assert lived.status is WorkflowExecutionStatus.COMPLETED
    for look in lived.looks:
        assert look["phase"] == "retired" or look["steps"] or look["coming"]["owner"], look
    assert lived.at_desk == [_AT_DESK]
    assert [line["actor"] for line in lived.lines if (line["key"] or "").startswith("passkey:")] == [_AT_DESK]


def _assert_years(lived: Lived) -> None:
    """What happened in those years stands on record, in its order."""
    actions = [line["action"] for line in lived.lines]
    begun, over = actions.index("handed over"), actions.index("retired")
    at = [datetime.fromisoformat(line["occurred_at"]) for line in lived.lines]
    assert at[over] - at[begun] > YEARS
    between = actions[begun:over]
    told = ("issue", "exception", "changed", "countdown", "replaced")
    assert [action for action in between if action.startswith(told)] == [
        *("issue", "exception", "exception decided", "exception over", "issue"),
        *("changed", "countdown", "issue", "replaced"),
    ]
    # A threshold that acts sooner, one that acts later, another model, who joined, who left, and who follows.
    assert between.count("revision in force") == 6  # as said
    assert [action for action in between if action.startswith("owner")] == ["owner vacant", "owner named"]
    handoff = lived.given[-1].plan.handoff
    assert handoff is not None
    assert handoff.receiver == SUCCESSOR
    assert lived.given[-1].plan.models == ("triage-medium-2",)
    (missed,) = (place for place in range(begun, over) if actions[place] == "obligation overdue")
    assert "hold" in actions[missed : missed + 3]
    assert "resume" in actions[missed:over]
    assert between.count("reviewed") > 2 * 20


def _assert_owed(lived: Lived) -> None:
    """Whatever was owed was met, or it was said that it was not; at the end nothing is owed."""
    ended, standing = debts(lived.rows)
    assert standing == {}
    assert len({debt.name for debt in ended}) > 3  # samples, drills, certificates, the handoff
    # When it is agreed that it ends, whatever was not due yet is owed no more.
    over = max(debt.ended for debt in ended if debt.by == "vote")
    for debt in ended:
        assert debt.overdue or not debt.late, debt
        voted = debt.by == "vote" and (debt.name.startswith(_VOTED) or debt.ended == over)
        # That access is gone is nobody's word: it is read back.
        read_back = debt.name == "end-gone" and debt.by == "applied"
        assert debt.by in _MET_BY or voted or read_back, debt
    late = [debt.name for debt in ended if debt.overdue]
    assert late == ["sample"]
    said = [line for line in lived.lines if line["action"] == "obligation overdue"]
    assert len(said) == len(late)
    assert len([debt for debt in ended if debt.name == "sample"]) > 2 * 45  # each week of two years


def _assert_carried(lived: Lived) -> None:
    """Each run begins with what the run before it owed, as the ledger knows it, and none grows long."""
    known = {digest: words.get("obligations", {}) for _, _, digest, words in states(lived.rows)}
    for given in lived.given[1:]:
        assert given.state is not None
        before = known[recording.fingerprint(given.state)]
        carried_on = {name: owed.due for name, owed in given.state.obligations.items()}
        assert carried_on == {name: datetime.fromisoformat(owed["due"]) for name, owed in before.items()}
    assert len(lived.runs) > 2 * 20
    for run in lived.runs:
        assert len(run) < _LONGEST
        assert not [event for event in run if event.workflow_task_started_event_attributes.suggest_continue_as_new]
    for before_it, after_it in pairwise(lived.runs):
        end = before_it[-1].workflow_execution_continued_as_new_event_attributes
        begin = after_it[0].workflow_execution_started_event_attributes
        assert end.input == begin.input


def _assert_kept(lived: Lived) -> None:
    """Each line is there once and in order, each decision comes out again, and what counts is signed by its giver."""
    assert list(recompute.check(lived.rows, lived.papers.__getitem__)) == []
    assert [line["number"] for line in lived.lines] == list(range(1, len(lived.lines) + 1))
    votes = [line for line in lived.lines if line["action"] == "vote approve"]
    assert triage.RECEIVER in [line["actor"] for line in votes if line["gate"].startswith("handoff-")]
    signed = [line for line in votes if line["stage"] not in ("", "pilot")]
    assert signed
    assert all(line["key"] == fingerprint(blob(public(line["actor"]))) for line in signed)

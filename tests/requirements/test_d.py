"""People hear of a change before it begins, and know what to do: rows D1 to D9 of the requirements."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from activities.letters import BUILT_IN, SECTIONS, faults, write
from tests.cli.run import ROOT, Here
from tests.pure import documents
from tests.pure.patches import found_in
from tests.pure.world import Story, but, standard_plan, with_metric
from tidegate.authoring.built_in import BUILT_IN as BUILT_IN_STANDARDS
from tidegate.authoring.defaults import notices
from tidegate.checks.rule import DELETE
from tidegate.compile import compile as compiled
from tidegate.content import announcement, content
from tidegate.models.base import Band, Span, Stage
from tidegate.models.content import Change, Group
from tidegate.models.decision import Notify, Outcome
from tidegate.models.event import Confirm, Reduction
from tidegate.models.exposure import NOTHING
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.decision import Entry
    from tidegate.models.plan import Plan

FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHOLE = (BUILT_IN / "announcement.md").read_text("utf-8")


def told(**more: object) -> Plan:
    """Return the plan with its one notice changed."""
    notice = standard_plan().notices[0]
    return but(standard_plan(), notices=(notice.but(**more),))


def told_of(story: Story, sort: str) -> list[Notify]:
    """Return the notices of a sort that a story has sent."""
    return [move for move in story.moves if isinstance(move, Notify) and move.sort == sort]


def agreed(plan: Plan, now: datetime) -> Story:
    """Return a story whose first wave is agreed and told."""
    story = Story(plan, now)
    story.start()
    story.ready()
    story.agree()
    return story


def test_d1_nothing_widens_before_its_lead_time_is_over() -> None:
    """Eight business hours from Friday at three end on Monday at three; until then nobody is served."""
    story = agreed(told(lead=Span.of("8bh")), FRIDAY)
    ready = FRIDAY + timedelta(days=3)
    story.wait(ready - HOUR)
    assert (story.phase, story.people, story.applied()) == (Phase.SCHEDULED, 0, [])
    story.wait(ready)
    assert (story.phase, story.people) == (Phase.OBSERVING, 10)


@pytest.mark.parametrize("section", SECTIONS)
def test_d2_a_template_that_leaves_a_section_out_is_found(section: str) -> None:
    """Whoever writes a template of their own must say all that a notice must say; the built-in ones do."""
    assert faults(WHOLE) == ()
    without = re.sub(rf"{{{{ {section} }}}}|{{% for line in {section} %}}.*?{{% endfor %}}", "", WHOLE, flags=re.DOTALL)
    assert [section in fault.message for fault in faults(without)] == [True]


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("{{ what }}\n{{ wat }}", 2, "no fact `wat`"),
        ("{{ what }}\n\n{% if %}", 3, "cannot be read"),
        ("{{ what.__class__ }}", 1, "a fact has no `__class__`"),
        ("{{ 'a' * 10 }}", 1, "uses `mul`"),
    ],
)
def test_d2_a_template_that_cannot_be_is_found_with_its_line(template: str, line: int, says: str) -> None:
    """A name that is no fact, what is no template, and whatever reaches beyond the facts are found where they stand."""
    found = faults(template)[0]
    assert found.line == line
    assert says in found.message


def test_d3_what_changes_is_said_in_plain_words(tidegate: Here) -> None:
    """The preview says of each audience what will be so and what was, made from the plan alone."""
    wave = ("--wave", "limited/home-half", "--as-of", "2026-12-01")
    said = tidegate("notice", "preview", str(ROOT / "playbooks/claims-triage.yaml"), *wave, "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    floor, operations = found["notices"]
    assert (found["use_case"], found["wave"]) == ("claims-triage", "limited/home-half")
    assert (floor["audience"], floor["acknowledge"], floor["channels"]) == ("Claims floor", True, ["office-mail"])
    for words in (
        "Up to 70 people are served; before it was up to 40.",
        "claims/home: 50% of them, up to 30 people; before it was nobody.",
        "In customer-mail it may now do, each time with a review by a person: send customer message.",
    ):
        assert words in floor["text"]
    assert "How many claims come back by hand" in operations["text"]
    assert "How many claims come back by hand" not in floor["text"]
    unknown = tidegate("notice", "preview", str(ROOT / "playbooks/claims-triage.yaml"), "--wave", "pilot/never")
    assert unknown.code == 5
    assert "pilot/motor" in unknown.err


def every_letter(plan: Plan) -> Iterator[tuple[Group, Notify, str]]:
    """Yield what each kind of audience is told before the first wave, before the next, and after each."""
    for group in Group:
        seen = but(plan, notices=(plan.notices[0].but(group=group, contact="owner", hours="Mon to Fri, 8 to 18"),))
        story = Story(seen)
        story.live()
        for move in story.moves:
            if isinstance(move, Notify) and move.audience:
                yield group, move, write(content(seen, move, story.now)).text


def test_d4_every_notice_says_whom_to_call_when_and_by_which_command() -> None:
    """Before and after a change, to every kind of audience: a contact, their hours, the command that stops it."""
    letters = list(every_letter(standard_plan()))
    assert {(group, move.sort) for group, move, _ in letters} >= {(group, "announcement") for group in Group}
    for _, _, text in letters:
        assert "Ask owner, Mon to Fri, 8 to 18." in text
        assert "`tidegate pause claims-triage`" in text
    lacks = {"notices[0].contact": DELETE}
    assert [sum(one.rule == "D4" for one in found_in("claims-triage", words)) for words in (lacks, {})] == [1, 0]


def test_d5_every_change_of_exposure_is_told_to_every_audience() -> None:
    """Up and down: each epoch that was read back and changed what is served has one notice for each audience."""
    twice = standard_plan().notices[0].but(audience="the desk")
    story = Story(but(standard_plan(), notices=(*standard_plan().notices, twice))).live()
    story.climb(2)
    for verb in (Reduction.NARROW, Reduction.HOLD, Reduction.PAUSE, Reduction.PAUSE, Reduction.ROLLBACK):
        story.reduce(verb)
    changes, before = [], NOTHING
    for one in story.heard:
        after = one.decision.state.exposure
        if after.confirmed != before:
            changes.append(after.confirmed_epoch)
            before = after.confirmed
    assert len(changes) >= 4
    told = [(move.epoch, move.audience) for move in told_of(story, "change")]
    assert told == [(epoch, audience) for epoch in changes for audience in ("the claims floor", "the desk")]


def test_d6_without_a_confirmation_nothing_widens() -> None:
    """Where an audience must confirm, it waits for the people who are named; anybody else confirms nothing."""
    story = agreed(told(acknowledge=True), FRIDAY)
    story.wait(timedelta(days=3))
    assert (story.phase, story.people) == (Phase.SCHEDULED, 0)
    refused = story.message(Confirm, "ops-a", what="notice:0")
    assert refused.receipt is not None
    assert refused.receipt.reason.code is Code.NOT_YOURS
    assert story.people == 0
    story.message(Confirm, "business", what="notice:0")
    assert (story.phase, story.people) == (Phase.OBSERVING, 10)


@pytest.mark.parametrize(("tier", "confirms"), [("1", False), ("2", False), ("3", True)])
def test_d6_it_is_the_tier_that_asks_for_it(tier: Literal["1", "2", "3"], confirms: bool) -> None:
    """In a pilot only the riskiest use cases have their audiences confirm; a playbook may ask for it by itself."""
    programme, playbook = documents.programme(), documents.playbook("minutes-summariser")
    case = compiled(programme, playbook, documents.zones(programme), documents.TODAY).case
    assert case is not None
    standard = BUILT_IN_STANDARDS["standard/pilot@1"].stages[Stage.PILOT][tier]
    (notice,) = notices(case.playbook, [standard])
    assert notice.acknowledge is confirms


def of_notices(story: Story) -> list[Entry]:
    """Return what the record says of notices that arrived."""
    return [entry for entry in story.entries if entry.reason.code is Code.NOTICE_DELIVERED]


def test_d7_a_notice_its_change_and_the_rules_are_one_chain_of_evidence() -> None:
    """From a change the record leads to the notices of it, and from each to its words, the revision, the standard."""
    story = Story().live()
    story.reduce(Reduction.PAUSE)
    changed = {entry.epoch for entry in story.entries if entry.action == "confirmed"}
    about = {int(entry.reason.facts["epoch"]): entry for entry in of_notices(story) if "epoch" in entry.reason.facts}
    assert about.keys() == changed
    authorised = next(entry for entry in story.entries if entry.reason.code is Code.AUTHORISED)
    ahead = next(entry for entry in of_notices(story) if entry.gate == authorised.gate)
    assert ahead.subject == authorised.subject
    for entry in (ahead, *about.values()):
        assert entry.standard == story.plan.standard
        assert story.plan.digest.startswith(entry.reason.facts["revision"])
        assert "text" in entry.reason.facts


def test_d8_a_figure_that_leaves_its_band_is_told() -> None:
    """Each new band, and the way back, is told to whoever looks at it and to the owners; the same band is not."""
    story = Story().live()
    for value in (1, 15, 16, 1):
        story.read(value)
    said = [(move.about.facts["was"], move.about.facts["band"]) for move in told_of(story, "band")]
    assert said == [("healthy", "narrow"), ("narrow", "healthy")]
    assert all({"ops-a", "owner", "business"} <= set(move.to) for move in told_of(story, "band"))
    silent = Story(with_metric(standard_plan(), "errors", dry_run=True)).live()
    silent.read(15)
    assert silent.state.metrics["errors"].band is Band.NARROW
    assert told_of(silent, "band") == []


def test_d9_the_first_notice_says_what_it_is_for() -> None:
    """The first says why it is done, how to get help and how to ask for an exception; a template must."""
    plan = but(standard_plan(), purpose="Nobody waits longer than a day.")
    change = Change(before=NOTHING, after=plan.exposure(1))
    letters = {}
    for first in (True, False):
        gate = Story(plan).live().state.closed[0]
        move = announcement(plan, 0, _Round(gate.id), change, ready=FRIDAY, first=first)
        letters[first] = write(content(plan, move, FRIDAY)).text
    for words in ("Nobody waits longer than a day.", "HOW TO GET HELP", "HOW TO ASK FOR AN EXCEPTION"):
        assert words in letters[True]
    assert "Nobody waits longer" not in letters[False]
    assert "HOW TO ASK FOR AN EXCEPTION" in letters[False]
    found = faults(WHOLE.replace("{{ purpose }}", ""))
    assert [fault.message.split(" would")[0] for fault in found] == ["the first notice"]


class _Round:
    """A round of votes, as far as a notice speaks of it."""

    label = "pilot/w1"

    def __init__(self, name: str) -> None:
        self.id = name


def test_d9_who_hears_it_first_is_told_so() -> None:
    """What is sent before the first wave is a first notice; before the second it is not."""
    story = Story().live()
    story.climb(2)
    assert [move.first for move in told_of(story, "announcement")] == [True, False]
    assert all(entry.outcome is Outcome.DONE for entry in of_notices(story))

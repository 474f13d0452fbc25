"""The file of grants: who is in it, what each may do, who leaves, and what somebody's hand makes of it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.drivers import drivers_under
from activities.drivers.contract import Actual, Stale, Turnover, Unreadable, Unusable, Unwritten
from activities.drivers.grants import Grants
from tests.activities.flags import serving
from tests.activities.listing import Listing, crowd
from tests.pure.test_permit import PRESETS
from tidegate import permit
from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.member import Participant, Preset

if TYPE_CHECKING:
    from collections.abc import Callable

PMO = "team/pmo"
FIRST, SECOND = "1" * 64, "2" * 64
POWERS: dict[str, Any] = {
    "models": ("large", "small"),
    "data": ("minutes",),
    "grants": {"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW},
}
ROLES = {"reader": {"models": ["small"], "budget_per_month": "50", "modes": {"draft": "deny"}, "guardrails": ["pii"]}}


class Bench:
    """One file, one use case, and who is in its cohorts."""

    def __init__(self, root: Path) -> None:
        self.root, self.listing = root, Listing({PMO: crowd(PMO, 6, "reader")})
        self.file = root / "grants.json"

    @property
    def driver(self) -> Grants:
        return Grants({"file": "grants.json", "agent": "one", "presets": json.dumps(ROLES)}, self.root, self.listing)

    @property
    def section(self) -> Any:
        return json.loads(self.file.read_text("utf-8"))["grants"]["one"]

    @property
    def people(self) -> set[str]:
        return set(self.section["people"])

    def by_hand(self, edit: Callable[[dict[str, Any]], object]) -> None:
        document = json.loads(self.file.read_text("utf-8"))
        edit(document["grants"]["one"])
        self.file.write_text(json.dumps(document), "utf-8")

    def leaves(self, person: str) -> None:
        self.listing.rolls[PMO] = [one for one in self.listing.rolls[PMO] if one.id != person]

    def joins(self, person: str) -> None:
        self.listing.rolls[PMO] = [*self.listing.rolls[PMO], Participant(id=person, role="reader")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench of its own."""
    return Bench(tmp_path)


def wave(people: int, share: int = 10_000, who: tuple[str, ...] = ()) -> Exposure:
    """An exposure of one cohort with powers."""
    return Exposure(cohorts={PMO: CohortShare(share=share, people=people, who=who)}, **POWERS)


def test_a_grant_is_resolved_for_each_person(bench: Bench) -> None:
    """A gateway that looks somebody up finds models, verbs, data, budget and guardrails, and needs nothing else."""
    bench.driver.apply(wave(6), 3, "key", "queue/manual")
    assert bench.section["people"]["pmo-0"] == {
        "in": {PMO: "reader"},
        "models": ["small"],
        "data": ["minutes"],
        "verbs": {"crm:read": "allow"},
        "budget_per_month": "50",
        "guardrails": ["pii"],
    }
    assert bench.section["agent"]["verbs"] == {"crm:read": "allow", "crm:draft": "review"}
    assert (bench.section["epoch"], bench.section["redirect_to"]) == (3, "queue/manual")
    assert bench.file.stat().st_mode & 0o777 == 0o640


def test_a_pause_leaves_nobody_and_revokes_the_agent(bench: Bench) -> None:
    """When nobody is served, no person and no agent has a grant."""
    bench.driver.apply(wave(6), 3, "key", None)
    bench.driver.apply(NOTHING, 4, "key", None)
    assert bench.people == set()
    assert bench.section["agent"]["verbs"] == {}
    assert bench.section["agent"]["models"] == []
    assert bench.driver.observe() == Actual(NOTHING, 4)


def test_the_limit_holds_and_who_is_served_stays(bench: Bench) -> None:
    """A wider wave adds to those who are there; at no time are there more than the limit."""
    bench.driver.apply(wave(2), 3, "key", None)
    first = bench.people
    assert len(first) == 2
    bench.joins("pmo-new")
    bench.driver.apply(wave(4), 4, "key", None)
    assert first < bench.people
    assert len(bench.people) == 4


def test_a_reduction_adds_nobody(bench: Bench) -> None:
    """Whoever has joined meanwhile does not come in by a hold or a narrowing."""
    bench.driver.apply(wave(5), 3, "key", None)
    before = bench.people
    bench.leaves(min(before))
    bench.joins("pmo-new")
    bench.driver.apply(wave(5), 4, "hold", None)
    assert bench.people == before - {min(before)}


def test_a_reduction_needs_nobody_who_says_who_they_are(bench: Bench) -> None:
    """While it cannot be read who is in a cohort, less can be served, and more cannot."""
    bench.driver.apply(wave(4), 3, "key", None)
    before = bench.people
    bench.listing.out_of_reach = True
    with pytest.raises(Unwritten, match=r"^nobody says who is in team/pmo: it cannot be read now$"):
        bench.driver.apply(wave(5), 4, "wider", None)
    bench.driver.apply(wave(2), 4, "narrower", None)
    assert bench.people < before
    assert bench.driver.observe() == Actual(wave(2), 4)


def test_a_cohort_without_a_source_cannot_be_granted(bench: Bench) -> None:
    """Nobody can be listed by name whom nobody names; the target says so and serves nobody."""
    with pytest.raises(Unwritten, match=r"^nobody says who is in team/finance: team/finance has no source$"):
        bench.driver.apply(serving(3, cohort="team/finance"), 3, "key", None)
    assert not bench.file.exists()


def test_who_leaves_is_out_at_once_under_the_same_epoch(bench: Bench) -> None:
    """Whoever is entitled no more is gone with the next look; exposure and epoch stay as they were signed."""
    bench.driver.apply(wave(6), 3, "key", None)
    bench.leaves("pmo-2")
    assert bench.driver.refresh(admit=()) == Turnover(left=1, joined=0)
    assert "pmo-2" not in bench.people
    assert bench.driver.observe() == Actual(wave(6), 3)
    assert bench.driver.refresh(admit=()) == Turnover(0, 0)


def test_who_joins_waits_where_people_were_named(bench: Bench) -> None:
    """Nobody comes in whom the wave does not name, though there is room; without names they come in up to the limit."""
    bench.listing.snapshots[FIRST] = {"pmo-0", "pmo-1"}
    named = wave(3, who=(FIRST,))
    bench.driver.apply(named, 3, "key", None)
    assert bench.people == {"pmo-0", "pmo-1"}
    assert bench.driver.refresh(admit=(PMO,)) == Turnover(0, 0)
    bench.driver.apply(wave(3), 4, "key", None)
    bench.leaves(min(bench.people))
    assert bench.driver.refresh(admit=()) == Turnover(1, 0)
    assert bench.driver.refresh(admit=(PMO,)) == Turnover(0, 1)
    assert len(bench.people) == 3


def test_two_snapshots_name_who_is_in_both(bench: Bench) -> None:
    """What two waves meet in serves only whom both name."""
    bench.listing.snapshots = {FIRST: {"pmo-0", "pmo-1"}, SECOND: {"pmo-1", "pmo-2"}}
    bench.driver.apply(wave(6, who=(FIRST, SECOND)), 3, "key", None)
    assert bench.people == {"pmo-1"}


def _add(section: dict[str, Any], person: str) -> None:
    section["people"][person] = section["people"]["pmo-0"]


BY_HAND: dict[str, tuple[Callable[[dict[str, Any]], object], bool]] = {
    "a stranger": (lambda found: _add(found, "stranger"), True),
    "a stranger for a colleague": (lambda found: found["people"].update(stranger=found["people"].pop("pmo-1")), True),
    "a colleague over the limit": (lambda found: _add(found, "pmo-5"), True),
    "a verb more": (lambda found: found["people"]["pmo-0"]["verbs"].update({"crm:draft": "allow"}), True),
    "a model more": (lambda found: found["people"]["pmo-0"]["models"].append("large"), True),
    "more money": (lambda found: found["people"]["pmo-0"].update(budget_per_month="51"), True),
    "no guardrail": (lambda found: found["people"]["pmo-0"].update(guardrails=[]), True),
    "more for the agent": (lambda found: found["agent"]["verbs"].update({"crm:draft": "allow"}), True),
    "a person less": (lambda found: found["people"].pop("pmo-0"), False),
    "a verb less": (lambda found: found["people"]["pmo-0"].update(verbs={}), False),
    "nobody": (lambda found: found["people"].clear(), False),
}


@pytest.mark.parametrize(("edit", "wider"), BY_HAND.values(), ids=BY_HAND)
def test_what_a_hand_changes_is_seen(bench: Bench, edit: Callable[[dict[str, Any]], object], *, wider: bool) -> None:
    """More than we wrote is read back as more, and less as less; neither is ever taken for what was approved."""
    bench.listing.snapshots[FIRST] = {f"pmo-{number}" for number in range(5)}
    approved = wave(5, who=(FIRST,))
    bench.driver.apply(approved, 3, "key", None)
    bench.by_hand(edit)
    seen = bench.driver.observe()
    assert seen.epoch == 3
    assert seen.exposure != approved
    assert (seen.exposure <= approved) is not wider
    with pytest.raises(Unreadable, match=r"^our grants were changed by hand$"):
        bench.driver.refresh(admit=())


@pytest.mark.parametrize("part", ["people", "exposure", "agent", "presets", "listed"])
def test_what_nobody_can_understand_is_said(bench: Bench, part: str) -> None:
    """A section that is not of our form is unreadable, says its epoch, and is written over by a newer one."""
    bench.driver.apply(wave(5), 3, "key", None)
    bench.by_hand(lambda found: found.update({part: 7}))
    with pytest.raises(Unreadable) as said:
        bench.driver.observe()
    assert said.value.epoch == 3
    bench.driver.apply(NOTHING, 4, "key", None)
    assert bench.driver.observe() == Actual(NOTHING, 4)


def test_what_was_altered_and_nobody_can_vouch_for_is_served_no_more(bench: Bench) -> None:
    """A stranger in the list does not survive a reduction, not even while it cannot be read who is in the cohort."""
    bench.driver.apply(wave(4), 3, "key", None)
    bench.by_hand(lambda found: _add(found, "stranger"))
    bench.listing.out_of_reach = True
    bench.driver.apply(wave(3), 4, "narrower", None)
    assert bench.people == set()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(preset=PRESETS, people=st.integers(0, 8), share=st.integers(0, 10_000))
def test_the_file_says_what_the_ruling_says(tmp_path: Path, preset: Preset, people: int, share: int) -> None:
    """For every person, verb, system, model and source the resolved grant and the answer to `can` are the same."""
    crowd_of = [Participant(id=f"p{number}", role=("reader", None)[number % 2]) for number in range(8)]
    exposure = Exposure(
        cohorts={PMO: CohortShare(share=share, people=people)}, models=("a", "b"), data=("minutes",),
        grants={"crm:read": Mode.ALLOW, "crm:draft": Mode.REVIEW},
    )  # fmt: skip
    presets = {"reader": preset}
    root = tmp_path / "one"
    root.mkdir(exist_ok=True)
    (root / "grants.json").unlink(missing_ok=True)
    words = json.dumps({"reader": preset.model_dump(mode="json")})
    given_to = Grants({"file": "grants.json", "agent": "one", "presets": words}, root, Listing({PMO: crowd_of}))
    given_to.apply(exposure, 1, "key", None)
    written = json.loads((root / "grants.json").read_text("utf-8"))["grants"]["one"]["people"]
    inside = {one.id: one.role for one in permit.served("one", PMO, CohortShare(share=share, people=people), crowd_of)}
    assert set(written) == set(inside)
    for person in (*inside, "stranger"):
        roles = {PMO: inside[person]} if person in inside else {}
        grant = permit.granted(exposure, roles, presets)
        entry = written.get(person, {"verbs": {}, "models": [], "data": []})
        for verb in ("read", "draft", "send_customer_message"):
            for model in ("a", "b", "z"):
                for data in ("minutes", "mail"):
                    mode = Mode(entry["verbs"].get(f"crm:{verb}", "deny"))
                    says = mode if model in entry["models"] and data in entry["data"] else Mode.DENY
                    assert permit.ruling(grant, verb, "crm", model=model, data=(data,)).mode is says


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("apply", "late", "refresh", "leave", "join", "lost")),
        st.integers(0, 5),
        st.sampled_from(((), (FIRST,))),
    ),
    max_size=10,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_never_more_than_was_approved_last(tmp_path: Path, steps: list[tuple[str, int, tuple[str, ...]]]) -> None:
    """Whatever happens, in whatever order: the newest epoch stands, and nobody is listed whom it does not allow."""
    bench = Bench(tmp_path)
    bench.file.unlink(missing_ok=True)
    bench.listing.snapshots[FIRST] = {"pmo-0", "pmo-1", "pmo-2"}
    epoch, approved = 0, NOTHING
    for step, number, who in steps:
        bench.listing.out_of_reach = step == "lost"
        if step in ("apply", "lost"):
            wanted = wave(number, who=who)
            try:
                bench.driver.apply(wanted, epoch + 1, "key", None)
            except Unwritten:
                assert step == "lost"
            else:
                epoch, approved = epoch + 1, wanted
        elif step == "late" and epoch > 1:
            with pytest.raises(Stale):
                bench.driver.apply(wave(6), epoch - 1, "late", None)
        elif step == "leave":
            bench.leaves(f"pmo-{number}")
        elif step == "join":
            bench.joins(f"pmo-{number + 10}")
        elif step == "refresh":
            bench.driver.refresh(admit=(PMO,)[number % 2 :])
            _only_entitled(bench, approved)
        bench.listing.out_of_reach = False
        assert bench.driver.observe().epoch == epoch
        assert bench.driver.observe().exposure <= approved
        part = approved.cohorts.get(PMO, CohortShare(people=0))
        listed = bench.people if bench.file.exists() else set()
        assert len(listed) <= part.people
        assert not part.who or listed <= bench.listing.snapshots[FIRST]


def _only_entitled(bench: Bench, approved: Exposure) -> None:
    if approved.serves:
        assert bench.people <= {one.id for one in bench.listing.entitled(PMO, approved.cohorts[PMO])}


@pytest.mark.parametrize("settings_", [{"file": "a.json"}, {"agent": "one"}, {"file": "../a.json", "agent": "one"}])
def test_settings_that_lead_nowhere_are_refused(tmp_path: Path, settings_: dict[str, str]) -> None:
    """A target of this kind names a file below its root, and its agent."""
    assert drivers_under(tmp_path)("t", "grants", {"file": "a.json", "agent": "one"})
    with pytest.raises(Unusable):
        drivers_under(tmp_path)("t", "grants", settings_)


def test_an_unknown_role_has_nothing(bench: Bench) -> None:
    """Whoever has a role that the plan does not know is listed with nothing."""
    bench.listing.rolls[PMO] = [Participant(id="pmo-0", role="raeder"), Participant(id="pmo-1", role="reader")]
    bench.driver.apply(wave(6), 3, "key", None)
    assert bench.section["people"]["pmo-0"]["verbs"] == {}
    assert bench.section["people"]["pmo-1"]["verbs"] == {"crm:read": "allow"}
    assert Decimal(bench.section["people"]["pmo-1"]["budget_per_month"]) == 50

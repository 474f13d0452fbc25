"""Access by name: rows A3, A9, J3, J5, J6 and O5 of the requirements, with real files, store and drivers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.drivers import drivers_under
from activities.exposure import ExposureActivities
from activities.members.kept import Kept
from activities.members.resolve import MemberActivities
from tidegate import permit
from tidegate.models.base import Mode, Verb
from tidegate.models.decision import Apply
from tidegate.models.event import Applied
from tidegate.models.exposure import NOTHING, CohortShare, Exposure
from tidegate.models.member import CohortRoll, Members, Preset, Resolved
from tidegate.models.plan import Backend
from tidegate.models.task import ApplyRequest

if TYPE_CHECKING:
    from tidegate.models.decision import ApplyVerb

PMO = "team/pmo"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROLL = CohortRoll(source=Members(csv="pmo.csv", person="id", role="job", trained_until="trained"))
PRESETS = {
    "reader": Preset(
        models=("small",), budget_per_month=Decimal(50), guardrails=("pii-filter",), modes={Verb.DRAFT: Mode.DENY}
    ),
    "writer": Preset(budget_per_month=Decimal(80)),
}
TARGET = Backend(kind="grants", settings={"file": "grants.json", "agent": "minutes"}, presets=PRESETS)
POWERS: dict[str, Any] = {
    "models": ("large", "small"),
    "data": ("minutes-store",),
    "grants": {"editor:read": Mode.ALLOW, "editor:draft": Mode.ALLOW, "mail:send_customer_message": Mode.REVIEW},
}


class Office:
    """One cohort in a CSV file, a store, and a file of grants."""

    def __init__(self, root: Path) -> None:
        self.root = root
        url = f"sqlite:///{root}/ledger.db"
        self.members = MemberActivities(url, root)
        self.drivers = drivers_under(root, Kept(url, today=NOW.date))
        self.exposure = ExposureActivities(self.drivers, authority=lambda _: None)
        self.staff("p-1,reader,2027-12-31", "p-2,writer,2027-12-31", "p-3,reader,2020-01-01")

    def staff(self, *rows: str) -> None:
        (self.root / "pmo.csv").write_text("\n".join(("id,job,trained", *rows, "")), "utf-8")

    def read(self) -> Resolved:
        return self.members.take(PMO, ROLL, NOW)

    def apply(self, verb: ApplyVerb, epoch: int, exposure: Exposure) -> Applied:
        move = Apply(verb=verb, epoch=epoch, exposure=exposure, label="a wave")
        request = ApplyRequest(use_case="minutes", move=move, targets={"gateway": TARGET}, as_of=NOW)
        done = ActivityEnvironment().run(getattr(self.exposure, verb), request)
        assert isinstance(done, Applied)
        return done

    def refresh(self) -> None:
        self.drivers("gateway", TARGET.kind, TARGET.told).refresh(admit=())  # type: ignore[attr-defined]  # it holds people

    @property
    def section(self) -> Any:
        return json.loads((self.root / "grants.json").read_text("utf-8"))["grants"]["minutes"]

    @property
    def people(self) -> dict[str, Any]:
        found: dict[str, Any] = self.section["people"]
        return found


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office of its own."""
    return Office(tmp_path)


def wave(found: Resolved) -> Exposure:
    """The first wave, for exactly these people."""
    assert found.digest is not None
    return Exposure(cohorts={PMO: CohortShare(people=12, who=(found.digest,))}, **POWERS)


def test_a3_a_cohort_read_twice_has_the_same_digest(office: Office) -> None:
    """The same people have one digest, in whatever order they are listed; one person more has another."""
    first = office.read()
    assert (first.people, first.trained) == (3, 2)
    office.staff("p-3,reader,2020-01-01", "p-2,writer,2027-12-31", "p-1,reader,2027-12-31")
    assert office.read() == first
    office.staff("p-1,reader,2027-12-31")
    assert office.read().digest != first.digest


@pytest.mark.parametrize(
    ("model", "data", "mode", "rule"),
    [
        ("small", "minutes-store", Mode.ALLOW, "granted"),
        ("large", "minutes-store", Mode.DENY, "model-not-granted"),
        ("unheard-of", "minutes-store", Mode.DENY, "model-not-granted"),
        ("small", "client-mail", Mode.DENY, "data-not-granted"),
    ],
)
def test_a9_models_and_data_are_limited_and_the_rule_is_named(model: str, data: str, mode: Mode, rule: str) -> None:
    """Whoever asks for a model or data beyond the wave and their role hears no, and which rule says so."""
    exposure = Exposure(cohorts={PMO: CohortShare(people=12)}, **POWERS)
    grant = permit.granted(exposure, {PMO: "reader"}, PRESETS)
    answer = permit.ruling(grant, "read", "editor", model=model, data=(data,))
    assert (answer.mode, answer.rule) == (mode, rule)


def test_j3_some_verbs_are_allowed_some_reviewed_and_the_rest_denied() -> None:
    """Every verb in every system has one of three answers, and what is not given is denied."""
    exposure = Exposure(cohorts={PMO: CohortShare(people=12)}, **POWERS)
    grant = permit.granted(exposure, {PMO: "writer"}, PRESETS)
    said = {
        (verb.value, system): permit.ruling(grant, verb.value, system).mode
        for verb in Verb
        for system in ("editor", "mail")
    }
    assert {where: mode for where, mode in said.items() if mode is not Mode.DENY} == {
        ("read", "editor"): Mode.ALLOW,
        ("draft", "editor"): Mode.ALLOW,
        ("send_customer_message", "mail"): Mode.REVIEW,
    }


@pytest.mark.parametrize("has", list(Verb))
def test_j5_no_verb_implies_another(has: Verb) -> None:
    """Reading is not writing, drafting is not sending, recommending is not approving: a verb gives itself alone."""
    exposure = Exposure(cohorts={PMO: CohortShare(people=1)}, grants={f"crm:{has.value}": Mode.ALLOW})
    grant = permit.granted(exposure, {PMO: None}, {})
    allowed = [verb for verb in Verb if permit.ruling(grant, verb.value, "crm").mode is not Mode.DENY]
    assert allowed == [has]
    assert permit.ruling(grant, has.value, "mail").mode is Mode.DENY


def test_j6_an_agent_has_grants_of_its_own_that_a_pause_revokes(office: Office) -> None:
    """The agent of a use case may do what the wave gives, under its own name, and nothing once it is paused."""
    assert office.apply("widen", 1, wave(office.read())).result == "confirmed"
    assert office.section["agent"]["verbs"]["editor:draft"] == "allow"
    assert office.apply("pause", 2, NOTHING).result == "confirmed"
    assert office.section["agent"]["verbs"] == {}
    assert office.people == {}


def test_o5_joining_a_cohort_applies_the_preset_and_leaving_takes_it_away(office: Office) -> None:
    """Models, budget and guardrails of a role come with the cohort by themselves, and go with it at once."""
    found = office.read()
    assert office.apply("widen", 1, wave(found)).result == "confirmed"
    assert sorted(office.people) == ["p-1", "p-2"]  # the third owes training
    assert {name: office.people["p-1"][name] for name in ("models", "budget_per_month", "guardrails", "verbs")} == {
        "models": ["small"],
        "budget_per_month": "50",
        "guardrails": ["pii-filter"],
        "verbs": {"editor:read": "allow", "mail:send_customer_message": "review"},
    }
    assert office.people["p-2"]["budget_per_month"] == "80"
    office.staff("p-1,writer,2027-12-31", "p-3,reader,2027-12-31", "p-4,reader,2027-12-31")
    office.read()
    office.refresh()
    # Who left is out and a role that changed is applied; who joined, or was trained since, waits for the next round.
    assert sorted(office.people) == ["p-1"]
    assert office.people["p-1"]["budget_per_month"] == "80"
    assert office.section["epoch"] == 1
    assert office.apply("widen", 2, wave(office.read())).result == "confirmed"
    assert sorted(office.people) == ["p-1", "p-3", "p-4"]


def test_o5_a_person_whose_training_lapses_is_out_at_the_next_look(office: Office) -> None:
    """The file says nothing new, and the day after the last day of training they are served no more."""
    office.apply("widen", 1, wave(office.read()))
    later = drivers_under(
        office.root, Kept(f"sqlite:///{office.root}/ledger.db", today=lambda: NOW.date().replace(2028))
    )
    later("gateway", TARGET.kind, TARGET.told).refresh(admit=())  # type: ignore[attr-defined]  # it holds people
    assert office.people == {}

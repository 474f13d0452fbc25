"""Any sequence of attempts, retries, late attempts, faults, crashes and edits by hand, on two teams of one proxy.

The proxy is the one for faults, asked without a network between: what a connection can do is tried beside this.
"""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from errno import EIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from activities.drivers import litellm_calls
from activities.drivers.contract import Unreadable
from activities.drivers.litellm import Litellm
from activities.drivers.litellm_team import STRANGERS
from activities.exposure import ExposureActivities
from activities.http import Answer, Question
from tests.activities.drivers.litellm_fake import TOKEN, Proxy
from tests.activities.drivers.test_litellm_people import Lists
from tests.activities.flags import EXPOSURES, serving
from tests.activities.place import Place
from tidegate.models.event import Applied, Observed
from tidegate.models.exposure import Exposure
from tidegate.models.plan import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.models.decision import ApplyVerb
    from tidegate.models.task import ApplyRequest

NAMES = ("one", "two")
REDUCTIONS: tuple[ApplyVerb, ...] = ("hold", "narrow", "redirect", "pause", "rollback")
STEPS = st.sampled_from((1, 1, 1, 2, 0, -1, -3))
"""How far an epoch is from the newest that is written; most are new."""
FAULTS = st.sampled_from((0, 429, 500))
EDITS: dict[str, dict[str, Any]] = {
    "blocks it": {"blocked": True},
    "opens it": {"blocked": False},
    "opens all models": {"models": []},
    "adds a model": {"models": ["a", "other"]},
    "takes models away": {"models": ["a"]},
    "gives it more": {"max_budget": 10**6},
    "gives it less": {"max_budget": 1},
}


class Killed(BaseException):
    """The process is gone."""


class Look(NamedTuple):
    """What a team lets through, and under which epoch; no exposure where nobody can say."""

    exposure: Exposure | None
    epoch: int


class Sequences(RuleBasedStateMachine):
    """The world: one proxy, two teams, people in them, and people with an admin page."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.place = Place(Path(self.directory.name))
        (self.place.root / "token").write_text(TOKEN, "utf-8")
        self.people = Lists(*(f"p-{n}" for n in range(25)))
        ways = {"url": "http://proxy.invalid", "token": "file:token"}
        self.place.targets = {name: Backend(kind="litellm", settings={**ways, "team": name}) for name in NAMES}
        self.place.activities = ExposureActivities(self.driver_of, authority=lambda _: None)
        self.proxy = Proxy.__new__(Proxy)
        self.proxy.begin()
        self.left = 10**6
        """After so many requests something happens."""
        self.happens: Any = None
        self.patched = patch.object(litellm_calls, "ask", self.ask)
        self.patched.start()
        self.asked: list[ApplyRequest] = []

    def driver_of(self, _target: str, _kind: str, given: Mapping[str, str]) -> Litellm:
        """The real driver, which is told who is in the cohorts."""
        return Litellm(given, self.place.root, self.people)

    def teardown(self) -> None:
        self.patched.stop()
        self.directory.cleanup()
        assert self.proxy.broken == []

    def ask(self, question: Question, _: Any) -> Answer:
        """Answer in place of the network."""
        self.left -= 1
        happens = self.happens if self.left < 0 else None
        if happens is Killed:
            raise Killed
        address = urlsplit(question.url)
        body = json.loads(question.body or b"null")
        if isinstance(happens, tuple) and not happens[1]:
            return self.fail(happens[0])
        status, said = self.proxy.answer(question.method, address.path, dict(parse_qsl(address.query)), body)
        return self.fail(happens[0]) if happens is not None else Answer(status, {}, json.dumps(said).encode())

    def fail(self, status: int) -> Answer:
        """Answer with a fault, or not at all."""
        if not status:
            raise OSError(EIO, "the connection broke")
        return Answer(status, {}, b"<html>")

    # -- what may happen --------------------------------------------------------------------------------------------

    @rule(exposure=EXPOSURES, step=STEPS)
    def widen(self, exposure: Exposure, step: int) -> None:
        """Somebody asks for something, more or not, under an epoch that may be late."""
        self.attempt("widen", exposure, step)

    @rule(verb=st.sampled_from(REDUCTIONS), exposure=EXPOSURES, step=STEPS)
    def reduce(self, verb: ApplyVerb, exposure: Exposure, step: int) -> None:
        """Somebody makes it safer, under an epoch that may be late."""
        self.attempt(verb, exposure, step)

    def attempt(self, verb: ApplyVerb, exposure: Exposure, step: int) -> None:
        """Ask for it and remember that it was asked for."""
        epoch = max(1, self.newest() + step)
        self.asked.append(self.place.request(verb, exposure, epoch))
        self.perform(self.asked[-1])

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """An attempt of long ago, or of just now, is performed once more."""
        self.perform(data.draw(st.sampled_from(self.asked)))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), requests=st.integers(0, 12))
    def crash(self, data: st.DataObject, requests: int) -> None:
        """A worker dies between two requests."""
        self.hurt(data, requests, Killed)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), requests=st.integers(0, 12), status=FAULTS, applied=st.booleans())
    def fault(self, data: st.DataObject, requests: int, status: int, applied: bool) -> None:
        """From some request on the proxy fails, before or after it has done what it was asked."""
        self.hurt(data, requests, (status, applied and status != 429))

    def hurt(self, data: st.DataObject, requests: int, happens: Any) -> None:
        """Let an attempt under a new epoch go wrong, and see that it can be finished under the next one."""
        request = data.draw(st.sampled_from(self.asked))
        request = request.but(move=request.move.but(epoch=self.newest() + 1))
        before, self.left, self.happens = self.looks(), requests, happens
        with suppress(Killed):
            answer = self.place.run(request)
            assert isinstance(answer, Applied)
        self.left, self.happens = 10**6, None
        self.judge(request, before, whole=False)
        self.asked.append(request)

    @rule(name=st.sampled_from(NAMES), edit=st.sampled_from(sorted(EDITS)))
    def hand(self, name: str, edit: str) -> None:
        """Somebody changes a team on the admin page."""
        if name in self.proxy.teams:
            self.proxy.teams[name].update(EDITS[edit])

    @rule(name=st.sampled_from(NAMES), person=st.sampled_from(("p-1", "p-24", "guest")), comes=st.booleans())
    def hand_moves_a_member(self, name: str, person: str, comes: bool) -> None:
        """Somebody puts a member in, or takes one out."""
        if name in self.proxy.teams:
            stay = [each for each in self.proxy.teams[name]["members_with_roles"] if each["user_id"] != person]
            came = [{"user_id": person, "user_email": None, "role": "user"}] if comes else []
            self.proxy.teams[name]["members_with_roles"] = [*stay, *came]

    # -- what must be true ------------------------------------------------------------------------------------------

    def look(self, name: str) -> Look:
        """What a team lets through."""
        try:
            return Look(*self.driver_of(name, "", self.place.targets[name].settings).observe())
        except Unreadable as error:
            return Look(None, error.epoch)

    def looks(self) -> dict[str, Look]:
        """What both let through."""
        return {name: self.look(name) for name in NAMES}

    def newest(self) -> int:
        """The newest epoch that is written anywhere."""
        return max(look.epoch for look in self.looks().values())

    def perform(self, request: ApplyRequest) -> None:
        """Let the worker do it, and judge what it did and what it says: with no fault, all of it arrives."""
        before = self.looks()
        answer = self.place.run(request)
        after = self.judge(request, before, whole=True)
        wanted = Look(request.move.exposure, request.move.epoch)
        late = any(look.epoch >= wanted.epoch for look in before.values())
        if isinstance(answer, Observed):
            assert request.move.verb != "widen"
            assert answer.epoch == max(look.epoch for look in after.values()) > request.move.epoch
        else:
            assert isinstance(answer, Applied)
            assert (answer.result == "confirmed") == all(look == wanted for look in after.values())
        if request.move.verb == "widen" and not late and all(look.exposure is not None for look in before.values()):
            assert all(look == wanted for look in after.values()), "an approved widening did not arrive"

    def judge(self, request: ApplyRequest, before: dict[str, Look], *, whole: bool) -> dict[str, Look]:
        """See that nobody who is late undid anything, that no reduction widened anything, and that no more is there."""
        after, move = self.looks(), request.move
        for name in NAMES:
            had, has = before[name], after[name]
            assert has.epoch >= had.epoch, "an epoch went back"
            if had.epoch >= move.epoch:
                assert has == had, "a late write undid a newer one"
            if move.verb == "widen" and had.exposure is None:
                assert has == had, "a widening was written over what nobody understood"
            if has == had or has.exposure is None:
                assert whole is False or has == had or move.verb != "widen"
                continue
            # People who come in before the team is opened to them are strangers until it is.
            seen = has.exposure if whole or move.verb != "widen" else without_strangers(has.exposure)
            if move.verb != "widen" and had.exposure is not None:
                assert seen <= had.exposure, "a reduction widened"
            elif whole:
                assert seen <= move.exposure, "more was written than was asked for"
            else:
                both = move.exposure if had.exposure is None else move.exposure.join(had.exposure)
                assert seen <= both, "more was written than was asked for, or was there"
        return after

    @invariant()
    def nobody_gets_through_a_team_that_is_nothing(self) -> None:
        """What is observed as nothing is blocked, or is not there."""
        for name, look in self.looks().items():
            if look.exposure is not None and not look.exposure.serves and name in self.proxy.teams:
                team = self.proxy.teams[name]
                assert team["blocked"] or not team["members_with_roles"]


def without_strangers(exposure: Exposure) -> Exposure:
    """The cohorts that have a name."""
    return exposure.but(cohorts={name: part for name, part in exposure.cohorts.items() if name != STRANGERS})


TestSequences = Sequences.TestCase
TestSequences.settings = settings(max_examples=25, stateful_step_count=16)


def test_the_judge_would_notice_a_late_write() -> None:
    """The judge of the sequences says no to an epoch that goes back, and to more than was asked for."""
    machine = Sequences()
    small, large = serving(5, budget_per_month=Decimal(9)), serving(20, budget_per_month=Decimal(99))
    machine.driver_of("", "", machine.place.targets["one"].settings).apply(small, 7, "before", None)
    before = machine.looks()
    machine.proxy.teams["one"]["max_budget"] = 99.0
    with pytest.raises(AssertionError, match="a reduction widened"):
        machine.judge(machine.place.request("hold", large, 8), before, whole=True)
    machine.proxy.teams.clear()
    with pytest.raises(AssertionError, match="an epoch went back"):
        machine.judge(machine.place.request("hold", small, 6), before, whole=True)
    machine.teardown()

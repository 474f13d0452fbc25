"""Exposure enforced by a team of a LiteLLM proxy, through its admin API.

The end points that this speaks to need the proxy's database, which cannot run in our tests: every request is validated
against the OpenAPI document that the proxy itself publishes, what it answers is as its source says (1.108), and faults
are tried against a fake. `docs/drivers.md` says how to see it at your own proxy before you rely on it.

The proxy cannot compare and set, so a writer that was delayed can win; what it wrote is looked at, and fenced, once
more later. What closes comes first: the block, alone, or the limits, and then whom they serve no longer. What opens
comes last, in one write, when everybody it is for is in the team, and after another look at who has written meanwhile.

While a team is blocked nobody is taken out of it for that: it would delete their keys, and stop nobody who is not
stopped anyway. Without anybody who says who is in the cohorts, who is in the team is left to those who run the proxy.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from activities.drivers import litellm_people, litellm_team
from activities.drivers.contract import (
    ABSENT,
    Actual,
    Capabilities,
    Dim,
    Protection,
    Stale,
    Trouble,
    Turnover,
    Unlisted,
    Unreadable,
    Unusable,
    Unwritten,
    presets,
)
from activities.drivers.litellm_calls import MEMBERSHIPS, Calls
from activities.drivers.settings import address, only
from activities.secrets import secret
from tidegate.models.plan import PRESETS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from activities.drivers.contract import People
    from activities.drivers.litellm_people import Request, Roster
    from tidegate.models.exposure import Exposure

    _Known = Mapping[str, Collection[str]]

_BAD_REQUEST = 400


class _Wish(NamedTuple):
    """What is to be there, and who asks."""

    actual: Actual
    key: str
    redirect_to: str | None


class Litellm:
    """One team. Settings: `url`, `team`, `token` by reference, and `connectors`, the systems that are MCP servers.

    The token is a proxy administrator's: nobody else may make a team, or see all of it.
    """

    capabilities = Capabilities(fences=False, protection=Protection.GATEWAY)

    def __init__(self, settings: Mapping[str, str], root: Path, people: People | None = None) -> None:
        only(settings, "litellm", needed=("url", "team", "token"), more=("connectors", PRESETS))
        self._address = address(settings, "url")
        self._token = secret(settings, "token", root)
        self._team = settings["team"]
        self._systems = tuple(name.strip() for name in settings.get("connectors", "").split(",") if name.strip())
        self._people = people
        self._presets = presets(settings)

    def observe(self) -> Actual:
        """Say what the team really lets through."""
        team = Calls(self._address, self._token, look=True).team(self._team)
        if team is None:
            return ABSENT
        try:
            known = self._known(team)
        except OSError:
            claim = litellm_team.served(team, None, self._systems)
            raise Dim("who is in the cohorts cannot be looked up", claim) from None
        return litellm_team.served(team, known, self._systems)

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Close what is too much, then open what is wanted, unless what is there is newer."""
        litellm_team.refuse(desired)
        try:
            calls = self._calls()
        except Unusable as error:
            raise Unwritten(str(error)) from None
        self._apply(calls, _Wish(Actual(desired, epoch), key, redirect_to))

    def refresh(self, *, admit: Collection[str]) -> Turnover:
        """Bring the team up to date with its cohorts, at the epoch and the exposure that it carries."""
        calls = self._calls()
        team = calls.team(self._team)
        claim = None if team is None else litellm_team.claimed(team)
        if team is None or claim is None or self._people is None:
            return Turnover(0, 0)
        there = litellm_team.members(team)
        roster = self._roster(calls, claim, there)
        if roster is None:
            return Turnover(0, 0)
        entitled = {one.id for name, part in claim.cohorts.items() for one in self._people.entitled(name, part)}
        left = self._all(calls, litellm_people.leaving(team, self._team, entitled))
        self._all(calls, litellm_people.bounding(self._bounds(team), self._team, roster))
        # Where a list governs the wave, whoever joins waits.
        free = [name for name, part in claim.cohorts.items() if name in admit and not part.who]
        joined: set[str] = set()
        if team.get("blocked") is not True:
            joined = set().union(*(roster.cohorts[name] for name in free)) - there
            coming = roster._replace(bounds={person: roster.bounds[person] for person in joined})
            self._all(calls, litellm_people.joining(there, self._team, coming))
        if left or joined:
            self._count(calls, litellm_team.epoch_of(team), roster.counts((there & entitled) | joined))
        return Turnover(left, len(joined))

    def _count(self, calls: Calls, epoch: int, counts: Mapping[str, int]) -> None:
        """Write down how many there are, unless somebody has applied something since: then that says it."""
        team = calls.team(self._team)
        if team is not None and litellm_team.epoch_of(team) == epoch:
            marks = {**team["metadata"], litellm_team.MEMBERS: dict(counts)}
            self._do(calls, "/team/update", {"team_id": self._team, "metadata": marks})

    def _apply(self, calls: Calls, wish: _Wish) -> None:
        desired, opens = wish.actual.exposure, litellm_team.lets_through(wish.actual.exposure)
        team, first = calls.team(self._team), None
        if team is None:
            self._make(calls)
        else:
            known = self._known(team, lenient=True)
            if self._done(calls, team, wish, known):
                return
            there = self._fence(team, wish, known)
            if team.get("blocked") is not True and (there is None or not opens):
                self._block(calls)
            elif there is not None and not there.exposure <= desired:
                # It stays open for some: first the limits, which one write brings, and then the people one by one.
                first = wish._replace(actual=wish.actual._replace(exposure=desired.meet(there.exposure)))
                self._write(calls, team, first, None)
        roster = None
        if opens and self._people is not None:
            team = self._again(calls, wish, first)
            roster = self._roster(calls, desired, litellm_team.members(team))
            if roster is not None:
                self._settle(calls, team, roster)
        if first == wish and roster is None:
            return
        if calls.touched:
            team = self._again(calls, wish, first)
        self._write(calls, team or {}, wish, roster)

    def _again(self, calls: Calls, wish: _Wish, first: _Wish | None) -> dict[str, Any]:
        """Look once more before anything is opened: whoever has written since is newer, unless it was this attempt."""
        team = calls.team(self._team) or {}
        if first is None or litellm_team.epoch_of(team) != wish.actual.epoch:
            self._fence(team, wish, None)
        return team

    def _done(self, calls: Calls, team: Mapping[str, Any], wish: _Wish, known: _Known | None) -> bool:
        """Whether nothing is left to do."""
        if not litellm_team.same(team, wish.actual, wish.redirect_to, known, self._systems):
            return False
        if self._people is None or team.get("blocked") is True:
            return True
        there = litellm_team.members(team)
        roster = self._roster(calls, wish.actual.exposure, there)
        return roster is None or set(roster.bounds) <= there

    def _settle(self, calls: Calls, team: Mapping[str, Any], roster: Roster) -> None:
        """Bring in whom it is for, and take out everybody else first."""
        self._all(calls, litellm_people.leaving(team, self._team, roster.bounds))
        self._all(calls, litellm_people.bounding(self._bounds(team), self._team, roster))
        self._all(calls, litellm_people.joining(litellm_team.members(team), self._team, roster))

    def _all(self, calls: Calls, requests: Iterable[Request]) -> int:
        done = 0
        for request in requests:
            answer = calls.post(request.path, request.body)
            # Whoever is not in the team any more has been taken out by somebody else.
            gone = request.path == "/team/member_delete" and answer.status == _BAD_REQUEST
            if not answer.done and not gone:
                raise calls.wrong(answer)
            done += 1
        return done

    def _write(self, calls: Calls, team: Mapping[str, Any], wish: _Wish, roster: Roster | None) -> None:
        counts = None if roster is None else roster.counts(roster.bounds)
        body = {
            "team_id": self._team,
            **litellm_team.limits(wish.actual.exposure, wish.redirect_to, team, self._systems),
            "metadata": litellm_team.marks(wish.actual, wish.key, wish.redirect_to, team, counts),
        }
        soft = team.get("soft_budget")
        if soft is not None and body["max_budget"] is not None and body["max_budget"] <= soft:
            # A budget must be above the one that only warns, even in the write that takes that one away.
            self._do(calls, "/team/update", {"team_id": self._team, "soft_budget": None})
        self._do(calls, "/team/update", body)

    def _block(self, calls: Calls) -> None:
        """Stop all calls by the smallest write there is, which nothing else in the team can be a reason to refuse.

        `/team/block` leaves the team as it was in the memory of the proxy, for up to a minute; `/team/update` does not.
        """
        with suppress(OSError):
            if calls.post("/team/update", {"team_id": self._team, "blocked": True}).done:
                return
        self._do(calls, "/team/block", {"team_id": self._team})

    def _make(self, calls: Calls) -> None:
        """Make the team, closed: its epoch comes with what is applied to it."""
        self._do(calls, "/team/new", {"team_id": self._team, "blocked": True, "models": [litellm_team.NO_MODELS]})

    def _fence(self, team: Mapping[str, Any], wish: _Wish, known: _Known | None) -> Actual | None:
        """Return what is there; none if nobody can understand it and it may be written over."""
        try:
            actual = litellm_team.served(team, known, self._systems) if team else ABSENT
        except Unreadable as error:
            if error.epoch >= wish.actual.epoch:
                raise
            return None
        if actual.epoch >= wish.actual.epoch:
            raise Stale(actual)
        return actual

    def _known(self, team: Mapping[str, Any], *, lenient: bool = False) -> _Known | None:
        """Return whom an approval of what the team claims can have meant; none if nobody says."""
        claim = litellm_team.claimed(team)
        if self._people is None or claim is None or team.get("blocked") is True:
            return None
        try:
            return {name: self._people.known(name, part) for name, part in claim.cohorts.items()}
        except Unlisted:
            return None
        except OSError:
            if lenient:  # what must be closed does not wait for it, and what is opened asks again
                return None
            raise

    def _roster(self, calls: Calls, exposure: Exposure, there: Collection[str]) -> Roster | None:
        """Return who is to be in the team; none if that is left to those who run the proxy."""
        if self._people is None:
            return None
        try:
            return litellm_people.wanted(self._team, exposure, self._people, self._presets, there)
        except Unlisted:
            return None
        except OSError as error:
            why = str(error) if isinstance(error, Trouble) else "who is in the cohorts cannot be looked up"
            raise calls.trouble(why) from None

    def _bounds(self, team: Mapping[str, Any]) -> dict[str, litellm_people.Bounds]:
        return litellm_people.bounds_of(team.get(MEMBERSHIPS), litellm_team.members(team))

    def _do(self, calls: Calls, path: str, body: Mapping[str, Any]) -> None:
        answer = calls.post(path, body)
        if not answer.done:
            raise calls.wrong(answer)

    def _calls(self) -> Calls:
        return Calls(self._address, self._token)

"""A life as it is on record, folded into its chronicle: what was seen, who was asked, how it stood, what took long.

Everything follows from the rows of a ledger and the papers that they refer to; nobody else is asked, and the rollout
knows nothing of being read. What people wrote stays a token unless its texts are given.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from tidegate import awaiting, impasse, lateness, recording, seal, votes
from tidegate.explain import explain
from tidegate.models.base import Instant
from tidegate.models.decision import Outcome, Reason
from tidegate.models.exposure import NOTHING, Exposure
from tidegate.models.lived import Lived, Round, Said, Seen, Served, Shade, Stretch
from tidegate.models.plan import Plan
from tidegate.models.state import Phase, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tidegate.awaiting import Wait
    from tidegate.models.lived import Deadlock
    from tidegate.models.record import Text

Words = dict[str, Any]
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Instant)
_TOLD = ("phase", "level", "target", "purpose", "sent_back", "told", "observation", "handed_over")
"""What of its position changes how it stands; that it was asked again does not."""
_KEPT = ("vetoes", "problems", "readiness", "announcements", "embargoes", "pack", "takeover", "waivers", "plan")
"""What else may change what it waits for."""


class Unfolded(ValueError):  # noqa: N818  # it says what is so
    """What is on record is no life that could be told."""


class Chronicle:
    """A life while it is read, record by record; it can be asked at any time."""

    def __init__(self, papers: Mapping[str, Any], texts: Mapping[str, Text] | None = None) -> None:
        """Begin with nothing; `papers` is what a digest stands for, and `texts` what a token does."""
        self._papers, self._texts = papers, texts or {}
        self._words: Words = {}
        self._mark: Any = None
        self._confirmed: Any = None
        self._at: datetime | None = None
        self._rounds: dict[str, Round] = {}
        self._waited: list[tuple[Plan, State, datetime]] = []
        self._group: list[Words] = []
        self.seen: list[Seen] = []
        self.served: list[Served] = []
        self.plan: Plan | None = None
        """The revision in force."""
        self.first: Plan | None = None
        """The revision that it began with."""
        self.state: State | None = None
        """How it stood when last that changed what it waits for."""

    def read(self, rows: Iterable[Words]) -> Chronicle:
        """Read rows in their order; the rows of one record may come apart."""
        for row in rows:
            if row.get("life") is None:
                continue
            group = self._group
            if group and (row["life"], row["record"]) != (group[0]["life"], group[0]["record"]):
                self._turn()
            self._group.append(row)
            if row.get("then") is not None or row["record"] is None:
                self._turn()
        return self

    def _turn(self) -> None:
        group, self._group = self._group, []
        at = _MOMENT.validate_json(json.dumps(group[0]["occurred_at"]))
        self._at = at
        heard, then = group[0].get("heard") or {}, group[-1].get("then")
        if heard.get("kind") == "missed":
            self._words = self._papers[then["state"]] if then else self._words
        elif then is not None:
            self._words = recording.changed({} if heard.get("kind") == "begun" else self._words, then["change"])
        mark = _mark(self._words)
        if mark != self._mark and self._words:
            self._mark = mark
            self._changed(at)
        self.seen.extend(self._seen(row, at) for row in group if row.get("number") is not None)
        self._looked(at)
        if heard.get("kind") == "vote" and group[0].get("outcome") == Outcome.DONE.value:
            self._said(heard, at)

    def _looked(self, at: datetime) -> None:
        """Keep what was read back, where that is another than before."""
        words = (self._words.get("exposure") or {}).get("confirmed")
        if words != self._confirmed or not self.served:
            self._confirmed = words
            exposure = NOTHING if words is None else Exposure.model_validate_json(json.dumps(words))
            self.served.append(Served(at=at, line=len(self.seen), exposure=exposure))

    def _changed(self, at: datetime) -> None:
        state = State.model_validate_json(json.dumps(self._words))
        if self.plan is None or self.plan.digest != state.plan:
            self.plan = _plan(self._papers, state.plan)
            self.first = self.first or self.plan
        plan, self.state = self.plan, state
        self._waited.append((plan, state, at))
        for name, gate in state.gates.items():
            known = self._rounds.get(name)
            if known is None:
                asked = tuple(dict.fromkeys((*votes.askable(plan, state, gate, at), *(b.person for b in gate.ballots))))
                self._rounds[name] = Round(
                    gate=name,
                    kind=gate.kind.value,
                    about=gate.label,
                    opened=gate.opened_at,
                    until=gate.expires_at,
                    needs=gate.needs,
                    asked=asked,
                )
            elif known.until != gate.expires_at:
                self._rounds[name] = known.but(until=gate.expires_at)
        over = {gate.id: gate for gate in state.closed}
        for name, known in self._rounds.items():
            if known.closed is None and name not in state.gates:
                how = over[name].how if name in over else "void"
                self._rounds[name] = known.but(closed=at, how="used" if how == "consumed" else how)

    def _said(self, heard: Words, at: datetime) -> None:
        known = self._rounds.get(heard.get("gate", ""))
        if known is not None:
            said = Said(who=heard["actor"]["subject"], choice=heard["choice"], at=at)
            self._rounds[known.gate] = known.but(said=(*known.said, said))

    def _seen(self, row: Words, at: datetime) -> Seen:
        after, gate = row["after"], self._rounds.get(row["gate"] or "")
        reason = Reason.model_validate_json(json.dumps(row["reason"]))
        confirmed = (self._words.get("exposure") or {}).get("confirmed") or {}
        return Seen(
            at=at,
            action=row["action"],
            outcome=Outcome(row["outcome"]),
            code=reason.code.value,
            sentence=seal.read(explain(reason), self._texts),
            actor=row["actor"]["subject"],
            actor_kind=row["actor"]["kind"],
            in_place_of=row.get("on_behalf_of") or "",
            gate=row["gate"] or "",
            gate_kind=gate.kind if gate else "",
            stage=row["stage"],
            wave=row["wave"],
            phase=after["phase"],
            control=after["control"],
            level=after["level"],
            epoch=after["epoch"],
            people=after["people"],
            served=sum(part["people"] for part in confirmed.get("cohorts", {}).values()),
        )

    # -- told -----------------------------------------------------------------------------------------------------

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Return when it began, and when something was written last."""
        if not self._waited or self._at is None:
            raise Unfolded("nothing is on record of it")
        return self._waited[0][2], self._at

    @property
    def rounds(self) -> tuple[Round, ...]:
        """Return every round of votes, in the order in which they were opened."""
        return tuple(self._rounds.values())

    def stretches(self, until: datetime) -> tuple[Stretch, ...]:
        """Return how it stood until a moment, without a gap; what stood alike is one stretch."""
        found: list[Stretch] = []
        ends = [at for _, _, at in self._waited[1:]] + [until]
        for place, ((plan, state, since), end) in enumerate(zip(self._waited, ends, strict=True), start=1):
            if since >= end and place < len(ends):
                continue  # it was decided further at once; only where it ends may have no length
            pieces = list(awaiting.waits(plan, state, since, end))
            stops = [at for at, _ in pieces[1:]] + [end]
            for (begin, wait), stop in zip(pieces, stops, strict=True):
                found.append(_stretch(plan, state, wait, begin, stop))
                if len(found) > 1 and found[-2].but(until=stop) == found[-1].but(since=found[-2].since):
                    found[-2:] = [found[-2].but(until=stop)]
        return tuple(found)

    def deadlock(self, now: datetime) -> Deadlock | None:
        """Say where nothing leads on any more, as far as that follows from who is there and what was seen."""
        if self.plan is None or self.state is None:
            return None
        # What was read last may have changed nothing that it waits for; the newest state knows who was told.
        state = State.model_validate_json(json.dumps(self._words))
        return impasse.diagnose(self.plan, state, now, self.rounds)


def lived(  # every argument is said by whoever lived it
    told: Chronicle, *, ended: datetime, how: Any, tool: str, plan: str = "", scenarios: Mapping[str, str] | None = None
) -> Lived:  # fmt: skip
    """Return the life that a chronicle has read; `plan` names the plan as it would be started, if not as it was."""
    if told.state is None or told.first is None or told.plan is None:
        raise Unfolded("nothing is on record of it")
    started, last = told.span
    ended = max(ended, last)
    stretches = told.stretches(ended)
    done = next((one.since for one in stretches if one.phase == Phase.OPERATING.value), None)
    deadlock = told.deadlock(ended) if how == "deadlock" else None
    late = lateness.lateness(told.first, stretches, told.rounds, started, done)
    return Lived(
        use_case=told.plan.use_case,
        title=told.plan.title,
        plan=plan or told.first.digest,
        tool=tool,
        scenarios=dict(scenarios or {}),
        started=started,
        ended=ended,
        how=how,
        stage=stretches[-1].stage if stretches else "",
        phase=told.state.position.phase.value,
        seen=tuple(told.seen),
        served=tuple(told.served),
        rounds=told.rounds,
        stretches=stretches,
        deadlock=deadlock,
        milestones=late.milestones,
        best=late.best,
        done=done,
        delays=late.delays,
        shades=tuple(_shades(told.plan, started, ended)),
        shifts=told.plan.calendar.shifts,
        names={name: member.name for name, member in told.plan.roster.items()},
    )


def _shades(plan: Plan, since: datetime, until: datetime) -> Iterator[Shade]:
    for window in plan.freezes:
        if window.starts < until and window.ends > since:
            yield Shade(kind="freeze", name=window.name, since=window.starts, until=window.ends, why=window.reason)
    for name, member in plan.roster.items():
        for begin, end in member.away:
            if begin < until and end > since:
                yield Shade(kind="leave", name=name, since=begin, until=end)


def _stretch(plan: Plan, state: State, wait: Wait, since: datetime, until: datetime) -> Stretch:
    position, exposure = state.position, state.exposure
    rung = plan.rung(position.level) if position.level else None
    return Stretch(
        since=since,
        until=until,
        stage=(rung or plan.rung(1)).stage.value,
        wave=rung.wave if rung else "",
        phase=position.phase.value,
        control=exposure.control.value,
        level=position.level,
        label=exposure.label,
        people=exposure.desired.people,
        served=exposure.confirmed.people,
        kind=wait.kind,
        waits=wait.why,
        owner=wait.owner,
        awaits=wait.awaits,
        absent=wait.absent,
    )


def _mark(words: Words) -> Any:
    """Return what says, without spelling out a state, that it waits for something else than before."""
    position, exposure = words.get("position") or {}, words.get("exposure") or {}
    gates = {
        name: (gate.get("ballots"), gate.get("satisfied_at"), gate.get("expires_at"), gate.get("passages"))
        for name, gate in (words.get("gates") or {}).items()
    }
    owed = tuple(words.get("obligations") or ())
    told = tuple(position.get(name) for name in _TOLD)
    exposed = tuple(exposure.get(name) for name in ("desired", "confirmed", "label", "control", "pending", "epoch"))
    return gates, told, exposed, owed, tuple(words.get(name) for name in _KEPT)


def _plan(papers: Mapping[str, Any], digest: str) -> Plan:
    if digest not in papers:
        raise Unfolded(f"the plan {digest[:12]} is not on record")
    return Plan.model_validate_json(json.dumps({**papers[digest], "digest": digest}))

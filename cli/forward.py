"""`tidegate fast-forward`: one rollout on the embedded server is moved ahead, so that a year can be lived in an hour.

It goes from deadline to deadline. At each it waits until all that follows was done, and looks: what was reduced stops
it, and so does what would expire on people who are asked. Whatever happens on the way happens as it would have by
waiting, decided by the rules and by people who vote. It is for practice: on any other server it is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from cli import clock, receipt, render
from cli.answers import Exit, Refusal
from cli.options import AsJson, UseCase, Who
from cli.telling import Manner, hear, message, unseen

if TYPE_CHECKING:
    from cli.talk import Server
    from tidegate.deadlines import Deadline
    from tidegate.models.decision import Entry
    from tidegate.models.messages import RolloutInput

_PATIENCE = 60.0
"""Seconds in which what follows a deadline must be done."""
_STEP = 20.0
"""Seconds in which the server must have moved; it does not while something is under way."""
_FARTHEST = timedelta(days=400)
_BEFORE = timedelta(hours=1)
"""So long before something expires it stops: people must have the time to act."""
_MOST = 5_000
"""Deadlines that are passed at a time."""
_EXPIRES = frozenset(
    (
        *("gate expires", "approval lapses", "stage expires", "obligation overdue", "owed still", "narrow", "blind"),
        *("exception ends", "override over"),
    )
)
"""What comes because people did nothing."""
_GOALS = ("next", "checkpoint")


class Passed(NamedTuple):
    """A deadline that was passed."""

    at: datetime
    what: str
    about: str
    owner: str


class Way(NamedTuple):
    """How far it is to go, and where it stops."""

    goal: datetime
    checkpoint: bool
    through: bool


def fast_forward(
    use_case: UseCase,
    span: Annotated[str | None, typer.Argument(metavar="[SPAN]", help="How far, such as 7d or 36h.")] = None,
    *,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="WHERE", help="To the `next` deadline, the next `checkpoint`, or a date: 2027-03-31."
        ),
    ] = None,
    through: Annotated[
        bool, typer.Option("--through", help="Also past what expires because nobody of those asked acted.")
    ] = False,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Move one rollout ahead in time, on the embedded server: for demonstrations and courses, never on a cluster.

    It goes from deadline to deadline, and stops where people are asked and something would expire, and at once where
    something made it safer. That time was moved stands in the evidence. It ends with 1 where it stopped on the way.
    With --json: {"use_case", "from", "to", "goal", "arrived", "stopped": null or why, "passed": [{"at", "what",
    "about", "owner"}], "happened": [{"at", "action", "outcome", "by", "sentence"}], "standing"}.

    Example: tidegate fast-forward first-steps 7d
    """
    from cli import talk

    if (span is None) == (until is None):
        raise Refusal("say either how far or until when", f"Such as `tidegate fast-forward {use_case} 7d`.")
    _practice(use_case)
    server = talk.server()
    given = _whole(server, use_case)
    if given.state is None or given.state.position.phase.over:
        raise Refusal(f"{use_case} has no time to move: it has not begun, or is over", "`tidegate list` shows all.")
    journey = Journey(server, use_case, as_json=as_json)
    way = _way(given, journey.at(), span, until, through=through)
    _on_record(server, use_case, who, journey.began, way.goal)
    stopped = journey.go(way)
    _on_record(server, use_case, who, journey.began, journey.at())
    _tell(journey, way, stopped, as_json=as_json)
    if stopped is not None:
        raise typer.Exit(Exit.NO)


def _practice(use_case: str) -> None:
    """End unless verbs speak to the server that `tidegate up` started here, and that runs."""
    from cli.embedded.inquiry import target
    from cli.embedded.places import NAMESPACE, Places
    from cli.embedded.processes import alive
    from cli.embedded.record import load

    where, server = target(), load(Places.here().record).server
    if server is None and where.elsewhere is None:
        raise Refusal("no server is up here", "`tidegate up` starts the embedded one.", Exit.UNREACHABLE)
    namespace = where.settings.get("namespace") or NAMESPACE
    if server is None or where.address != server.address or namespace != NAMESPACE or not alive(server):
        raise Refusal(
            f"time is moved on the embedded server only, and {use_case} is on {where.address}",
            "There everything is waited for. `tidegate up` starts a server to practise on; unset TEMPORAL_ADDRESS.",
            Exit.NOT_PERMITTED,
        )


def _way(given: RolloutInput, now: datetime, span: str | None, until: str | None, *, through: bool) -> Way:
    """Return how far it is to go."""
    from cli.moments import moment
    from tidegate.calendar import later
    from tidegate.deadlines import next_deadline
    from tidegate.models.base import Span

    said = (until or "").strip().lower()
    if span is not None:
        try:
            goal = later(given.plan.calendar, now, Span.of(span))
        except ValueError as error:
            raise Refusal(str(error), "Such as 7d.") from None
    elif said == "checkpoint":
        return Way(now + _FARTHEST, checkpoint=True, through=through)
    elif said == "next":
        coming = None if given.state is None else next_deadline(given.plan, given.state)
        if coming is None:
            raise Refusal("nothing comes by itself any more", "`tidegate status` shows who is next.", Exit.NO)
        goal = max(_whole_second(coming.at), now)
    else:
        goal = moment(str(until), "--until", given.plan.calendar)
    if not now <= goal <= now + _FARTHEST:
        raise Refusal(
            f"{goal:%Y-%m-%d %H:%M} UTC cannot be gone to: it is {now:%Y-%m-%d %H:%M} UTC for this rollout",
            f"Time goes ahead only, and at most {_FARTHEST.days} days at once.",
        )
    return Way(goal, checkpoint=False, through=through)


def _on_record(server: Server, use_case: str, who: str | None, since: datetime, until: datetime) -> None:
    """Put it on record before anything is moved, and again when it is done; without that nothing is moved."""
    words = {"since": since.isoformat(), "until": max(since, until).isoformat()}
    manner = Manner()
    answer = hear(server, message(use_case, "moved", who, manner, **words), manner)
    if answer.outcome.value != "done":
        raise Refusal(answer.sentence, "Who may start a rollout may move its time.", Exit.NOT_PERMITTED)


class Journey:
    """One rollout on its way."""

    def __init__(self, server: Server, use_case: str, *, as_json: bool) -> None:
        """Stand at the beginning."""
        self.server = server
        self.use_case = use_case
        self.err = as_json
        self.passed: list[Passed] = []
        self.happened: dict[int, Entry] = {}
        self.began = self.at()

    def at(self) -> datetime:
        """Return what time it is there, and put down how far that is ahead."""
        from cli.forward_talk import seen

        found = self.server.on(lambda client: seen(client, self.use_case))
        clock.remember(self.use_case, found.ahead)
        return found.at

    def go(self, way: Way) -> str | None:
        """Go there; return why it stopped, if it did."""
        given = self._rested()
        first = given
        for _ in range(_MOST):
            why = self._safer(first, given)
            if why is not None:
                return why
            now, coming = self.at(), self._coming(given)
            if now >= way.goal or (way.checkpoint and _decides(given)):
                return None
            if coming is not None and coming.what in _EXPIRES and not way.through and coming.at <= way.goal:
                return self._before(coming, now)
            to = way.goal if coming is None else min(way.goal, _whole_second(coming.at))
            there = self._jump(to, now)
            if there and coming is not None and coming.at <= to:
                self._pass(coming)
            given = self._rested()  # after that, so that whoever spoke meanwhile is obeyed before the next jump
            if not there:
                stuck = "something under way does not end; `tidegate status` shows what"
                return self._safer(first, given) or stuck
        return f"{_MOST} deadlines were passed; say it again to go on"

    def _before(self, coming: Deadline, now: datetime) -> str:
        """Go near what would expire, and no further."""
        self._jump(coming.at - _BEFORE, now)
        self._rested()
        what = f"{coming.what}: {coming.about}" if coming.about else coming.what
        return f"{coming.owner} is asked, and at {coming.at:%Y-%m-%d %H:%M} UTC: {what}; --through goes past it"

    def _safer(self, first: RolloutInput, given: RolloutInput) -> str | None:
        """Say that something made it safer since it was on its way, if so."""
        if given.state is None or first.state is None or given.state.position.phase.over:
            return "it is over"
        exposure, before = given.state.exposure, first.state.exposure
        pending = exposure.pending
        less = exposure.desired.people < before.desired.people and exposure.epoch > before.epoch
        if less or (pending is not None and pending.verb != "widen"):
            return "something made it safer; time stands where that was"
        if exposure.control is not before.control and exposure.control.value not in ("live", "none", "settling"):
            return f"something made it safer ({exposure.control.value.replace('_', ' ')}); time stands where that was"
        return None

    def _coming(self, given: RolloutInput) -> Deadline | None:
        from tidegate.deadlines import next_deadline

        return None if given.state is None else next_deadline(given.plan, given.state)

    def _jump(self, to: datetime, now: datetime) -> bool:
        from cli.forward_talk import jump

        if to <= now:
            return True
        there = self.server.on(lambda client: jump(client, self.use_case, to, _STEP), _STEP * 2)
        self.at()
        return there

    def _rested(self) -> RolloutInput:
        """Return how it stands once nothing moves any more."""
        from cli.forward_talk import rest

        self.server.on(lambda client: rest(client, self.use_case, _PATIENCE), _PATIENCE * 2)
        given = _whole(self.server, self.use_case)
        self.happened |= {entry.number: entry for entry in given.lately if entry.at >= self.began}
        return given

    def _pass(self, coming: Deadline) -> None:
        self.passed.append(Passed(coming.at, coming.what, coming.about, coming.owner))
        about = f": {coming.about}" if coming.about else ""
        render.say(f"  {coming.at:%Y-%m-%d %H:%M} UTC  {render.clean(coming.what + about)}", err=self.err)


def _decides(given: RolloutInput) -> bool:
    return given.state is not None and given.state.position.phase.value in ("checkpoint_review", "awaiting_approval")


def _whole(server: Server, use_case: str) -> RolloutInput:
    from cli.talk import NoAnswer

    try:
        return server.whole(use_case)
    except NoAnswer:
        raise unseen(use_case, "where it stands") from None


def _whole_second(at: datetime) -> datetime:
    """Return the whole second after a deadline, for then it is acted on; and a moment, for clocks differ."""
    return (at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)) + timedelta(seconds=1)


def _tell(journey: Journey, way: Way, stopped: str | None, *, as_json: bool) -> None:
    """Say what happened meanwhile."""
    from cli.moments import shown
    from tidegate.explain import explain

    standing = journey.server.standing(journey.use_case)
    happened = [journey.happened[number] for number in sorted(journey.happened)]
    at = journey.at()
    if as_json:
        words: dict[str, Any] = {
            "use_case": journey.use_case,
            "from": journey.began.isoformat(),
            "to": at.isoformat(),
            "goal": None if way.checkpoint else way.goal.isoformat(),
            "arrived": stopped is None,
            "stopped": stopped,
            "passed": [{**one._asdict(), "at": one.at.isoformat()} for one in journey.passed],
            "happened": [
                {
                    "at": one.at.isoformat(),
                    "action": one.action,
                    "outcome": one.outcome.value,
                    "by": one.actor,
                    "sentence": explain(one.reason),
                }
                for one in happened
            ],
            "standing": standing.model_dump(mode="json"),
        }
        render.answer(words)
        return
    render.heading(f"{journey.use_case}: from {shown(journey.began)} to {shown(at)}", first=not journey.passed)
    for one in happened:
        render.sentence(f"{shown(one.at)}: {one.action} ({one.outcome.value}). {explain(one.reason)}", "  ")
    if stopped is not None:
        render.sentence(f"STOPPED: {stopped}.")
    render.sentence(standing.line)
    receipt.next_steps(standing)

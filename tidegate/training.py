"""Training: who has learned what, what depends on it, and what a wave teaches about the teaching.

Users, managers and those who help are counted apart, each by their own course. Of people of the programme book is kept
by name, on somebody else's word; of everybody else there are counts, read with the list of their cohort. Where the
standard says so, only who has the managers' course answers for an alert and accepts a risk. Saying no, and whatever
makes it safer, never needs a course.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from tidegate import calendar
from tidegate.models.base import Function
from tidegate.models.decision import Check, Outcome, Verdict
from tidegate.models.event import ActorKind
from tidegate.models.owing import Obligation
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.training import Counted, Curriculum, Learned
from tidegate.rights import holders
from tidegate.roster import can_vote
from tidegate.sides import refused
from tidegate.turn import Turn, because

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tidegate.models.base import Span
    from tidegate.models.decision import Reason
    from tidegate.models.member import Roll
    from tidegate.models.plan import Plan
    from tidegate.models.state import State
    from tidegate.models.training import PlanTraining, Train

ANSWERED_FOR = ("incident", "alert_review")
"""What is owed about an alert or a stop, and only answered for by who is trained to."""
PROGRAMME = "the programme"
"""What the programme's own people are called where they are counted like a cohort."""
_OPEN_AT_MOST = 10
_WHOLE = 10_000
_HUNDRED = 100


# -- what depends on it -----------------------------------------------------------------------------------------------


def asked(plan: Plan, level: int) -> bool:
    """Whether alerts and exceptions at a level are only for who has the managers' training."""
    courses = plan.training
    kept = courses is not None and courses.recorded and courses.managers is not None
    return kept and plan.rules(level).trained_only


def valid(state: State, who: str, curriculum: Curriculum, now: datetime) -> bool:
    """Whether somebody has learned it, and it still counts."""
    known = state.trained.get(who, {}).get(curriculum)
    return known is not None and now < known.until


def lacking(turn: Turn, who: str) -> Reason | None:
    """Return why somebody may not answer for an alert or accept a risk: their training is missing or has lapsed."""
    plan, position = turn.plan, turn.state.position
    if not asked(plan, position.target or position.level) or valid(turn.state, who, Curriculum.MANAGERS, turn.now):
        return None
    known = turn.state.trained.get(who, {}).get(Curriculum.MANAGERS)
    course = _courses(plan).course(Curriculum.MANAGERS) or ""
    if known is not None:
        return because(Code.TRAINING_LAPSED, who=who, course=course, until=known.until, use_case=plan.use_case)
    return because(Code.NOT_TRAINED, who=who, course=course, use_case=plan.use_case)


def review(turn: Turn, alert: str) -> None:
    """Owe a trained look at what a guardrail said, where the standard wants one; one look is enough for a storm."""
    level = turn.state.position.target or turn.state.position.level
    if not asked(turn.plan, level) or any(owed.kind in ANSWERED_FOR for owed in turn.state.obligations.values()):
        return
    within = turn.rules.incident_within or turn.rules.override_review
    due = calendar.later(turn.plan.calendar, turn.now, within)
    name = turn.name("alert-review")
    owed = Obligation(
        kind="alert_review",
        what=f"a look at the guardrail alert {alert}",
        owner=Function.OPERATIONS.value,
        due=due,
        then="block",
    )
    turn.change(obligations={**turn.state.obligations, name: owed})
    reason = because(Code.ALERT_REVIEW, id=name, alert=alert, due=due)
    turn.system("alert review", Outcome.DONE, reason)
    able = tuple(
        who for who in holders(turn.plan, Function.OPERATIONS) if valid(turn.state, who, Curriculum.MANAGERS, turn.now)
    )
    turn.tell(reason, able or holders(turn.plan, Function.OPERATIONS), urgent=True)


# -- who has learned what ---------------------------------------------------------------------------------------------


def take(turn: Turn, event: Train) -> Reason:
    """Take in who has learned what, or what has to change in the training."""
    return _learned(turn, event) if event.change is None else _change(turn, event)


def _learned(turn: Turn, event: Train) -> Reason:
    who, person = event.actor.subject, event.person or ""
    curriculum = named(turn.plan, event.course or "")
    refusal = _refusal(turn, event, curriculum)
    if refusal is not None or curriculum is None or event.on is None:
        return turn.note("training", Outcome.REFUSED, refusal or because(Code.NO_COURSE, course=event.course, known=""))
    course = _courses(turn.plan).course(curriculum) or curriculum.value
    until = _counts_until(turn, event.on)
    known = turn.state.trained.get(person, {}).get(curriculum)
    if until <= turn.now:
        old = because(Code.TRAINING_TOO_OLD, who=person, course=course, until=until)
        return turn.note("training", Outcome.REFUSED, old)
    if known is not None and known.until >= until:
        same = because(Code.TRAINING_KNOWN, who=person, course=course, until=known.until)
        return turn.note("training", Outcome.NOOP, same)
    learned = Learned(on=event.on, until=until, ref=event.evidence or "", by=who)
    # Who has left is forgotten here; the record remembers them.
    kept = {name: courses for name, courses in turn.state.trained.items() if name in turn.plan.roster}
    turn.change(trained={**kept, person: {**kept.get(person, {}), curriculum: learned}})
    reason = because(Code.TRAINED, who=person, course=course, by=who, until=until, ref=learned.ref)
    return turn.note("training", Outcome.DONE, reason)


def _refusal(turn: Turn, event: Train, curriculum: Curriculum | None) -> Reason | None:
    who, person = event.actor.subject, event.person or ""
    barred = refused(turn.plan, turn.state, event.actor, Right.READY)
    if barred is not None:
        return barred
    if who == person:
        return because(Code.OWN_TRAINING, who=who)
    if person not in turn.plan.roster:
        return because(Code.UNKNOWN_PERSON, who=person)
    if curriculum is None:
        return because(Code.NO_COURSE, course=event.course, known=courses(turn.plan) or "none")
    if event.on is not None and _midnight(event.on) > turn.now:
        return because(Code.TRAINING_AHEAD, who=person, on=event.on.isoformat())
    return None


def named(plan: Plan, said: str) -> Curriculum | None:
    """Return the curriculum that a word means: its own name, or what its course is called."""
    if plan.training is None:
        return None
    found = (one for one in Curriculum if said in (one.value, plan.training.course(one)))
    return next((one for one in found if plan.training.course(one) is not None), None)


def courses(plan: Plan) -> tuple[str, ...]:
    """Name the courses of a plan, each with whom it is for."""
    known = ((one, None if plan.training is None else plan.training.course(one)) for one in Curriculum)
    return tuple(f"{one.value} ({course})" for one, course in known if course is not None)


def _courses(plan: Plan) -> PlanTraining:
    if plan.training is None:
        raise LookupError("a plan without courses asks for none")
    return plan.training


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _counts_until(turn: Turn, day: date) -> datetime:
    span: Span = _courses(turn.plan).valid
    return calendar.later(turn.plan.calendar, _midnight(day), span)


# -- what must change in it -------------------------------------------------------------------------------------------


def _change(turn: Turn, event: Train) -> Reason:
    """Owe a change of the training; no next wave begins before it is made."""
    who, member = event.actor.subject, turn.plan.roster.get(event.actor.subject)
    if member is None or not member.active or event.actor.kind is not ActorKind.HUMAN:
        return turn.note("training change", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=who))
    owner = event.owner or turn.plan.ai_owner
    if not can_vote(turn.plan.roster.get(owner)):
        return turn.note("training change", Outcome.REFUSED, because(Code.UNKNOWN_PERSON, who=owner))
    if event.about is not None and event.about not in (*turn.state.questions, *turn.state.problems):
        return turn.note("training change", Outcome.REFUSED, because(Code.NOTHING_ASKED, id=event.about))
    if len(changes(turn.state)) >= _OPEN_AT_MOST:
        return turn.note(
            "training change", Outcome.REFUSED, because(Code.TOO_MANY, what="open changes of the training")
        )
    due = event.due or calendar.later(turn.plan.calendar, turn.now, turn.rules.review_every)
    if due <= turn.now:
        return turn.note("training change", Outcome.REFUSED, because(Code.TRAINING_DUE_PAST, due=due))
    name = turn.name("training-change")
    what = event.change or ""
    owed = Obligation(kind="training_change", what=f"training: {what}", owner=owner, due=due, then="block")
    turn.change(obligations={**turn.state.obligations, name: owed})
    about = event.about or "what was seen"
    reason = because(Code.TRAINING_CHANGE, id=name, by=who, owner=owner, due=due, what=what, about=about)
    turn.tell(reason, (owner,))
    return turn.note("training change", Outcome.DONE, reason)


def changes(state: State) -> tuple[str, ...]:
    """Name the changes of the training that are still open."""
    return tuple(name for name, owed in state.obligations.items() if owed.kind == "training_change")


# -- how many have it -------------------------------------------------------------------------------------------------


def coverage(plan: Plan, state: State, now: datetime) -> dict[Curriculum, Counted]:
    """Return how many of the programme's people who need a course have learned it, where book is kept of that."""
    return {
        curriculum: Counted(people=len(people), trained=sum(valid(state, who, curriculum, now) for who in people))
        for curriculum, people in _needing(plan)
        if people
    }


def owed_by(plan: Plan, state: State, now: datetime) -> tuple[tuple[str, Curriculum], ...]:
    """Name who of the programme needs a course and does not have it, or has it no longer."""
    return tuple(
        (who, curriculum)
        for curriculum, people in _needing(plan)
        for who in people
        if not valid(state, who, curriculum, now)
    )


def _needing(plan: Plan) -> Iterator[tuple[Curriculum, list[str]]]:
    """Yield each course that the programme's people need, and who of those is here; nothing if no book is kept."""
    known = plan.training
    if known is None or not known.recorded:
        return
    for curriculum, people in ((Curriculum.MANAGERS, known.managing), (Curriculum.SUPPORT, known.helping)):
        if known.course(curriculum) is not None:
            yield curriculum, [who for who in people if (one := plan.roster.get(who)) is not None and one.active]


def short(counted: Counted, share: int) -> bool:
    """Whether too few are trained."""
    return counted.trained * _WHOLE < share * counted.people


def percent(counted: Counted) -> str:
    """Say which share is trained, rounded down: what is not reached does not look as if it were."""
    return f"{counted.trained * _HUNDRED // counted.people}%" if counted.people else "nobody"


def owing(name: str, roll: Roll, share: int) -> Reason | None:
    """Return who in a cohort is lacking: the first of its groups that has too few, or all of it."""
    if roll.trained is None:
        return None
    asks = f"{share // _HUNDRED}%"
    for group, counted in roll.groups.items():
        if short(counted, share):
            return because(
                Code.GROUP_UNTRAINED, cohort=name, group=group.value, people=counted.people, trained=counted.trained,
                share=percent(counted), asked=asks,
            )  # fmt: skip
    whole = Counted(people=roll.people, trained=roll.trained)
    if not short(whole, share):
        return None
    return because(
        Code.TRAINING_OWED, cohort=name, trained=roll.trained, people=roll.people, share=percent(whole), asked=asks
    )


def probe(plan: Plan, state: State, level: int, now: datetime) -> Check | None:
    """Return what the records say of the readiness item `training`; none where they do not say it all."""
    share, item = plan.rules(level).training_coverage, ReadinessItem.TRAINING.value
    if plan.training is None or not share:
        return None
    named = coverage(plan, state, now)
    for curriculum, counted in named.items():
        if short(counted, share):
            reason = because(
                Code.GROUP_UNTRAINED, cohort=PROGRAMME, group=curriculum.value, people=counted.people,
                trained=counted.trained, share=percent(counted), asked=f"{share // _HUNDRED}%",
            )  # fmt: skip
            return Check(name=item, verdict=Verdict.PENDING, reason=reason)
    served = plan.exposure(level).cohorts
    rolls = {name: state.rolls[name] for name in served if name in plan.cohorts and name in state.rolls}
    for name, roll in rolls.items():
        reason_ = owing(name, roll, share)
        if reason_ is not None:
            return Check(name=item, verdict=Verdict.PENDING, reason=reason_)
    if len(rolls) < len(served) or any(roll.trained is None for roll in rolls.values()):
        return None
    if not plan.training.recorded and not all(roll.groups for roll in rolls.values()):
        # Of managers and of those who help nobody keeps book, so somebody's word is asked for as before.
        return None
    people, trained = sum(roll.people for roll in rolls.values()), sum(roll.trained or 0 for roll in rolls.values())
    said = [f"{one.trained} of {one.people} {name.value}" for name, one in named.items()]
    reason = because(Code.TRAINING_PROBED, trained=trained, people=people, cohorts=tuple(rolls), more=said or "nobody")
    return Check(name=item, verdict=Verdict.PASSED, reason=reason)


def readable(plan: Plan, level: int) -> bool:
    """Whether lists say of everybody a level would serve whether they are trained."""
    served = plan.exposure(level).cohorts
    kept = (plan.cohorts[name].source.trained_until is not None if name in plan.cohorts else False for name in served)
    return plan.training is not None and plan.rules(level).training_coverage > 0 and all(kept)


def assignable(plan: Plan, state: State, kind: str, who: str, now: datetime) -> bool:
    """Whether somebody can be asked for what is owed: a review of an alert only if they are trained for it."""
    level = state.position.target or state.position.level
    return kind not in ANSWERED_FOR or not asked(plan, level) or valid(state, who, Curriculum.MANAGERS, now)

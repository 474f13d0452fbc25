"""`training`: who has learned what and until when, who still owes it, and what has to change in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import clock, render
from cli.answers import Refusal
from cli.options import AsJson, Evidence, GoodUntil, MessageId, UseCase, Who, Why, day
from cli.telling import Manner, message, tell, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.models.messages import RolloutInput
    from tidegate.models.plan import Plan
    from tidegate.models.state import State


def training(
    use_case: UseCase,
    *,
    person: Annotated[
        str | None, typer.Option("--person", metavar="PERSON", help="Who has learned it: somebody of the programme.")
    ] = None,
    course: Annotated[
        str | None,
        typer.Option("--course", metavar="COURSE", help="users, managers or support, or the name of that course."),
    ] = None,
    on: Annotated[
        date | None, typer.Option("--on", metavar="DATE", parser=day, help="On which day they learned it.")
    ] = None,
    evidence: Evidence = None,
    change: Annotated[
        str | None,
        typer.Option("--change", metavar="TEXT", help="What has to change in the training before the next wave."),
    ] = None,
    about: Annotated[
        str | None, typer.Option("--about", metavar="ID", help="Of a change: the question or issue that showed it.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="PERSON", help="Of a change: who makes it; else the AI owner.")
    ] = None,
    due: Annotated[
        str | None, typer.Option("--due", metavar="DATE", help="Of a change: by when; else the next review.")
    ] = None,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Show who has learned what and who owes it, put a record of it down, or say what has to change in it.

    Nobody records their own. A change is owed by a date, and no next wave begins before it is made: `confirm` closes
    it. With --json and nothing to say: {"use_case", "courses": [{"for", "course"}], "valid", "recorded", "asked",
    "decides", "people": [{"person", "for", "on", "until", "counts", "evidence", "by"}], "owing": [{"person", "for"}],
    "cohorts": [{"cohort", "for", "people", "trained", "share", "enough"}], "changes": [{"id", "what", "owner", "due",
    "overdue"}]}; else {"outcome", "code", "sentence", "standing", "id"}.

    Example: tidegate training claims-triage --person risk-officer --course managers --on 2027-01-15 --evidence lms/4711
    """
    from cli import talk

    record, more = (person, course, on, evidence), (about, owner, due)
    if change is None and any(record) and not all(record):
        raise Refusal(
            "a record says who, what, when and where it can be seen", "Write --person --course --on --evidence."
        )
    if change is None and any(more):
        raise Refusal("--about, --owner and --due belong to a change", "Add --change TEXT.")
    if change is not None and any(record):
        raise Refusal("one thing at a time", "Write either a record, or --change TEXT.")
    server = talk.server()
    if change is None and person is None:
        try:
            told = register(server.whole(use_case), clock.now(use_case))
        except talk.NoAnswer:
            raise unseen(use_case, "who is trained") from None
        render.answer(told) if as_json else _show(told)
        return
    manner = Manner(as_json, None, mine, good)
    words = _record(person, course, on, evidence) if change is None else _changed(change, about, owner, due)
    tell(server, message(use_case, "training", who, manner, **words, reason=reason), manner)


def _record(person: str | None, course: str | None, on: date | None, evidence: str | None) -> dict[str, Any]:
    said = {"person": person, "course": course, "evidence": evidence}
    return {name: word and word.strip() for name, word in said.items()} | {"on": on and on.isoformat()}


def _changed(change: str, about: str | None, owner: str | None, due: str | None) -> dict[str, Any]:
    from cli.moments import moment

    by = moment(due, "--due").isoformat() if due is not None else None
    return {"change": change, "about": about and about.strip(), "owner": owner and owner.strip(), "due": by}


def register(given: RolloutInput, now: datetime) -> dict[str, Any]:
    """Return what is on record of training, and what is asked where the rollout stands or is going."""
    from tidegate import training as rules
    from tidegate.decide import begin
    from tidegate.models.training import Curriculum

    plan = given.plan
    state = given.state or begin(plan, now)
    level = state.position.target or max(state.position.level, 1)
    courses = plan.training
    return {
        "use_case": plan.use_case,
        "courses": [
            {"for": one.value, "course": courses.course(one)}
            for one in Curriculum
            if courses is not None and courses.course(one) is not None
        ],
        "valid": None if courses is None else str(courses.valid),
        "recorded": courses is not None and courses.recorded,
        "asked": f"{plan.rules(level).training_coverage // 100}%",
        "decides": rules.asked(plan, level),
        "people": [
            {
                "person": who,
                "for": one.value,
                "on": learned.on.isoformat(),
                "until": learned.until.isoformat(),
                "counts": now < learned.until,
                "evidence": learned.ref,
                "by": learned.by,
            }
            for who, known in sorted(state.trained.items())
            for one, learned in sorted(known.items())
        ],
        "owing": [{"person": who, "for": one.value} for who, one in rules.owed_by(plan, state, now)],
        "cohorts": list(_cohorts(plan, state, level)),
        "changes": [
            {"id": name, "what": owed.what, "owner": owed.owner, "due": owed.due.isoformat(), "overdue": owed.overdue}
            for name, owed in state.obligations.items()
            if owed.kind == "training_change"
        ],
    }


def _cohorts(plan: Plan, state: State, level: int) -> Iterator[dict[str, Any]]:
    from tidegate import training as rules
    from tidegate.models.training import Counted

    share = plan.rules(level).training_coverage
    for name in plan.exposure(level).cohorts:
        roll = state.rolls.get(name)
        if roll is None or roll.trained is None:
            continue
        rows = {"all": Counted(people=roll.people, trained=roll.trained)}
        rows |= {group.value: counted for group, counted in roll.groups.items()}
        for group, counted in rows.items():
            yield {
                "cohort": name,
                "for": group,
                "people": counted.people,
                "trained": counted.trained,
                "share": rules.percent(counted),
                "enough": not rules.short(counted, share),
            }


def _show(told: dict[str, Any]) -> None:
    if not told["courses"]:
        render.say("The playbook names no course.")
        return
    for one in told["courses"]:
        render.say(f"  {one['for']:<10}{render.clean(one['course'])}")
    asks = "No share" if told["asked"] == "0%" else told["asked"]
    render.sentence(f"{asks} of a cohort must be trained where it stands; what was learned counts for {told['valid']}.")
    if not told["recorded"]:
        render.sentence("The programme keeps no book of its own people (training_records), so nobody is refused.")
    elif told["decides"]:
        render.sentence("Only who has the managers' course answers for an alert or accepts a risk.")
    if told["people"]:
        render.heading("On record")
        rows = [
            (
                one["person"],
                one["for"],
                one["on"],
                one["until"][:10],
                "yes" if one["counts"] else "LAPSED",
                one["evidence"],
            )
            for one in told["people"]
        ]
        render.table(("Person", "Course for", "Learned", "Until", "Counts", "Seen in"), rows)
    if told["owing"]:
        render.heading("Owed")
        render.table(("Person", "Course for"), [(one["person"], one["for"]) for one in told["owing"]])
    if told["cohorts"]:
        render.heading("In the next wave, as last read")
        rows = [
            (
                one["cohort"],
                one["for"],
                str(one["people"]),
                str(one["trained"]),
                one["share"],
                "yes" if one["enough"] else "TOO FEW",
            )
            for one in told["cohorts"]
        ]
        render.table(("Cohort", "Who", "People", "Trained", "Share", "Enough"), rows)
    for one in told["changes"]:
        late = " (OVERDUE)" if one["overdue"] else ""
        render.heading(f"{one['id']}: {one['owner']} by {one['due'][:10]}{late}")
        render.sentence(render.clean(one["what"]), "  ")

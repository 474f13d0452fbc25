"""Lives that what is around it decides: who was taught, which version runs, and how it is taken away in good order.

Each docstring is the sentence that its page begins with.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.pure.told import Told, opened, seldom_read, told
from tests.pure.world import but, standard_plan, with_rules
from tidegate.models.base import Band, Bound, Condition, MetricFamily, Span, Stage
from tidegate.models.ending import PlanEnd
from tidegate.models.event import ActorKind, Alert, Applied, Confirm, Noticed, Question, Ready, Retire
from tidegate.models.plan import PlanMetric
from tidegate.models.plan_notice import PlanNotice
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase
from tidegate.models.subject import Changed, PlanSubject, What
from tidegate.models.training import PlanTraining, Train

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.plan import Plan

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


# -- who was taught ---------------------------------------------------------------------------------------------------


def _taught(**more: Any) -> Plan:
    """Return a plan whose programme keeps book of training, and whose standard asks for it."""
    courses = PlanTraining(
        users="course/claims", managers="course/leads", valid=Span.of("100d"), managing=("business",), recorded=True
    )
    return but(with_rules(seldom_read(), trained_only=True), training=courses.but(**more))


def _learned(story: Told, who: str, person: str, on: date, course: str = "managers", **more: Any) -> None:
    story.message(Train, who, person=person, course=course, on=on, evidence="lms/7", **more)


def _alarm(story: Told, name: str) -> str:
    fired = {"fingerprint": name, "starts_at": story.now, "does": Band.HOLD, "about": "guardrail"}
    story.message(Alert, "monitoring", actor_kind=ActorKind.SERVICE, **fired)
    return next((key for key, one in story.state.obligations.items() if one.kind == "alert_review"), "")


def courses() -> Told:
    """Who has learned what is said by somebody else, of a course there is; and only the trained review an alert."""
    story = Told(_taught())
    story.live()
    story.wait(story.now.replace(hour=0, minute=0) + 2 * DAY)
    told(story)
    today = story.now.date()
    _learned(story, "vendor", "risk-a", today)
    _learned(story, "ops-a", "ops-a", today)
    _learned(story, "ops-a", "nobody-here", today)
    _learned(story, "ops-a", "risk-a", today, "course/cooking")
    _learned(story, "ops-a", "risk-a", today + DAY)
    _learned(story, "ops-a", "risk-a", today - 100 * DAY)
    name = _alarm(story, "prompt-injection")
    story.message(Confirm, "ops-b", what=name, evidence="looked at the run")
    _learned(story, "ops-a", "ops-b", today - 99 * DAY)
    _learned(story, "ops-a", "ops-b", today, "users")
    _learned(story, "ops-a", "ops-b", today)
    _learned(story, "ops-a", "ops-b", today, "course/leads")
    story.message(Confirm, "ops-b", what=name, evidence="looked at the run")
    _alarm(story, "secrets")
    _alarm(story, "more-secrets")
    without = told(Told(seldom_read()).live())
    _learned(without, "ops-a", "risk-a", without.now.date())
    story.written += without.written
    return story


def a_lesson() -> Told:
    """What a wave showed that the teaching lacks is owed by somebody who can change it, by a day, ten at most."""
    story = Told(_taught())
    story.live()
    told(story)
    story.message(Question, "risk-a", what="What if there are two causes?")
    (about,) = story.state.questions
    story.message(Train, "outsider", change="more")
    story.message(Train, "gone", change="more")
    story.message(Train, "ops-a", change="more", actor_kind=ActorKind.AGENT)
    story.message(Train, "ops-a", change="more", owner="vendor")
    story.message(Train, "ops-a", change="more", about="question-99")
    story.message(Train, "ops-a", change="more", due=story.now)
    story.message(Train, "ops-a", change="Show a claim with two causes.")
    story.message(Train, "vendor", change="Again.", about=about, owner="business", due=story.now + HOUR)
    with story.unheard():
        for _ in range(8):
            story.message(Train, "ops-a", change="more")
    story.message(Train, "ops-a", change="more")
    return story


# -- which version runs -----------------------------------------------------------------------------------------------


def _judged() -> Plan:
    back = {Stage.PILOT: "pilot/w1", Stage.LIMITED: "pilot/w2"}
    return but(seldom_read(), subject=PlanSubject(runs={"small-text": "5.1", "store": "3"}, back=back))


def another_version() -> Told:
    """What runs in another version than was judged goes back to the wave that the plan names, once, and is held."""
    story = told(Told(_judged()).climb(3))
    drifted = {"name": "small-text", "version": "5.2"}
    story.message(Changed, "business", what=What.MODEL, name="small-text", version="5.1")
    story.message(Changed, "business", what=What.MODEL, **drifted, evidence="mail 4711")
    story.message(Changed, "vendor", what=What.MODEL, **drifted)
    story.message(Changed, "vendor", what=What.PROVIDER, **drifted)
    story.message(Changed, "nobody-knows", what=What.DATA, name="store", version="4")
    story.message(Changed, "data-a", what=What.DATA, name="store", version="4")
    unnamed = told(opened(_judged()))
    unnamed.message(Changed, "business", what=What.MODEL, **drifted)
    alone = told(Told(_judged()).live())
    fired = {"fingerprint": "changed", "starts_at": alone.now, "does": Band.HOLD, "about": "model_change"}
    alone.message(Alert, "gateway", actor_kind=ActorKind.SERVICE, **fired, runs="small-text")
    alone.message(Alert, "gateway", actor_kind=ActorKind.SERVICE, **{**fired, "fingerprint": "again"}, **_runs(drifted))
    story.written += unnamed.written + alone.written
    return story


def _runs(drifted: dict[str, str]) -> dict[str, str]:
    return {"runs": drifted["name"], "version": drifted["version"]}


def counted_down() -> Told:
    """What will be gone is replaced by its day; anybody brings that day nearer, and nobody's word puts it off."""
    story = told(Told(seldom_read()).live())
    gone: dict[str, Any] = {"what": What.PROVIDER, "name": "small-text"}
    story.message(Changed, "vendor", **gone, ends=story.now + 45 * DAY + HOUR, evidence="their letter")
    story.message(Changed, "vendor", **gone, ends=story.now + 90 * DAY)
    story.message(Changed, "vendor", **gone, ends=story.now + 30 * DAY)
    story.message(Changed, "vendor", what=What.PROVIDER, name="store", ends=story.now - DAY)
    return story


# -- how it is taken away ---------------------------------------------------------------------------------------------


def retire_or_keep() -> Told:
    """Figures that make its end due are put before who answers for it; kept, they are not asked about for a while."""
    worse = tuple(Condition("errors", Bound.of(bound)) for bound in ("> 3", "> 4"))
    story = told(Told(but(standard_plan(), retire_when=worse)).live())
    story.read("4.5")
    story.message(Confirm, "owner", what="retire-or-keep", evidence="the board's minutes")
    story.message(Confirm, "exec", what="retire-or-keep", evidence="the board's minutes")
    story.read("4.6")
    story.read("3.5")
    story.read("4.5")
    return story


def _quiet() -> Plan:
    runs = PlanMetric(
        family=MetricFamily.TECHNICAL, source="prometheus", every=Span.of("1d"), max_age=Span.of("3d"),
        reviewer="plat-a", on_no_data="zero",
    )  # fmt: skip
    plan = seldom_read()
    floor = PlanNotice(audience="the customers", to=("owner",), channel="mail", lead=Span.of("1d"))
    return but(
        plan,
        metrics={**plan.metrics, "runs": runs},
        notices=(*plan.notices, floor),
        end=PlanEnd(drain=Span.of("2bd"), quiet=Span.of("2d"), runs="runs", keep=Span.of("3650d")),
    )


def shut_down() -> Told:
    """It drains, is read back as gone, is heard to run on and then to be silent, and is sealed once all were told."""
    story = told(Told(_quiet()).live())
    story.message(Retire, "owner", reason="it has done its work")
    story.auto = False
    story.agree()
    while events := [event for event in story.answers() if not isinstance(event, Applied)]:
        for event in events:
            failed = isinstance(event, Noticed) and event.key == "end-1"
            story.say(Noticed(key="end-1", result="failed") if failed else event)
    story.auto = True
    story.answer()
    story.wait(4 * DAY)
    for value in (1, 1, 0):
        story.value = Decimal(value)
        story.wait(DAY)
    story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="vault/claims", digest="a" * 64)
    story.wait(3 * DAY)
    story.message(Confirm, "business", what="end-tell-1", evidence="called them")
    story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="vault/claims")
    story.message(Ready, "owner", item=ReadinessItem.ARCHIVE, evidence="vault/claims", digest="a" * 64)
    assert story.phase is Phase.RETIRED
    return story


STORIES: tuple[Callable[[], Told], ...] = (
    courses,
    a_lesson,
    another_version,
    counted_down,
    retire_or_keep,
    shut_down,
)

"""Lives in which something is learned: real runs are looked at, figures trip a rule together, a question is answered.

Each docstring is the sentence that its page begins with.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.pure.told import Told, told
from tests.pure.world import but, standard_plan, with_metric
from tidegate.models.base import Band, Bound, MetricFamily, Span
from tidegate.models.event import Confirm, Question, Sample
from tidegate.models.plan import PlanMetric
from tidegate.models.sample import Found, Weakness
from tidegate.models.sampling import PlanQuestions, PlanSampling
from tidegate.models.stop import Group, Plain, RolloutStop, StopClass, StopRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.models.plan import Plan

DAY = timedelta(days=1)


def _learning() -> Plan:
    """Return a plan with a sample of ten runs a week, a figure that counts in it, and a rule of two figures."""
    plan = with_metric(standard_plan(), "comments", bands=(), healthy=Bound.of("<= 9"))
    missed = PlanMetric(
        family=MetricFamily.GOVERNANCE,
        source="by-hand",
        by_hand=True,
        bands=((Band.NARROW, Bound.of("> 20")),),
        from_sample="misses_per_100",
        every=Span.of("7d"),
        max_age=Span.of("30d"),
        reviewer="risk-a",
    )
    both = Group(all=(Plain.of("errors > 3"), Plain.of("comments > 1")))
    dear = StopRule(kind=StopClass.SENSITIVE, name="dear", when=Plain.of("amount > 5"), action="pause", to="queue")
    return but(
        plan,
        metrics={**plan.metrics, "missed": missed},
        sample=PlanSampling(runs=10, every=Span.of("7d"), reviewer="risk-a", then="narrow"),
        questions=PlanQuestions(to="comp-a", within=Span.of("1d")),
        rollout_stops=(RolloutStop(name="both", when=both, does="hold", to="risk-b"),),
        stop_rules=(dear,),
    )


def looked_at() -> Told:
    """Real runs are looked at in part, by the wrong person, in full and too late; loose rules narrow by themselves."""
    story = Told(_learning())
    story.live()
    told(story)
    loose = Found(cause=Weakness.LOOSE_STOP_RULES, what="names of clients", times=2, rule="dear")
    story.message(Sample, "ops-a", runs=10, evidence="verdicts 1")
    story.message(Sample, "ops-a", found=(loose,))
    story.message(Sample, "risk-a", runs=6, hits=2, waits=(5, 9), evidence="verdicts 2")
    story.message(Confirm, "risk-a", what="sample", evidence="looked")
    story.message(Sample, "risk-b", runs=4, evidence="verdicts 3", file="ab" * 32)
    story.wait(8 * DAY)
    story.message(Sample, "risk-a", runs=10, misses=3, evidence="verdicts 4", found=(loose,))
    return story


def tripped() -> Told:
    """Two figures that are each within their thresholds hold it together, once, and what clears them widens nothing."""
    story = Told(_learning())
    story.climb(1)
    told(story)
    story.read(4)
    story.read(2, "comments")
    story.read(5)
    story.read(None)
    story.read(1)
    return story


def asked() -> Told:
    """A question is asked, refused an answer, left unanswered past its day, and answered from above."""
    story = Told(_learning())
    story.live()
    told(story)
    story.message(Question, "ops-a", what="May it read letters?")
    (name,) = story.state.questions
    story.message(Question, "ops-a", answers=name, answer="Yes.")
    story.message(Confirm, "comp-a", what=name, evidence="said so")
    story.wait(2 * DAY)
    story.message(Question, "governance", answers=name, answer="No.")
    story.message(Question, "comp-a", answers=name, answer="No.")
    return story


STORIES: tuple[Callable[[], Told], ...] = (looked_at, tripped, asked)

"""Lives in which something goes wrong: figures, alerts, drift, silence, and what people do about it.

Each docstring is the sentence that its page begins with. A story listens from the moment on that matters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.pure.told import Told, opened, seldom_read, told
from tests.pure.world import (
    START,
    but,
    exposure,
    standard_plan,
    with_metric,
    with_rules,
)
from tidegate.models.base import Band, Function, Stage
from tidegate.models.event import (
    ActorKind,
    Alert,
    Applied,
    Choice,
    Confirm,
    Delegate,
    Fault,
    Observed,
    Override,
    Reduction,
    Resume,
    StopTheLine,
    Stored,
    Tick,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def review_missed() -> Told:
    """A review that nobody holds: held, narrowed, paused, each at its own deadline; then it is resumed lower."""
    story = told(Told(seldom_read()).climb(3).review())
    story.wait(story.gate.expires_at)
    story.wait(15 * DAY)
    story.message(Resume, "vendor", cause="understood")
    story.message(Resume, "business", cause="understood", to="w4")
    story.message(Resume, "business", cause="understood", to="moon")
    story.message(Resume, "business", cause="understood")
    story.message(Resume, "business", cause="understood")
    story.agree()
    story.wait(2 * DAY)
    return story


def readings() -> Told:
    """What a source may say: nothing, an error, an old value, too few cases, a value; and who may say it."""
    story = told(Told().live())
    story.read(None)
    for status in ("error", "stale", "insufficient_sample", "value"):
        story.now += HOUR
        story.read(None, status=status, n=2, note="timeout" if status == "error" else None)
    story.read(3, taken_at=story.now + DAY)
    story.read(3, taken_at=story.now - 2 * DAY)
    story.read(3, n=4)
    story.value = None
    story.wait(8 * DAY)
    story.read(3, "comments")
    reading = {"errors": story.state.metrics["errors"].last}
    story.message_readings("ops-a", reading)
    story.message_readings("gone", reading)
    return story


def thresholds() -> Told:
    """A metric strays further and further: narrowed, paused, rolled back, each once; well again widens nothing."""
    story = told(Told().climb(2))
    for value in (7, 12, 13, 25, 8, 45, 3, 12):
        story.now += HOUR
        story.read(value)
    return story


def signal_and_streak() -> Told:
    """A signal holds at most, and a metric that must breach twice in a row acts at the second breach."""
    plan = with_metric(standard_plan(), "errors", consecutive=2, guardrail=False)
    story = told(Told(plan).climb(2))
    for value in (50, 1, 50, 50, 50):
        story.now += HOUR
        story.read(value)
    story.read(9, "comments")
    return story


def blind() -> Told:
    """A silent source is asked again, then it is inconclusive and held; being blind for too long narrows."""
    story = told(Told().climb(2))
    story.value = None
    story.wait(20 * DAY)
    return story


def alerts() -> Told:
    """An alert acts once, a resolved one never widens, and each kind does what it is mapped to."""
    story = told(Told().climb(3))
    bands = (Band.HOLD, Band.HOLD, Band.NARROW, Band.PAUSE, Band.ROLLBACK)
    for number, does in enumerate(bands):
        alert = {"fingerprint": f"a{max(number, 1)}", "starts_at": START, "does": does, "actor_kind": ActorKind.SERVICE}
        story.message(Alert, "monitoring", **alert)
        story.message(Alert, "monitoring", **{**alert, "resolved": True})
    story.message(Alert, "monitoring", fingerprint="a1", starts_at=START, truncated=True, actor_kind=ActorKind.SERVICE)
    return story


def ways_down() -> Told:
    """Every way down by name and by itself, milder ones after stricter ones, and none that would widen."""
    story = told(Told().climb(4))
    down = (
        (Reduction.HOLD, None), (Reduction.NARROW, "half"), (Reduction.NARROW, "moon"), (Reduction.NARROW, "w4"),
        (Reduction.NARROW, None), (Reduction.NARROW, "w1"), (Reduction.NARROW, "w2"), (Reduction.HOLD, None),
        (Reduction.REDIRECT, None), (Reduction.PAUSE, None), (Reduction.NARROW, None), (Reduction.ROLLBACK, "w1"),
        (Reduction.ROLLBACK, None), (Reduction.ROLLBACK, None),
    )  # fmt: skip
    for number, (verb, to) in enumerate(down):
        story.reduce(verb, ("ops-a", "risk-a", "owner")[number % 3], to=to, reason="to be sure")
    return story


def unlisted() -> Told:
    """Somebody who is not listed cries out: held and paged, or only paged where the standard refuses."""
    story = told(Told().live())
    story.reduce(Reduction.ROLLBACK, "business")
    refusing = told(Told(with_rules(standard_plan(), unlisted_sender="refuse")).live())
    refusing.reduce(Reduction.PAUSE, "stranger")
    refusing.message(StopTheLine, "stranger", dependency="model/small")
    story.written += refusing.written
    return story


def drift() -> Told:
    """Tighter outside is adopted and held; wider is taken back, and after too often it is paused."""
    story = told(Told().climb(2))
    story.say(Observed(exposure=story.state.exposure.desired, epoch=story.state.exposure.epoch))
    for _ in range(4):
        story.now += HOUR
        story.say(Observed(exposure=exposure(60, models=("other",)), epoch=story.state.exposure.epoch + 1))
    tighter = told(Told().climb(2))
    tighter.say(Observed(exposure=exposure(7), epoch=9))
    story.written += tighter.written
    return story


def stop_not_confirmed() -> Told:
    """A rollback fails halfway: loud, tried again for ever, and over only by read-back or by two people's word."""
    story = told(Told().climb(2))
    story.auto = False
    story.reduce(Reduction.ROLLBACK, to="w1")
    story.say(Applied(epoch=story.state.exposure.epoch, result="failed", note="no route"))
    story.message(Resume, "business", cause="hope")
    story.wait(timedelta(minutes=2))
    for who, evidence in (
        ("risk-a", "seen"),
        ("ops-a", None),
        ("ops-a", "seen"),
        ("ops-a", "seen"),
        ("plat-a", "seen"),
    ):
        story.message(Confirm, who, what="stop", evidence=evidence)
    story.message(Confirm, "plat-a", what="stop", evidence="seen")
    return story


def overtaken() -> Told:
    """A widening is overtaken by a pause: fenced, its late answer fenced again, and a failed one goes back."""
    story = told(Told().live().review())
    story.agree_without_answers()
    story.now += 2 * DAY
    story.say(Tick())
    story.reduce(Reduction.PAUSE, "risk-a")
    epoch = story.state.exposure.epoch
    story.say(Applied(epoch=epoch, result="confirmed"))
    story.wait(timedelta(minutes=6))
    story.say(Applied(epoch=epoch - 1, result="confirmed", observed=exposure(20)))
    story.say(Applied(epoch=1, result="confirmed"))
    failed = told(Told().live().review())
    failed.agree_without_answers()
    failed.now += 2 * DAY
    failed.say(Tick())
    failed.say(Applied(epoch=failed.state.exposure.epoch, result="mismatch", observed=exposure(15)))
    failed.say(Applied(epoch=failed.state.exposure.epoch, result="confirmed"))
    story.written += failed.written
    return story


def override() -> Told:
    """Two people break the glass: it acts at once, reverts by itself, and owes a review that blocks."""
    story = told(Told().live())
    for who, to in (
        ("risk-a", "w2"),
        ("exec", "moon"),
        ("exec", "w3"),
        ("exec", "w2"),
        ("ops-a", "w2"),
        ("exec", "w2"),
    ):
        story.message(Override, who, to=to, incident="INC-7")
    story.wait(5 * DAY)
    review = next(name for name in story.state.obligations if name.startswith("override"))
    story.message(Override, "exec", to="w2", incident="INC-8")
    story.message(Confirm, "ops-a", what=review, evidence="minutes")
    story.message(Confirm, "risk-a", what=review)
    story.message(Confirm, "risk-a", what=review, evidence="minutes")
    return story


def resume_a_hold() -> Told:
    """A hold is ended by whoever held it, with nothing changed; after a long one everybody is asked."""
    story = told(Told().live())
    story.message(Resume, "business", cause="nothing")
    story.reduce(Reduction.HOLD, "comp-a")
    story.message(Resume, "business", cause="the log is complete")
    story.vote("comp-a")
    story.reduce(Reduction.HOLD, "comp-a")
    with story.unheard():
        story.wait(15 * DAY)
    story.message(Resume, "business", cause="the log is complete again")
    return story


def embargo() -> Told:
    """Somebody stops the line: paused, barred, and lifted without anything widening by that."""
    story = told(Told().live())
    story.message(StopTheLine, "plat-a", dependency="model/small")
    story.message(StopTheLine, "plat-a", dependency="model/small")
    story.message(StopTheLine, "ops-a", dependency="model/small", lift=True)
    story.message(StopTheLine, "risk-a", dependency="model/large", lift=True)
    story.message(StopTheLine, "risk-a", dependency="model/small", lift=True)
    return story


def stage_expires() -> Told:
    """A pilot whose end has come is held, owes a decision about its end, and lets nothing widen."""
    plan = seldom_read()
    pilot = plan.stages[Stage.PILOT].but(expires=START + 12 * DAY)
    story = told(Told(but(plan, stages={**plan.stages, Stage.PILOT: pilot})).live())
    story.wait(START + 20 * DAY)
    return story


def blind_plane() -> Told:
    """Nobody was at the wheel for a month: what is safer comes first and once, and reminders collapse."""
    story = told(Told().live().review())
    story.now += 30 * DAY
    story.say(Tick())
    return story


def faults_and_repeats() -> Told:
    """What cannot be used is put aside and holds; a repeat hears the same answer; what comes too late is not heard."""
    story = told(Told().live())
    story.say(Fault(name="vote", note="not JSON", holds=False))
    story.message(Delegate, "risk-a", id="d1", to="data-a", function=Function.RISK, until=story.now + DAY)
    story.message(Delegate, "risk-a", id="d1", to="data-a", function=Function.RISK, until=story.now + DAY)
    story.message(Delegate, "risk-a", id="d1", to="data-a", function=Function.RISK, until=story.now + 2 * DAY)
    story.message(Resume, "business", cause="late", not_after=story.now)
    story.reduce(Reduction.HOLD, not_after=story.now - DAY)
    story.say(Fault(name="amend", note="it broke"))
    return story


def outbox_full() -> Told:
    """The ledger is away: the same refusal is counted, at last only what is safer is heard, and then it is stored."""
    story = told(Told().live())
    story.auto = False
    story.now_listen()
    for _ in range(205):
        story.message(Resume, "vendor", cause="please")
    for number in range(200):
        story.message(Delegate, "risk-a", to="data-a", function=Function.RISK, until=story.now + number * HOUR + DAY)
    story.message(Delegate, "risk-a", to="data-b", function=Function.RISK, until=story.now + DAY)
    story.written[3:-1] = []
    story.reduce(Reduction.PAUSE)
    story.say(Stored(number=story.state.written - 2))
    story.say(Stored(number=1))
    return story


def redirected() -> Told:
    """Work goes to people, to another model, or where there is neither, nowhere: then it is paused."""
    story = told(Told().climb(2))
    story.reduce(Reduction.REDIRECT)
    story.reduce(Reduction.REDIRECT, "risk-a")
    fallback = standard_plan().fallback
    model = Told(but(standard_plan(), fallback=fallback.but(redirect_to="model/safe", redirect_kind="model")))
    told(model.climb(2)).reduce(Reduction.REDIRECT)
    model.say(Observed(exposure=exposure(60), epoch=9))
    none = Told(but(standard_plan(), fallback=fallback.but(redirect_to=None)))
    told(none.climb(2)).reduce(Reduction.REDIRECT)
    story.written += [*model.written, *none.written]
    return story


def widening_fails() -> Told:
    """A widening that fails, or of which nobody knows, goes back to before, and is fenced until that has settled."""
    stories = []
    for result in ("failed", "unknown", "mismatch"):
        story = told(Told().live().review())
        story.agree_without_answers()
        story.now += DAY
        story.say(Tick())
        story.now_listen()
        story.say(Stored(number=story.state.written))
        epoch = story.state.exposure.epoch
        seen = exposure(15) if result == "mismatch" else None
        story.say(Applied(epoch=epoch, result=result, observed=seen, note="no route"))
        story.say(Applied(epoch=epoch + 1, result="confirmed"))
        story.wait(timedelta(minutes=6))
        story.say(Applied(epoch=story.state.exposure.epoch, result="confirmed"))
        stories.append(story)
    stories[0].written = [page for story in stories for page in story.written]
    return stories[0]


def held_before_it_began() -> Told:
    """A hold before anybody is served keeps the preparation where it is, and a resume lets it go on."""
    story = Told()
    story.reduce(Reduction.HOLD)
    story.message(Resume, "business", cause="understood")
    story.vote("ops-a")
    story.start()
    story.ready()
    story.reduce(Reduction.HOLD, "risk-a")
    story.message(Resume, "business", cause="understood")
    story.vote("risk-a")
    story.reduce(Reduction.PAUSE, "risk-a")
    story.message(Resume, "business", cause="understood")
    story.vote("risk-a")
    return story


def no_override() -> Told:
    """An override raises what is live, and nothing that is reduced, vetoed, barred, or already higher."""
    story = told(Told().climb(2))
    story.message(Override, "exec", to="w1", incident="INC-1")
    story.message(Override, "exec", to="nothing", incident="INC-1")
    story.message(Override, "exec", to="w3", incident="INC-1", actor_kind=ActorKind.AGENT)
    story.message(Override, "exec", to="w3", incident="INC-1")
    story.message(Override, "exec", to="w3", incident="INC-1")
    story.message(Override, "ops-a", to="w2", incident="INC-1")
    story.vote("risk-a", Choice.VETO)
    story.message(Override, "exec", to="w3", incident="INC-1")
    story.reduce(Reduction.HOLD)
    story.message(Override, "exec", to="w3", incident="INC-1")
    early = told(opened())
    early.message(Override, "exec", to="w1", incident="INC-2")
    review = told(Told(seldom_read()).climb(2).review())
    for who in ("exec", "ops-a"):
        review.message(Override, who, to="w2", incident="INC-3")
        review.message(Override, who, to="w3", incident="INC-3")
    review.wait(2 * DAY)
    story.written += [*early.written, *review.written]
    return story


STORIES: tuple[Callable[[], Told], ...] = (
    review_missed,
    readings,
    thresholds,
    signal_and_streak,
    blind,
    alerts,
    ways_down,
    unlisted,
    drift,
    stop_not_confirmed,
    overtaken,
    override,
    resume_a_hold,
    embargo,
    stage_expires,
    blind_plane,
    faults_and_repeats,
    outbox_full,
    redirected,
    widening_fails,
    held_before_it_began,
    no_override,
)

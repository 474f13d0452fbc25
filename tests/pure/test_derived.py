"""What one success costs, with the people who helped: worked out from other figures, and silent where one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest

from tests.pure.world import START, Story, but, said, standard_plan, with_metric
from tidegate import derived, thresholds
from tidegate.decide import begin
from tidegate.models.base import Band, Bound, Span
from tidegate.models.decision import Notify, TakeReadings
from tidegate.models.derived import PerSuccess
from tidegate.models.event import CLOCK, ActorKind, Readings, Reduction
from tidegate.models.exposed import Control
from tidegate.models.plan import Plan
from tidegate.models.reading import Reading
from tidegate.models.reasons import Code
from tidegate.models.state import MetricState
from tidegate.turn import Turn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = {"spend": 120, "settled": 40, "minutes": 60}
ASKED = PerSuccess(spend="spend", successes="settled", minutes="minutes", rate=Decimal(48))


def costed(**changes: Any) -> Plan:
    """Return a plan with what one success costs, and its parts beside `errors`."""
    errors = standard_plan().metrics["errors"].but(blind_limit=None)
    part = errors.but(bands=(), healthy=None, min_samples=0)
    asked = {"derived": ASKED, "source": "derived", "bands": ((Band.NARROW, Bound.of("> 5")),), **changes}
    return but(standard_plan(), metrics={"errors": errors, **dict.fromkeys(ALL, part), "cost": part.but(**asked)})


def read(story: Story, **values: Any) -> Reading | None:
    """Let one round of parts come in, and return what the cost says then."""
    items = {}
    for name, value in values.items():
        given = value if isinstance(value, Reading) else None
        items[name] = given or Reading(status="value", value=Decimal(value), n=40, taken_at=story.now)
    story.say(Readings(**story.envelope("reader", actor_kind=ActorKind.SERVICE, items=items)))
    return story.state.metrics["cost"].last


def begun(plan: Plan | None = None) -> Story:
    """Return a story of the second wave whose sources say nothing by themselves."""
    story = Story(plan or costed()).climb(2)
    story.value = None
    story.now += HOUR
    return story


def test_a_dearer_model_can_be_cheaper() -> None:
    """Minutes of people count at their rate: twice the spend and a fifth of the corrections is the cheaper way."""
    small, large = (read(begun(), **row) for row in (ALL, {**ALL, "spend": 140, "minutes": 12}))
    assert small is not None
    assert large is not None
    assert (small.value, large.value) == (Decimal("4.2"), Decimal("3.74"))
    assert small.note == "(120 + 60 min x 48/h) / 40"


def test_it_is_rounded_up() -> None:
    """A cost that does not come out even is never written down as less than it is."""
    found = read(begun(), spend=100, settled=3, minutes=0)
    assert found is not None
    assert (found.value, found.n) == (Decimal("33.333334"), 3)


@pytest.mark.parametrize(
    ("broken", "status"),
    [(status, status) for status in ("error", "stale", "insufficient_sample", "no_data", "value")],
)
@pytest.mark.parametrize("part", ALL)
def test_it_is_silent_where_a_part_is(part: str, broken: Any, status: str) -> None:
    """Whatever part says nothing, and however it does, the whole says nothing in the same way."""
    story = begun()
    value = Decimal(ALL[part]) if broken == "value" else None
    odd = Reading(status=broken, value=value, n=40, taken_at=story.now)
    found = read(story, **{**ALL, part: odd})
    assert found is not None
    assert (found.status, found.number is None) == (status, status != "value")


@pytest.mark.parametrize(("settled", "status"), [(0, "no_data"), (1, "value"), (-1, "error")])
def test_no_success_is_no_bargain(settled: int, status: str) -> None:
    """Money that was spent on no success is neither free nor a number, and fewer than none is a mistake."""
    found = read(begun(), **{**ALL, "settled": settled})
    assert found is not None
    assert found.status == status


@pytest.mark.parametrize(("on_no_data", "control"), [("inconclusive", Control.LIVE), ("fail", Control.HELD)])
def test_spend_without_success_may_act(on_no_data: str, control: Control) -> None:
    """Where the plan says that no data fails, spending without any success holds."""
    story = begun(costed(on_no_data=on_no_data))
    read(story, **{**ALL, "settled": 0})
    assert story.state.exposure.control is control


def test_it_waits_for_all_of_its_parts() -> None:
    """It is worked out anew only once each part was read anew: a breach counts once."""
    story = begun(costed(consecutive=2))
    before = story.state.metrics["cost"].last
    assert before == read(story, spend=400, settled=40)
    assert before != read(story, minutes=0)
    for _ in range(3):
        story.now += HOUR
        read(story, spend=400)
    assert (story.state.metrics["cost"].breaches, story.state.exposure.control) == (1, Control.LIVE)
    read(story, **{**ALL, "spend": 400})
    assert (story.state.metrics["cost"].breaches, story.state.exposure.control) == (2, Control.NARROWED)


@pytest.mark.parametrize(("apart", "status"), [(HOUR, "value"), (DAY + HOUR, "stale")])
def test_its_parts_speak_of_one_time(apart: timedelta, status: str) -> None:
    """Parts that were read further apart than its own cadence do not make one figure."""
    story = begun()
    read(story, spend=120, settled=40)
    story.now += apart
    found = read(story, minutes=60)
    assert found is not None
    assert found.status == status


def test_it_is_never_told_and_never_asked() -> None:
    """Nobody says what is worked out, no source is asked for it, and its time comes by asking for its parts."""
    story = begun()
    assert said(story.read(1, "cost")) is Code.NOT_THIS_WAY
    assert said(story.read(1, "spend")) is Code.READINGS
    moves = len(story.moves)
    story.value = Decimal(1)
    story.wait(3 * DAY)
    asked = {name for move in story.moves[moves:] if isinstance(move, TakeReadings) for name in move.metrics}
    assert asked == {"errors", *ALL}
    last = story.state.metrics["cost"].last
    assert last is not None
    assert last.number == Decimal("1.8")


def test_a_checkpoint_asks_for_the_parts_again() -> None:
    """Where the cost says nothing, its parts are asked for; where they stay silent it is held, and nothing advances."""
    story = Story(costed()).live()
    story.value = None
    story.wait(12 * DAY)
    assert Code.EVIDENCE_ASKED in story.codes()
    assert story.state.exposure.control is Control.HELD
    assert not story.state.gates


@pytest.mark.parametrize(("limit", "control"), [(2, Control.HELD), (3, Control.LIVE)])
def test_its_silence_has_a_budget_too(limit: int, control: Control) -> None:
    """Each time a part fails, the whole has failed once more."""
    story = begun(costed(error_limit=limit))
    for _ in range(2):
        story.now += HOUR
        read(story, **{**ALL, "minutes": Reading(status="error", taken_at=story.now)})
    assert story.state.exposure.control is control


def test_parts_read_by_hand_are_asked_of_people_in_their_own_time() -> None:
    """People count minutes at the cadence of that metric, and not at that of the cost."""
    plan = with_metric(costed(), "minutes", by_hand=True, every=Span.of("7d"), max_age=Span.of("20d"))
    story = Story(with_metric(plan, "cost", every=Span.of("7d"))).live()
    before = sum(code is Code.READING_DUE for code in story.codes())
    story.wait(6 * DAY)
    assert sum(code is Code.READING_DUE for code in story.codes()) == before


def test_a_figure_too_large_to_write_down_is_an_error() -> None:
    """What cannot be written down exactly is no figure; a large one that can be is."""
    for spend, status in (("999999999998", "value"), ("999999999999", "error")):
        found = read(begun(), spend=spend, settled="0.1" if status == "error" else 10, minutes=0)
        assert found is not None
        assert found.status == status


def test_a_pause_is_not_undone_by_a_cheap_day() -> None:
    """What a cost has narrowed stays so when it is well again."""
    story = begun()
    read(story, **{**ALL, "spend": 400})
    story.now += HOUR
    read(story, **ALL)
    assert (story.state.exposure.control, story.people) == (Control.NARROWED, 10)
    story.reduce(Reduction.PAUSE)
    assert story.people == 0


# -- what it says of itself -------------------------------------------------------------------------------------------


def worked_out(values: dict[str, Any], asked: PerSuccess = ASKED, **changes: Any) -> Reading:
    """Return what is worked out of parts: figures of now, or what was said with the code that it was worth."""
    said = {}
    for name, value in values.items():
        given = value if isinstance(value, derived.Part) else None
        last = Reading(status="value", value=None if given else Decimal(value), n=40, taken_at=START)
        said[name] = given or derived.Part(last, Code.READ, last.value)
    return derived.reading(costed(derived=asked, **changes).metrics["cost"], said)


def mute(code: Code, before: timedelta = timedelta(0)) -> derived.Part:
    """Return a part that says nothing, for that reason."""
    return derived.Part(Reading(status="no_data", taken_at=START - before), code, None)


@pytest.mark.parametrize(
    ("asked", "values", "cost", "shown"),
    [
        ({"minutes": "minutes", "rate": Decimal(48)}, ALL, "4.2", "(120 + 60 min x 48/h) / 40"),
        ({"minutes": "minutes", "rate": Decimal(48)}, {**ALL, "minutes": 0}, "3", "(120 + 0 min x 48/h) / 40"),
        ({"minutes": "minutes"}, ALL, "3", "(120 + 60 min x 0/h) / 40"),
        ({}, {"spend": 120, "settled": 40}, "3", "120 / 40"),
        ({"rate": Decimal(48)}, {"spend": 120, "settled": 40}, "3", "120 / 40"),
        ({}, {"spend": 400, "settled": 40}, "10", "400 / 40"),
        ({}, {"spend": 4, "settled": 1000}, "0.004", "4 / 1000"),
        ({}, {"spend": "0.000001", "settled": 3}, "0.000001", "0.000001 / 3"),
        ({}, {"spend": 0, "settled": 3}, "0", "0 / 3"),
    ],
)
def test_it_is_written_as_people_write_it_and_shows_how_it_came_about(
    asked: dict[str, Any], values: dict[str, Any], cost: str, shown: str
) -> None:
    """No more digits than it has and no fewer; minutes are shown where people are counted, and cost nothing else."""
    found = worked_out(values, PerSuccess(spend="spend", successes="settled", **asked))
    assert (found.status, str(found.value), found.note, found.taken_at) == ("value", cost, shown, START)
    assert found.n == values["settled"]


def test_it_is_as_exact_wherever_it_is_worked_out() -> None:
    """A thread that counts with few digits works out the same, to the last of them."""
    values = {"spend": "123456789012.345678", "settled": 7, "minutes": 61}
    found = worked_out(values)
    with localcontext(prec=4):
        assert worked_out(values) == found
    assert str(found.value) == "17636684151.59224"


@pytest.mark.parametrize(
    ("broken", "status", "note"),
    [
        ({"settled": 0}, "no_data", "nothing has succeeded; 120 is spent"),
        ({"settled": -1}, "error", "one of its parts is less than nothing"),
        ({"minutes": -1}, "error", "one of its parts is less than nothing"),
        ({"spend": "500000000000", "settled": "0.5", "minutes": 0}, "error", "it is larger than can be written down"),
        ({"minutes": mute(Code.SOURCE_ERROR)}, "error", "its part minutes says nothing that counts"),
        ({"spend": mute(Code.STALE), "settled": 0}, "stale", "its part spend says nothing that counts"),
        (
            {"spend": mute(Code.STALE), "minutes": mute(Code.SOURCE_ERROR)},
            "error",
            "its part minutes says nothing that counts",
        ),
        ({"spend": mute(Code.FEW_SAMPLES, HOUR)}, "insufficient_sample", "its part spend says nothing that counts"),
    ],
)
def test_where_it_is_no_figure_it_says_why(broken: dict[str, Any], status: str, note: str) -> None:
    """What is lacking is named, with the part where it is one: the gravest of them, if there are several."""
    found = worked_out({**ALL, **broken})
    oldest = START - HOUR if status == "insufficient_sample" else START
    assert (found.status, found.value, found.note, found.taken_at) == (status, None, note, oldest)


@pytest.mark.parametrize(("apart", "status"), [(DAY, "value"), (DAY + timedelta(seconds=1), "stale")])
def test_parts_of_its_own_cadence_are_of_one_time(apart: timedelta, status: str) -> None:
    """What was read exactly a day apart makes the figure of a day; a second more, and it says why it does not."""
    old = Reading(status="value", value=Decimal(60), n=40, taken_at=START - apart)
    found = worked_out({**ALL, "minutes": derived.Part(old, Code.READ, old.value)})
    assert (found.status, found.taken_at) == (status, START - apart)
    assert found.note == (
        "(120 + 60 min x 48/h) / 40" if status == "value" else "its parts were read more than 1d apart"
    )


@pytest.mark.parametrize(
    ("taken", "asks"), [(None, True), (START + DAY, True), (START + 2 * DAY - HOUR, True), (START + 2 * DAY, False)]
)
def test_a_part_that_says_nothing_yet_is_asked_of_its_reader(taken: datetime | None, asks: bool) -> None:
    """When the cost is due, whoever reads a part is asked if it says nothing: it was never read, or too early."""
    plan = with_metric(
        costed(), "minutes", by_hand=True, every=Span.of("7d"), max_age=Span.of("20d"), initial_delay=Span.of("2d")
    )
    last = None if taken is None else Reading(status="value", value=Decimal(60), n=40, taken_at=taken)
    watched = {} if last is None else {"minutes": MetricState(due_at=START + 9 * DAY, since=START, last=last)}
    turn = Turn(plan, begin(plan, START).but(metrics=watched), START + 3 * DAY, CLOCK, None)
    thresholds.ask(turn, ("cost",))
    told = [(move.to, move.about.facts["metrics"]) for move in turn.moves if isinstance(move, Notify)]
    assert told == ([(("ops-a",), "minutes")] if asks else [])
    assert [move.metrics for move in turn.moves if isinstance(move, TakeReadings)] == [("spend", "settled")]

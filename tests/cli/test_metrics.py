"""The verbs about figures, on a real server with the real worker."""

from __future__ import annotations

from tests.cli.lab import Lab, needs_server

LEVELS = (
    ("minutes_per_document: {kind: outcome,", 'minutes_per_document: {kind: outcome, level: goal, healthy: "<= 20",'),
    (
        "corrections_per_100: {kind: outcome,",
        "corrections_per_100: {kind: outcome, level: contribution, supports: minutes_per_document,",
    ),
)


@needs_server
def test_a_rollout_under_way_is_diagnosed_and_tried(lab: Lab) -> None:
    """Its figures say which level left its threshold; what another figure would do is tried, and nobody is paused."""
    name = "diagnosed"
    lab.live(name, *LEVELS)
    unknown = lab.words("diagnose", name, code=1)
    assert (unknown["code"], unknown["first"]) == ("left_unknown", None)
    given = ("minutes_per_document=30", "corrections_per_100=12")
    assert lab.run("reading", name, *given, "--n", "40", "--as", "pmo-lead").code == 0
    found = lab.words("diagnose", name, code=1)
    assert (found["code"], found["first"], found["deepest"]) == ("left_contribution", "goal", "contribution")
    assert [row["metric"] for row in found["look_at"]] == ["minutes_per_document", "corrections_per_100"]
    assert {row["reviewer"] for row in found["look_at"]} == {"pmo-lead"}
    assert [(row["band"], row["value"]) for row in found["look_at"]] == [("hold", "30"), ("watch", "12")]
    tried = lab.words("metrics", "eval", name, "corrections_per_100=16", code=1)
    assert (tried["live"], tried["people"], tried["rounds"][0]["people"]) == (True, 12, 0)
    assert lab.people(name) == 12
    assert lab.standing(name)["control"] != "paused"
    shown = lab.run("diagnose", name)
    assert (shown.code, "GOAL" in shown.out, "minutes_per_document <- corrections_per_100" in shown.out) == (
        1,
        True,
        True,
    )

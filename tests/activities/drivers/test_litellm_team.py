"""What a team of the proxy says for an exposure, and what is made of a team that somebody changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from activities.drivers import litellm_team
from activities.drivers.contract import Actual, Unreadable, Unwritten
from activities.drivers.flagd_flag import EPOCH, EXPOSURE, REDIRECT
from activities.drivers.litellm_team import MEMBERS, MONTH, NO_CONNECTORS, NO_MODELS, STRANGERS, served
from tests.activities.drivers.litellm_fake import validator
from tests.activities.flags import EXPOSURES, serving
from tidegate.models.base import Mode
from tidegate.models.exposure import NOTHING, CohortShare, Exposure

LIVE = serving(5, models=("large-text", "small-text"), budget_per_month=Decimal(400), grants={"crm:read": Mode.ALLOW})


def team(exposure: Exposure, epoch: int = 7, *, systems: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A team as it is once an exposure was written to it."""
    limits = litellm_team.limits(exposure, None, {}, systems)
    return {
        "team_id": "t",
        **limits,
        "metadata": litellm_team.marks(Actual(exposure, epoch), "key", None, {}, None),
        **more,
    }


@given(EXPOSURES)
def test_what_is_written_is_what_is_read_back(exposure: Exposure) -> None:
    """Any exposure comes back as it was written, and the schema of the proxy has nothing against it."""
    written = team(exposure)
    assert list(validator("UpdateTeamRequest").iter_errors(written)) == []
    actual = served(written, None, ())
    assert actual == Actual(exposure, 7)
    assert actual.exposure.model_dump_json() == exposure.model_dump_json()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"models": ["large-text", "small-text", "other"]}, {"models": ("large-text", "other", "small-text")}),
        ({"models": ["small-text"]}, {"models": ("small-text",)}),
        ({"models": [NO_MODELS]}, {"models": ()}),
        ({"max_budget": 1000}, {"budget_per_month": Decimal(1000)}),
        ({"max_budget": 0.1}, {"budget_per_month": Decimal("0.1")}),
        ({"max_budget": 1e-9}, {"budget_per_month": Decimal("0.000001")}),
        ({"max_budget": None}, {"budget_per_month": None}),
        ({"budget_duration": None}, {}),
        (
            {"litellm_model_table": {"model_aliases": '{"small-text": "huge-text"}'}},
            {"models": ("huge-text", "large-text", "small-text")},
        ),
        ({"rpm_limit": 1, "tpm_limit": 1, "soft_budget": 1.0}, {}),
    ],
)
def test_what_somebody_changed_is_seen_as_it_is(change: dict[str, Any], found: dict[str, Any]) -> None:
    """Models and budget are read from what the proxy enforces, and not from what the metadata claims."""
    assert served(team(LIVE, **change), None, ()) == Actual(LIVE.but(**found), 7)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"models": []}, "lists no models"),
        ({"models": None}, "lists no models"),
        ({"models": ["all-proxy-models"]}, "stands for many"),
        ({"models": ["openai/*"]}, "stands for many"),
        ({"models": ["Not A Key"]}, "not of the form"),
        ({"access_group_ids": ["g"]}, "groups"),
        ({"access_group_models": ["other"]}, "groups"),
        ({"router_settings": {"fallbacks": [{"small-text": ["other"]}]}}, "lead calls to other"),
        ({"router_settings": "{}"}, "lead calls to other"),
        ({"litellm_model_table": {"model_aliases": "{ no"}}, "aliases"),
        ({"max_budget": "400"}, "no amount"),
        ({"max_budget": float("nan")}, "no amount"),
        ({"max_budget": 1e300}, "not of the form"),
        ({"budget_duration": "1d"}, "calendar month"),
        ({"metadata": {EPOCH: 7}}, "within which limits"),
        ({"metadata": {EPOCH: 7, EXPOSURE: NOTHING.model_dump_json()}}, "lets nobody through"),
        ({"metadata": {EPOCH: 7, EXPOSURE: LIVE.but(runs_per_day=0).model_dump_json()}}, "lets nobody through"),
    ],
)
def test_what_is_not_of_our_form_is_a_guess(change: dict[str, Any], why: str) -> None:
    """A team that may let through more than it lists is Unreadable under its epoch; blocked, it is nothing."""
    changed = team(LIVE, **change)
    with pytest.raises(Unreadable, match=why) as error:
        served(changed, None, ())
    assert error.value.epoch == 7
    assert served({**changed, "blocked": True}, None, ()).exposure <= LIVE


def test_what_may_spend_nothing_is_blocked() -> None:
    """The proxy lets a first call through under a budget of nothing, so such a team is blocked, and read back whole."""
    for still in (LIVE.but(budget_per_month=Decimal(0)), LIVE.but(runs_per_day=0), NOTHING):
        written = team(still)
        assert written["blocked"] is True
        assert served(written, None, ()) == Actual(still, 7)
    assert team(LIVE)["blocked"] is False


@pytest.mark.parametrize(("said", "epoch"), [(2**52, 2**52), (2**53, 0), (-1, 0), (True, 0), ("7", 0), (None, 0)])
def test_what_is_no_epoch_is_none(said: Any, epoch: int) -> None:
    """An epoch that somebody made up, and that could not even be written down, does not become ours."""
    written = team(LIVE)
    written["metadata"][EPOCH] = said
    assert served(written, None, ()) == Actual(LIVE, epoch)


def test_who_blocks_a_team_by_hand_serves_nobody() -> None:
    """A live team that is blocked serves nobody, under the epoch that it has."""
    assert served(team(LIVE, blocked=True), None, ()) == Actual(NOTHING, 7)


@pytest.mark.parametrize("name", ["all-proxy-models", "all-team-models", NO_MODELS])
def test_a_model_by_a_name_that_opens_more_is_refused(name: str) -> None:
    """What the proxy takes for all models cannot be written as one; any other name can."""
    with pytest.raises(Unwritten, match=name):
        litellm_team.refuse(serving(5, models=(name,)))
    litellm_team.refuse(serving(5, models=("small-text",)))


def test_what_others_keep_in_the_metadata_stays() -> None:
    """The proxy replaces all metadata, in which guardrails lie, so what is not ours is written again as it was."""
    theirs = {"guardrails": ["pii"], "logging": [{"callback_name": "x"}], REDIRECT: "queue/old", EPOCH: 3}
    marks = litellm_team.marks(Actual(LIVE, 7), "key", None, {"metadata": theirs}, {"team/pmo": 2})
    assert {name: marks[name] for name in ("guardrails", "logging")} == {
        k: theirs[k] for k in ("guardrails", "logging")
    }
    assert (marks[EPOCH], marks[MEMBERS]) == (7, {"team/pmo": 2})
    assert REDIRECT not in marks


def test_a_month_is_not_begun_anew_by_writing() -> None:
    """The duration is only written where it is another: each time it is, the proxy reckons from there again."""
    assert litellm_team.limits(LIVE, None, {}, ())["budget_duration"] == MONTH
    assert "budget_duration" not in litellm_team.limits(LIVE, None, team(LIVE), ())
    assert litellm_team.limits(LIVE, None, team(LIVE, budget_duration="1d"), ())["budget_duration"] == MONTH


def test_what_opens_more_is_closed_by_the_next_write() -> None:
    """Aliases, groups and fallbacks that somebody gave the team go; its other settings stay."""
    odd = team(
        LIVE,
        access_group_ids=["g"],
        router_settings={"fallbacks": [{"small-text": ["other"]}], "num_retries": 3},
        litellm_model_table={"model_aliases": {"small-text": "other"}},
    )
    body = litellm_team.limits(LIVE, None, odd, ())
    assert (body["access_group_ids"], body["router_settings"], body["model_aliases"]) == ([], {"num_retries": 3}, {})
    assert litellm_team.limits(LIVE, None, team(LIVE), ()).keys() == {"blocked", "models", "max_budget"}


# -- connectors -------------------------------------------------------------------------------------------------------

SYSTEMS = ("crm", "editor")


def test_a_connector_is_open_if_any_verb_of_it_is_granted() -> None:
    """Of the systems that are connectors those with a verb are named, and none is said by a name that opens none."""
    written = team(LIVE, systems=SYSTEMS)
    assert written["object_permission"] == {"mcp_servers": ["crm"], "mcp_access_groups": []}
    assert served(written, None, SYSTEMS) == Actual(LIVE, 7)
    none = team(LIVE.but(grants={}), systems=SYSTEMS)
    assert none["object_permission"]["mcp_servers"] == [NO_CONNECTORS]
    assert served(none, None, SYSTEMS) == Actual(LIVE.but(grants={}), 7)


@pytest.mark.parametrize(
    ("servers", "grants"),
    [
        (["crm", "editor"], {"crm:read": Mode.ALLOW, "editor:any": Mode.ALLOW}),
        (["editor"], {"editor:any": Mode.ALLOW}),
        ([NO_CONNECTORS], {}),
        (["crm"], {"crm:read": Mode.ALLOW}),
    ],
)
def test_a_connector_that_is_open_is_seen(servers: list[str], grants: dict[str, Mode]) -> None:
    """An open connector without a grant is more than was asked for, and a closed one takes its verbs away."""
    changed = team(LIVE, systems=SYSTEMS, object_permission={"mcp_servers": servers})
    assert served(changed, None, SYSTEMS).exposure.grants == grants


@pytest.mark.parametrize("permission", [None, {}, {"mcp_servers": []}, {"mcp_servers": ["crm"], "mcp_toolsets": ["t"]}])
def test_connectors_that_nobody_names_may_be_all(permission: Any) -> None:
    """To the proxy, no list of connectors is no restriction, so that is Unreadable where connectors count."""
    changed = team(LIVE, systems=SYSTEMS, object_permission=permission)
    with pytest.raises(Unreadable, match="connectors"):
        served(changed, None, SYSTEMS)
    assert served(changed, None, ()) == Actual(LIVE, 7)


# -- people -----------------------------------------------------------------------------------------------------------

KNOWN = {"team/pmo": ("clerk-1", "clerk-2", "clerk-3", "clerk-4", "clerk-5", "clerk-6")}


def holding(*people: str, written: int | None) -> dict[str, Any]:
    """A team with people in it."""
    held = team(LIVE, members_with_roles=[{"user_id": name, "role": "user"} for name in people])
    if written is not None:
        held["metadata"][MEMBERS] = {"team/pmo": written}
    return held


@pytest.mark.parametrize(
    ("people", "written", "cohorts"),
    [
        (("clerk-1", "clerk-2"), 2, LIVE.cohorts),
        (("clerk-1", "clerk-2"), None, LIVE.cohorts),
        (("clerk-1", "clerk-2", "clerk-3"), 2, LIVE.cohorts),
        (("clerk-1",), 2, {"team/pmo": CohortShare(people=1)}),
        ((), 2, {}),
        (("clerk-1", "clerk-2", "guest"), 2, {**LIVE.cohorts, STRANGERS: CohortShare(people=1)}),
        (
            ("clerk-1", "clerk-2", "clerk-3", "clerk-4", "clerk-5", "clerk-6"),
            5,
            {**LIVE.cohorts, STRANGERS: CohortShare(people=1)},
        ),
    ],
)
def test_who_is_in_the_team_is_seen(people: tuple[str, ...], written: int | None, cohorts: Any) -> None:
    """Who was taken out is missed; who is in no cohort or beyond its limit is more; who joined it since is neither."""
    actual = served(holding(*people, written=written), KNOWN, ())
    assert actual == Actual(Exposure(**{**dict(LIVE), "cohorts": cohorts}), 7)


def test_a_member_without_a_name_is_a_guess() -> None:
    """Whoever is a member by an address only is counted, and one without either makes the team Unreadable."""
    by_address = team(LIVE, members_with_roles=[{"user_email": "guest@example.org", "role": "user"}])
    assert STRANGERS in served(by_address, KNOWN, ()).exposure.cohorts
    with pytest.raises(Unreadable, match="no name"):
        served(team(LIVE, members_with_roles=[{"role": "user"}]), KNOWN, ())

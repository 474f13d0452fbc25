"""Secrets by reference: what names one, what looks like one, and that no finding repeats what looks like one."""

from __future__ import annotations

import pytest

from tests.pure import documents
from tidegate.authoring.read import read_programme
from tidegate.references import exposed, is_reference, written_out

SECRET = "s3cr3t-Value-of-nobody"  # noqa: S105  # nobody's secret, to be looked for where it must not be


@pytest.mark.parametrize("value", ["env:UNLEASH_TOKEN", "file:secrets/unleash", "file:/run/secrets/unleash token"])
def test_a_reference_is_no_secret(value: str) -> None:
    """What names where a secret is may stand under any name."""
    assert is_reference(value)
    assert not written_out("token", value)


@pytest.mark.parametrize("value", ["", "env:", "env:A-B", "env:A B", "file:", "file:a\nb", "ENV:A", "vault:a", 5, None])
def test_what_only_resembles_a_reference_is_none(value: object) -> None:
    """Another form, an empty name or two lines name nothing."""
    assert not is_reference(value)


@pytest.mark.parametrize("name", ["token", "api_key", "apikey", "admin.token", "password", "client-secret", "key"])
def test_a_setting_that_is_called_a_secret_must_be_a_reference(name: str) -> None:
    """Under the name of a secret anything but a reference looks like one; under another name it does not."""
    assert written_out(name, "short")
    assert written_out(name, 5)
    assert not written_out("project", "short")


@pytest.mark.parametrize(
    "value",
    [
        "*:*.964a287e1b728cb5f4f3e0120df92cb5",
        "default:development.be7536c3a160ff15e3a92da45de531dd54bc1ae15d8455c0476f086b",
        "user:98b555423fa020a3a6f6ce0d7d0d1b4d",
        "sk-proj-0123456789",
        "ghp_0123456789abcdefABCD",
        "xoxb-0123456789-abc",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOi.eyJzdWIi",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer abc",
        "https://somebody:word@flags.example.org/api",
        "postgresql://reader:word@db.example.org/metrics",
        "https://hooks.example.org/in?token=abc",
        "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA",
    ],
)
def test_what_is_made_like_a_secret_is_seen_under_any_name(value: str) -> None:
    """Tokens by their form, addresses with a password in them, and long words drawn at random are taken for secrets."""
    assert exposed({"address": value, "flag": "ours"}) == ("address",)


@pytest.mark.parametrize(
    "value",
    [
        "https://flags.example.org:4242/api",
        "postgresql://reader@db.example.org/metrics",
        "flags/minutes_summariser_limited_rollout_2026.json",
        "sum(rate(model_calls_total{use_case='claims'}[5m])) / 2",
        "select count(*) from corrections where made_at > :since",
        "desk-0123456789",
        "risk-management-board",
        "6f1e1c1e-5d0a-4a4e-9f0a-2b7f3c9d1e2f",
    ],
)
def test_an_ordinary_setting_is_none(value: str) -> None:
    """Addresses, files, queries and names are left in peace."""
    assert exposed({"address": value}) == ()


def test_a_digest_may_be_long() -> None:
    """What is called a digest is no secret, however it looks."""
    assert not written_out("digest", "0" * 31 + "a1")
    assert written_out("address", "0" * 31 + "a1")


@pytest.mark.parametrize("value", [SECRET, f"{SECRET}\nand more", SECRET * 20, [SECRET]])
@pytest.mark.parametrize("kind", ["targets", "sources", "channels"])
def test_a_secret_in_a_programme_is_refused_and_never_repeated(kind: str, value: object) -> None:
    """The finding names the setting, and says nothing of its value, whatever else is wrong with it."""
    data = documents.programme()
    named = next(iter(data[kind]))
    data[kind][named].setdefault("settings", {})["token"] = "env:THE_TOKEN"  # noqa: S105  # it is a reference
    assert read_programme(data)[1] == ()
    data[kind][named]["settings"]["token"] = value
    (finding,) = read_programme(data)[1]
    assert finding.path == (kind, named, "settings")
    assert "`token`" in finding.message
    assert SECRET not in str(finding)

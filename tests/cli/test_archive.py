"""The archive of an ended use case: verified where it lies, known by its digest, and refused if it is not the end."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cli.answers import Exit, Refusal
from cli.ending import sealed
from store import export, migrate
from store.export import Wish
from store.ledger import Ledger
from store.reading import reading
from tests.pure.world import but, standard_plan
from tests.store.rows import LIFE, Kept
from tests.store.sealed import NOW, TOOL
from tidegate.models.base import Span
from tidegate.models.ending import PlanEnd
from tidegate.models.event import Retire

if TYPE_CHECKING:
    from pathlib import Path

USE_CASE = "claims-triage"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two exports of one ledger: from while people were served, and from after access was read back as gone."""
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home / 'ledger.db'}"
    migrate.upgrade(url)
    story, ledger = Kept(but(standard_plan(), end=PlanEnd(keep=Span.of("365d")))), Ledger(url)

    def exported(name: str) -> Path:
        for request in story.requests[len(kept) :]:
            ledger.append(request, LIFE, TOOL, NOW)
            kept.append(request)
        with reading(url) as view:
            return export.export(view, Wish(USE_CASE, "2027-02-01T10:00:00Z", TOOL), home / name).path

    kept: list[object] = []
    story.live()
    before = exported("before")
    story.message(Retire, "owner", reason="its work is done")
    story.agree()
    after = exported("after")
    ledger.close()
    return before, after


def test_a_bundle_of_the_end_is_known_by_its_digest(bundles: tuple[Path, Path]) -> None:
    """What is verified is named with the digest of its manifest, which names every file in it; no path is told."""
    said = sealed(USE_CASE, str(bundles[1]))
    digest = hashlib.sha256((bundles[1] / "manifest.json").read_bytes()).hexdigest()
    assert said == ("after", digest)


def test_what_is_not_the_end_is_no_archive(bundles: tuple[Path, Path], tmp_path: Path) -> None:
    """An export from before, another rollout's, what was altered, and what is no bundle are refused."""
    for use_case, place, why in (
        (USE_CASE, bundles[0], "before access was read back as gone"),
        ("minutes-summariser", bundles[1], "and not of minutes-summariser"),
        (USE_CASE, tmp_path, "no bundle"),
    ):
        with pytest.raises(Refusal) as no:
            sealed(use_case, str(place))
        assert (no.value.code, why in str(no.value.message)) == (Exit.NO, True)
    file = bundles[1] / "entries.jsonl"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole.replace(b"claims", b"clalms", 1))
        with pytest.raises(Refusal, match="not intact"):
            sealed(USE_CASE, str(bundles[1]))
    finally:
        file.write_bytes(whole)


def test_what_lies_elsewhere_is_taken_as_it_is_said() -> None:
    """A place that is not on this machine is not verified here: the rules ask for its digest."""
    assert sealed(USE_CASE, "archive 7") == ("archive 7", None)

"""The procedure by which it is operated: eight parts, and the whole process (rows F9 and F10)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.run import ROOT
from tests.pure.world import (
    but,
)
from tests.requirements.test_f import HANDOFF, SOP, findings, pending
from tidegate.check import DELETE
from tidegate.materiality import Weight, diff
from tidegate.models.base import Stage
from tidegate.models.finding import Severity

if TYPE_CHECKING:
    from tests.cli.run import Here

# -- F9, F10: the procedure -------------------------------------------------------------------------------------------

PARTS = ("trigger", "inputs", "validation", "exceptions", "escalation", "logging", "approvals", "kpi_review")


@pytest.fixture
def playbooks(tidegate: Here) -> Here:
    """A directory with the sample programme and the playbook of a system of record."""
    for name in ("programme", "claims-triage"):
        (tidegate.folder / f"{name}.yaml").write_text((ROOT / "playbooks" / f"{name}.yaml").read_text("utf-8"), "utf-8")
    return tidegate


def test_f9_a_procedure_has_its_eight_parts(playbooks: Here) -> None:
    """`sop check` names each of the eight, and ends with 1 where one is missing; a system of record owes it."""
    whole = playbooks("sop", "check", "claims-triage.yaml", "--as-of", "2026-12-01", "--json")
    told = json.loads(whole.out)
    assert (whole.code, told["complete"], tuple(part["part"] for part in told["parts"])) == (0, True, PARTS)
    file = playbooks.folder / "claims-triage.yaml"
    words = file.read_text("utf-8")
    file.write_text("\n".join(line for line in words.splitlines() if not line.startswith("  exceptions:")), "utf-8")
    part = playbooks("sop", "check", "claims-triage.yaml", "--as-of", "2026-12-01", "--json")
    told = json.loads(part.out)
    gone = [one["part"] for one in told["parts"] if one["says"] is None]
    assert (part.code, told["complete"], gone) == (1, False, ["exceptions"])
    (missing,) = findings("F9", sop=DELETE)
    assert (missing.severity, missing.before) == (Severity.OWED, Stage.SYSTEM_OF_RECORD)


def test_f9_a_procedure_is_a_page_to_read(playbooks: Here) -> None:
    """`sop show` prints the whole process first, then its eight parts, as Markdown."""
    page = playbooks("sop", "show", "claims-triage.yaml", "--as-of", "2026-12-01")
    assert page.code == 0
    assert "2. **Handler** (person) checks it" in page.out
    assert sum(line.startswith("## ") for line in page.out.splitlines()) == len(PARTS)


def test_f9_the_plan_carries_the_procedure_that_is_signed() -> None:
    """A changed procedure is another plan, and asks those who work by it; the receiver signs the plan with it."""
    story = pending()
    other = but(story.plan, handoff=HANDOFF.but(sop=SOP.model_copy(update={"trigger": "Whenever."})))
    (change,) = diff(story.plan, other)
    assert (change.what, change.weight) == ("the procedure", Weight.FUNCTION)
    assert [function.value for function in change.functions] == ["operations"]


def test_f10_a_procedure_has_people_in_it() -> None:
    """At least one step is a person's; its twin with one passes, and so does one that a system helps."""
    both = {"sop.steps[0].by": "assistant", "sop.steps[1].by": "system"}
    (found,) = findings("F10", **both)
    assert (found.severity, found.path) == (Severity.OWED, ("sop", "steps"))
    assert findings("F10", **{**both, "sop.steps[1].by": "person"}) == []


def test_f10_whom_a_procedure_names_is_somebody_there() -> None:
    """A name that is nobody's, or of somebody who left, is found; a person, a function and plain words are not."""
    (found,) = findings("F10a", **{"sop.escalation": "`claims-cheif` decides."})
    assert (found.severity, found.path) == (Severity.OWED, ("sop", "escalation"))
    gone = {"programme:people.old-hand": {"name": "Old hand", "active": False}, "sop.steps[1].who": "old-hand"}
    (found,) = findings("F10a", **gone)
    assert "has left" in found.message
    for right in ("`claims-head` decides.", "`data_steward` decides.", "The head of the floor decides."):
        assert findings("F10a", **{"sop.escalation": right}) == []

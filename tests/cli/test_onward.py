"""The verbs that go on and those that end it, on a real server with the real worker."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from temporalio.client import Client

from cli.reading import parse
from tests.cli.lab import Lab, needs_server, until
from tests.pure.world import but, rules, seal, standard_plan
from tidegate.models.base import Span, Stage
from tidegate.models.messages import RolloutInput
from tidegate.models.plan import Backend, Plan
from workflows import ids


@needs_server
def test_an_amendment_is_explained_before_it_is_proposed(lab: Lab) -> None:
    """`--explain` shows what would change and whom it asks, and sends nothing; what tightens is in force at once."""
    name = "amended"
    lab.started(name)
    before = lab.standing(name)["plan"]
    wider = lab.playbook(name, ("[small-text]", "[large-text]"))
    words = lab.words("amend", name, wider, "--explain")
    assert list(words) == [
        "type", "plan", "in_force", "changes", "powers", "refused", "signers", "until", "signed", "voids", "effects",
    ]  # fmt: skip
    assert [one["name"] for one in words["signers"]] == ["operations", "risk"]
    assert words["in_force"] == before == lab.standing(name)["plan"]
    assert {change["weight"] for change in words["changes"]} == {"material"}
    tighter = lab.playbook(name, ("max_users: 12", "max_users: 10"), ("max_users: 25", "max_users: 20"))
    assert lab.words("amend", name, tighter, "--as", "risk-officer", code=3)["code"] == "no_right"
    in_force = lab.words("amend", name, tighter, "--as", "pmo-lead")
    assert (in_force["code"], in_force["standing"]["plan"] != before) == ("amendment", True)
    _migrates(lab, name, tighter)
    asked = lab.run("amend", name, wider, "--as", "pmo-lead")
    assert (asked.code, "everybody again" in asked.out) == (0, True)
    assert "Who must sign" in asked.out
    assert lab.standing(name)["awaits"] == ["operations", "risk"]
    other = lab.run("amend", "looked-at", wider, "--as", "pmo-lead")
    assert (other.code, f"tidegate amend {name}" in other.err) == (2, True)


def _migrates(lab: Lab, name: str, playbook: str) -> None:
    """A newer standard is shown with what is lacking, and proposed: then that is owed, and nothing else happens."""
    programme = parse((lab.folder / "programme.yaml").read_text("utf-8"), "programme.yaml").data
    newer = copy.deepcopy(programme["standards"]["house/quick@1"])
    for each in newer["stages"]["pilot"].values():
        each["readiness"] = ["logging"]
    programme["standards"]["house/quick@2"] = newer
    file = lab.folder / "next.yaml"
    file.write_text(json.dumps(programme), "utf-8")
    words = ("standard", "migrate", name, "--playbook", playbook, "--programme", str(file))
    shown = lab.words(*words, "--plan")
    assert (shown["from"], shown["to"], shown["signers"]) == ("house/quick@1", "house/quick@2", [])
    assert [(gap["what"], gap["owner"]) for gap in shown["gaps"]] == [("logging", "platform")]
    assert {rule["rule"] for rule in shown["rules"]} == {"readiness"}
    told = lab.run(*words, "--plan")
    assert (told.code, "Until then it bars nothing." in told.out) == (0, True)
    assert lab.words(*words, "--as", "pmo-lead")["code"] == "amendment"
    steps = [step["verb"] for step in lab.standing(name)["steps"]]
    assert "ready logging --evidence WHERE" in steps
    assert lab.run(*words, "--plan", "--to", "house/none@1").code == 5


@needs_server
def test_what_has_served_nobody_is_withdrawn(lab: Lab) -> None:
    """A rollout that nobody was served by is taken back, and is over then."""
    name = "retired"
    lab.started(name)
    assert lab.words("withdraw", name, "--reason", "Not needed.", "--as", "risk-officer", code=3)["code"] == "no_right"
    said = lab.words("withdraw", name, "--reason", "Not needed.", "--as", "pmo-lead")
    assert (said["code"], said["standing"]["phase"]) == ("withdrawn", "withdrawn")
    assert until(lambda: lab.words("status", name)["run"] == "completed")
    over = lab.run("approve", name, "--as", "risk-officer")
    assert over.code == 1
    late = lab.run("hold", name, "--as", "ops-manager")
    assert (late.code, "is over" in late.err) == (1, True)


@needs_server
def test_it_is_ended_now_or_in_good_order(lab: Lab) -> None:
    """Retirement asks people; a termination serves nobody, is read back, and ends it."""
    name = "ended"
    lab.live(name)
    assert lab.run("retire", name, "--as", "pmo-lead").code == 2
    foretold = lab.words("retire", name, "--explain")
    assert (list(foretold), foretold["criteria"]) == (["use_case", "phase", "criteria", "steps"], [])
    assert [step["state"] for step in foretold["steps"]] == ["open", "waits", "waits"]
    assert "IT IS DUE" not in lab.run("retire", name, "--explain").out
    asked = lab.words("retire", name, "--reason", "Done.", "--as", "pmo-lead")
    assert asked["standing"]["awaits"] == ["accountable_exec", "platform"]
    said = lab.words("terminate", name, "--reason", "Now.", "--as", "coo", "--wait", "90")
    assert (said["code"], said["standing"]["phase"], lab.people(name)) == ("terminating", "terminated", 0)


@needs_server
def test_an_emergency_needs_two_people_and_what_is_not_there_is_no_harm(lab: Lab) -> None:
    """An override waits for its second person; lifting a bar that is not there says so; a figure must be a number."""
    name = "raised"
    lab.live(name)
    words = ("override", name, "--to", "pilot/finance", "--incident", "INC-4711")
    assert lab.words(*words, "--as", "risk-officer", code=3)["code"] == "no_right"
    assert lab.words(*words, "--as", "coo")["outcome"] == "done"
    assert lab.people(name) == 12
    assert lab.words("lift", name, "small-text", "--as", "security-lead")["code"] == "no_embargo"
    assert lab.run("reading", name, "corrections_per_100=many", "--as", "pmo-lead").code == 2
    nothing = lab.words("reading", name, "corrections_per_100=", "--n", "0", "--as", "pmo-lead")
    assert nothing["outcome"] == "done"
    done = lab.words(*words, "--as", "ops-manager", "--wait", "90")
    assert (done["outcome"], lab.people(name)) == ("done", 37)
    none = lab.run("handoff", name, "--as", "ops-manager")
    assert (none.code, "is not being handed over now" in none.err) == (1, True)


def _to_hand_over() -> Plan:
    """A plan of one wave of system of record, whose waits are seconds, and whose receiver signs for papers."""
    plan = standard_plan()
    quick = rules(min_observation=Span.of("1s"), review_every=Span.of("1d"), readiness=(), notice_lead=Span.of("1s"))
    quick = quick.model_copy(update={"handoff_pack": True})
    record = plan.stages[Stage.SYSTEM_OF_RECORD].but(rules=quick)
    rung = plan.ladder[-1].but(observe=Span.of("1s"), advance_when=())
    backend = {"flags/claims": Backend(kind="flagd", settings={"file": "flags/claims.json", "flag": "claims"})}
    return seal(
        but(
            plan,
            ladder=(rung,),
            stages={Stage.SYSTEM_OF_RECORD: record},
            notices=(),
            metrics={},
            drivers=backend,
        )
    )


@needs_server
def test_the_receiver_takes_it_over_with_a_drill_and_a_yes(lab: Lab, tmp_path: Path) -> None:
    """Handoff says that the receiver's own drill was run, then gives their yes to the very papers laid out."""
    name, root, paper = "claims-triage", ("--root", str(tmp_path)), tmp_path / "runbook"

    async def begin(client: Client) -> None:
        given = RolloutInput(plan=_to_hand_over())
        await client.start_workflow(ids.WORKFLOW, given, id=ids.workflow_id(name), task_queue=ids.TASK_QUEUE)

    lab.ask(begin)
    lab.tell(name, "start", "owner")
    lab.agree(name, "risk-a", "ops-a")
    assert until(lambda: lab.standing(name)["phase"] == "checkpoint_review")
    lab.agree(name, "risk-a", "ops-a")
    assert lab.standing(name)["phase"] == "handoff_pending"
    assert lab.words("handoff", name, "--as", "ops-a", "--drill", "drill 9", code=3)["code"] == "only_receiver"
    early = lab.run("handoff", name, "--as", "receiver")
    assert (early.code, "--offer" in early.err) == (1, True)
    offer = ("handoff", name, "--as", "owner", "--offer", *root)
    missing = lab.run(*offer)
    assert (missing.code, "runbook is missing" in missing.err) == (1, True)
    paper.write_text("Turn it off, then call.", "utf-8")
    assert lab.words(*offer)["code"] == "pack_laid_out"
    undrilled = lab.run("handoff", name, "--as", "receiver", *root)
    assert (undrilled.code, "--drill WHERE" in undrilled.err) == (1, True)
    paper.write_text("Call, then turn it off.", "utf-8")
    other = lab.run("handoff", name, "--as", "receiver", "--drill", "drill 9", *root)
    assert (other.code, "runbook: CHANGED" in other.err) == (1, True)
    paper.write_text("Turn it off, then call.", "utf-8")
    assert lab.words("handoff", name, "--verify", *root)["same"] is True
    said = lab.words("handoff", name, "--as", "receiver", *root)
    assert (said["code"], said["standing"]["phase"]) == ("approved", "operating")
    pack = lab.words("handoff", name, "--pack")
    assert (pack["signed"]["by"], pack["lead"]) == ("receiver", "receiver")
    assert pack["signed"]["pack"] == pack["pack"]["digest"]
    assert lab.words("left", "receiver", name, "--as", "risk-a", code=3)["rollouts"][0]["code"] == "no_right"
    (row,) = lab.words("left", "receiver", name, "--as", "business")["rollouts"]
    assert (row["outcome"], row["control"], [one["owner"] for one in row["owed"]]) == ("done", "held", ["ops-a"])
    assert lab.words("left", "receiver", name, "--as", "business", "--back")["rollouts"][0]["owed"] == []
    paper.unlink()
    gone = lab.run("handoff", name, "--verify", *root)
    assert (gone.code, "NOT THERE" in gone.out) == (1, True)

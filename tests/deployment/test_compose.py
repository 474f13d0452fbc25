"""What docker-compose.yml promises: it is one, and every service is pinned, watched, limited and holds no secret."""

from __future__ import annotations

import re
import stat
import subprocess
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it says no types

from cli.embedded.places import RETENTION_DAYS
from tests.deployment.compose import ROOT, SCHEMA, compose, variables

WHOLE = compose()
SERVICES: dict[str, dict[str, Any]] = WHOLE["services"]
ONCE = {"temporal-schema", "temporal-namespace", "ledger"}
SAID = {"tidegate"}
"""What is only begun when somebody says a verb."""
WORKING = SERVICES["desk"]["working_dir"]
"""Where the programme lies; the desk alone writes there what it enrols."""
STAYS = sorted({*SERVICES} - ONCE - SAID)
EACH = pytest.mark.parametrize("name", sorted(SERVICES))


def test_it_is_a_compose_file() -> None:
    """The published schema of compose files takes it, and does not take it with one key misspelled."""
    Draft7Validator.check_schema(SCHEMA)
    rules = Draft7Validator(SCHEMA)
    assert [f"{wrong.json_path}: {wrong.message}" for wrong in rules.iter_errors(WHOLE)] == []
    spoiled = {**WHOLE, "services": {**SERVICES, "worker": {**SERVICES["worker"], "heathcheck": {}}}}
    assert not rules.is_valid(spoiled)


def test_it_runs_what_a_cluster_needs() -> None:
    """Database, tables, server, namespace, UI, ledger, workers and desk are there, and nothing else."""
    assert {*STAYS} == {"postgres", "temporal", "temporal-ui", "worker", "desk"}


@EACH
def test_every_image_is_pinned(name: str) -> None:
    """An image has a tag that is a whole version; `latest` is another one every day."""
    tag = SERVICES[name]["image"].partition(":")[2]
    assert re.match(r"\d+\.\d+(\.\d+)?(-[a-z]+)?$", tag), tag


def test_what_belongs_together_has_one_version() -> None:
    """The server and the admin tools that make its tables are of one version."""
    tags = {
        one["image"] for name, one in SERVICES.items() if name in ("temporal", "temporal-schema", "temporal-namespace")
    }
    assert len({tag.partition(":")[2] for tag in tags}) == 1


@pytest.mark.parametrize("name", STAYS)
def test_what_stays_is_watched(name: str) -> None:
    """Whatever stays has a health check that waits for a while at first, and begins again when it ends."""
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= {*service["healthcheck"]}


@pytest.mark.parametrize("name", sorted(ONCE))
def test_what_is_done_once_ends(name: str) -> None:
    """Whatever sets up is tried a few times and never for ever; something waits for its good end."""
    assert SERVICES[name]["restart"].startswith("on-failure:")
    waited = {
        waits["condition"] for one in SERVICES.values() for on, waits in one.get("depends_on", {}).items() if on == name
    }
    assert waited == {"service_completed_successfully"}


@EACH
def test_nobody_waits_for_a_beginning(name: str) -> None:
    """Each waits until what it needs is healthy, or done; that something was merely started says nothing."""
    for needed, waits in SERVICES[name].get("depends_on", {}).items():
        assert waits == {"condition": "service_completed_successfully" if needed in ONCE else "service_healthy"}


def test_the_order_is_the_right_one() -> None:
    """Tables before the server, namespace and ledger before whoever works with them."""

    def before(name: str) -> set[str]:
        direct = {*SERVICES[name].get("depends_on", {})}
        return direct | {further for one in direct for further in before(one)}

    assert before("temporal") == {"postgres", "temporal-schema"}
    for name in ("worker", "desk", "tidegate"):
        assert before(name) == {"postgres", "temporal-schema", "temporal", "temporal-namespace", "ledger"}


@EACH
def test_every_service_has_limits(name: str) -> None:
    """Processor, memory and processes are limited."""
    assert {"cpus", "memory", "pids"} <= {*SERVICES[name]["deploy"]["resources"]["limits"]}


@EACH
def test_nobody_is_root(name: str) -> None:
    """Every container is somebody who is not root, by number, with no capability, on a root that is read-only."""
    service = SERVICES[name]
    assert re.match(r"[1-9]\d*:[1-9]\d*$", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


@EACH
def test_no_secret_is_in_the_environment(name: str) -> None:
    """No variable holds a password or a key: secrets are files that a service is handed by name."""
    for variable, value in (SERVICES[name].get("environment") or {}).items():
        if not variable.endswith("_FILE"):
            assert not re.search(r"PASSWORD|PWD|SECRET|TOKEN|API_KEY", variable), variable
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), variable
    assert {*SERVICES[name].get("secrets", ())} <= {*WHOLE["secrets"]}


def test_no_password_is_in_the_file() -> None:
    """Every secret comes from a file outside of the repository, and no variable that sets one is asked for."""
    assert all(
        {*secret} == {"file"} and secret["file"].startswith("./secrets/") for secret in WHOLE["secrets"].values()
    )
    assert "/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert [name for name in variables() if re.search(r"PASSWORD|PWD|SECRET|TOKEN|API_KEY", name)] == []


def test_only_this_machine_reaches_it() -> None:
    """Each port that is open is open to this machine alone, and the database has none."""
    ports = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert {*ports} == {"temporal", "temporal-ui", "desk"}
    assert all(port.startswith("127.0.0.1:") for open_ in ports.values() for port in open_)


@EACH
def test_what_is_kept_is_kept_under_a_name(name: str) -> None:
    """What is not a file of this repository, read-only, or the programme's is a volume with a name."""
    for mount in SERVICES[name].get("volumes", ()):
        source, _, target = mount.partition(":")
        if source.startswith("."):
            assert target.endswith(":ro") or (name, target) == ("desk", WORKING)
            assert (ROOT / source).exists()
        else:
            assert source in WHOLE["volumes"]


def test_there_may_be_many_workers() -> None:
    """Nothing of a worker is there only once: no name of its own and no port of this machine."""
    assert not {"container_name", "ports", "hostname"} & {*SERVICES["worker"]}
    assert "replicas" in SERVICES["worker"]["deploy"]


def test_the_ui_lets_people_signal_and_nothing_that_passes_the_rules_by() -> None:
    """In the UI people signal; ending, cancelling, resetting, pausing and starting are off, for one or for many."""
    said = SERVICES["temporal-ui"]["environment"]
    assert said["TEMPORAL_WORKFLOW_SIGNAL_DISABLED"] == "false"
    off = (
        "WORKFLOW_TERMINATE",
        "WORKFLOW_CANCEL",
        "WORKFLOW_RESET",
        "WORKFLOW_PAUSE",
        "START_WORKFLOW",
        "BATCH_ACTIONS",
    )
    assert {said[f"TEMPORAL_{one}_DISABLED"] for one in (*off, "ACTIVITY_COMMANDS")} == {"true"}
    assert "TEMPORAL_CODEC_ENDPOINT" in said
    assert said["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"] == "true"


def test_closed_runs_are_kept_as_long_as_an_audit_needs() -> None:
    """The retention is the one that the embedded server has, too."""
    assert variables()["TIDEGATE_RETENTION"] == f"{RETENTION_DAYS}d"


def test_the_example_names_what_can_be_set() -> None:
    """.env.example names every variable that the file asks for, with what holds without it."""
    text = (ROOT / ".env.example").read_text("utf-8")
    said = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert said == variables()


@pytest.mark.parametrize("name", ["databases", "namespace", "schema", "secrets", "server"])
def test_a_script_is_one(name: str) -> None:
    """A plain shell reads every script that is handed to a container, and the file may be run."""
    script = ROOT / "deployment" / f"{name}.sh"
    done = subprocess.run(["sh", "-n", str(script)], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.stat().st_mode & stat.S_IXUSR
    assert "set -eu" in script.read_text("utf-8")

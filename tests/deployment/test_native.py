"""What the compose file starts, started here without containers: its scripts, its command lines, its environment.

Only addresses and paths are others: a socket instead of the network's name, directories instead of volumes. The images
of Temporal and what only they hold (temporal-sql-tool, the server's entry point) are not run here.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sysconfig
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from store.engine import Unreachable, engine, transaction
from tests.deployment.compose import ROOT, compose, entry_point
from tests.services import program
from tests.store.postgres import Cluster, Lacking, cluster
from tests.workflows.rig import DEV_SERVER, needs_dev_server, started
from tests.workflows.siege import free_port
from tests.workflows.test_worker import soon
from workflows import attributes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
SCRIPTS = Path(sysconfig.get_path("scripts"))
OWNER = "0wnersWord"


class Site:
    """A PostgreSQL as the compose file begins it, and the directories that stand for its volumes and secrets."""

    def __init__(self, running: Cluster, root: Path) -> None:
        """Make the secrets and the databases by the scripts that the containers run."""
        self.postgres = running
        self.root = root
        self.home = root / "home"
        self.secrets = root / "secrets"
        self.home.mkdir()
        self._secrets()
        psql = program("psql")
        assert psql is not None
        self.made = self.run(
            ["sh", str(ROOT / "deployment" / "databases.sh")],
            SERVICES["postgres"]["environment"]
            | {"SECRETS": str(self.secrets), "PGHOST": str(running.root), "PGPASSWORD": OWNER},
            Path(psql).parent,
        )

    def _secrets(self) -> None:
        # The script writes beside itself, as it lies in a checkout.
        (self.root / "deployment").mkdir()
        script = self.root / "deployment" / "secrets.sh"
        script.write_bytes((ROOT / "deployment" / "secrets.sh").read_bytes())
        self.first = self.run(["sh", str(script)], {})
        self.words = {file.name: file.read_text("utf-8") for file in self.secrets.iterdir()}
        self.again = self.run(["sh", str(script)], {})

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], *paths: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run something with an environment and nothing else of ours."""
        path = os.pathsep.join([*map(str, paths), str(SCRIPTS), os.defpath])
        return subprocess.run(
            command, env={**environment, "PATH": path}, cwd=self.root, check=False, capture_output=True, text=True
        )

    def environment(self, service: str, **more: str) -> dict[str, str]:
        """Return the environment of a service, with the addresses and paths of here."""
        said: dict[str, str] = dict(SERVICES[service]["environment"])
        url = said["TIDEGATE_LEDGER"]
        assert url.startswith("postgresql://tidegate@postgres:5432/tidegate?password_file=/run/secrets/")
        here = url.replace("@postgres:5432", "@").replace("/run/secrets", str(self.secrets))
        programme = str(ROOT / "playbooks" / "programme.yaml")
        assert said["TIDEGATE_PROGRAMME"].rpartition("/")[2] == programme.rpartition("/")[2]
        places = {"TIDEGATE_LEDGER": f"{here}&host={self.postgres.root}", "TIDEGATE_HOME": str(self.home)}
        whole = {**said, **places, "TIDEGATE_PROGRAMME": programme, **more}
        # What is set to nothing is an empty word in a container.
        return {name: "" if value is None else str(value) for name, value in whole.items()}

    @property
    def ledger(self) -> str:
        """The address of the ledger, as a worker has it."""
        return self.environment("worker")["TIDEGATE_LEDGER"]

    @contextmanager
    def process(self, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
        """Run a service for a while, from the directory of the programme."""
        path = os.pathsep.join([str(SCRIPTS), os.defpath])
        log = (self.root / f"{command[0]}.log").open("w")
        with (
            log,
            subprocess.Popen(
                command, env={**environment, "PATH": path}, cwd=ROOT / "playbooks", stdout=log, stderr=log, text=True
            ) as begun,
        ):
            try:
                yield begun
            finally:
                begun.kill()

    def healthy(self, service: str, port: int) -> bool:
        """Ask the very health check of a service, at a port of here."""
        command: list[str] = SERVICES[service]["healthcheck"]["test"][1:]
        asked = [re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", word) for word in command]
        assert asked != command
        return self.run(asked, {}).returncode == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A PostgreSQL that asks everybody for a password."""
    root = tmp_path_factory.mktemp("site")
    word = root / "owner"
    word.write_text(OWNER, "utf-8")
    os.chmod(word, 0o644)  # noqa: PTH101  # the database's own user reads it
    for folder in (root, *root.parents[:3]):
        if os.geteuid() == 0:
            folder.chmod(folder.stat().st_mode | 0o011)  # and finds its way to it
    with ExitStack() as stack:
        try:
            running = stack.enter_context(cluster(("--username=postgres", "--auth=scram-sha-256", f"--pwfile={word}")))
        except Lacking as why:
            pytest.skip(str(why))
        yield Site(running, root)


def owns(site: Site, user: str, database: str, word: str) -> str:
    """Return who is logged in at a database, or why nobody is."""
    try:
        with psycopg.connect(host=str(site.postgres.root), user=user, dbname=database, password=word) as connection:
            found = connection.execute(
                "SELECT current_user || ' ' || rolsuper || rolcreatedb || rolcreaterole FROM "
                "pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as error:
        return str(error)
    assert found is not None
    return str(found[0])


def test_secrets_are_made_once(site: Site) -> None:
    """Each password that the file names is long, another one, where only I can enter, and stays when asked again."""
    assert {*site.words} == {Path(one["file"]).name for one in compose()["secrets"].values()}
    assert len({*site.words.values()}) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9]{40}", word) for word in site.words.values())
    assert site.secrets.stat().st_mode & 0o777 == 0o700
    assert site.first.returncode == 0
    assert (site.again.returncode, site.again.stdout) == (0, "")
    assert {file.name: file.read_text("utf-8") for file in site.secrets.iterdir()} == site.words


def test_each_database_has_an_owner_who_may_nothing_else(site: Site) -> None:
    """Temporal and the ledger have a role of their own, by the password of the secret; neither comes to the other's."""
    assert site.made.returncode == 0, site.made.stderr
    temporal, ledger = site.words["temporal_password"], site.words["ledger_password"]
    assert owns(site, "temporal", "temporal", temporal) == "temporal falsefalsefalse"
    assert owns(site, "temporal", "temporal_visibility", temporal) == "temporal falsefalsefalse"
    assert owns(site, "tidegate", "tidegate", ledger) == "tidegate falsefalsefalse"
    assert "permission denied" in owns(site, "temporal", "tidegate", temporal)
    assert "permission denied" in owns(site, "tidegate", "temporal", ledger)
    assert "authentication failed" in owns(site, "tidegate", "tidegate", temporal)


def test_the_tables_of_the_ledger_are_brought_forward(site: Site) -> None:
    """The compose file's own words make the tables, and the second time find them as they are."""
    service = SERVICES["ledger"]
    command = [*service["entrypoint"], *service["command"], "--json"]
    done = [site.run(command, site.environment("ledger")) for _ in range(2)]
    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    first, second = (json.loads(one.stdout) for one in done)
    assert (first["was"], first["changed"]) == (None, True)
    assert (second["was"], second["at"], second["changed"]) == (first["at"], first["at"], False)
    assert first["ledger"].startswith("PostgreSQL database tidegate on ")
    assert site.words["ledger_password"] not in json.dumps([first, second])


def test_a_password_in_a_file_can_be_changed(site: Site) -> None:
    """It is read for each connection: a changed one is in force at once, a wrong one is refused and not said."""
    file = site.secrets / "ledger_password"
    whole = file.read_text("utf-8")
    opened = engine(site.ledger)
    try:
        with transaction(opened):
            pass
        opened.dispose()
        file.chmod(0o644)
        file.write_text("an0ther\n", "utf-8")
        with pytest.raises(Unreachable, match="authentication failed") as refused, transaction(opened):
            pass
        assert "an0ther" not in str(refused.value)
        change(site, "an0ther")
        with transaction(opened):
            pass
    finally:
        opened.dispose()
        file.write_text(whole, "utf-8")
        change(site, whole)


def change(site: Site, word: str) -> None:
    """Give the role of the ledger another password."""
    with psycopg.connect(
        host=str(site.postgres.root), user="postgres", dbname="postgres", password=OWNER, autocommit=True
    ) as connection:
        connection.execute(f"ALTER ROLE tidegate PASSWORD '{word}'")


@needs_dev_server
def test_namespace_worker_and_desk_begin_as_the_file_says(site: Site) -> None:
    """On a fresh server: namespace and search attributes, then a worker and a desk that call themselves well."""

    async def story() -> None:
        env = await started(lambda: WorkflowEnvironment.start_local(dev_server_existing_path=str(DEV_SERVER)))
        async with env:
            address = env.client.service_client.config.target_host
            await asyncio.to_thread(namespace, site, address, "400d")
            client = await Client.connect(address, namespace="rollouts")
            assert await kept(client) == 400
            known = (
                await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="rollouts"))
            ).custom_attributes
            wanted = {one.name: IndexedValueType.ValueType(one.indexed_value_type) for one in attributes.ATTRIBUTES}
            assert dict(known) == wanted
            await asyncio.to_thread(namespace, site, address, "500d")
            assert await kept(client) == 500
            await asyncio.to_thread(serving, site, address)

    asyncio.run(asyncio.wait_for(story(), 600))


async def kept(client: Client) -> int:
    """Return for how many days closed runs are kept."""
    answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return int(answer.config.workflow_execution_retention_ttl.ToTimedelta().days)


def namespace(site: Site, address: str, retention: str) -> None:
    """Run the script of the namespace's service."""
    service = SERVICES["temporal-namespace"]
    assert [*service["entrypoint"], *service["command"]] == ["/bin/sh", "/deployment/namespace.sh"]
    more = {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "rollouts", "TIDEGATE_RETENTION": retention}
    assert {*more} == {*service["environment"]}
    done = site.run(["/bin/sh", str(ROOT / "deployment" / "namespace.sh")], more, DEV_SERVER.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def serving(site: Site, address: str) -> None:
    """Start the worker and the desk, ask them as the engine would, and end the worker."""
    health, metrics, port = free_port(), free_port(), free_port()
    server = {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": "rollouts"}
    said = site.environment("worker", TIDEGATE_HEALTH=f"127.0.0.1:{health}", TIDEGATE_METRICS=f"127.0.0.1:{metrics}")
    assert "entrypoint" not in SERVICES["worker"]
    assert "command" not in SERVICES["worker"]
    with site.process(entry_point(), said | server) as worker:
        soon(lambda: site.healthy("worker", health), 240)
        desk = SERVICES["desk"]
        words = [*desk["entrypoint"], *desk["command"]]
        words[words.index("--port") + 1] = str(port)
        with site.process(words, site.environment("desk") | server) as pages:
            soon(lambda: site.healthy("desk", port), 240)
            verb = [*SERVICES["tidegate"]["entrypoint"], "doctor", "--json"]
            found = json.loads(site.run(verb, site.environment("tidegate") | server).stdout)["findings"]
            told = {one["subject"]: one["health"] for one in found}
            assert {told[one] for one in ("namespace", "search attributes", "worker", "ledger", "programme")} == {
                "ok"
            }, found
            pages.send_signal(signal.SIGTERM)
            assert pages.wait(60) in (0, -signal.SIGTERM)  # it closes what is open, and then lets the signal end it
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(90) == 0

"""The composition root: settings in, one worker out. It knows every room, and holds no rule and no wait of its own.

    tidegate-worker          runs until SIGTERM, then finishes what it is doing

Settings come from the environment: `TEMPORAL_*` or temporal.toml say where the server is (the embedded one if nothing
does), TIDEGATE_HOME where files lie, TIDEGATE_LEDGER where evidence is kept, TIDEGATE_LEDGER_KEY with which key its
heads are signed, TIDEGATE_TASK_QUEUE which queue, TIDEGATE_HEALTH and TIDEGATE_METRICS where it answers for
itself, TIDEGATE_WATCH after how many seconds it compares what is served with what was approved again (60; 0 leaves
that to other workers), TIDEGATE_DESK_ORIGIN where notices say that the review desk is, TIDEGATE_CODEC_KEYS which file
of keys encrypts what Temporal keeps, TIDEGATE_TRACES whether traces are sent. TIDEGATE_DEPLOYMENT and TIDEGATE_BUILD
tell versions of workers apart, where the server knows which is current.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.envconfig import ClientConfig
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities import cipher, traces
from activities.authority import authority
from activities.channels.apprise import Sender
from activities.channels.carried import Carried
from activities.channels.log import Board
from activities.channels.tray import Tray
from activities.drill import DrillActivities
from activities.drivers import drivers_under
from activities.exposure import ExposureActivities
from activities.ledger import LedgerActivities
from activities.line import LineActivities
from activities.members.kept import Kept
from activities.members.resolve import MemberActivities
from activities.metrics import MetricActivities
from activities.notices import Channel, NoticeActivities
from activities.request import RequestActivities
from activities.sources import sources_under
from activities.whereabouts import whereabouts
from store.engine import Unreachable
from store.heads import BadKey, Heads, key_at
from workflows import attributes, health, ids, sweep, traced, watch
from workflows.census import Census
from workflows.converter import encrypting
from workflows.lines import FORMAT, Whose
from workflows.plugin import plugin
from workflows.turnover import Turnovers

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger("tidegate.worker")

_THREADS = 20
_STEPS = 12
"""So many steps of rollouts are under way at a time. Python takes them one after another anyway; of the SDK's hundred
each hears one message, where a step that waits a moment hears several together: a third less work."""
_GRACE = timedelta(seconds=20)
_PATIENCE = 30
"""Seconds that a step of a rollout may take, or wait for this worker, where a machine is busy or much came at once."""
_WAITS = (0.5, 1, 2, 5)
_TRIES = 1_000
_SWEEP_EVERY = 15  # seconds
_SIGN_EVERY = timedelta(minutes=15)
_WATCH = 60.0


class Settings(NamedTuple):
    """What a worker needs to know."""

    home: Path
    """Where its files lie: flags, notices, and the ledger unless it is elsewhere."""
    at: str | None = None
    """The URL of the ledger; none is an SQLite file at home."""
    signs: Path | None = None
    """The file of the key that signs how far the ledger has come; none is one that is made at home."""
    task_queue: str = ids.TASK_QUEUE
    """Where it takes work from."""
    health: str | None = None
    """On which address it says whether it is ready."""
    metrics: str | None = None
    """On which address Prometheus finds its figures."""
    deployment: str | None = None
    """Under which deployment it works; none does not tell workers apart by their version."""
    build: str | None = None
    """Which version of that deployment it is."""
    watch: float = _WATCH
    """After how many seconds it compares what is served with what was approved again; 0 leaves that to others."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read them from the environment."""
        return cls(
            home=Path(environment.get("TIDEGATE_HOME") or ".tidegate").absolute(),
            at=environment.get("TIDEGATE_LEDGER") or None,
            signs=Path(key).absolute() if (key := environment.get("TIDEGATE_LEDGER_KEY")) else None,
            task_queue=environment.get("TIDEGATE_TASK_QUEUE") or ids.TASK_QUEUE,
            health=environment.get("TIDEGATE_HEALTH") or None,
            metrics=environment.get("TIDEGATE_METRICS") or None,
            deployment=environment.get("TIDEGATE_DEPLOYMENT") or None,
            build=environment.get("TIDEGATE_BUILD") or None,
            watch=_seconds(environment.get("TIDEGATE_WATCH")),
            desk=environment.get("TIDEGATE_DESK_ORIGIN") or None,
            traces=_traces(environment),
        )

    desk: str | None = None
    """Where the review desk answers, as notices say it; none is said if nobody says where it is."""
    traces: bool = False
    """Whether traces are sent; where to, OpenTelemetry's own variables say."""

    @property
    def ledger(self) -> str:
        """The URL of the ledger."""
        return self.at or f"sqlite:///{self.home / 'ledger.db'}"


def _seconds(said: str | None) -> float:
    """Return how often to watch; what is no number of seconds is not taken for never."""
    try:
        seconds = float(said or _WATCH)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        log.error("TIDEGATE_WATCH is no number of seconds; it is watched every %d", _WATCH)
        return _WATCH
    return seconds


def _traces(environment: Mapping[str, str]) -> bool:
    """Return whether traces are sent; where they cannot be, the work goes on without."""
    try:
        return traces.wanted(environment)
    except traces.BadTraces as error:
        log.error("no traces are sent: %s", error)  # noqa: TRY400  # there is no more to say
        return False


def exposing(settings: Settings) -> list[Callable[..., Any]]:
    """Return the activities that change exposure or look at it."""
    drivers = drivers_under(settings.home, Kept(settings.ledger))
    exposure = ExposureActivities(drivers, whereabouts(settings.home / "targets"), authority(settings.ledger))
    return [
        exposure.widen,
        exposure.hold,
        exposure.narrow,
        exposure.redirect,
        exposure.pause,
        exposure.rollback,
        exposure.observe,
    ]


def errands(settings: Settings, ledger: LedgerActivities, line: LineActivities) -> list[Callable[..., Any]]:
    """Return the activities that nobody's safety waits for."""
    home = settings.home
    return [
        DrillActivities(drivers_under(home)).drill,
        ledger.store,
        MetricActivities(sources_under(home)).read,
        MemberActivities(settings.ledger, home).resolve,
        line.keep_embargo,
        RequestActivities(ledger.engine).keep_request,
        NoticeActivities(channels(settings), "log", settings.desk, tray(settings)).tell,
    ]


def channels(settings: Settings) -> dict[str, Channel]:
    """Return the ways in which people are told, by kind."""
    return {"log": Board(settings.home / "notices.jsonl"), "apprise": Sender(Carried(settings.home))}


def tray(settings: Settings) -> Tray:
    """Return where reminders wait for others of their kind."""
    return Tray(settings.home / "reminders.jsonl", settings.desk)


def signer(settings: Settings) -> Heads | None:
    """Return who signs how far the ledger has come; without a good key nobody does, and it says so."""
    try:
        key = key_at(settings.signs or settings.home / "keys" / "ledger", make=settings.signs is None)
        return Heads(settings.ledger, key, settings.home / "heads")
    except (BadKey, Unreachable) as error:
        log.error("how far the ledger has come is not signed: %s", error)  # noqa: TRY400  # there is no more to say
        return None


class Workers:
    """Two workers as one: however many sources and channels hang, they take no hand from those who make it safer."""

    def __init__(self, workers: Sequence[Worker], close: Sequence[Callable[[], None]]) -> None:
        """Be these, and close what they worked with when they have ended."""
        self._workers = workers
        self._stack = AsyncExitStack()
        for one in close:
            self._stack.callback(one)

    async def __aenter__(self) -> Self:
        """Begin to work."""
        for one in self._workers:
            await self._stack.enter_async_context(one)
        return self

    async def __aexit__(self, *failure: object) -> None:
        """Finish what is under way."""
        await self._stack.aclose()


def build_worker(client: Client, settings: Settings, **more: Any) -> Workers:
    """Return a worker; the client must have been connected with the plugin. `more` goes to the SDK as it is."""
    heads = signer(settings)
    ledger = LedgerActivities(settings.ledger, heads)
    line = LineActivities(client, ledger.engine)
    queues: dict[str, tuple[list[Callable[..., Any]], str]] = {
        settings.task_queue: ([*exposing(settings), line.stop_matching, line.may_lift], "exposure"),
        ids.errands(settings.task_queue): (errands(settings, ledger, line), "errand"),
    }
    return Workers(
        [
            _patient(
                Worker(
                    client,
                    task_queue=queue,
                    activities=activities,
                    activity_executor=ThreadPoolExecutor(_THREADS, thread_name_prefix=name),
                    max_concurrent_activities=_THREADS,
                    max_concurrent_workflow_tasks=_STEPS,
                    sticky_queue_schedule_to_start_timeout=timedelta(seconds=_PATIENCE),
                    graceful_shutdown_timeout=_GRACE,
                    deployment_config=_deployment(settings),
                    **more,
                )
            )
            for queue, (activities, name) in queues.items()
        ],
        [ledger.close] if heads is None else [ledger.close, heads.close],
    )


def _patient(worker: Worker) -> Worker:
    """Give each step of a rollout more time than the SDK's two seconds, for which it has no setting.

    A step that is given up is broken off where it stands, and the SDK may then fail for ever to put that run away: no
    pause would be heard until this worker is begun anew.
    """
    workflows = worker._workflow_worker  # noqa: SLF001  # see above
    if workflows is not None and workflows._deadlock_timeout_seconds is not None:  # noqa: SLF001  # the same
        workflows._deadlock_timeout_seconds = _PATIENCE  # noqa: SLF001  # the same
    return worker


def _deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """Return the version a worker stands for: a run stays with the one it began with, the next takes the newest."""
    if settings.deployment is None or settings.build is None:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=settings.deployment, build_id=settings.build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


def runtime(settings: Settings) -> Runtime | None:
    """Return what a process has one of: the SDK's own threads, and the address of its figures."""
    if settings.metrics is None:
        return None
    return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=settings.metrics)))


def tracer(settings: Settings) -> TracerProvider | None:
    """Return what takes spans and sends them, where that is wanted; where it cannot be had, nothing waits for it."""
    try:
        return traces.provider("tidegate-worker", traced.numbers) if settings.traces else None
    except traces.BadTraces as error:
        log.error("no traces are sent: %s", error)  # noqa: TRY400  # there is no more to say
        return None


async def connect(of: Runtime | None = None, spans: TracerProvider | None = None) -> Client:
    """Connect to the server that the environment names, else to the embedded one at its usual address."""
    named: dict[str, Any] = dict(ClientConfig.load_client_connect_config())
    more: dict[str, Any] = {"plugins": [plugin(encrypting(cipher.ring(os.environ)))], "runtime": of}
    if spans is not None:
        more["interceptors"] = [traced.tracing(spans)]
    return await Client.connect(**{"target_host": "127.0.0.1:7233", **named, **more})


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Work until told to stop; a server that is not there yet is waited for."""
    state: dict[str, Any] = {"ready": False, "task_queue": settings.task_queue, "waits_for": "the server"}
    answers = await health.answer(settings.health, state) if settings.health else None
    spans = tracer(settings)
    try:
        client = await _patiently(runtime(settings), spans, stop)
        if client is None:
            return
        for name in await attributes.register(client):
            log.info("registered the search attribute %s", name)
        async with build_worker(client, settings):
            state.update(ready=True, waits_for=None, address=client.service_client.config.target_host)
            log.info("working for %s in %s", client.namespace, settings.task_queue)
            beside = [
                asyncio.create_task(_look_around(client, settings)),
                asyncio.create_task(_look_out(client, settings)),
                asyncio.create_task(_look_after_members(client, settings)),
                asyncio.create_task(_look_after_ledger(settings)),
                asyncio.create_task(_look_after_reminders(settings)),
            ]
            await stop.wait()
            state.update(ready=False)
            for one in beside:
                one.cancel()
            log.info("finishing what is under way")
    finally:
        if answers is not None:
            answers.close()
        if spans is not None:
            await asyncio.to_thread(traces.end, spans)


async def _patiently(of: Runtime | None, spans: TracerProvider | None, stop: asyncio.Event) -> Client | None:
    for wait in (*_WAITS, *[_WAITS[-1]] * _TRIES):
        try:
            return await connect(of, spans)
        except RuntimeError as error:
            log.warning("the server does not answer, trying again in %s s: %s", wait, str(error).splitlines()[0])
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)
        if stop.is_set():
            return None
    raise SystemExit("the server did not answer in time")


async def _look_around(client: Client, settings: Settings) -> None:
    """See to what no rollout can see itself, again and again."""
    exposure = ExposureActivities(drivers_under(settings.home))
    while True:
        # Each for itself: notes that cannot be read must not leave anybody's people served.
        for look in (
            sweep.told_late(client, settings.home / "notes"),
            sweep.abandoned(client, exposure.observe, exposure.pause, datetime.now(UTC)),
        ):
            try:
                await look
            except Exception as error:  # noqa: BLE001  # this round failed; the next one may not
                log.warning("the sweep failed: %s", type(error).__name__)
        await asyncio.sleep(_SWEEP_EVERY)


async def _look_out(client: Client, settings: Settings) -> None:
    """Compare what is served with what was approved, again and again."""
    if not settings.watch:
        return
    census = Census(client.service_client.config.runtime.metric_meter) if client.service_client.config.runtime else None
    look = ExposureActivities(drivers_under(settings.home, Kept(settings.ledger))).observe
    eyes = watch.Watch(client, look, census)
    try:
        while True:
            try:
                await eyes.round()
            except Exception as error:  # noqa: BLE001  # this round failed; the next one may not
                log.warning("the watch failed: %s", type(error).__name__)
            await asyncio.sleep(settings.watch)
    finally:
        eyes.close()


async def _look_after_members(client: Client, settings: Settings) -> None:
    """Take out whoever has left a cohort or owes training, again and again."""
    drivers = drivers_under(settings.home, Kept(settings.ledger))
    turnovers = Turnovers(client, MemberActivities(settings.ledger, settings.home).take, drivers)
    while True:
        try:
            await turnovers.round(datetime.now(UTC))
        except Exception as error:  # noqa: BLE001  # this round failed; the next one may not
            log.warning("who is in the cohorts could not be looked after: %s", type(error).__name__)
        await asyncio.sleep(_SWEEP_EVERY)


async def _look_after_reminders(settings: Settings) -> None:
    """Send what waits for people to be at work, again and again."""
    ways, kept = channels(settings), tray(settings)
    while True:
        try:
            await asyncio.to_thread(kept.send, ways, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001  # this round failed; the next one may not
            log.warning("reminders could not be sent: %s", type(error).__name__)
        await asyncio.sleep(_SWEEP_EVERY)


async def _look_after_ledger(settings: Settings) -> None:
    """Bring its tables forward once it is there, and sign how far it has come; nobody's safety waits for that."""
    heads = signer(settings)
    ledger = LedgerActivities(settings.ledger, heads)
    try:
        while True:
            try:
                await asyncio.to_thread(ledger.opened)
                if heads is not None:
                    await asyncio.to_thread(heads.sign_due, _SIGN_EVERY, datetime.now(UTC))
            except Exception as error:  # noqa: BLE001  # this round failed; the next one may not
                log.error("the ledger: %s", error)  # noqa: TRY400  # it holds no secret, and there is no more to say
            await asyncio.sleep(_SWEEP_EVERY)
    finally:
        ledger.close()
        if heads is not None:
            heads.close()


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await serve(settings, stop)


def main() -> None:
    """Run a worker until it is told to stop."""
    if any(word in ("-h", "--help") for word in sys.argv[1:]):
        sys.stdout.write(f"Usage: tidegate-worker\n\n{__doc__}")
        return
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    logging.getLogger().handlers[0].addFilter(Whose())
    try:
        settings = Settings.of(os.environ)
        asyncio.run(_main(settings))
    except cipher.BadRing as error:
        log.critical("%s", error)
        raise SystemExit(2) from None
    finally:
        # The SDK's threads may crash the interpreter while it takes itself apart; there is nothing left to take apart.
        logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

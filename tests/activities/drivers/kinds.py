"""Every kind of backend, as the contract asks about it: one entry of `KINDS` for each, and each a real thing.

A driver joins by a class that can make drivers of targets, spoil what it says, and tell whom it really serves (by what
applications ask it with, not by the driver), and by its entry. What takes long to start is started once for a file and
says so by `slow`: it is asked fewer times.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Protocol

from activities.drivers.flagd import Flagd
from activities.drivers.grants import Grants
from activities.drivers.unleash import Unleash
from activities.drivers.unleash_flag import representable
from activities.drivers.webhook import Webhook
from tests.activities.drivers.litellm_fake import Team
from tests.activities.flags import asked, loaded
from tests.activities.listing import Listing
from tests.activities.outside import outside
from tests.activities.receiver import KEY, Receiver
from tests.activities.rehearsed import peaceful
from tests.activities.unleash_double import TOKEN, UnleashDouble
from tests.activities.unleash_engine import on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from activities.drivers.contract import Driver
    from tests.activities.unleash_server import Server
    from tidegate.models.exposure import Exposure


class Backend(Protocol):
    """One backend of its own, with what a test must be able to do to it."""

    def driver(self, target: str = "one") -> Driver:
        """A new driver of a target in it."""

    def spoil(self, target: str = "one") -> None:
        """Make what it says of a target impossible to understand."""

    def arrives(self, exposure: Exposure) -> Exposure:
        """The most of an exposure that this kind can serve: never more than it."""

    def served(self, target: str, epoch: int, people: Collection[str], cohorts: list[str]) -> set[str] | None:
        """Who of many people is on, as applications are told; none where applications cannot ask it."""


class FlagFile:
    """A flag file, read by the real provider."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "flags" / "all.json"

    def driver(self, target: str = "one") -> Driver:
        return Flagd({"file": "flags/all.json", "flag": target}, self.root)

    def spoil(self, target: str = "one") -> None:
        assert target in self.file.read_text("utf-8")
        self.file.write_text("{ no", "utf-8")

    def arrives(self, exposure: Exposure) -> Exposure:
        return exposure

    def served(self, target: str, _epoch: int, people: Collection[str], cohorts: list[str]) -> set[str]:
        core = loaded(self.file)
        return {one for one in people if asked(core, target, one, cohorts)}


class GrantsFile:
    """A file of grants, and a list of who is in which cohort."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def driver(self, target: str = "one") -> Driver:
        return Grants({"file": "gateway/grants.json", "agent": target}, self.root, Listing())

    def spoil(self, target: str = "one") -> None:
        del target
        (self.root / "gateway" / "grants.json").write_text("{ no", "utf-8")

    def arrives(self, exposure: Exposure) -> Exposure:
        return exposure

    def served(self, _target: str, _epoch: int, _people: Collection[str], _cohorts: list[str]) -> None:
        return None


class Hook:
    """A receiver of ours behind a real server."""

    def __init__(self, root: Path, url: str, receiver: Receiver) -> None:
        self.root = root
        self.url = url
        self.receiver = receiver
        (root / "key").write_text(KEY, "ascii")

    def driver(self, target: str = "one") -> Driver:
        settings = {"url": f"{self.url}/set", "read_back": f"{self.url}/get", "name": target, "secret": "file:key"}
        return Webhook(settings, self.root)

    def spoil(self, target: str = "one") -> None:
        self.receiver.served[target]["exposure"] = {"everybody": True}

    def arrives(self, exposure: Exposure) -> Exposure:
        return exposure

    def served(self, _target: str, _epoch: int, _people: Collection[str], _cohorts: list[str]) -> None:
        return None


class Features:
    """Features of an Unleash: the double, behind a real server, read by the real engine."""

    def __init__(self, root: Path, url: str, double: UnleashDouble) -> None:
        self.root = root
        self.url = url
        self.double = double
        (root / "token").write_text(TOKEN, "ascii")

    def driver(self, target: str = "one", **changes: str) -> Driver:
        settings = {"url": self.url, "environment": "development", "feature": target, "token": "file:token"}
        return Unleash({**settings, **changes}, self.root)

    def archive(self, target: str = "one") -> None:
        """Archive a feature, as people do."""
        self.double.archive(target)

    def spoil(self, target: str = "one") -> None:
        self.double.environment(target)["strategies"][0]["parameters"]["rollout"] = "12.5"

    def arrives(self, exposure: Exposure) -> Exposure:
        return representable(exposure)

    def served(self, target: str, _epoch: int, people: Collection[str], cohorts: list[str]) -> set[str]:
        return on(self.double.client(), target, people, cohorts)


class RealFeatures:
    """Features of the real server, read by the real client. It is shared, so each backend has names of its own."""

    numbers = count(1)

    def __init__(self, root: Path, server: Server) -> None:
        self.root = root
        self.server = server
        self.prefix = f"backend{next(self.numbers)}"
        (root / "token").write_text(server.token, "ascii")

    def driver(self, target: str = "one", **changes: str) -> Driver:
        feature = f"{self.prefix}.{target}"
        settings = {"url": self.server.url, "environment": "development", "feature": feature, "token": "file:token"}
        return Unleash({**settings, **changes}, self.root)

    def archive(self, target: str = "one") -> None:
        """Archive a feature, as people do."""
        self.server.ask("DELETE", f"/projects/default/features/{self.prefix}.{target}")

    def spoil(self, target: str = "one") -> None:
        path = f"/projects/default/features/{self.prefix}.{target}"
        (here,) = (one for one in self.server.ask("GET", path)["environments"] if one["name"] == "development")
        strategy = here["strategies"][0]
        strategy["parameters"]["rollout"] = "12.5"
        self.server.ask("PUT", f"{path}/environments/development/strategies/{strategy['id']}", strategy)

    def arrives(self, exposure: Exposure) -> Exposure:
        return representable(exposure)

    def served(self, target: str, epoch: int, people: Collection[str], cohorts: list[str]) -> set[str]:
        return self.server.served(f"{self.prefix}.{target}", epoch, people, f",{','.join(cohorts)},")


class Rehearsed:
    """Targets of a rehearsal, in which the scenario lets nothing fail."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.world = peaceful()

    def driver(self, target: str = "one") -> Driver:
        return self.world.drivers(Listing())(target, self.kind, {})

    def spoil(self, target: str = "one") -> None:
        self.world.place(target, self.kind, {}).spoiled = True

    def arrives(self, exposure: Exposure) -> Exposure:
        return exposure

    def served(self, _target: str, _epoch: int, _people: Collection[str], _cohorts: list[str]) -> None:
        return None


class Kind(NamedTuple):
    """How backends of a kind are made, each of which knows nothing of the others."""

    made: Callable[[Path, Callable[[], Server]], AbstractContextManager[Backend]]
    """From a directory, and from what starts the real Unleash where it is needed."""
    slow: bool = False


@contextmanager
def _flag_file(root: Path, _: object) -> Iterator[Backend]:
    yield FlagFile(root)


@contextmanager
def _grants_file(root: Path, _: object) -> Iterator[Backend]:
    yield GrantsFile(root)


@contextmanager
def _team(root: Path, _: object) -> Iterator[Backend]:
    yield Team(root)


@contextmanager
def _hook(root: Path, _: object) -> Iterator[Backend]:
    receiver = Receiver()
    with outside(receiver) as there:
        yield Hook(root, there.url, receiver)


@contextmanager
def _double(root: Path, _: object) -> Iterator[Backend]:
    double = UnleashDouble()
    with outside(double) as there:
        yield Features(root, there.url, double)


@contextmanager
def _real(root: Path, server: Callable[[], Server]) -> Iterator[Backend]:
    yield RealFeatures(root, server())


@contextmanager
def _rehearsed(_root: Path, _: object) -> Iterator[Backend]:
    yield Rehearsed("flagd")


@contextmanager
def _rehearsed_by_name(_root: Path, _: object) -> Iterator[Backend]:
    yield Rehearsed("grants")


KINDS = {
    "flagd": Kind(_flag_file),
    "grants": Kind(_grants_file),
    "litellm": Kind(_team, slow=True),
    "webhook": Kind(_hook),
    "unleash-double": Kind(_double),
    "unleash": Kind(_real, slow=True),
    "rehearsed": Kind(_rehearsed),
    "rehearsed-by-name": Kind(_rehearsed_by_name),
}
"""What is asked."""

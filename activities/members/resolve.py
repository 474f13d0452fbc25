"""Read who is in cohorts, keep the lists, and answer with digests and counts: names never leave by this door."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from temporalio import activity

from activities.beat import beat
from activities.drivers.contract import Trouble
from activities.members.read import read, spelled
from store import migrate
from store.engine import Unreachable
from store.rolls import Rolls
from tidegate.models.member import Resolved, Snapshot, owes_training
from tidegate.models.task import ResolveRequest
from tidegate.models.training import Counted, Curriculum

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from tidegate.models.member import CohortRoll, Participant

log = logging.getLogger("tidegate.members")
_SAID = 200


class MemberActivities:
    """The activity that reads who is in cohorts, and keeps that in the store of a URL."""

    def __init__(
        self, url: str, root: Path, listed: Callable[[str, CohortRoll], Sequence[Participant]] | None = None
    ) -> None:
        """Read from files under this root, unless somebody else says who is listed."""
        self._url = url
        self._rolls = Rolls(url)
        self._listed = listed or (lambda _, roll: read(roll, root))
        self._opened = False

    @activity.defn(name="resolve", no_thread_cancel_exception=True)
    def resolve(self, task: ResolveRequest) -> Snapshot:
        """Read each; one that cannot be read spoils no other's answer."""
        found = {}
        for name, roll in task.cohorts.items():
            beat()
            found[name] = self.take(name, roll, task.as_of)
        return Snapshot(cohorts=found)

    def take(self, cohort: str, roll: CohortRoll, as_of: datetime) -> Resolved:
        """Read who is in a cohort and keep it; the same people have the same digest, whenever they are read."""
        try:
            people = self._listed(cohort, roll)
            trains = roll.source.trained_until is not None
            self._open()
            digest = self._rolls.keep(cohort, spelled(people, trains=trains), as_of)
        except (Trouble, Unreachable, migrate.Ahead) as error:
            return Resolved(note=_line(str(error)))
        except Exception as error:  # noqa: BLE001  # a source may fail in any way; its words may hold names
            log.warning("it cannot be read who is in %s: %s", cohort, type(error).__name__)
            return Resolved(note=f"it failed: {type(error).__name__}")
        good = [one for one in people if not owes_training(roll.source, one, as_of.date())]
        groups = {
            group: Counted(people=_of(people, group), trained=_of(good, group))
            for group in (Curriculum if trains and roll.source.group is not None else ())
            if _of(people, group)
        }
        trained = len(good) if trains else None
        return Resolved(digest=digest, people=len(people), trained=trained, groups=groups)

    def _open(self) -> None:
        """Bring the tables forward where nobody has yet: a rollout may begin before anything was stored."""
        if not self._opened:
            migrate.upgrade(self._url)
            self._opened = True


def _of(people: Sequence[Participant], group: Curriculum) -> int:
    return sum(one.group is group for one in people)


def _line(text: str) -> str:
    return " ".join(text.split())[:_SAID].rstrip() or "no reason given"

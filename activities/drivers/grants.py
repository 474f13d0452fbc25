"""Exposure enforced by a file of resolved grants, which any gateway can read: person, models, verbs, data, budget.

It holds people by name, so it must be told who they are: without a source for a cohort nothing of it can be granted.
Who leaves is taken out by `refresh`, at the epoch that is there. A reduction needs nobody: while it cannot be read who
is in a cohort, it takes from those who are listed. The form of it all is in `grants_section`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from activities.drivers import grants_section
from activities.drivers.contract import (
    Actual,
    Capabilities,
    Protection,
    Stale,
    Turnover,
    Unlisted,
    Unreadable,
    Unwritten,
    presets,
)
from activities.drivers.shared_file import SharedFile, needed
from tidegate.models.exposure import CohortShare
from tidegate.models.member import Participant
from tidegate.permit import served

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from activities.drivers.contract import People
    from activities.drivers.grants_section import Listed, Roles
    from tidegate.models.exposure import Exposure

_HOLDS = "grants"
_READ_BY_GROUP = 0o640
"""It holds names of people: nobody reads it but its owner and the gateway's group."""
_NOBODY = CohortShare(share=0, people=0)


class Grants:
    """The grants of one use case. Settings: `file`, under the root unless absolute, and the name of its `agent`."""

    capabilities = Capabilities(fences=True, protection=Protection.GATEWAY)

    def __init__(self, settings: Mapping[str, str], root: Path, people: People | None) -> None:
        file, self._agent = needed(settings, "grants", "file", "agent")
        self._file = SharedFile(file, root, what="grants file", holds=_HOLDS, mode=_READ_BY_GROUP)
        self._presets = presets(settings)
        self._people = people

    def observe(self) -> Actual:
        """Say what the file really gives, from who is listed with what."""
        return grants_section.served(self._section(self._file.document()), self._known)

    def apply(self, desired: Exposure, epoch: int, key: str, redirect_to: str | None) -> None:
        """Replace our grants, unless what is there is newer."""
        with self._file.locked():
            try:
                document = self._file.document()
            except Unreadable:
                self._file.keep_aside()
                document = {}
            found = self._section(document)
            if self._fenced(found, Actual(desired, epoch), redirect_to):
                return
            people = self._listing(desired, _said(found))
            section = grants_section.written(Actual(desired, epoch), key, redirect_to, people, self._presets)
            document.setdefault(_HOLDS, {})[self._agent] = section
            self._file.replace(document)

    def refresh(self, *, admit: Collection[str]) -> Turnover:
        """Take out who is entitled no more, and bound what is left by the presets as they are now."""
        with self._file.locked():
            document = self._file.document()
            found = self._section(document)
            if found is None:
                return Turnover(0, 0)
            said, actual = grants_section.listed(found), grants_section.served(found, self._known)
            if actual.exposure != said.exposure:
                # Somebody changed it by hand: written anew it would look as if nobody had. The rules judge that first.
                raise Unreadable("our grants were changed by hand", said.epoch)
            people: dict[str, Roles] = {}
            for cohort, part in said.exposure.cohorts.items():
                here = said.of(cohort)
                entitled = self._entitled(cohort, part)
                joining = cohort in admit and not part.who
                stays = entitled if joining else [person for person in entitled if person.id in here]
                _enter(people, cohort, served(self._agent, cohort, part, stays, here))
            section = grants_section.written(actual, found["key"], said.redirect_to, people, self._presets)
            if section != found:
                document[_HOLDS][self._agent] = section
                self._file.replace(document)
            return Turnover(len(said.people.keys() - people.keys()), len(people.keys() - said.people.keys()))

    def listed(self, cohort: str) -> tuple[str, ...]:
        """Return who is listed in a cohort now; nobody where that cannot be understood."""
        try:
            said = _said(self._section(self._file.document()))
        except Unreadable:
            said = None
        return () if said is None else said.of(cohort)

    def _section(self, document: dict[str, Any]) -> Any:
        return document.get(_HOLDS, {}).get(self._agent)

    def _fenced(self, found: Any, wanted: Actual, redirect_to: str | None) -> bool:
        """Whether it is there already; raises Stale if what is there is newer, or other content of this epoch."""
        epoch = grants_section.epoch_of(found)
        if epoch < wanted.epoch:
            return False
        actual = grants_section.served(found, self._known)
        if actual == wanted and grants_section.listed(found).redirect_to == redirect_to:
            return True
        raise Stale(actual)

    def _listing(self, desired: Exposure, there: Listed | None) -> dict[str, Roles]:
        """Return who is listed, and as what; nobody is added to a cohort that is not widened."""
        people: dict[str, Roles] = {}
        for cohort, part in desired.cohorts.items():
            was = _NOBODY if there is None else there.exposure.cohorts.get(cohort, _NOBODY)
            here = () if there is None else there.of(cohort)
            less = part <= was
            try:
                entitled: Sequence[Participant] = self._entitled(cohort, part)
            except (Unlisted, OSError) as error:
                if not less or there is None:
                    why = str(error) if isinstance(error, Unlisted) else "it cannot be read now"
                    raise Unwritten(f"nobody says who is in {cohort}: {why}") from error
                # Whom somebody altered, or a name leaves out that nobody can look up, is not served while that is so.
                here = here if there.untouched(cohort) and set(part.who) <= set(was.who) else ()
                entitled = [Participant(id=name, role=there.people[name][cohort]) for name in here]
            stays = [person for person in entitled if person.id in here] if less else entitled
            _enter(people, cohort, served(self._agent, cohort, part, stays, here))
        return people

    def _entitled(self, cohort: str, part: CohortShare) -> Sequence[Participant]:
        if self._people is None:
            raise Unlisted(f"no source of members is at hand for {cohort}")
        return self._people.entitled(cohort, part)

    def _known(self, cohort: str, part: CohortShare) -> Collection[str] | None:
        try:
            return None if self._people is None else self._people.known(cohort, part)
        except (Unlisted, OSError):
            return None


def _said(found: Any) -> Listed | None:
    try:
        return None if found is None else grants_section.listed(found)
    except Unreadable:
        return None


def _enter(people: dict[str, Roles], cohort: str, found: Sequence[Participant]) -> None:
    for person in found:
        people.setdefault(person.id, {})[cohort] = person.role

"""The waves as a ladder: what each one exposes, all waves before it included.

A wave only ever adds. Whatever would silently take away, or add nothing because more was given before, is a finding.
Knows exposure and the rules of stages; nothing of metrics, people or dates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.authoring.standards import not_longer
from tidegate.models.base import Mode, Stage, Verb
from tidegate.models.exposure import CohortShare, Exposure
from tidegate.models.finding import Finding, Path, Severity, error
from tidegate.models.plan import Rung
from tidegate.tiers import modes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.models.playbook import Playbook
    from tidegate.models.programme import Programme
    from tidegate.models.stage import Authority, StagePlan, Wave
    from tidegate.models.standard import StageRules

_WHOLE = 10_000


def ladder(
    programme: Programme, playbook: Playbook, stages: Mapping[Stage, StagePlan], rules: Mapping[Stage, StageRules]
) -> tuple[tuple[Rung, ...], tuple[Finding, ...]]:
    """Return the waves of all stages in order, and what is wrong with them."""
    rungs: list[Rung] = []
    found: list[Finding] = []
    for stage, plan in stages.items():
        for index, wave in enumerate(plan.waves):
            place = (stage.value, "waves", index)
            before = rungs[-1].exposure if rungs else None
            step = _Step(programme, playbook, stage, plan, wave, place, rules[stage], before)
            rungs.append(step.rung(found))
            found.extend(_over(rungs[-1], rules[stage], place))
    return tuple(rungs), tuple(found)


class _Step:
    """One wave beside everything that it inherits from."""

    def __init__(
        self,
        programme: Programme,
        playbook: Playbook,
        stage: Stage,
        plan: StagePlan,
        wave: Wave,
        place: Path,
        rules: StageRules,
        before: Exposure | None,
    ) -> None:
        self.programme, self.playbook, self.stage, self.plan = programme, playbook, stage, plan
        self.wave, self.place, self.rules, self.before = wave, place, rules, before

    @property
    def opens_stage(self) -> bool:
        """Whether it is the first wave of its stage, and so brings what the stage adds."""
        return self.wave is self.plan.waves[0]

    def rung(self, found: list[Finding]) -> Rung:
        """Return the wave on the ladder."""
        wave, plan, rules = self.wave, self.plan, self.rules
        found.extend(self._times())
        cohorts = self._cohorts(found)
        risks = [cohort.risk for name in cohorts if (cohort := self.programme.cohorts.get(name)) is not None]
        return Rung(
            stage=self.stage,
            wave=wave.name,
            exposure=self._exposure(cohorts, found),
            observe=wave.observe or rules.min_observation,
            max_observe=wave.max_observe or rules.max_observation,
            min_samples=wave.min_samples or 0,
            advance_when=wave.advance_when or plan.advance_when,
            together=wave.together or plan.together,
            pause_when=plan.pause_when,
            guard_when=plan.guard_when,
            manual=(*plan.manual, *wave.manual),
            risk=wave.risk or max(risks, default=1),
        )

    def _times(self) -> Iterator[Finding]:
        wave, rules = self.wave, self.rules
        if wave.observe is not None and not not_longer(rules.min_observation, wave.observe):
            yield error(
                "P3", (*self.place, "observe"),
                f"`{wave.name}` is watched for {wave.observe}; at this stage it is at least {rules.min_observation}",
                f"Write {rules.min_observation} or more.",
            )  # fmt: skip
        if wave.max_observe is not None and not not_longer(wave.max_observe, rules.max_observation):
            yield error(
                "P3", (*self.place, "max_observe"),
                f"`{wave.name}` may wait {wave.max_observe}; at this stage it is at most {rules.max_observation}",
                f"Write {rules.max_observation} or less.",
            )  # fmt: skip
        observe, most = wave.observe or rules.min_observation, wave.max_observe or rules.max_observation
        if not not_longer(observe, most):
            yield error(
                "P3", (*self.place, "observe"),
                f"`{wave.name}` is watched for {observe}, longer than the {most} after which people must look",
                "Split the wave, or watch it for a shorter time.",
            )  # fmt: skip

    def _cohorts(self, found: list[Finding]) -> dict[str, CohortShare]:
        wave = self.wave
        names = (wave.cohort,) if isinstance(wave.cohort, str) else wave.cohort
        share = _WHOLE if wave.share is None else int(wave.share)
        parts: dict[str, CohortShare] = {}
        for name in names:
            size = self.programme.cohorts.get(name)
            limits = [] if size is None else [-(-size.people * share // _WHOLE)]
            limits += [] if wave.max_users is None else [wave.max_users]
            if not limits:
                found.append(error(
                    "P5", (*self.place, "cohort"), f"nobody says how many people `{name}` has",
                    "Give `max_users`, or name the cohort and its size in the programme.",
                ))  # fmt: skip
            parts[name] = CohortShare(share=share, people=min(limits, default=1))
            if not parts[name].serves:
                found.append(
                    error("P5", (*self.place, "share"), f"`{wave.name}` serves nobody", "Give a share above 0%.")
                )
            had = self.before.cohorts.get(name) if self.before is not None else None
            if had is not None and (share < had.share or parts[name].people < had.people):
                found.append(error(
                    "P6", self.place,
                    f"`{wave.name}` names {parts[name].people} people of `{name}`, where {had.people} have it already",
                    "Give at least what the wave before has, or leave the cohort out: it keeps what it has.",
                ))  # fmt: skip
        return parts

    def _exposure(self, cohorts: dict[str, CohortShare], found: list[Finding]) -> Exposure:
        wave, before = self.wave, self.before
        first, opens = before is None, self.opens_stage
        for dimension in ("paths", "regions"):
            if getattr(wave, dimension) and before is not None and not getattr(before, dimension):
                said = f"`{wave.name}` is the first to tell {dimension} apart; the waves before it have all of them"
                found += [error("P6", (*self.place, dimension), said, f"Name the {dimension} from the first wave on.")]
        added = Exposure(
            cohorts=cohorts,
            paths=wave.paths,
            regions=wave.regions,
            models=(*(self.playbook.models if first else ()), *(self.plan.models if opens else ()), *wave.models),
            data=tuple(self.playbook.data) if first else (),
            grants=self._grants(found),
            runs_per_day=self._limit("runs_per_day", found),
            budget_per_month=self._limit("budget_per_month", found),
        )
        return added if before is None else before.join(added)

    def _limit(self, name: str, found: list[Finding]) -> Any:
        own, stage = getattr(self.wave, name), getattr(self.plan, name)
        if self.before is None:
            return stage if own is None else own
        had = getattr(self.before, name)
        asked, where = (own, self.place) if own is not None else (stage if self.opens_stage else None, self.place[:1])
        if asked is not None and (had is None or asked < had):
            found.append(error(
                "P6", (*where, name),
                f"`{name}` of {asked} has no effect: the wave before has {'no limit' if had is None else had}",
                "Give the earlier waves a limit that is not above this one.",
            ))  # fmt: skip
        # A later wave never has less: that would take away from people who are served.
        return had if asked is None or had is None else max(had, asked)

    def _grants(self, found: list[Finding]) -> dict[str, Mode]:
        parts: list[tuple[Path, dict[str, Authority]]] = [((*self.place, "may"), self.wave.may)]
        if self.opens_stage:
            parts.insert(0, ((self.stage.value, "may"), self.plan.may))
        if self.before is None:
            parts.insert(0, (("may",), self.playbook.may))
        grants: dict[str, Mode] = {}
        for path, may in parts:
            for system, authority in may.items():
                for index, (verb, mode) in enumerate(modes(authority).items()):
                    place = (*path, system, verb.value if isinstance(authority, dict) else index)
                    name = f"{system}:{verb.value}"
                    lawful = self._lawful(place, name, verb, mode, found)
                    grants[name] = max(grants.get(name, Mode.DENY), lawful, key=lambda mode: mode.rank)
        return grants

    def _lawful(self, place: Path, name: str, verb: Verb, mode: Mode, found: list[Finding]) -> Mode:
        """Return how far a verb may really go at this stage, and say so where that is less than was asked."""
        if mode is Mode.DENY:
            if self.before is not None and name in self.before.grants:
                found.append(error(
                    "P6", place, f"`{name}` cannot be taken away here: an earlier wave has it",
                    "Take it out of the earlier wave, or write an amendment.",
                ))  # fmt: skip
            return mode
        stage = self.stage.value.replace("_", " ")
        if verb in self.rules.denied:
            found.append(error(
                "P7", place, f"`{name}` is not to be had at stage {stage}",
                "Leave it out here; ask for it under `may` of a later stage that has it.",
            ))  # fmt: skip
            return Mode.DENY
        if mode is Mode.ALLOW and verb in self.rules.review_only:
            found.append(Finding(
                "P7", Severity.WARNING, place, f"`{name}` is reviewed by a person at stage {stage}, not just allowed",
                f"Write `{verb.value}: review` to say so.",
            ))  # fmt: skip
            return Mode.REVIEW
        return mode


def _over(rung: Rung, rules: StageRules, place: Path) -> Iterator[Finding]:
    """Find where what has piled up on a wave is more than its stage may have."""
    if rules.max_people is not None and rung.exposure.people > rules.max_people:
        yield error(
            "P3", place, f"`{rung.wave}` serves {rung.exposure.people} people; this stage at most {rules.max_people}",
            "Serve fewer, or move the wave to a later stage.",
        )  # fmt: skip
    for name, mode in rung.exposure.grants.items():
        verb = Verb(name.rpartition(":")[2])
        if verb in rules.denied or (mode is Mode.ALLOW and verb in rules.review_only):
            yield error(
                "P6", place, f"`{name}` comes from an earlier stage in mode {mode.value}; this stage has less",
                "Give it no further in the earlier stage than this stage allows.",
            )  # fmt: skip

"""What a team writes to rehearse a rollout: the people, the figures, the accidents, and what must come of them.

Nothing here is a rule of a rollout: the real workflow is lived through, and this is the world around it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from tidegate.models.base import Authored, Function, GateKind, Id, Key, Line, Span, Stage
from tidegate.models.event import Choice
from tidegate.models.sight import Moment, Sight, When, in_short


class Between(Authored):
    """From when until when."""

    since: When
    """From when on."""
    until: When
    """Until when."""


class Habit(Authored):
    """How somebody answers whenever they are asked; the first that fits counts."""

    who: Id | Function | None = None
    """A person, or everybody of a function; everybody if not given."""
    gate: GateKind | None = None
    """About which kind of round of votes; any if not given."""
    wave: Key | None = None
    """About which wave; any if not given."""
    to: Line | None = None
    """Asked to do what, by its verb, such as `resume`, `reading` or `approve`; anything if not given."""
    after: Span = Span.of("4bh")
    """How long after being asked, in their own working time where it is said in `bh` or `bd`."""
    says: Choice | Literal["nothing"] = Choice.APPROVE
    """What they say."""
    reason: Line = "Looked at, and in order."
    """Why."""
    times: int | None = Field(default=None, ge=1)
    """How often they answer so; always if not given."""


class Absence(Between):
    """Somebody who is not there."""

    who: Id
    """Who."""
    known: bool = True
    """Whether their calendar says so; otherwise nobody knows, and they just do not answer."""


def _text(value: Any) -> Any:
    """Return a number as it was written: a figure that is a number is a formula too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _several(value: Any) -> Any:
    """Return one as a list of one."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


class Series(Authored):
    """What a metric says over time; in short only its value."""

    value: Annotated[str, BeforeValidator(_text, json_schema_input_type=str | float)] | None = None
    """A number, or a formula of `day`, days since the start: `3 + 0.02 * day`."""
    csv: str | None = None
    """A file of `day,value,n` or `at,value,n`, beside the scenario."""
    n: int = Field(default=1_000, ge=0)
    """Over how many cases."""
    since: When | None = None
    """From when on it says so; from the start if not given. The latest that has begun counts."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, said: Any) -> Any:
        return said if isinstance(said, dict) else {"value": said}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return in_short(handler(core), handler, "string", "number")


Several = Annotated[tuple[Series, ...], BeforeValidator(_several, json_schema_input_type=Series | tuple[Series, ...])]


class Failing(Between):
    """Something outside that does not do what it should for a while."""

    name: Key | None = None
    """Which target, source or channel; all of the kind if not given."""
    how: Literal["fails", "away", "unknown", "slow", "lies", "partial", "no_data", "stale", "nan", "few"] = "fails"
    """What it does: `fails` says no; `away` is out of reach and out of sight; `unknown` may have done it; `slow` does
    it late; `lies` says that it was done; `partial` reaches some; `no_data`, `stale`, `nan` and `few` are what a source
    may say."""


class Happening(Authored):
    """Something that somebody does, or that befalls the rollout."""

    when: When
    """When."""
    who: Id | None = None
    """Who says it."""
    says: Line | None = None
    """A verb as `tidegate --help` names it, such as `rollback`; an alert is said by monitoring. Of `left` and `back`
    the words say which `person`."""
    words: dict[str, Any] = Field(default_factory=dict)
    """What else is said, as the message has it. `"$gate"` and `"$subject"` stand for the open round, `"$plan"` for the
    revision in force, `"$now"` for the moment, and `"$n"` for the how manieth time it is said."""
    amend: dict[str, Any] = Field(default_factory=dict)
    """Changes to the playbook or (under `programme`) to the programme, by path: `limited.waves.0.share: 30%`."""
    serves: Key | None = None
    """Somebody changes the flag by hand so that it serves this wave, or `nothing`; or so that it is `nonsense`."""
    target: Key | None = None
    """Where; the first target if not given."""
    joins: dict[Key, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """So many people join a cohort whose members are read by name."""
    leaves: dict[Key, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """So many of those who have been in it longest leave it."""
    restored: When | None = None
    """The ledger is put back as it was then: what it has kept since is gone."""
    repeat: int = Field(default=1, ge=1, le=5_000)
    """How often it is said."""
    same_id: bool = False
    """Whether it is the same message each time, as a double click sends it."""


class During(Authored):
    """Between two sights; from the start, and to the end, if not given."""

    since: When | None = None
    """From when on."""
    until: When | None = None
    """Until when."""
    freeze: Id | None = None
    """While this freeze lasts, instead of the two."""

    @model_validator(mode="after")
    def _one(self) -> During:
        if self.freeze is not None and (self.since is not None or self.until is not None):
            raise ValueError("a freeze says itself from when until when: leave out `since` and `until`, or `freeze`")
        return self


_BOUND = re.compile(r"^\s*<=\s*(?:(\d{1,9})(?: people)?|([a-z0-9][a-z0-9._/:-]{0,98}))\s*$")


class Expectation(Authored):
    """What must come of it: one of `never`, `eventually`, or a bound, also written `exposure: "<= pmo"`."""

    never: Sight | None = None
    """This is not seen."""
    eventually: Sight | None = None
    """This is seen."""
    by: When | None = None
    """At the latest then."""
    at_most: Key | None = None
    """No more is served, as read back, than this wave serves, or `nothing`."""
    people: int | None = Field(default=None, ge=0)
    """No more people are served, as read back."""
    during: During = During()
    """Meanwhile."""
    why: Line | None = None
    """What it guards, for whoever reads that it did not come."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, said: Any) -> Any:
        if not isinstance(said, dict) or "exposure" not in said:
            return said
        found = _BOUND.match(str(said["exposure"]))
        if found is None:
            raise ValueError("a bound of exposure is written '<= pilot/home-quarter', '<= nothing' or '<= 40 people'")
        bound = {"people": int(found[1])} if found[1] else {"at_most": found[2]}
        rest = {name: part for name, part in said.items() if name != "exposure"}
        if bound.keys() & rest.keys():
            raise ValueError("the same bound is given twice: keep `exposure` or the other")
        return rest | bound

    @model_validator(mode="after")
    def _whole(self) -> Expectation:
        bound = self.at_most is not None or self.people is not None
        if (self.never is not None) + (self.eventually is not None) + bound != 1:
            raise ValueError("it says one thing: `never`, `eventually`, or a bound of exposure")
        for name, sight in (("never", self.never), ("eventually", self.eventually)):
            if sight is not None and not sight.says:
                raise ValueError(f"`{name}` says nothing of what is seen; name a wave, an action, a reason, a person")
        if self.by is not None and self.eventually is None:
            raise ValueError("`by` is the last moment of what must come: it goes with `eventually`; use `during` here")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        body = handler(core)
        said = "No more is served, as read back: `<= pilot/home-quarter`, `<= nothing` or `<= 40 people`."
        form = {"type": "string", "pattern": _BOUND.pattern, "description": said}
        handler.resolve_ref_schema(body)["properties"]["exposure"] = form
        return body


class Scenario(Authored):
    """One rehearsal."""

    scenario: Id
    """Its name."""
    title: Line
    """What it is about, in one sentence."""
    guards: tuple[Line, ...] = ()
    """Which rules it guards, by the names in `tests`' table of rules that can be switched off."""
    playbook: str | None = None
    """Which playbook, from this file; the one that is named at the command line otherwise."""
    programme: str | None = None
    """Which programme, from this file; found as always otherwise."""
    changes: dict[str, Any] = Field(default_factory=dict)
    """What the playbook or (under `programme`) the programme says otherwise here, by path."""
    starts: Moment | None = None
    """When it is started; the next working morning if not given."""
    until: Stage | Literal["end", "operating"] | When = "operating"
    """Until it stands in this stage, is handed over, or is over; or until a moment, where the point is made by then."""
    years: Annotated[Decimal, Field(ge=0, le=5)] = Decimal(1)
    """So many years of operating are lived through."""
    people: tuple[Habit, ...] = ()
    """How people answer; whoever is not named says yes within half a working day."""
    absences: tuple[Absence, ...] = ()
    """Who is not there."""
    figures: dict[Id, Several] = Field(default_factory=dict)
    """What metrics say; whatever is not named is as good as its goal."""
    sources: tuple[Failing, ...] = ()
    """Sources that fail."""
    targets: tuple[Failing, ...] = ()
    """Targets that fail."""
    channels: tuple[Failing, ...] = ()
    """Channels that fail."""
    ledger: tuple[Between, ...] = ()
    """When evidence cannot be stored."""
    worker: tuple[Between, ...] = ()
    """When no worker runs."""
    happens: tuple[Happening, ...] = ()
    """What is done, and what befalls it."""
    expect: tuple[Expectation, ...] = ()
    """What must come of it."""

"""What people do in two years of operating without being asked: an exception, revisions, a new model, a new owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.cli import lives, triage
from tests.cli.robot import Errand, Robot
from tests.cli.triage import NAME
from tests.pure.keys import public

CHANGES = "platform-lead"
"""Who owns changes once it was handed over: delivery has stepped back."""
LEAVES, SUCCESSOR = triage.RECEIVER, "ops-successor"
_ROSTER = "compliance-lead"
"""Who may change the page of people."""
_EXCEPTION = timedelta(days=30)
_NOTICE = timedelta(days=60)
YEARS = timedelta(days=2 * 365)
NEGLECTED = "sample"
"""What nobody does for once."""


class Errands:
    """Errands of people who have the playbook and the programme before them."""

    def __init__(self, place: Path) -> None:
        """Find them in a folder."""
        self._playbook = place / f"{NAME}.yaml"
        self._programme = place / "programme.yaml"
        self.issue = ""

    def all(self) -> list[Errand]:
        """Return every errand and its day."""
        days = {
            15: self.exception,
            75: self.settle,
            90: self.tighten,
            110: self.loosen,
            150: self.neglect,
            200: self.announce,
            220: self.new_model,
            270: self.join,
            300: self.leave,
            YEARS.days: self.retire,
        }
        return [Errand(timedelta(days=day), do) for day, do in days.items()]

    async def exception(self, robot: Robot) -> None:
        """Somebody reports a problem; the owner asks to live with it for a month, and who may accept it does."""
        await robot.say("issue", NAME, "Letters in pale ink are put into the wrong class.", who="claims-head")
        self.issue = (await robot.ask("exception", "show", NAME))["issues"][0]["id"]
        until = datetime.fromisoformat(robot.looks[-1]["at"]) + _EXCEPTION
        said = ("--control", "A second handler reads each of them.", "--until", until.isoformat())
        await robot.say("exception", "request", NAME, self.issue, *said, "--reason", "They are few.", who=CHANGES)
        (asked,) = (await robot.ask("exception", "show", NAME))["exceptions"]
        who = robot.somebody(asked["may_grant"])
        await robot.say("exception", "decide", NAME, asked["id"], "--grant", who=who)

    async def settle(self, robot: Robot) -> None:
        """The exception has ended by itself; the problem is solved."""
        await robot.say("issue", NAME, "--settle", self.issue, "--evidence", "docs/pale-ink.md", who="risk-officer")

    async def tighten(self, robot: Robot) -> None:
        """A threshold acts sooner: that asks nobody."""
        said = await self._amend(robot, CHANGES, ('hold: "> 60"', 'hold: "> 58"'))
        assert said["standing"]["awaits"] == []

    async def loosen(self, robot: Robot) -> None:
        """Another acts later: that asks everybody again."""
        said = await self._amend(robot, CHANGES, ('hold: "< 85"', 'hold: "< 84"'))
        assert said["standing"]["awaits"] != []

    async def neglect(self, robot: Robot) -> None:
        """For once nobody looks at real runs."""
        robot.neglects = NEGLECTED

    async def announce(self, robot: Robot) -> None:
        """The supplier gives up the model in two months: that is counted down, and looked at now."""
        ends = datetime.fromisoformat(robot.looks[-1]["at"]) + _NOTICE
        gone = ("--what", "model", "--name", "triage-medium", "--ends", ends.isoformat(), "--evidence", "docs/end.md")
        await robot.say("changed", NAME, *gone, who=CHANGES)
        self.issue = (await robot.ask("exception", "show", NAME))["issues"][0]["id"]

    async def new_model(self, robot: Robot) -> None:
        """Its successor was evaluated, and takes its place: that asks everybody again."""
        await robot.say("issue", NAME, "--settle", self.issue, "--evidence", "docs/evaluation.md", who="risk-officer")
        self._change(self._programme, ("  triage-medium: {", "  triage-medium-2: {"))
        said = await self._amend(robot, CHANGES, ("models: [triage-medium]", "models: [triage-medium-2]"))
        assert said["standing"]["awaits"] != []

    async def join(self, robot: Robot) -> None:
        """Somebody joins operations, who will follow its manager: whoever keeps the page of people says so."""
        lives.held(lives.key_of(self._programme.parent, SUCCESSOR), SUCCESSOR)
        said = "name: Next operations manager, functions: [operations], deputy: ops-deputy, manager: true"
        line = f"  {SUCCESSOR}: {{{said}, keys: [{{key: {public(SUCCESSOR)}}}]}}\n"
        heads = (f"operations: {LEAVES}", f"operations: {SUCCESSOR}")
        self._change(self._programme, ("  ops-deputy:\n", f"{line}  ops-deputy:\n"), heads)
        await self._amend(robot, _ROSTER)
        robot.people[SUCCESSOR] = {"functions": ["operations"]}

    async def leave(self, robot: Robot) -> None:
        """The owner leaves: that holds it at once, somebody owes a name, and names who follows."""
        left = await robot.say("left", LEAVES, NAME, who=_ROSTER)
        (row,) = left["rollouts"]
        assert (row["control"], [owed["owner"] for owed in row["owed"]]) == ("held", ["ops-deputy"])
        robot.people[LEAVES]["active"] = False
        before = "    name: Operations manager\n"
        self._change(self._programme, (before, f"{before}    active: false\n"))
        await self._amend(robot, "claims-head", (LEAVES, SUCCESSOR))

    async def retire(self, robot: Robot) -> None:
        """It has done its work."""
        robot.retires = True

    async def _amend(self, robot: Robot, who: str, *changes: tuple[str, str]) -> dict[str, dict[str, object]]:
        self._change(self._playbook, *changes)
        said: dict[str, dict[str, object]] = await robot.say("amend", NAME, str(self._playbook), who=who)
        return said

    @staticmethod
    def _change(file: Path, *changes: tuple[str, str]) -> None:
        file.write_text(triage.changed(file.read_text("utf-8"), changes), "utf-8")

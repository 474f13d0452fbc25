"""How long a person waits for `tidegate`, beside a bare Typer program measured in the same run.

The bare program is Typer as it comes, with two verbs, asked for its help. Two more rows say how to read the figures:
Typer's help without Rich, and one bare verb that prints a word, for which Typer loads pydantic. `check` stands twice:
until it begins to work, and until it has judged a playbook under a programme of 26 people. Runs are interleaved, so
that a busy moment of the machine falls on all of them alike; the medians are compared.

    python -m bench.startup
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.around import AROUND
from bench.figures import ROOT, Bench, Result, Row, Table, main, middle

PLAYBOOK = "playbooks/minutes-summariser.yaml"
AIMS = {"tidegate --help": "<= 1.5"}

BARE = """
import typer

app = typer.Typer({options})


@app.command()
def hello(name: str) -> None:
    "Say hello."
    typer.echo(name)


@app.command()
def goodbye(name: str) -> None:
    "Say goodbye."
    typer.echo(name)


app()
"""


def seconds(command: list[str]) -> float:
    """Run a command and return how long it took."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=AROUND, check=True, capture_output=True)  # noqa: S603 - our own commands
    return time.perf_counter() - start


def measure(runs: int) -> Result:
    """Measure all in turns."""
    with tempfile.TemporaryDirectory() as folder:
        bare, plain = Path(folder, "bare.py"), Path(folder, "plain.py")
        bare.write_text(BARE.format(options=""), encoding="utf-8")
        plain.write_text(BARE.format(options="rich_markup_mode=None"), encoding="utf-8")
        tidegate = [sys.executable, "-m", "cli"]
        floor = [sys.executable, str(bare), "--help"]
        commands = {
            "bare Typer --help, plain text": [sys.executable, str(plain), "--help"],
            "bare Typer, one verb": [sys.executable, str(plain), "hello", "you"],
            "tidegate --help": [*tidegate, "--help"],
            "tidegate check --help": [*tidegate, "check", "--help"],
            "tidegate check PLAYBOOK": [*tidegate, "check", "--as-of", "2026-12-01", PLAYBOOK],
        }
        for command in (floor, *commands.values()):
            seconds(command)  # the first run fills the caches of the disk
        taken: dict[str, list[float]] = {name: [] for name in commands}
        floors = []
        for _ in range(runs):
            floors.append(seconds(floor))
            for name, command in commands.items():
                taken[name].append(seconds(command))
    ground = 1e3 * middle(floors)
    rows = [Row(name, 1e3 * middle(times), "ms", ground, AIMS.get(name)) for name, times in taken.items()]
    return Result([Table(f"Medians of {runs} runs in turns", "a bare Typer program, asked for its help", rows)])


BENCH = Bench(
    "The command line",
    "How long a person waits for `tidegate`. The floor is Typer as it comes, with two verbs, asked for its help. Two"
    " rows say how to read the figures: Typer's help without Rich, and one bare verb that prints a word, for which"
    " Typer loads pydantic. `check` stands twice: until it begins to work, and until it has judged a playbook under a"
    " programme of 26 people.",
    measure,
    usual={"runs": 9},
    tiny={"runs": 1},
)

if __name__ == "__main__":
    main(BENCH)

"""How long a person waits for `tidegate`, beside a bare Typer program measured in the same run.

The bare program is Typer as it comes, with two verbs, asked for its help. Two more rows say how to read the figures:
Typer's help without Rich, and one bare verb that prints a word, for which Typer loads pydantic. `check` stands twice:
until it begins to work, and until it has judged a playbook under a programme of 26 people. Runs are interleaved, so
that a busy moment of the machine falls on all of them alike; the medians are compared.

    python bench/startup.py [RUNS]
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAYBOOK = "playbooks/minutes-summariser.yaml"
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 15

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
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own commands
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        bare, plain = Path(folder, "bare.py"), Path(folder, "plain.py")
        bare.write_text(BARE.format(options=""), encoding="utf-8")
        plain.write_text(BARE.format(options="rich_markup_mode=None"), encoding="utf-8")
        tidegate = [sys.executable, "-m", "cli"]
        commands = {
            "bare Typer --help": [sys.executable, str(bare), "--help"],
            "bare Typer --help, plain text": [sys.executable, str(plain), "--help"],
            "bare Typer, one verb": [sys.executable, str(plain), "hello", "you"],
            "tidegate --help": [*tidegate, "--help"],
            "tidegate check --help": [*tidegate, "check", "--help"],
            "tidegate check PLAYBOOK": [*tidegate, "check", "--as-of", "2026-12-01", PLAYBOOK],
        }
        for command in commands.values():
            seconds(command)  # the first run fills the caches of the disk
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                taken[name].append(seconds(command))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    floor = medians["bare Typer --help"]
    print(f"medians of {RUNS} interleaved runs, and their ratio to a bare Typer program")
    for name, median in medians.items():
        print(f"  {name:<30} {median * 1000:6.0f} ms  {median / floor:5.2f}")


if __name__ == "__main__":
    main()

"""The README shows what really happens."""

from tests.docs.readme import README, renewed


def test_the_readme_shows_what_its_commands_print() -> None:
    """Each command of the README prints what stands below it, and the playbook shown is the one in `playbooks`."""
    written = README.read_text(encoding="utf-8")
    assert renewed(written) == written, "`python -m tests.docs.readme` writes the answers anew"

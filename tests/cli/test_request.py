"""`request`, as people type it, against a real server: made, seen by whom it waits for, answered, and told."""

from __future__ import annotations

from tests.cli.lab import Lab, needs_server, until
from tests.cli.run import Here

ASK = ("request", "alternative-tool", "A public chat", "--data", "internal", "--in-use", "--as", "ops-manager")


@needs_server
def test_a_request_is_made_seen_and_answered(lab: Lab) -> None:
    """Whoever owes the answer has it in their inbox until they answer; then whoever asked is told, and it is listed."""
    made = lab.words(*ASK, "--task", "Summaries of meetings.")
    assert (made["new"], made["to"], made["overdue"]) == (True, "governance-lead", False)
    name = made["name"]
    assert lab.words(*ASK, "--task", "Summaries of meetings.")["new"] is False
    assert lab.run(*ASK, "--task", "Another task.", "--as", "stranger").code == 3
    (waits,) = [one for one in lab.words("inbox", "--as", "governance-lead")["items"] if one["use_case"] == name]
    assert waits["command"].startswith(f"tidegate request answer {name} --approve USE_CASE")
    assert waits["then"] == "more people are asked, up to the executives"
    assert [one["name"] for one in lab.words("request", "list")["requests"]] == [name]

    says = ("request", "answer", name, "--reason", "It keeps what it is told.", "--as")
    assert lab.run(*says, "governance-lead", "--approve", "no-such-use-case").code == 5
    assert lab.words(*says, "ops-manager", "--deny", code=3)["code"] == "not_yours"
    assert lab.words(*says, "governance-lead", "--deny")["code"] == "alternative_answered"
    assert until(lambda: lab.words("request", "list")["requests"] == [])
    (done,) = lab.words("request", "list", "--all")["requests"]
    assert (done["given"]["outcome"], done["given"]["by"]) == ("denied", "governance-lead")
    kept = ("evidence", "list", "programme_requests", "--json")
    assert until(lambda: "It keeps what it is told." in lab.run(*kept).out)
    assert until(lambda: name in lab.run("notices", "--as", "ops-manager").out)


def test_a_request_and_its_answer_say_what_they_must(tidegate: Here) -> None:
    """Without a server it is said already what is lacking: a task, a class of data that there is, one answer."""
    for words in (("--task", " "), ("--task", "x", "--data", "juicy")):
        assert tidegate(*ASK, *words).code == 2
    answer = ("request", "answer", "a-public-chat-123456", "--reason", "So.", "--as", "coo")
    assert tidegate(*answer).code == 2
    assert tidegate(*answer, "--deny", "--approve", "minutes-summariser").code == 2

"""A request to the programme on a real server: silence reaches more people by itself, and what became of it lasts."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.zones import table
from store.reading import reading
from tests.pure import documents
from tests.workflows.rig import needs_test_server, virtual
from tidegate.authoring.read import read_programme
from tidegate.authoring.request import requested
from tidegate.models.base import DataClass
from tidegate.models.request import RequestAnswer, RequestStanding
from tidegate.request import STREAM
from workflows import ids

DAY = timedelta(days=1)


async def _lived() -> tuple[list[RequestStanding], RequestAnswer, RequestAnswer, list[Any], list[Any], list[str]]:
    """Live one request: nobody answers for three weeks, a stranger tries, then whoever owes it denies it."""
    programme, _ = read_programme(documents.programme())
    assert programme is not None
    async with virtual() as rig:
        now = (await rig.env.get_current_time()).replace(microsecond=0)
        words: dict[str, Any] = {"tool": "a chat", "task": "Summaries of meetings.", "in_use": True}
        state = requested(
            programme, table({"UTC", programme.calendar.zone}), now, by="ops-manager", data=DataClass.INTERNAL, **words
        )
        assert state is not None
        handle: Any = await rig.client.start_workflow(
            ids.REQUEST, state, id=ids.request_id(state.name), task_queue=ids.TASK_QUEUE
        )
        seen = []
        for days in (0, 4, 10, 8):
            await rig.env.sleep(days * DAY)
            seen.append(await handle.query("standing", result_type=RequestStanding))

        async def say(who: str) -> RequestAnswer:
            told = {"as": who, "outcome": "denied", "reason": "It keeps what it is told."}
            answer: RequestAnswer = await handle.execute_update("answer", told, result_type=RequestAnswer)
            return answer

        refused, given = await say("ops-manager"), await say(state.to)
        await asyncio.wait_for(handle.result(), 60)
        board = [json.loads(line) for line in (rig.home / "notices.jsonl").read_text("utf-8").splitlines()]
        with reading(f"sqlite:///{rig.home / 'ledger.db'}") as view:
            rows = [json.loads(row.body) for row in view.rows(STREAM)]
            texts = [one.text or "" for one in view.texts_of(STREAM)]
        return seen, refused, given, board, rows, texts


@needs_test_server
def test_q7_silence_reaches_more_people_until_somebody_answers() -> None:
    """Reminded, overdue, then the executives: by the clock alone, on the board, and in the ledger with its words."""
    seen, refused, given, board, rows, texts = asyncio.run(_lived())
    assert [one.overdue for one in seen] == [False, False, True, True]
    assert len(seen[0].asked) == 1 < len(seen[2].asked) <= len(seen[3].asked)
    assert (refused.outcome, given.outcome) == ("refused", "done")
    assert given.standing.given is not None
    actions = [row["action"] for row in rows]
    assert actions[0] == "asked for an alternative"
    assert actions[1:4] == ["unanswered: reminder", "unanswered: overdue", "unanswered: executives"]
    assert actions[-1] == "answered: denied"
    assert {row["actor"]["kind"] for row in rows} == {"human", "timer"}
    assert sorted(texts) == ["It keeps what it is told.", "Summaries of meetings."]
    assert "Summaries" not in json.dumps(rows)
    assert {*seen[0].asked, *seen[2].asked, *seen[3].asked, "ops-manager"} <= {
        person for line in board for person in line["to"]
    }
    assert datetime.fromisoformat(rows[-1]["occurred_at"]) < datetime.now(UTC) + 60 * DAY

"""Runs whole bots as processes, hands them batches, and waits for the end."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.benchmarks.rows import Note
from tests.databases import fresh_database
from tests.running import BotProcess, bot_process, until, worker_process
from tests.simulated import Simulator

UNLIMITED = {
    "BOT_REQUESTS_PER_SECOND": "1000",
    "GRAPH_INSTALLS_PER_SECOND": "1000",
    "GRAPH_READS_PER_SECOND": "1000",
}
"""The most that the settings allow: far beyond what one machine can send."""
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Bots:
    """A bot's endpoint and the processes that send for it."""

    front: BotProcess
    pids: Sequence[int]


@contextmanager
def database(kind: str, note: Note) -> Iterator[str | None]:
    """The URL of an empty database, or None when there is no PostgreSQL, which is noted."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        try:
            url = opened.enter_context(fresh_database(kind, folder))
        except pytest.skip.Exception as absent:
            note(f"{kind} is left out: {absent}")
            url = None
        yield url


@contextmanager
def bots(simulator: Simulator, url: str, workers: int, **settings: str) -> Iterator[Bots]:
    """So many workers: on SQLite the server's own, else processes beside a server that only
    answers."""
    with ExitStack() as opened:
        if url.startswith("sqlite"):
            front = opened.enter_context(bot_process(simulator, url, **settings))
            yield Bots(front, [front.process.pid])
            return
        front = opened.enter_context(
            bot_process(simulator, url, "serve", "--no-worker", **settings)
        )
        beside = [
            opened.enter_context(worker_process(simulator, url, **settings)).pid
            for _ in range(workers)
        ]
        yield Bots(front, [front.process.pid, *beside])


async def ready(bot: BotProcess) -> None:
    """Wait until sending can start."""
    async with httpx.AsyncClient(trust_env=False) as client:

        async def answered() -> bool | None:
            return (await client.get(f"{bot.url}/readyz")).status_code == 200 or None

        await until(answered, "the bot can send")


async def submit(bot: BotProcess, people: Sequence[dict[str, Any]], first_day: str) -> str:
    """A batch of these people by object id; its id. Who had another first day, at least 30 days
    earlier, is welcomed anew."""
    rows = [{"aad_object_id": one["id"], "start_date": first_day} for one in people]
    answer = await bot.api("POST", "/batches", json={"people": rows}, timeout=300)
    assert answer.status_code == 202, answer.text
    receipt = answer.json()
    assert receipt["audience"] == len(people), receipt
    return str(receipt["id"])


async def done(bot: BotProcess, batch_id: str, seconds: float, share: float = 1.0) -> None:
    """Wait until a batch is done. Raises AssertionError when less than a share of its people was
    sent to, or when it takes longer."""
    deadline = time.monotonic() + seconds
    while (seen := await bot.batch(batch_id))["state"] != "done":
        assert time.monotonic() < deadline, f"not done after {seconds:.0f} s: {seen['states']}"
        await asyncio.sleep(LOOK_EVERY_S)
    assert seen["states"]["sent"] >= share * seen["audience"], seen["states"]

"""The database goes away in the middle of a batch and comes back: the bot carries on by itself."""

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbos import DBOSClient, EnqueueOptions
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from onboarding.domain.deliveries import Draft, Key, Lane
from onboarding.store import deliveries, workers
from onboarding.work.engine import workflow_id
from tests.databases import closed_to_everybody, fresh_database, own_server
from tests.running import Bot, BotProcess, bot_process, running_bot, until, worker_process
from tests.simulated import Simulator, running_simulator

UNHURRIED = {"BOT_REQUESTS_PER_SECOND": "30", "GRAPH_INSTALLS_PER_SECOND": "30"}
SECONDS_TO_CARRY_ON = 40.0


@contextmanager
def two_workers(url: str) -> Iterator[tuple[BotProcess, list[subprocess.Popen[bytes]]]]:
    """A simulator with 160 people, a server that only serves, and two workers."""
    with ExitStack() as running:
        simulator = running.enter_context(running_simulator("--people", "170"))
        bot = running.enter_context(
            bot_process(simulator, url, "serve", "--no-worker", **UNHURRIED)
        )
        workers = [
            running.enter_context(worker_process(simulator, url, **UNHURRIED)) for _ in range(2)
        ]
        yield bot, workers


async def half_way(bot: Bot) -> str:
    """Submit a batch of 150 and wait until 40 are welcomed."""
    receipt = await bot.submit(*(await bot.simulator.ordinary(150)))
    batch_id = str(receipt["id"])

    async def begun() -> bool | None:
        return (await bot.batch(batch_id))["states"]["sent"] >= 40 or None

    await until(begun, "40 are sent")
    return batch_id


async def carries_on(bot: Bot, batch_id: str) -> None:
    """The batch ends soon after the database is back, and everybody saw it once: an answer that
    could not be written down is held until it can be."""
    began = time.monotonic()
    seen = await bot.until_done(batch_id)
    assert time.monotonic() - began < SECONDS_TO_CARRY_ON
    assert seen["states"]["sent"] == seen["audience"], seen["states"]
    welcomes = await bot.welcomes()
    assert len(welcomes) == seen["audience"]
    assert set(welcomes.values()) == {1}, "nobody twice"


@pytest.mark.parametrize("seconds_away", [0, 12])
async def test_a_crash_of_postgresql_in_mid_batch_is_lived_through(seconds_away: int) -> None:
    with own_server() as server, two_workers(server.url) as (bot, workers):
        batch_id = await half_way(bot)
        if seconds_away:
            server.stop()
            await asyncio.sleep(seconds_away)
            server.start()
        else:
            server.crash_and_restart()
        await carries_on(bot, batch_id)
        assert [worker.poll() for worker in workers] == [None, None]


async def test_a_database_that_throws_everybody_out_is_waited_for(tmp_path: Path) -> None:
    with fresh_database("postgresql", tmp_path) as url, two_workers(url) as (bot, workers):
        batch_id = await half_way(bot)
        with closed_to_everybody(url):
            await asyncio.sleep(3)
        await carries_on(bot, batch_id)
        assert [worker.poll() for worker in workers] == [None, None]


async def test_a_locked_sqlite_file_is_waited_for(simulator: Simulator, sqlite_url: str) -> None:
    with bot_process(simulator, sqlite_url, **UNHURRIED) as bot:
        people = await simulator.ordinary(40)
        batch_id = str((await bot.submit(*people))["id"])

        async def begun() -> bool | None:
            return (await bot.batch(batch_id))["states"]["sent"] >= 10 or None

        await until(begun, "10 are sent")
        other = sqlite3.connect(str(make_url(sqlite_url).database), timeout=30)
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(8)
        other.rollback()
        other.close()
        await carries_on(bot, batch_id)


async def test_what_the_engine_took_without_knowing_it_is_carried_out_all_the_same(
    simulator: Simulator, database_url: str
) -> None:
    """The commit with which DBOS takes a workflow reached the database, but its answer was lost:
    the workflow is a living worker's then, and nobody runs it."""
    async with running_bot(simulator, database_url) as bot:
        (one,) = await simulator.ordinary(1)
        key = Key(simulator.tenant_id, one["id"], "welcome", "employment:1")
        client = DBOSClient(system_database_engine=bot.app.database.engine)
        await bot.app.database.do(take_in_silence, client, Draft(key, "welcome", Lane.BULK))

        async def sent() -> bool | None:
            (row,) = await bot.owed(one["id"])
            return row.state == "sent" or None

        await until(sent, "the welcome is sent")
        assert len(await bot.chat(one)) == 1


def take_in_silence(connection: Connection, client: DBOSClient, draft: Draft) -> None:
    """Owe a delivery, a minute ago, whose workflow looks as if the running worker had it."""
    delivery_id = deliveries.owe(
        connection, draft, datetime.now(UTC) - timedelta(minutes=1), handed=True
    )
    assert delivery_id is not None
    work: EnqueueOptions = {
        "workflow_name": "deliver",
        "queue_name": str(draft.lane),
        "workflow_id": workflow_id(delivery_id, 1),
    }
    client.enqueue_in_transaction(connection, work, delivery_id, 1)
    postgresql = connection.dialect.name == "postgresql"
    owner = workers.living(connection).pop() if postgresql else "local"
    table = "dbos.workflow_status" if postgresql else "workflow_status"
    connection.execute(
        text(f"update {table} set status = 'PENDING', executor_id = :owner"), {"owner": owner}
    )

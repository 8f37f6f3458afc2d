"""kill -9, restarts and orderly ends: nobody lost, nobody twice."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, func, select

from onboarding.domain.deliveries import State
from onboarding.store.database import Database, open_database
from onboarding.store.tables import deliveries
from tests.databases import fresh_database
from tests.running import Bot, bot_process, until, worker_process
from tests.simulated import ROOT, Simulator, running_simulator

KILLS = 8
LATENCY_MS = [10, 150]


@pytest.mark.timeout(300)
async def test_a_bot_that_is_killed_eight_times_reaches_everybody_once(sqlite_url: str) -> None:
    chance = random.Random(8)
    with ExitStack() as running:
        simulator = running.enter_context(contoso(1_100))
        people = await simulator.ordinary(1_000)
        ledger = running.enter_context(opened(sqlite_url))
        in_flight: set[str] = set()
        batch_id, sent = "", 0
        for _ in range(KILLS):
            with bot_process(simulator, sqlite_url, **at_most(60)) as bot:
                batch_id = batch_id or (await bot.submit(*people))["id"]
                sent = await until_sent(bot, batch_id, sent + chance.randrange(70))
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                bot.kill()
            in_flight |= ledger.do_now(on_their_way)
        with bot_process(simulator, sqlite_url, **at_most(200)) as bot:
            await everybody_once(bot, batch_id, in_flight)


@pytest.mark.timeout(300)
async def test_workers_that_are_killed_eight_times_reach_everybody_once(tmp_path: Path) -> None:
    chance = random.Random(8)
    with ExitStack() as running:
        url = running.enter_context(fresh_database("postgresql", tmp_path))
        simulator = running.enter_context(contoso(1_100))
        people = await simulator.ordinary(1_000)
        ledger = running.enter_context(opened(url))
        pace = at_most(30)
        bot = running.enter_context(bot_process(simulator, url, "serve", "--no-worker", **pace))

        def start() -> subprocess.Popen[bytes]:
            return running.enter_context(worker_process(simulator, url, **pace))

        crew = [start(), start()]
        batch_id = (await bot.submit(*people))["id"]
        in_flight: set[str] = set()
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 3.0))
            place = chance.randrange(2)
            victim = crew[place]
            kill(victim)
            in_flight |= ledger.do_now(on_their_way, victim.pid)
            crew[place] = start()
        await everybody_once(bot, batch_id, in_flight)


async def test_what_a_killed_worker_held_is_taken_over_in_ten_seconds(tmp_path: Path) -> None:
    with ExitStack() as running:
        url = running.enter_context(fresh_database("postgresql", tmp_path))
        simulator = running.enter_context(contoso(360))
        people = await simulator.ordinary(300)
        ledger = running.enter_context(opened(url))
        pace = at_most(20)
        bot = running.enter_context(bot_process(simulator, url, "serve", "--no-worker", **pace))
        victim = running.enter_context(worker_process(simulator, url, **pace))
        running.enter_context(worker_process(simulator, url, **pace))
        batch_id = (await bot.submit(*people))["id"]
        await until_sent(bot, batch_id, 30)
        kill(victim)
        killed = time.monotonic()
        in_flight = ledger.do_now(on_their_way, victim.pid)
        before = (await bot.batch(batch_id))["states"]["sent"]
        assert ledger.do_now(held_by, victim.pid) > 0

        async def taken_over() -> bool | None:
            return ledger.do_now(held_by, victim.pid) == 0 or None

        await until(taken_over, "nothing is left to the dead worker")
        assert (await bot.batch(batch_id))["states"]["sent"] > before
        assert time.monotonic() - killed < 10
        await everybody_once(bot, batch_id, in_flight)


async def test_a_worker_that_stood_still_for_eight_seconds_doubles_nobody(tmp_path: Path) -> None:
    with ExitStack() as running:
        url = running.enter_context(fresh_database("postgresql", tmp_path))
        simulator = running.enter_context(contoso(360))
        people = await simulator.ordinary(300)
        pace = at_most(30)
        bot = running.enter_context(bot_process(simulator, url, "serve", "--no-worker", **pace))
        sleeper = running.enter_context(worker_process(simulator, url, **pace))
        running.enter_context(worker_process(simulator, url, **pace))
        batch_id = (await bot.submit(*people))["id"]
        await until_sent(bot, batch_id, 30)
        os.kill(sleeper.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(8)
        finally:
            os.kill(sleeper.pid, signal.SIGCONT)
        await until_sent(bot, batch_id, len(people))
        welcomes = await bot.welcomes()
        assert len(welcomes) == len(people)
        assert set(welcomes.values()) == {1}, "nobody twice"
        assert sleeper.poll() is None


async def test_sigterm_ends_the_bot_in_time_and_a_restart_finishes(database_url: str) -> None:
    with contoso(160) as simulator:
        people = await simulator.ordinary(120)
        with bot_process(simulator, database_url) as bot:
            batch_id = (await bot.submit(*people))["id"]
            await until_sent(bot, batch_id, 20)
            assert bot.terminate() < 15
            assert bot.process.returncode == 0
        with bot_process(simulator, database_url, **at_most(200)) as bot:
            await everybody_once(bot, batch_id, set())


async def test_what_an_ending_worker_still_finishes_is_not_called_unsure(tmp_path: Path) -> None:
    slow = {"delay_s": 6.5, "status": 503, "times": 6}
    with ExitStack() as running:
        url = running.enter_context(fresh_database("postgresql", tmp_path))
        simulator = running.enter_context(contoso(60))
        people = await simulator.ordinary(30)
        bot = running.enter_context(bot_process(simulator, url, "serve", "--no-worker"))
        ending = running.enter_context(worker_process(simulator, url))
        running.enter_context(worker_process(simulator, url))
        await simulator.post("/faults", api="connector", path="/activities$", **slow)
        batch_id = (await bot.submit(*people))["id"]
        await until_sent(bot, batch_id, 1)
        ending.terminate()
        assert await asyncio.to_thread(ending.wait, 15) == 0
        await everybody_once(bot, batch_id, set())


async def test_another_version_of_the_program_carries_out_what_an_older_one_had_in_hand(
    database_url: str, tmp_path: Path
) -> None:
    newer = tmp_path / "newer"
    for name in ("onboarding", "templates", "manifest"):
        shutil.copytree(ROOT / name, newer / name)
    shutil.copy(ROOT / "app.py", newer)
    engine = newer / "onboarding/work/engine.py"
    carried_out = "await deliver(delivery_id, attempt)"
    assert carried_out in engine.read_text()
    engine.write_text(
        engine.read_text().replace(carried_out, f"{carried_out}\n            return None")
    )
    with contoso(100) as simulator:
        people = await simulator.ordinary(80)
        with bot_process(simulator, database_url, **at_most(20)) as bot:
            batch_id = (await bot.submit(*people))["id"]
            await until_sent(bot, batch_id, 10)
            bot.kill()
        with bot_process(simulator, database_url, root=newer, **at_most(200)) as bot:
            seen = await bot.until_done(batch_id)
    states = {state: number for state, number in seen["states"].items() if number}
    assert states.keys() <= {"sent", "unsure"}, states


def test_readyz_is_200_only_when_sending_can_start(simulator: Simulator, sqlite_url: str) -> None:
    with bot_process(simulator, sqlite_url) as bot:
        assert httpx.get(f"{bot.url}/healthz").status_code == 200
        assert httpx.get(f"{bot.url}/readyz").status_code == 200
        assert "onboarding_lane" in httpx.get(f"{bot.url}/metrics").text
    with bot_process(simulator, sqlite_url, AZURE_CLIENT_SECRET="wrong") as bot:
        answer = httpx.get(f"{bot.url}/readyz")
        assert answer.status_code == 503
        assert "AZURE_CLIENT_SECRET" in str(answer.json()["problems"])


@contextmanager
def contoso(people: int) -> Iterator[Simulator]:
    """A simulator of this size whose services take their time."""
    with running_simulator("--people", str(people)) as simulator:
        simulator.now("PUT", "/settings", json={"latency_ms": LATENCY_MS})
        yield simulator


def at_most(rate: int) -> dict[str, str]:
    """Settings that make a batch last: so many sends and installs a second."""
    return {"BOT_REQUESTS_PER_SECOND": str(rate), "GRAPH_INSTALLS_PER_SECOND": str(rate)}


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The ledger, to look at while nobody or somebody else works on it."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9, and a moment for the database to notice that the connections are gone."""
    worker.kill()
    worker.wait()
    time.sleep(0.2)


def on_their_way(connection: Connection, pid: int | None = None) -> set[str]:
    """Who is being sent to, by the worker with this pid (or by anybody): calls whose answer has
    not been committed."""
    query = select(deliveries.c.recipient, deliveries.c.owner)
    rows = connection.execute(query.where(deliveries.c.state == State.SENDING))
    return {row.recipient for row in rows if pid is None or _is_of(row.owner, pid)}


def held_by(connection: Connection, pid: int) -> int:
    """How many deliveries the worker with this pid has claimed and not settled."""
    query = select(deliveries.c.owner, func.count().label("rows")).group_by(deliveries.c.owner)
    rows = connection.execute(
        query.where(deliveries.c.state.in_([State.QUEUED, State.SENDING]), deliveries.c.handed)
    )
    return sum(row.rows for row in rows if _is_of(row.owner, pid))


def _is_of(owner: str | None, pid: int) -> bool:
    return owner is not None and owner.split("-")[-2:-1] == [str(pid)]


async def until_sent(bot: Bot, batch_id: str, number: int) -> int:
    """Wait until so many of a batch are sent; how many are by then."""

    async def enough() -> int | None:
        sent = (await bot.batch(batch_id))["states"]["sent"]
        return sent if sent >= number else None

    return int(await until(enough, f"{number} are sent"))


async def everybody_once(bot: Bot, batch_id: str, in_flight: set[str]) -> None:
    """The batch ends; those in flight at a kill are unsure, everybody else saw one welcome."""
    seen = await bot.until_done(batch_id)
    by_state: dict[str, set[str]] = {}
    for row in await bot.deliveries(batch_id):
        by_state.setdefault(row["state"], set()).add(row["aad_object_id"])
    sent, unsure = by_state.pop("sent"), by_state.pop("unsure", set())
    assert not by_state, "nobody is lost, and nobody failed"
    assert unsure == in_flight, "unsure is whose call had no committed answer"
    welcomes = await bot.welcomes()
    assert set(welcomes.values()) == {1}, "nobody twice"
    assert sent <= welcomes.keys() <= sent | unsure
    assert len(sent | unsure) == seen["audience"]

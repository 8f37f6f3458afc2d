"""Microsoft's services in a bad hour: 2,000 people, and the ledger knows what became of each."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.databases import fresh_database
from tests.running import Bot, bot_process, until, worker_process
from tests.simulated import Simulator, running_simulator

AUDIENCE = 2_000
FAST = {
    "BOT_REQUESTS_PER_SECOND": "1000",
    "GRAPH_INSTALLS_PER_SECOND": "1000",
    "GRAPH_READS_PER_SECOND": "1000",
}
OUR_LIMIT_MS = 20_000
SEND = r"/v3/conversations/[^/]+/activities$"
OPEN = "/v3/conversations/?$"
INSTALL = "/installedApps$"
STORM: list[dict[str, Any]] = [
    {"delay_s": 3, "times": 5, "skip": 50},
    {"delay_s": 18, "times": 3, "skip": 200},
    {"delay_s": 23, "times": 3, "skip": 300},
    {"status": 429, "retry_after": 1, "probability": 0.025},
    {"status": 429, "probability": 0.025},
    {"status": 502, "body": "html", "probability": 0.007},
    {"status": 503, "probability": 0.007},
    {"status": 504, "body": "html", "probability": 0.006},
    {"drop": "after", "probability": 0.01},
    {"drop": "before", "probability": 0.01},
]
WHERE: list[dict[str, str]] = [
    {"api": "connector", "method": "POST", "path": SEND},
    {"api": "connector", "method": "POST", "path": OPEN},
    {"api": "graph", "method": "POST", "path": INSTALL},
    {"api": "graph", "method": "GET"},
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_storm_loses_nobody_doubles_nobody_and_leaves_exactly_the_lost_answers_unsure(
    kind: str, tmp_path: Path
) -> None:
    with (
        fresh_database(kind, tmp_path) as url,
        running_simulator("--people", "2200") as simulator,
        crew(simulator, url, kind) as bot,
    ):
        people = await simulator.ordinary(AUDIENCE)
        batch_id = await brew_up(bot, people)
        seen = await bot.until_done(batch_id, seconds=240)
        rows = {row["aad_object_id"]: row["state"] for row in await bot.deliveries(batch_id)}
        assert len(rows) == seen["audience"] == AUDIENCE
        assert set(rows.values()) == {"sent", "unsure"}, Counter(rows.values())
        await everything_is_answered(simulator)
        unsure = {person for person, state in rows.items() if state == "unsure"}
        last = await last_sends(simulator)
        assert unsure == {person for person, send in last.items() if is_lost(send)}
        assert set(last) == set(rows), "everybody was written to"
        welcomes = await bot.welcomes()
        assert set(welcomes.values()) == {1}, "nobody twice"
        assert rows.keys() - unsure <= welcomes.keys()
        assert await misses(simulator) == [], "every trouble was met at every service"


@contextmanager
def crew(simulator: Simulator, url: str, kind: str) -> Iterator[Bot]:
    """One process on SQLite; on PostgreSQL one that serves and two that work."""
    with ExitStack() as running:
        alone = kind == "sqlite"
        serve = ("serve",) if alone else ("serve", "--no-worker")
        bot = running.enter_context(bot_process(simulator, url, *serve, **FAST))
        for _ in range(0 if alone else 2):
            running.enter_context(worker_process(simulator, url, **FAST))
        yield bot


async def brew_up(bot: Bot, people: list[dict[str, Any]]) -> str:
    """Submit the batch into a storm in which events come twice, shuffled, and late; its id."""
    await bot.simulator.put(
        "/settings", events_twice=True, events_shuffled=True, event_delay_s=[0.02, 1.5]
    )
    receipt = await bot.submit(*people)
    for where in WHERE:
        for fault in STORM:
            await bot.simulator.post("/faults", **where, **fault)
    return str(receipt["id"])


async def last_sends(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """The last request that sent somebody's welcome, by person, from the simulator's journal."""
    whose = {one["chat_id"]: one["id"] for one in await simulator.people() if one["chat_id"]}
    sends: dict[str, dict[str, Any]] = {}
    requests = await simulator.requests("connector")
    for request in sorted(requests, key=lambda one: one["monotonic"]):
        if request["path"].endswith("/activities"):
            chat = unquote(request["path"].split("/")[-2])
            sends[whose[chat]] = request
    return sends


def is_lost(send: dict[str, Any]) -> bool:
    """The answer was dropped, came from a gateway that had given up, or too late for us."""
    return send["status"] in (0, 504) or send["ms"] > OUR_LIMIT_MS


async def everything_is_answered(simulator: Simulator) -> None:
    """Wait until the journal knows the end of every request that met a fault: it may outlive us."""

    async def written_down() -> bool | None:
        met = Counter(one["fault"] for one in await simulator.requests("connector"))
        faults = (await simulator.get("/faults"))["items"]
        return all(f["fired"] == met[f["id"]] for f in faults if f["api"] == "connector") or None

    await until(written_down, "every request has ended")


async def misses(simulator: Simulator) -> list[dict[str, Any]]:
    """The faults that never struck; of opening chats, which is rare, it is enough that one did."""
    faults = (await simulator.get("/faults"))["items"]
    rare = [fault for fault in faults if fault["path"] == OPEN]
    often = [fault for fault in faults if fault["path"] != OPEN]
    return [fault for fault in often if not fault["fired"]] + (
        [] if any(fault["fired"] for fault in rare) else rare
    )

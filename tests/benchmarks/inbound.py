"""Receiving: stock botbuilder's endpoint, ours, and our whole bot with its ledger."""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.benchmarks.child import serving
from tests.benchmarks.company import ordinary
from tests.benchmarks.load import Load, message, reaction, tokens
from tests.benchmarks.measure import percentile, usage
from tests.benchmarks.rows import Note, Row, Scale, medians
from tests.databases import fresh_database
from tests.running import bot_process
from tests.simulated import Simulator, running_simulator

ENDPOINTS = {"stock": 100, "ours": 1_000, "whole bot": 200}
"""What takes the activities, and at how many a second its answers are timed."""
SECONDS = 10.0
PEOPLE = 100

Start = tuple[int, str, Callable[[], Any]]


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each endpoint; its process does nothing else."""
    found: dict[str, list[Mapping[str, float]]] = {endpoint: [] for endpoint in ENDPOINTS}
    with running_simulator("--people", str(PEOPLE + 30)) as simulator:
        for _ in range(1 if scale.quick else scale.rounds):
            for endpoint in ENDPOINTS:
                note(f"inbound: {endpoint}")
                found[endpoint].append(await _round(simulator, endpoint, scale.quick))
    return [
        medians({"endpoint": endpoint, "rate_per_s": ENDPOINTS[endpoint]}, rounds)
        for endpoint, rounds in found.items()
    ]


def title() -> str:
    return (
        "Activities taken in with real JWT checks: at full speed, and answer times at a rate\n"
        "(the whole bot commits each to SQLite)"
    )


async def _round(simulator: Simulator, endpoint: str, quick: bool) -> Mapping[str, float]:
    seconds = SECONDS / 5 if quick else SECONDS
    signed, rate = await tokens(simulator), ENDPOINTS[endpoint]
    async with _endpoint(simulator, endpoint) as (pid, url, make), Load(url, signed, make) as load:
        await load.as_many(rate // 4)
        before = usage([pid])
        full = await load.as_many(int(rate * seconds))
        after = usage([pid])
        timed = await load.at_rate(rate, seconds)
    return {
        "activities_per_s": full.per_second,
        "cpu_s_per_1000": 1000 * (after.cpu_s - before.cpu_s) / len(full.answered),
        "rss_mb": after.rss_mb,
        "p50_ms": 1000 * percentile(timed.answered, 50),
        "p99_ms": 1000 * percentile(timed.answered, 99),
    }


@asynccontextmanager
async def _endpoint(simulator: Simulator, endpoint: str) -> AsyncIterator[Start]:
    if endpoint != "whole bot":
        async with serving(simulator, "inbound_child", {"endpoint": endpoint}) as (pid, ready):
            yield pid, ready["url"], lambda: message(simulator)
        return
    people = cycle(await ordinary(simulator, PEOPLE))
    with (
        tempfile.TemporaryDirectory() as folder,
        fresh_database("sqlite", Path(folder)) as database_url,
        bot_process(simulator, database_url) as bot,
    ):
        yield (
            bot.process.pid,
            f"{bot.url}/api/messages",
            lambda: reaction(simulator, next(people)),
        )

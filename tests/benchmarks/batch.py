"""A whole batch of strangers without limits: install, chat, message; what does a person cost?

As everywhere, a few in a hundred are guests, disabled, unlicensed or blocked; they count.
"""

import time

from tests.benchmarks.drive import UNLIMITED, bots, database, done, ready, submit
from tests.benchmarks.measure import usage
from tests.benchmarks.rows import Note, Row, Scale
from tests.simulated import running_simulator

LATENCY_MS = 50
SIZES = {"sqlite": (1_000, 10_000), "postgresql": (1_000, 10_000, 100_000)}
SLOWEST_PER_S = 15
REACHABLE = 0.95


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each size and database; each begins with an empty ledger and a new company."""
    rows = []
    for kind, sizes in SIZES.items():
        for people in sizes[:1] if scale.quick else sizes:
            with database(kind, note) as url:
                if url is not None:
                    rows.append(await _whole(url, kind, people, note))
    return rows


def title() -> str:
    return (
        f"A batch of strangers without rate limits, one worker, {LATENCY_MS} ms a request\n"
        "(CPU of all bot processes, peak memory of the largest)"
    )


async def _whole(url: str, kind: str, people: int, note: Note) -> Row:
    with (
        running_simulator("--people", str(people)) as simulator,
        bots(simulator, url, 1, **UNLIMITED) as running,
    ):
        everybody = (await simulator.get("/people", limit=people))["items"]
        await ready(running.front)
        await simulator.put("/settings", latency_ms=LATENCY_MS)
        before, began = usage(running.pids), time.perf_counter()
        batch = await submit(running.front, everybody, "2026-12-01")
        accepted = time.perf_counter() - began
        note(f"batch: {people:,} people on {kind}, accepted in {accepted:.1f} s")
        await done(running.front, batch, 120 + people / SLOWEST_PER_S, REACHABLE)
        after = usage(running.pids)
        sends = await simulator.get("/requests/rate", api="connector")
    return Row(
        {
            "people": people,
            "database": kind,
            "accepted_s": round(accepted, 1),
            "people_per_s": round(people / sends["seconds"], 1),
            "cpu_s_per_1000": round(1000 * (after.cpu_s - before.cpu_s) / people, 2),
            "rss_mb": round(after.rss_mb),
        }
    )

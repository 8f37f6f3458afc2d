"""From joining a team to the welcome being asked for, while idle and during a large batch."""

import asyncio
from datetime import datetime
from typing import Any

from tests.benchmarks.drive import bots, database, ready, submit
from tests.benchmarks.measure import percentile
from tests.benchmarks.rows import Note, Row, Scale
from tests.running import until
from tests.simulated import Simulator, running_simulator

LATENCY_MS = 50
JOINS_PER_S = 2.0
ADDED = "teamMemberAdded"


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each occupation; the batch outlasts the joins and is not waited for."""
    joins, size = (15, 1_000) if scale.quick else (200, 10_000)
    rows = []
    for during in ("idle", "batch"):
        note(f"latency: {joins} joins, {during}")
        with (
            database("sqlite", note) as url,
            running_simulator("--people", str(int((size + 2 * joins) * 1.1) + 60)) as simulator,
        ):
            assert url is not None
            with bots(simulator, url, 1) as running:
                await ready(running.front)
                team, joiners, others = await _cast(simulator, joins, size)
                if during == "batch":
                    await submit(running.front, others, "2026-12-01")
                seconds = await _joined(simulator, team, joiners)
                note(f"latency: slowest {max(seconds):.2f} s")
        p50, p99 = (round(1000 * percentile(seconds, percent)) for percent in (50, 99))
        rows.append(Row({"during": during, "p50_ms": p50, "p99_ms": p99}))
    return rows


def title() -> str:
    return f"From joining a team to the welcome being requested, SQLite, {LATENCY_MS} ms a request"


async def _cast(
    simulator: Simulator, joins: int, size: int
) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """A small team that has the app, who will join it, and everybody else."""
    team = min(await simulator.teams(), key=lambda one: one["members"])
    people = (
        await simulator.get("/people", planted="none", not_team=team["id"], limit=joins + size)
    )["items"]
    await simulator.act("install_to_team", team["owners"][0], team=team["id"])
    await simulator.put("/settings", latency_ms=LATENCY_MS, enforce_limits=True)
    return team["id"], people[-joins:], people[:-joins]


async def _joined(simulator: Simulator, team: str, joiners: list[dict[str, Any]]) -> list[float]:
    """Seconds from Teams' event to the arrival of the request that sends the welcome."""
    async with asyncio.TaskGroup() as group:
        for one in joiners:
            group.create_task(simulator.act("join_team", one["id"], team=team))
            await asyncio.sleep(1 / JOINS_PER_S)
    begun = await _told(simulator, {one["id"] for one in joiners})
    assert len(begun) == len(joiners)

    async def welcomed() -> dict[str, datetime] | None:
        messages = (await simulator.get("/messages", limit=200_000))["items"]
        found = {m["person"]: datetime.fromisoformat(m["at"]) for m in messages}
        return found if begun.keys() <= found.keys() else None

    at = await until(welcomed, "everybody who joined is welcomed")
    return [at[who].timestamp() - moment for who, moment in begun.items()]


async def _told(simulator: Simulator, joiners: set[str]) -> dict[str, float]:
    """When Teams began to tell the bot that these joined, in Unix seconds."""
    events = (await simulator.get("/events", limit=100_000))["items"]
    return {
        event["person"]: event["at"] - event["ms"] / 1000
        for event in events
        if event["event_type"] == ADDED and event["person"] in joiners
    }

"""The simulated company as benchmarks need it: many people, quickly, and what was asked of it."""

import asyncio
from typing import Any

import aiohttp

from tests.simulated import Simulator

AT_A_TIME = 20


async def settle_in(
    simulator: Simulator, number: int, *, latency_ms: float
) -> list[dict[str, Any]]:
    """So many people to whom nothing special applies, who installed the app themselves; whatever
    happened before is forgotten. `chat_id` is their chat with the bot."""
    simulator.reset()
    await simulator.put("/settings", event_delay_s=0)
    people = await ordinary(simulator, number)
    await _act(simulator, [{"do": "install_personal", "who": one["id"]} for one in people])
    settled = await ordinary(simulator, number)
    await simulator.put("/settings", latency_ms=latency_ms)
    return settled


async def ordinary(simulator: Simulator, number: int, offset: int = 0) -> list[dict[str, Any]]:
    """So many people to whom nothing special applies, in the directory's order."""
    page = await simulator.get("/people", planted="none", limit=number, offset=offset)
    found = list(page["items"])
    if len(found) < number:
        raise ValueError(f"the company has {len(found)} ordinary people of {number}")
    return found


async def asked(simulator: Simulator, api: str, since: int) -> list[dict[str, Any]]:
    """Requests to an API after the given one, in order of their answers."""
    answer = await simulator.get("/requests", api=api, since=since, limit=200_000)
    return list(answer["items"])


async def requests_so_far(simulator: Simulator) -> int:
    return int((await simulator.get("/requests", limit=0))["total"])


async def throttled(simulator: Simulator) -> int:
    """How many requests were answered with 429 until now."""
    statuses = (await simulator.get("/requests", limit=0))["statuses"]
    return sum(
        number
        for counts in statuses.values()
        for code, number in counts.items()
        if int(code) == 429
    )


async def _act(simulator: Simulator, acts: list[dict[str, Any]]) -> None:
    places = asyncio.Semaphore(AT_A_TIME)
    async with aiohttp.ClientSession() as session:

        async def one(act: dict[str, Any]) -> None:
            url = f"{simulator.ready['control']}/act"
            async with places, session.post(url, json=act) as answer:
                answer.raise_for_status()

        await asyncio.gather(*(one(act) for act in acts))

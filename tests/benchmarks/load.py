"""Posts activities to a bot as Teams does: as many as it takes, or so many a second."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import aiohttp

from tests.simulated import Simulator

TOKENS = 8
AT_A_TIME = 32
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """How long the load took, and the seconds from each activity's due time to its answer."""

    seconds: float
    answered: Sequence[float]

    @property
    def per_second(self) -> float:
        return len(self.answered) / self.seconds


class Load:
    """A source of signed activities for one endpoint; every answer must be of the 2xx."""

    def __init__(self, url: str, tokens: Sequence[str], make: Callable[[], Any]) -> None:
        self._url = url
        self._tokens = tokens
        self._make = make
        self._number = 0
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        # Without a bound, an endpoint that falls behind would be hidden by our own queue.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def as_many(self, number: int) -> Arrived:
        """So many activities, 32 at any time."""
        waiting = iter(range(number))
        began, answered = time.perf_counter(), []

        async def work() -> None:
            for _ in waiting:
                answered.append(await self._post(time.perf_counter()))

        await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
        return Arrived(time.perf_counter() - began, answered)

    async def at_rate(self, per_second: float, seconds: float) -> Arrived:
        """So many a second, whether or not the earlier ones were answered; each is timed from the
        moment when it was due, so that waiting counts."""
        began, posts = time.perf_counter(), []
        for number in range(int(per_second * seconds)):
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            posts.append(asyncio.create_task(self._post(due)))
        async with asyncio.timeout(LONGEST_S):
            answered = await asyncio.gather(*posts)
        return Arrived(time.perf_counter() - began, answered)

    async def _post(self, due: float) -> float:
        self._number += 1
        token = self._tokens[self._number % len(self._tokens)]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(self._make()).encode()
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            await answer.read()
            answer.raise_for_status()
        return time.perf_counter() - due


async def tokens(simulator: Simulator) -> list[str]:
    """Tokens of the simulated Bot Framework; Teams too uses each for many activities."""
    url = simulator.service_url
    return [(await simulator.post("/token", service_url=url))["token"] for _ in range(TOKENS)]


def message(simulator: Simulator) -> dict[str, Any]:
    """Somebody writes to the bot in the personal chat."""
    tenant = simulator.tenant_id
    return {
        "type": "message",
        "id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "channelId": "msteams",
        "serviceUrl": simulator.service_url,
        "from": {"id": "29:somebody", "aadObjectId": "f2ee4e45-19f9-419c-a95f-d7b326b94c7f"},
        "recipient": {"id": f"28:{simulator.ready['bot_app_id']}", "name": "Onboarding"},
        "conversation": {"conversationType": "personal", "id": "a:1", "tenantId": tenant},
        "channelData": {"tenant": {"id": tenant}},
        "locale": "en-GB",
        "entities": [{"type": "clientInfo", "locale": "en-GB", "timezone": "Europe/London"}],
        "text": "When does the canteen open?",
    }


def reaction(simulator: Simulator, person: dict[str, Any]) -> dict[str, Any]:
    """Somebody likes a message of the bot: nothing is owed for it, and the chat becomes known."""
    told = message(simulator)
    del told["text"]
    return told | {
        "type": "messageReaction",
        "from": {"id": person["teams_id"], "aadObjectId": person["id"]},
        "conversation": told["conversation"] | {"id": f"a:{person['id']}"},
        "replyToId": "1",
        "reactionsAdded": [{"type": "like"}],
    }

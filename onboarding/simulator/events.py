"""Pushing activities to the bot, signed as the Bot Framework does, and noting its answers."""

import asyncio
import json
import random
import time
import uuid
from typing import Any

import aiohttp

from onboarding.simulator.call import Json
from onboarding.simulator.journal import Journal
from onboarding.simulator.settings import Settings
from onboarding.simulator.tokens import Tokens

_AT_ONCE = 50
_LONGEST_ANSWER = 1_000_000


class Pusher:
    """Teams' side of POST /api/messages: one keep-alive session, bounded, nothing sent again."""

    def __init__(self, tokens: Tokens, settings: Settings, journal: Journal, seed: int) -> None:
        self.endpoint: str | None = None
        self.withheld: list[list[Json]] = []
        self._tokens = tokens
        self._settings = settings
        self._journal = journal
        self._rng = random.Random(seed + 2)
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.watch: Any = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_AT_ONCE),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def forget(self) -> None:
        """Drop what is still to be pushed."""
        self.withheld.clear()
        for task in self._tasks:
            task.cancel()

    def later(self, activities: list[Json]) -> None:
        """Push soon, in whatever order the settings bring about; not waited for."""
        task = asyncio.ensure_future(self.deliver(activities))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def installed(self, activities: list[Json]) -> None:
        """Push what a Graph install brings about, or keep it when told to withhold it."""
        if self._settings.install_event == "withhold":
            self.withheld.append(activities)
        else:
            self.later(activities)

    async def deliver(self, activities: list[Json]) -> list[Json]:
        """Push each with its own delay; the log entries of all pushes in the order given."""
        copies = [copy for activity in activities for copy in self._copies(activity)]
        return list(await asyncio.gather(*(self._delayed(copy) for copy in copies)))

    def _copies(self, activity: Json) -> list[Json]:
        """Teams repeats events: sometimes the same, sometimes with another id for the same fact."""
        if not self._settings.events_twice or activity["type"] in ("invoke", "message"):
            return [activity]
        again = dict(activity)
        if self._rng.random() < 0.5:
            again["id"] = f"f:{uuid.uuid4()}"
        return [activity, again]

    async def _delayed(self, activity: Json) -> Json:
        if activity["type"] != "invoke":
            low, high = self._settings.event_delay_s
            spread = 5.0 if self._settings.events_shuffled else 1.0
            await asyncio.sleep(self._rng.uniform(low, high * spread))
        return await self.push(activity)

    async def push(self, activity: Json, token: str | None = None) -> Json:
        """Post one activity now; the log entry, with the bot's answer under `answer`."""
        started = time.monotonic()
        try:
            status, answer = await self._post(activity, token)
        except (TimeoutError, aiohttp.ClientError, OSError) as problem:
            status, answer = 0, f"{type(problem).__name__}: {problem}"
        sender = activity.get("from") or {}
        conversation = activity.get("conversation") or {}
        entry = self._journal.event(
            {
                "at": time.time(),
                "type": activity.get("type"),
                "event_type": (activity.get("channelData") or {}).get("eventType"),
                "action": activity.get("action"),
                "name": activity.get("name"),
                "id": activity.get("id"),
                "person": sender.get("aadObjectId"),
                "conversation_id": conversation.get("id"),
                "status": status,
                "ms": round((time.monotonic() - started) * 1000, 2),
                "answer": answer,
            }
        )
        if self.watch is not None:
            self.watch(entry)
        return entry

    async def _post(self, activity: Json, token: str | None) -> tuple[int, Any]:
        if self._session is None or self.endpoint is None:
            return 0, "no bot endpoint is set"
        bearer = token or self._tokens.channel_token(str(activity.get("serviceUrl", "")))
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        timeout = aiohttp.ClientTimeout(total=self._settings.event_timeout_s)
        body = json.dumps(activity, ensure_ascii=False).encode()
        async with (
            self._gate,
            self._session.post(
                self.endpoint, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response,
        ):
            raw = await response.content.read(_LONGEST_ANSWER)
            return response.status, _read(raw)


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")

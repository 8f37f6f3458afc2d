"""A bot endpoint on loopback whose listener notes what it hears."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from onboarding.domain.facts import Heard
from onboarding.inbound.bot import Answer, bot_routes
from onboarding.outbound.teams import Teams
from onboarding.outbound.tokens import Tokens
from tests.simulated import Simulator


@dataclass
class Bot:
    """The endpoint: post activities to it and see what it heard."""

    simulator: Simulator
    url: str
    client: aiohttp.ClientSession
    heard: list[Heard] = field(default_factory=list)
    answer: Answer | Exception | None = None

    async def hear(self, heard: Heard) -> Answer | None:
        self.heard.append(heard)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def activity(self, **changes: Any) -> dict[str, Any]:
        """A message in a personal chat, with changes on its top level."""
        return {
            "type": "message",
            "id": "f:1",
            "timestamp": "2026-11-23T09:00:00.123Z",
            "channelId": "msteams",
            "serviceUrl": self.simulator.service_url,
            "from": {"id": "29:someone", "aadObjectId": "F2EE4E45-19F9-419C-A95F-D7B326B94C7F"},
            "recipient": {"id": f"28:{self.simulator.ready['bot_app_id']}", "name": "Onboarding"},
            "conversation": {
                "conversationType": "personal",
                "id": "a:1",
                "tenantId": self.simulator.tenant_id,
            },
            "channelData": {"tenant": {"id": self.simulator.tenant_id}},
            "text": "hello",
            **changes,
        }

    async def token(self, **options: Any) -> str:
        """A token of the simulated Bot Framework, honest unless told otherwise."""
        service_url = options.pop("service_url", self.simulator.service_url)
        made = await self.simulator.post("/token", service_url=service_url, **options)
        return str(made["token"])

    async def post(
        self,
        activity: Any,
        *,
        header: str | None = "",
        content_type: str = "application/json; charset=utf-8",
    ) -> tuple[int, str]:
        """Status and body of the answer; `header` None sends no Authorization, "" a good one."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        headers = {"Content-Type": content_type}
        if header is not None:
            headers["Authorization"] = header or f"Bearer {await self.token()}"
        async with self.client.post(self.url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def bot(simulator: Simulator) -> AsyncIterator[Bot]:
    settings = simulator.settings()
    tokens = Tokens(settings)
    teams = Teams(settings, tokens)
    async with aiohttp.ClientSession() as client:
        bot = Bot(simulator, "", client)
        app = web.Application()
        app.add_routes(bot_routes(settings, teams, bot.hear))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        yield bot
        await runner.cleanup()
    await teams.close()
    await tokens.close()


def soon() -> int:
    """An hour from now in Unix time."""
    return int(time.time()) + 3600

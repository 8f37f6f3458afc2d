"""A bot endpoint in a process of its own whose bot hears and does nothing: stock's or ours."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def stock() -> AsyncIterator[list[web.RouteDef]]:
    """Botbuilder's CloudAdapter.process behind aiohttp, as its samples do."""
    from botbuilder.core import TurnContext
    from botbuilder.core.teams import TeamsActivityHandler

    from tests.benchmarks.stock import adapter

    class Silent(TeamsActivityHandler):
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            """Nothing: the endpoint is measured, not the bot."""

    made, bot = adapter(), Silent()

    async def messages(request: web.Request) -> web.StreamResponse:
        answer = await made.process(request, bot)
        assert answer is not None
        return answer

    yield [web.post("/api/messages", messages)]


@asynccontextmanager
async def ours() -> AsyncIterator[list[web.RouteDef]]:
    """onboarding.inbound.bot, whose facts are thrown away."""
    from onboarding.domain.facts import Heard
    from onboarding.inbound.bot import bot_routes
    from onboarding.outbound.teams import Teams
    from onboarding.outbound.tokens import Tokens
    from onboarding.settings import load

    async def hear(heard: Heard) -> None:
        """Nothing: the endpoint is measured, not the ledger."""

    settings = load()
    tokens = Tokens(settings)
    teams = Teams(settings, tokens)
    try:
        yield bot_routes(settings, teams, hear)
    finally:
        await teams.close()
        await tokens.close()


async def serve(endpoint: str) -> None:
    """Serve until SIGTERM; says its URL on stdout."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with {"stock": stock, "ours": ours}[endpoint]() as routes:
        app = web.Application()
        app.add_routes(routes)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        print(json.dumps({"url": url}), flush=True)
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve(json.loads(sys.argv[1])["endpoint"]))

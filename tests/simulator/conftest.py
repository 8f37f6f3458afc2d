"""One simulator for all tests of this directory; every test finds it reset."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.simulator.office import Bot, Office, running, tls_context

DEFAULTS = {
    "events_twice": False,
    "events_shuffled": False,
    "event_delay_s": [0, 0.01],
    "latency_ms": 0,
    "enforce_limits": False,
    "limits": {},
    "retry_after": True,
    "token_lifetime_s": 3600,
    "install_event": "push",
    "empty_pages": False,
    "graph_roles": [
        "User.Read.All",
        "AppCatalog.Read.All",
        "TeamsAppInstallation.ReadWriteSelfForUser.All",
        "GroupMember.Read.All",
        "TeamMember.Read.All",
    ],
}


@pytest.fixture(scope="session")
def simulator() -> Iterator[dict[str, Any]]:
    with running("--people", "60") as line:
        yield line


@pytest.fixture
async def office(simulator: dict[str, Any]) -> AsyncIterator[Office]:
    connector = aiohttp.TCPConnector(ssl=tls_context(simulator["ca_file"]))
    async with aiohttp.ClientSession(connector=connector) as session:
        office = Office(simulator, session)
        await office.control("POST", "/reset", {"company": True})
        await office.control("PUT", "/settings", DEFAULTS)
        await office.control("PUT", "/bot", {"endpoint": None})
        yield office


@pytest.fixture
async def bot(office: Office) -> AsyncIterator[Bot]:
    bot = Bot(office)
    await bot.learn_keys()
    app = web.Application()
    app.router.add_post("/api/messages", bot.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    endpoint = f"http://127.0.0.1:{port}/api/messages"
    await office.control("PUT", "/bot", {"endpoint": endpoint})
    yield bot
    await office.control("PUT", "/bot", {"endpoint": None})
    await runner.cleanup()

"""The HTTP server: Teams' door, HR's API, and what operators watch."""

import asyncio
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from onboarding import views
from onboarding.domain.facts import Heard
from onboarding.errors import OnboardingError, Refused
from onboarding.inbound.api import api_routes
from onboarding.inbound.bot import Answer, bot_routes
from onboarding.inbound.people_file import MAX_BYTES
from onboarding.settings import Settings
from onboarding.wiring import App, open_app

log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

READY_S = 5.0
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LAST_CALL_S = 14.0
PRIVACY = """\
Privacy

Onboarding keeps, for each person whom it welcomes: name, work address, job, department, office,
language, time zone, first day and manager as the directory or HR gave them; the address of the
chat with the bot; which messages it owed and sent; which steps were ticked off; and whether the
person asked it to stop. What people write to the bot is answered and not kept beyond that answer.
Nothing is given to anybody else. Ask HR to see or erase what is kept about you.
"""
TERMS = """\
Terms of use

Onboarding is run by your own organisation to welcome new colleagues. Write “stop” to it at any
time, and it will not write to you again.
"""


def web_app(app: App) -> web.Application:
    """The routes of one open app."""

    async def hear(heard: Heard) -> Answer | None:
        shown = await app.hear(heard)
        return Answer(card=await app.card(shown)) if shown else None

    server = web.Application(client_max_size=MAX_BYTES + (1 << 20))
    server.add_routes(bot_routes(app.settings, app.teams, hear))
    server.add_routes(api_routes(app.settings, app.submissions, app.intake, app.database))
    server.add_routes(
        [
            web.get("/healthz", _healthy),
            web.get("/readyz", _Readiness(app).answer),
            web.get("/metrics", _Metrics(app).answer),
            web.get("/", _front),
            web.get("/privacy", _said(PRIVACY)),
            web.get("/terms", _said(TERMS)),
        ]
    )
    return server


async def serve(settings: Settings, *, work: bool, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the port once connections are accepted."""
    _give_memory_back()
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with open_app(settings, work=work) as app:
        runner = web.AppRunner(
            web_app(app), access_log=None, handle_signals=False, shutdown_timeout=3
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port, backlog=1024)
            await site.start()
            port = int(runner.addresses[0][1])
            log.info("serving", host=settings.host, port=port, simulated=settings.simulated)
            ready(port)
            await stop.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()


async def work_only(settings: Settings, ready: Callable[[], None]) -> None:
    """Work until SIGTERM or SIGINT, without a server."""
    _give_memory_back()
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with open_app(settings, work=True):
        ready()
        await stop.wait()


def _give_memory_back() -> None:
    """Have glibc return large buffers at once. Each read from a TLS connection takes 256 KB for a
    moment, and the holes that they leave between small objects are hardly ever filled: with this a
    worker took 198 MB for a batch of 4,000 people, without it 227."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(M_MMAP_THRESHOLD, 64 * 1024)
            mallopt(M_ARENA_MAX, 2)


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Stop in order on SIGTERM or SIGINT, and in any case within 14 s: whatever hangs then is left
    as after a kill -9, which loses and doubles nothing."""
    loop = asyncio.get_running_loop()

    def begin() -> None:
        stop.set()
        last_call = threading.Timer(LAST_CALL_S, os._exit, (1,))
        last_call.daemon = True
        last_call.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, begin)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(begin))


def _said(words: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=words)

    return answer


async def _front(request: web.Request) -> web.Response:
    return web.Response(text="Onboarding is running. Its API is below /api/v1.\n")


async def _healthy(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


class _Readiness:
    """Ready means: the ledger answers, and Entra gives us a token to send with."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def answer(self, request: web.Request) -> web.Response:
        problems = [problem for problem in (await self._database(), await self._token()) if problem]
        status = 503 if problems else 200
        return web.json_response({"ready": not problems, "problems": problems}, status=status)

    async def _database(self) -> str | None:
        try:
            await asyncio.wait_for(self._app.database.do(views.alive), READY_S)
        except Exception as error:
            return f"The database does not answer: {type(error).__name__}."
        return None

    async def _token(self) -> str | None:
        try:
            scope = self._app.settings.endpoints.bot_scope
            await asyncio.wait_for(self._app.tokens.get(scope), READY_S)
        except Refused as refused:
            return f"No token for the connector: {refused.reason} {refused.remedy}"
        except (OnboardingError, TimeoutError) as error:
            return f"No token for the connector: {error or 'no answer in time'}"
        return None


_LANE_GAUGES = {
    "onboarding_lane_per_second": ("per_second", "Requests a second that the lane may make"),
    "onboarding_lane_share": ("share", "How much of that is in use after throttling, 1 is all"),
    "onboarding_lane_rests_seconds": ("rests_s", "How long Microsoft asked the lane to rest"),
    "onboarding_lane_stopped": ("stopped", "1 while an administrator must mend something"),
    "onboarding_lane_waiting": ("waiting", "Requests of this process that wait for a slot"),
}


class _Metrics:
    """Prometheus text: counters of this process, and the lanes that all processes share."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def answer(self, request: web.Request) -> web.Response:
        settings, lanes = self._app.settings, CollectorRegistry()
        found = await self._app.database.do(
            views.limits, settings.azure_tenant_id, settings.budgets
        )
        waiting = self._app.lanes.waiting(settings.azure_tenant_id)
        for name, (key, meaning) in _LANE_GAUGES.items():
            gauge = Gauge(name, meaning, ["lane"], registry=lanes)
            for limit in found["items"]:
                value = limit.get(key, waiting.get(limit["lane"], 0))
                gauge.labels(limit["lane"]).set(bool(value) if key == "stopped" else value)
        body = generate_latest() + generate_latest(lanes)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

"""The bot as tests run it: the whole of it, in this process or as one of its own."""

import asyncio
import json
import os
import selectors
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from onboarding import views
from onboarding.inbound.server import web_app
from onboarding.store import deliveries
from onboarding.store.deliveries import Delivery
from onboarding.wiring import App, open_app
from tests.simulated import ROOT, Simulator

TOKEN = "a-token-for-tests"
SECONDS_TO_SETTLE = 90.0


class Bot:
    """A bot that is connected to the simulator, and what tests ask of it."""

    def __init__(self, simulator: Simulator, url: str) -> None:
        self.simulator = simulator
        self.url = url

    async def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One call of /api/v1 with a valid token."""
        headers = {"Authorization": f"Bearer {TOKEN}", **options.pop("headers", {})}
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            return await client.request(
                method, f"{self.url}/api/v1{path}", headers=headers, **options
            )

    async def submit(self, *people: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A batch of these people by object id; the answer of 202."""
        body = {"people": [{"aad_object_id": one["id"]} for one in people], **fields}
        answer = await self.api("POST", "/batches", json=body)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def batch(self, batch_id: str) -> dict[str, Any]:
        """A batch as the API shows it; the promise is checked at every look."""
        answer = await self.api("GET", f"/batches/{batch_id}")
        assert answer.status_code == 200, answer.text
        seen = dict(answer.json())
        assert sum(seen["states"].values()) == seen["audience"], seen
        return seen

    async def deliveries(self, batch_id: str) -> list[dict[str, Any]]:
        """Everybody of a batch, page by page."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            path = f"/batches/{batch_id}/deliveries?limit=500&after={after}"
            page = (await self.api("GET", path)).json()
            found += page["items"]
            if page["next"] is None:
                return found
            after = page["next"]

    async def until_done(self, batch_id: str, seconds: float = SECONDS_TO_SETTLE) -> dict[str, Any]:
        """Wait until a batch is done; its last look."""

        async def done() -> dict[str, Any] | None:
            seen = await self.batch(batch_id)
            return seen if seen["state"] == "done" else None

        return await until(done, f"batch {batch_id} is done", seconds)

    async def ledger(self, purpose: str = "") -> dict[str, int]:
        """How many deliveries are in each state, without the zeros."""
        answer = await self.api("GET", f"/ledger?purpose={purpose}" if purpose else "/ledger")
        return {state: number for state, number in answer.json()["states"].items() if number}

    async def settled(self) -> dict[str, int]:
        """Wait until nothing is queued or being sent, and stays so for a moment."""

        async def quiet() -> dict[str, int] | None:
            for _ in range(3):
                states = await self.ledger()
                if states.get("queued") or states.get("sending"):
                    return None
                await asyncio.sleep(0.15)
            return states

        await asyncio.sleep(0.3)
        return await until(quiet, "the ledger is settled")

    async def chat(self, person: dict[str, Any]) -> list[dict[str, Any]]:
        """What the bot wrote to somebody, oldest first."""
        chat = await self.simulator.get(f"/chats/{person['id']}")
        return [one for one in chat["messages"] if one["from"] == "bot"]

    async def messages(self) -> list[dict[str, Any]]:
        """Every message that the bot ever sent."""
        return list((await self.simulator.get("/messages", limit=100_000))["items"])

    async def welcomes(self) -> Counter[str]:
        """How many messages each person has from the bot in their personal chat."""
        return Counter(m["person"] for m in await self.messages() if m["kind"] == "personal")


class InProcess(Bot):
    """A bot in this process, whose parts can be looked at."""

    def __init__(self, simulator: Simulator, url: str, app: App) -> None:
        super().__init__(simulator, url)
        self.app = app

    async def owed(self, recipient: str) -> list[Delivery]:
        """Every row of the ledger for a person or place."""
        tenant = self.simulator.tenant_id
        return await self.app.database.do(deliveries.deliveries_to, tenant, recipient)

    async def lanes(self) -> list[dict[str, Any]]:
        """The rate lanes as everybody sees them."""
        settings, look = self.app.settings, views.limits
        seen = await self.app.database.do(look, settings.azure_tenant_id, settings.budgets)
        return list(seen["items"])


@asynccontextmanager
async def running_bot(
    simulator: Simulator, database_url: str, *, work: bool = True, **settings: Any
) -> AsyncIterator[InProcess]:
    """The unchanged bot in this loop, on a free port, with the simulator pointed at it."""
    chosen = simulator.settings(
        database_url=database_url, console_token=TOKEN, host="127.0.0.1", **settings
    )
    async with open_app(chosen, work=work) as app:
        runner = web.AppRunner(web_app(app), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            await simulator.put("/bot", endpoint=f"{url}/api/messages")
            yield InProcess(simulator, url, app)
        finally:
            await simulator.put("/bot", endpoint=None)
            await runner.cleanup()


class BotProcess(Bot):
    """`app.py serve` (or `worker`) as a process that a test may kill."""

    def __init__(self, simulator: Simulator, url: str, process: subprocess.Popen[bytes]) -> None:
        super().__init__(simulator, url)
        self.process = process

    def kill(self) -> None:
        """kill -9: no goodbye."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> float:
        """SIGTERM; how many seconds it took to end."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - began


@contextmanager
def worker_process(
    simulator: Simulator, database_url: str, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `app.py worker`, and make sure that it ends."""
    with _process(simulator, database_url, "worker", **settings) as process:
        _line(process)
        yield process


@contextmanager
def bot_process(
    simulator: Simulator, database_url: str, *args: str, root: Path = ROOT, **settings: str
) -> Iterator[BotProcess]:
    """Start `app.py serve …` (of the program in `root`), point the simulator at it, and make sure
    that it ends."""
    arguments = args or ("serve",)
    with _process(simulator, database_url, *arguments, root=root, **settings) as process:
        url = json.loads(_line(process))["url"]
        simulator.now("PUT", "/bot", json={"endpoint": f"{url}/api/messages"})
        yield BotProcess(simulator, url, process)


@contextmanager
def _process(
    simulator: Simulator, database_url: str, *args: str, root: Path = ROOT, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    env = _environment(simulator, database_url, CONSOLE_TOKEN=TOKEN, PORT="0", **settings)
    argv = [sys.executable, "-W", "error::ResourceWarning", "app.py", *args]
    with subprocess.Popen(argv, cwd=root, env=env, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def _environment(simulator: Simulator, database_url: str, **settings: str) -> dict[str, str]:
    fixed = {"DATABASE_URL": database_url, "QUIET_HOURS": "off", "LOG_LEVEL": "warning"}
    return {**os.environ, **simulator.env, **fixed, **settings}


def command(
    simulator: Simulator, database_url: str, *args: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run one `app.py` command to its end."""
    return subprocess.run(
        [sys.executable, "app.py", *args],
        cwd=ROOT,
        env=_environment(simulator, database_url, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def until(look: Callable[[], Any], what: str, seconds: float = SECONDS_TO_SETTLE) -> Any:
    """Look again and again until it gives something; fails loudly after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s in vain until {what}")


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(30):
            raise AssertionError("the bot did not start in 30 s")
        line = process.stdout.readline()
    assert line, "the bot ended before it was ready"
    return line


def visible(card: Any) -> str:
    """All text of a card, one piece a line."""
    if isinstance(card, list):
        return "\n".join(filter(None, map(visible, card)))
    if not isinstance(card, dict):
        return ""
    own = [
        str(card[name]) for name in ("text", "title", "value") if isinstance(card.get(name), str)
    ]
    inner = [visible(value) for name, value in card.items() if name not in ("fallback", "data")]
    return "\n".join(filter(None, [*own, *inner]))


def actions(card: Any) -> list[dict[str, Any]]:
    """Every Action.Execute of a card."""
    if isinstance(card, list):
        return [found for one in card for found in actions(one)]
    if not isinstance(card, dict):
        return []
    own = [card] if card.get("type") == "Action.Execute" else []
    inner = [
        found for name, value in card.items() if name != "fallback" for found in actions(value)
    ]
    return own + inner

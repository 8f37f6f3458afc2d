"""The simulated Microsoft 365 as tests use it: started once, reset for each test."""

import json
import os
import selectors
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from onboarding.settings import Settings, load

ROOT = Path(__file__).parent.parent
SECONDS_TO_START = 30


class Simulator:
    """A running simulator: where it is, what a product needs to use it, and its control API.

    `ready` is its ready line, `env` the environment for a product started as a process. The
    verbs talk to the control API below `/control` and give its JSON.
    """

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self.env: dict[str, str] = ready["env"]
        self.https: str = ready["https"]
        self.tenant_id: str = ready["tenant_id"]
        self.service_url = self.env["BOT_SERVICE_URL"]
        self._defaults = self.now("GET", "/state")["settings"]

    def settings(self, **overrides: Any) -> Settings:
        """The product's settings for this simulator, without clock-made delays."""
        given = {
            name.lower(): value
            for name, value in self.env.items()
            if name not in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        }
        return load({**given, "quiet_hours": "off", **overrides})

    def tls(self) -> ssl.SSLContext:
        """Trust in the simulator's private CA, for a client of the test's own."""
        return ssl.create_default_context(cafile=self.ready["ca_file"])

    async def get(self, path: str, /, **query: Any) -> Any:
        return await self.call("GET", path, params=query)

    async def post(self, path: str, /, **body: Any) -> Any:
        return await self.call("POST", path, json=body)

    async def put(self, path: str, /, **body: Any) -> Any:
        return await self.call("PUT", path, json=body)

    async def patch(self, path: str, /, **body: Any) -> Any:
        return await self.call("PATCH", path, json=body)

    async def delete(self, path: str, /) -> Any:
        return await self.call("DELETE", path)

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One control call from a running loop, which the bot under test may share."""
        async with httpx.AsyncClient(verify=False, trust_env=False, timeout=60) as client:
            answer = await client.request(method, self.ready["control"] + path, **options)
        return _checked(answer)

    def now(self, method: str, path: str, **options: Any) -> Any:
        """One control call that blocks; for fixtures and tests without a loop."""
        with httpx.Client(verify=False, trust_env=False, timeout=60) as client:
            return _checked(client.request(method, self.ready["control"] + path, **options))

    def reset(self) -> None:
        """Forget what happened, take back every switch and the bot's address."""
        self.now("PUT", "/bot", json={"endpoint": None})
        self.now("PUT", "/settings", json=self._defaults)
        self.now("POST", "/reset")

    async def people(self, **query: Any) -> list[dict[str, Any]]:
        """Contoso's people, for example `planted="guest"`."""
        return list((await self.get("/people", limit=100_000, **query))["items"])

    async def ordinary(self, number: int = 1) -> list[dict[str, Any]]:
        """People to whom nothing special applies."""
        return [p for p in await self.people() if p["planted"] is None][:number]

    async def teams(self) -> list[dict[str, Any]]:
        """Contoso's teams with their channels."""
        return list((await self.get("/state"))["teams"])

    async def act(self, do: str, who: str | None = None, **more: Any) -> Any:
        """Something that a person does in Teams; gives the events that it caused."""
        return await self.post("/act", do=do, who=who, **more)

    async def requests(self, api: str, **query: Any) -> list[dict[str, Any]]:
        """What the product asked of an API (`graph`, `connector`, `entra`), in order."""
        return list((await self.get("/requests", api=api, limit=200_000, **query))["items"])


def _checked(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise AssertionError(f"{answer.request.method} {answer.request.url}: {answer.text}")
    return answer.json()


@contextmanager
def running_simulator(*arguments: str) -> Iterator[Simulator]:
    """Start a simulator process and end it afterwards."""
    command = [sys.executable, "-m", "onboarding.simulator", "--exit-with-parent", *arguments]
    with (
        tempfile.TemporaryFile("w+") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, cwd=ROOT) as process,
    ):
        try:
            line = _first_line(process)
            if not line:
                stderr.seek(0)
                raise AssertionError(f"the simulator did not start:\n{stderr.read()[-4000:]}")
            yield Simulator(json.loads(line))
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline, line = time.monotonic() + SECONDS_TO_START, b""
        while not line.endswith(b"\n") and selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), 65_536)
            if not chunk:
                break
            line += chunk
    return line

"""A simulator process and the hands to use it: what the tests of the simulator share."""

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
from aiohttp import web

ROOT = Path(__file__).parents[2]
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
BOT_SCOPE = "https://api.botframework.com/.default"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"


def start_process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "onboarding.simulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    return json.loads(line)


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """End it as an operator would; its exit status and what it complained about."""
    process.terminate()
    _, complaints = process.communicate(timeout=5)
    return process.returncode, complaints


@contextmanager
def running(*arguments: str) -> Iterator[dict[str, Any]]:
    process = start_process(*arguments)
    try:
        yield ready(process)
    finally:
        status, complaints = end(process)
        assert (status, complaints) == (0, "")


def card(text: str = "Welcome!", version: str = "1.5") -> dict[str, Any]:
    """A message that holds one small Adaptive Card."""
    content = {
        "type": "AdaptiveCard",
        "version": version,
        "body": [{"type": "TextBlock", "text": text}],
    }
    attachment = {"contentType": CARD_TYPE, "content": content}
    return {"type": "message", "summary": text[:40], "attachments": [attachment]}


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, JSON body (or text), headers."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass
class Office:
    """Calls to one running simulator, with the right tokens."""

    line: dict[str, Any]
    session: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    async def request(self, method: str, url: str, **more: Any) -> Reply:
        async with self.session.request(method, url, **more) as response:
            text = await response.text()
            try:
                body = json.loads(text) if text else None
            except ValueError:
                body = text
            return Reply(response.status, body, response.headers)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        reply = await self.request(method, f"{self.line['control']}{path}", json=body)
        assert reply.status < 300, reply
        return reply.body

    async def act(self, what: str, who: str, **more: Any) -> Any:
        return await self.control("POST", "/act", {"do": what, "who": who, **more})

    async def ask_token(self, scope: str = GRAPH_SCOPE, **changes: Any) -> Reply:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.line["bot_app_id"],
            "client_secret": self.line["env"]["AZURE_CLIENT_SECRET"],
            "scope": scope,
            **changes,
        }
        tenant = form.pop("tenant", self.line["tenant_id"])
        kept = {name: value for name, value in form.items() if value is not None}
        return await self.request(
            "POST", f"{self.line['https']}/{tenant}/oauth2/v2.0/token", data=kept
        )

    async def bearer(self, scope: str) -> dict[str, str]:
        if scope not in self.tokens:
            self.tokens[scope] = (await self.ask_token(scope)).body["access_token"]
        return {"Authorization": f"Bearer {self.tokens[scope]}"}

    async def graph(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        url = path if path.startswith("https") else f"{self.line['https']}/v1.0{path}"
        headers = {**await self.bearer(GRAPH_SCOPE), **headers}
        return await self.request(method, url, json=body, headers=headers)

    async def connector(
        self, method: str, path: str, body: Any = None, region: str = "teams"
    ) -> Reply:
        url = f"{self.line['https']}/{region}/v3/{path}"
        return await self.request(method, url, json=body, headers=await self.bearer(BOT_SCOPE))

    async def people(self, query: str = "") -> list[dict[str, Any]]:
        return (await self.control("GET", f"/people?limit=1000&{query}"))["items"]

    async def ordinary(self, count: int = 1) -> list[dict[str, Any]]:
        """People about whom nothing is odd."""
        return (await self.people("planted=none"))[5 : 5 + count]

    async def team(self, name: str = "Engineering") -> dict[str, Any]:
        teams = (await self.control("GET", "/state"))["teams"]
        return next(team for team in teams if team["name"] == name)

    def binding(self, catalog_id: str | None = None) -> dict[str, str]:
        app = catalog_id or self.line["catalog_app_id"]
        url = f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{app}"
        return {"teamsApp@odata.bind": url}

    async def install(self, who: str) -> Reply:
        path = f"/users/{quote(who)}/teamwork/installedApps"
        return await self.graph("POST", path, self.binding())

    async def open_chat(self, member: str, **changes: Any) -> Reply:
        body = {
            "isGroup": False,
            "bot": {"id": f"28:{self.line['bot_app_id']}"},
            "members": [{"id": member}],
            "tenantId": self.line["tenant_id"],
            "channelData": {"tenant": {"id": self.line["tenant_id"]}},
            **changes,
        }
        return await self.connector("POST", "conversations", body)

    async def send(self, conversation: str, activity: Any = None, under: str = "") -> Reply:
        path = f"conversations/{quote(conversation, safe='')}/activities{under}"
        return await self.connector("POST", path, activity or card())

    async def befriended(self) -> tuple[dict[str, Any], str]:
        """An ordinary person with the app, and the id of their chat."""
        person = (await self.ordinary())[0]
        assert (await self.install(person["id"])).status == 201
        return person, (await self.open_chat(person["id"])).body["id"]


@dataclass
class Bot:
    """A bot's endpoint that believes only what the published keys prove."""

    office: Office
    activities: list[dict[str, Any]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    answer: Any = None
    keys: dict[str, Any] = field(default_factory=dict)

    async def learn_keys(self) -> None:
        env = self.office.line["env"]
        document = await self.office.request("GET", env["BOT_OPENID_METADATA_URL"])
        published = await self.office.request("GET", document.body["jwks_uri"])
        self.keys = {key["kid"]: key for key in published.body["keys"]}

    async def take(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        try:
            self.claims.append(self.believe(token))
        except (jwt.InvalidTokenError, KeyError) as problem:
            return web.json_response({"problem": str(problem)}, status=403)
        self.activities.append(await request.json())
        return web.json_response(self.answer) if self.answer else web.Response()

    def believe(self, token: str) -> dict[str, Any]:
        key = self.keys[jwt.get_unverified_header(token)["kid"]]
        if "msteams" not in key["endorsements"]:
            raise jwt.InvalidTokenError("not endorsed")
        return jwt.decode(
            token,
            jwt.PyJWK(key).key,
            algorithms=["RS256"],
            audience=self.office.line["bot_app_id"],
            issuer="https://api.botframework.com",
            options={"require": ["exp", "nbf", "serviceurl"]},
        )

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.activities if one["type"] == kind]


def tls_context(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)

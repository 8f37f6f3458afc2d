"""Teams' door: POST /api/messages, a turn of botbuilder around each fact.

The SDK runs the turn and its invoke protocol. Reading the body, checking the token and writing
the answer are ours: its own answer errors with 500 and serialises an invoke's answer twice.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from aiohttp import web
from botbuilder.core import InvokeResponse, TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.integration.aiohttp import CloudAdapter
from botbuilder.schema import Activity
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
    UserTokenClient,
)

from onboarding.domain.facts import CardPressed, Heard
from onboarding.errors import Retry
from onboarding.inbound.activities import (
    ADAPTIVE_CARD_ACTION,
    Bot,
    Unreadable,
    facts,
    read,
    tenant_of,
)
from onboarding.inbound.auth import Denied, Door, Envelope
from onboarding.settings import Settings

LARGEST_BODY = 256 * 1024
AT_A_TIME = 200
SECONDS_TO_READ = 10.0
CARD = "application/vnd.microsoft.card.adaptive"
TEXT = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody sees who pressed a button: the card in its place, or a short text."""

    card: Mapping[str, Any] | None = None
    text: str | None = None


Hear = Callable[[Heard], Awaitable[Answer | None]]


class HasConnectors(Protocol):
    """Where turns get their connector clients: outbound's Teams."""

    connectors: ConnectorFactory


def bot_routes(settings: Settings, teams: HasConnectors, hear: Hear) -> list[web.RouteDef]:
    """POST /api/messages. `hear` is given each fact of an authenticated activity, in order.

    Answers 200; 201 never. 400 and 413 and 415 for what is no activity, 401 and 403 for who is
    not trusted, 503 when the caller should come again. No answer but an invoke's has a body.
    """
    return [web.post("/api/messages", _Endpoint(settings, teams, hear).handle)]


class _Endpoint:
    """Lets activities in and runs a turn for each."""

    def __init__(self, settings: Settings, teams: HasConnectors, hear: Hear) -> None:
        self._door = Door(settings)
        self._adapter = CloudAdapter(_Authentication(self._door, teams.connectors))
        self._listener = _Listener(Bot(f"28:{settings.azure_client_id}"), hear)
        self._places = asyncio.Semaphore(AT_A_TIME)

    async def handle(self, request: web.Request) -> web.Response:
        try:
            return await self._answer(request)
        except Denied as denied:
            log.warning("activity_refused", status=denied.status, why=denied.why)
            return web.Response(status=denied.status)
        except Unreadable:
            return web.Response(status=400)
        except Retry as later:
            log.warning("activity_put_off", code=later.code)
            return web.Response(status=503, headers={"Retry-After": "5"})
        except web.HTTPException as refused:
            return web.Response(status=refused.status)
        except Exception:
            log.exception("activity_failed")
            return web.Response(status=500)

    async def _answer(self, request: web.Request) -> web.Response:
        header = request.headers.get("Authorization", "")
        await self._door.verify(header)
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        async with self._places:
            activity = _activity(read(await _body(request)))
            answer = await self._adapter.process_activity(header, activity, self._listener.on_turn)
        if answer is None:
            return web.Response(status=200)
        return web.Response(status=answer.status, text=answer.body, content_type="application/json")


class _Authentication(BotFrameworkAuthentication):  # type: ignore[misc]
    """The SDK's seam for trust: our door decides, our connector clients are used."""

    def __init__(self, door: Door, connectors: ConnectorFactory) -> None:
        self._door = door
        self._connectors = connectors

    async def authenticate_request(
        self, activity: Activity, auth_header: str
    ) -> AuthenticateRequestResult:
        verified = await self._door.verify(auth_header)
        self._door.admit(verified, _envelope(activity.additional_properties))
        result = AuthenticateRequestResult()
        result.claims_identity = ClaimsIdentity(dict(verified.claims), True)
        result.connector_factory = self._connectors
        return result

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        """Teams never opens a socket to us."""
        raise PermissionError("activities are taken by POST only")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self._connectors

    async def create_user_token_client(
        self, claims_identity: ClaimsIdentity
    ) -> UserTokenClient | None:
        """Nobody signs in through this bot."""
        return None


class _Listener(TeamsActivityHandler):  # type: ignore[misc]
    """Turns an activity into facts. The SDK's own dispatch would call Teams once for each person
    who joined, and would not tell of events that it does not know."""

    def __init__(self, bot: Bot, hear: Hear) -> None:
        super().__init__()
        self._bot = bot
        self._hear = hear

    async def on_turn(self, turn_context: TurnContext) -> None:
        raw = turn_context.activity.additional_properties
        told = facts(raw, tenant_of(raw) or "", self._bot, datetime.now(UTC))
        if not told:
            raise Unreadable
        for heard in told:
            answer = await self._hear(heard)
            if turn_context.activity.type == "invoke" and raw.get("name") == ADAPTIVE_CARD_ACTION:
                await turn_context.send_activity(_invoke_answer(heard, answer))


def _activity(raw: dict[str, Any]) -> Activity:
    """The SDK's activity with just what a turn needs; the whole is kept aside, unparsed, since
    the SDK's own reading fails on shapes that it does not expect."""
    kind, service_url = raw.get("type"), raw.get("serviceUrl")
    activity = Activity(
        type=kind if isinstance(kind, str) else "unknown",
        channel_id=raw.get("channelId"),
        service_url=service_url if isinstance(service_url, str) else None,
    )
    activity.additional_properties = raw
    return activity


def _envelope(raw: Mapping[str, Any]) -> Envelope:
    channel_id, service_url = raw.get("channelId"), raw.get("serviceUrl")
    return Envelope(
        channel_id=channel_id if isinstance(channel_id, str) else None,
        service_url=service_url if isinstance(service_url, str) else None,
        tenant_id=tenant_of(raw),
    )


def _invoke_answer(heard: Heard, answer: Answer | None) -> Activity:
    """The invoke's answer, serialised here and once."""
    body = json.dumps(_invoke_body(heard, answer))
    return Activity(type="invokeResponse", value=InvokeResponse(status=200, body=body))


def _invoke_body(heard: Heard, answer: Answer | None) -> dict[str, Any]:
    if not isinstance(heard.what, CardPressed):
        problem = {"code": "BadRequest", "message": "The button names no verb."}
        return {"statusCode": 400, "type": ERROR, "value": problem}
    if answer is not None and answer.card is not None:
        return {"statusCode": 200, "type": CARD, "value": answer.card}
    text = (answer.text if answer is not None else None) or ""
    return {"statusCode": 200, "type": TEXT, "value": text}


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY)
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS_TO_READ):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise web.HTTPRequestEntityTooLarge(LARGEST_BODY)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(body)

"""The Teams Bot Connector, through botbuilder's own seams.

The SDK's operations and turns stay; its HTTP sender, its credentials and its one client per turn
are replaced, because they block the loop and repeat requests. Moving to another SDK changes this
file and `inbound/bot.py` only.
"""

import json
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from botframework.connector import AsyncBfPipeline, BotFrameworkConnectorConfiguration
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import ConnectorFactory
from msrest.pipeline import AsyncHTTPSender, Request, Response, SansIOHTTPPolicy
from msrest.serialization import Model
from msrest.universal_http.async_abc import AsyncClientResponse

from onboarding.clouds import may_receive_token
from onboarding.errors import Refused
from onboarding.outbound.answers import Code, connector_error, refusal
from onboarding.outbound.error_table import FOREIGN_SERVICE_URL
from onboarding.outbound.message import Message, activity
from onboarding.outbound.tokens import Tokens
from onboarding.outbound.wire import SECONDS, Answer, Passing, Wire, at_once
from onboarding.settings import Settings

CLIENTS_KEPT = 64
MEMBERS_A_PAGE = 500
MOST_PAGES = 400
GENERAL = "General"


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread in a channel: answer into `conversation_id`; `activity_id` is its first message."""

    conversation_id: str
    activity_id: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a conversation's roster, with the Entra id in lower case."""

    teams_id: str
    aad_object_id: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    upn: str | None = None
    user_role: str | None = None


@dataclass(frozen=True, slots=True)
class TeamDetails:
    """A team: `id` is `19:…@thread.tacv2`, `aad_group_id` its Microsoft 365 group."""

    id: str
    name: str | None = None
    aad_group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a team; Teams gives no name for the first one, which is General."""

    id: str
    name: str


class Teams:
    """Calls into Teams. Every method raises only Retry, Refused or Unsure, the last only where a
    message might be shown twice; none repeats a request, and none sends the token to a host
    outside the cloud's list (Refused `foreign_service_url`)."""

    def __init__(self, settings: Settings, tokens: Tokens, seconds: float = SECONDS) -> None:
        self._settings = settings
        self._hosts = settings.endpoints.connector_hosts
        self._bot = {"id": f"28:{settings.azure_client_id}"}
        self._wire = _Connector(settings, tokens, seconds)
        self._clients: OrderedDict[str, ConnectorClient] = OrderedDict()
        self.connectors: ConnectorFactory = _Connectors(self)

    async def open_chat(self, tenant_id: str, service_url: str, user_id: str) -> str:
        """The conversation id of the personal chat with a `29:` id or Entra object id.

        Gives the same chat every time; an Entra id needs the app installed for that person.
        """
        asked = {
            "isGroup": False,
            "bot": self._bot,
            "members": [{"id": user_id}],
            "tenantId": tenant_id,
            "channelData": {"tenant": {"id": tenant_id}},
        }
        conversations = self._conversations(service_url)
        chat = await conversations.create_conversation(_verbatim(asked), once=False)
        return _answered(chat, "id")

    async def send(
        self,
        service_url: str,
        conversation_id: str,
        message: Message,
        reply_to: str | None = None,
    ) -> str:
        """Send into a known conversation; the new activity's id."""
        conversations, said = self._conversations(service_url), _verbatim(activity(message))
        if reply_to is None:
            sent = await conversations.send_to_conversation(conversation_id, said)
        else:
            sent = await conversations.reply_to_activity(conversation_id, reply_to, said, once=True)
        return _answered(sent, "id")

    async def start_thread(
        self, service_url: str, tenant_id: str, channel_id: str, message: Message
    ) -> Thread:
        """Post a message that begins a new thread in a channel."""
        asked = {
            "isGroup": True,
            "bot": self._bot,
            "tenantId": tenant_id,
            "channelData": {"channel": {"id": channel_id}, "tenant": {"id": tenant_id}},
            "activity": activity(message),
        }
        conversations = self._conversations(service_url)
        begun = await conversations.create_conversation(_verbatim(asked))
        return Thread(_answered(begun, "id"), _answered(begun, "activity_id"))

    async def update(
        self, service_url: str, conversation_id: str, activity_id: str, message: Message
    ) -> None:
        """Replace a message that the bot has sent."""
        said = _verbatim({**activity(message), "id": activity_id})
        await self._conversations(service_url).update_activity(conversation_id, activity_id, said)

    async def recall(self, service_url: str, conversation_id: str, activity_id: str) -> None:
        """Delete a message that the bot has sent."""
        await self._conversations(service_url).delete_activity(conversation_id, activity_id)

    async def member(self, service_url: str, conversation_id: str, user_id: str) -> Member | None:
        """One person of a roster by `29:` id, Entra id or UPN; None when not a member."""
        path = f"v3/conversations/{_quoted(conversation_id)}/members/{_quoted(user_id)}"
        try:
            return _member(await self._get(service_url, path))
        except Refused as refused:
            if refused.code == Code.UNKNOWN_PERSON:
                return None
            raise

    async def members(
        self, service_url: str, conversation_id: str, passing: Passing = at_once
    ) -> AsyncIterator[Member]:
        """Everybody in a conversation, read in pages of 500."""
        path, token = f"v3/conversations/{_quoted(conversation_id)}/pagedmembers", ""
        for _ in range(MOST_PAGES):
            query = f"?pageSize={MEMBERS_A_PAGE}"
            query += f"&continuationToken={_quoted(token)}" if token else ""
            page = await passing(partial(self._get, service_url, path + query))
            for entry in _entries(page, "members"):
                yield _member(entry)
            token, last = _text(page, "continuationToken") or "", token
            if not token or token == last:
                return

    async def team(self, service_url: str, team_id: str) -> TeamDetails:
        """Name and Microsoft 365 group of a team that has the app."""
        found = await self._get(service_url, f"v3/teams/{_quoted(team_id)}")
        group = _text(found, "aadGroupId")
        return TeamDetails(_text(found, "id") or team_id, _text(found, "name"), group)

    async def channels(self, service_url: str, team_id: str) -> list[Channel]:
        """The channels of a team that has the app."""
        found = await self._get(service_url, f"v3/teams/{_quoted(team_id)}/conversations")
        entries = _entries(found, "conversations")
        return [Channel(str(e.get("id")), _text(e, "name") or GENERAL) for e in entries]

    def client(self, service_url: str) -> ConnectorClient:
        """The SDK's client for one service URL, kept and reused. Raises Refused for a URL that
        must not receive our token."""
        self._checked(service_url)
        if service_url in self._clients:
            self._clients.move_to_end(service_url)
            return self._clients[service_url]
        client = self._clients[service_url] = _client(service_url, self._wire)
        while len(self._clients) > CLIENTS_KEPT:
            self._clients.popitem(last=False)
        return client

    async def close(self) -> None:
        """End every connection to Teams."""
        await self._wire.close()

    def _conversations(self, service_url: str) -> Any:
        return self.client(service_url).conversations

    async def _get(self, service_url: str, path: str) -> Mapping[str, Any]:
        self._checked(service_url)
        answer = await self._wire.call("GET", f"{service_url.rstrip('/')}/{path}")
        found = _json(answer.body)
        return found if isinstance(found, dict) else {}

    def _checked(self, service_url: str) -> None:
        simulated_at = self._settings.simulated_service_url
        # The SDK runs str.format over the URL, so braces are as foreign as another host.
        if set("{}\\ ") & set(service_url) or not may_receive_token(
            service_url, self._hosts, simulated_at
        ):
            raise refusal(FOREIGN_SERVICE_URL)


class _Connector:
    """Requests that carry the connector's token."""

    def __init__(self, settings: Settings, tokens: Tokens, seconds: float) -> None:
        self._tokens = tokens
        self._scope = settings.endpoints.bot_scope
        self._wire = Wire(connector_error, seconds)

    async def call(
        self, method: str, url: str, body: str | None = None, once: bool = False
    ) -> Answer:
        headers = {"Authorization": f"Bearer {await self._tokens.get(self._scope)}"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        try:
            return await self._wire.call(method, url, headers=headers, body=body, once=once)
        except Refused as refused:
            if refused.status == 401:
                self._tokens.drop(self._scope)
            raise

    async def close(self) -> None:
        await self._wire.close()


class _Connectors(ConnectorFactory):  # type: ignore[misc]
    """Gives turns the same kept clients that proactive messages use."""

    def __init__(self, teams: Teams) -> None:
        self._teams = teams

    async def create(self, service_url: str, audience: str) -> ConnectorClient:
        return self._teams.client(service_url)


class _Sender(AsyncHTTPSender):  # type: ignore[misc]
    """msrest's seam for HTTP: everything is sent through our pooled connections.

    A POST counts as not repeatable unless the caller says `once=False`: so do a turn's own sends.
    """

    def __init__(self, connector: _Connector) -> None:
        self._connector = connector

    async def send(self, request: Request, **config: Any) -> Response:
        asked = request.http_request
        once = bool(config.get("once", asked.method == "POST"))
        answer = await self._connector.call(asked.method, asked.url, asked.data, once)
        return Response(request, _Received(asked, answer))

    async def __aexit__(self, *exc_details: object) -> None:
        """The connections outlive the client."""


class _Received(AsyncClientResponse):  # type: ignore[misc]
    """A 2xx answer as msrest reads it; what is not JSON is left out rather than misread."""

    def __init__(self, request: Any, answer: Answer) -> None:
        super().__init__(request, answer)
        self.status_code = answer.status
        self.headers = {"content-type": "application/json"}
        self._text = answer.body.decode() if _json(answer.body) is not None else ""

    def body(self) -> bytes:
        return self._text.encode()

    def text(self, encoding: str | None = None) -> str:
        return self._text


class _Verbatim(Model):  # type: ignore[misc]
    """A request body that is JSON already: msrest passes additional properties on untouched
    instead of walking through the card in Python."""

    _attribute_map = {"additional_properties": {"key": "", "type": "{object}"}}  # noqa: RUF012


def _verbatim(body: dict[str, Any]) -> _Verbatim:
    model = _Verbatim()
    model.additional_properties = body
    return model


def _client(service_url: str, connector: _Connector) -> ConnectorClient:
    configuration = BotFrameworkConnectorConfiguration(
        SansIOHTTPPolicy(), service_url, pipeline_type=AsyncBfPipeline, sender=_Sender(connector)
    )
    return ConnectorClient(None, custom_configuration=configuration)


def _answered(resource: object, name: str) -> str:
    return str(getattr(resource, name, None) or "")


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    return value if isinstance(value, str) and value else None


def _entries(page: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = page.get(name)
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def _member(entry: Mapping[str, Any]) -> Member:
    aad = _text(entry, "aadObjectId") or _text(entry, "objectId")
    return Member(
        teams_id=_text(entry, "id") or "",
        aad_object_id=aad.lower() if aad else None,
        display_name=_text(entry, "name"),
        given_name=_text(entry, "givenName"),
        upn=_text(entry, "userPrincipalName"),
        user_role=_text(entry, "userRole"),
    )

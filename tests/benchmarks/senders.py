"""The clients under comparison. Each opens a chat and sends a card as its own documentation says.

Every sender is an async context manager with `create(person)`, which opens the personal chat and
sends, and `follow(conversation)`, which sends into a chat that is known. All read the simulator's
environment; an SDK is imported only by the sender that needs it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from typing import Any, Protocol

from tests.benchmarks.card import welcome

CARD = "application/vnd.microsoft.card.adaptive"
BOT_SCOPE = "https://api.botframework.com/.default"


class Sender(Protocol):
    """What a client must be able to do; both verbs return when Teams has answered."""

    async def create(self, person: str) -> None: ...

    async def follow(self, conversation: str) -> None: ...


Open = Callable[[], AbstractAsyncContextManager[Sender]]


def missing(client: str) -> str | None:
    """What must be installed before this client can be measured, or None."""
    module, package = _NEEDS.get(client, ("", ""))
    if not module or _found(module):
        return None
    return package


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@asynccontextmanager
async def stock() -> AsyncIterator[Sender]:
    """Botbuilder 4.17.1: CloudAdapter.create_conversation and .continue_conversation."""
    yield _Stock()


class _Stock:
    def __init__(self) -> None:
        from tests.benchmarks.stock import adapter

        self._adapter = adapter()

    async def create(self, person: str) -> None:
        from botbuilder.schema import ChannelAccount, ConversationParameters

        await self._adapter.create_conversation(
            os.environ["AZURE_CLIENT_ID"],
            self._speak,
            ConversationParameters(
                is_group=False,
                bot=ChannelAccount(id=_bot_id()),
                members=[ChannelAccount(id=person)],
                tenant_id=os.environ["AZURE_TENANT_ID"],
                channel_data={"tenant": {"id": os.environ["AZURE_TENANT_ID"]}},
            ),
            "msteams",
            os.environ["BOT_SERVICE_URL"],
            "https://api.botframework.com",
        )

    async def follow(self, conversation: str) -> None:
        from botbuilder.schema import ChannelAccount, ConversationAccount, ConversationReference

        reference = ConversationReference(
            channel_id="msteams",
            service_url=os.environ["BOT_SERVICE_URL"],
            bot=ChannelAccount(id=_bot_id()),
            conversation=ConversationAccount(id=conversation),
        )
        await self._adapter.continue_conversation(
            reference, self._speak, os.environ["AZURE_CLIENT_ID"]
        )

    async def _speak(self, turn: Any) -> None:
        from botbuilder.schema import Activity, Attachment

        card = Attachment(content_type=CARD, content=welcome().card)
        said = Activity(type="message", summary=welcome().summary, attachments=[card])
        await turn.send_activity(said)


@asynccontextmanager
async def ours() -> AsyncIterator[Sender]:
    """onboarding.outbound.teams, as the product uses it."""
    from onboarding.outbound.teams import Teams
    from onboarding.outbound.tokens import Tokens
    from onboarding.settings import load

    settings = load()
    tokens = Tokens(settings)
    teams = Teams(settings, tokens)
    try:
        yield _Ours(teams)
    finally:
        await teams.close()
        await tokens.close()


class _Ours:
    def __init__(self, teams: Any) -> None:
        from onboarding.outbound.message import Message

        self._teams = teams
        self._message = Message(welcome().card, welcome().summary)
        self._url = os.environ["BOT_SERVICE_URL"]

    async def create(self, person: str) -> None:
        tenant = os.environ["AZURE_TENANT_ID"]
        await self.follow(await self._teams.open_chat(tenant, self._url, person))

    async def follow(self, conversation: str) -> None:
        await self._teams.send(self._url, conversation, self._message)


@asynccontextmanager
async def successor() -> AsyncIterator[Sender]:
    """microsoft-teams-apps: App.api.conversations and App.send."""
    from microsoft_teams.apps import App

    app = App(
        client_id=os.environ["AZURE_CLIENT_ID"],
        tenant_id=os.environ["AZURE_TENANT_ID"],
        token=_token_provider(),
        service_url=os.environ["BOT_SERVICE_URL"],
    )
    await app.initialize()
    yield _Successor(app)


def _token_provider() -> Any:
    """What its TokenManager does with a secret: MSAL in a thread, answered from MSAL's cache."""
    from tests.benchmarks.stock import msal_app

    client = msal_app()

    async def token(scope: Any, tenant_id: str | None) -> str:
        found = await asyncio.to_thread(client.acquire_token_for_client, [BOT_SCOPE])
        return str(found["access_token"])

    return token


class _Successor:
    def __init__(self, app: Any) -> None:
        self._app = app

    async def create(self, person: str) -> None:
        from microsoft_teams.api import Account, CreateConversationParams

        tenant = os.environ["AZURE_TENANT_ID"]
        opened = await self._app.api.conversations.create(
            CreateConversationParams(
                members=[Account(id=person)],
                tenant_id=tenant,
                channel_data={"tenant": {"id": tenant}},
            )
        )
        await self.follow(opened.id)

    async def follow(self, conversation: str) -> None:
        from microsoft_teams.api import Attachment, MessageActivityInput

        card = Attachment(content_type=CARD, content=welcome().card)
        said = MessageActivityInput(summary=welcome().summary, attachments=[card])
        await self._app.send(conversation, said)


@asynccontextmanager
async def agents() -> AsyncIterator[Sender]:
    """microsoft-agents: its CloudAdapter, whose verbs are botbuilder's."""
    yield _Agents()


class _Agents:
    def __init__(self) -> None:
        from microsoft_agents.authentication.msal import MsalAuth
        from microsoft_agents.hosting.aiohttp import CloudAdapter
        from microsoft_agents.hosting.core import AgentAuthConfiguration, ConnectionManager

        from tests.benchmarks.stock import authority, msal_app

        class Auth(MsalAuth):
            def _create_client_application(self, tenant_id: str | None = None) -> Any:
                return msal_app()

        configuration = AgentAuthConfiguration(
            client_id=os.environ["AZURE_CLIENT_ID"],
            tenant_id=os.environ["AZURE_TENANT_ID"],
            client_secret=os.environ["AZURE_CLIENT_SECRET"],
            authority=authority(),
        )
        connections = ConnectionManager(Auth, {"SERVICE_CONNECTION": configuration})
        self._adapter = CloudAdapter(connection_manager=connections)

    async def create(self, person: str) -> None:
        from microsoft_agents.activity import ChannelAccount, ConversationParameters

        tenant = os.environ["AZURE_TENANT_ID"]
        await self._adapter.create_conversation(
            os.environ["AZURE_CLIENT_ID"],
            "msteams",
            os.environ["BOT_SERVICE_URL"],
            "https://api.botframework.com",
            ConversationParameters(
                is_group=False,
                agent=ChannelAccount(id=_bot_id()),
                members=[ChannelAccount(id=person)],
                tenant_id=tenant,
                channel_data={"tenant": {"id": tenant}},
            ),
            self._speak,
        )

    async def follow(self, conversation: str) -> None:
        from microsoft_agents.activity import (
            ChannelAccount,
            ConversationAccount,
            ConversationReference,
        )

        reference = ConversationReference(
            channel_id="msteams",
            service_url=os.environ["BOT_SERVICE_URL"],
            agent=ChannelAccount(id=_bot_id()),
            conversation=ConversationAccount(id=conversation),
        )
        await self._adapter.continue_conversation(
            os.environ["AZURE_CLIENT_ID"], reference.get_continuation_activity(), self._speak
        )

    async def _speak(self, turn: Any) -> None:
        from microsoft_agents.activity import Activity, Attachment

        card = Attachment(content_type=CARD, content=welcome().card)
        said = Activity(type="message", summary=welcome().summary, attachments=[card])
        await turn.send_activity(said)


@asynccontextmanager
async def bare() -> AsyncIterator[Sender]:
    """aiohttp alone: one session, one token, two POSTs. Nothing can be much faster in Python."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        form = {
            "grant_type": "client_credentials",
            "client_id": os.environ["AZURE_CLIENT_ID"],
            "client_secret": os.environ["AZURE_CLIENT_SECRET"],
            "scope": BOT_SCOPE,
        }
        root = f"{os.environ['AZURE_AUTHORITY_HOST']}/{os.environ['AZURE_TENANT_ID']}"
        async with session.post(f"{root}/oauth2/v2.0/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        yield _Bare(session, token)


class _Bare:
    def __init__(self, session: Any, token: str) -> None:
        self._session = session
        self._headers = {"Authorization": f"Bearer {token}"}
        self._root = f"{os.environ['BOT_SERVICE_URL']}v3/conversations"

    async def create(self, person: str) -> None:
        tenant = os.environ["AZURE_TENANT_ID"]
        asked = {
            "isGroup": False,
            "bot": {"id": _bot_id()},
            "members": [{"id": person}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        }
        await self.follow((await self._post(self._root, asked))["id"])

    async def follow(self, conversation: str) -> None:
        card = {"contentType": CARD, "content": welcome().card}
        said = {"type": "message", "summary": welcome().summary, "attachments": [card]}
        await self._post(f"{self._root}/{conversation}/activities", said)

    async def _post(self, url: str, body: dict[str, Any]) -> Any:
        async with self._session.post(url, json=body, headers=self._headers) as answer:
            answer.raise_for_status()
            return await answer.json()


def _bot_id() -> str:
    return f"28:{os.environ['AZURE_CLIENT_ID']}"


SENDERS: dict[str, Open] = {
    "stock": stock,
    "ours": ours,
    "successor": successor,
    "agents": agents,
    "bare": bare,
}
_NEEDS = {
    "successor": ("microsoft_teams.apps", "microsoft-teams-apps"),
    "agents": ("microsoft_agents.hosting.aiohttp", "microsoft-agents-hosting-aiohttp"),
}

"""The three clients against the simulator, closed after each test."""

from collections.abc import AsyncIterator

import pytest

from onboarding.outbound.graph import Graph
from onboarding.outbound.message import Message
from onboarding.outbound.teams import Teams
from onboarding.outbound.tokens import Tokens
from onboarding.settings import Settings
from tests.simulated import Simulator

HELLO = Message(
    card={
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "TextBlock", "text": 'Grüß Gott, "Zoë" \\ \U0001f44b', "wrap": True}],
    },
    summary="Welcome to Contoso",
)


@pytest.fixture
def settings(simulator: Simulator) -> Settings:
    return simulator.settings()


@pytest.fixture
async def tokens(settings: Settings) -> AsyncIterator[Tokens]:
    tokens = Tokens(settings)
    yield tokens
    await tokens.close()


@pytest.fixture
async def teams(settings: Settings, tokens: Tokens) -> AsyncIterator[Teams]:
    teams = Teams(settings, tokens, seconds=2)
    yield teams
    await teams.close()


@pytest.fixture
async def graph(settings: Settings, tokens: Tokens) -> AsyncIterator[Graph]:
    graph = Graph(settings, tokens, seconds=2)
    yield graph
    await graph.close()

"""Every story runs on both databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.databases import fresh_database
from tests.running import InProcess, running_bot
from tests.simulated import Simulator


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    """An empty SQLite file, for what does not depend on the database."""
    with fresh_database("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
async def bot(simulator: Simulator, database_url: str) -> AsyncIterator[InProcess]:
    """The bot on either database."""
    async with running_bot(simulator, database_url) as bot:
        yield bot


@pytest.fixture
async def light_bot(simulator: Simulator, sqlite_url: str) -> AsyncIterator[InProcess]:
    """The bot on SQLite."""
    async with running_bot(simulator, sqlite_url) as bot:
        yield bot

"""What the ledger's own work costs when it is small and when it is large: it must be the same."""

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from onboarding.domain.batches import Batch
from onboarding.domain.deliveries import Draft, Key, Lane, State
from onboarding.store import attempts, batches, deliveries, queue
from onboarding.store.database import Database, open_database
from onboarding.store.migrate import migrate
from tests.benchmarks.measure import median
from tests.benchmarks.rows import Note, Row, Scale
from tests.databases import fresh_database

TENANT = "00000000-0000-4000-8000-000000000000"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SMALL = 1_000
"""Rows of the batch that is looked at; every other row is in its way."""
TIMES = 15


@dataclass(slots=True)
class Ledger:
    """A database with a tenth of its rows in a paused batch and the rest sent long ago."""

    database: Database
    handed: list[tuple[int, int]]

    def feed(self, connection: Connection) -> None:
        self.handed += queue.feed(connection, Lane.BULK, 10, NOW)

    def send(self, connection: Connection) -> None:
        delivery_id, attempt = self.handed.pop()
        assert attempts.claim(connection, delivery_id, attempt, "me")
        there = {"conversation_id": "a", "service_url": "s"}
        assert attempts.begin_sending(connection, delivery_id, attempt, "me", NOW, **there)
        sent = {"activity_id": "1", "conversation_id": "a", "version": "1"}
        assert attempts.mark_sent(connection, delivery_id, "me", NOW, **sent)

    def count(self, connection: Connection) -> None:
        counts = batches.counts(connection, ["small"])["small"]
        assert sum(counts.values()) == SMALL

    def page(self, connection: Connection) -> None:
        assert len(batches.page(connection, "small", 100)) == 100

    def look_for_due(self, connection: Connection) -> None:
        assert queue.release_due(connection, NOW) == 0


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each database, size and kind of work: the median of 15 transactions."""
    sizes = (2_000, 20_000) if scale.quick else (2_000, 1_000_000)
    rows = []
    for kind in ("sqlite", "postgresql"):
        for size in sizes:
            note(f"ledger: {size:,} rows on {kind}")
            try:
                rows += _measured(kind, size)
            except pytest.skip.Exception as absent:
                note(f"{kind} is left out: {absent}")
    return rows


def title() -> str:
    return "One transaction of the ledger, in a small and in a large one (a tenth of it paused)"


def _measured(kind: str, size: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, fresh_database(kind, Path(folder)) as url:
        ledger = Ledger(open_database(url), [])
        try:
            _fill(ledger.database, size)
            work: Mapping[str, Callable[[Connection], None]] = {
                "hand over 10": ledger.feed,
                "claim, begin, sent": ledger.send,
                "count by state": ledger.count,
                "a page of 100": ledger.page,
                "look for what is due": ledger.look_for_due,
            }
            for name, act in work.items():
                ms = round(median(_timed(ledger.database, act)), 2)
                yield Row({"database": kind, "rows": size, "work": name, "ms": ms})
        finally:
            ledger.database.close()


def _timed(database: Database, act: Callable[[Connection], None]) -> Iterator[float]:
    for _ in range(TIMES):
        began = time.perf_counter()
        database.do_now(act)
        yield 1000 * (time.perf_counter() - began)


def _fill(database: Database, size: int) -> None:
    migrate(database.engine)
    tenth = size // 10
    _put(database, "paused", State.QUEUED, tenth, paused=True)
    for number in range(9):
        _put(database, f"old{number}", State.SENT, tenth - (SMALL // 9 if tenth > SMALL else 0))
    _put(database, "small", State.QUEUED, SMALL)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("analyze"))


def _put(
    database: Database, batch_id: str, state: State, size: int, *, paused: bool = False
) -> None:
    batch = Batch(
        id=batch_id,
        tenant_id=TENANT,
        name=batch_id,
        message="welcome",
        submitted_by="HR",
        created_at=NOW,
        starts_at=None,
        paused=paused,
        cancelled=False,
        audience=size,
        rows=size,
    )
    database.do_now(batches.create, batch, [])

    def owe(connection: Connection) -> int:
        drafts = (_draft(batch_id, state) for _ in range(size))
        return deliveries.owe_many(connection, drafts, NOW)

    assert database.do_now(owe) == size


def _draft(batch_id: str, state: State) -> Draft:
    key = Key(TENANT, str(uuid.uuid4()), "welcome", "employment:1")
    context = {"trigger": {"kind": "batch", "who": None}, "person": {}}
    return Draft(key, "welcome", Lane.BULK, state, context=context, batch_id=batch_id)

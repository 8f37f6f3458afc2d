"""One engine for the ledger and for DBOS, and the threads in which our transactions run."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Float,
    cast,
    create_engine,
    event,
    extract,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from onboarding.errors import BadInput

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 60.0
"""How long a transaction waits for a database that is away: a cloud's failover takes 30 to 60 s."""
_TRIES = 5
_PAUSE_S = 0.04
_LONGEST_PAUSE_S = 0.5
_GROUP = 200
_REFUSALS = frozenset({"57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006"})
"""PostgreSQL's own words for: it goes, it crashed, not yet, no connection. A connection that
could not even be opened has none of them."""


class Away(Exception):
    """The database has been away for longer than we wait. Nothing is known of what was asked."""


class Database:
    """Runs functions of a connection in transactions, off the event loop.

    Whatever waits at the same time shares one transaction: a commit costs a disk sync, and on
    SQLite only one can write anyway.
    """

    def __init__(self, engine: Engine, patience_s: float = PATIENCE_S) -> None:
        self.engine = engine
        self._patience_s = patience_s
        self._sqlite = engine.dialect.name == "sqlite"
        self._group = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._apart = ThreadPoolExecutor(1 if self._sqlite else 4, thread_name_prefix="apart")
        self._waiting: deque[_Job] = deque()

    async def do(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(connection, …)` and commit. Raises Away.

        What a lock or a deadlock ended is tried again, and a database that is away is waited
        for. `work` may run more than once, even after a commit whose answer was lost: it must do
        nothing but talk to the connection, and leave alone what it finds done.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Job(lambda c: work(c, *args, **kwargs), loop, done))
        self._group.submit(self._do_waiting)
        return await done

    async def surely(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same however long the database is away: for what nobody could find out again."""
        while True:
            try:
                return await self.do(work, *args, **kwargs)
            except Away:
                continue

    async def do_apart(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same in a short transaction of its own: for rows that all processes fight for, and
        for what takes long."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._apart, lambda: self.do_now(work, *args, **kwargs))

    def do_now(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same for callers without an event loop, in a transaction of its own."""
        return self._again_and_again(
            lambda connection: work(connection, *args, **kwargs), tries=_TRIES
        )

    def _again_and_again(self, work: Callable[[Connection], T], tries: int) -> T:
        """As long as the patience lasts while the database is away, else `tries` times."""
        patience, pause = time.monotonic() + self._patience_s, _PAUSE_S
        while True:
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if _is_away(error):
                    if time.monotonic() > patience:
                        raise Away("the database does not answer") from error
                elif tries <= 1 or not isinstance(error, OperationalError):
                    raise
                else:
                    tries -= 1
            time.sleep(pause)
            pause = min(pause * 4, _LONGEST_PAUSE_S)

    def _do_waiting(self) -> None:
        """Everything that waits, in one transaction; if any of it fails, each in its own."""
        jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), _GROUP))]
        if not jobs:
            return
        try:
            results = self._again_and_again(partial(self._together, jobs), tries=1)
        except Away as error:
            for job in jobs:
                job.give_up(error)
        except Exception:
            for job in jobs:
                job.do_alone(self)
        else:
            for job, result in zip(jobs, results, strict=True):
                job.tell(result)

    def _together(self, jobs: Sequence["_Job"], connection: Connection) -> list[Any]:
        if self._sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        return [job.work(connection) for job in jobs]

    def close(self) -> None:
        """Wait for what runs, then close every connection."""
        self._group.shutdown(wait=True)
        self._apart.shutdown(wait=True)
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to do on a connection, and who waits for it."""

    work: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"

    def do_alone(self, database: Database) -> None:
        try:
            self.tell(database.do_now(self.work))
        except Exception as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        self.loop.call_soon_threadsafe(_fail, self.done, error)

    def tell(self, result: Any) -> None:
        self.loop.call_soon_threadsafe(_fulfil, self.done, result)


def _fulfil(done: "asyncio.Future[Any]", result: Any) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: "asyncio.Future[Any]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)


def _is_away(error: DBAPIError) -> bool:
    """Whether the connection was lost or refused, rather than the statement."""
    if error.connection_invalidated:
        return True
    sqlstate = getattr(error.orig, "sqlstate", "not PostgreSQL's")
    return isinstance(error, OperationalError) and (sqlstate is None or sqlstate in _REFUSALS)


def open_database(url: str) -> Database:
    """Open the database of this URL, creating a SQLite file's folder. Raises BadInput."""
    if url.startswith("sqlite"):
        return Database(_sqlite(url))
    return Database(_postgresql(url))


def _sqlite(url: str) -> Engine:
    """One connection for everybody: measured faster than many, and never in its own way.

    The journal is TRUNCATE with full sync rather than WAL, because of SQLite's WAL-reset defect
    (3.7.0 to 3.51.2).
    """
    file = make_url(url).database
    if not file or file == ":memory:":
        raise BadInput("DATABASE_URL names no file.", "Write sqlite:///path/to/onboarding.db.")
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"DATABASE_URL names {file}, whose folder cannot be made: {error.strerror}.",
            "Choose a folder that this user may write to.",
        ) from None
    engine = create_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in (
            "busy_timeout=30000",
            "journal_mode=TRUNCATE",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


_VANISHED: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How soon (s, s, times, ms) a server that vanished without a word is noticed."""
_SESSION = {
    "idle_in_transaction_session_timeout": 2000,
    "lock_timeout": 5000,
    "plan_cache_mode": "force_custom_plan",
}
"""Timeouts (ms) shorter than the heartbeat's: a frozen process must not hold a row for ever. A plan
kept from when the tables were small would read them from end to end once they are large."""


def _postgresql(url: str) -> Engine:
    """As many connections as threads may want, each tried before it is used."""
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=20,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            **_VANISHED,
            "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items()),
        },
    )


def ping(connection: Connection) -> None:
    """Ask the database for a sign of life."""
    connection.execute(text("select 1"))


def clock(connection: Connection) -> float:
    """Epoch seconds of the database's clock, which all processes share."""
    return float(connection.execute(select(clock_in_sql(connection))).scalar_one())


def clock_in_sql(connection: Connection) -> ColumnElement[float]:
    """The same within a statement. SQLite has no clock but that of its one process."""
    if connection.dialect.name == "sqlite":
        return literal(datetime.now(UTC).timestamp())
    return cast(extract("epoch", func.clock_timestamp()), Float(53))

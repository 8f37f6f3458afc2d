"""How rows are written: an INSERT that knows its conflicts, for one row or for many."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Connection,
    Table,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

CHUNK = 500
"""How many ids stand in one IN (…)."""
ROWS = 2_000
"""How many rows one INSERT writes: enough to hide its round trip, few enough to keep in memory."""

_COUNT = {"preserve_rowcount": True}

T = TypeVar("T")
Finish = Callable[[Any, Sequence[str]], Any]
"""Says what an INSERT of these columns does on a conflict."""


def upsert(connection: Connection, table: Table) -> Any:
    """The dialect's INSERT that knows ON CONFLICT; both databases spell it alike."""
    return _insert(connection.dialect.name, table)


def insert_many(
    connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], finish: Finish
) -> int:
    """Insert rows that all have the same columns; how many were inserted or updated.

    `finish` is a function at module level: the statement that it makes is kept and reused.
    """
    written = 0
    for some in batched(rows, ROWS):
        statement = _statement(connection.dialect.name, table, tuple(some[0]), finish)
        done = connection.execute(
            statement, _parameters(connection, some), execution_options=_COUNT
        )
        written += done.rowcount
    return written


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of at most `size`."""
    walk = iter(rows)
    while some := list(islice(walk, size)):
        yield some


def _insert(dialect: str, table: Table) -> Any:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


@lru_cache(64)
def _statement(dialect: str, table: Table, names: tuple[str, ...], finish: Finish) -> Any:
    """SQLite's driver runs one row after the other; PostgreSQL gets a column as one array, since
    a placeholder for each value cost it more than the writing."""
    insert = _insert(dialect, table)
    if dialect != "postgresql":
        return finish(insert, names)
    rows = select(*(_unrolled(table.c[name]) for name in names))
    return finish(insert.from_select(list(names), rows), names)


def _unrolled(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON):
        return func.json_array_elements(bindparam(f"all_{column.name}", type_=column.type))
    return func.unnest(bindparam(f"all_{column.name}", type_=ARRAY(column.type)))


def _parameters(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Any:
    if connection.dialect.name != "postgresql":
        return rows
    return {f"all_{name}": [row[name] for row in rows] for name in rows[0]}

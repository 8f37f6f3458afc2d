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
    cast,
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
    on_postgresql = connection.dialect.name == "postgresql"
    return (postgresql.insert if on_postgresql else sqlite.insert)(table)


def insert_many(
    connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], finish: Finish
) -> int:
    """Insert rows that all have the same columns; how many were inserted or updated.

    `finish` is a function at module level: the statement that it makes is kept and reused.
    """
    write = _by_column if connection.dialect.name == "postgresql" else _row_by_row
    return sum(write(connection, table, some, finish) for some in batched(rows, ROWS))


def _row_by_row(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], finish: Finish
) -> int:
    statement = _plain(table, tuple(rows[0]), finish)
    return connection.execute(statement, rows, execution_options=_COUNT).rowcount


def _by_column(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], finish: Finish
) -> int:
    """PostgreSQL gets a column as one array, and a value that all rows share only once: a
    placeholder for each value cost more than the writing."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    shared = {name: one[0] for name, one in columns.items() if one.count(one[0]) == len(one)}
    statement = _unrolling(table, tuple(columns), frozenset(shared), finish)
    return connection.execute(statement, columns | shared, execution_options=_COUNT).rowcount


def batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of at most `size`."""
    walk = iter(rows)
    while some := list(islice(walk, size)):
        yield some


@lru_cache(64)
def _plain(table: Table, names: tuple[str, ...], finish: Finish) -> Any:
    return finish(sqlite.insert(table), names)


@lru_cache(256)
def _unrolling(table: Table, names: tuple[str, ...], shared: frozenset[str], finish: Finish) -> Any:
    rows = select(*(_values(table.c[name], name in shared) for name in names))
    return finish(postgresql.insert(table).from_select(list(names), rows), names)


def _values(column: Column[Any], is_shared: bool) -> ColumnElement[Any]:
    if is_shared:
        return cast(bindparam(column.name, type_=column.type), column.type)
    if isinstance(column.type, JSON):
        return func.json_array_elements(bindparam(column.name, type_=column.type))
    return func.unnest(bindparam(column.name, type_=ARRAY(column.type)))

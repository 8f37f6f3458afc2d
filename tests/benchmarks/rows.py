"""A measured row, the table that people read, and the JSON that programs read."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import median

Value = str | int | float
Note = Callable[[str], None]
"""Tells the person who waits, on stderr, what happens or what was left out."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure: `quick` for a look, `rounds` for medians, at most `messages` a run."""

    quick: bool = False
    rounds: int = 3
    messages: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Medians by name, with (least, most) of those that were measured more than once. `remark` is
    for people only."""

    values: Mapping[str, Value]
    spread: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    remark: str = ""


def medians(what: Mapping[str, Value], rounds: Sequence[Mapping[str, float]]) -> Row:
    """One row from the same measurements taken in several rounds."""
    found: dict[str, Value] = dict(what)
    spread = {}
    for name in rounds[0]:
        values = [one[name] for one in rounds]
        found[name] = _short(median(values))
        if len(values) > 1:
            spread[name] = (_short(min(values)), _short(max(values)))
    return Row(found, spread)


def as_json(rows: Iterable[Row]) -> list[dict[str, Value]]:
    return [dict(row.values) for row in rows]


def show(title: str, rows: Sequence[Row]) -> None:
    """Print rows as one table; spreads stand in brackets behind their medians."""
    table = Table()
    for name, value in rows[0].values.items():
        table.add_column(name, justify="left" if isinstance(value, str) else "right")
    remarks = any(row.remark for row in rows)
    if remarks:
        table.add_column("")
    for row in rows:
        cells = [_cell(row, name) for name in rows[0].values]
        table.add_row(*cells, *([row.remark] if remarks else []))
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(f"\n[bold]{title}[/bold]", table, sep="\n")


def _cell(row: Row, name: str) -> str:
    value = _plain(row.values.get(name, ""))
    if name not in row.spread:
        return value
    low, high = row.spread[name]
    return f"{value} ({_plain(low)}–{_plain(high)})"


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _short(value: float) -> float:
    """Three digits that count: a fourth would be noise."""
    if value >= 100:
        return round(value)
    return round(value, 1 if value >= 10 else 2 if value >= 1 else 3)

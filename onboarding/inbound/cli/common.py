"""What every group of commands needs: the settings, an open app, and how results are printed."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from onboarding.settings import Settings
    from onboarding.submission import Receipt
    from onboarding.wiring import App

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

TO_MEND = 1
UNUSABLE = 2
SHOWN_REFUSALS = 20


def settings() -> "Settings":
    """The settings, with the log configured by them. Raises BadInput."""
    from onboarding.logs import configure
    from onboarding.settings import load

    loaded = load()
    configure(loaded.log_level, readable=sys.stderr.isatty())
    return loaded


def with_app(run: "Callable[[App], Awaitable[Any]]") -> Any:
    """Open the app without a worker, run, and close it."""
    from onboarding.wiring import open_app

    loaded = settings()

    async def go() -> Any:
        async with open_app(loaded, work=False) as opened:
            return await run(opened)

    return asyncio.run(go())


def table(*columns: str) -> "Table":
    """A table without lines, whose last column takes the room that is left."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for name in columns[:-1]:
        made.add_column(name, no_wrap=True)
    made.add_column(columns[-1], overflow="fold")
    return made


def print_table(made: "Table") -> None:
    """Print a table; coloured in a terminal only."""
    from rich.console import Console

    Console(highlight=False, markup=False).print(made)


def print_receipt(receipt: "Receipt", as_json: bool) -> None:
    """What became of a submission, and each refused row with its remedy."""
    from onboarding.inbound.api import shown

    if as_json:
        print(json.dumps(shown(receipt)))
        return
    what = f"batch {receipt.id}" if receipt.id else "dry run, nothing was sent"
    print(f"{what}: {receipt.audience} accepted, {len(receipt.refused)} refused")
    for item in receipt.refused[:SHOWN_REFUSALS]:
        print(f"  row {item.row}, {item.field}: {item.problem} {item.remedy}")
    if len(receipt.refused) > SHOWN_REFUSALS:
        print(f"  … and {len(receipt.refused) - SHOWN_REFUSALS} more; --json shows them all")
    for warning in receipt.warnings:
        print(f"  note: {warning}")

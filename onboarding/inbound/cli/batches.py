"""HR's batches: submit, watch, pause, retry."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onboarding.errors import BadInput
from onboarding.inbound.cli.common import (
    TO_MEND,
    AsJson,
    print_receipt,
    print_table,
    table,
    with_app,
)

if TYPE_CHECKING:
    from onboarding.submission import Checked, Receipt
    from onboarding.wiring import App

commands = typer.Typer(help="HR's batches: submit, watch, pause, retry.", no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(help="The batch's id, as `batch list` shows it.")]


@commands.command("submit")
def submit(
    file: Annotated[
        Path | None, typer.Argument(help="A CSV or Excel file; or use --group.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Object id of a Microsoft 365 group instead of a file.")
    ] = None,
    message: Annotated[str, typer.Option(help="Which message.")] = "welcome",
    at: Annotated[str | None, typer.Option(help="When to begin: ISO 8601 time.")] = None,
    by: Annotated[str, typer.Option(help="Who sends it, as newcomers read it.")] = "HR",
    dates: Annotated[
        str | None,
        typer.Option(
            metavar="DD/MM/YYYY|MM/DD/YYYY",
            help="How the file writes dates such as 03/04/2026, which are refused otherwise.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only; send nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay and show the progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Welcome everybody in a file or a group; every refused row is named with its remedy."""
    if (file is None) == (group is None):
        raise BadInput("Give either a FILE or --group.", "See batch submit --help.")

    async def run(opened: "App") -> "Receipt":
        from onboarding.submission import Order, Receipt

        checked = await _check(opened, file, group, dates)
        moment = opened.submissions.when(at)
        name = file.name if file else f"group {group}"
        if dry_run:
            return Receipt(
                None, len(checked.found), checked.rows, checked.refused, checked.warnings
            )
        order = Order(name=name, submitted_by=by, message=message, at=moment)
        receipt = await opened.submissions.submit(checked, order)
        if watch and receipt.id:
            await _watch(opened, receipt.id)
        return receipt

    receipt = with_app(run)
    print_receipt(receipt, as_json)
    raise typer.Exit(TO_MEND if receipt.refused else 0)


@commands.command("list")
def list_batches(as_json: AsJson = False) -> None:
    """The newest batches, what state they are in and how far they have come."""
    from onboarding import views

    page = with_app(
        lambda opened: opened.database.do(views.newest, 50, None, opened.settings.budgets)
    )
    if as_json:
        print(json.dumps(page))
        return
    shown = table("id", "state", "audience", "sent", "failed", "unsure", "open", "name")
    for one in page["items"]:
        states = one["states"]
        numbers = (one["audience"], states["sent"], states["failed"], states["unsure"], one["open"])
        shown.add_row(one["id"], one["state"], *map(str, numbers), one["name"])
    print_table(shown)


@commands.command()
def show(batch_id: BatchId, as_json: AsJson = False) -> None:
    """One batch: its state, its counts, and why anybody was not reached."""
    _print_batch(_show(batch_id), as_json)


@commands.command()
def pause(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Send nothing more of a batch until it is resumed."""
    _act(batch_id, as_json, lambda opened: opened.intake.pause(batch_id, paused=True))


@commands.command()
def resume(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Go on with a paused batch."""
    _act(batch_id, as_json, lambda opened: opened.intake.pause(batch_id, paused=False))


@commands.command()
def cancel(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Cancel whatever of a batch was not sent yet."""
    _act(batch_id, as_json, lambda opened: opened.intake.cancel(batch_id))


@commands.command()
def retry(
    batch_id: BatchId,
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Also those that may have arrived.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Try the failed of a batch again; nobody else is touched."""
    from onboarding.domain.deliveries import State

    states = [State.FAILED, State.UNSURE] if unsure else [State.FAILED]
    _act(batch_id, as_json, lambda opened: opened.intake.retry(batch_id, states=states))


def _show(batch_id: str) -> dict[str, Any]:
    from onboarding import views

    found: dict[str, Any] = with_app(
        lambda opened: opened.database.do(views.batch, batch_id, opened.settings.budgets)
    )
    return found


def _act(batch_id: str, as_json: bool, act: "Callable[[App], Awaitable[Any]]") -> None:
    _show(batch_id)
    with_app(act)
    _print_batch(_show(batch_id), as_json)


async def _check(
    opened: "App", file: Path | None, group: str | None, dates: str | None
) -> "Checked":
    from onboarding.domain.audience import check_rows
    from onboarding.inbound.people_file import read_rows

    if group is not None:
        return await opened.submissions.check_group(group)
    assert file is not None
    found = read_rows(file, file.name)
    return await opened.submissions.check(
        check_rows(found.header, found.rows, opened.submissions.today(), dates)
    )


async def _watch(opened: "App", batch_id: str) -> None:
    """A progress bar on stderr until everybody is settled or waits for something else."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from onboarding import views

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[eta]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("welcoming", total=None, eta="")
        while True:
            seen = await opened.database.do(views.batch, batch_id, opened.settings.budgets)
            states = seen["states"]
            eta = seen["eta_seconds"]
            bar.update(
                task,
                total=seen["audience"],
                completed=seen["audience"] - seen["open"],
                description=seen["state"],
                eta=f"about {eta} s left" if eta else "",
            )
            if not states["queued"] and not states["sending"] and seen["state"] != "paused":
                return
            await asyncio.sleep(0.5)


def _print_batch(seen: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(seen))
        return
    print(f"{seen['name']} ({seen['id']}): {seen['state']}")
    counts = ", ".join(f"{number} {name}" for name, number in seen["states"].items() if number)
    print(f"  audience {seen['audience']} = {counts or '0'}")
    if seen["next_at"]:
        print(f"  next at {seen['next_at']}")
    for cause in seen["causes"]:
        print(f"  {cause['people']} {cause['state']}: {cause['reason']} {cause['remedy']}")

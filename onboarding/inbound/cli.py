"""The commands. Each answers `--help`; `--json` prints one document on stdout, logs go to stderr.

Exit codes: 0 done, 1 done but not for everybody, 2 unusable input or settings.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onboarding.errors import BadInput, OnboardingError, Refused

if TYPE_CHECKING:
    from onboarding.settings import Settings
    from onboarding.submission import Checked, Receipt
    from onboarding.wiring import App

app = typer.Typer(
    name="onboarding",
    help="Onboarding: the welcome bot for Microsoft Teams whose ledger always adds up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
batch = typer.Typer(help="HR's batches: submit, watch, pause, retry.", no_args_is_help=True)
app.add_typer(batch, name="batch")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
BatchId = Annotated[str, typer.Argument(help="The batch's id, as `batch list` shows it.")]

REFUSED_SOME = 1
UNUSABLE = 2
SHOWN_REFUSALS = 20


def main() -> int:
    """Run the command line; the exit code."""
    try:
        return int(app(standalone_mode=False) or 0)
    except BadInput as error:
        return _complain(error.problem, error.remedy)
    except Refused as error:
        return _complain(error.reason, error.remedy)
    except OnboardingError as error:
        return _complain(str(error), "Try again later.")
    except typer.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        return _complain(usage(), "See --help.")


def _complain(problem: str, remedy: str) -> int:
    print(problem, remedy, sep="\n", file=sys.stderr)
    return UNUSABLE


@app.command()
def demo(
    people: Annotated[int, typer.Option(min=12, help="How many people Contoso has.")] = 60,
    once: Annotated[bool, typer.Option("--once", help="End when every welcome settled.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play the three stories on a local Microsoft 365 and show where to look."""
    from onboarding.demo import play

    outcome = asyncio.run(play(people, once=once, quiet=as_json))
    if as_json:
        print(json.dumps(outcome.as_dict()))
    raise typer.Exit(0 if outcome.adds_up else 1)


@app.command()
def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only answer; workers send.")
    ] = False,
) -> None:
    """Run the bot's endpoint, the API and a worker."""
    from onboarding.inbound.server import serve as run

    settings = _settings()
    asyncio.run(run(settings, work=not no_worker, ready=lambda port: _say_ready(settings, port)))


@app.command()
def worker() -> None:
    """Run one more worker on the same PostgreSQL database."""
    from onboarding.inbound.server import work_only

    settings = _settings()
    if settings.sqlite:
        raise BadInput(
            "A second process cannot work on a SQLite database.",
            "Set DATABASE_URL to postgresql://…, or run only `serve`.",
        )
    asyncio.run(work_only(settings, lambda: print("worker ready", file=sys.stderr)))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulator(context: typer.Context) -> None:
    """Run the local Microsoft 365 alone; prints its endpoints as one line of JSON."""
    import subprocess

    command = [sys.executable, "-m", "onboarding.simulator", *context.args]
    try:
        ended = subprocess.run(command, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        ended = 0
    raise typer.Exit(ended)


@app.command()
def package(
    out: Annotated[Path, typer.Option(help="The folder for the zip.")] = Path("dist"),
    version: Annotated[str, typer.Option(help="X.Y.Z; must rise with each upload.")] = "1.0.0",
) -> None:
    """Build and check the Teams app package for the organisation's catalogue."""
    from onboarding.inbound.packaging import write_package

    print(write_package(_settings(), out, version))


@batch.command("submit")
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only; send nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay and show the progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Welcome everybody in a file or a group; every refused row is named with its remedy."""
    if (file is None) == (group is None):
        raise BadInput("Give either a FILE or --group.", "See batch submit --help.")

    async def run(opened: "App") -> "Receipt":
        from onboarding.submission import Order, Receipt

        checked = await _check(opened, file, group)
        moment = opened.submissions.when(at)
        name = file.name if file else f"group {group}"
        if dry_run:
            return Receipt(None, len(checked.found), checked.rows, checked.refused)
        order = Order(name=name, submitted_by=by, message=message, at=moment)
        receipt = await opened.submissions.submit(checked, order)
        if watch and receipt.id:
            await _watch(opened, receipt.id)
        return receipt

    receipt = _with_app(run)
    _print_receipt(receipt, as_json)
    raise typer.Exit(REFUSED_SOME if receipt.refused else 0)


@batch.command("list")
def list_batches(as_json: AsJson = False) -> None:
    """The newest batches, what state they are in and how far they have come."""
    from onboarding import views

    page = _view(views.newest, 50, None, views.FIRST_CONTACT_PER_S)
    if as_json:
        print(json.dumps(page))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for name in ("id", "state", "audience", "sent", "failed", "unsure", "open"):
        table.add_column(name, no_wrap=True)
    table.add_column("name", overflow="ellipsis", no_wrap=True)
    for one in page["items"]:
        states = one["states"]
        numbers = (one["audience"], states["sent"], states["failed"], states["unsure"], one["open"])
        table.add_row(one["id"], one["state"], *map(str, numbers), one["name"])
    Console().print(table)


@batch.command()
def show(batch_id: BatchId, as_json: AsJson = False) -> None:
    """One batch: its state, its counts, and why anybody was not reached."""
    _print_batch(_show(batch_id), as_json)


@batch.command()
def pause(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Send nothing more of a batch until it is resumed."""
    _act(batch_id, as_json, lambda opened: opened.intake.pause(batch_id, paused=True))


@batch.command()
def resume(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Go on with a paused batch."""
    _act(batch_id, as_json, lambda opened: opened.intake.pause(batch_id, paused=False))


@batch.command()
def cancel(batch_id: BatchId, as_json: AsJson = False) -> None:
    """Cancel whatever of a batch was not sent yet."""
    _act(batch_id, as_json, lambda opened: opened.intake.cancel(batch_id))


@batch.command()
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


def _settings() -> "Settings":
    from onboarding.logs import configure
    from onboarding.settings import load

    settings = load()
    configure(settings.log_level, readable=sys.stderr.isatty())
    return settings


def _with_app(run: "Callable[[App], Awaitable[Any]]") -> Any:
    """Open the app without a worker, run, and close it."""
    from onboarding.wiring import open_app

    settings = _settings()

    async def go() -> Any:
        async with open_app(settings, work=False) as opened:
            return await run(opened)

    return asyncio.run(go())


def _view(view: "Callable[..., Any]", *args: Any) -> Any:
    return _with_app(lambda opened: opened.database.do(view, *args))


def _show(batch_id: str) -> dict[str, Any]:
    from onboarding import views

    found: dict[str, Any] = _view(views.batch, batch_id, views.FIRST_CONTACT_PER_S)
    return found


def _act(batch_id: str, as_json: bool, act: "Callable[[App], Awaitable[Any]]") -> None:
    _show(batch_id)
    _with_app(act)
    _print_batch(_show(batch_id), as_json)


async def _check(opened: "App", file: Path | None, group: str | None) -> "Checked":
    from onboarding.domain.audience import check_rows
    from onboarding.inbound.people_file import read_rows

    if group is not None:
        return await opened.submissions.check_group(group)
    assert file is not None
    table = read_rows(file, file.name)
    return await opened.submissions.check(
        check_rows(table.header, table.rows, opened.submissions.today())
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
            seen = await opened.database.do(views.batch, batch_id, views.FIRST_CONTACT_PER_S)
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


def _say_ready(settings: "Settings", port: int) -> None:
    """One line of JSON on stdout for whoever started us; words for people on stderr."""
    url = f"http://{settings.host}:{port}"
    print(json.dumps({"ready": True, "url": url}), flush=True)
    print(f"Listening on {url}", file=sys.stderr)
    if settings.simulated:
        print("SIMULATED=1: this bot talks to a simulator, not to Microsoft 365.", file=sys.stderr)


def _print_receipt(receipt: "Receipt", as_json: bool) -> None:
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

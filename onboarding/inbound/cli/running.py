"""The commands that run something: the demo, the server, a worker, the simulator, the package."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onboarding.errors import BadInput
from onboarding.inbound.cli.common import AsJson, settings

if TYPE_CHECKING:
    from onboarding.settings import Settings


commands = typer.Typer()


@commands.command()
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


@commands.command()
def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only answer; workers send.")
    ] = False,
) -> None:
    """Run the bot's endpoint, the API and a worker."""
    from onboarding.inbound.server import serve as run

    chosen = settings()
    asyncio.run(run(chosen, work=not no_worker, ready=lambda port: _say_ready(chosen, port)))


@commands.command()
def worker() -> None:
    """Run one more worker on the same PostgreSQL database."""
    from onboarding.inbound.server import work_only

    chosen = settings()
    if chosen.sqlite:
        raise BadInput(
            "A second process cannot work on a SQLite database.",
            "Set DATABASE_URL to postgresql://…, or run only `serve`.",
        )
    asyncio.run(work_only(chosen, lambda: print(json.dumps({"ready": True}), flush=True)))


@commands.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulator(context: typer.Context) -> None:
    """Run the local Microsoft 365 alone; prints its endpoints as one line of JSON."""
    import subprocess

    command = [sys.executable, "-m", "onboarding.simulator", *context.args]
    try:
        ended = subprocess.run(command, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        ended = 0
    raise typer.Exit(ended)


@commands.command()
def package(
    out: Annotated[Path, typer.Option(help="The folder for the zip.")] = Path("dist"),
    version: Annotated[str, typer.Option(help="X.Y.Z; must rise with each upload.")] = "1.0.0",
) -> None:
    """Build and check the Teams app package for the organisation's catalogue."""
    from onboarding.inbound.packaging import write_package

    print(write_package(settings(), out, version))


def _say_ready(chosen: "Settings", port: int) -> None:
    """One line of JSON on stdout for whoever started us; words for people on stderr."""
    url = f"http://{chosen.host}:{port}"
    print(json.dumps({"ready": True, "url": url}), flush=True)
    print(f"Listening on {url}", file=sys.stderr)
    if chosen.simulated:
        print("SIMULATED=1: this bot talks to a simulator, not to Microsoft 365.", file=sys.stderr)

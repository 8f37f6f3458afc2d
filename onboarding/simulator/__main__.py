"""`python -m onboarding.simulator`: start the small Microsoft 365 and say where it is."""

import argparse
import asyncio
import contextlib
import datetime as dt
import gc
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from onboarding.simulator.ca import remove_files, write_files
from onboarding.simulator.doorway import check_endpoint
from onboarding.simulator.server import listen, ready_line
from onboarding.simulator.tenant import make_tenant

_PARENT_CHECK_S = 0.5


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m onboarding.simulator",
        description="A small Microsoft 365 on loopback, with a Teams window.",
    )
    parser.add_argument(
        "--people", type=int, default=60, help="how many work at Contoso (10-100000)"
    )
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same company")
    parser.add_argument("--port", type=int, default=0, help="HTTPS port; 0 takes a free one")
    parser.add_argument("--window-port", type=int, default=0, help="HTTP port of the Teams window")
    parser.add_argument("--bot", help="where the bot takes activities, on loopback")
    parser.add_argument("--ca-dir", type=Path, help="put ca.pem here instead of a temporary place")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the starter ends")
    options = parser.parse_args(argv)
    if not 10 <= options.people <= 100_000:
        parser.error("--people must be between 10 and 100000")
    try:
        check_endpoint(options.bot)
    except ValueError as problem:
        parser.error(f"--bot: {problem}")
    return options


def _hear_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    return told


async def _until_told(told: asyncio.Event, parent: int | None) -> None:
    """Wait for a signal, or for the parent's end when one is given."""
    while not told.is_set() and (parent is None or os.getppid() == parent):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), _PARENT_CHECK_S if parent is not None else None)


async def _run(options: argparse.Namespace, directory: Path) -> None:
    parent = os.getppid() if options.exit_with_parent else None
    told = _hear_signals()
    tenant = make_tenant(options.people, options.seed, dt.date.today())
    gc.freeze()
    files = write_files(directory)
    try:
        listeners = await listen(tenant, files, options.port, options.window_port)
        tenant.pusher.endpoint = options.bot
        await tenant.pusher.open()
        print(json.dumps(ready_line(tenant, files, listeners, os.getpid())), flush=True)
        await _until_told(told, parent)
        tenant.feed.close()
        await tenant.pusher.close()
        await listeners.close()
    finally:
        remove_files(files)


def _start(options: argparse.Namespace) -> None:
    if options.ca_dir is not None:
        asyncio.run(_run(options, options.ca_dir.resolve()))
        return
    with tempfile.TemporaryDirectory(prefix="onboarding-simulator-") as temporary:
        asyncio.run(_run(options, Path(temporary)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to end; the exit status, 1 when it could not start (a port is taken)."""
    options = _parse(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    try:
        _start(options)
    except OSError as problem:
        print(f"The simulator could not start: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

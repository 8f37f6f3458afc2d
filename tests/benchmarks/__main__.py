"""`python -m tests.benchmarks`: measure, and print one table for each benchmark or one JSON."""

import argparse
import asyncio
import json
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from tests.benchmarks.rows import Row, Scale, as_json, show

NAMES = ("send", "inbound", "budget", "batch", "latency", "directory", "ledger", "start")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is asked for; 1 when some of it could not be measured."""
    options = _parser().parse_args(argv)
    scale = Scale(options.quick, options.rounds, options.messages)
    names = [options.name] if options.name else NAMES
    found = {name: _measured(name, scale, quiet=options.json) for name in names}
    if options.json:
        rows = [row for several in found.values() for row in several]
        print(json.dumps(as_json(rows), indent=1))
    return 0 if all(found.values()) else 1


def _measured(name: str, scale: Scale, *, quiet: bool) -> Sequence[Row]:
    """The rows of one benchmark, shown at once; none when it broke off, so that the hour which the
    others took is not lost."""
    bench = import_module(f"tests.benchmarks.{name}")
    try:
        rows: Sequence[Row] = asyncio.run(bench.run(scale, _note))
    except Exception:
        _note(f"{name} broke off:\n{traceback.format_exc()}")
        return []
    if rows and not quiet:
        show(bench.title(), rows)
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=NAMES, help="which one; all without it")
    parser.add_argument("--quick", action="store_true", help="small numbers, one round: a look")
    parser.add_argument("--json", action="store_true", help="a list of rows on stdout")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument("--messages", type=int, help="send at most so many in a run of `send`")
    return parser


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

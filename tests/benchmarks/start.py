"""How long a start takes, and what it costs: the help, and the server until it is ready."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.drive import ready
from tests.benchmarks.measure import usage
from tests.benchmarks.rows import Note, Row, Scale, medians
from tests.databases import fresh_database
from tests.running import bot_process
from tests.simulated import ROOT, Simulator, running_simulator

Round = Mapping[str, float]

LAUNCHER = """
import json, os, sys, time
began = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
took = time.perf_counter() - began
cpu, rss = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
json.dump({"seconds": took, "cpu_s": cpu, "rss_mb": rss}, sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Linux counts the memory of whoever starts a program as the program's own peak, so something
small starts it."""


async def run(scale: Scale, note: Note) -> list[Row]:
    """A row for each command; files may be in the system's cache."""
    note("start: help and serve")
    helps: list[Round] = []
    serves: list[Round] = []
    with running_simulator("--people", "20") as simulator:
        for _ in range(1 if scale.quick else scale.rounds):
            helps.append(_help())
            serves.append(await _serve(simulator))
    return [medians({"what": "app.py --help"}, helps), medians({"what": "app.py serve"}, serves)]


def title() -> str:
    return "Cold start: until the end of the help, and until the server is ready to send"


def _help() -> Round:
    launched = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, sys.executable, "app.py", "--help"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(launched.stderr))


async def _serve(simulator: Simulator) -> Round:
    with tempfile.TemporaryDirectory() as folder, fresh_database("sqlite", Path(folder)) as url:
        began = time.perf_counter()
        with bot_process(simulator, url) as bot:
            await ready(bot)
            took, used = time.perf_counter() - began, usage([bot.process.pid])
    return {"seconds": took, "cpu_s": used.cpu_s, "rss_mb": used.rss_mb}

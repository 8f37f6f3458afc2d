"""Each measured client or server is a process of its own, so that its CPU and memory are known."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.simulated import ROOT, Simulator

Work = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Failed(Exception):
    """A child ended without a result; the text is the end of what it complained about."""


async def measured(
    simulator: Simulator, module: str, asked: Mapping[str, Any], seconds: float
) -> dict[str, Any]:
    """Run `python -m tests.benchmarks.{module}` with `asked` to its end; its last line of JSON.

    Raises Failed, also when it takes longer than so many seconds.
    """
    async with _started(simulator, module, asked) as process:
        try:
            said, complained = await asyncio.wait_for(process.communicate(), seconds)
        except TimeoutError:
            raise Failed(f"no result within {seconds:.0f} s") from None
    if process.returncode:
        raise Failed(complained.decode(errors="replace")[-1500:])
    return dict(json.loads(said.splitlines()[-1]))


@asynccontextmanager
async def serving(
    simulator: Simulator, module: str, asked: Mapping[str, Any]
) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Run `python -m tests.benchmarks.{module}` while the block lasts: its process id, and the
    line of JSON with which it said that it is ready."""
    async with _started(simulator, module, asked) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        if not line:
            assert process.stderr is not None
            raise Failed((await process.stderr.read()).decode(errors="replace")[-1500:])
        yield process.pid, json.loads(line)


def answer(work: Work) -> None:
    """The main program of a child: do what the first argument asks, print the result."""
    asked = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(_awaited(work, asked))), flush=True)


async def _awaited(work: Work, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return await work(asked)


@asynccontextmanager
async def _started(
    simulator: Simulator, module: str, asked: Mapping[str, Any]
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.benchmarks.{module}",
        json.dumps(asked),
        cwd=ROOT,
        env={**os.environ, **simulator.env, "PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()

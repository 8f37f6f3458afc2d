"""What a process costs, how late its loop is, and what many measurements have in common."""

import asyncio
import math
import os
import statistics
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

LOOK_EVERY_S = 0.005
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used so far: CPU seconds together, and the peak memory (MB) of the
    largest of them."""

    cpu_s: float
    rss_mb: float


def usage(pids: Iterable[int]) -> Usage:
    """Read /proc, so Linux only; user and system time, without children."""
    each = [_usage(pid) for pid in pids]
    return Usage(sum(one.cpu_s for one in each), max(one.rss_mb for one in each))


def _usage(pid: int) -> Usage:
    root = Path("/proc") / str(pid)
    # The command's name stands in brackets and may hold blanks; what follows it is numbers.
    numbers = (root / "stat").read_text().rpartition(")")[2].split()
    status = (root / "status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return Usage((int(numbers[11]) + int(numbers[12])) / TICKS, int(peak.split()[1]) / 1024)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def busiest_second(moments: Iterable[float]) -> int:
    """The most moments that fall into any sliding second."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def within(moments: Iterable[float], begin: float, seconds: float) -> int:
    """How many moments fall into a window."""
    return sum(begin <= moment < begin + seconds for moment in moments)


class LoopLag:
    """Watches how late the running loop wakes somebody who asked for 5 ms.

    A blocked loop also keeps the watcher from looking, so a long stall counts as often as looks
    were missed in it; otherwise a client that blocks for seconds would show one late look.
    """

    def __init__(self) -> None:
        self._late: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        await asyncio.sleep(2 * LOOK_EVERY_S)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def p99_ms(self) -> float:
        return 1000 * percentile([late for one in self._late for late in _missed(one)], 99)

    def max_ms(self) -> float:
        return 1000 * max(self._late)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            begin = loop.time()
            await asyncio.sleep(LOOK_EVERY_S)
            self._late.append(max(0.0, loop.time() - begin - LOOK_EVERY_S))


def _missed(late: float) -> list[float]:
    looks = max(1, int(late / LOOK_EVERY_S))
    return [max(0.0, late - look * LOOK_EVERY_S) for look in range(looks)]

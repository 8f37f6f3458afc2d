"""One client in a process of its own: sends so many messages, so many at a time."""

import asyncio
import gc
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from tests.benchmarks.child import answer
from tests.benchmarks.measure import LoopLag, usage
from tests.benchmarks.senders import SENDERS


async def send(asked: Mapping[str, Any]) -> Mapping[str, float]:
    """Messages a second, CPU seconds for a thousand, peak memory (MB), and the loop's lag."""
    logging.disable(logging.CRITICAL)
    async with SENDERS[asked["client"]]() as sender:
        one = sender.create if asked["call"] == "create" else sender.follow
        await _all(one, asked["targets"], asked["warm_up"], asked["concurrency"])
        gc.collect()
        async with LoopLag() as lag:
            cpu, began = time.process_time(), time.perf_counter()
            await _all(one, asked["targets"], asked["messages"], asked["concurrency"])
            cpu, took = time.process_time() - cpu, time.perf_counter() - began
    return {
        "messages_per_s": asked["messages"] / took,
        "cpu_s_per_1000": 1000 * cpu / asked["messages"],
        "rss_mb": usage([os.getpid()]).rss_mb,
        "loop_lag_p99_ms": lag.p99_ms(),
    }


async def _all(
    one: Callable[[str], Awaitable[None]], targets: Sequence[str], number: int, at_a_time: int
) -> None:
    waiting = islice(cycle(targets), number)

    async def work() -> None:
        for target in waiting:
            await one(target)

    await asyncio.gather(*(work() for _ in range(min(at_a_time, number))))


if __name__ == "__main__":
    answer(send)

"""Requests on their way out: each through its lanes, again as often as the service asks."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from onboarding.delivery import Passing
from onboarding.errors import Leaves, Refused, Retry
from onboarding.work.lanes import Lanes, Slot

T = TypeVar("T")
log = structlog.get_logger()

MOST_TRIES = 8
TRIES_OF_A_READER = 4
"""Somebody waits for what is read; a few seconds are enough before they are told."""
MOST_MISSED = 3
"""So many slots may be missed before a request is made late: a machine that is too slow for its
limit cannot break it."""
LONGEST_PAUSE_S = 60.0
STOPPED_S = 10.0


class Calls:
    """Lets requests of one purpose through their tenant's lanes: those of one delivery, or those
    that read for somebody (`delivery` is None then, and only names them in the log)."""

    def __init__(
        self, lanes: Lanes, tenant_id: str, *, live: bool, delivery: int | None = None
    ) -> None:
        self._lanes = lanes
        self._tenant_id = tenant_id
        self._live = live
        self._delivery = delivery

    async def slot(self, lane: str) -> Slot:
        """A slot of this lane, whose moment may still be to come. Raises LaneClosed when the worker
        ends."""
        return await self._lanes.slot(lane, self._tenant_id, live=self._live)

    async def gate(self, lane: str) -> None:
        """Wait for a slot of this lane and for its moment. Raises LaneClosed."""
        for _ in range(MOST_MISSED):
            if await (await self.slot(lane)).comes():
                return

    def through(self, *lanes: str) -> Passing:
        """Lets each request through all of these lanes, and repeats it; a throttled one slows the
        first, which is the most particular. Whoever reads is told of every refusal."""

        async def passing(call: Callable[[], Awaitable[T]]) -> T:
            async def gated() -> T:
                for lane in lanes:
                    await self.gate(lane)
                return await call()

            return await self._as_often_as_asked(lanes[0], gated, TRIES_OF_A_READER)

        return passing

    async def repeat(self, lane: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call that may be repeated freely, as often as the service asks us to, and until
        somebody has mended what concerns everybody.

        Raises Retry when it asks too often, Refused for what repeating cannot mend.
        """
        while True:
            try:
                done = await self._as_often_as_asked(lane, call)
            except Refused as refused:
                if refused.leaves is not Leaves.STOPS:
                    raise
                await self.stop(lane, refused)
            else:
                await self.went_through(lane)
                return done

    async def _as_often_as_asked(
        self, lane: str, call: Callable[[], Awaitable[T]], most_tries: int = MOST_TRIES
    ) -> T:
        tried = 0
        while True:
            try:
                return await call()
            except Retry as retry:
                tried += 1
                if tried == most_tries:
                    raise
                await self.rest(lane, retry, tried)

    async def rest(self, lane: str, retry: Retry, tried: int) -> None:
        """Slow the lane that was throttled; otherwise only this call comes back later."""
        seconds = self.pause(retry, tried)
        if retry.slows_lane:
            await self._lanes.slow(lane, self._tenant_id, seconds)
        else:
            await asyncio.sleep(seconds)

    def pause(self, retry: Retry, tried: int) -> float:
        """How many seconds to wait: what the service asked for, else longer from try to try."""
        longest = min(LONGEST_PAUSE_S, 0.5 * 2**tried)
        seconds = retry.after if retry.after is not None else random.uniform(0.1, longest)  # noqa: S311
        log.info(
            "told_to_wait", delivery=self._delivery, code=retry.code, seconds=round(seconds, 1)
        )
        return seconds

    async def stop(self, lane: str, refused: Refused) -> None:
        """Stop the lane for everybody: this refusal is not about one person."""
        why = f"{refused.reason} {refused.remedy}"
        await self._lanes.stop(lane, self._tenant_id, why, STOPPED_S)

    async def went_through(self, lane: str) -> None:
        """Say that the lane works."""
        await self._lanes.works(lane, self._tenant_id)

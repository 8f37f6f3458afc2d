"""The calls of one delivery: each through its lane, again as often as the service asks."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from onboarding.domain.deliveries import GAVE_UP, Lane, State
from onboarding.errors import Leaves, Refused, Retry
from onboarding.store.deliveries import Delivery
from onboarding.work.lanes import Lanes
from onboarding.work.outcome import Settled

T = TypeVar("T")
log = structlog.get_logger()

MOST_TRIES = 8
LONGEST_PAUSE_S = 60.0
STOPPED_S = 10.0


class Calls:
    """Lets one delivery's requests through its tenant's lanes."""

    def __init__(self, lanes: Lanes, row: Delivery) -> None:
        self._lanes = lanes
        self._row = row

    async def gate(self, lane: str) -> None:
        """Wait for a slot of this lane. Raises LaneClosed when the worker ends."""
        await self._lanes.slot(lane, self._row.tenant_id, live=self._row.lane == Lane.LIVE)

    async def repeat(self, lane: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call that may be repeated freely, as often as the service asks us to.

        Raises Settled when it asks too often, Refused for what repeating cannot mend.
        """
        tried = 0
        while tried < MOST_TRIES:
            try:
                return await call()
            except Retry as retry:
                tried += 1
                await self.rest(lane, retry, tried)
            except Refused as refused:
                if refused.leaves is not Leaves.STOPS:
                    raise
                await self.stop(lane, refused)
        raise Settled(State.FAILED, GAVE_UP)

    async def rest(self, lane: str, retry: Retry, tried: int) -> None:
        """Slow the lane that was throttled; otherwise only this delivery comes back later."""
        pause = min(LONGEST_PAUSE_S, 0.5 * 2**tried)
        seconds = retry.after if retry.after is not None else random.uniform(0.1, pause)  # noqa: S311
        log.info("told_to_wait", delivery=self._row.id, code=retry.code, seconds=round(seconds, 1))
        if retry.slows_lane:
            await self._lanes.slow(lane, self._row.tenant_id, seconds)
        else:
            await asyncio.sleep(seconds)

    async def stop(self, lane: str, refused: Refused) -> None:
        """Stop the lane for everybody: this refusal is not about one person."""
        why = f"{refused.reason} {refused.remedy}"
        await self._lanes.stop(lane, self._row.tenant_id, why, STOPPED_S)

    async def went_through(self, lane: str) -> None:
        """Say that the lane works."""
        await self._lanes.works(lane, self._row.tenant_id)

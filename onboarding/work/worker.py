"""One worker: launches the engine, feeds it, wakes what is due, and takes over from the dead."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from onboarding.domain.deliveries import Lane
from onboarding.store import attempts, deliveries, lanes, queue, threads, workers
from onboarding.store.database import Database
from onboarding.work.deliver import Deliverer
from onboarding.work.engine import WorkEngine
from onboarding.work.lanes import Lanes

T = TypeVar("T")
Errand = Callable[[], Awaitable[None]]
log = structlog.get_logger()

FEED_EVERY_S = 0.25
IDLE_FEED_EVERY_S = 1.0
DUE_EVERY_S = 1.0
BEAT_EVERY_S = 1.0
DEAD_AFTER_S = 5.0
GAP_S = 2.5
RECONCILE_EVERY_S = 10.0
PRUNE_EVERY_S = 600.0
FORGET_EVERY_S = 86_400.0
IDLE_LANE_S = 86_400.0
MOST_PRUNES = 100
IN_HAND = {Lane.LIVE: 1_000, Lane.BULK: 400}
"""How many deliveries of a lane the engine holds at most: enough to never run dry."""
SUSPICIOUS_AFTER = timedelta(seconds=20)
WORKFLOWS_KEPT = timedelta(days=1)


class Worker:
    """Everything that runs in the background of one process.

    `alone` says that no other process works on this database (SQLite): then whatever was in
    flight at the start belongs to a run that has ended.
    """

    def __init__(
        self,
        database: Database,
        engine: WorkEngine,
        deliverer: Deliverer,
        lanes: Lanes,
        name: str,
        *,
        alone: bool,
        keep: timedelta,
        errands: Sequence[Errand] = (),
    ) -> None:
        self._database = database
        self._engine = engine
        self._deliverer = deliverer
        self._lanes = lanes
        self._name = name
        self._alone = alone
        self._keep = keep
        self._errands = errands
        self._tasks: list[asyncio.Task[None]] = []
        self._pulse: asyncio.Task[None] | None = None
        self._ends = False
        self._beaten_at = time.monotonic()
        self._steady_since = self._beaten_at - DEAD_AFTER_S
        self._heart = ThreadPoolExecutor(1, thread_name_prefix="heart")
        self._side = ThreadPoolExecutor(1, thread_name_prefix="side")

    async def start(self) -> None:
        """Begin to work; returns when sending can start."""
        if self._alone:
            await self._database.do(_pick_up, None)
        else:
            await self._database.do(workers.beat, self._name)
        await self._engine.launch(self._deliverer.deliver)
        self._tasks.append(asyncio.create_task(self._keep_fed(), name="feed"))
        for every, duty in self._duties():
            self._tasks.append(asyncio.create_task(_repeat(every, duty), name=duty.__name__))
        if not self._alone:
            self._pulse = asyncio.create_task(_repeat(BEAT_EVERY_S, self._beat), name="beat")
        log.info("worker_started", name=self._name)

    async def stop(self, patience_s: int) -> None:
        """Finish what is in flight within so many seconds and give back the rest.

        The heart beats until that is done: others must not call unsure what is being finished.
        """
        self._ends = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._lanes.close()
        await self._engine.destroy(patience_s)
        if self._pulse is not None:
            self._pulse.cancel()
            await asyncio.gather(self._pulse, return_exceptions=True)
        self._heart.shutdown(wait=True)
        if not self._alone:
            await self._database.do(workers.leave, self._name)
            await self._database.do(_pick_up, self._name)
        self._side.shutdown(wait=True)
        log.info("worker_stopped", name=self._name)

    def _duties(self) -> list[tuple[float, Errand]]:
        duties: list[tuple[float, Errand]] = [
            (DUE_EVERY_S, self._wake),
            (RECONCILE_EVERY_S, self._reconcile),
            (PRUNE_EVERY_S, self._prune),
            (FORGET_EVERY_S, self._forget),
        ]
        return duties + [(DUE_EVERY_S, errand) for errand in self._errands]

    async def _keep_fed(self) -> None:
        """Feed the engine: often while it is busy, once a second while it is idle."""
        while True:
            busy = False
            try:
                busy = await self._database.do(self._feed)
            except Exception:
                log.exception("duty_failed", duty="feed")
            await asyncio.sleep(FEED_EVERY_S if busy else IDLE_FEED_EVERY_S)

    def _feed(self, connection: Connection) -> bool:
        busy = False
        for lane in Lane:
            held = queue.in_hand(connection, lane)
            pairs = queue.feed(connection, lane, IN_HAND[lane] - held, datetime.now(UTC))
            self._engine.enqueue(connection, lane, pairs)
            busy = busy or bool(held or pairs)
        return busy

    async def _wake(self) -> None:
        await self._database.do(queue.release_due, datetime.now(UTC))

    async def _reconcile(self) -> None:
        """A row that the engine should hold although its workflow will not run goes back.

        That is also one that the engine took for us without knowing it: the connection was lost
        after the commit. What we really have in hand, the deliverer knows.
        """
        await self._look_after(SUSPICIOUS_AFTER)

    async def _look_after(self, age: timedelta) -> None:
        held = await self._database.do(attempts.in_hand_since, datetime.now(UTC) - age)
        others = await self._database.do(workers.living) - {self._name}
        ended = await self._off_loop(partial(self._engine.ended, held, others)) if held else []
        lost = [pair for pair in ended if pair not in self._deliverer.running]
        for pair in lost:
            await self._database.do(attempts.abandon, *pair, datetime.now(UTC))
        if lost:
            log.warning("reconciled", deliveries=len(lost))

    async def _forget(self) -> None:
        """Empty what is older than the retention, a little at a time."""
        before, after = datetime.now(UTC) - self._keep, 0
        while last := await self._database.do(deliveries.forget_old, before, after):
            after = last
            await asyncio.sleep(0.05)

    async def _prune(self) -> None:
        await self._database.do(threads.forget_quiet)
        await self._database.do(lanes.forget_idle, IDLE_LANE_S)
        before = (datetime.now(UTC) - WORKFLOWS_KEPT).isoformat()
        for _ in range(MOST_PRUNES):
            if not await self._off_loop(partial(self._engine.prune, before)):
                break
            await asyncio.sleep(0.5)

    async def _beat(self) -> None:
        """Say that we live, and take over what the silent ones held."""
        loop = asyncio.get_running_loop()
        dead = await loop.run_in_executor(self._heart, self._beat_now)
        if dead:
            log.warning("took_over", workers=dead)
            await self._look_after(timedelta(0))

    def _beat_now(self) -> list[str]:
        """Nobody is buried whose silence may be ours: after a gap in our own beats, because the
        database was away or this process stood still, the others get the same time again."""
        self._database.do_now(workers.beat, self._name)
        now, last = time.monotonic(), self._beaten_at
        self._beaten_at = now
        if now - last > GAP_S:
            self._steady_since = now
        if self._ends or now - self._steady_since < DEAD_AFTER_S:
            return []
        return self._database.do_now(_bury, self._name)

    async def _off_loop(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._side, work)


def _bury(connection: Connection, me: str) -> list[str]:
    """Take over from the workers that fell silent; of the living, one gets each of them."""
    dead = workers.bury(connection, me, DEAD_AFTER_S)
    for name in dead:
        _pick_up(connection, name)
    return dead


def _pick_up(connection: Connection, owner: str | None) -> None:
    """What an ended worker (None: every one) had in flight becomes unsure or is queued again."""
    now = datetime.now(UTC)
    unsure = attempts.lost_answers(connection, now, owner)
    again = attempts.take_over(connection, now, owner)
    if unsure or again:
        log.warning("picked_up", unsure=unsure, queued_again=again)


async def _repeat(every_s: float, duty: Errand) -> None:
    """Do a duty again and again; a failure is logged and the next turn comes all the same."""
    while True:
        try:
            await duty()
        except Exception:
            log.exception("duty_failed", duty=getattr(duty, "__name__", "?"))
        await asyncio.sleep(every_s)

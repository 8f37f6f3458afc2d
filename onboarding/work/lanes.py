"""The gate before every outbound request: a slot of the lanes that all processes share."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

import structlog

from onboarding.store import lanes
from onboarding.store.database import Database
from onboarding.store.lanes import lane_name

LATEST_S = 0.06
"""At 46 requests a second three may come on top then, and Teams' limit is four above."""
BROKEN_S = 1.0

log = structlog.get_logger()


class LaneClosed(Exception):
    """The worker is ending: give back what was not sent yet."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The moment (of the running loop's clock) at which one request may be made. A busy lane gives
    it a little ahead, so that there is time to write down what is about to be done."""

    at: float

    async def comes(self) -> bool:
        """Wait for the moment. False when it is over: a request that comes late comes on top of
        those whose moment it is, and all together break the limit."""
        loop = asyncio.get_running_loop()
        if (early := self.at - loop.time()) > 0:
            await asyncio.sleep(early)
        return loop.time() - self.at < LATEST_S


class Lanes:
    """One dispatcher for each lane in use; live requests pass before those of batches."""

    def __init__(self, database: Database, rates: dict[str, float]) -> None:
        self._database = database
        self._rates = rates
        self._clock = _DatabaseClock()
        self._gates: dict[str, _Gate] = {}
        self._stopped: dict[str, str] = {}
        self._closed = False

    async def slot(self, kind: str, tenant_id: str, *, live: bool) -> Slot:
        """This lane's next slot. `kind` is a key of the rates. Raises LaneClosed."""
        if self._closed:
            raise LaneClosed
        return await self._gate(kind, tenant_id).slot(live)

    async def slow(self, kind: str, tenant_id: str, seconds: float) -> None:
        """The service asked this lane to rest for so many seconds."""
        await self._database.do_apart(lanes.slow, lane_name(kind, tenant_id), seconds)

    async def stop(self, kind: str, tenant_id: str, why: str, seconds: float) -> None:
        """Nobody gets through for so many seconds, for a reason that an administrator must mend;
        then one tries again."""
        name = lane_name(kind, tenant_id)
        if self._stopped.get(name) != why:
            log.error("lane_stopped", lane=name, why=why)
        self._stopped[name] = why
        await self._database.do_apart(lanes.stop, name, why, seconds)

    async def works(self, kind: str, tenant_id: str) -> None:
        """A request went through: if the lane was stopped, it is open again."""
        name = lane_name(kind, tenant_id)
        if self._stopped.pop(name, None) is not None:
            log.warning("lane_opened", lane=name)
            await self._database.do_apart(lanes.stop, name, None, 0.0)

    def waiting(self, tenant_id: str) -> dict[str, int]:
        """How many requests of this process wait for a slot, by lane; teams count together."""
        found: Counter[str] = Counter()
        for lane, gate in self._gates.items():
            kind, _, rest = lane.partition(":")
            if rest.endswith(tenant_id):
                found[kind] += gate.waiting
        return found

    async def close(self) -> None:
        """Turn away everybody who still waits."""
        self._closed = True
        for gate in self._gates.values():
            gate.close()
        await asyncio.gather(
            *(gate.task for gate in self._gates.values() if gate.task), return_exceptions=True
        )

    def _gate(self, kind: str, tenant_id: str) -> "_Gate":
        name = lane_name(kind, tenant_id)
        if name not in self._gates:
            rate = self._rates[kind.partition(":")[0]]
            self._gates[name] = _Gate(self._database, self._clock, name, rate)
        return self._gates[name]


class _Gate:
    """Reserves slots for whoever waits, at most 0.2 s ahead, and hands them out at once."""

    def __init__(self, database: Database, clock: "_DatabaseClock", name: str, rate: float) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._rate = rate
        self._live: deque[asyncio.Future[Slot]] = deque()
        self._bulk: deque[asyncio.Future[Slot]] = deque()
        self.task: asyncio.Task[None] | None = None

    async def slot(self, live: bool) -> Slot:
        future = asyncio.get_running_loop().create_future()
        (self._live if live else self._bulk).append(future)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._serve(), name=f"lane {self._name}")
        slot: Slot = await future
        return slot

    @property
    def waiting(self) -> int:
        return len(self._live) + len(self._bulk)

    def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
        for future in (*self._live, *self._bulk):
            if not future.done():
                future.set_exception(LaneClosed())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while wanted := self.waiting:
            try:
                slots = await self._database.do_apart(lanes.reserve, self._name, self._rate, wanted)
            except Exception:
                log.exception("lane_broke", lane=self._name)
                await asyncio.sleep(BROKEN_S)
                continue
            begin = self._clock.on_loop(slots.now, loop.time()) + slots.wait
            for number in range(slots.count):
                self._give(Slot(begin + number * slots.spacing))
            if not slots.count:
                await asyncio.sleep(slots.wait)

    def _give(self, slot: Slot) -> None:
        for queue in (self._live, self._bulk):
            while queue:
                future = queue.popleft()
                if not future.done():
                    future.set_result(slot)
                    return


class _DatabaseClock:
    """Which moment of the loop's clock one of the database's is.

    The fastest answer tells best; a slow one would put all slots that it brought too late. Forgets
    by 10 ms in a second, for clocks drift, and at once when the database's was set back.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._asked_at = 0.0

    def on_loop(self, moment: float, now: float) -> float:
        """`now` is the loop's time at the answer that brought this moment."""
        ahead = now - moment
        known = ahead if self._ahead is None else self._ahead + 0.01 * (now - self._asked_at)
        self._ahead = ahead if ahead - known > 1.0 else min(ahead, known)
        self._asked_at = now
        return moment + self._ahead

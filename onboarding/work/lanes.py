"""The gate before every outbound request: a slot of the lanes that all processes share."""

import asyncio
from collections import Counter, deque

import structlog

from onboarding.store import lanes
from onboarding.store.database import Database
from onboarding.store.lanes import lane_name

log = structlog.get_logger()


class LaneClosed(Exception):
    """The worker is ending: give back what was not sent yet."""


class Lanes:
    """One dispatcher for each lane in use; live requests pass before those of batches."""

    def __init__(self, database: Database, rates: dict[str, float]) -> None:
        self._database = database
        self._rates = rates
        self._gates: dict[str, _Gate] = {}
        self._stopped: dict[str, str] = {}
        self._closed = False

    async def slot(self, kind: str, tenant_id: str, *, live: bool) -> None:
        """Wait for this lane's next slot. `kind` is a key of the rates. Raises LaneClosed."""
        if self._closed:
            raise LaneClosed
        await self._gate(kind, tenant_id).wait(live)

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
            self._gates[name] = _Gate(self._database, name, rate)
        return self._gates[name]


class _Gate:
    """Reserves slots for whoever waits, at most 0.2 s ahead, and lets them through in time.

    A slot that comes late moves those after it: catching up would break the limit.
    """

    def __init__(self, database: Database, name: str, rate: float) -> None:
        self._database = database
        self._name = name
        self._rate = rate
        self._live: deque[asyncio.Future[None]] = deque()
        self._bulk: deque[asyncio.Future[None]] = deque()
        self._last = 0.0
        self.task: asyncio.Task[None] | None = None

    async def wait(self, live: bool) -> None:
        future = asyncio.get_running_loop().create_future()
        (self._live if live else self._bulk).append(future)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._serve(), name=f"lane {self._name}")
        await future

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
            slots = await self._database.do_apart(lanes.reserve, self._name, self._rate, wanted)
            begin = loop.time() + slots.wait
            if not slots.count:
                await asyncio.sleep(slots.wait)
            for number in range(slots.count):
                slot = max(begin + number * slots.spacing, self._last + slots.spacing)
                await asyncio.sleep(slot - loop.time())
                self._last = loop.time()
                self._let_one_through()

    def _let_one_through(self) -> None:
        for queue in (self._live, self._bulk):
            while queue:
                future = queue.popleft()
                if not future.done():
                    future.set_result(None)
                    return

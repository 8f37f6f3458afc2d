"""What happens in the simulated Teams, numbered, for whoever watches it live."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

_KEPT = 20_000


class Feed:
    """A ring of the latest; a watcher that fell behind goes on with the oldest kept."""

    def __init__(self) -> None:
        self._ring: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._watchers: set[asyncio.Event] = set()
        self.seq = 0
        self.closed = False

    def publish(self, kind: str, /, **details: Any) -> None:
        self.seq += 1
        self._ring.append({"seq": self.seq, "type": kind, **details})
        for watcher in self._watchers:
            watcher.set()

    def since(self, seq: int) -> list[dict[str, Any]]:
        oldest = self.seq - len(self._ring)
        return [self._ring[place] for place in range(max(0, seq - oldest), len(self._ring))]

    def close(self) -> None:
        self.closed = True
        for watcher in self._watchers:
            watcher.set()

    async def watch(
        self, seq: int, silence_s: float = 15.0
    ) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield what came after `seq`, in order; an empty list after every stretch of silence."""
        woken = asyncio.Event()
        self._watchers.add(woken)
        try:
            while not self.closed:
                news = self.since(seq)
                if news:
                    seq = news[-1]["seq"]
                    yield news
                    continue
                woken.clear()
                try:
                    await asyncio.wait_for(woken.wait(), silence_s)
                except TimeoutError:
                    yield []
        finally:
            self._watchers.discard(woken)

"""What was asked, how fast, and what the bot was told: logs in rings, exact counts."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_REQUESTS = 200_000
_EVENTS = 50_000
_FIELDS = (
    "seq",
    "monotonic",
    "at",
    "api",
    "method",
    "path",
    "query",
    "status",
    "ms",
    "roles",
    "fault",
    "unexpected",
)
Entry = tuple[int, float, float, str, str, str, str, int, float, tuple[str, ...], str | None, bool]


@dataclass(slots=True)
class Rate:
    """How many, and the most that ever arrived within one sliding second."""

    total: int = 0
    peak: int = 0
    first: float = 0.0
    last: float = 0.0
    recent: deque[float] = field(default_factory=deque)

    def hit(self, now: float) -> None:
        self.first = self.first or now
        self.last = now
        self.total += 1
        self.recent.append(now)
        while now - self.recent[0] >= 1.0:
            self.recent.popleft()
        self.peak = max(self.peak, len(self.recent))

    def as_json(self) -> dict[str, Any]:
        seconds = self.last - self.first
        mean = (self.total - 1) / seconds if seconds > 0 else 0.0
        return {
            "total": self.total,
            "max_per_second": self.peak,
            "seconds": round(seconds, 3),
            "mean_per_second": round(mean, 2),
        }


class Journal:
    """The request log, the event log, the violations of the platform's rules, and rates per API."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._requests: deque[Entry] = deque(maxlen=_REQUESTS)
        self._events: deque[dict[str, Any]] = deque(maxlen=_EVENTS)
        self.violations: deque[dict[str, Any]] = deque(maxlen=1_000)
        self.rates: dict[str, Rate] = {}
        self.statuses: dict[str, dict[int, int]] = {}
        self.requests_total = self.events_total = self.unexpected_total = 0

    def arrived(self, api: str, now: float) -> None:
        self.rates.setdefault(api, Rate()).hit(now)

    def answered(
        self,
        arrived: float,
        api: str,
        method: str,
        path: str,
        query: str,
        status: int,
        roles: tuple[str, ...],
        fault: str | None,
        unexpected: bool,
    ) -> None:
        """Log one request; status 0 means that it got no answer."""
        now = time.monotonic()
        self.requests_total += 1
        self.unexpected_total += unexpected
        counts = self.statuses.setdefault(api, {})
        counts[status] = counts.get(status, 0) + 1
        self._requests.append(
            (
                self.requests_total,
                arrived,
                time.time() - (now - arrived),
                api,
                method,
                path,
                query,
                status,
                round((now - arrived) * 1000, 2),
                roles,
                fault,
                unexpected,
            )
        )

    def requests(
        self, since: int, api: str | None, limit: int, unexpected: bool | None = None
    ) -> list[dict[str, Any]]:
        """Entries after `since` in order, at most `limit` of them."""
        found: list[dict[str, Any]] = []
        for entry in self._since(since):
            if (api is None or entry[3] == api) and (unexpected is None or entry[11] == unexpected):
                found.append(dict(zip(_FIELDS, entry, strict=True)))
            if len(found) >= limit:
                break
        return found

    def _since(self, since: int) -> Iterator[Entry]:
        oldest = self.requests_total - len(self._requests)
        start = max(0, since - oldest)
        return (self._requests[place] for place in range(start, len(self._requests)))

    def rate(self, api: str, since: int = 0) -> dict[str, Any]:
        """The peak and mean rate of an API; after entry `since`, from what the ring still holds."""
        if not since:
            whole = self.rates.get(api, Rate()).as_json()
        else:
            rate = Rate()
            for at in sorted(
                entry[1] for entry in list(self._requests) if entry[0] > since and entry[3] == api
            ):
                rate.hit(at)
            whole = rate.as_json()
        return {"api": api, **whole}

    def event(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Log one push to the bot; gives it a `seq`."""
        self.events_total += 1
        numbered = {"seq": self.events_total, **entry}
        self._events.append(numbered)
        return numbered

    def events(self, since: int, limit: int) -> list[dict[str, Any]]:
        return [entry for entry in self._events if entry["seq"] > since][:limit]

    def violation(self, rule: str, **details: Any) -> None:
        """Somebody broke a rule that the platform punishes late or in silence."""
        self.violations.append({"at": time.time(), "rule": rule, **details})

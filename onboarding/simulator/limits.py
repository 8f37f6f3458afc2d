"""Microsoft's published rate limits, for Teams bots and for Graph, as sliding logs."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

Windows = list[list[float]]
Charge = tuple[str, str, int]

DEFAULT: dict[str, Windows] = {
    "connector": [[50, 1]],
    "send": [[7, 1], [8, 2], [60, 30], [1800, 3600]],
    "create": [[7, 1], [8, 2], [60, 30], [1800, 3600]],
    "members": [[14, 1], [16, 2], [120, 30], [3600, 3600]],
    "conversations": [[14, 1], [16, 2], [120, 30], [3600, 3600]],
    "install": [[30, 1]],
    "uninstall": [[15, 1]],
    "installed": [[30, 1]],
    "catalog": [[30, 1]],
    "team_members": [[60, 1]],
    "teams_other": [[30, 1]],
    "team": [[4, 1]],
    "directory": [[8000, 10]],
}


def read_windows(value: Any) -> Windows:
    """`50` means 50 in any second; else a list of [count, seconds]."""
    if isinstance(value, int | float):
        return [[value, 1]]
    windows = [[float(count), float(seconds)] for count, seconds in value]
    if not windows or any(count < 1 or seconds <= 0 for count, seconds in windows):
        raise ValueError("a limit is a number, or a list of [count of at least 1, seconds]")
    return windows


@dataclass(slots=True)
class _Log:
    """When the latest units were spent, as many as the widest window counts."""

    windows: Windows
    spent: deque[float] = field(init=False)

    def __post_init__(self) -> None:
        self.spent = deque(maxlen=int(max(count for count, _ in self.windows)))

    def wait(self, now: float) -> float:
        """Seconds until one more unit fits into every window; 0 when it fits now."""
        longest = 0.0
        for count, seconds in self.windows:
            if len(self.spent) >= count:
                longest = max(longest, seconds - (now - self.spent[-int(count)]))
        return longest


class Limits:
    """Judges a call by every limit it falls under; only what passes all of them is counted."""

    def __init__(self) -> None:
        self._windows = dict(DEFAULT)
        self._logs: dict[tuple[str, str], _Log] = {}
        self.refused = 0

    def configure(self, overrides: dict[str, Any]) -> None:
        """Replace named limits and forget what was spent; raises ValueError."""
        if unknown := set(overrides) - set(DEFAULT):
            raise ValueError(
                f"no limit {', '.join(sorted(unknown))}; there are {', '.join(DEFAULT)}"
            )
        self._windows = {
            **DEFAULT,
            **{name: read_windows(value) for name, value in overrides.items()},
        }
        self.clear()

    def clear(self) -> None:
        self._logs.clear()
        self.refused = 0

    def spend(self, charges: list[Charge], now: float) -> float:
        """Spend units of each (limit, key, units); the seconds to wait when one has none left."""
        logs = [(self._log(name, key), units) for name, key, units in charges]
        wait = max((log.wait(now) for log, _ in logs), default=0.0)
        if wait > 0:
            self.refused += 1
            return wait
        for log, units in logs:
            log.spent.extend([now] * units)
        return 0.0

    def _log(self, name: str, key: str) -> _Log:
        log = self._logs.get((name, key))
        if log is None:
            log = self._logs[name, key] = _Log(self._windows[name])
        return log


def retry_after(wait: float) -> str:
    """Whole seconds, rounded up, as the services answer."""
    return str(max(1, math.ceil(wait)))

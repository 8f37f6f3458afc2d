"""When a message may be sent: a person's own clock, and nothing else."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str | None, fallback: str) -> ZoneInfo:
    """The person's IANA zone, or the fallback when it is unknown or no longer exists."""
    try:
        return ZoneInfo(name or fallback)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(fallback)


def not_before(now: datetime, where: ZoneInfo, quiet: tuple[time, time] | None) -> datetime:
    """The first moment from `now` (aware, UTC) on that is outside the quiet hours `where` they are.

    Quiet hours are half open: at their end one may speak. They may span midnight. On the night
    when clocks change, the wall clock counts.
    """
    if quiet is None:
        return now
    local = now.astimezone(where)
    if not _is_quiet(local.time(), quiet):
        return now
    end = local.replace(hour=quiet[1].hour, minute=quiet[1].minute, second=0, microsecond=0, fold=0)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(UTC)


def _is_quiet(clock: time, quiet: tuple[time, time]) -> bool:
    begin, end = quiet
    return begin <= clock < end if begin < end else clock >= begin or clock < end

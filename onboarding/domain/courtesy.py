"""When a message may be sent: a person's own clock, and nothing else."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str | None, fallback: str) -> ZoneInfo:
    """The person's IANA zone, or the fallback when it is unknown or no longer exists."""
    try:
        return ZoneInfo(name or fallback)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(fallback)


def not_before(now: datetime, where: ZoneInfo, quiet: tuple[time, time] | None) -> datetime:
    """The first moment from `now` (aware, UTC) on that is outside the quiet hours `where` they are.

    Quiet hours are half open: at their end one may speak. They may span midnight. On the night
    when clocks change, the wall clock counts.
    """
    if quiet is None:
        return now
    if not _is_quiet(now.astimezone(where).time(), quiet):
        return now
    today = now.astimezone(where).date()
    ends = (
        datetime.combine(today + timedelta(days), quiet[1], where).replace(fold=fold)
        for days in range(3)
        for fold in (0, 1)
    )
    moments = (end.astimezone(UTC) for end in ends)
    return min(m for m in moments if m > now and not _is_quiet(m.astimezone(where).time(), quiet))


def _is_quiet(clock: time, quiet: tuple[time, time]) -> bool:
    begin, end = quiet
    return begin <= clock < end if begin < end else clock >= begin or clock < end

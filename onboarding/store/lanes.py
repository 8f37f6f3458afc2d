"""Rate budgets that all processes share: a GCRA row each, on the database's clock."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Case, Connection, case, delete, select, update

from onboarding.store.database import clock
from onboarding.store.tables import lanes
from onboarding.store.writing import upsert

HORIZON = 0.2
WARM_UP_S = 1.0
SLOWER = 0.7
SLOWEST = 0.05
RECOVERY = 0.01
STOPPED_SHOWN_S = 40.0
"""Who tries a stopped lane again stops it anew, within ten seconds and the time of a call; a reason
that is older was left by somebody who ended."""


def lane_name(lane: str, tenant_id: str) -> str:
    """The name of a lane's row: every tenant has budgets of its own."""
    return f"{lane}:{tenant_id}"


@dataclass(frozen=True, slots=True)
class Slots:
    """What was reserved: `count` slots, the first in `wait` seconds, the others `spacing` seconds
    after each other. `count` is 0 when the lane has none to give; ask again in `wait` seconds.
    `now` is what the database's clock said."""

    count: int
    wait: float
    spacing: float
    now: float


def reserve(connection: Connection, name: str, rate: float, wanted: int) -> Slots:
    """Reserve up to `wanted` slots of a lane, at most 0.2 s ahead; `rate` per second counts
    unless somebody has adjusted it."""
    row = connection.execute(
        select(lanes).where(lanes.c.name == name).with_for_update()
    ).one_or_none()
    now = clock(connection)
    if row is None:
        opened = upsert(connection, lanes).values(name=name, next_at=now, busy_since=now)
        connection.execute(opened.on_conflict_do_nothing())
        return Slots(0, 0.0, 0.0, now)
    spacing = 1.0 / ((row.rate or rate) * row.factor)
    first = max(row.next_at, row.blocked_until, now)
    since = now if first - row.next_at > WARM_UP_S else row.busy_since
    if now - since < WARM_UP_S:
        # The first requests have connections to open, so they arrive closer than they were made.
        spacing *= 2
    if first > now + HORIZON:
        return Slots(0, min(first - now - HORIZON / 2, 5.0), spacing, now)
    count = min(wanted, int((now + HORIZON - first) / spacing) + 1)
    connection.execute(
        update(lanes)
        .where(lanes.c.name == name)
        .values(
            next_at=first + count * spacing,
            busy_since=since,
            factor=min(1.0, row.factor + RECOVERY * count),
        )
    )
    return Slots(count, first - now, spacing, now)


def adjust(connection: Connection, name: str, rate: float | None) -> None:
    """Set a lane's rate per second from now on, or (None) go back to the setting's."""
    statement = upsert(connection, lanes).values(name=name, next_at=0.0, rate=rate)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[lanes.c.name], set_={"rate": rate})
    )


def slow(connection: Connection, name: str, seconds: float) -> None:
    """Give nothing for so many seconds, and then less than before; it recovers by itself.

    Of many that are throttled at once only the first makes it slower.
    """
    now = clock(connection)
    rests = lanes.c.blocked_until > now
    connection.execute(
        update(lanes)
        .where(lanes.c.name == name)
        .values(
            blocked_until=_later(now + seconds),
            factor=case(
                (rests, lanes.c.factor),
                (lanes.c.factor * SLOWER < SLOWEST, SLOWEST),
                else_=lanes.c.factor * SLOWER,
            ),
        )
    )


def stop(connection: Connection, name: str, why: str | None, seconds: float) -> None:
    """Note why a lane gives nothing for so many seconds, or (None) that it works again."""
    until = clock(connection) + seconds
    connection.execute(
        update(lanes).where(lanes.c.name == name).values(stopped=why, blocked_until=_later(until))
    )


def _later(moment: float) -> Case[float]:
    return case((lanes.c.blocked_until > moment, lanes.c.blocked_until), else_=moment)


def all_lanes(connection: Connection) -> list[dict[str, Any]]:
    """Every lane's name, how long it still rests (s), what share of its budget it uses, why it is
    stopped, if it is, and the rate per second that somebody set, if they did."""
    now = clock(connection)
    return [
        {
            "name": row.name,
            "rests_s": round(max(0.0, row.blocked_until - now), 1),
            "share": round(row.factor, 2),
            "stopped": row.stopped if row.blocked_until > now - STOPPED_SHOWN_S else None,
            "rate": row.rate,
        }
        for row in connection.execute(select(lanes).order_by(lanes.c.name))
    ]


def forget_idle(connection: Connection, seconds: float) -> None:
    """Delete lanes that nobody has used for so long and that hold no news."""
    connection.execute(
        delete(lanes).where(
            lanes.c.next_at < clock(connection) - seconds,
            lanes.c.blocked_until < clock(connection),
            lanes.c.stopped.is_(None),
            lanes.c.rate.is_(None),
            lanes.c.factor == 1.0,
        )
    )

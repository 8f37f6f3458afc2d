"""What of the ledger goes on next: what is queued, whose time has come, what HR tries again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from onboarding.domain.deliveries import GAVE_WAY, Lane, State
from onboarding.domain.erasure import ERASED
from onboarding.store.batches import IN_BATCH, in_batch
from onboarding.store.deliveries import NO_VERDICT
from onboarding.store.tables import batches, deliveries
from onboarding.store.writing import CHUNK


def release(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Let deliveries go on that wait, failed or were skipped for want of the app or of a word."""
    return _requeue(
        connection,
        deliveries.c.id.in_(ids)
        & deliveries.c.state.in_([State.WAITING, State.FAILED, State.SKIPPED]),
        now,
    )


def release_due(connection: Connection, now: datetime, limit: int = 1000) -> int:
    """Let those go on whose time has come, unless their batch is paused."""
    waits = deliveries.c.state == State.WAITING
    due = (
        select(deliveries.c.id)
        .where(
            waits,
            deliveries.c.due_at <= now,
            or_(
                deliveries.c.batch_id.in_(_moving_batches(connection, waits)),
                deliveries.c.batch_id.is_(None),
            ),
        )
        .order_by(deliveries.c.due_at)
        .limit(limit)
        .scalar_subquery()
    )
    return _requeue(connection, deliveries.c.id.in_(due) & waits, now)


def retry(
    connection: Connection,
    batch_id: str,
    states: Sequence[State],
    now: datetime,
    ids: Sequence[int] | None = None,
) -> int:
    """Queue again those of a batch that are in these states; the number of them.

    Nobody who was erased is written to again.
    """
    which = (
        (deliveries.c.batch_id == batch_id)
        & deliveries.c.state.in_(states)
        & deliveries.c.code.is_distinct_from(ERASED.code)
    )
    if ids is not None:
        which &= deliveries.c.id.in_(ids)
    return _requeue(connection, which, now)


def _requeue(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    return connection.execute(
        update(deliveries)
        .where(which, ~deliveries.c.occasion.contains(GAVE_WAY), ~_batch_is_cancelled())
        .values(
            state=State.QUEUED,
            attempt=deliveries.c.attempt + 1,
            handed=False,
            due_at=None,
            owner=None,
            updated_at=now,
            **NO_VERDICT,
        )
    ).rowcount


def feed(connection: Connection, lane: Lane, limit: int, now: datetime) -> list[tuple[int, int]]:
    """Hand the next queued deliveries to the engine: pairs of id and attempt.

    Batches take turns, so that a small one does not wait for the end of a large one; within a
    batch the oldest go first.
    """
    taken: list[tuple[int, int]] = []
    sources = [None, *_moving_batches(connection, _queued(lane))] if limit > 0 else []
    for number, batch_id in enumerate(sources):
        share = -(-(limit - len(taken)) // (len(sources) - number))
        taken += _next(connection, lane, batch_id, share)
    for begin in range(0, len(taken), CHUNK):
        ids = [row_id for row_id, _ in taken[begin : begin + CHUNK]]
        connection.execute(
            update(deliveries).where(deliveries.c.id.in_(ids)).values(handed=True, updated_at=now)
        )
    return taken


def _moving_batches(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    """The batches that have such deliveries and do not stand still, oldest first.

    Jumps from one batch to the next in the index, so that neither a paused batch nor a large one
    costs anything.
    """
    first = select(func.min(deliveries.c.batch_id).label("id")).where(which)
    found = first.cte("found", recursive=True)
    following = select(func.min(deliveries.c.batch_id)).where(
        which, deliveries.c.batch_id > found.c.id
    )
    found = found.union_all(
        select(following.correlate(found).scalar_subquery()).where(found.c.id.is_not(None))
    )
    moving = (
        select(batches.c.id)
        .join(found, found.c.id == batches.c.id)
        .where(~batches.c.paused, ~batches.c.cancelled)
        .order_by(batches.c.created_at, batches.c.id)
    )
    return list(connection.execute(moving).scalars())


def _next(
    connection: Connection, lane: Lane, batch_id: str | None, limit: int
) -> list[tuple[int, int]]:
    mine = in_batch(batch_id) if batch_id else deliveries.c.batch_id.is_(None)
    query = (
        select(deliveries.c.id, deliveries.c.attempt)
        .where(_queued(lane), mine)
        .order_by(*IN_BATCH)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(row.id, row.attempt) for row in connection.execute(query)]


def _queued(lane: Lane) -> ColumnElement[bool]:
    return (
        (deliveries.c.state == State.QUEUED)
        & deliveries.c.handed.is_(False)
        & (deliveries.c.lane == lane)
    )


def in_hand(connection: Connection, lane: Lane) -> int:
    """How many of a lane the engine holds and has not settled."""
    query = select(func.count()).where(
        deliveries.c.state == State.QUEUED, deliveries.c.handed, deliveries.c.lane == lane
    )
    return connection.execute(query).scalar_one()


def _batch_is_cancelled() -> ColumnElement[bool]:
    return exists().where(batches.c.id == deliveries.c.batch_id, batches.c.cancelled)

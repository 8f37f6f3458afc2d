"""One attempt at a delivery: every change of state is one conditional UPDATE whose row count is the
answer, so that of two workers, or of one that was taken for dead, only one can act."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, or_, select, update

from onboarding.domain.deliveries import CRASHED, OUR_FAULT, State, Verdict
from onboarding.store.deliveries import FIELDS, NO_VERDICT, Delivery, move, read, said
from onboarding.store.tables import batches, deliveries


def claim(connection: Connection, delivery_id: int, attempt: int, owner: str) -> Delivery | None:
    """Take a queued delivery for this attempt, or None when it is no longer ours to send."""
    row = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.attempt == attempt,
            deliveries.c.state == State.QUEUED,
            ~_batch_stands_still(),
        )
        .values(owner=owner)
        .returning(*FIELDS)
    ).one_or_none()
    return read(row) if row else None


def hand_back(connection: Connection, delivery_id: int, attempt: int) -> bool:
    """Give a queued delivery back to the feeder: its batch was paused, or its workflow is gone."""
    return move(
        connection,
        (deliveries.c.id == delivery_id)
        & (deliveries.c.attempt == attempt)
        & (deliveries.c.state == State.QUEUED),
        handed=False,
        owner=None,
        attempt=deliveries.c.attempt + 1,
    )


def begin_sending(
    connection: Connection,
    delivery_id: int,
    attempt: int,
    owner: str,
    now: datetime,
    *,
    conversation_id: str,
    service_url: str,
) -> bool:
    """Commit the intent to send, before the call. False: stop, it is no longer ours."""
    return move(
        connection,
        _mine(delivery_id, attempt, owner)
        & (deliveries.c.state == State.QUEUED)
        & ~_batch_stands_still(),
        state=State.SENDING,
        tries=deliveries.c.tries + 1,
        conversation_id=conversation_id,
        service_url=service_url,
        updated_at=now,
    )


def mark_sent(
    connection: Connection,
    delivery_id: int,
    owner: str,
    now: datetime,
    *,
    activity_id: str,
    conversation_id: str,
    version: str,
) -> bool:
    """The message arrived; a row that a take-over had called unsure is healed."""
    return move(
        connection,
        (deliveries.c.id == delivery_id)
        & (deliveries.c.owner == owner)
        & deliveries.c.state.in_([State.SENDING, State.UNSURE]),
        state=State.SENT,
        activity_id=activity_id,
        conversation_id=conversation_id,
        message_version=version,
        due_at=None,
        sent_at=now,
        updated_at=now,
        **NO_VERDICT,
    )


def take_back(
    connection: Connection,
    delivery_id: int,
    attempt: int,
    owner: str,
    now: datetime,
    *,
    made: bool = True,
) -> bool:
    """From sending back to queued: the call was refused for now and surely did nothing, or (not
    `made`) there was none."""
    return move(
        connection,
        _mine(delivery_id, attempt, owner) & _on_its_way(),
        state=State.QUEUED,
        tries=deliveries.c.tries - (0 if made else 1),
        updated_at=now,
        **NO_VERDICT,
    )


def settle(
    connection: Connection,
    delivery_id: int,
    attempt: int,
    owner: str,
    state: State,
    verdict: Verdict,
    now: datetime,
) -> bool:
    """End an attempt in `state` with its verdict, from queued or sending."""
    return move(
        connection,
        _mine(delivery_id, attempt, owner) & _not_over(),
        state=state,
        **said(verdict, now),
    )


def break_off(
    connection: Connection, delivery_id: int, attempt: int, owner: str, now: datetime
) -> None:
    """After a fault of our own: unsure where the call may have been made, else failed."""
    mine = _mine(delivery_id, attempt, owner)
    unsure = said(CRASHED, now)
    if not move(
        connection, mine & (deliveries.c.state == State.SENDING), state=State.UNSURE, **unsure
    ):
        failed = said(OUR_FAULT, now)
        move(connection, mine & (deliveries.c.state == State.QUEUED), state=State.FAILED, **failed)


def wait(
    connection: Connection,
    delivery_id: int,
    attempt: int,
    owner: str,
    verdict: Verdict,
    now: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Let a delivery wait: until `due_at`, or (None) until the app is installed."""
    return move(
        connection,
        _mine(delivery_id, attempt, owner) & _not_over(),
        state=State.WAITING,
        due_at=due_at,
        handed=False,
        attempt=deliveries.c.attempt + 1,
        **said(verdict, now),
    )


def abandon(connection: Connection, delivery_id: int, attempt: int, now: datetime) -> None:
    """A delivery whose workflow will not run any more: unsure if it was on its way, else queued."""
    this = (deliveries.c.id == delivery_id) & (deliveries.c.attempt == attempt)
    lost = this & (deliveries.c.state == State.SENDING)
    if not move(connection, lost, state=State.UNSURE, **said(CRASHED, now)):
        hand_back(connection, delivery_id, attempt)


def in_hand_since(
    connection: Connection, before: datetime, limit: int = 2000
) -> list[tuple[int, int]]:
    """What the engine has held, queued or on its way, since before this moment."""
    query = (
        select(deliveries.c.id, deliveries.c.attempt)
        .where(
            deliveries.c.state.in_([State.QUEUED, State.SENDING]),
            deliveries.c.handed,
            deliveries.c.updated_at <= before,
        )
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    return [(row.id, row.attempt) for row in connection.execute(query)]


def lost_answers(connection: Connection, now: datetime, owner: str | None = None) -> int:
    """Every call whose answer was never committed becomes unsure: of one owner, or of all."""
    which = deliveries.c.state == State.SENDING
    if owner is not None:
        which &= deliveries.c.owner == owner
    return connection.execute(
        update(deliveries).where(which).values(state=State.UNSURE, **said(CRASHED, now))
    ).rowcount


def take_over(connection: Connection, now: datetime, owner: str | None = None) -> int:
    """Give the feeder what an ended worker (or, None, any worker) had claimed and not sent."""
    which = (deliveries.c.state == State.QUEUED) & deliveries.c.handed
    if owner is not None:
        which &= deliveries.c.owner == owner
    return connection.execute(
        update(deliveries)
        .where(which)
        .values(handed=False, owner=None, attempt=deliveries.c.attempt + 1, updated_at=now)
    ).rowcount


def _batch_stands_still() -> ColumnElement[bool]:
    return exists().where(
        batches.c.id == deliveries.c.batch_id, or_(batches.c.paused, batches.c.cancelled)
    )


def _on_its_way() -> ColumnElement[bool]:
    """Being sent, also when a take-over has called it unsure: whoever sends knows better."""
    taken_for_dead = (deliveries.c.state == State.UNSURE) & (deliveries.c.code == CRASHED.code)
    return (deliveries.c.state == State.SENDING) | taken_for_dead


def _not_over() -> ColumnElement[bool]:
    return (deliveries.c.state == State.QUEUED) | _on_its_way()


def _mine(delivery_id: int, attempt: int, owner: str) -> ColumnElement[bool]:
    return (
        (deliveries.c.id == delivery_id)
        & (deliveries.c.attempt == attempt)
        & (deliveries.c.owner == owner)
    )

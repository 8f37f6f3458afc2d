"""The ledger. Every change of state is one conditional UPDATE whose row count is the answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from onboarding.domain.deliveries import (
    CRASHED,
    GAVE_WAY,
    OPEN,
    OUR_FAULT,
    Draft,
    Lane,
    Purpose,
    Standing,
    State,
    Verdict,
)
from onboarding.domain.erasure import ERASED
from onboarding.store.batches import IN_BATCH, in_batch
from onboarding.store.tables import batches, deliveries
from onboarding.store.writing import CHUNK, insert_many, upsert

_OPEN_UNSENT = (State.WAITING, State.QUEUED)
_NO_VERDICT: dict[str, Any] = {"code": None, "reason": None, "remedy": None}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the ledger; see `tables.deliveries`."""

    id: int
    tenant_id: str
    recipient: str
    purpose: str
    occasion: str
    message: str
    lane: str
    state: State
    code: str | None
    reason: str | None
    remedy: str | None
    batch_id: str | None
    team_id: str | None
    context: Mapping[str, Any]
    heeds_clock: bool
    due_at: datetime | None
    attempt: int
    tries: int
    conversation_id: str | None
    service_url: str | None
    reply_to: str | None
    activity_id: str | None
    message_version: str | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None


_FIELDS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


def owe(connection: Connection, draft: Draft, now: datetime, *, handed: bool = False) -> int | None:
    """Insert a delivery if its key is free: its id, or None when the same is owed already.

    `handed`: the caller gives it to the engine itself, in the same transaction.
    """
    statement = upsert(connection, deliveries).values(_values(draft, now) | {"handed": handed})
    statement = statement.on_conflict_do_nothing().returning(deliveries.c.id)
    return connection.execute(statement).scalar_one_or_none()


def owe_many(connection: Connection, drafts: Iterable[Draft], now: datetime) -> int:
    """The same for many; returns how many were new."""
    rows = (_values(draft, now) for draft in drafts)
    return insert_many(connection, deliveries, rows, _unless_owed)


def _unless_owed(statement: Any, names: Sequence[str]) -> Any:
    return statement.on_conflict_do_nothing()


def standings(
    connection: Connection, tenant_id: str, recipients: Sequence[str]
) -> dict[str, list[Standing]]:
    """Everything but replies that is on record for these people, by recipient."""
    found: dict[str, list[Standing]] = {recipient: [] for recipient in recipients}
    for begin in range(0, len(recipients), CHUNK):
        query = select(
            deliveries.c.recipient,
            deliveries.c.id,
            deliveries.c.state,
            deliveries.c.code,
            deliveries.c.purpose,
            deliveries.c.occasion,
            deliveries.c.sent_at,
        ).where(
            deliveries.c.tenant_id == tenant_id,
            deliveries.c.recipient.in_(recipients[begin : begin + CHUNK]),
            deliveries.c.purpose != Purpose.REPLY,
        )
        for row in connection.execute(query):
            found[row.recipient].append(
                Standing(row.id, State(row.state), row.code, row.purpose, row.occasion, row.sent_at)
            )
    return found


def give_way(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Free the keys of rows that reached nobody, so that a new occasion can owe the same message.

    They keep their state and say that a later one took over; a retry leaves them alone.
    """
    for begin in range(0, len(ids), CHUNK):
        connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id.in_(ids[begin : begin + CHUNK]),
                deliveries.c.state.in_([State.FAILED, State.SKIPPED, State.CANCELLED]),
            )
            .values(
                occasion=deliveries.c.occasion + literal(GAVE_WAY) + cast(deliveries.c.id, String),
                remedy="Nothing to do: a later request took this over.",
                updated_at=now,
            )
        )


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
            **_NO_VERDICT,
        )
    ).rowcount


def stop(
    connection: Connection,
    tenant_id: str,
    verdict: Verdict,
    now: datetime,
    *,
    recipient: str | None = None,
    team_id: str | None = None,
) -> int:
    """Skip what still waits or is queued for a person, a team, or a person in a team.

    Replies are never stopped: somebody asked for them.
    """
    which = (
        (deliveries.c.tenant_id == tenant_id)
        & deliveries.c.state.in_(_OPEN_UNSENT)
        & (deliveries.c.purpose != Purpose.REPLY)
    )
    if recipient is not None:
        which &= deliveries.c.recipient == recipient
    if team_id is not None:
        which &= (deliveries.c.team_id == team_id) & deliveries.c.batch_id.is_(None)
    return connection.execute(
        update(deliveries).where(which).values(state=State.SKIPPED, **_said(verdict, now))
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
        .returning(*_FIELDS)
    ).one_or_none()
    return _delivery(row) if row else None


def hand_back(connection: Connection, delivery_id: int, attempt: int) -> bool:
    """Give a queued delivery back to the feeder: its batch was paused, or its workflow is gone."""
    return _move(
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
    return _move(
        connection,
        (deliveries.c.id == delivery_id)
        & (deliveries.c.attempt == attempt)
        & (deliveries.c.owner == owner)
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
    return _move(
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
        **_NO_VERDICT,
    )


def take_back(
    connection: Connection, delivery_id: int, attempt: int, owner: str, now: datetime
) -> bool:
    """The call was refused for now and surely did nothing: from sending back to queued."""
    return _move(
        connection,
        _mine(delivery_id, attempt, owner) & (deliveries.c.state == State.SENDING),
        state=State.QUEUED,
        updated_at=now,
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
    return _move(
        connection,
        _mine(delivery_id, attempt, owner) & deliveries.c.state.in_([State.QUEUED, State.SENDING]),
        state=state,
        **_said(verdict, now),
    )


def break_off(
    connection: Connection, delivery_id: int, attempt: int, owner: str, now: datetime
) -> None:
    """After a fault of our own: unsure where the call may have been made, else failed."""
    mine = _mine(delivery_id, attempt, owner)
    unsure = _said(CRASHED, now)
    if not _move(
        connection, mine & (deliveries.c.state == State.SENDING), state=State.UNSURE, **unsure
    ):
        failed = _said(OUR_FAULT, now)
        _move(connection, mine & (deliveries.c.state == State.QUEUED), state=State.FAILED, **failed)


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
    return _move(
        connection,
        _mine(delivery_id, attempt, owner) & deliveries.c.state.in_([State.QUEUED, State.SENDING]),
        state=State.WAITING,
        due_at=due_at,
        handed=False,
        attempt=deliveries.c.attempt + 1,
        **_said(verdict, now),
    )


def lost_answers(connection: Connection, now: datetime, owner: str | None = None) -> int:
    """Every call whose answer was never committed becomes unsure: of one owner, or of all."""
    which = deliveries.c.state == State.SENDING
    if owner is not None:
        which &= deliveries.c.owner == owner
    return connection.execute(
        update(deliveries).where(which).values(state=State.UNSURE, **_said(CRASHED, now))
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


def forget_old(connection: Connection, before: datetime, after: int, limit: int = 2000) -> int:
    """Delete answers, and empty the personal context of other settled deliveries, that are older
    than this moment. Keys, states and reasons stay: nobody is welcomed twice.

    Looks at so many rows from after this id on; the last one's id, or 0 at the end.
    """
    looked_at = select(deliveries.c.id).where(deliveries.c.id > after).order_by(deliveries.c.id)
    last = connection.execute(select(func.max(looked_at.limit(limit).subquery().c.id))).scalar_one()
    if last is None:
        return 0
    old = (
        deliveries.c.id.between(after + 1, last)
        & (deliveries.c.updated_at < before)
        & deliveries.c.state.not_in(OPEN)
    )
    connection.execute(delete(deliveries).where(old, deliveries.c.purpose == Purpose.REPLY))
    connection.execute(
        update(deliveries)
        .where(old, deliveries.c.emptied.is_(False))
        .values(context={}, emptied=True)
    )
    return int(last)


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


def abandon(connection: Connection, delivery_id: int, attempt: int, now: datetime) -> None:
    """A delivery whose workflow will not run any more: unsure if it was on its way, else queued."""
    this = (deliveries.c.id == delivery_id) & (deliveries.c.attempt == attempt)
    lost = this & (deliveries.c.state == State.SENDING)
    if not _move(connection, lost, state=State.UNSURE, **_said(CRASHED, now)):
        hand_back(connection, delivery_id, attempt)


def count_states(connection: Connection, purpose: str | None = None) -> dict[State, int]:
    """How many rows of the ledger are in each state, of one purpose or of all."""
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    if purpose is not None:
        query = query.where(deliveries.c.purpose == purpose)
    return {State(state): number for state, number in connection.execute(query)}


def delivery(connection: Connection, delivery_id: int) -> Delivery | None:
    """One row of the ledger."""
    row = connection.execute(select(*_FIELDS).where(deliveries.c.id == delivery_id)).one_or_none()
    return _delivery(row) if row else None


def deliveries_to(connection: Connection, tenant_id: str, recipient: str) -> list[Delivery]:
    """Everything ever owed to a person or place, oldest first."""
    query = (
        select(*_FIELDS)
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.recipient == recipient)
        .order_by(deliveries.c.id)
    )
    return [_delivery(row) for row in connection.execute(query)]


def _batch_is_cancelled() -> ColumnElement[bool]:
    return exists().where(batches.c.id == deliveries.c.batch_id, batches.c.cancelled)


def _batch_stands_still() -> ColumnElement[bool]:
    return exists().where(
        batches.c.id == deliveries.c.batch_id, or_(batches.c.paused, batches.c.cancelled)
    )


def _mine(delivery_id: int, attempt: int, owner: str) -> ColumnElement[bool]:
    return (
        (deliveries.c.id == delivery_id)
        & (deliveries.c.attempt == attempt)
        & (deliveries.c.owner == owner)
    )


def _move(connection: Connection, which: ColumnElement[bool], **values: Any) -> bool:
    return connection.execute(update(deliveries).where(which).values(values)).rowcount == 1


def _said(verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "code": verdict.code,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "updated_at": now,
    }


def _values(draft: Draft, now: datetime) -> dict[str, Any]:
    verdict = draft.verdict
    return {
        "tenant_id": draft.key.tenant_id,
        "recipient": draft.key.recipient,
        "purpose": str(draft.key.purpose),
        "occasion": draft.key.occasion,
        "message": draft.message,
        "lane": str(draft.lane),
        "state": str(draft.state),
        "code": verdict.code if verdict else None,
        "reason": verdict.reason if verdict else None,
        "remedy": verdict.remedy if verdict else None,
        "batch_id": draft.batch_id,
        "team_id": draft.team_id,
        "context": dict(draft.context),
        "heeds_clock": draft.heeds_clock,
        "due_at": draft.due_at,
        "conversation_id": draft.conversation_id,
        "service_url": draft.service_url,
        "reply_to": draft.reply_to,
        "created_at": now,
        "updated_at": now,
    }


def _delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    return Delivery(**values | {"state": State(values["state"])})

"""The ledger: what is owed to whom, and how it stands. `queue` says what goes on next, `attempts`
what becomes of it."""

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
    func,
    literal,
    select,
    update,
)

from onboarding.domain.deliveries import GAVE_WAY, OPEN, Draft, Purpose, Standing, State, Verdict
from onboarding.store.tables import deliveries
from onboarding.store.writing import CHUNK, insert_many, upsert


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


FIELDS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]
NO_VERDICT: dict[str, Any] = {"code": None, "reason": None, "remedy": None}


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
        & deliveries.c.state.in_([State.WAITING, State.QUEUED])
        & (deliveries.c.purpose != Purpose.REPLY)
    )
    if recipient is not None:
        which &= deliveries.c.recipient == recipient
    if team_id is not None:
        which &= (deliveries.c.team_id == team_id) & deliveries.c.batch_id.is_(None)
    return connection.execute(
        update(deliveries).where(which).values(state=State.SKIPPED, **said(verdict, now))
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


def count_states(connection: Connection, purpose: str | None = None) -> dict[State, int]:
    """How many rows of the ledger are in each state, of one purpose or of all."""
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    if purpose is not None:
        query = query.where(deliveries.c.purpose == purpose)
    return {State(state): number for state, number in connection.execute(query)}


def delivery(connection: Connection, delivery_id: int) -> Delivery | None:
    """One row of the ledger."""
    row = connection.execute(select(*FIELDS).where(deliveries.c.id == delivery_id)).one_or_none()
    return read(row) if row else None


def deliveries_to(connection: Connection, tenant_id: str, recipient: str) -> list[Delivery]:
    """Everything ever owed to a person or place, oldest first."""
    query = (
        select(*FIELDS)
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.recipient == recipient)
        .order_by(deliveries.c.id)
    )
    return [read(row) for row in connection.execute(query)]


def move(connection: Connection, which: ColumnElement[bool], **values: Any) -> bool:
    """Change the one row that is in this condition; False when it is not."""
    return connection.execute(update(deliveries).where(which).values(values)).rowcount == 1


def said(verdict: Verdict, now: datetime) -> dict[str, Any]:
    """A verdict as columns."""
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


def read(row: Row[Any]) -> Delivery:
    """A delivery from a row of FIELDS."""
    values = dict(row._mapping)
    return Delivery(**values | {"state": State(values["state"])})

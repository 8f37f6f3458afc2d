"""HR's batches: what was asked, how far it has come, who was refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from onboarding.domain.batches import Batch
from onboarding.domain.deliveries import CANCELLED_BY_HR, State
from onboarding.store.tables import batches, deliveries, people, refusals
from onboarding.store.writing import CHUNK, upsert

_FIELDS = [batches.c[name] for name in Batch.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row of HR's file that was not accepted; `row` counts data rows from 1."""

    row: int
    field: str
    problem: str
    remedy: str
    value: str


@dataclass(frozen=True, slots=True)
class Audited:
    """One person of a batch as `/deliveries` shows them."""

    id: int
    aad_object_id: str
    upn: str | None
    display_name: str | None
    state: State
    code: str | None
    reason: str | None
    remedy: str | None
    attempts: int
    due_at: datetime | None
    updated_at: datetime


class KeyTaken(Exception):
    """Another request with the same idempotency key came first."""


def create(
    connection: Connection,
    batch: Batch,
    refused: Iterable[Refusal],
    *,
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
) -> None:
    """Write a new batch and what of its file was refused. Raises KeyTaken."""
    row = {name: getattr(batch, name) for name in Batch.__dataclass_fields__}
    statement = upsert(connection, batches).values(
        **row, idempotency_key=idempotency_key, fingerprint=fingerprint
    )
    made = connection.execute(statement.on_conflict_do_nothing().returning(batches.c.id)).first()
    if made is None:
        raise KeyTaken
    rows = [
        {
            "batch_id": batch.id,
            "row": item.row,
            "field": item.field,
            "problem": item.problem,
            "remedy": item.remedy,
            "value": item.value,
        }
        for item in refused
    ]
    for begin in range(0, len(rows), CHUNK):
        connection.execute(insert(refusals), rows[begin : begin + CHUNK])


def batch(connection: Connection, batch_id: str) -> Batch | None:
    """The batch with this id, or None."""
    row = connection.execute(select(*_FIELDS).where(batches.c.id == batch_id)).one_or_none()
    return _batch(row) if row else None


def batch_of_key(
    connection: Connection, tenant_id: str, idempotency_key: str
) -> tuple[str, str] | None:
    """Id and fingerprint of the batch that was submitted under this idempotency key."""
    query = select(batches.c.id, batches.c.fingerprint).where(
        batches.c.tenant_id == tenant_id, batches.c.idempotency_key == idempotency_key
    )
    row = connection.execute(query).one_or_none()
    return (row.id, row.fingerprint or "") if row else None


def newest(
    connection: Connection, limit: int, before: tuple[datetime, str] | None = None
) -> list[Batch]:
    """Batches from the newest on; `before` is creation and id of the last one already seen."""
    query = select(*_FIELDS).order_by(batches.c.created_at.desc(), batches.c.id.desc())
    if before is not None:
        at, batch_id = before
        query = query.where(
            or_(
                batches.c.created_at < at,
                and_(batches.c.created_at == at, batches.c.id < batch_id),
            )
        )
    return [_batch(row) for row in connection.execute(query.limit(limit))]


def counts(connection: Connection, batch_ids: Sequence[str]) -> dict[str, dict[State, int]]:
    """How many deliveries of each batch are in each state."""
    found: dict[str, dict[State, int]] = {batch_id: {} for batch_id in batch_ids}
    query = (
        select(deliveries.c.batch_id, deliveries.c.state, func.count())
        .where(deliveries.c.batch_id.in_(batch_ids))
        .group_by(deliveries.c.batch_id, deliveries.c.state)
    )
    for batch_id, state, number in connection.execute(query):
        found[batch_id][State(state)] = number
    return found


def causes(connection: Connection, batch_id: str) -> list[dict[str, Any]]:
    """Why deliveries of a batch stand where they stand: state, code, words and how many."""
    query = (
        select(
            deliveries.c.state,
            deliveries.c.code,
            func.min(deliveries.c.reason),
            func.min(deliveries.c.remedy),
            func.count(),
        )
        .where(deliveries.c.batch_id == batch_id, deliveries.c.code.is_not(None))
        .group_by(deliveries.c.state, deliveries.c.code)
        .order_by(func.count().desc())
    )
    names = ("state", "code", "reason", "remedy", "people")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def next_due(connection: Connection, batch_id: str) -> datetime | None:
    """When the next waiting delivery of a batch is due, if its time is known."""
    query = (
        select(deliveries.c.due_at)
        .where(
            deliveries.c.batch_id == batch_id,
            deliveries.c.state == State.WAITING,
            deliveries.c.due_at.is_not(None),
        )
        .order_by(deliveries.c.due_at)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


def page(
    connection: Connection,
    batch_id: str,
    limit: int,
    *,
    state: State | None = None,
    after: int = 0,
) -> list[Audited]:
    """People of a batch in the order of their rows, from after the given delivery on."""
    query = (
        select(
            deliveries.c.id,
            deliveries.c.recipient,
            people.c.upn,
            people.c.display_name,
            deliveries.c.state,
            deliveries.c.code,
            deliveries.c.reason,
            deliveries.c.remedy,
            deliveries.c.tries,
            deliveries.c.due_at,
            deliveries.c.updated_at,
        )
        .join_from(
            deliveries,
            people,
            and_(
                people.c.tenant_id == deliveries.c.tenant_id,
                people.c.aad_object_id == deliveries.c.recipient,
            ),
            isouter=True,
        )
        .where(in_batch(batch_id, after))
        .order_by(*IN_BATCH)
        .limit(limit)
    )
    if state is not None:
        query = query.where(deliveries.c.state == state)
    names = Audited.__dataclass_fields__
    rows = (dict(zip(names, row, strict=True)) for row in connection.execute(query))
    return [Audited(**row | {"state": State(row["state"])}) for row in rows]


IN_BATCH = (deliveries.c.batch_id, deliveries.c.id)


def in_batch(batch_id: str, after: int = 0) -> ColumnElement[bool]:
    """The rows of one batch from after this id on, to be ordered by IN_BATCH.

    A range instead of an equation: else PostgreSQL would read the whole ledger by its ids, in the
    hope of soon meeting enough rows of this batch.
    """
    return (tuple_(*IN_BATCH) > tuple_(batch_id, after)) & (deliveries.c.batch_id <= batch_id)


def refused(connection: Connection, batch_id: str) -> list[Refusal]:
    """The refused rows of a batch's file, in the file's order."""
    query = (
        select(
            refusals.c.row,
            refusals.c.field,
            refusals.c.problem,
            refusals.c.remedy,
            refusals.c.value,
        )
        .where(refusals.c.batch_id == batch_id)
        .order_by(refusals.c.row)
    )
    return [Refusal(**row._mapping) for row in connection.execute(query)]


def set_paused(connection: Connection, batch_id: str, *, paused: bool) -> bool:
    """Pause or resume; from the commit on nothing more of a paused batch is sent."""
    return (
        connection.execute(
            update(batches)
            .where(batches.c.id == batch_id, batches.c.cancelled.is_(False))
            .values(paused=paused)
        ).rowcount
        == 1
    )


def cancel(connection: Connection, batch_id: str, now: datetime) -> int:
    """Cancel what was not sent yet; what is on its way ends as it ends. The number cancelled."""
    connection.execute(
        update(batches).where(batches.c.id == batch_id).values(cancelled=True, paused=False)
    )
    return connection.execute(
        update(deliveries)
        .where(
            deliveries.c.batch_id == batch_id,
            deliveries.c.state.in_([State.WAITING, State.QUEUED]),
        )
        .values(
            state=State.CANCELLED,
            code=CANCELLED_BY_HR.code,
            reason=CANCELLED_BY_HR.reason,
            remedy=CANCELLED_BY_HR.remedy,
            updated_at=now,
        )
    ).rowcount


def _batch(row: Row[Any]) -> Batch:
    return Batch(**row._mapping)

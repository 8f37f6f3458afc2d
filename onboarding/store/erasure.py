"""Erase one person, in one transaction; `domain.erasure` says what stays and why."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from onboarding.domain.deliveries import ARRIVED, Purpose, State
from onboarding.domain.erasure import ERASED, ERASED_UNSURE, PROOF, Erased, without
from onboarding.domain.people import Person
from onboarding.errors import BadInput
from onboarding.store.people import person
from onboarding.store.tables import (
    batches,
    deliveries,
    memberships,
    people,
    refusals,
    steps,
    teams,
)
from onboarding.store.writing import CHUNK

_EMPTY: dict[str, Any] = {
    "context": {},
    "emptied": True,
    "conversation_id": None,
    "service_url": None,
    "reply_to": None,
    "activity_id": None,
}


def erase(connection: Connection, tenant_id: str, aad_object_id: str, now: datetime) -> Erased:
    """Erase what is kept about a person. Raises BadInput while a message to them is on its way."""
    known = person(connection, tenant_id, aad_object_id) or Person(tenant_id, aad_object_id)
    names = {name.lower() for name in (aad_object_id, known.upn, known.teams_id) if name}
    rows = _locked(connection, tenant_id, aad_object_id)
    proofs = [row.id for row in rows if _is_proof(row)]
    nameless = [row.id for row in rows if not _is_proof(row)]
    _strip(connection, proofs)
    _unname(connection, nameless, now)
    mentions = _forget_mentions(connection, tenant_id, aad_object_id, names)
    return Erased(
        aad_object_id=aad_object_id,
        steps=_delete_steps(connection, tenant_id, aad_object_id),
        memberships=_delete_memberships(connection, known),
        profile=_delete_profile(connection, known),
        proofs=len(proofs),
        nameless=len(nameless),
        mentions=mentions + _forget_refusals(connection, tenant_id, names),
        opted_out=known.opted_out,
        employment=known.employment,
    )


def _locked(connection: Connection, tenant_id: str, aad_object_id: str) -> list[Any]:
    query = (
        select(
            deliveries.c.id,
            deliveries.c.state,
            deliveries.c.owner,
            deliveries.c.purpose,
        )
        .where(deliveries.c.tenant_id == tenant_id, deliveries.c.recipient == aad_object_id)
        .with_for_update()
    )
    rows = list(connection.execute(query))
    if any(_is_in_hand(row) for row in rows):
        raise BadInput(
            "A message to this person is on its way at this moment.",
            "Erase them again in a minute, while the bot runs; it has to finish first.",
        )
    return rows


def _is_in_hand(row: Any) -> bool:
    return row.state == State.SENDING or (row.state == State.QUEUED and row.owner is not None)


def _is_proof(row: Any) -> bool:
    return row.state in PROOF and row.purpose != Purpose.REPLY


def _strip(connection: Connection, ids: Sequence[int]) -> None:
    said = {
        "code": ERASED_UNSURE.code,
        "reason": ERASED_UNSURE.reason,
        "remedy": ERASED_UNSURE.remedy,
    }
    for some in _among(ids):
        connection.execute(update(deliveries).where(some).values(_EMPTY))
        unsure = some & (deliveries.c.state == State.UNSURE)
        connection.execute(update(deliveries).where(unsure).values(said))


def _unname(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Nothing of these rows leads to the person any more, and no retry takes them up.

    They are not deleted: SQLite would give the newest id again, under which the durable engine
    remembers another message.
    """
    nobody = _EMPTY | {
        "recipient": literal("erased:") + cast(deliveries.c.id, String),
        "occasion": "erased",
    }
    called_off = {
        "state": State.CANCELLED,
        "code": ERASED.code,
        "reason": ERASED.reason,
        "remedy": ERASED.remedy,
        "due_at": None,
        "updated_at": now,
    }
    for some in _among(ids):
        connection.execute(update(deliveries).where(some).values(nobody))
        unsent = some & deliveries.c.state.not_in(ARRIVED)
        connection.execute(update(deliveries).where(unsent).values(called_off))


def _among(ids: Sequence[int]) -> list[ColumnElement[bool]]:
    return [deliveries.c.id.in_(ids[begin : begin + CHUNK]) for begin in range(0, len(ids), CHUNK)]


def _forget_mentions(
    connection: Connection, tenant_id: str, aad_object_id: str, names: Collection[str]
) -> int:
    """Where they stand in what others were sent: as adder, manager, buddy or author."""
    return (
        _forget_contexts(connection, tenant_id, names)
        + _forget_as_manager(connection, tenant_id, names)
        + connection.execute(
            update(teams)
            .where(teams.c.tenant_id == tenant_id, teams.c.installer == aad_object_id)
            .values(installer=None)
        ).rowcount
    )


def _forget_contexts(connection: Connection, tenant_id: str, names: Collection[str]) -> int:
    """Reads the whole ledger once: seldom needed, and no index could find it."""
    query = select(deliveries.c.id, deliveries.c.purpose, deliveries.c.context).where(
        deliveries.c.tenant_id == tenant_id, _holds(deliveries.c.context, names)
    )
    rows = connection.execute(query).all()
    for row in rows:
        theirs = row.purpose == Purpose.NEW_CONVERSATION
        left = {} if theirs else without(row.context, names)
        connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(context=left))
    return len(rows)


def _forget_as_manager(connection: Connection, tenant_id: str, names: Collection[str]) -> int:
    """Whoever reports to them: the directory is asked again when the manager is next needed."""
    return connection.execute(
        update(people)
        .where(people.c.tenant_id == tenant_id, _holds(people.c.manager, names))
        .values(manager=None)
    ).rowcount


def _holds(column: ColumnElement[Any], names: Collection[str]) -> ColumnElement[bool]:
    """Whether a JSON column holds one of these names as a whole text."""
    text = func.lower(cast(column, Text))
    return or_(*(text.contains(json.dumps(name), autoescape=True) for name in sorted(names)))


def _forget_refusals(connection: Connection, tenant_id: str, names: Collection[str]) -> int:
    ours = select(batches.c.id).where(batches.c.tenant_id == tenant_id)
    theirs = or_(
        *(func.lower(refusals.c.value) == name for name in sorted(names)),
        *(func.lower(refusals.c.problem).contains(name, autoescape=True) for name in sorted(names)),
    )
    return connection.execute(
        update(refusals)
        .where(refusals.c.batch_id.in_(ours), theirs)
        .values(problem=ERASED.reason, remedy=ERASED.remedy, value="")
    ).rowcount


def _delete_steps(connection: Connection, tenant_id: str, aad_object_id: str) -> int:
    return connection.execute(
        delete(steps).where(steps.c.tenant_id == tenant_id, steps.c.aad_object_id == aad_object_id)
    ).rowcount


def _delete_memberships(connection: Connection, known: Person) -> int:
    members = [name for name in (known.teams_id, known.aad_object_id) if name]
    return connection.execute(
        delete(memberships).where(
            memberships.c.tenant_id == known.tenant_id, memberships.c.member.in_(members)
        )
    ).rowcount


def _delete_profile(connection: Connection, known: Person) -> int:
    """Delete the row; a wish, or the count of employments, comes back as a row of its own."""
    gone = connection.execute(
        delete(people).where(
            people.c.tenant_id == known.tenant_id,
            people.c.aad_object_id == known.aad_object_id,
        )
    ).rowcount
    if known.opted_out or known.employment > 1:
        connection.execute(
            insert(people).values(
                tenant_id=known.tenant_id,
                aad_object_id=known.aad_object_id,
                employment=known.employment,
                opted_out=known.opted_out,
                opted_at=known.opted_at,
            )
        )
    return gone

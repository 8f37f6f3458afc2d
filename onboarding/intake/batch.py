"""HR's batch: one row of the ledger for each of its people, whatever they had before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from onboarding.domain import decide
from onboarding.domain.batches import Batch
from onboarding.domain.deliveries import Standing
from onboarding.domain.people import Person
from onboarding.store import batches, deliveries, people
from onboarding.store.writing import batched

INVITED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Invited:
    """One accepted person of a batch: who they are, and what HR's row says of them.

    `known` are columns of `people`; `context` is what only this batch's message needs.
    """

    aad_object_id: str
    known: Mapping[str, Any]
    context: Mapping[str, Any]


Invitations = Callable[[], Iterator[Invited]]
"""Walks through a batch's people, from the start at each call: 100,000 at once are too many."""


def submit(
    connection: Connection,
    batch: Batch,
    invited: Invitations,
    refused: Sequence[batches.Refusal],
    idempotency_key: str | None,
    fingerprint: str | None,
) -> None:
    """Write a batch and one row of the ledger for each of its people. Raises KeyTaken."""
    batches.create(
        connection, batch, refused, idempotency_key=idempotency_key, fingerprint=fingerprint
    )
    fresh = sum(_invite(connection, batch, some) for some in batched(invited(), INVITED_AT_ONCE))
    if fresh != batch.audience:
        raise AssertionError(f"batch {batch.id}: {fresh} rows for {batch.audience} people")


def _invite(connection: Connection, batch: Batch, invited: Sequence[Invited]) -> int:
    """Owe some of a batch's people their message; how many rows that made."""
    ids = [one.aad_object_id for one in invited]
    before = people.people_by_id(connection, batch.tenant_id, ids)
    _learn_people(connection, batch.tenant_id, invited, before)
    standings = deliveries.standings(connection, batch.tenant_id, ids)
    owed = [
        _batch_row(batch, one, before.get(one.aad_object_id), standings[one.aad_object_id])
        for one in invited
    ]
    deliveries.give_way(
        connection, [o.gives_way for o in owed if o.gives_way is not None], batch.created_at
    )
    return deliveries.owe_many(connection, (o.draft for o in owed), batch.created_at)


def _learn_people(
    connection: Connection,
    tenant_id: str,
    invited: Sequence[Invited],
    before: Mapping[str, Person],
) -> None:
    rows = ({"tenant_id": tenant_id, "aad_object_id": i.aad_object_id, **i.known} for i in invited)
    people.learn(connection, rows)
    for one in invited:
        person = before.get(one.aad_object_id)
        if person and _rehired(person, one):
            people.set_person(
                connection, tenant_id, one.aad_object_id, employment=person.employment + 1
            )


def _rehired(person: Person, one: Invited) -> bool:
    return decide.is_rehire(person, one.known.get("employee_id"), one.known.get("start_date"))


def _batch_row(
    batch: Batch, one: Invited, before: Person | None, standings: Sequence[Standing]
) -> decide.Owe:
    person = before or Person(batch.tenant_id, one.aad_object_id)
    if before and _rehired(before, one):
        person = Person(batch.tenant_id, one.aad_object_id, employment=before.employment + 1)
    claimant = decide.Claimant(person, decide.current_welcome(standings, person), one.context)
    later = batch.starts_at is not None and batch.starts_at > batch.created_at
    return decide.batch_row(batch.id, batch.message, batch.starts_at if later else None, claimant)

"""People, the chat with each of them, and what they asked of us."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, or_, select, update

from onboarding.domain.people import Person
from onboarding.store.tables import deliveries, memberships, people, steps, teams
from onboarding.store.writing import CHUNK, insert_many, upsert


def person(connection: Connection, tenant_id: str, aad_object_id: str) -> Person | None:
    """The person with this Entra object id, or None."""
    row = connection.execute(select(people).where(_is(tenant_id, aad_object_id))).one_or_none()
    return _person(row) if row else None


def people_by_id(connection: Connection, tenant_id: str, ids: Sequence[str]) -> dict[str, Person]:
    """Those of the given people who are known, by object id."""
    found: dict[str, Person] = {}
    for begin in range(0, len(ids), CHUNK):
        query = select(people).where(
            people.c.tenant_id == tenant_id, people.c.aad_object_id.in_(ids[begin : begin + CHUNK])
        )
        found |= {row.aad_object_id: _person(row) for row in connection.execute(query)}
    return found


def find_person(connection: Connection, tenant_id: str, name: str) -> Person | None:
    """The person with this object id, UPN or `29:…` id, or None."""
    query = select(people).where(
        people.c.tenant_id == tenant_id,
        or_(
            people.c.aad_object_id == name.lower(),
            people.c.upn == name.lower(),
            people.c.teams_id == name,
        ),
    )
    row = connection.execute(query.limit(1)).first()
    return _person(row) if row else None


def known_as(connection: Connection, tenant_id: str, name: str) -> str | None:
    """The object id of whoever has this object id, UPN or `29:…` id, or None.

    Whoever was erased is found by object id as long as a delivery to them is on record.
    """
    found = find_person(connection, tenant_id, name)
    if found is not None:
        return found.aad_object_id
    owed = exists().where(
        deliveries.c.tenant_id == tenant_id, deliveries.c.recipient == name.lower()
    )
    is_person = ":" not in name and connection.execute(select(owed)).scalar_one()
    return name.lower() if is_person else None


def remember(connection: Connection, /, tenant_id: str, aad_object_id: str, **known: Any) -> None:
    """Insert the person or update the given columns; None never overwrites what is known."""
    learn(connection, [{"tenant_id": tenant_id, "aad_object_id": aad_object_id, **known}])


def learn(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """The same for many people; every row must have the same columns."""
    insert_many(connection, people, rows, _fill_in)


def _fill_in(statement: Any, names: Sequence[str]) -> Any:
    key = [people.c.tenant_id, people.c.aad_object_id]
    fresh = {
        name: func.coalesce(statement.excluded[name], people.c[name])
        for name in names
        if name not in ("tenant_id", "aad_object_id")
    }
    if not fresh:
        return statement.on_conflict_do_nothing(index_elements=key)
    return statement.on_conflict_do_update(index_elements=key, set_=fresh)


def set_person(
    connection: Connection, /, tenant_id: str, aad_object_id: str, **values: Any
) -> None:
    """Set columns to exactly these values, None included."""
    connection.execute(update(people).where(_is(tenant_id, aad_object_id)).values(**values))


def hear_of_chat(
    connection: Connection,
    tenant_id: str,
    aad_object_id: str,
    at: datetime,
    *,
    conversation_id: str | None,
    service_url: str | None,
    installed: bool,
) -> bool:
    """Keep the newest news of a personal chat. False when something newer was already known."""
    changed = connection.execute(
        update(people)
        .where(
            _is(tenant_id, aad_object_id),
            or_(people.c.chat_at.is_(None), people.c.chat_at <= at),
        )
        .values(
            conversation_id=conversation_id,
            service_url=func.coalesce(service_url, people.c.service_url),
            installed=installed,
            chat_at=at,
        )
    )
    return changed.rowcount == 1


def unblock(connection: Connection, tenant_id: str, aad_object_id: str) -> bool:
    """The person may be written to again. False when they had not blocked the bot."""
    changed = connection.execute(
        update(people).where(_is(tenant_id, aad_object_id), people.c.blocked).values(blocked=False)
    )
    return changed.rowcount == 1


def opt(
    connection: Connection, tenant_id: str, aad_object_id: str, at: datetime, *, out: bool
) -> bool:
    """Opt a person out or in. False when a newer wish was already known."""
    changed = connection.execute(
        update(people)
        .where(
            _is(tenant_id, aad_object_id),
            or_(people.c.opted_at.is_(None), people.c.opted_at <= at),
        )
        .values(opted_out=out, opted_at=at)
    )
    return changed.rowcount == 1


def tick_off(
    connection: Connection,
    tenant_id: str,
    aad_object_id: str,
    step: str,
    at: datetime,
    *,
    done: bool,
) -> None:
    """Mark a step done or not done; an older press never undoes a newer one."""
    statement = upsert(connection, steps).values(
        tenant_id=tenant_id, aad_object_id=aad_object_id, step=step, done=done, at=at
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[steps.c.tenant_id, steps.c.aad_object_id, steps.c.step],
            set_={"done": statement.excluded.done, "at": statement.excluded.at},
            where=steps.c.at <= statement.excluded.at,
        )
    )


def steps_done(connection: Connection, tenant_id: str, aad_object_id: str) -> list[str]:
    """The ids of the steps that a person has ticked off, sorted."""
    query = select(steps.c.step).where(
        steps.c.tenant_id == tenant_id, steps.c.aad_object_id == aad_object_id, steps.c.done
    )
    return sorted(connection.execute(query).scalars())


def steps_ticked(
    connection: Connection, tenant_id: str, aad_object_id: str
) -> list[tuple[str, bool, datetime]]:
    """Each step that a person ever touched: its id, whether it is done, and since when."""
    query = (
        select(steps.c.step, steps.c.done, steps.c.at)
        .where(steps.c.tenant_id == tenant_id, steps.c.aad_object_id == aad_object_id)
        .order_by(steps.c.at)
    )
    return [(row.step, row.done, row.at) for row in connection.execute(query)]


def moves_of(
    connection: Connection, tenant_id: str, members: Sequence[str]
) -> list[tuple[str, str | None, bool, datetime]]:
    """The newest move of a member (`29:…` or object id) in each team: the team's id and name,
    whether they joined or left, and when."""
    here = (teams.c.tenant_id == memberships.c.tenant_id) & (teams.c.id == memberships.c.team_id)
    query = (
        select(memberships.c.team_id, teams.c.name, memberships.c.joined, memberships.c.at)
        .join_from(memberships, teams, here, isouter=True)
        .where(memberships.c.tenant_id == tenant_id, memberships.c.member.in_(members))
        .order_by(memberships.c.at)
    )
    return [(row.team_id, row.name, row.joined, row.at) for row in connection.execute(query)]


def _is(tenant_id: str, aad_object_id: str) -> Any:
    return (people.c.tenant_id == tenant_id) & (people.c.aad_object_id == aad_object_id)


def _person(row: Row[Any]) -> Person:
    return Person(**row._mapping)

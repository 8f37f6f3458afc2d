"""Teams, group chats, channels and who is in them, as the newest event told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from onboarding.domain.facts import Heard, Scope
from onboarding.store.tables import channels, memberships, teams
from onboarding.store.writing import upsert


@dataclass(frozen=True, slots=True)
class Team:
    """A team or group chat that has, or had, the app."""

    id: str
    scope: Scope
    name: str | None
    aad_group_id: str | None
    service_url: str
    installer: str | None
    installed: bool
    closed: bool


def team(connection: Connection, tenant_id: str, team_id: str) -> Team | None:
    """The team with this Teams thread id, or None."""
    row = connection.execute(select(teams).where(_is(tenant_id, team_id))).one_or_none()
    return _team(row) if row else None


def _team(row: Row[Any]) -> Team:
    return Team(
        id=row.id,
        scope=Scope(row.scope),
        name=row.name,
        aad_group_id=row.aad_group_id,
        service_url=row.service_url,
        installer=row.installer,
        installed=row.installed,
        closed=row.closed,
    )


def hear_of_team(connection: Connection, heard: Heard) -> str | None:
    """Keep what an activity tells about its team or group chat; its id, or None when personal."""
    place = heard.place
    if place.scope is Scope.PERSONAL or (place.scope is Scope.TEAM and place.team is None):
        return None
    team_id = place.team.id if place.team else place.conversation_id
    known: dict[str, Any] = {"service_url": place.service_url}
    if place.team and place.team.aad_group_id:
        known["aad_group_id"] = place.team.aad_group_id
    statement = upsert(connection, teams).values(
        tenant_id=heard.tenant_id, id=team_id, scope=place.scope, **known
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=[teams.c.tenant_id, teams.c.id], set_=known)
    )
    if place.team and place.team.name:
        name_team(connection, heard.tenant_id, team_id, place.team.name, heard.at)
    return team_id


def name_team(
    connection: Connection, tenant_id: str, team_id: str, name: str, at: datetime
) -> None:
    """Keep the newest name of a team."""
    connection.execute(
        update(teams)
        .where(_is(tenant_id, team_id), _newer(teams.c.named_at, at))
        .values(name=name, named_at=at)
    )


def set_installed(
    connection: Connection,
    tenant_id: str,
    team_id: str,
    at: datetime,
    *,
    installed: bool,
    installer: str | None = None,
    conversation_id: str | None = None,
) -> bool:
    """Note that the app was added to or removed from a team. False for old news."""
    values: dict[str, Any] = {"installed": installed, "installed_at": at}
    if installer:
        values["installer"] = installer
    if conversation_id:
        values["intro_conversation_id"] = conversation_id
    changed = connection.execute(
        update(teams)
        .where(_is(tenant_id, team_id), _newer(teams.c.installed_at, at))
        .values(values)
    )
    return changed.rowcount == 1


def set_closed(connection: Connection, tenant_id: str, team_id: str, *, closed: bool) -> None:
    """Note that a team was archived or deleted, or opened again."""
    connection.execute(update(teams).where(_is(tenant_id, team_id)).values(closed=closed))


def installed_by(connection: Connection, tenant_id: str, aad_object_id: str) -> list[str]:
    """The ids of the teams to which this person added the app."""
    query = select(teams.c.id).where(
        teams.c.tenant_id == tenant_id, teams.c.installer == aad_object_id, teams.c.installed
    )
    return list(connection.execute(query).scalars())


def ask_for_roster(
    connection: Connection, tenant_id: str, team_id: str, at: datetime | None
) -> None:
    """Ask a worker to read this team's roster and welcome its members; None: it was done."""
    connection.execute(update(teams).where(_is(tenant_id, team_id)).values(roster_asked_at=at))


def rosters_asked_for(connection: Connection) -> list[tuple[str, Team]]:
    """The teams whose members are to be welcomed, each with its tenant."""
    query = select(teams).where(teams.c.roster_asked_at.is_not(None), teams.c.installed)
    return [(row.tenant_id, _team(row)) for row in connection.execute(query)]


def name_channel(
    connection: Connection,
    tenant_id: str,
    team_id: str,
    channel_id: str,
    name: str,
    at: datetime,
    *,
    deleted: bool = False,
) -> None:
    """Keep the newest name of a channel, and whether it still exists."""
    statement = upsert(connection, channels).values(
        tenant_id=tenant_id,
        id=channel_id,
        team_id=team_id,
        name=name,
        named_at=at,
        deleted=deleted,
    )
    fresh = {"named_at": at, "deleted": deleted} | ({"name": name} if name else {})
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[channels.c.tenant_id, channels.c.id],
            set_=fresh,
            where=channels.c.named_at <= at,
        )
    )


def move(
    connection: Connection,
    tenant_id: str,
    team_id: str,
    member: str,
    at: datetime,
    *,
    joined: bool,
) -> bool:
    """Note that a member (`29:…`) joined or left. True only when that is news.

    Doubled events change nothing, and an event older than the newest one changes nothing.
    """
    statement = upsert(connection, memberships).values(
        tenant_id=tenant_id, team_id=team_id, member=member, joined=joined, at=at
    )
    statement = statement.on_conflict_do_update(
        index_elements=[memberships.c.tenant_id, memberships.c.team_id, memberships.c.member],
        set_={"joined": joined, "at": at},
        where=(memberships.c.at <= at) & (memberships.c.joined != joined),
    )
    changed = connection.execute(statement.returning(memberships.c.member))
    return changed.first() is not None


def members_of(connection: Connection, tenant_id: str, team_id: str) -> Sequence[str]:
    """The `29:…` ids of those whom events have told to be in the team."""
    query = select(memberships.c.member).where(
        memberships.c.tenant_id == tenant_id, memberships.c.team_id == team_id, memberships.c.joined
    )
    return connection.execute(query).scalars().all()


def _is(tenant_id: str, team_id: str) -> Any:
    return (teams.c.tenant_id == tenant_id) & (teams.c.id == team_id)


def _newer(column: Any, at: datetime) -> Any:
    return or_(column.is_(None), column <= at)

"""What a fact tells of people and places, kept whatever is decided about it."""

from datetime import datetime

from sqlalchemy import Connection

from onboarding.domain import decide
from onboarding.domain.deliveries import APP_REMOVED, LEFT_TEAM
from onboarding.domain.facts import (
    Account,
    AppInstalled,
    AppRemoved,
    CardPressed,
    ChannelDeleted,
    ChannelNamed,
    Heard,
    MembersLeft,
    MessageWritten,
    Scope,
    TeamClosed,
    TeamRenamed,
    TeamReopened,
)
from onboarding.store import deliveries, people, places


def remember(connection: Connection, heard: Heard, now: datetime) -> bool:
    """Keep what the activity tells of its sender and place. False when it is old news."""
    who, place = heard.sender, heard.place
    if who.aad_object_id:
        people.remember(
            connection,
            heard.tenant_id,
            who.aad_object_id,
            teams_id=who.teams_id,
            locale_seen=heard.locale,
            time_zone=heard.time_zone,
        )
    if place.scope is Scope.PERSONAL:
        return who.aad_object_id is None or _remember_chat(
            connection, heard, who.aad_object_id, now
        )
    team_id = places.hear_of_team(connection, heard)
    return team_id is None or _remember_place(connection, heard, team_id, now)


def _remember_chat(connection: Connection, heard: Heard, aad_object_id: str, now: datetime) -> bool:
    removed = isinstance(heard.what, AppRemoved)
    is_news = people.hear_of_chat(
        connection,
        heard.tenant_id,
        aad_object_id,
        heard.at,
        conversation_id=None if removed else heard.place.conversation_id,
        service_url=heard.place.service_url,
        installed=not removed,
    )
    if removed and is_news:
        people.set_person(connection, heard.tenant_id, aad_object_id, install_asked_at=None)
        deliveries.stop(connection, heard.tenant_id, APP_REMOVED, now, recipient=aad_object_id)
    if decide.speaks(heard.what):
        people.unblock(connection, heard.tenant_id, aad_object_id)
    return is_news or isinstance(heard.what, MessageWritten | CardPressed)


def _remember_place(connection: Connection, heard: Heard, team_id: str, now: datetime) -> bool:
    tenant = heard.tenant_id
    match heard.what:
        case AppInstalled():
            return places.set_installed(
                connection,
                tenant,
                team_id,
                heard.at,
                installed=True,
                installer=heard.sender.aad_object_id,
                conversation_id=heard.place.conversation_id,
            )
        case AppRemoved():
            if places.set_installed(connection, tenant, team_id, heard.at, installed=False):
                deliveries.stop(connection, tenant, APP_REMOVED, now, team_id=team_id)
        case MembersLeft(members):
            for member in members:
                _left(connection, heard, team_id, member, now)
        case TeamRenamed(name):
            places.name_team(connection, tenant, team_id, name, heard.at)
        case TeamClosed():
            places.set_closed(connection, tenant, team_id, closed=True)
        case TeamReopened():
            places.set_closed(connection, tenant, team_id, closed=False)
        case ChannelNamed(channel_id, name):
            places.name_channel(connection, tenant, team_id, channel_id, name, heard.at)
        case ChannelDeleted(channel_id):
            places.name_channel(connection, tenant, team_id, channel_id, "", heard.at, deleted=True)
        case _:
            pass
    return True


def _left(
    connection: Connection, heard: Heard, team_id: str, member: Account, now: datetime
) -> None:
    aad_object_id = member.aad_object_id or known_as(connection, heard, member)
    name = member.teams_id or aad_object_id
    if name and places.move(connection, heard.tenant_id, team_id, name, heard.at, joined=False):
        if aad_object_id is None:
            return
        deliveries.stop(
            connection,
            heard.tenant_id,
            LEFT_TEAM,
            now,
            recipient=aad_object_id,
            team_id=team_id,
        )


def known_as(connection: Connection, heard: Heard, member: Account) -> str | None:
    """The object id of a member whom the activity names by their `29:…` id only."""
    if member.teams_id is None:
        return None
    person = people.find_person(connection, heard.tenant_id, member.teams_id)
    return person.aad_object_id if person else None

"""What people do with teams and channels."""

from onboarding.simulator import activities, installs
from onboarding.simulator.acting import no, read_channel, read_name, read_people, read_team, tell
from onboarding.simulator.call import Json
from onboarding.simulator.company import Channel, Person, Team
from onboarding.simulator.tenant import Tenant


async def install_to_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    if team.app_channel:
        raise no("the app is already in the team")
    channel_id = str(wanted.get("channel") or team.id)
    if channel_id not in team.channels:
        raise no("the channel is not one of the team's", 404)
    return await tell(tenant, installs.team_install(tenant, team, person, channel_id))


async def remove_from_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    if not team.app_channel:
        raise no("the app is not in the team")
    return await tell(tenant, installs.team_uninstall(tenant, team, person))


async def join_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    """`people` come into the team, added by the person; alone without `people`, by themselves."""
    team = read_team(tenant, wanted)
    joining = read_people(tenant, wanted.get("people") or [person.id])
    new = [one for one in joining if one.id not in team.group.members]
    for one in new:
        team.group.members[one.id] = "guest" if one.user_type == "Guest" else "member"
    tenant.feed.publish("team", team=team.id, members=len(team.group.members))
    if not new or not team.app_channel:
        return {"joined": len(new)}
    batches = [[one] for one in new] if wanted.get("separately") else [new]
    told = [
        activities.people_in_team(tenant.stage, person, team, batch, added=True)
        for batch in batches
    ]
    return {"joined": len(new), **await tell(tenant, told)}


async def leave_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    if team.group.members.pop(person.id, None) is None:
        raise no("the person is not in the team")
    tenant.feed.publish("team", team=team.id, members=len(team.group.members))
    event = activities.people_in_team(tenant.stage, person, team, [person], added=False)
    return await tell(tenant, [event] if team.app_channel else [])


async def _changed(
    tenant: Tenant, person: Person, team: Team, what: str, channel: Channel | None = None
) -> Json:
    tenant.feed.publish("team", team=team.id, change=what)
    event = activities.team_changed(tenant.stage, person, team, what, channel)
    return await tell(tenant, [event] if team.app_channel else [])


async def rename_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    team.group.name = read_name(wanted)
    return await _changed(tenant, person, team, "teamRenamed")


async def rename_channel(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team, channel = read_channel(tenant, wanted)
    channel.name = read_name(wanted)
    return await _changed(tenant, person, team, "channelRenamed", channel)


async def create_channel(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    channel = tenant.world.add_channel(team, read_name(wanted))
    done = await _changed(tenant, person, team, "channelCreated", channel)
    return {"channel_id": channel.id, **done}


async def delete_channel(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team, channel = read_channel(tenant, wanted)
    if channel.id == team.id:
        raise no("the General channel cannot be deleted")
    del team.channels[channel.id]
    return await _changed(tenant, person, team, "channelDeleted", channel)


async def archive_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    team.archived = True
    return await _changed(tenant, person, team, "teamArchived")


async def unarchive_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    team.archived = False
    return await _changed(tenant, person, team, "teamUnarchived")


async def delete_team(tenant: Tenant, person: Person, wanted: Json) -> Json:
    team = read_team(tenant, wanted)
    done = await _changed(tenant, person, team, "teamDeleted")
    team.deleted, team.app_channel = True, None
    return done

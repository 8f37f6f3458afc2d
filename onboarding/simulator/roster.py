"""Who is in a conversation and what a team is called, as the Bot Connector tells it."""

import base64

from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.company import Person, Team
from onboarding.simulator.reach import bad_argument, not_in_roster
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.world import Place

_LEAST_PAGE, _MOST_PAGE = 50, 500


def _account(tenant: Tenant, person: Person) -> Json:
    return {
        "id": person.teams_id,
        "name": person.display_name,
        "objectId": person.id,
        "aadObjectId": person.id,
        "givenName": person.given_name,
        "surname": person.surname,
        "email": person.mail,
        "userPrincipalName": person.upn,
        "tenantId": tenant.company.tenant_id,
        "userRole": "guest" if person.user_type == "Guest" else "user",
    }


def get_member(tenant: Tenant, conversation_id: str, key: str) -> Answer:
    place = _visible(tenant, conversation_id)
    person = tenant.company.find(key)
    if person is None or person.id not in tenant.world.members(place.conversation):
        raise Refusal(404, "MemberNotFoundInConversation", "Member not found in conversation.")
    return Answer(200, _account(tenant, person))


def _visible(tenant: Tenant, conversation_id: str) -> Place:
    """Where the bot may look; being blocked by the person does not matter for that."""
    place = tenant.world.place(conversation_id)
    team = place.conversation.team
    if team is not None and not tenant.company.teams[team].app_channel:
        raise not_in_roster()
    return place


def paged_members(tenant: Tenant, call: Call, conversation_id: str) -> Answer:
    place = _visible(tenant, conversation_id)
    size = call.query.get("pageSize", "200")
    if not size.isdigit():
        raise bad_argument("pageSize must be a number.")
    start = _read_continuation(call.query.get("continuationToken"))
    end = start + min(max(int(size), _LEAST_PAGE), _MOST_PAGE)
    everybody = list(tenant.world.members(place.conversation))
    shown = [_account(tenant, tenant.company.person(one)) for one in everybody[start:end]]
    answer: Json = {"members": shown}
    if end < len(everybody):
        answer["continuationToken"] = base64.urlsafe_b64encode(f"page:{end}".encode()).decode()
    return Answer(200, answer)


def _read_continuation(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:"))
    except ValueError:
        raise bad_argument("The continuation token is not valid.") from None


def _find_team(tenant: Tenant, team_id: str) -> Team:
    team = tenant.company.teams.get(team_id) or tenant.company.team_of_channel(team_id)
    if team is None or team.deleted:
        raise Refusal(404, "ConversationNotFound", "Team not found.")
    if not team.app_channel:
        raise not_in_roster()
    return team


def get_team(tenant: Tenant, team_id: str) -> Answer:
    team = _find_team(tenant, team_id)
    details = {
        "id": team.id,
        "name": team.name,
        "aadGroupId": team.group.id,
        "channelCount": len(team.channels),
        "memberCount": len(team.group.members),
        "tenantId": tenant.company.tenant_id,
        "type": "standard",
    }
    return Answer(200, details)


def list_channels(tenant: Tenant, team_id: str) -> Answer:
    """The General channel comes without a name, as Teams gives it."""
    team = _find_team(tenant, team_id)
    shown = [
        {"id": channel.id} if channel.id == team.id else {"id": channel.id, "name": channel.name}
        for channel in team.channels.values()
    ]
    return Answer(200, {"conversations": shown})

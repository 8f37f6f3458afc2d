"""Whom the bot can write to, and in which words Teams says that it cannot."""

import json

from onboarding.simulator.call import Refusal
from onboarding.simulator.company import Person, Team
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.world import Place


def bad_argument(text: str) -> Refusal:
    return Refusal(400, "BadArgument", text)


def reachable(tenant: Tenant, member: str) -> Person:
    """Whom to open a chat with; without the app only a 29: id leads there, through a team."""
    person = tenant.company.find(member)
    by_teams_id = member.startswith("29:")
    if person is None and (by_teams_id or "@" in member or "-" not in member):
        raise bad_argument("Failed to decrypt pairwise id")
    if person is not None and not by_teams_id and "@" in member:
        raise bad_argument("Failed to decrypt pairwise id")
    if person is not None:
        _refuse_by_person(person)
        if person.id in tenant.world.installs or (by_teams_id and tenant.world.shares_team(person)):
            return person
    raise Refusal(
        403, "ForbiddenOperationException", "The bot is not installed in user's personal scope"
    )


def _refuse_by_person(person: Person) -> None:
    """The person, or their administrator, does not want to hear from the bot."""
    if person.bot == "blocked":
        text = "User blocked the conversation with the bot."
        raise Refusal(403, "ConversationBlockedByUser", text)
    if person.bot == "disabled_by_admin":
        text = "The tenant admin disabled this bot."
        raise Refusal(403, "BotDisabledByAdmin", text)
    if person.bot == "muted":
        details = "Thread is blocked from message writes."
        inner = json.dumps({"subCode": "MessageWritesBlocked", "details": details})
        body = {"errorCode": 209, "message": inner}
        raise Refusal(403, "MessageWritesBlocked", details, body=body)


def writable(tenant: Tenant, conversation_id: str) -> Place:
    """Where the bot may write; raises Refusal 403 or 404."""
    place = tenant.world.place(conversation_id)
    conversation = place.conversation
    if conversation.person is not None:
        _refuse_personal(tenant, conversation.person)
    elif conversation.team is not None:
        _refuse_team(tenant.company.teams[conversation.team])
    elif not conversation.app:
        raise not_in_roster()
    return place


def not_in_roster() -> Refusal:
    return Refusal(
        403, "BotNotInConversationRoster", "The bot is not part of the conversation roster."
    )


def _refuse_personal(tenant: Tenant, person_id: str) -> None:
    person = tenant.company.person(person_id)
    if person.left:
        raise Refusal(404, "ConversationNotFound", "Conversation not found.")
    _refuse_by_person(person)
    if person_id not in tenant.world.installs and not tenant.world.shares_team(person):
        raise not_in_roster()


def _refuse_team(team: Team) -> None:
    if not team.app_channel:
        raise not_in_roster()
    if team.archived:
        raise Refusal(403, "NotEnoughPermissions", "The team is archived.")

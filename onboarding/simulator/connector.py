"""The Bot Connector of Teams: conversations, messages, members, teams."""

from typing import Any

from onboarding.simulator import messages
from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.limits import Charge
from onboarding.simulator.reach import bad_argument, reachable, writable
from onboarding.simulator.roster import get_member, get_team, list_channels, paged_members
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.tokens import BOT_AUDIENCE
from onboarding.simulator.world import BOT, Message, Place


def envelope(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}


def handle(tenant: Tenant, call: Call) -> Answer:
    """Answer a request whose path begins with v3; raises Refusal."""
    try:
        tenant.tokens.check(call.headers, BOT_AUDIENCE)
    except Refusal as refusal:
        text = "Authorization has been denied for this request."
        raise Refusal(401, "Unauthorized", f"{text} {refusal.message}") from None
    match (call.method, *call.path):
        case ("POST", "v3", "conversations"):
            return _create(tenant, call)
        case ("POST", "v3", "conversations", conversation, "activities"):
            return _send(tenant, call, conversation, None)
        case ("POST", "v3", "conversations", conversation, "activities", activity):
            return _send(tenant, call, conversation, activity)
        case ("PUT", "v3", "conversations", conversation, "activities", activity):
            return _update(tenant, call, conversation, activity)
        case ("DELETE", "v3", "conversations", conversation, "activities", activity):
            return _delete(tenant, conversation, activity)
        case ("GET", "v3", "conversations", conversation, "members", member):
            return get_member(tenant, conversation, member)
        case ("GET", "v3", "conversations", conversation, "pagedmembers"):
            return paged_members(tenant, call, conversation)
        case ("GET", "v3", "teams", team):
            return get_team(tenant, team)
        case ("GET", "v3", "teams", team, "conversations"):
            return list_channels(tenant, team)
    raise Refusal(404, "NotFound", "The connector has no such path.", unexpected=True)


def charges(call: Call) -> list[Charge]:
    """The limits of Teams' rate limiting page that this call draws on."""
    all_calls: Charge = ("connector", "", 1)
    match (call.method, *call.path):
        case ("POST", "v3", "conversations"):
            return [all_calls, ("create", _target(call), 1)]
        case ("POST" | "PUT", "v3", "conversations", conversation, *_):
            return [all_calls, ("send", conversation.partition(";")[0], 1)]
        case ("GET", "v3", "conversations", conversation, *_):
            return [all_calls, ("members", conversation.partition(";")[0], 1)]
        case ("GET", "v3", "teams", team, *_):
            return [all_calls, ("conversations", team, 1)]
    return [all_calls]


def _target(call: Call) -> str:
    try:
        body = call.json()
    except Refusal:
        return ""
    channel = _inner(body, "channelData", "channel", "id")
    members = body.get("members")
    member = members[0].get("id") if members and _one_member(members) else None
    return str(channel or member or "")


def _inner(body: Any, *names: str) -> Any:
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _one_member(members: Any) -> bool:
    return isinstance(members, list) and len(members) == 1 and isinstance(members[0], dict)


def person_of(tenant: Tenant, call: Call) -> str | None:
    """Whose chat a request is about, for faults that are aimed at one person."""
    if call.path[1:2] != ("conversations",):
        return None
    if len(call.path) == 2:
        person = tenant.company.find(_target(call))
        return person.id if person else None
    conversation = tenant.world.conversations.get(call.path[2])
    return conversation.person if conversation else None


def _create(tenant: Tenant, call: Call) -> Answer:
    body = _body(call)
    _check_tenant(tenant, body)
    bot = _inner(body, "bot", "id")
    if bot and str(bot).removeprefix("28:") != tenant.company.bot_app_id:
        raise bad_argument("The bot of the request is not the bot of the token.")
    channel_id = _inner(body, "channelData", "channel", "id")
    if channel_id:
        return _create_thread(tenant, call, body, str(channel_id))
    if body.get("isGroup"):
        raise bad_argument("Group chats cannot be created by a bot.")
    if not _one_member(body.get("members")):
        raise bad_argument("A personal conversation has exactly one member.")
    person = reachable(tenant, str(body["members"][0].get("id", "")))
    place = Place(tenant.world.open_chat(person))
    answer: Json = {"id": place.id}
    if isinstance(body.get("activity"), dict):
        message = _post(tenant, place, body["activity"], None, len(call.body))
        answer["activityId"] = message.id if message else None
    return Answer(201, answer)


def _body(call: Call) -> Json:
    try:
        return call.json()
    except Refusal as refusal:
        raise Refusal(400, "BadSyntax", refusal.message) from None


def _check_tenant(tenant: Tenant, body: Json) -> None:
    said = [value for name, value in body.items() if name.lower() == "tenantid" and value]
    said.extend(filter(None, [_inner(body, "channelData", "tenant", "id")]))
    if not said:
        raise bad_argument("The tenant id is missing.")
    if any(value != tenant.company.tenant_id for value in said):
        raise bad_argument("The tenant id does not match the bot's tenant.")


def _create_thread(tenant: Tenant, call: Call, body: Json, channel_id: str) -> Answer:
    activity = body.get("activity")
    if not isinstance(activity, dict):
        raise bad_argument("A new thread in a channel needs an activity.")
    place = writable(tenant, channel_id)
    message = _post(tenant, Place(place.conversation), activity, None, len(call.body))
    if message is None:
        raise bad_argument("A new thread in a channel needs a message.")
    return Answer(201, {"id": f"{channel_id};messageid={message.id}", "activityId": message.id})


def _post(
    tenant: Tenant, place: Place, activity: Json, reply_to: str | None, length: int
) -> Message | None:
    """Check and say it; None for what leaves no trace, such as typing."""
    if messages.is_silent(activity):
        return None
    messages.refuse_oversize(activity, length)
    _note_violations(tenant, place, activity)
    messages.refuse_malformed(activity)
    return tenant.world.say(place, BOT, activity, reply_to)


def _note_violations(tenant: Tenant, place: Place, activity: Json) -> None:
    if activity.get("type") == "message":
        for rule in messages.check(activity):
            tenant.journal.violation(rule, conversation_id=place.id)


def _send(tenant: Tenant, call: Call, conversation_id: str, reply_to: str | None) -> Answer:
    place = writable(tenant, conversation_id)
    activity = _body(call)
    known = tenant.world.messages.get(reply_to or "")
    if known is not None and place.conversation.kind == "channel" and place.thread is None:
        place = Place(place.conversation, known.thread)
    message = _post(tenant, place, activity, known.id if known else None, len(call.body))
    return Answer(201, {"id": message.id}) if message else Answer(202)


def _own(tenant: Tenant, conversation_id: str, activity_id: str) -> Message:
    """A message of the bot that is still there; raises Refusal."""
    place = writable(tenant, conversation_id)
    message = tenant.world.messages.get(activity_id)
    if message is None or message.recalled or message.conversation_id != place.conversation.id:
        raise Refusal(
            404, "ActivityNotFoundInConversation", "Activity not found in the conversation."
        )
    if message.sender != BOT:
        raise Refusal(403, "NotEnoughPermissions", "A bot can change only its own messages.")
    return message


def _update(tenant: Tenant, call: Call, conversation_id: str, activity_id: str) -> Answer:
    message = _own(tenant, conversation_id, activity_id)
    activity = _body(call)
    messages.refuse_oversize(activity, len(call.body))
    messages.refuse_malformed(activity)
    tenant.world.rewrite(message, activity)
    return Answer(200, {"id": message.id})


def _delete(tenant: Tenant, conversation_id: str, activity_id: str) -> Answer:
    tenant.world.recall(_own(tenant, conversation_id, activity_id))
    return Answer(200)

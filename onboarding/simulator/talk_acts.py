"""What people do in conversations: write, press a button, react, open a group chat."""

from onboarding.simulator import activities
from onboarding.simulator.acting import brief, no, read_people, tell
from onboarding.simulator.call import Json
from onboarding.simulator.company import Person
from onboarding.simulator.messages import CARD_TYPE
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.world import Conversation, Message, Place


async def install_to_group_chat(tenant: Tenant, person: Person, wanted: Json) -> Json:
    """A group chat of person and `members` (or the existing `chat`) gets the app."""
    chat = tenant.world.conversations.get(str(wanted.get("chat", "")))
    if chat is None:
        chat = tenant.world.group_chat([person, *read_people(tenant, wanted.get("members"))])
    chat.app = True
    told = [
        activities.group_installation(tenant.stage, person, chat, "add"),
        activities.bot_in_group(tenant.stage, person, chat, added=True),
    ]
    tenant.world.rng.shuffle(told)
    return {"chat_id": chat.id, **await tell(tenant, told)}


async def remove_from_group_chat(tenant: Tenant, person: Person, wanted: Json) -> Json:
    chat = tenant.world.conversations.get(str(wanted.get("chat", "")))
    if chat is None or chat.kind != "groupChat" or not chat.app:
        raise no("chat must be the id of a group chat that has the app", 404)
    chat.app = False
    told = [
        activities.group_installation(tenant.stage, person, chat, "remove"),
        activities.bot_in_group(tenant.stage, person, chat, added=False),
    ]
    return await tell(tenant, told)


def _spot(tenant: Tenant, person: Person, wanted: Json) -> Place:
    """Where somebody writes: their personal chat, a group chat, a channel or one of its threads."""
    if channel_id := wanted.get("channel"):
        thread = wanted.get("thread")
        return tenant.world.place(f"{channel_id};messageid={thread}" if thread else str(channel_id))
    if wanted.get("chat", "personal") != "personal":
        return tenant.world.place(str(wanted["chat"]))
    if person.id not in tenant.world.installs:
        raise no("the person has to install the app before they can write to it")
    return Place(tenant.world.open_chat(person))


def _hears(tenant: Tenant, place: Place, mentions: bool) -> bool:
    """Does the bot get this message? In teams and group chats only when it is mentioned."""
    conversation = place.conversation
    if conversation.kind == "personal":
        return True
    if conversation.team is not None:
        return mentions and bool(tenant.company.teams[conversation.team].app_channel)
    return mentions and conversation.app


async def write(tenant: Tenant, person: Person, wanted: Json) -> Json:
    text = wanted.get("text")
    if not isinstance(text, str):
        raise no("text must be a text", 400)
    place = _spot(tenant, person, wanted)
    mentions = bool(wanted.get("mention"))
    said: Json = {"type": "message", "text": text}
    if mentions:
        said = {"type": "message", "text": f"@{activities.BOT_NAME} {text}"}
    message = tenant.world.say(place, person.id, said, wanted.get("thread"))
    _mark_read(place.conversation)
    if not _hears(tenant, place, mentions):
        return {"message": message.id}
    spot = Place(place.conversation, message.thread)
    event = activities.message(tenant.stage, tenant.world, person, spot, text, mentions=mentions)
    event["id"] = message.id
    return {"message": message.id, **await tell(tenant, [event])}


def _mark_read(conversation: Conversation) -> None:
    conversation.read = len(conversation.messages)


def _message(tenant: Tenant, wanted: Json) -> tuple[Message, Place]:
    message = tenant.world.messages.get(str(wanted.get("message", "")))
    if message is None or message.recalled:
        raise no("message must be the id of a message that is still there", 404)
    conversation = tenant.world.place(message.conversation_id).conversation
    return message, Place(conversation, message.thread)


async def press(tenant: Tenant, person: Person, wanted: Json) -> Json:
    """Press a button: Action.Execute becomes an invoke, Action.Submit a message with a value."""
    message, place = _message(tenant, wanted)
    action = wanted.get("action")
    kind = action.get("type") if isinstance(action, dict) else None
    if not isinstance(action, dict) or kind not in ("Action.Execute", "Action.Submit"):
        raise no("action must be an Action.Execute or an Action.Submit", 400)
    if person.id not in tenant.world.members(place.conversation):
        raise no("the person does not see this message", 403)
    if kind == "Action.Submit":
        data = action.get("data")
        event = activities.submit(tenant.stage, tenant.world, person, place, message, data)
        return await tell(tenant, [event])
    event = activities.execute(tenant.stage, tenant.world, person, place, message, action)
    entry = await tenant.pusher.push(event)
    _take_answer(tenant, message, person, entry)
    return {"events": [brief(entry)], "answer": entry["answer"]}


def _take_answer(tenant: Tenant, message: Message, person: Person, entry: Json) -> None:
    """A card as the answer replaces the message for who pressed."""
    answer = entry["answer"]
    good = entry["status"] == 200 and isinstance(answer, dict)
    if good and answer.get("type") == CARD_TYPE and answer.get("statusCode") == 200:
        tenant.world.show(message, person.id, answer.get("value"))


async def react(tenant: Tenant, person: Person, wanted: Json) -> Json:
    message, place = _message(tenant, wanted)
    kind = str(wanted.get("reaction", "like"))
    event = activities.reaction(tenant.stage, tenant.world, person, place, message, kind)
    return await tell(tenant, [event])

"""The activities that Teams pushes to a bot, in the documented shapes and no richer."""

import datetime as dt
import random
import uuid
from dataclasses import dataclass
from typing import Any

from onboarding.simulator.call import Json
from onboarding.simulator.company import Channel, Company, Person, Team
from onboarding.simulator.world import Conversation, Message, Place, World

BOT_NAME = "Onboarding"


@dataclass(frozen=True, slots=True)
class Stage:
    """What every activity needs: the company, and the address of this Teams."""

    company: Company
    base_url: str

    @property
    def bot_id(self) -> str:
        return f"28:{self.company.bot_app_id}"

    def service_url(self, person: Person | None) -> str:
        """The regional address, as smba has /emea/ and /amer/."""
        return f"{self.base_url}/{person.region if person else 'amer'}/"

    def account(self, person: Person) -> Json:
        return {"id": person.teams_id, "aadObjectId": person.id}

    def tenant(self) -> Json:
        return {"tenant": {"id": self.company.tenant_id}}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _event(stage: Stage, kind: str, actor: Person, conversation: Json, data: Json) -> Json:
    return {
        "type": kind,
        "id": f"f:{uuid.uuid4()}",
        "timestamp": _now(),
        "channelId": "msteams",
        "serviceUrl": stage.service_url(actor),
        "from": stage.account(actor),
        "recipient": {"id": stage.bot_id, "name": BOT_NAME},
        "conversation": {"tenantId": stage.company.tenant_id, **conversation},
        "channelData": {**data, **stage.tenant()},
    }


def _personal(chat_id: str) -> Json:
    return {"conversationType": "personal", "id": chat_id}


def _group(chat_id: str) -> Json:
    return {"isGroup": True, "conversationType": "groupChat", "id": chat_id}


def _channel(channel: Channel) -> Json:
    return {
        "isGroup": True,
        "conversationType": "channel",
        "id": channel.id,
        "name": channel.name,
    }


def _team(team: Team) -> Json:
    return {"id": team.id, "name": team.name, "aadGroupId": team.group.id}


def _client(person: Person, *, full: bool = False) -> list[Json]:
    info = {"type": "clientInfo", "locale": person.locale}
    if full:
        info |= {
            "country": person.usage_location,
            "platform": "Web",
            "timezone": person.time_zone,
        }
    return [info]


def personal_installation(stage: Stage, person: Person, chat_id: str, action: str) -> Json:
    """installationUpdate, personal; action is add, remove, add-upgrade or remove-upgrade."""
    event = _event(
        stage, "installationUpdate", person, _personal(chat_id), {"source": {"name": "message"}}
    )
    return event | {"action": action, "locale": person.locale, "entities": _client(person)}


def personal_members(stage: Stage, person: Person, chat_id: str, rng: random.Random) -> Json:
    """conversationUpdate at first contact: bot and person both, in no promised order."""
    members = [{"id": stage.bot_id}, stage.account(person)]
    rng.shuffle(members)
    event = _event(stage, "conversationUpdate", person, _personal(chat_id), {})
    return event | {"membersAdded": members}


def team_installation(
    stage: Stage, actor: Person, team: Team, channel: Channel, action: str
) -> Json:
    """installationUpdate in a team; the selected channel is said only when the bot is added."""
    data: Json = {"team": _team(team), "source": {"name": "message"}}
    if action == "add":
        data |= {"settings": {"selectedChannel": {"id": channel.id}}, "channel": {"id": channel.id}}
    event = _event(stage, "installationUpdate", actor, _channel(channel), data)
    return event | {"action": action, "locale": actor.locale, "entities": _client(actor)}


def bot_in_team(stage: Stage, actor: Person, team: Team, channel: Channel, *, added: bool) -> Json:
    """conversationUpdate: the bot came into the team, or left it."""
    data: Json = {
        "eventType": "teamMemberAdded" if added else "teamMemberRemoved",
        "team": _team(team),
    }
    if added:
        data["settings"] = {"selectedChannel": {"id": channel.id}}
    event = _event(stage, "conversationUpdate", actor, _channel(channel), data)
    return event | {"membersAdded" if added else "membersRemoved": [{"id": stage.bot_id}]}


def people_in_team(
    stage: Stage, actor: Person, team: Team, people: list[Person], *, added: bool
) -> Json:
    """conversationUpdate: people joined the team, or left it (then without their object id)."""
    general = team.channels[team.id]
    data = {"eventType": "teamMemberAdded" if added else "teamMemberRemoved", "team": _team(team)}
    event = _event(stage, "conversationUpdate", actor, _channel(general), data)
    if added:
        return event | {"membersAdded": [stage.account(person) for person in people]}
    return event | {"membersRemoved": [{"id": person.teams_id} for person in people]}


def team_changed(
    stage: Stage, actor: Person, team: Team, what: str, channel: Channel | None = None
) -> Json:
    """conversationUpdate without members: teamRenamed, channelCreated and the like."""
    data: Json = {"eventType": what, "team": _team(team)}
    if channel is not None:
        data |= {"channel": {"id": channel.id, "name": channel.name}, "team": {"id": team.id}}
    general = team.channels.get(team.id) or Channel(team.id, "General")
    return _event(stage, "conversationUpdate", actor, _channel(general), data)


def group_installation(stage: Stage, actor: Person, chat: Conversation, action: str) -> Json:
    event = _event(stage, "installationUpdate", actor, _group(chat.id), {})
    return event | {"action": action, "locale": actor.locale, "entities": _client(actor)}


def bot_in_group(stage: Stage, actor: Person, chat: Conversation, *, added: bool) -> Json:
    event = _event(stage, "conversationUpdate", actor, _group(chat.id), {})
    return event | {"membersAdded" if added else "membersRemoved": [{"id": stage.bot_id}]}


def _spoken(stage: Stage, world: World, person: Person, place: Place, kind: str) -> Json:
    """What somebody does in a conversation; unlike events, it carries their name and client."""
    conversation, data = _whereabouts(world, place)
    activity = _event(stage, kind, person, conversation, data)
    activity["from"] = {**stage.account(person), "name": person.display_name}
    activity |= {"locale": person.locale, "entities": _client(person, full=True)}
    return activity


def _whereabouts(world: World, place: Place) -> tuple[Json, Json]:
    conversation = place.conversation
    if conversation.kind == "personal":
        return _personal(conversation.id), {}
    if conversation.kind == "groupChat":
        return _group(conversation.id), {}
    team = world.company.teams[conversation.team or ""]
    data = {"team": _team(team), "channel": {"id": conversation.id}}
    return {"isGroup": True, "conversationType": "channel", "id": place.id}, data


def mention(stage: Stage) -> Json:
    return {
        "type": "mention",
        "text": f"<at>{BOT_NAME}</at>",
        "mentioned": {"id": stage.bot_id, "name": BOT_NAME},
    }


def message(
    stage: Stage, world: World, person: Person, place: Place, text: str, *, mentions: bool
) -> Json:
    """A message that somebody wrote to the bot."""
    activity = _spoken(stage, world, person, place, "message")
    activity |= {"text": text, "textFormat": "plain"}
    if mentions:
        activity["entities"] = [mention(stage), *activity["entities"]]
        activity["text"] = f"<at>{BOT_NAME}</at> {text}"
    return activity


def submit(
    stage: Stage, world: World, person: Person, place: Place, pressed: Message, data: Any
) -> Json:
    """A pressed Action.Submit: a message without text, with a value."""
    activity = _spoken(stage, world, person, place, "message")
    return activity | {"value": data, "replyToId": pressed.id}


def execute(
    stage: Stage, world: World, person: Person, place: Place, pressed: Message, action: Json
) -> Json:
    """A pressed Action.Execute (universal action)."""
    activity = _spoken(stage, world, person, place, "invoke")
    known = {name: action[name] for name in ("id", "verb", "data", "title") if name in action}
    activity["value"] = {
        "action": {"type": "Action.Execute", "data": {}, **known},
        "trigger": action.get("trigger", "manual"),
    }
    return activity | {"name": "adaptiveCard/action", "replyToId": pressed.id}


def reaction(
    stage: Stage, world: World, person: Person, place: Place, target: Message, kind: str
) -> Json:
    activity = _spoken(stage, world, person, place, "messageReaction")
    return activity | {"reactionsAdded": [{"type": kind}], "replyToId": target.id}

"""What is true in the simulated Teams: who has the app, which chats, what was said."""

import datetime as dt
import hashlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onboarding.simulator.call import Json, Refusal
from onboarding.simulator.company import Channel, Company, Person, Team, opaque, thread_id
from onboarding.simulator.feed import Feed

BOT = "bot"


@dataclass(slots=True)
class Message:
    """One message: its latest body as JSON bytes, and `views` that one person sees instead."""

    id: str
    seq: int
    kind: str
    conversation_id: str
    thread: str | None
    person: str | None
    sender: str
    at: float
    activity: bytes
    digest: str
    reply_to: str | None = None
    revision: int = 1
    recalled: bool = False
    views: dict[str, Any] = field(default_factory=dict)
    history: list[bytes] = field(default_factory=list)

    def content(self) -> Json:
        parsed: Json = json.loads(self.activity)
        return parsed


@dataclass(slots=True)
class Conversation:
    """A personal chat, a channel or a group chat, with what was said in it."""

    id: str
    kind: str
    person: str | None = None
    team: str | None = None
    members: dict[str, None] = field(default_factory=dict)
    app: bool = True
    messages: list[Message] = field(default_factory=list)
    read: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: a conversation and, in a channel, perhaps one of its threads."""

    conversation: Conversation
    thread: str | None = None

    @property
    def id(self) -> str:
        return (
            f"{self.conversation.id};messageid={self.thread}"
            if self.thread
            else self.conversation.id
        )


class World:
    """The state that the services share. Nothing here waits, and nothing here opens a socket."""

    def __init__(self, company: Company, feed: Feed, seed: int) -> None:
        self.company = company
        self.feed = feed
        self.rng = random.Random(seed + 1)
        self.reset()

    def reset(self) -> None:
        """Forget installs, chats and messages; the company stays."""
        self.installs: dict[str, str] = {}
        self.met: set[str] = set()
        self.conversations: dict[str, Conversation] = {}
        self.groups: list[Conversation] = []
        self.personal_chats = 0
        self.sent: list[Message] = []
        self.messages: dict[str, Message] = {}
        self.received: dict[str, int] = {}
        self.doubles = 0
        self._digests: set[tuple[str, str]] = set()
        self._last_id = 0
        for team in self.company.teams.values():
            team.app_channel = None

    def personal_chat_id(self, person: Person) -> str:
        return opaque("a:1", self.company.bot_app_id, person.id)

    def graph_chat_id(self, person: Person) -> str:
        """The personal chat's id as Graph tells it; the connector takes it too."""
        return f"19:{person.id}_{self.company.bot_app_id}@unq.gbl.spaces"

    def install(self, person: Person) -> bool:
        """Give the person the personal app; True when this is the first time ever."""
        self.installs[person.id] = opaque("", "install", person.id)[:44]
        self.open_chat(person)
        first = person.id not in self.met
        self.met.add(person.id)
        self.feed.publish("install", person=person.id, installed=True)
        return first

    def uninstall(self, person: Person) -> None:
        self.installs.pop(person.id, None)
        self.feed.publish("install", person=person.id, installed=False)

    def open_chat(self, person: Person) -> Conversation:
        """The personal chat of person and bot: made at the first call, the same ever after."""
        chat_id = self.personal_chat_id(person)
        chat = self.conversations.get(chat_id)
        if chat is None:
            chat = Conversation(chat_id, "personal", person=person.id)
            self.conversations[chat_id] = self.conversations[self.graph_chat_id(person)] = chat
            self.personal_chats += 1
        return chat

    def chat_of(self, person: Person) -> Conversation | None:
        return self.conversations.get(self.personal_chat_id(person))

    def channel(self, channel_id: str) -> Conversation | None:
        """The conversation of an existing channel."""
        team = self.company.team_of_channel(channel_id)
        if team is None or team.deleted:
            return None
        return self.conversations.setdefault(
            channel_id, Conversation(channel_id, "channel", team=team.id)
        )

    def group_chat(self, people: list[Person]) -> Conversation:
        chat = Conversation(thread_id(self.rng, "v2"), "groupChat")
        chat.members = {person.id: None for person in people}
        self.conversations[chat.id] = chat
        self.groups.append(chat)
        return chat

    def add_channel(self, team: Team, name: str) -> Channel:
        channel = Channel(thread_id(self.rng), name)
        team.channels[channel.id] = channel
        return channel

    def place(self, conversation_id: str) -> Place:
        """Where this id leads; raises Refusal 404 ConversationNotFound."""
        root, _, thread = conversation_id.partition(";messageid=")
        conversation = self.conversations.get(root)
        if conversation is None or conversation.kind == "channel":
            conversation = self.channel(root)
        known = self.messages.get(thread)
        if conversation is None or (thread and (known is None or known.thread != thread)):
            raise Refusal(404, "ConversationNotFound", "Conversation not found.")
        return Place(conversation, thread or None)

    def members(self, conversation: Conversation) -> dict[str, str]:
        """Person ids with their role, in a steady order."""
        if conversation.kind == "personal":
            return {conversation.person or "": "member"}
        if conversation.team is not None:
            return self.company.teams[conversation.team].group.members
        return dict.fromkeys(conversation.members, "member")

    def shares_team(self, person: Person) -> bool:
        """Is the person in some team that has the app?"""
        return any(
            person.id in team.group.members
            for team in self.company.teams.values()
            if team.app_channel and not team.deleted
        )

    def next_id(self) -> str:
        """A message id like Teams': milliseconds since 1970, never twice."""
        self._last_id = max(self._last_id + 1, int(time.time() * 1000))
        return str(self._last_id)

    def say(
        self, place: Place, sender: str, activity: Json, reply_to: str | None = None
    ) -> Message:
        """Put a message where it belongs and tell whoever watches."""
        conversation = place.conversation
        body = json.dumps(activity, ensure_ascii=False).encode()
        message = Message(
            id=self.next_id(),
            seq=len(self.sent) + 1 if sender == BOT else 0,
            kind=conversation.kind,
            conversation_id=conversation.id,
            thread=place.thread,
            person=conversation.person,
            sender=sender,
            at=time.time(),
            activity=body,
            digest=_digest(activity),
            reply_to=reply_to,
        )
        if conversation.kind == "channel" and message.thread is None:
            message.thread = message.id
        conversation.messages.append(message)
        self.messages[message.id] = message
        if sender == BOT:
            self._count(message)
        self._tell("message", message, activity)
        return message

    def _count(self, message: Message) -> None:
        self.sent.append(message)
        if message.kind == "personal" and message.person:
            self.received[message.person] = self.received.get(message.person, 0) + 1
            same = (message.person, message.digest)
            self.doubles += same in self._digests
            self._digests.add(same)

    def _tell(self, kind: str, message: Message, activity: Json) -> None:
        self.feed.publish(
            kind,
            id=message.id,
            kind=message.kind,
            person=message.person,
            conversation_id=message.conversation_id,
            thread=message.thread,
            sender=message.sender,
            summary=activity.get("summary") or activity.get("text"),
        )

    def rewrite(self, message: Message, activity: Json) -> None:
        """Replace a message's whole content."""
        message.history.append(message.activity)
        message.activity = json.dumps(activity, ensure_ascii=False).encode()
        message.revision += 1
        message.views.clear()
        self._tell("update", message, activity)

    def show(self, message: Message, person: str, card: Any) -> None:
        """Let a person see another card in place of the message's."""
        message.views[person] = card
        self._tell("update", message, {})

    def recall(self, message: Message) -> None:
        message.recalled = True
        self._tell("delete", message, {})

    def unread(self, person: Person) -> int:
        chat = self.chat_of(person)
        if chat is None:
            return 0
        return sum(message.sender == BOT for message in chat.messages[chat.read :])

    def latest_of_bot(self, since: int, limit: int) -> Iterator[Message]:
        return iter(self.sent[since : since + limit])


def _digest(activity: Json) -> str:
    """The same for two messages that say the same."""
    said = [activity.get("text"), activity.get("attachments")]
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=12).hexdigest()


def show_message(message: Message, viewer: str | None = None) -> Json:
    """A message as the control interface and the Teams window see it."""
    activity = message.content()
    cards = [item.get("content") for item in activity.get("attachments") or []]
    card = cards[0] if cards else None
    return {
        "seq": message.seq,
        "id": message.id,
        "kind": message.kind,
        "person": message.person,
        "conversation_id": message.conversation_id,
        "thread": message.thread,
        "from": message.sender,
        "at": dt.datetime.fromtimestamp(message.at, dt.UTC).isoformat(),
        "text": activity.get("text"),
        "card": message.views.get(viewer, card) if viewer else card,
        "summary": activity.get("summary"),
        "updated": message.revision > 1,
        "recalled": message.recalled,
        "reply_to": message.reply_to,
        "revision": message.revision,
        "history_len": len(message.history),
        "entities": activity.get("entities") or [],
    }

"""Facts: what happened, in the past tense, as the outside told us."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Scope(StrEnum):
    """Where a conversation lives (Teams' conversationType)."""

    PERSONAL = "personal"
    TEAM = "channel"
    GROUP = "groupChat"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody as Teams names them: `teams_id` is `29:…`, unique to this bot; either may lack."""

    teams_id: str | None = None
    aad_object_id: str | None = None


@dataclass(frozen=True, slots=True)
class TeamRef:
    """A team as an activity names it; `id` is `19:…@thread.tacv2`, name and group id may lack."""

    id: str
    name: str | None = None
    aad_group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The conversation in which something happened, and where to answer it."""

    scope: Scope
    conversation_id: str
    service_url: str
    team: TeamRef | None = None
    channel_id: str | None = None


@dataclass(frozen=True, slots=True)
class AppInstalled:
    """The app was added here (installationUpdate add, or the bot among membersAdded)."""


@dataclass(frozen=True, slots=True)
class AppRemoved:
    """The app was removed here."""


@dataclass(frozen=True, slots=True)
class MembersJoined:
    """People joined the team or group chat; never the bot itself."""

    members: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class RosterRead:
    """Who was in the team already when somebody decided that they shall be welcomed."""

    members: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class MembersLeft:
    """People left the team or group chat; `aad_object_id` is often absent here."""

    members: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class TeamRenamed:
    """The team has a new name."""

    name: str


@dataclass(frozen=True, slots=True)
class TeamClosed:
    """The team was archived or deleted: nothing can be posted there."""


@dataclass(frozen=True, slots=True)
class TeamReopened:
    """The team was unarchived or restored."""


@dataclass(frozen=True, slots=True)
class ChannelNamed:
    """A channel was created, renamed or restored."""

    channel_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ChannelDeleted:
    """A channel is gone."""

    channel_id: str


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """A person wrote to the bot. `text` is without the bot's mention and surrounding blanks."""

    text: str


@dataclass(frozen=True, slots=True)
class CardPressed:
    """A person pressed a button. `verb` says which; `data` is untrusted; `card_id` is the
    activity id of the card; `automatic` marks Teams' own refresh, which must change nothing;
    `awaits_answer` is False for Action.Submit, whose answer can only be a new message."""

    verb: str
    data: Mapping[str, Any] = field(default_factory=dict)
    card_id: str | None = None
    automatic: bool = False
    awaits_answer: bool = True


@dataclass(frozen=True, slots=True)
class OtherActivity:
    """Anything else: it makes a personal chat known and asks for nothing."""

    kind: str


What = (
    AppInstalled
    | AppRemoved
    | MembersJoined
    | RosterRead
    | MembersLeft
    | TeamRenamed
    | TeamClosed
    | TeamReopened
    | ChannelNamed
    | ChannelDeleted
    | MessageWritten
    | CardPressed
    | OtherActivity
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One authenticated activity.

    `at` is aware and in UTC; `activity_id` is never empty (a hash of the content where Teams
    sent none); `locale` (BCP 47) and `time_zone` (IANA) are the sender's.
    """

    tenant_id: str
    activity_id: str
    at: datetime
    place: Place
    sender: Account
    what: What
    locale: str | None = None
    time_zone: str | None = None

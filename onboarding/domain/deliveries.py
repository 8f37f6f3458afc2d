"""A delivery: one message owed to one person or place, in exactly one named state.

waiting ──▶ queued ──▶ sending ──▶ sent ──▶ updated | recalled
   │           │          ├──▶ failed     (HR may retry)
   │           │          ├──▶ unsure     (the answer was lost; HR decides)
   │           │          └──▶ queued     (told to come back; the message is kept)
   └───────────┴──▶ skipped | cancelled
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a delivery stands. Every row of the ledger is in exactly one of these."""

    WAITING = "waiting"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UPDATED = "updated"
    RECALLED = "recalled"


OPEN = frozenset({State.WAITING, State.QUEUED, State.SENDING})
ARRIVED = frozenset({State.SENT, State.UPDATED, State.RECALLED})
OWED_OR_DONE = OPEN | ARRIVED | {State.UNSURE}
"""While a row is in one of these, the same message is not owed a second time."""


class Purpose(StrEnum):
    """Why a message exists; together with its occasion it makes a message unique."""

    WELCOME = "welcome"
    HELLO = "hello"
    TEAM_WELCOME = "team_welcome"
    TEAM_INTRO = "team_intro"
    GROUP_INTRO = "group_intro"
    OFFER_EXISTING = "offer_existing"
    NEW_CONVERSATION = "new_conversation"
    REPLY = "reply"


class Lane(StrEnum):
    """Which queue carries it: what somebody is waiting for, or what HR sends to many."""

    LIVE = "live"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a delivery the same one; `recipient` is a person's or a conversation's id."""

    tenant_id: str
    recipient: str
    purpose: str
    occasion: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a delivery stands where it stands: a stable code, plain words, and the next step."""

    code: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A delivery about to be owed. `message` names the template; `context` is what only this
    occasion knows (team, batch, who triggered it); `reply_to` is the activity it answers."""

    key: Key
    message: str
    lane: Lane = Lane.LIVE
    state: State = State.QUEUED
    due_at: datetime | None = None
    verdict: Verdict | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    batch_id: str | None = None
    team_id: str | None = None
    conversation_id: str | None = None
    service_url: str | None = None
    reply_to: str | None = None
    heeds_clock: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger holds under a key."""

    id: int
    state: State
    code: str | None
    purpose: str
    occasion: str
    sent_at: datetime | None


ALREADY_WELCOMED = Verdict(
    "already_welcomed", "They have already had this welcome.", "Nothing to do."
)
ON_ITS_WAY = Verdict(
    "on_its_way", "The same welcome is already on its way to them.", "Nothing to do."
)
MAY_HAVE_ARRIVED = Verdict(
    "may_have_arrived",
    "An earlier attempt may have reached them; its answer was lost.",
    "Decide that earlier delivery: send again or leave it.",
)
WELCOMED_RECENTLY = Verdict(
    "welcomed_recently",
    "They had a welcome less than a day ago, so this one stays quiet.",
    "Nothing to do.",
)
OPTED_OUT = Verdict(
    "opted_out",
    "They asked the bot to stop writing to them.",
    "They can write “start” to the bot at any time.",
)
GUEST = Verdict(
    "guest",
    "They are a guest, and the app cannot be installed for guests.",
    "Set WELCOME_GUESTS=1 to reach guests in teams that have the app.",
)
DISABLED = Verdict(
    "disabled",
    "Their account is disabled.",
    "When the account is enabled, retry this person.",
)
LEFT_COMPANY = Verdict(
    "left_company", "Their account no longer exists.", "Nothing to do, or correct the list."
)
LEFT_TEAM = Verdict("left_team", "They left the team before the message was due.", "Nothing to do.")
APP_REMOVED = Verdict(
    "app_removed",
    "The app was removed before the message was due.",
    "When the app is added again, retry.",
)
BLOCKED_BY_USER = Verdict(
    "blocked_by_user",
    "They have blocked or muted the bot.",
    "It goes out by itself as soon as they write to the bot or press one of its buttons.",
)
NO_LICENCE = Verdict(
    "no_licence",
    "They have no licence for Teams, so the app cannot be installed for them.",
    "Assign a licence that includes Teams, then retry this person.",
)
WAITS_FOR_APP = Verdict(
    "waits_for_app",
    "They do not have the app yet, and we may not install it for them.",
    "It goes out by itself as soon as the app is installed for them.",
)
WAITS_FOR_HOUR = Verdict(
    "quiet_hours", "It is night or early morning where they are.", "It goes out by itself."
)
WAITS_FOR_TIME = Verdict("scheduled", "Its time has not come yet.", "It goes out by itself.")
CHAT_IS_FULL = Verdict(
    "chat_is_full",
    "So much was written into this chat lately that Teams takes no more for the moment.",
    "It goes out by itself.",
)
CANCELLED_BY_HR = Verdict(
    "cancelled", "The batch was cancelled before it was sent.", "Nothing to do."
)
CRASHED = Verdict(
    "answer_lost",
    "The program stopped while the message was on its way; it may have arrived.",
    "Ask the person, or send it again.",
)
OUR_FAULT = Verdict(
    "internal_error",
    "The program met a fault of its own.",
    "Look for delivery_broke in the log, then retry.",
)
GAVE_UP = Verdict(
    "kept_busy",
    "Teams kept asking us to come back later, for too long.",
    "Retry when Teams is calmer.",
)

GAVE_WAY = ":gave way:"
"""Marks the occasion of a row whose key a later one took over: it stays as it is for ever."""

MOVES_ON_WITH_APP = frozenset({"waits_for_app", "blocked_by_policy", "not_installed", "no_licence"})
"""Codes of deliveries that an installation of the app sets free."""
MOVES_ON_WITH_A_WORD = frozenset({BLOCKED_BY_USER.code})
"""Codes of deliveries that only the person sets free, by writing or pressing a button: "pause until
the user writes" (learn.microsoft.com/microsoftteams/platform, conversation-messages)."""

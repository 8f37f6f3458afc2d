"""From a Teams activity to facts: pure, and calm about every shape.

Shapes: learn.microsoft.com/microsoftteams/platform (subscribe-to-conversation-events).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any
from zoneinfo import available_timezones

from onboarding.domain.facts import (
    Account,
    AppInstalled,
    AppRemoved,
    CardPressed,
    ChannelDeleted,
    ChannelNamed,
    Heard,
    MembersJoined,
    MembersLeft,
    MessageWritten,
    OtherActivity,
    Place,
    Scope,
    TeamClosed,
    TeamRef,
    TeamRenamed,
    TeamReopened,
    What,
)

LONGEST_ID = 1024
LONGEST_TEXT = 4096
ADAPTIVE_CARD_ACTION = "adaptiveCard/action"

Raw = Mapping[str, Any]

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
_UNSTORABLE = re.compile(rb"\\u(0000|[dD][89a-fA-F])|\x00")


class Unreadable(ValueError):
    """The body is not one JSON object in UTF-8."""


@dataclass(frozen=True, slots=True)
class Bot:
    """How we recognise ourselves: `28:<app id>`."""

    id: str


def read(body: bytes) -> dict[str, Any]:
    """The activity in a request body. NUL and broken surrogates, which no database takes, are
    left out of every string. Raises Unreadable."""
    try:
        activity = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
        if _UNSTORABLE.search(body):
            activity = _storable(activity)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(activity, dict):
        raise Unreadable
    return activity


def facts(raw: Raw, tenant_id: str, bot: Bot, now: datetime) -> tuple[Heard, ...]:
    """What one activity tells, in order; () when it names no conversation.

    An event that adds the bot and people at once gives two facts; the second one's id has the
    suffix `;2`, so that both are kept apart.
    """
    place = _place(raw)
    if place is None:
        return ()
    heard = Heard(
        tenant_id=tenant_id,
        activity_id=_id(raw.get("id")) or _fingerprint(raw),
        at=_moment(raw.get("timestamp"), now),
        place=place,
        sender=_account(_object(raw.get("from"))),
        what=OtherActivity(_id(raw.get("type")) or "unknown"),
        locale=_locale(raw),
        time_zone=_time_zone(raw),
    )
    told = _told(raw, place.scope, bot) or (heard.what,)
    return tuple(
        replace(heard, what=what, activity_id=heard.activity_id + (f";{n}" if n > 1 else ""))
        for n, what in enumerate(told, 1)
    )


def tenant_of(raw: Raw) -> str | None:
    """The tenant id that the activity states, lower case; None for none or a contradiction."""
    stated = (
        _object(raw.get("conversation")).get("tenantId"),
        _object(_channel_data(raw).get("tenant")).get("id"),
    )
    ids = {str(tenant).lower() for tenant in stated if tenant}
    return ids.pop() if len(ids) == 1 else None


def _told(raw: Raw, scope: Scope, bot: Bot) -> tuple[What, ...]:
    kind = str(raw.get("type") or "").lower()
    tell = _BY_TYPE.get(kind)
    return tell(raw, scope, bot) if tell else ()


def _installation(raw: Raw, scope: Scope, bot: Bot) -> tuple[What, ...]:
    action = str(raw.get("action") or "").lower()
    if action in ("add", "add-upgrade"):
        return (AppInstalled(),)
    if action in ("remove", "remove-upgrade"):
        return (AppRemoved(),)
    return ()


def _conversation(raw: Raw, scope: Scope, bot: Bot) -> tuple[What, ...]:
    ours = {bot.id, _id(_object(raw.get("recipient")).get("id"))}
    added, removed = _objects(raw.get("membersAdded")), _objects(raw.get("membersRemoved"))
    told: list[What] = []
    if any(_id(member.get("id")) in ours for member in added):
        told.append(AppInstalled())
    if people := _people(added, scope):
        told.append(MembersJoined(people))
    if people := _people(removed, scope):
        told.append(MembersLeft(people))
    if any(_id(member.get("id")) in ours for member in removed):
        told.append(AppRemoved())
    if added or removed:
        return tuple(told)
    return _change(raw)


def _people(members: list[Raw], scope: Scope) -> tuple[Account, ...]:
    """The people among members: no bot (`28:`), and nobody in a personal chat, where Teams lists
    the very person who installed the app."""
    if scope is Scope.PERSONAL:
        return ()
    accounts = (_account(m) for m in members if not str(m.get("id")).startswith("28:"))
    return tuple(a for a in accounts if a.teams_id or a.aad_object_id)


def _change(raw: Raw) -> tuple[What, ...]:
    data = _channel_data(raw)
    event = str(data.get("eventType") or "").lower()
    channel, team = _object(data.get("channel")), _object(data.get("team"))
    channel_id, name = _id(channel.get("id")), _clean(channel.get("name"))
    if event == "teamrenamed" and (renamed := _clean(team.get("name"))):
        return (TeamRenamed(renamed),)
    if event in ("teamarchived", "teamdeleted", "teamharddeleted"):
        return (TeamClosed(),)
    if event in ("teamunarchived", "teamrestored"):
        return (TeamReopened(),)
    if event in ("channelcreated", "channelrenamed", "channelrestored") and channel_id and name:
        return (ChannelNamed(channel_id, name),)
    if event == "channeldeleted" and channel_id:
        return (ChannelDeleted(channel_id),)
    return ()


def _message(raw: Raw, scope: Scope, bot: Bot) -> tuple[What, ...]:
    value, text = raw.get("value"), raw.get("text")
    if isinstance(value, dict) and (verb := _id(value.get("verb"))):
        card_id = _id(raw.get("replyToId"))
        return (CardPressed(verb, value, card_id, awaits_answer=False),)
    if isinstance(value, dict) and not isinstance(text, str):
        return ()
    return (MessageWritten(_without_mention(raw, bot)),)


def _without_mention(raw: Raw, bot: Bot) -> str:
    text = raw.get("text")
    if not isinstance(text, str):
        return ""
    ours = {bot.id, _id(_object(raw.get("recipient")).get("id"))}
    for entity in _objects(raw.get("entities")):
        mentioned, written = _object(entity.get("mentioned")), entity.get("text")
        if isinstance(written, str) and written and _id(mentioned.get("id")) in ours:
            text = text.replace(written, " ")
    return text.replace("&nbsp;", " ").replace("\xa0", " ").strip()[:LONGEST_TEXT]


def _invoke(raw: Raw, scope: Scope, bot: Bot) -> tuple[What, ...]:
    if raw.get("name") != ADAPTIVE_CARD_ACTION:
        return ()
    value = _object(raw.get("value"))
    action = _object(value.get("action"))
    verb = _id(action.get("verb"))
    if verb is None:
        return ()
    automatic = str(value.get("trigger") or "").lower() == "automatic"
    return (CardPressed(verb, _object(action.get("data")), _id(raw.get("replyToId")), automatic),)


_BY_TYPE: dict[str, Callable[[Raw, Scope, Bot], tuple[What, ...]]] = {
    "installationupdate": _installation,
    "conversationupdate": _conversation,
    "message": _message,
    "invoke": _invoke,
}


def _place(raw: Raw) -> Place | None:
    conversation, data = _object(raw.get("conversation")), _channel_data(raw)
    conversation_id, service_url = _id(conversation.get("id")), _id(raw.get("serviceUrl"))
    if conversation_id is None or service_url is None:
        return None
    team = _team(_object(data.get("team")))
    scope = _scope(conversation, team)
    if scope is not Scope.TEAM:
        return Place(scope, conversation_id, service_url)
    return Place(scope, conversation_id, service_url, team, _channel_id(data, conversation_id))


def _scope(conversation: Raw, team: TeamRef | None) -> Scope:
    said = str(conversation.get("conversationType") or "").lower()
    for scope in Scope:
        if said == scope.value.lower():
            return scope
    if team is not None:
        return Scope.TEAM
    return Scope.GROUP if conversation.get("isGroup") is True else Scope.PERSONAL


def _team(team: Raw) -> TeamRef | None:
    team_id = _id(team.get("id"))
    if team_id is None:
        return None
    return TeamRef(team_id, _clean(team.get("name")), _guid(team.get("aadGroupId")))


def _channel_id(data: Raw, conversation_id: str) -> str:
    selected = _object(_object(data.get("settings")).get("selectedChannel"))
    named = _id(_object(data.get("channel")).get("id")) or _id(selected.get("id"))
    return named or conversation_id.partition(";messageid=")[0]


def _account(account: Raw) -> Account:
    return Account(_id(account.get("id")), _guid(account.get("aadObjectId")))


def _locale(raw: Raw) -> str | None:
    for said in (raw.get("locale"), _client_info(raw).get("locale")):
        language = said.replace("_", "-") if isinstance(said, str) else ""
        if _LANGUAGE.fullmatch(language):
            return language
    return None


def _time_zone(raw: Raw) -> str | None:
    zone = _client_info(raw).get("timezone")
    return zone if isinstance(zone, str) and zone in _zones() else None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _client_info(raw: Raw) -> Raw:
    entities = _objects(raw.get("entities"))
    return next((e for e in entities if str(e.get("type")).lower() == "clientinfo"), {})


def _channel_data(raw: Raw) -> Raw:
    return _object(raw.get("channelData"))


def _moment(said: object, now: datetime) -> datetime:
    """The activity's own time in UTC, or `now` when it states none or an impossible one."""
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else now
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(aware.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return now


def _fingerprint(raw: Raw) -> str:
    return "sha256:" + sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()


def _object(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Raw]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None


def _guid(value: object) -> str | None:
    low = value.lower() if isinstance(value, str) else ""
    return low if _GUID.fullmatch(low) else None


def _clean(value: object) -> str | None:
    return value.strip()[:LONGEST_ID] or None if isinstance(value, str) else None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [_storable(v) for v in value]
    if isinstance(value, dict):
        return {_storable(k): _storable(v) for k, v in value.items()}
    return value


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")

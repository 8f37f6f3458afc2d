"""What follows from what happened. Pure: facts and what is known in, intents out."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from onboarding.domain.deliveries import (
    ALREADY_WELCOMED,
    ARRIVED,
    GAVE_WAY,
    MAY_HAVE_ARRIVED,
    MOVES_ON_WITH_A_WORD,
    MOVES_ON_WITH_APP,
    ON_ITS_WAY,
    OPEN,
    OWED_OR_DONE,
    WAITS_FOR_TIME,
    WELCOMED_RECENTLY,
    Draft,
    Key,
    Lane,
    Purpose,
    Standing,
    State,
    Verdict,
)
from onboarding.domain.facts import CardPressed, Heard, MessageWritten, Scope, What
from onboarding.domain.people import Person
from onboarding.domain.talk import Command, understand

QUIET_AFTER_WELCOME = timedelta(hours=24)
REHIRED_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Owe:
    """Owe this message, unless its key is taken. `gives_way` is a settled row that held the key
    without having reached anybody: it keeps its state and lets the new one have the key."""

    draft: Draft
    gives_way: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """Let a delivery go on that waited, failed or was skipped for want of the app or of a word."""

    delivery_id: int


@dataclass(frozen=True, slots=True)
class Show:
    """Answer a pressed button with this message, at once and in the same card."""

    message: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opt:
    """The person opts out of, or back in to, everything that the bot starts."""

    out: bool


@dataclass(frozen=True, slots=True)
class TickOff:
    """The person marked one of the welcome's steps."""

    step: str
    done: bool


@dataclass(frozen=True, slots=True)
class WelcomeExisting:
    """Read the roster of this team and welcome whoever was never welcomed."""

    team_id: str


Answer = Callable[[Heard, str, Mapping[str, Any]], "Intent"]
Intent = Owe | Release | Show | Opt | TickOff | WelcomeExisting


def personal_install(heard: Heard, person: Person, standings: Sequence[Standing]) -> list[Intent]:
    """Somebody has the app now: what waited for that moves on; else, if they did it, say hello."""
    freed = set_free(standings)
    if freed:
        return freed
    welcome = current_welcome(standings, person)
    ours = person.install_asked_at is not None
    if ours or person.opted_out or (welcome and welcome.state in OWED_OR_DONE):
        return []
    return [
        Owe(
            Draft(
                key=_key(heard, person.aad_object_id, Purpose.HELLO, _employment(person)),
                message="hello",
                context={"trigger": {"kind": "install"}},
            )
        )
    ]


def set_free(standings: Iterable[Standing], *, spoke: bool = False) -> list[Intent]:
    """What waited or failed for want of the app moves on; once they `spoke`, so does what they
    had blocked."""
    codes = MOVES_ON_WITH_APP | MOVES_ON_WITH_A_WORD if spoke else MOVES_ON_WITH_APP
    return [Release(s.id) for s in standings if _moves_on(s, codes)]


def speaks(what: What) -> bool:
    """Whether somebody wrote or pressed a button, which ends a block; Teams' own refresh and
    reactions do not."""
    return isinstance(what, MessageWritten) or (
        isinstance(what, CardPressed) and not what.automatic
    )


def place_install(heard: Heard, installer: str | None, existing: str) -> list[Intent]:
    """The app was added to a team or group chat: one introduction, and perhaps one question."""
    place = heard.place
    team_id = place.team.id if place.team else place.conversation_id
    group = place.scope is Scope.GROUP
    purpose = Purpose.GROUP_INTRO if group else Purpose.TEAM_INTRO
    context = {
        "trigger": {"kind": "team_install", "who_aad": installer},
        "team": _team(heard),
        "existing_members": existing,
        "locale": heard.locale,
    }
    intro = Draft(
        key=_key(heard, team_id, purpose, "install"),
        message=str(purpose),
        context=context,
        team_id=team_id,
        conversation_id=place.conversation_id,
        service_url=place.service_url,
    )
    intents: list[Intent] = [Owe(intro)]
    if existing == "ask" and installer and not group:
        offer = Draft(
            key=_key(heard, installer, Purpose.OFFER_EXISTING, team_id),
            message="offer_existing",
            context=context,
            team_id=team_id,
        )
        intents.append(Owe(offer))
    if existing == "always" and not group:
        intents.append(WelcomeExisting(team_id))
    return intents


def joined(
    heard: Heard,
    person: Person,
    standings: Sequence[Standing],
    now: datetime,
    *,
    adder: str | None,
    existing: bool = False,
) -> list[Intent]:
    """Somebody joined a team that has the app: their welcome, if they never had one; else a short
    one for this team, unless they were welcomed within a day.

    `existing`: they were there before the app, and whoever added it wants them welcomed.
    """
    team = _team(heard)
    context = {
        "trigger": {"kind": "team_join", "who_aad": adder},
        "team": team,
    }
    welcome = current_welcome(standings, person)
    if welcome is None or welcome.state not in OWED_OR_DONE:
        draft = Draft(
            key=_key(heard, person.aad_object_id, Purpose.WELCOME, _employment(person)),
            message="welcome",
            lane=Lane.BULK if existing else Lane.LIVE,
            context=context,
            team_id=team["id"],
            heeds_clock=True,
        )
        return [Owe(draft, gives_way=welcome.id if welcome else None)]
    if welcome.code in MOVES_ON_WITH_APP and welcome.state is State.WAITING:
        return [Release(welcome.id)]
    if existing:
        return []
    quiet = welcome.state not in ARRIVED or _recent(standings, now)
    return [
        Owe(
            Draft(
                key=_key(heard, person.aad_object_id, Purpose.TEAM_WELCOME, team["id"]),
                message="team_welcome",
                state=State.SKIPPED if quiet else State.QUEUED,
                verdict=WELCOMED_RECENTLY if quiet else None,
                context=context,
                team_id=team["id"],
                heeds_clock=True,
            )
        )
    ]


def written(
    heard: Heard, what: MessageWritten, *, welcome: Mapping[str, Any] | None
) -> list[Intent]:
    """Somebody wrote to the bot: always an answer, and what they asked for.

    `welcome` is the context of the welcome that they had, if they had one.
    """
    command, rest = understand(what.text)
    if heard.place.scope is not Scope.PERSONAL:
        return [_written_in_channel(heard, command, rest, what.text)]
    return _obey(heard, command, welcome, text=what.text, answer=_reply)


def pressed(
    heard: Heard,
    what: CardPressed,
    *,
    welcome: Mapping[str, Any] | None,
    installed_by_presser: Collection[str],
) -> list[Intent]:
    """Somebody pressed a button; Teams' own refresh changes nothing.

    `installed_by_presser` are the ids of the teams to which this person added the app: only they
    may have its existing members welcomed.
    """
    personal = heard.place.scope is Scope.PERSONAL
    answer = _show if what.awaits_answer else _reply
    if what.automatic:
        return []
    if not personal:
        return [answer(heard, "help" if what.verb == "help" else "who", {})]
    if what.verb == "step":
        step = str(what.data.get("step") or "")[:64]
        done = what.data.get("done") is not False
        return [TickOff(step, done), answer(heard, "welcome", welcome or {})] if step else []
    if what.verb == "welcome_existing":
        team_id = str(what.data.get("team") or "")
        may = team_id in installed_by_presser
        return [WelcomeExisting(team_id), answer(heard, "existing_welcomed", {})] if may else []
    if what.verb == "dismiss":
        return [answer(heard, "help", {})]
    command = Command(what.verb) if what.verb in _VERBS else Command.UNKNOWN
    return _obey(heard, command, welcome, text="", answer=answer)


_VERBS = {Command.HELP, Command.WELCOME, Command.STOP, Command.START, Command.WHO}
_ANSWERS = {
    Command.HELP: "help",
    Command.STOP: "stopped",
    Command.START: "started",
    Command.WHO: "who",
    Command.UNKNOWN: "not_understood",
    Command.NEW_CONVERSATION: "not_understood",
}


def _obey(
    heard: Heard,
    command: Command,
    welcome: Mapping[str, Any] | None,
    *,
    text: str,
    answer: Answer,
) -> list[Intent]:
    if command is Command.WELCOME:
        message = "welcome" if welcome is not None else "welcome_again_none"
        return [answer(heard, message, {**(welcome or {}), "trigger": {"kind": "request"}})]
    wish: list[Intent] = []
    if command in (Command.STOP, Command.START):
        wish = [Opt(out=command is Command.STOP)]
    return [*wish, answer(heard, _ANSWERS[command], {"text": text})]


def _show(heard: Heard, message: str, context: Mapping[str, Any]) -> Intent:
    return Show(message, {"trigger": {"kind": "request"}, **context})


def _reply(heard: Heard, message: str, context: Mapping[str, Any]) -> Intent:
    """A reply is owed once per activity that it answers, so a doubled event brings one."""
    personal = heard.place.scope is Scope.PERSONAL
    who = heard.sender.aad_object_id if personal else None
    return Owe(
        Draft(
            key=_key(heard, who or heard.place.conversation_id, Purpose.REPLY, heard.activity_id),
            message=message,
            context={
                "trigger": {"kind": "request"},
                "team": _team(heard),
                "locale": heard.locale,
                **context,
            },
            conversation_id=heard.place.conversation_id,
            service_url=heard.place.service_url,
        )
    )


def _written_in_channel(heard: Heard, command: Command, rest: str, text: str) -> Intent:
    if command is not Command.NEW_CONVERSATION or heard.place.scope is not Scope.TEAM:
        message = _ANSWERS.get(command, "help") if command is Command.UNKNOWN else "help"
        return _reply(heard, message, {"text": text})
    channel = heard.place.channel_id or heard.place.conversation_id.split(";", 1)[0]
    return Owe(
        Draft(
            key=_key(heard, channel, Purpose.NEW_CONVERSATION, heard.activity_id),
            message="new_conversation",
            context={
                "trigger": {"kind": "request", "who_aad": heard.sender.aad_object_id},
                "team": _team(heard),
                "text": rest,
                "locale": heard.locale,
            },
            team_id=heard.place.team.id if heard.place.team else None,
            service_url=heard.place.service_url,
        )
    )


@dataclass(frozen=True, slots=True)
class Claimant:
    """One person of a batch's audience, as far as the key of their delivery needs it."""

    person: Person
    standing: Standing | None
    context: Mapping[str, Any]


def batch_row(batch_id: str, message: str, due_at: datetime | None, claimant: Claimant) -> Owe:
    """What one accepted person of a batch is owed: exactly one row, whatever came before.

    A batch of welcomes shares its key with every other road to a welcome; any other message is
    owed once per batch.
    """
    person, before = claimant.person, claimant.standing
    is_welcome = message == Purpose.WELCOME
    occasion = _employment(person) if is_welcome else batch_id
    stands = before if is_welcome and before and before.state in OWED_OR_DONE else None
    if stands is not None:
        occasion = f"{occasion}:again:{batch_id}"
    waits = due_at is not None
    draft = Draft(
        key=Key(person.tenant_id, person.aad_object_id, message, occasion),
        message=message,
        lane=Lane.BULK,
        state=State.SKIPPED if stands else State.WAITING if waits else State.QUEUED,
        verdict=_why_not_again(stands) if stands else WAITS_FOR_TIME if waits else None,
        due_at=due_at if not stands else None,
        context=claimant.context,
        batch_id=batch_id,
        heeds_clock=True,
    )
    return Owe(draft, gives_way=before.id if is_welcome and before and not stands else None)


def is_rehire(person: Person, employee_id: str | None, start_date: Any) -> bool:
    """Whether HR's row tells of a new employment of somebody whom we know.

    Another employee id, or a first day that is at least 30 days later than the known one; a
    first day moved by less is a correction.
    """
    if person.employee_id and employee_id and employee_id != person.employee_id:
        return True
    if person.start_date is None or start_date is None:
        return False
    later: timedelta = start_date - person.start_date
    return later >= REHIRED_AFTER


def current_welcome(standings: Iterable[Standing], person: Person) -> Standing | None:
    """The row that holds the key of this person's welcome for their present employment."""
    for standing in standings:
        if standing.purpose == Purpose.WELCOME and standing.occasion == _employment(person):
            return standing
    return None


def _why_not_again(standing: Standing) -> Verdict:
    if standing.state is State.UNSURE:
        return MAY_HAVE_ARRIVED
    return ON_ITS_WAY if standing.state in OPEN else ALREADY_WELCOMED


def _moves_on(standing: Standing, codes: Collection[str]) -> bool:
    return (
        standing.state in (State.WAITING, State.FAILED, State.SKIPPED)
        and standing.code in codes
        and GAVE_WAY not in standing.occasion
    )


def _recent(standings: Iterable[Standing], now: datetime) -> bool:
    welcomes = (Purpose.WELCOME, Purpose.TEAM_WELCOME)
    return any(
        s.purpose in welcomes and s.sent_at is not None and now - s.sent_at < QUIET_AFTER_WELCOME
        for s in standings
    )


def _employment(person: Person) -> str:
    return f"employment:{person.employment}"


def _key(heard: Heard, recipient: str, purpose: Purpose, occasion: str) -> Key:
    return Key(heard.tenant_id, recipient, purpose, occasion)


def _team(heard: Heard) -> dict[str, Any]:
    team = heard.place.team
    return {"id": team.id, "name": team.name} if team else {}

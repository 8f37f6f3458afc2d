"""One person's story: what the ledger knows as sentences in the order in which it happened."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onboarding.domain.deliveries import Purpose, State
from onboarding.domain.people import Person

Event = tuple[datetime, str, str | None]
"""When, what in words, and the next step where there is one."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery as its recipient's story tells it; `batch` and `team` are names.

    `told` is what the message was made from: HR's row, the team, who triggered it.
    """

    id: int
    purpose: str
    message: str
    state: State
    code: str | None
    reason: str | None
    remedy: str | None
    batch_id: str | None
    batch: str | None
    team_id: str | None
    team: str | None
    told: Mapping[str, Any]
    attempts: int
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None


def timeline(
    person: Person | None,
    ticked: Iterable[tuple[str, bool, datetime]],
    moves: Iterable[tuple[str, str | None, bool, datetime]],
    owed: Iterable[Owed],
) -> list[Event]:
    """Everything that is known, oldest first. `ticked` are (step, done, at); `moves` are (team id,
    team's name, joined, at)."""
    events = [*_of_person(person)] if person else []
    for step, done, at in ticked:
        events.append((at, f"They marked the step {step} as {'' if done else 'not '}done.", None))
    for team_id, name, joined, at in moves:
        events.append((at, f"They {'joined' if joined else 'left'} {name or team_id}.", None))
    for one in owed:
        events += _of_delivery(one)
    return sorted(events, key=lambda event: event[0])


def _of_person(person: Person) -> Iterator[Event]:
    if person.install_asked_at:
        yield person.install_asked_at, "The bot asked Teams to install the app for them.", None
    if person.chat_at:
        has_app = "Teams told that they have the app."
        yield person.chat_at, has_app if person.installed else "They removed the app.", None
    if person.opted_at:
        wish = "not to write to them any more" if person.opted_out else "to write to them again"
        yield person.opted_at, f"They asked the bot {wish}.", None


def _of_delivery(one: Owed) -> Iterator[Event]:
    what, why = _subject(one), _cause(one)
    yield one.created_at, f"{what} was owed{why}.", None
    if one.sent_at:
        yield one.sent_at, f"{what} was sent.", None
    if one.state is not State.SENT:
        said = f"{what} {_STANDS[one.state]}. {one.reason or ''}".strip()
        yield one.updated_at, said, one.remedy


def _subject(one: Owed) -> str:
    team = one.team or "a team"
    match one.purpose:
        case Purpose.WELCOME:
            return "The welcome"
        case Purpose.HELLO:
            return "A hello"
        case Purpose.TEAM_WELCOME:
            return f"A short welcome to {team}"
        case Purpose.OFFER_EXISTING:
            return f"The question whether to welcome the members of {team}"
        case Purpose.REPLY:
            return "An answer"
        case _:
            return f"The message {one.message}"


def _cause(one: Owed) -> str:
    if one.batch:
        return f" by HR's batch “{one.batch}”"
    trigger = one.told.get("trigger")
    kind = trigger.get("kind") if isinstance(trigger, Mapping) else None
    causes = {
        "team_join": f", because they joined {one.team or 'a team'}",
        "install": ", because they have the app now",
        "request": ", because they asked",
    }
    return causes.get(str(kind), "")


_STANDS = {
    State.WAITING: "is waiting",
    State.QUEUED: "is next in line",
    State.SENDING: "is on its way",
    State.FAILED: "failed",
    State.UNSURE: "may have arrived",
    State.SKIPPED: "was not sent",
    State.CANCELLED: "was called off",
    State.UPDATED: "was changed after it was sent",
    State.RECALLED: "was taken back",
}

"""Take a fact: remember it, decide what follows, save that and enqueue it, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from onboarding.domain import decide
from onboarding.domain.batches import Batch
from onboarding.domain.deliveries import OPTED_OUT, OWED_OR_DONE, Draft, Lane, Standing, State
from onboarding.domain.facts import (
    Account,
    AppInstalled,
    AppRemoved,
    CardPressed,
    Heard,
    MembersJoined,
    MessageWritten,
    RosterRead,
    Scope,
)
from onboarding.domain.people import Person
from onboarding.errors import BadInput
from onboarding.intake.batch import Invitations, submit
from onboarding.intake.remember import known_as, remember
from onboarding.store import batches, deliveries, lanes, people, places, queue
from onboarding.store.database import Database
from onboarding.store.lanes import lane_name

Enqueue = Callable[[Connection, int, int], None]
"""Hands a live delivery's id and attempt to the engine, within the given transaction."""

FASTEST = 1000


@dataclass(frozen=True, slots=True)
class Shown:
    """What to show at once in the card that somebody pressed."""

    tenant_id: str
    aad_object_id: str | None
    message: str
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the administrator decided, as far as decisions need it."""

    welcome_existing: str = "never"


class Intake:
    """The only writer of decisions.

    Without `enqueue` (no engine in this process) live deliveries wait for a worker's feeder.
    """

    def __init__(self, database: Database, policy: Policy, enqueue: Enqueue | None) -> None:
        self._database = database
        self._policy = policy
        self._enqueue = enqueue

    async def take(self, heard: Heard) -> Shown | None:
        """Commit what follows from an activity; returns what to show where a button was pressed."""
        return await self._database.do(self._take, heard, datetime.now(UTC))

    async def submit(
        self,
        batch: Batch,
        invited: Invitations,
        refused: Sequence[batches.Refusal],
        *,
        idempotency_key: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        """Commit a batch: one row of the ledger for each accepted person."""
        await self._database.do_apart(submit, batch, invited, refused, idempotency_key, fingerprint)

    async def pause(self, batch_id: str, *, paused: bool) -> None:
        """Pause or resume a batch; from the commit on nothing more of a paused one is sent."""
        await self._database.do(batches.set_paused, batch_id, paused=paused)

    async def cancel(self, batch_id: str) -> None:
        """Cancel what of a batch was not sent yet."""
        await self._database.do(batches.cancel, batch_id, datetime.now(UTC))

    async def retry(
        self, batch_id: str, *, states: Sequence[State], ids: Sequence[int] | None = None
    ) -> int:
        """Queue again those of a batch that are in these states; the number of them."""
        now = datetime.now(UTC)
        return await self._database.do(queue.retry, batch_id, states, now, ids)

    async def adjust(self, lane: str, tenant_id: str, per_second: float | None) -> None:
        """Set what a rate lane may make of requests per second, at once and for all processes;
        None goes back to the setting. Raises BadInput."""
        if per_second is not None and not 0 < per_second <= FASTEST:
            raise BadInput(
                f"{per_second:g} requests a second cannot be a limit.",
                f"Choose more than 0 and at most {FASTEST}.",
            )
        name = lane_name(lane, tenant_id)
        await self._database.do(lanes.adjust, name, per_second)

    def _take(self, connection: Connection, heard: Heard, now: datetime) -> Shown | None:
        is_news = remember(connection, heard, now)
        intents = self._decide(connection, heard, now) if is_news else []
        return self._carry_out(connection, heard, intents, now)

    def _decide(self, connection: Connection, heard: Heard, now: datetime) -> list[decide.Intent]:
        personal = heard.place.scope is Scope.PERSONAL
        match heard.what:
            case AppInstalled() if not personal:
                return decide.place_install(
                    heard, heard.sender.aad_object_id, self._policy.welcome_existing
                )
            case MembersJoined(members) | RosterRead(members):
                return [
                    intent
                    for member in members
                    for intent in _joined(connection, heard, member, now)
                ]
            case MessageWritten() as what:
                return _freed(connection, heard) + decide.written(
                    heard, what, welcome=_welcome_context(connection, heard)
                )
            case CardPressed() as what:
                return _freed(connection, heard) + decide.pressed(
                    heard,
                    what,
                    welcome=_welcome_context(connection, heard),
                    installed_by_presser=places.installed_by(
                        connection, heard.tenant_id, heard.sender.aad_object_id or ""
                    ),
                )
            case AppInstalled():
                person, standings = _sender(connection, heard)
                return decide.personal_install(heard, person, standings) if person else []
            case AppRemoved():
                return []
            case _:
                return _freed(connection, heard)

    def _carry_out(
        self,
        connection: Connection,
        heard: Heard,
        intents: Sequence[decide.Intent],
        now: datetime,
    ) -> Shown | None:
        shown = None
        who = heard.sender.aad_object_id
        for intent in intents:
            match intent:
                case decide.Owe(draft, gives_way):
                    if gives_way is not None:
                        deliveries.give_way(connection, [gives_way], now)
                    self._owe(connection, draft, now)
                case decide.Release(delivery_id):
                    queue.release(connection, [delivery_id], now)
                case decide.Opt(out) if who:
                    if people.opt(connection, heard.tenant_id, who, heard.at, out=out) and out:
                        deliveries.stop(connection, heard.tenant_id, OPTED_OUT, now, recipient=who)
                case decide.TickOff(step, done) if who:
                    people.tick_off(connection, heard.tenant_id, who, step, heard.at, done=done)
                case decide.Show(message, context):
                    shown = Shown(heard.tenant_id, who, message, context)
                case decide.WelcomeExisting(team_id):
                    places.ask_for_roster(connection, heard.tenant_id, team_id, now)
                case _:
                    pass
        return shown

    def _owe(self, connection: Connection, draft: Draft, now: datetime) -> None:
        hand = self._enqueue is not None and draft.lane is Lane.LIVE and draft.state is State.QUEUED
        delivery_id = deliveries.owe(connection, draft, now, handed=hand)
        if delivery_id is not None and hand and self._enqueue is not None:
            self._enqueue(connection, delivery_id, 1)


def _joined(
    connection: Connection, heard: Heard, member: Account, now: datetime
) -> list[decide.Intent]:
    team_id = heard.place.team.id if heard.place.team else heard.place.conversation_id
    aad_object_id = member.aad_object_id or known_as(connection, heard, member)
    name = member.teams_id or aad_object_id
    if aad_object_id is None or name is None or heard.place.scope is not Scope.TEAM:
        return []
    people.remember(connection, heard.tenant_id, aad_object_id, teams_id=member.teams_id)
    existing = isinstance(heard.what, RosterRead)
    is_news = places.move(connection, heard.tenant_id, team_id, name, heard.at, joined=True)
    if not is_news and not existing:
        return []
    person = people.person(connection, heard.tenant_id, aad_object_id)
    assert person is not None
    if person.service_url is None:
        people.set_person(
            connection, heard.tenant_id, aad_object_id, service_url=heard.place.service_url
        )
    standings = deliveries.standings(connection, heard.tenant_id, [aad_object_id])[aad_object_id]
    adder = heard.sender.aad_object_id
    return decide.joined(heard, person, standings, now, adder=adder, existing=existing)


def _sender(connection: Connection, heard: Heard) -> tuple[Person | None, list[Standing]]:
    who = heard.sender.aad_object_id
    if who is None or heard.place.scope is not Scope.PERSONAL:
        return None, []
    person = people.person(connection, heard.tenant_id, who)
    return person, deliveries.standings(connection, heard.tenant_id, [who])[who]


def _freed(connection: Connection, heard: Heard) -> list[decide.Intent]:
    """Any sign of life from a personal chat means that the app is there; a word, that they want
    to hear from the bot."""
    _, standings = _sender(connection, heard)
    return decide.set_free(standings, spoke=decide.speaks(heard.what))


def _welcome_context(connection: Connection, heard: Heard) -> dict[str, Any] | None:
    """What the sender's own welcome was made from, so that it can be shown again."""
    person, standings = _sender(connection, heard)
    welcome = decide.current_welcome(standings, person) if person else None
    if welcome is None or welcome.state not in OWED_OR_DONE:
        return None
    row = deliveries.delivery(connection, welcome.id)
    return dict(row.context) if row else None

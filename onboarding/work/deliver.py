"""What a worker does with one delivery: from queued to exactly one settled state."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from onboarding.delivery import CONNECTOR, INSTALLS, PROFILE_LASTS, READS, Speaker
from onboarding.domain.courtesy import not_before, zone
from onboarding.domain.deliveries import (
    DISABLED,
    GAVE_UP,
    GUEST,
    LEFT_COMPANY,
    NO_LICENCE,
    OPTED_OUT,
    WAITS_FOR_APP,
    WAITS_FOR_HOUR,
    Lane,
    Purpose,
    State,
    Verdict,
)
from onboarding.domain.people import Person
from onboarding.errors import OnboardingError, Refused, Retry, Unsure
from onboarding.messages.render import Rendered
from onboarding.settings import Settings
from onboarding.store import deliveries, people, places
from onboarding.store.database import Database
from onboarding.store.deliveries import Delivery
from onboarding.work.lanes import LaneClosed, Lanes

T = TypeVar("T")
log = structlog.get_logger()

PLACES = frozenset({Purpose.TEAM_INTRO, Purpose.GROUP_INTRO, Purpose.NEW_CONVERSATION})
MOST_TRIES = 8
LONGEST_PAUSE_S = 60.0
CHAT_EVENT_S = 2.0

_SKIPS = {"no_licence": NO_LICENCE, "guest": GUEST, "unknown_person": LEFT_COMPANY}
_WAITS = frozenset({"missing_permission", "unknown_app", "app_not_ours"})
STOPS = frozenset({"bad_credentials", "bot_not_registered", "bot_disabled"})
"""What concerns everybody: the lane stops and says so, instead of failing people one by one."""
STOPPED_S = 10.0


class Settled(Exception):
    """The delivery ends here, in this state, for this reason."""

    def __init__(self, state: State, verdict: Verdict, due_at: datetime | None = None) -> None:
        super().__init__(verdict.code)
        self.state = state
        self.verdict = verdict
        self.due_at = due_at


class Deliverer:
    """Carries deliveries out for one worker, whose name owns the rows it claims."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        speaker: Speaker,
        lanes: Lanes,
        owner: str,
    ) -> None:
        self._database = database
        self._settings = settings
        self._speaker = speaker
        self._lanes = lanes
        self._owner = owner
        self._awaited: dict[str, asyncio.Event] = {}

    def chat_known(self, aad_object_id: str) -> None:
        """An activity told of this person's chat; whoever waits for it may go on."""
        event = self._awaited.get(aad_object_id)
        if event is not None:
            event.set()

    async def deliver(self, delivery_id: int, attempt: int) -> None:
        """Carry out one attempt. Never raises: what fails is in the ledger, or given back."""
        try:
            await self._deliver(delivery_id, attempt)
        except LaneClosed:
            await self._hand_back(delivery_id, attempt)
        except Exception:
            log.exception("delivery_broke", delivery=delivery_id, attempt=attempt)
            await self._break_off(delivery_id, attempt)

    async def _deliver(self, delivery_id: int, attempt: int) -> None:
        row = await self._database.do(deliveries.claim, delivery_id, attempt, self._owner)
        if row is None:
            await self._hand_back(delivery_id, attempt)
            return
        try:
            await _Attempt(self, row).run()
        except Settled as end:
            if end.state is State.WAITING:
                await self._wait(row, end)
            else:
                await self._settle(row.id, row.attempt, end.state, end.verdict)

    async def _break_off(self, delivery_id: int, attempt: int) -> None:
        """After a fault of our own: failed, or unsure where the call may have been made.

        When even this cannot be written, the reconciler finds the row.
        """
        try:
            await self._database.do(
                deliveries.break_off, delivery_id, attempt, self._owner, datetime.now(UTC)
            )
        except Exception:
            log.exception("left_to_reconciler", delivery=delivery_id)

    async def _hand_back(self, delivery_id: int, attempt: int) -> None:
        await self._database.do(deliveries.hand_back, delivery_id, attempt)

    async def _settle(self, delivery_id: int, attempt: int, state: State, verdict: Verdict) -> None:
        await self._database.do(
            deliveries.settle, delivery_id, attempt, self._owner, state, verdict, datetime.now(UTC)
        )
        log.info("settled", delivery=delivery_id, state=str(state), code=verdict.code)

    async def _wait(self, row: Delivery, end: Settled) -> None:
        await self._database.do(
            deliveries.wait,
            row.id,
            row.attempt,
            self._owner,
            end.verdict,
            datetime.now(UTC),
            end.due_at,
        )
        log.info("waits", delivery=row.id, code=end.verdict.code)

    async def await_chat(self, person: Person) -> Person:
        """After an install: give Teams a moment to push the event that names the chat."""
        event = self._awaited.setdefault(person.aad_object_id, asyncio.Event())
        try:
            for _ in range(4):
                known = await self._person(person)
                if known.conversation_id and known.installed:
                    return known
                try:
                    await asyncio.wait_for(event.wait(), CHAT_EVENT_S / 4)
                except TimeoutError:
                    continue
                event.clear()
            return await self._person(person)
        finally:
            self._awaited.pop(person.aad_object_id, None)

    async def _person(self, person: Person) -> Person:
        found = await self._database.do(people.person, person.tenant_id, person.aad_object_id)
        return found or person


class _Attempt:
    """One claimed delivery on its way."""

    def __init__(self, worker: Deliverer, row: Delivery) -> None:
        self._worker = worker
        self._row = row
        self._database = worker._database
        self._speaker = worker._speaker
        self._settings = worker._settings
        self._live = row.lane == Lane.LIVE
        self._reinstalled = False
        self._reopened = False

    async def run(self) -> None:
        """Reach whoever it is for, render, and send."""
        if self._row.purpose in PLACES or self._to_a_place():
            await self._run_in_place()
        else:
            await self._run_for_person()

    def _to_a_place(self) -> bool:
        return (
            self._row.purpose == Purpose.REPLY and self._row.recipient == self._row.conversation_id
        )

    async def _run_in_place(self) -> None:
        row = self._row
        context = await self._with_names(dict(row.context), None)
        rendered = self._render(None, context)
        url = row.service_url or self._settings.endpoints.bot_service_url
        conversation = row.conversation_id or row.recipient
        await self._send(url, conversation, rendered)

    async def _run_for_person(self) -> None:
        person = await self._do(people.person, self._row.tenant_id, self._row.recipient)
        if person is None:
            person = Person(self._row.tenant_id, self._row.recipient)
            await self._do(people.remember, person.tenant_id, person.aad_object_id)
        self._heed_wishes(person)
        person = await self._with_profile(person)
        self._heed_clock(person)
        person, conversation, url = await self._reach(person)
        context = await self._with_names(dict(self._row.context), person)
        await self._send(url, conversation, self._render(person, context), person)

    def _heed_wishes(self, person: Person) -> None:
        if person.opted_out and self._row.purpose != Purpose.REPLY:
            raise Settled(State.SKIPPED, OPTED_OUT)

    def _heed_clock(self, person: Person) -> None:
        if not self._row.heeds_clock:
            return
        now = datetime.now(UTC)
        where = zone(person.time_zone, self._settings.default_time_zone)
        due = not_before(now, where, self._settings.quiet)
        if due > now:
            raise Settled(State.WAITING, WAITS_FOR_HOUR, due)

    async def _with_profile(self, person: Person) -> Person:
        """Fresh enough knowledge of the person; guests, disabled and gone accounts end here."""
        if not self._is_fresh(person):
            person = await self._look_up(person)
        if self._row.purpose != Purpose.REPLY:
            self._heed_account(person)
        return person

    def _is_fresh(self, person: Person) -> bool:
        """A day for the first attempt; whoever retries may just have mended the account."""
        if self._row.purpose == Purpose.REPLY and person.given_name:
            return True
        age = datetime.now(UTC) - (person.profile_at or datetime.min.replace(tzinfo=UTC))
        return age < PROFILE_LASTS and self._row.attempt == 1

    async def _look_up(self, person: Person) -> Person:
        try:
            known = await self._calling(
                READS, lambda: self._speaker.profile(person.aad_object_id, self._gate)
            )
        except Refused as refused:
            if refused.code != "missing_permission":
                raise Settled(State.FAILED, _verdict(refused)) from None
            return await self._with_name_from_teams(person)
        if known is None:
            raise Settled(State.SKIPPED, LEFT_COMPANY)
        await self._do(people.remember, person.tenant_id, person.aad_object_id, **known)
        return await self._worker._person(person)

    def _heed_account(self, person: Person) -> None:
        if person.is_guest and not self._settings.welcome_guests:
            raise Settled(State.SKIPPED, GUEST)
        if person.is_enabled is False:
            raise Settled(State.SKIPPED, DISABLED)

    async def _with_name_from_teams(self, person: Person) -> Person:
        """Without the right to read the directory, the team's roster tells the name."""
        row = self._row
        if row.team_id is None or person.service_url is None:
            return person
        user, url, team_id = (
            person.teams_id or person.aad_object_id,
            person.service_url,
            row.team_id,
        )
        try:
            member = await self._calling(
                CONNECTOR, lambda: self._speaker.member(url, team_id, user, self._gate)
            )
        except Refused:
            return person
        if member is None:
            return person
        if member.user_role == "guest" and not self._settings.welcome_guests:
            raise Settled(State.SKIPPED, GUEST)
        await self._do(
            people.remember,
            person.tenant_id,
            person.aad_object_id,
            display_name=member.display_name,
            given_name=member.given_name,
            upn=member.upn,
        )
        return await self._worker._person(person)

    async def _reach(self, person: Person) -> tuple[Person, str, str]:
        """The personal chat: known, or opened; the app is installed where that is needed."""
        url = person.service_url or self._settings.endpoints.bot_service_url
        if self._row.purpose == Purpose.REPLY and self._row.conversation_id:
            return person, self._row.conversation_id, self._row.service_url or url
        if person.conversation_id and person.installed is not False:
            return person, person.conversation_id, url
        in_team = self._row.team_id is not None and person.teams_id is not None
        if in_team and not self._reinstalled:
            try:
                return await self._open(person, person.teams_id or "")
            except Refused as refused:
                if refused.code != "not_installed":
                    raise Settled(*_outcome(refused)) from None
        person = await self._install(person)
        if person.conversation_id:
            return person, person.conversation_id, person.service_url or url
        try:
            return await self._open(person, person.aad_object_id)
        except Refused as refused:
            raise Settled(*_outcome(refused)) from None

    async def _install(self, person: Person) -> Person:
        now = datetime.now(UTC)
        await self._set(person, install_asked_at=now)
        try:
            await self._calling(
                INSTALLS, lambda: self._speaker.install(person.aad_object_id, self._gate)
            )
        except Refused as refused:
            await self._set(person, install_asked_at=person.install_asked_at)
            raise Settled(*_outcome(refused)) from None
        return await self._worker.await_chat(person)

    async def _open(self, person: Person, user_id: str) -> tuple[Person, str, str]:
        conversation, url = await self._calling(
            CONNECTOR, lambda: self._speaker.open_chat(person, user_id, self._gate)
        )
        await self._set(person, conversation_id=conversation, service_url=url)
        return person, conversation, url

    async def _send(
        self, url: str, conversation: str, rendered: Rendered, person: Person | None = None
    ) -> None:
        """One POST an attempt; only what surely did nothing is tried again."""
        tried = 0
        while tried < MOST_TRIES:
            await self._gate(CONNECTOR)
            if not await self._do(
                deliveries.begin_sending,
                self._row.id,
                self._row.attempt,
                self._worker._owner,
                datetime.now(UTC),
                conversation_id=conversation,
                service_url=url,
            ):
                await self._worker._hand_back(self._row.id, self._row.attempt)
                return
            try:
                conversation_id, activity_id = await self._speak(url, conversation, rendered)
            except Retry as retry:
                tried += 1
                await self._take_back()
                await self._rest(CONNECTOR, retry, tried)
            except Unsure as unsure:
                raise Settled(State.UNSURE, _lost(unsure)) from None
            except Refused as refused:
                if refused.code in STOPS:
                    await self._take_back()
                    await self._stop(CONNECTOR, refused)
                    continue
                again = await self._another_way(refused, person)
                if again is None:
                    raise Settled(*_outcome(refused)) from None
                person, conversation, url = again
            else:
                await self._sent(conversation_id, activity_id, rendered)
                return
        raise Settled(State.FAILED, GAVE_UP)

    async def _speak(self, url: str, conversation: str, rendered: Rendered) -> tuple[str, str]:
        row = self._row
        if row.purpose == Purpose.NEW_CONVERSATION:
            thread = await self._speaker.start_thread(url, row.tenant_id, conversation, rendered)
            return thread.conversation_id, thread.activity_id
        activity_id = await self._speaker.send(url, conversation, rendered, row.reply_to)
        return conversation, activity_id

    async def _another_way(
        self, refused: Refused, person: Person | None
    ) -> tuple[Person, str, str] | None:
        """A chat that is gone is opened anew once; an app that is gone is installed once."""
        if person is None:
            return None
        if refused.code == "conversation_not_found" and not self._reopened:
            self._reopened = True
            await self._take_back()
            await self._set(person, conversation_id=None)
            return await self._reach(await self._worker._person(person))
        if refused.code == "not_installed" and not self._reinstalled:
            self._reinstalled = True
            await self._take_back()
            await self._set(person, conversation_id=None, installed=False)
            return await self._reach(await self._worker._person(person))
        return None

    async def _sent(self, conversation_id: str, activity_id: str, rendered: Rendered) -> None:
        await self._do(
            deliveries.mark_sent,
            self._row.id,
            self._worker._owner,
            datetime.now(UTC),
            activity_id=activity_id,
            conversation_id=conversation_id,
            version=rendered.version,
        )
        await self._worker._lanes.works(CONNECTOR, self._row.tenant_id)
        log.info("sent", delivery=self._row.id, message=self._row.message)

    async def _take_back(self) -> None:
        await self._do(
            deliveries.take_back,
            self._row.id,
            self._row.attempt,
            self._worker._owner,
            datetime.now(UTC),
        )

    async def _with_names(self, context: dict[str, Any], person: Person | None) -> dict[str, Any]:
        """Who triggered it, manager, buddy and team by name; what cannot be read is left out."""
        trigger = dict(context.get("trigger") or {})
        if trigger.get("who_aad") and not trigger.get("who"):
            named = await self._named(str(trigger["who_aad"]))
            trigger["who"] = named and named["display_name"]
        told = dict(context.get("person") or {})
        for role in ("manager", "buddy"):
            upn = told.pop(f"{role}_upn", None)
            if upn:
                told[role] = await self._named(upn) or {"upn": upn, "display_name": upn}
        if person and self._row.message == "welcome":
            told["manager"] = told.get("manager") or await self._manager(person)
            context["steps_done"] = await self._do(
                people.steps_done, person.tenant_id, person.aad_object_id
            )
        team = dict(context.get("team") or {})
        if team.get("id") and not team.get("name"):
            team["name"] = await self._team_name(str(team["id"]))
        return {**context, "trigger": trigger, "person": told, "team": team or None}

    async def _named(self, name: str) -> dict[str, Any] | None:
        try:
            return await self._calling(READS, lambda: self._speaker.somebody(name, self._gate))
        except OnboardingError:
            return None

    async def _manager(self, person: Person) -> dict[str, Any] | None:
        if person.manager is not None:
            return dict(person.manager) or None
        try:
            found = await self._calling(
                READS, lambda: self._speaker.manager(person.aad_object_id, self._gate)
            )
        except OnboardingError:
            return None
        await self._set(person, manager=found or {})
        return found

    async def _team_name(self, team_id: str) -> str | None:
        team = await self._do(places.team, self._row.tenant_id, team_id)
        if team is None or team.name:
            return team.name if team else None
        return await self._speaker.team_name(team.service_url, team_id, self._gate)

    def _render(self, person: Person | None, context: dict[str, Any]) -> Rendered:
        return self._speaker.render(self._row.message, person, context, datetime.now(UTC))

    async def _calling(self, lane: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call that may be repeated freely, as often as the service asks us to."""
        tried = 0
        while tried < MOST_TRIES:
            try:
                return await call()
            except Retry as retry:
                tried += 1
                await self._rest(lane, retry, tried)
            except Refused as refused:
                if refused.code not in STOPS:
                    raise
                await self._stop(lane, refused)
        raise Settled(State.FAILED, GAVE_UP)

    async def _stop(self, lane: str, refused: Refused) -> None:
        why = f"{refused.reason} {refused.remedy}"
        await self._worker._lanes.stop(lane, self._row.tenant_id, why, STOPPED_S)

    async def _rest(self, lane: str, retry: Retry, tried: int) -> None:
        """Slow the lane that was throttled; otherwise only this delivery comes back later."""
        pause = min(LONGEST_PAUSE_S, 0.5 * 2**tried)
        seconds = retry.after if retry.after is not None else random.uniform(0.1, pause)  # noqa: S311
        log.info("told_to_wait", delivery=self._row.id, code=retry.code, seconds=round(seconds, 1))
        if retry.code == "throttled":
            await self._worker._lanes.slow(lane, self._row.tenant_id, seconds)
        else:
            await asyncio.sleep(seconds)

    async def _gate(self, lane: str) -> None:
        await self._worker._lanes.slot(lane, self._row.tenant_id, live=self._live)

    async def _set(self, person: Person, **values: Any) -> None:
        await self._do(people.set_person, person.tenant_id, person.aad_object_id, **values)

    async def _do(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        def run(connection: Connection) -> T:
            return work(connection, *args, **kwargs)

        return await self._database.do(run)


def _outcome(refused: Refused) -> tuple[State, Verdict]:
    """Where a refusal leaves a delivery: skipped, waiting for the app, or failed."""
    if refused.code in _SKIPS:
        return State.SKIPPED, _SKIPS[refused.code]
    if refused.code in _WAITS:
        reason = f"{WAITS_FOR_APP.reason} {refused.reason}"
        remedy = f"{refused.remedy} {WAITS_FOR_APP.remedy}"
        return State.WAITING, Verdict(WAITS_FOR_APP.code, reason, remedy)
    return State.FAILED, _verdict(refused)


def _verdict(refused: Refused) -> Verdict:
    return Verdict(str(refused.code), refused.reason, refused.remedy)


def _lost(unsure: Unsure) -> Verdict:
    return Verdict(
        str(unsure.code),
        unsure.reason,
        "It may have arrived. Ask the person, or send it again.",
    )

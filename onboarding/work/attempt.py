"""One claimed delivery on its way: reach whoever it is for, find the words, send."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from onboarding.delivery import CONNECTOR, Speaker
from onboarding.domain.courtesy import not_before, zone
from onboarding.domain.deliveries import (
    BLOCKED_BY_USER,
    CHAT_IS_FULL,
    GAVE_UP,
    OPTED_OUT,
    WAITS_FOR_HOUR,
    Purpose,
    State,
)
from onboarding.domain.people import Person
from onboarding.errors import Leaves, Refused, Retry, Unsure
from onboarding.messages.render import Rendered
from onboarding.settings import Settings
from onboarding.store import attempts, people, threads
from onboarding.store.database import Database
from onboarding.store.deliveries import Delivery
from onboarding.work import outcome
from onboarding.work.calls import MOST_MISSED, MOST_TRIES, Calls
from onboarding.work.naming import Naming
from onboarding.work.outcome import Settled
from onboarding.work.reaching import Reaching

LONGEST_WAIT_FOR_CHAT_S = 20.0
PLACES = frozenset({Purpose.TEAM_INTRO, Purpose.GROUP_INTRO, Purpose.NEW_CONVERSATION})

log = structlog.get_logger()


class Attempt:
    """One claimed delivery on its way."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        speaker: Speaker,
        owner: str,
        row: Delivery,
        calls: Calls,
        naming: Naming,
        reaching: Reaching,
    ) -> None:
        self._database = database
        self._settings = settings
        self._speaker = speaker
        self._owner = owner
        self._row = row
        self._calls = calls
        self._naming = naming
        self._reaching = reaching

    async def run(self) -> None:
        """Reach whoever it is for, render, and send. Raises Settled where it ends otherwise."""
        in_place = self._row.purpose == Purpose.REPLY and (
            self._row.recipient == self._row.conversation_id
        )
        if self._row.purpose in PLACES or in_place:
            await self._run_in_place()
        else:
            await self._run_for_person()

    async def _run_in_place(self) -> None:
        row = self._row
        rendered = await self._render(None)
        url = row.service_url or self._settings.endpoints.bot_service_url
        await self._send(url, row.conversation_id or row.recipient, rendered)

    async def _run_for_person(self) -> None:
        tenant, who = self._row.tenant_id, self._row.recipient
        person = await self._database.do(people.person, tenant, who)
        if person is None:
            await self._database.do(people.remember, tenant, who)
            person = Person(tenant, who)
        self._heed_wishes(person)
        person = await self._reaching.meet(person)
        self._heed_clock(person)
        chat = await self._reaching.reach(person)
        rendered = await self._render(chat.person)
        await self._send(chat.service_url, chat.conversation_id, rendered, chat.person)

    async def _render(self, person: Person | None) -> Rendered:
        context = await self._naming.context(person)
        return self._speaker.render(self._row.message, person, context, datetime.now(UTC))

    def _heed_wishes(self, person: Person) -> None:
        if self._row.purpose == Purpose.REPLY:
            return
        if person.opted_out:
            raise Settled(State.SKIPPED, OPTED_OUT)
        if person.blocked:
            raise Settled(State.SKIPPED, BLOCKED_BY_USER)

    def _heed_clock(self, person: Person) -> None:
        if not self._row.heeds_clock:
            return
        now = datetime.now(UTC)
        where = zone(person.time_zone, self._settings.default_time_zone)
        due = not_before(now, where, self._settings.quiet)
        if due > now:
            raise Settled(State.WAITING, WAITS_FOR_HOUR, due)

    async def _send(
        self, url: str, conversation: str, rendered: Rendered, person: Person | None = None
    ) -> None:
        """One POST an attempt; only what surely did nothing is tried again."""
        tried = missed = 0
        while tried < MOST_TRIES:
            slot = await self._calls.slot(CONNECTOR)
            wait = await self._begin(url, conversation)
            if wait is None:
                return
            if wait:
                await self._wait_for_chat(wait)
                continue
            if not await slot.comes() and missed < MOST_MISSED:
                missed += 1
                await self._take_back(made=False)
                continue
            try:
                conversation_id, activity_id = await self._speak(url, conversation, rendered)
            except Retry as retry:
                tried += 1
                await self._take_back()
                await self._rest(conversation, retry, tried)
            except Unsure as unsure:
                raise outcome.lost(unsure) from None
            except Refused as refused:
                if refused.leaves is Leaves.STOPS:
                    await self._take_back()
                    await self._calls.stop(CONNECTOR, refused)
                    continue
                url, conversation = await self._another_way(refused, person)
            else:
                await self._sent(conversation_id, activity_id, rendered)
                return
        raise Settled(State.FAILED, GAVE_UP)

    async def _rest(self, conversation: str, retry: Retry, tried: int) -> None:
        """A place where others speak too is throttled alone; a welcome, which is the first for long
        in its chat, tells that all of them come too fast."""
        if retry.slows_lane and self._row.purpose in PLACES | {Purpose.REPLY}:
            seconds = self._calls.pause(retry, tried)
            await self._database.do(threads.rest, conversation, seconds)
        else:
            await self._calls.rest(CONNECTOR, retry, tried)

    async def _wait_for_chat(self, seconds: float) -> None:
        if seconds > LONGEST_WAIT_FOR_CHAT_S:
            due = datetime.now(UTC) + timedelta(seconds=seconds)
            raise Settled(State.WAITING, CHAT_IS_FULL, due)
        await asyncio.sleep(seconds)

    async def _speak(self, url: str, conversation: str, rendered: Rendered) -> tuple[str, str]:
        row = self._row
        if row.purpose == Purpose.NEW_CONVERSATION:
            thread = await self._speaker.start_thread(url, row.tenant_id, conversation, rendered)
            return thread.conversation_id, thread.activity_id
        activity_id = await self._speaker.send(url, conversation, rendered, row.reply_to)
        return conversation, activity_id

    async def _begin(self, url: str, conversation: str) -> float | None:
        """Commit the intent, before the call: 0. Else the seconds until the chat takes one more
        message, or None when this delivery is no longer ours."""
        wait = await self._database.do(
            _begin, self._row, self._owner, datetime.now(UTC), url, conversation
        )
        if wait is None and await self._take_back(made=False):
            # The first commit's answer was lost with the connection; the call was not made.
            return await self._begin(url, conversation)
        if wait is None:
            await self._database.do(attempts.hand_back, self._row.id, self._row.attempt)
        return wait

    async def _another_way(self, refused: Refused, person: Person | None) -> tuple[str, str]:
        """Another chat with the same person; raises Settled when there is none."""
        await self._take_back()
        again = await self._reaching.another_way(refused, person) if person else None
        if again is None:
            raise outcome.refused(refused)
        return again.service_url, again.conversation_id

    async def _sent(self, conversation_id: str, activity_id: str, rendered: Rendered) -> None:
        await self._database.surely(
            attempts.mark_sent,
            self._row.id,
            self._owner,
            datetime.now(UTC),
            activity_id=activity_id,
            conversation_id=conversation_id,
            version=rendered.version,
        )
        await self._calls.went_through(CONNECTOR)
        log.info("sent", delivery=self._row.id, message=self._row.message)

    async def _take_back(self, *, made: bool = True) -> bool:
        return await self._database.surely(
            attempts.take_back,
            self._row.id,
            self._row.attempt,
            self._owner,
            datetime.now(UTC),
            made=made,
        )


def _begin(
    connection: Connection, row: Delivery, owner: str, now: datetime, url: str, conversation: str
) -> float | None:
    """Spend one message of the chat's limit and say that the call is about to be made."""
    if wait := threads.spend(connection, conversation):
        return wait
    mine = attempts.begin_sending(
        connection,
        row.id,
        row.attempt,
        owner,
        now,
        conversation_id=conversation,
        service_url=url,
    )
    return 0.0 if mine else None

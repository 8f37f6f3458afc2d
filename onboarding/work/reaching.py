"""From a person to the chat with them: who they are, whether they may be written to, and how."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from onboarding.delivery import CONNECTOR, INSTALLS, PROFILE_LASTS, READS, Speaker, team_lane
from onboarding.domain.deliveries import DISABLED, GUEST, LEFT_COMPANY, Purpose, State
from onboarding.domain.people import Person
from onboarding.errors import ChatAfter, Leaves, Refused
from onboarding.settings import Settings
from onboarding.store import people
from onboarding.store.database import Database
from onboarding.store.deliveries import Delivery
from onboarding.work import outcome
from onboarding.work.calls import Calls
from onboarding.work.chats import Chats
from onboarding.work.outcome import Settled


@dataclass(frozen=True, slots=True)
class Chat:
    """A personal chat that can be written to."""

    person: Person
    conversation_id: str
    service_url: str


_NEWS: dict[ChatAfter, dict[str, Any]] = {
    ChatAfter.FORGET: {"conversation_id": None},
    ChatAfter.UNINSTALLED: {"conversation_id": None, "installed": False},
    ChatAfter.BLOCKED: {"conversation_id": None, "blocked": True},
}
"""What each of these changes of a person; a chat that is kept changes nothing."""


class Reaching:
    """Finds the way to one delivery's person. Raises Settled where there is none."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        speaker: Speaker,
        chats: Chats,
        calls: Calls,
        row: Delivery,
    ) -> None:
        self._database = database
        self._settings = settings
        self._speaker = speaker
        self._chats = chats
        self._calls = calls
        self._row = row
        self._reopened = False
        self._install_first = False

    async def meet(self, person: Person) -> Person:
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
            known = await self._calls.repeat(
                READS, lambda: self._speaker.profile(person.aad_object_id, self._calls.gate)
            )
        except Refused as refused:
            if refused.leaves is not Leaves.WAITS:
                raise outcome.refused(refused) from None
            return await self._with_name_from_teams(person)
        if known is None:
            raise Settled(State.SKIPPED, LEFT_COMPANY)
        await self._database.do(people.remember, person.tenant_id, person.aad_object_id, **known)
        return await self._chats.look_up(person)

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
            member = await self._calls.repeat(
                team_lane(team_id),
                lambda: self._speaker.member(url, team_id, user, self._calls.gate),
            )
        except Refused:
            return person
        if member is None:
            return person
        if member.user_role == "guest" and not self._settings.welcome_guests:
            raise Settled(State.SKIPPED, GUEST)
        await self._database.do(
            people.remember,
            person.tenant_id,
            person.aad_object_id,
            display_name=member.display_name,
            given_name=member.given_name,
            upn=member.upn,
        )
        return await self._chats.look_up(person)

    async def reach(self, person: Person) -> Chat:
        """The personal chat: known, or opened; the app is installed where that is needed."""
        url = person.service_url or self._settings.endpoints.bot_service_url
        if self._row.purpose == Purpose.REPLY and self._row.conversation_id:
            return Chat(person, self._row.conversation_id, self._row.service_url or url)
        if person.conversation_id and person.installed is not False:
            return Chat(person, person.conversation_id, url)
        in_team = self._row.team_id is not None and person.teams_id is not None
        if in_team and not self._install_first:
            try:
                return await self._open(person, person.teams_id or "")
            except Refused as refused:
                if refused.chat is not ChatAfter.UNINSTALLED:
                    raise await self._ends(refused, person) from None
        person = await self._install(person)
        if person.conversation_id:
            return Chat(person, person.conversation_id, person.service_url or url)
        try:
            return await self._open(person, person.aad_object_id)
        except Refused as refused:
            raise await self._ends(refused, person) from None

    async def _install(self, person: Person) -> Person:
        now = datetime.now(UTC)
        await self._set(person, install_asked_at=now)
        try:
            await self._calls.repeat(
                INSTALLS, lambda: self._speaker.install(person.aad_object_id, self._calls.gate)
            )
        except Refused as refused:
            await self._set(person, install_asked_at=person.install_asked_at)
            raise outcome.refused(refused) from None
        return await self._chats.wait_for(person)

    async def _open(self, person: Person, user_id: str) -> Chat:
        conversation, url = await self._calls.repeat(
            CONNECTOR, lambda: self._speaker.open_chat(person, user_id, self._calls.gate)
        )
        await self._set(person, conversation_id=conversation, service_url=url)
        return Chat(person, conversation, url)

    async def another_way(self, refused: Refused, person: Person) -> Chat | None:
        """A chat that is gone is opened anew once; an app that is gone is installed once."""
        await self._learn(refused, person)
        if refused.chat is ChatAfter.FORGET and not self._reopened:
            self._reopened = True
        elif refused.chat is ChatAfter.UNINSTALLED and not self._install_first:
            self._install_first = True
        else:
            return None
        return await self.reach(await self._chats.look_up(person))

    async def _ends(self, refused: Refused, person: Person) -> Settled:
        await self._learn(refused, person)
        return outcome.refused(refused)

    async def _learn(self, refused: Refused, person: Person) -> None:
        """Remember what a refusal says about the chat, so that the next message knows it."""
        if news := _NEWS.get(refused.chat):
            await self._set(person, **news)

    async def _set(self, person: Person, **values: Any) -> None:
        await self._database.do(people.set_person, person.tenant_id, person.aad_object_id, **values)

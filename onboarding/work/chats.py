"""After an install: wait briefly for the event that names the chat."""

import asyncio

from onboarding.domain.people import Person
from onboarding.store import people
from onboarding.store.database import Database

LOOKS = 4
BETWEEN_LOOKS_S = 0.5


class Chats:
    """Who waits for whose chat. An event that reaches this process wakes them at once; one that
    reached another process is found by looking."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._awaited: dict[str, asyncio.Event] = {}

    def known(self, aad_object_id: str) -> None:
        """An activity told of this person's chat; whoever waits for it may go on."""
        event = self._awaited.get(aad_object_id)
        if event is not None:
            event.set()

    async def wait_for(self, person: Person) -> Person:
        """The person with their chat, or after 2 s as they are."""
        event = self._awaited.setdefault(person.aad_object_id, asyncio.Event())
        try:
            for _ in range(LOOKS):
                seen = await self.look_up(person)
                if seen.conversation_id and seen.installed:
                    return seen
                try:
                    await asyncio.wait_for(event.wait(), BETWEEN_LOOKS_S)
                except TimeoutError:
                    continue
                event.clear()
            return await self.look_up(person)
        finally:
            self._awaited.pop(person.aad_object_id, None)

    async def look_up(self, person: Person) -> Person:
        """The person as the ledger knows them now."""
        found = await self._database.do(people.person, person.tenant_id, person.aad_object_id)
        return found or person

"""Who is who in a message: names for the ids that a delivery's context holds."""

from typing import Any

from onboarding.delivery import READS, Speaker, team_lane
from onboarding.domain.people import Person
from onboarding.errors import OnboardingError
from onboarding.store import people, places
from onboarding.store.database import Database
from onboarding.store.deliveries import Delivery
from onboarding.work.calls import Calls


class Naming:
    """Names for one delivery; what cannot be read is left out of the message."""

    def __init__(self, database: Database, speaker: Speaker, calls: Calls, row: Delivery) -> None:
        self._database = database
        self._speaker = speaker
        self._calls = calls
        self._row = row

    async def context(self, person: Person | None) -> dict[str, Any]:
        """The delivery's context with the names of trigger, manager, buddy and team."""
        context = dict(self._row.context)
        told = await self._told(context, person)
        if person and self._row.message == "welcome":
            context["steps_done"] = await self._database.do(
                people.steps_done, person.tenant_id, person.aad_object_id
            )
        return {
            **context,
            "trigger": await self._trigger(context),
            "person": told,
            "team": await self._team(context),
        }

    async def _trigger(self, context: dict[str, Any]) -> dict[str, Any]:
        trigger = dict(context.get("trigger") or {})
        if trigger.get("who_aad") and not trigger.get("who"):
            who = str(trigger["who_aad"])
            named = await self._somebody(who)
            trigger["who"] = named["display_name"] if named else await self._member(who)
        return trigger

    async def _member(self, who: str) -> str | None:
        """Somebody's name as the team's roster tells it, where the directory may not be read."""
        row, calls = self._row, self._calls
        team_id, url = row.team_id, row.service_url
        if team_id is None or url is None:
            return None
        try:
            member = await calls.repeat(
                team_lane(team_id), lambda: self._speaker.member(url, team_id, who, calls.gate)
            )
        except OnboardingError:
            return None
        return member.display_name if member else None

    async def _told(self, context: dict[str, Any], person: Person | None) -> dict[str, Any]:
        """What HR's row said, with manager and buddy by name; the directory's manager else."""
        told = dict(context.get("person") or {})
        for role in ("manager", "buddy"):
            upn = told.pop(f"{role}_upn", None)
            if upn:
                told[role] = await self._somebody(upn) or {"upn": upn, "display_name": upn}
        if person and self._row.message == "welcome" and not told.get("manager"):
            told["manager"] = await self._manager(person)
        return told

    async def _team(self, context: dict[str, Any]) -> dict[str, Any] | None:
        team = dict(context.get("team") or {})
        if team.get("id") and not team.get("name"):
            team["name"] = await self._team_name(str(team["id"]))
        return team or None

    async def _somebody(self, name: str) -> dict[str, Any] | None:
        try:
            return await self._calls.repeat(
                READS, lambda: self._speaker.somebody(name, self._calls.gate)
            )
        except OnboardingError:
            return None

    async def _manager(self, person: Person) -> dict[str, Any] | None:
        if person.manager is not None:
            return dict(person.manager) or None
        try:
            found = await self._calls.repeat(
                READS, lambda: self._speaker.manager(person.aad_object_id, self._calls.gate)
            )
        except OnboardingError:
            return None
        await self._database.do(
            people.set_person, person.tenant_id, person.aad_object_id, manager=found or {}
        )
        return found

    async def _team_name(self, team_id: str) -> str | None:
        team = await self._database.do(places.team, self._row.tenant_id, team_id)
        if team is None or team.name:
            return team.name if team else None
        return await self._speaker.team_name(team.service_url, team_id, self._calls.gate)

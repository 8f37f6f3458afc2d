"""Who was in a team before the app: read, and told to intake, when somebody wants them welcomed."""

from datetime import UTC, datetime

import structlog

from onboarding.domain.facts import Account, Heard, Place, RosterRead, Scope, TeamRef
from onboarding.errors import OnboardingError, Refused
from onboarding.intake import Intake
from onboarding.outbound.teams import Teams
from onboarding.outbound.wire import Reading
from onboarding.store import places
from onboarding.store.database import Database
from onboarding.store.places import Team

log = structlog.get_logger()

AT_ONCE = 50


class Rosters:
    """Reads the rosters that were asked for; what fails for now is read at the next turn."""

    def __init__(self, database: Database, teams: Teams, intake: Intake, reading: Reading) -> None:
        self._database = database
        self._teams = teams
        self._intake = intake
        self._reading = reading

    async def read_asked_for(self) -> None:
        """Every team whose members shall be welcomed, one after the other."""
        for tenant_id, team in await self._database.do(places.rosters_asked_for):
            try:
                await self._read(tenant_id, team)
            except Refused as refused:
                log.warning("roster_refused", team=team.id, code=refused.code)
            except OnboardingError as error:
                log.info("roster_put_off", team=team.id, why=str(error))
                continue
            await self._database.do(places.ask_for_roster, tenant_id, team.id, None)

    async def _read(self, tenant_id: str, team: Team) -> None:
        found: list[Account] = []
        passing = self._reading.team(team.id)
        async for member in self._teams.members(team.service_url, team.id, passing):
            found.append(Account(member.teams_id, member.aad_object_id))
            if len(found) == AT_ONCE:
                await self._tell(tenant_id, team, found)
                found = []
        await self._tell(tenant_id, team, found)

    async def _tell(self, tenant_id: str, team: Team, members: list[Account]) -> None:
        named = TeamRef(team.id, team.name, team.aad_group_id)
        place = Place(Scope.TEAM, team.id, team.service_url, named)
        read = RosterRead(tuple(members))
        sender = Account(aad_object_id=team.installer)
        heard = Heard(tenant_id, f"roster:{team.id}", datetime.now(UTC), place, sender, read)
        await self._intake.take(heard)

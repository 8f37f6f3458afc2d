"""Render, speak, return what happened: the only speaker.

Everything here talks to Teams or Graph, or renders; nothing here knows the ledger.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from onboarding.domain.courtesy import zone
from onboarding.domain.people import DirectoryPerson, Person
from onboarding.errors import OnboardingError, Refused
from onboarding.messages.catalogue import Catalogue
from onboarding.messages.render import Rendered, render
from onboarding.outbound.answers import refusal
from onboarding.outbound.error_table import APP_ID_NOT_SET
from onboarding.outbound.graph import Graph
from onboarding.outbound.message import Message
from onboarding.outbound.teams import Member, Teams, Thread
from onboarding.outbound.wire import Passing as Passing
from onboarding.settings import Settings

CONNECTOR = "connector"
INSTALLS = "graph_installs"
READS = "graph_reads"
TEAM = "team"


def team_lane(team_id: str) -> str:
    """The lane of whatever is asked about one team."""
    return f"{TEAM}:{team_id}"


Gate = Callable[[str], Awaitable[None]]
"""Waits for a slot of the lane with this name."""

PROFILE_LASTS = timedelta(hours=24)
_CACHED = 5_000


class Speaker:
    """Speaks to people and channels. Every call first waits at `gate` and may raise Retry,
    Refused or Unsure."""

    def __init__(
        self, settings: Settings, teams: Teams, graph: Graph, catalogue: Catalogue
    ) -> None:
        self._settings = settings
        self._teams = teams
        self._graph = graph
        self._catalogue = catalogue
        self._seen: dict[str, DirectoryPerson | None] = {}

    async def profile(self, aad_object_id: str, gate: Gate) -> dict[str, Any] | None:
        """What the directory tells of a person, as columns of `people`; None when they are gone."""
        await gate(READS)
        found = await self._graph.user(aad_object_id)
        return columns(found, datetime.now(UTC)) if found else None

    async def manager(self, aad_object_id: str, gate: Gate) -> dict[str, Any] | None:
        """The person's manager as templates name them, or None."""
        await gate(READS)
        found = await self._graph.manager(aad_object_id)
        return _named(found) if found else None

    async def somebody(self, name: str, gate: Gate) -> dict[str, Any] | None:
        """Somebody by object id or UPN as templates name them; None when unknown or not readable.

        Managers and buddies recur, so they are read once and kept for the life of the process.
        """
        if name not in self._seen:
            await gate(READS)
            try:
                found = await self._graph.user(name)
            except Refused:
                found = None
            if len(self._seen) >= _CACHED:
                self._seen.clear()
            self._seen[name] = found
        known = self._seen[name]
        return _named(known) if known else None

    async def install(self, aad_object_id: str, gate: Gate) -> bool:
        """Install the app for a person; True when it is new to them, False when they had it."""
        app = await self._app_in_catalogue(gate)
        await gate(INSTALLS)
        return await self._graph.install(aad_object_id, app)

    async def open_chat(self, person: Person, user_id: str, gate: Gate) -> tuple[str, str]:
        """Create or get the personal chat: conversation id and service URL. `user_id` is the
        `29:…` id where the app is in a team of theirs, else the Entra object id."""
        url = person.service_url or self._settings.endpoints.bot_service_url
        await gate(CONNECTOR)
        return await self._teams.open_chat(person.tenant_id, url, user_id), url

    async def member(
        self, service_url: str, team_id: str, user_id: str, gate: Gate
    ) -> Member | None:
        """Somebody of a team as the connector knows them; needs no Graph permission."""
        await gate(team_lane(team_id))
        await gate(CONNECTOR)
        return await self._teams.member(service_url, team_id, user_id)

    async def team_name(self, service_url: str, team_id: str, gate: Gate) -> str | None:
        """What a team is called, or None when Teams does not tell."""
        await gate(team_lane(team_id))
        await gate(CONNECTOR)
        try:
            return (await self._teams.team(service_url, team_id)).name
        except OnboardingError:
            return None

    def render(
        self, message: str, person: Person | None, context: Mapping[str, Any], now: datetime
    ) -> Rendered:
        """A message as this person, or this place, gets it."""
        return render(
            self._catalogue,
            message,
            self._context(person, context, now),
            self.locale(person, context),
        )

    def locale(self, person: Person | None, context: Mapping[str, Any]) -> str:
        """HR's word first, then the directory's, then what Teams showed, then the default.

        In a channel it is the language of whoever caused the message.
        """
        ours = (person.locale_asked, person.locale, person.locale_seen) if person else ()
        said = (*ours, context.get("locale"))
        return next((name for name in said if name), self._settings.default_locale)

    async def send(
        self, service_url: str, conversation_id: str, rendered: Rendered, reply_to: str | None
    ) -> str:
        """Send a card into a conversation; its activity id. The slot was waited for already."""
        return await self._teams.send(
            service_url, conversation_id, Message(rendered.card, rendered.summary), reply_to
        )

    async def start_thread(
        self, service_url: str, tenant_id: str, channel_id: str, rendered: Rendered
    ) -> Thread:
        """Start a new thread in a channel. The slot was waited for already."""
        return await self._teams.start_thread(
            service_url, tenant_id, channel_id, Message(rendered.card, rendered.summary)
        )

    async def _app_in_catalogue(self, gate: Gate) -> str:
        """The app's id in the organisation's catalogue: read once, by whoever asks first."""
        app = self._settings.teams_app_id
        if not app:
            raise refusal(APP_ID_NOT_SET)
        if not self._graph.knows_app(app):
            await gate(READS)
        return await self._graph.catalog_app_id(app)

    def _context(
        self, person: Person | None, context: Mapping[str, Any], now: datetime
    ) -> dict[str, Any]:
        settings = self._settings
        where = zone(person.time_zone if person else None, settings.default_time_zone)
        about = {
            "app": {
                "name": "Onboarding",
                "company": settings.company_name,
                "hr_contact": settings.hr_contact,
                "handbook_url": settings.handbook_url,
            },
            "today": now.astimezone(where).date(),
            "existing_members": settings.welcome_existing_members,
            "opted_out": person.opted_out if person else False,
        }
        return {**about, **context, "person": _about(person, context.get("person") or {})}


def columns(found: DirectoryPerson, now: datetime) -> dict[str, Any]:
    """A directory entry as columns of `people`."""
    return {
        "upn": found.upn,
        "display_name": found.display_name,
        "given_name": found.given_name,
        "job_title": found.job_title,
        "department": found.department,
        "office": found.office,
        "locale": found.locale,
        "hire_date": found.start_date,
        "is_guest": found.is_guest,
        "is_enabled": found.is_enabled,
        "profile_at": now,
    }


def _about(person: Person | None, told: Mapping[str, Any]) -> dict[str, Any]:
    """A person as templates see them: the ledger's knowledge, HR's row over it."""
    if person is None:
        return dict(told)
    known = {
        "given_name": person.given_name,
        "display_name": person.display_name,
        "upn": person.upn,
        "job_title": person.job_title,
        "department": person.department,
        "office": person.office,
        "locale": person.locale_asked or person.locale,
        "time_zone": person.time_zone,
        "start_date": person.start_date or person.hire_date,
        "manager": person.manager,
    }
    return known | {name: value for name, value in told.items() if value is not None}


def _named(found: DirectoryPerson) -> dict[str, Any]:
    return {
        "display_name": found.display_name,
        "given_name": found.given_name,
        "upn": found.upn,
    }

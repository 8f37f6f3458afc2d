"""Microsoft Graph: people, groups and the installation of our app."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from onboarding.domain.people import DirectoryPerson
from onboarding.errors import Refused
from onboarding.outbound.answers import Code, refusal
from onboarding.outbound.error_table import APP_NOT_UPLOADED
from onboarding.outbound.graph_seam import GraphSeam, values, warm_up
from onboarding.outbound.tokens import Tokens, roles
from onboarding.outbound.wire import SECONDS, Passing, at_once
from onboarding.settings import Settings

__all__ = ["Graph", "person", "warm_up"]

ONE_BY_ONE = 200
AT_A_TIME = 8
PAGE_SIZE = 999  # the most: https://learn.microsoft.com/graph/api/user-list
TEAMS_SERVICE = "TeamspaceAPI"
FIELDS = [
    "id",
    "userPrincipalName",
    "displayName",
    "givenName",
    "mail",
    "jobTitle",
    "department",
    "officeLocation",
    "preferredLanguage",
    "employeeId",
    "employeeHireDate",
    "userType",
    "accountEnabled",
]
FIELDS_AND_LICENCE = [*FIELDS, "assignedPlans"]


class Graph:
    """Calls to Graph v1.0 that raise only Retry or Refused: each of them may be repeated.

    A call may take `seconds`; collections are read by `page_size` entries, 1 to 999, at a time.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        seconds: float = SECONDS,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._tokens = tokens
        self._scope = settings.graph_scope
        self._base = f"{settings.endpoints.graph_url}/v1.0"
        self._seam = GraphSeam(tokens, self._scope, self._base, seconds)
        self._page_size = page_size
        self._catalogue: dict[str, str] = {}
        self._resolving = asyncio.Lock()

    async def user(self, id_or_upn: str) -> DirectoryPerson | None:
        """One person with their licence, or None when the directory has no such user."""
        options = self._seam.options("UserQuery", select=FIELDS_AND_LICENCE)
        builder = self._seam.client.users.by_user_id(id_or_upn)
        return await self._one(builder.to_get_request_information(options))

    async def users(
        self, ids_or_upns: Sequence[str], passing: Passing = at_once
    ) -> dict[str, DirectoryPerson]:
        """The people found, by the id or UPN as asked, in lower case.

        Up to 200 are asked for one by one; for more the whole directory is paged through, until
        all are found, and the licence stays unknown.
        """
        wanted = {asked.strip().lower() for asked in ids_or_upns if asked.strip()}
        if len(wanted) > ONE_BY_ONE:
            return await self._among_all(wanted, passing)
        return await self._one_by_one(wanted, passing)

    async def manager(self, user_id: str) -> DirectoryPerson | None:
        """The person's manager, or None."""
        options = self._seam.options("ManagerQuery", select=FIELDS)
        builder = self._seam.client.users.by_user_id(user_id).manager
        return await self._one(builder.to_get_request_information(options))

    async def group_members(
        self, group_id: str, passing: Passing = at_once
    ) -> AsyncIterator[DirectoryPerson]:
        """Everybody in a Microsoft 365 or security group, nested groups included."""
        options = self._seam.options("MembersQuery", select=FIELDS, top=self._page_size, count=True)
        builder = self._seam.client.groups.by_group_id(group_id).transitive_members.graph_user
        request = builder.to_get_request_information(options)
        # The SDK writes the cast by its alias, `graph.user`; Microsoft documents the full name.
        written = request.url_template or ""
        request.url_template = written.replace("/graph.user", "/microsoft.graph.user")
        async for entry in self._seam.pages(request, passing, eventual=True):
            yield person(entry)

    def knows_app(self, teams_app_id: str) -> bool:
        """Whether `catalog_app_id` can answer without asking Graph."""
        return teams_app_id in self._catalogue

    async def catalog_app_id(self, teams_app_id: str) -> str:
        """The organisation catalogue's id of the app with this manifest id, asked for once."""
        async with self._resolving:
            if teams_app_id not in self._catalogue:
                self._catalogue[teams_app_id] = await self._find_in_catalogue(teams_app_id)
            return self._catalogue[teams_app_id]

    async def install(self, user_id: str, catalog_app_id: str) -> bool:
        """Install the app for a person: True when it is new there, False when it already was."""
        app = f"{self._base}/appCatalogs/teamsApps/{catalog_app_id}"
        bound = {"teamsApp@odata.bind": app}
        body = self._seam.sdk.UserScopeTeamsAppInstallation(additional_data=bound)
        builder = self._seam.client.users.by_user_id(user_id).teamwork.installed_apps
        try:
            await self._seam.send(builder.to_post_request_information(body))
        except Refused as refused:
            if refused.code == Code.UNKNOWN_APP:
                self._catalogue.clear()
            if refused.code != Code.ALREADY_INSTALLED:
                raise
            return False
        return True

    async def installed_chat(self, user_id: str, teams_app_id: str) -> str | None:
        """The id of the person's chat with the bot, or None when the app is not installed.

        It can be used as a conversation id. Teams repeats its install events when asked.
        """
        ours = f"teamsApp/externalId eq {_literal(teams_app_id)}"
        options = self._seam.options("InstalledQuery", expand=["teamsApp"], filter=ours)
        apps = self._seam.client.users.by_user_id(user_id).teamwork.installed_apps
        found = values(await self._seam.send(apps.to_get_request_information(options)))
        if not found:
            return None
        chat = apps.by_user_scope_teams_app_installation_id(str(found[0].get("id"))).chat
        return _text(await self._seam.send(chat.to_get_request_information()), "id")

    async def token_roles(self) -> frozenset[str]:
        """The application permissions granted just now, from a fresh token."""
        return roles(await self._tokens.renew(self._scope))

    async def close(self) -> None:
        """End every connection to Graph."""
        await self._seam.close()

    async def _one_by_one(self, wanted: set[str], passing: Passing) -> dict[str, DirectoryPerson]:
        places = asyncio.Semaphore(AT_A_TIME)

        async def look_up(asked: str) -> tuple[str, DirectoryPerson | None]:
            async with places:
                return asked, await passing(partial(self.user, asked))

        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(look_up(one)) for one in sorted(wanted)]
        except ExceptionGroup as several:
            raise several.exceptions[0] from several
        return {name: found for name, found in (t.result() for t in asked) if found}

    async def _among_all(self, wanted: set[str], passing: Passing) -> dict[str, DirectoryPerson]:
        options = self._seam.options("UsersQuery", select=FIELDS, top=self._page_size)
        request = self._seam.client.users.to_get_request_information(options)
        found: dict[str, DirectoryPerson] = {}
        async for entry in self._seam.pages(request, passing):
            names = {str(entry.get("id")).lower(), str(entry.get("userPrincipalName")).lower()}
            if hits := names & wanted:
                found |= dict.fromkeys(hits, person(entry))
            if len(found) == len(wanted):
                break
        return found

    async def _find_in_catalogue(self, teams_app_id: str) -> str:
        ours = f"externalId eq {_literal(teams_app_id)}"
        options = self._seam.options("AppsQuery", filter=ours)
        request = self._seam.client.app_catalogs.teams_apps.to_get_request_information(options)
        for app in values(await self._seam.send(request)):
            if found := _text(app, "id"):
                return found
        raise refusal(APP_NOT_UPLOADED)

    async def _one(self, request: Any) -> DirectoryPerson | None:
        try:
            return person(await self._seam.send(request))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise


def person(entry: Mapping[str, Any]) -> DirectoryPerson:
    """A person from Graph's user resource (learn.microsoft.com/graph/api/resources/user)."""
    upn = _text(entry, "userPrincipalName")
    return DirectoryPerson(
        aad_object_id=str(entry.get("id") or "").lower(),
        upn=upn.lower() if upn else None,
        display_name=_text(entry, "displayName"),
        given_name=_text(entry, "givenName"),
        mail=_text(entry, "mail"),
        job_title=_common(entry, "jobTitle"),
        department=_common(entry, "department"),
        office=_common(entry, "officeLocation"),
        locale=_common(entry, "preferredLanguage"),
        employee_id=_text(entry, "employeeId"),
        start_date=_day(_text(entry, "employeeHireDate")),
        is_guest=str(entry.get("userType") or "").lower() == "guest",
        is_enabled=entry.get("accountEnabled") is not False,
        has_teams_licence=_has_teams(entry.get("assignedPlans")),
    )


def _has_teams(plans: object) -> bool | None:
    if not isinstance(plans, list):
        return None
    return any(
        plan.get("service") == TEAMS_SERVICE
        and plan.get("capabilityStatus") in ("Enabled", "Warning")
        for plan in plans
        if isinstance(plan, dict)
    )


def _day(text: str | None) -> date | None:
    """The day of `employeeHireDate`, which HR systems write as midnight UTC of that day."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    return value if isinstance(value, str) and value else None


def _common(entry: Mapping[str, Any], name: str) -> str | None:
    """Text that many people have in common: one object for all keeps 100,000 of them small."""
    value = _text(entry, name)
    return sys.intern(value) if value else None


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"

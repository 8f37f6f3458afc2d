"""The roster of a team or group against the ledger: who was missed, and a welcome for them."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from onboarding.domain.audience import Audience, PersonRow
from onboarding.domain.decide import current_welcome
from onboarding.domain.people import Person
from onboarding.domain.roll import Attendee, Presence, presence
from onboarding.errors import BadInput, Refused
from onboarding.outbound.graph import Graph
from onboarding.outbound.teams import Teams
from onboarding.outbound.wire import Passing, Reading
from onboarding.settings import Settings
from onboarding.store import deliveries, people, roll
from onboarding.store.database import Database
from onboarding.store.places import Team
from onboarding.submission import Checked, Found, Order, Receipt, Submissions


@dataclass(frozen=True, slots=True)
class Called:
    """One member of the roster and where they stand."""

    attendee: Attendee
    presence: Presence
    reason: str | None
    remedy: str | None


@dataclass(frozen=True, slots=True)
class RollCall:
    """A whole roster; every member is in `called` once."""

    name: str
    called: Sequence[Called]

    @property
    def missed(self) -> list[Attendee]:
        """Who should have been welcomed and was not."""
        return [one.attendee for one in self.called if one.presence is Presence.MISSED]


async def call_roll(
    settings: Settings,
    database: Database,
    teams: Teams,
    graph: Graph,
    reading: Reading,
    name: str,
) -> RollCall:
    """Compare the roster of a team (`19:…`) or group (object id) with the ledger.

    A team that has the app tells its roster itself, without any permission; other groups are read
    from the directory. Raises BadInput for what is neither, Retry and Refused.
    """
    tenant = settings.azure_tenant_id
    team = await database.do(roll.team_named, tenant, name)
    if team is None and not _is_object_id(name):
        raise BadInput(
            f"No team {name} has the app.",
            "Give the id of a team that has it (19:…), or the object id of a group.",
        )
    roster = (
        _of_team(teams, team, reading.team(team.id))
        if team
        else _of_group(graph, name, reading.directory)
    )
    attendees = [one async for one in roster]
    guests = settings.welcome_guests
    called = await database.do(_compare, tenant, attendees, guests)
    return RollCall(team.name or team.id if team else name, called)


async def welcome_missed(submissions: Submissions, call: RollCall, by: str) -> Receipt | None:
    """Submit everybody who was missed as one batch; None when nobody was."""
    missed = call.missed
    if not missed:
        return None
    rows = [
        PersonRow(row=number, aad_object_id=one.aad_object_id)
        for number, one in enumerate(missed, 1)
    ]
    known = [Found(row, one.entry) for row, one in zip(rows, missed, strict=True) if one.entry]
    if len(known) == len(rows):
        checked = Checked(known, (), len(rows))
    else:
        checked = await submissions.check(Audience(rows, [], len(rows), []))
    return await submissions.submit(checked, Order(name=f"reconcile {call.name}", submitted_by=by))


def shown(call: RollCall) -> dict[str, Any]:
    """A roll call as JSON: `members` is the sum of `states`; `people` are all but the welcomed."""
    counts = Counter(one.presence for one in call.called)
    return {
        "name": call.name,
        "members": len(call.called),
        "states": {str(name): counts[name] for name in Presence},
        "people": [_person(one) for one in call.called if one.presence is not Presence.WELCOMED],
    }


def _person(one: Called) -> dict[str, Any]:
    return {
        "aad_object_id": one.attendee.aad_object_id,
        "upn": one.attendee.upn,
        "display_name": one.attendee.display_name,
        "state": str(one.presence),
        "reason": one.reason,
        "remedy": one.remedy,
    }


def _is_object_id(name: str) -> bool:
    parts = name.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12]


async def _of_team(teams: Teams, team: Team, passing: Passing) -> AsyncIterator[Attendee]:
    async for member in teams.members(team.service_url, team.id, passing):
        guest = member.user_role == "guest"
        yield Attendee(member.aad_object_id, member.upn, member.display_name, guest)


async def _of_group(graph: Graph, group_id: str, passing: Passing) -> AsyncIterator[Attendee]:
    try:
        async for entry in graph.group_members(group_id, passing):
            yield Attendee(
                entry.aad_object_id, entry.upn, entry.display_name, entry.is_guest, entry
            )
    except Refused as refused:
        if refused.status != 404:
            raise
        raise BadInput(
            f"There is no group {group_id} in the directory.",
            "Give the id of a team that has the app (19:…), or the object id of a group.",
        ) from None


def _compare(
    connection: Connection, tenant_id: str, attendees: Sequence[Attendee], guests: bool
) -> list[Called]:
    ids = [one.aad_object_id for one in attendees if one.aad_object_id]
    known = people.people_by_id(connection, tenant_id, ids)
    standings = deliveries.standings(connection, tenant_id, ids)
    welcomes = {
        who: current_welcome(standings[who], known.get(who) or Person(tenant_id, who))
        for who in ids
    }
    rows = [welcome.id for welcome in welcomes.values() if welcome]
    verdicts = roll.verdicts(connection, rows)
    called = []
    for one in attendees:
        who = one.aad_object_id or ""
        welcome = welcomes.get(who)
        where, verdict = presence(one, known.get(who), welcome, guests=guests)
        reason, remedy = verdicts[welcome.id] if welcome else (None, None)
        if verdict:
            reason, remedy = verdict.reason, verdict.remedy
        called.append(Called(one, where, reason, remedy))
    return called

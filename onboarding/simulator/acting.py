"""What every act shares: reading what is wanted, telling the bot, refusing."""

from collections.abc import Awaitable, Callable
from typing import Any

from onboarding.simulator.call import Json, Refusal
from onboarding.simulator.company import Channel, Person, Team
from onboarding.simulator.tenant import Tenant

Act = Callable[[Tenant, Person, Json], Awaitable[Json]]


def no(text: str, status: int = 409) -> Refusal:
    return Refusal(status, "CannotAct", text)


async def tell(tenant: Tenant, told: list[Json]) -> Json:
    entries = await tenant.pusher.deliver(told)
    return {"events": [brief(entry) for entry in entries]}


def brief(entry: Json) -> Json:
    return {name: entry[name] for name in ("type", "id", "status", "ms", "event_type", "action")}


def read_team(tenant: Tenant, wanted: Json) -> Team:
    key = str(wanted.get("team", ""))
    team = tenant.company.teams.get(key) or tenant.company.team_of_group(key)
    if team is None or team.deleted:
        raise no("team must be the id of a team, or of its group", 404)
    return team


def read_channel(tenant: Tenant, wanted: Json) -> tuple[Team, Channel]:
    key = str(wanted.get("channel", ""))
    team = tenant.company.team_of_channel(key)
    if team is None:
        raise no("channel must be the id of a channel", 404)
    return team, team.channels[key]


def read_people(tenant: Tenant, keys: Any) -> list[Person]:
    found = [tenant.company.find(str(key)) for key in keys or []]
    people = [person for person in found if person is not None]
    if not people or len(people) != len(found):
        raise no("people must be a list of ids of people in the company", 400)
    return people


def read_name(wanted: Json) -> str:
    name = wanted.get("name")
    if not isinstance(name, str) or not name:
        raise no("name must be a text", 400)
    return name

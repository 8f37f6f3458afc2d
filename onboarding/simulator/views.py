"""The control interface's pictures of the company: people, teams, chats, what was received."""

from collections.abc import Callable, Mapping
from typing import Any

from onboarding.simulator.call import Json
from onboarding.simulator.company import Group, Person, Team
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.world import Conversation, show_message


def state(tenant: Tenant) -> Json:
    world, company = tenant.world, tenant.company
    return {
        "bot_endpoint": tenant.pusher.endpoint,
        "console_url": tenant.console_url,
        "tenant_id": company.tenant_id,
        "people": sum(1 for _ in company.present()),
        "teams": [show_team(team) for team in company.teams.values() if not team.deleted],
        "groups": [
            {"id": group.id, "name": group.name, "members": _size(tenant, group)}
            for group in company.groups.values()
        ],
        "group_chats": [
            {"id": one.id, "members": list(one.members), "app": one.app} for one in world.groups
        ],
        "settings": tenant.settings.as_json(),
        "counts": {
            "installs": len(world.installs),
            "chats": world.personal_chats,
            "reached": len(world.received),
            "messages": len(world.sent),
            "requests": tenant.journal.requests_total,
            "events": tenant.journal.events_total,
            "unexpected": tenant.journal.unexpected_total,
            "violations": len(tenant.journal.violations),
        },
        "seq": tenant.feed.seq,
    }


def _size(tenant: Tenant, group: Group) -> int:
    return len(tenant.company.transitive(group) if group.nested else group.members)


def show_team(team: Team) -> Json:
    return {
        "id": team.id,
        "name": team.name,
        "aad_group_id": team.group.id,
        "installed": team.app_channel is not None,
        "archived": team.archived,
        "channels": [{"id": one.id, "name": one.name} for one in team.channels.values()],
        "members": len(team.group.members),
        "owners": [who for who, role in team.group.members.items() if role == "owner"],
    }


def show_person(tenant: Tenant, person: Person) -> Json:
    chat = tenant.world.chat_of(person)
    return {
        "id": person.id,
        "teams_id": person.teams_id,
        "upn": person.upn,
        "mail": person.mail,
        "display_name": person.display_name,
        "given_name": person.given_name,
        "surname": person.surname,
        "department": person.department,
        "job_title": person.job_title,
        "office": person.office,
        "country": person.country,
        "locale": person.locale,
        "time_zone": person.time_zone,
        "start_date": person.hire_date.isoformat() if person.hire_date else None,
        "employee_id": person.employee_id,
        "manager_id": person.manager_id,
        "user_type": person.user_type,
        "account_enabled": person.account_enabled,
        "licensed": person.licensed,
        "policy": person.policy,
        "bot": person.bot,
        "left": person.left,
        "planted": person.planted,
        "installed": person.id in tenant.world.installs,
        "chat_id": chat.id if chat else None,
        "unread": tenant.world.unread(person) if chat else 0,
        "messages": tenant.world.received.get(person.id, 0),
    }


def people(tenant: Tenant, query: Mapping[str, str]) -> Json:
    """A page of those who match; `sort=recent` puts unread first, then the latest to start."""
    keep = _filters(tenant, query)
    found = [one for one in tenant.company.present() if all(test(one) for test in keep)]
    if query.get("sort") == "recent":
        found.sort(key=lambda one: _recent(tenant, one), reverse=True)
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
    shown = [show_person(tenant, person) for person in found[offset : offset + limit]]
    return {"items": shown, "total": len(found)}


def _filters(tenant: Tenant, query: Mapping[str, str]) -> list[Callable[[Person], bool]]:
    """What the query asks of a person; an option without a value asks nothing."""
    keep: list[Callable[[Person], bool]] = []
    if search := query.get("search", "").lower():
        keep.append(lambda one: search in _words(one))
    if planted := query.get("planted"):
        wanted = {"none": None}.get(planted, planted)
        keep.append(lambda one: one.planted == wanted or (planted == "any" and bool(one.planted)))
    if team := query.get("team"):
        inside = _team_members(tenant, team)
        keep.append(lambda one: one.id in inside)
    if not_team := query.get("not_team"):
        members = _team_members(tenant, not_team)
        keep.append(lambda one: one.id not in members)
    if installed := query.get("installed"):
        keep.append(lambda one: (one.id in tenant.world.installs) == (installed == "1"))
    return keep


def _words(person: Person) -> str:
    words = (person.display_name, person.upn, person.job_title, person.department, person.office)
    return " ".join(words).lower()


def _team_members(tenant: Tenant, key: str) -> Mapping[str, str]:
    team = tenant.company.teams.get(key)
    group = team.group if team else tenant.company.groups.get(key)
    return group.members if group else {}


def _recent(tenant: Tenant, person: Person) -> tuple[int, str]:
    return (tenant.world.unread(person), person.hire_date.isoformat() if person.hire_date else "")


def chat(tenant: Tenant, person: Person) -> Json:
    conversation = tenant.world.chat_of(person)
    if conversation is None:
        return {"chat_id": None, "messages": []}
    return {"chat_id": conversation.id, "messages": _shown(conversation, person.id)}


def _shown(conversation: Conversation, viewer: str | None) -> list[Json]:
    return [show_message(message, viewer) for message in conversation.messages]


def threads(conversation: Conversation, viewer: str | None) -> Json:
    """A channel's threads, each with its messages, oldest first."""
    by_root: dict[str, list[Any]] = {}
    for message in conversation.messages:
        by_root.setdefault(message.thread or message.id, []).append(show_message(message, viewer))
    return {
        "id": conversation.id,
        "threads": [{"id": root, "messages": shown} for root, shown in by_root.items()],
    }


def received(tenant: Tenant) -> Json:
    """Who got how many messages in the personal chat; `doubles` repeats one already received."""
    world = tenant.world
    return {
        "people": world.received,
        "chats": len(world.received),
        "messages": len(world.sent),
        "personal_messages": sum(world.received.values()),
        "doubles": world.doubles,
        "recalled": sum(message.recalled for message in world.sent),
        "violations": len(tenant.journal.violations),
    }

"""Groups and teams as Graph tells them."""

from typing import Any

from onboarding.simulator import filters, odata
from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.company import Company, Group, Person, Team
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.users import (
    USER,
    USER_DEFAULT,
    context_of,
    counted_query,
    missing,
    show_user,
)

_GROUP = (
    "id",
    "displayName",
    "description",
    "mail",
    "mailEnabled",
    "mailNickname",
    "securityEnabled",
    "visibility",
    "groupTypes",
    "resourceProvisioningOptions",
)


def show_group(group: Group) -> Json:
    is_team = group.team_id is not None
    nickname = "".join(letter for letter in group.name if letter.isalnum())
    return {
        "id": group.id,
        "displayName": group.name,
        "description": group.name,
        "mail": f"{nickname}@contoso.com" if is_team else None,
        "mailEnabled": is_team,
        "mailNickname": nickname,
        "securityEnabled": not is_team,
        "visibility": "Private" if is_team else None,
        "groupTypes": ["Unified"] if is_team else [],
        "resourceProvisioningOptions": ["Team"] if is_team else [],
    }


def find_group(tenant: Tenant, key: str) -> Group:
    group = tenant.company.groups.get(key.lower())
    if group is None:
        raise missing(key)
    return group


def _paged(
    tenant: Tenant, call: Call, name: str, items: list[Any], show: Any, context: str
) -> Answer:
    """One page of a list that is held in memory anyway."""
    place, given_empty = odata.read_skip_token(call.query.get("$skiptoken"))
    end = place + odata.page_size(call.query, tenant.settings.page_size)
    body: Json = {"@odata.context": context_of(tenant, context)}
    if call.query.get("$count", "").lower() == "true" and place == 0:
        body["@odata.count"] = len(items)
    base = f"{tenant.base_url}/v1.0/{name}"
    if tenant.settings.empty_pages and not given_empty:
        link = odata.next_link(base, call.query, odata.skip_token(place, empty=True))
        return Answer(200, body | {"@odata.nextLink": link, "value": []})
    if end < len(items):
        body["@odata.nextLink"] = odata.next_link(base, call.query, odata.skip_token(end))
    return Answer(200, body | {"value": [show(item) for item in items[place:end]]})


def list_groups(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$select", "$top", "$filter", "$count", "$skiptoken")
    counted_query(call)
    names = odata.selected(call.query, _GROUP, _GROUP)
    groups = list(tenant.company.groups.values())
    if text := call.query.get("$filter"):
        tree = filters.parse_filter(text, ("id", "displayName", "mail", "securityEnabled"))
        groups = [group for group in groups if filters.holds(tree, show_group(group).get)]
    return _paged(
        tenant, call, "groups", groups, lambda one: odata.pick(show_group(one), names), "groups"
    )


def get_group(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$select")
    names = odata.selected(call.query, _GROUP, _GROUP)
    shown = odata.pick(show_group(find_group(tenant, call.path[1])), names)
    return Answer(200, {"@odata.context": context_of(tenant, "groups/$entity")} | shown)


def list_members(tenant: Tenant, call: Call) -> Answer:
    """members and transitiveMembers, as they are or cast to users."""
    odata.allow(call.query, "$select", "$top", "$count", "$skiptoken")
    group = find_group(tenant, call.path[1])
    cast, transitive = len(call.path) == 4, call.path[2] == "transitiveMembers"
    if cast and transitive and not counted_query(call):
        text = "The cast needs $count=true and the header ConsistencyLevel: eventual."
        raise Refusal(400, "Request_UnsupportedQuery", text)
    counted_query(call)
    names = odata.selected(call.query, USER, USER_DEFAULT)
    items = _members(tenant.company, group, transitive=transitive, users_only=cast)

    def show(item: Person | Group) -> Json:
        if isinstance(item, Group):
            shown = show_group(item)
            return {
                "@odata.type": "#microsoft.graph.group",
                **{name: shown.get(name) for name in names},
            }
        return {"@odata.type": "#microsoft.graph.user", **show_user(item, names)}

    return _paged(tenant, call, "/".join(call.path), items, show, "directoryObjects")


def _members(
    company: Company, group: Group, *, transitive: bool, users_only: bool
) -> list[Person | Group]:
    people = company.transitive(group) if transitive else group.members
    found: list[Person | Group] = [company.person(person_id) for person_id in people]
    if not users_only:
        found.extend(company.groups[nested] for nested in group.nested)
    return found


def find_team(tenant: Tenant, key: str) -> Team:
    """The team of a Microsoft 365 group's id; raises Refusal 404."""
    team = tenant.company.team_of_group(key)
    if team is None or team.deleted:
        raise Refusal(404, "NotFound", f"No team found with Group Id {key}")
    return team


def get_team(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$select")
    team = find_team(tenant, call.path[1])
    shown = {
        "id": team.group.id,
        "displayName": team.name,
        "description": team.name,
        "internalId": team.id,
        "isArchived": team.archived,
        "visibility": "private",
    }
    names = odata.selected(call.query, shown, tuple(shown))
    return Answer(
        200, {"@odata.context": context_of(tenant, "teams/$entity")} | odata.pick(shown, names)
    )


def team_members(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$top", "$skiptoken")
    team = find_team(tenant, call.path[1])
    members = list(team.group.members.items())

    def show(member: tuple[str, str]) -> Json:
        person = tenant.company.person(member[0])
        return {
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "id": f"MCMj{person.index:08d}Iw==",
            "roles": [] if member[1] == "member" else [member[1]],
            "displayName": person.display_name,
            "userId": person.id,
            "email": person.mail,
            "tenantId": tenant.company.tenant_id,
            "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
        }

    context = f"teams('{team.group.id}')/members"
    return _paged(tenant, call, "/".join(call.path), members, show, context)

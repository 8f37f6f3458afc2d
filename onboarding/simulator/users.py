"""Users as Graph tells them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from onboarding.simulator import filters, odata
from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.company import Company, Person
from onboarding.simulator.tenant import Tenant

_E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


_TEAMS_PLAN = "57ff2da0-773e-42df-b2af-ffb7a2317929"
_ASSIGNED = "2024-01-02T09:00:00Z"


def _licenses(person: Person) -> list[Json]:
    return [{"skuId": _E3, "disabledPlans": []}] if person.licensed else []


def _plans(person: Person) -> list[Json]:
    if not person.licensed:
        return []
    plan = {"service": "TeamspaceAPI", "servicePlanId": _TEAMS_PLAN}
    return [{"assignedDateTime": _ASSIGNED, "capabilityStatus": "Enabled", **plan}]


def _hired(person: Person) -> str | None:
    return f"{person.hire_date.isoformat()}T00:00:00Z" if person.hire_date else None


USER: dict[str, Callable[[Person], Any]] = {
    "id": lambda person: person.id,
    "displayName": lambda person: person.display_name,
    "givenName": lambda person: person.given_name,
    "surname": lambda person: person.surname,
    "userPrincipalName": lambda person: person.upn,
    "mail": lambda person: person.mail,
    "jobTitle": lambda person: person.job_title,
    "officeLocation": lambda person: person.office,
    "preferredLanguage": lambda person: person.locale,
    "businessPhones": lambda person: [],
    "mobilePhone": lambda person: None,
    "department": lambda person: person.department,
    "companyName": lambda person: "Contoso",
    "country": lambda person: person.country,
    "city": lambda person: person.office,
    "usageLocation": lambda person: person.usage_location,
    "employeeId": lambda person: person.employee_id,
    "employeeType": lambda person: "Employee" if person.user_type == "Member" else None,
    "employeeHireDate": _hired,
    "userType": lambda person: person.user_type,
    "accountEnabled": lambda person: person.account_enabled,
    "createdDateTime": lambda person: _ASSIGNED,
    "assignedLicenses": _licenses,
    "assignedPlans": _plans,
}
USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
_FILTERABLE = (
    "id",
    "userPrincipalName",
    "mail",
    "displayName",
    "givenName",
    "surname",
    "department",
    "employeeId",
    "employeeHireDate",
    "userType",
    "accountEnabled",
)


def show_user(person: Person, names: Iterable[str]) -> Json:
    return {name: USER[name](person) for name in names}


def missing(what: str) -> Refusal:
    text = (
        f"Resource '{what}' does not exist or one of its queried reference-property objects"
        " are not present."
    )
    return Refusal(404, "Request_ResourceNotFound", text)


def find_user(tenant: Tenant, key: str) -> Person:
    """The user with this object id or UPN; raises Refusal 404."""
    person = None if key.startswith("29:") else tenant.company.find(key)
    if person is None:
        raise missing(key)
    return person


def _eventual(call: Call) -> bool:
    return call.headers.get("ConsistencyLevel", "").lower() == "eventual"


def counted_query(call: Call) -> bool:
    """Was a count asked for, in the only way that Graph grants it?"""
    if call.query.get("$count", "false").lower() != "true":
        return False
    if not _eventual(call):
        text = "$count needs the header ConsistencyLevel: eventual."
        raise Refusal(400, "Request_UnsupportedQuery", text, unexpected=True)
    return True


def context_of(tenant: Tenant, name: str) -> str:
    return f"{tenant.base_url}/v1.0/$metadata#{name}"


def list_users(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$select", "$top", "$filter", "$count", "$skiptoken", "$expand")
    names = odata.selected(call.query, USER, USER_DEFAULT)
    manager = _expand(call)
    tree = _filter(call)
    counted = counted_query(call)
    place, given_empty = odata.read_skip_token(call.query.get("$skiptoken"))
    size = odata.page_size(call.query, tenant.settings.page_size)
    body: Json = {"@odata.context": context_of(tenant, "users")}
    if counted and place == 0:
        body["@odata.count"] = sum(1 for _ in _matching(tenant.company, tree, 0))
    base = f"{tenant.base_url}/v1.0/users"
    if tenant.settings.empty_pages and not given_empty:
        token = odata.skip_token(place, empty=True)
        return Answer(
            200, body | {"@odata.nextLink": odata.next_link(base, call.query, token), "value": []}
        )
    found: list[Json] = []
    for at, person in _matching(tenant.company, tree, place):
        if len(found) == size:
            token = odata.skip_token(at)
            body["@odata.nextLink"] = odata.next_link(base, call.query, token)
            break
        found.append(show_user(person, names) | _with_manager(tenant, person, manager))
    return Answer(200, body | {"value": found})


def _filter(call: Call) -> filters.Filter | None:
    text = call.query.get("$filter")
    if text is None:
        return None
    tree = filters.parse_filter(text, _FILTERABLE)
    if filters.is_advanced(tree) and not _eventual(call):
        text = "Unsupported query filter clause: it needs the header ConsistencyLevel: eventual."
        raise Refusal(400, "Request_UnsupportedQuery", text)
    return tree


def _matching(
    company: Company, tree: filters.Filter | None, start: int
) -> Iterator[tuple[int, Person]]:
    """Those present from a place on, with their place; an index helps where it can."""
    for index in _candidates(company, tree, start):
        person = company.people[index]
        if person.left:
            continue
        if tree is None or filters.holds(tree, lambda name, who=person: USER[name](who)):  # type: ignore[misc]
            yield index, person


def _candidates(company: Company, tree: filters.Filter | None, start: int) -> Iterable[int]:
    if tree is not None:
        indexes = {
            "id": company.by_id,
            "userPrincipalName": company.by_upn,
            "mail": company.by_mail,
        }
        for field, index in indexes.items():
            keys = filters.wanted_keys(tree, field)
            if keys is not None:
                places = {index[key] for key in keys if key in index}
                return sorted(place for place in places if place >= start)
    return range(start, len(company.people))


def _expand(call: Call) -> list[str] | None:
    """The properties of an expanded manager; nothing else can be expanded."""
    text = call.query.get("$expand")
    if text is None:
        return None
    name, _, inner = text.partition("(")
    if name != "manager" or (inner and not inner.startswith("$select=")):
        raise odata.bad(f"Parsing OData Select and Expand failed: {text}")
    return odata.selected(
        {"$select": inner.removeprefix("$select=").removesuffix(")")} if inner else {},
        USER,
        USER_DEFAULT,
    )


def _with_manager(tenant: Tenant, person: Person, names: list[str] | None) -> Json:
    if names is None or person.manager_id is None:
        return {}
    manager = tenant.company.find(person.manager_id)
    if manager is None:
        return {}
    return {"manager": {"@odata.type": "#microsoft.graph.user", **show_user(manager, names)}}


def get_user(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$select", "$expand")
    names, manager = odata.selected(call.query, USER, USER_DEFAULT), _expand(call)
    person = find_user(tenant, call.path[1])
    context = {"@odata.context": context_of(tenant, "users/$entity")}
    return Answer(200, context | show_user(person, names) | _with_manager(tenant, person, manager))


def get_manager(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$select")
    names = odata.selected(call.query, USER, USER_DEFAULT)
    person = find_user(tenant, call.path[1])
    if person.manager_id is None:
        raise missing("manager")
    manager = find_user(tenant, person.manager_id)
    head = {
        "@odata.context": context_of(tenant, "directoryObjects/$entity"),
        "@odata.type": "#microsoft.graph.user",
    }
    return Answer(200, head | show_user(manager, names))


def license_details(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query)
    person = find_user(tenant, call.path[1])
    plan = {
        "servicePlanId": _TEAMS_PLAN,
        "servicePlanName": "TEAMS1",
        "provisioningStatus": "Success",
        "appliesTo": "User",
    }
    detail = {"id": "simulated", "skuId": _E3, "skuPartNumber": "SPE_E3", "servicePlans": [plan]}
    context = context_of(tenant, f"users('{person.id}')/licenseDetails")
    return Answer(200, {"@odata.context": context, "value": [detail] if person.licensed else []})

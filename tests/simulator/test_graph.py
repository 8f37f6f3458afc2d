"""Graph: paging, filters, permissions, and the refusal of what is not known."""

import datetime as dt
from urllib.parse import quote

import pytest

EVENTUAL = {"ConsistencyLevel": "eventual"}


async def pages(office, path, **headers):
    """Every page of a list, by its links."""
    found = []
    while path:
        reply = await office.graph("GET", path, **headers)
        assert reply.status == 200, reply
        found.append(reply.body["value"])
        path = reply.body.get("@odata.nextLink")
    return found


async def test_users_come_in_pages_with_absolute_opaque_links(office):
    found = await pages(office, "/users?$top=25&$select=userPrincipalName")
    assert [len(page) for page in found] == [25, 25, 10]
    assert len({user["id"] for page in found for user in page}) == 60
    assert set(found[0][0]) == {"id", "userPrincipalName"}


async def test_an_empty_page_may_come_before_every_full_one(office):
    await office.control("PUT", "/settings", {"empty_pages": True})
    assert [len(page) for page in await pages(office, "/users?$top=50")] == [0, 50, 0, 10]


async def test_without_select_only_the_default_properties_come(office):
    user = (await office.graph("GET", "/users?$top=1")).body["value"][0]
    assert "displayName" in user
    assert not {"employeeHireDate", "accountEnabled", "department", "userType"} & set(user)


async def test_a_user_is_found_by_id_and_by_principal_name(office):
    guest = (await office.people("planted=guest"))[0]
    by_id = await office.graph("GET", f"/users/{guest['id']}?$select=userType,employeeHireDate")
    by_name = await office.graph("GET", f"/users/{quote(guest['upn'])}?$select=id")
    assert by_id.body["userType"] == "Guest"
    assert by_id.body["employeeHireDate"] == f"{guest['start_date']}T00:00:00Z"
    assert by_name.body["id"] == guest["id"]


@pytest.mark.parametrize("who", ["nobody@contoso.com", "11111111-1111-4111-a111-111111111111"])
async def test_an_unknown_user_is_not_found(office, who):
    reply = await office.graph("GET", f"/users/{who}")
    assert (reply.status, reply.code) == (404, "Request_ResourceNotFound")
    assert reply.body["error"]["innerError"]["request-id"]


async def test_filters_find_people_by_name_mail_id_and_start_date(office):
    one, two = await office.ordinary(2)
    today = dt.datetime.now(dt.UTC).date()
    low, high = today - dt.timedelta(days=14), today + dt.timedelta(days=14)
    near = [p for p in await office.people() if str(low) <= p["start_date"] <= str(high)]
    dates = f"employeeHireDate ge {low}T00:00:00Z and employeeHireDate le {high}T00:00:00Z"
    cases = {
        f"userPrincipalName eq '{one['upn'].upper().replace(chr(39), chr(39) * 2)}'": 1,
        f"mail eq '{two['mail'].replace(chr(39), chr(39) * 2)}'": 1,
        f"id in ('{one['id']}','{two['id']}')": 2,
        f"id eq '{one['id']}' or id eq '{two['id']}'": 2,
        f"id eq '{one['id']}' and accountEnabled eq false": 0,
        dates: len(near),
    }
    assert near
    for text, count in cases.items():
        found = (await office.graph("GET", f"/users?$filter={quote(text)}")).body["value"]
        assert len(found) == count, text


async def test_an_apostrophe_is_doubled_in_a_filter(office):
    people = [p for p in await office.people() if "'" in p["surname"]]
    text = f"startswith(displayName,'{people[0]['display_name'].replace(chr(39), chr(39) * 2)}')"
    found = (await office.graph("GET", f"/users?$filter={quote(text)}")).body["value"]
    assert people[0]["id"] in {user["id"] for user in found}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=id in (" + ",".join(f"'{n}'" for n in range(16)) + ")", "Unsupported"),
        ("$filter=" + " or ".join(f"id eq '{n}'" for n in range(16)), "Unsupported"),
        ("$filter=userType ne 'Guest'", "Unsupported"),
        ("$filter=userType eq", "BadRequest"),
        ("$filter=shoeSize eq 42", "BadRequest"),
        ("$filter=employeeHireDate ge 2026-13-45T00:00:00Z", "BadRequest"),
        ("$top=1000", "BadRequest"),
        ("$skiptoken=made-up", "ExpiredPageToken"),
        ("$count=true", "Unsupported"),
    ],
)
async def test_a_query_that_graph_refuses_is_refused(office, query, code):
    reply = await office.graph("GET", f"/users?{query}")
    assert reply.status == 400
    assert code in reply.code


@pytest.mark.parametrize(
    "path", ["/users?$orderby=mail", "/users?$select=shoeSize", "/me", "/users/x/shoes", "/$batch"]
)
async def test_what_the_simulator_does_not_know_is_refused_and_remembered(office, path):
    reply = await office.graph("GET", path)
    assert reply.status in (400, 404)
    log = await office.control("GET", "/requests?unexpected=1")
    assert log["unexpected"] == 1
    assert log["items"][0]["unexpected"] is True


async def test_a_count_needs_the_consistency_header(office):
    reply = await office.graph("GET", "/users?$count=true&$top=1", **EVENTUAL)
    assert reply.body["@odata.count"] == 60


async def test_every_manager_leads_to_the_top(office):
    people = {p["id"]: p for p in await office.people()}
    top = next(p for p in people.values() if p["manager_id"] is None)
    someone = (await office.ordinary())[0]
    boss = await office.graph("GET", f"/users/{someone['id']}/manager?$select=displayName")
    assert boss.body["id"] == someone["manager_id"]
    assert boss.body["displayName"] == people[someone["manager_id"]]["display_name"]
    assert (await office.graph("GET", f"/users/{top['id']}/manager")).status == 404
    expanded = await office.graph("GET", f"/users/{someone['id']}?$expand=manager($select=mail)")
    assert expanded.body["manager"]["id"] == someone["manager_id"]


async def test_licences_are_told_in_both_places(office):
    for planted, count in (("unlicensed", 0), ("none", 1)):
        person = (await office.people(f"planted={planted}"))[0]
        details = await office.graph("GET", f"/users/{person['id']}/licenseDetails")
        plans = await office.graph("GET", f"/users/{person['id']}?$select=assignedPlans")
        assert len(details.body["value"]) == len(plans.body["assignedPlans"]) == count


async def test_a_group_has_direct_and_transitive_members(office):
    name = quote("startswith(displayName,'Engineering (all')")
    group = (await office.graph("GET", f"/groups?$filter={name}")).body["value"][0]
    direct = (await office.graph("GET", f"/groups/{group['id']}/members")).body["value"]
    kinds = {member["@odata.type"] for member in direct}
    assert kinds == {"#microsoft.graph.user", "#microsoft.graph.group"}
    users = (await office.graph("GET", f"/groups/{group['id']}/members/microsoft.graph.user")).body
    assert len(users["value"]) == 1
    cast = f"/groups/{group['id']}/transitiveMembers/microsoft.graph.user"
    assert (await office.graph("GET", cast)).status == 400
    everybody = await pages(office, f"{cast}?$count=true&$top=5&$select=id", **EVENTUAL)
    engineers = [p for p in await office.people() if p["department"] == "Engineering"]
    assert {one["id"] for page in everybody for one in page} == {p["id"] for p in engineers}
    assert len(everybody) > 1


async def test_newcomers_have_a_group_of_their_own(office):
    name = quote("displayName eq 'All newcomers'")
    group = (await office.graph("GET", f"/groups?$filter={name}")).body["value"][0]
    members = (await office.graph("GET", f"/groups/{group['id']}/members")).body["value"]
    starts = {p["id"]: p["start_date"] for p in await office.people()}
    today = dt.date.today()
    assert members
    for member in members:
        assert abs(dt.date.fromisoformat(starts[member["id"]]) - today).days <= 15


async def test_a_teams_roster_tells_owners_and_guests(office):
    team = await office.team("All Contoso")
    found = await pages(office, f"/teams/{team['aad_group_id']}/members?$top=30")
    roles = [tuple(member["roles"]) for page in found for member in page]
    assert len(roles) == 60
    assert roles.count(("owner",)) == 1
    assert ("guest",) in roles


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/users", "User.Read.All"),
        ("GET", "/groups", "GroupMember.Read.All"),
        ("GET", "/appCatalogs/teamsApps", "AppCatalog.Read.All"),
    ],
)
async def test_a_token_without_the_role_is_refused(office, method, path, role):
    await office.control("PUT", "/settings", {"graph_roles": ["Other.Role"]})
    reply = await office.graph(method, path)
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")
    office.tokens.clear()
    await office.control("PUT", "/settings", {"graph_roles": [role]})
    assert (await office.graph(method, path)).status == 200


async def test_a_newly_granted_role_is_not_in_the_old_token(office):
    team = (await office.team())["aad_group_id"]
    assert (await office.graph("GET", f"/teams/{team}")).status == 403
    await office.control("PUT", "/settings", {"graph_roles": ["Team.ReadBasic.All"]})
    assert (await office.graph("GET", f"/teams/{team}")).status == 403
    office.tokens.clear()
    assert (await office.graph("GET", f"/teams/{team}")).body["displayName"] == "Engineering"


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer not.a.token", "Basic dXNlcg=="])
async def test_a_call_without_a_good_token_is_refused(office, token):
    url = f"{office.line['https']}/v1.0/users"
    reply = await office.request("GET", url, headers={"Authorization": token})
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")


async def test_a_token_for_the_connector_is_no_token_for_graph(office):
    token = (await office.ask_token("https://api.botframework.com/.default")).body["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    reply = await office.request("GET", f"{office.line['https']}/v1.0/users", headers=headers)
    assert reply.status == 401


async def test_who_left_the_company_is_gone_from_graph(office):
    person = (await office.ordinary(3))[2]
    await office.control("PATCH", f"/people/{person['id']}", {"delete": True})
    try:
        assert (await office.graph("GET", f"/users/{person['id']}")).status == 404
        left = await pages(office, "/users?$top=999")
        assert len(left[0]) == 59
    finally:
        await office.control("PATCH", f"/people/{person['id']}", {"left": False})

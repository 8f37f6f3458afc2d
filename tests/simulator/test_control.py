"""Looking into the simulator and turning its switches."""

import pytest

from tests.simulator.office import card


async def test_the_state_counts_what_happened(office):
    _, chat = await office.befriended()
    await office.send(chat)
    state = await office.control("GET", "/state")
    counts = state["counts"]
    assert (counts["installs"], counts["chats"], counts["messages"]) == (1, 1, 1)
    assert counts["requests"] >= 3
    assert {"id", "name", "aad_group_id", "installed", "channels"} <= set(state["teams"][0])


async def test_a_reset_forgets_what_happened_and_keeps_the_company(office):
    person, chat = await office.befriended()
    await office.send(chat)
    await office.control("POST", "/reset")
    counts = (await office.control("GET", "/state"))["counts"]
    assert (counts["installs"], counts["messages"], counts["requests"]) == (0, 0, 0)
    assert (await office.people())[person_place(await office.people(), person)]["upn"]
    assert (await office.send(chat)).code == "ConversationNotFound"


def person_place(people, person):
    return [one["id"] for one in people].index(person["id"])


async def test_people_are_searched_paged_and_filtered(office):
    people = await office.people()
    page = await office.control("GET", "/people?limit=7&offset=7")
    assert [one["id"] for one in page["items"]] == [one["id"] for one in people[7:14]]
    assert page["total"] == 60
    found = await office.people(f"search={people[3]['upn'].upper()}")
    assert [one["id"] for one in found] == [people[3]["id"]]
    assert {one["planted"] for one in await office.people("planted=guest")} == {"guest"}
    assert all(one["planted"] for one in await office.people("planted=any"))


async def test_who_has_unread_messages_comes_first_among_the_recent(office):
    person, chat = await office.befriended()
    await office.send(chat)
    assert (await office.people("sort=recent"))[0]["id"] == person["id"]
    shown = await office.control("GET", f"/people/{person['upn']}")
    assert shown["unread"] == 1
    await office.control("GET", f"/chats/{person['id']}?peek=1")
    assert (await office.control("GET", f"/people/{person['id']}"))["unread"] == 1
    await office.control("GET", f"/chats/{person['id']}")
    assert (await office.control("GET", f"/people/{person['id']}"))["unread"] == 0


async def test_a_person_can_be_changed(office):
    person = (await office.ordinary())[0]
    changes = {"display_name": "Renamed", "account_enabled": False, "start_date": "2030-01-02"}
    await office.control("PATCH", f"/people/{person['id']}", changes)
    user = await office.graph("GET", f"/users/{person['id']}?$select=displayName,accountEnabled")
    assert (user.body["displayName"], user.body["accountEnabled"]) == ("Renamed", False)
    back = {name: person[name] for name in changes}
    assert (await office.control("PATCH", f"/people/{person['id']}", back)) == person


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/settings", {"colour": "red"}),
        ("PUT", "/settings", {"events_twice": "yes"}),
        ("PUT", "/settings", {"event_delay_s": [2, 1]}),
        ("PUT", "/settings", {"install_event": "perhaps"}),
        ("PUT", "/settings", {"limits": {"coffee": 3}}),
        ("PUT", "/bot", {"endpoint": "https://example.com/api/messages"}),
        ("PUT", "/bot", {"endpoint": "file:///etc/passwd"}),
        ("POST", "/token", {"key": "skeleton"}),
        ("POST", "/token", {"alg": "ROT13"}),
        ("GET", "/people?limit=many", None),
        ("POST", "/push", {"activity": "hello"}),
    ],
)
async def test_a_bad_value_is_refused_with_its_reason(office, method, path, body):
    reply = await office.request(method, f"{office.line['control']}{path}", json=body)
    assert (reply.status, reply.code) == (400, "BadInput")
    assert reply.body["error"]["message"]


async def test_a_bad_setting_changes_none_of_the_others(office):
    url = f"{office.line['control']}/settings"
    wanted = {"events_twice": True, "install_event": "perhaps"}
    assert (await office.request("PUT", url, json=wanted)).status == 400
    assert (await office.control("GET", "/state"))["settings"]["events_twice"] is False


async def test_messages_come_in_the_order_in_which_they_were_sent(office):
    _, chat = await office.befriended()
    for text in ("one", "two", "three"):
        await office.send(chat, card(text))
    items = (await office.control("GET", "/messages?since=1"))["items"]
    assert [(one["seq"], one["summary"]) for one in items] == [(2, "two"), (3, "three")]
    assert items[0]["kind"] == "personal"


async def test_the_request_log_tells_path_status_and_roles(office):
    await office.graph("GET", "/users?$top=1")
    await office.graph("GET", "/users/nobody@contoso.com")
    items = (await office.control("GET", "/requests?api=graph"))["items"]
    assert [(one["path"], one["status"]) for one in items] == [
        ("/v1.0/users", 200),
        ("/v1.0/users/nobody@contoso.com", 404),
    ]
    assert "User.Read.All" in items[0]["roles"]
    since = items[0]["seq"]
    assert len((await office.control("GET", f"/requests?since={since}&api=graph"))["items"]) == 1
    rate = await office.control("GET", f"/requests/rate?api=graph&since={since}")
    assert (rate["total"], rate["max_per_second"]) == (1, 1)


async def test_the_event_log_tells_what_the_bot_answered(office, bot):
    person = (await office.ordinary())[0]
    await office.act("install_personal", person["id"])
    log = await office.control("GET", "/events")
    assert {one["status"] for one in log["items"]} == {200}
    assert {one["person"] for one in log["items"]} == {person["id"]}
    latest = await office.control("GET", f"/events?since={log['items'][0]['seq']}")
    assert len(latest["items"]) == 1

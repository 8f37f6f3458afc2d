"""The Bot Connector: chats, messages, members, teams, and its refusals."""

import json
from urllib.parse import quote

import pytest

from tests.simulator.office import CARD_TYPE, card


async def messages(office, person):
    return (await office.control("GET", f"/chats/{person['id']}?peek=1"))["messages"]


async def join(office, name="Engineering"):
    """A team with the app, and one of its people who has no personal app."""
    team = await office.team(name)
    members = await office.people(f"team={quote(team['id'])}")
    await office.act("install_to_team", members[0]["id"], team=team["id"])
    return team, next(p for p in members[1:] if p["planted"] is None)


async def test_opening_a_chat_twice_gives_the_same_conversation(office):
    person, chat = await office.befriended()
    again = await office.open_chat(person["teams_id"])
    assert (again.status, again.body["id"]) == (201, chat)
    assert chat.startswith("a:")


async def test_a_card_reaches_the_person(office):
    person, chat = await office.befriended()
    sent = await office.send(chat, card("Good morning"))
    assert sent.status == 201
    shown = (await messages(office, person))[0]
    assert (shown["id"], shown["from"], shown["summary"]) == (
        sent.body["id"],
        "bot",
        "Good morning",
    )
    assert shown["card"]["body"][0]["text"] == "Good morning"
    assert (await office.control("GET", "/received"))["chats"] == 1


@pytest.mark.parametrize("region", ["teams", "amer", "emea/11111111-1111-4111-a111-111111111111"])
async def test_every_regional_address_leads_to_the_same_chats(office, region):
    _, chat = await office.befriended()
    path = f"conversations/{quote(chat, safe='')}/activities"
    assert (await office.connector("POST", path, card(), region=region)).status == 201


async def test_without_the_app_an_object_id_is_forbidden_and_a_teams_id_too(office):
    person = (await office.ordinary())[0]
    for member in (person["id"], person["teams_id"], "11111111-1111-4111-a111-111111111111"):
        reply = await office.open_chat(member)
        assert (reply.status, reply.code) == (403, "ForbiddenOperationException")


async def test_a_team_with_the_app_opens_its_members_chats_by_teams_id_only(office):
    _, member = await join(office)
    assert (await office.open_chat(member["id"])).status == 403
    opened = await office.open_chat(member["teams_id"])
    assert opened.status == 201
    assert (await office.send(opened.body["id"])).status == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"tenantId": "other", "channelData": {}},
        {"tenantId": None, "channelData": {}},
        {"channelData": {"tenant": {"id": "other"}}},
        {"members": []},
        {"members": [{"id": "a"}, {"id": "b"}]},
        {"members": [{"id": "megan@contoso.com"}]},
        {"members": [{"id": "29:unknown"}]},
        {"bot": {"id": "28:another"}},
        {"isGroup": True},
    ],
)
async def test_a_malformed_create_is_a_bad_argument(office, changes):
    reply = await office.open_chat("29:x", **changes)
    assert (reply.status, reply.code) == (400, "BadArgument")


async def test_the_sdks_spelling_of_the_tenant_is_understood(office):
    person, _ = await office.befriended()
    tenant = office.line["tenant_id"]
    reply = await office.open_chat(person["id"], tenantId=None, tenantID=tenant, channelData={})
    assert reply.status == 201


async def test_a_message_is_updated_and_deleted(office):
    person, chat = await office.befriended()
    sent = (await office.send(chat)).body["id"]
    path = f"conversations/{quote(chat, safe='')}/activities/{sent}"
    assert (await office.connector("PUT", path, card("Better"))).body == {"id": sent}
    shown = (await messages(office, person))[0]
    assert (shown["card"]["body"][0]["text"], shown["updated"], shown["history_len"]) == (
        "Better",
        True,
        1,
    )
    assert (await office.connector("DELETE", path)).status == 200
    assert (await messages(office, person))[0]["recalled"] is True
    for method in ("PUT", "DELETE"):
        reply = await office.connector(method, path, card())
        assert (reply.status, reply.code) == (404, "ActivityNotFoundInConversation")


async def test_a_reply_knows_what_it_answers(office):
    person, chat = await office.befriended()
    first = (await office.send(chat)).body["id"]
    await office.send(chat, card("And then"), under=f"/{first}")
    await office.send(chat, card("To nobody"), under="/3d1f6a0c-0000-4000-a000-000000000000")
    assert [one["reply_to"] for one in await messages(office, person)] == [None, first, None]


async def test_a_channel_post_starts_a_thread_that_can_be_answered(office):
    team, _ = await join(office)
    channel = team["channels"][1]["id"]
    body = {
        "isGroup": True,
        "bot": {"id": f"28:{office.line['bot_app_id']}"},
        "tenantId": office.line["tenant_id"],
        "channelData": {"channel": {"id": channel}, "tenant": {"id": office.line["tenant_id"]}},
        "activity": card("Hello team"),
    }
    created = (await office.connector("POST", "conversations", body)).body
    assert created["id"] == f"{channel};messageid={created['activityId']}"
    assert (await office.send(created["id"], card("More"))).status == 201
    assert (await office.send(channel, card("Another thread"))).status == 201
    shown = await office.control("GET", f"/channels/{quote(channel)}")
    texts = [[m["summary"] for m in thread["messages"]] for thread in shown["threads"]]
    assert texts == [["Hello team", "More"], ["Another thread"]]
    assert (await office.send(f"{channel};messageid=1")).code == "ConversationNotFound"


async def test_a_channel_of_a_team_without_the_app_is_closed(office):
    team = await office.team()
    reply = await office.send(team["id"])
    assert (reply.status, reply.code) == (403, "BotNotInConversationRoster")
    gone = await office.send("19:00000000000000000000000000000000@thread.tacv2")
    assert (gone.status, gone.code) == (404, "ConversationNotFound")


@pytest.mark.parametrize(
    ("state", "code"),
    [("blocked", "ConversationBlockedByUser"), ("disabled_by_admin", "BotDisabledByAdmin")],
)
async def test_who_shut_the_bot_out_is_not_written_to(office, state, code):
    person, chat = await office.befriended()
    await office.control("PATCH", f"/people/{person['id']}", {"bot": state})
    try:
        reply = await office.send(chat)
        assert (reply.status, reply.code) == (403, code)
    finally:
        await office.control("PATCH", f"/people/{person['id']}", {"bot": "open"})


async def test_blocked_writes_come_as_json_within_a_string(office):
    person, chat = await office.befriended()
    await office.control("PATCH", f"/people/{person['id']}", {"bot": "muted"})
    try:
        reply = await office.send(chat)
        assert (reply.status, reply.body["errorCode"]) == (403, 209)
        assert json.loads(reply.body["message"])["subCode"] == "MessageWritesBlocked"
    finally:
        await office.control("PATCH", f"/people/{person['id']}", {"bot": "open"})


async def test_after_an_uninstall_the_bot_is_not_in_the_roster(office):
    person, chat = await office.befriended()
    await office.act("uninstall_personal", person["id"])
    reply = await office.send(chat)
    assert (reply.status, reply.code) == (403, "BotNotInConversationRoster")


def with_text():
    return {**card(), "text": "beside the card"}


@pytest.mark.parametrize(
    ("activity", "status", "code"),
    [
        (with_text(), 400, "BadArgument"),
        (card(version="1.6"), 400, "BadArgument"),
        ({"type": "message"}, 400, "BadArgument"),
        ({"type": "shout", "text": "x"}, 400, "BadArgument"),
        ({"type": "message", "attachments": [{"contentType": "image/png"}]}, 400, "BadArgument"),
        ({"type": "message", "attachments": [{"contentType": CARD_TYPE}]}, 400, "BadArgument"),
        (card("x" * 60_000), 413, "MessageSizeTooBig"),
    ],
)
async def test_what_teams_would_not_show_is_refused(office, activity, status, code):
    _, chat = await office.befriended()
    reply = await office.send(chat, activity)
    assert (reply.status, reply.code) == (status, code)


async def test_the_size_is_counted_in_utf_16(office):
    _, chat = await office.befriended()
    assert (await office.send(chat, card("x" * 50_000))).status == 201
    assert (await office.send(chat, card("語" * 50_000))).status == 201
    assert (await office.send(chat, card("😀" * 26_000))).status == 413


async def test_text_beside_a_card_is_remembered_as_a_violation(office):
    _, chat = await office.befriended()
    await office.send(chat, with_text())
    violations = (await office.control("GET", "/requests"))["violations"]
    assert [one["rule"] for one in violations] == ["text-and-attachment"]


async def test_broken_json_is_a_bad_request(office):
    _, chat = await office.befriended()
    url = f"{office.line['https']}/teams/v3/conversations/{quote(chat)}/activities"
    headers = await office.bearer("https://api.botframework.com/.default")
    reply = await office.request("POST", url, data=b'{"type":', headers=headers)
    assert reply.status == 400


async def test_typing_leaves_no_message(office):
    person, chat = await office.befriended()
    assert (await office.send(chat, {"type": "typing"})).status == 202
    assert await messages(office, person) == []


async def test_a_member_is_found_by_any_of_three_ids(office):
    team, person = await join(office)
    root = f"conversations/{quote(team['id'])}/members"
    for key in (person["id"], person["teams_id"], person["upn"]):
        found = (await office.connector("GET", f"{root}/{quote(key)}")).body
        assert found["aadObjectId"] == found["objectId"] == person["id"]
        assert found["givenName"] == person["given_name"]
        assert found["userRole"] == "user"
    outsiders = await office.people(f"not_team={quote(team['id'])}")
    reply = await office.connector("GET", f"{root}/{outsiders[0]['id']}")
    assert (reply.status, reply.code) == (404, "MemberNotFoundInConversation")


async def test_members_come_in_pages_of_at_least_fifty(office):
    team, _ = await join(office, "All Contoso")
    path = f"conversations/{quote(team['id'])}/pagedmembers?pageSize=2"
    first = (await office.connector("GET", path)).body
    token = quote(first["continuationToken"])
    second = (await office.connector("GET", f"{path}&continuationToken={token}")).body
    assert (len(first["members"]), len(second["members"])) == (50, 10)
    assert "continuationToken" not in second


async def test_a_team_tells_its_name_and_channels(office):
    team, _ = await join(office)
    details = (await office.connector("GET", f"teams/{quote(team['id'])}")).body
    assert (details["name"], details["aadGroupId"]) == ("Engineering", team["aad_group_id"])
    path = f"teams/{quote(team['id'])}/conversations"
    listed = (await office.connector("GET", path)).body["conversations"]
    assert listed[0] == {"id": team["id"]}
    assert [one.get("name") for one in listed[1:]] == [c["name"] for c in team["channels"][1:]]


async def test_a_graph_token_is_no_token_for_the_connector(office):
    url = f"{office.line['https']}/teams/v3/conversations"
    headers = await office.bearer("https://graph.microsoft.com/.default")
    reply = await office.request("POST", url, json={}, headers=headers)
    assert (reply.status, reply.code) == (401, "Unauthorized")


async def test_the_same_card_twice_is_counted_as_a_double(office):
    _, chat = await office.befriended()
    for text in ("one", "two", "one"):
        await office.send(chat, card(text))
    assert (await office.control("GET", "/received"))["doubles"] == 1

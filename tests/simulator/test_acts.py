"""What people do in Teams, and what the bot is told."""

import asyncio
import json
from urllib.parse import quote

import pytest

from tests.simulator.office import CARD_TYPE, card


async def staffed(office, bot, name="Engineering"):
    """A team that got the app, its people, and a bot that forgot the install events."""
    team = await office.team(name)
    people = await office.people(f"team={quote(team['id'])}")
    await office.act("install_to_team", people[0]["id"], team=team["id"])
    bot.activities.clear()
    return team, people


async def test_installing_to_a_team_tells_the_chosen_channel_and_no_names(office, bot):
    team = await office.team()
    person = (await office.ordinary())[0]
    channel = team["channels"][1]
    await office.act("install_to_team", person["id"], team=team["id"], channel=channel["id"])
    update, members = bot.of("installationUpdate")[0], bot.of("conversationUpdate")[0]
    for event in (update, members):
        assert event["from"] == {"id": person["teams_id"], "aadObjectId": person["id"]}
        assert event["conversation"]["id"] == channel["id"]
        assert event["channelData"]["settings"]["selectedChannel"]["id"] == channel["id"]
        assert event["channelData"]["team"]["aadGroupId"] == team["aad_group_id"]
    assert members["membersAdded"] == [{"id": f"28:{office.line['bot_app_id']}"}]
    assert members["channelData"]["eventType"] == "teamMemberAdded"


async def test_several_people_join_in_one_event_from_who_added_them(office, bot):
    team, people = await staffed(office, bot)
    joiners = (await office.people(f"not_team={quote(team['id'])}"))[:3]
    ids = [one["id"] for one in joiners]
    done = await office.act("join_team", people[0]["id"], team=team["id"], people=ids)
    assert done["joined"] == 3
    (event,) = bot.activities
    assert event["from"]["aadObjectId"] == people[0]["id"]
    assert [member["aadObjectId"] for member in event["membersAdded"]] == ids
    assert event["conversation"]["id"] == team["id"]
    assert "settings" not in event["channelData"]
    again = await office.act("join_team", people[0]["id"], team=team["id"], people=ids)
    assert (again["joined"], again["events"]) == (0, [])
    for one in ids:
        await office.act("leave_team", one, team=team["id"])
    assert bot.activities[-1]["membersRemoved"] == [{"id": joiners[-1]["teams_id"]}]


async def test_a_team_without_the_app_tells_the_bot_nothing(office, bot):
    team = await office.team("Finance")
    person = (await office.people(f"not_team={quote(team['id'])}"))[0]
    done = await office.act("join_team", person["id"], team=team["id"])
    assert (done["joined"], bot.activities) == (1, [])
    await office.act("leave_team", person["id"], team=team["id"])


async def test_changes_of_a_team_are_told_by_their_event_type(office, bot):
    team, people = await staffed(office, bot, "Operations")
    who = people[0]["id"]
    await office.act("rename_team", who, team=team["id"], name="Ops")
    made = await office.act("create_channel", who, team=team["id"], name="News")
    await office.act("rename_channel", who, channel=made["channel_id"], name="Old news")
    await office.act("delete_channel", who, channel=made["channel_id"])
    await office.act("archive_team", who, team=team["id"])
    await office.act("unarchive_team", who, team=team["id"])
    kinds = [one["channelData"]["eventType"] for one in bot.activities]
    assert kinds == [
        "teamRenamed",
        "channelCreated",
        "channelRenamed",
        "channelDeleted",
        "teamArchived",
        "teamUnarchived",
    ]
    assert bot.activities[0]["channelData"]["team"]["name"] == "Ops"
    assert bot.activities[2]["channelData"]["channel"]["name"] == "Old news"
    await office.act("rename_team", who, team=team["id"], name="Operations")


async def test_a_bot_that_is_removed_from_a_team_hears_of_it(office, bot):
    team, people = await staffed(office, bot)
    await office.act("remove_from_team", people[0]["id"], team=team["id"])
    assert [one["action"] for one in bot.of("installationUpdate")] == ["remove"]
    removed = bot.of("conversationUpdate")[0]["membersRemoved"]
    assert removed == [{"id": f"28:{office.line['bot_app_id']}"}]


async def test_a_group_chat_gets_and_loses_the_app(office, bot):
    one, two = await office.ordinary(2)
    made = await office.act("install_to_group_chat", one["id"], members=[two["id"]])
    assert bot.of("installationUpdate")[0]["conversation"] == {
        "tenantId": office.line["tenant_id"],
        "isGroup": True,
        "conversationType": "groupChat",
        "id": made["chat_id"],
    }
    assert "team" not in bot.of("conversationUpdate")[0]["channelData"]
    assert (await office.send(made["chat_id"])).status == 201
    await office.act("remove_from_group_chat", one["id"], chat=made["chat_id"])
    assert (await office.send(made["chat_id"])).code == "BotNotInConversationRoster"


async def test_a_message_carries_the_writers_name_and_client(office, bot):
    person = (await office.people("planted=hostile"))[0]
    await office.act("install_personal", person["id"])
    bot.activities.clear()
    done = await office.act("write", person["id"], text="help")
    (message,) = bot.activities
    assert (message["text"], message["id"]) == ("help", done["message"])
    assert message["from"]["name"] == person["display_name"]
    client = next(one for one in message["entities"] if one["type"] == "clientInfo")
    assert (client["locale"], client["timezone"]) == (person["locale"], person["time_zone"])


async def test_nobody_writes_to_an_app_they_do_not_have(office):
    person = (await office.ordinary())[0]
    body = {"do": "write", "who": person["id"], "text": "hello?"}
    reply = await office.request("POST", f"{office.line['control']}/act", json=body)
    assert reply.status == 409


async def test_in_a_channel_only_a_mention_reaches_the_bot(office, bot):
    team, people = await staffed(office, bot)
    channel, who = team["channels"][1]["id"], people[1]["id"]
    await office.act("write", who, channel=channel, text="among us")
    assert bot.activities == []
    done = await office.act("write", who, channel=channel, text="help", mention=True)
    (message,) = bot.activities
    assert message["text"] == "<at>Onboarding</at> help"
    mention = next(one for one in message["entities"] if one["type"] == "mention")
    assert mention["mentioned"]["id"] == f"28:{office.line['bot_app_id']}"
    assert message["conversation"]["id"] == f"{channel};messageid={done['message']}"
    assert (await office.send(message["conversation"]["id"])).status == 201


async def test_a_pressed_execute_is_an_invoke_whose_card_takes_the_place(office, bot):
    person, chat = await office.befriended()
    sent = (await office.send(chat)).body["id"]
    thanks = card("Thank you")["attachments"][0]["content"]
    bot.answer = {"statusCode": 200, "type": CARD_TYPE, "value": thanks}
    action = {"type": "Action.Execute", "verb": "done", "data": {"step": 1}, "title": "Done"}
    done = await office.act("press", person["id"], message=sent, action=action)
    invoke = bot.of("invoke")[0]
    assert (invoke["name"], invoke["replyToId"]) == ("adaptiveCard/action", sent)
    assert invoke["value"]["trigger"] == "manual"
    assert invoke["value"]["action"]["verb"] == "done"
    assert done["answer"] == bot.answer
    shown = (await office.control("GET", f"/chats/{person['id']}"))["messages"][0]
    assert shown["card"] == thanks
    original = (await office.control("GET", "/messages"))["items"][0]
    assert original["card"]["body"][0]["text"] == "Welcome!"


async def test_an_error_as_the_answer_leaves_the_card_alone(office, bot):
    person, chat = await office.befriended()
    sent = (await office.send(chat)).body["id"]
    problem = {"code": "BadRequest", "message": "No."}
    bot.answer = {"statusCode": 400, "type": "application/vnd.microsoft.error", "value": problem}
    action = {"type": "Action.Execute", "verb": "done"}
    done = await office.act("press", person["id"], message=sent, action=action)
    assert done["answer"]["value"] == problem
    shown = (await office.control("GET", f"/chats/{person['id']}"))["messages"][0]
    assert shown["card"]["body"][0]["text"] == "Welcome!"


async def test_a_pressed_submit_is_a_message_with_a_value(office, bot):
    person, chat = await office.befriended()
    sent = (await office.send(chat)).body["id"]
    action = {"type": "Action.Submit", "data": {"vote": 2}}
    await office.act("press", person["id"], message=sent, action=action)
    message = bot.of("message")[0]
    assert (message["value"], message["replyToId"]) == ({"vote": 2}, sent)
    assert "text" not in message


async def test_only_who_sees_a_message_can_press_it(office, bot):
    _, chat = await office.befriended()
    sent = (await office.send(chat)).body["id"]
    other = (await office.ordinary(2))[1]
    body = {
        "do": "press",
        "who": other["id"],
        "message": sent,
        "action": {"type": "Action.Execute"},
    }
    reply = await office.request("POST", f"{office.line['control']}/act", json=body)
    assert reply.status == 403


async def test_a_reaction_names_its_message(office, bot):
    person, chat = await office.befriended()
    sent = (await office.send(chat)).body["id"]
    await office.act("react", person["id"], message=sent, reaction="heart")
    reaction = bot.of("messageReaction")[0]
    assert (reaction["reactionsAdded"], reaction["replyToId"]) == ([{"type": "heart"}], sent)


async def test_an_ordinary_upgrade_tells_nothing_and_one_of_the_bot_does(office, bot):
    person, _ = await office.befriended()
    await asyncio.sleep(0.2)
    bot.activities.clear()
    assert (await office.act("upgrade_app", person["id"]))["events"] == []
    await office.act("upgrade_app", person["id"], action="add-upgrade")
    assert [one["action"] for one in bot.activities] == ["add-upgrade"]


async def test_who_leaves_the_company_is_removed_from_teams_with_the_app(office, bot):
    team, people = await staffed(office, bot, "Marketing")
    leaver = people[-1]
    await office.control("PATCH", f"/people/{leaver['id']}", {"delete": True})
    try:
        assert bot.activities[0]["membersRemoved"] == [{"id": leaver["teams_id"]}]
        assert bot.activities[0]["channelData"]["team"]["id"] == team["id"]
    finally:
        await office.control("PATCH", f"/people/{leaver['id']}", {"left": False})
        who = people[0]["id"]
        await office.act("join_team", who, team=team["id"], people=[leaver["id"]])


async def test_a_bot_that_does_not_answer_is_noted_with_status_zero(office):
    person = (await office.ordinary())[0]
    await office.control("PUT", "/bot", {"endpoint": "http://127.0.0.1:9/api/messages"})
    done = await office.act("install_personal", person["id"])
    assert [event["status"] for event in done["events"]] == [0, 0]


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ({"do": "dance"}, 400),
        ({"do": "write", "who": "nobody"}, 404),
        ({"do": "join_team", "team": "19:none"}, 404),
        ({"do": "press", "message": "1"}, 404),
        ({"do": "rename_channel", "channel": "19:none"}, 404),
    ],
)
async def test_an_act_that_makes_no_sense_is_refused(office, act, status):
    who = (await office.ordinary())[0]["id"]
    body = {"who": who, **act}
    reply = await office.request("POST", f"{office.line['control']}/act", json=body)
    assert reply.status == status


@pytest.mark.parametrize(
    ("options", "believed"),
    [
        ({}, True),
        ({"expires_in": -600}, False),
        ({"not_before_in": 600}, False),
        ({"claims": {"aud": "other"}}, False),
        ({"claims": {"iss": "https://evil.example"}}, False),
        ({"drop": ["serviceurl"]}, False),
        ({"drop": ["exp"]}, False),
        ({"key": "unendorsed"}, False),
        ({"key": "unknown"}, False),
        ({"key": "wrong"}, False),
        ({"key": "entra"}, False),
        ({"alg": "none"}, False),
        ({"alg": "HS256"}, False),
    ],
)
async def test_a_pushed_activity_bears_the_token_that_was_ordered(office, bot, options, believed):
    activity = {"type": "message", "serviceUrl": f"{office.line['https']}/amer/"}
    pushed = await office.control("POST", "/push", {"activity": activity, "token": options})
    assert pushed["status"] == (200 if believed else 403)
    token = (await office.control("POST", "/token", options))["token"]
    assert token.count(".") == 2


async def test_rotating_the_key_publishes_another_one(office, bot):
    before = set(bot.keys)
    kid = (await office.control("POST", "/keys/rotate"))["kid"]
    assert kid not in before
    activity = {"type": "message", "serviceUrl": f"{office.line['https']}/amer/"}
    assert (await office.control("POST", "/push", {"activity": activity}))["status"] == 403
    await bot.learn_keys()
    assert (await office.control("POST", "/push", {"activity": activity}))["status"] == 200


async def test_the_stream_tells_live_and_replays(office):
    person, chat = await office.befriended()
    seq = (await office.control("GET", "/state"))["seq"]
    sent = (await office.send(chat, card("Live"))).body["id"]
    url = f"{office.line['control']}/stream"
    async with office.session.get(url, headers={"Last-Event-ID": str(seq)}) as stream:
        news = await anext(_news(stream))
    assert (news["type"], news["id"], news["person"]) == ("message", sent, person["id"])
    assert news["summary"] == "Live"


async def _news(stream):
    async for line in stream.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))

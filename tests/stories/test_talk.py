"""What a newcomer, or a channel, says to the bot, and what they press."""

import asyncio
from typing import Any

import pytest

from tests.running import InProcess, actions, running_bot, until, visible
from tests.simulated import Simulator


async def newcomer(bot: InProcess, locale: str = "") -> dict[str, Any]:
    """Somebody who has the app and was greeted."""
    people = await bot.simulator.people(planted="none")
    one = next(p for p in people if p["locale"].startswith(locale))
    await bot.simulator.act("install_personal", one["id"])
    await bot.settled()
    return one


async def say(bot: InProcess, one: dict[str, Any], text: str) -> dict[str, Any]:
    """Write to the bot, and get its newest answer."""
    before = len(await bot.chat(one))
    await bot.simulator.act("write", one["id"], chat="personal", text=text)

    async def answered() -> dict[str, Any] | None:
        chat = await bot.chat(one)
        return chat[-1] if len(chat) > before else None

    return dict(await until(answered, f"“{text}” is answered"))


@pytest.mark.parametrize(
    ("locale", "text", "word"),
    [
        ("en", "help", "welcome"),
        ("en", "Who are you?", "bot"),
        ("en", "Where is the coffee machine?", "what can you do"),
        ("de", "Hilfe", "Willkommen"),
        ("de", "wer bist du", "Bot"),
        ("es", "¿Quién eres?", "bot"),
        ("es", "ayuda", "bienvenida"),
    ],
)
async def test_every_word_gets_an_answer_in_the_persons_language(
    light_bot: InProcess, locale: str, text: str, word: str
) -> None:
    one = await newcomer(light_bot, locale)
    answer = await say(light_bot, one, text)
    assert answer["card"]["lang"] == locale
    assert word.casefold() in visible(answer["card"]).casefold()
    assert answer["summary"]


async def test_stop_is_confirmed_and_nothing_more_comes_until_start(bot: InProcess) -> None:
    one = await newcomer(bot, "en")
    stopped = await say(bot, one, "stop")
    assert any(a["verb"] == "start" for a in actions(stopped["card"]))
    receipt = await bot.submit(one)
    seen = await bot.until_done(receipt["id"])
    assert seen["states"]["skipped"] == 1
    assert seen["causes"][0]["code"] == "opted_out"
    before = len(await bot.chat(one))
    await say(bot, one, "start")
    again = await bot.submit(one)
    assert (await bot.until_done(again["id"]))["states"]["sent"] == 1
    assert len(await bot.chat(one)) == before + 2


async def test_a_doubled_message_gets_one_answer(bot: InProcess) -> None:
    await bot.simulator.put("/settings", events_twice=True)
    one = await newcomer(bot, "en")
    before = len(await bot.chat(one))
    await bot.simulator.act("write", one["id"], chat="personal", text="help")
    await bot.settled()
    assert len(await bot.chat(one)) == before + 1


async def test_a_step_is_ticked_off_in_the_card_and_stays_so(light_bot: InProcess) -> None:
    bot = light_bot
    (one,) = [p for p in await bot.simulator.ordinary(30) if p["locale"].startswith("en")][:1]
    receipt = await bot.submit(one)
    await bot.until_done(receipt["id"])
    (welcome,) = await bot.chat(one)
    steps = [a for a in actions(welcome["card"]) if a["verb"] == "step"]
    assert len(steps) == 3
    pressed = await bot.simulator.act("press", one["id"], message=welcome["id"], action=steps[0])
    assert pressed["answer"]["statusCode"] == 200
    assert pressed["answer"]["type"] == "application/vnd.microsoft.card.adaptive"
    card = pressed["answer"]["value"]
    assert card["version"] == "1.5"
    left = [a["data"]["step"] for a in actions(card) if a["verb"] == "step" and a["data"]["done"]]
    assert steps[0]["data"]["step"] not in left
    again = await say(bot, one, "welcome")
    left = [a for a in actions(again["card"]) if a["verb"] == "step" and a["data"]["done"]]
    assert len(left) == 2


@pytest.mark.parametrize("verb", ["help", "who", "stop", "start", "welcome", "nonsense"])
async def test_every_button_is_answered_with_a_card(light_bot: InProcess, verb: str) -> None:
    one = await newcomer(light_bot)
    (hello,) = await light_bot.chat(one)
    button = {"type": "Action.Execute", "verb": verb, "data": {"verb": verb}}
    pressed = await light_bot.simulator.act("press", one["id"], message=hello["id"], action=button)
    assert pressed["answer"]["statusCode"] == 200
    assert pressed["answer"]["value"]["type"] == "AdaptiveCard"


async def test_teams_own_refresh_changes_nothing_and_is_answered(light_bot: InProcess) -> None:
    bot = light_bot
    one = await newcomer(bot)
    (hello,) = await bot.chat(one)
    person = await bot.simulator.get(f"/people/{one['id']}")
    activity = {
        "type": "invoke",
        "name": "adaptiveCard/action",
        "id": "f:refresh",
        "channelId": "msteams",
        "serviceUrl": bot.simulator.service_url,
        "timestamp": "2026-11-23T09:00:00Z",
        "from": {"id": person["teams_id"], "aadObjectId": one["id"]},
        "recipient": {"id": f"28:{bot.simulator.ready['bot_app_id']}"},
        "conversation": {
            "id": person["chat_id"],
            "conversationType": "personal",
            "tenantId": bot.simulator.tenant_id,
        },
        "channelData": {"tenant": {"id": bot.simulator.tenant_id}},
        "replyToId": hello["id"],
        "value": {
            "action": {"type": "Action.Execute", "verb": "stop", "data": {}},
            "trigger": "automatic",
        },
    }
    pushed = await bot.simulator.post("/push", activity=activity, token={})
    assert pushed["status"] == 200, pushed
    receipt = await bot.submit(one)
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 1, "they were not opted out"


async def test_an_old_clients_button_is_answered_with_a_message(light_bot: InProcess) -> None:
    one = await newcomer(light_bot)
    (hello,) = await light_bot.chat(one)
    button = {"type": "Action.Submit", "data": {"verb": "who"}}
    await light_bot.simulator.act("press", one["id"], message=hello["id"], action=button)
    await light_bot.settled()
    assert len(await light_bot.chat(one)) == 2


async def test_a_reaction_sends_nothing_but_makes_the_chat_known(light_bot: InProcess) -> None:
    bot = light_bot
    one = await newcomer(bot)
    (hello,) = await bot.chat(one)
    await bot.simulator.act("react", one["id"], message=hello["id"], reaction="heart")
    await bot.settled()
    assert len(await bot.chat(one)) == 1
    receipt = await bot.submit(one)
    await bot.until_done(receipt["id"])
    created = [
        r
        for r in await bot.simulator.requests("connector")
        if r["path"].endswith("/v3/conversations")
    ]
    assert created == [], "a known chat is not created again"


async def team_with_app(bot: InProcess) -> tuple[dict[str, Any], dict[str, Any]]:
    team = min(
        (t for t in await bot.simulator.teams() if t["members"] >= 2), key=lambda t: t["members"]
    )
    member = (await bot.simulator.people(team=team["id"], planted="none"))[0]
    await bot.simulator.act("install_to_team", member["id"], team=team["id"])
    await bot.settled()
    return team, member


async def test_newconversation_starts_a_thread_of_its_own_in_that_channel(bot: InProcess) -> None:
    team, member = await team_with_app(bot)
    channel = team["channels"][-1]
    await bot.simulator.act(
        "write",
        member["id"],
        channel=channel["id"],
        mention=True,
        text="newconversation Lunch on Friday?",
    )
    await bot.settled()
    threads = (await bot.simulator.get(f"/channels/{channel['id']}"))["threads"]
    opened = [t for t in threads if t["messages"][0]["from"] == "bot"]
    assert len(opened) == 1
    said = visible(opened[0]["messages"][0]["card"])
    assert "Lunch on Friday?" in said
    assert member["display_name"] in said
    (row,) = [r for r in await bot.owed(channel["id"]) if r.purpose == "new_conversation"]
    assert row.conversation_id is not None
    assert row.conversation_id.startswith(f"{channel['id']};messageid=")
    assert row.activity_id == opened[0]["messages"][0]["id"]


async def test_a_question_in_a_channel_is_answered_in_its_thread(light_bot: InProcess) -> None:
    bot = light_bot
    team, member = await team_with_app(bot)
    channel = team["channels"][0]
    await bot.simulator.act("write", member["id"], channel=channel["id"], mention=True, text="help")
    await bot.settled()
    threads = (await bot.simulator.get(f"/channels/{channel['id']}"))["threads"]
    mine = next(t for t in threads if t["messages"][0]["from"] == member["id"])
    assert [m["from"] for m in mine["messages"]] == [member["id"], "bot"]


async def test_a_group_chat_is_introduced_to_the_bot(light_bot: InProcess) -> None:
    bot = light_bot
    people = await bot.simulator.ordinary(3)
    await bot.simulator.act(
        "install_to_group_chat", people[0]["id"], members=[one["id"] for one in people]
    )
    await bot.settled()
    said = await bot.messages()
    assert [m["kind"] for m in said] == ["groupChat"]
    assert people[0]["display_name"] in visible(said[0]["card"])


async def test_a_renamed_team_is_called_by_its_new_name(light_bot: InProcess) -> None:
    bot = light_bot
    team, member = await team_with_app(bot)
    await bot.simulator.act("rename_team", member["id"], team=team["id"], name="Völlig neu")
    (joiner,) = (await bot.simulator.people(not_team=team["id"], planted="none"))[:1]
    await asyncio.sleep(0.3)
    await bot.simulator.act("join_team", member["id"], team=team["id"], people=[joiner["id"]])
    await bot.settled()
    (welcome,) = await bot.chat(joiner)
    assert "Völlig neu" in visible(welcome["card"])
    await bot.simulator.act("rename_team", member["id"], team=team["id"], name=team["name"])


async def test_without_directory_rights_a_joiner_is_still_greeted_by_name(
    simulator: Simulator, sqlite_url: str
) -> None:
    async with running_bot(simulator, sqlite_url) as bot:
        await simulator.put("/settings", graph_roles=[])
        team, member = await team_with_app(bot)
        (intro,) = await bot.messages()
        assert member["display_name"] in visible(intro["card"])
        (joiner,) = (await simulator.people(not_team=team["id"], planted="none"))[:1]
        await simulator.act("join_team", member["id"], team=team["id"], people=[joiner["id"]])
        await bot.settled()
        (welcome,) = await bot.chat(joiner)
        assert joiner["given_name"] in visible(welcome["card"])

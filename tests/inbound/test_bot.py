"""The endpoint itself: turns, invoke answers, limits, and the simulator as the sender."""

import asyncio
import json
from typing import Any

import pytest

from onboarding.domain.facts import (
    AppInstalled,
    CardPressed,
    MembersJoined,
    MessageWritten,
    OtherActivity,
    Scope,
)
from onboarding.errors import Retry
from onboarding.inbound.bot import Answer
from tests.inbound.conftest import Bot

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Grüße"}]}


def invoke(bot: Bot, **changes: Any) -> dict[str, Any]:
    value = {"action": {"type": "Action.Execute", "verb": "help", "data": {"a": 1}}}
    return bot.activity(
        **{"type": "invoke", "name": "adaptiveCard/action", "value": value, **changes}
    )


async def test_a_pressed_button_is_answered_with_a_card(bot: Bot) -> None:
    bot.answer = Answer(card=CARD)
    status, body = await bot.post(invoke(bot, replyToId="170"))
    assert status == 200
    assert json.loads(body) == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.card.adaptive",
        "value": CARD,
    }
    assert bot.heard[0].what == CardPressed("help", {"a": 1}, "170")


async def test_a_pressed_button_may_be_answered_with_a_text_or_nothing(bot: Bot) -> None:
    for answer, text in ((Answer(text="Done."), "Done."), (None, "")):
        bot.answer = answer
        _, body = await bot.post(invoke(bot))
        assert json.loads(body) == {
            "statusCode": 200,
            "type": "application/vnd.microsoft.activity.message",
            "value": text,
        }


async def test_a_button_without_a_verb_is_answered_as_a_bad_request(bot: Bot) -> None:
    status, body = await bot.post(invoke(bot, value={"action": {"data": {}}}))
    assert status == 200
    assert json.loads(body)["statusCode"] == 400
    assert bot.heard[0].what == OtherActivity("invoke")


async def test_another_invoke_is_not_implemented(bot: Bot) -> None:
    assert await bot.post(invoke(bot, name="task/fetch")) == (501, "")
    assert bot.heard[0].what == OtherActivity("invoke")


@pytest.mark.parametrize("kind", ["messageReaction", "typing", "event", "readReceipt", "whatever"])
async def test_boring_activities_are_heard_as_such_and_answered_200(bot: Bot, kind: str) -> None:
    assert await bot.post(bot.activity(type=kind)) == (200, "")
    assert bot.heard[0].what == OtherActivity(kind)
    assert bot.heard[0].place.scope is Scope.PERSONAL


async def test_a_malformed_activity_with_a_conversation_is_200(bot: Bot) -> None:
    odd = bot.activity(
        type=7, id=10**40, timestamp={}, entities="x", membersAdded=[None], text=["hi"]
    )
    odd["from"], odd["recipient"] = None, 3
    assert await bot.post(odd) == (200, "")
    assert bot.heard[0].what == OtherActivity("unknown")


async def test_an_activity_without_a_conversation_is_400(bot: Bot) -> None:
    assert await bot.post(bot.activity(conversation=None)) == (400, "")
    assert bot.heard == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff\xff", b'{"a":' * 20_000, b'{"a": NaN}']
)
async def test_a_body_that_is_no_json_object_is_400(bot: Bot, body: bytes) -> None:
    assert await bot.post(body) == (400, "")


async def test_a_body_of_another_media_type_is_415(bot: Bot) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert await bot.post(bot.activity(), content_type=content_type) == (415, "")


async def test_a_body_over_256_kilobytes_is_413_announced_or_not(bot: Bot) -> None:
    header = f"Bearer {await bot.token()}"
    large = bot.activity(text="x" * 300_000)
    assert await bot.post(large, header=header) == (413, "")

    async def in_chunks() -> Any:
        for _ in range(300):
            yield b" " * 1024

    headers = {"Authorization": header, "Content-Type": "application/json"}
    async with bot.client.post(bot.url, data=in_chunks(), headers=headers) as answer:
        assert answer.status == 413
    assert bot.heard == []


async def test_a_full_queue_asks_teams_to_come_again(bot: Bot) -> None:
    bot.answer = Retry("busy", "The database is busy.")
    assert await bot.post(bot.activity()) == (503, "")


async def test_a_fault_of_ours_is_500_and_says_nothing(bot: Bot) -> None:
    bot.answer = RuntimeError("the secret is 42")
    assert await bot.post(bot.activity()) == (500, "")


async def test_only_post_is_taken(bot: Bot) -> None:
    async with bot.client.get(bot.url) as answer:
        assert answer.status == 405


async def test_bot_and_people_at_once_are_told_in_order(bot: Bot) -> None:
    simulator = bot.simulator
    added = bot.activity(
        type="conversationUpdate",
        membersAdded=[
            {"id": "29:ben", "aadObjectId": "0a1b2c3d-19f9-419c-a95f-d7b326b94c7f"},
            {"id": f"28:{simulator.ready['bot_app_id']}"},
        ],
        conversation={"conversationType": "channel", "id": "19:t", "tenantId": simulator.tenant_id},
    )
    assert await bot.post(added) == (200, "")
    assert [type(heard.what) for heard in bot.heard] == [AppInstalled, MembersJoined]
    assert len({heard.activity_id for heard in bot.heard}) == 2


async def test_what_people_do_in_teams_is_heard(bot: Bot) -> None:
    simulator = bot.simulator
    await simulator.put("/bot", endpoint=bot.url)
    anna, ben, cleo = await simulator.ordinary(3)
    team = next(t for t in await simulator.teams() if t["members"] < 20)
    await simulator.act("install_personal", anna["id"])
    await simulator.act("write", anna["id"], text="help", chat="personal")
    await simulator.act("install_to_team", ben["id"], team=team["id"])
    await simulator.act("join_team", ben["id"], team=team["id"], people=[cleo["id"]])
    log = await simulator.get("/events")
    assert {event["status"] for event in log["items"]} == {200}
    seen = [(type(heard.what), heard.place.scope) for heard in bot.heard]
    assert (AppInstalled, Scope.PERSONAL) in seen
    assert (AppInstalled, Scope.TEAM) in seen
    assert MessageWritten("help") in [heard.what for heard in bot.heard]
    joined = [h for h in bot.heard if isinstance(h.what, MembersJoined)]
    assert [m.aad_object_id for m in joined[-1].what.members] == [cleo["id"]]
    assert joined[-1].place.team is not None


async def test_a_slow_sender_of_a_body_does_not_hold_others_up(bot: Bot) -> None:
    header = f"Bearer {await bot.token()}"
    release = asyncio.Event()

    async def slowly() -> Any:
        yield b"{"
        await release.wait()
        yield b"}"

    headers = {"Authorization": header, "Content-Type": "application/json"}
    slow = asyncio.create_task(
        bot.client.post(bot.url, data=slowly(), headers=headers).__aenter__()
    )
    assert (await bot.post(bot.activity(), header=header))[0] == 200
    release.set()
    answer = await slow
    assert answer.status == 403
    answer.release()

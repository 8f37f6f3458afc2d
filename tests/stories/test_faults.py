"""What Teams may do to a message, and where that leaves it in the ledger."""

import re
from typing import Any

import pytest

from onboarding.domain.deliveries import BLOCKED_BY_USER
from tests.running import InProcess, actions, running_bot, until
from tests.simulated import Simulator

SEND = r"/v3/conversations/[^/]+/activities"
OPEN_CHAT = r"/v3/conversations$"
INSTALL = r"/teamwork/installedApps$"


async def send_with(bot: InProcess, **fault: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Welcome one person while the send meets a fault once; the batch and their row."""
    (one,) = await bot.simulator.ordinary(1)
    await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", times=1, **fault)
    receipt = await bot.submit(one)
    seen = await bot.until_done(receipt["id"])
    (row,) = await bot.deliveries(receipt["id"])
    return seen, row


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 1},
        {"status": 429},
        {"status": 412},
        {"status": 502},
        {"status": 503},
        {"status": 502, "body": "html"},
    ],
    ids=str,
)
async def test_come_back_later_is_obeyed_and_the_message_is_kept(
    light_bot: InProcess, fault: dict[str, Any]
) -> None:
    _, row = await send_with(light_bot, **fault)
    assert row["state"] == "sent"
    assert row["attempts"] == 2
    assert set((await light_bot.welcomes()).values()) == {1}


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [({"drop": "after"}, 1), ({"drop": "before"}, 0), ({"status": 504}, 0)],
    ids=["lost after", "lost before", "gateway timeout"],
)
async def test_a_lost_answer_is_unsure_and_sent_again_only_on_request(
    bot: InProcess, fault: dict[str, Any], arrived: int
) -> None:
    seen, row = await send_with(bot, **fault)
    assert row["state"] == "unsure"
    assert row["reason"]
    assert row["remedy"]
    assert sum((await bot.welcomes()).values()) == arrived
    retried = await bot.api("POST", f"/batches/{seen['id']}/retry")
    assert retried.json()["states"]["unsure"] == 1, "retry leaves the unsure alone"
    await bot.api("POST", f"/batches/{seen['id']}/retry", json={"states": ["unsure"]})
    assert (await bot.until_done(seen["id"]))["states"]["sent"] == 1
    assert sum((await bot.welcomes()).values()) == arrived + 1


async def test_an_internal_error_of_teams_is_failed_and_retried_by_hand(bot: InProcess) -> None:
    seen, row = await send_with(bot, status=500, code="ServiceError")
    assert (row["state"], row["code"]) == ("failed", "service_error")
    await bot.api("POST", f"/batches/{seen['id']}/retry")
    assert (await bot.until_done(seen["id"]))["states"]["sent"] == 1


async def test_a_chat_that_is_gone_is_opened_anew(light_bot: InProcess) -> None:
    _, row = await send_with(light_bot, status=404, code="ConversationNotFound")
    assert row["state"] == "sent"


async def test_an_app_that_is_gone_is_installed_again(light_bot: InProcess) -> None:
    _, row = await send_with(light_bot, status=403, code="BotNotInConversationRoster")
    assert row["state"] == "sent"
    assert set((await light_bot.welcomes()).values()) == {1}


async def greeted(bot: InProcess) -> dict[str, Any]:
    """Somebody who has the app and had their hello, so that their chat is known."""
    (one,) = await bot.simulator.ordinary(1)
    await bot.simulator.act("install_personal", one["id"])
    assert await bot.settled() == {"sent": 1}
    return one


async def asked(bot: InProcess, api: str, path: str = "") -> int:
    """How many times the bot has posted there."""
    requests = await bot.simulator.requests(api)
    return sum(r["method"] == "POST" and re.search(path, r["path"]) is not None for r in requests)


async def test_a_chat_that_stays_gone_is_opened_anew_once_and_then_failed(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    one = await greeted(bot)
    gone = {"status": 404, "code": "ConversationNotFound"}
    made = await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **gone)
    sent, opened = await asked(bot, "connector", SEND), await asked(bot, "connector", OPEN_CHAT)
    receipt = await bot.submit(one)
    await bot.until_done(receipt["id"])
    (row,) = await bot.deliveries(receipt["id"])
    assert (row["state"], row["code"]) == ("failed", "conversation_not_found")
    assert await asked(bot, "connector", SEND) == sent + 2
    assert await asked(bot, "connector", OPEN_CHAT) == opened + 1
    await bot.simulator.delete(f"/faults/{made['id']}")
    await bot.api("POST", f"/batches/{receipt['id']}/retry")
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 1
    assert await asked(bot, "connector", OPEN_CHAT) == opened + 2, "the lost chat is not kept"


async def test_an_app_that_stays_gone_is_installed_once_and_then_failed(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    one = await greeted(bot)
    gone = {"status": 403, "code": "BotNotInConversationRoster"}
    made = await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **gone)
    sent, installed = await asked(bot, "connector", SEND), await asked(bot, "graph", INSTALL)
    receipt = await bot.submit(one)
    await bot.until_done(receipt["id"])
    (row,) = await bot.deliveries(receipt["id"])
    assert (row["state"], row["code"]) == ("failed", "not_installed")
    assert await asked(bot, "connector", SEND) == sent + 2
    assert await asked(bot, "graph", INSTALL) == installed + 1
    await bot.simulator.delete(f"/faults/{made['id']}")
    await bot.simulator.act("write", one["id"], chat="personal", text="help")
    assert set((await bot.settled()).items()) == {("sent", 3)}, "the message follows by itself"


@pytest.mark.parametrize("code", ["ConversationBlockedByUser", "MessageWritesBlocked"])
async def test_who_blocked_the_bot_is_left_in_peace_until_they_write(
    bot: InProcess, code: str
) -> None:
    one = await greeted(bot)
    fault = {"status": 403, "code": code}
    made = await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **fault)
    first = await bot.submit(one)
    assert (await bot.until_done(first["id"]))["states"]["failed"] == 1
    posts = await asked(bot, "graph"), await asked(bot, "connector")
    second = await bot.submit(one)
    assert (await bot.until_done(second["id"]))["states"]["skipped"] == 1
    (row,) = await bot.deliveries(second["id"])
    assert (row["code"], row["reason"]) == (BLOCKED_BY_USER.code, BLOCKED_BY_USER.reason)
    assert row["remedy"] == BLOCKED_BY_USER.remedy
    assert row["attempts"] == 0
    assert (await asked(bot, "graph"), await asked(bot, "connector")) == posts
    await bot.simulator.delete(f"/faults/{made['id']}")
    await bot.simulator.act("write", one["id"], chat="personal", text="help")
    assert (await bot.until_done(second["id"]))["states"]["sent"] == 1
    await bot.settled()
    assert len(await bot.chat(one)) == 3, "the hello, the answer and the welcome"


async def test_a_pressed_button_frees_what_a_block_had_failed(light_bot: InProcess) -> None:
    bot = light_bot
    one = await greeted(bot)
    (hello,) = await bot.chat(one)
    fault = {"status": 403, "code": "ConversationBlockedByUser", "times": 1}
    await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **fault)
    receipt = await bot.submit(one)
    assert (await bot.until_done(receipt["id"]))["states"]["failed"] == 1
    button = actions(hello["card"])[0]
    await bot.simulator.act("press", one["id"], message=hello["id"], action=button)
    await bot.settled()
    assert (await bot.batch(receipt["id"]))["states"]["sent"] == 1


async def test_an_answer_is_sent_although_they_had_blocked_the_bot(light_bot: InProcess) -> None:
    bot = light_bot
    one = await greeted(bot)
    fault = {"status": 403, "code": "ConversationBlockedByUser", "times": 2}
    await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **fault)
    receipt = await bot.submit(one)
    assert (await bot.until_done(receipt["id"]))["states"]["failed"] == 1
    sent = await asked(bot, "connector", SEND)
    for text in ("stop", "help"):
        await bot.simulator.act("write", one["id"], chat="personal", text=text)
        await bot.settled()
    assert await asked(bot, "connector", SEND) == sent + 2, "each answer was tried"
    assert len(await bot.chat(one)) == 2, "the hello, and the answer that was not refused"


async def test_a_block_that_shows_when_the_chat_is_opened_is_remembered_too(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    await bot.simulator.put("/settings", install_event="withhold")
    (one,) = await bot.simulator.ordinary(1)
    fault = {"status": 403, "code": "ConversationBlockedByUser", "times": 1}
    await bot.simulator.post("/faults", api="connector", path=OPEN_CHAT, method="POST", **fault)
    rows = []
    for _ in range(2):
        receipt = await bot.submit(one)
        await bot.until_done(receipt["id"])
        rows += await bot.deliveries(receipt["id"])
    assert [row["state"] for row in rows] == ["failed", "skipped"]
    assert {row["code"] for row in rows} == {"blocked_by_user"}
    assert await asked(bot, "connector", SEND) == 0


async def test_a_throttled_directory_and_a_throttled_install_are_waited_for(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    people = await bot.simulator.ordinary(5)
    await bot.simulator.post(
        "/faults", api="graph", path="installedApps", status=429, retry_after=1, times=3
    )
    await bot.simulator.post("/faults", api="graph", path="manager", status=503, times=3)
    receipt = await bot.submit(*people)
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 5


async def test_an_install_whose_event_never_comes_is_followed_by_opening_the_chat(
    light_bot: InProcess,
) -> None:
    await light_bot.simulator.put("/settings", install_event="withhold")
    (one,) = await light_bot.simulator.ordinary(1)
    receipt = await light_bot.submit(one)
    assert (await light_bot.until_done(receipt["id"]))["states"]["sent"] == 1
    assert len(await light_bot.chat(one)) == 1


async def test_an_install_event_saves_the_call_that_opens_the_chat(light_bot: InProcess) -> None:
    people = await light_bot.simulator.ordinary(10)
    receipt = await light_bot.submit(*people)
    await light_bot.until_done(receipt["id"])
    opened = [
        r
        for r in await light_bot.simulator.requests("connector")
        if r["path"].endswith("/v3/conversations")
    ]
    assert len(opened) <= 1


async def test_somebody_who_left_the_company_is_skipped(light_bot: InProcess) -> None:
    bot = light_bot
    team = min(
        (t for t in await bot.simulator.teams() if t["members"] >= 2), key=lambda t: t["members"]
    )
    member = (await bot.simulator.people(team=team["id"], planted="none"))[0]
    await bot.simulator.act("install_to_team", member["id"], team=team["id"])
    (leaver,) = (await bot.simulator.people(not_team=team["id"], planted="none"))[:1]
    await bot.simulator.post(
        "/faults",
        api="graph",
        path=f"users/{leaver['id']}",
        status=404,
        code="Request_ResourceNotFound",
    )
    await bot.simulator.act("join_team", member["id"], team=team["id"], people=[leaver["id"]])
    await bot.settled()
    (row,) = await bot.owed(leaver["id"])
    assert (row.state, row.code) == ("skipped", "left_company")


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        ({"status": 401, "code": "BotNotRegistered"}, "Azure Bot"),
        ({"status": 401}, "AZURE_CLIENT_ID"),
        ({"status": 403, "code": "BotDisabledByAdmin"}, "Teams admin centre"),
    ],
    ids=["not registered", "bad token", "disabled by an administrator"],
)
async def test_a_bot_that_is_switched_off_stops_its_lane_and_fails_nobody(
    light_bot: InProcess, fault: dict[str, Any], remedy: str
) -> None:
    bot = light_bot
    made = await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **fault)
    people = await bot.simulator.ordinary(6)
    receipt = await bot.submit(*people)

    async def stopped() -> dict[str, object] | None:
        return next((lane for lane in await bot.lanes() if lane["stopped"]), None)

    lane = await until(stopped, "the lane is stopped")
    assert remedy in str(lane["stopped"])
    assert (await bot.batch(receipt["id"]))["states"]["failed"] == 0
    await bot.simulator.delete(f"/faults/{made['id']}")
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 6
    assert await stopped() is None


async def test_a_wrong_secret_is_said_and_nothing_is_sent(
    simulator: Simulator, sqlite_url: str
) -> None:
    async with running_bot(simulator, sqlite_url, azure_client_secret="wrong") as bot:
        (one,) = await simulator.ordinary(1)
        answer = await bot.api("POST", "/batches", json={"people": [{"aad_object_id": one["id"]}]})
        assert answer.status_code == 502
        assert "AZURE_CLIENT_SECRET" in answer.json()["remedy"]

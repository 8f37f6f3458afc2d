"""Rate limits as people meet them: one busy place rests alone, and somebody can turn the knob."""

import asyncio
import json
import time
from typing import Any

import pytest

from tests.running import InProcess, bot_process, command, running_bot, until
from tests.simulated import Simulator

SEND = r"/v3/conversations/[^/]+/activities"


async def greeted(bot: InProcess) -> dict[str, Any]:
    """Somebody who has the app and got their hello."""
    (one,) = await bot.simulator.ordinary(1)
    await bot.simulator.act("install_personal", one["id"])
    await bot.settled()
    return one


async def shares(bot: InProcess) -> dict[str, float]:
    return {lane["lane"]: lane["share"] for lane in await bot.lanes()}


async def test_a_limit_can_be_adjusted_while_a_batch_runs(
    simulator: Simulator, database_url: str
) -> None:
    slow = {"bot_requests_per_second": 1, "graph_installs_per_second": 100}
    async with running_bot(simulator, database_url, **slow) as bot:
        people = await simulator.ordinary(25)
        batch_id = (await bot.submit(*people))["id"]
        assert (await bot.batch(batch_id))["eta_seconds"] > 15
        answer = await bot.api("PUT", "/limits/connector", json={"per_second": 100})
        assert ((await bot.batch(batch_id))["eta_seconds"] or 0) < 2, "the limit tells the ETA"
        (connector,) = [one for one in answer.json()["items"] if one["lane"] == "connector"]
        assert (connector["per_second"], connector["adjusted"]) == (100, True)
        began = time.monotonic()
        await bot.until_done(batch_id)
        assert time.monotonic() - began < 15, "25 at one a second would take longer"
        answer = await bot.api("PUT", "/limits/connector", json={"per_second": None})
        (connector,) = [one for one in answer.json()["items"] if one["lane"] == "connector"]
        assert (connector["per_second"], connector["adjusted"]) == (1, False)


@pytest.mark.parametrize(
    ("lane", "body", "status", "says"),
    [
        ("conector", {"per_second": 3}, 404, "graph_installs"),
        ("connector", {"per_second": 0}, 422, "more than 0"),
        ("connector", {"per_second": 1e9}, 422, "at most 1000"),
        ("connector", {"per_second": "fast"}, 422, "per_second"),
        ("connector", {"per_second": True}, 422, "per_second"),
        ("connector", {}, 422, "per_second"),
    ],
    ids=str,
)
async def test_a_limit_that_cannot_be_is_refused_with_what_can(
    light_bot: InProcess, lane: str, body: dict[str, Any], status: int, says: str
) -> None:
    answer = await light_bot.api("PUT", f"/limits/{lane}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["remedy"]
    assert not any(one["adjusted"] for one in await light_bot.lanes())


def test_limits_are_shown_and_adjusted_by_command_and_counted_in_metrics(
    simulator: Simulator, sqlite_url: str
) -> None:
    changed = command(simulator, sqlite_url, "limits", "set", "connector", "20")
    assert changed.returncode == 0, changed.stderr
    assert "20 (adjusted)" in changed.stdout
    shown = command(simulator, sqlite_url, "limits", "show", "--json")
    lanes = {one["lane"]: one for one in json.loads(shown.stdout)["items"]}
    assert lanes["connector"]["per_second"] == 20
    assert lanes["graph_installs"]["per_second"] == 28
    with bot_process(simulator, sqlite_url) as bot:
        metrics = _metrics(bot.url)
    assert metrics['onboarding_lane_per_second{lane="connector"}'] == 20
    assert metrics['onboarding_lane_share{lane="graph_installs"}'] == 1
    assert metrics['onboarding_lane_waiting{lane="graph_reads"}'] == 0
    back = command(simulator, sqlite_url, "limits", "set", "connector", "default", "--json")
    assert not any(one["adjusted"] for one in json.loads(back.stdout)["items"])
    wrong = command(simulator, sqlite_url, "limits", "set", "connector", "quick")
    assert wrong.returncode == 2
    assert "default" in wrong.stderr


def _metrics(url: str) -> dict[str, float]:
    import httpx

    lines = httpx.get(f"{url}/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def test_a_throttled_answer_rests_in_its_chat_alone(light_bot: InProcess) -> None:
    bot = light_bot
    one = await greeted(bot)
    throttled = {"status": 429, "retry_after": 2, "times": 1, "person": one["id"]}
    await bot.simulator.post("/faults", api="connector", path=SEND, method="POST", **throttled)
    before = len(await bot.chat(one))
    began = time.monotonic()
    await bot.simulator.act("write", one["id"], chat="personal", text="help")
    await asyncio.sleep(0.3)
    others = [p for p in await bot.simulator.ordinary(12) if p["id"] != one["id"]]
    batch_id = (await bot.submit(*others))["id"]
    await bot.until_done(batch_id)

    async def answered() -> bool | None:
        return len(await bot.chat(one)) > before or None

    await until(answered, "the answer comes after all")
    assert time.monotonic() - began >= 2
    assert set((await shares(bot)).values()) == {1.0}, "nobody else was slowed"


async def test_whoever_writes_very_much_is_answered_without_breaking_teams_limits(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    one = await greeted(bot)
    await bot.simulator.put("/settings", enforce_limits=True)
    before = len(await bot.chat(one))
    for _ in range(14):
        await bot.simulator.act("write", one["id"], chat="personal", text="help")

    async def all_answered() -> bool | None:
        return len(await bot.chat(one)) == before + 14 or None

    await until(all_answered, "every question has its answer")
    statuses = {r["status"] for r in await bot.simulator.requests("connector")}
    assert 429 not in statuses


async def test_a_chat_whose_hour_is_full_waits_in_the_ledger_and_not_in_the_worker(
    light_bot: InProcess,
) -> None:
    from onboarding.store import threads

    bot = light_bot
    one = await greeted(bot)
    (person,) = [p for p in await bot.simulator.people() if p["id"] == one["id"]]
    await bot.app.database.do(threads.rest, person["chat_id"], 600)
    await bot.simulator.act("write", one["id"], chat="personal", text="help")

    async def waits() -> Any:
        rows = await bot.owed(one["id"])
        return next((row for row in rows if row.state == "waiting"), None)

    row = await until(waits, "the answer waits")
    assert row.code == "chat_is_full"
    assert row.due_at is not None
    assert row.remedy


async def test_a_throttled_roster_rests_its_team_alone_and_is_read_to_its_end(
    simulator: Simulator, sqlite_url: str
) -> None:
    async with running_bot(simulator, sqlite_url, welcome_existing_members="always") as bot:
        team = min(
            (t for t in await simulator.teams() if t["members"] >= 3), key=lambda t: t["members"]
        )
        throttled = {"status": 429, "retry_after": 1, "times": 2}
        await simulator.post("/faults", api="connector", path="pagedmembers", **throttled)
        began = time.monotonic()
        await simulator.act("install_to_team", team["owners"][0], team=team["id"])

        async def begun() -> bool | None:
            return bool((await bot.ledger("welcome")).get("sent")) or None

        await until(begun, "somebody who was there before is welcomed")
        assert time.monotonic() - began >= 2
        assert set((await shares(bot)).values()) == {1.0}


async def test_a_directory_that_is_busy_does_not_refuse_a_batch(light_bot: InProcess) -> None:
    bot = light_bot
    await bot.simulator.post(
        "/faults", api="graph", path="/users/", method="GET", status=429, retry_after=1, times=2
    )
    people = await bot.simulator.ordinary(5)
    receipt = await bot.submit(*people)
    assert receipt["audience"] == 5
    assert (await shares(bot))["graph_reads"] < 1.0, "only the lane that was throttled is slower"
    assert (await shares(bot))["connector"] == 1.0

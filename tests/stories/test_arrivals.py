"""Somebody installs the app, somebody joins: who is told what, and how often."""

import itertools
from typing import Any

import pytest

from tests.running import InProcess, actions, running_bot, until, visible
from tests.simulated import Simulator


async def some_team(simulator: Simulator) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """A small team, its ordinary members, and ordinary people outside of it."""
    team = min(
        (t for t in await simulator.teams() if t["members"] >= 2), key=lambda t: t["members"]
    )
    inside = await simulator.people(team=team["id"], planted="none")
    outside = await simulator.people(not_team=team["id"], planted="none")
    return team, inside, outside


async def test_an_installed_team_gets_one_introduction_that_says_who_added_the_bot(
    bot: InProcess,
) -> None:
    team, inside, _ = await some_team(bot.simulator)
    await bot.simulator.act("install_to_team", inside[0]["id"], team=team["id"])
    await bot.settled()
    intros = [m for m in await bot.messages() if m["kind"] == "channel"]
    assert len(intros) == 1
    said = visible(intros[0]["card"])
    assert inside[0]["display_name"] in said
    assert team["name"] in said
    assert not await bot.welcomes(), "nobody who was there already is written to"


async def test_a_joiner_gets_a_welcome_with_their_name_and_the_team_and_no_install(
    bot: InProcess,
) -> None:
    team, inside, outside = await some_team(bot.simulator)
    await bot.simulator.act("install_to_team", inside[0]["id"], team=team["id"])
    joiner = outside[0]
    await bot.simulator.act("join_team", inside[0]["id"], team=team["id"], people=[joiner["id"]])
    await bot.settled()
    (welcome,) = await bot.chat(joiner)
    said = visible(welcome["card"])
    assert joiner["given_name"] in said
    assert team["name"] in said
    assert welcome["summary"]
    assert not welcome["text"]
    installs = [r for r in await bot.simulator.requests("graph") if r["method"] == "POST"]
    assert installs == [], (
        "a member of a team that has the app can be written to without an install"
    )


async def test_doubled_and_shuffled_events_bring_one_welcome_and_one_introduction(
    bot: InProcess,
) -> None:
    await bot.simulator.put(
        "/settings", events_twice=True, events_shuffled=True, event_delay_s=[0.0, 0.4]
    )
    team, inside, outside = await some_team(bot.simulator)
    await bot.simulator.act("install_to_team", inside[0]["id"], team=team["id"])
    joiners = outside[:6]
    for one in joiners:
        await bot.simulator.act("join_team", inside[0]["id"], team=team["id"], people=[one["id"]])
    await bot.simulator.act("install_personal", outside[6]["id"])
    await bot.settled()
    welcomes = await bot.welcomes()
    assert welcomes == {one["id"]: 1 for one in [*joiners, outside[6]]}
    assert sum(m["kind"] == "channel" for m in await bot.messages()) == 1


ROADS = ("team", "personal", "batch", "batch again")


async def test_the_four_roads_to_one_person_give_one_welcome_in_any_order(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    team, inside, outside = await some_team(bot.simulator)
    await bot.simulator.act("install_to_team", inside[0]["id"], team=team["id"])
    orders = list(itertools.permutations(ROADS))
    assert len(outside) >= len(orders)
    travellers = dict(zip(orders, outside, strict=False))
    for position in range(len(ROADS)):
        for order, one in travellers.items():
            await take(bot, order[position], one, team, inside[0])
        await bot.settled()
    for order, one in travellers.items():
        owed = await bot.owed(one["id"])
        sent = [row.message for row in owed if row.state == "sent"]
        assert sent.count("welcome") == 1, (order, owed)
        hello = order.index("personal") == 0
        assert sent.count("hello") == int(hello), (order, sent)
        assert sent.count("team_welcome") == 0, "none within a day of another welcome"
        assert len(await bot.chat(one)) == len(sent)


async def take(bot: InProcess, road: str, one: Any, team: Any, adder: Any) -> None:
    match road:
        case "team":
            await bot.simulator.act("join_team", adder["id"], team=team["id"], people=[one["id"]])
        case "personal":
            installed = (await bot.simulator.get(f"/people/{one['id']}"))["installed"]
            if not installed:
                await bot.simulator.act("install_personal", one["id"])
        case _:
            await bot.submit(one)


async def test_a_welcome_is_shown_again_on_request(light_bot: InProcess) -> None:
    bot = light_bot
    (one,) = await bot.simulator.ordinary(1)
    receipt = await bot.submit(one)
    await bot.until_done(receipt["id"])
    await bot.simulator.act("write", one["id"], chat="personal", text="welcome")
    await bot.settled()
    first, second = (visible(m["card"]).splitlines() for m in await bot.chat(one))
    changed = [line for line in second if line not in first]
    assert 1 <= len(changed) <= 2, "only the lines that say why it comes again differ"


async def test_our_own_install_never_brings_a_hello(bot: InProcess) -> None:
    people = await bot.simulator.ordinary(8)
    receipt = await bot.submit(*people)
    await bot.until_done(receipt["id"])
    await bot.settled()
    assert await bot.ledger("hello") == {}
    assert await bot.welcomes() == {one["id"]: 1 for one in people}


async def test_who_installed_the_app_alone_is_greeted_once_and_may_be_welcomed_later(
    bot: InProcess,
) -> None:
    (one,) = await bot.simulator.ordinary(1)
    await bot.simulator.act("install_personal", one["id"])
    await bot.settled()
    (hello,) = await bot.chat(one)
    assert actions(hello["card"])
    await bot.simulator.act("uninstall_personal", one["id"])
    await bot.simulator.act("install_personal", one["id"])
    await bot.settled()
    assert len(await bot.chat(one)) == 1, "a second install brings no second hello"
    receipt = await bot.submit(one)
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 1
    assert len(await bot.chat(one)) == 2


async def test_somebody_who_left_the_team_before_their_hour_is_not_written_to(
    simulator: Simulator, database_url: str
) -> None:
    always_quiet = {"quiet_hours": "00:00-23:59"}
    async with running_bot(simulator, database_url, **always_quiet) as bot:
        team, inside, outside = await some_team(simulator)
        await simulator.act("install_to_team", inside[0]["id"], team=team["id"])
        await simulator.act(
            "join_team", inside[0]["id"], team=team["id"], people=[outside[0]["id"]]
        )
        await until(lambda: waiting(bot, 1), "the welcome waits for its hour")
        await simulator.act("leave_team", outside[0]["id"], team=team["id"])
        await until(lambda: waiting(bot, 0), "it no longer waits")
        (row,) = await bot.owed(outside[0]["id"])
        assert (row.state, row.code) == ("skipped", "left_team")


async def test_an_uninstall_stops_what_waits(simulator: Simulator, database_url: str) -> None:
    async with running_bot(simulator, database_url, quiet_hours="00:00-23:59") as bot:
        (one,) = await simulator.ordinary(1)
        await simulator.act("install_personal", one["id"])
        receipt = await bot.submit(one)
        await until(lambda: waiting(bot, 1), "the welcome waits for its hour")
        seen = await bot.batch(receipt["id"])
        assert seen["state"] == "running"
        assert seen["next_at"] is not None
        await simulator.act("uninstall_personal", one["id"])
        seen = await bot.until_done(receipt["id"])
        assert seen["states"]["skipped"] == 1
        assert seen["causes"][0]["code"] == "app_removed"


async def waiting(bot: InProcess, number: int) -> bool | None:
    states = await bot.ledger("welcome")
    still = states.get("queued", 0) + states.get("sending", 0)
    return True if not still and states.get("waiting", 0) == number else None


@pytest.mark.parametrize("existing", ["always", "ask"])
async def test_existing_members_are_welcomed_only_where_that_was_decided(
    simulator: Simulator, sqlite_url: str, existing: str
) -> None:
    async with running_bot(simulator, sqlite_url, welcome_existing_members=existing) as bot:
        team, inside, _ = await some_team(simulator)
        await simulator.act("install_to_team", inside[0]["id"], team=team["id"])
        await bot.settled()
        if existing == "ask":
            (offer,) = await bot.chat(inside[0])
            button = next(a for a in actions(offer["card"]) if a["verb"] == "welcome_existing")
            await simulator.act("press", inside[0]["id"], message=offer["id"], action=button)
        await until(lambda: everybody_settled(bot, inside), "every member is settled")
        for one in inside:
            owed = [row for row in await bot.owed(one["id"]) if row.purpose == "welcome"]
            assert [row.state for row in owed] == ["sent"], one["display_name"]


async def everybody_settled(bot: InProcess, people: list[Any]) -> bool | None:
    owed = [await bot.owed(one["id"]) for one in people]
    sent = [any(r.purpose == "welcome" and r.state == "sent" for r in rows) for rows in owed]
    return True if all(sent) else None

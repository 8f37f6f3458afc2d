"""Trouble on request, and the platform's limits."""

import asyncio
import time

import aiohttp
import pytest

from tests.simulator.office import card


async def fault(office, **rule):
    return (await office.control("POST", "/faults", rule))["id"]


async def test_a_fault_answers_in_place_of_the_service_so_often(office):
    _, chat = await office.befriended()
    path = r"/activities$"
    await fault(office, api="connector", path=path, times=2, status=429, retry_after=3)
    replies = [await office.send(chat) for _ in range(3)]
    assert [one.status for one in replies] == [429, 429, 201]
    assert replies[0].headers["Retry-After"] == "3"
    assert replies[0].code == "TooManyRequests"


async def test_a_fault_can_let_some_calls_pass_first(office):
    _, chat = await office.befriended()
    await fault(office, api="connector", skip=1, times=1, status=412, code="PreconditionFailed")
    assert [(await office.send(chat)).status for _ in range(3)] == [201, 412, 201]


@pytest.mark.parametrize(("body", "text"), [("html", "<!DOCTYPE"), ("empty", None), ("no", "no")])
async def test_a_fault_need_not_answer_in_json(office, body, text):
    await fault(office, api="graph", status=502, body=body)
    reply = await office.graph("GET", "/users")
    assert reply.status == 502
    assert reply.body is None if text is None else reply.body.startswith(text)


async def test_a_fault_can_aim_at_one_person(office):
    one, two = await office.ordinary(2)
    await fault(office, api="any", person=one["upn"], status=500)
    assert (await office.install(one["id"])).status == 500
    assert (await office.install(two["id"])).status == 201
    assert (await office.open_chat(one["teams_id"])).status == 500
    assert (await office.open_chat(two["id"])).status == 201


async def test_dropped_before_means_nothing_happened(office):
    person, chat = await office.befriended()
    await fault(office, api="connector", method="post", drop="before", times=1)
    with pytest.raises(aiohttp.ClientError):
        await office.send(chat)
    assert (await office.control("GET", "/received"))["people"] == {}
    assert (await office.send(chat)).status == 201
    assert (await office.control("GET", "/received"))["people"] == {person["id"]: 1}


async def test_dropped_after_means_it_happened_unanswered(office):
    person, chat = await office.befriended()
    await fault(office, api="connector", method="POST", drop="after", times=1)
    with pytest.raises(aiohttp.ClientError):
        await office.send(chat)
    assert (await office.control("GET", "/received"))["people"] == {person["id"]: 1}


async def test_a_delay_keeps_the_caller_waiting(office):
    _, chat = await office.befriended()
    await fault(office, api="connector", delay_s=0.2)
    began = time.monotonic()
    assert (await office.send(chat)).status == 201
    assert time.monotonic() - began >= 0.2


async def test_chance_is_seeded_and_roughly_as_asked(office):
    _, chat = await office.befriended()
    await fault(office, api="connector", probability=0.5, status=503)
    statuses = [(await office.send(chat)).status for _ in range(60)]
    assert 15 <= statuses.count(503) <= 45


async def test_faults_are_listed_counted_and_lifted(office):
    one = await fault(office, api="graph", status=500)
    await office.graph("GET", "/users")
    assert (await office.control("GET", "/faults"))["items"][0]["fired"] == 1
    assert (await office.control("GET", f"/faults/{one}"))["status"] == 500
    log = (await office.control("GET", "/requests?api=graph"))["items"]
    assert log[-1]["fault"] == one
    await office.control("DELETE", f"/faults/{one}")
    assert (await office.graph("GET", "/users")).status == 200


@pytest.mark.parametrize(
    "rule", [{}, {"api": "sharepoint", "status": 500}, {"status": 500, "colour": 1}, {"drop": "x"}]
)
async def test_a_rule_that_makes_no_sense_is_refused(office, rule):
    reply = await office.request("POST", f"{office.line['control']}/faults", json=rule)
    assert reply.status == 400


async def burst(office, conversation, count):
    replies = await asyncio.gather(*(office.send(conversation) for _ in range(count)))
    return [reply.status for reply in replies], replies


async def test_a_chat_takes_seven_messages_a_second_when_limits_are_kept(office):
    _, chat = await office.befriended()
    await office.control("PUT", "/settings", {"enforce_limits": True})
    statuses, replies = await burst(office, chat, 10)
    assert (statuses.count(201), statuses.count(429)) == (7, 3)
    refused = next(one for one in replies if one.status == 429)
    assert refused.code == "Throttled"
    assert int(refused.headers["Retry-After"]) >= 1


async def test_the_tenant_takes_fifty_connector_calls_a_second(office):
    people = await office.ordinary(20)
    for person in people:
        await office.install(person["id"])
    await office.control("PUT", "/settings", {"enforce_limits": True})
    jobs = [office.open_chat(person["id"]) for person in people for _ in range(3)]
    statuses = [reply.status for reply in await asyncio.gather(*jobs)]
    assert (statuses.count(201), statuses.count(429)) == (50, 10)
    rate = await office.control("GET", "/requests/rate?api=connector")
    assert (rate["total"], rate["max_per_second"]) == (60, 60)


async def test_a_limit_can_be_set_and_its_header_left_out(office):
    limits = {"install": 2, "directory": [[4, 30]]}
    wanted = {"enforce_limits": True, "limits": limits, "retry_after": False}
    await office.control("PUT", "/settings", wanted)
    people = await office.ordinary(4)
    replies = await asyncio.gather(*(office.install(person["id"]) for person in people))
    assert sorted(reply.status for reply in replies) == [201, 201, 429, 429]
    assert all("Retry-After" not in reply.headers for reply in replies)
    statuses = [(await office.graph("GET", "/users")).status for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


async def test_what_was_refused_does_not_lengthen_the_wait(office):
    _, chat = await office.befriended()
    limits = {"send": [[2, 0.3]]}
    await office.control("PUT", "/settings", {"enforce_limits": True, "limits": limits})
    assert (await burst(office, chat, 6))[0].count(201) == 2
    await asyncio.sleep(0.35)
    assert (await office.send(chat, card())).status == 201


async def test_without_enforcement_everything_passes(office):
    _, chat = await office.befriended()
    assert (await burst(office, chat, 80))[0] == [201] * 80

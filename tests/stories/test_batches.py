"""HR's batches over the API: every accepted person ends in one state, with reason and remedy."""

import asyncio
import base64
from typing import Any

import pytest

from tests.running import InProcess, running_bot, until, visible
from tests.simulated import Simulator


async def test_everybody_of_a_batch_ends_in_one_state_with_a_reason(bot: InProcess) -> None:
    everybody = await bot.simulator.people()
    receipt = await bot.submit(*everybody)
    assert receipt["accepted"] == receipt["audience"] == len(everybody)
    seen = await bot.until_done(receipt["id"])
    by_id = {one["aad_object_id"]: one for one in await bot.deliveries(receipt["id"])}
    assert set(by_id) == {one["id"] for one in everybody}
    expected = {
        "guest": ("skipped", "guest"),
        "disabled": ("skipped", "disabled"),
        "unlicensed": ("skipped", "no_licence"),
        "blocked": ("failed", "blocked_by_policy"),
    }
    for one in everybody:
        row = by_id[one["id"]]
        state, code = expected.get(one["planted"], ("sent", None))
        assert (row["state"], row["code"]) == (state, code), one
        assert (state == "sent") == (row["reason"] is None)
        assert state == "sent" or row["remedy"]
    received = await bot.simulator.get("/received", summary=1)
    assert received["chats"] == seen["states"]["sent"]
    assert set((await bot.welcomes()).values()) == {1}


async def test_a_batch_needs_three_permissions_only(light_bot: InProcess) -> None:
    bot = light_bot
    await bot.simulator.put(
        "/settings",
        graph_roles=[
            "User.Read.All",
            "AppCatalog.Read.All",
            "TeamsAppInstallation.ReadWriteSelfForUser.All",
        ],
    )
    people = await bot.simulator.ordinary(5)
    receipt = await bot.submit(*people)
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 5
    asked = await bot.simulator.requests("graph")
    assert not [r for r in asked if r["unexpected"]]
    catalogue = [r for r in asked if "appCatalogs" in r["path"]]
    assert len(catalogue) == 1, "the catalogue id is resolved once and kept"


async def test_an_uploaded_file_gives_a_verdict_for_every_row(light_bot: InProcess) -> None:
    bot = light_bot
    one, two = await bot.simulator.ordinary(2)
    text = (
        "Vorname;E-Mail-Adresse;Eintrittsdatum;x_desk\r\n"
        f"Zoë;{one['upn']};01.12.2026;4A\r\n"
        "Nobody;nobody.at.all@contoso.example;01.12.2026;\r\n"
        f"Again;{one['upn'].upper()};01.12.2026;\r\n"
        "Broken;not an address;01.12.2026;\r\n"
        f"Late;{two['upn']};31.02.2026;\r\n"
    )
    answer = await bot.api(
        "POST", "/batches", files={"file": ("new.csv", text.encode("cp1252"), "text/csv")}
    )
    assert answer.status_code == 202, answer.text
    receipt = answer.json()
    assert receipt["accepted"] == 1
    assert [item["row"] for item in receipt["refused"]] == [2, 3, 4, 5]
    assert [item["field"] for item in receipt["refused"]] == ["upn", "upn", "upn", "start_date"]
    assert all(item["problem"] and item["remedy"] for item in receipt["refused"])
    await bot.until_done(receipt["id"])
    (welcome,) = await bot.chat(one)
    assert "Zoë" in visible(welcome["card"]), "HR's preferred name wins"
    kept = (await bot.api("GET", f"/batches/{receipt['id']}/refused")).json()["items"]
    assert kept == receipt["refused"]


async def test_a_raw_upload_is_read_too(light_bot: InProcess) -> None:
    bot = light_bot
    (one,) = await bot.simulator.ordinary(1)
    body = f"upn\n{one['upn']}\n".encode()
    answer = await bot.api("POST", "/batches", content=body, headers={"Content-Type": "text/csv"})
    assert answer.json()["accepted"] == 1


async def test_the_same_key_and_body_give_the_same_batch_and_another_body_is_refused(
    bot: InProcess,
) -> None:
    one, two = await bot.simulator.ordinary(2)
    key = {"Idempotency-Key": "monday"}
    body = {"people": [{"aad_object_id": one["id"]}]}
    first = await bot.api("POST", "/batches", json=body, headers=key)
    again = await bot.api("POST", "/batches", json=body, headers=key)
    assert first.json()["id"] == again.json()["id"]
    assert first.json() == again.json()
    body["people"][0]["aad_object_id"] = two["id"]
    other = await bot.api("POST", "/batches", json=body, headers=key)
    assert other.status_code == 409
    assert other.headers["Content-Type"].startswith("application/problem+json")


async def test_the_same_key_at_the_same_time_gives_one_batch(bot: InProcess) -> None:
    people = await bot.simulator.ordinary(3)
    body = {"people": [{"aad_object_id": one["id"]} for one in people]}
    answers = await asyncio.gather(
        *(
            bot.api("POST", "/batches", json=body, headers={"Idempotency-Key": "at once"})
            for _ in range(5)
        )
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_two_batches_at_once_with_the_same_people_welcome_each_once(bot: InProcess) -> None:
    people = await bot.simulator.ordinary(20)
    receipts = await asyncio.gather(*(bot.submit(*people) for _ in range(3)))
    for receipt in receipts:
        seen = await bot.until_done(receipt["id"])
        assert seen["audience"] == 20
    assert await bot.welcomes() == {one["id"]: 1 for one in people}


async def test_a_paused_batch_stands_still_and_goes_on(
    simulator: Simulator, database_url: str
) -> None:
    async with running_bot(simulator, database_url, bot_requests_per_second=10) as bot:
        people = await simulator.ordinary(30)
        receipt = await bot.submit(*people)
        path = f"/batches/{receipt['id']}"
        await until(lambda: some_sent(bot, receipt["id"], 3), "some are sent")
        paused = (await bot.api("POST", f"{path}/pause")).json()
        assert paused["state"] == "paused"
        await asyncio.sleep(1)
        still = (await bot.batch(receipt["id"]))["states"]
        await asyncio.sleep(1)
        assert (await bot.batch(receipt["id"]))["states"] == still
        assert 0 < still["queued"] < 30
        assert (await bot.api("POST", f"{path}/resume")).json()["state"] == "running"
        assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 30
        assert set((await bot.welcomes()).values()) == {1}


async def test_a_cancelled_batch_sends_nothing_more(
    simulator: Simulator, database_url: str
) -> None:
    async with running_bot(simulator, database_url, bot_requests_per_second=10) as bot:
        people = await simulator.ordinary(30)
        receipt = await bot.submit(*people)
        await until(lambda: some_sent(bot, receipt["id"], 3), "some are sent")
        seen = (await bot.api("POST", f"/batches/{receipt['id']}/cancel")).json()
        assert seen["state"] == "cancelled"
        await bot.settled()
        seen = await bot.batch(receipt["id"])
        assert seen["states"]["cancelled"] > 0
        assert seen["states"]["queued"] == seen["states"]["sending"] == 0
        received = await simulator.get("/received", summary=1)
        assert received["chats"] == seen["states"]["sent"]
        later = await bot.submit(*people)
        done = await bot.until_done(later["id"])
        assert done["states"]["sent"] == 30 - seen["states"]["sent"]
        assert set((await bot.welcomes()).values()) == {1}


async def some_sent(bot: InProcess, batch_id: str, number: int) -> bool | None:
    return True if (await bot.batch(batch_id))["states"]["sent"] >= number else None


async def test_retry_touches_only_the_failed(bot: InProcess) -> None:
    people = await bot.simulator.ordinary(6)
    for one in people[:2]:
        await bot.simulator.post(
            "/faults", api="connector", person=one["id"], status=500, code="ServiceError", times=1
        )
    receipt = await bot.submit(*people)
    seen = await bot.until_done(receipt["id"])
    assert seen["states"]["failed"] == 2
    assert seen["states"]["sent"] == 4
    await bot.api("POST", f"/batches/{receipt['id']}/retry")
    assert (await bot.until_done(receipt["id"]))["states"]["sent"] == 6
    assert await bot.welcomes() == {one["id"]: 1 for one in people}


async def test_a_scheduled_batch_waits_for_its_time(bot: InProcess) -> None:
    (one,) = await bot.simulator.ordinary(1)
    receipt = await bot.submit(one, at="2031-01-01T09:00:00+01:00")
    seen = await bot.batch(receipt["id"])
    assert seen["state"] == "scheduled"
    assert seen["states"]["waiting"] == 1
    assert seen["next_at"] == "2031-01-01T08:00:00Z"
    await bot.api("POST", f"/batches/{receipt['id']}/cancel")
    assert (await bot.batch(receipt["id"]))["state"] == "cancelled"


async def test_a_rehire_is_welcomed_again_and_a_corrected_date_is_not(bot: InProcess) -> None:
    (one,) = await bot.simulator.ordinary(1)

    async def submit(day: str, number: str = "00123") -> dict[str, Any]:
        text = f"upn,start date,employee id\n{one['upn']},{day},{number}\n"
        answer = await bot.api(
            "POST", "/batches", content=text.encode(), headers={"Content-Type": "text/csv"}
        )
        return await bot.until_done(answer.json()["id"])

    assert (await submit("2026-11-02"))["states"]["sent"] == 1
    assert (await submit("2026-11-09"))["states"]["skipped"] == 1
    assert (await submit("2027-06-01"))["states"]["sent"] == 1
    assert len(await bot.chat(one)) == 2


async def test_who_waits_for_the_app_moves_on_when_it_is_installed(
    bot: InProcess,
) -> None:
    await bot.simulator.put("/settings", graph_roles=["User.Read.All", "AppCatalog.Read.All"])
    one, two = await bot.simulator.ordinary(2)
    receipt = await bot.submit(one, two)

    async def both_wait() -> dict[str, Any] | None:
        seen = await bot.batch(receipt["id"])
        return seen if seen["states"]["waiting"] == 2 else None

    seen = await until(both_wait, "both wait for the app")
    assert seen["state"] == "running"
    assert seen["causes"][0]["code"] == "waits_for_app"
    await bot.simulator.act("install_personal", one["id"])
    await until(lambda: some_sent(bot, receipt["id"], 1), "the first one has the welcome")
    assert await bot.welcomes() == {one["id"]: 1}
    assert (await bot.batch(receipt["id"]))["states"]["waiting"] == 1


async def test_a_blocked_person_is_freed_when_the_administrator_gives_them_the_app(
    bot: InProcess,
) -> None:
    (blocked,) = (await bot.simulator.people(planted="blocked"))[:1]
    receipt = await bot.submit(blocked)
    assert (await bot.until_done(receipt["id"]))["states"]["failed"] == 1
    await bot.simulator.patch(f"/people/{blocked['id']}", policy="allowed")
    try:
        await bot.simulator.act("install_personal", blocked["id"])
        await until(lambda: some_sent(bot, receipt["id"], 1), "the welcome follows by itself")
        assert len(await bot.chat(blocked)) == 1, "and no hello"
    finally:
        await bot.simulator.patch(f"/people/{blocked['id']}", policy="blocked")


async def test_pages_of_people_and_of_batches_follow_a_cursor(light_bot: InProcess) -> None:
    bot = light_bot
    people = await bot.simulator.ordinary(7)
    ids = [(await bot.submit(*people))["id"] for _ in range(3)]
    await bot.settled()
    page = (await bot.api("GET", f"/batches/{ids[0]}/deliveries?limit=3")).json()
    assert len(page["items"]) == 3
    seen = [one["aad_object_id"] for one in page["items"]]
    while page["next"]:
        path = f"/batches/{ids[0]}/deliveries?limit=3&after={page['next']}"
        page = (await bot.api("GET", path)).json()
        seen += [one["aad_object_id"] for one in page["items"]]
    assert sorted(seen) == sorted(one["id"] for one in people)
    skipped = (await bot.api("GET", f"/batches/{ids[1]}/deliveries?state=skipped")).json()
    assert {one["code"] for one in skipped["items"]} <= {"already_welcomed", "on_its_way"}
    assert len(skipped["items"]) == 7
    newest = (await bot.api("GET", "/batches?limit=2")).json()
    assert [one["id"] for one in newest["items"]] == [ids[2], ids[1]]
    rest = (await bot.api("GET", f"/batches?limit=2&after={newest['next']}")).json()
    assert [one["id"] for one in rest["items"]] == [ids[0]]


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/batches/nosuch", {}, 404),
        ("GET", "/batches/nosuch/deliveries", {}, 404),
        ("POST", "/batches/nosuch/pause", {}, 404),
        ("POST", "/batches", {"json": {"people": "all"}}, 422),
        ("POST", "/batches", {"json": []}, 400),
        (
            "POST",
            "/batches",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            400,
        ),
        ("POST", "/batches", {"json": {"people": [], "message": "nope"}}, 422),
        ("POST", "/batches", {"json": {"people": [], "at": "soon"}}, 422),
        ("POST", "/batches", {"content": b"x", "headers": {"Content-Type": "image/png"}}, 415),
        ("POST", "/batches", {"content": b"", "headers": {"Content-Type": "text/csv"}}, 422),
        ("GET", "/batches?limit=0", {}, 422),
        ("GET", "/batches?limit=x", {}, 422),
    ],
)
async def test_a_bad_request_is_answered_with_a_problem_and_a_remedy(
    light_bot: InProcess, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = await light_bot.api(method, path, **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["title"]
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer wrong",
        "Basic " + base64.b64encode(b"hr:a-token-for-tests").decode(),
        "Bearer",
        "Bearer a-token-for-tests-and-more",
    ],
)
async def test_nobody_without_the_token_gets_in(light_bot: InProcess, header: str) -> None:
    answer = await light_bot.api("GET", "/batches", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"

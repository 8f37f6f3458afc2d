"""Who is let in: every way in which a token or an activity can be wrong, over real HTTP."""

import asyncio
from typing import Any

import pytest

from onboarding.inbound.auth import Denied, Door, Keys
from tests.inbound.conftest import Bot
from tests.simulated import Simulator

FOREIGN = "11111111-2222-3333-4444-555555555555"


async def test_an_honest_activity_is_heard_and_answered_200_without_a_body(bot: Bot) -> None:
    assert await bot.post(bot.activity()) == (200, "")
    assert len(bot.heard) == 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer eyJhbGciOiJSUzI1NiJ9.e30.",
        "Bearer " + "x" * 20_000,
        "Bearer \u00fc.\u00fc.\u00fc",
        "Bearer e30.e30.e30",
        "Bearer " + "." * 100,
    ],
)
async def test_no_token_or_an_unreadable_one_is_refused(bot: Bot, header: str | None) -> None:
    status, body = await bot.post(bot.activity(), header=header)
    assert status in ((401,) if header is None else (400, 401, 403))
    assert "trouble" not in body
    assert bot.heard == []


FORGERIES: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "none", "key": "unknown"},
    {"alg": "HS256"},
    {"key": "wrong"},
    {"key": "unknown"},
    {"kid": "no-such-key"},
    {"key": "entra"},
    {"key": "unendorsed"},
    {"expires_in": -400},
    {"expires_in": -86_400},
    {"not_before_in": 400},
    {"drop": ["exp"]},
    {"drop": ["iss"]},
    {"drop": ["aud"]},
    {"drop": ["serviceurl"]},
    {"claims": {"iss": "https://sts.windows.net/x/"}},
    {"claims": {"aud": FOREIGN}},
    {"claims": {"aud": ""}},
    {"claims": {"aud": []}},
    {"claims": {"aud": {"a": 1}}},
    {"claims": {"serviceurl": "https://smba.trafficmanager.net/teams/"}},
    {"claims": {"serviceurl": ""}},
    {"claims": {"serviceurl": ["https://127.0.0.1/"]}},
    {"claims": {"exp": "tomorrow"}},
    {"claims": {"exp": None}},
    {"claims": {"exp": []}},
    {"claims": {"nbf": "now"}},
    {"claims": {"iat": {}}},
]


@pytest.mark.parametrize("forgery", FORGERIES, ids=str)
async def test_a_forged_token_is_refused_and_nobody_hears_of_it(
    bot: Bot, forgery: dict[str, Any]
) -> None:
    token = await bot.token(**forgery)
    for _ in range(2):
        status, body = await bot.post(bot.activity(), header=f"Bearer {token}")
        assert status in (401, 403)
        assert body == ""
    assert bot.heard == []


async def test_a_clock_five_minutes_off_is_forgiven(bot: Bot) -> None:
    late, early = await bot.token(expires_in=-100), await bot.token(not_before_in=100)
    assert (await bot.post(bot.activity(), header=f"Bearer {late}"))[0] == 200
    assert (await bot.post(bot.activity(), header=f"bearer {early}"))[0] == 200


MISMATCHES: list[dict[str, Any]] = [
    {"serviceUrl": "https://smba.trafficmanager.net/teams/"},
    {"serviceUrl": None},
    {"serviceUrl": 7},
    {"serviceUrl": ""},
    {"channelId": "webchat"},
    {"channelId": "emulator"},
    {"channelId": None},
    {"channelId": ["msteams"]},
    {"conversation": {"id": "a:1", "tenantId": FOREIGN}, "channelData": {}},
    {"conversation": {"id": "a:1"}, "channelData": {"tenant": {"id": FOREIGN}}},
    {"conversation": {"id": "a:1"}, "channelData": {}},
    {"conversation": {"id": "a:1"}, "channelData": None},
    {"channelData": {"tenant": {"id": FOREIGN}}},
    {"conversation": None, "channelData": {"tenant": "text"}},
]


@pytest.mark.parametrize("changes", MISMATCHES, ids=str)
async def test_an_activity_that_does_not_fit_its_token_is_refused(
    bot: Bot, changes: dict[str, Any]
) -> None:
    status, body = await bot.post(bot.activity(**changes))
    assert (status, body) == (403, "")
    assert bot.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/teams/",
        "http://127.0.0.1/teams/",
        "https://127.0.0.1:1/teams/",
        "https://smba.trafficmanager.net/teams/",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
async def test_a_foreign_service_url_is_refused_even_when_the_token_names_it(
    bot: Bot, url: str
) -> None:
    token = await bot.token(claims={"serviceurl": url})
    answer = await bot.post(bot.activity(serviceUrl=url), header=f"Bearer {token}")
    assert answer == (403, "")
    assert bot.heard == []


async def test_a_service_url_may_differ_by_its_last_slash_alone(bot: Bot) -> None:
    bare = bot.simulator.service_url.rstrip("/")
    assert (await bot.post(bot.activity(serviceUrl=bare)))[0] == 200
    assert (await bot.post(bot.activity(serviceUrl=bare + "/emea")))[0] == 403


async def test_a_known_token_is_still_held_against_each_activity(bot: Bot) -> None:
    header = f"Bearer {await bot.token()}"
    assert (await bot.post(bot.activity(), header=header))[0] == 200
    assert (await bot.post(bot.activity(channelId="webchat"), header=header))[0] == 403
    foreign = {"id": "a:1", "tenantId": FOREIGN}
    assert (await bot.post(bot.activity(conversation=foreign), header=header))[0] == 403
    assert len(bot.heard) == 1


async def test_a_tenant_in_capitals_is_the_same_tenant(bot: Bot) -> None:
    told = {"id": "a:1", "tenantId": bot.simulator.tenant_id.upper()}
    assert (await bot.post(bot.activity(conversation=told)))[0] == 200


async def test_the_token_is_checked_before_the_body_is_read(bot: Bot) -> None:
    status, _ = await bot.post(b"{" * 1000, header="Bearer garbage")
    assert status == 401


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def openid_requests(simulator: Simulator) -> int:
    return len(await simulator.requests("openid"))


async def test_twenty_first_activities_at_once_fetch_the_keys_once(bot: Bot) -> None:
    tokens = [await bot.token(expires_in=3600 + n) for n in range(20)]
    before = await openid_requests(bot.simulator)
    answers = await asyncio.gather(
        *(bot.post(bot.activity(), header=f"Bearer {token}") for token in tokens)
    )
    assert {status for status, _ in answers} == {200}
    assert await openid_requests(bot.simulator) - before == 2


async def test_unknown_key_ids_ask_for_new_keys_at_most_once_a_minute(bot: Bot) -> None:
    await bot.post(bot.activity())
    before = await openid_requests(bot.simulator)
    for n in range(5):
        token = await bot.token(kid=f"made-up-{n}")
        assert (await bot.post(bot.activity(), header=f"Bearer {token}"))[0] == 403
    assert await openid_requests(bot.simulator) == before


async def test_a_rotated_key_is_learnt_and_the_old_one_forgotten(simulator: Simulator) -> None:
    clock = Clock()
    door = Door(simulator.settings(), clock)
    service_url = simulator.service_url
    old = (await simulator.post("/token", service_url=service_url))["token"]
    await door.verify(f"Bearer {old}")
    await simulator.post("/keys/rotate")
    new = (await simulator.post("/token", service_url=service_url))["token"]
    with pytest.raises(Denied):
        await door.verify(f"Bearer {new}")
    clock.now += 61
    assert (await door.verify(f"Bearer {new}")).claims["serviceurl"] == service_url
    with pytest.raises(Denied):
        await door.verify(f"Bearer {old}")


async def test_keys_survive_a_refresh_that_fails(simulator: Simulator) -> None:
    clock = Clock()
    door = Door(simulator.settings(), clock)
    token = (await simulator.post("/token", service_url=simulator.service_url))["token"]
    kid = (await door.verify(f"Bearer {token}")).kid
    await simulator.post("/faults", api="openid", status=503, body="html")
    before = await openid_requests(simulator)
    clock.now += 90_000
    assert await door.keys.find(kid) is not None
    assert await openid_requests(simulator) == before + 1


async def test_without_any_keys_the_sender_is_asked_to_come_again(bot: Bot) -> None:
    token = await bot.token()
    await bot.simulator.post("/faults", api="openid", status=503)
    assert await bot.post(bot.activity(), header=f"Bearer {token}") == (503, "")
    assert bot.heard == []
    await bot.simulator.delete("/faults")
    await asyncio.sleep(1.05)
    assert (await bot.post(bot.activity(), header=f"Bearer {token}"))[0] == 200


async def test_keys_are_fetched_over_https_only() -> None:
    with pytest.raises(Denied) as denied:
        await Keys("http://127.0.0.1:1/metadata").find("any")
    assert denied.value.status == 503


async def test_as_many_verified_tokens_are_kept_as_there_is_room_for(bot: Bot) -> None:
    door = Door(bot.simulator.settings(), tokens_kept=2)
    headers = [f"Bearer {await bot.token(expires_in=1000 + n)}" for n in range(3)]
    oldest, middle, newest = [await door.verify(header) for header in headers]
    assert await door.verify(headers[2]) is newest
    assert await door.verify(headers[1]) is middle
    assert await door.verify(headers[0]) is not oldest


async def test_a_token_past_its_time_is_checked_each_time_it_comes(bot: Bot) -> None:
    door = Door(bot.simulator.settings())
    header = f"Bearer {await bot.token(expires_in=-100)}"
    assert await door.verify(header) is not await door.verify(header)

"""Speaking to the Bot Connector: what arrives, what each fault becomes, and that nothing is
asked twice."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from onboarding.errors import OnboardingError, Refused, Retry, Unsure
from onboarding.outbound.answers import Code
from onboarding.outbound.message import Message
from onboarding.outbound.teams import Teams
from onboarding.outbound.tokens import Tokens
from tests.outbound.conftest import HELLO
from tests.simulated import Simulator

ACTIVITIES = "/activities"


@pytest.fixture
async def chat(simulator: Simulator, teams: Teams) -> str:
    """The chat of somebody who has the app."""
    [person] = await simulator.ordinary()
    await simulator.act("install_personal", person["id"])
    return await teams.open_chat(simulator.tenant_id, simulator.service_url, person["id"])


async def posts(simulator: Simulator) -> int:
    """How many messages were asked to be sent."""
    asked = await simulator.requests("connector")
    return len([r for r in asked if r["method"] == "POST" and r["path"].endswith(ACTIVITIES)])


async def sent(simulator: Simulator) -> list[dict[str, Any]]:
    return list((await simulator.get("/messages"))["items"])


async def test_a_message_arrives_as_one_card_with_a_summary(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    activity_id = await teams.send(simulator.service_url, chat, HELLO)
    [message] = await sent(simulator)
    assert message["id"] == activity_id
    assert message["card"] == HELLO.card
    assert message["summary"] == HELLO.summary
    assert not message["text"]
    log = await simulator.get("/requests")
    assert (log["unexpected"], log["violations"]) == (0, [])


async def test_a_chat_is_the_same_for_both_ids_of_a_person(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    [person] = await simulator.ordinary()
    again = await teams.open_chat(simulator.tenant_id, simulator.service_url, person["teams_id"])
    assert again == chat


async def test_a_sent_message_can_be_answered_changed_and_recalled(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    first = await teams.send(simulator.service_url, chat, HELLO)
    answer = await teams.send(simulator.service_url, chat, HELLO, reply_to=first)
    await teams.update(
        simulator.service_url, chat, first, Message(HELLO.card, "Changed", importance="high")
    )
    await teams.recall(simulator.service_url, chat, answer)
    shown = {m["id"]: m for m in await sent(simulator)}
    assert shown[first]["summary"] == "Changed"
    assert shown[answer]["recalled"]
    with pytest.raises(Refused) as refused:
        await teams.recall(simulator.service_url, chat, answer)
    assert refused.value.code == Code.ACTIVITY_NOT_FOUND


async def test_a_thread_starts_in_a_channel_and_takes_answers(
    simulator: Simulator, teams: Teams
) -> None:
    team = (await simulator.teams())[0]
    [person] = await simulator.ordinary()
    await simulator.act("install_to_team", person["id"], team=team["id"])
    channel = team["channels"][1]
    thread = await teams.start_thread(
        simulator.service_url, simulator.tenant_id, channel["id"], HELLO
    )
    assert thread.conversation_id == f"{channel['id']};messageid={thread.activity_id}"
    await teams.send(simulator.service_url, thread.conversation_id, HELLO)
    threads = (await simulator.get(f"/channels/{channel['id']}"))["threads"]
    assert [len(t["messages"]) for t in threads] == [2]


async def test_a_team_tells_its_name_channels_and_members(
    simulator: Simulator, teams: Teams
) -> None:
    team = max(await simulator.teams(), key=lambda t: t["members"])
    [person] = await simulator.ordinary()
    await simulator.act("install_to_team", person["id"], team=team["id"])
    details = await teams.team(simulator.service_url, team["id"])
    assert (details.name, details.aad_group_id) == (team["name"], team["aad_group_id"])
    channels = await teams.channels(simulator.service_url, team["id"])
    assert {c.id for c in channels} == {c["id"] for c in team["channels"]}
    assert "General" in {c.name for c in channels}
    roster = [m async for m in teams.members(simulator.service_url, team["id"])]
    assert len(roster) == team["members"]
    assert all(m.aad_object_id and m.teams_id.startswith("29:") for m in roster)


async def test_one_member_is_found_by_each_id_and_a_stranger_is_none(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    [person] = await simulator.ordinary()
    for name in ("id", "teams_id", "upn"):
        member = await teams.member(simulator.service_url, chat, person[name])
        assert member is not None
        assert (member.aad_object_id, member.given_name) == (person["id"], person["given_name"])
    assert await teams.member(simulator.service_url, chat, "29:nobody") is None


REFUSALS = [
    (403, "BotNotInConversationRoster", Code.NOT_INSTALLED),
    (403, "ConversationBlockedByUser", Code.BLOCKED_BY_USER),
    (403, "MessageWritesBlocked", Code.BLOCKED_BY_USER),
    (404, "ConversationNotFound", Code.CONVERSATION_NOT_FOUND),
    (413, "MessageSizeTooBig", Code.TOO_BIG),
    (500, "ServiceError", Code.SERVICE_ERROR),
]


@pytest.mark.parametrize(("status", "code", "ours"), REFUSALS)
async def test_a_refused_message_is_asked_once_and_says_why(
    simulator: Simulator, teams: Teams, chat: str, status: int, code: str, ours: Code
) -> None:
    await simulator.post("/faults", api="connector", path=ACTIVITIES, status=status, code=code)
    with pytest.raises(Refused) as refused:
        await teams.send(simulator.service_url, chat, HELLO)
    assert refused.value.code == ours
    assert await posts(simulator) == 1


FAULTS: list[tuple[dict[str, Any], type[OnboardingError], float | None]] = [
    ({"status": 412}, Retry, None),
    ({"status": 429, "retry_after": 3}, Retry, 3),
    ({"status": 429}, Retry, None),
    ({"status": 429, "retry_after": 2, "body": "html"}, Retry, 2),
    ({"status": 502, "body": "html"}, Retry, None),
    ({"status": 503, "retry_after": 1, "body": "empty"}, Retry, 1),
    ({"status": 504}, Unsure, None),
    ({"drop": "before"}, Unsure, None),
    ({"drop": "after"}, Unsure, None),
    ({"delay_s": 2.3}, Unsure, None),
]


@pytest.mark.parametrize(("fault", "becomes", "after"), FAULTS)
async def test_trouble_with_a_message_becomes_the_right_error_after_one_request(
    simulator: Simulator,
    teams: Teams,
    chat: str,
    fault: dict[str, Any],
    becomes: type[OnboardingError],
    after: float | None,
) -> None:
    await simulator.post("/faults", api="connector", path=ACTIVITIES, **fault)
    with pytest.raises(becomes) as raised:
        await teams.send(simulator.service_url, chat, HELLO)
    assert getattr(raised.value, "after", None) == after
    await asyncio.sleep(0.5 if "delay_s" in fault else 0)
    assert await posts(simulator) == 1


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 504}, {"drop": "after"}, {"delay_s": 2.3}]
)
async def test_opening_a_chat_may_always_be_tried_again(
    simulator: Simulator, teams: Teams, chat: str, fault: dict[str, Any]
) -> None:
    [person] = await simulator.ordinary()
    await simulator.post("/faults", api="connector", path="/v3/conversations$", times=1, **fault)
    with pytest.raises(Retry):
        await teams.open_chat(simulator.tenant_id, simulator.service_url, person["id"])
    again = await teams.open_chat(simulator.tenant_id, simulator.service_url, person["id"])
    assert again == chat


async def test_a_thread_whose_answer_was_lost_is_unsure(simulator: Simulator, teams: Teams) -> None:
    team = (await simulator.teams())[0]
    [person] = await simulator.ordinary()
    await simulator.act("install_to_team", person["id"], team=team["id"])
    await simulator.post("/faults", api="connector", method="POST", drop="after")
    with pytest.raises(Unsure):
        await teams.start_thread(simulator.service_url, simulator.tenant_id, team["id"], HELLO)


async def test_somebody_without_the_app_is_not_installed(
    simulator: Simulator, teams: Teams
) -> None:
    [person] = await simulator.ordinary()
    with pytest.raises(Refused) as refused:
        await teams.open_chat(simulator.tenant_id, simulator.service_url, person["id"])
    assert refused.value.code == Code.NOT_INSTALLED


async def test_a_token_that_teams_refuses_is_fetched_anew(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    await simulator.post("/faults", api="connector", path=ACTIVITIES, status=401, times=1)
    before = len(await simulator.requests("entra"))
    with pytest.raises(Refused) as refused:
        await teams.send(simulator.service_url, chat, HELLO)
    assert refused.value.code == Code.BAD_CREDENTIALS
    assert await teams.send(simulator.service_url, chat, HELLO)
    assert len(await simulator.requests("entra")) == before + 1


async def test_nobody_at_the_door_is_retried_because_nothing_was_written(
    simulator: Simulator, tokens: Tokens
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"https://127.0.0.1:{port}/teams/"
    teams = Teams(simulator.settings(bot_service_url=url), tokens)
    with pytest.raises(Retry) as later:
        await teams.send(url, "a:1", HELLO)
    await teams.close()
    assert later.value.code == Code.UNREACHABLE


async def test_a_server_that_never_shakes_hands_is_retried(
    simulator: Simulator, tokens: Tokens
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/teams/"
        teams = Teams(simulator.settings(bot_service_url=url), tokens, seconds=0.4)
        with pytest.raises(Retry) as later:
            await teams.send(url, "a:1", HELLO)
        await teams.close()
    assert later.value.code == Code.UNREACHABLE


async def test_a_certificate_of_nobody_we_trust_is_retried_and_gets_no_token(
    simulator: Simulator, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tokens.get(simulator.settings().endpoints.bot_scope)
    monkeypatch.delenv("SSL_CERT_FILE")
    teams = Teams(simulator.settings(), tokens)
    with pytest.raises(Retry) as later:
        await teams.send(simulator.service_url, "a:1", HELLO)
    await teams.close()
    assert "certificate" in later.value.reason
    assert await posts(simulator) == 0


Eavesdropper = tuple[Callable[[str], str], list[Any]]


@pytest.fixture
async def eavesdropper(simulator: Simulator) -> AsyncIterator[Eavesdropper]:
    """A second server on this machine that notes whoever comes."""
    heard: list[Any] = []

    async def note(request: web.Request) -> web.Response:
        heard.append(dict(request.headers))
        return web.json_response({"id": "stolen"}, status=201)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield lambda scheme: f"{scheme}://127.0.0.1:{port}/teams/", heard
    await runner.cleanup()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_token_never_goes_to_another_host(
    teams: Teams,
    eavesdropper: Eavesdropper,
    simulator: Simulator,
    scheme: str,
) -> None:
    place, heard = eavesdropper
    url = place(scheme)
    calls = [
        teams.open_chat(simulator.tenant_id, url, "29:x"),
        teams.send(url, "a:1", HELLO),
        teams.start_thread(url, simulator.tenant_id, "19:x", HELLO),
        teams.update(url, "a:1", "1", HELLO),
        teams.recall(url, "a:1", "1"),
        teams.member(url, "a:1", "29:x"),
        teams.team(url, "19:x"),
        teams.channels(url, "19:x"),
        anext(teams.members(url, "19:x")),
        teams.connectors.create(url, "audience"),
    ]
    for call in calls:
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.code == Code.FOREIGN_SERVICE_URL
    assert heard == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a url",
        "https://smba.trafficmanager.net.evil.example/teams/",
        "https://smba.trafficmanager.net@evil.example/",
        "https://evil.example/?smba.trafficmanager.net",
        "{base}{{conversationId}}/",
        "{base}?x=1",
        "{base}\\..\\",
    ],
)
async def test_a_service_url_made_to_deceive_is_refused(
    simulator: Simulator, teams: Teams, url: str
) -> None:
    with pytest.raises(Refused) as refused:
        await teams.send(url.format(base=simulator.service_url), "a:1", HELLO)
    assert refused.value.code == Code.FOREIGN_SERVICE_URL


async def test_a_redirect_is_not_followed(
    simulator: Simulator,
    tokens: Tokens,
    eavesdropper: Eavesdropper,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    place, heard = eavesdropper
    await tokens.get(simulator.settings().endpoints.bot_scope)

    async def point_elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": place("http")})

    authority, app = trustme.CA(), web.Application()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    app.router.add_route("*", "/{path:.*}", point_elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/teams/"
    teams = Teams(simulator.settings(bot_service_url=url), tokens)
    with pytest.raises(Refused) as refused:
        await teams.send(url, "a:1", HELLO)
    await teams.close()
    await runner.cleanup()
    assert refused.value.code == Code.UNEXPECTED_ANSWER
    assert heard == []


async def test_every_path_below_the_connectors_host_will_do(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    for path in ("emea", f"amer/{simulator.tenant_id}", "teams/"):
        assert await teams.send(f"{simulator.https}/{path}", chat, HELLO)


async def test_many_service_urls_do_not_pile_up_clients(simulator: Simulator, teams: Teams) -> None:
    urls = [f"{simulator.https}/region{n}/" for n in range(100)]
    clients = [teams.client(url) for url in urls]
    assert [teams.client(url) for url in urls[:35:-1]] == clients[:35:-1]
    assert teams.client(urls[35]) is not clients[35]


async def test_a_success_without_a_readable_body_is_still_a_success(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    await simulator.post("/faults", api="connector", path=ACTIVITIES, status=201, body="html")
    assert await teams.send(simulator.service_url, chat, HELLO) == ""


async def worst_lag(work: Awaitable[Any]) -> float:
    """The longest time, in seconds, for which the loop stood still while `work` ran."""
    loop, worst = asyncio.get_running_loop(), 0.0

    async def probe() -> None:
        nonlocal worst
        while True:
            before = loop.time()
            await asyncio.sleep(0.002)
            worst = max(worst, loop.time() - before - 0.002)

    probing = asyncio.create_task(probe())
    await work
    probing.cancel()
    return worst


async def test_two_hundred_sends_never_hold_up_the_loop(
    simulator: Simulator, teams: Teams, chat: str
) -> None:
    await simulator.put("/settings", latency_ms=20)
    places = asyncio.Semaphore(10)

    async def send() -> None:
        async with places:
            await teams.send(simulator.service_url, chat, HELLO)

    lags = [await worst_lag(asyncio.gather(*(send() for _ in range(200)))) for _ in range(3)]
    assert len(await sent(simulator)) == 600
    assert min(lags) < 0.05, f"the loop stood still for {lags} seconds"

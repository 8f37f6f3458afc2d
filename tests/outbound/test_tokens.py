"""Entra tokens: one request for many callers, replaced ahead of time, errors with a remedy."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from onboarding.errors import Refused, Retry
from onboarding.outbound.answers import Code
from onboarding.outbound.tokens import Token, Tokens, roles
from onboarding.settings import Settings
from tests.simulated import Simulator

GRAPH = "https://graph.microsoft.com/.default"
BOT = "https://api.botframework.com/.default"


Make = Callable[..., Tokens]


@pytest.fixture
async def made() -> AsyncIterator[Make]:
    """Makes Tokens that are closed after the test."""
    all_made: list[Tokens] = []

    def make(*arguments: Any) -> Tokens:
        all_made.append(Tokens(*arguments))
        return all_made[-1]

    yield make
    for tokens in all_made:
        await tokens.close()


class Clock:
    """Unix time that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


async def asked(simulator: Simulator) -> int:
    return len(await simulator.requests("entra"))


async def settle() -> None:
    for _ in range(200):
        if not any(t.get_coro().__name__ == "_fetch" for t in asyncio.all_tasks()):
            return
        await asyncio.sleep(0.01)


async def test_a_hundred_callers_cause_one_request_per_scope(
    simulator: Simulator, tokens: Tokens
) -> None:
    scopes = [GRAPH, BOT] * 50
    held = await asyncio.gather(*(tokens.get(scope) for scope in scopes))
    assert len(set(held)) == 2
    assert await asked(simulator) == 2


async def test_an_hours_token_is_replaced_in_the_background_ten_minutes_ahead(
    simulator: Simulator, settings: Settings, made: Make
) -> None:
    clock = Clock()
    tokens = made(settings, clock)
    first = await tokens.get(BOT)
    clock.ahead = 2_900
    assert await tokens.get(BOT) == first
    assert await asked(simulator) == 1
    clock.ahead = 3_050
    assert await tokens.get(BOT) == first
    await settle()
    assert await asked(simulator) == 2


async def test_a_short_lived_token_is_replaced_at_half_of_its_life(
    simulator: Simulator, settings: Settings, made: Make
) -> None:
    await simulator.put("/settings", token_lifetime_s=60)
    clock = Clock()
    tokens = made(settings, clock)
    await tokens.get(BOT)
    clock.ahead = 20
    await tokens.get(BOT)
    assert await asked(simulator) == 1
    clock.ahead = 35
    await tokens.get(BOT)
    await settle()
    assert await asked(simulator) == 2


async def test_an_old_token_serves_while_entra_is_down_and_no_longer(
    simulator: Simulator, settings: Settings, made: Make
) -> None:
    clock = Clock()
    tokens = made(settings, clock)
    first = await tokens.get(BOT)
    await simulator.post("/faults", api="entra", status=503, body="html")
    clock.ahead = 3_300
    assert await tokens.get(BOT) == first
    await settle()
    assert await tokens.get(BOT) == first
    assert await asked(simulator) == 2, "a failed attempt is not repeated at every call"
    clock.ahead = 3_700
    with pytest.raises(Retry):
        await tokens.get(BOT)


async def test_a_wrong_secret_is_refused_with_the_variable_to_mend(
    simulator: Simulator, made: Make
) -> None:
    tokens = made(simulator.settings(azure_client_secret="wrong"))
    with pytest.raises(Refused) as refused:
        await tokens.get(GRAPH)
    assert refused.value.code == Code.BAD_CREDENTIALS
    assert "AZURE_CLIENT_SECRET" in refused.value.remedy
    assert "wrong" not in str(refused.value).replace("is wrong", "")


async def test_a_tenant_that_does_not_exist_is_refused_by_its_name(
    simulator: Simulator, made: Make
) -> None:
    tokens = made(simulator.settings(azure_tenant_id="11111111-2222-3333-4444-555555555555"))
    with pytest.raises(Refused) as refused:
        await tokens.get(GRAPH)
    assert "AZURE_TENANT_ID" in refused.value.remedy


async def test_a_certificate_signs_in_without_a_secret(
    simulator: Simulator, tmp_path: Path, made: Make
) -> None:
    pem = tmp_path / "bot.pem"
    pem.write_bytes(certificate_with_key())
    tokens = made(
        simulator.settings(azure_client_secret=None, azure_client_certificate_path=str(pem))
    )
    assert "User.Read.All" in roles(await tokens.get(GRAPH))


def certificate_with_key() -> bytes:
    """A self-signed certificate and its key, as an administrator would make them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Onboarding")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


@pytest.fixture
async def identity_endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """What App Service offers to a process that has a managed identity; `asked` is the query."""
    seen: dict[str, Any] = {"status": 200}

    async def give(request: web.Request) -> web.Response:
        seen["asked"] = dict(request.query)
        token = {
            "access_token": "managed",
            "expires_on": str(int(time.time()) + 3600),
            "resource": request.query["resource"],
        }
        return web.json_response(token if seen["status"] == 200 else {}, status=seen["status"])

    app = web.Application()
    app.router.add_get("/msi/token", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/msi/token"
    monkeypatch.setenv("IDENTITY_ENDPOINT", url)
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    yield seen
    await runner.cleanup()


async def test_a_managed_identity_signs_in_without_any_secret(
    simulator: Simulator, identity_endpoint: dict[str, Any], made: Make
) -> None:
    settings = simulator.settings(azure_client_secret=None)
    assert await made(settings).get(BOT) == "managed"
    assert identity_endpoint["asked"]["client_id"] == settings.azure_client_id
    assert identity_endpoint["asked"]["resource"] == "https://api.botframework.com"


async def test_a_managed_identity_that_is_not_there_is_refused(
    simulator: Simulator, identity_endpoint: dict[str, Any], made: Make
) -> None:
    identity_endpoint["status"] = 400
    with pytest.raises(Refused) as refused:
        await made(simulator.settings(azure_client_secret=None)).get(BOT)
    assert "managed identity" in refused.value.remedy


async def test_a_certificate_that_is_not_there_is_refused(
    simulator: Simulator, tmp_path: Path, made: Make
) -> None:
    tokens = made(
        simulator.settings(
            azure_client_secret=None, azure_client_certificate_path=tmp_path / "none.pem"
        )
    )
    with pytest.raises(Refused) as refused:
        await tokens.get(GRAPH)
    assert "AZURE_CLIENT_CERTIFICATE_PATH" in refused.value.remedy


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before"},
        {"drop": "after"},
        {"status": 500},
        {"status": 429},
        {"status": 502, "body": "html"},
    ],
)
async def test_trouble_on_the_way_to_entra_is_worth_another_try(
    simulator: Simulator, tokens: Tokens, fault: dict[str, object]
) -> None:
    await simulator.post("/faults", api="entra", times=1, **fault)
    with pytest.raises(Retry):
        await tokens.get(GRAPH)
    assert await tokens.get(GRAPH)


async def test_entra_out_of_reach_is_worth_another_try(simulator: Simulator, made: Make) -> None:
    tokens = made(simulator.settings(azure_authority_host="https://127.0.0.1:1"))
    with pytest.raises(Retry):
        await tokens.get(GRAPH)


async def test_a_renewed_token_holds_the_roles_granted_meanwhile(
    simulator: Simulator, tokens: Tokens
) -> None:
    assert "User.Read.All" in roles(await tokens.get(GRAPH))
    await simulator.put("/settings", graph_roles=["AppCatalog.Read.All"])
    assert roles(await tokens.renew(GRAPH)) == {"AppCatalog.Read.All"}


async def test_a_caller_who_gives_up_does_not_take_the_token_from_others(
    simulator: Simulator, tokens: Tokens
) -> None:
    await simulator.post("/faults", api="entra", delay_s=0.3, times=1)
    hasty, patient = (asyncio.create_task(tokens.get(BOT)) for _ in range(2))
    await asyncio.sleep(0.1)
    hasty.cancel()
    assert await patient
    assert await asked(simulator) == 1


def test_a_token_is_worth_replacing_before_it_ends() -> None:
    assert Token.issued("t", 1_000, 4_600).refresh_at == 4_000
    assert Token.issued("t", 1_000, 1_100).refresh_at == 1_050


def test_what_is_no_token_has_no_roles() -> None:
    assert roles("garbage") == frozenset()

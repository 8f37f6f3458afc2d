"""Entra access tokens for Graph and the Bot Connector, from azure-identity."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import aiohttp

from onboarding.errors import OnboardingError, Refused, Retry
from onboarding.outbound.answers import Code, refusal
from onboarding.outbound.error_table import SIGN_IN_REFUSED
from onboarding.outbound.wire import open_session
from onboarding.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

REFRESH_AHEAD = 600.0
PAUSE_AFTER_FAILURE = 5.0


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; times are Unix seconds. From `refresh_at` on it is worth replacing."""

    text: str
    expires_at: float
    refresh_at: float

    @classmethod
    def issued(cls, text: str, now: float, expires_at: float) -> "Token":
        """A fresh token: replaced ten minutes before its end, or at half of a short life."""
        ahead = min(REFRESH_AHEAD, (expires_at - now) / 2)
        return cls(text, expires_at, expires_at - ahead)


class Tokens:
    """One cached token per scope; many callers cause one request; replaced in the background."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._held: dict[str, Token] = {}
        self._asking: dict[str, asyncio.Task[str]] = {}
        self._not_before: dict[str, float] = {}
        self._session: aiohttp.ClientSession | None = None

    async def get(self, scope: str) -> str:
        """A token for `scope` (`https://…/.default`), good for the next call.

        Raises Refused when Entra refuses the sign-in, Retry when it cannot be reached.
        """
        token, now = self._held.get(scope), self._clock()
        if token is None or now >= token.expires_at:
            return await asyncio.shield(self._ask(scope))
        if now >= max(token.refresh_at, self._not_before.get(scope, 0.0)):
            self._ask(scope)
        return token.text

    async def renew(self, scope: str) -> str:
        """A token asked for just now, with the permissions that are granted just now."""
        self.drop(scope)
        return await self.get(scope)

    def drop(self, scope: str) -> None:
        """Forget the token, because a service would not have it."""
        self._held.pop(scope, None)

    async def close(self) -> None:
        """End requests that are under way and the connections to Entra."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _ask(self, scope: str) -> asyncio.Task[str]:
        task = self._asking.get(scope)
        if task is None:
            task = self._asking[scope] = asyncio.create_task(self._fetch(scope))
            task.add_done_callback(lambda done: self._asked(scope, done))
        return task

    def _asked(self, scope: str, done: asyncio.Task[str]) -> None:
        self._asking.pop(scope, None)
        if done.cancelled():
            return
        failed = done.exception() is not None
        self._not_before[scope] = self._clock() + PAUSE_AFTER_FAILURE if failed else 0.0

    async def _fetch(self, scope: str) -> str:
        now = self._clock()
        if self._session is None:
            self._session = open_session(connections=4)
        text, expires_at = await _sign_in(self._settings, self._session, scope)
        self._held[scope] = Token.issued(text, now, expires_at)
        return text


async def _sign_in(
    settings: Settings, session: aiohttp.ClientSession, scope: str
) -> tuple[str, float]:
    """A new credential each time: a rotated secret, certificate or role counts at once."""
    try:
        async with _credential(settings, session) as credential:
            token = await credential.get_token(scope)
    except Exception as error:
        raise _sign_in_error(error, settings) from error
    return token.token, float(token.expires_on)


def _credential(settings: Settings, session: aiohttp.ClientSession) -> "AsyncTokenCredential":
    from azure.core.pipeline.transport import AioHttpTransport
    from azure.identity.aio import (
        CertificateCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
    )

    logging.getLogger("azure").setLevel(logging.WARNING)
    entra: dict[str, Any] = {
        "authority": settings.endpoints.authority_host,
        "disable_instance_discovery": settings.azure_authority_host is not None,
    }
    transport = AioHttpTransport(
        session=session, session_owner=False, connection_timeout=10, read_timeout=20
    )
    shared: dict[str, Any] = {"transport": transport, "retry_total": 0}
    tenant, client = settings.azure_tenant_id, settings.azure_client_id
    if settings.azure_client_secret is not None:
        secret = settings.azure_client_secret.get_secret_value()
        return ClientSecretCredential(tenant, client, secret, **entra, **shared)
    if settings.azure_client_certificate_path is not None:
        path = str(settings.azure_client_certificate_path)
        return CertificateCredential(tenant, client, path, **entra, **shared)
    return ManagedIdentityCredential(client_id=settings.azure_client_id, transport=transport)


_TRANSIENT = ("AADSTS90033", "AADSTS50196", "AADSTS90012", "temporarily_unavailable")


def _sign_in_error(error: Exception, settings: Settings) -> OnboardingError:
    """Refused only for what Entra itself says, or for what is wrong here; a gateway's page or a
    lost connection is worth another try."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.identity import CredentialUnavailableError

    said, status = str(error), getattr(getattr(error, "response", None), "status_code", 0) or 0
    network = isinstance(error, (ServiceRequestError, ServiceResponseError, TimeoutError))
    if network or status == 429 or status >= 500 or any(code in said for code in _TRANSIENT):
        return Retry(Code.UNREACHABLE, "Microsoft Entra cannot be reached for a sign-in.")
    ours = isinstance(error, (CredentialUnavailableError, ValueError, OSError))
    if ours or "AADSTS" in said or status >= 400:
        return _refused(said, settings, status)
    return Retry(Code.UNREACHABLE, "Microsoft Entra gave no readable answer to a sign-in.")


def _refused(said: str, settings: Settings, status: int) -> Refused:
    aadsts = next((w.strip(":,.'\"") for w in said.split() if w.startswith("AADSTS")), "")
    row = replace(
        SIGN_IN_REFUSED,
        reason=f"Microsoft Entra refused the bot's sign-in{f' ({aadsts})' if aadsts else ''}.",
        remedy=_REMEDIES.get(aadsts, _by_means(settings)),
    )
    return refusal(row, status or None)


_REMEDIES = {
    "AADSTS90002": "AZURE_TENANT_ID is not a tenant; copy it from the Entra overview page.",
    "AADSTS900023": "AZURE_TENANT_ID is not a tenant; copy it from the Entra overview page.",
    "AADSTS700016": "AZURE_CLIENT_ID is not known in AZURE_TENANT_ID; check both.",
    "AADSTS7000222": "AZURE_CLIENT_SECRET has expired; make a new one for the app registration.",
    "AADSTS7000215": "AZURE_CLIENT_SECRET is wrong; it must be the secret's value, not its id.",
}


def _by_means(settings: Settings) -> str:
    if settings.azure_client_secret is not None:
        return "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
    if settings.azure_client_certificate_path is not None:
        return "Check AZURE_CLIENT_CERTIFICATE_PATH and that Entra knows this certificate."
    return (
        "Set AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, or run where a managed "
        "identity with AZURE_CLIENT_ID is available."
    )


def roles(token: str) -> frozenset[str]:
    """The application permissions inside an access token; it is ours, so nothing is verified."""
    import jwt

    with suppress(jwt.PyJWTError):
        claims = jwt.decode(token, options={"verify_signature": False})
        return frozenset(str(role) for role in claims.get("roles") or ())
    return frozenset()

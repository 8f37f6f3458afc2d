"""Who may talk to us: the Bot Connector's tokens and what they must say about an activity.

Source: learn.microsoft.com/azure/bot-service (rest-api connector authentication, "Authenticate
requests from the Bot Connector service to your bot").
"""

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import aiohttp
import jwt
from jwt.algorithms import RSAAlgorithm

from onboarding.clouds import may_receive_token
from onboarding.settings import Settings

CHANNEL = "msteams"
LEEWAY = 300
LONGEST_TOKEN = 16_384
TOKENS_KEPT = 1_000
KEYS_LAST = 86_400.0
ASK_AGAIN = 60.0
FETCH_SECONDS = 10.0
LARGEST_METADATA = 1_000_000


class Denied(Exception):
    """An activity is not let in. `why` is for our log only; the sender learns `status` alone:
    401 no readable token, 403 not trusted, 503 the keys cannot be had."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of the issuer, and the channels that it may sign for."""

    public: Any
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What of an activity must agree with its token; None where the activity is silent."""

    channel_id: str | None
    service_url: str | None
    tenant_id: str | None


@dataclass(frozen=True, slots=True)
class Verified:
    """Claims whose signature, issuer, audience and times were checked."""

    claims: Mapping[str, Any]
    kid: str
    expires_at: float


class Keys:
    """The issuer's published keys: fetched once a day, and for an unknown key id at most once a
    minute, by one request for all who wait. Keys survive a refresh that fails. `clock` counts
    seconds and never goes back. Each fetch opens and closes its own session."""

    def __init__(self, metadata_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = metadata_url
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> Key | None:
        """The key with this id, or None. Raises Denied(503) when no keys could be had at all."""
        if kid not in self._keys or self._clock() - self._fetched_at > KEYS_LAST:
            await self.refresh()
        if not self._keys:
            raise Denied(503, "the issuer's keys cannot be fetched")
        return self._keys.get(kid)

    def known(self, kid: str) -> Key | None:
        """The key if it is at hand."""
        return self._keys.get(kid)

    async def refresh(self) -> None:
        """Fetch the keys, unless that was tried within the last minute (with success) or second."""
        if self._fetching is None:
            pause = ASK_AGAIN if self._keys else 1.0
            if self._clock() - self._tried_at < pause:
                return
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            self._keys = await _published_keys(self._url)
            self._fetched_at = self._clock()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError, KeyError):
            return
        finally:
            self._fetching = None


async def _published_keys(url: str) -> dict[str, Key]:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context()),
        timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        metadata = await _json(session, url)
        jwks = await _json(session, str(metadata["jwks_uri"]))
    keys = {entry["kid"]: key for entry in jwks["keys"] if _usable(entry) and (key := _key(entry))}
    if not keys:
        raise ValueError("no usable key is published")
    return keys


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    if not url.startswith("https://"):
        raise ValueError("keys are fetched over https only")
    async with session.get(url, allow_redirects=False) as response:
        response.raise_for_status()
        if (response.content_length or 0) > LARGEST_METADATA:
            raise ValueError("the answer is too large")
        return await response.json(content_type=None)


def _usable(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("kty") == "RSA"
        and isinstance(entry.get("kid"), str)
        and entry.get("use", "sig") == "sig"
    )


def _key(entry: dict[str, Any]) -> Key | None:
    endorsed = entry.get("endorsements")
    channels = frozenset(str(e) for e in endorsed) if isinstance(endorsed, list) else frozenset()
    try:
        return Key(RSAAlgorithm.from_jwk(entry), channels)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


class Door:
    """Decides about each activity; remembers the last `tokens_kept` verified tokens until they
    expire. `clock` times the fetching of keys, see Keys."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        tokens_kept: int = TOKENS_KEPT,
    ) -> None:
        endpoints = settings.endpoints
        self.keys = Keys(endpoints.bot_openid_metadata_url, clock)
        self._issuer = endpoints.bot_token_issuer
        self._audience = settings.azure_client_id
        self._hosts = endpoints.connector_hosts
        self._simulated_at = settings.simulated_service_url
        self._tenants = settings.tenants
        self._kept: OrderedDict[bytes, Verified] = OrderedDict()
        self._tokens_kept = tokens_kept

    async def verify(self, header: str | None) -> Verified:
        """The claims of an `Authorization` header, whatever the activity says. Raises Denied."""
        token = _bearer(header)
        digest = sha256(token.encode()).digest()
        kept = self._kept.get(digest)
        if kept and kept.expires_at > time.time() and self.keys.known(kept.kid):
            return kept
        verified = await self._checked(token)
        self._kept[digest] = verified
        while len(self._kept) > self._tokens_kept:
            self._kept.popitem(last=False)
        return verified

    def admit(self, verified: Verified, envelope: Envelope) -> None:
        """Hold an activity against its token and our settings. Raises Denied(403)."""
        claimed, service_url = verified.claims.get("serviceurl"), envelope.service_url
        if envelope.channel_id != CHANNEL:
            raise Denied(403, "the activity is not from Teams")
        key = self.keys.known(verified.kid)
        if key is None or CHANNEL not in key.endorsements:
            raise Denied(403, "the key is not endorsed for Teams")
        if not isinstance(claimed, str) or not claimed or not service_url:
            raise Denied(403, "the service URL is missing")
        if claimed.rstrip("/") != service_url.rstrip("/"):
            raise Denied(403, "the token is for another service URL")
        if not may_receive_token(service_url, self._hosts, self._simulated_at):
            raise Denied(403, "the service URL is not this cloud's")
        if envelope.tenant_id not in self._tenants:
            raise Denied(403, "the tenant is not allowed")

    async def _checked(self, token: str) -> Verified:
        kid = _key_id(token)
        key = await self.keys.find(kid)
        if key is None:
            raise Denied(403, "the signing key is not known")
        try:
            claims = jwt.decode(
                token,
                key.public,
                algorithms=["RS256"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
            return Verified(claims, kid, float(claims["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise Denied(403, f"the token is not valid: {type(error).__name__}") from error


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise Denied(401, "there is no bearer token")
    if not token.isascii():
        raise Denied(401, "the token is not readable")
    return token.strip()


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Denied(401, "the token is not readable") from error
    if header.get("alg") != "RS256":
        raise Denied(403, "the token is not signed with RS256")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise Denied(403, "the token names no key")
    return kid

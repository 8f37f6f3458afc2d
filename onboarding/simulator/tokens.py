"""Access tokens: minting them for Entra and the Bot Framework, and judging those that come back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from onboarding.simulator.call import Refusal
from onboarding.simulator.company import Company
from onboarding.simulator.keys import Keyring

GRAPH_AUDIENCE = "https://graph.microsoft.com"
BOT_AUDIENCE = "https://api.botframework.com"
BOT_ISSUER = "https://api.botframework.com"
_CACHED = 2_000


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that proved genuine: whose it is, for whom, until when, with which app roles."""

    app_id: str
    audience: str
    expires: float
    roles: tuple[str, ...]


class Tokens:
    """Mints and checks; a checked token is remembered until it expires."""

    def __init__(self, company: Company, keys: Keyring) -> None:
        self._company = company
        self._keys = keys
        self._checked: dict[str, Bearer] = {}
        self._channel: dict[tuple[str, int], tuple[float, str]] = {}

    def mint(self, audience: str, roles: list[str], lifetime_s: int, issuer: str) -> str:
        """An app-only token as Entra gives it to a client with credentials."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
            "appid": self._company.bot_app_id,
            "appidacr": "1",
            "idtyp": "app",
            "tid": self._company.tenant_id,
            "oid": self._company.catalog_app_id,
            "ver": "1.0",
        }
        if roles:
            claims["roles"] = roles
        return self._keys.entra.sign(claims)

    def channel_token(self, service_url: str, lifetime_s: int = 3600) -> str:
        """The token on activities from `service_url`, reused for half of its life."""
        now = time.time()
        key = (service_url, id(self._keys.bot))
        kept = self._channel.get(key)
        if kept and kept[0] > now:
            return kept[1]
        token = self._keys.bot.sign(self.channel_claims(service_url, lifetime_s))
        self._channel[key] = (now + lifetime_s / 2, token)
        return token

    def channel_claims(self, service_url: str, lifetime_s: int = 3600) -> dict[str, Any]:
        now = int(time.time())
        return {
            "serviceurl": service_url,
            "nbf": now,
            "iat": now,
            "exp": now + lifetime_s,
            "iss": BOT_ISSUER,
            "aud": self._company.bot_app_id,
        }

    def forge(self, options: Mapping[str, Any], service_url: str) -> str:
        """A token as a test wants it, good or forged; raises ValueError."""
        now = time.time()
        claims = self.channel_claims(service_url)
        claims["exp"] = int(now + float(options.get("expires_in", 3600)))
        claims["nbf"] = int(now + float(options.get("not_before_in", 0)))
        claims.update(options.get("claims") or {})
        for name in options.get("drop") or []:
            claims.pop(name, None)
        key = self._keys.named(str(options.get("key", "bot")))
        header = {"kid": str(options.get("kid", key.kid))}
        algorithm = options.get("alg", "RS256")
        if algorithm == "RS256":
            return key.sign(claims, header["kid"])
        if algorithm == "HS256":
            secret = "a secret that nobody but this forger ever shared"
            return jwt.encode(claims, secret, algorithm="HS256", headers=header)
        if algorithm == "none":
            return jwt.encode(claims, "", algorithm="none", headers=header)
        raise ValueError("alg must be RS256, HS256 or none")

    def check(self, headers: Mapping[str, str], audience: str) -> Bearer:
        """The genuine bearer token of a request for `audience`; raises Refusal 401."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token is empty.")
        bearer = self._checked.get(token) or self._verify(token)
        if bearer.expires <= time.time():
            raise Refusal(
                401,
                "InvalidAuthenticationToken",
                "Lifetime validation failed, the token is expired.",
            )
        if bearer.audience.rstrip("/") != audience:
            raise Refusal(
                401,
                "InvalidAuthenticationToken",
                "Access token validation failure. Invalid audience.",
            )
        return bearer

    def _verify(self, token: str) -> Bearer:
        required = {"require": ["exp", "aud", "iss", "tid", "appid"], "verify_aud": False}
        try:
            claims = jwt.decode(
                token,
                self._keys.entra.private.public_key(),
                algorithms=["RS256"],
                options=required,  # type: ignore[arg-type]
            )
        except jwt.ExpiredSignatureError:
            raise Refusal(
                401,
                "InvalidAuthenticationToken",
                "Lifetime validation failed, the token is expired.",
            ) from None
        except jwt.InvalidTokenError as problem:
            raise Refusal(
                401, "InvalidAuthenticationToken", f"Access token validation failure. {problem}"
            ) from None
        if claims["tid"] != self._company.tenant_id or claims["appid"] != self._company.bot_app_id:
            raise Refusal(
                401, "InvalidAuthenticationToken", "The token is of another tenant or app."
            )
        bearer = Bearer(
            claims["appid"], claims["aud"], float(claims["exp"]), tuple(claims.get("roles", ()))
        )
        if len(self._checked) >= _CACHED:
            self._checked.clear()
        self._checked[token] = bearer
        return bearer

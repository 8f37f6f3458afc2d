"""The keys that sign Entra's and the Bot Framework's tokens, and the sets that publish them."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ENDORSEMENTS = ["msteams", "webchat", "emulator", "directline", "skype"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key and the id under which it is published."""

    kid: str
    private: rsa.RSAPrivateKey

    def sign(self, claims: dict[str, Any], kid: str | None = None) -> str:
        header = {"kid": kid or self.kid, "x5t": kid or self.kid}
        return jwt.encode(claims, self.private, algorithm="RS256", headers=header)

    def published(self) -> dict[str, Any]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": _base64url(numbers.n),
            "e": _base64url(numbers.e),
        }


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _fresh_key() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    modulus = private.public_key().public_numbers().n
    digest = hashlib.sha256(str(modulus).encode()).digest()[:20]
    return SigningKey(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), private)


class Keyring:
    """Every key of this simulated cloud; the ones only a forger needs are made when asked for."""

    def __init__(self) -> None:
        self.entra = _fresh_key()
        self.bot = _fresh_key()
        self.unendorsed = _fresh_key()

    @cached_property
    def unknown(self) -> SigningKey:
        return _fresh_key()

    @cached_property
    def wrong(self) -> SigningKey:
        return SigningKey(self.bot.kid, _fresh_key().private)

    def named(self, name: str) -> SigningKey:
        """bot, entra, unendorsed, unknown (unpublished) or wrong (the bot's id on another key)."""
        keys = {"bot", "entra", "unendorsed", "unknown", "wrong"}
        if name not in keys:
            raise ValueError(f"key must be one of {', '.join(sorted(keys))}")
        key: SigningKey = getattr(self, name)
        return key

    def rotate_bot(self) -> None:
        """Publish a new Bot Framework key in place of the old one."""
        self.bot = _fresh_key()
        self.__dict__.pop("wrong", None)

    def entra_set(self) -> dict[str, Any]:
        return {"keys": [self.entra.published()]}

    def bot_set(self) -> dict[str, Any]:
        """Two keys: one endorsed for Teams, one without any endorsement."""
        endorsed = {**self.bot.published(), "endorsements": ENDORSEMENTS}
        return {"keys": [self.unendorsed.published(), endorsed]}

"""One request as the simulated services see it, and what they say to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """A service says no: status, its own code and message; `body` replaces the usual envelope."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Json | None = None,
        unexpected: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.body = body
        self.unexpected = unexpected


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, JSON body (None: no body at all) and headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    unexpected: bool = False


@dataclass(slots=True)
class Call:
    """Method, decoded path segments, query and body of one request to one of the services."""

    api: str
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    roles: tuple[str, ...] = ()

    def json(self) -> Json:
        """The body as a JSON object; raises Refusal 400."""
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError as problem:
            raise Refusal(
                400, "BadRequest", f"Unable to read JSON request payload. {problem}"
            ) from None
        if not isinstance(parsed, dict):
            raise Refusal(400, "BadRequest", "The request body must be a JSON object.")
        return parsed

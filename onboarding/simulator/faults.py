"""Trouble on request: rules that make chosen calls fail, hang, or vanish."""

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

from onboarding.simulator.call import Call

APIS = ("graph", "connector", "entra", "openid", "any")
_HTML = (
    "<!DOCTYPE html><html><head><title>Error</title></head>"
    "<body><h2>Our services aren't available right now</h2></body></html>"
)
_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "MessageSizeTooBig",
    429: "TooManyRequests",
    500: "ServiceError",
    502: "ServiceError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


@dataclass(slots=True)
class Fault:
    """Which calls a fault hits, how often, and what it does to them."""

    id: str
    api: str = "any"
    method: str | None = None
    path: str | None = None
    person: str | None = None
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    status: int | None = None
    code: str | None = None
    message: str | None = None
    retry_after: Any = None
    body: Any = None
    delay_s: float = 0.0
    drop: str | None = None
    seen: int = 0
    fired: int = 0
    pattern: re.Pattern[str] | None = field(default=None, repr=False)

    def matches(self, call: Call, path: str, person: str | None) -> bool:
        return (
            self.api in ("any", call.api)
            and self.method in (None, call.method)
            and (self.pattern is None or self.pattern.search(path) is not None)
            and self.person in (None, person)
        )

    def as_json(self) -> dict[str, Any]:
        names = [name for name in Fault.__dataclass_fields__ if name != "pattern"]
        return {name: getattr(self, name) for name in names}

    def payload(self) -> tuple[Any, str]:
        """Body and media type: the usual JSON envelope unless told otherwise."""
        if self.body == "html":
            return _HTML, "text/html"
        if self.body == "empty":
            return "", "application/octet-stream"
        if isinstance(self.body, str):
            return self.body, "text/plain"
        if self.body is not None:
            return self.body, "application/json"
        code = self.code or _CODES.get(self.status or 500, "ServiceError")
        message = self.message or f"The simulator was asked to answer {self.status}."
        if code == "MessageWritesBlocked":
            inner = json.dumps({"subCode": code, "details": message})
            return {"errorCode": 209, "message": inner}, "application/json"
        return {"error": {"code": code, "message": message}}, "application/json"


class Faults:
    """The rules in force, in the order they were made; the first that fires decides."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._made = 0
        self.rules: dict[str, Fault] = {}

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Put a rule in force; raises ValueError that names what is wrong with it."""
        allowed = set(Fault.__dataclass_fields__) - {"id", "seen", "fired", "pattern"}
        if unknown := set(wanted) - allowed:
            raise ValueError(
                f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(allowed))}"
            )
        fault = Fault(f"fault-{self._made + 1}", **wanted)
        if fault.api not in APIS:
            raise ValueError(f"api must be one of {', '.join(APIS)}")
        if fault.drop not in (None, "before", "after"):
            raise ValueError('drop must be "before", "after" or null')
        if fault.status is None and fault.drop is None and not fault.delay_s:
            raise ValueError("a fault needs a status, a drop or a delay_s")
        fault.pattern = re.compile(fault.path) if fault.path else None
        fault.method = fault.method.upper() if fault.method else None
        self._made += 1
        self.rules[fault.id] = fault
        return fault

    @property
    def need_person(self) -> bool:
        return any(rule.person for rule in self.rules.values())

    def strike(self, call: Call, path: str, person: str | None) -> Fault | None:
        """The fault that hits this call, if any, counted."""
        for fault in list(self.rules.values()):
            if not fault.matches(call, path, person) or self._spent(fault):
                continue
            fault.seen += 1
            if fault.seen > fault.skip and self._rng.random() < fault.probability:
                fault.fired += 1
                return fault
        return None

    def _spent(self, fault: Fault) -> bool:
        return fault.times is not None and fault.fired >= fault.times

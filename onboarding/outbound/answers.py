"""What a service's answer means: the one place where a status becomes Retry, Refused or Unsure."""

import json
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from onboarding.errors import OnboardingError, Refused, Retry, Unsure
from onboarding.outbound.codes import ChatAfter, Code, chat_after
from onboarding.outbound.refusals import CONNECTOR_RULES, GRAPH_RULES, Rule

__all__ = [
    "ChatAfter",
    "Code",
    "answer_lost",
    "chat_after",
    "connector_error",
    "graph_error",
    "retry_after",
    "said_by_service",
    "unreachable",
]

LONGEST_WAIT = 3600.0

_COME_BACK = {
    412: (Code.BUSY, "Somebody else was changing the same conversation."),
    423: (Code.BUSY, "The resource is locked for a moment."),
    429: (Code.THROTTLED, "The service asks us to slow down."),
    502: (Code.UNAVAILABLE, "The service is not available for the moment."),
    503: (Code.UNAVAILABLE, "The service is not available for the moment."),
}
_LOST = (Code.ANSWER_LOST, "The service's answer was lost; it may or may not have acted.")


def connector_error(
    status: int, headers: Mapping[str, str], body: bytes, *, once: bool = True
) -> OnboardingError:
    """The error for a Bot Connector answer other than 2xx.

    `once` says that the call must not be repeated when it may have been carried out (sending a
    message): a lost answer is Unsure then, and Retry otherwise.
    """
    return _error(CONNECTOR_RULES, status, headers, body, once)


def graph_error(status: int, headers: Mapping[str, str], body: bytes) -> OnboardingError:
    """The error for a Graph answer other than 2xx; each of our Graph calls may be repeated."""
    return _error(GRAPH_RULES, status, headers, body, once=False)


def answer_lost(once: bool) -> OnboardingError:
    """The request was written, then the connection ended or the time was over."""
    return Unsure(*_LOST) if once else Retry(*_LOST)


def unreachable(why: str) -> Retry:
    """Nothing was written: no connection, no name, or no trust in the certificate."""
    return Retry(Code.UNREACHABLE, f"The service cannot be reached: {why}")


def _error(
    rules: tuple[Rule, ...], status: int, headers: Mapping[str, str], body: bytes, once: bool
) -> OnboardingError:
    if status in _COME_BACK:
        return Retry(*_COME_BACK[status], after=retry_after(headers))
    if status in (408, 504):
        return answer_lost(once)
    if status >= 500 and not once:
        return Retry(Code.UNAVAILABLE, _COME_BACK[503][1], after=retry_after(headers))
    rule = _rule(rules, 500 if status >= 500 else status, " ".join(_words(body)).lower())
    if rule is None:
        return _unexpected(status)
    return Refused(rule.code, _reason(rule, body), rule.remedy, status)


def _rule(rules: tuple[Rule, ...], status: int, words: str) -> Rule | None:
    for rule in rules:
        if rule.status == status and (not rule.words or any(w in words for w in rule.words)):
            return rule
    return None


def _unexpected(status: int) -> Refused:
    return Refused(
        Code.UNEXPECTED_ANSWER,
        f"The service gave an answer ({status}) that Microsoft does not document.",
        "Try it again by hand; if it stays, check for a proxy between this server and Microsoft.",
        status,
    )


def _reason(rule: Rule, body: bytes) -> str:
    said = said_by_service(body) if rule.code in (Code.BAD_PAYLOAD, Code.FORBIDDEN) else ""
    return f"{rule.reason} It said: {said}" if said else rule.reason


def said_by_service(body: bytes) -> str:
    """The service's own sentence on one line of at most 200 characters; "" when there is none."""
    found = [text for key, text in _strings(_json(body)) if key in ("message", "details")]
    return " ".join(found[0].split())[:200] if found else ""


def _words(body: bytes) -> Iterator[str]:
    content = _json(body)
    if content is None:
        yield body[:4000].decode("utf-8", "replace")
    for _, text in _strings(content):
        yield text
    if isinstance(content, dict) and content.get("errorCode") == 209:
        yield "MessageWritesBlocked"


def _strings(content: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every string in an error body with its key; JSON inside a string is opened too."""
    if depth > 6:
        return
    if isinstance(content, str):
        inner = _json(content.encode("utf-8", "replace")) if content[:1] == "{" else None
        yield key, content
        yield from _strings(inner, key, depth + 1)
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _strings(value, str(name), depth + 1)
    elif isinstance(content, list):
        for value in content[:20]:
            yield from _strings(value, key, depth + 1)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body[:65_536])
    except (ValueError, RecursionError):
        return None


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that Retry-After asks to wait (a number or an HTTP date), None when it does not.

    Between 0 and an hour. `now` is Unix time; without it the answer's own Date counts, so that a
    wrong clock here does no harm.
    """
    said = headers.get("Retry-After") or headers.get("retry-after")
    if not said:
        return None
    try:
        return _within(float(said))
    except ValueError:
        until = _unix(said)
    since = now if now is not None else _unix(headers.get("Date", "")) or time.time()
    return None if until is None else _within(until - since)


def _within(seconds: float) -> float | None:
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else None


def _unix(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None

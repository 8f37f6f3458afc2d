"""What a service's answer means: matched against the error table, a status becomes Retry, Refused
or Unsure here and nowhere else."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from onboarding.errors import OnboardingError, Refused, Retry, Unsure
from onboarding.outbound.codes import Code
from onboarding.outbound.error_table import (
    ANSWER_LOST,
    CONNECTOR,
    GRAPH,
    UNREACHABLE,
    Becomes,
    Row,
)

__all__ = [
    "Code",
    "answer_lost",
    "connector_error",
    "graph_error",
    "matching",
    "refusal",
    "retry_after",
    "said_by_service",
    "unreachable",
]

LONGEST_WAIT = 3600.0


def connector_error(
    status: int, headers: Mapping[str, str], body: bytes, *, once: bool = True
) -> OnboardingError:
    """The error for a Bot Connector answer other than 2xx.

    `once` says that the call must not be repeated when it may have been carried out (sending a
    message): a lost answer is Unsure then, and Retry otherwise.
    """
    return _error(CONNECTOR, status, headers, body, once)


def graph_error(status: int, headers: Mapping[str, str], body: bytes) -> OnboardingError:
    """The error for a Graph answer other than 2xx; each of our Graph calls may be repeated."""
    return _error(GRAPH, status, headers, body, once=False)


def answer_lost(once: bool) -> OnboardingError:
    """The request was written, then the connection ended or the time was over."""
    kind = Unsure if once else Retry
    return kind(ANSWER_LOST.code, ANSWER_LOST.reason)


def unreachable(why: str) -> Retry:
    """Nothing was written: no connection, no name, or no trust in the certificate."""
    return Retry(UNREACHABLE.code, f"{UNREACHABLE.reason.rstrip('.')}: {why}")


def refusal(row: Row, status: int | None = None) -> Refused:
    """What a row of the table says, as the error that carries it to whoever called."""
    return Refused(row.code, row.reason, row.remedy, status, chat=row.chat, leaves=row.leaves)


def matching(table: Sequence[Row], status: int, body: bytes) -> Row:
    """The row of a table that an answer other than 2xx is; the last one fits every status."""
    said = " ".join(_words(body)).lower()
    return next(row for row in table if row.fits(status, said))


def _error(
    table: Sequence[Row], status: int, headers: Mapping[str, str], body: bytes, once: bool
) -> OnboardingError:
    row = matching(table, status, body)
    if row.becomes is Becomes.LOST:
        return answer_lost(once)
    if row.becomes is Becomes.REFUSED or (row.becomes is Becomes.BROKEN and once):
        return refusal(_with_their_words(row, status, body), status)
    slows_lane = row.becomes is Becomes.SLOWER
    return Retry(row.code, row.reason, retry_after(headers), slows_lane=slows_lane)


def _with_their_words(row: Row, status: int, body: bytes) -> Row:
    if row.code is Code.UNEXPECTED_ANSWER:
        return replace(row, reason=f"{row.reason} Its status was {status}.")
    said = said_by_service(body) if row.quotes else ""
    return replace(row, reason=f"{row.reason} It said: {said}") if said else row


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

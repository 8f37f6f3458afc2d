"""The part of OData that Graph's directory understands: filters, selected properties, pages."""

import base64
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from onboarding.simulator.call import Json, Refusal


def bad(message: str, *, unexpected: bool = True) -> Refusal:
    return Refusal(400, "BadRequest", message, unexpected=unexpected)


def allow(query: Mapping[str, str], *options: str) -> None:
    """Refuse every query option that the operation does not have."""
    for name in query:
        if name not in options:
            raise bad(f"Unrecognized query argument specified: '{name}'.")


def selected(query: Mapping[str, str], known: Iterable[str], default: tuple[str, ...]) -> list[str]:
    """The properties to answer with; `id` is always among them."""
    text = query.get("$select")
    if text is None:
        return list(default)
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in set(known):
            raise bad(f"Could not find a property named '{name}' on type 'microsoft.graph.user'.")
    return list(dict.fromkeys(["id", *names]))


def page_size(query: Mapping[str, str], default: int) -> int:
    text = query.get("$top")
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= 999:
        raise bad(
            f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.",
            unexpected=False,
        )
    return int(text)


def skip_token(place: int, empty: bool = False) -> str:
    raw = json.dumps({"p": place, "e": empty, "v": "contoso"}).encode()
    return "RFNwdAIAAQAAAB" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_skip_token(text: str | None) -> tuple[int, bool]:
    """Where a page starts, and whether its empty forerunner was given already."""
    if text is None:
        return 0, False
    try:
        raw = text.removeprefix("RFNwdAIAAQAAAB")
        token = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        return int(token["p"]), bool(token["e"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, "Directory_ExpiredPageToken", "The page token is not valid.") from None


def next_link(base: str, query: Mapping[str, str], token: str) -> str:
    kept = {name: value for name, value in query.items() if name != "$skiptoken"}
    kept["$skiptoken"] = token
    return base + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in kept.items())


def pick(item: Json, names: Iterable[str]) -> Json:
    return {name: item[name] for name in names}

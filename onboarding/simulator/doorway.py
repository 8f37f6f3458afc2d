"""The control interface's door: only loopback comes in, and problems leave as JSON."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from onboarding.simulator.call import Json, Refusal
from onboarding.simulator.tenant import Tenant

TENANT = web.AppKey("tenant", Tenant)
_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?", re.IGNORECASE)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def to_json(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


def _error(status: int, code: str, message: str) -> web.Response:
    return to_json({"error": {"code": code, "message": message}}, status)


def _foreign(request: web.Request) -> bool:
    """Does this come from another site's page, or through a name that is not loopback?"""
    if not _LOOPBACK.fullmatch(request.headers.get("Host", "")):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("Host")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign pages; turn refusals and bad values into JSON errors."""
    if _foreign(request):
        return _error(403, "ForeignOrigin", "Only pages of this machine's loopback may ask.")
    try:
        return await handler(request)
    except Refusal as refusal:
        return _error(refusal.status, refusal.code, refusal.message)
    except (ValueError, TypeError) as problem:
        return _error(400, "BadInput", str(problem))


async def read_body(request: web.Request) -> Json:
    raw = await request.read()
    parsed = json.loads(raw) if raw else {}
    if not isinstance(parsed, dict):
        raise ValueError("the body must be a JSON object")
    return parsed


def number(request: web.Request, name: str, default: int) -> int:
    return int(request.query.get(name, default))


def check_endpoint(url: Any) -> str | None:
    """An http(s) address on loopback, or None; raises ValueError."""
    if url is None:
        return None
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not _LOOPBACK.fullmatch(parts.netloc):
        raise ValueError("the endpoint must be an http or https address on loopback")
    return str(url)

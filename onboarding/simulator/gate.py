"""Every request to Microsoft's services passes here: faults, limits, latency, the log."""

import asyncio
import json
import time
from urllib.parse import unquote

from aiohttp import web

from onboarding.simulator import connector, entra, graph
from onboarding.simulator.call import Answer, Call, Refusal
from onboarding.simulator.doorway import TENANT
from onboarding.simulator.faults import Fault
from onboarding.simulator.limits import retry_after
from onboarding.simulator.tenant import Tenant


def read_path(raw_path: str) -> tuple[str, tuple[str, ...]]:
    """Which service a path belongs to, and the path as that service sees it, decoded."""
    parts = tuple(unquote(part) for part in raw_path.split("/") if part)
    if parts[:1] == ("v1.0",):
        return "graph", parts[1:]
    if parts[:2] == ("v1", ".well-known"):
        return "openid", parts
    if "v3" in parts[:3]:
        return "connector", parts[parts.index("v3") :]
    if len(parts) > 1 and parts[1] in ("oauth2", "v2.0", "discovery"):
        return "entra", parts
    return "none", parts


async def serve(request: web.Request) -> web.StreamResponse:
    """Answer one request of the bot."""
    tenant, arrived = request.app[TENANT], time.monotonic()
    api, path = read_path(request.rel_url.raw_path)
    body = await request.read()
    call = Call(api, request.method, path, request.query, request.headers, body)
    tenant.journal.arrived(api, arrived)
    fault = tenant.faults.strike(call, request.path, _person(tenant, call))
    answer = await _answer(tenant, call, fault)
    await _tarry(tenant)
    dropped = fault is not None and fault.drop is not None
    tenant.journal.answered(
        arrived,
        api,
        request.method,
        request.path,
        request.query_string,
        0 if dropped else answer.status,
        call.roles,
        fault.id if fault else None,
        answer.unexpected,
    )
    if dropped and request.transport is not None:
        request.transport.abort()
    return _response(answer)


def _person(tenant: Tenant, call: Call) -> str | None:
    """Whom the request is about; looked up only when some fault asks."""
    if not tenant.faults.need_person:
        return None
    if call.api == "connector":
        return connector.person_of(tenant, call)
    if call.api == "graph" and call.path[:1] == ("users",) and len(call.path) > 1:
        person = tenant.company.find(call.path[1])
        return person.id if person else None
    return None


async def _answer(tenant: Tenant, call: Call, fault: Fault | None) -> Answer:
    if fault is not None and fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault is not None and fault.drop == "before":
        return Answer(0)
    if fault is not None and fault.status is not None and fault.drop is None:
        return _faulty(fault)
    try:
        _keep_limits(tenant, call)
        return _dispatch(tenant, call)
    except Refusal as refusal:
        return _refused(call, refusal)


def _faulty(fault: Fault) -> Answer:
    body, media = fault.payload()
    headers = {"Content-Type": media}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Answer(fault.status or 500, body, headers)


def _dispatch(tenant: Tenant, call: Call) -> Answer:
    if call.api == "graph":
        return graph.handle(tenant, call)
    if call.api == "connector":
        return connector.handle(tenant, call)
    if call.api == "entra":
        return entra.handle(tenant, call)
    if call.api == "openid":
        return entra.handle_openid(tenant, call)
    raise Refusal(404, "NotFound", "No service answers here.", unexpected=True)


def _keep_limits(tenant: Tenant, call: Call) -> None:
    """Refuse with 429 what exceeds a published limit, when limits are enforced."""
    if not tenant.settings.enforce_limits or call.api not in ("graph", "connector"):
        return
    charges = graph.charges(call) if call.api == "graph" else connector.charges(call)
    wait = tenant.limits.spend(charges, time.monotonic())
    if wait > 0:
        headers = {"Retry-After": retry_after(wait)} if tenant.settings.retry_after else {}
        code = "TooManyRequests" if call.api == "graph" else "Throttled"
        raise Refusal(429, code, "Too many requests.", headers=headers)


def _refused(call: Call, refusal: Refusal) -> Answer:
    body = refusal.body
    if body is None and call.api == "graph":
        body = graph.envelope(call, refusal.code, refusal.message)
    if body is None:
        body = connector.envelope(refusal.code, refusal.message)
    return Answer(refusal.status, body, refusal.headers, refusal.unexpected)


async def _tarry(tenant: Tenant) -> None:
    low, high = tenant.settings.latency_ms
    if high > 0:
        await asyncio.sleep(tenant.world.rng.uniform(low, high) / 1000)


def _response(answer: Answer) -> web.Response:
    status = answer.status or 500
    if answer.body is None:
        return web.Response(status=status, headers=answer.headers)
    if isinstance(answer.body, str):
        return web.Response(status=status, body=answer.body.encode(), headers=answer.headers)
    raw = json.dumps(answer.body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
    return web.Response(status=status, body=raw, headers=headers)

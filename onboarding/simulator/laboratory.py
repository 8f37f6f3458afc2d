"""The control interface's tools for tests: faults, logs, forged tokens, raw pushes, a reset."""

from aiohttp import web

from onboarding.simulator.call import Json, Refusal
from onboarding.simulator.doorway import TENANT, number, read_body, to_json
from onboarding.simulator.tenant import Tenant


async def post_fault(request: web.Request) -> web.Response:
    tenant, body = request.app[TENANT], await read_body(request)
    if person := body.get("person"):
        found = tenant.company.find(str(person))
        body["person"] = found.id if found else person
    return to_json(tenant.faults.add(body).as_json(), 201)


async def get_faults(request: web.Request) -> web.Response:
    return to_json(
        {"items": [rule.as_json() for rule in request.app[TENANT].faults.rules.values()]}
    )


async def get_fault(request: web.Request) -> web.Response:
    rule = request.app[TENANT].faults.rules.get(request.match_info["fault"])
    if rule is None:
        raise Refusal(404, "NotFound", "no such fault is in force")
    return to_json(rule.as_json())


async def delete_faults(request: web.Request) -> web.Response:
    rules = request.app[TENANT].faults.rules
    fault_id = request.match_info.get("fault")
    if fault_id is None:
        rules.clear()
    elif rules.pop(fault_id, None) is None:
        raise Refusal(404, "NotFound", "no such fault is in force")
    return to_json({"left": len(rules)})


async def get_requests(request: web.Request) -> web.Response:
    journal = request.app[TENANT].journal
    unexpected = request.query.get("unexpected")
    items = journal.requests(
        number(request, "since", 0),
        request.query.get("api"),
        number(request, "limit", 1_000),
        None if unexpected is None else unexpected == "1",
    )
    return to_json(
        {
            "items": items,
            "total": journal.requests_total,
            "unexpected": journal.unexpected_total,
            "statuses": journal.statuses,
            "violations": list(journal.violations),
        }
    )


async def get_rate(request: web.Request) -> web.Response:
    journal = request.app[TENANT].journal
    return to_json(journal.rate(request.query.get("api", "connector"), number(request, "since", 0)))


async def get_events(request: web.Request) -> web.Response:
    journal = request.app[TENANT].journal
    items = journal.events(number(request, "since", 0), number(request, "limit", 1_000))
    return to_json({"items": items, "total": journal.events_total})


async def post_push(request: web.Request) -> web.Response:
    """Push any activity, signed as wanted."""
    tenant, body = request.app[TENANT], await read_body(request)
    activity = body.get("activity")
    if not isinstance(activity, dict):
        raise ValueError("activity must be a JSON object")
    token = _token(tenant, body.get("token") or {}, str(activity.get("serviceUrl", "")))
    return to_json(await tenant.pusher.push(activity, token))


def _token(tenant: Tenant, options: Json, service_url: str) -> str:
    return tenant.tokens.forge(options, service_url or tenant.stage.service_url(None))


async def post_token(request: web.Request) -> web.Response:
    """A token as the Bot Framework would sign it, or as no honest party would."""
    tenant, body = request.app[TENANT], await read_body(request)
    return to_json({"token": _token(tenant, body, str(body.get("service_url", "")))})


async def post_release(request: web.Request) -> web.Response:
    """Push the install events that were withheld."""
    pusher = request.app[TENANT].pusher
    waiting, pusher.withheld = pusher.withheld, []
    for told in waiting:
        pusher.later(told)
    return to_json({"released": len(waiting)})


async def post_rotate(request: web.Request) -> web.Response:
    """Replace the Bot Framework's signing key."""
    keys = request.app[TENANT].keys
    keys.rotate_bot()
    return to_json({"kid": keys.bot.kid})


async def post_reset(request: web.Request) -> web.Response:
    """Forget what happened; with `company` also what was changed about people, teams and groups."""
    request.app[TENANT].reset(company=bool((await read_body(request)).get("company")))
    return to_json({})

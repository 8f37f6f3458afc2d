"""How tests and the Teams window look into the simulator and turn its switches."""

import contextlib
import datetime as dt
import json
from typing import Any

from aiohttp import web

from onboarding.simulator import activities, laboratory, settings, views
from onboarding.simulator.acts import act
from onboarding.simulator.call import Json, Refusal
from onboarding.simulator.company import Person
from onboarding.simulator.doorway import TENANT, check_endpoint, guard, number, read_body, to_json
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.world import show_message


def _person(request: web.Request) -> Person:
    tenant, key = request.app[TENANT], request.match_info["person"]
    person = tenant.company.find(key)
    if person is None and key in tenant.company.by_id:
        person = tenant.company.person(key)
    if person is None:
        raise Refusal(404, "NotFound", "nobody has this object id, UPN or 29: id")
    return person


async def get_state(request: web.Request) -> web.Response:
    return to_json(views.state(request.app[TENANT]))


async def put_bot(request: web.Request) -> web.Response:
    """Where the bot listens (loopback only), and perhaps where HR's console is."""
    tenant, body = request.app[TENANT], await read_body(request)
    tenant.pusher.endpoint = check_endpoint(body.get("endpoint"))
    tenant.console_url = check_endpoint(body.get("console", tenant.console_url))
    return to_json({"endpoint": tenant.pusher.endpoint, "console": tenant.console_url})


async def put_settings(request: web.Request) -> web.Response:
    tenant, body = request.app[TENANT], await read_body(request)
    if "limits" in body:
        tenant.limits.configure(body["limits"])
    settings.change(tenant.settings, body)
    return to_json(tenant.settings.as_json())


async def get_people(request: web.Request) -> web.Response:
    return to_json(views.people(request.app[TENANT], request.query))


async def get_person(request: web.Request) -> web.Response:
    return to_json(views.show_person(request.app[TENANT], _person(request)))


_TEXTS = {
    "upn",
    "mail",
    "display_name",
    "given_name",
    "surname",
    "department",
    "job_title",
    "office",
    "country",
    "usage_location",
    "locale",
    "time_zone",
    "employee_id",
}
_CHOICES = {
    "user_type": ("Member", "Guest"),
    "policy": ("allowed", "blocked"),
    "bot": ("open", "blocked", "muted", "disabled_by_admin"),
}


def _attribute(name: str, value: Any) -> tuple[str, Any]:
    """One attribute as a Person keeps it; raises ValueError."""
    if name in _TEXTS and isinstance(value, str):
        return name, value
    if name in _CHOICES and value in _CHOICES[name]:
        return name, value
    if name in ("account_enabled", "licensed", "left") and isinstance(value, bool):
        return name, value
    if name in ("start_date", "hire_date"):
        return "hire_date", dt.date.fromisoformat(value) if value else None
    if name in ("manager_id", "planted") and (value is None or isinstance(value, str)):
        return name, value
    raise ValueError(f"{name} cannot be set to {value!r}")


async def patch_person(request: web.Request) -> web.Response:
    """Change attributes; `delete` makes the person leave the company, which teams' bots hear of."""
    tenant, body, person = request.app[TENANT], await read_body(request), _person(request)
    leaves = body.pop("delete", False)
    changes = dict(_attribute(name, value) for name, value in body.items())
    if leaves:
        changes["left"] = True
    told = _farewells(tenant, person) if changes.get("left") else []
    changed = tenant.company.change(person, **changes)
    if changed.left:
        tenant.world.installs.pop(person.id, None)
    tenant.feed.publish("person", person=person.id)
    await tenant.pusher.deliver(told)
    return to_json(views.show_person(tenant, changed))


def _farewells(tenant: Tenant, person: Person) -> list[Json]:
    return [
        activities.people_in_team(tenant.stage, person, team, [person], added=False)
        for team in tenant.company.teams.values()
        if team.app_channel and person.id in team.group.members
    ]


async def post_act(request: web.Request) -> web.Response:
    return to_json(await act(request.app[TENANT], await read_body(request)))


async def get_chat(request: web.Request) -> web.Response:
    """The personal chat as the person sees it; looking marks it as read unless `peek=1`."""
    tenant, person = request.app[TENANT], _person(request)
    chat = tenant.world.chat_of(person)
    if chat is not None and request.query.get("peek") != "1":
        chat.read = len(chat.messages)
    return to_json(views.chat(tenant, person))


async def get_channel(request: web.Request) -> web.Response:
    """The threads of a channel or group chat, as the person `viewer` sees them."""
    tenant = request.app[TENANT]
    conversation = tenant.world.place(request.match_info["channel"]).conversation
    return to_json(views.threads(conversation, request.query.get("viewer")))


async def get_messages(request: web.Request) -> web.Response:
    tenant = request.app[TENANT]
    since, limit = number(request, "since", 0), number(request, "limit", 1_000)
    shown = [show_message(message) for message in tenant.world.latest_of_bot(since, limit)]
    return to_json({"items": shown, "total": len(tenant.world.sent)})


async def get_received(request: web.Request) -> web.Response:
    return to_json(views.received(request.app[TENANT]))


async def get_stream(request: web.Request) -> web.StreamResponse:
    """Server-sent events after Last-Event-ID or `since`; without them only what is new."""
    feed = request.app[TENANT].feed
    last = request.headers.get("Last-Event-ID") or request.query.get("since")
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    watch = contextlib.aclosing(feed.watch(int(last) if last else feed.seq))
    with contextlib.suppress(ConnectionError):
        async with watch as latest:
            await response.write(b"retry: 1000\n\n")
            async for news in latest:
                lines = [f"id: {one['seq']}\ndata: {json.dumps(one)}\n\n" for one in news]
                await response.write("".join(lines or [": quiet\n\n"]).encode())
    return response


def make_control(tenant: Tenant) -> web.Application:
    """The application to mount under /control."""
    app = web.Application(middlewares=[guard], client_max_size=8_000_000)
    app[TENANT] = tenant
    app.add_routes(
        [
            web.get("/state", get_state),
            web.put("/bot", put_bot),
            web.put("/settings", put_settings),
            web.get("/people", get_people),
            web.get("/people/{person}", get_person),
            web.patch("/people/{person}", patch_person),
            web.post("/act", post_act),
            web.get("/chats/{person}", get_chat),
            web.get("/channels/{channel}", get_channel),
            web.get("/messages", get_messages),
            web.get("/received", get_received),
            web.get("/stream", get_stream),
            web.post("/faults", laboratory.post_fault),
            web.get("/faults", laboratory.get_faults),
            web.get("/faults/{fault}", laboratory.get_fault),
            web.delete("/faults", laboratory.delete_faults),
            web.delete("/faults/{fault}", laboratory.delete_faults),
            web.get("/requests", laboratory.get_requests),
            web.get("/requests/rate", laboratory.get_rate),
            web.get("/events", laboratory.get_events),
            web.post("/push", laboratory.post_push),
            web.post("/release", laboratory.post_release),
            web.post("/token", laboratory.post_token),
            web.post("/keys/rotate", laboratory.post_rotate),
            web.post("/reset", laboratory.post_reset),
        ]
    )
    return app

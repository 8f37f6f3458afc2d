"""Microsoft Graph v1.0 as far as a welcome bot needs it: routing, permissions, error envelope."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from onboarding.simulator import groups, installs, users
from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.limits import Charge
from onboarding.simulator.permissions import NEEDED
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.tokens import GRAPH_AUDIENCE

Handler = Callable[[Tenant, Call], Answer]

HANDLERS: dict[str, Handler] = {
    "GET /users": users.list_users,
    "GET /users/{id}": users.get_user,
    "GET /users/{id}/manager": users.get_manager,
    "GET /users/{id}/licenseDetails": users.license_details,
    "GET /groups": groups.list_groups,
    "GET /groups/{id}": groups.get_group,
    "GET /groups/{id}/members": groups.list_members,
    "GET /groups/{id}/members/microsoft.graph.user": groups.list_members,
    "GET /groups/{id}/transitiveMembers": groups.list_members,
    "GET /groups/{id}/transitiveMembers/microsoft.graph.user": groups.list_members,
    "GET /teams/{id}": groups.get_team,
    "GET /teams/{id}/members": groups.team_members,
    "GET /appCatalogs/teamsApps": installs.catalog,
    "GET /users/{id}/teamwork/installedApps": installs.list_for_user,
    "GET /users/{id}/teamwork/installedApps/{id}": installs.get_for_user,
    "GET /users/{id}/teamwork/installedApps/{id}/chat": installs.get_chat,
    "POST /users/{id}/teamwork/installedApps": installs.install_for_user,
    "DELETE /users/{id}/teamwork/installedApps/{id}": installs.uninstall_for_user,
    "GET /teams/{id}/installedApps": installs.list_for_team,
    "POST /teams/{id}/installedApps": installs.install_for_team,
    "DELETE /teams/{id}/installedApps/{id}": installs.uninstall_for_team,
}
_LIMIT_OF = {
    "GET /appCatalogs/teamsApps": "catalog",
    "POST /users/{id}/teamwork/installedApps": "install",
    "POST /teams/{id}/installedApps": "install",
    "DELETE /users/{id}/teamwork/installedApps/{id}": "uninstall",
    "DELETE /teams/{id}/installedApps/{id}": "uninstall",
    "GET /users/{id}/teamwork/installedApps": "installed",
    "GET /teams/{id}/installedApps": "installed",
    "GET /teams/{id}/members": "team_members",
}
_PATHS = {pattern.partition(" ")[2] for pattern in HANDLERS}


def template(path: tuple[str, ...]) -> str:
    """The path below /v1.0 with its ids left out: every second segment of a known collection."""
    shown = [
        "{id}" if place in (1, 4) and len(path) > 1 and path[0] != "appCatalogs" else part
        for place, part in enumerate(path)
    ]
    if len(path) >= 4 and path[0] == "teams":
        shown[3] = "{id}"
    return "/" + "/".join(shown)


def handle(tenant: Tenant, call: Call) -> Answer:
    """Answer a request whose path lies below /v1.0; raises Refusal."""
    bearer = tenant.tokens.check(call.headers, GRAPH_AUDIENCE)
    call.roles = bearer.roles
    path = template(call.path)
    handler = HANDLERS.get(f"{call.method} {path}")
    if handler is None:
        raise _unknown(call, path)
    needed = NEEDED[f"{call.method} {path}"]
    if needed.isdisjoint(bearer.roles):
        raise _denied(path, needed, bearer.roles)
    return handler(tenant, call)


def _unknown(call: Call, path: str) -> Refusal:
    if path in _PATHS:
        text = "The requested method is not allowed here."
        return Refusal(405, "Request_BadRequest", text, unexpected=True)
    if call.path and call.path[0] in ("users", "groups", "teams", "appCatalogs"):
        text = f"Resource not found for the segment '{call.path[-1]}'."
        return Refusal(400, "BadRequest", text, unexpected=True)
    text = f"Invalid version or resource: {'/'.join(call.path)}"
    return Refusal(404, "BadRequest", text, unexpected=True)


def _denied(path: str, needed: frozenset[str], roles: tuple[str, ...]) -> Refusal:
    text = "Insufficient privileges to complete the operation."
    if "installedApps" in path or path.startswith("/teams"):
        text = (
            "Missing scope permissions on the request. API requires one of"
            f" '{', '.join(sorted(needed))}'. Scopes on the request ''."
            f" Roles on the request '{', '.join(roles)}'."
        )
    return Refusal(403, "Authorization_RequestDenied", text)


def charges(call: Call) -> list[Charge]:
    """Which limits this call draws on, and how much (Graph's throttling limits per service)."""
    path = template(call.path)
    if path.startswith(("/users", "/groups")) and "teamwork" not in path:
        return [("directory", "", _directory_cost(call, path))]
    limit = _LIMIT_OF.get(f"{call.method} {path}", "teams_other")
    owner = call.path[1] if path.startswith("/teams/") else None
    return [(limit, "", 1), *([("team", owner, 1)] if owner else [])]


def _directory_cost(call: Call, path: str) -> int:
    base = 5 if "transitiveMembers" in path else 3 if path.startswith("/groups/{id}/") else 2
    base -= "$select" in call.query
    base -= call.query.get("$top", "100").isdigit() and int(call.query.get("$top", "100")) < 20
    return max(1, base + ("$expand" in call.query))


def envelope(call: Call, code: str, message: str) -> Json:
    """Graph's error body."""
    request_id = str(uuid.uuid4())
    inner: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": call.headers.get("client-request-id", request_id),
    }
    return {"error": {"code": code, "message": message, "innerError": inner}}

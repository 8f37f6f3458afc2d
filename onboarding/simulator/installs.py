"""The app in the catalogue, in people's Teams and in teams, as Graph manages it."""

import base64
import re

from onboarding.simulator import activities, filters, odata
from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.company import Person, Team
from onboarding.simulator.groups import find_team
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.users import find_user

_BOUND = re.compile(r"/appCatalogs/teamsApps(?:/|\(')([^/')]+)(?:'\))?$", re.IGNORECASE)


def _app(tenant: Tenant) -> Json:
    return {
        "id": tenant.company.catalog_app_id,
        "externalId": tenant.company.teams_app_id,
        "displayName": activities.BOT_NAME,
        "distributionMethod": "organization",
    }


def _definition(tenant: Tenant) -> Json:
    return {
        "id": base64.b64encode(f"1##{tenant.company.catalog_app_id}##1.0.0".encode()).decode(),
        "teamsAppId": tenant.company.catalog_app_id,
        "displayName": activities.BOT_NAME,
        "version": "1.0.0",
        "publishingState": "published",
    }


def installation_id(tenant: Tenant, owner: str) -> str:
    raw = f"{owner}##{tenant.company.catalog_app_id}".encode()
    return base64.b64encode(raw).decode()


def catalog(tenant: Tenant, call: Call) -> Answer:
    """GET /appCatalogs/teamsApps: the organisation's only app, when the filter lets it through."""
    odata.allow(call.query, "$filter", "$select", "$expand")
    app = _app(tenant)
    if text := call.query.get("$filter"):
        tree = filters.parse_filter(text, app)
        app = app if filters.holds(tree, app.get) else {}
    if call.query.get("$expand", "appDefinitions") != "appDefinitions":
        raise odata.bad("Only appDefinitions can be expanded.")
    if app and "$expand" in call.query:
        app = app | {"appDefinitions": [_definition(tenant)]}
    context = f"{tenant.base_url}/v1.0/$metadata#appCatalogs/teamsApps"
    return Answer(200, {"@odata.context": context, "value": [app] if app else []})


def _bound_app(tenant: Tenant, call: Call) -> None:
    """The body must point at our app in the catalogue; raises Refusal 400 or 404."""
    bound = call.json().get("teamsApp@odata.bind")
    match = _BOUND.search(bound) if isinstance(bound, str) else None
    if match is None:
        raise Refusal(400, "BadRequest", "Property 'teamsApp@odata.bind' is missing or invalid.")
    if match.group(1).lower() != tenant.company.catalog_app_id:
        text = f"The definition of app '{match.group(1)}' could not be found in the app catalog."
        raise Refusal(404, "NotFound", text)


def _shown(tenant: Tenant, call: Call, owner: str) -> list[Json]:
    """The installation as the query's $expand and $filter want it."""
    installation: Json = {"id": installation_id(tenant, owner)}
    everything = {"teamsApp": _app(tenant), "teamsAppDefinition": _definition(tenant)}
    for name in filter(None, call.query.get("$expand", "").split(",")):
        if name.strip() not in everything:
            raise odata.bad(f"Could not find a property named '{name}' to expand.")
        installation[name.strip()] = everything[name.strip()]
    if text := call.query.get("$filter"):
        flat = {f"teamsApp/{name}": value for name, value in _app(tenant).items()}
        if not filters.holds(filters.parse_filter(text, flat), flat.get):
            return []
    return [installation]


def list_for_user(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$expand", "$filter")
    person = find_user(tenant, call.path[1])
    shown = _shown(tenant, call, person.id)
    installed = person.id in tenant.world.installs
    context = f"{tenant.base_url}/v1.0/$metadata#users('{person.id}')/teamwork/installedApps"
    return Answer(200, {"@odata.context": context, "value": shown if installed else []})


def _installation(tenant: Tenant, call: Call) -> Person:
    """Whose installation the path names; raises Refusal 404."""
    person = find_user(tenant, call.path[1])
    wanted = installation_id(tenant, person.id)
    if call.path[4] != wanted or person.id not in tenant.world.installs:
        raise Refusal(404, "NotFound", "The specified app installation was not found.")
    return person


def get_for_user(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$expand")
    person = _installation(tenant, call)
    return Answer(200, _shown(tenant, call, person.id)[0])


def get_chat(tenant: Tenant, call: Call) -> Answer:
    """The personal chat; asking makes Teams tell the bot of its members once more."""
    odata.allow(call.query)
    person = _installation(tenant, call)
    chat_id = tenant.world.open_chat(person).id
    again = activities.personal_members(tenant.stage, person, chat_id, tenant.world.rng)
    tenant.pusher.installed([again])
    chat = {
        "@odata.context": f"{tenant.base_url}/v1.0/$metadata#chats/$entity",
        "id": tenant.world.graph_chat_id(person),
        "topic": None,
        "chatType": "oneOnOne",
        "tenantId": tenant.company.tenant_id,
    }
    return Answer(200, chat)


def may_have(person: Person) -> None:
    """Who cannot have the app, in Teams' own words; raises Refusal 403."""
    if person.user_type == "Guest":
        raise Refusal(403, "Forbidden", "Apps cannot be installed for guest users of this tenant.")
    if not person.licensed or not person.account_enabled:
        text = (
            "Failed to get license information for the user."
            " Ensure user has a valid Office365 license assigned to them."
        )
        raise Refusal(403, "Forbidden", text)
    if person.policy == "blocked":
        text = "App is blocked by app permission policy for the user."
        raise Refusal(403, "AccessDenied", text)


def install_for_user(tenant: Tenant, call: Call) -> Answer:
    """201 without a body; the bot hears of it a moment later."""
    odata.allow(call.query)
    person = find_user(tenant, call.path[1])
    _bound_app(tenant, call)
    may_have(person)
    if person.id in tenant.world.installs:
        text = "The app is already installed for the user."
        raise Refusal(409, "Conflict", text)
    tenant.pusher.installed(personal_install(tenant, person))
    return Answer(201)


def personal_install(tenant: Tenant, person: Person) -> list[Json]:
    """Install, and what Teams tells the bot: both events at first contact, in either order."""
    first = tenant.world.install(person)
    chat_id, stage, rng = tenant.world.personal_chat_id(person), tenant.stage, tenant.world.rng
    told = [activities.personal_installation(stage, person, chat_id, "add")]
    if first:
        told.append(activities.personal_members(stage, person, chat_id, rng))
        rng.shuffle(told)
    return told


def uninstall_for_user(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query)
    person = _installation(tenant, call)
    tenant.pusher.later(personal_uninstall(tenant, person))
    return Answer(204)


def personal_uninstall(tenant: Tenant, person: Person) -> list[Json]:
    tenant.world.uninstall(person)
    chat_id = tenant.world.personal_chat_id(person)
    return [activities.personal_installation(tenant.stage, person, chat_id, "remove")]


def list_for_team(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query, "$expand", "$filter")
    team = find_team(tenant, call.path[1])
    shown = _shown(tenant, call, team.group.id)
    return Answer(200, {"value": shown if team.app_channel else []})


def install_for_team(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query)
    team = find_team(tenant, call.path[1])
    _bound_app(tenant, call)
    if team.app_channel:
        raise Refusal(409, "Conflict", "The app is already installed in the team.")
    owner = next(iter(team.group.members))
    told = team_install(tenant, team, tenant.company.person(owner), team.id)
    tenant.pusher.installed(told)
    return Answer(201)


def team_install(tenant: Tenant, team: Team, actor: Person, channel_id: str) -> list[Json]:
    """Put the app into a team at one channel; what the bot is told, in either order."""
    team.app_channel = channel_id
    tenant.feed.publish("team", team=team.id, installed=True)
    channel = team.channels[channel_id]
    told = [
        activities.team_installation(tenant.stage, actor, team, channel, "add"),
        activities.bot_in_team(tenant.stage, actor, team, channel, added=True),
    ]
    tenant.world.rng.shuffle(told)
    return told


def team_uninstall(tenant: Tenant, team: Team, actor: Person) -> list[Json]:
    channel = team.channels.get(team.app_channel or team.id, team.channels[team.id])
    team.app_channel = None
    tenant.feed.publish("team", team=team.id, installed=False)
    return [
        activities.team_installation(tenant.stage, actor, team, channel, "remove"),
        activities.bot_in_team(tenant.stage, actor, team, channel, added=False),
    ]


def uninstall_for_team(tenant: Tenant, call: Call) -> Answer:
    odata.allow(call.query)
    team = find_team(tenant, call.path[1])
    if not team.app_channel or call.path[3] != installation_id(tenant, team.group.id):
        raise Refusal(404, "NotFound", "The specified app installation was not found.")
    owner = tenant.company.person(next(iter(team.group.members)))
    tenant.pusher.later(team_uninstall(tenant, team, owner))
    return Answer(204)

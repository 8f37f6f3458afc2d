"""What people do in Teams: each act changes the world and tells the bot."""

from onboarding.simulator import activities, installs, talk_acts, team_acts
from onboarding.simulator.acting import Act, no, tell
from onboarding.simulator.call import Json
from onboarding.simulator.company import Person
from onboarding.simulator.tenant import Tenant


async def act(tenant: Tenant, wanted: Json) -> Json:
    """Do what `do` names as the person `who`; answers once the bot was told. Raises Refusal."""
    what = wanted.get("do")
    if what not in ACTS:
        raise no(f"do must be one of {', '.join(sorted(ACTS))}", 400)
    person = tenant.company.find(str(wanted.get("who", "")))
    if person is None:
        raise no("who must be the object id, UPN or 29: id of somebody in the company", 404)
    done = await ACTS[what](tenant, person, wanted)
    return {"events": [], "answer": None, **done}


async def install_personal(tenant: Tenant, person: Person, wanted: Json) -> Json:
    installs.may_have(person)
    if person.id in tenant.world.installs:
        raise no("the app is already installed")
    return await tell(tenant, installs.personal_install(tenant, person))


async def uninstall_personal(tenant: Tenant, person: Person, wanted: Json) -> Json:
    if person.id not in tenant.world.installs:
        raise no("the app is not installed")
    return await tell(tenant, installs.personal_uninstall(tenant, person))


async def upgrade_app(tenant: Tenant, person: Person, wanted: Json) -> Json:
    """A new app version; Teams tells the bot only when the version adds or removes the bot."""
    action = wanted.get("action")
    if action not in (None, "add-upgrade", "remove-upgrade"):
        raise no("action must be add-upgrade, remove-upgrade or left out", 400)
    if action is None or person.id not in tenant.world.installs:
        return {}
    chat_id = tenant.world.personal_chat_id(person)
    event = activities.personal_installation(tenant.stage, person, chat_id, action)
    return await tell(tenant, [event])


_ACTS: tuple[Act, ...] = (
    install_personal,
    uninstall_personal,
    upgrade_app,
    team_acts.install_to_team,
    team_acts.remove_from_team,
    team_acts.join_team,
    team_acts.leave_team,
    team_acts.rename_team,
    team_acts.rename_channel,
    team_acts.create_channel,
    team_acts.delete_channel,
    team_acts.archive_team,
    team_acts.unarchive_team,
    team_acts.delete_team,
    talk_acts.install_to_group_chat,
    talk_acts.remove_from_group_chat,
    talk_acts.write,
    talk_acts.press,
    talk_acts.react,
)
ACTS: dict[str, Act] = {one.__name__: one for one in _ACTS}

"""Installing the app through Graph, and what the bot hears of it."""

import asyncio

import pytest


async def heard(bot, count, patience=3.0):
    """Wait until the bot heard so much, and a moment longer for what should not come."""
    for _ in range(int(patience / 0.02)):
        if len(bot.activities) >= count:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    assert len(bot.activities) == count, [one["type"] for one in bot.activities]
    return bot.activities


async def test_the_catalogue_knows_the_app_by_its_manifest_id(office):
    path = "/appCatalogs/teamsApps?$filter=externalId eq '{}'"
    found = await office.graph("GET", path.format(office.line["teams_app_id"]))
    assert [app["id"] for app in found.body["value"]] == [office.line["catalog_app_id"]]
    assert (await office.graph("GET", path.format("another"))).body["value"] == []


async def test_an_install_is_201_without_a_body_and_the_bot_hears_of_it_later(office, bot):
    person = (await office.ordinary())[0]
    reply = await office.install(person["id"])
    assert (reply.status, reply.body) == (201, None)
    assert bot.activities == []
    await heard(bot, 2)
    update, members = bot.of("installationUpdate")[0], bot.of("conversationUpdate")[0]
    assert update["action"] == "add"
    assert update["from"] == {"id": person["teams_id"], "aadObjectId": person["id"]}
    assert update["conversation"]["conversationType"] == "personal"
    assert update["conversation"]["id"] == members["conversation"]["id"]
    ids = {member["id"] for member in members["membersAdded"]}
    assert ids == {person["teams_id"], f"28:{office.line['bot_app_id']}"}
    assert "team" not in members["channelData"]


async def test_every_activity_is_signed_for_its_service_url(office, bot):
    berliner = next(p for p in await office.people("planted=none") if p["office"] == "Berlin")
    await office.install(berliner["id"])
    await heard(bot, 2)
    assert {one["serviceUrl"] for one in bot.activities} == {f"{office.line['https']}/emea/"}
    assert {one["serviceurl"] for one in bot.claims} == {f"{office.line['https']}/emea/"}


async def test_the_two_events_come_in_either_order(office, bot):
    for person in await office.ordinary(12):
        await office.install(person["id"])
    await heard(bot, 24)
    firsts = {}
    for one in bot.activities:
        firsts.setdefault(one["from"]["aadObjectId"], one["type"])
    assert set(firsts.values()) == {"installationUpdate", "conversationUpdate"}


async def test_events_can_come_twice(office, bot):
    await office.control("PUT", "/settings", {"events_twice": True, "events_shuffled": True})
    person = (await office.ordinary())[0]
    await office.install(person["id"])
    await heard(bot, 4)
    assert len(bot.of("installationUpdate")) == 2


async def test_an_install_event_can_be_withheld_and_released(office, bot):
    await office.control("PUT", "/settings", {"install_event": "withhold"})
    person = (await office.ordinary())[0]
    await office.install(person["id"])
    await heard(bot, 0, patience=0.1)
    assert (await office.control("POST", "/release"))["released"] == 1
    await heard(bot, 2)


async def test_a_second_install_conflicts_and_tells_nobody(office, bot):
    person = (await office.ordinary())[0]
    await office.install(person["upn"])
    reply = await office.install(person["id"])
    assert (reply.status, reply.code) == (409, "Conflict")
    await heard(bot, 2)


async def test_installing_again_brings_no_second_first_contact(office, bot):
    person = (await office.ordinary())[0]
    path = f"/users/{person['id']}/teamwork/installedApps"
    await office.install(person["id"])
    await heard(bot, 2)
    installed = (await office.graph("GET", path)).body["value"][0]
    assert (await office.graph("DELETE", f"{path}/{installed['id']}")).status == 204
    await heard(bot, 3)
    assert bot.activities[-1]["action"] == "remove"
    await office.install(person["id"])
    await heard(bot, 4)
    assert bot.activities[-1]["action"] == "add"


@pytest.mark.parametrize(
    ("planted", "code", "words"),
    [
        ("guest", "Forbidden", "guest"),
        ("unlicensed", "Forbidden", "Failed to get license information"),
        ("disabled", "Forbidden", "Failed to get license information"),
        ("blocked", "AccessDenied", "App is blocked by app permission policy"),
    ],
)
async def test_who_cannot_have_the_app_is_refused_in_teams_words(office, planted, code, words):
    person = (await office.people(f"planted={planted}"))[0]
    reply = await office.install(person["id"])
    assert (reply.status, reply.code) == (403, code)
    assert words in reply.body["error"]["message"]


async def test_a_missing_role_is_refused_with_the_scopes_named(office):
    await office.control("PUT", "/settings", {"graph_roles": ["User.Read.All"]})
    reply = await office.install((await office.ordinary())[0]["id"])
    assert (reply.status, reply.code) == (403, "Authorization_RequestDenied")
    assert "Missing scope permissions on the request" in reply.body["error"]["message"]


async def test_the_body_must_bind_the_app_of_the_catalogue(office):
    person = (await office.ordinary())[0]
    path = f"/users/{person['id']}/teamwork/installedApps"
    manifest_id = office.line["teams_app_id"]
    wrong_key = {"teams_app@odata_bind": office.binding()["teamsApp@odata.bind"]}
    assert (await office.graph("POST", path, wrong_key)).status == 400
    assert (await office.graph("POST", path, {})).status == 400
    assert (await office.graph("POST", path, office.binding(manifest_id))).status == 404
    assert (await office.install("nobody@contoso.com")).status == 404


async def test_the_installation_is_found_by_the_manifest_id(office):
    person, _ = await office.befriended()
    path = f"/users/{person['id']}/teamwork/installedApps?$expand=teamsApp,teamsAppDefinition"
    manifest = office.line["teams_app_id"]
    found = await office.graph("GET", f"{path}&$filter=teamsApp/externalId eq '{manifest}'")
    assert found.body["value"][0]["teamsApp"]["externalId"] == manifest
    none = await office.graph("GET", f"{path}&$filter=teamsApp/externalId eq 'other'")
    assert none.body["value"] == []


async def test_asking_for_the_chat_repeats_the_members_event(office, bot):
    person = (await office.ordinary())[0]
    await office.install(person["id"])
    await heard(bot, 2)
    path = f"/users/{person['id']}/teamwork/installedApps"
    installed = (await office.graph("GET", path)).body["value"][0]["id"]
    chat = await office.graph("GET", f"{path}/{installed}/chat")
    assert chat.body["id"] == f"19:{person['id']}_{office.line['bot_app_id']}@unq.gbl.spaces"
    await heard(bot, 3)
    assert bot.activities[-1]["type"] == "conversationUpdate"
    assert (await office.send(chat.body["id"])).status == 201
    assert (await office.control("GET", "/received"))["people"] == {person["id"]: 1}


async def test_the_app_can_be_installed_into_a_team_with_the_right_permission(office, bot):
    team = await office.team()
    path = f"/teams/{team['aad_group_id']}/installedApps"
    assert (await office.graph("POST", path, office.binding())).status == 403
    roles = ["TeamsAppInstallation.ReadWriteSelfForTeam.All"]
    await office.control("PUT", "/settings", {"graph_roles": roles})
    office.tokens.clear()
    assert (await office.graph("POST", path, office.binding())).status == 201
    assert (await office.graph("POST", path, office.binding())).status == 409
    await heard(bot, 2)
    assert {one["channelData"]["team"]["id"] for one in bot.activities} == {team["id"]}

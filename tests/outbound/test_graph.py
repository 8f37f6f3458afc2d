"""Graph: people, pages, groups and installs, and what each refusal becomes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from aiohttp import web

from onboarding.errors import Refused, Retry
from onboarding.outbound.answers import Code
from onboarding.outbound.graph import Graph, person, warm_up
from onboarding.outbound.tokens import Tokens
from onboarding.settings import Settings
from tests.simulated import ROOT, Simulator


@pytest.fixture
async def catalog_app_id(graph: Graph, settings: Settings) -> str:
    assert settings.teams_app_id is not None
    return await graph.catalog_app_id(settings.teams_app_id)


def posts(requests: list[dict[str, Any]]) -> int:
    return len([r for r in requests if r["method"] == "POST"])


async def test_a_person_is_found_by_id_and_by_upn(simulator: Simulator, graph: Graph) -> None:
    for planted in await simulator.people():
        found = await graph.user(planted["upn"].upper())
        assert found == await graph.user(planted["id"])
        assert found is not None
        assert found.display_name == planted["display_name"]
        assert found.locale == planted["locale"]
        assert found.employee_id == planted["employee_id"]
        assert found.start_date == date.fromisoformat(planted["start_date"])
        assert found.is_guest == (planted["user_type"] == "Guest")
        assert found.is_enabled == planted["account_enabled"]
        assert found.has_teams_licence == planted["licensed"]
    assert (await simulator.get("/requests"))["unexpected"] == 0


async def test_nobody_is_none(graph: Graph) -> None:
    assert await graph.user("nobody@contoso.com") is None
    assert await graph.manager("00000000-0000-0000-0000-00000000dead") is None


async def test_a_manager_is_a_person(simulator: Simulator, graph: Graph) -> None:
    led = next(p for p in await simulator.people() if p["manager_id"])
    manager = await graph.manager(led["id"])
    assert manager is not None
    assert manager.aad_object_id == led["manager_id"]


async def test_a_few_people_are_asked_for_one_by_one(simulator: Simulator, graph: Graph) -> None:
    people = await simulator.people()
    asked = (
        [p["upn"].upper() for p in people[:20]] + [p["id"] for p in people[20:40]] + ["no@no.no"]
    )
    found = await graph.users([*asked, asked[0], " "])
    assert set(found) == {a.lower() for a in asked} - {"no@no.no"}
    assert len(await simulator.requests("graph")) == 41


async def test_one_failure_among_a_few_is_that_failure(simulator: Simulator, graph: Graph) -> None:
    await simulator.post("/faults", api="graph", status=429, retry_after=9, times=1)
    with pytest.raises(Retry) as later:
        await graph.users([p["id"] for p in await simulator.people()])
    assert later.value.after == 9


async def test_many_people_are_found_by_paging_through_the_directory(
    simulator: Simulator, graph: Graph
) -> None:
    people = await simulator.people()
    strangers = [f"stranger{n}@contoso.com" for n in range(200)]
    found = await graph.users([p["upn"] for p in people] + strangers)
    assert {f.aad_object_id for f in found.values()} == {p["id"] for p in people}
    assert len(await simulator.requests("graph")) < 5


async def test_every_page_is_read_and_no_more_than_needed(
    simulator: Simulator, tokens: Tokens
) -> None:
    everyone = (await simulator.get("/state"))["groups"][0]
    graph = Graph(simulator.settings(), tokens, page_size=7)
    members = [m async for m in graph.group_members(everyone["id"])]
    await graph.close()
    assert len({m.aad_object_id for m in members}) == everyone["members"] == 60
    assert len(await simulator.requests("graph")) == 9


async def test_a_groups_members_include_those_of_nested_groups_over_empty_pages(
    simulator: Simulator, graph: Graph
) -> None:
    await simulator.put("/settings", empty_pages=True)
    for group in (await simulator.get("/state"))["groups"]:
        members = [m async for m in graph.group_members(group["id"])]
        assert len({m.aad_object_id for m in members}) == group["members"]


async def test_a_group_that_is_not_there_is_refused(graph: Graph) -> None:
    with pytest.raises(Refused):
        await anext(graph.group_members("00000000-0000-0000-0000-00000000dead"))


@pytest.fixture
async def thief() -> AsyncIterator[tuple[str, list[Any]]]:
    """A server to which a page's next link points."""
    heard: list[Any] = []

    async def note(request: web.Request) -> web.Response:
        heard.append(dict(request.headers))
        return web.json_response({"value": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", note)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0/users?$skiptoken=x", heard
    await runner.cleanup()


async def test_a_next_link_to_another_host_is_refused_and_gets_nothing(
    simulator: Simulator, graph: Graph, thief: tuple[str, list[Any]]
) -> None:
    link, heard = thief
    page = {"value": [], "@odata.nextLink": link}
    await simulator.post("/faults", api="graph", path="/users$", status=200, body=page)
    with pytest.raises(Refused) as refused:
        await graph.users([f"stranger{n}@contoso.com" for n in range(201)])
    assert refused.value.code == Code.FOREIGN_NEXT_LINK
    assert heard == []


async def test_the_catalogue_is_asked_once_by_many(
    simulator: Simulator, graph: Graph, settings: Settings
) -> None:
    app = settings.teams_app_id or ""
    ids = await asyncio.gather(*(graph.catalog_app_id(app) for _ in range(20)))
    assert set(ids) == {simulator.ready["catalog_app_id"]}
    assert len(await simulator.requests("graph")) == 1


async def test_an_app_that_is_not_in_the_catalogue_is_refused(graph: Graph) -> None:
    with pytest.raises(Refused) as refused:
        await graph.catalog_app_id("it's not there")
    assert refused.value.code == Code.UNKNOWN_APP


async def test_an_install_is_true_once_and_false_afterwards(
    simulator: Simulator, graph: Graph, settings: Settings, catalog_app_id: str
) -> None:
    [someone] = await simulator.ordinary()
    app = settings.teams_app_id or ""
    assert await graph.installed_chat(someone["id"], app) is None
    assert await graph.install(someone["id"], catalog_app_id) is True
    assert await graph.install(someone["upn"], catalog_app_id) is False
    chat = await graph.installed_chat(someone["id"], app)
    assert chat is not None
    assert chat.endswith("@unq.gbl.spaces")


@pytest.mark.parametrize(
    ("planted", "code"),
    [
        ("blocked", Code.BLOCKED_BY_POLICY),
        ("unlicensed", Code.NO_LICENCE),
        ("guest", Code.GUEST),
    ],
)
async def test_who_cannot_have_the_app_is_refused_by_name(
    simulator: Simulator, graph: Graph, catalog_app_id: str, planted: str, code: Code
) -> None:
    someone = (await simulator.people(planted=planted))[0]
    with pytest.raises(Refused) as refused:
        await graph.install(someone["id"], catalog_app_id)
    assert refused.value.code == code, refused.value.reason


async def test_an_install_for_nobody_or_of_nothing_says_which(
    simulator: Simulator, graph: Graph, catalog_app_id: str
) -> None:
    [someone] = await simulator.ordinary()
    with pytest.raises(Refused) as no_person:
        await graph.install("00000000-0000-0000-0000-00000000dead", catalog_app_id)
    with pytest.raises(Refused) as no_app:
        await graph.install(someone["id"], "00000000-0000-0000-0000-00000000beef")
    assert (no_person.value.code, no_app.value.code) == (Code.UNKNOWN_PERSON, Code.UNKNOWN_APP)


async def test_a_catalogue_id_that_went_bad_is_looked_up_again(
    simulator: Simulator, graph: Graph, settings: Settings, catalog_app_id: str
) -> None:
    [someone] = await simulator.ordinary()
    await simulator.post(
        "/faults",
        api="graph",
        method="POST",
        times=1,
        status=404,
        message="No app found in the catalog",
    )
    with pytest.raises(Refused):
        await graph.install(someone["id"], catalog_app_id)
    await graph.catalog_app_id(settings.teams_app_id or "")
    assert len([r for r in await simulator.requests("graph") if "appCatalogs" in r["path"]]) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 4},
        {"status": 503, "retry_after": 4, "body": "html"},
        {"status": 500},
        {"status": 502, "body": "html"},
        {"status": 504, "body": "empty"},
        {"drop": "before"},
        {"drop": "after"},
        {"delay_s": 2.3},
    ],
)
async def test_trouble_with_an_install_is_one_request_and_worth_another_try(
    simulator: Simulator, graph: Graph, catalog_app_id: str, fault: dict[str, Any]
) -> None:
    [someone] = await simulator.ordinary()
    await simulator.post("/faults", api="graph", method="POST", times=1, **fault)
    with pytest.raises(Retry) as later:
        await graph.install(someone["id"], catalog_app_id)
    assert later.value.after == fault.get("retry_after")
    await asyncio.sleep(0.5 if "delay_s" in fault else 0)
    assert posts(await simulator.requests("graph")) == 1
    again = await graph.install(someone["id"], catalog_app_id)
    assert again is (fault.get("drop") != "after" and "delay_s" not in fault)


async def test_a_missing_permission_is_refused(simulator: Simulator, graph: Graph) -> None:
    await simulator.put("/settings", graph_roles=["AppCatalog.Read.All"])
    with pytest.raises(Refused) as refused:
        await graph.user("anybody@contoso.com")
    assert refused.value.code == Code.MISSING_PERMISSION
    assert "doctor" in refused.value.remedy


async def test_the_roles_are_those_of_a_fresh_token(simulator: Simulator, graph: Graph) -> None:
    await graph.user("anybody@contoso.com")
    await simulator.put("/settings", graph_roles=["User.Read.All"])
    assert await graph.token_roles() == {"User.Read.All"}


async def test_graph_out_of_reach_is_retried(simulator: Simulator, tokens: Any) -> None:
    graph = Graph(simulator.settings(graph_url="https://127.0.0.1:1"), tokens)
    with pytest.raises(Retry) as later:
        await graph.user("anybody@contoso.com")
    await graph.close()
    assert later.value.code == Code.UNREACHABLE


def test_importing_our_graph_does_not_import_the_sdk() -> None:
    code = "import sys, onboarding.outbound.graph; print('msgraph' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert found.stdout.strip() == "False"


async def test_warming_up_leaves_the_loop_free() -> None:
    await warm_up()
    assert "msgraph" in sys.modules


def test_a_bare_user_is_a_person_of_whom_little_is_known() -> None:
    found = person({"id": "ABC", "employeeHireDate": "soon", "assignedPlans": None})
    assert found.aad_object_id == "abc"
    assert (found.start_date, found.has_teams_licence, found.is_enabled) == (None, None, True)


def test_a_hire_date_at_midnight_utc_is_that_day_everywhere() -> None:
    assert person({"employeeHireDate": "2026-12-01T00:00:00Z"}).start_date == date(2026, 12, 1)

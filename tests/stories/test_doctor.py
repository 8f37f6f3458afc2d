"""`doctor`: everything that must be true before the bot works, each with its remedy."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from onboarding.doctor import Check, Level, examine, unreadable
from onboarding.errors import BadInput
from onboarding.settings import Settings, load
from onboarding.store.database import open_database
from onboarding.store.migrate import migrate
from tests.running import command
from tests.simulated import ROOT, Simulator

TEMPLATES = ROOT / "templates"
HOME = "https://onboarding.contoso.example"


def migrated(url: str) -> str:
    database = open_database(url)
    try:
        migrate(database.engine)
    finally:
        database.close()
    return url


async def findings(settings: Settings, templates: Path = TEMPLATES) -> dict[str, Check]:
    checks = await examine(settings, templates, lambda: None)
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.found for check in checks)
    assert all(check.remedy for check in checks if check.level is not Level.OK)
    return {check.name: check for check in checks}


def problems(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.level is Level.PROBLEM}


def test_all_is_well_on_a_prepared_machine(simulator: Simulator, database_url: str) -> None:
    migrated(database_url)
    done = command(simulator, database_url, "doctor", "--json", PUBLIC_URL=HOME)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] is True
    levels = {one["name"]: one["level"] for one in told["checks"]}
    assert levels.pop("least privilege") == "note", "the simulator grants more than is needed"
    assert set(levels.values()) == {"ok"}
    assert {"settings", "database", "messages", "clock", "bot token", "app catalogue"} <= set(
        levels
    )


def test_what_is_amiss_is_one_line_each_and_exit_code_1(
    simulator: Simulator, sqlite_url: str
) -> None:
    done = command(simulator, sqlite_url, "doctor", TEAMS_APP_ID="", COLUMNS="300")
    assert done.returncode == 1
    for name in ("public address", "app package", "app catalogue"):
        line = next(line for line in done.stdout.splitlines() if name in line)
        assert line.startswith("problem"), done.stdout
        assert "Set " in line
    assert "\x1b[" not in done.stdout


def test_settings_that_cannot_be_read_are_problems_too(
    simulator: Simulator, sqlite_url: str
) -> None:
    done = command(simulator, sqlite_url, "doctor", "--json", AZURE_TENANT_ID="", QUIET_HOURS="?")
    assert done.returncode == 1
    found = [one["found"] for one in json.loads(done.stdout)["checks"]]
    assert any("AZURE_TENANT_ID" in one for one in found)
    assert any("QUIET_HOURS" in one for one in found)


def test_each_mistake_of_the_settings_is_a_check_of_its_own() -> None:
    checks = unreadable(BadInput("ONE is wrong.\nTWO is wrong.", "See the table."))
    assert [check.found for check in checks] == ["ONE is wrong.", "TWO is wrong."]


@pytest.mark.parametrize(
    ("left_out", "level"),
    [
        ("User.Read.All", Level.PROBLEM),
        ("AppCatalog.Read.All", Level.PROBLEM),
        ("TeamsAppInstallation.ReadWriteSelfForUser.All", Level.PROBLEM),
        ("GroupMember.Read.All", Level.NOTE),
    ],
)
async def test_a_permission_that_is_not_granted_is_named_with_what_it_enables(
    simulator: Simulator, sqlite_url: str, left_out: str, level: Level
) -> None:
    roles = (await simulator.get("/state"))["settings"]["graph_roles"]
    await simulator.put("/settings", graph_roles=[role for role in roles if role != left_out])
    settings = simulator.settings(database_url=migrated(sqlite_url), public_url=HOME)
    checks = await findings(settings)
    assert checks[left_out].level is level
    assert left_out in checks[left_out].remedy
    if left_out != "AppCatalog.Read.All":
        assert problems(checks) == ({left_out} if level is Level.PROBLEM else set())


async def test_a_permission_granted_just_now_is_seen(simulator: Simulator, sqlite_url: str) -> None:
    settings = simulator.settings(database_url=migrated(sqlite_url), public_url=HOME)
    roles = (await simulator.get("/state"))["settings"]["graph_roles"]
    await simulator.put("/settings", graph_roles=[])
    assert "User.Read.All" in problems(await findings(settings))
    await simulator.put("/settings", graph_roles=roles)
    assert problems(await findings(settings)) == set()


async def test_a_wrong_secret_is_told_for_both_tokens_and_nothing_is_guessed(
    simulator: Simulator, sqlite_url: str
) -> None:
    settings = simulator.settings(
        database_url=migrated(sqlite_url), public_url=HOME, azure_client_secret="wrong"
    )
    checks = await findings(settings)
    assert problems(checks) == {"bot token", "Graph token"}
    assert "AZURE_CLIENT_SECRET" in checks["bot token"].remedy
    assert "User.Read.All" not in checks


async def test_an_app_that_is_not_in_the_catalogue_is_told(
    simulator: Simulator, sqlite_url: str
) -> None:
    settings = simulator.settings(
        database_url=migrated(sqlite_url),
        public_url=HOME,
        teams_app_id="00000000-0000-4000-8000-000000000000",
    )
    checks = await findings(settings)
    assert problems(checks) == {"app catalogue"}
    assert "Upload" in checks["app catalogue"].remedy


async def test_entra_that_cannot_be_reached_is_a_problem_of_the_network(
    simulator: Simulator, sqlite_url: str
) -> None:
    settings = simulator.settings(
        database_url=migrated(sqlite_url),
        public_url=HOME,
        azure_authority_host="https://127.0.0.1:9",
    )
    checks = await findings(settings)
    assert problems(checks) == {"clock", "bot token", "Graph token"}
    assert "proxy" in checks["clock"].remedy


async def test_a_database_that_is_not_there_yet_is_left_as_it_is(
    simulator: Simulator, tmp_path: Path
) -> None:
    file = tmp_path / "deep" / "ledger.db"
    settings = simulator.settings(database_url=f"sqlite:///{file}", public_url=HOME)
    checks = await findings(settings)
    assert checks["database"].level is Level.NOTE
    assert not file.parent.exists()


async def test_tables_of_another_version_are_told(simulator: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    url = migrated(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    checks = await findings(simulator.settings(database_url=url, public_url=HOME))
    assert problems(checks) == {"database"}
    assert "another version" in checks["database"].found


@pytest.mark.parametrize("name", ["nothing listens", "no database"])
async def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    simulator: Simulator, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder.db").mkdir()
    urls = {
        "nothing listens": "postgresql://bot:hush-hush@127.0.0.1:9/onboarding",
        "no database": f"sqlite:///{tmp_path / 'folder.db'}",
    }
    checks = await findings(simulator.settings(database_url=urls[name], public_url=HOME))
    assert problems(checks) == {"database"}
    assert "DATABASE_URL" in checks["database"].remedy
    assert "hush-hush" not in str(checks)


async def test_messages_that_need_mending_are_told(
    simulator: Simulator, sqlite_url: str, tmp_path: Path
) -> None:
    settings = simulator.settings(database_url=migrated(sqlite_url), public_url=HOME)
    checks = await findings(settings, tmp_path)
    assert problems(checks) == {"messages"}


async def test_a_loopback_address_is_no_public_one_outside_the_simulator(
    simulator: Simulator, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: dict[str, Any] = {
        "azure_tenant_id": simulator.tenant_id,
        "azure_client_id": simulator.tenant_id,
        "azure_authority_host": "https://onboarding.invalid",
        "database_url": migrated(sqlite_url),
        "public_url": "http://127.0.0.1:3978",
    }
    checks = await asyncio.wait_for(findings(load(real)), 60)
    assert "public address" in problems(checks)
    assert "internet" in checks["public address"].remedy

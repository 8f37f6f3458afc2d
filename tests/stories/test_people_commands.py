"""One person's story, its erasure, and the roll call of a team: by command and by API."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from onboarding.domain.deliveries import OPEN
from onboarding.store.tables import deliveries, metadata
from tests.running import InProcess, bot_process, command, running_bot, until
from tests.simulated import Simulator


def some(simulator: Simulator, number: int, **query: Any) -> list[dict[str, Any]]:
    asked = {"limit": 1000, "planted": "none", **query}
    return list(simulator.now("GET", "/people", params=asked)["items"])[:number]


def smallest_team(simulator: Simulator) -> dict[str, Any]:
    teams = simulator.now("GET", "/state")["teams"]
    return dict(min((t for t in teams if t["members"] >= 2), key=lambda t: t["members"]))


def listed(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "newcomers.csv"
    file.write_text("\n".join(lines), "utf-8")
    return str(file)


def shown(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_person_is_shown_by_any_of_their_ids_with_their_whole_story(
    simulator: Simulator, database_url: str, tmp_path: Path
) -> None:
    (one,) = some(simulator, 1)
    file = listed(tmp_path, "upn;x_desk", f"{one['upn']};4.12")
    with bot_process(simulator, database_url):
        command(simulator, database_url, "batch", "submit", file, "--watch")
        simulator.now("POST", "/act", json={"do": "write", "who": one["id"], "text": "hello"})
    by_upn = shown(command(simulator, database_url, "person", "show", one["upn"], "--json"))
    teams_id = by_upn["profile"]["teams_id"]
    for name in (one["id"].upper(), teams_id):
        assert shown(command(simulator, database_url, "person", "show", name, "--json")) == by_upn
    (welcome,) = (row for row in by_upn["deliveries"] if row["purpose"] == "welcome")
    assert welcome["state"] == "sent"
    assert welcome["told"]["person"]["x"] == {"x_desk": "4.12"}
    assert "The welcome was sent." in [event["what"] for event in by_upn["timeline"]]
    moments = [event["at"] for event in by_upn["timeline"]]
    assert moments == sorted(moments)
    printed = command(simulator, database_url, "person", "show", one["upn"]).stdout
    for words in (one["display_name"], "installed", "newcomers.csv", "The welcome was sent."):
        assert words in printed


def test_a_person_whom_nobody_knows_is_named_in_words(
    simulator: Simulator, sqlite_url: str
) -> None:
    for act in (("show",), ("erase", "--yes")):
        done = command(simulator, sqlite_url, "person", *act, "nobody@contoso.example")
        assert done.returncode == 2
        assert "nobody@contoso.example" in done.stderr


async def test_the_api_shows_a_person_and_says_when_there_is_none(light_bot: InProcess) -> None:
    (one,) = await light_bot.simulator.ordinary(1)
    assert (await light_bot.api("GET", f"/people/{one['upn']}")).status_code == 404
    assert (await light_bot.api("DELETE", f"/people/{one['upn']}")).status_code == 404
    await light_bot.until_done((await light_bot.submit(one))["id"])
    seen = (await light_bot.api("GET", f"/people/{one['upn']}")).json()
    assert seen["profile"]["display_name"] == one["display_name"]
    assert seen["profile"]["installed"] is True


def test_erasing_asks_first_where_nobody_can_answer(simulator: Simulator, sqlite_url: str) -> None:
    done = command(simulator, sqlite_url, "person", "erase", "lee.naidu@contoso.com")
    assert done.returncode == 2
    assert "--yes" in done.stderr


def test_an_erased_person_leaves_only_the_proof_of_their_welcome(
    simulator: Simulator, database_url: str, tmp_path: Path
) -> None:
    (one,) = some(simulator, 1)
    file = listed(tmp_path, "upn", one["upn"])
    with bot_process(simulator, database_url):
        command(simulator, database_url, "batch", "submit", file, "--watch")
    done = command(simulator, database_url, "person", "erase", one["upn"], "--yes")
    assert done.returncode == 0, done.stderr
    assert "nobody is welcomed twice" in done.stdout
    left = shown(command(simulator, database_url, "person", "show", one["id"], "--json"))
    assert left["profile"] is None
    (welcome,) = left["deliveries"]
    assert (welcome["state"], welcome["told"]) == ("sent", {})
    assert command(simulator, database_url, "person", "show", one["upn"]).returncode == 2
    again = shown(command(simulator, database_url, "person", "erase", one["id"], "--yes", "--json"))
    assert (again["profile"], again["proofs"]) == (0, 1)


async def test_nobody_is_welcomed_twice_because_they_were_erased(bot: InProcess) -> None:
    team = min((t for t in await bot.simulator.teams() if t["members"] >= 2), key=_size)
    (adder, *_) = await bot.simulator.people(team=team["id"], planted="none")
    (one, *_) = await bot.simulator.people(not_team=team["id"], planted="none")
    first = await bot.submit(one)
    await bot.until_done(first["id"])
    assert (await bot.api("DELETE", f"/people/{one['upn']}")).status_code == 200
    assert (await bot.batch(first["id"]))["states"]["sent"] == 1
    second = await bot.submit(one)
    seen = await bot.until_done(second["id"])
    assert seen["states"]["skipped"] == 1
    assert seen["causes"][0]["code"] == "already_welcomed"
    await bot.simulator.act("install_to_team", adder["id"], team=team["id"])
    await bot.simulator.act("join_team", adder["id"], team=team["id"], people=[one["id"]])
    await bot.settled()
    assert await bot.welcomes() == {one["id"]: 1}


def _size(team: dict[str, Any]) -> int:
    return int(team["members"])


async def test_nothing_but_the_object_id_is_found_of_an_erased_person(bot: InProcess) -> None:
    """They were newcomer, adder, manager and buddy, wrote, pressed, and stood on a refused row."""
    team = min((t for t in await bot.simulator.teams() if t["members"] >= 2), key=_size)
    (one, *_) = await bot.simulator.people(team=team["id"], planted="none")
    joiner, other = (await bot.simulator.people(not_team=team["id"], planted="none"))[:2]
    await bot.simulator.act("install_to_team", one["id"], team=team["id"])
    await bot.simulator.act("join_team", one["id"], team=team["id"], people=[joiner["id"]])
    relations = {"manager_upn": one["upn"], "buddy_upn": one["upn"]}
    people = [
        {"upn": one["upn"], "x_desk": "4.12"},
        {"aad_object_id": one["id"]},
        {"upn": other["upn"], **relations},
    ]
    answer = await bot.api("POST", "/batches", json={"people": people})
    assert [row["row"] for row in answer.json()["refused"]] == [2]
    await bot.settled()
    await bot.simulator.act("write", one["id"], chat="personal", text="who are you")
    await bot.simulator.act(
        "write", one["id"], team=team["id"], text="newconversation Lunch on Friday"
    )
    await bot.settled()
    before = await bot.app.database.do(everything)
    assert one["upn"] in before
    erased = (await bot.api("DELETE", f"/people/{one['id']}")).json()
    assert erased["mentions"] >= 3
    after = await bot.app.database.do(everything)
    for trace in (one["upn"], one["display_name"], "4.12", "Lunch on Friday"):
        assert trace not in after, trace
    proofs = await bot.owed(one["id"])
    assert {row.purpose for row in proofs} <= {"welcome", "hello", "team_welcome"}
    assert after.count(one["id"]) == len(proofs) == erased["proofs"]
    assert await bot.app.database.do(orphans) == 0
    await bot.batch(answer.json()["id"])


def everything(connection: Connection) -> str:
    """Every row of every table as text."""
    tables = metadata.sorted_tables
    return "\n".join(str(tuple(row)) for t in tables for row in connection.execute(select(t)))


def orphans(connection: Connection) -> int:
    """Rows that nobody would ever carry out or settle: open ones without a real recipient."""
    query = select(deliveries).where(
        deliveries.c.recipient.startswith("erased:"), deliveries.c.state.in_(OPEN)
    )
    return len(connection.execute(query).all())


async def test_what_never_reached_an_erased_person_is_called_off_and_still_adds_up(
    bot: InProcess,
) -> None:
    (blocked, *_) = await bot.simulator.people(planted="blocked")
    (other,) = await bot.simulator.ordinary(1)
    receipt = await bot.submit(blocked, other)
    assert (await bot.until_done(receipt["id"]))["states"]["failed"] == 1
    erased = (await bot.api("DELETE", f"/people/{blocked['upn']}")).json()
    assert (erased["nameless"], erased["proofs"], erased["profile"]) == (1, 0, 1)
    seen = await bot.batch(receipt["id"])
    assert (seen["states"]["cancelled"], seen["states"]["failed"]) == (1, 0)
    called_off = next(r for r in await bot.deliveries(receipt["id"]) if r["code"] == "erased")
    assert called_off["aad_object_id"].startswith("erased:")
    assert called_off["upn"] is None
    await bot.api("POST", f"/batches/{receipt['id']}/retry")
    assert (await bot.batch(receipt["id"]))["states"]["cancelled"] == 1
    assert (await bot.api("GET", f"/people/{blocked['id']}")).status_code == 404


async def test_a_wish_not_to_be_written_to_outlives_the_erasure(light_bot: InProcess) -> None:
    bot = light_bot
    (one,) = await bot.simulator.ordinary(1)
    await bot.simulator.act("install_personal", one["id"])
    await bot.settled()
    await bot.simulator.act("write", one["id"], chat="personal", text="stop")
    await bot.settled()
    before = await bot.welcomes()
    erased = (await bot.api("DELETE", f"/people/{one['id']}")).json()
    assert any("wish" in sentence for sentence in erased["kept"])
    receipt = await bot.submit(one)
    seen = await bot.until_done(receipt["id"])
    assert seen["causes"][0]["code"] == "opted_out"
    assert await bot.welcomes() == before


async def test_nobody_is_erased_while_a_message_to_them_is_on_its_way(
    light_bot: InProcess,
) -> None:
    bot = light_bot
    (one,) = await bot.simulator.ordinary(1)
    await bot.simulator.post(
        "/faults", api="connector", path="/activities", method="POST", delay_s=3, times=1
    )
    receipt = await bot.submit(one)

    async def sending() -> bool | None:
        return True if (await bot.ledger("welcome")).get("sending") else None

    await until(sending, "the welcome is on its way")
    refused = await bot.api("DELETE", f"/people/{one['id']}")
    assert refused.status_code == 422
    assert "minute" in refused.json()["remedy"]
    await bot.until_done(receipt["id"])
    assert (await bot.api("DELETE", f"/people/{one['id']}")).status_code == 200


def test_a_roll_call_of_a_team_names_whoever_was_missed_and_welcomes_them(
    simulator: Simulator, database_url: str
) -> None:
    team = smallest_team(simulator)
    members = some(simulator, 1000, team=team["id"], planted="")
    guests = [one for one in members if one["planted"] == "guest"]
    installer = next(one for one in members if one["planted"] is None)
    with bot_process(simulator, database_url) as bot:
        simulator.now(
            "POST",
            "/act",
            json={"do": "install_to_team", "who": installer["id"], "team": team["id"]},
        )
        call = shown(command(simulator, database_url, "reconcile", team["id"], "--json"))
        assert call["name"] == team["name"]
        assert call["members"] == len(members) == sum(call["states"].values())
        assert call["states"]["missed"] == len(members) - len(guests)
        assert all(one["reason"] for one in call["people"])
        assert bot.process.poll() is None
        sent = command(simulator, database_url, "reconcile", team["id"], "--send", "--json")
        batch = shown(sent)["batch"]
        assert batch["accepted"] == len(members) - len(guests)
        watched = shown(command(simulator, database_url, "batch", "show", batch["id"], "--json"))
        assert watched["name"] == f"reconcile {team['name']}"


async def test_who_was_welcomed_or_left_out_on_purpose_is_not_missed(
    simulator: Simulator, sqlite_url: str
) -> None:
    from onboarding.reconcile import call_roll, shown, welcome_missed

    groups = (await simulator.get("/state"))["groups"]
    group = min((g for g in groups if g["members"] >= 4), key=lambda g: g["members"])
    async with running_bot(simulator, sqlite_url) as bot:
        app = bot.app
        parts = (app.settings, app.database, app.teams, app.graph, app.reading)
        first = await call_roll(*parts, group["id"])
        assert len(first.missed) >= 2
        one = first.missed[0]
        await bot.until_done((await bot.submit({"id": one.aad_object_id}))["id"])
        second = await call_roll(*parts, group["id"])
        assert len(second.missed) == len(first.missed) - 1
        receipt = await welcome_missed(app.submissions, second, "Robin Meyer")
        assert receipt is not None
        assert (receipt.audience, list(receipt.refused)) == (len(second.missed), [])
        await bot.until_done(receipt.id or "")
        last = shown(await call_roll(*parts, group["id"]))
        assert last["states"]["welcomed"] >= 2
        assert {p["state"] for p in last["people"]} <= {"left_out", "missed"}
        assert all(p["reason"] and p["remedy"] for p in last["people"])


@pytest.mark.parametrize(
    "name", ["19:nowhere@thread.tacv2", "00000000-0000-0000-0000-000000000001"]
)
def test_a_roll_call_of_nothing_is_refused_with_what_to_give(
    simulator: Simulator, sqlite_url: str, name: str
) -> None:
    done = command(simulator, sqlite_url, "reconcile", name)
    assert done.returncode == 2
    assert "19:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("dates", "day"), [("DD/MM/YYYY", "2026-04-03"), ("MM/DD/YYYY", "2026-03-04")]
)
def test_the_files_format_of_dates_can_be_chosen_as_the_remedy_says(
    simulator: Simulator, sqlite_url: str, tmp_path: Path, dates: str, day: str
) -> None:
    (one,) = some(simulator, 1)
    file = listed(tmp_path, "upn;start_date", f"{one['upn']};03/04/2026")
    plain = command(simulator, sqlite_url, "batch", "submit", file, "--dry-run")
    assert plain.returncode == 1
    assert dates in plain.stdout
    chosen = command(simulator, sqlite_url, "batch", "submit", file, "--dates", dates, "--json")
    assert shown(chosen)["accepted"] == 1
    seen = shown(command(simulator, sqlite_url, "person", "show", one["upn"], "--json"))
    assert seen["profile"]["start_date"] == day
    wrong = command(simulator, sqlite_url, "batch", "submit", file, "--dates", "YYYY")
    assert (wrong.returncode, "DD/MM/YYYY" in wrong.stderr) == (2, True)


async def test_the_api_takes_the_format_of_dates_in_json_query_and_form(
    light_bot: InProcess,
) -> None:
    (one,) = await light_bot.simulator.ordinary(1)
    person = {"upn": one["upn"], "start_date": "03/04/2026"}
    file = f"upn;start_date\n{one['upn']};03/04/2026".encode()
    form = {"files": {"file": ("list.csv", file, "text/csv")}}
    for options in (
        {"json": {"people": [person]}},
        {"content": file, "headers": {"Content-Type": "text/csv"}},
        form,
    ):
        answer = await light_bot.api("POST", "/batches", **options)
        assert answer.json()["accepted"] == 0
    for options in (
        {"json": {"people": [person], "date_format": "DD/MM/YYYY"}},
        {
            "content": file,
            "headers": {"Content-Type": "text/csv"},
            "params": {"date_format": "DD/MM/YYYY"},
        },
        form | {"data": {"date_format": "DD/MM/YYYY"}},
    ):
        answer = await light_bot.api("POST", "/batches", **options)
        assert answer.json()["accepted"] == 1, answer.text
    unknown = {"people": [person], "date_format": "YYYY"}
    assert (await light_bot.api("POST", "/batches", json=unknown)).status_code == 422

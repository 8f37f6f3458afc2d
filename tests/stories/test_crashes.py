"""kill -9, restarts and orderly ends: nobody lost, nobody twice."""

import time
from pathlib import Path

import httpx

from tests.databases import fresh_database
from tests.running import TOKEN, BotProcess, bot_process, worker_process
from tests.simulated import Simulator, running_simulator


def test_a_killed_bot_finishes_the_batch_after_a_restart(database_url: str) -> None:
    with running_simulator("--people", "160") as simulator:
        simulator.now("PUT", "/settings", json={"latency_ms": 30})
        people = simulator.now("GET", "/people", params={"limit": 1000, "planted": "none"})["items"]
        with bot_process(simulator, database_url) as bot:
            batch = submit(bot, [one["id"] for one in people])
            wait_for_sent(bot, batch, 20)
            bot.kill()
        for _ in range(2):
            with bot_process(simulator, database_url) as bot:
                sent = states(bot, batch)["sent"]
                wait_for_sent(bot, batch, min(sent + 20, len(people) - 20))
                bot.kill()
        with bot_process(simulator, database_url) as bot:
            began = time.monotonic()
            seen = wait_until_done(bot, batch)
            assert time.monotonic() - began < 60
        assert seen["states"]["sent"] + seen["states"]["unsure"] == len(people)
        received = simulator.now("GET", "/received", params={"summary": 1})["people"]
        assert set(received.values()) == {1}, "nobody twice"
        assert len(received) >= seen["states"]["sent"], "whoever counts as welcomed saw it"


def test_survivors_finish_what_a_killed_worker_held(tmp_path: Path) -> None:
    with (
        fresh_database("postgresql", tmp_path) as url,
        running_simulator("--people", "160") as simulator,
        bot_process(simulator, url, "serve", "--no-worker") as bot,
        worker_process(simulator, url) as victim,
        worker_process(simulator, url),
    ):
        people = simulator.now("GET", "/people", params={"limit": 1000, "planted": "none"})["items"]
        batch = submit(bot, [one["id"] for one in people])
        wait_for_sent(bot, batch, 20)
        victim.kill()
        victim.wait()
        killed = time.monotonic()
        held = states(bot, batch)
        wait_for_sent(bot, batch, held["sent"] + 1)
        seen = wait_until_done(bot, batch)
        assert time.monotonic() - killed < 60
        received = simulator.now("GET", "/received", params={"summary": 1})["people"]
    assert seen["states"]["sent"] + seen["states"]["unsure"] == len(people)
    assert set(received.values()) == {1}, "nobody twice"
    assert len(received) >= seen["states"]["sent"]


def test_sigterm_ends_the_bot_in_time_and_a_restart_finishes(
    simulator: Simulator, database_url: str
) -> None:
    people = simulator.now("GET", "/people", params={"limit": 1000, "planted": "none"})["items"]
    with bot_process(simulator, database_url, BOT_REQUESTS_PER_SECOND="10") as bot:
        batch = submit(bot, [one["id"] for one in people[:40]])
        wait_for_sent(bot, batch, 5)
        assert bot.terminate() < 15
        assert bot.process.returncode == 0
    with bot_process(simulator, database_url) as bot:
        seen = wait_until_done(bot, batch)
    assert seen["states"]["sent"] == 40, "an orderly end leaves nothing unsure"
    received = simulator.now("GET", "/received", params={"summary": 1})["people"]
    assert set(received.values()) == {1}


def test_readyz_is_200_only_when_sending_can_start(simulator: Simulator, sqlite_url: str) -> None:
    with bot_process(simulator, sqlite_url) as bot:
        assert httpx.get(f"{bot.url}/healthz").status_code == 200
        assert httpx.get(f"{bot.url}/readyz").status_code == 200
        assert "onboarding_lane" in httpx.get(f"{bot.url}/metrics").text
    with bot_process(simulator, sqlite_url, AZURE_CLIENT_SECRET="wrong") as bot:
        answer = httpx.get(f"{bot.url}/readyz")
        assert answer.status_code == 503
        assert "AZURE_CLIENT_SECRET" in str(answer.json()["problems"])


def submit(bot: BotProcess, ids: list[str]) -> str:
    answer = httpx.post(
        f"{bot.url}/api/v1/batches",
        json={"people": [{"aad_object_id": one} for one in ids]},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def states(bot: BotProcess, batch: str) -> dict[str, int]:
    return dict(look(bot, batch)["states"])


def look(bot: BotProcess, batch: str) -> dict[str, dict[str, int]]:
    answer = httpx.get(
        f"{bot.url}/api/v1/batches/{batch}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    seen = dict(answer.json())
    assert seen["audience"] == sum(seen["states"].values())
    return seen


def wait_for_sent(bot: BotProcess, batch: str, number: int) -> None:
    deadline = time.monotonic() + 60
    while states(bot, batch)["sent"] < number:
        assert time.monotonic() < deadline, states(bot, batch)
        time.sleep(0.05)


def wait_until_done(bot: BotProcess, batch: str) -> dict[str, dict[str, int]]:
    deadline = time.monotonic() + 90
    while (seen := look(bot, batch))["state"] != "done":
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen

"""The command line as HR and administrators use it, each command as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

from tests.running import bot_process, command
from tests.simulated import ROOT, Simulator


def ids(simulator: Simulator, number: int) -> list[str]:
    people = simulator.now("GET", "/people", params={"limit": 1000, "planted": "none"})["items"]
    return [one["upn"] for one in people[:number]]


def test_a_file_is_submitted_watched_and_shown(
    simulator: Simulator, database_url: str, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Vorname", "E-Mail-Adresse", "Personalnummer"])
    for number, upn in enumerate(ids(simulator, 5), 1):
        sheet.append([f"Nr {number}", upn, number])
    sheet.append(["Niemand", "niemand@contoso.example", 6])
    file = tmp_path / "Neue Kollegen.xlsx"
    book.save(file)

    dry = command(simulator, database_url, "batch", "submit", str(file), "--dry-run", "--json")
    assert dry.returncode == 1, dry.stderr
    told = json.loads(dry.stdout)
    assert (told["id"], told["accepted"], told["rows"]) == (None, 5, 6)
    assert told["refused"][0]["row"] == 6

    with bot_process(simulator, database_url):
        done = command(simulator, database_url, "batch", "submit", str(file), "--watch", "--json")
        assert done.returncode == 1, done.stderr
        batch = json.loads(done.stdout)["id"]
        shown = command(simulator, database_url, "batch", "show", batch, "--json")
        seen = json.loads(shown.stdout)
        assert seen["state"] == "done"
        assert seen["states"]["sent"] == 5
        listed = command(simulator, database_url, "batch", "list", "--json")
        assert [one["id"] for one in json.loads(listed.stdout)["items"]] == [batch]
        assert batch in command(simulator, database_url, "batch", "list").stdout
        assert "5 sent" in command(simulator, database_url, "batch", "show", batch).stdout


def test_a_batch_is_paused_resumed_retried_and_cancelled(
    simulator: Simulator, sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("upn\n" + "\n".join(ids(simulator, 3)))
    receipt = command(simulator, sqlite_url, "batch", "submit", str(file), "--json")
    assert receipt.returncode == 0, receipt.stderr
    batch = json.loads(receipt.stdout)["id"]
    for act, state in (
        ("pause", "paused"),
        ("resume", "running"),
        ("retry", "running"),
        ("cancel", "cancelled"),
    ):
        done = command(simulator, sqlite_url, "batch", act, batch, "--json")
        assert json.loads(done.stdout)["state"] == state, done.stderr


def test_the_members_of_a_group_are_welcomed(simulator: Simulator, sqlite_url: str) -> None:
    groups = simulator.now("GET", "/state")["groups"]
    group = min((g for g in groups if g["members"] >= 2), key=lambda g: g["members"])
    with bot_process(simulator, sqlite_url):
        done = command(
            simulator, sqlite_url, "batch", "submit", "--group", group["id"], "--watch", "--json"
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] == group["members"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("batch", "show", "nosuch"), "nosuch"),
        (("batch", "submit", "/nowhere/list.csv"), "cannot be read"),
        (("batch", "submit"), "FILE"),
        (("batch", "submit", "--group", "00000000-0000-0000-0000-000000000001"), "group"),
        (("worker",), "postgresql"),
        (("batch", "frobnicate"), "frobnicate"),
    ],
)
def test_what_cannot_be_done_is_said_in_words_with_exit_code_2(
    simulator: Simulator, sqlite_url: str, args: tuple[str, ...], said: str
) -> None:
    done = command(simulator, sqlite_url, *args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_table_is_refused(
    simulator: Simulator, sqlite_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "photo.csv"
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    done = command(simulator, sqlite_url, "batch", "submit", str(file))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_demo_adds_up() -> None:
    done = subprocess.run(
        [sys.executable, "app.py", "demo", "--once", "--json", "--people", "80"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["audience"] == sum(told["states"].values()) == 80
    assert told["chats"] == told["states"]["sent"]
    assert told["states"]["unsure"] == 0


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a POSIX signal here")
def test_the_demo_ends_on_ctrl_c_and_leaves_no_process_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "app.py", "demo", "--people", "20"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as demo:
        try:
            assert demo.stdout is not None
            lines = []
            for line in demo.stdout:
                lines.append(line)
                if "Ctrl-C" in line:
                    break
            children = descendants(demo.pid)
            assert len(children) >= 2
            demo.send_signal(signal.SIGINT)
            assert demo.wait(20) == 0
        finally:
            demo.kill()
    assert any("Teams window" in line for line in lines[:4])
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(map(alive, children)):
        time.sleep(0.1)
    assert not [child for child in children if alive(child)]


def descendants(pid: int) -> list[int]:
    """The processes below this one, from /proc."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in children.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False

"""`message list`, `lint` and `preview`: what HR runs after rewording a line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onboarding.messages.text import Line, lines, unmarked
from tests.running import command
from tests.simulated import ROOT, Simulator


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """A command without any setting: HR has none."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
    return subprocess.run(
        [sys.executable, "app.py", "message", *args],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the messages that a test may spoil."""
    return Path(shutil.copytree(ROOT / "templates", tmp_path / "templates"))


def spoil(folder: Path, file: str, old: str, new: str) -> int:
    """Write something else into a file; the line where it stands."""
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_every_message_is_listed_with_purpose_and_languages() -> None:
    told = json.loads(run("list", "--json").stdout)["messages"]
    folders = {path.parent.name for path in (ROOT / "templates").glob("*/about.toml")}
    assert {one["name"] for one in told} == folders
    seven = {"ar", "de", "en", "es", "fr", "ja", "pt"}
    assert all(seven <= set(one["languages"]) and one["purpose"] for one in told)
    printed = run("list").stdout
    assert all(name in printed for name in folders)


def test_the_shipped_messages_have_nothing_to_mend() -> None:
    done = run("lint")
    assert (done.returncode, done.stdout) == (0, "Nothing to mend.\n")


def test_what_is_to_be_mended_is_named_by_file_line_and_remedy(folder: Path) -> None:
    file = "welcome/words/de.toml"
    at = spoil(folder, file, "person.given_name", "person.givn_name")
    done = run("lint", "--folder", str(folder))
    assert done.returncode == 1
    assert f"{folder / file}:{at}: " in done.stdout
    assert "person.given_name?" in done.stdout
    findings = json.loads(run("lint", "--folder", str(folder), "--json").stdout)["findings"]
    assert {"file", "line", "problem", "remedy"} == set(findings[0])
    assert at in {one["line"] for one in findings}


def test_a_file_that_cannot_be_read_at_all_is_a_finding_too(folder: Path) -> None:
    spoil(folder, "welcome/words/en.toml", "title = ", "title = = ")
    done = run("lint", "--folder", str(folder))
    assert done.returncode == 1
    assert "welcome/words/en.toml" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_message_is_shown_as_text_in_the_language_that_was_asked_for() -> None:
    done = run("preview", "welcome", "--locale", "de")
    assert done.returncode == 0, done.stderr
    assert "Willkommen, Ana!" in done.stdout
    assert "Führungskraft: Jo Fraser" in done.stdout
    assert "[ Nachrichten stoppen ]" in done.stdout
    assert "\x1b[" not in done.stdout, "colours are for terminals"


def test_a_message_is_shown_to_another_example_or_as_its_card() -> None:
    done = run("preview", "welcome", "--as", "nothing known", "--json")
    card = json.loads(done.stdout)
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    assert "Ana" not in done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("preview", "welcom"), "welcome_again_none"),
        (
            ("preview", "welcome", "--folder", "templates", "--as", "lee@contoso.com"),
            "on HR's list",
        ),
        (("list", "--folder", "/nowhere"), "/nowhere"),
    ],
)
def test_what_cannot_be_shown_is_said_in_words(args: tuple[str, ...], said: str) -> None:
    done = run(*args)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_message_is_shown_as_somebody_in_particular_would_get_it(
    simulator: Simulator, tmp_path: Path
) -> None:
    asked = {"limit": 1000, "planted": "none"}
    one, buddy = simulator.now("GET", "/people", params=asked)["items"][:2]
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    unknown_yet = command(simulator, url, "message", "preview", "welcome", "--as", one["upn"])
    assert unknown_yet.returncode == 0, unknown_yet.stderr
    assert one["given_name"] in unknown_yet.stdout
    file = tmp_path / "list.csv"
    file.write_text(f"upn;buddy\n{one['upn']};{buddy['upn']}\n", "utf-8")
    command(simulator, url, "batch", "submit", str(file), "--by", "Robin Meyer")
    told = command(
        simulator, url, "message", "preview", "welcome", "--as", one["id"], "--locale", "es"
    )
    assert buddy["display_name"] in told.stdout
    assert "Robin Meyer" in told.stdout
    nobody = command(simulator, url, "message", "preview", "welcome", "--as", "no@contoso.com")
    assert (nobody.returncode, "no@contoso.com" in nobody.stderr) == (2, True)


@pytest.mark.parametrize(
    ("marked", "read"),
    [
        ("**Welcome**, _you_", "Welcome, you"),
        (r"snake\_case\_name and 5 \* 3", "snake_case_name and 5 * 3"),
        ("file_name_here", "file_name_here"),
        ("[the handbook](https://contoso.example/h)", "the handbook (https://contoso.example/h)"),
        (r"\[not a link\](x)", "[not a link](x)"),
        (r"C:\\temp", r"C:\temp"),
    ],
)
def test_markdown_is_read_as_teams_shows_it(marked: str, read: str) -> None:
    assert unmarked(marked) == read


def test_a_card_is_read_from_top_to_bottom_without_what_is_hidden() -> None:
    card = {
        "type": "AdaptiveCard",
        "body": [
            {"type": "TextBlock", "text": "Hello", "style": "heading"},
            {
                "type": "ColumnSet",
                "separator": True,
                "columns": [
                    {"items": [{"type": "Image", "altText": "A waving hand"}]},
                    {"items": [{"type": "TextBlock", "text": "Small", "isSubtle": True}]},
                ],
            },
            {"type": "TextBlock", "text": "Later", "isVisible": False},
            {"type": "FactSet", "facts": [{"title": "Team", "value": "Field"}]},
            {"type": "Input.Text", "label": "Your answer"},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Read", "url": "https://contoso.example"}],
    }
    assert lines(card) == [
        Line("heading", "Hello"),
        Line("rule", ""),
        Line("subtle", "(picture: A waving hand)"),
        Line("subtle", "Small"),
        Line("fact", "Team: Field"),
        Line("fact", "Your answer: …"),
        Line("button", "[ Read ] → https://contoso.example"),
    ]

"""The README says what is so: commands, settings, routes, columns, states and links."""

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
import typer
from PIL import Image
from pydantic.fields import FieldInfo

from onboarding.domain.audience import ALIASES, check_rows, fields_by_alias, fold, known_fields
from onboarding.domain.deliveries import State
from onboarding.errors import ChatAfter, Leaves
from onboarding.inbound.cli import app as commands
from onboarding.inbound.people_file import read_rows
from onboarding.inbound.server import web_app
from onboarding.outbound.codes import Code
from onboarding.outbound.error_table import CONNECTOR, GRAPH, OURS, Becomes, Row
from onboarding.settings import Settings
from onboarding.wiring import open_app
from tests.running import TOKEN, running_bot
from tests.simulated import ROOT, Simulator

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PAGES = ["README.md", "templates/README.md"]
NOT_REACHED_YET = {State.UPDATED, State.RECALLED}
NOT_SETTINGS = {
    "POSTGRES_PASSWORD",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "TEST_DATABASE_URL",
    "NAME_FILE",
}
DAY = date(2026, 11, 23)


def section(title: str) -> str:
    """What stands below a heading, without the sections beneath it."""
    _, found, rest = README.partition(f"\n{title}\n")
    assert found, f"the README has no heading {title!r}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def fenced(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_two_commands_are_those_that_the_gate_runs() -> None:
    gate = CI.replace(" -q", "").replace(" --once", "").splitlines()
    first, second = [block.strip() for block in fenced("sh", section("## Try it"))]
    assert first.endswith("app.py demo")
    assert second.endswith("-m pytest")
    for step in f"{first} && {second}".split(" && "):
        assert step in gate


def test_windows_is_told_the_same_steps() -> None:
    (unix, _), (windows,) = (
        fenced(language, section("## Try it")) for language in ("sh", "powershell")
    )
    translated = unix.replace("python3 -m", "py -m").replace(" && ", "; ")
    assert windows == translated.replace(".venv/bin/", ".venv\\Scripts\\")


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for word, child in children.items():
        yield from leaves(child, f"{name} {word}".strip())


def test_every_command_and_option_of_the_help_is_in_the_table_and_no_other() -> None:
    offered = {
        name: {option for param in command.params for option in param.opts if option[:2] == "--"}
        for name, command in leaves(typer.main.get_command(commands))
    }
    told = {
        quoted(name)[0]: set(quoted(options)) for name, _, options in rows(section("## Commands"))
    }
    assert told == {name: options - {"--help"} for name, options in offered.items()}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_of_a_page_can_be_typed(page: str) -> None:
    known = dict(leaves(typer.main.get_command(commands)))
    lines = re.findall(r"python app\.py ([a-z][^`\n;]*)", (ROOT / page).read_text("utf-8"))
    assert lines
    for line in lines:
        name = next((n for n in known if f"{line} ".startswith(f"{n} ")), None)
        assert name, f"{page} tells people to run app.py {line}"
        given = {word for word in line.split() if word.startswith("--")} - {"--help"}
        assert given <= {option for param in known[name].params for option in param.opts}


def shown_default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    value = field.get_default(call_default_factory=True)
    if value is None or value == []:
        return "–"
    return f"`{int(value) if isinstance(value, bool) else value}`"


def test_the_settings_table_is_exactly_what_the_settings_say() -> None:
    expected = [
        [f"`{name.upper()}`", shown_default(field), field.description]
        for name, field in Settings.model_fields.items()
    ]
    assert rows(section("## Settings")) == expected


def test_every_setting_that_the_readme_names_exists() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    known = settings | {f"{name}_FILE" for name in settings} | NOT_SETTINGS
    named = {word.partition("=")[0] for word in quoted(PROSE)}
    assert {name for name in named if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", name)} <= known


async def test_every_route_of_the_server_is_named_and_no_other(
    simulator: Simulator, tmp_path: Path
) -> None:
    settings = simulator.settings(database_url=f"sqlite:///{tmp_path / 'ledger.db'}")
    async with open_app(settings, work=False) as app:
        served = {
            f"{route.method} {route.resource.canonical}"
            for route in web_app(app).router.routes()
            if route.resource is not None and route.method != "HEAD"
        }
    assert {word for word in quoted(PROSE) if re.match(r"(GET|POST|PUT|DELETE) /", word)} == served


def examples() -> list[list[str]]:
    """Every curl line of the README as words, continuation lines joined."""
    lines = "\n".join(fenced("sh")).replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith("curl ")]


def as_request(words: list[str], values: dict[str, str], file: bytes) -> dict[str, Any]:
    """What curl would send, as arguments for httpx."""
    asked: dict[str, Any] = {"method": "GET", "headers": {}}
    rest = iter(words)
    for word in rest:
        match word:
            case "-H":
                name, _, value = next(rest).partition(": ")
                asked["headers"][name] = value.replace("$TOKEN", values["TOKEN"])
            case "-X":
                asked["method"] = next(rest)
            case "-d":
                asked |= {"method": "POST", "content": next(rest)}
            case "-F":
                field, _, name = next(rest).partition("=@")
                asked |= {"method": "POST", "files": {field: (name, file, "text/csv")}}
            case _:
                asked["url"] = word.replace("$BOT", values["BOT"]).replace("$ID", values["ID"])
    return asked


async def test_every_curl_example_is_answered(simulator: Simulator, tmp_path: Path) -> None:
    file = fenced("csv")[0].encode()
    async with running_bot(simulator, f"sqlite:///{tmp_path / 'ledger.db'}", work=False) as bot:
        batch = await bot.submit(*await simulator.ordinary(1))
        values = {"BOT": bot.url, "TOKEN": TOKEN, "ID": str(batch["id"])}
        async with httpx.AsyncClient(trust_env=False) as client:
            for words in examples():
                answer = await client.request(**as_request(words, values, file))
                assert answer.status_code in (200, 202), (words, answer.text)
                assert answer.json().get("accepted") != 0


def test_the_sample_file_gets_the_verdicts_that_the_readme_shows() -> None:
    table = read_rows(fenced("csv")[0].encode(), "newcomers.csv")
    audience = check_rows(table.header, table.rows, DAY)
    expected = [
        "dry run, nothing was sent: "
        f"{len(audience.accepted)} accepted, {len(audience.refused)} refused",
        *(f"  row {r.row}, {r.field}: {r.problem} {r.remedy}" for r in audience.refused),
    ]
    (shown,) = fenced("text", section("### Verdicts"))
    assert shown.splitlines() == expected
    assert not audience.warnings


def test_every_column_is_told_and_each_other_name_means_it() -> None:
    table = rows(section("### The file"))
    assert {quoted(row[0])[0] for row in table} == set(ALIASES) >= set(known_fields())
    for name, others, _ in table:
        for other in others.split(", "):
            assert fields_by_alias()[fold(other)] == quoted(name)[0]


def test_the_diagram_of_states_and_both_its_tables_know_every_state() -> None:
    ledger = section("### The ledger always adds up")
    arrows = re.findall(r"^    (\S+) --> (\S+): (\d+)$", ledger, flags=re.MULTILINE)
    drawn = {end for begin, end, _ in arrows} | {begin for begin, _, _ in arrows} - {"[*]"}
    assert drawn == set(State) - NOT_REACHED_YET
    assert {number for _, _, number in arrows} == {row[0] for row in rows(ledger)}
    told = {quoted(row[0])[0] for row in rows(section("### States, and what to do"))}
    assert told == drawn


def test_every_log_event_that_the_readme_explains_is_one_that_the_code_writes() -> None:
    sources = (path.read_text(encoding="utf-8") for path in ROOT.glob("onboarding/**/*.py"))
    written = {
        event
        for source in sources
        for event in re.findall(r'log\.(?:info|warning|error|exception)\(\s*"(\w+)"', source)
    }
    told = {event for row in rows(section("## Operate")) for event in quoted(row[0])}
    assert told
    assert told <= written


NEVER_MET = {Code.ALREADY_INSTALLED}
"""What is as good as success, so that nobody is told of it."""
COMES_TO = {
    Becomes.LATER: "tries again by itself",
    Becomes.SLOWER: "slows down as long as it is asked to, then tries again",
    Becomes.LOST: "marks a message `unsure`, repeats any other call",
    Becomes.BROKEN: "fails a message, repeats any other call",
}
SAYS_OF_CHAT = {
    ChatAfter.FORGET: "opens the chat anew once, then fails",
    ChatAfter.UNINSTALLED: "installs the app once, then fails",
    ChatAfter.BLOCKED: "fails, and skips what comes later until they write",
}
LEAVES = {
    Leaves.FAILED: "fails",
    Leaves.SKIPPED: "skips them",
    Leaves.GONE: "skips them as `left_company`",
    Leaves.WAITS: "waits as `waits_for_app`",
    Leaves.STOPS: "stops for everybody and fails nobody; tries one every ten seconds",
}


def what_the_bot_does(row: Row) -> str:
    """What a row of the error table comes to, in the README's words."""
    if row.becomes is not Becomes.REFUSED:
        return COMES_TO[row.becomes]
    return SAYS_OF_CHAT.get(row.chat) or LEAVES[row.leaves]


def test_the_table_of_refusals_is_exactly_the_error_table() -> None:
    expected = {
        (f"`{row.code}`", row.reason, what_the_bot_does(row), row.remedy)
        for row in (*CONNECTOR, *GRAPH, *OURS)
        if row.code not in NEVER_MET
    }
    shown = rows(section("### When Microsoft says no"))
    assert shown == [list(line) for line in sorted(expected)]


def direct_dependencies() -> set[str]:
    lines = "\n".join((ROOT / f).read_text() for f in ("requirements.txt", "requirements-dev.txt"))
    return set(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==", lines, flags=re.MULTILINE))


def test_every_direct_dependency_has_its_reason_and_no_other_has() -> None:
    table = rows(section("## Dependencies"))
    assert {quoted(row[0])[0] for row in table} == direct_dependencies()
    assert all(reason and licence for _, reason, licence in table)


def test_the_permissions_are_those_that_the_simulator_grants_or_fewer() -> None:
    from onboarding.simulator.settings import DEFAULT_ROLES

    told = {quoted(row[0])[0] for row in rows(section("### Permissions")) if quoted(row[0])}
    assert told < set(DEFAULT_ROLES)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_picture_of_a_page_resolves(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", text)
    relative = [one or other for one, other in targets if not urlsplit(one or other).scheme]
    for target in relative:
        path, _, anchor = target.partition("#")
        assert ((ROOT / page).parent / unquote(path)).exists() if path else anchor in anchors(text)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_the_pictures_are_small_and_of_one_size() -> None:
    sizes = set()
    for name in ("welcome.png", "welcome-dark.png"):
        file = ROOT / "manifest" / name
        assert file.stat().st_size < 200_000
        with Image.open(file) as picture:
            sizes.add(picture.size)
    assert len(sizes) == 1

"""The manners of the house, kept by a checker that reads the source text and the import graph."""

import ast
import graphlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import grimp
import pytest

ROOT = Path(__file__).parent.parent
HELP_S = 1.0

ROOMS: dict[str, set[str]] = {
    "app": {"inbound"},
    "errors": set(),
    "logs": set(),
    "clouds": set(),
    "simulator": set(),
    "settings": {"clouds", "errors"},
    "domain": {"errors"},
    "store": {"domain", "errors"},
    "messages": {"domain", "errors"},
    "package": {"clouds", "errors"},
    "demo": {"errors"},
    "outbound": {"clouds", "domain", "errors", "settings"},
    "delivery": {"domain", "errors", "messages", "outbound", "settings"},
    "views": {"domain", "errors", "store"},
    "erasure": {"domain", "errors", "store", "views"},
    "work": {"delivery", "domain", "errors", "messages", "settings", "store"},
    "intake": {"domain", "errors", "store"},
    "roster": {"domain", "errors", "intake", "outbound", "store"},
    "submission": {
        "delivery", "domain", "errors", "intake", "messages", "outbound", "settings", "store",
    },
    "reconcile": {"domain", "errors", "outbound", "settings", "store", "submission"},
    "doctor": {"clouds", "errors", "messages", "outbound", "settings", "store"},
    "wiring": {
        "delivery", "domain", "errors", "intake", "logs", "messages", "outbound", "roster",
        "settings", "store", "submission", "views", "work",
    },
    "inbound": {
        "clouds", "demo", "doctor", "domain", "erasure", "errors", "intake", "logs", "messages",
        "package", "reconcile", "settings", "submission", "views", "wiring",
    },
}  # fmt: skip
"""Which rooms a room may import, besides itself. A new room needs a line here."""

Modules = Mapping[str, str]
"""Source text by module name; the front door is `app`."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Names of libraries that only these places may use. A place is a room, a module, or (for an
    exception) a module and the only name of the library that it may use there."""

    names: tuple[str, ...]
    places: tuple[str | tuple[str, str], ...]
    why: str


RESERVED = (
    Reserved(
        ("os.environ", "os.environb", "os.getenv", "os.putenv", "dotenv"),
        ("settings", "simulator", ("demo", "os.environ")),
        "only settings reads the environment; the demo passes its own on to its processes",
    ),
    Reserved(
        ("sqlalchemy", "alembic", "sqlite3", "psycopg"),
        (
            "store",
            ("erasure", "sqlalchemy.Connection"),
            ("intake", "sqlalchemy.Connection"),
            ("reconcile", "sqlalchemy.Connection"),
            ("views", "sqlalchemy.Connection"),
            ("wiring", "sqlalchemy.Connection"),
            ("work", "sqlalchemy.Connection"),
            ("work.engine", "sqlalchemy.Engine"),
        ),
        "SQL is the store's; others may only pass an open connection on",
    ),
    Reserved(("dbos",), ("work.engine",), "the durable engine stays behind one module"),
    Reserved(
        ("aiohttp", "ssl"),
        (
            "outbound",
            "simulator",
            "inbound.auth",
            ("inbound", "aiohttp.web"),
            ("inbound", "aiohttp.BodyPartReader"),
        ),
        "outbound opens the sockets; inbound serves, and fetches the keys of inbound tokens",
    ),
    Reserved(
        ("httpx", "yarl", "requests", "urllib3", "websockets", "http.client"),
        ("outbound",),
        "outbound opens the sockets",
    ),
    Reserved(
        ("urllib.request", "urllib.error"),
        (("demo", "urllib.request"), ("demo", "urllib.error")),
        "outbound opens the sockets; the demo asks its own processes on loopback",
    ),
    Reserved(
        ("socket", "asyncio.open_connection", "asyncio.start_server", "socketserver", "smtplib"),
        ("outbound", "simulator", ("wiring", "socket.gethostname")),
        "outbound opens the sockets; a worker is named after its host",
    ),
    Reserved(
        ("botbuilder", "botframework", "msrest"),
        ("inbound.bot", "outbound.teams"),
        "a successor of the SDK must be a change of two files",
    ),
    Reserved(
        ("msgraph", "msgraph_core", "kiota_abstractions", "kiota_http", "azure", "msal"),
        ("outbound",),
        "Graph and its credentials stay at the edge",
    ),
)

IMPURE = (
    "aiofiles", "asyncio", "builtins", "concurrent", "ctypes", "glob", "http", "importlib", "io",
    "locale", "logging", "mmap", "multiprocessing", "os", "pathlib", "pickle", "queue", "random",
    "sched", "secrets", "select", "shelve", "shutil", "signal", "socket", "sqlite3", "ssl",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid.uuid1",
    "uuid.uuid4", "zipfile", "datetime.datetime.now", "datetime.datetime.utcnow",
    "datetime.datetime.today", "datetime.date.today",
)  # fmt: skip
"""What the standard library has of clocks, chance and the outside."""
OPENERS = frozenset({"open", "input", "print", "exec", "eval", "__import__"})
READERS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes"})
PURE_LIBRARIES = {"domain.audience": {"babel"}}
"""Reference data that a module of the domain may look things up in."""


def faults(modules: Modules) -> list[str]:
    """Everything in these sources that breaks a rule, one sentence each."""
    checks: tuple[Callable[[Modules], Iterator[str]], ...] = (
        wrong_ways,
        circles,
        misplaced_libraries,
        impurities,
    )
    return [fault for check in checks for fault in check(modules)]


def wrong_ways(modules: Modules) -> Iterator[str]:
    """Imports that the table of rooms does not allow."""
    for module, text in modules.items():
        here = _room(module)
        if here not in ROOMS:
            yield f"{module}: the room {here} is not in the table"
            continue
        for imported, line in _imported_modules(text, modules):
            there = _room(imported)
            if there not in ROOMS[here] | {here}:
                yield f"{module}:{line}: {here} must not import {there}"


def circles(modules: Modules) -> Iterator[str]:
    """A circle of modules that import each other, wherever in their text they do so."""
    graph = {
        module: {name for name, _ in _imported_modules(text, modules)} - {module}
        for module, text in modules.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield "modules import each other: " + " → ".join(reversed(error.args[1]))


def misplaced_libraries(modules: Modules) -> Iterator[str]:
    """Uses of a reserved name outside its places."""
    for module, text in modules.items():
        for used, line in _used(text):
            for rule in RESERVED:
                if _is_any(used, rule.names) and not _may_use(module, used, rule):
                    yield f"{module}:{line}: {used} does not belong here: {rule.why}"


def impurities(modules: Modules) -> Iterator[str]:
    """Whatever in the domain waits, looks at a clock, or touches the outside."""
    for module, text in modules.items():
        if _room(module) == "domain":
            for what, line in _impure(module, text):
                yield f"{module}:{line}: the domain is pure, but this is {what}"


def _impure(module: str, text: str) -> Iterator[tuple[str, int]]:
    inner = module.removeprefix("onboarding.")
    libraries = (names for room, names in PURE_LIBRARIES.items() if _is_any(inner, [room]))
    pure = {"onboarding"}.union(*libraries)
    for used, line in _used(text):
        if _is_any(used, IMPURE) or used.split(".")[0] not in sys.stdlib_module_names | pure:
            yield used, line
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    for node in ast.walk(_tree(text)):
        if isinstance(node, waiting):
            yield "async", node.lineno
        elif isinstance(node, ast.Name) and node.id in OPENERS:
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and node.attr in READERS:
            yield node.attr, node.lineno


def _may_use(module: str, used: str, rule: Reserved) -> bool:
    inner = module.removeprefix("onboarding.")
    for place in rule.places:
        where, name = place if isinstance(place, tuple) else (place, None)
        if _is_any(inner, [where]) and (name is None or _is_any(used, [name])):
            return True
    return False


def _is_any(name: str, families: Iterable[str]) -> bool:
    return any(name == family or name.startswith(f"{family}.") for family in families)


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def _imported_modules(text: str, modules: Modules) -> Iterator[tuple[str, int]]:
    for name, line in _imports(text):
        while name and name not in modules:
            name = name.rpartition(".")[0]
        if name and name != "onboarding":
            yield name, line


@cache
def _imports(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(_walk_imports(text))


def _walk_imports(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Import):
            yield from ((one.name, node.lineno) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute in this house"
            yield from ((f"{node.module}.{one.name}", node.lineno) for one in node.names)


@cache
def _used(text: str) -> tuple[tuple[str, int], ...]:
    """Full dotted names of everything imported by name, and of every attribute of a module.

    `import socket` alone is no use yet; `socket.gethostname` is.
    """
    return tuple(_walk_uses(text))


def _walk_uses(text: str) -> Iterator[tuple[str, int]]:
    tree = _tree(text)
    known: dict[str, str] = {}
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                known[one.asname or one.name.split(".")[0]] = (
                    one.name if one.asname else one.name.split(".")[0]
                )
                if "." in one.name:
                    yield one.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            for one in node.names:
                known[one.asname or one.name] = f"{node.module}.{one.name}"
                yield f"{node.module}.{one.name}", node.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            inner.add(node.value)
            if node not in inner and (name := _dotted(node, known)):
                yield name, node.lineno
        elif isinstance(node, ast.Name) and node.id in known and node not in inner:
            yield known[node.id], node.lineno


def _dotted(node: ast.expr, known: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and (left := _dotted(node.value, known)):
        return f"{left}.{node.attr}"
    return None


@cache
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def read_modules(root: Path) -> dict[str, str]:
    """The sources below this folder: the front door and the whole of `onboarding`."""
    files = [root / "app.py", *sorted((root / "onboarding").rglob("*.py"))]
    return {_name(file.relative_to(root)): file.read_text("utf-8") for file in files}


def _name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """The import graph as grimp reads it."""
    return grimp.build_graph("onboarding", cache_dir=None)


@pytest.fixture(scope="module")
def house() -> dict[str, str]:
    """The house as it stands, without the files that Alembic runs by path."""
    return {
        name: text
        for name, text in read_modules(ROOT).items()
        if name != "onboarding" and not name.startswith("onboarding.store.migrations")
    }


def test_the_house_keeps_its_manners(house: Modules) -> None:
    assert faults(house) == []


def test_the_table_of_rooms_itself_runs_one_way() -> None:
    graphlib.TopologicalSorter(ROOMS).prepare()


def test_every_room_of_the_table_stands(house: Modules) -> None:
    assert {_room(module) for module in house} == set(ROOMS)


def test_every_exception_is_still_needed(house: Modules) -> None:
    asked = [
        (rule, place)
        for rule in RESERVED
        for place in rule.places
        if isinstance(place, tuple) or "." in place
    ]
    unused = [
        place
        for rule, place in asked
        if not any(
            _may_use(module, used, Reserved(rule.names, (place,), ""))
            for module, text in house.items()
            for used, _ in _used(text)
            if _is_any(used, rule.names)
        )
    ]
    assert unused == []


def test_the_checker_sees_every_import_that_grimp_sees(
    house: Modules, graph: grimp.ImportGraph
) -> None:
    for module, text in house.items():
        if module == "app":
            continue
        seen = {name for name, _ in _imported_modules(text, house)}
        assert graph.find_modules_directly_imported_by(module) - {"onboarding"} <= seen, module


def test_nothing_outside_the_simulator_imports_it_and_it_imports_nothing_of_ours(
    graph: grimp.ImportGraph,
) -> None:
    simulator = {"onboarding.simulator", *graph.find_descendants("onboarding.simulator")}
    across = [
        (one, other)
        for one in graph.modules
        for other in graph.find_modules_directly_imported_by(one)
        if (one in simulator) != (other in simulator)
    ]
    assert across == []


PLANTED = [
    ("onboarding.store.people", "from onboarding.intake import Intake", "must not import intake"),
    ("onboarding.domain.talk", "from onboarding import views", "domain must not import views"),
    ("onboarding.errors", "import onboarding.settings", "errors must not import settings"),
    ("onboarding.delivery", "from onboarding.store import people", "must not import store"),
    ("onboarding.wiring", "from onboarding.inbound.api import shown", "must not import inbound"),
    ("onboarding.messages.card", "from onboarding.outbound.wire import x", "import outbound"),
    ("onboarding.simulator.world", "from onboarding.errors import Retry", "must not import errors"),
    ("onboarding.intake", "from onboarding.simulator import world", "must not import simulator"),
    ("app", "from onboarding.wiring import open_app", "app must not import wiring"),
    ("onboarding.parlour", "", "the room parlour is not in the table"),
    (
        "onboarding.domain.deliveries",
        "def late():\n    from onboarding.domain.decide import Owe\n    return Owe",
        "modules import each other",
    ),
    ("onboarding.domain.decide", "async def wait():\n    await x", "this is async"),
    ("onboarding.domain.decide", "NOW = datetime.now()", "this is datetime.datetime.now"),
    ("onboarding.domain.batches", "import datetime\nD = datetime.date.today()", "date.today"),
    ("onboarding.domain.batches", "from time import monotonic", "this is time.monotonic"),
    ("onboarding.domain.batches", "import time as t\nT = t.time()", "this is time.time"),
    ("onboarding.domain.people", "TEXT = open('names').read()", "this is open"),
    ("onboarding.domain.people", "from pathlib import Path", "this is pathlib.Path"),
    ("onboarding.domain.people", "def f(x):\n    return x.read_text()", "this is read_text"),
    ("onboarding.domain.people", "import uuid\nI = uuid.uuid4()", "this is uuid.uuid4"),
    ("onboarding.domain.people", "import babel.core", "this is babel.core"),
    ("onboarding.domain.facts", "from pydantic import BaseModel", "this is pydantic.BaseModel"),
    ("onboarding.views", "from sqlalchemy import select", "sqlalchemy.select does not belong"),
    ("onboarding.intake", "import sqlite3\nC = sqlite3.connect('x')", "sqlite3.connect does not"),
    ("onboarding.work.worker", "from sqlalchemy import Engine", "Engine does not belong"),
    ("onboarding.work.worker", "from dbos import DBOS", "dbos.DBOS does not belong"),
    ("onboarding.inbound.api", "import aiohttp\nS = aiohttp.ClientSession", "ClientSession does"),
    ("onboarding.inbound.api", "from aiohttp import ClientSession", "ClientSession does not"),
    ("onboarding.inbound.api", "def f():\n    from httpx import get", "httpx.get does not belong"),
    ("onboarding.submission", "from urllib.request import urlopen", "urlopen does not belong"),
    ("onboarding.wiring", "S = socket.create_connection", "create_connection does not belong"),
    ("onboarding.messages.card", "import ssl\nC = ssl.SSLContext()", "ssl.SSLContext does not"),
    ("onboarding.wiring", "HOME = os.environ['HOME']", "os.environ does not belong"),
    ("onboarding.logs", "from os import getenv", "os.getenv does not belong"),
    ("onboarding.logs", "import os as o\nE = o.getenv('X')", "os.getenv does not belong"),
    (
        "onboarding.inbound.activities",
        "from botbuilder.schema import Activity",
        "botbuilder.schema",
    ),
    ("onboarding.outbound.wire", "from msrest.pipeline import Request", "msrest.pipeline.Request"),
    ("onboarding.submission", "import msgraph.generated", "msgraph.generated does not belong"),
    ("onboarding.inbound.auth", "from azure.identity.aio import x", "azure.identity.aio.x does"),
]


@pytest.mark.parametrize(
    ("module", "planted", "told"), PLANTED, ids=[told for _, _, told in PLANTED]
)
def test_a_planted_fault_is_refused(
    module: str, planted: str, told: str, tmp_path: Path, house: Modules
) -> None:
    before = faults(house)
    file = tmp_path / (module.replace(".", "/") + ".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(house.get(module, "") + "\n\n" + planted + "\n", "utf-8")
    spoiled = {**house, _name(file.relative_to(tmp_path)): file.read_text("utf-8")}
    found = [fault for fault in faults(spoiled) if fault not in before]
    assert any(told in fault and fault.startswith((module, "modules")) for fault in found), found


IMPORTS_EVERYTHING = """
import importlib, json, sys, threading, traceback

root, modules = json.loads(sys.argv[1])
sys.path.insert(0, root)
sys.dont_write_bytecode = True
LOUD = ("socket.", "subprocess.", "os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.mkdir",
        "os.remove", "sqlite3.connect", "_thread.start_new_thread")
QUIET = ("urllib3/util/connection.py", "/platform.py")
heard, graph_sdk, threads, module = [], None, {}, ""

def listen(event, args):
    writes = event == "open" and set(str(args[1])) & set("wax+")
    if event.startswith(LOUD) or writes:
        if not any(one.filename.endswith(QUIET) for one in traceback.extract_stack()):
            heard.append([module, event])

sys.addaudithook(listen)
for module in modules:
    importlib.import_module(module)
    if threading.active_count() > 1:
        threads[module] = [thread.name for thread in threading.enumerate()]
    if module == "onboarding.wiring":
        graph_sdk = sorted({name.split(".")[0] for name in sys.modules} & {"msgraph", "kiota_http"})
print(json.dumps([heard, threads, graph_sdk]))
"""
"""Two libraries ask about the machine when they are imported: urllib3 binds a socket to see whether
there is IPv6, and `platform` calls `file`. They are no business of ours."""


def test_importing_any_module_starts_nothing_and_wiring_takes_no_graph_sdk(house: Modules) -> None:
    first = ["onboarding", "onboarding.wiring"]
    modules = first + sorted(set(house) - {"app", *first})
    heard, threads, graph_sdk = _importing(modules)
    assert heard == []
    assert threads == {}
    assert graph_sdk == []


def test_a_module_that_starts_something_is_heard(tmp_path: Path) -> None:
    (tmp_path / "rash.py").write_text(
        "import socket, threading\nsocket.socket().close()\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "open('rash.txt', 'w').close()\n"
    )
    heard, threads, _ = _importing(["rash"], tmp_path)
    assert {event for _, event in heard} >= {"socket.__new__", "open"}
    assert set(threads) == {"rash"}


def _importing(
    modules: list[str], root: Path = ROOT
) -> tuple[list[list[str]], dict[str, Any], Any]:
    """What is heard while these are imported: (module, event), threads left, and the Graph SDK."""
    ended = subprocess.run(
        [sys.executable, "-I", "-c", IMPORTS_EVERYTHING, json.dumps([str(root), modules])],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    heard, threads, graph_sdk = json.loads(ended.stdout)
    return heard, threads, graph_sdk


def test_help_answers_in_under_a_second() -> None:
    assert min(_seconds_of_help() for _ in range(3)) < HELP_S


def _seconds_of_help() -> float:
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 0, ended.stderr
    assert "Usage" in ended.stdout
    return time.monotonic() - began


def stand_ins(text: str) -> Iterator[str]:
    """Where a test puts something else in the place of real code."""
    for used, line in _used(text):
        if _is_any(used, ["unittest.mock", "mock", "pytest_mock"]):
            yield f"{line}: {used}"
    for node in ast.walk(_tree(text)):
        if isinstance(node, ast.Attribute) and node.attr in ("setattr", "setitem"):
            yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Name) and node.id in _MOCKS:
            yield f"{node.lineno}: {node.id}"
        elif isinstance(node, ast.arg) and node.arg == "mocker":
            yield f"{node.lineno}: mocker"


_MOCKS = {"Mock", "MagicMock", "AsyncMock", "create_autospec"}


def test_no_test_replaces_a_piece_of_the_product() -> None:
    found = {
        str(file.relative_to(ROOT)): list(stand_ins(file.read_text("utf-8")))
        for file in (ROOT / "tests").rglob("*.py")
    }
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "from unittest.mock import patch",
        "import unittest.mock\nunittest.mock.patch('x')",
        "from unittest import mock",
        "def test_x(monkeypatch):\n    monkeypatch.setattr('onboarding.views.batch', None)",
        "fake = Mock()",
        "def test_x(mocker):\n    pass",
    ],
)
def test_a_planted_stand_in_is_refused(planted: str) -> None:
    assert list(stand_ins(planted))

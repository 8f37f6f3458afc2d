"""The two databases that every story runs on: a SQLite file, and one of PostgreSQL's own."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/test")


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database; a PostgreSQL one is dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    server = make_url(TEST_DATABASE_URL).set(drivername="postgresql+psycopg")
    name = f"onboarding_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"create database {name}"))
    except OperationalError:
        pytest.skip(f"no PostgreSQL answers at {TEST_DATABASE_URL}")
    try:
        url = make_url(TEST_DATABASE_URL).set(database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"drop database if exists {name} with (force)"))
        engine.dispose()


class Server:
    """A PostgreSQL server of one test's own, which that test may crash."""

    def __init__(self, program: Path, folder: Path, port: int) -> None:
        self._program = program
        self._folder = folder
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        self._do("start", "-l", str(self._folder.parent / "log"))

    def crash_and_restart(self) -> None:
        """End it as a crash would, and start it again at once: it recovers from its log."""
        self._do("restart", "-m", "immediate", "-l", str(self._folder.parent / "log"))

    def stop(self) -> None:
        self._do("stop", "-m", "immediate")

    def _do(self, *what: str) -> None:
        as_owner(self._program, "-D", str(self._folder), "-w", "-t", "60", "-s", *what)


@contextmanager
def own_server() -> Iterator[Server]:
    """A running throw-away server on a free port of 127.0.0.1; skips where there is no initdb."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (str(programs[-1]) if programs else None)
    if found is None:
        pytest.skip("no initdb is installed")
    with tempfile.TemporaryDirectory(prefix="onboarding-postgresql-") as temporary:
        home, data = Path(temporary), Path(temporary) / "data"
        if os.geteuid() == 0:
            shutil.chown(home, "postgres")
        as_owner(Path(found), "-D", str(data), "-U", "postgres", "-A", "trust", "-N")
        port = free_port()
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(
                f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
            )
        server = Server(Path(found).with_name("pg_ctl"), data, port)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def as_owner(program: Path, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, which refuse to run as root, as who owns the cluster."""
    other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    ended = subprocess.run(
        [*other, str(program), *arguments],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def closed_to_everybody(url: str) -> Iterator[None]:
    """A database that ends every connection and lets nobody in meanwhile."""
    name = make_url(url).database
    server = make_url(TEST_DATABASE_URL).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    end = text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"alter database {name} allow_connections false"))
            connection.execute(end, {"name": name})
        yield
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"alter database {name} allow_connections true"))
        engine.dispose()

"""The container files say what the code can do; whether they build is tried where Docker runs."""

import re
import tomllib
from typing import Any

import yaml

from onboarding.inbound.server import LAST_CALL_S
from onboarding.settings import Settings
from tests.simulated import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = [service for service in COMPOSE["services"].values() if service["image"] == "onboarding"]


def test_compose_runs_postgresql_one_server_and_two_workers() -> None:
    commands = [service["command"] for service in OURS]
    assert commands == [["serve", "--no-worker"], ["worker"]]
    assert COMPOSE["services"]["worker"]["deploy"]["replicas"] == 2
    assert COMPOSE["services"]["database"]["image"].startswith("postgres:")


def test_every_variable_of_the_services_is_a_setting_that_is_accepted() -> None:
    for service in OURS:
        given = {name.lower(): value for name, value in service["environment"].items()}
        assert given.keys() <= Settings.model_fields.keys()
        url = re.sub(r"\$\{[^}]*\}", "secret", given["database_url"])
        known = {"azure_tenant_id": "t", "azure_client_id": "c", "database_url": url}
        assert Settings(**{**given, **known}, _env_file=None).sqlite is False


def test_no_port_is_open_to_other_machines() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:3978:3978"]


def test_a_container_is_given_the_time_that_an_orderly_end_may_take() -> None:
    assert all(int(s["stop_grace_period"].removesuffix("s")) > LAST_CALL_S for s in OURS)


def test_the_image_holds_all_that_the_program_reads_and_nothing_private() -> None:
    copied = set(re.findall(r"^COPY (.+) \S+$", DOCKERFILE, flags=re.MULTILINE))
    names = {name for line in copied for name in line.split()}
    assert names == {"requirements.txt", "app.py", "LICENSE", "onboarding", "templates", "manifest"}
    assert all((ROOT / name).exists() for name in names)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == names


def test_the_image_runs_a_python_that_we_support_and_not_as_root() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    least = tuple(map(int, project["requires-python"].removeprefix(">=").split(".")))
    version = re.search(r"^FROM python:(\d+)\.(\d+)-slim$", DOCKERFILE, flags=re.MULTILINE)
    assert version
    assert tuple(map(int, version.groups())) >= least
    assert re.search(r"^USER onboarding$", DOCKERFILE, flags=re.MULTILINE)

"""Settings: every mistake at once, secrets from files, and what may be on loopback."""

import os
import subprocess
import sys
from datetime import time
from pathlib import Path

import pytest

from onboarding.clouds import CLOUDS, is_loopback, may_receive_token
from onboarding.errors import BadInput
from onboarding.settings import QuietHours, Settings, load
from tests.simulated import ROOT

IDS = {
    "AZURE_TENANT_ID": "11111111-1111-4111-8111-111111111111",
    "AZURE_CLIENT_ID": "22222222-2222-4222-8222-222222222222",
}
OVERRIDES = (
    "AZURE_AUTHORITY_HOST",
    "GRAPH_URL",
    "BOT_SERVICE_URL",
    "BOT_OPENID_METADATA_URL",
    "BOT_TOKEN_ISSUER",
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment with nothing but the two ids, in an empty folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    for name, value in IDS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def mistakes(**given: object) -> str:
    """What the settings are refused with."""
    with pytest.raises(BadInput) as refused:
        load(given)
    assert refused.value.remedy
    return refused.value.problem


def test_two_ids_are_enough_and_the_rest_has_defaults() -> None:
    settings = load()
    assert settings.azure_tenant_id == IDS["AZURE_TENANT_ID"]
    assert settings.host == "127.0.0.1"
    assert settings.port == 3978
    assert settings.sqlite
    assert settings.quiet == (time(20), time(8))
    assert settings.welcome_existing_members == "never"
    assert settings.tenants == {IDS["AZURE_TENANT_ID"]}
    assert settings.endpoints == CLOUDS["public"]
    assert settings.simulated_service_url is None


def test_every_setting_says_what_it_is_for() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]
    assert silent == []


def test_missing_ids_are_named_together(bare: pytest.MonkeyPatch) -> None:
    for name in IDS:
        bare.delenv(name)
    assert mistakes() == "AZURE_TENANT_ID is not set.\nAZURE_CLIENT_ID is not set."


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("nothing", ["", "  "])
def test_an_empty_id_is_refused_because_it_would_switch_authentication_off(
    bare: pytest.MonkeyPatch, name: str, nothing: str
) -> None:
    bare.setenv(name, nothing)
    assert f"{name} is empty" in mistakes()


def test_mistakes_that_concern_several_settings_are_named_together(
    bare: pytest.MonkeyPatch,
) -> None:
    wrong = {
        "AZURE_CLIENT_ID": "",
        "PUBLIC_URL": "http://bot.example",
        "DATABASE_URL": "mysql://somewhere",
        "DEFAULT_TIME_ZONE": "Mars/Olympus",
        "QUIET_HOURS": "at night",
        "GRAPH_URL": "ftp://graph.example",
        "HANDBOOK_URL": "javascript:alert(1)",
    }
    for name, value in wrong.items():
        bare.setenv(name, value)
    assert [name for name in wrong if name not in mistakes()] == []


def test_mistakes_in_single_values_are_named_together(bare: pytest.MonkeyPatch) -> None:
    wrong = {
        "PORT": "70000",
        "CLOUD": "mars",
        "SIMULATED": "perhaps",
        "RETENTION_DAYS": "7",
        "BOT_REQUESTS_PER_SECOND": "0",
        "GRAPH_INSTALLS_PER_SECOND": "many",
        "WELCOME_EXISTING_MEMBERS": "sometimes",
        "LOG_LEVEL": "loud",
        "MAX_BATCH_PEOPLE": "-1",
    }
    for name, value in wrong.items():
        bare.setenv(name, value)
    said = mistakes().splitlines()
    assert sorted(line.split()[0] for line in said) == sorted(wrong)


def test_a_mistake_in_one_value_does_not_hide_the_others(bare: pytest.MonkeyPatch) -> None:
    bare.delenv("AZURE_TENANT_ID")
    wrong = {
        "PORT": "http",
        "QUIET_HOURS": "at night",
        "PUBLIC_URL": "http://bot.example",
        "DATABASE_URL": "mysql://somewhere",
        "CONSOLE_TOKEN_FILE": "/nowhere/token",
    }
    for name, value in wrong.items():
        bare.setenv(name, value)
    said = mistakes()
    assert [name for name in ("AZURE_TENANT_ID", *wrong) if name not in said] == []


@pytest.mark.parametrize("url", ["https://[::1", "https://host:port", "https://", "nonsense"])
def test_a_url_that_cannot_be_read_is_named(url: str) -> None:
    assert mistakes(public_url=url).startswith("PUBLIC_URL ")


def test_a_mistake_never_repeats_the_secret(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AZURE_CLIENT_SECRET", "hush-hush")
    bare.setenv("CONSOLE_TOKEN", "not-for-logs")
    said = mistakes(port="x")
    assert "hush" not in said
    assert "not-for-logs" not in said
    assert "hush" not in repr(load())


def test_any_setting_may_come_from_a_mounted_file(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("  from the file\n", "utf-8")
    rate = tmp_path / "rate"
    rate.write_text("12.5\n", "utf-8")
    bare.setenv("AZURE_CLIENT_SECRET_FILE", str(secret))
    bare.setenv("BOT_REQUESTS_PER_SECOND_FILE", str(rate))
    settings = load()
    assert settings.azure_client_secret is not None
    assert settings.azure_client_secret.get_secret_value() == "from the file"
    assert settings.bot_requests_per_second == 12.5


def test_a_variable_goes_before_the_file_and_the_file_before_dotenv(
    bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path(".env").write_text("COMPANY_NAME=dotenv\nHR_CONTACT=dotenv\nDEFAULT_LOCALE=de\n", "utf-8")
    mounted = tmp_path / "mounted"
    mounted.write_text("mounted", "utf-8")
    bare.setenv("COMPANY_NAME_FILE", str(mounted))
    bare.setenv("HR_CONTACT_FILE", str(mounted))
    bare.setenv("HR_CONTACT", "variable")
    settings = load()
    assert settings.company_name == "mounted"
    assert settings.hr_contact == "variable"
    assert settings.default_locale == "de"
    assert load({"hr_contact": "argument"}).hr_contact == "argument"


def test_a_file_that_is_not_there_is_named_with_its_path(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AZURE_CLIENT_SECRET_FILE", "/nowhere/secret")
    said = mistakes()
    assert "AZURE_CLIENT_SECRET_FILE" in said
    assert "/nowhere/secret" in said


def test_dotenv_may_hold_what_belongs_to_others() -> None:
    Path(".env").write_text("COMPANY_NAME=Contoso\nSOMETHING_ELSE=1\n", "utf-8")
    assert load().company_name == "Contoso"


LOOPBACKS = (
    "https://127.0.0.1:8443",
    "https://localhost",
    "https://LOCALHOST:1",
    "https://[::1]:8443",
    "https://127.0.0.2",
    "https://0.0.0.0:8443",
)


@pytest.mark.parametrize("url", LOOPBACKS)
@pytest.mark.parametrize("name", OVERRIDES)
def test_an_endpoint_on_loopback_needs_simulated(name: str, url: str) -> None:
    assert name in mistakes(**{name.lower(): url})
    allowed = load({name.lower(): url, "simulated": True})
    assert getattr(allowed, name.lower()) == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "bot.example"])
def test_simulated_is_refused_where_others_could_reach_us(host: str) -> None:
    assert "SIMULATED=1 is refused" in mistakes(simulated=True, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_simulated_is_accepted_on_loopback(host: str) -> None:
    assert load({"simulated": True, "host": host}).simulated


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "bot.example"])
def test_a_console_token_is_refused_where_others_could_reach_us(host: str) -> None:
    assert "CONSOLE_TOKEN" in mistakes(console_token="secret", host=host)


@pytest.mark.parametrize("name", [n for n in OVERRIDES if n != "BOT_TOKEN_ISSUER"])
def test_an_endpoint_must_be_https_even_when_simulated(name: str) -> None:
    assert name in mistakes(**{name.lower(): "http://127.0.0.1:8080", "simulated": True})


@pytest.mark.parametrize(
    "url", ["http://localhost:3978", "https://127.0.0.1", "https://bot.example"]
)
def test_our_own_address_may_be_on_loopback(url: str) -> None:
    assert load({"public_url": url}).public_url == url


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("20:00-08:00", (time(20), time(8))),
        (" 08:30 - 17:45 ", (time(8, 30), time(17, 45))),
        ("00:00-06:00", (time(0), time(6))),
        ("23:59-00:00", (time(23, 59), time(0))),
        ("off", None),
        (" OFF ", None),
    ],
)
def test_quiet_hours_are_read(text: str, hours: tuple[time, time] | None) -> None:
    assert load({"quiet_hours": text}).quiet == hours


@pytest.mark.parametrize(
    "text",
    [
        "", "on", "20:00", "20:00-", "-08:00", "8-20", "20:00-24:00", "25:00-08:00", "20:00-20:00",
        "20:00-08:00-09:00", "20:00:30-08:00:30", "20:00Z-08:00Z", "20:00+01:00-08:00",
    ],
)  # fmt: skip
def test_any_other_form_of_quiet_hours_is_refused_with_an_example(text: str) -> None:
    said = mistakes(quiet_hours=text)
    assert said.startswith("QUIET_HOURS ")
    assert "off" in said


def test_quiet_hours_are_a_plain_pair() -> None:
    begin, end = QuietHours.parse("20:00-08:00")
    assert (begin, end) == (time(20), time(8))


def test_allowed_tenants_are_a_list_without_case_or_blanks(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("ALLOWED_TENANTS", " AAAA, bbbb ,")
    assert load().tenants == {"aaaa", "bbbb"}


def test_an_empty_list_of_tenants_means_our_own() -> None:
    assert load({"allowed_tenants": " , "}).tenants == {IDS["AZURE_TENANT_ID"]}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_brings_all_its_endpoints_over_https(cloud: str) -> None:
    found = load({"cloud": cloud.upper()}).endpoints
    for url in (
        found.authority_host,
        found.graph_url,
        found.bot_service_url,
        found.bot_scope,
        found.bot_openid_metadata_url,
        found.bot_token_issuer,
    ):
        assert url.startswith("https://")
    assert not found.graph_url.endswith("/v1.0")
    assert found.bot_service_url.endswith("/")
    assert may_receive_token(found.bot_service_url, found.connector_hosts, None)
    assert load({"cloud": cloud}).graph_scope == f"{found.graph_url}/.default"


@pytest.mark.parametrize(
    ("cloud", "authority", "graph", "bot_scope"),
    [
        ("public", "login.microsoftonline.com", "graph.microsoft.com", "api.botframework.com"),
        ("gcc", "login.microsoftonline.com", "graph.microsoft.com", "api.botframework.com"),
        ("gcch", "login.microsoftonline.us", "graph.microsoft.us", "api.botframework.us"),
        ("dod", "login.microsoftonline.us", "dod-graph.microsoft.us", "api.botframework.us"),
    ],
)
def test_sovereign_clouds_talk_to_their_own_hosts(
    cloud: str, authority: str, graph: str, bot_scope: str
) -> None:
    found = CLOUDS[cloud]
    assert found.authority_host == f"https://{authority}"
    assert found.graph_url == f"https://{graph}"
    assert found.bot_scope == f"https://{bot_scope}/.default"


def test_no_cloud_sends_its_token_to_another_clouds_connector() -> None:
    for one in CLOUDS.values():
        for other in CLOUDS.values():
            allowed = may_receive_token(other.bot_service_url, one.connector_hosts, None)
            assert allowed == (one.bot_service_url == other.bot_service_url)


def test_an_override_changes_one_endpoint_and_leaves_the_scopes() -> None:
    settings = load({"graph_url": "https://graph.example/", "bot_service_url": "https://smba.x/t"})
    assert settings.endpoints.graph_url == "https://graph.example"
    assert settings.endpoints.bot_service_url == "https://smba.x/t/"
    assert settings.graph_scope == "https://graph.microsoft.com/.default"
    assert settings.endpoints.bot_scope == CLOUDS["public"].bot_scope


def test_the_simulators_connector_is_trusted_only_while_simulated() -> None:
    url = "https://127.0.0.1:8443/"
    settings = load({"bot_service_url": url, "simulated": True})
    assert settings.simulated_service_url == url


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1", "https://127.9.9.9:1/x", "http://localhost:80", "https://[::1]/"]
)
def test_a_loopback_host_is_known_by_its_address_not_by_its_spelling(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["https://127.0.0.1.example", "https://example/127.0.0.1", ""])
def test_what_only_looks_like_loopback_is_not(url: str) -> None:
    assert not is_loopback(url)


def serve(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """`app.py serve` with nothing of the surroundings' settings."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "serve"],
        cwd=folder,
        env={**kept, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_serve_ends_with_2_and_names_every_missing_setting(tmp_path: Path) -> None:
    ended = serve(tmp_path)
    assert ended.returncode == 2
    assert "AZURE_TENANT_ID is not set." in ended.stderr
    assert "AZURE_CLIENT_ID is not set." in ended.stderr
    assert "README" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_serve_ends_with_2_and_names_every_wrong_setting_and_touches_nothing(
    tmp_path: Path,
) -> None:
    wrong = {
        "PUBLIC_URL": "http://bot.example",
        "QUIET_HOURS": "at night",
        "HOST": "0.0.0.0",
        "CONSOLE_TOKEN": "secret",
        "DEFAULT_TIME_ZONE": "Mars/Olympus",
    }
    ended = serve(tmp_path, **IDS, **wrong)
    assert ended.returncode == 2
    assert [name for name in wrong if name not in ended.stderr] == []
    assert "secret" not in ended.stderr
    assert list(tmp_path.iterdir()) == []

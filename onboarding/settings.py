"""Every setting, its default, unit and reason; the only reader of the environment."""

import os
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from onboarding.clouds import CLOUDS, Cloud, is_loopback
from onboarding.errors import BadInput


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _clock(text: str) -> time:
    return datetime.strptime(text, "%H:%M").time()


CommaList = Annotated[list[str], BeforeValidator(_split)]


class QuietHours(tuple[time, time]):
    """The hours of a person's own clock in which nothing is sent: from, until (may span 0:00)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "QuietHours":
        """`20:00-08:00` → (20:00, 08:00). Raises ValueError with the form that is expected."""
        try:
            begin, end = (_clock(part.strip()) for part in text.split("-"))
        except ValueError:
            raise ValueError("must be off or HH:MM-HH:MM, for example 20:00-08:00") from None
        if begin == end:
            raise ValueError("must not begin and end at the same time; use off instead")
        return cls((begin, end))


class Settings(BaseSettings):
    """One value for each environment variable of the same name; `NAME_FILE` names a file with it.

    Each field's description is the text of the README's settings table.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", enable_decoding=False
    )

    azure_tenant_id: str = Field(description="Entra tenant of the app registration (GUID)")
    azure_client_id: str = Field(
        description="Application (client) id of the one registration for bot and Graph"
    )
    azure_client_secret: SecretStr | None = Field(
        None, description="Client secret; without it a certificate or a managed identity is used"
    )
    azure_client_certificate_path: Path | None = Field(
        None, description="PEM or PFX file with certificate and private key, instead of a secret"
    )
    teams_app_id: str | None = Field(
        None,
        description="The manifest's id; needed to install the app for people who lack it",
    )
    public_url: str | None = Field(
        None, description="Where Teams and HR reach this server, https without a trailing slash"
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(3978, ge=0, le=65535, description="Port to listen on; 0 picks a free one")
    database_url: str = Field(
        "sqlite:///data/onboarding.db",
        description="`sqlite:///file` (one process) or `postgresql://…` (any number of workers)",
    )
    cloud: Annotated[Literal["public", "gcc", "gcch", "dod"], BeforeValidator(_lower)] = Field(
        "public", description="Which Microsoft cloud: chooses the five endpoints below"
    )
    azure_authority_host: str | None = Field(None, description="Overrides the cloud's Entra")
    graph_url: str | None = Field(None, description="Overrides the cloud's Graph (no `/v1.0`)")
    bot_service_url: str | None = Field(
        None, description="Overrides the connector used before a person's own serviceUrl is known"
    )
    bot_openid_metadata_url: str | None = Field(
        None, description="Overrides where the keys of inbound tokens are published"
    )
    bot_token_issuer: str | None = Field(None, description="Overrides who issues inbound tokens")
    simulated: bool = Field(
        False, description="1 accepts loopback endpoints; only for the local simulator"
    )
    allowed_tenants: CommaList = Field(
        default_factory=list,
        description="Tenants whose activities are accepted, comma-separated; default: our own",
    )
    bot_requests_per_second: float = Field(
        46, gt=0, le=1000, description="Budget for the connector per tenant (Teams' limit is 50)"
    )
    graph_installs_per_second: float = Field(
        28, gt=0, le=1000, description="Budget for Graph installs per tenant (the limit is 30)"
    )
    graph_reads_per_second: float = Field(
        100, gt=0, le=1000, description="Budget for directory reads, well under Graph's own"
    )
    team_requests_per_second: float = Field(
        3.6, gt=0, le=1000, description="Budget for reading one team (the limit is 4)"
    )
    welcome_existing_members: Annotated[
        Literal["never", "ask", "always"], BeforeValidator(_lower)
    ] = Field(
        "never",
        description="Welcome those already in a team when the app is added to it: `never`, `ask` "
        "the installer, or `always` (a store app must not)",
    )
    welcome_guests: bool = Field(
        False, description="1 welcomes guests too; Graph cannot install the app for them"
    )
    quiet_hours: str = Field(
        "20:00-08:00",
        description="Hours of a person's own clock in which no batch or later message is sent; "
        "`off` switches off whatever could delay a message by the clock",
    )
    default_locale: str = Field("en", description="For people whose language is unknown (BCP 47)")
    default_time_zone: str = Field(
        "UTC", description="For people whose time zone is unknown (IANA name)"
    )
    retention_days: int = Field(
        400,
        ge=30,
        description="Days after which answers are deleted and other settled deliveries lose "
        "their personal context",
    )
    company_name: str | None = Field(None, description="How messages name the employer")
    hr_contact: str | None = Field(
        None, description="The human whom a newcomer may ask: a name or an e-mail address"
    )
    handbook_url: str | None = Field(
        None, description="https link that welcomes offer as further reading"
    )
    website_url: str | None = Field(
        None, description="The developer's website in the app package; default: PUBLIC_URL"
    )
    privacy_url: str | None = Field(
        None, description="Privacy statement in the app package; default: our own `/privacy`"
    )
    terms_url: str | None = Field(
        None, description="Terms of use in the app package; default: our own `/terms`"
    )
    console_token: SecretStr | None = Field(
        None,
        description="Sign-in for console and API on a single machine; loopback only",
    )
    max_batch_people: int = Field(
        200_000, ge=1, description="The largest audience that one batch may have"
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = (
        Field("info", description="How much goes to the log on stderr")
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _MountedSecrets(settings_cls), dotenv_settings

    @property
    def endpoints(self) -> Cloud:
        """The cloud's endpoints with our overrides; scopes stay those of the cloud."""
        base = CLOUDS[self.cloud]
        return Cloud(
            authority_host=self.azure_authority_host or base.authority_host,
            graph_url=(self.graph_url or base.graph_url).rstrip("/"),
            bot_service_url=(self.bot_service_url or base.bot_service_url).rstrip("/") + "/",
            bot_scope=base.bot_scope,
            bot_openid_metadata_url=self.bot_openid_metadata_url or base.bot_openid_metadata_url,
            bot_token_issuer=self.bot_token_issuer or base.bot_token_issuer,
            connector_hosts=base.connector_hosts,
        )

    @property
    def graph_scope(self) -> str:
        """The scope of Graph tokens: the cloud's own, whichever host is called."""
        return CLOUDS[self.cloud].graph_scope

    @property
    def budgets(self) -> dict[str, float]:
        """Requests per second that each of the tenant's rate lanes may make, by its name."""
        return {
            "connector": self.bot_requests_per_second,
            "graph_installs": self.graph_installs_per_second,
            "graph_reads": self.graph_reads_per_second,
        }

    @property
    def simulated_service_url(self) -> str | None:
        """The simulator's connector while simulated, else None."""
        return self.endpoints.bot_service_url if self.simulated else None

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants whose activities we accept, lower case."""
        return frozenset(t.lower() for t in (self.allowed_tenants or [self.azure_tenant_id]))

    @property
    def quiet(self) -> QuietHours | None:
        """The quiet hours, or None when switched off."""
        return (
            None
            if self.quiet_hours.strip().lower() == "off"
            else QuietHours.parse(self.quiet_hours)
        )

    @property
    def sqlite(self) -> bool:
        """Whether the database is a SQLite file: one process owns every row then."""
        return self.database_url.startswith("sqlite")


class _MountedSecrets(PydanticBaseSettingsSource):
    """Takes `NAME` from the file that `NAME_FILE` names (Docker and Kubernetes secrets)."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        file = os.environ.get(f"{field_name}_file".upper())
        if not file:
            return None, field_name, False
        try:
            return Path(file).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, ValueError):
            return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(None, name)[0] for name in self.settings_cls.model_fields
        }
        return {name: value for name, value in found.items() if value is not None}


def _mistakes(s: Settings) -> "list[str]":
    found: list[str] = []
    for name in ("azure_tenant_id", "azure_client_id"):
        if not getattr(s, name).strip():
            found.append(f"{name.upper()} is empty; an empty id would switch authentication off.")
    for name in _URLS:
        found += _url_mistakes(s, name)
    if s.bot_token_issuer and is_loopback(s.bot_token_issuer) and not s.simulated:
        found.append("BOT_TOKEN_ISSUER is a loopback address; that needs SIMULATED=1.")
    if s.simulated and s.host not in ("127.0.0.1", "localhost", "::1"):
        found.append("SIMULATED=1 is refused with a HOST other than loopback.")
    if s.console_token and not s.simulated and s.host not in ("127.0.0.1", "localhost", "::1"):
        found.append("CONSOLE_TOKEN is for a loopback HOST only; configure Entra sign-in instead.")
    if not s.database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        found.append("DATABASE_URL must begin with sqlite:/// or postgresql://.")
    if s.default_time_zone not in available_timezones():
        found.append("DEFAULT_TIME_ZONE must be an IANA name such as Europe/Berlin.")
    try:
        _ = s.quiet
    except ValueError as error:
        found.append(f"QUIET_HOURS {error}.")
    return found


_URLS = (
    "azure_authority_host",
    "graph_url",
    "bot_service_url",
    "bot_openid_metadata_url",
    "public_url",
    "handbook_url",
)


def _url_mistakes(s: Settings, name: str) -> list[str]:
    url = getattr(s, name)
    if not url:
        return []
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return [f"{name.upper()} is not a URL."]
    if name == "public_url" and is_loopback(url) and parts.scheme in ("http", "https"):
        return []
    if parts.scheme != "https" or not parts.hostname:
        return [f"{name.upper()} must be an https URL."]
    if is_loopback(url) and not s.simulated and name not in ("public_url", "handbook_url"):
        return [f"{name.upper()} is a loopback address; that needs SIMULATED=1."]
    return []


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read environment and `.env`. Raises BadInput that names every mistake at once."""
    given = dict(overrides or {})
    mistakes = _unreadable_files()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        mistakes += _sentences(error)
        settings = _the_rest(given, error)
    mistakes += _mistakes(settings)
    if mistakes:
        raise BadInput("\n".join(dict.fromkeys(mistakes)), "See the settings table in the README.")
    return settings


def _the_rest(given: dict[str, Any], error: ValidationError) -> Settings:
    """The settings with harmless values instead of the wrong ones, to look for more mistakes."""
    wrong = {str(item["loc"][0]) for item in error.errors()}
    fields = Settings.model_fields
    harmless = {name: _harmless(fields[name]) for name in wrong}
    return Settings(**(given | harmless))


def _harmless(field: FieldInfo) -> Any:
    return "-" if field.is_required() else field.get_default(call_default_factory=True)


def _unreadable_files() -> list[str]:
    found = []
    for name in Settings.model_fields:
        file = os.environ.get(f"{name}_file".upper())
        if file and not os.access(file, os.R_OK):
            found.append(f"{name.upper()}_FILE names {file}, which cannot be read.")
    return found


def _sentences(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        name = str(item["loc"][0]).upper() if item["loc"] else ""
        message = item["msg"].removeprefix("Value error, ")
        lines.append(
            f"{name} is not set." if item["type"] == "missing" else f"{name} {message}".strip()
        )
    return lines

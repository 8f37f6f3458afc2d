"""Where each Microsoft cloud keeps its endpoints, and which hosts may receive our token."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud's endpoints; URLs are https. Source: learn.microsoft.com/microsoftteams/platform
    (send-proactive-messages) and the connector authentication pages."""

    authority_host: str
    graph_url: str
    bot_service_url: str
    bot_scope: str
    bot_openid_metadata_url: str
    bot_token_issuer: str
    connector_hosts: frozenset[str]

    @property
    def graph_scope(self) -> str:
        """The scope that asks for every consented application permission."""
        return f"{self.graph_url}/.default"


_PUBLIC = Cloud(
    authority_host="https://login.microsoftonline.com",
    graph_url="https://graph.microsoft.com",
    bot_service_url="https://smba.trafficmanager.net/teams/",
    bot_scope="https://api.botframework.com/.default",
    bot_openid_metadata_url="https://login.botframework.com/v1/.well-known/openidconfiguration",
    bot_token_issuer="https://api.botframework.com",
    connector_hosts=frozenset({"smba.trafficmanager.net"}),
)

CLOUDS: dict[str, Cloud] = {
    "public": _PUBLIC,
    "gcc": Cloud(
        authority_host=_PUBLIC.authority_host,
        graph_url=_PUBLIC.graph_url,
        bot_service_url="https://smba.infra.gcc.teams.microsoft.com/teams/",
        bot_scope=_PUBLIC.bot_scope,
        bot_openid_metadata_url=_PUBLIC.bot_openid_metadata_url,
        bot_token_issuer=_PUBLIC.bot_token_issuer,
        connector_hosts=frozenset({"smba.infra.gcc.teams.microsoft.com"}),
    ),
    "gcch": Cloud(
        authority_host="https://login.microsoftonline.us",
        graph_url="https://graph.microsoft.us",
        bot_service_url="https://smba.infra.gov.teams.microsoft.us/teams/",
        bot_scope="https://api.botframework.us/.default",
        bot_openid_metadata_url=(
            "https://login.botframework.azure.us/v1/.well-known/openidconfiguration"
        ),
        bot_token_issuer="https://api.botframework.us",
        connector_hosts=frozenset({"smba.infra.gov.teams.microsoft.us"}),
    ),
    "dod": Cloud(
        authority_host="https://login.microsoftonline.us",
        graph_url="https://dod-graph.microsoft.us",
        bot_service_url="https://smba.infra.dod.teams.microsoft.us/teams/",
        bot_scope="https://api.botframework.us/.default",
        bot_openid_metadata_url=(
            "https://login.botframework.azure.us/v1/.well-known/openidconfiguration"
        ),
        bot_token_issuer="https://api.botframework.us",
        connector_hosts=frozenset({"smba.infra.dod.teams.microsoft.us"}),
    ),
}


def is_loopback(url: str) -> bool:
    """True when the URL's host can only be this machine, however its address is written."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host in LOOPBACK or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def may_receive_token(service_url: str, hosts: frozenset[str], simulated_at: str | None) -> bool:
    """Whether a serviceUrl may be called with our bearer token.

    https and an allow-listed host on the standard port; or, when simulated, exactly the
    simulator's own host and port. The path never matters (`/emea/`, `/amer/<tenant>/`).
    """
    try:
        parts = urlsplit(service_url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or parts.username or parts.password or parts.query or parts.fragment:
        return False
    if simulated_at is not None:
        return parts.netloc == urlsplit(simulated_at).netloc
    return (parts.hostname or "") in hosts and port in (None, 443)

"""Two listeners on loopback: HTTPS for Microsoft's services, plain HTTP for the Teams window."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from onboarding.simulator.ca import TlsFiles
from onboarding.simulator.call import Json
from onboarding.simulator.control import make_control
from onboarding.simulator.doorway import TENANT, guard
from onboarding.simulator.gate import serve
from onboarding.simulator.tenant import Tenant

HOST = "127.0.0.1"
WINDOW = Path(__file__).parent / "window"
_LARGEST_BODY = 4_000_000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}


@dataclass(slots=True)
class Listeners:
    """Both listeners and the addresses they got."""

    runners: list[web.AppRunner]
    https: str
    window: str

    async def close(self) -> None:
        for runner in self.runners:
            await runner.cleanup()


async def get_file(request: web.Request) -> web.StreamResponse:
    """A file of the Teams window, and nothing above it."""
    path = (WINDOW / (request.match_info.get("name") or "index.html")).resolve()
    if not path.is_relative_to(WINDOW) or not path.is_file() or path.suffix not in _TYPES:
        raise web.HTTPNotFound(text="The Teams window has no such file.")
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    kind = _TYPES[path.suffix]
    charset = None if kind == "image/png" else "utf-8"
    return web.Response(body=path.read_bytes(), content_type=kind, charset=charset, headers=headers)


def make_services(tenant: Tenant) -> web.Application:
    """Microsoft's endpoints and the control interface."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    app[TENANT] = tenant
    app.add_subapp("/control", make_control(tenant))
    app.router.add_route("*", "/{tail:.*}", serve)
    return app


def make_window(tenant: Tenant) -> web.Application:
    """The Teams window and the control interface."""
    app = web.Application(middlewares=[guard])
    app[TENANT] = tenant
    app.add_subapp("/control", make_control(tenant))
    app.router.add_get("/", get_file)
    app.router.add_get("/{name:.+}", get_file)
    return app


async def _listen(
    app: web.Application, port: int, tls: ssl.SSLContext | None
) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, keepalive_timeout=120)
    await runner.setup()
    await web.TCPSite(runner, HOST, port, ssl_context=tls, backlog=1024).start()
    bound: int = runner.addresses[0][1]
    return runner, bound


async def listen(tenant: Tenant, files: TlsFiles, port: int, window_port: int) -> Listeners:
    """Open both listeners (port 0: any free one) and tell the tenant its address."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.server_file)
    services, https_port = await _listen(make_services(tenant), port, tls)
    tenant.base_url = f"https://{HOST}:{https_port}"
    window, http_port = await _listen(make_window(tenant), window_port, None)
    return Listeners([services, window], tenant.base_url, f"http://{HOST}:{http_port}/")


def ready_line(tenant: Tenant, files: TlsFiles, listeners: Listeners, pid: int) -> Json:
    """What a starter needs to know, with the environment for the bot."""
    company, ca_file = tenant.company, str(files.ca_file)
    return {
        "ready": True,
        "pid": pid,
        "https": listeners.https,
        "window": listeners.window,
        "control": f"{listeners.window}control",
        "ca_file": ca_file,
        "tenant_id": company.tenant_id,
        "teams_app_id": company.teams_app_id,
        "catalog_app_id": company.catalog_app_id,
        "bot_app_id": company.bot_app_id,
        "env": {
            "AZURE_TENANT_ID": company.tenant_id,
            "AZURE_CLIENT_ID": company.bot_app_id,
            "AZURE_CLIENT_SECRET": company.client_secret,
            "TEAMS_APP_ID": company.teams_app_id,
            "AZURE_AUTHORITY_HOST": listeners.https,
            "GRAPH_URL": listeners.https,
            "BOT_SERVICE_URL": f"{listeners.https}/teams/",
            "BOT_OPENID_METADATA_URL": f"{listeners.https}/v1/.well-known/openidconfiguration",
            "BOT_TOKEN_ISSUER": "https://api.botframework.com",
            "SIMULATED": "1",
            "SSL_CERT_FILE": ca_file,
            "REQUESTS_CA_BUNDLE": ca_file,
        },
    }

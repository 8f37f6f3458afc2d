"""Entra's token endpoint and the key sets of Entra and the Bot Framework."""

import time
import uuid
from typing import Any
from urllib.parse import parse_qs

import jwt

from onboarding.simulator.call import Answer, Call, Json, Refusal
from onboarding.simulator.tenant import Tenant
from onboarding.simulator.tokens import BOT_AUDIENCE, BOT_ISSUER, GRAPH_AUDIENCE

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def error_body(error: str, number: int, text: str) -> Json:
    """The body of Entra's errors; `number` is the AADSTS code."""
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    return {
        "error": error,
        "error_description": (
            f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation}"
            f" Timestamp: {stamp}"
        ),
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }


def _refuse(status: int, error: str, number: int, text: str) -> Refusal:
    return Refusal(status, error, text, body=error_body(error, number, text))


def handle(tenant: Tenant, call: Call) -> Answer:
    """Answer a request below /{tenant}/; raises Refusal."""
    name, *rest = call.path
    match (call.method, *rest):
        case ("POST", "oauth2", "v2.0", "token"):
            return _token(tenant, name, call)
        case ("GET", "v2.0", ".well-known", "openid-configuration"):
            return Answer(200, _metadata(tenant, name))
        case ("GET", "discovery", "v2.0", "keys") | ("GET", "discovery", "keys"):
            return Answer(200, tenant.keys.entra_set())
        case ("GET", "discovery", "instance"):
            return Answer(200, _instance(tenant))
    raise Refusal(404, "NotFound", "Entra has no such endpoint.", unexpected=True)


def handle_openid(tenant: Tenant, call: Call) -> Answer:
    """Answer a request below /v1/.well-known/ (login.botframework.com)."""
    if call.method == "GET" and call.path[2:] == ("openidconfiguration",):
        return Answer(200, _bot_metadata(tenant))
    if call.method == "GET" and call.path[2:] == ("keys",):
        return Answer(200, tenant.keys.bot_set())
    raise Refusal(404, "NotFound", "No such document.", unexpected=True)


def _token(tenant: Tenant, name: str, call: Call) -> Answer:
    form = {key: values[0] for key, values in parse_qs(call.body.decode(errors="replace")).items()}
    if name not in (tenant.company.tenant_id, f"{tenant.company.tenant_id}/", "contoso.com"):
        raise _refuse(400, "invalid_request", 90002, f"Tenant '{name}' not found.")
    if form.get("grant_type") != "client_credentials":
        text = f"The app requested an unsupported grant type '{form.get('grant_type', '')}'."
        raise _refuse(400, "unsupported_grant_type", 70003, text)
    if form.get("client_id") != tenant.company.bot_app_id:
        text = (
            f"Application with identifier '{form.get('client_id')}' was not found in the directory."
        )
        raise _refuse(400, "unauthorized_client", 700016, text)
    _prove(tenant, form)
    audience, roles = _audience(tenant, form.get("scope", ""))
    lifetime = tenant.settings.token_lifetime_s
    issuer = f"https://sts.windows.net/{tenant.company.tenant_id}/"
    token = tenant.tokens.mint(audience, roles, lifetime, issuer)
    answer = {
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
    }
    return Answer(200, answer, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


def _prove(tenant: Tenant, form: dict[str, str]) -> None:
    """The client's secret, or an assertion that is signed, fresh and about itself."""
    if form.get("client_assertion_type") == _ASSERTION:
        _check_assertion(tenant, form.get("client_assertion", ""))
    elif "client_secret" not in form:
        text = "The request body must contain 'client_assertion' or 'client_secret'."
        raise _refuse(401, "invalid_client", 7000218, text)
    elif form["client_secret"] != tenant.company.client_secret:
        text = f"Invalid client secret provided for app '{tenant.company.bot_app_id}'."
        raise _refuse(401, "invalid_client", 7000215, text)


def _check_assertion(tenant: Tenant, assertion: str) -> None:
    """The certificate itself is unknown here, so all but the signature is checked."""
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            options={"verify_signature": False, "verify_exp": True, "require": ["exp", "aud"]},
        )
    except jwt.InvalidTokenError as problem:
        raise _refuse(
            401, "invalid_client", 700027, f"Client assertion failed: {problem}."
        ) from None
    if not claims.get("iss") == claims.get("sub") == tenant.company.bot_app_id:
        raise _refuse(
            401, "invalid_client", 700021, "Client assertion is about another application."
        )


def _audience(tenant: Tenant, scope: str) -> tuple[str, list[str]]:
    if scope == f"{GRAPH_AUDIENCE}/.default":
        return GRAPH_AUDIENCE, list(tenant.settings.graph_roles)
    if scope == f"{BOT_AUDIENCE}/.default":
        return BOT_AUDIENCE, []
    if not scope.endswith("/.default"):
        text = (
            f"The provided value for scope {scope} is not valid. Client credential flows must"
            " have a scope value with /.default suffixed to the resource identifier."
        )
        raise _refuse(400, "invalid_scope", 1002012, text)
    resource = scope.removesuffix("/.default")
    text = f"The resource principal named {resource} was not found in the tenant named Contoso."
    raise _refuse(400, "invalid_resource", 500011, text)


def _metadata(tenant: Tenant, name: str) -> Json:
    at_home = name in (tenant.company.tenant_id, "contoso.com")
    own = tenant.company.tenant_id if at_home else "{tenantid}"
    root = f"{tenant.base_url}/{name}"
    return {
        "issuer": f"{tenant.base_url}/{own}/v2.0",
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _instance(tenant: Tenant) -> Json:
    host = tenant.base_url.removeprefix("https://")
    known = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    document = f"{tenant.base_url}/{tenant.company.tenant_id}/v2.0/.well-known/openid-configuration"
    return {"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": [known]}


def _bot_metadata(tenant: Tenant) -> Json:
    return {
        "issuer": BOT_ISSUER,
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": f"{tenant.base_url}/v1/.well-known/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }

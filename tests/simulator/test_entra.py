"""Tokens, and why none is given."""

import asyncio
import time

import jwt
import pytest

from tests.simulator.office import BOT_SCOPE, GRAPH_SCOPE


async def test_a_graph_token_says_app_tenant_and_granted_roles(office):
    reply = await office.ask_token()
    keys = await office.request("GET", f"{office.line['https']}/common/discovery/v2.0/keys")
    claims = jwt.decode(
        reply.body["access_token"],
        jwt.PyJWK(keys.body["keys"][0]).key,
        algorithms=["RS256"],
        audience="https://graph.microsoft.com",
    )
    assert claims["appid"] == office.line["bot_app_id"]
    assert claims["tid"] == office.line["tenant_id"]
    assert "User.Read.All" in claims["roles"]
    assert reply.body["expires_in"] == 3600


async def test_a_bot_token_has_the_connector_as_its_audience_and_no_roles(office):
    token = (await office.ask_token(BOT_SCOPE)).body["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "https://api.botframework.com"
    assert "roles" not in claims


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_id": "7e8f0a5e-0000-4000-a000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"tenant": "fabrikam.example"}, 400, "invalid_request", 90002),
        ({"scope": "https://graph.microsoft.com/User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://other.example/.default"}, 400, "invalid_resource", 500011),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ],
)
async def test_a_bad_token_request_gets_entras_own_error(office, changes, status, error, number):
    reply = await office.ask_token(**changes)
    assert reply.status == status
    assert reply.body["error"] == error
    assert reply.body["error_codes"] == [number]
    assert reply.body["error_description"].startswith(f"AADSTS{number}: ")


async def test_a_client_assertion_about_the_app_is_as_good_as_the_secret(office):
    app = office.line["bot_app_id"]
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    claims = {"iss": app, "sub": app, "aud": "token", "exp": time.time() + 60}
    good = jwt.encode(claims, "a certificate's key would sign this one", algorithm="HS256")
    more = {"client_secret": None, "client_assertion_type": kind}
    assert (await office.ask_token(client_assertion=good, **more)).status == 200
    stale = jwt.encode({**claims, "exp": 1}, "a certificate's key would sign this", "HS256")
    reply = await office.ask_token(client_assertion=stale, **more)
    assert (reply.status, reply.body["error_codes"]) == (401, [700027])


async def test_a_token_ends_after_the_lifetime_that_was_set(office):
    await office.control("PUT", "/settings", {"token_lifetime_s": 1})
    await office.bearer(GRAPH_SCOPE)
    assert (await office.graph("GET", "/users?$top=1")).status == 200
    await asyncio.sleep(1.1)
    reply = await office.graph("GET", "/users?$top=1")
    assert (reply.status, reply.code) == (401, "InvalidAuthenticationToken")


async def test_the_discovery_documents_lead_to_the_keys(office):
    root, tenant = office.line["https"], office.line["tenant_id"]
    path = f"{root}/{tenant}/v2.0/.well-known/openid-configuration"
    document = (await office.request("GET", path)).body
    assert document["issuer"] == f"{root}/{tenant}/v2.0"
    assert (await office.request("GET", document["jwks_uri"])).body["keys"]
    metadata = office.line["env"]["BOT_OPENID_METADATA_URL"]
    document = (await office.request("GET", metadata)).body
    keys = (await office.request("GET", document["jwks_uri"])).body["keys"]
    assert document["issuer"] == "https://api.botframework.com"
    assert sorted("msteams" in key.get("endorsements", []) for key in keys) == [False, True]
    assert sum("endorsements" in key for key in keys) == 1

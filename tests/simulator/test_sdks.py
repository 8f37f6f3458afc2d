"""Microsoft's own Python SDKs work against the simulator, over TLS, unpatched."""

import asyncio
import json
import os
import sys
import time

from tests.simulator.office import ROOT


async def run_sdk(office, *arguments):
    """What one run of the SDKs prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.simulator.sdk_client",
        *arguments,
        env={**os.environ, **office.line["env"]},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, complaints.decode()
    return json.loads(output)


async def test_azure_identity_gets_a_token(office):
    got = await run_sdk(office, "identity")
    assert got["parts"] == 2
    assert 3000 < got["expires"] - time.time() <= 3600


async def test_msgraph_lists_users_and_installs_the_app(office):
    got = await run_sdk(office, "graph")
    assert (got["users"], got["first"], got["second"]) == (60, None, [409, "Conflict"])
    installed = await office.people("installed=1")
    assert [person["id"] for person in installed] == [got["who"]]


async def test_botbuilders_connector_opens_a_chat_sends_and_updates(office):
    one, two = await office.ordinary(2)
    await office.install(one["id"])
    got = await run_sdk(office, "connector", one["id"], two["id"])
    chat = await office.control("GET", f"/chats/{one['id']}")
    assert (chat["chat_id"], chat["messages"][0]["id"]) == (got["conversation"], got["activity"])
    assert chat["messages"][0]["summary"] == "Updated by the SDK"
    assert got["refused"] == [403, "ForbiddenOperationException"]

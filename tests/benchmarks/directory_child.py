"""Reads a group in a process of its own: through our Graph client, or the SDK's models."""

import logging
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from tests.benchmarks.child import answer
from tests.benchmarks.measure import LoopLag, usage

PAGE_SIZE = 999


async def read(asked: Mapping[str, Any]) -> Mapping[str, float]:
    """Read at most `members` members; how long it took and how it treated the loop."""
    logging.disable(logging.CRITICAL)
    reader = {"ours": _ours, "stock": _stock}[asked["client"]]
    async with reader(asked["group"]) as members, LoopLag() as lag:
        cpu, began, number = time.process_time(), time.perf_counter(), 0
        async with aclosing(members) as opened:
            async for _ in opened:
                number += 1
                if number == asked["members"]:
                    break
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {
        "members": number,
        "seconds": took,
        "cpu_s_per_1000": 1000 * cpu / number,
        "rss_mb": usage([os.getpid()]).rss_mb,
        "loop_lag_max_ms": lag.max_ms(),
    }


@asynccontextmanager
async def _ours(group: str) -> AsyncIterator[Any]:
    from onboarding.outbound.graph import Graph, warm_up
    from onboarding.outbound.tokens import Tokens
    from onboarding.settings import load

    settings = load()
    tokens = Tokens(settings)
    graph = Graph(settings, tokens)
    await warm_up()
    await tokens.get(settings.graph_scope)
    try:
        yield graph.group_members(group)
    finally:
        await graph.close()
        await tokens.close()


@asynccontextmanager
async def _stock(group: str) -> AsyncIterator[Any]:
    from azure.identity.aio import ClientSecretCredential
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.groups.item.transitive_members import (
        transitive_members_request_builder as builder,
    )

    from onboarding.outbound.graph import FIELDS

    env = os.environ
    async with ClientSecretCredential(
        env["AZURE_TENANT_ID"],
        env["AZURE_CLIENT_ID"],
        env["AZURE_CLIENT_SECRET"],
        authority=env["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
    ) as credential:
        provider = AzureIdentityAuthenticationProvider(
            credential,
            scopes=["https://graph.microsoft.com/.default"],
            allowed_hosts=["127.0.0.1"],
        )
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = f"{env['GRAPH_URL']}/v1.0"
        client = GraphServiceClient(request_adapter=adapter)
        await credential.get_token("https://graph.microsoft.com/.default")
        query = builder.TransitiveMembersRequestBuilder
        parameters = query.TransitiveMembersRequestBuilderGetQueryParameters(
            select=FIELDS, top=PAGE_SIZE
        )
        asked = RequestConfiguration(query_parameters=parameters)
        members = client.groups.by_group_id(group).transitive_members
        yield _stock_pages(members, asked)


async def _stock_pages(members: Any, asked: Any) -> AsyncIterator[Any]:
    page = await members.get(asked)
    while page is not None:
        for entry in page.value:
            yield entry
        link = page.odata_next_link
        page = await members.with_url(link).get() if link else None


if __name__ == "__main__":
    answer(read)

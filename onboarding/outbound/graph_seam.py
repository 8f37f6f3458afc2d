"""msgraph-sdk's seam: its builders make requests, our own client sends them and reads plain JSON.

The SDK's models cost 3 ms for each object and block the loop, its sender costs twice the CPU of
ours, its retries would stack on ours, and it sends the token wherever a link points. Importing
this module does not import the SDK.
"""

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onboarding.errors import OnboardingError, Refused
from onboarding.outbound.answers import answer_lost, graph_error, refusal
from onboarding.outbound.error_table import FOREIGN_NEXT_LINK
from onboarding.outbound.tokens import Tokens
from onboarding.outbound.wire import Passing, Wire

if TYPE_CHECKING:
    from onboarding.outbound.graph_builders import GraphServiceClient, RequestInformation

# Installs need five connections at their full rate, directory reads a few more.
CONNECTIONS = 16
MOST_PAGES = 2000


async def warm_up() -> None:
    """Import the SDK off the loop: the first import takes about a second."""
    with ThreadPoolExecutor(1, "graph-import") as pool:
        await asyncio.get_running_loop().run_in_executor(pool, load_sdk)


def load_sdk() -> Any:
    """The module `graph_builders`, imported on first use without the SDK's own warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from onboarding.outbound import graph_builders
    return graph_builders


class GraphSeam:
    """Makes requests with the SDK's builders and sends them over connections of its own."""

    def __init__(self, tokens: Tokens, scope: str, base: str, seconds: float) -> None:
        self._tokens = tokens
        self._scope = scope
        self._base = base
        self._wire = Wire(_error, seconds, CONNECTIONS)
        self._sdk: Any = None
        self._client: GraphServiceClient | None = None

    @property
    def sdk(self) -> Any:
        """The SDK's classes, see `graph_builders`."""
        if self._sdk is None:
            self._sdk = load_sdk()
        return self._sdk

    @property
    def client(self) -> "GraphServiceClient":
        """The SDK's client, for its request builders."""
        if self._client is None:
            nobody = self.sdk.AnonymousAuthenticationProvider()
            adapter = self.sdk.GraphRequestAdapter(nobody)
            self._client = self.sdk.GraphServiceClient(request_adapter=adapter)
        return self._client

    def options(self, query: str, **parameters: Any) -> Any:
        """Query options for a builder: `query` is one of `graph_builders`' queries."""
        asked = getattr(self.sdk, query)(**parameters)
        return self.sdk.RequestConfiguration(query_parameters=asked)

    async def send(self, request: "RequestInformation") -> Mapping[str, Any]:
        """The JSON object that answers a request, {} for none. Raises Retry or Refused."""
        request.path_parameters["baseurl"] = self._base
        url = self._own(request.url)
        headers = {name: ", ".join(said) for name, said in request.headers.get_all().items()}
        headers["Authorization"] = f"Bearer {await self._tokens.get(self._scope)}"
        method = str(request.http_method.value) if request.http_method else "GET"
        try:
            answer = await self._wire.call(
                method, url, headers=headers, body=request.content or None
            )
        except Refused as refused:
            if refused.status == 401:
                self._tokens.drop(self._scope)
            raise
        return _object(answer.body)

    async def pages(
        self, request: "RequestInformation", passing: Passing, eventual: bool = False
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The entries of a collection, over all its pages; `eventual` for advanced queries."""
        for _ in range(MOST_PAGES):
            if eventual:
                request.headers.add("ConsistencyLevel", "eventual")
            page = await passing(partial(self.send, request))
            for entry in values(page):
                yield entry
            link = page.get("@odata.nextLink")
            if not isinstance(link, str):
                return
            method, request = request.http_method, self.sdk.RequestInformation()
            request.http_method, request.url = method, self._own(link)

    async def close(self) -> None:
        """End every connection to Graph."""
        await self._wire.close()

    def _own(self, link: str) -> str:
        ours, theirs = urlsplit(self._base), urlsplit(link)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise refusal(FOREIGN_NEXT_LINK)
        return link


def values(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects of one page of a collection."""
    found = page.get("value")
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def _object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, bytes) or not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError as error:
        raise answer_lost(once=False) from error
    return found if isinstance(found, dict) else {}


def _error(status: int, headers: Mapping[str, str], body: bytes, *, once: bool) -> OnboardingError:
    return graph_error(status, headers, body)

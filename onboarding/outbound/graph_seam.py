"""msgraph-sdk's seams: its builders make requests, we send them and read plain JSON.

The SDK's models cost 3 ms for each object and block the loop, its retries would stack on ours,
and its default client sends the token wherever a link points. Importing this module does not
import the SDK.
"""

import asyncio
import json
import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from onboarding.errors import Refused
from onboarding.outbound.answers import Code, answer_lost, graph_error, unreachable
from onboarding.outbound.tokens import Tokens
from onboarding.outbound.wire import USER_AGENT

if TYPE_CHECKING:
    from onboarding.outbound.graph_builders import GraphServiceClient, RequestInformation

# httpx's pool gets slow with many connections; installs need five at their full rate.
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
    """Holds the SDK's client and its connections open; made on first use, in the using loop."""

    def __init__(self, tokens: Tokens, scope: str, base: str, seconds: float) -> None:
        self._tokens = tokens
        self._scope = scope
        self._base = base
        self._seconds = seconds
        self._sdk: Any = None
        self._http: httpx.AsyncClient | None = None
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
            self._http = _http_client(self._seconds)
            adapter = self.sdk.GraphRequestAdapter(self._authentication(), client=self._http)
            adapter.base_url = self._base
            self._client = self.sdk.GraphServiceClient(request_adapter=adapter)
        return self._client

    def options(self, query: str, **parameters: Any) -> Any:
        """Query options for a builder: `query` is one of `graph_builders`' queries."""
        asked = getattr(self.sdk, query)(**parameters)
        return self.sdk.RequestConfiguration(query_parameters=asked)

    async def send(self, request: "RequestInformation") -> Mapping[str, Any]:
        """The JSON object that answers a request, {} for none. Raises Retry or Refused."""
        adapter: Any = self.client.request_adapter
        try:
            body = await adapter.send_primitive_async(request, "bytes", {})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreachable("no connection") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise answer_lost(once=False) from error
        except Refused as refused:
            if refused.status == 401:
                self._tokens.drop(self._scope)
            raise
        return _object(body)

    async def pages(
        self, request: "RequestInformation", eventual: bool = False
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The entries of a collection, over all its pages; `eventual` for advanced queries."""
        for _ in range(MOST_PAGES):
            if eventual:
                request.headers.add("ConsistencyLevel", "eventual")
            page = await self.send(request)
            for entry in values(page):
                yield entry
            link = page.get("@odata.nextLink")
            if not isinstance(link, str):
                return
            method, request = request.http_method, self.sdk.RequestInformation()
            request.http_method, request.url = method, self._own(link)

    async def close(self) -> None:
        """End every connection to Graph."""
        http, self._http, self._client = self._http, None, None
        if http is not None:
            await http.aclose()

    def _own(self, link: str) -> str:
        ours, theirs = urlsplit(self._base), urlsplit(link)
        if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise Refused(
                Code.FOREIGN_NEXT_LINK,
                "Graph's answer pointed to another host.",
                "Nothing was sent there. Check GRAPH_URL and any proxy on the way.",
            )
        return link

    def _authentication(self) -> Any:
        sdk, tokens, scope = self.sdk, self._tokens, self._scope
        ours = sdk.AllowedHostsValidator([urlsplit(self._base).hostname])

        class OurTokens(sdk.AccessTokenProvider):  # type: ignore[misc, name-defined]
            """The SDK's seam for tokens: only our Graph host ever gets one."""

            async def get_authorization_token(self, uri: str, context: Any = None) -> str:
                return await tokens.get(scope) if ours.is_url_host_valid(uri) else ""

            def get_allowed_hosts_validator(self) -> Any:
                return ours

        return sdk.BaseBearerTokenAuthenticationProvider(OurTokens())


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


def _http_client(seconds: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=ssl.create_default_context(),
        timeout=httpx.Timeout(seconds, connect=seconds / 2, pool=None),
        limits=httpx.Limits(max_connections=CONNECTIONS),
        headers={"User-Agent": USER_AGENT},
        event_hooks={"response": [_refuse_errors]},
        trust_env=False,
    )


async def _refuse_errors(response: httpx.Response) -> None:
    """Turn an error into ours before the SDK can lose its body."""
    if not response.is_success:
        await response.aread()
        raise graph_error(response.status_code, response.headers, response.content)

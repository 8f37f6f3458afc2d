"""The one HTTP client towards Microsoft: each attempt is exactly one request."""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import aiohttp
from yarl import URL

from onboarding.errors import OnboardingError
from onboarding.outbound.answers import answer_lost, unreachable

USER_AGENT = "Onboarding/0.1"
CONNECTIONS = 256
SECONDS = 20.0

ToError = Callable[..., OnboardingError]
T = TypeVar("T")


class Passing(Protocol):
    """Lets a request through that may be repeated: waits for its turn, and makes it again as often
    as the service asks."""

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T: ...


async def at_once(call: Callable[[], Awaitable[T]]) -> T:
    """The request, once and without waiting."""
    return await call()


@dataclass(frozen=True, slots=True)
class Reading:
    """How requests that only read are let through: to the directory, and about one team by id."""

    directory: Passing
    team: Callable[[str], Passing]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def open_session(seconds: float = SECONDS, connections: int = CONNECTIONS) -> aiohttp.ClientSession:
    """A pooled session without cookies, proxies or redirects; needs a running loop.

    It makes its own TLS context, so that SSL_CERT_FILE counts whenever it was set before this
    call. Connecting (with the wait for a free connection) may take half of `seconds`: what takes
    longer has certainly been written, which is how a lost answer is told from no call at all.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=ssl.create_default_context()),
        timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
    )


class Wire:
    """Holds the session open; made on first use, in the loop that uses it."""

    def __init__(
        self, to_error: ToError, seconds: float = SECONDS, connections: int = CONNECTIONS
    ) -> None:
        self._to_error = to_error
        self._seconds = seconds
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: str | bytes | None = None,
        once: bool = False,
    ) -> Answer:
        """One request to `url` (already quoted). Raises Retry, Refused, or Unsure when `once`."""
        if self._session is None:
            self._session = open_session(self._seconds, self._connections)
        try:
            async with self._session.request(
                method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as response:
                answer = Answer(response.status, response.headers, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise unreachable(_why(error)) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise unreachable("the address is not valid") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise answer_lost(once) from error
        if not 200 <= answer.status < 300:
            raise self._to_error(answer.status, answer.headers, answer.body, once=once)
        return answer

    async def close(self) -> None:
        """End every connection; a later call would open anew."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientSSLError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name is not known"
    return "no connection"

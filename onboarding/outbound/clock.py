"""How far this machine's clock is from Entra's, which dates every token."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from onboarding.errors import OnboardingError, Retry
from onboarding.outbound.answers import Code
from onboarding.outbound.wire import Wire
from onboarding.settings import Settings


async def ahead_of_entra(settings: Settings) -> float | None:
    """Seconds by which our clock is ahead (negative: behind), to about a second; None when Entra
    tells no time. Raises Retry when it cannot be reached."""
    authority = settings.endpoints.authority_host.rstrip("/")
    path = f"{settings.azure_tenant_id}/v2.0/.well-known/openid-configuration"
    wire = Wire(_unavailable, seconds=10)
    began = time.time()
    try:
        answer = await wire.call("GET", f"{authority}/{path}", headers={})
    finally:
        await wire.close()
    told = answer.headers.get("Date")
    if told is None:
        return None
    return (began + time.time()) / 2 - parsedate_to_datetime(told).timestamp()


def _unavailable(
    status: int, headers: Mapping[str, str], body: bytes, **more: Any
) -> OnboardingError:
    return Retry(Code.UNREACHABLE, f"Entra answered {status} when it was asked for the time.")

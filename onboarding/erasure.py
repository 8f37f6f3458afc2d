"""Erase a person on request: what command, API and pages call, and what they show of it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from onboarding.domain.erasure import told
from onboarding.store import erasure
from onboarding.views import whom


def erase(connection: Connection, tenant_id: str, name: str, now: datetime) -> dict[str, Any]:
    """Erase whoever has this object id, UPN or `29:…` id; what went, and what stays and why.

    Deleted are their profile, ticked steps and memberships, and where they stood in what others
    were sent. What reached them, or may have, stays as object id, message, state and times: the
    key by which nobody is welcomed twice while they are still here. Every other message stays
    without any id or content, so that batches still add up; what was not sent is called off. A
    wish not to be written to stays, and the number of their employment if it is not the first.
    Raises NotFound, and BadInput while a message to them is on its way.
    """
    erased = erasure.erase(connection, tenant_id, whom(connection, tenant_id, name), now)
    numbers = asdict(erased)
    for kept in ("opted_out", "employment"):
        del numbers[kept]
    return numbers | {"kept": told(erased)}

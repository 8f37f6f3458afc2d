"""A message as somebody in particular would get it now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onboarding import views
from onboarding.domain.people import Person
from onboarding.errors import BadInput
from onboarding.messages.catalogue import get

if TYPE_CHECKING:
    from onboarding.messages.render import Rendered
    from onboarding.wiring import App


async def preview_for(app: "App", name: str, who: str, locale: str | None) -> "Rendered":
    """Message `name` for `who` (object id or UPN), as the ledger knows them, or else the directory.

    Nothing is written or sent. Raises BadInput for an unknown message or person.
    """
    get(app.catalogue, name)
    tenant = app.settings.azure_tenant_id
    person, context = await app.database.do(views.seen_by, tenant, who, name)
    if person is None:
        person = await _in_directory(app, who)
    if locale:
        person = replace(person, locale_asked=locale)
    return app.speaker.render(name, person, await _named(app, context), datetime.now(UTC))


async def _in_directory(app: "App", who: str) -> Person:
    known = await app.speaker.profile(who, _at_once)
    if known is None:
        raise BadInput(
            f"Nobody is known as {who}, neither to the ledger nor to the directory.",
            "Give a UPN, an object id, or the name of an example.",
        )
    return Person(app.settings.azure_tenant_id, who, **known)


async def _named(app: "App", context: Mapping[str, Any]) -> dict[str, Any]:
    """Manager and buddy of HR's row by name."""
    told = dict(context.get("person") or {})
    for role in ("manager", "buddy"):
        if upn := told.pop(f"{role}_upn", None):
            found = await app.speaker.somebody(upn, _at_once)
            told[role] = found or {"upn": upn, "display_name": upn}
    return {**context, "person": told}


async def _at_once(lane: str) -> None:
    """One look needs no slot of a rate limit."""

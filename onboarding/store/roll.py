"""What a roll call asks the ledger: which team is meant, and why a welcome stands where it does."""

from collections.abc import Sequence

from sqlalchemy import Connection, or_, select

from onboarding.store import places
from onboarding.store.places import Team
from onboarding.store.tables import deliveries, teams
from onboarding.store.writing import CHUNK


def team_named(connection: Connection, tenant_id: str, name: str) -> Team | None:
    """The team with this Teams id (`19:…`) or Microsoft 365 group, of those that have the app."""
    query = select(teams.c.id).where(
        teams.c.tenant_id == tenant_id,
        teams.c.installed,
        or_(teams.c.id == name, teams.c.aad_group_id == name.lower()),
    )
    found = connection.execute(query.limit(1)).scalar_one_or_none()
    return places.team(connection, tenant_id, found) if found else None


def verdicts(
    connection: Connection, ids: Sequence[int]
) -> dict[int, tuple[str | None, str | None]]:
    """Reason and remedy of these deliveries, by id."""
    found: dict[int, tuple[str | None, str | None]] = {}
    for begin in range(0, len(ids), CHUNK):
        query = select(deliveries.c.id, deliveries.c.reason, deliveries.c.remedy).where(
            deliveries.c.id.in_(ids[begin : begin + CHUNK])
        )
        found |= {row.id: (row.reason, row.remedy) for row in connection.execute(query)}
    return found

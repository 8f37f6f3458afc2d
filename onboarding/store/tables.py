"""The tables, for SQLite and PostgreSQL alike. Moments are UTC; ids from Teams are opaque text."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps it without its zone, so the zone is put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


RowId = BigInteger().with_variant(Integer, "sqlite")

people = Table(
    "people",
    metadata,
    Column("tenant_id", String(36), nullable=False),
    Column("aad_object_id", String(36), nullable=False),
    Column("teams_id", Text),
    Column("upn", Text),
    Column("display_name", Text),
    Column("given_name", Text),
    Column("job_title", Text),
    Column("department", Text),
    Column("office", Text),
    Column("locale", Text),
    Column("locale_seen", Text),
    Column("locale_asked", Text),
    Column("time_zone", Text),
    Column("employee_id", Text),
    Column("start_date", Date),
    Column("hire_date", Date),
    Column("employment", Integer, nullable=False, server_default="1"),
    Column("is_guest", Boolean, nullable=False, server_default=false()),
    Column("is_enabled", Boolean),
    Column("manager", JSON(none_as_null=True)),
    Column("profile_at", Moment),
    Column("conversation_id", Text),
    Column("service_url", Text),
    Column("installed", Boolean),
    Column("install_asked_at", Moment),
    Column("chat_at", Moment),
    Column("blocked", Boolean, nullable=False, server_default=false()),
    Column("opted_out", Boolean, nullable=False, server_default=false()),
    Column("opted_at", Moment),
    PrimaryKeyConstraint("tenant_id", "aad_object_id"),
    Index("ix_people_teams_id", "tenant_id", "teams_id"),
    Index("ix_people_upn", "tenant_id", "upn"),
)
"""One row for a person: who they are, the chat with them, and what they asked of us. `locale` and
`hire_date` are Graph's, `locale_asked` and `start_date` are HR's, `locale_seen` is Teams'.
`installed` is None until an event or a call has told; `blocked` says that they blocked or muted the
bot, until they write to it."""

teams = Table(
    "teams",
    metadata,
    Column("tenant_id", String(36), nullable=False),
    Column("id", Text, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("name", Text),
    Column("aad_group_id", Text),
    Column("service_url", Text, nullable=False),
    Column("intro_conversation_id", Text),
    Column("installer", Text),
    Column("installed", Boolean, nullable=False, server_default=false()),
    Column("installed_at", Moment),
    Column("closed", Boolean, nullable=False, server_default=false()),
    Column("named_at", Moment),
    Column("roster_asked_at", Moment),
    PrimaryKeyConstraint("tenant_id", "id"),
)
"""Teams and group chats that have, or had, the app."""

channels = Table(
    "channels",
    metadata,
    Column("tenant_id", String(36), nullable=False),
    Column("id", Text, nullable=False),
    Column("team_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("named_at", Moment, nullable=False),
    PrimaryKeyConstraint("tenant_id", "id"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("tenant_id", String(36), nullable=False),
    Column("team_id", Text, nullable=False),
    Column("member", Text, nullable=False),
    Column("joined", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("tenant_id", "team_id", "member"),
)
"""Who is in which team as the newest event told; `member` is the `29:…` id."""

batches = Table(
    "batches",
    metadata,
    Column("id", String(32), nullable=False),
    Column("tenant_id", String(36), nullable=False),
    Column("name", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("submitted_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("starts_at", Moment),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("cancelled", Boolean, nullable=False, server_default=false()),
    Column("audience", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("idempotency_key", Text),
    Column("fingerprint", String(64)),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("tenant_id", "idempotency_key"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("batch_id", String(32), nullable=False),
    Column("row", Integer, nullable=False),
    Column("field", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("batch_id", "row"),
)
"""Rows of a batch's file that were not accepted, each with its verdict."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("tenant_id", String(36), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("occasion", Text, nullable=False),
    Column("message", String(64), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(64)),
    Column("reason", Text),
    Column("remedy", Text),
    Column("batch_id", String(32)),
    Column("team_id", Text),
    Column("context", JSON, nullable=False),
    Column("emptied", Boolean, nullable=False, server_default=false()),
    Column("heeds_clock", Boolean, nullable=False),
    Column("due_at", Moment),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("handed", Boolean, nullable=False, server_default=false()),
    Column("owner", Text),
    Column("conversation_id", Text),
    Column("service_url", Text),
    Column("reply_to", Text),
    Column("activity_id", Text),
    Column("message_version", String(32)),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("sent_at", Moment),
    UniqueConstraint("tenant_id", "recipient", "purpose", "occasion"),
    Index("ix_deliveries_batch", "batch_id", "state", "id"),
    Index("ix_deliveries_pages", "batch_id", "id"),
    Index("ix_deliveries_feed", "state", "handed", "lane", "batch_id", "id"),
    Index("ix_deliveries_due", "state", "batch_id", "due_at"),
    Index("ix_deliveries_owner", "owner", "state"),
    sqlite_autoincrement=True,
)
"""The ledger. `attempt` counts what the engine was handed, `tries` the calls that were made;
`handed` says that the engine has a workflow for this attempt. Ids are never given out twice,
because the engine knows each delivery by its id."""

steps = Table(
    "steps",
    metadata,
    Column("tenant_id", String(36), nullable=False),
    Column("aad_object_id", String(36), nullable=False),
    Column("step", String(64), nullable=False),
    Column("done", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("tenant_id", "aad_object_id", "step"),
)
"""The next steps of a welcome that a person ticked off."""

lanes = Table(
    "lanes",
    metadata,
    Column("name", String(200), nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("blocked_until", Float(53), nullable=False, server_default="0"),
    Column("factor", Float(53), nullable=False, server_default="1"),
    Column("stopped", Text),
    Column("rate", Float(53)),
    Column("busy_since", Float(53), nullable=False, server_default="0"),
    PrimaryKeyConstraint("name"),
)
"""Rate budgets (GCRA): `next_at` is the theoretical arrival time in epoch seconds of the
database's clock; `factor` (0..1] is how much of the budget is used after a 429; `rate` (per
second) stands in for the setting's while somebody has adjusted it; `busy_since` is when the first
request came after a pause."""

threads = Table(
    "threads",
    metadata,
    Column("id", Text, nullable=False),
    Column("soon_at", Float(53), nullable=False),
    Column("hour_at", Float(53), nullable=False),
    Column("rests_until", Float(53), nullable=False, server_default="0"),
    PrimaryKeyConstraint("id"),
)
"""What was sent into a chat or channel lately, as two theoretical arrival times (GCRA) in epoch
seconds of the database's clock: one for bursts, one for the hour."""

workers = Table(
    "workers",
    metadata,
    Column("name", String(64), nullable=False),
    Column("beat_at", Float(53), nullable=False),
    PrimaryKeyConstraint("name"),
)
"""Living workers and their last heartbeat, in epoch seconds of the database's clock."""

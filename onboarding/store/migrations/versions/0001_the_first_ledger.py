"""The first ledger"""

import sqlalchemy as sa
from alembic import op

from onboarding.store.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("tenant_id", "idempotency_key", name=op.f("uq_batches_tenant_id")),
    )
    op.create_table(
        "channels",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("named_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_channels")),
    )
    op.create_table(
        "deliveries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("emptied", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("heeds_clock", sa.Boolean(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("conversation_id", sa.Text(), nullable=True),
        sa.Column("service_url", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("activity_id", sa.Text(), nullable=True),
        sa.Column("message_version", sa.String(length=32), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "tenant_id", "recipient", "purpose", "occasion", name=op.f("uq_deliveries_tenant_id")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_batch", ["batch_id", "state", "id"], unique=False)
        batch_op.create_index("ix_deliveries_due", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_deliveries_feed", ["state", "handed", "lane", "id"], unique=False)
        batch_op.create_index("ix_deliveries_owner", ["owner", "state"], unique=False)

    op.create_table(
        "lanes",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("next_at", sa.Float(precision=53), nullable=False),
        sa.Column("blocked_until", sa.Float(precision=53), server_default="0", nullable=False),
        sa.Column("factor", sa.Float(precision=53), server_default="1", nullable=False),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lanes")),
    )
    op.create_table(
        "memberships",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "team_id", "member", name=op.f("pk_memberships")),
    )
    op.create_table(
        "people",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("aad_object_id", sa.String(length=36), nullable=False),
        sa.Column("teams_id", sa.Text(), nullable=True),
        sa.Column("upn", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("locale_seen", sa.Text(), nullable=True),
        sa.Column("locale_asked", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("employee_id", sa.Text(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("hire_date", sa.Date(), nullable=True),
        sa.Column("employment", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_guest", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=True),
        sa.Column("manager", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("profile_at", Moment(), nullable=True),
        sa.Column("conversation_id", sa.Text(), nullable=True),
        sa.Column("service_url", sa.Text(), nullable=True),
        sa.Column("installed", sa.Boolean(), nullable=True),
        sa.Column("install_asked_at", Moment(), nullable=True),
        sa.Column("chat_at", Moment(), nullable=True),
        sa.Column("opted_out", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("opted_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "aad_object_id", name=op.f("pk_people")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index("ix_people_teams_id", ["tenant_id", "teams_id"], unique=False)
        batch_op.create_index("ix_people_upn", ["tenant_id", "upn"], unique=False)

    op.create_table(
        "refusals",
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "row", name=op.f("pk_refusals")),
    )
    op.create_table(
        "steps",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("aad_object_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "aad_object_id", "step", name=op.f("pk_steps")),
    )
    op.create_table(
        "teams",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("aad_group_id", sa.Text(), nullable=True),
        sa.Column("service_url", sa.Text(), nullable=False),
        sa.Column("intro_conversation_id", sa.Text(), nullable=True),
        sa.Column("installer", sa.Text(), nullable=True),
        sa.Column("installed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("installed_at", Moment(), nullable=True),
        sa.Column("closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("named_at", Moment(), nullable=True),
        sa.Column("roster_asked_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_teams")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("beat_at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )


def downgrade() -> None:
    op.drop_table("workers")
    op.drop_table("teams")
    op.drop_table("steps")
    op.drop_table("refusals")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index("ix_people_upn")
        batch_op.drop_index("ix_people_teams_id")

    op.drop_table("people")
    op.drop_table("memberships")
    op.drop_table("lanes")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_owner")
        batch_op.drop_index("ix_deliveries_feed")
        batch_op.drop_index("ix_deliveries_due")
        batch_op.drop_index("ix_deliveries_batch")

    op.drop_table("deliveries")
    op.drop_table("channels")
    op.drop_table("batches")

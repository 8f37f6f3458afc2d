"""Limits of chats, rates that can be adjusted, and indexes for a million deliveries"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lanes", sa.Column("rate", sa.Float(precision=53), nullable=True))
    op.add_column(
        "lanes",
        sa.Column("busy_since", sa.Float(precision=53), server_default="0", nullable=False),
    )
    op.create_table(
        "threads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("soon_at", sa.Float(precision=53), nullable=False),
        sa.Column("hour_at", sa.Float(precision=53), nullable=False),
        sa.Column("rests_until", sa.Float(precision=53), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
    )
    op.create_index("ix_deliveries_pages", "deliveries", ["batch_id", "id"])
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.create_index("ix_deliveries_due", "deliveries", ["state", "batch_id", "due_at"])
    op.drop_index("ix_deliveries_feed", table_name="deliveries")
    op.create_index(
        "ix_deliveries_feed", "deliveries", ["state", "handed", "lane", "batch_id", "id"]
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_feed", table_name="deliveries")
    op.create_index("ix_deliveries_feed", "deliveries", ["state", "handed", "lane", "id"])
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.create_index("ix_deliveries_due", "deliveries", ["state", "due_at"])
    op.drop_index("ix_deliveries_pages", table_name="deliveries")
    op.drop_table("threads")
    op.drop_column("lanes", "busy_since")
    op.drop_column("lanes", "rate")

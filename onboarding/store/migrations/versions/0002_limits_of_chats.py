"""Limits of chats, and rates that can be adjusted"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lanes", sa.Column("rate", sa.Float(precision=53), nullable=True))
    op.create_table(
        "threads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("soon_at", sa.Float(precision=53), nullable=False),
        sa.Column("hour_at", sa.Float(precision=53), nullable=False),
        sa.Column("rests_until", sa.Float(precision=53), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
    )


def downgrade() -> None:
    op.drop_table("threads")
    op.drop_column("lanes", "rate")

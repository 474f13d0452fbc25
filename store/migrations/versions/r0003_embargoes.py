"""What is stopped across rollouts: the actuator asks for it before anything widens."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "embargoes",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("life", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("lifted_at", sa.Text),
        sa.Column("lifted_by", sa.Text),
    )

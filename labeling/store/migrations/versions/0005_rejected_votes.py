"""Annotations know whether a reviewer of their author's work rejected them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add a column; nothing in the ledger was rejected before."""
    op.add_column(
        "annotations",
        sa.Column("rejected", sa.Boolean, nullable=False, server_default=sa.false()),
    )

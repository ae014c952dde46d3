"""Annotations know how they came about, and whether they were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two columns; what is in the ledger already came from nowhere known, and stands."""
    op.add_column(
        "annotations", sa.Column("origin", sa.Text, nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "annotations",
        sa.Column("deleted", sa.Boolean, nullable=False, server_default=sa.false()),
    )

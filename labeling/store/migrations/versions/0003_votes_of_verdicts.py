"""Verdicts tell how many votes a label has; projects of before go on settling by majority."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add two columns, and mark projects with annotations from before conflicts were escalated.

    Until this version a majority settled a sample whatever the number of labels. Samples settled
    in this way must not be reopened without anyone's request.
    """
    op.add_column("verdicts", sa.Column("votes_for", sa.Integer))
    op.add_column("verdicts", sa.Column("votes_cast", sa.Integer))
    op.execute(
        "INSERT INTO meta (key, value) SELECT 'escalate_before', 'no_majority'"
        " WHERE EXISTS (SELECT 1 FROM annotations)"
    )

"""An append-only, hash-chained ledger of events; what is stored already becomes its first ones."""

import sqlalchemy as sa
from alembic import op

from labeling.store.events_of_before import events_of_before

revision = "0004"
down_revision = "0003"

SQLITE = """
CREATE TRIGGER events_{what} BEFORE {what} ON events
BEGIN SELECT RAISE(ABORT, 'the ledger of events is append-only'); END
"""
# INSERT OR REPLACE removes a row without firing the trigger of DELETE.
NO_REPLACE = """
CREATE TRIGGER events_INSERT BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the ledger of events is append-only'); END
"""
POSTGRESQL = (
    """
CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger of events is append-only'; END $$
""",
    """
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION events_stay()
""",
)


def upgrade() -> None:
    """Make the table and its triggers, and append the events of before."""
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("sample", sa.Text),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_index("events_sample", "events", ["sample"])
    op.create_index("events_kind", "events", ["kind", "number"])
    events_of_before(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        statements = [*(SQLITE.format(what=what) for what in ("UPDATE", "DELETE")), NO_REPLACE]
    else:
        statements = list(POSTGRESQL)
    for statement in statements:
        op.execute(statement)

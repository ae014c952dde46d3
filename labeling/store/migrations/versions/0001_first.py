"""The first tables, and a ledger of annotations that nothing is changed in or taken out of."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SQLITE = """
CREATE TRIGGER annotations_{what} BEFORE {what} ON annotations
BEGIN SELECT RAISE(ABORT, 'the ledger of annotations is append-only'); END
"""
# INSERT OR REPLACE takes a row out without firing the trigger of DELETE.
NO_REPLACE = """
CREATE TRIGGER annotations_INSERT BEFORE INSERT ON annotations
WHEN EXISTS (SELECT 1 FROM annotations WHERE number = NEW.number OR digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'the ledger of annotations is append-only'); END
"""
POSTGRESQL = (
    """
CREATE FUNCTION annotations_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger of annotations is append-only'; END $$
""",
    """
CREATE TRIGGER annotations_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON annotations
FOR EACH STATEMENT EXECUTE FUNCTION annotations_stay()
""",
)


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("config_hash", sa.Text, nullable=False),
        sa.Column("code_version", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
    )
    op.create_table(
        "batches",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
    )
    op.create_table(
        "choices",
        sa.Column("batch", sa.Integer, sa.ForeignKey("batches.number"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("sample", sa.Text, nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("propensity", sa.Float),
        sa.Column("model_label", sa.Text),
        sa.Column("confidence", sa.Float),
        sa.Column("text_digest", sa.Text, nullable=False),
        sa.UniqueConstraint("sample", name="choices_sample"),
    )
    op.create_table(
        "samples",
        sa.Column("sample", sa.Text, primary_key=True),
        sa.Column("batch", sa.Integer),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("samples_state", "samples", ["state"])
    op.create_table(
        "annotations",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("sample", sa.Text, nullable=False),
        sa.Column("annotator", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.Column("lead_seconds", sa.Float),
        sa.Column("platform_id", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.Boolean, nullable=False),
        sa.Column("prelabel_shown", sa.Boolean, nullable=False),
        sa.Column("prelabel", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.UniqueConstraint("digest", name="annotations_digest"),
    )
    op.create_index("annotations_sample", "annotations", ["sample"])
    op.create_table(
        "verdicts",
        sa.Column("sample", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("model_label", sa.Text),
        sa.Column("votes_needed", sa.Integer),
        sa.Column("heard", sa.Integer, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sample", sa.Text, nullable=False),
        sa.Column("batch", sa.Integer, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.Column("not_annotators", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("platform_id", sa.Text),
        sa.UniqueConstraint("key", name="messages_key"),
    )
    op.create_index("messages_state", "messages", ["state", "kind"])
    op.create_index("messages_sample", "messages", ["sample"])
    op.create_table(
        "files",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
    )
    op.create_index("files_kind", "files", ["kind", "number"])
    op.create_table(
        "standings",
        sa.Column("annotations", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("human_votes", sa.BigInteger, nullable=False),
        sa.Column("reviews", sa.BigInteger, nullable=False),
        sa.Column("gold", sa.BigInteger, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
    )
    op.create_table(
        "locked",
        sa.Column("sample", sa.Text, primary_key=True),
    )
    op.create_table(
        "looks",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
    )
    op.create_table(
        "problems",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
    )
    _make_append_only()


def _make_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        statements = [*(SQLITE.format(what=what) for what in ("UPDATE", "DELETE")), NO_REPLACE]
    else:
        statements = list(POSTGRESQL)
    for statement in statements:
        op.execute(statement)

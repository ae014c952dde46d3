"""Tables of the database, as the migrations create them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

from labeling.records import SampleState


class AnyText(TypeDecorator[str]):
    """Text of any characters; texts with NUL or lone surrogates are stored as JSON."""

    impl = Text
    cache_ok = True
    MARK = "\\json:"

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Return the stored form of a text."""
        if value is None or not (_is_refused(value) or value.startswith(self.MARK)):
            return value
        return self.MARK + json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        """Return the text of a stored form."""
        if value is None or not value.startswith(self.MARK):
            return value
        return str(json.loads(value.removeprefix(self.MARK)))


def _is_refused(value: str) -> bool:
    return "\0" in value or any("\ud800" <= character <= "\udfff" for character in value)


metadata = MetaData()

AWAITED = tuple(
    state.value for state in (SampleState.ASKED, SampleState.COLLECTING, SampleState.ESCALATED)
)
"""The states of samples that people were asked about and that are not settled."""

# Rows are numbered consecutively under the project lock instead of by a database sequence, which
# leaves gaps where a transaction was rolled back, so that runs that died would differ from those
# that did not. Times are ISO texts in UTC: exact, and the same on every database.

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("verb", Text, nullable=False),
    Column("state", Text, nullable=False),  # running, done, failed, died
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("seconds", Text, nullable=False),  # JSON: stage -> seconds
    Column("outcome", Text, nullable=False),  # JSON
)

batches = Table(
    "batches",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),  # chosen, pushing, pushed
    Column("strategy", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("made_at", Text, nullable=False),
)

choices = Table(
    "choices",
    metadata,
    Column("batch", Integer, ForeignKey("batches.number"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("sample", Text, nullable=False),
    Column("stratum", Text, nullable=False),
    Column("score", Float),
    Column("reason", AnyText, nullable=False),
    Column("propensity", Float),
    Column("model_label", AnyText),  # the model's label when the sample was selected
    Column("confidence", Float),
    Column("text_digest", Text, nullable=False),  # of the text that annotators see
    UniqueConstraint("sample", name="choices_sample"),
)

samples = Table(
    "samples",
    metadata,
    Column("sample", Text, primary_key=True),
    Column("batch", Integer),
    Column("state", Text, nullable=False),
    Index("samples_state", "state"),
)

ledger = Table(
    "annotations",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    Column("sample", Text, nullable=False),
    Column("annotator", AnyText, nullable=False),
    Column("label", AnyText),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("lead_seconds", Float),
    Column("platform_id", AnyText, nullable=False),
    Column("round", Integer, nullable=False),
    Column("reviewer", Boolean, nullable=False),
    Column("prelabel_shown", Boolean, nullable=False),
    Column("prelabel", AnyText),
    Column("reason", AnyText, nullable=False),
    Column("origin", AnyText, nullable=False, server_default=text("''")),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("rejected", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("digest", name="annotations_digest"),
    Index("annotations_sample", "sample"),
)

events = Table(
    "events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", AnyText, nullable=False),
    Column("sample", Text),
    Column("about", Text, nullable=False),  # canonical JSON
    Column("previous", Text, nullable=False),  # the digest of the event before
    Column("digest", Text, nullable=False),
    Index("events_sample", "sample"),
    Index("events_kind", "kind", "number"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("sample", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # gold, pending, escalated, unresolved
    Column("label", AnyText),
    Column("source", Text),
    Column("reason", AnyText),
    Column("model_label", AnyText),
    Column("votes_needed", Integer),
    Column("heard", Integer, nullable=False),
    Column("votes_for", Integer),  # of gold by agreement: votes for its label
    Column("votes_cast", Integer),  # and total votes
)

messages = Table(
    "messages",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sample", Text, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("votes", Integer, nullable=False),
    Column("not_annotators", Text, nullable=False),  # JSON list
    Column("state", Text, nullable=False),  # waiting, begun, sent
    Column("platform_id", AnyText),
    UniqueConstraint("key", name="messages_key"),
    Index("messages_state", "state", "kind"),
    Index("messages_sample", "sample"),
)

files = Table(
    "files",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("inputs", Text, nullable=False),
    Column("about", Text, nullable=False),  # JSON
    Column("made_at", Text, nullable=False),
    Index("files_kind", "kind", "number"),
)

standings = Table(
    "standings",
    metadata,
    Column("annotations", BigInteger, primary_key=True, autoincrement=False),
    Column("human_votes", BigInteger, nullable=False),
    Column("reviews", BigInteger, nullable=False),
    Column("gold", BigInteger, nullable=False),
    Column("about", Text, nullable=False),  # JSON: estimates with n and interval
)

locked = Table(
    "locked",
    metadata,
    Column("sample", Text, primary_key=True),  # in the test split, permanently
)

looks = Table(
    "looks",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("about", Text, nullable=False),  # JSON: the results
)

problems = Table(
    "problems",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("place", AnyText, nullable=False),
    Column("what", AnyText, nullable=False),
)

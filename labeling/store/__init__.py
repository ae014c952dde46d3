"""What is remembered between runs: SQLite by default, PostgreSQL by URL, Parquet files beside it."""

from labeling.records.ids import key_of
from labeling.store.artifacts import Kept
from labeling.store.batches import STATES
from labeling.store.ledger import Activity
from labeling.store.runs import Run, now
from labeling.store.store import Store

__all__ = ["STATES", "Activity", "Kept", "Run", "Store", "key_of", "now"]

"""Persistent project state: a database (SQLite or PostgreSQL) and content-addressed artifacts."""

from labeling.store.artifacts import Artifact
from labeling.store.batches import STATES
from labeling.store.consistency import LedgerCheck
from labeling.store.events import EventLog
from labeling.store.ledger import Activity
from labeling.store.runs import Run, now
from labeling.store.store import Store
from labeling.store.verdict_rows import VerdictBasis

__all__ = [
    "STATES",
    "Activity",
    "Artifact",
    "EventLog",
    "LedgerCheck",
    "Run",
    "Store",
    "VerdictBasis",
    "now",
]

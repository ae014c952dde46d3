"""A store keeps spans and sets of labels as it keeps names, and its check finds changed ones."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from labeling.errors import StoreError
from labeling.records import (
    Annotation,
    Batch,
    Escalation,
    EventKind,
    GoldLabel,
    Label,
    LabelKind,
    Span,
    Verdict,
    fold,
)
from labeling.store import Store
from labeling.store.tables import verdicts

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
LABELS: dict[LabelKind, list[Label]] = {
    LabelKind.ONE: ["spam", '["a"]'],
    LabelKind.SEVERAL: [frozenset({"joy", "é\ud800"}), frozenset()],
    LabelKind.SPANS: [(Span(0, 3, "PER"), Span(2, 9, "ORG")), ()],
}


def filled(folder: Path, kind: LabelKind) -> tuple[Store, list[Annotation]]:
    """Return a store with each label as an annotation, prelabel, choice and verdict."""
    store = Store(folder, "p", kind=kind)
    label, other = LABELS[kind]
    annotations = [
        Annotation("a", "ann", label, NOW, NOW, prelabel=other, prelabel_shown=True),
        Annotation("a", "bob", other, NOW, NOW),
        Annotation("b", "ann", None, NOW, NOW),
        Annotation("b", "eve", other, NOW, NOW, reviewer=True),
    ]
    votes, review = tuple(annotations[:2]), (annotations[3],)
    batch = Batch(pd.DataFrame(index=["a", "b"]))
    with store.locked("test"):
        store.batches.choose(
            1,
            batch,
            {"a": (label, 0.5), "b": (None, 0.1)},
            dict.fromkeys("ab", ""),
            strategy="random",
            seed=0,
            made_at="",
        )
        store.ledger.append(annotations)
        gold = GoldLabel("b", other, "review", (annotations[2], *review))
        verdict = Verdict((gold,), (), (Escalation("a", votes, "conflict", label),))
        store.batches.settle(verdict, {"a": 2, "b": 2})
    return store, annotations


@pytest.mark.parametrize("kind", LabelKind)
def test_labels_are_read_back_as_they_were_written(tmp_path: Path, kind: LabelKind) -> None:
    store, annotations = filled(tmp_path, kind)
    label, other = LABELS[kind]
    again = Store(tmp_path, "p", kind=kind)
    assert list(again.ledger.annotations()) == annotations
    assert again.batches.model_labels(["a", "b"]) == {"a": label, "b": None}
    assert again.batches.frame()["model_label"].dropna().to_dict() == {"a": label}
    settled = again.batches.settled()
    assert (settled["b"]["label"], settled["a"]["model_label"]) == (other, label)
    states = fold(again.events.all(), kind).samples
    assert states["b"].label == other
    assert [vote.label for vote in states["a"].votes] == [label, other]
    assert not again.check().findings
    with store.locked("test"):
        assert not store.ledger.append(annotations)  # they are known, by their digests


@pytest.mark.parametrize("kind", LabelKind)
def test_an_empty_answer_is_a_vote_and_none_a_skip(tmp_path: Path, kind: LabelKind) -> None:
    store, _ = filled(tmp_path, kind)
    kinds = [event.kind for event in store.events.all() if "annotation" in event.about]
    assert kinds == [
        EventKind.ANNOTATED,
        EventKind.ANNOTATED,
        EventKind.SKIPPED,
        EventKind.ANNOTATED,
    ]
    people = {person.name: (person.labels, person.skips) for person in store.ledger.activity()}
    assert people == {"ann": (1, 1), "bob": (1, 0), "eve": (1, 0)}


def test_a_label_that_was_changed_in_the_database_is_named(tmp_path: Path) -> None:
    store, _ = filled(tmp_path, LabelKind.SPANS)
    with store.database.writing() as connection:
        change = sa.update(verdicts).where(verdicts.c.label == "[]")
        connection.execute(change.values(label='[[0,4,"PER"]]'))
    (finding,) = store.check().findings
    assert finding.startswith("Sample 'b' has the label '[[0,4,\"PER\"]]', and '[]' (review")


def test_a_store_of_another_kind_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, LabelKind.ONE)
    with pytest.raises(StoreError, match="holds labels of kind 'one', and the project's"):
        Store(tmp_path, "p", kind=LabelKind.SPANS).ready()
    with pytest.raises(StoreError, match="must be JSON of a label of kind 'spans'"):
        Store(tmp_path, "p", kind=LabelKind.SPANS).ledger.annotations()

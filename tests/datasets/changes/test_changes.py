"""What the changes between two training sets say, besides their causes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets import Changes, TrainingSet, build_training_set, diff_training_sets
from labeling.errors import LabelingError
from labeling.rendering.plain import plain_of
from tests.support.changing_worlds import CHANGES, random_world, training_set_of


@pytest.fixture(scope="module")
def changes() -> Changes:
    rng = np.random.default_rng(12)
    before = random_world(rng, 80)
    after = before
    for kind in ("rule", *["person"] * 12, "data"):
        after = CHANGES[kind](after, rng)
    return diff_training_sets(training_set_of(before), training_set_of(after))


def test_every_count_leads_to_its_rows(changes: Changes) -> None:
    frame = changes.to_frame()
    for change, n in changes.counts.items():
        assert len(changes.rows(change=change)) == n == (frame["change"] == change).sum()
    for cause, row in changes.by_cause.iterrows():
        for change, n in row.items():
            assert len(changes.rows(change=change, cause=cause)) == n
    for function, about in changes.by_function.iterrows():
        assert len(changes.rows(function=function)) == about["rows"]
        assert len(changes.rows(function=function, cause="rule")) == about["decisive"]
    assert len(changes.by_person)
    for person, n in changes.by_person.items():
        assert len(changes.rows(person=person)) == n
    assert changes.confusion.to_numpy().sum() == changes.counts["relabelled"]


def test_it_shows_itself_and_names_unknown_names(changes: Changes) -> None:
    shown = changes._repr_html_()
    for name in changes.by_function.index:
        assert name in shown
    with pytest.raises(LabelingError, match=r"cause must be one of .data., .person."):
        changes.rows(cause="rules")  # type: ignore[arg-type]
    assert changes.because("no such sample") == ""


def test_a_function_of_the_same_code_with_another_vote_is_said_so() -> None:
    def made(vote: int, version: str) -> TrainingSet:
        schema = lb.LabelSchema(["ham", "spam"])
        votes = lb.Votes.from_array([[vote]], schema=schema, sample_ids=["a"], voters=["service"])
        soft = lb.SoftLabels([[1.0 - vote, float(vote)]], ["a"], schema, [True])
        data = pd.DataFrame({"text": ["hi"]}, index=["a"])
        train = build_training_set(data, soft, votes=votes)
        return train.with_origin({"functions": {"service": version}})

    same = diff_training_sets(made(0, "x"), made(1, "x"))
    assert same.because("a") == "service (same code): ham → spam"
    edited = diff_training_sets(made(0, "x"), made(1, "y"))
    assert edited.because("a") == "service (edited): ham → spam"


def test_training_sets_of_number_ids_and_of_mixed_ids() -> None:
    schema = lb.LabelSchema(["ham", "spam"])
    for ids in ([3, 1, 2], ["a", 1, ("b", 2)]):
        index = pd.Index(ids, dtype=object if "a" in ids else None, tupleize_cols=False)
        data = pd.DataFrame({"text": ["x", "y", "z"]}, index=index)
        soft = lb.SoftLabels([[0.9, 0.1]] * 3, index, schema, [True] * 3)
        base = build_training_set(data, soft)
        head = build_training_set(data, soft, gold={ids[1]: "spam"})
        changes = diff_training_sets(base, head.take([2, 1, 0]))
        assert changes.sample_ids.tolist() == [ids[1]]
        assert changes.cause.tolist() == ["person"]


def test_it_is_the_same_after_writing_and_reading(
    changes: Changes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sides = []
    for side in (changes._finder.base, changes._finder.head):
        folder = tmp_path_factory.mktemp("side")
        side.train.write(folder)
        sides.append(TrainingSet.read(folder))
    again = diff_training_sets(*sides)
    assert again.to_frame().equals(changes.to_frame())
    assert again.kept == changes.kept


def test_the_labels_of_the_schema_may_differ() -> None:
    data = pd.DataFrame({"text": ["x", "y"]}, index=["a", "b"])
    sets = [
        build_training_set(
            data,
            lb.SoftLabels([[0.9, 0.1], [0.2, 0.8]], data.index, lb.LabelSchema(names), [True] * 2),
        )
        for names in (["ham", "spam"], ["good", "spam"])
    ]
    changes = diff_training_sets(*sets)
    assert changes.sample_ids.tolist() == ["a"]
    assert changes.cause.tolist() == ["config"]
    assert changes.because("a") == "the schema has no label ham any more"


def test_a_row_that_is_lost_or_gained_by_the_models_says_why_it_was_left_out() -> None:
    schema = lb.LabelSchema(["ham", "spam"])
    data = pd.DataFrame({"text": ["hi", "ho"]}, index=["a", "b"])

    def made(first: float) -> TrainingSet:
        soft = lb.SoftLabels([[first, 1 - first], [0.9, 0.1]], data.index, schema, [True, True])
        return build_training_set(data, soft, min_confidence=0.65)

    lost = diff_training_sets(made(0.8), made(0.6))
    gained = diff_training_sets(made(0.6), made(0.8))
    kept = diff_training_sets(made(0.7), made(0.2))

    assert "P(ham) 0.8 → 0.6; left out: confidence below 0.65;" in lost.because("a")
    assert "; was left out: confidence below 0.65;" in gained.because("a")
    assert "left out" not in kept.because("a")
    shown = " ".join(plain_of(lost._view()).split())
    assert "votes and answers here are the same" in shown  # the whole sentence

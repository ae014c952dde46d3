"""The story of each sample of a training set, kept or left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets import TrainingSet
from labeling.errors import DataError, LabelingError
from tests.support.changing_worlds import random_world, training_set_of


@pytest.fixture(scope="module")
def train() -> TrainingSet:
    return training_set_of(random_world(np.random.default_rng(3)))


def test_every_sample_has_a_story_that_says_its_label(train: TrainingSet) -> None:
    frame = train.to_pandas()
    for sample_id, label, votes, answers in zip(
        frame.index, frame["label"], frame["lf_votes"], frame["annotators"], strict=True
    ):
        story = train.explain(sample_id)
        assert (story.label, story.left_out) == (label, "")
        assert {one.function: one.label for one in story.votes if one.label} == votes
        assert story.answers == answers
        words = repr(story)
        assert repr(sample_id) in words
        for function, vote in votes.items():
            assert function in words
            assert vote in words
    for sample_id, reason in train.dropped["reason"].items():
        story = train.explain(sample_id)
        assert story.left_out == reason
        assert reason in repr(story)


def test_a_story_names_code_and_settings(train: TrainingSet) -> None:
    story = train.explain(train.sample_ids[0])
    fingerprints = train.origin["functions"]
    cast = [vote for vote in story.votes if vote.label]
    assert cast
    assert all(vote.fingerprint == fingerprints[vote.function] for vote in story.votes)
    assert cast[0].fingerprint in repr(story)
    assert "min_confidence 0.45" in repr(story)


def test_a_story_survives_writing(
    train: TrainingSet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("written")
    train.write(folder)
    again = TrainingSet.read(folder)
    for sample_id in [*train.sample_ids, *train.dropped.index]:
        assert repr(again.explain(sample_id)) == repr(train.explain(sample_id))


def test_an_unknown_id_names_near_ones(train: TrainingSet) -> None:
    with pytest.raises(DataError, match=r"none called 's01'.*Did you mean 's0"):
        train.explain("s01")


def test_counts_of_the_manifest_lead_to_rows(train: TrainingSet) -> None:
    manifest = train.manifest()
    for count in ("labels", "sources", "left_out"):
        for name, n in manifest[count].items():
            ids = train.rows_behind(count, name)
            assert len(ids) == n
    with pytest.raises(LabelingError, match="count must be one of 'labels', 'sources'"):
        train.rows_behind("label", "ham")
    with pytest.raises(LabelingError, match="Nothing of 'sources' is called 'vote'"):
        train.rows_behind("sources", "vote")


def test_a_label_that_was_given_is_said_to_be_so() -> None:
    schema = lb.LabelSchema(["ham", "spam"])
    data = pd.DataFrame({"text": ["hi", "ho"]}, index=["a", "b"])
    soft = lb.SoftLabels([[0.9, 0.1], [0.9, 0.1]], data.index, schema, [True, True])
    gold = pd.Series(["spam"], index=["a"])
    train = lb.build_training_set(data, soft, gold=gold)

    assert "The label was given with the data, as gold." in repr(train.explain("a"))
    assert "Label from votes, decided by labeling functions." in repr(train.explain("b"))

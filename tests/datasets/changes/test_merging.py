"""Three-way merges: commutative up to sides, nothing lost, conflicts only where both relabelled."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets import Decision, TrainingSet, build_training_set, merge_training_sets
from labeling.errors import DataError, UnknownLabelError
from tests.support.changing_worlds import CHANGES, KINDS, random_world, training_set_of

LEFT_OUT, ABSENT = "(left out)", "(absent)"


def outcomes(train: TrainingSet) -> dict[Hashable, str]:
    """Return the label of each sample, or that it was left out."""
    labels = train.added_column("label").astype(str).to_dict()
    return {**dict.fromkeys(train.dropped.index, LEFT_OUT), **labels}


def random_sides(seed: int) -> tuple[TrainingSet, TrainingSet, TrainingSet]:
    """Return a training set, and two that were made from changes of its world."""
    rng = np.random.default_rng(seed)
    world = random_world(rng)
    sides = []
    for _ in range(2):
        changed = world
        for kind in rng.choice(KINDS, size=3):
            changed = CHANGES[str(kind)](changed, rng)
        sides.append(training_set_of(changed))
    return training_set_of(world), sides[0], sides[1]


@pytest.mark.parametrize("seed", range(15))
def test_every_row_is_where_the_three_way_rule_says(seed: int) -> None:
    base, ours, theirs = random_sides(seed)
    merged = merge_training_sets(base, ours, theirs)
    before, one, other, after = map(outcomes, (base, ours, theirs, merged.train))
    conflicts = {conflict.sample_id for conflict in merged.conflicts}
    for sample_id in {*before, *one, *other}:
        b, o, t = (each.get(sample_id, ABSENT) for each in (before, one, other))
        found = after.get(sample_id, ABSENT)
        if {o, t} == {LEFT_OUT, ABSENT} and b not in (o, t):
            assert found == LEFT_OUT
        elif o != b and t != b and o != t:
            assert sample_id in conflicts
            assert found == LEFT_OUT
            reason = merged.train.dropped.loc[sample_id, "reason"]
            assert "Two releases" in reason
        else:
            expected = o if t == b else t
            if sample_id in conflicts:  # both changed the text of the sample
                assert found == LEFT_OUT
            else:
                assert found == expected, sample_id


@pytest.mark.parametrize("seed", range(15))
def test_exchanging_the_sides_gives_an_equal_training_set(seed: int) -> None:
    base, ours, theirs = random_sides(seed)
    one, other = (merge_training_sets(base, *pair) for pair in ((ours, theirs), (theirs, ours)))
    decided = {conflict.sample_id: "spam" for conflict in one.conflicts}
    one, other = (
        merge_training_sets(base, *pair, decided) for pair in ((ours, theirs), (theirs, ours))
    )
    assert one.train.fingerprint == other.train.fingerprint
    assert one.train.manifest() == other.train.manifest()
    assert [c.sample_id for c in one.conflicts] == [c.sample_id for c in other.conflicts]
    assert one.train.dropped.index.equals(other.train.dropped.index)


@pytest.mark.parametrize("seed", range(5))
def test_merging_with_the_base_gives_the_other_side(seed: int) -> None:
    base, ours, _ = random_sides(seed)
    for pair in ((ours, base), (base, ours)):
        merged = merge_training_sets(base, *pair)
        assert not merged.conflicts
        expected = ours.to_pandas()
        found = merged.train.to_pandas().loc[expected.index]
        pd.testing.assert_frame_equal(found, expected)
        assert merged.train.dropped["reason"].to_dict() == ours.dropped["reason"].to_dict()
        assert merged.train.with_origin({}).origin["settings"] == ours.origin["settings"]


def relabelled(**gold: str) -> TrainingSet:
    data = pd.DataFrame({"text": ["hi", "buy", "hm"]}, index=["a", "b", "c"])
    schema = lb.LabelSchema(["ham", "spam"])
    soft = lb.SoftLabels([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7]], data.index, schema, [True] * 3)
    return build_training_set(data, soft, gold=gold)


def test_a_conflict_says_both_sides_and_a_decision_settles_it() -> None:
    base, ours, theirs = relabelled(), relabelled(b="ham"), relabelled(b="spam").take([0, 2])
    merged = merge_training_sets(base, ours, theirs)
    (conflict,) = merged.conflicts
    assert (conflict.sample_id, conflict.base, conflict.ours, conflict.theirs) == (
        "b", "spam", "ham", None
    )  # fmt: skip
    assert conflict.theirs_because == "no longer in the data"
    assert "ham" in conflict.sentence()
    decided = merge_training_sets(base, ours, theirs, {"b": Decision("spam", "Rev", "an offer")})
    assert not decided.conflicts
    assert decided.decided == 1
    row = decided.train.to_pandas().loc["b"]
    assert (row["label"], row["source"], row["reviewer"], row["weight"]) == (
        "spam", "review", "Rev", 1.0
    )  # fmt: skip
    left_out = merge_training_sets(base, ours, theirs, {"b": None}).train
    assert left_out.dropped.loc["b", "reason"] == "left out by decision"


def test_a_new_text_and_a_new_label_of_one_sample_are_both_kept() -> None:
    base, ours = relabelled(), relabelled(b="ham")
    samples = base.samples.copy()
    samples.loc["b", "text"] = "buy now"
    soft = lb.SoftLabels(
        base.probabilities, base.sample_ids, base.schema, np.ones(len(base), dtype=bool)
    )
    theirs = build_training_set(samples, soft)
    for pair in ((ours, theirs), (theirs, ours)):
        row = merge_training_sets(base, *pair).train.to_pandas().loc["b"]
        assert (row["text"], row["label"]) == ("buy now", "ham")


def test_two_new_texts_of_one_sample_need_the_same_data() -> None:
    base = relabelled()
    sides = []
    for text in ("one", "two"):
        samples = base.samples.copy()
        samples.loc["b", "text"] = text
        soft = lb.SoftLabels(
            base.probabilities, base.sample_ids, base.schema, np.ones(len(base), dtype=bool)
        )
        sides.append(build_training_set(samples, soft))
    (conflict,) = merge_training_sets(base, *sides, {"b": "ham"}).conflicts
    assert (conflict.sample_id, conflict.kind) == ("b", "columns")


def test_errors_name_what_to_do() -> None:
    base = relabelled()
    with pytest.raises(UnknownLabelError):
        merge_training_sets(base, base, base, {"b": "news"})
    others = []
    for labels in (["ham", "spam", "x"], ["ham", "spam", "y"]):
        schema = lb.LabelSchema(labels)
        soft = lb.SoftLabels([[0.9, 0.1, 0.0]], ["a"], schema, [True])
        others.append(build_training_set(base.samples, soft))
    with pytest.raises(DataError, match="at most one of them changed the labels"):
        merge_training_sets(base, *others)


def test_a_label_that_one_side_added_is_in_the_merge() -> None:
    base, ours = relabelled(), relabelled(b="ham")
    schema = lb.LabelSchema(["ham", "news", "spam"])
    array = np.insert(base.probabilities, 1, 0.0, axis=1)
    soft = lb.SoftLabels(array, base.sample_ids, schema, np.ones(len(base), dtype=bool))
    theirs = build_training_set(base.samples, soft, gold={"c": "news"})
    for pair in ((ours, theirs), (theirs, ours)):
        train = merge_training_sets(base, *pair).train
        assert list(train.schema) == ["ham", "news", "spam"]
        assert train.added_column("label").to_dict() == {"a": "ham", "b": "ham", "c": "news"}
        assert np.allclose(train.probabilities.sum(axis=1), 1)


def test_a_merge_is_written_and_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    base, ours, theirs = random_sides(3)
    merged = merge_training_sets(base, ours, theirs)
    folder = tmp_path_factory.mktemp("merged")
    merged.train.write(folder)
    assert TrainingSet.read(folder).fingerprint == merged.train.fingerprint

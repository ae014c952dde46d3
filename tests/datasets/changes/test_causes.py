"""Each changed row has exactly one decisive cause, and it is one that was really there."""

from __future__ import annotations

import numpy as np
import pytest

from labeling.datasets import diff_training_sets
from tests.support.changing_worlds import (
    CHANGES,
    KINDS,
    World,
    random_world,
    training_set_of,
    votes_of,
)

ELSEWHERE = {"data", "person", "rule"}


def true_causes(before: World, after: World, sample_id: str) -> set[str]:
    """Return the causes that a row itself has; `config` where any setting differs."""
    causes = set()
    if before.texts.get(sample_id) != after.texts.get(sample_id):
        causes.add("data")
    for people in ("answers", "decisions"):
        if getattr(before, people).get(sample_id) != getattr(after, people).get(sample_id):
            causes.add("person")
    if votes_of(before, sample_id) != votes_of(after, sample_id):
        causes.add("rule")
    if before.settings != after.settings:
        causes.add("config")
    return causes


def check(before: World, after: World, kinds: set[str]) -> int:
    """Check all changed rows, and return how many there are."""
    changes = diff_training_sets(training_set_of(before), training_set_of(after))
    assert set(changes.cause) <= {"data", "person", "rule", "config", "model"}
    assert changes.by_cause.to_numpy().sum() == len(changes)
    frame = changes.to_frame()
    for sample_id, cause, because in zip(
        frame.index, frame["cause"], frame["because"], strict=True
    ):
        true = true_causes(before, after, sample_id)
        if cause == "model":
            assert kinds & ELSEWHERE, sample_id
            assert not true & ELSEWHERE, (sample_id, true)
        else:
            assert cause in true, (sample_id, cause, true, because)
        assert because
    return len(changes)


@pytest.mark.parametrize("kind", KINDS)
def test_one_change_is_the_only_cause(kind: str) -> None:
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        before = random_world(rng)
        after = CHANGES[kind](before, rng)
        found += check(before, after, {kind})
    assert found > 30


def test_of_several_changes_the_cause_is_one_that_the_row_has() -> None:
    found = 0
    for seed in range(120):
        rng = np.random.default_rng(1000 + seed)
        before = after = random_world(rng)
        kinds = set(rng.choice(KINDS, size=int(rng.integers(2, 5)), replace=False).tolist())
        for kind in sorted(kinds):
            for _ in range(int(rng.integers(1, 3))):
                after = CHANGES[kind](after, rng)
        found += check(before, after, kinds)
    assert found > 300


def test_config_alone_is_the_cause_of_every_row() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        before = random_world(rng)
        after = CHANGES["config"](before, rng)
        changes = diff_training_sets(training_set_of(before), training_set_of(after))
        assert set(changes.cause) <= {"config"}


def test_equal_sets_have_no_changes() -> None:
    world = random_world(np.random.default_rng(0))
    changes = diff_training_sets(training_set_of(world), training_set_of(world))
    assert len(changes) == 0
    assert changes.kept["confidence"] == changes.kept["votes"] == 0
    assert changes.kept["same label"] == len(training_set_of(world))


def test_the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    before = random_world(rng)
    after = CHANGES["person"](CHANGES["rule"](before, rng), rng)
    one, other = training_set_of(before), training_set_of(after)
    mixed = other.take(rng.permutation(len(other)))
    expected = diff_training_sets(one, other).to_frame()
    found = diff_training_sets(one, mixed).to_frame()
    assert found.loc[expected.index].equals(expected)


def test_undoing_a_change_exchanges_gained_and_lost() -> None:
    rng = np.random.default_rng(6)
    before = random_world(rng)
    after = CHANGES["data"](CHANGES["rule"](before, rng), rng)
    there = diff_training_sets(training_set_of(before), training_set_of(after))
    back = diff_training_sets(training_set_of(after), training_set_of(before))
    assert there.counts["gained"] == back.counts["lost"] > 0
    assert there.counts["relabelled"] == back.counts["relabelled"]
    assert (there.confusion.to_numpy() == back.confusion.to_numpy().T).all()

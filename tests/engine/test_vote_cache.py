"""Votes are cached per labeling function and row block, and are those that would be computed."""

import heapq
import logging
import os
import time

import numpy as np
import pytest

import labeling as lb
from labeling import LabelingFunction
from labeling.engine import VoteStore, apply_to_frame, block_digests
from labeling.errors import LabelingFunctionError
from labeling.functions import keywords, model
from tests.support.cached_runs import (
    BOTS,
    PLAIN,
    SCHEMA,
    frame,
    is_late,
    rows_run,
    run,
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(block_digests, "BLOCK_ROWS", 64)
    monkeypatch.setattr(block_digests, "LEAST_ROWS", 8)


def test_a_second_run_runs_nothing(tmp_path):
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [200] * 4
    report = run(PLAIN, frame(), tmp_path)[1]
    assert rows_run(report) == [0] * 4
    assert report.sentences() == ["All votes of 4 labeling functions from the cache."]


def test_a_function_that_changed_is_run_alone(tmp_path):
    run(PLAIN, frame(), tmp_path)
    changed = [*PLAIN[:3], LabelingFunction("is_late", lambda x: "ham" if x.n > 99 else None)]
    report = run(changed, frame(), tmp_path)[1]
    assert rows_run(report) == [0, 0, 0, 200]
    assert report.sentences() == ["Ran 1 of 4 labeling functions (is_late), 3 from the cache."]
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


def test_a_new_name_and_another_order_run_nothing(tmp_path):
    run(PLAIN, frame(), tmp_path)
    renamed = [LabelingFunction("other", is_late), *reversed(PLAIN[:3])]
    assert rows_run(run(renamed, frame(), tmp_path)[1]) == [0] * 4


def test_what_a_function_uses_counts(tmp_path):
    run(PLAIN, frame(), tmp_path)
    BOTS.add("bot2")
    try:
        assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0, 0, 200, 0]
    finally:
        BOTS.remove("bot2")
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


def test_only_columns_that_are_read_count(tmp_path):
    run(PLAIN, frame(), tmp_path)
    data = frame()
    data["n"] = data.n + 1
    data["new"] = "x"
    data.index = data.index.str.upper()
    assert rows_run(run(PLAIN, data, tmp_path)[1]) == [0, 200, 0, 200]
    assert rows_run(run(PLAIN, data.rename_axis("key"), tmp_path)[1]) == [0] * 4


def test_a_value_runs_its_block_again(tmp_path):
    run(PLAIN, frame(), tmp_path)
    data = frame()
    data.iloc[70, 0] = "changed"
    report = run(PLAIN, data, tmp_path)[1]
    assert rows_run(report) == [64, 0, 0, 0]
    assert report.sentences() == [
        "All votes of 3 of 4 labeling functions from the cache.",
        "Ran 1 labeling function on 64 of 200 samples, the others from the cache.",
    ]


def test_appended_rows_run_alone_with_the_block_they_are_in(tmp_path):
    run(PLAIN, frame(1_000), tmp_path)
    for n in (1_001, 1_010, 1_100):
        assert max(rows_run(run(PLAIN, frame(n), tmp_path)[1])) <= 64 + n - 1_000


def test_reordered_and_removed_rows_have_their_own_votes(tmp_path):
    run(PLAIN, frame(), tmp_path)
    run(PLAIN, frame().sample(frac=1, random_state=0), tmp_path)
    run(PLAIN, frame().iloc[5:], tmp_path)


def test_the_schema_counts(tmp_path):
    run(PLAIN, frame(), tmp_path)
    store = VoteStore(tmp_path)
    turned = lb.LabelSchema(["spam", "ham"])
    votes = apply_to_frame(PLAIN, frame(), turned, cache=store)
    assert rows_run(store.report) == [200] * 4
    assert votes.to_array().tolist() == apply_to_frame(PLAIN, frame(), turned).to_array().tolist()


@pytest.mark.parametrize("workers", [1, 2])
def test_faults_are_those_of_a_run_without_a_cache(tmp_path, workers):
    def fragile(x):
        return "spam" if 100 // (x.n % 50) > 3 else None

    def invalid(x):
        return "sham" if x.n == 66 else None

    lfs = [*PLAIN, LabelingFunction("fragile", fragile), LabelingFunction("invalid", invalid)]
    first = apply_to_frame(lfs, frame(), SCHEMA, on_error="record", cache=tmp_path, workers=workers)
    assert len(first.faults) == 5
    report = run(lfs, frame(), tmp_path, on_error="record")[1]
    assert rows_run(report) == [0] * 6
    for on_both in (frame(), frame(120), frame().iloc[::-1]):
        with pytest.raises(LabelingFunctionError) as plain:
            apply_to_frame(lfs, on_both, SCHEMA)
        with pytest.raises(LabelingFunctionError) as cached:
            apply_to_frame(lfs, on_both, SCHEMA, cache=tmp_path)
        assert str(cached.value) == str(plain.value)
        assert type(cached.value.__cause__) is type(plain.value.__cause__)


def test_a_fault_stops_a_run_and_the_blocks_before_it_are_kept(tmp_path):
    def fragile(x):
        return 1 // (150 - x.n) and None

    lfs = [*PLAIN, LabelingFunction("fragile", fragile)]
    with pytest.raises(LabelingFunctionError, match="'c150'"):
        apply_to_frame(lfs, frame(), SCHEMA, cache=tmp_path)
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [200 - 128] * 4


def test_the_first_fault_is_raised_whether_it_is_cached_or_not(tmp_path):
    def late(x):
        return 1 // (150 - x.n) and None

    def early(x):
        return 1 // (70 - x.n) and None

    def earliest(x):
        return 1 // (3 - x.n) and None

    made = [LabelingFunction(rule.__name__, rule) for rule in (late, early, earliest)]
    apply_to_frame(made[:1], frame(), SCHEMA, cache=tmp_path, on_error="record")
    for lfs, first in ((made[:1], "c150"), (made[:2], "c70"), (made, "c3")):
        with pytest.raises(LabelingFunctionError, match=f"'{first}'"):
            apply_to_frame(lfs, frame(), SCHEMA, cache=tmp_path)


def test_a_function_that_stops_failing_is_run_again(tmp_path, monkeypatch):
    """Its version says that it is the same, but a row on which it failed does not fail any more."""
    monkeypatch.setenv("FAILS", "yes")

    def rule(x):
        if os.environ.get("FAILS") and x.n == 5:
            raise ValueError("no")
        return "spam"

    function = LabelingFunction("rule", rule)
    function.version = 1
    assert len(apply_to_frame(function, frame(), SCHEMA, cache=tmp_path, on_error="record").faults)
    monkeypatch.delenv("FAILS")
    votes, report = run([function], frame(), tmp_path, on_error="record")
    assert votes.faults == ()
    assert rows_run(report) == [64]


def test_what_cannot_be_fingerprinted_is_run_each_time_and_named(tmp_path):
    clock = LabelingFunction("clock", lambda x: "spam" if time.time() < x.n - 999 else None)
    for _ in range(2):
        report = run([*PLAIN, clock], frame(), tmp_path)[1]
    assert rows_run(report) == [0] * 4 + [200]
    assert report.sentences() == [
        "Ran 1 of 5 labeling functions (clock), 4 from the cache.",
        "clock: Not cached: changes of what time.time returns cannot be noticed. Set its `version`,"
        " and raise it with each such change.",
    ]
    clock.version = 1
    run([clock], frame(), tmp_path)
    assert rows_run(run([clock], frame(), tmp_path)[1]) == [0]
    clock.version = 2
    assert rows_run(run([clock], frame(), tmp_path)[1]) == [200]


def appends(seen, value):
    seen.append(value)


def adds_in_place(seen, value):
    seen += [value]


def sets_an_item(seen, value):
    seen[len(seen) :] = [value]


CHANGES = [appends, adds_in_place, sets_an_item, heapq.heappush, list.append]


@pytest.mark.parametrize("change", CHANGES)
def test_a_function_that_changes_what_it_uses_is_not_cached(tmp_path, change):
    """By a way that its code does not show: the list has another name where it is changed."""
    seen = []

    def remembers(x):
        same = seen
        change(same, x.text)
        return "spam" if len(same) % 2 else "ham"

    lfs = [LabelingFunction("remembers", remembers)]
    store = VoteStore(tmp_path)
    apply_to_frame(lfs, frame(), SCHEMA, cache=store)
    assert "it changes an object" in store.report.functions[0].reason
    seen.clear()
    apply_to_frame(lfs, frame(), SCHEMA, cache=store)
    assert rows_run(store.report) == [200]
    seen.clear()
    apply_to_frame(lfs, frame(), SCHEMA, cache=store, workers=2)
    assert "workers" in store.report.functions[0].reason


def test_objects_that_cannot_be_hashed_are_named(tmp_path):
    data = frame().assign(doc=[object() for _ in range(200)])
    lfs = [*PLAIN, LabelingFunction("any", lambda x: "spam" if len(str(x)) < 3 else None)]
    for _ in range(2):
        report = run(lfs, data, tmp_path)[1]
    assert rows_run(report) == [0] * 4 + [200]
    assert "a column that it reads, or may read, holds objects" in report.functions[4].reason


def test_batch_functions_and_preprocessors_are_cached(tmp_path):
    def shout(x):
        x.loud = x.text.upper()
        return x

    lfs = [
        model("model", lambda texts: ["spam" if "7" in text else None for text in texts]),
        LabelingFunction("loud", lambda x: "ham" if "FREE" in x.loud else None, pre=[shout]),
        keywords("words", ["free"], label="spam"),
    ]
    run(lfs, frame(), tmp_path)
    assert rows_run(run(lfs, frame(), tmp_path)[1]) == [0] * 3
    assert rows_run(run(lfs, frame(), tmp_path, workers=2)[1]) == [0] * 3


def test_workers_fill_the_same_cache(tmp_path):
    apply_to_frame(PLAIN, frame(), SCHEMA, cache=tmp_path, workers=2)
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


def test_progress_counts_each_sample_once(tmp_path):
    for data in (frame(), frame(), frame(300)):
        done = []
        apply_to_frame(PLAIN, data, SCHEMA, cache=tmp_path, progress=done.append)
        assert sum(done) == len(data)


def test_apply_takes_a_folder_and_logs_what_was_run(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "labeling"):
        for _ in range(2):
            lb.apply(PLAIN, frame(), SCHEMA, cache=tmp_path / "new" / "folder")
    assert "All votes of 4 labeling functions from the cache." in caplog.messages


def test_a_function_that_reads_nothing_is_run_once_for_blocks_of_one_size(tmp_path):
    always = LabelingFunction("always", lambda x: "spam")
    assert rows_run(run([always], frame(), tmp_path)[1]) == [64 + 8]


def test_samples_of_a_file_that_is_streamed_share_the_cache(tmp_path):
    file = tmp_path / "samples.parquet"
    frame(1_000).reset_index().to_parquet(file, row_group_size=90)
    folder = tmp_path / "cache"
    votes = lb.apply(PLAIN, file, SCHEMA, id="id", cache=folder)
    assert votes.to_array().tolist() == run(PLAIN, frame(1_000), folder)[0].to_array().tolist()
    assert rows_run(run(PLAIN, frame(1_000), folder)[1]) == [0] * 4
    frame(1_100).reset_index().to_parquet(file, row_group_size=77)
    store = VoteStore(folder)
    again = lb.apply(PLAIN, file, SCHEMA, id="id", cache=store)
    assert max(rows_run(store.report)) <= 164
    plain = lb.apply(PLAIN, file, SCHEMA, id="id")
    assert again.to_array().tolist() == plain.to_array().tolist()
    assert again.sample_ids.equals(plain.sample_ids)


def test_votes_wider_than_a_byte_are_cached(tmp_path):
    schema = lb.LabelSchema([f"label{i}" for i in range(300)])
    wide = LabelingFunction("wide", lambda x: f"label{x.n % 300}")
    for _ in range(2):
        store = VoteStore(tmp_path)
        votes = apply_to_frame(wide, frame(400), schema, cache=store)
        assert votes.to_array()[:, 0].tolist() == [n % 300 for n in range(400)]
    assert rows_run(store.report) == [0]
    assert votes.to_array().dtype == np.int16


def test_votes_on_columns_that_turn_out_wrong_are_forgotten(tmp_path, monkeypatch):
    from labeling.engine.columns.self_check import ColumnRunner, ColumnVotesDifferError

    run(PLAIN, frame(), tmp_path)
    real, calls = ColumnRunner.votes, []

    def differs(self, lf, batch, memo, by_python):
        calls.append(lf.name)
        if lf.name == "is_new" and lf.compile and calls.count("is_new") == 3:
            raise ColumnVotesDifferError(lf.name, "c130", 1, None)
        return real(self, lf, batch, memo, by_python)

    monkeypatch.setattr(ColumnRunner, "votes", differs)
    new = LabelingFunction("is_new", lambda x: "ham" if x.n > 33 else None)
    store = VoteStore(tmp_path)
    with pytest.warns(RuntimeWarning, match="votes otherwise on columns"):
        votes = apply_to_frame([*PLAIN, new], frame(), SCHEMA, cache=store)
    assert rows_run(store.report) == [0, 0, 0, 0, 200]
    assert votes["is_new"].tolist() == [None] * 34 + ["ham"] * 166
    assert rows_run(run([*PLAIN, new], frame(), tmp_path)[1]) == [0] * 5

"""Splits do not leak, do not depend on the order of rows, and stay when data grow."""

import datetime
import random
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling import LabelSchema, SoftLabels, build_training_set
from labeling.datasets.splits import split
from labeling.errors import DataError, LabelingError, MissingExtraError
from labeling.records import GoldLabel

WORDS = [f"word{number}" for number in range(200)]


def distinct(count, seed=0):
    """Return texts that are not alike."""
    rng = random.Random(seed)
    return [" ".join(rng.sample(WORDS, 8)) + f" {seed}-{number}" for number in range(count)]


def samples(count, seed=0, prefix="s"):
    texts = distinct(count, seed)
    return pd.DataFrame({"text": texts}, index=[f"{prefix}{number}" for number in range(count)])


def with_duplicates(seed, count=60):
    """Return samples of which many have the text of another one, nearly, or the same author."""
    rng = random.Random(seed)
    texts = distinct(count, seed)
    for row in range(0, count, 3):
        texts[row] = rng.choice(texts).upper()
    for row in range(1, count, 5):
        texts[row] = rng.choice(texts) + " !"
    authors = [rng.choice(["ann", "bob", "cem", "dan", "eve", None]) for _ in range(count)]
    return pd.DataFrame({"text": texts, "by": authors}, index=[f"s{n}" for n in range(count)])


def training_set(frame, human, labels=None, split_of=None):
    """Return a training set in which some rows have labels that people gave."""
    schema = LabelSchema(["ham", "spam"])
    labels = labels or {sample_id: "ham" for sample_id in frame.index}
    codes = np.array([schema.index(labels[sample_id]) for sample_id in frame.index])
    array = np.full((len(frame), 2), 0.1)
    array[np.arange(len(frame)), codes] = 0.9
    soft = SoftLabels(array, frame.index, schema, np.ones(len(frame), dtype=bool))
    gold = {sample_id: labels[sample_id] for sample_id in human}
    return build_training_set(frame, soft, gold=gold or None)


def report_of(data, **options):
    reports = []
    splits = split(data, report=reports.append, **options)
    return splits, reports[0]


def finding(report, name):
    return next(item for item in report.findings if item.name == name)


@given(st.integers(0, 10**6), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_equal_texts_and_groups_are_in_one_split(seed, salt):
    frame = with_duplicates(seed)

    splits = split(frame, test=0.3, dev=0.2, salt=salt, near_duplicates=None)
    by_author = split(frame, test=0.3, dev=0.2, salt=salt, group="by")

    assert splits.groupby(frame["text"].str.lower()).nunique().max() == 1
    assert by_author.groupby(frame["text"].str.lower()).nunique().max() == 1
    assert by_author.groupby(frame["by"]).nunique().max() == 1
    assert set(splits) <= {"train", "dev", "test"}


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_does_not_matter(seed):
    frame = with_duplicates(seed)
    shuffled = frame.sample(frac=1, random_state=seed % 1000)

    for options in (
        {},
        {"group": "by"},
        {"stratify": "by"},
        {"dev": 0.3, "salt": 7},
        {"used": frame.index[:20]},
        {"previous": {"s0": "train", "s1": "test", "s5": "dev"}},
    ):
        one, report = report_of(frame, **options)
        other, other_report = report_of(shuffled, **options)
        pd.testing.assert_series_equal(one, other.reindex(one.index))
        pd.testing.assert_frame_equal(report.sizes, other_report.sizes)
        pd.testing.assert_frame_equal(report.largest, other_report.largest)
        assert report.findings == other_report.findings


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_rows_that_no_new_row_is_like_never_move(seed):
    frame = samples(80, seed)
    more = pd.concat([frame, samples(200, seed + 1, "new")])

    before, after = split(frame, dev=0.2), split(more, dev=0.2)

    pd.testing.assert_series_equal(before, after.loc[frame.index])


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_copies_of_a_text_and_rows_of_a_group_move_nothing(seed):
    frame = samples(60, seed).assign(by=[f"author {n % 20}" for n in range(60)])
    copies = frame.rename(index=lambda name: f"copy of {name}")
    of_groups = samples(60, seed + 1, "new").assign(by=frame["by"].tolist())

    texts = split(pd.concat([frame, copies]), dev=0.2)
    groups = split(pd.concat([frame, of_groups]), dev=0.2, group="by")

    pd.testing.assert_series_equal(split(frame, dev=0.2), texts.loc[frame.index])
    assert texts.loc[copies.index].tolist() == texts.loc[frame.index].tolist()
    pd.testing.assert_series_equal(split(frame, dev=0.2, group="by"), groups.loc[frame.index])


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_with_previous_splits_no_row_moves_and_no_new_row_leaks(seed):
    frame = with_duplicates(seed)
    old = frame.sample(frac=0.6, random_state=seed % 1000)
    previous = split(old, test=0.3, dev=0.2)

    splits, report = report_of(frame, test=0.3, dev=0.2, previous=previous)

    pd.testing.assert_series_equal(previous, splits.loc[old.index])
    new = frame.index.difference(old.index)
    keys = frame["text"].str.lower()
    for name in new:
        others = splits[(keys == keys[name]) & splits.notna()]
        if splits.isna()[name]:
            assert report.left_out["reason"][name] == "links rows that were in several splits"
        else:
            assert set(others) == {splits[name]}


def test_a_row_that_links_two_splits_is_in_none_and_is_told():
    rows = ["one two three four five six seven", "five six seven eight nine ten eleven"]
    linking = " ".join([rows[0], "eight nine ten eleven"])
    frame = pd.DataFrame({"text": [*rows, linking]}, index=["a", "b", "new"])
    previous = pd.Series({"a": "train", "b": "test"})

    splits, report = report_of(frame, previous=previous, near_duplicates=0.4)

    assert splits.tolist()[:2] == ["train", "test"]
    assert pd.isna(splits["new"])
    assert report.left_out.index.tolist() == ["new"]
    assert finding(report, "joined_splits").status == "warning"
    assert set(finding(report, "joined_splits").sample_ids) == {"a", "b"}


def test_shares_are_met_on_average_and_exactly_by_strata():
    frame = samples(5_000).assign(kind=["rare" if n % 50 == 0 else "usual" for n in range(5_000)])

    splits = split(frame, test=0.2, dev=0.1, near_duplicates=None)
    stratified = split(frame, test=0.2, dev=0.1, near_duplicates=None, stratify="kind")

    shares = splits.value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.02)
    assert shares["dev"] == pytest.approx(0.1, abs=0.02)
    rare = stratified[frame["kind"] == "rare"].value_counts()
    assert (rare["test"], rare["dev"], rare["train"]) == (20, 10, 70)
    assert stratified.value_counts()["test"] == 1_000


def test_another_salt_draws_another_independent_split():
    frame = samples(2_000)
    one, other = (split(frame, test=0.5, near_duplicates=None, salt=salt) for salt in (1, 2))

    assert (one == other).mean() == pytest.approx(0.5, abs=0.05)


def test_clusters_are_drawn_with_equal_chances_whatever_their_size():
    """A cluster's draw is not the smallest of its rows' draws, which would favour large ones."""
    texts = [text for text in distinct(1_000) for _ in range(9)]
    frame = pd.DataFrame({"text": [*texts, *distinct(1_000, 1)]})

    is_test = split(frame, near_duplicates=0.8) == "test"

    assert is_test[:9_000].mean() == pytest.approx(0.2, abs=0.04)
    assert is_test[9_000:].mean() == pytest.approx(0.2, abs=0.04)


def test_the_newest_rows_are_test_and_older_rows_of_their_clusters_in_no_split():
    frame = samples(100)
    frame["day"] = [datetime.date(2026, 1, 1) + datetime.timedelta(days=n) for n in range(100)]
    frame.loc["s95", "text"] = frame.loc["s3", "text"].upper()

    splits, report = report_of(frame, test=0.1, dev=0.2, time="day")

    assert splits[90:].eq("test").all()
    assert splits[70:90].eq("dev").all()
    assert splits.drop("s3")[:69].eq("train").all()
    assert pd.isna(splits["s3"])
    assert report.left_out["reason"].to_dict() == {"s3": "in one cluster with test rows, and older"}


def test_rows_of_the_same_time_are_on_one_side():
    frame = samples(100).assign(year=[2020 + n // 30 for n in range(100)])

    splits = split(frame, test=0.2, time="year")

    assert splits.groupby(frame["year"]).nunique().max() == 1
    assert frame["year"][splits == "test"].min() > frame["year"][splits == "train"].max()


def test_only_labels_of_people_are_in_test_and_what_is_like_them_is_not_in_train():
    frame = samples(300)
    human = [f"s{n}" for n in range(0, 300, 3)]
    for number in range(0, 300, 6):
        frame.loc[f"s{number + 1}", "text"] = frame.loc[f"s{number}", "text"] + " !"
    train = training_set(frame, human)

    result, report = report_of(train, test=0.4, dev=0.2)

    splits = result.added_column("split")
    held = splits[splits.isin(["test", "dev"])]
    assert set(held.index) <= set(human)
    assert 20 < (splits == "test").sum() < 60
    twins = [f"s{n + 1}" for n in range(0, 300, 6) if f"s{n}" in held.index]
    assert splits[twins].isna().all()
    assert set(report.left_out.index) == set(twins)
    assert set(report.left_out["reason"]) == {
        "in one cluster with test rows, without human label",
        "in one cluster with dev rows, without human label",
    }
    assert report.sizes.loc["test", "human"] == report.sizes.loc["test", "samples"]
    assert (
        report.sources.loc["votes" if "votes" in report.sources.index else "end model", "test"] == 0
    )
    assert result.origin["split"]["test"] == 0.4


def test_too_few_labels_of_people_are_said():
    train = training_set(samples(200), ["s1", "s2", "s3"])

    _, report = report_of(train, test=0.2)
    _, none = report_of(training_set(samples(50), []), test=0.2)

    size = finding(report, "test_size")
    assert size.status in ("warning", "failed")
    assert "of 3 that may be in it" in size.sentence
    assert finding(none, "test_size").status == "failed"
    assert "label more samples by people" in finding(none, "test_size").sentence


def test_rows_that_rules_were_made_with_are_kept_from_test_and_told():
    frame = samples(200)
    free = split(frame, test=0.5)
    used = free.index[free == "test"][:30]

    splits, report = report_of(frame, test=0.5, used={"dev set": used, "shown": ["gone"]})

    assert splits[used].eq("train").all()
    told = finding(report, "used_rows")
    assert (told.status, told.value, told.n_samples) == ("warning", 30.0, 30)
    assert "dev set: 30" in told.sentence
    assert set(told.sample_ids) <= set(used)
    assert splits.drop(used).equals(free.drop(used))


def test_used_rows_that_were_in_test_earlier_fail():
    frame = samples(20)
    previous = pd.Series("test", frame.index[:5])

    _, report = report_of(frame, previous=previous, used=["s0"])

    assert finding(report, "used_rows").status == "failed"
    assert finding(report, "used_rows").sample_ids == ("s0",)


def test_a_cluster_larger_than_the_test_split_is_in_train_and_told():
    frame = samples(100).assign(by=["bot"] * 60 + [f"person {n}" for n in range(40)])

    for salt in range(100):
        splits, report = report_of(frame, group="by", salt=salt, near_duplicates=None)
        assert splits[:60].eq("train").all()
        if finding(report, "large_clusters").status == "warning":
            break
    else:
        pytest.fail("the cluster was never drawn for test")
    assert "60 of 100 rows" in finding(report, "large_clusters").sentence
    assert report.largest.iloc[0].tolist() == [60, "train", "s0"]


def test_missing_texts_and_groups_link_nothing_and_are_told():
    frame = pd.DataFrame({"text": [None] * 50 + distinct(50), "by": [np.nan] * 100})

    splits, report = report_of(frame, group="by")

    assert splits.nunique() == 2
    assert report.clusters == 100
    assert "50 in 'text'" in finding(report, "missing_values").sentence
    assert "100 in 'by'" in finding(report, "missing_values").sentence


def test_a_training_set_with_splits_is_written_and_read(tmp_path):
    train = split(training_set(samples(50), [f"s{n}" for n in range(0, 50, 2)]), test=0.3)

    train.write(tmp_path)
    again = lb.TrainingSet.read(tmp_path)

    assert again.added_column("split").tolist() == train.added_column("split").tolist()
    assert "split" not in training_set(samples(5), []).frame
    again_split = split(again, test=0.9, previous=train)
    assert again_split.added_column("split").tolist() == train.added_column("split").tolist()


def test_gold_labels_of_agreement_and_review_are_of_people():
    frame = samples(6)
    schema = LabelSchema(["ham", "spam"])
    soft = SoftLabels(np.full((6, 2), [0.9, 0.1]), frame.index, schema, np.ones(6, dtype=bool))
    gold = [GoldLabel("s0", "ham", "agreement", ()), GoldLabel("s1", "ham", "review", ())]

    _, report = report_of(build_training_set(frame, soft, gold=gold), test=0.5)

    assert report.sizes["human"].sum() == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"test": 1.5}, "`test` must be between 0 and 1"),
        ({"test": 0.7, "dev": 0.3}, "sum to less than 1"),
        ({"near_duplicates": 0}, "from 0.3 to 1"),
        ({"near_duplicates": True}, "from 0.3 to 1"),
        ({"salt": -1}, "`salt` must be a whole number"),
        ({"stratify": True}, "must name a column"),
        ({"time": "n", "previous": {}}, "cannot be combined"),
        ({"used": "s1"}, "`used` must be a collection of ids"),
    ],
)
def test_wrong_arguments_are_refused(options, told):
    with pytest.raises(LabelingError, match=told):
        split(samples(5).assign(n=1.0), **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"text": "txet"}, "no column 'txet'.*Did you mean 'text'"),
        ({"text": "n"}, "'n' must hold texts. Sample 's0' has 1.0"),
        ({"group": ["text", "author"]}, "no column 'author'"),
        ({"group": "tags"}, "must hold single values to be a group"),
        ({"time": "text"}, "must hold times"),
        ({"time": "gap"}, "missing in 1 of 5 rows: 's4'"),
        ({"previous": 3}, "Series or dict from id to split"),
        ({"previous": {"s0": "valid"}}, "must be 'train', 'dev', 'test' or missing. Got 'valid'"),
        ({"previous": pd.Series(["test", "dev"], ["s0", "s0"])}, "Given more than once: 's0'"),
    ],
)
def test_wrong_columns_and_splits_are_refused(options, told):
    frame = samples(5).assign(n=1.0, tags=[["a"]] * 5, gap=[1.0, 2.0, 3.0, 4.0, None])

    with pytest.raises(DataError, match=told):
        split(frame, **options)


def test_near_duplicates_need_an_extra_and_equal_texts_do_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketch", None)

    assert split(samples(20), near_duplicates=None).notna().all()
    with pytest.raises(MissingExtraError, match=r"pip install 'labeling\[splits\]'"):
        split(samples(20))


def test_a_training_set_without_splits_is_no_previous_one():
    train = training_set(samples(5), [])

    with pytest.raises(DataError, match="has no splits"):
        split(samples(5), previous=train)


def test_the_report_shows_itself():
    train = training_set(samples(40), [f"s{n}" for n in range(20)])

    _, report = report_of(train, test=0.5)

    assert repr(report).startswith("SplitReport(train ")
    page = report._repr_html_()
    assert "Splits of 40 samples" in page
    assert "labels from people" in page

"""Planted leaks are found, each by its own test that says why; clean data give no finding."""

import random

import numpy as np
import pandas as pd
import pytest

from labeling.datasets.splits import find_leaks, split
from labeling.datasets.splits.giveaways import LEAST_ROWS
from labeling.errors import DataError
from tests.datasets.splits.test_split import samples, training_set

KINDS = ("ham", "spam")
LETTERS = random.Random(7)
WORDS = ["".join(LETTERS.choices("abcdefghiklmnoprstuvw", k=7)) for _ in range(400)]


def labeled(count=400, seed=0):
    """Return samples whose labels nothing gives away, though words and columns tell a little."""
    rng = random.Random(seed)
    rows, labels = [], []
    for _ in range(count):
        is_spam = rng.random() < 0.4
        words = rng.sample(WORDS, 8)
        if rng.random() < (0.6 if is_spam else 0.1):
            words.append("subscribe")
        rows.append(
            {
                "text": " ".join(words),
                "by": f"author {rng.randrange(10**6)}",
                "length": rng.gauss(3.0 if is_spam else 2.0, 1.0),
                "country": rng.choice(["fr", "de", "it"]),
                "verified": rng.random() < 0.5,
                "day": rng.randrange(1000),
            }
        )
        labels.append(KINDS[is_spam])
    ids = rng.sample(range(10**6), count)
    return pd.DataFrame(rows, index=ids), pd.Series(labels, index=ids)


def found(data, splits=None, **options):
    findings = find_leaks(data, splits, **options)
    assert len({one.name for one in findings}) == len(findings)
    return {one.name: one for one in findings}


def alarms(findings):
    return {name for name, one in findings.items() if one.status in ("failed", "warning")}


def test_clean_data_give_no_finding():
    """False alarms in 40 draws: none of the 9 tests."""
    told = {}
    for seed in range(40):
        frame, labels = labeled(seed=seed)
        splits = split(frame, test=0.3, group="by", salt=seed)
        findings = found(
            frame, splits, labels=labels, group="by", reads={"one": ["text"], "two": None}
        )
        for name in alarms(findings):
            told.setdefault(name, []).append(seed)
        assert {"newer_training_rows", "conflicting_duplicates"} == {
            name for name, one in findings.items() if one.status == "skipped"
        }

    assert {} == told


def test_copies_and_near_copies_in_test_are_found():
    frame, labels = labeled()
    splits = split(frame, test=0.3)
    train, test = splits.index[splits == "train"], splits.index[splits == "test"]
    frame.loc[test[0], "text"] = frame.loc[train[0], "text"].upper()
    frame.loc[test[1], "text"] = frame.loc[train[1], "text"] + "s"

    finding = found(frame, splits, labels=labels)["similar_texts"]

    assert finding.status == "failed"
    assert set(finding.sample_ids) == {train[0], train[1], test[0], test[1]}
    assert finding.effect == 1.0
    assert "2 clusters" in finding.sentence
    assert "2 of train, 2 of test" in finding.sentence
    exact = found(frame, splits, near_duplicates=None)["similar_texts"]
    assert set(exact.sample_ids) == {train[0], test[0]}


def test_the_same_words_in_another_order_are_found():
    frame, _ = labeled()
    splits = split(frame, test=0.3)
    train, test = splits.index[splits == "train"], splits.index[splits == "test"]
    for number in range(12):
        words = frame.loc[train[number], "text"].split()
        frame.loc[test[number], "text"] = " ".join(reversed(words))

    findings = found(frame, splits)

    assert findings["similar_texts"].status == "passed"
    assert findings["nearest_texts"].status == "warning"
    assert set(findings["nearest_texts"].sample_ids) == set(test[:12])


def test_groups_in_several_splits_are_found():
    frame, _ = labeled()
    frame.loc[frame.index[:2], "by"] = "ann"
    splits = split(frame, test=0.3)
    splits.loc[frame.index[:2]] = ["train", "test"]

    finding = found(frame, splits, group=["by"])["shared_groups"]

    assert (finding.status, finding.n_samples) == ("failed", 2)
    assert "1 of 'by'" in finding.sentence


def test_train_rows_that_are_newer_than_test_rows_are_found():
    frame, _ = labeled()

    mixed = found(frame, split(frame, test=0.3), time="day")["newer_training_rows"]
    by_time = found(frame, split(frame, test=0.3, dev=0.2, time="day"), time="day")

    assert mixed.status == "failed"
    assert by_time["newer_training_rows"].status == "passed"


@pytest.mark.parametrize("kind", ["code", "text", "number", "flag"])
def test_a_column_that_gives_labels_away_is_found(kind):
    frame, labels = labeled()
    is_spam = (labels == "spam").to_numpy()
    rng = np.random.default_rng(0)
    frame["moderated"] = {
        "code": np.where(is_spam, 17, 3),
        "text": np.where(is_spam, "removed", "visible"),
        "number": rng.normal(np.where(is_spam, 100.0, 0.0)),
        "flag": is_spam,
    }[kind]
    noise = rng.random(len(frame)) < 0.01
    frame.loc[noise, "moderated"] = frame["moderated"].iloc[0]

    finding = found(frame, labels=labels)["single_columns"]

    assert finding.status == "failed"
    assert "'moderated'" in finding.sentence
    assert finding.low > 0.95
    assert finding.n == 400
    assert {row["column"] for row in finding.details} == set(frame.columns) - {"text"}


def test_a_word_that_gives_labels_away_is_found():
    frame, labels = labeled()
    mark = np.where(labels == "spam", " xq7", "")
    frame["text"] = frame["text"] + mark

    finding = found(frame, labels=labels)["single_words"]

    assert finding.status == "failed"
    assert "'xq7'" in finding.sentence


def test_the_keyword_of_a_rule_is_no_leak_of_the_labels_that_the_rule_gave():
    """Weak labels follow a keyword entirely; those of people do not, and only these count."""
    frame, labels = labeled(600)
    weak = {
        sample_id: "spam" if "subscribe" in text else "ham"
        for sample_id, text in frame["text"].items()
    }
    human = list(frame.index[:200])
    train = training_set(frame, human, {**weak, **labels[human].to_dict()})

    findings = found(train)

    assert findings["single_words"].status == "passed"
    assert findings["single_words"].n == 200
    assert found(training_set(frame, [], weak))["single_words"].status == "skipped"


def test_a_rare_label_is_not_given_away_by_naming_the_other():
    frame, _ = labeled(1000)
    labels = pd.Series(["spam"] * 10 + ["ham"] * 990, index=frame.index)

    findings = found(frame, labels=labels)

    assert not alarms(findings) & {"single_columns", "single_words"}


@pytest.mark.parametrize("ids", [lambda n: n, lambda n: f"row{n}"])
def test_ids_in_the_order_of_labels_are_found(ids):
    frame, labels = labeled()
    order = labels.sort_values(kind="stable").index
    frame = frame.loc[order]
    labels = labels.loc[order]
    frame.index = labels.index = pd.Index([ids(n) for n in range(len(frame))])

    finding = found(frame.sample(frac=1, random_state=0), labels=labels)["order_of_ids"]

    assert finding.status == "warning"
    assert finding.effect > 0.9


def test_a_function_that_reads_the_gold_column_is_found():
    frame, labels = labeled()
    frame["verdict"] = labels.str.upper()
    reads = {"honest": ["text"], "cheat": ["text", "verdict"], "open": None, "named": ["gold"]}

    by_values = found(frame, labels=labels, reads=reads)["gold_columns"]
    by_name = found(frame, reads=reads, gold_columns=["gold"])["gold_columns"]

    assert by_values.status == by_name.status == "failed"
    assert "cheat reads 'verdict'" in by_values.sentence
    assert "named reads 'gold'" in by_name.sentence
    assert "Of 'open' it is not known" in by_values.sentence
    assert found(frame, labels=labels, reads={"a": ["text"]})["gold_columns"].status == "passed"
    assert found(frame, labels=labels)["gold_columns"].status == "skipped"


def test_equal_texts_with_other_labels_are_found():
    frame, labels = labeled()
    ham, spam = labels.index[labels == "ham"][0], labels.index[labels == "spam"][0]
    frame.loc[ham, "text"] = frame.loc[spam, "text"].upper()

    finding = found(frame, labels=labels)["conflicting_duplicates"]

    assert (finding.status, finding.n, finding.n_samples) == ("warning", 2, 2)
    assert set(finding.sample_ids) == {ham, spam}


def test_a_training_set_is_tested_by_what_it_was_split_by():
    frame, labels = labeled()
    frame["by"] = [f"author {n % 40}" for n in range(len(frame))]
    train = split(training_set(frame, list(frame.index), labels.to_dict()), group="by", test=0.3)

    findings = found(train)
    leaking = found(train.with_columns(split=np.where(np.arange(400) % 3, "train", "test")))

    assert not alarms(findings)
    assert findings["shared_groups"].status == "passed"
    assert leaking["shared_groups"].status == "failed"


def test_too_few_labels_from_people_skip_the_tests_that_need_them():
    frame, labels = labeled(LEAST_ROWS - 1)

    findings = found(frame, labels=labels)

    assert {"single_columns", "single_words", "order_of_ids"} <= {
        name for name, one in findings.items() if one.status == "skipped"
    }
    assert f"needs {LEAST_ROWS} labels" in findings["single_words"].sentence


def test_data_without_splits_texts_and_columns_skip_what_needs_them():
    frame = pd.DataFrame({"text": [f"a {n}" for n in range(100)]})
    labels = pd.Series(["a", "b"] * 50)

    bare = found(frame, labels=labels)
    no_text = found(frame.rename(columns={"text": "body"}), {0: "train", 1: "test"}, labels=labels)

    assert bare["similar_texts"].status == "skipped"
    assert bare["single_columns"].status == "skipped"
    assert no_text["similar_texts"].status == "skipped"
    assert no_text["single_words"].status == "skipped"


def test_the_order_of_rows_does_not_matter():
    frame, labels = labeled()
    frame["score"] = np.where(labels == "spam", 1, 0)
    splits = split(frame, test=0.3)
    shuffled = frame.sample(frac=1, random_state=1)
    options = {"group": "country", "time": "day", "reads": {"a": ["score"]}}

    one = find_leaks(frame, splits, labels=labels, **options)
    other = find_leaks(shuffled, splits, labels=labels.sample(frac=1, random_state=2), **options)

    assert [item.to_dict() for item in one] == [item.to_dict() for item in other]


def test_a_single_row_of_a_leak_is_no_reason_to_fail_without_splits():
    with pytest.raises(DataError, match="no column 'author'"):
        find_leaks(samples(20), {"s0": "train", "s1": "test"}, group="author")

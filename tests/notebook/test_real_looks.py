"""The workbench on real texts: its numbers agree with the rest of the package."""

import functools
import re

import numpy as np
import pytest

import labeling as lb
from labeling.analysis import proportion
from labeling.functions import keywords
from labeling.label_models import MajorityVote
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("youtube", "sms", "imdb", "topics_hausa")
ROWS = 1_500
WORDS = re.compile(r"\w{3,}")


@functools.cache
def read(name):
    """Return at most 1,500 samples with gold labels, the schema, and gold labels of 200."""
    if not (data_folder() / name / "texts.jsonl.gz").exists():
        pytest.skip(f"LABELING_DATA names no folder with the texts of {name}")
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    samples = samples[["text"]].astype(str).iloc[:ROWS]
    gold, labels = data.gold[samples.index], data.votes.schema.labels
    rng = np.random.default_rng(1)
    dev = rng.choice(np.flatnonzero(gold >= 0), 200, replace=False)
    return samples, data.votes.schema, {samples.index[i]: labels[gold[i]] for i in dev}


def frequent_words(samples):
    """Return words of middling frequency, by the number of texts that have them."""
    counts = {}
    for text in samples["text"]:
        for word in set(WORDS.findall(text.lower())):
            counts[word] = counts.get(word, 0) + 1
    chosen = [word for word, n in counts.items() if 0.02 < n / len(samples) < 0.2]
    return sorted(chosen, key=lambda word: (-counts[word], word))[:40]


def workbench(name, *, backward=False):
    samples, schema, gold = read(name)
    made = lb.Workbench(samples.iloc[::-1] if backward else samples, schema, gold=gold)
    words = frequent_words(samples)
    numbers = range(8) if not backward else reversed(range(8))
    for number in numbers:
        label = schema.labels[number % len(schema)]
        if number % 2:
            made.add(keywords(f"lf{number}", words[number::8], label=label))
        else:
            made.add(_plain(f"lf{number}", tuple(words[number::8]), label))
    return made


def _plain(name, words, label):
    @lb.labeling_function(name=name, label=label)
    def lf(x):
        return any(word in x.text.lower() for word in words)

    return lf


@pytest.mark.parametrize("name", SETS)
def test_the_summary_agrees_with_the_table_of_labeling_functions_and_with_the_models(name):
    made = workbench(name)
    summary, gold = made.summary(), read(name)[2]
    table = lb.lf_summary(made.votes(), gold)
    frame = summary.to_frame()
    for ours, theirs in {"precision": "accuracy", "precision_low": "accuracy_low"}.items():
        np.testing.assert_array_equal(frame[ours], table[theirs])
    for shared in ("votes", "coverage", "overlaps", "conflicts"):
        np.testing.assert_array_equal(frame[shared], table[shared])
    labels = MajorityVote().fit(made.votes()).predict_proba(made.votes()).codes()
    known = (labels >= 0) & (made.gold_codes >= 0)
    right = int((labels == made.gold_codes)[known].sum())
    assert summary.majority == proportion(right, int(known.sum()))


@pytest.mark.parametrize("name", SETS)
def test_order_of_rows_and_functions_changes_nothing(name):
    first, second = workbench(name), workbench(name, backward=True)
    assert first.uncovered().to_frame().equals(second.uncovered().to_frame())
    assert first.errors("lf0").ids == second.errors("lf0").ids
    assert first.errors().ids == second.errors().ids
    assert first.bucket("lf1", model="any").ids == second.bucket("lf1", model="any").ids
    assert first.conflicts().to_frame()[["first", "second"]].size > 0
    assert (
        first.diff()
        .to_frame()
        .drop(columns="others")
        .equals(second.diff().to_frame().drop(columns="others"))
    )


@pytest.mark.parametrize("name", SETS)
def test_what_fired_is_marked_in_every_text_on_which_a_function_voted(name):
    made = workbench(name)
    for number in range(8):
        rows = made.bucket(f"lf{number}")
        assert len(rows)
        for text, spans in rows.marks():
            assert spans
            assert all(0 <= start < end <= len(text) for start, end in spans)


@pytest.mark.parametrize("name", SETS)
def test_all_rows_are_in_clusters_and_words_are_in_their_texts(name):
    made = workbench(name)
    uncovered = made.uncovered(5)
    frame = uncovered.to_frame()
    assert sorted(frame.index) == sorted(made.bucket(vote="abstain").ids)
    for cluster in uncovered.clusters:
        texts = frame[frame["cluster"] == cluster.number]["text"].str.lower()
        for word in cluster.words:
            assert texts.str.contains(word, regex=False).sum() >= 1

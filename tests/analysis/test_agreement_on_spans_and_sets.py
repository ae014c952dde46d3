"""Agreement on spans and on sets of labels, against plain loops, krippendorff and real people."""

from __future__ import annotations

import itertools
import math
import random
import warnings

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.analysis import SetAgreement, SpanAgreement
from labeling.analysis.inter_annotator import agreement_by_stratum
from labeling.analysis.inter_annotator.set_agreement import distances
from labeling.errors import DataError, LabelingError
from tests.support.crowd_ner import SCHEMA as NEWS
from tests.support.crowd_ner import annotations_of, documents

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "love"], kind="several")
LENGTH = 12

PLACES = st.tuples(st.integers(0, 8), st.integers(1, 4)).map(lambda at: (at[0], at[0] + at[1]))
MARKED = st.dictionaries(PLACES, st.sampled_from(SPANS.labels), max_size=3)
TABLES = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z"])), MARKED, min_size=1
)


def span_votes(table) -> lb.SpanVotes:
    asked = pd.DataFrame(list(table), columns=["sample", "voter"])
    rows = [(*key, *place, label) for key, spans in table.items() for place, label in spans.items()]
    frame = pd.DataFrame(rows, columns=["sample", "voter", "start", "end", "label"])
    return lb.SpanVotes.from_frame(frame, schema=SPANS, asked=asked, speaks=True)


def pairs_in(table):
    for (first, second), sample in itertools.product(itertools.combinations("xyz", 2), "abc"):
        if (sample, first) in table and (sample, second) in table:
            yield table[sample, first], table[sample, second]


def overlaps(place, label, others) -> bool:
    return any(
        label == other and place[0] < end and start < place[1]
        for (start, end), other in others.items()
    )


def by_a_loop(table) -> tuple[float, float]:
    exact = relaxed = marked = 0
    for first, second in pairs_in(table):
        marked += len(first) + len(second)
        for mine, others in ((first, second), (second, first)):
            exact += sum(others.get(place) == label for place, label in mine.items())
            relaxed += sum(overlaps(place, label, others) for place, label in mine.items())
    return (exact / marked, relaxed / marked) if marked else (math.nan, math.nan)


def characters(table) -> np.ndarray:
    """Return the value of each character by each person; NaN where they did not see the text."""
    values: dict[tuple[str, ...], int] = {}
    data = np.full((3, 3 * LENGTH), np.nan)
    for (sample, voter), spans in table.items():
        for place in range(LENGTH):
            labels = {label for (start, end), label in spans.items() if start <= place < end}
            code = values.setdefault(tuple(sorted(labels)), len(values))
            data["xyz".index(voter), "abc".index(sample) * LENGTH + place] = code
    return data


def reference_alpha(data: np.ndarray, level="nominal", **domain) -> float:
    usable = data[:, (~np.isnan(data)).sum(axis=0) >= 2]
    if usable.size == 0 or len(np.unique(usable[~np.isnan(usable)])) < 2:
        return math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return krippendorff.alpha(usable, level_of_measurement=level, **domain)


@settings(max_examples=60)
@given(TABLES)
def test_f1_and_alpha_on_characters_are_those_of_plain_loops(table):
    found = lb.agreement(span_votes(table), texts=dict.fromkeys("abc", "." * LENGTH))
    exact, relaxed = by_a_loop(table)
    assert found.exact.value == pytest.approx(exact, nan_ok=True)
    assert found.relaxed.value == pytest.approx(relaxed, nan_ok=True)
    assert found.alpha.value == pytest.approx(reference_alpha(characters(table)), nan_ok=True)


@settings(max_examples=30)
@given(TABLES, st.randoms())
def test_nothing_depends_on_the_order_of_rows_voters_or_labels(table, rng: random.Random):
    rows = list(table.items())
    rng.shuffle(rows)
    shuffled = span_votes(dict(rows))
    swapped = lb.SpanVotes.from_frame(
        shuffled.to_frame(),
        schema=lb.LabelSchema(["ORG", "PER"], kind="spans"),
        asked=pd.DataFrame([key for key, _ in rows], columns=["sample", "voter"]),
        speaks=True,
    )
    first, second = lb.agreement(span_votes(table)), lb.agreement(swapped)
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())
    pd.testing.assert_frame_equal(first.pairs, second.pairs)
    pd.testing.assert_frame_equal(first.by_label, second.by_label.loc[list(SPANS.labels)])


def test_pairs_and_labels_have_their_own_numbers():
    table = {
        ("a", "x"): {(0, 3): "PER", (5, 9): "ORG"},
        ("a", "y"): {(0, 3): "PER", (5, 8): "ORG"},
        ("a", "z"): {},
        ("b", "x"): {(0, 3): "PER"},
    }
    found = lb.agreement(span_votes(table))
    assert isinstance(found, SpanAgreement)
    assert (found.n_samples, found.n_spans) == (1, 4)
    assert found.pair_matrix().loc["x", "y"] == 0.5
    assert found.pair_matrix("relaxed").loc["y", "x"] == 1.0
    assert found.pair_matrix().loc["x", "z"] == 0.0
    assert math.isnan(found.pair_matrix().loc["x", "x"])
    assert found.by_label["spans"].to_dict() == {"PER": 2, "ORG": 2}
    assert found.by_label["exact"].to_dict() == {"PER": 0.5, "ORG": 0.0}
    with pytest.raises(LabelingError, match="must be one of 'exact', 'relaxed', 'n'"):
        found.pair_matrix("kappa")


def test_texts_must_hold_the_spans():
    votes = span_votes({("a", "x"): {(0, 9): "PER"}, ("a", "y"): {}})
    with pytest.raises(DataError, match=r"one to 9 in sample 'a', whose text has 3 characters"):
        lb.agreement(votes, texts=pd.Series({"a": "abc"}))
    with pytest.raises(DataError, match="must hold a text for sample 'a'"):
        lb.agreement(votes, texts={})
    with pytest.raises(LabelingError, match="must be of type Votes, SpanVotes or SetVotes"):
        lb.agreement([1, 2])


def test_nobody_in_common_is_undefined_and_says_so():
    found = lb.agreement(span_votes({("a", "x"): {(0, 3): "PER"}}))
    assert math.isnan(found.exact.value)
    assert found.notes == ("Agreement is undefined: no sample was seen by two people.",)


def test_strata_have_agreements_of_the_type_of_the_votes():
    table = {(sample, voter): {(0, 3): "PER"} for sample in "ab" for voter in "xy"}
    found = agreement_by_stratum(span_votes(table), {"a": "random", "b": "margin"})
    assert {name: part.exact.value for name, part in found.items()} == {"margin": 1, "random": 1}


def test_real_annotators_agree_as_was_measured(real_data):
    """Pairwise exact F1 of the shared half is 52.8; edges explain a part of the disagreement."""
    votes = lb.annotation_votes(annotations_of(real_data), NEWS)
    texts = {document["id"]: " " * document["length"] for document in documents(real_data)}
    found = lb.agreement(votes, texts=texts)
    assert found.exact.value == pytest.approx(0.528, abs=5e-4)
    assert found.exact.low < 0.528 < found.exact.high
    assert found.relaxed.value > found.exact.value + 0.08
    assert 0.5 < found.alpha.value < 0.8
    assert found.by_label["exact"].idxmin() == "MISC"
    assert any("begin and end" in note for note in found.notes)


SET_TABLES = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["x", "y", "z"])),
    st.frozensets(st.sampled_from(SETS.labels)),
    min_size=1,
)


def set_votes(table) -> lb.SetVotes:
    rows = [(*key, name, name in labels) for key, labels in table.items() for name in SETS.labels]
    frame = pd.DataFrame(rows, columns=["sample", "voter", "label", "says"])
    return lb.SetVotes.from_frame(frame, schema=SETS)


def jaccard(first: frozenset, second: frozenset) -> float:
    return 1 - len(first & second) / len(first | second) if first | second else 0.0


def masi(first: frozenset, second: frozenset) -> float:
    if first == second:
        return 0.0
    weight = 2 / 3 if first <= second or second <= first else 1 / 3
    return 1 - (1 - jaccard(first, second)) * weight


@settings(max_examples=60)
@given(SET_TABLES)
def test_alpha_of_sets_is_krippendorffs_with_a_callable_distance(table):
    found = lb.agreement(set_votes(table))
    assert isinstance(found, SetAgreement)
    values = sorted(set(table.values()), key=sorted)
    data = np.full((3, 4), np.nan)
    for (sample, voter), labels in table.items():
        data["xyz".index(voter), "abcd".index(sample)] = values.index(labels)
    for distance, estimate in ((jaccard, found.jaccard), (masi, found.masi)):

        def metric(v1, v2, distance=distance, **_):
            pairs = np.broadcast(v1, v2)
            cells = [distance(values[int(a)], values[int(b)]) for a, b in pairs]
            return np.array(cells).reshape(pairs.shape)

        expected = reference_alpha(data, metric, value_domain=np.arange(len(values)))
        assert estimate.value == pytest.approx(expected, nan_ok=True)


def test_distances_are_those_of_the_definitions():
    sets = [frozenset(labels) for n in range(4) for labels in itertools.combinations("abc", n)]
    members = np.array([[name in labels for name in "abc"] for labels in sets])
    for table, distance in zip(distances(members), (jaccard, masi), strict=True):
        expected = [[distance(first, second) for second in sets] for first in sets]
        assert table == pytest.approx(np.array(expected))


def test_each_label_of_sets_has_its_agreement():
    table = {
        (number, who): frozenset({"joy"} | ({"love"} if who == "x" or number % 2 else set()))
        for number in range(20)
        for who in "xy"
    }
    found = lb.agreement(set_votes(table))
    assert found.percent.value == pytest.approx(0.5)
    assert found.by_label["yes"].to_dict() == {"joy": 40, "anger": 0, "love": 30}
    assert found.by_label["percent"].to_dict() == pytest.approx({"joy": 1, "anger": 1, "love": 0.5})
    assert math.isnan(found.by_label.loc["joy", "alpha"])
    assert found.by_label.loc["joy", "note"].startswith("all votes are equal")

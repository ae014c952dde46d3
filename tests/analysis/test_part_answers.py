"""Answers with spans or several labels beside others: F1 of pairs, what is missed, and edges."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.analysis import agreement, calibration
from labeling.analysis.part_answers import answer_pairs, outcome_table, shared_f1
from labeling.analysis.part_calibration import part_calibration
from labeling.analysis.span_edges import edge_errors
from labeling.records import Span, annotation_votes
from labeling.records.estimates import clustered_share, proportion
from tests.support.kind_projects import PROJECTS

TYPES = lb.LabelSchema(["PER", "ORG"], kind="spans")
MOODS = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
sets = st.frozensets(st.sampled_from(MOODS.labels))
answers_of_sets = st.dictionaries(st.sampled_from("abcde"), sets)


@st.composite
def spans(draw):
    """Draw spans that do not overlap."""
    edges = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Span(*pair, draw(st.sampled_from(TYPES.labels))) for pair in pairs)


answers_of_spans = st.dictionaries(st.sampled_from("abcde"), spans())


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.tuples(answers_of_sets, answers_of_sets), st.tuples(*[answers_of_spans] * 2)))
def test_f1_is_symmetric_and_independent_of_the_order_of_samples(pair):
    first, second = pair
    there, back = shared_f1(first, second), shared_f1(second, first)
    turned = shared_f1(dict(reversed(first.items())), second)

    assert str(there) == str(back) == str(turned)
    if there.n:
        assert 0 <= there.low <= there.value <= there.high <= 1


@settings(max_examples=100, deadline=None)
@given(st.tuples(answers_of_spans, answers_of_spans))
def test_outcomes_of_spans_add_up(pair):
    answers, truth = pair
    table = outcome_table(answers, truth, TYPES)
    common = answers.keys() & truth.keys()

    assert table.loc["", "true"] == sum(len(truth[sample]) for sample in common)
    assert table.loc["", "given"] == sum(len(answers[sample]) for sample in common)
    ways = ["right", "other edges", "other label", "missed"]
    assert (table[ways].sum(axis=1) == table["true"]).all()
    assert (table["right"] + table["extra"] == table["given"]).all()
    assert (table.iloc[:-1].sum()[["true", "given"]] == table.iloc[-1][["true", "given"]]).all()


@settings(max_examples=50, deadline=None)
@given(st.tuples(answers_of_sets, answers_of_sets))
def test_recall_and_precision_of_sets_are_those_of_the_scores(pair):
    answers, truth = pair
    common = {sample: answers[sample] for sample in answers if sample in truth}
    table = outcome_table(answers, truth, MOODS)
    if not common:
        return
    gold = pd.Series({sample: truth[sample] for sample in common}, dtype=object)
    scores = lb.set_scores(common, gold, MOODS).by_label
    for label in table.index[:-1]:
        np.testing.assert_equal(table.loc[label, "recall"], scores.loc[label, "recall"])
        np.testing.assert_equal(table.loc[label, "precision"], scores.loc[label, "precision"])


def test_pairs_of_people_are_those_of_the_agreement_on_spans(tmp_path):
    folder = PROJECTS["spans"](tmp_path / "spans")
    marked = pd.read_csv(folder / "votes.csv")
    answers = {}
    for row in marked.itertuples():
        found = tuple(sorted(Span(*span) for span in json.loads(row.label)))
        answers.setdefault(row.annotator, {})[row.sample] = found
    now = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    ledger = [
        lb.Annotation(sample, name, label, now, now)
        for name, of_name in answers.items()
        for sample, label in of_name.items()
    ]
    expected = agreement(annotation_votes(ledger, TYPES)).pairs
    pairs = answer_pairs(answers)

    assert pairs[["first", "second", "n", "parts"]].values.tolist() == (
        expected[["first", "second", "n", "spans"]].values.tolist()
    )
    np.testing.assert_allclose(pairs["f1"], expected["exact"])


def test_intervals_allow_for_parts_of_one_sample():
    """Ten spans of a sample that are right or wrong together tell as much as one."""
    right = np.array([10.0] * 10 + [0.0] * 10)
    together = clustered_share(right, np.full(20, 10.0))
    alone = clustered_share(right / 10, np.ones(20))
    independent = proportion(100, 200)

    assert together.n == 200
    assert together.value == alone.value == 0.5
    assert together.high - together.low == pytest.approx(alone.high - alone.low)
    assert together.high - together.low > 2.5 * (independent.high - independent.low)


def test_intervals_of_clustered_shares_hold_the_true_share():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(300):
        sizes = rng.integers(1, 12, 60)
        shares = rng.beta(4, 1, 60)  # samples differ, on average 0.8
        estimate = clustered_share(rng.binomial(sizes, shares).astype(float), sizes.astype(float))
        hits += estimate.low <= 0.8 <= estimate.high
    assert 0.90 <= hits / 300 <= 0.99


def test_edges_are_off_by_words():
    text = "The report of Acme Holding Inc was late"
    at = text.index
    gold = {"a": (Span(at("Acme"), at(" was"), "ORG"),)}

    def distances(start, end):
        table = edge_errors({"a": (Span(start, end, "ORG"),)}, gold, {"a": text})
        return table["start"].idxmax(), table["end"].idxmax()

    assert distances(at("Acme"), at(" was")) == (0, 0)
    assert distances(at("Acme"), at(" Inc")) == (0, -1)
    assert distances(at("Holding"), at(" late")) == (1, 1)
    assert distances(0, len(text)) == (-3, 2)
    assert distances(at("Acme") + 2, at(" was")) == (1, 0)
    other_label = edge_errors({"a": (Span(0, len(text), "PER"),)}, gold, {"a": text})
    assert not other_label.to_numpy().any()
    assert not edge_errors({"a": None}, gold, {"a": text}).to_numpy().any()


@settings(max_examples=50, deadline=None)
@given(spans(), spans())
def test_each_span_is_matched_once(predicted, gold):
    table = edge_errors({"a": predicted}, {"a": gold}, {"a": "ab cd " * 6})
    n = int(table["start"].sum())

    assert n == table["end"].sum()
    assert len(set(predicted) & set(gold)) <= n <= min(len(predicted), len(gold))


def test_calibration_of_candidates_counts_what_is_a_gold_span():
    schema = lb.LabelSchema(["PER", "ORG"], kind="spans")
    soft = lb.SoftSpans(
        [[0.8, 0.1, 0.1], [0.3, 0.1, 0.6], [0.2, 0.7, 0.1]],
        [0, 0, 1],
        [0, 4, 0],
        [3, 7, 3],
        [True, False, True],
        pd.Index(["a", "b"]),
        schema,
        [True, True],
    )
    gold = {"b": (Span(0, 3, "PER"),), "a": (Span(0, 3, "PER"),)}
    found = part_calibration(soft, gold)

    assert found.accuracy.n == 3
    assert found.accuracy.value == pytest.approx(1 / 3)
    assert found.confidence == pytest.approx((0.8 + 0.3 + 0.7) / 3)


def test_calibration_without_samples_is_as_before():
    rng = np.random.default_rng(0)
    confidence = rng.random(300)
    right = (rng.random(300) < confidence).astype(float)
    plain = calibration(confidence, right)
    clustered = calibration(confidence, right, np.arange(300))

    assert [group.accuracy.value for group in plain.bins] == (
        [group.accuracy.value for group in clustered.bins]
    )
    assert plain.accuracy.low == pytest.approx(clustered.accuracy.low, abs=0.002)

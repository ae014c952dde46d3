"""Likely errors of spans and of sets: planted ones come first, and no answer is changed."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis.part_errors import confident_errors
from labeling.records import SpanVotes
from labeling.rendering.plain import plain_of
from tests.support import sequences
from tests.support.planted_sets import planted_sets

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
TEXTS = {"a": "Ann Lee met Bob of Acme", "b": "Acme"}


def soft_spans():
    """Candidates of a: Ann, Ann Lee, Bob (an ORG), Acme; of b: Acme, not chosen."""
    array = [[0.2, 0.1, 0.7], [0.9, 0.0, 0.1], [0.2, 0.7, 0.1], [0.0, 0.6, 0.4], [0, 0.3, 0.7]]
    places = np.array([[0, 0, 0, 0, 1], [0, 0, 12, 19, 0], [3, 7, 15, 23, 4]])
    chosen = [False, True, True, True, False]
    return lb.SoftSpans(array, *places, chosen, pd.Index(["a", "b"]), SPANS, [True, True])


ANSWERS = pd.Series(
    {
        "a": [lb.Span(0, 3, "PER"), lb.Span(8, 11, "ORG"), lb.Span(12, 15, "PER")],
        "b": [lb.Span(0, 4, "ORG")],
    }
)


def test_missed_extra_and_wrong_spans_are_told_apart():
    found = lb.label_errors(ANSWERS, soft_spans(), texts=TEXTS)

    assert [
        ("wrong edges", (0, 3, "PER"), (0, 7, "PER"), 0.1, "[Ann Lee] met Bob of Acme"),
        ("wrong label", (12, 15, "PER"), (12, 15, "ORG"), 0.2, "Ann Lee met [Bob] of Acme"),
        ("extra", (0, 4, "ORG"), None, 0.3, "[Acme]"),
        ("missed", None, (19, 23, "ORG"), 0.4, "Ann Lee met Bob of [Acme]"),
    ] == [tuple(row) for row in found.ranked.drop(columns="likely_error").values.tolist()]
    assert [("a", (8, 11, "ORG"))] == list(found.unseen.items())  # no candidate of the model
    assert "no probability of 1 given answer" in plain_of(found._view())
    assert 5 == found.errors.n == found.by_label["n"].sum()


def test_answers_like_those_of_the_model_are_no_errors():
    soft = soft_spans()
    found = lb.label_errors(soft.to_labels(), soft)

    assert 0 == len(found) == len(found.unseen)
    assert 0 == found.errors.value
    plain_of(found._view())


def test_a_training_set_is_taken_and_missing_answers_are_left_out():
    soft = soft_spans()
    data = pd.DataFrame({"text": TEXTS})
    train = lb.build_training_set(data, soft)

    assert 0 == len(lb.label_errors(train, soft, texts=data["text"]))
    assert ["b"] == lb.label_errors(ANSWERS.where([False, True], None), soft).ranked.index.tolist()


def test_a_count_of_errors_is_that_of_confident_learning():
    count = pytest.importorskip("cleanlab.count", reason="it comes with [quality]")
    rng = np.random.default_rng(0)
    array = rng.dirichlet([0.3, 0.3, 0.3], 500)
    given = np.where(rng.random(500) < 0.8, array.argmax(axis=1), rng.integers(0, 3, 500))
    joint = count.compute_confident_joint(given, array, calibrate=False)

    expected = joint.sum(axis=1) - np.diagonal(joint)
    assert np.abs(confident_errors(given, array, np.ones(500)) - expected).max() <= 2


def planted_answers(seed=0):
    """Return set votes, answers of which one label in ten is wrong, and which ones are."""
    votes, gold = planted_sets(800, n_labels=3, precision=0.85, recall=0.9, per_label=3)
    rng = np.random.default_rng(seed)
    names = votes.schema.labels
    truth = np.array([[name in labels for name in names] for labels in gold])
    is_wrong = rng.random(truth.shape) < 0.1
    answers = [frozenset(np.array(names)[row].tolist()) for row in truth ^ is_wrong]
    wrong = {
        (gold.index[row], names[column]) for row, column in zip(*np.nonzero(is_wrong), strict=True)
    }
    return votes, pd.Series(answers, gold.index, dtype=object), wrong


def test_missed_and_extra_labels_are_told_apart():
    soft = lb.SoftSets(
        [[0.9, 0.1], [0.3, 0.6]],
        pd.Index(["a", "b"]),
        lb.LabelSchema(["joy", "anger"], kind="several"),
        [[True, True], [True, False]],
        [[True, False], [False, False]],
    )
    found = lb.label_errors(pd.Series({"a": {"anger"}, "b": {"anger", "joy"}}), soft, texts=TEXTS)

    assert [
        ["extra", "anger", None, 0.1, TEXTS["a"]],
        ["missed", None, "joy", 0.1, TEXTS["a"]],
        ["extra", "joy", None, 0.3, TEXTS["b"]],
    ] == found.ranked.drop(columns="likely_error").values.tolist()
    assert [("b", "anger")] == list(found.unseen.items())
    assert 3 == found.errors.n


def test_planted_errors_of_sets_come_first():
    votes, answers, wrong = planted_answers()
    soft = lb.SetModel().fit(votes).predict(votes)
    found = lb.label_errors(answers, soft)
    hits = [
        (sample_id, given or suggested) in wrong
        for sample_id, given, suggested in found.ranked[["given", "suggested"]].itertuples()
    ]

    assert {"missed"} == set(found.ranked["kind"])  # the functions only say yes
    assert found.ranked["quality"].is_monotonic_increasing
    assert np.mean(hits[:20]) > 0.7 > 0.1
    assert found.errors.low <= found.errors.value <= found.errors.high
    assert found.errors.n == soft.covered.sum()
    given = sum(map(len, answers))
    covered = sum(soft.covered[row, column] for row, column in cells(answers, soft))
    assert given - covered == len(found.unseen)


def cells(answers, soft):
    for row, labels in enumerate(answers):
        for label in labels:
            yield row, soft.schema.index(label)


@pytest.mark.parametrize("kind", ["spans", "sets"])
def test_the_order_of_samples_and_labels_changes_nothing(kind):
    if kind == "spans":
        answers, soft = ANSWERS, soft_spans()
        other = lb.LabelSchema(["ORG", "PER"], kind="spans")
        part = soft.of_samples(["b", "a"])
        turned = lb.SoftSpans(
            part.array[:, [1, 0, 2]], part.sample, part.start, part.end, part.chosen,
            part.sample_ids, other, part.covered,
        )  # fmt: skip
    else:
        votes, answers, _ = planted_answers()
        soft = lb.SetModel().fit(votes).predict(votes)
        part = soft.of_samples(soft.sample_ids[::-1])
        order = [2, 0, 1]
        names = [soft.schema.labels[column] for column in order]
        turned = lb.SoftSets(
            part.array[:, order], part.sample_ids, lb.LabelSchema(names, kind="several"),
            part.covered[:, order], part.chosen[:, order],
        )  # fmt: skip
    found, again = lb.label_errors(answers, soft), lb.label_errors(answers[::-1], turned)

    pd.testing.assert_frame_equal(found.ranked, again.ranked)
    assert found.errors == again.errors
    pd.testing.assert_frame_equal(found.by_label, again.by_label.loc[found.by_label.index])


def test_what_cannot_be_compared_is_refused():
    soft = soft_spans()
    with pytest.raises(lb.LabelingError, match="`train` must be"):
        lb.label_errors([[]], soft)
    with pytest.raises(lb.LabelingError, match="None of 1 has"):
        lb.label_errors(pd.Series({"a": None}), soft)
    with pytest.raises(lb.LabelingError, match="1 of 2 have none, such as 'b'"):
        lb.label_errors(ANSWERS, soft, texts={"a": "text"})
    with pytest.raises(lb.LabelingError, match="'nobody'"):
        lb.label_errors(pd.Series({"nobody": []}), soft)
    with pytest.raises(lb.LabelingError, match="must be of type SoftLabels"):
        lb.label_errors(ANSWERS, ANSWERS)


def test_real_errors_of_annotators_come_first(real_data):
    """One annotator's answers to each text, beside a model of the others: half of them are new."""
    made = sequences.answered(real_data / "crowd_ner")
    votes, rng = made.votes, np.random.default_rng(0)
    picked = np.array([rng.choice(np.flatnonzero(row)) for row in votes.asked])
    asked = votes.asked.copy()
    asked[np.arange(len(votes)), picked] = False
    is_kept = votes.marks.voter != picked[votes.marks.sample]
    others = SpanVotes(
        votes.marks.take(np.flatnonzero(is_kept)), votes.sample_ids, votes.voters, votes.schema,
        speaks=votes.speaks, asked=asked,
    )  # fmt: skip
    answers = {sample_id: [] for sample_id in votes.sample_ids}
    marks = votes.marks.take(np.flatnonzero(~is_kept))
    for row, start, end, label in np.stack(marks[:4], axis=1).tolist():
        span = (start, end, votes.schema.labels[label])
        answers[votes.sample_ids[row]].append(span)
    soft = lb.AnnotatorModel().fit(others).predict(others)
    found = lb.label_errors(pd.Series(answers), soft)
    wrong = np.array([is_wrong(row, made.gold) for row in found.ranked.itertuples()])

    assert wrong[:100].mean() > 0.9
    assert wrong[found.ranked["likely_error"]].mean() > 0.7


def is_wrong(row, gold):
    of_gold = gold[row.Index]
    if row.given is not None:
        return tuple(row.given) not in of_gold
    return any(row.suggested[:2] == span[:2] for span in of_gold)

"""Previews, diffs and summaries of spans and of several labels: every number known by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError, LabelingFunctionError
from tests.notebook.planted_parts import (
    GOLD_SETS,
    GOLD_SPANS,
    NOTES,
    SETS,
    SPANS,
    angry,
    capitals,
    first_names,
    found,
    full_names,
    happy,
    labels,
    places,
    said,
    set_workbench,
    span_workbench,
)


def test_numbers_of_a_span_function_among_others():
    made = span_workbench(first_names(), full_names())
    measures = made.preview(capitals()).measures
    assert (measures.label, measures.votes, measures.no) == ("ORG", 9, 0)
    assert (measures.samples, measures.new_samples) == (5, 1)  # n3 is new
    assert (measures.coverage, measures.new_coverage) == (5 / 6, 1 / 6)
    assert measures.new == 9  # no other function says ORG
    assert (measures.precision.n, measures.precision.value) == (7, 2 / 7)
    assert (measures.recall.n, measures.recall.value) == (2, 1.0)
    assert measures.by_label == {}
    assert measures.places["exact"] == 6 / 7  # with another label
    assert measures.places["elsewhere"] == 1 / 7
    assert made.functions.names == ("first_names", "full_names")


def test_the_numbers_are_those_of_the_summary_of_functions():
    made = span_workbench(first_names(), full_names(), capitals())
    expected = lb.lf_summary(made.votes(), GOLD_SPANS)
    frame = made.summary().to_frame()
    for name in ("votes", "no", "samples", "coverage", "overlaps", "conflicts", "precision"):
        assert frame[name].tolist() == expected[name].tolist(), name
    assert frame["inside"].tolist() == expected["inside"].tolist()
    for name in made.functions.names:
        row = made.preview(name).to_frame().loc[name]
        for column in ("votes", "new", "new_coverage", "overlaps", "precision", "recall"):
            assert row[column] == frame.loc[name, column], column


def test_precision_and_recall_of_each_label_where_there_are_several():
    @lb.span_labeling_function
    def both(x):
        for name, label in (("Ann", "PER"), ("Bob", "PER"), ("Acme", "ORG")):
            if name in x.text:
                start = x.text.index(name)
                yield start, start + len(name), label

    measures = span_workbench().preview(both).measures
    assert measures.label == "PER, ORG"
    # PER: Ann of n1 is wrong, Bob of n1 and n2, Ann of n4 right; ORG: Acme of n2 only.
    per, org = measures.by_label["PER"], measures.by_label["ORG"]
    assert (per.precision.value, per.precision.n, per.recall.value) == (3 / 4, 4, 3 / 4)
    assert (org.precision.value, org.precision.n, org.recall.value) == (1 / 2, 2, 1 / 2)
    assert (measures.precision.n, measures.recall.n) == (6, 6)


def test_numbers_of_a_function_of_several_labels():
    made = set_workbench(happy(), angry())
    no_anger = said("no_anger", {"happy": {"joy": True, "anger": False}})
    measures = made.preview(no_anger).measures
    assert (measures.label, measures.votes, measures.no) == ("joy", 3, 3)
    assert (measures.samples, measures.new_samples, measures.new) == (3, 0, 0)
    assert (measures.overlaps, measures.conflicts) == (4 / 6, 2 / 6)
    assert (measures.precision.value, measures.recall.value) == (2 / 3, 1.0)
    assert measures.places == {}
    expected = lb.lf_summary(made.votes(), GOLD_SETS)
    frame = made.summary().to_frame()
    for name in ("votes", "no", "overlaps", "conflicts", "precision"):
        assert frame[name].tolist() == expected[name].tolist(), name


def test_changes_against_the_version_in_the_set():
    made = span_workbench(first_names(), full_names())
    preview = made.preview(found("first_names", "Ann|Acme", "PER"))
    assert (preview.diff.gained, preview.diff.lost, preview.diff.flipped) == (2, 3, 0)
    assert sorted(places(preview.diff.rows("gained"))) == ["n2: Acme", "n4: Acme"]
    assert sorted(places(preview.diff.rows("lost"))) == ["n1: Bob", "n2: Bob", "n5: Bob"]
    assert preview.measures.new == 5  # the old version is not counted as another function
    assert "Against the old version: 2 spans gained, 3 lost, 0 flipped" in repr(preview)
    assert "another version is in the set" in repr(preview)
    made.add(found("first_names", "Ann|Acme", "ORG"))
    diff = made.preview("first_names").diff
    assert (diff.gained, diff.lost, diff.flipped) == (2, 3, 3)
    assert set(diff.to_frame().query("change == 'flipped'")["before"]) == {"PER"}


@pytest.mark.parametrize(
    ("made", "draft"),
    [
        (span_workbench(first_names(), full_names()), capitals()),
        (set_workbench(happy()), said("no", {"angry": {"joy": False, "anger": True}})),
    ],
    ids=["spans", "sets"],
)
def test_what_changes_in_the_label_model_is_the_difference_of_two_fits(made, draft):
    change = made.preview(draft).model
    before = _parts_of(made.soft_labels())
    made.add(draft)
    after = _parts_of(made.soft_labels())
    assert change.gained == len(after.keys() - before.keys()) > 0
    assert change.lost == len(before.keys() - after.keys())
    assert change.flips == sum(after[part] != before[part] for part in after.keys() & before.keys())
    soft = made.soft_labels()
    scores = (lb.span_scores if isinstance(soft, lb.SoftSpans) else lb.set_scores)(
        soft, made.gold, made.schema
    )
    f1 = scores.f1 if isinstance(soft, lb.SoftSpans) else scores.micro
    assert change.scores_after["F1"] == f1
    assert len(change.to_frame()) == change.gained + change.lost + change.flips


def _parts_of(soft):
    chosen = soft.to_labels().dropna()
    return {
        (sample_id, *part[:2]) if isinstance(part, lb.Span) else (sample_id, part): part
        for sample_id, parts in chosen.items()
        for part in parts
    }


def test_a_set_against_a_commit_and_against_nothing():
    made = span_workbench(first_names())
    before = made.functions
    made.add(full_names())
    diff = made.diff()
    assert diff.title == "The set against no functions"
    assert diff.gained == 8
    diff = made.diff(base=before)
    assert sorted(places(diff.rows("gained"))) == ["n1: Ann Lee", "n5: Bob Lee"]
    assert [(change.name, change.change) for change in diff.functions] == [("full_names", "added")]
    assert made.diff(made.functions, before).lost == 2
    with pytest.raises(LabelingError, match="'gained', 'lost' or 'flipped'"):
        diff.rows("changed")
    with pytest.raises(LabelingFunctionError, match="two functions or two sets"):
        made.diff("first_names", before)


def test_labels_of_as_many_functions_tie():
    made = span_workbench(first_names(), found("rivals", "Ann|Bob", "ORG"))
    frame = made.diff().to_frame()
    assert set(frame["after"]) == {"tie"}
    assert made.diff().scores_after.precision.n == 0


def test_a_yes_that_becomes_a_no_is_flipped():
    made = set_workbench(happy("words"))
    diff = made.diff(said("words", {"happy": {"joy": False}, "rain": {"anger": True}}))
    assert (diff.gained, diff.lost, diff.flipped) == (1, 0, 3)
    assert set(diff.to_frame().query("change == 'flipped'")["after"]) == {"no"}


def test_examples_and_what_fired():
    preview = span_workbench().preview(first_names())
    assert len(preview.examples) == 6
    assert preview.fired == (("ann", 3), ("bob", 3))
    assert "What fired: 'ann' 3, 'bob' 3." in repr(preview)
    assert "[Ann PER] left Acme Inc." in repr(preview)
    preview = set_workbench().preview(happy())
    assert sorted(labels(preview.examples)) == ["p1: joy", "p2: joy", "p4: joy"]
    preview = set_workbench().preview(lb.functions.keywords("cats", ["cat"], label="anger"))
    assert preview.fired == (("cat", 1),)


def test_faults_and_trimmed_spans_are_counted_and_shown():
    @lb.span_labeling_function(label="PER")
    def breaks(x):
        if "Acme" in x.text:
            raise ValueError("no company")
        yield 0, 2
        yield 0, 3

    preview = span_workbench(first_names()).preview(breaks)
    assert len(preview.faults) == 2
    assert preview.measures.trimmed == 3  # of "No one" it marks "No" twice
    assert preview.measures.votes == 4
    text = repr(preview)
    assert "It raised an exception on 2 samples, and abstained there." in text
    assert "3 spans were dropped, overlapping longer ones of its own." in text
    made = span_workbench(breaks)
    assert "breaks: 3 spans were dropped" in repr(made.summary())
    assert made.summary().to_frame().loc["breaks", ["faults", "trimmed"]].tolist() == [2, 3]


def test_a_function_that_says_nothing_and_no_dev_set():
    preview = span_workbench(first_names(), gold=None).preview(found("nobody", "Zoe", "PER"))
    text = repr(preview)
    assert "It never says anything." in text
    assert "There is no dev set" in text
    assert preview.measures.precision.n == 0
    assert preview.model.gained == 0
    assert len(preview.to_frame()) == 1
    assert set_workbench(gold={"p3": []}).preview(happy()).to_frame()["model_f1"].tolist() == [0.0]


def test_the_label_model_is_fitted_only_when_its_numbers_are_asked_for(monkeypatch):
    made, fits = span_workbench(first_names()), []
    original = made._part_fits.of
    monkeypatch.setattr(made._part_fits, "of", lambda f: fits.append(f) or original(f))
    preview = made.preview(full_names())
    assert preview.measures.votes == 2
    assert not fits
    assert preview.model.gained
    assert fits


def test_the_whole_set():
    made = span_workbench(first_names(), full_names())
    summary = made.summary()
    assert summary.coverage == 4 / 6
    assert summary.balance == {"PER": 8, "ORG": 0}
    assert (summary.reach.value, summary.reach.n) == (4 / 6, 6)
    # Of 8 spans marked, Ann Lee and Bob Lee speak against Ann and Bob inside of them.
    assert summary.conflicts == 2 / 8
    soft = made.soft_labels()
    assert summary.label_model["recall"] == lb.span_scores(soft, GOLD_SPANS, SPANS).recall
    assert "1 result was measured on the 4 samples of the dev set." in repr(summary)


def test_of_sets_precision_and_recall_are_over_all_labels():
    summary = set_workbench(happy()).summary()
    scores = summary.label_model
    assert (scores["precision"].value, scores["precision"].n) == (2 / 3, 3)
    assert (scores["recall"].value, scores["recall"].n) == (2 / 3, 3)
    assert scores["F1"].value == pytest.approx(2 / 3)


def test_uncovered_samples_and_missed_gold():
    made = span_workbench(first_names())
    uncovered = made.uncovered()
    assert set(uncovered.to_frame().index) == {"n3", "n6"}
    assert (uncovered.n_missed, uncovered.missed.n) == (3, 6)
    assert uncovered.n_missed == len(made.bucket(gold="any", vote="abstain"))
    assert "No function speaks of 3 of the 6 gold spans of the dev set" in repr(uncovered)
    assert "gold" not in repr(set_workbench(gold=None).uncovered())


def test_the_workbench_shows_its_dev_set_in_parts():
    assert "Dev set: 4 samples with 6 spans (PER 4, ORG 2)." in repr(span_workbench())
    assert "Dev set: 4 samples with 3 labels (joy 2, anger 1)." in repr(set_workbench())
    assert "There is no dev set" in repr(set_workbench(gold=None))


@pytest.mark.parametrize("make", [span_workbench, set_workbench])
def test_an_empty_workbench_and_one_sample(make):
    text = {"notes": {"n1": "Ann"}} if make is span_workbench else {"posts": {"p1": "happy"}}
    made = make(gold=None, **text)
    for result in (made.summary(), made.diff(), made.uncovered(), made.conflicts()):
        assert repr(result)
        assert result._repr_html_()
        assert result.to_frame() is not None
    preview = made.preview(first_names() if make is span_workbench else happy())
    assert (preview.measures.votes, preview.measures.new) == (1, 1)
    assert "1 sample" in repr(preview)


def test_nothing_depends_on_the_order_of_samples_or_functions():
    first = span_workbench(first_names(), full_names())
    frame = pd.DataFrame({"text": list(NOTES.values())}, index=list(NOTES)).iloc[::-1]
    second = lb.Workbench(frame, SPANS, gold=dict(reversed(GOLD_SPANS.items())))
    for lf in (full_names(), first_names()):
        second.add(lf)
    one, other = (made.preview(capitals()).to_frame() for made in (first, second))
    numbers = [name for name in one if name not in ("seconds", "run", "label")]
    np.testing.assert_allclose(one[numbers].astype(float), other[numbers].astype(float), atol=1e-9)
    assert first.preview(capitals()).examples.ids == second.preview(capitals()).examples.ids


WORDS = st.sampled_from(["Ann", "Bob", "Acme", "Lee", "and", "met"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=6)
PATTERNS = st.sampled_from(["Ann", "Ann Lee", r"\w+ Lee", "Bob|Acme", r"[A-Z]\w+(?: [A-Z]\w+)*"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.lists(st.tuples(PATTERNS, st.sampled_from(["PER", "ORG"])), max_size=3), PATTERNS)
def test_counts_agree_with_each_other_on_any_texts(texts, functions, pattern):
    made = lb.Workbench(pd.DataFrame({"text": texts}), SPANS, gold={0: [(0, 3, "PER")]})
    for number, (other, label) in enumerate(functions):
        made.add(found(f"f{number}", other, label))
    preview = made.preview(found("draft", pattern, "PER"))
    measures = preview.measures
    assert measures.votes == len(preview.examples) == preview.diff.gained
    assert measures.new <= measures.votes
    assert measures.new_samples <= measures.samples <= len(texts)
    wrong = len(made.errors(found("draft", pattern, "PER")))
    n = measures.precision.n
    assert wrong == n - round(measures.precision.value * n if n else 0)
    change = preview.model
    assert len(change.rows()) == change.gained + change.lost + change.flips


ANSWERS = st.dictionaries(st.sampled_from(["joy", "anger"]), st.booleans(), min_size=1)
SAYINGS = st.dictionaries(st.sampled_from(["Ann", "Bob", "met"]), ANSWERS, min_size=1)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.lists(SAYINGS, max_size=3), SAYINGS)
def test_counts_of_labels_agree_with_each_other_on_any_texts(texts, functions, words):
    made = lb.Workbench(pd.DataFrame({"text": texts}), SETS, gold={0: ["joy"]})
    for number, answers in enumerate(functions):
        made.add(said(f"f{number}", answers))
    draft = said("draft", words)
    preview = made.preview(draft)
    measures = preview.measures
    assert measures.votes + measures.no == len(preview.examples) == preview.diff.gained
    assert measures.new <= measures.votes
    assert measures.new_samples <= measures.samples <= len(texts)
    spurious = int((made.errors(draft).to_frame()["error"] == "spurious").sum())
    n = measures.precision.n
    assert spurious == n - round(measures.precision.value * n if n else 0)
    change = preview.model
    assert change.flips == 0
    assert len(change.rows()) == change.gained + change.lost

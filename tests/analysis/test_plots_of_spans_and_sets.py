"""Plots of spans and of sets: their numbers, their words, and that they are safe."""

import re

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.rendering.plain import plain_of
from tests.support.safe_html import NAME, TEXT, check_html

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
IDS = ["a", "b", "c"]
TEXTS = pd.DataFrame({"text": ["Ann Lee met Bob " + "x" * 99, "Acme", "nothing"]}, index=IDS)
MARKED = [
    ("a", "names", 0, 3, "PER"),
    ("a", "caps", 0, 7, "PER"),
    ("a", "caps", 12, 15, "ORG"),
    ("a", "names", 12, 15, "PER"),
    ("b", "caps", 0, 4, "ORG"),
]
GOLD_SPANS = {"a": [(0, 7, "PER"), (12, 15, "PER"), (8, 11, "ORG")], "b": [(0, 4, "ORG")]}
SAID = [
    ("a", "smiles", "joy", True),
    ("a", "ann", "joy", True),
    ("a", "ann", "anger", False),
    ("b", "smiles", "joy", True),
    ("b", "ann", "joy", False),
    ("b", "ann", "anger", False),
]
GOLD_SETS = {"a": ["joy", "anger"], "b": [], "c": ["joy"]}


def span_votes(rows=MARKED, schema=SPANS):
    frame = pd.DataFrame(rows, columns=["sample", "voter", "start", "end", "label"])
    return lb.SpanVotes.from_frame(
        frame, schema=schema, sample_ids=IDS, voters=["names", "caps", "silent"]
    )


def set_votes(rows=SAID, schema=SETS):
    frame = pd.DataFrame(rows, columns=["sample", "voter", "label", "says"])
    return lb.SetVotes.from_frame(frame, schema=schema, sample_ids=IDS)


def soft_spans():
    """Candidates of a: 0-3 not chosen, 0-7 PER, 12-15 ORG; of b: 0-4 ORG."""
    array = [[0.3, 0.1, 0.6], [0.9, 0.0, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1]]
    places = np.array([[0, 0, 0, 1], [0, 0, 12, 0], [3, 7, 15, 4]])
    chosen = [False, True, True, True]
    return lb.SoftSpans(array, *places, chosen, pd.Index(IDS), SPANS, [True, True, False])


def soft_sets():
    array = [[0.9, 0.2], [0.6, 0.1], [0.5, 0.5]]
    covered = [[True, True], [True, True], [False, False]]
    chosen = [[True, False], [True, False], [False, False]]
    return lb.SoftSets(array, pd.Index(IDS), SETS, covered, chosen)


KINDS = {
    "spans": (span_votes, soft_spans, GOLD_SPANS),
    "sets": (set_votes, soft_sets, GOLD_SETS),
}


def every_plot(votes, soft, gold, samples=TEXTS):
    plots = lb.plots
    return {
        "coverage": plots.coverage(votes),
        "accuracy": plots.accuracy(votes, gold),
        "overlaps": plots.overlaps(votes),
        "conflicts": plots.conflicts(votes),
        "coverage_growth": plots.coverage_growth(votes),
        "confidence": plots.confidence(soft, gold),
        "reliability": plots.reliability(soft, gold),
        "confusion": plots.confusion(soft, gold, samples=samples),
    }


def plots_of(kind):
    votes, soft, gold = KINDS[kind]
    return every_plot(votes(), soft(), gold)


def test_coverage_counts_samples_and_those_with_a_contradicted_span():
    plot = lb.plots.coverage(span_votes())

    assert "Coverage of 3 voters on 3 samples" == plot.title
    table = plot.to_frame()
    assert [1 / 3, 2 / 3, 0] == table["coverage"].tolist()
    assert [1 / 3, 1 / 3, 0] == table["samples_in_conflict"].tolist()
    assert "contradicts one of its spans" in plot._repr_html_()


def test_coverage_of_sets_counts_a_no_that_is_contradicted():
    table = lb.plots.coverage(set_votes()).to_frame()

    assert [2 / 3, 2 / 3] == table["coverage"].tolist()
    assert [1 / 3, 1 / 3] == table["samples_in_conflict"].tolist()  # b: joy, yes and no


def test_precision_is_drawn_on_gold_spans_and_gold_sets():
    spans = lb.plots.accuracy(span_votes(), GOLD_SPANS)
    sets = lb.plots.accuracy(set_votes(), GOLD_SETS)

    assert [0.5, 2 / 3] == spans.to_frame()["precision"].tolist()[:2]
    assert spans.title.startswith("Precision of 3 voters")
    assert "1 voter has no span in a sample with gold." in spans.notes
    assert [0.5, 1.0] == sets.to_frame()["precision"].tolist()
    assert "2 voters have no yes" in " ".join(lb.plots.accuracy(set_votes()).notes)


def test_pairs_of_voters_are_counted_on_candidate_spans():
    overlap = lb.plots.overlaps(span_votes())
    conflict = lb.plots.conflicts(span_votes())

    # Of the 4 candidates: caps speaks against "Ann" and names is silent on "Ann Lee" and "Acme".
    assert [["names", "caps", 2, 0, 2, 0.5]] == overlap.to_frame().values.tolist()
    assert [["names", "caps", 2, 0, 2, 1.0]] == conflict.to_frame().values.tolist()
    assert "Overlaps of 3 voters on 4 candidate spans" == overlap.title


def test_what_two_people_leave_out_is_no_agreement():
    marked = [("a", "x", 0, 3, "PER"), ("a", "y", 0, 3, "PER"), ("a", "z", 8, 11, "ORG")]
    frame = pd.DataFrame(marked, columns=["sample", "voter", "start", "end", "label"])
    people = lb.SpanVotes.from_frame(frame, schema=SPANS, speaks=True)
    pairs = lb.plots.conflicts(people).to_frame().set_index(["first", "second"])

    assert [1, 1, 0] == pairs.loc[("x", "y"), ["both", "same", "differ"]].tolist()
    assert [2, 0, 2] == pairs.loc[("x", "z"), ["both", "same", "differ"]].tolist()


def test_pairs_of_voters_are_counted_on_labels_of_samples_with_a_yes():
    overlap = lb.plots.overlaps(set_votes())

    assert [["smiles", "ann", 2, 1, 1, 1.0]] == overlap.to_frame().values.tolist()
    assert "Overlaps of 2 voters on 2 labels of samples" == overlap.title


def test_growth_counts_new_candidates_and_covered_samples():
    table = lb.plots.coverage_growth(span_votes()).to_frame()

    assert [0.5, 0.75, 0] == table["coverage"].tolist()
    assert [0.5, 0.5, 0] == table["new"].tolist()
    assert [1 / 3, 2 / 3, 2 / 3] == table["samples"].tolist()
    assert "cover 66.7%" in lb.plots.coverage_growth(span_votes()).description
    assert [1.0, 0.5] == lb.plots.coverage_growth(set_votes()).to_frame()["coverage"].tolist()


def test_confidence_is_that_of_candidates_in_gold_and_not():
    plot = lb.plots.confidence(soft_spans(), GOLD_SPANS)

    assert [2, 2] == plot.to_frame()[["in gold", "not in gold"]].sum().tolist()
    assert ("1 gold span is no candidate: left out.",) == plot.notes
    assert "Confidence on 4 candidate spans" == plot.title
    assert 4 == lb.plots.confidence(soft_spans()).to_frame()["candidate spans"].sum()


def test_reliability_is_that_of_single_labels_of_sets():
    plot = lb.plots.reliability(soft_sets(), GOLD_SETS)

    assert [[0.5, 4.0]] == plot.to_frame()[["accuracy", "n"]].values.tolist()
    assert "Nothing was said of 1 gold label: left out." in plot.notes
    assert "Reliability on 4 labels of samples" == plot.title


def test_confusion_of_spans_has_a_row_and_a_column_for_none():
    plot = lb.plots.confusion(soft_spans(), GOLD_SPANS, samples=TEXTS)

    assert [[1, 1, 0], [0, 1, 1], [0, 0, 0]] == plot.to_frame().values.tolist()
    assert "2 of 4 gold spans are found with their edges and label" in plot.description
    wrong = plot.examples("PER", "ORG")
    assert [["PER", "ORG", 0.6, 12, 15]] == wrong.iloc[:, :5].values.tolist()
    assert wrong["text"].tolist()[0].startswith("Ann Lee met [Bob] xxx")
    assert wrong["text"].tolist()[0].endswith("x…")
    assert plot.examples("ORG", "(none)")["confidence"].isna().all()  # nobody marked it
    assert plain_of(plot._view()).index("[Bob]") < plain_of(plot._view()).index("[Acme]")


def test_confusion_of_sets_counts_right_missed_and_extra():
    plot = lb.plots.confusion(soft_sets(), GOLD_SETS, samples=TEXTS)

    assert [[1, 1, 1], [0, 1, 0]] == plot.to_frame().values.tolist()
    assert ["right", "missed", "extra"] == plot.to_frame().columns.tolist()
    assert ["b"] == plot.examples("(none)", "joy").index.tolist()
    assert ["c"] == plot.examples("joy", "(none)").index.tolist()
    assert "1 sample without any vote" in " ".join(plot.notes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", plots_of("spans"))
def test_a_plot_is_one_safe_picture_with_a_description(name, kind):
    plot = plots_of(kind)[name]
    page = plot._repr_html_()

    check_html(page)
    assert page == plots_of(kind)[name]._repr_html_()
    assert 1 == page.count('role="img" aria-labelledby')
    assert plot.description


@pytest.mark.parametrize("kind", KINDS)
def test_plots_are_saved_for_light_and_dark_pages(kind, tmp_path):
    for name in ("coverage", "confusion"):
        paths = plots_of(kind)[name].save(tmp_path / f"{name}.png")
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_fails_without_votes_or_gold(kind):
    votes, soft, _ = KINDS[kind]
    for plot in every_plot(votes([]), soft(), {}).values():
        check_html(plot._repr_html_())
    assert "No gold labels." in lb.plots.confidence(soft()).notes
    assert lb.plots.reliability(soft(), {}).draw is None


def test_hostile_names_and_texts_are_drawn_safely():
    samples = pd.DataFrame({"text": [TEXT * 3] * 3}, index=IDS, dtype=object)
    spans = lb.LabelSchema([NAME, "ORG"], kind="spans")
    marked = [("a", "names", 0, 3, NAME), ("a", "caps", 0, 3, "ORG")]
    sets = lb.LabelSchema([NAME, "anger"], kind="several")
    answers = [("a", NAME, NAME, True), ("a", "$x$", NAME, False)]
    for votes, model, gold in (
        (span_votes(marked, spans), lb.SpanModel(), {"a": [(0, 3, NAME), (1, 2, "ORG")]}),
        (set_votes(answers, sets), lb.SetModel(), {"a": [NAME, "anger"]}),
    ):
        soft = model.fit(votes).predict(votes)
        for plot in every_plot(votes, soft, gold, samples).values():
            check_html(plot._repr_html_())
            plain_of(plot._view()).encode("utf-8")


def test_the_order_of_samples_and_voters_changes_no_number():
    rng = np.random.default_rng(0)
    rows = {
        (f"s{sample}", f"v{voter}", 5 * place, 5 * place + int(rng.integers(1, 5)))
        for sample, voter, place in rng.integers(0, [20, 4, 6], (120, 3)).tolist()
    }
    columns = ["sample", "voter", "start", "end"]
    frame = pd.DataFrame(sorted(rows), columns=columns)
    frame["label"] = np.where(frame["end"] % 2, "PER", "ORG")
    votes = lb.SpanVotes.from_frame(frame, schema=SPANS)
    gold = {
        name: [tuple(span) for span in part[["start", "end", "label"]].values[:1].tolist()]
        for name, part in frame.groupby("sample")
    }
    model = lb.SpanModel().fit(votes)
    shuffled = votes.of_samples(votes.sample_ids[::-1]).of_voters(votes.voters[::-1])
    before = every_plot(votes, model.predict(votes), gold, None)
    after = every_plot(shuffled, model.predict(shuffled), dict(reversed(gold.items())), None)

    for name in ("coverage", "accuracy", "confidence", "reliability", "confusion"):
        expected = before[name].to_frame()
        pd.testing.assert_frame_equal(expected, after[name].to_frame().reindex(expected.index))
        assert before[name].description == after[name].description
    assert before["confusion"].rows.equals(after["confusion"].rows)


def test_no_chart_names_samples_where_it_counts_spans():
    page = lb.plots.confidence(soft_spans(), GOLD_SPANS)._repr_html_()
    words = " ".join(re.findall(r">([^<>]+)<", page))

    assert "share of candidate spans" in words
    assert "share of samples" not in words

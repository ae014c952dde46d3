"""Plots of the notebook: their numbers, that they are safe, and that they need no matplotlib."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError
from labeling.rendering.plain import plain_of
from tests.support.safe_html import NAME, TEXT, check_html

SCHEMA = lb.LabelSchema(["ham", "spam"])
IDS = ["a", "b", "c", "d"]
VOTES = lb.Votes.from_array(
    [[0, 0, -1], [1, 0, -1], [-1, -1, 1], [-1, -1, -1]],
    schema=SCHEMA,
    sample_ids=IDS,
    voters=["one", "two", "three"],
)
SOFT = lb.SoftLabels(
    [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6]],
    pd.Index(IDS),
    SCHEMA,
    [True, True, True, False],
)
GOLD = {"a": "ham", "b": "ham", "c": "spam", "d": "spam"}


def many(n_voters=60, n=300):
    rng = np.random.default_rng(0)
    codes = rng.integers(-1, 2, (n, n_voters))
    names = [f"lf {number:02}" for number in range(n_voters)]
    return lb.Votes.from_array(codes, schema=SCHEMA, voters=names)


def every_plot(votes=VOTES, soft=SOFT, gold=GOLD, samples=None):
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


def test_growth_counts_what_each_function_adds():
    table = lb.plots.coverage_growth(VOTES).to_frame()

    assert ["one", "two", "three"] == table.index.tolist()
    assert [0.5, 0.5, 0.25] == table["coverage"].tolist()
    assert [0.5, 0.0, 0.25] == table["new"].tolist()
    assert [0.5, 0.5, 0.75] == table["cumulative"].tolist()


def test_pairs_have_their_counts_and_shares():
    overlap = lb.plots.overlaps(VOTES).to_frame()
    conflict = lb.plots.conflicts(VOTES).to_frame()

    assert [["one", "two", 2, 1, 1, 0.5]] == overlap.values.tolist()  # of 4 samples
    assert [["one", "two", 2, 1, 1, 0.5]] == conflict.values.tolist()  # of the 2 both vote on


def test_three_of_three_do_not_stand_above_many_of_many():
    codes = np.full((125, 2), -1)
    codes[:, 0] = 1
    codes[:3, 1] = 1
    votes = lb.Votes.from_array(codes, schema=SCHEMA, voters=["many", "few"])
    gold = pd.Series(["spam"] * 120 + ["ham"] * 5)
    plot = lb.plots.accuracy(votes, gold)

    assert plot.description.index("many") < plot.description.index("few")
    assert "n = 125" in plot._repr_html_()
    assert "n = 3" in plot._repr_html_()


def test_without_gold_labels_nothing_fails_and_the_plot_says_so():
    assert "3 voters have no vote on a sample with a gold" in lb.plots.accuracy(VOTES)._repr_html_()
    assert "No gold labels." in lb.plots.confidence(SOFT)._repr_html_()
    assert "No covered sample has" in lb.plots.confidence(SOFT, {"d": "ham"})._repr_html_()
    assert "No covered sample has" in lb.plots.reliability(SOFT, {"d": "ham"})._repr_html_()
    assert "<svg" not in lb.plots.confusion(SOFT, {"d": "ham"})._repr_html_()


def test_confidence_is_split_by_gold_and_ties_are_counted():
    plot = lb.plots.confidence(SOFT, GOLD)

    assert [1, 1] == plot.to_frame()[["right", "wrong"]].sum().tolist()
    assert "1 sample with a tie" in plot._repr_html_()


def test_confusion_has_counts_and_the_rows_of_each_cell():
    samples = pd.DataFrame({"text": ["t a", "t b", "t c", "t d"]}, index=IDS)
    plot = lb.plots.confusion(SOFT, GOLD, samples=samples)

    assert [[1, 1], [0, 0]] == plot.to_frame().values.tolist()
    found = plot.examples("ham", "spam")
    assert [["ham", "spam", 0.8, "t b"]] == found.values.tolist()
    assert ["b"] == found.index.tolist()
    assert "2 samples with a gold label left out" in plot._repr_html_()
    assert plain_of(plot._view()).index("t b") < plain_of(plot._view()).index("t a")  # mistakes


def test_wrong_arguments_are_refused():
    with pytest.raises(LabelingError):
        lb.plots.coverage([[0, 1]])
    with pytest.raises(LabelingError):
        lb.plots.reliability(VOTES, GOLD)
    with pytest.raises(DataError):
        lb.plots.confusion(SOFT, GOLD, samples=pd.DataFrame({"x": [1]}, index=["a"]), text="y")


def test_the_order_of_samples_and_voters_changes_no_number():
    rng = np.random.default_rng(1)
    votes = many(8)
    soft = lb.label_models.MajorityVote().fit(votes).predict_proba(votes)
    gold = pd.Series(rng.choice(["ham", "spam"], len(votes)), index=votes.sample_ids)
    rows = rng.permutation(len(votes))
    shuffled = votes.of_samples(votes.sample_ids[rows]).of_voters(votes.voters[::-1])
    before = every_plot(votes, soft, gold)
    after = every_plot(shuffled, soft.of_samples(soft.sample_ids[rows]), gold[::-1])

    for name in ("coverage", "accuracy", "confidence", "reliability", "confusion"):
        table = after[name].to_frame()
        expected = before[name].to_frame()
        pd.testing.assert_frame_equal(expected, table.reindex(expected.index))
        assert before[name].description == after[name].description
    assert before["confusion"].rows.equals(after["confusion"].rows)


@pytest.mark.parametrize("name", every_plot())
def test_a_plot_is_one_safe_picture_with_a_description(name):
    plot = every_plot()[name]
    page = plot._repr_html_()

    check_html(page)
    assert page == every_plot()[name]._repr_html_()
    assert page.count('role="img" aria-labelledby') == 1
    assert repr(plot).startswith(("Plot('", "ConfusionExamples('"))
    assert plot.description


def test_hostile_names_are_drawn_safely():
    schema = lb.LabelSchema([NAME, "ham"])
    votes = lb.Votes.from_array([[0, 0], [1, 0]], schema=schema, voters=[NAME, "$x$ \n\x00"])
    soft = lb.label_models.MajorityVote().fit(votes).predict_proba(votes)
    samples = pd.DataFrame({"text": [TEXT, TEXT]}, dtype=object)
    for plot in every_plot(votes, soft, {0: NAME, 1: "ham"}, samples).values():
        check_html(plot._repr_html_())
        plain_of(plot._view()).encode("utf-8")


def test_two_plots_on_a_page_share_no_id():
    seen = set()
    for plot in (*every_plot().values(), lb.plots.coverage(many(5)), lb.plots.overlaps(many(5))):
        ids = set(re.findall(r'\bid="([^"]+)"', plot._repr_html_()))
        assert ids
        assert not ids & seen, plot
        seen |= ids


def test_of_many_voters_some_are_drawn_and_all_are_in_the_numbers():
    votes = many()
    for name, drawn in (("coverage", 40), ("coverage_growth", 40), ("overlaps", 20)):
        plot = getattr(lb.plots, name)(votes)
        assert f"{60 - drawn} voters are not drawn." in plot._repr_html_()
    assert 60 == len(lb.plots.coverage(votes).to_frame())
    assert 60 * 59 / 2 == len(lb.plots.overlaps(votes).to_frame())


def test_a_plot_is_saved_for_light_and_dark_pages(tmp_path):
    for name, plot in every_plot().items():
        paths = plot.save(tmp_path / f"{name}.png")
        assert [f"{name}.png", f"{name}-dark.png"] == [path.name for path in paths]
        assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_without_matplotlib_the_numbers_are_shown(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = lb.plots.coverage(VOTES)._repr_html_()

    check_html(page)
    assert "pip install" in page
    assert "two" in page


def test_votes_and_soft_labels_are_shown_without_matplotlib():
    code = (
        "import sys, labeling as lb\n"
        "votes = lb.Votes.from_array([[0, 1]], schema=lb.LabelSchema(['a', 'b']))\n"
        "soft = lb.LabelModel().fit(votes).predict_proba(votes)\n"
        "votes._repr_html_(), soft._repr_html_(), lb.plots.coverage(votes)\n"
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False\n" == done.stdout

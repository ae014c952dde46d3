"""`Workbench.summary`: all functions and the set as a whole, every number known by hand."""

import warnings

import numpy as np
import pytest

import labeling as lb
from labeling.errors import LabelSharesWarning
from labeling.functions import keywords
from labeling.notebook import base
from tests.notebook.planted import GOLD, SCHEMA, free, link, love, samples, song, workbench


@pytest.fixture
def summary():
    return workbench(free(), song(), love(), link()).summary()


def test_a_row_for_each_function(summary):
    frame = summary.to_frame()
    expected = {
        "free": ("spam", 3, 1 / 8, 2 / 8, 2 / 8, 3, 2 / 3),
        "song": ("ham", 3, 1 / 8, 2 / 8, 1 / 8, 2, 1 / 2),
        "love": ("ham", 2, 0.0, 2 / 8, 1 / 8, 2, 1.0),
        "link": ("spam", 2, 2 / 8, 0.0, 0.0, 1, 1.0),
    }
    names = ["label", "votes", "new_coverage", "overlaps", "conflicts", "n", "precision"]
    assert {name: tuple(frame.loc[name, names]) for name in frame.index} == expected
    assert (frame["coverage"] == frame["votes"] / 8).all()
    assert (frame["precision_low"] <= frame["precision"]).all()


def test_the_set_as_a_whole(summary):
    assert summary.coverage == 7 / 8
    assert summary.conflicts == 2 / 8
    assert (summary.majority.value, summary.majority.n) == (1.0, 3)  # c2 and c8 are tied
    assert summary.balance == {"ham": 5 / 10, "spam": 5 / 10}
    codes = summary.moment.soft().codes()
    known = (codes >= 0) & (summary.moment.gold >= 0)
    right = (codes == summary.moment.gold)[known]
    assert (summary.label_model.value, summary.label_model.n) == (right.mean(), known.sum())


def test_it_agrees_with_the_table_of_labeling_functions(summary):
    made = workbench(free(), song(), love(), link())
    table = lb.lf_summary(made.votes(), GOLD)
    frame = summary.to_frame()
    for ours, theirs in [("coverage", "coverage"), ("overlaps", "overlaps")]:
        assert frame[ours].tolist() == table[theirs].tolist()
    assert frame["conflicts"].tolist() == table["conflicts"].tolist()
    assert frame["precision"].tolist() == table["accuracy"].tolist()
    assert frame["precision_low"].tolist() == table["accuracy_low"].tolist()


def test_the_estimated_accuracy_is_the_mean_probability_of_its_votes(summary):
    soft = workbench(free(), song(), love(), link()).soft_labels().to_frame()
    expected = soft.loc[["c1", "c2", "c8"], "spam"].mean()
    assert summary.to_frame().loc["free", "estimated_accuracy"] == pytest.approx(
        expected, abs=1e-12
    )


def test_a_function_that_never_votes_and_one_that_raises():
    @lb.labeling_function(label="ham")
    def breaks(x):
        raise ValueError("no <b>")

    summary = workbench(free(), breaks, keywords("eggs", ["eggs"], label="ham")).summary()
    frame = summary.to_frame()
    assert frame["votes"].tolist() == [3, 0, 0]
    assert frame["faults"].tolist() == [0, 8, 0]
    assert np.isnan(frame.loc["eggs", "precision"])
    assert "breaks: It raised an exception on 8 samples" in repr(summary)
    assert "no <b>" not in summary._repr_html_()


def test_a_set_in_which_nothing_votes():
    summary = workbench(keywords("eggs", ["eggs"], label="ham")).summary()
    assert (summary.coverage, summary.conflicts) == (0.0, 0.0)
    assert summary.label_model.n == 0
    assert "no votes" in repr(summary)


def test_an_empty_workbench_says_how_to_begin():
    summary = workbench().summary()
    assert "Write one below @workbench.lf" in repr(summary)
    assert summary.to_frame().empty
    assert "precision" in summary.to_frame()


def test_without_a_dev_set_it_says_so():
    summary = workbench(free(), gold=None).summary()
    assert "There is no dev set" in repr(summary)
    assert "precision on the dev set" not in repr(summary)
    assert summary.to_frame()["n"].tolist() == [0]


def test_precision_is_never_shown_without_its_n(summary):
    assert "0.667 [0.208, 0.939], n = 3" in repr(summary)
    assert "n = 3" in summary._repr_html_()


def test_rows_in_another_order_give_the_same_numbers(summary):
    backward = lb.Workbench(samples().iloc[::-1], SCHEMA, gold=GOLD)
    for lf in (free(), song(), love(), link()):
        backward.add(lf)
    unstable = ["seconds", "run"]
    first = summary.to_frame().drop(columns=unstable)
    second = backward.summary().to_frame().drop(columns=unstable)
    numbers = first.columns.difference(["label"])
    assert np.allclose(
        first[numbers].astype(float), second[numbers].astype(float), atol=1e-9, equal_nan=True
    )


def test_it_says_how_often_the_dev_set_was_looked_at():
    made = workbench(free())
    assert "1 result was measured on the 6 samples of the dev set." in repr(made.summary())
    for _ in range(20):
        made.preview("free")
    assert "locked test set" in repr(made.summary())


def test_what_the_label_model_warns_of_is_shown_and_not_raised(monkeypatch):
    class Warns(lb.LabelModel):
        def fit(self, *args, **kwargs):
            warnings.warn("'ham' is predicted too often.", LabelSharesWarning, stacklevel=2)
            return super().fit(*args, **kwargs)

    monkeypatch.setattr(base, "LabelModel", Warns)
    made = workbench(free(), song())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary, preview = made.summary(), made.preview(love())
        assert "Label model: 'ham' is predicted too often." in repr(summary)
        assert "predicted too often" not in repr(preview)  # as before
        assert "predicted too often" in repr(workbench().preview(love()))
    with pytest.warns(LabelSharesWarning, match="too often"):
        made.soft_labels()

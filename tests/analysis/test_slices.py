"""Slices: applied as labeling functions are, measured with corrected tests, found and confirmed."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis.slices.masks import Slices
from labeling.rendering.plain import plain_of

SCHEMA = lb.LabelSchema(["ham", "spam"])


@lb.slicing_function
def is_short(x):
    "Few words say little."
    return len(x.text) < 10


@lb.slicing_function(name="links", resources={"part": "http"})
def has_link(x, part):
    return part in x.text


COMMENTS = pd.DataFrame({"text": ["so good", "see http://x.org", "http"]}, index=["a", "b", "c"])


def made(n=600, seed=0):
    """Return samples, and errors that are three times as frequent in mail of more than 80 bytes."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"s{number}" for number in range(n)])
    words = np.array(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"])
    data = pd.DataFrame(
        {
            "text": [" ".join(rng.choice(words, 6)) + f" {number}" for number in range(n)],
            "source": rng.choice(["mail", "web", "chat"], n),
            "size": rng.integers(0, 160, n),
            "score": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        },
        index=ids,
    )
    is_bad = (data["source"] == "mail") & (data["size"] > 80)
    wrong = pd.Series(rng.random(n) < np.where(is_bad, 0.6, 0.15), ids)
    return data, wrong


def test_slicing_functions_are_applied_to_samples():
    slices = lb.apply_slices([is_short, has_link], COMMENTS)

    assert slices.masks["is_short"].tolist() == [True, False, True]
    assert slices.masks["links"].tolist() == [False, True, True]
    assert slices.descriptions["is_short"] == "Few words say little."
    assert is_short(COMMENTS.reset_index().iloc[0]) is True


def test_a_slicing_function_runs_on_whole_columns():
    pytest.importorskip("polars", reason="it comes with [fast]")

    assert lb.explain(has_link.rule).how == "columns"


@pytest.mark.parametrize("answer", ["yes", 1.5])
def test_another_answer_than_true_and_false_is_an_error(answer):
    wrong = lb.slicing_function(lambda x: answer)

    with pytest.raises(lb.LabelingError, match="<lambda>"):
        lb.apply_slices(wrong, COMMENTS)


def test_a_labeling_function_is_no_slicing_function():
    rule = lb.functions.keywords("offers", ["free"], label="spam")

    with pytest.raises(lb.LabelingError, match="remove @labeling_function"):
        lb.slicing_function(rule)
    with pytest.raises(lb.LabelingError, match="@slicing_function"):
        lb.apply_slices(rule, COMMENTS)


def test_a_file_of_labeling_functions_may_hold_slices(tmp_path):
    file = tmp_path / "rules.py"
    file.write_text(
        "from labeling import labeling_function, slicing_function\n"
        "@labeling_function(label='spam')\ndef link(x):\n    return 'http' in x.text\n"
        "@slicing_function\ndef short(x):\n    return len(x.text) < 10\n"
    )

    assert [lf.name for lf in lb.load_labeling_functions(file)] == ["link"]
    assert [one.name for one in lb.load_slicing_functions(file)] == ["short"]


def test_quality_by_slice_is_corrected_for_many_slices():
    """Of 40 slices drawn at random some differ from the rest by chance; none is called worse."""
    rng = np.random.default_rng(0)
    ids = pd.RangeIndex(400)
    gold = pd.Series(["ham", "spam"] * 200, ids)
    labels = gold.where(rng.random(400) < 0.8, "ham")
    masks = pd.DataFrame({f"random {n}": rng.random(400) < 0.3 for n in range(40)}, index=ids)
    masks["planted"] = gold.ne(labels) & (rng.random(400) < 0.5) | (rng.random(400) < 0.05)
    found = lb.slice_quality(Slices(masks), labels, gold, schema=SCHEMA)
    frame = found.to_frame()

    assert frame.index[frame["verdict"] != ""].tolist() == ["planted"]
    assert frame.loc["planted", "verdict"] == "worse"
    assert (frame["n"] > 0).all()
    assert (frame["difference_low"] <= frame["difference"]).all()
    assert (frame["difference"] <= frame["difference_high"]).all()


def test_the_order_of_samples_changes_no_quality():
    data, wrong = made(200)
    gold = pd.Series("ham", data.index)
    labels = gold.mask(wrong, "spam")
    slices = Slices(pd.DataFrame({"mail": data["source"] == "mail"}))
    turned = Slices(slices.masks[::-1])

    found = lb.slice_quality(slices, labels, gold, schema=SCHEMA)
    assert found == lb.slice_quality(turned, labels[::-1], gold[::-1], schema=SCHEMA)


def test_a_planted_slice_is_found_and_confirmed():
    data, wrong = made()
    found = lb.find_slices(data, wrong)

    assert any("source is 'mail'" in one.description for one in found.slices)
    best = found.slices[0]
    assert best.error.low > found.error.value
    assert best.p < 0.05
    assert found.n_search + found.n_confirm == len(wrong)
    masks = found.to_slices(data).masks
    assert masks[best.description].sum() >= best.error.n


@pytest.mark.parametrize("seed", range(3))
def test_the_search_does_not_depend_on_the_order_of_rows_and_columns(seed):
    data, wrong = made(seed=seed)
    order = np.random.default_rng(seed).permutation(len(data))
    turned = data.iloc[order][data.columns[::-1]]

    assert lb.find_slices(data, wrong) == lb.find_slices(turned, wrong[::-1])


def test_errors_without_a_pattern_give_no_slices():
    """At most one in ten searches confirms one (promised: one in twenty), in 60 permutations."""
    data, wrong = made()
    rng = np.random.default_rng(0)
    found = [
        len(lb.find_slices(data, pd.Series(rng.permutation(wrong), wrong.index)).slices)
        for _ in range(60)
    ]

    assert sum(count > 0 for count in found) <= 6


def test_too_few_errors_find_nothing_and_say_so():
    data, wrong = made(40)
    found = lb.find_slices(data, wrong & False)

    assert (len(found.slices), found.tried) == (0, 0)
    assert "0 conditions and pairs were looked at" in plain_of(found._view())


def test_slices_refuse_what_is_none():
    data, wrong = made(40)
    with pytest.raises(lb.LabelingError, match="True or False"):
        lb.find_slices(data, wrong.astype(float) + 0.5)
    with pytest.raises(lb.LabelingError, match="not among the samples"):
        lb.find_slices(data, pd.Series({"nobody": True}))
    with pytest.raises(lb.LabelingError, match="columns of bool"):
        Slices(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(lb.LabelingError, match="Did you mean 'is_short'"):
        lb.apply_slices(is_short, COMMENTS).mask("is_shrt")

"""`Workbench.preview`: every number of a draft, known by hand, and what is shown of it."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError, LabelingFunctionError, UnknownLabelError
from labeling.functions import keywords
from tests.notebook.planted import GOLD, SCHEMA, TEXTS, free, link, love, samples, song, workbench


def test_numbers_of_a_draft_among_others():
    preview = workbench(song(), love()).preview(free())
    measures = preview.measures
    assert (measures.label, measures.votes, measures.n_samples) == ("spam", 3, 8)
    assert measures.new == 1  # c1: on c2 love votes, on c8 song
    assert (measures.overlaps, measures.conflicts) == (2, 2)
    assert (measures.coverage, measures.new_coverage) == (3 / 8, 1 / 8)
    assert (measures.precision.value, measures.precision.n) == (2 / 3, 3)
    assert measures.precision == lb.analysis.proportion(2, 3)
    assert measures.by_label == {}


def test_a_draft_is_not_added():
    made = workbench(song())
    made.preview(free())
    assert made.functions.names == ("song",)
    made.add(free())
    assert made.functions.names == ("song", "free")


def test_precision_of_each_label_where_it_votes_for_several():
    @lb.labeling_function
    def by_length(x):
        return "ham" if len(x.text) < 10 else "spam" if len(x.text) > 15 else None

    # ham on c2, c6, c8: right on c2 and c6; spam on c3, c4, c5, c7: right on c3, wrong on c4.
    measures = workbench().preview(by_length).measures
    assert measures.label == "ham, spam"
    right = {label: (round(e.value * e.n), e.n) for label, e in measures.by_label.items()}
    assert right == {"ham": (2, 3), "spam": (1, 2)}
    assert (measures.precision.value, measures.precision.n) == (3 / 5, 5)


def test_changes_against_the_version_in_the_set():
    made = workbench(free("money"), song())
    preview = made.preview(keywords("money", ["cash"], label="spam"))  # c1, c3 instead of 1, 2, 8
    assert (preview.diff.gained, preview.diff.lost, preview.diff.flipped) == (1, 2, 0)
    assert preview.measures.new == 2  # the old version is not counted as another function
    assert "Against the old version: 1 vote gained, 2 lost, 0 flipped" in repr(preview)
    assert "another version is in the set" in repr(preview)


def test_changes_of_a_function_in_the_set_are_those_against_the_version_it_replaced():
    made = workbench(free("money"))
    made.add(keywords("money", ["cash"], label="spam"))
    preview = made.preview("money")
    assert (preview.diff.gained, preview.diff.lost) == (1, 2)
    assert repr(preview).startswith("money (in the set)")


def test_flips_of_the_label_model_are_those_of_two_fits():
    made = workbench(song(), love())
    preview = made.preview(free())
    before = made.soft_labels().codes()
    made.add(free())
    after = made.soft_labels().codes()
    change = preview.model
    assert change.gained == int(((before < 0) & (after >= 0)).sum()) > 0
    assert change.flips == int(((before >= 0) & (after >= 0) & (before != after)).sum())
    assert change.lost == int(((before >= 0) & (after < 0)).sum())
    known = made.gold_codes >= 0
    is_right = (after == made.gold_codes)[known & (after >= 0)]
    assert (change.accuracy_after.value, change.accuracy_after.n) == (
        is_right.mean(),
        len(is_right),
    )
    assert change.rows().ids == sorted(change.rows().ids, key=change.rows().ids.index)
    assert set(change.rows().ids) == set(made.samples.index[before != after])


def test_the_label_model_is_fitted_only_when_its_numbers_are_asked_for(monkeypatch):
    made, fits = workbench(song(), love()), []
    original = made._fits.of
    monkeypatch.setattr(made._fits, "of", lambda f: fits.append(f) or original(f))
    preview = made.preview(free())
    assert preview.measures.votes == 3
    assert not fits
    assert preview.model.gained
    assert fits


def test_faults_are_counted_and_the_first_is_shown_with_its_place_and_sample():
    @lb.labeling_function(label="spam")
    def breaks(x):
        return {"first": 1}[x.text] > 0

    preview = workbench(song()).preview(breaks)
    assert len(preview.faults) == 7
    assert preview.measures.votes == 1
    text = repr(preview)
    assert "It raised an exception on 7 samples, and abstained there." in text
    assert f"On sample {preview.faults[0].sample_id!r}: KeyError" in text
    assert "test_preview.py:" in text


def test_a_function_that_raises_everywhere_is_shown():
    @lb.labeling_function(label="spam")
    def breaks(x):
        raise RuntimeError("<script>alert(1)</script>")

    preview = workbench(song()).preview(breaks)
    assert "It never votes." in repr(preview)
    assert "<script" not in preview._repr_html_()
    assert preview.to_frame().loc["breaks", "faults"] == 8


def test_without_a_dev_set_it_says_so():
    preview = workbench(song(), gold=None).preview(free())
    assert "There is no dev set" in repr(preview)
    assert preview.measures.precision.n == 0
    assert np.isnan(preview.to_frame().loc["free", "precision"])


def test_the_frame_has_all_numbers_of_the_function_in_a_row():
    row = workbench(song(), love()).preview(free()).to_frame().loc["free"]
    expected = {"votes": 3, "coverage": 3 / 8, "new_coverage": 1 / 8, "overlaps": 2 / 8, "n": 3}
    assert {name: row[name] for name in expected} == expected
    assert (row["gained"], row["lost"], row["flipped"]) == (3, 0, 0)
    assert row["precision_low"] < row["precision"] < row["precision_high"]


def test_the_examples_are_the_samples_on_which_it_votes_with_what_fired_marked():
    preview = workbench(song()).preview(free())
    assert set(preview.examples.ids) == {"c1", "c2", "c8"}
    assert "»free« love" in repr(preview)
    assert "<mark>Free</mark> song" in preview._repr_html_()
    assert preview.fired == (("free", 3),)


def test_it_does_not_depend_on_the_order_of_rows_nor_of_functions():
    first = workbench(song(), love(), link()).preview(free())
    backward = lb.Workbench(samples().iloc[::-1], SCHEMA, gold=GOLD)
    for lf in (link(), love(), song()):
        backward.add(lf)
    second = backward.preview(free())
    assert first.examples.ids == second.examples.ids
    unstable = ["seconds"]
    pd.testing.assert_frame_equal(
        first.to_frame().drop(columns=unstable), second.to_frame().drop(columns=unstable)
    )


def test_one_sample_and_no_other_function():
    made = lb.Workbench(pd.DataFrame({"text": ["free"]}), SCHEMA)
    preview = made.preview(free())
    assert (preview.measures.votes, preview.measures.new) == (1, 1)
    assert preview.model.gained == 1
    assert "1 sample" in repr(preview)


def test_samples_without_a_text_show_their_values():
    made = lb.Workbench(pd.DataFrame({"price": [3, 700], "size": [1, 2]}, index=["a", "b"]), SCHEMA)

    @lb.labeling_function(label="spam")
    def dear(x):
        return x.price > 100

    assert "price = 700, size = 2" in repr(made.preview(dear))


def test_a_text_column_that_was_named_must_be_there():
    with pytest.raises(DataError, match="no column 'body'"):
        workbench(text="body")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: 1, LabelingError, "labeling function"),
        ("fre", LabelingFunctionError, "Got 'fre'; there are: 'free'"),
        (keywords("eggs", ["eggs"], label="egg"), UnknownLabelError, "'egg' is not a label"),
        (keywords("eggs", ["eggs"], label="spam", column="txt"), DataError, "mean 'text'"),
    ],
)
def test_what_is_no_function_of_these_samples_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        workbench(free()).preview(wrong)


def test_texts_and_names_are_safe_to_show():
    hostile = {
        "<b>": "<script>alert('free')</script>",
        "rtl": "free \u202e desrever \u05e9\u05dc\u05d5\u05dd",
        "nul": "free\x00\ud800",
        "long": "x" * 10_000 + " free " + "y" * 10_000,
        "emoji": "free 🎉👩‍👩‍👧",
        "none": None,
    }
    frame = pd.DataFrame({"text": [*hostile.values()]}, [*hostile], dtype=object)
    made = lb.Workbench(frame, SCHEMA, gold={"<b>": "spam"})
    made.add(keywords("</style><img src=x>", ["free"], label="ham"))
    preview = made.preview(free())
    html, text = preview._repr_html_(), repr(preview)
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == 1
    assert len(html) < 20_000
    assert "\x00" not in html + text
    assert "\u202e" not in text
    html.encode("utf-8")
    text.encode("utf-8")
    assert "🎉" in html


def test_a_draft_runs_once_until_it_changes():
    calls = []

    @lb.labeling_function(label="spam", compile=False)
    def counting(x):
        calls.append(x.text)
        return "free" in x.text

    made = workbench(song())
    made.preview(free())
    first = made.preview(free())
    made.add(free())
    assert made.functions["free"].codes is first.voted.codes
    made.preview(counting)
    assert len(calls) == len(TEXTS)

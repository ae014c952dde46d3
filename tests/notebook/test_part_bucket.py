"""Buckets, conflicts and errors of spans and of several labels: which parts, and what of them."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError, UnknownLabelError
from labeling.rendering import Table
from tests.notebook.planted_parts import (
    GOLD_SPANS,
    NOTES,
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


def test_a_function_has_its_spans():
    made = span_workbench(first_names(), capitals())
    rows = made.bucket("first_names")
    assert sorted(places(rows)) == [
        "n1: Ann",
        "n1: Bob",
        "n2: Bob",
        "n4: Ann",
        "n5: Ann",
        "n5: Bob",
    ]
    assert set(rows.to_frame()["vote"]) == {"PER"}
    assert rows.to_frame().loc["n2", "others"] == "capitals: ORG"


def test_what_no_function_marks_of_the_gold_is_missed():
    made = span_workbench(first_names())
    rows = made.bucket(gold="any", vote="abstain")
    assert sorted(places(rows)) == ["n1: Ann Lee", "n2: Acme", "n4: Acme Inc"]
    assert rows.to_frame()["gold"].tolist().count("ORG") == 2
    assert rows.to_frame()["model"].tolist() == [None] * 3


def test_of_gold_that_is_none_and_of_samples_outside_of_the_dev_set():
    made = span_workbench(first_names(), full_names())
    assert places(made.bucket("first_names", gold="(none)")) == ["n1: Ann"]
    assert sorted(places(made.bucket("first_names", gold="none"))) == ["n5: Ann", "n5: Bob"]
    assert sorted(places(made.bucket("first_names", gold="PER"))) == [
        "n1: Bob",
        "n2: Bob",
        "n4: Ann",
    ]


def test_where_a_function_speaks_against_a_span():
    made = span_workbench(first_names(), full_names())
    rows = made.bucket("full_names", vote="(none)")
    assert sorted(places(rows)) == ["n1: Ann", "n5: Bob"]
    assert set(places(made.bucket("first_names", conflict_with="full_names"))) == set(places(rows))


def test_the_answers_of_the_label_model():
    made = span_workbench(first_names(), full_names())
    assert "n1: Ann" in places(made.bucket(model="(none)"))
    chosen = made.soft_labels().to_spans()
    assert len(made.bucket(model="any")) == len(chosen) == 6
    # Gold spans that no function speaks of are parts as well, on which the model has no answer.
    assert sorted(places(made.bucket(model="none"))) == ["n2: Acme", "n4: Acme Inc"]


def test_a_slice_is_one_of_samples():
    made = span_workbench(first_names())
    assert set(made.bucket(slice=lambda samples: samples.index == "n5").ids) == {"n5"}
    with pytest.raises(DataError, match="`slice` must be"):
        made.bucket(slice=[True])


def test_labels_of_samples_have_yes_and_no():
    made = set_workbench(happy(), angry())
    assert sorted(labels(made.bucket("angry", vote="(none)"))) == ["p2: joy", "p5: joy"]
    assert sorted(labels(made.bucket("angry", vote="anger"))) == ["p2: anger", "p5: anger"]
    assert len(made.bucket("angry")) == 4  # a no is an answer as well
    assert labels(made.bucket("happy", gold="(none)")) == ["p2: joy"]
    assert made.bucket("happy", gold="(none)").to_frame()["vote"].tolist() == ["yes"]


def test_what_is_no_label_is_refused_with_the_words_there_are():
    made = span_workbench(first_names())
    with pytest.raises(
        UnknownLabelError, match=r"must be one of 'PER', 'ORG', 'abstain', '\(none\)'"
    ):
        made.bucket(vote="(non)")
    with pytest.raises(LabelingFunctionError):
        made.bucket("first")


def test_what_is_wrong_with_spans():
    made = span_workbench(first_names(), capitals())
    frame = made.errors("capitals").to_frame()
    kinds = {
        (sample_id, span): error
        for sample_id, span, error in zip(frame.index, frame["span"], frame["error"], strict=True)
    }
    assert kinds == {
        ("n1", "Ann Lee"): "wrong label",
        ("n1", "Bob"): "wrong label",
        ("n2", "Bob"): "wrong label",
        ("n3", "No"): "spurious",
        ("n4", "Ann"): "wrong label",
    }
    frame = made.errors("first_names").to_frame()
    assert frame[["span", "error", "true span"]].values.tolist() == [
        ["Ann", "wrong edges", 'PER "Ann Lee" 0-7']
    ]


def test_errors_of_the_label_model_count_each_gold_span_once():
    made = span_workbench(first_names())
    rows = made.errors()
    frame = rows.to_frame().set_index("span")
    # Ann Lee is not missed: a span with wrong edges is there.
    assert frame["error"].to_dict() == {
        "Ann": "wrong edges",
        "Acme": "missed",
        "Acme Inc": "missed",
    }
    assert rows.to_frame()["span"].iloc[0] == "Ann"  # what no function speaks of comes last
    assert rows.title == "The label model is wrong about 3 spans of the dev set"
    assert rows.sentences[0] == "Errors: 1 wrong edges, 2 missed."
    assert "precision 0.750" in rows.sentences[1]
    assert "recall 0.500" in rows.sentences[1]


def test_a_gold_span_inside_a_right_one_is_missed():
    gold = {"n1": [(0, 7, "PER"), (4, 7, "ORG")]}
    made = span_workbench(full_names(), gold=gold)
    assert made.errors().to_frame()[["span", "error"]].values.tolist() == [["Lee", "missed"]]


def test_what_is_wrong_with_labels_of_samples():
    no_joy = said("no_joy", {"so": {"joy": False}})
    made = set_workbench(happy(), no_joy)
    assert made.errors("happy").to_frame()["error"].to_dict() == {"p2": "spurious"}
    assert made.errors("no_joy").to_frame()["error"].to_dict() == {"p1": "wrong no"}
    errors = made.errors().to_frame().set_index("label", append=True)["error"].to_dict()
    assert errors == {("p2", "joy"): "spurious", ("p2", "anger"): "missed"}


def test_who_is_right_in_conflicts():
    made = span_workbench(first_names(), full_names(), capitals())
    frame = made.conflicts().to_frame().set_index(["first", "second"])
    row = frame.loc[("first_names", "full_names")]
    # Ann of n1 and Bob of n5, which full_names has as longer ones.
    assert (row["both"], row["conflicts"], row["n"]) == (2, 2, 1)
    assert (row["first_right"], row["second_right"]) == (0.0, 1.0)
    # Ann Lee, Bob (n1), Bob (n2), Ann (n4), Bob Lee, Ann (n5): capitals contradicts Ann of n1, too.
    row = frame.loc[("first_names", "capitals")]
    assert (row["both"], row["conflicts"]) == (6, 6)
    assert (row["first_right"], row["second_right"]) == (3 / 4, 1 / 4)
    assert "both speak of" in repr(made.conflicts())


def test_functions_that_both_only_contradict_a_third_do_not_count_as_speaking_of_it():
    longer = found("longer", r"\w+ Lee met", "PER")
    made = span_workbench(first_names(), full_names(), longer)
    frame = made.conflicts().to_frame().set_index(["first", "second"])
    # Ann Lee, and Ann Lee met, which full_names lies inside of, and so does not speak of.
    assert frame.loc[("full_names", "longer"), "both"] == 1


def test_conflicts_of_two_functions_are_rows():
    made = set_workbench(happy(), angry())
    rows = made.conflicts("happy", "angry")
    assert labels(rows) == ["p2: joy"]
    assert rows.to_frame()[["vote", "other_vote"]].values.tolist() == [["yes", "no"]]
    assert rows.sentences[1].startswith("angry is right in these conflicts on the dev set: 1.000")
    assert len(made.conflicts("angry")) == 1
    with pytest.raises(LabelingFunctionError, match="Two different functions"):
        made.conflicts("happy", "happy")


def test_what_conflicts_with_a_function_alone_is_of_any_other():
    made = span_workbench(first_names(), full_names())
    rows = made.bucket(conflict_with="first_names")
    assert sorted(places(rows)) == ["n1: Ann", "n5: Bob"]
    assert set(rows.to_frame()["other_vote"]) == {"PER"}
    assert set(rows.to_frame()["others"]) == {"full_names: (none)"}


def test_the_most_confident_errors_come_first():
    made = span_workbench(first_names(), capitals(), found("more", "[A-Z]\\w+", "ORG"))
    for lf in (None, "capitals"):
        frame = made.errors(lf).to_frame()
        model = frame["model"] if lf is None else frame["model"].where(frame["model"] == "ORG")
        p = frame["model_probability"].where(model.notna(), 1 - frame["model_probability"])
        assert len(p) > 4
        assert (np.diff(p.fillna(-1).round(6)) <= 0).all()


def test_what_fired_is_marked_where_samples_have_labels():
    made = set_workbench(lb.functions.keywords("glad", ["happy"], label="joy"))
    assert "»happy«" in repr(made.bucket("glad"))
    assert "<mark>happy</mark>" in made.errors()._repr_html_()


def test_looks_at_the_dev_set_are_counted():
    made = span_workbench(first_names())
    made.bucket()
    made.errors()
    made.conflicts()
    assert made.looks_at_dev == 3


def test_rows_do_not_depend_on_the_order_of_samples_nor_of_functions():
    first = span_workbench(first_names(), full_names(), capitals())
    frame = pd.DataFrame({"text": list(NOTES.values())}, index=list(NOTES)).iloc[::-1]
    second = lb.Workbench(frame, SPANS, gold=dict(reversed(GOLD_SPANS.items())))
    for lf in (capitals(), full_names(), first_names()):
        second.add(lf)
    for rows, others in [
        (first.bucket(), second.bucket()),
        (first.errors(), second.errors()),
        (first.bucket("capitals", model="any"), second.bucket("capitals", model="any")),
    ]:
        expected, got = rows.to_frame(), others.to_frame()
        assert len(expected)
        columns = [name for name in expected if name not in ("others", "model_probability")]
        pd.testing.assert_frame_equal(got[columns], expected[columns])
        p = [frame["model_probability"].to_numpy() for frame in (got, expected)]
        np.testing.assert_allclose(*p, atol=1e-9)


def test_the_first_rows_are_of_different_samples():
    made = span_workbench(first_names())
    ids = made.bucket("first_names").ids
    assert len(set(ids[:4])) == 4


@pytest.mark.parametrize("gold", [None, {"n3": []}])
def test_without_gold_spans_or_functions(gold):
    made = span_workbench(gold=gold)
    for rows in (made.bucket(), made.errors(), made.conflicts()):
        assert len(rows.to_frame()) == 0
        assert repr(rows)
        assert rows._repr_html_()
    made.add(first_names())
    assert len(made.errors()) == 0
    assert repr(made.errors())


def test_long_texts_are_cut_to_a_window_around_the_span():
    made = span_workbench(first_names(), notes={"n1": "x " * 5000 + "Ann" + " y" * 5000}, gold=None)
    text = repr(made.bucket())
    assert "[Ann PER]" in text
    assert len(text) < 600


@pytest.mark.parametrize("name", ["gold", "text", "id", "label model"])
def test_a_function_called_like_another_column_is_shown_beside_it(name):
    made = span_workbench(found(name, "Ann", "PER"))
    (table,) = (part for part in made.bucket(name)._view().parts if hasattr(part, "headings"))
    assert table.headings == ("id", "text", name, "gold", "label model")


def test_labels_of_samples_without_a_text_show_their_values():
    frame = pd.DataFrame({"price": [3, 700], "size": [1, 2]}, index=["a", "b"])
    made = lb.Workbench(frame, lb.LabelSchema(["dear", "big"], kind="several"), {"b": ["big"]})

    @made.lf
    def dear(x):
        return {"dear"} if x.price > 100 else None

    assert "price = 700, size = 2" in repr(made.bucket("dear"))
    for result in (made.preview("dear"), made.errors(), made.uncovered(), made.summary()):
        assert repr(result)


def test_beside_a_label_only_what_speaks_of_it_is_marked():
    gold = {"p1": ["joy"], "p2": ["joy", "anger"]}
    made = set_workbench(happy(), said("cross", {"angry": {"anger": True}}), gold=gold)
    assert marked(made.bucket(gold="any")) == {("joy", "happy"), ("anger", "angry")}
    alone = set_workbench(happy(), gold=gold)
    assert marked(alone.bucket(gold="any", vote="abstain")) == set()
    assert marked(alone.errors()) == set()  # anger of p2, of which no function speaks


def marked(rows):
    """The marks that are shown beside labels, as label and the marked text."""
    (table,) = [part for part in rows._view().parts if isinstance(part, Table)]
    at = table.headings.index("label"), table.headings.index("text")
    return {
        (row[at[0]], row[at[1]].text[start:end])
        for row in table.rows
        for start, end in row[at[1]].marks
    }

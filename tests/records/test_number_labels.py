"""Where labels are called "1" to "5", a number means the label of that name, everywhere."""

import datetime
import enum
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import labeling as lb
from labeling.errors import GoldError, LabelingFunctionError, UnknownLabelError
from labeling.functions import crowd, lookup, model, regex
from tests.support import studio_loop

STARS = lb.LabelSchema(["1", "2", "3", "4", "5"])
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Stars(enum.IntEnum):
    ONE = 1
    TWO = 2
    THREE = 3
    FOUR = 4
    FIVE = 5


FORMS = {
    "text": str,
    "int": int,
    "numpy int": np.int64,
    "unsigned": np.uint8,
    "enum": Stars,
    "numpy text": np.str_,
}
form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())

TRUTH = [3, 1, 5, 2, 4, 1, 2, 5, 3, 4]
SAMPLES = pd.DataFrame(
    {"text": [f"{stars} stars" for stars in TRUTH], "stars": TRUTH},
    index=[f"s{place}" for place in range(len(TRUTH))],
)
NAMES = [str(stars) for stars in TRUTH]


def decided(votes):
    return votes.to_frame().iloc[:, 0].tolist()


@form
def test_what_labeling_functions_return_is_a_name(form):
    @lb.labeling_function
    def stars(x):
        return form(x.stars)

    @lb.labeling_function
    def every_other(x):
        return form(x.stars) if x.stars % 2 else -1

    votes = lb.apply([stars, every_other], SAMPLES, STARS)

    assert NAMES == decided(votes)
    assert votes.to_array()[3, 1] == lb.ABSTAIN


@form
def test_a_label_that_is_given_is_a_name(form):
    lfs = [
        regex("five", "5 stars", label=form(5)),
        lookup("table", {"2 stars": form(2), "3 stars": None}, column="text"),
        lookup("four", {"4 stars"}, label=form(4), column="text"),
    ]
    votes = lb.apply(lfs, SAMPLES, STARS).to_frame()

    assert [5, 2, 4] == [int(votes[name].dropna().unique().item()) for name in votes]
    assert votes.notna().sum().tolist() == [2, 2, 2]


@form
def test_what_people_said_is_a_name(form):
    table = pd.DataFrame({"sample": SAMPLES.index, "label": [form(one) for one in TRUTH]})
    table["label"] = table["label"].astype(object)
    table = table.assign(voter="ann", annotator="ann")
    said = [
        lb.Annotation(one, who, form(stars), NOW, NOW)
        for one, stars in zip(SAMPLES.index, TRUTH, strict=True)
        for who in ("ann", "bob")
    ]
    replay = lb.Replay(table, STARS, votes_per_sample=1, reviewer={"s0": form(3)})
    replay.push(lb.Batch(pd.DataFrame({"stratum": "random"}, index=SAMPLES.index)), SAMPLES)

    assert NAMES == decided(lb.Votes.from_triples(table, schema=STARS))
    assert NAMES == decided(
        lb.apply(crowd(table, by="id"), SAMPLES.assign(id=SAMPLES.index), STARS)
    )
    assert NAMES == [one.label for one in lb.review(said, STARS).gold]
    assert dict(zip(SAMPLES.index, NAMES, strict=True)) == {
        one.sample_id: one.label for one in replay.pull()
    }


@form
def test_gold_labels_are_names(form):
    votes = lb.Votes.from_array([[stars - 1] for stars in TRUTH], schema=STARS)
    votes = lb.Votes(votes.to_array(), SAMPLES.index, ("reader",), STARS)
    series = pd.Series([form(stars) for stars in TRUTH], index=SAMPLES.index)
    records = [lb.GoldLabel(one, label) for one, label in series.items()]
    soft = lb.label_models.MajorityVote().fit(votes).predict_proba(votes)

    for gold in (series, series.astype(object), dict(series.items()), records):
        assert lb.lf_summary(votes, gold)["accuracy"].tolist() == [1.0]
        train = lb.build_training_set(SAMPLES, soft, gold=gold)
        assert NAMES == train.to_pandas()["label"].tolist()


@form
def test_shares_and_costs_are_by_name(form):
    soft = lb.SoftLabels([[0.5, 0.3, 0.2, 0, 0]], pd.Index(["a"]), STARS, [True])
    shares = {form(1): 0.6, form(2): 0.1, form(3): 0.1, form(4): 0.1, form(5): 0.1}
    votes = lb.Votes.from_array([[0], [1]], schema=STARS)
    fitted = lb.label_models.DawidSkene().fit(votes, class_balance=shares)

    assert soft.to_labels(optimize={form(1): {form(2): -9.0}}).tolist() == ["2"]
    assert fitted.class_balance_.tolist() == pytest.approx([0.6, 0.1, 0.1, 0.1, 0.1])


@pytest.mark.parametrize("classes", [TRUTH, NAMES, np.array(TRUTH, dtype=np.uint8)])
def test_the_classes_of_a_model_are_names(classes):
    samples = pd.DataFrame(np.eye(6)[TRUTH], index=SAMPLES.index, columns=list("abcdef"))
    fitted = LogisticRegression(C=1e6, max_iter=1_000).fit(samples, classes)
    lf = model("fitted", fitted, column=list("abcdef"))

    assert NAMES == decided(lb.apply(lf, samples, STARS))


@pytest.mark.parametrize("wrong", [0, 6, -2, np.int64(0)])
def test_a_number_that_is_no_name_is_refused(wrong):
    """A code would be a label one off, and nobody would see it."""
    table = pd.DataFrame(
        {"sample": ["a"], "voter": ["ann"], "annotator": ["ann"], "label": [wrong]}
    )
    votes = lb.Votes.from_array([[0]], schema=STARS, sample_ids=["a"])
    doors = [
        lambda: STARS.index(wrong),
        lambda: lb.Votes.from_triples(table, schema=STARS),
        lambda: lb.Replay(table, STARS),
        lambda: lb.lf_summary(votes, pd.Series({"a": wrong})),
        lambda: lb.review([lb.Annotation("a", "ann", wrong, NOW, NOW)], STARS),
        lambda: lb.LabelModel().fit(votes, class_balance={wrong: 1.0}),
        lambda: lb.apply(regex("x", "x", label=wrong), SAMPLES, STARS),
    ]
    for door in doors:
        with pytest.raises(
            UnknownLabelError, match=r"Numbers are names.*codes are for Votes\.from_array"
        ):
            door()
    with pytest.raises(
        LabelingFunctionError, match=r"must return a label .*, its number, or ABSTAIN"
    ):
        lb.apply(lb.labeling_function(lambda x: wrong, name="rule"), SAMPLES, STARS)


def test_codes_stay_codes_in_arrays_and_where_no_label_is_called_by_a_number():
    plain = lb.LabelSchema(["ham", "spam"])

    assert lb.Votes.from_array([[4]], schema=STARS).to_frame().iloc[0, 0] == "5"
    assert [plain.index(code) for code in (0, 1, np.int8(1))] == [0, 1, 1]
    assert [STARS.index(name) for name in ("1", 1, Stars.FIVE)] == [0, 0, 4]


def test_only_the_plain_text_of_a_number_is_meant_by_it():
    schema = lb.LabelSchema(["01", "1", "+2", "٣", "-7", "none"])

    assert [schema.index(name) for name in ("01", "1", 1, -7)] == [0, 1, 1, 4]
    for wrong in (2, 3):
        with pytest.raises(UnknownLabelError, match="Numbers are names"):
            schema.index(wrong)


@pytest.mark.parametrize(
    "labels", [["01", "02"], ["1.0", "2.0"], ["+1", "+2"], ["\u0661", "\u0662"]]
)
def test_no_int_is_a_code_where_labels_look_like_numbers_otherwise_written(labels):
    """Else 1 would be the second label, "02", in silence."""
    schema = lb.LabelSchema(labels)

    with pytest.raises(UnknownLabelError, match="Numbers are names"):
        schema.index(1)
    with pytest.raises(LabelingFunctionError, match="returned 1"):
        lb.apply(lb.labeling_function(lambda x: 1, name="rule"), SAMPLES, schema)
    rule = lb.labeling_function(lambda x: labels[1], name="rule")
    assert set(lb.apply(rule, SAMPLES, schema)["rule"]) == {labels[1]}


def test_no_label_is_called_what_means_abstaining():
    with pytest.raises(lb.LabelingError, match="must not be called '-1', since -1 means"):
        lb.LabelSchema(["-1", "1"])


def test_bools_and_floats_are_no_names():
    for wrong, message in (
        (True, "this is a bool"),
        (1.0, r"a float; .astype\('Int64'\)"),
        (1.5, "a float.$"),
    ):
        with pytest.raises(UnknownLabelError, match=message):
            STARS.index(wrong)


def test_a_balance_that_gives_a_label_two_shares_is_refused():
    votes = lb.Votes.from_array([[0]], schema=lb.LabelSchema(["1", "2"]))
    with pytest.raises(GoldError, match="Given twice, by name or number: '1'"):
        lb.LabelModel().fit(votes, class_balance={1: 0.2, "1": 0.3, "2": 0.5})


@pytest.mark.parametrize(
    ("labels", "value", "name"),
    [
        (["1", "2"], 1, "1"), (["1", "2"], 1.0, "1"),
        (["1", "2"], Decimal("2.00"), "2"), (["1", "2"], np.float32(2), "2"),
        (["1", "2"], 1.5, 1.5), (["1", "2"], 3, 3),
        (["True", "False"], True, "True"), (["1", "2"], True, True),
        (["1.0", "2.0"], 1.0, "1.0"), (["nan", "None"], None, None), (["ham", "spam"], 1, 1),
    ],
)  # fmt: skip
def test_what_a_reader_of_files_made_of_a_label_is_undone(labels, value, name):
    found = lb.LabelSchema(labels).recorded(value)

    assert (type(name), name) == (type(found), found)


CONFIG = """
data: {path: samples.SUFFIX, id: key, gold: stars, locked: 0}
labels: ["1", "2", "3", "4", "5"]
labeling_functions: [rules.py]
export: {folder: out}
"""
RULES = """
from labeling import labeling_function

@labeling_function
def first_letter(x):
    return int(x.text[0])
"""


def exported(folder, suffix, stars):
    folder.mkdir()
    frame = pd.DataFrame({"key": SAMPLES.index, "text": SAMPLES["text"].tolist(), "stars": stars})
    if suffix == "csv":
        frame.to_csv(folder / "samples.csv", index=False)
    else:
        frame.to_parquet(folder / "samples.parquet")
    (folder / "project.yaml").write_text(CONFIG.replace("SUFFIX", suffix), "utf-8")
    (folder / "rules.py").write_text(RULES, "utf-8")
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    train = project.export()
    return votes.to_frame(), project.data.dev, train.to_pandas()[["label", "confidence", "source"]]


def test_a_project_ends_the_same_whatever_form_its_gold_labels_have(tmp_path):
    gaps = [*TRUTH[:-2], None, None]
    forms = {
        "text": ("parquet", [None if one is None else str(one) for one in gaps]),
        "csv": ("csv", pd.Series(gaps, dtype="Int64")),
        "int": ("parquet", pd.Series(gaps, dtype="Int64")),
        "float": ("parquet", pd.Series(gaps, dtype="float64")),
        "csv of floats": ("csv", pd.Series(gaps, dtype="float64")),
    }
    found = {name: exported(tmp_path / name, *form) for name, form in forms.items()}

    for votes, gold, train in found.values():
        assert NAMES == votes["first_letter"].tolist()
        assert NAMES[:-2] == gold.tolist()
        pd.testing.assert_frame_equal(found["text"][2], train)


def test_one_row_gives_the_same_vote_outside_of_apply():
    lf = lookup("table", {1: 1, 2: np.int64(2)}, column="stars")

    assert [lf(SimpleNamespace(stars=stars)) for stars in (1, 2, 3)] == [1, 2, -1]


def test_what_people_say_in_label_studio_is_a_name(studio):
    """Choices, prelabels and what comes back: a "3" is the label "3"."""
    platform = studio_loop.studio_of(studio, "stars", schema=STARS, prelabels="shown")
    soft = lb.SoftLabels(np.eye(5)[[2, 0]], pd.Index(["s0", "s1"]), STARS, [True, True])
    platform.push(lb.Batch(pd.DataFrame(index=["s0", "s1"])), SAMPLES, soft)
    ann, *_ = studio_loop.people(studio)
    tasks = studio_loop.tasks(studio, "stars")
    ann.label(tasks["s0"]["id"], "3")
    ann.label(tasks["s1"]["id"], "5")

    assert {one.sample_id: one.label for one in platform.pull()} == {"s0": "3", "s1": "5"}
    assert tasks["s0"]["predictions"][0]["result"][0]["value"]["choices"] == ["3"]

"""Problem lists: a file that people edit, priorities with intervals, a history over releases."""

import pandas as pd
import pytest

import labeling as lb
from labeling.analysis import problem_history, quality_views
from labeling.analysis.problems import KnownProblem
from labeling.analysis.quality_views import history_view
from labeling.analysis.slices.masks import Slices
from labeling.rendering.html import html_of

SCHEMA = lb.LabelSchema(["bad", "good"])
IDS = [f"s{number}" for number in range(100)]
GOLD = pd.Series(["bad"] * 50 + ["good"] * 50, IDS)
LABELS = GOLD.mask(GOLD.index.isin(IDS[:10]), "good")
SLICES = Slices.of_ids({"first": IDS[:20], "last": IDS[80:]}, IDS)
FILE = """
problems:
  - name: sarcasm
    description: Praise that is meant as blame.
    slice: first
    harm: 5
    owner: ann
  - name: old clients
    ids: [s1, s2, s90]
    affected: 0.02
    status: watching
"""


@pytest.fixture
def problems(tmp_path):
    (tmp_path / "problems.yaml").write_text(FILE)
    return lb.ProblemList.read(tmp_path / "problems.yaml")


def test_priority_is_affected_times_error_times_harm(problems):
    table = problems.measure(LABELS, GOLD, slices=SLICES, schema=SCHEMA)
    frame = table.to_frame()

    assert frame.index.tolist() == ["sarcasm", "old clients"]
    assert frame.loc["sarcasm", "error"] == 0.5
    assert frame.loc["sarcasm", "priority"] == pytest.approx(0.2 * 0.5 * 5)
    assert frame.loc["old clients", "priority"] == pytest.approx(0.02 * 2 / 3 * 1)
    assert frame["n"].tolist() == [20, 3]
    assert (frame["priority_low"] < frame["priority"]).all()
    assert (frame["priority"] < frame["priority_high"]).all()
    assert table.problems[1].is_affected_stated


def test_what_is_not_known_is_said_and_comes_last(problems):
    unknown = KnownProblem("rare", ids=["s4"])
    unlabelled = KnownProblem("unseen", slice="last")
    listed = lb.ProblemList([unknown, unlabelled, *problems.problems])
    table = listed.measure(LABELS, GOLD[:50], slices=SLICES, schema=SCHEMA).to_frame()

    assert table.index.tolist() == ["sarcasm", "old clients", "rare", "unseen"]
    assert "which share of users" in table.loc["rare", "note"]
    assert table.loc["unseen", "note"] == "no test row has a gold label"


def test_a_list_is_read_as_it_was_written(problems, tmp_path):
    problems.write(tmp_path / "again.yaml")
    again = lb.ProblemList.read(tmp_path / "again.yaml")
    again.write(tmp_path / "third.yaml")

    assert problems == again
    assert (tmp_path / "again.yaml").read_bytes() == (tmp_path / "third.yaml").read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("problems: [{name: x, slice: a, harm: 6}]", "1 to 5"),
        ("problems: [{name: x, slice: a, ids: [1]}]", "either 'slice' or 'ids'"),
        ("problems: [{name: x}]", "either 'slice' or 'ids'"),
        ("problems: [{name: x, slice: a, status: opne}]", "Did you mean 'open'"),
        ("problems: [{name: x, slice: a, afected: 1}]", "Did you mean 'affected'"),
        ("problems: [{name: x, slice: a, affected: 3}]", "share from 0 to 1"),
        ("problems: [{slice: a}]", "must have a name"),
        ("problems: [{name: x, ids: s1}]", "must be a list"),
        ("problems: [{name: x, slice: a}, {name: x, slice: b}]", "different names"),
        ("problem: []", "one key, 'problems'"),
        ("problems: [", "YAML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text, message, tmp_path):
    (tmp_path / "problems.yaml").write_text(text)

    with pytest.raises(lb.LabelingError, match=message):
        lb.ProblemList.read(tmp_path / "problems.yaml")


def test_a_missing_file_or_slice_is_an_error(problems, tmp_path):
    with pytest.raises(lb.LabelingError, match="cannot be read"):
        lb.ProblemList.read(tmp_path / "nowhere.yaml")
    with pytest.raises(lb.LabelingError, match="names the slice 'first'"):
        problems.measure(LABELS, GOLD, schema=SCHEMA)
    few = Slices.of_ids({"other": []}, IDS)
    with pytest.raises(lb.LabelingError, match="no slice 'first'"):
        problems.measure(LABELS, GOLD, slices=few, schema=SCHEMA)


def test_a_history_draws_the_errors_of_releases(problems):
    pytest.importorskip("matplotlib", reason="it comes with [plots]")
    first = problems.measure(LABELS, GOLD, slices=SLICES, schema=SCHEMA)
    second = lb.ProblemList(problems.problems[:1]).measure(GOLD, GOLD, slices=SLICES, schema=SCHEMA)
    history = problem_history({"r1": first, "r2": second})
    frame = history.to_frame()

    assert list(history.errors) == ["sarcasm", "old clients"]
    assert history.errors["old clients"][1] is None
    assert frame["error"].tolist() == [0.5, 0.0, pytest.approx(2 / 3)]
    page = html_of(history_view(history))
    assert "<svg" in page
    assert "var(--main)" in page
    assert page == html_of(history_view(history))


def test_the_views_of_a_report_hold_what_is_given_and_say_what_is_missing(problems):
    pytest.importorskip("cleanlab", reason="it comes with [quality]")
    soft = lb.SoftLabels(
        [[0.9, 0.1] if label == "bad" else [0.1, 0.9] for label in GOLD],
        pd.Index(IDS),
        SCHEMA,
        [True] * 100,
    )
    samples = pd.DataFrame({"source": ["mail"] * 20 + ["web"] * 80}, index=IDS)
    views = quality_views(
        LABELS,
        SCHEMA,
        soft=soft,
        gold=GOLD[:90],
        samples=samples,
        slices=SLICES,
        problems=problems,
    )
    titles = [view.title for view in views]

    assert titles == [
        "Quality of labels on 90 gold labels",
        "Model: Quality of labels on 90 gold labels",
        "All 100 samples, estimated from 90 gold labels",
        "0 slices with more errors than the rest",
        "Quality by slice: 2 slices, 90 gold labels",
        "2 problems by priority",
        "Likely label errors among 100 samples",
        "Not measured",
    ]
    assert views[-1].parts == ("the behaviour of a model needs tests (labeling.behaviour).",)
    assert all("<script" not in html_of(view) for view in views)
    of_model = [
        view.title for view in quality_views(soft.to_labels(), SCHEMA, soft=soft, gold=GOLD)
    ]
    assert of_model == ["Model: Quality of labels on 100 gold labels", "Not measured"]
    nothing = quality_views(LABELS, SCHEMA)
    assert [view.title for view in nothing] == ["Not measured"]
    assert len(nothing[0].parts) == 3

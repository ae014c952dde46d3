"""Every object of the public API shows itself: as HTML that is safe, and as one line of text."""

import dataclasses
import enum
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.engine.columns.explain import Explanations
from labeling.records import Fetched
from labeling.rendering import Displayed
from labeling.rendering.html import STYLE, html_of
from labeling.rendering.plain import plain_of
from tests.support.safe_html import NAME, TEXT, check_html
from tests.support.shown_objects import ABSTRACT, Shown, public_classes

# Classes that are not shown as objects in a cell, and why.
EXEMPT = {
    "Engine": "runs partitions; a user passes its name",
    "FittedModels": "holds the config, which may hold a password",
    "Learner": "holds the config, which may hold a password",
    "Outbox": "a protocol",
}


def shown_classes():
    return [
        kind
        for kind in public_classes()
        if kind.__name__ not in EXEMPT
        # The notebook has tests of its own; parts of a view are not shown by themselves.
        and not kind.__module__.startswith(("labeling.notebook", "labeling.rendering"))
        and not issubclass(kind, (Exception, enum.Enum))
        and not (issubclass(kind, tuple) and hasattr(kind, "_fields"))  # cannot have a base class
    ]


CLASSES = [*shown_classes(), Explanations]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return Shown(TEXT, NAME, tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_of_the_public_api_shows_itself(kind):
    assert issubclass(kind, Displayed)
    assert kind.__repr__ is not object.__repr__


def test_the_walk_finds_classes_that_only_calls_and_attributes_give():
    names = {kind.__name__ for kind in public_classes()}

    assert {"Votes", "Escalation", "Status", "Agreement", "Checkpoint", "Disagreement"} <= names
    assert set(EXEMPT) <= names


@pytest.mark.parametrize(
    "kind", [kind for kind in CLASSES if kind not in ABSTRACT], ids=lambda kind: kind.__name__
)
def test_hostile_texts_are_shown_safely(kind, hostile):
    shown = hostile.of(kind)

    page, view, line = shown._repr_html_(), shown._view(), repr(shown)

    check_html(page)
    plain = plain_of(view)
    plain.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", plain)
    assert page == shown._repr_html_()
    assert "\n" not in line
    line.encode("utf-8")
    assert len(line) < 3_000


def test_data_is_in_what_is_shown(hostile):
    """What the test above checks is not empty."""
    for kind in (lb.Votes, lb.SoftLabels, lb.LabelSchema, lb.Verdict, lb.TrainingSet, lb.Batch):
        assert "alert(" in hostile.of(kind)._repr_html_(), kind
    assert "in the source" in hostile.of(lb.LabelingFunction)._repr_html_()


def test_a_token_is_never_shown(hostile):
    platform = hostile.of(lb.LabelStudio)

    assert "s3cr3t" not in platform._repr_html_() + repr(platform) + plain_of(platform._view())


def test_a_long_line_is_clipped(tmp_path):
    shown = Shown("x" * 10_000, "spam", tmp_path)
    for kind in (lb.Annotation, lb.Batch, lb.Verdict, lb.TrainingSet, lb.SoftLabels, Fetched):
        assert len(shown.of(kind)._repr_html_()) - len(STYLE) < 9_000, kind


def test_a_project_that_cannot_be_read_says_so(tmp_path):
    project = Shown("x", "spam", tmp_path).of(lb.Project)
    project.apply()
    assert "40 samples" in project._repr_html_()
    assert "Next:" in project._repr_html_()

    database = next((tmp_path / ".labeling").rglob("labeling.db"))
    database.write_bytes(b"no database" * 100)

    assert "The status cannot be read" in project._repr_html_()


def test_a_platform_of_another_package_shows_no_attribute():
    class Other(lb.Replay):
        __repr__ = lb.Replay.__mro__[1].__repr__

        def __init__(self):
            self.token = "s3cr3t"

    assert "s3cr3t" not in repr(Other()) + Other()._repr_html_()


def test_records_are_pickled_and_compared_as_before(hostile):
    for kind in (lb.LabelSchema, lb.AskAgain, lb.GoldLabel, lb.Annotation, lb.ReviewPolicy):
        value = hostile.of(kind)
        again = pickle.loads(pickle.dumps(value))
        assert value == again
        assert hash(value) == hash(again)
        assert not hasattr(value, "__dict__"), kind
    assert dataclasses.is_dataclass(lb.Votes)


def test_counts_of_votes_are_those_of_the_summary():
    rng = np.random.default_rng(0)
    codes = rng.integers(-1, 3, (200, 4))
    codes[:, 3] = np.where(codes[:, 3] == 1, 1, -1)
    schema = lb.LabelSchema(["a", "b", "c"])
    dense = lb.Votes.from_array(codes, schema=schema)
    sparse = lb.Votes.from_triples(dense.to_triples(), schema=schema)
    summary = lb.lf_summary(dense)

    for votes in (dense, sparse.of_voters(dense.voters)):
        rows = votes._view().parts[2].rows
        assert [row[2] for row in rows] == summary["votes"].tolist()
        assert np.allclose([row[3].value * len(votes) for row in rows], summary["votes"], atol=200)
    rows = dense._view().parts[2].rows
    assert [row[3].value for row in rows] == summary["coverage"].tolist()
    assert [row[4].value for row in rows] == summary["conflicts"].tolist()
    assert [row[1].text for row in rows] == ["several labels"] * 3 + ["b"]


def test_ties_and_uncovered_samples_are_told_apart():
    soft = lb.SoftLabels(
        [[0.5, 0.5], [0.2, 0.8], [0.5, 0.5]],
        pd.Index(["a", "b", "c"]),
        lb.LabelSchema(["ham", "spam"]),
        [True, True, False],
    )
    text = plain_of(soft._view())

    assert "3 samples, 2 covered" in text
    assert "1 sample is tied" in text
    assert re.search(r"a +tie ", text)
    assert re.search(r"c +uncovered ", text)


def test_the_shares_of_many_soft_labels_are_those_of_a_part_and_say_so():
    n = 50_000
    soft = lb.SoftLabels(
        np.tile([0.3, 0.7], (n, 1)), pd.RangeIndex(n), lb.LabelSchema(["ham", "spam"]), [True] * n
    )

    assert "16,667 covered samples at equal distances" in soft._repr_html_()


def test_a_labeling_function_is_shown_with_its_reason_source_and_how_it_runs():
    @lb.labeling_function(label="spam")
    def has_link(x):
        "A link is nearly always spam."
        return "http" in x.text

    text = plain_of(has_link._view())

    assert "A link is nearly always spam." in text
    assert 'return "http" in x.text' in text
    assert "has_link runs " in text
    assert "Votes for 'spam' where it returns True." in text
    ready = lb.functions.keywords("offer", ["free"], label="spam")
    assert "def " not in plain_of(ready._view())


def test_several_explanations_are_a_table():
    lfs = [lb.functions.keywords(name, ["free"], label="spam") for name in ("one", "two")]
    explained = lb.explain(lfs)

    assert isinstance(explained, list)
    assert "How 2 labeling functions run" in html_of(explained._view())

"""Labels are read from cells of files in every usual form, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from labeling.errors import DataError, LabelingError, UnknownLabelError
from labeling.records import LabelSchema, Span, is_label_of, read_label

ONE = LabelSchema(["ham", "spam"])
SETS = LabelSchema(["joy", "anger", "a; b"], kind="several")
SPANS = LabelSchema(["PER", "ORG"], kind="spans")
BOB = (Span(0, 3, "PER"),)


@pytest.mark.parametrize("cell", [None, float("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("schema", [ONE, SETS, SPANS])
def test_an_empty_cell_is_no_label(schema, cell):
    assert read_label(cell, schema) is None


@pytest.mark.parametrize("schema", [SETS, SPANS])
def test_a_blank_text_is_an_empty_cell_and_not_an_empty_label(schema):
    assert read_label(" ", schema) is None


@pytest.mark.parametrize(
    ("cell", "label"),
    [
        ("joy", {"joy"}),
        ("joy; anger", {"joy", "anger"}),
        ("joy;anger;", {"joy", "anger"}),
        ('["anger"]', {"anger"}),
        ("[]", set()),
        ("a; b", {"a; b"}),
        (["joy"], {"joy"}),
        ({"joy"}, {"joy"}),
        (np.array(["joy", "anger"]), {"joy", "anger"}),
        (1, {"anger"}),
        ([], set()),
    ],
)
def test_several_labels(cell, label):
    assert frozenset(label) == read_label(cell, SETS)


@pytest.mark.parametrize(
    "cell",
    [
        '[[0,3,"PER"]]',
        '[{"start": 0, "end": 3, "label": "PER", "text": "Bob"}]',
        [(0, 3, "PER")],
        [[0, 3, 0]],
        BOB,
        np.array([{"start": np.int64(0), "end": np.int64(3), "label": "PER"}], dtype=object),
    ],
)
def test_spans(cell):
    assert BOB == read_label(cell, SPANS, "Bob ran.")


def test_no_span_is_an_answer():
    assert read_label("[]", SPANS) == () == read_label([], SPANS)


@pytest.mark.parametrize(
    ("cell", "schema", "error", "message"),
    [
        ("hm", ONE, UnknownLabelError, "Did you mean 'ham'"),
        ("joyy", SETS, UnknownLabelError, "Did you mean 'joy'"),
        ('["joy"', SETS, DataError, "must be JSON"),
        ({"joy": True}, SETS, DataError, "set or list of names"),
        ("Bob", SPANS, DataError, "must be JSON such as"),
        ('{"start": 0, "end": 3, "label": "PER"}', SPANS, DataError, "must be a list"),
        ('[[0, 3.5, "PER"]]', SPANS, DataError, "whole numbers"),
        ('[[0, 99, "PER"]]', SPANS, DataError, "end within its text"),
        ('[[0, 3, "PRE"]]', SPANS, UnknownLabelError, "Did you mean 'PER'"),
        (7, SPANS, DataError, "must be a list"),
    ],
)
def test_what_is_no_label_is_refused(cell, schema, error, message):
    with pytest.raises(error, match=message):
        read_label(cell, schema, "Bob ran.")


def test_which_labels_a_schema_has():
    assert is_label_of(BOB, SPANS)
    assert is_label_of(frozenset(), SETS)
    assert not is_label_of(frozenset({"fear"}), SETS)
    assert not is_label_of("joy", SETS)
    assert not is_label_of("joy", ONE)
    assert issubclass(DataError, LabelingError)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError, GoldError, LabelingError, UnknownLabelError
from labeling.records import class_balance_array, gold_codes, random_order

# SoftLabels


@pytest.mark.parametrize(
    "row", [[0.5, 0.6], [1.5, -0.5], [float("nan"), 1], [float("inf"), 0], [0, 0]]
)
def test_soft_labels_that_are_no_probabilities_are_refused_with_the_sample(schema, row):
    with pytest.raises(LabelingError, match=r"sum to 1. 1 rows are not; the first is sample 'b'"):
        lb.SoftLabels([[0.5, 0.5], row], pd.Index(["a", "b"]), schema, [True, True])


@pytest.mark.parametrize(("array", "covered"), [([[1, 0, 0]], [True]), ([[1, 0]], [True, True])])
def test_soft_labels_of_the_wrong_shape_are_refused(schema, array, covered):
    with pytest.raises(LabelingError, match=r"must be of shape \(1, 2\)"):
        lb.SoftLabels(array, pd.Index(["a"]), schema, covered)


def test_a_tie_and_an_uncovered_row_have_no_label(schema):
    probabilities = [[0.9, 0.1], [0.5, 0.5], [0.5 + 1e-12, 0.5 - 1e-12], [0.2, 0.8]]
    soft = lb.SoftLabels(probabilities, pd.Index(list("abcd")), schema, [True, True, True, False])
    assert soft.to_labels().tolist() == ["ham", None, None, None]
    assert soft.codes().tolist() == [0, -1, -1, -1]


def test_soft_labels_are_found_by_id_and_shown_by_label(schema):
    soft = lb.SoftLabels([[0.9, 0.1], [0.5, 0.5]], pd.Index(["a", "b"]), schema, [True, False])
    turned = soft.of_samples(["b", "a"])
    assert turned.to_frame().to_dict("index") == {
        "b": {"ham": 0.5, "spam": 0.5},
        "a": {"ham": 0.9, "spam": 0.1},
    }
    assert (turned.covered.tolist(), turned.confidence().tolist()) == ([False, True], [0.5, 0.9])
    with pytest.raises(DataError, match="not among the soft labels: 'z'"):
        soft.of_samples(["z"])


def test_soft_labels_are_read_only_and_leave_their_input_alone(schema):
    array, covered = np.array([[0.5, 0.5]]), np.array([True])
    soft = lb.SoftLabels(array, pd.Index(["a"]), schema, covered)
    array[0, 0], covered[0] = 0.0, False
    assert (soft.to_array().tolist(), soft.covered.tolist()) == ([[0.5, 0.5]], [True])
    with pytest.raises(ValueError, match="read-only"):
        soft.to_array()[0, 0] = 1.0


# Gold labels and class balances


IDS = pd.Index(["a", "b", "c"])


@pytest.mark.parametrize(
    "gold",
    [
        pd.Series({"c": "spam", "a": "ham"}),
        pd.Series({"c": 1, "a": 0}),
        {"c": "spam", "a": 0},
        [lb.GoldLabel("c", "spam"), lb.GoldLabel("a", "ham")],
    ],
)
def test_gold_is_found_by_id_in_any_of_its_forms(schema, gold):
    assert gold_codes(gold, IDS, schema).tolist() == [0, -1, 1]


@pytest.mark.parametrize(
    ("gold", "error", "message"),
    [
        ({"z": "ham"}, DataError, "1 of 1 ids of the gold labels are not among the samples: 'z'"),
        ({"a": "hm"}, UnknownLabelError, "In the gold labels: 'hm'.*Did you mean 'ham'"),
        ({"a": True}, UnknownLabelError, "this is a bool"),
        (pd.Series({"a": 1.0}), UnknownLabelError, "this is a float"),
        ({"a": None, "b": "ham"}, GoldError, "1 of 2 are, the first for 'a'"),
        (pd.Series(["ham", "ham"], index=["a", "a"]), DataError, "more than once: 'a'"),
        (pd.Series(["ham"], index=[None]), DataError, "ids of gold labels must not be missing"),
        ("ham", GoldError, "Got a str"),
        (["ham"], GoldError, "Got a list"),
        (np.array([0, 1, 0]), GoldError, "Got a ndarray"),
    ],
)
def test_gold_that_cannot_be_used_is_refused(schema, gold, error, message):
    with pytest.raises(error, match=message):
        gold_codes(gold, IDS, schema)


@pytest.mark.parametrize("shares", [{"spam": 0.2, "ham": 0.8}, [0.8, 0.2], (0.8, 0.2)])
def test_a_class_balance_comes_out_in_schema_order(schema, shares):
    assert class_balance_array(shares, schema).tolist() == [0.8, 0.2]


@pytest.mark.parametrize(
    "shares", [{"ham": 1.0}, [0.5], [0.5, 0.6], [1.0, 0.0], [1.5, -0.5], [float("nan"), 1.0]]
)
def test_shares_that_are_no_class_balance_are_refused(schema, shares):
    with pytest.raises(GoldError, match="each of 'ham', 'spam' a share above 0"):
        class_balance_array(shares, schema)


def test_a_class_balance_names_only_labels_of_the_schema(schema):
    with pytest.raises(UnknownLabelError, match="Did you mean 'spam'"):
        class_balance_array({"ham": 0.5, "spma": 0.5}, schema)


ID_LISTS = st.one_of(
    *(
        st.lists(one, unique=True, max_size=20)
        for one in (st.integers(), st.text(), st.floats(0, 9))
    )
)


@given(ids=ID_LISTS, seed=st.integers(0, 2**32 - 1), data=st.data())
def test_an_order_drawn_by_chance_depends_on_ids_and_seed_not_on_the_order_of_rows(ids, seed, data):
    shuffled = data.draw(st.permutations(ids))
    drawn, again = (
        pd.Index(order, dtype=object)[
            random_order(pd.Index(order, dtype=object), np.random.default_rng(seed))
        ].tolist()
        for order in (ids, shuffled)
    )
    assert drawn == again
    assert sorted(drawn) == sorted(ids)


def test_a_class_balance_as_a_series_is_read_by_its_labels():
    """As `value_counts(normalize=True)` gives it: in an order of its own."""
    schema = lb.LabelSchema(["ham", "spam"])
    assert class_balance_array(pd.Series({"spam": 0.2, "ham": 0.8}), schema).tolist() == [0.8, 0.2]


@pytest.mark.parametrize("balance", [["a", "b"], {"ham": "x", "spam": 0.5}, 0.5, [True, False]])
def test_a_class_balance_that_holds_no_numbers_is_refused(balance):
    with pytest.raises(LabelingError, match="A class balance must"):
        class_balance_array(balance, lb.LabelSchema(["ham", "spam"]))

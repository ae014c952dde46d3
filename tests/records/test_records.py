import enum
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError, LabelingError, UnknownLabelError, VotesError


class Spam(enum.IntEnum):
    HAM = 0
    SPAM = 1


# LabelSchema


@pytest.mark.parametrize("label", ["spam", 1, np.int8(1), np.uint64(1), Spam.SPAM, np.str_("spam")])
def test_a_label_is_found_by_name_or_by_code_of_any_integer_type(schema, label):
    assert schema.index(label) == 1


@pytest.mark.parametrize(
    "label", [True, np.True_, 1.0, np.float32(1), None, [1], 2, -1, "", "SPAM"]
)
def test_what_is_no_label_is_refused_with_the_labels_that_there_are(schema, label):
    with pytest.raises(UnknownLabelError, match=r"not a label of this schema.*'ham', 'spam'"):
        schema.index(label)


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("spma", r"Did you mean 'spam'\?$"),
        (True, "this is a bool"),
        (1.0, "this is a float"),
        (7, "Codes go from 0 to 1"),
    ],
)
def test_a_refused_label_comes_with_what_may_have_been_meant(schema, label, hint):
    with pytest.raises(UnknownLabelError, match=hint):
        schema.index(label)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "at least two labels. Got 0"),
        (["ham"], "at least two labels. Got 1: 'ham'"),
        ("spam", "at least two labels. Got 1: 'spam'"),
        (["ham", "spam", "ham"], "Given twice: 'ham'"),
        (["ham", ""], "non-empty text. Got ''"),
        (["ham", 1], "non-empty text. Got 1"),
        (map(str, range(32_768)), "at most 32767 labels. Got 32768"),
    ],
)
def test_a_schema_needs_two_different_names_or_more(labels, message):
    with pytest.raises(LabelingError, match=message):
        lb.LabelSchema(labels)


def test_schemas_of_the_same_labels_in_the_same_order_are_equal():
    assert lb.LabelSchema(["a", "b"]) == lb.LabelSchema(("a", "b"))
    assert lb.LabelSchema(["a", "b"]) != lb.LabelSchema(["b", "a"])


def test_labels_may_be_described_and_stay_the_same_schema():
    plain = lb.LabelSchema(["ham", "spam"])
    schema = lb.LabelSchema(["ham", "spam"], {"spam": "It wants\n money. ", "ham": None})

    assert schema.descriptions == {"spam": "It wants money."}
    assert plain == schema
    assert hash(plain) == hash(schema)
    assert repr(plain) == repr(schema)
    assert pickle.loads(pickle.dumps(schema)).descriptions == schema.descriptions
    with pytest.raises(TypeError):
        schema.descriptions["ham"] = "What is left."


@pytest.mark.parametrize(
    ("descriptions", "message"),
    [
        ({"spma": "It wants money."}, "Got 'spma'; labels are .* Did you mean 'spam'"),
        ({"spam": 7}, r"description of label 'spam' must be a text. Got 7 \(int\)"),
        (["It wants money."], "must be a mapping from label to text. Got a list"),
    ],
)
def test_a_description_must_be_a_text_of_a_label(descriptions, message):
    with pytest.raises(LabelingError, match=message):
        lb.LabelSchema(["ham", "spam"], descriptions)


def test_a_schema_of_many_labels_keeps_every_code_exact():
    schema = lb.LabelSchema(map(str, range(300)))
    votes = lb.Votes.from_array([[299, -1]], schema=schema)
    assert votes.to_array().tolist() == [[299, -1]]
    assert votes.to_frame().iloc[0, 0] == "299"


# Votes.from_array


@pytest.mark.parametrize(
    ("array", "message"),
    [
        ([[0, 2]], "-1 \\(abstained\\) or 0 to 1. Got 2 in row 0, column 1"),
        ([[0], [-2]], "Got -2 in row 1, column 0, and 1 such votes"),
        ([[300]], "Got 300"),
        ([[2**40]], "Got 1099511627776"),
        (np.array([[2**64 - 1]], dtype=np.uint64), "Got 18446744073709551615"),
        ([[0.0, 1.0]], "must be integers.*Got float64"),
        ([[True, False]], "must be integers.*Got bool"),
        ([[None, 1]], "must be integers.*Got object"),
        ([["ham"]], "must be integers"),
        ([0, 1], "shape \\(n_samples, n_voters\\). Got shape \\(2,\\)"),
    ],
)
def test_an_array_that_holds_no_votes_is_refused_with_the_offender(schema, array, message):
    with pytest.raises(VotesError, match=message):
        lb.Votes.from_array(array, schema=schema)


@pytest.mark.parametrize(
    ("ids", "voters", "error", "message"),
    [
        (["a", "a"], None, DataError, "unique. Given more than once: 'a'"),
        (["a", None], None, DataError, "missing. Missing in rows 1"),
        ([1.0, float("nan")], None, DataError, "missing. Missing in rows 1"),
        (["a"], None, VotesError, "row for each of 1 sample ids.*shape \\(2, 2\\)"),
        (None, ["ann", "ann"], VotesError, "different names. Given twice: 'ann'"),
        (None, ["ann", ""], VotesError, "non-empty text. Got ''"),
        (None, ["ann", 7], VotesError, "non-empty text. Got 7"),
        (None, ["ann"], VotesError, "column for each of 1 voters"),
        (pd.MultiIndex.from_tuples([(1, 2), (3, 4)]), None, DataError, "index of 2 levels"),
    ],
)
def test_ids_and_voters_are_unique_and_fit_the_array(schema, ids, voters, error, message):
    with pytest.raises(error, match=message):
        lb.Votes.from_array([[0, 1], [1, 0]], schema=schema, sample_ids=ids, voters=voters)


def test_votes_are_a_read_only_copy_and_the_input_array_stays_writeable(schema):
    array = np.array([[0, 1]], dtype=np.int8)
    votes = lb.Votes.from_array(array, schema=schema)
    array[0, 0] = 1
    assert votes.to_array().tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="read-only"):
        votes.to_array()[0, 0] = 1


@pytest.mark.parametrize(
    "ids", [["007", "7"], [2**60, 5], [1.5, 2.5], pd.to_datetime(["2020", "2021"])]
)
def test_ids_keep_their_values_and_their_type(schema, ids):
    votes = lb.Votes.from_array([[0], [1]], schema=schema, sample_ids=ids)
    assert votes.sample_ids.equals(pd.Index(ids))
    assert votes.sample_ids.dtype == pd.Index(ids).dtype


# Votes.from_triples and to_triples


def triples(*rows):
    return pd.DataFrame(rows, columns=["sample", "voter", "label"])


def test_the_long_form_keeps_the_order_of_first_appearance(schema):
    votes = lb.Votes.from_triples(
        triples(("b", "cem", "spam"), ("a", "ann", "ham"), ("b", "ann", 1), ("c", "ann", -1)),
        schema=schema,
    )
    assert votes.sample_ids.tolist() == ["b", "a", "c"]
    assert votes.voters == ("cem", "ann")
    assert votes.to_array().tolist() == [[1, 1], [-1, 0], [-1, -1]]


def test_equal_duplicates_in_the_long_form_count_once(schema):
    frame = triples(("a", "ann", "spam"), ("a", "ann", 1), ("a", "ann", "spam"))
    assert lb.Votes.from_triples(frame, schema=schema).to_array().tolist() == [[1]]


@pytest.mark.parametrize("other", ["ham", -1])
def test_clashing_duplicates_in_the_long_form_are_refused_by_name(schema, other):
    frame = triples((7, 3, "spam"), (7, 3, other))
    with pytest.raises(
        VotesError, match=r"3 has several different votes on 7, and 1 rows conflict"
    ):
        lb.Votes.from_triples(frame, schema=schema)


@pytest.mark.parametrize("label", [True, 1.0, np.float64(1), np.True_, -1.0])
def test_a_bool_or_float_in_the_long_form_is_refused_even_among_equal_codes(schema, label):
    labels = pd.Series([1, -1, label], dtype=object)
    frame = pd.DataFrame({"sample": [1, 2, 3], "voter": "ann", "label": labels})
    with pytest.raises(UnknownLabelError, match="is not a label of this schema"):
        lb.Votes.from_triples(frame, schema=schema)


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (triples(("a", "ann", "spma")), UnknownLabelError, "Did you mean 'spam'"),
        (triples(("a", "ann", None)), UnknownLabelError, "must not be missing in rows 0"),
        (triples((None, "ann", "ham")), VotesError, "'sample' must not be missing in rows 0"),
        (triples(("a", None, "ham")), VotesError, "'voter' must not be missing in rows 0"),
        (triples(("a", 1, "ham"), ("a", "1", "ham")), VotesError, "Given twice: '1'"),
        (triples().rename(columns={"label": "labels"}), DataError, "Did you mean 'labels'"),
    ],
)
def test_a_long_form_that_holds_no_votes_is_refused(schema, frame, error, message):
    with pytest.raises(error, match=message):
        lb.Votes.from_triples(frame, schema=schema)


@given(data=st.data(), n=st.integers(1, 8), m=st.integers(1, 5), k=st.integers(2, 4))
def test_wide_to_long_and_back_gives_the_same_votes(data, n, m, k):
    rows = st.lists(st.integers(-1, k - 1), min_size=m, max_size=m)
    array = np.array(data.draw(st.lists(rows, min_size=n, max_size=n)))
    schema = lb.LabelSchema([f"label {code}" for code in range(k)])
    votes = lb.Votes.from_array(array, schema=schema, sample_ids=[f"s{i}" for i in range(n)])
    spoken = [
        name for name, column in zip(votes.voters, array.T, strict=True) if (column >= 0).any()
    ]
    covered = votes.sample_ids[votes.covered]
    back = lb.Votes.from_triples(votes.to_triples(), schema=schema)
    expected = votes.of_samples(covered).of_voters(spoken)
    actual = back.of_samples(covered).of_voters(spoken)
    assert set(back.voters) == set(spoken)
    assert expected.to_array().tolist() == actual.to_array().tolist()


def test_rows_and_columns_are_found_by_id_and_name(schema):
    votes = lb.Votes.from_array(
        [[0, 1], [1, -1], [-1, 0]], schema=schema, sample_ids=[10, 20, 30], voters=["ann", "bob"]
    )
    assert votes.of_samples([30, 10]).of_voters(["bob"]).to_array().tolist() == [[0], [1]]
    with pytest.raises(DataError, match=r"1 of 2 ids of the samples asked for.*: 0"):
        votes.of_samples([10, 0])
    with pytest.raises(VotesError, match=r"no voter 'bop'.*Did you mean 'bob'\?"):
        votes.of_voters(["bop"])


def test_names_of_numpy_and_enums_become_plain_texts():
    kind = enum.Enum("kind", {"HAM": "ham"}, type=str)
    schema = lb.LabelSchema([kind.HAM, np.str_("spam")])
    assert schema.labels == ("ham", "spam")
    votes = lb.Votes.from_array([[0]], schema=schema, voters=np.array(["ann"]))
    assert {type(name) for name in (*schema.labels, *votes.voters)} == {str}

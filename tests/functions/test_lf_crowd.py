from types import SimpleNamespace

import pandas as pd
import pytest

import labeling as lb
from labeling import ABSTAIN
from labeling.errors import DataError, LabelingFunctionError
from labeling.functions import crowd

SAID = pd.DataFrame(
    {
        "sample": ["a", "b", "a", "c", "b", "b"],
        "annotator": ["ann", "ann", "bob", "bob", "ann", "cy"],
        "label": ["spam", "ham", "ham", "spam", "ham", None],
    }
)
SAMPLES = pd.DataFrame({"text": ["x", "y", "z", "w"]}, index=pd.Index(list("abcd"), name="key"))


def test_each_annotator_is_a_voter_who_says_what_was_said(schema):
    lfs = crowd(SAID, by="key")
    assert [lf.name for lf in lfs] == ["crowd_ann", "crowd_bob", "crowd_cy"]
    assert lfs[0].__doc__ == "Votes what annotator 'ann' said of 2 samples."
    array = lb.apply(lfs, SAMPLES, schema).to_array()
    assert array.tolist() == [[1, 0, -1], [0, -1, -1], [-1, 1, -1], [-1, -1, -1]]
    assert (lb.apply(lfs, SAMPLES, schema, workers=2).to_array() == array).all()
    frame = SAMPLES.reset_index()  # the ids as a column
    assert (lb.apply(lfs, frame, schema).to_array() == array).all()


def test_it_agrees_with_votes_made_of_the_same_table(schema):
    votes = lb.Votes.from_triples(SAID.dropna(), schema=schema, voter="annotator")
    mine = lb.apply(crowd(SAID.dropna(), by="key"), SAMPLES, schema).to_frame()
    theirs = votes.to_frame().add_prefix("crowd_")
    assert mine.loc[theirs.index, theirs.columns].equals(theirs.astype(mine.dtypes))


def test_columns_labels_and_names_of_any_kind():
    annotations = pd.DataFrame({"id": [1, 2, 1], "who": pd.Series([7, "7", "a b"], dtype=object)})
    annotations["code"] = pd.array([0, 1, None], dtype="Int64")
    lfs = crowd(annotations, by="n", sample="id", annotator="who", label="code")
    assert [lf.name for lf in lfs] == ["crowd_7", "crowd_7_2", "crowd_a b"]
    assert [lf(SimpleNamespace(n=1)) for lf in lfs] == [0, ABSTAIN, ABSTAIN]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": list("hhssss")}, "'ann' must give sample 'b' one label. Got 'h' and 's'"),
        ({"label": [1.0, 0.0] * 3}, r"'ann' must have given sample 'a' a label.*astype\('Int64'\)"),
        ({"label": [True, False] * 3}, "Got True"),
        ({"annotator": ["ann", None] * 3}, "must have an annotator and a sample. Got None and 'b'"),
        ({"sample": [None] * 6}, "must have an annotator and a sample. Got 'ann' and None"),
    ],
)
def test_a_table_that_is_none_is_refused(change, message):
    with pytest.raises(DataError, match=message):
        crowd(SAID.assign(**change).astype(object).where(lambda t: t.notna(), None), by="key")


def test_columns_that_are_not_there_are_named(schema):
    with pytest.raises(DataError, match=r"no column 'who'.*the table of a crowd"):
        crowd(SAID, by="key", annotator="who")
    with pytest.raises(lb.LabelingError, match=r"must be of type DataFrame. Got a str"):
        crowd("said.csv", by="key")
    with pytest.raises(DataError, match=r"no column 'id' \(needed as what labeling function"):
        lb.apply(crowd(SAID, by="id"), SAMPLES, schema)


def test_ids_of_another_type_are_a_fault_and_no_silent_abstaining():
    voter = crowd(SAID, by="key")[0]
    with pytest.raises(
        LabelingFunctionError, match=r"with, str such as 'a'. 'key' holds 7 \(int\)"
    ):
        voter(SimpleNamespace(key=7))

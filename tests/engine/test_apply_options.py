"""What `lb.apply` and `lb.explain` refuse, before anything is run."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError, LabelingFunctionError

SCHEMA = lb.LabelSchema(["ham", "spam"])
FRAME = pd.DataFrame({"text": ["a", "b"]}, index=["s1", "s2"])
CALLS = []
LF = lb.LabelingFunction("noted", lambda x: CALLS.append(x) or 1, compile=False)


def refused(error, match, **options):
    CALLS.clear()
    with pytest.raises(error, match=match):
        lb.apply(LF, FRAME, SCHEMA, **options)
    assert not CALLS


@pytest.mark.parametrize("cache", [1, True, "", b"votes", ["votes"], {}])
def test_what_is_no_folder_is_no_cache(cache):
    refused(DataError, r"`cache` must be the path of a folder, or None\. Got ", cache=cache)


@pytest.mark.parametrize("cache", ["a\0b", "x" * 5_000])
def test_a_path_that_there_cannot_be_is_no_cache(cache):
    refused(DataError, r"`cache` must be a folder\. Got '(a|x)", cache=cache)


@pytest.mark.parametrize("name", ["progress", "report"])
@pytest.mark.parametrize("value", [True, 1, "print", []])
def test_what_cannot_be_called_is_refused_at_once(name, value):
    refused(LabelingFunctionError, rf"`{name}` must be a function, or None\.", **{name: value})


@pytest.mark.parametrize("timeout", [np.float32(9), np.int64(9)])
def test_a_time_limit_may_be_a_number_of_numpy(timeout):
    assert len(lb.apply(LF, FRAME, SCHEMA, timeout=timeout)) == 2


@pytest.mark.parametrize("id", [["text"], {"text"}, {}])
def test_what_names_no_column_is_no_id(id):
    refused(DataError, r"There is no column .* \(needed as id\)", id=id)


@pytest.mark.parametrize("given", ["link", b"link"])
def test_a_name_is_no_labeling_function(given):
    with pytest.raises(LabelingFunctionError, match=r"Got b?'link'"):
        lb.apply(given, FRAME, SCHEMA)
    with pytest.raises(LabelingFunctionError, match=r"Got b?'link'"):
        lb.explain(given)


@pytest.mark.parametrize("schema", ["ham", ["ham", "spam"], {}, 0])
def test_explain_takes_labels_as_apply_does(schema):
    with pytest.raises(LabelingError, match="`schema` must be of type LabelSchema"):
        lb.explain(LF, schema)

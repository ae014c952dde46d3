"""How each labeling function was run is counted, in this process and in workers."""

import pandas as pd
import pytest

import labeling as lb
from labeling.engine.engine_report import HowRun

FRAME = pd.DataFrame({"text": [f"w{n} free" for n in range(60)], "n": range(60)})


def by_name(schema, lfs, **options):
    told = []
    lb.apply(lfs, FRAME, schema, report=told.append, **options)
    (runs,) = told
    assert [run.name for run in runs] == [lf.name for lf in lfs]
    assert all(run.seconds >= 0 for run in runs)
    return {run.name: (run.rows_in_columns + run.rows_in_python, run) for run in runs}


def same(x):
    return x


@pytest.mark.parametrize("workers", [1, 2])
def test_every_sample_is_counted_once_for_every_function(schema, workers):
    lfs = [
        lb.LabelingFunction("plain", lambda x: x.n % 2),
        lb.LabelingFunction("fails", lambda x: 1 // (x.n - 7) and 0),
        lb.LabelingFunction("pre", lambda x: 0, pre=[same]),
        lb.LabelingFunction("batch", lambda x: 0, batch=lambda rows: [0] * len(rows)),
        lb.functions.keywords("free", ["free"], label="spam"),
    ]
    runs = by_name(schema, lfs, workers=workers, on_error="record")
    assert {name: count for name, (count, _) in runs.items()} == dict.fromkeys(runs, 60)
    for name in ("pre", "batch"):
        assert runs[name][1].rows_in_python == 60


def test_functions_that_vote_on_columns_are_told(schema):
    pytest.importorskip("polars")
    lf = lb.functions.keywords("free", ["free"], label="spam")
    assert by_name(schema, [lf])["free"][1].rows_in_columns == 60


def test_a_sentence_tells_only_what_there_was():
    assert str(HowRun("a", rows_cached=1_000)) == "a: 1,000 rows cached, 0.00 s"
    assert str(HowRun("a")) == "a: 0 rows, 0.00 s"

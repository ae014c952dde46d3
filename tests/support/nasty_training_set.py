"""A training set of everything that a format could break on."""

import datetime

import numpy as np
import pandas as pd

import labeling as lb

SCHEMA = lb.LabelSchema(["ham", 'egg, "fried"', "é\u0301; <b>"])
TEXTS = (
    "plain",
    "",
    "   ",
    "=HYPERLINK(1)",
    "\t@tab",
    "quote \" and 'single', comma; semicolon",
    "two\r\nlines\nand\rmore",
    "\u2028line\u2029separators\x85",
    "e\u0301 combining, \u202eright to left",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ufeffbyte order mark",
    "\\n \\u0041 %s {0} ${x}",
    "null",
    "NaN",
    "None",
    "<script>alert(1)</script> &amp;",
    "control \x01\x1f\x7f",
    "long " * 2000,
)
N = len(TEXTS)
IDS = {
    "text": [f"s/{i} é" for i in range(N)],
    "whole number": [7 - 3 * i for i in range(N)],
    "date": [datetime.date(2026, 1, 1) + datetime.timedelta(i) for i in range(N)],
}
SPLITS = ["test", "dev", "train"]


def samples(ids="text"):
    """Texts, and columns that are called as ours are."""
    return pd.DataFrame(
        {
            "text": list(TEXTS),
            "label": ["their own"] * N,
            "split": ["theirs", None] * (N // 2),
            "size": pd.array([None, *range(1, N)], dtype="Int64"),
            "score": [np.nan, *np.linspace(0, 1, N - 1)],
            "day": [datetime.date(2026, 1, 1)] * N,
            "kind": pd.Categorical(["a", "b"] * (N // 2)),
            "tags": [["x"], [], *[["y", "z"]] * (N - 2)],
        },
        index=pd.Index(IDS[ids], name="key"),
    )


def nasty(ids="text", *, split=False):
    """Return the training set: labels of votes, of people and of nobody (the last is left out)."""
    data = samples(ids)
    rows = np.arange(N)
    array = np.full((N, 3), 0.1)
    array[rows, rows % 3] = 0.8
    covered = rows < N - 1
    array[~covered] = 1 / 3
    votes = np.full((N, 2), -1)
    votes[covered, 0] = rows[covered] % 3
    train = lb.build_training_set(
        data,
        lb.SoftLabels(array, data.index, SCHEMA, covered),
        gold=pd.Series({data.index[2]: "ham"}),
        votes=lb.Votes.from_array(
            votes, schema=SCHEMA, sample_ids=data.index, voters=["a rule", 'b "rule"']
        ),
    )
    if not split:
        return train
    return train.with_columns(split=[SPLITS[min(i, 2)] for i in range(len(train))])

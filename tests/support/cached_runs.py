"""Labeling functions on made-up samples, run with a cache and compared to runs without."""

import pandas as pd

import labeling as lb
from labeling import LabelingFunction
from labeling.engine import VoteStore, apply_to_frame

SCHEMA = lb.LabelSchema(["ham", "spam"])
BOTS = {"bot1"}


def frame(n=200):
    return pd.DataFrame(
        {
            "text": [f"free text {i}" if i % 3 else f"text {i}" for i in range(n)],
            "n": range(n),
            "by": [f"bot{i * i % 101 % 7}" for i in range(n)],
        },
        index=pd.Index([f"c{i}" for i in range(n)], name="id"),
    )


def is_free(x):
    return "spam" if "free" in x.text else None


def is_even(x):
    return "ham" if x.n % 2 == 0 else None


def is_bot(x):
    return "spam" if x.by in BOTS else None


def is_late(x):
    return "ham" if x.n > 150 else None


PLAIN = [LabelingFunction(rule.__name__, rule) for rule in (is_free, is_even, is_bot, is_late)]


def run(lfs, data, folder, **options):
    """Return the votes, checked against those without a cache, and the report."""
    store = VoteStore(folder, **{key: options.pop(key) for key in ["max_bytes"] if key in options})
    votes = apply_to_frame(lfs, data, SCHEMA, cache=store, **options)
    plain = apply_to_frame(lfs, data, SCHEMA, **options)
    assert votes.to_array().tolist() == plain.to_array().tolist()
    assert votes.to_array().dtype == plain.to_array().dtype
    assert [fault[:2] for fault in votes.faults] == [fault[:2] for fault in plain.faults]
    assert list(map(repr, votes.faults)) == list(map(repr, plain.faults))
    assert votes.sample_ids.equals(plain.sample_ids)
    return votes, store.report


def rows_run(report):
    return [use.rows_run for use in report.functions]

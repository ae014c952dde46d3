"""Recorded votes with their truth."""

import numpy as np
import pandas as pd

import labeling as lb
from labeling.simulation import Plan

SCHEMA = lb.LabelSchema(["ham", "spam"])
WORDS = (["hi", "thanks", "song", "nice"], ["free", "win", "cash", "offer"])


def made(n=160, n_people=5, right=0.85, seed=0):
    """Return samples, recorded votes, votes of labeling functions, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    texts = [
        " ".join([*rng.choice(WORDS[code if rng.random() < 0.9 else 1 - code], 3), f"w{number}"])
        for number, code in enumerate(truth)
    ]
    data = pd.DataFrame({"text": texts}, index=[f"c{number}" for number in range(n)])
    rows = [
        (key, f"p{person}", SCHEMA.labels[code if rng.random() < right else 1 - code])
        for key, code in zip(data.index, truth, strict=True)
        for person in range(n_people)
    ]
    recorded = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    array = np.where(rng.random((n, 3)) < 0.75, truth[:, None], 1 - truth[:, None])
    array[rng.random((n, 3)) < 0.4] = -1
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index)
    return data, recorded, votes, pd.Series([SCHEMA.labels[code] for code in truth], data.index)


PLAN = Plan(["random", "margin"], ["flat-1", "two-then-third"], budgets=[20, 40], seeds=2)

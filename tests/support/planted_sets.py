"""Votes on sets of labels with a known truth."""

import numpy as np
import pandas as pd

import labeling as lb


def planted_sets(n=600, *, n_labels=5, per_label=2, precision=0.7, spread=0.15, recall=0.5, seed=0):
    """Return votes of functions that each say yes to one label, and the true sets.

    Args:
        n: the number of samples.
        n_labels: the first label has half of the samples, each next one half as many.
        per_label: the number of functions of each label.
        precision: of a yes.
        spread: how much better the first function of each label is, and how much worse the last.
        recall: the share of the samples with the label where a function says yes.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    names = [f"label {number}" for number in range(n_labels)]
    truth = rng.random((n, n_labels)) < 0.5 ** np.arange(1, n_labels + 1)
    rows = []
    for label in range(n_labels):
        share = truth[:, label].mean()
        differences = np.linspace(spread, -spread, per_label)
        for number in range(per_label):
            right = precision + differences[number]
            false_rate = recall * share * (1 - right) / right / max(1 - share, 1e-9)
            says = rng.random(n) < np.where(truth[:, label], recall, false_rate)
            rows += [
                (f"s{row}", f"lf {label}.{number}", names[label]) for row in np.flatnonzero(says)
            ]
    frame = pd.DataFrame(rows, columns=["sample", "voter", "label"])
    ids = [f"s{row}" for row in range(n)]
    schema = lb.LabelSchema(names, kind="several")
    votes = lb.SetVotes.from_frame(frame, schema=schema, says=None, sample_ids=ids)
    gold = pd.Series(
        [frozenset(np.array(names)[row].tolist()) for row in truth], index=ids, dtype=object
    )
    return votes, gold

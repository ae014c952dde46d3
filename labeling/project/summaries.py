"""The table of a project's labeling functions, by what a sample's label is."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import ABSTAIN, AnyVotes, SetVotes, SpanVotes, Votes
from labeling.records.estimates import Estimate, proportion

Bools = npt.NDArray[np.bool_]


@functools.singledispatch
def summary_table(votes: AnyVotes, gold: pd.Series) -> pd.DataFrame:
    """Return a row for each labeling function, index = names.

    For one label per sample that is `lf_summary`. For sets and spans the columns are `labels`,
    `votes` (labels said yes to, or spans), `no` (labels said no to, or parts where nothing is),
    `samples` (where it said anything), `coverage` (their share), `faults`, for spans `trimmed`; and
    with gold labels `precision` (the share of its votes that gold has exactly so) with
    `precision_low`, `precision_high` (95 % interval) and `n` (votes on samples with gold).

    Args:
        votes: of the labeling functions.
        gold: gold labels of some samples, index = ids; may be empty.
    """
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@summary_table.register
def _(votes: Votes, gold: pd.Series) -> pd.DataFrame:
    from labeling.analysis import lf_summary

    return lf_summary(votes, gold if len(gold) else None)


@summary_table.register
def _(votes: SpanVotes, gold: pd.Series) -> pd.DataFrame:
    table = votes.to_frame()
    is_span = votes.marks.label != ABSTAIN
    summary = _counts(table, is_span, votes)
    summary.insert(5, "trimmed", [votes.trimmed.get(name, 0) for name in votes.voters])
    if not len(gold):
        return summary
    spans = {(sample_id, *span) for sample_id, label in gold.items() for span in label}
    columns = [table[name].tolist() for name in ("sample", "start", "end", "label")]
    is_right = np.array([row in spans for row in zip(*columns, strict=True)], dtype=bool)
    return _with_precision(summary, table, is_span, is_right, gold)


@summary_table.register
def _(votes: SetVotes, gold: pd.Series) -> pd.DataFrame:
    table = votes.to_frame()
    says_yes = votes.answers.says
    summary = _counts(table, says_yes, votes)
    if not len(gold):
        return summary
    labels = {(sample_id, name) for sample_id, label in gold.items() for name in label}
    pairs = zip(table["sample"].tolist(), table["label"].tolist(), strict=True)
    is_right = np.array([pair in labels for pair in pairs], dtype=bool)
    return _with_precision(summary, table, says_yes, is_right, gold)


def _counts(table: pd.DataFrame, is_yes: Bools, votes: AnyVotes) -> pd.DataFrame:
    """Return the counts of each voter, from a table with one row a vote."""
    names = pd.Index(votes.voters, dtype=object)
    yes = table[is_yes]
    samples = table.groupby("voter")["sample"].nunique().reindex(names, fill_value=0)
    used = yes.groupby("voter")["label"].unique()
    faults = [fault.labeling_function for fault in votes.faults]
    return pd.DataFrame(
        {
            "labels": [_in_order(used.get(name, ()), votes) for name in names],
            "votes": yes["voter"].value_counts().reindex(names, fill_value=0),
            "no": table[~is_yes]["voter"].value_counts().reindex(names, fill_value=0),
            "samples": samples,
            "coverage": samples / max(len(votes.sample_ids), 1),
            "faults": [faults.count(name) for name in names],
        },
        index=names,
    )


def _in_order(used: Sequence[str], votes: AnyVotes) -> list[str]:
    return [label for label in votes.schema if label in set(used)]


def _with_precision(
    summary: pd.DataFrame,
    table: pd.DataFrame,
    is_yes: Bools,
    is_right: Bools,
    gold: pd.Series,
) -> pd.DataFrame:
    """Return the summary with the precision of each voter on the samples with gold labels."""
    counts = is_yes & table["sample"].isin(gold.index).to_numpy()
    voters = table["voter"].to_numpy()
    estimates = [_precision(is_right[counts & (voters == name)]) for name in summary.index]
    return summary.assign(
        precision=[estimate.value for estimate in estimates],
        precision_low=[estimate.low for estimate in estimates],
        precision_high=[estimate.high for estimate in estimates],
        n=[int(estimate.n) for estimate in estimates],
    )


def _precision(is_right: Bools) -> Estimate:
    return proportion(int(is_right.sum()), len(is_right))

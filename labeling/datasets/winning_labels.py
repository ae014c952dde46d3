"""The label of each sample that wins: gold labels over the posterior, and where it came from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labeling.records import (
    ABSTAIN,
    Gold,
    GoldLabel,
    LabelSource,
    SoftLabels,
    Votes,
    gold_codes,
)


def winning_labels(soft: SoftLabels, gold: Gold | None, votes: Votes | None) -> pd.DataFrame:
    """Return the winning label of each sample: its code (-1 = undecided) and its source.

    Gold labels win over soft ones. Without gold, the label is the most probable one; its source is
    the votes where any voter voted on the sample, and else the end model.

    Args:
        soft: the posterior.
        gold: gold labels; those without lineage have the source `given`.
        votes: the votes behind `soft`; `None` means votes on every sample.

    >>> from labeling.records import LabelSchema
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.5, 0.5]], pd.Index(["a", "b"]), schema, [True, True])
    >>> winning_labels(soft, {"b": "spam"}, None).to_dict("list")
    {'code': [0, 1], 'source': ['votes', 'given']}
    """
    ids = soft.sample_ids
    gold_code = gold_codes(gold, ids, soft.schema)
    is_gold = gold_code != ABSTAIN
    source_of = {label.sample_id: label.source for label in gold_with_lineage(gold)}
    has_votes = np.ones(len(ids), dtype=bool)
    if votes is not None:
        rows = ids.get_indexer(votes.sample_ids[votes.covered])  # -1 = not a sample of `soft`
        has_votes[:] = False
        has_votes[rows[rows >= 0]] = True
    sources = np.full(len(ids), LabelSource.END_MODEL.value, dtype=object)
    sources[has_votes] = LabelSource.VOTES.value
    sources[is_gold] = [
        source_of.get(sample_id, LabelSource.GIVEN.value) for sample_id in ids[is_gold]
    ]
    codes = np.where(is_gold, gold_code, soft.codes())
    return pd.DataFrame({"code": codes, "source": pd.Series(sources, index=ids, dtype=object)})


def gold_with_lineage(gold: Gold | None) -> list[GoldLabel]:
    """Return the gold labels with lineage; those of a Series or mapping have none."""
    labels = () if gold is None or isinstance(gold, pd.Series) else gold
    return [label for label in labels if isinstance(label, GoldLabel)]

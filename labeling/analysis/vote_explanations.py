"""Explanations of votes, taken from the docstrings of the labeling functions."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable

import pandas as pd

from labeling.records import LabelingFunction, Votes, clean_text


def vote_reasons(
    votes: Votes, lfs: Iterable[LabelingFunction], sample_ids: Collection[Hashable] | None = None
) -> dict[Hashable, tuple[str, ...]]:
    """Return a sentence for each vote on some samples: the voter, its label and the reason.

    Args:
        votes: of the labeling functions.
        lfs: the functions; the first line of a docstring is the reason.
        sample_ids: which samples, all among those of the votes; `None` is all.

    Returns:
        Sample id -> sentences, in the order of the voters; empty where all abstain.

    >>> from labeling import LabelSchema, apply, labeling_function
    >>> @labeling_function(label="spam")
    ... def has_link(x):
    ...     '''A link in a short comment is nearly always spam.'''
    ...     return "http" in x.text
    >>> comments = pd.DataFrame({"text": ["see http://x.org", "nice"]}, index=["c1", "c2"])
    >>> votes = apply(has_link, comments, LabelSchema(["ham", "spam"]))
    >>> vote_reasons(votes, [has_link])
    {'c1': ('has_link: spam (A link in a short comment is nearly always spam.)',), 'c2': ()}
    """
    ids = votes.sample_ids if sample_ids is None else pd.Index(list(sample_ids), dtype=object)
    reasons = {lf.name: _summary_line(lf) for lf in lfs}
    rows = votes.to_array()[votes.sample_ids.get_indexer(ids)]
    labels = votes.schema.labels
    return {
        sample_id: tuple(
            f"{voter}: {labels[code]}" + (f" ({reasons[voter]})" if reasons.get(voter) else "")
            for voter, code in zip(votes.voters, row.tolist(), strict=True)
            if code >= 0
        )
        for sample_id, row in zip(ids.tolist(), rows, strict=True)
    }


def _summary_line(lf: LabelingFunction) -> str:
    lines = clean_text(lf.__doc__ or "").strip().splitlines()
    return lines[0].strip() if lines else ""

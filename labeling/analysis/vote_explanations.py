"""Explanations of votes, taken from the docstrings of the labeling functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Hashable, Iterable

import pandas as pd

from labeling.records import LabelingFunction, SetVotes, SpanVotes, Votes, clean_text


@functools.singledispatch
def vote_reasons(
    votes: Votes | SpanVotes | SetVotes,
    lfs: Iterable[LabelingFunction],
    sample_ids: Collection[Hashable] | None = None,
) -> dict[Hashable, tuple[str, ...]]:
    """Return a sentence for each vote on some samples: the voter, its label and the reason.

    Args:
        votes: of the labeling functions.
        lfs: the functions; the first line of a docstring is the reason.
        sample_ids: which samples, all among those of the votes; `None` is all.

    Returns:
        Sample id -> sentences, in the order of the voters; empty where all abstain.

    Of spans a sentence names all that the voter marked in the sample, by offsets; of several labels
    all that it said yes to, and "not" before those that it said no to.

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
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@vote_reasons.register
def _(
    votes: Votes, lfs: Iterable[LabelingFunction], sample_ids: Collection[Hashable] | None = None
) -> dict[Hashable, tuple[str, ...]]:
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


@vote_reasons.register
def _(
    votes: SpanVotes,
    lfs: Iterable[LabelingFunction],
    sample_ids: Collection[Hashable] | None = None,
) -> dict[Hashable, tuple[str, ...]]:
    def words(part: pd.DataFrame) -> str:
        names = part["label"].map(lambda label: "nothing" if label is None else label)
        places = zip(names, part["start"], part["end"], strict=True)
        return ", ".join(f"{name} {start}-{end}" for name, start, end in places)

    return _long_reasons(votes, lfs, sample_ids, words)


@vote_reasons.register
def _(
    votes: SetVotes, lfs: Iterable[LabelingFunction], sample_ids: Collection[Hashable] | None = None
) -> dict[Hashable, tuple[str, ...]]:
    def words(part: pd.DataFrame) -> str:
        pairs = zip(part["label"], part["says"], strict=True)
        return ", ".join(label if says_yes else f"not {label}" for label, says_yes in pairs)

    return _long_reasons(votes, lfs, sample_ids, words)


def _long_reasons(
    votes: SpanVotes | SetVotes,
    lfs: Iterable[LabelingFunction],
    sample_ids: Collection[Hashable] | None,
    words: Callable[[pd.DataFrame], str],
) -> dict[Hashable, tuple[str, ...]]:
    """Return a sentence for each voter on each sample, of a table with one row a vote."""
    ids = votes.sample_ids if sample_ids is None else pd.Index(list(sample_ids), dtype=object)
    reasons = {lf.name: _summary_line(lf) for lf in lfs}
    order = {name: number for number, name in enumerate(votes.voters)}
    sentences: dict[Hashable, list[tuple[int, str]]] = {sample_id: [] for sample_id in ids}
    table = votes.of_samples(ids).to_frame()
    for (sample_id, name), part in table.groupby(["sample", "voter"], sort=False):
        voter = str(name)
        because = f" ({reasons[voter]})" if reasons.get(voter) else ""
        sentences[sample_id].append((order[voter], f"{voter}: {words(part)}{because}"))
    return {
        sample_id: tuple(sentence for _, sentence in sorted(found))
        for sample_id, found in sentences.items()
    }


def _summary_line(lf: LabelingFunction) -> str:
    lines = clean_text(lf.__doc__ or "").strip().splitlines()
    return lines[0].strip() if lines else ""

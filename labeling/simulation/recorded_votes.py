"""Recorded votes prepared for a simulation: which samples can be asked about, and what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from labeling.errors import DataError, UnknownLabelError, counted
from labeling.records import (
    AnyVotes,
    Gold,
    LabelSchema,
    gold_series,
    random_order,
    require_column,
)

LEAST_GOLD = 100
"""With fewer gold labels on samples with recorded votes, the consensus of these votes is used."""
LEAST_SAMPLES = 20
RARE = 0.2
"""Share of the samples below which a label is called rare, and its F1 is measured."""
KEPT_ASIDE = 0.3
"""Share of the samples that nobody is asked about, on which the end model is scored."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What labels are compared with.

    Attributes:
        labels: index = sample ids.
        sentence: where they come from, and what that means for the results.
        is_gold: whether they are given gold labels.
    """

    labels: pd.Series
    sentence: str
    is_gold: bool


@dataclass(frozen=True, slots=True, eq=False)
class RecordedVotes:
    """Samples with enough recorded votes and a true label.

    Attributes:
        samples: index = ids.
        lf_votes: the votes of labeling functions on these samples.
        votes: recorded votes of people: columns `sample`, `annotator`, `label`.
        truth: the true labels of all of these samples.
        sentences: what was left out, each with its number.
    """

    samples: pd.DataFrame
    lf_votes: AnyVotes
    votes: pd.DataFrame
    truth: Truth
    sentences: tuple[str, ...]

    @property
    def schema(self) -> LabelSchema:
        """The labels."""
        return self.lf_votes.schema

    def split(self, seed: int, most: int) -> Split:
        """Return the samples that may be asked about with this seed, and those kept aside.

        Both depend on seed and ids alone. At most `most` samples may be asked about.
        """
        ids = self.samples.index
        order = random_order(ids, np.random.default_rng([seed, 20_261_130]))
        n_aside = max(1, round(KEPT_ASIDE * len(ids)))
        aside, pool = np.sort(order[:n_aside]), np.sort(order[n_aside:][:most])
        return Split(self.samples.iloc[pool], self.samples.iloc[aside])


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The samples of one seed.

    Attributes:
        pool: the samples that may be asked about.
        aside: the samples that nobody is asked about, on which the end model is scored.
    """

    pool: pd.DataFrame
    aside: pd.DataFrame


def prepare(
    samples: pd.DataFrame,
    recorded: pd.DataFrame,
    lf_votes: AnyVotes,
    gold: Gold | None,
    least_votes: int,
    reading: Reading | None = None,
) -> RecordedVotes:
    """Return the samples that can be simulated, and count what is left out.

    Args:
        samples: index = ids.
        recorded: people's votes: columns `sample`, `annotator`, `label`; a missing label is a skip.
        lf_votes: votes of labeling functions on all samples.
        gold: true labels of some samples.
        least_votes: recorded votes that a sample must have.
        reading: how labels are read; `None`: as one label per sample.

    Raises:
        DataError: fewer than 20 samples are left, or a vote has no annotator.
        UnknownLabelError: a vote is for another label.
    """
    reading = reading or OF_SAMPLES
    recorded = _read(recorded, reading, lf_votes.schema)
    is_known = recorded["sample"].isin(samples.index)
    cast = recorded[is_known & recorded["label"].notna()]
    n_votes = cast.groupby("sample").size()
    enough = n_votes.index[n_votes >= least_votes]
    voted = cast[cast["sample"].isin(enough)]
    truth = _truth(voted, gold, samples.index, reading, lf_votes.schema)
    kept = samples[samples.index.isin(enough) & samples.index.isin(truth.labels.index)]
    # In an order that depends on the ids alone, so that results do.
    kept = kept.iloc[random_order(kept.index, np.random.default_rng(0))]
    left_out = {
        "are not among the project's samples": recorded["sample"][~is_known].nunique(),
        f"have fewer than {counted(least_votes, 'recorded vote')}": (n_votes < least_votes).sum(),
        _without_truth(truth): len(enough) - len(kept),
    }
    sentences = [
        f"{counted(len(kept), 'sample has', 'samples have')}"
        f" {counted(least_votes, 'recorded vote')} or more and a true label.",
        *(line for why, count in left_out.items() for line in _left_out(int(count), why)),
    ]
    if len(kept) < LEAST_SAMPLES:
        raise _too_few(len(kept), least_votes, sentences[1:])
    votes = recorded[recorded["sample"].isin(kept.index)]
    return RecordedVotes(
        kept,
        lf_votes.of_samples(kept.index),
        votes[["sample", "annotator", "label"]],
        Truth(truth.labels.loc[kept.index], truth.sentence, truth.is_gold),
        tuple(sentences),
    )


def _read(recorded: pd.DataFrame, reading: Reading, schema: LabelSchema) -> pd.DataFrame:
    """Return recorded votes with labels in their stored form; raise an error for wrong ones."""
    for column in ("sample", "annotator", "label"):
        require_column(recorded, column, "recorded votes")
    nobody = recorded["annotator"].isna()
    if nobody.any():
        raise DataError(
            f"Recorded votes must have an annotator. {int(nobody.sum()):,} have none, the first on"
            f" sample {recorded['sample'][nobody].tolist()[0]!r}."
        )
    return recorded.assign(label=reading.labels(recorded["label"], schema))


def _checked_labels(labels: pd.Series, schema: LabelSchema) -> pd.Series:
    """Return labels as they are; raise an error for an unknown one, wherever it is."""
    for label in labels.dropna().unique():
        try:
            schema.index(label)
        except UnknownLabelError as error:
            raise UnknownLabelError(f"In the recorded votes: {error}") from None
    return labels


def _too_few(count: int, least_votes: int, reasons: list[str]) -> DataError:
    return DataError(
        f"A simulation needs {LEAST_SAMPLES} samples with at least"
        f" {counted(least_votes, 'recorded vote')} and a true label. Got {count}:"
        f" {' '.join(reasons) or 'no other sample has votes.'} Lower"
        " `least_votes`, or simulate policies that ask for fewer votes."
    )


def _without_truth(truth: Truth) -> str:
    return "have no gold label" if truth.is_gold else "have no most frequent vote (a tie)"


def _left_out(count: int, why: str) -> list[str]:
    return [f"Left out: {counted(count, 'sample')} with votes that {why}."] if count else []


def _truth(
    cast: pd.DataFrame, gold: Gold | None, ids: pd.Index, reading: Reading, schema: LabelSchema
) -> Truth:
    """Return given gold labels where there are enough of them, else the consensus of all votes."""
    voted = pd.Index(cast["sample"].unique())
    given = pd.Series(dtype=object) if gold is None else gold_series(gold).dropna()
    given = given[given.index.isin(voted) & given.index.isin(ids)]
    if len(given) >= LEAST_GOLD:
        sentence = f"Truth: {len(given):,} given gold labels."
        return Truth(reading.gold(given, schema), sentence, is_gold=True)
    consensus = reading.consensus(cast)
    why = f" ({counted(len(given), 'gold label')}, fewer than {LEAST_GOLD})" if len(given) else ""
    sentence = (
        f"Truth: {reading.consensus_in_words}{why}. It is no gold label:"
        " people's labels are compared with votes of which they are a part, so that policies with"
        " many votes look better than they are; shared mistakes of people stay unseen."
    )
    return Truth(consensus, sentence, is_gold=False)


def most_frequent_votes(votes: pd.DataFrame) -> pd.Series:
    """Return the most frequent vote on each sample; samples where two tie are left out.

    >>> votes = pd.DataFrame({"sample": ["a", "a", "a", "b", "b"], "label": list("xxyxy")})
    >>> most_frequent_votes(votes).to_dict()
    {'a': 'x'}
    """
    counts = votes.groupby(["sample", "label"], sort=True).size().rename("count").reset_index()
    top = counts.groupby("sample")["count"].transform("max")
    best = counts[counts["count"] == top]
    best = best[~best.duplicated("sample", keep=False)]
    return pd.Series(best["label"].to_numpy(), index=pd.Index(best["sample"]), dtype=object)


class Reading(NamedTuple):
    """How labels of a kind are read.

    Attributes:
        labels: returns recorded labels in their stored form, after checking them.
        consensus: returns what people say together, by sample id, of a table of votes.
        consensus_in_words: what that is.
        gold: returns given gold labels in their stored form.
    """

    labels: Callable[[pd.Series, LabelSchema], pd.Series]
    consensus: Callable[[pd.DataFrame], pd.Series]
    consensus_in_words: str
    gold: Callable[[pd.Series, LabelSchema], pd.Series]


def _as_given(labels: pd.Series, schema: LabelSchema) -> pd.Series:
    return labels


OF_SAMPLES = Reading(
    _checked_labels,
    most_frequent_votes,
    "the most frequent of all recorded votes on a sample",
    _as_given,
)
"""One label per sample."""


def rare_label(truth: pd.Series, schema: LabelSchema) -> str | None:
    """Return the least frequent label if fewer than a fifth of the samples have it, else `None`.

    F1 of a label is shown only where it is rare: elsewhere accuracy says it.

    >>> rare_label(pd.Series(["ham"] * 9 + ["spam"]), LabelSchema(["ham", "spam"]))
    'spam'
    """
    shares = truth.value_counts(normalize=True)
    present = [label for label in schema.labels if shares.get(label, 0) > 0]
    rarest = min(present, key=lambda label: (shares[label], label), default=None)
    return rarest if rarest is not None and shares[rarest] < RARE else None

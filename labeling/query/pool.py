"""The pool of a query: the samples that people may be asked about, and what is known of them."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.query.near_duplicates import duplicate_groups
from labeling.records import (
    Gold,
    MissingText,
    SoftLabels,
    Votes,
    expect,
    gold_codes,
    gold_series,
    positions,
    require_column,
    texts,
    with_texts,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

TEXT = "text"  # the column of the texts, if it exists and none is named


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The samples with a known label.

    Attributes:
        codes: their labels as codes: shape (n_known,).
        votes: the votes on them: shape (n_known, n_voters); `None` without votes.
    """

    codes: Ints
    votes: npt.NDArray[np.integer] | None


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The eligible samples with their votes and posterior, in the same order.

    Attributes:
        ids: of the samples that may be asked about, shape (n,).
        samples: their rows.
        votes: the votes on them, shape (n, n_voters); `None` without votes.
        soft: the label model's soft labels, of these samples and maybe others.
        posterior: the end model's soft labels of them, else the label model's.
        documents: their texts; `None` without a column of texts.
        groups: a number for each, equal for near-duplicates.
        copies: ids of near-duplicates of samples that were asked about, which are asked last.
        asked_ids: ids of the samples that were asked about before, or have a gold label.
        asked: their texts; `None` without texts.
        known: the samples with a gold label.
        has_end: whether the posterior is the end model's.
    """

    ids: pd.Index
    samples: pd.DataFrame
    votes: npt.NDArray[np.integer] | None
    soft: SoftLabels | None
    posterior: SoftLabels | None
    documents: list[str] | None
    groups: Ints
    copies: pd.Index
    asked_ids: pd.Index
    asked: list[str] | None
    known: Known | None
    has_end: bool

    @property
    def spreads_texts(self) -> bool:
        """Whether batches are spread over clusters of texts, rather than over vote patterns."""
        return self.has_end and self.documents is not None

    def expect_posterior(self, strategy: str) -> SoftLabels:
        """Return the posterior that a strategy needs."""
        if self.posterior is None:
            raise LabelingError(f"Strategy {strategy!r} needs soft labels: give `soft` or `end`.")
        return self.posterior

    def expect_votes(self, strategy: str) -> npt.NDArray[np.integer]:
        """Return the votes that a strategy needs."""
        if self.votes is None:
            raise LabelingError(f"Strategy {strategy!r} needs votes: give `votes`.")
        return self.votes

    def expect_texts(self, strategy: str) -> list[str]:
        """Return the texts that a strategy needs."""
        if self.documents is None:
            raise LabelingError(
                f"Strategy {strategy!r} needs texts: give a table with a column of texts, and its"
                " name as `text`."
            )
        return self.documents


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The arguments of `select` of which a pool is made."""

    data: pd.DataFrame
    votes: Votes | None
    soft: SoftLabels | None
    end: SoftLabels | None
    gold: Gold | None
    exclude: Collection[Hashable]
    text: str
    missing_text: MissingText


def pool_of(given: Inputs) -> Pool:
    """Return the pool: the samples that were not asked about, nor a near-duplicate of them.

    Raises:
        LabelingError: a value of another type.
        DataError: unknown ids, samples without votes or soft labels, or refused missing texts.
    """
    ids = given.data.index
    samples, has_text = _with_texts(given)
    was_asked = _asked(given)
    documents = _documents(samples, given)
    groups = duplicate_groups(documents, len(ids))
    is_copy = np.isin(groups, groups[was_asked]) & ~was_asked & has_text
    rows = np.flatnonzero(~was_asked & ~is_copy & has_text)
    eligible = ids[rows]
    posterior = given.soft if given.end is None else given.end
    if posterior is not None:
        expect(posterior, SoftLabels, "`soft`" if given.end is None else "`end`")
    if given.votes is not None:
        expect(given.votes, Votes, "`votes`")
    return Pool(
        ids=eligible,
        samples=samples.iloc[rows],
        votes=None if given.votes is None else given.votes.of_samples(eligible).to_array(),
        soft=given.soft,
        posterior=None if posterior is None else posterior.of_samples(eligible),
        documents=None if documents is None else [documents[row] for row in rows],
        groups=pd.factorize(groups[rows])[0].astype(np.intp),
        copies=ids[is_copy],
        asked_ids=ids[was_asked],
        asked=None if documents is None else [documents[i] for i in np.flatnonzero(was_asked)],
        known=_known(given, posterior),
        has_end=given.end is not None,
    )


def _with_texts(given: Inputs) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return the samples with texts that can be read, and which of them have a text at all."""
    samples, text = given.data, given.text
    if text not in samples.columns:
        if text != TEXT:  # a name that was given is that of a column
            require_column(samples, text, "text")
        return samples, np.ones(len(samples), dtype=bool)
    used, has_text = with_texts(samples, text, given.missing_text)
    if has_text.all():
        return used, has_text
    return samples.assign(**{text: samples[text].where(has_text, "")}), has_text


def _documents(samples: pd.DataFrame, given: Inputs) -> list[str] | None:
    if given.text not in samples.columns:
        return None
    return texts(samples, given.text)


def _asked(given: Inputs) -> npt.NDArray[np.bool_]:
    was_asked = np.zeros(len(given.data), dtype=bool)
    for sample_ids, what in (
        (pd.Index([]) if given.gold is None else gold_series(given.gold).index, "the gold labels"),
        (pd.Index(list(given.exclude)), "`exclude`"),
    ):
        if len(sample_ids):
            was_asked[positions(given.data.index, sample_ids, what, "the samples")] = True
    return was_asked


def _known(given: Inputs, posterior: SoftLabels | None) -> Known | None:
    """Return the gold labels as codes of the schema that votes or soft labels have."""
    schema = next((part.schema for part in (posterior, given.votes) if part is not None), None)
    if given.gold is None or schema is None:
        return None
    series = gold_series(given.gold)
    codes = gold_codes(series, series.index, schema)
    votes = None if given.votes is None else given.votes.of_samples(series.index).to_array()
    return Known(codes, votes)

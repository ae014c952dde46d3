"""`Moment`: what a workbench held when it was asked, so that a result keeps its meaning later."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.notebook.fits import Fit
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.records import ABSTAIN, Fault, LabelSchema, SoftLabels, uniform_by_id
from labeling.records.estimates import Estimate, proportion

Codes = npt.NDArray[np.signedinteger[Any]]
RowNumbers = npt.NDArray[np.intp]

SALT = 15  # of the order in which rows are shown
SHOWN_COLUMNS = 6  # of samples without a text
TIED = -2
"""The code of a sample on which as many functions vote for one label as for another."""


@dataclass(frozen=True, eq=False)
class BaseMoment:
    """Samples and labeling functions at one time; what is computed of them is kept.

    Attributes:
        samples: index = ids.
        schema: the labels.
        functions: the current labeling functions with their votes.
        text: the column of the text; `None` where the samples have none.
    """

    samples: pd.DataFrame
    schema: LabelSchema
    functions: FunctionSet
    text: str | None

    def __len__(self) -> int:
        return len(self.samples)

    def gold_names(self, at: RowNumbers) -> list[str | None]:
        """Return the gold labels of some rows in words, `None` where a row is not in the dev set.

        Raises:
            NotImplementedError: the class has no dev set.
        """
        raise NotImplementedError

    @functools.cached_property
    def array(self) -> Codes:
        """The votes of the current functions: shape (n_samples, n_functions)."""
        return self.functions.array(len(self))

    @functools.cached_property
    def rank(self) -> RowNumbers:
        """Each row's place in an order that looks random and depends on the ids alone."""
        ids = self.samples.index
        order = shuffled(ids, SALT)
        rank = np.empty(len(ids), dtype=np.intp)
        rank[order] = np.arange(len(ids))
        return rank

    def ordered(self, at: RowNumbers, *first: npt.NDArray[Any]) -> RowNumbers:
        """Return rows in the order of some keys, each of shape (n_rows,), then of their ranks."""
        ordered: RowNumbers = at[np.lexsort((self.rank[at], *reversed(first)))]
        return ordered

    def in_order(self, faults: Sequence[Fault]) -> tuple[Fault, ...]:
        """Return faults in the order of the ranks of their samples."""
        if not faults:
            return ()
        place = dict(zip(self.samples.index.tolist(), self.rank.tolist(), strict=True))
        return tuple(sorted(faults, key=lambda fault: place[fault.sample_id]))

    def others(self, *names: str) -> FunctionSet:
        """Return the current functions without some."""
        return self.functions.without(*names)

    def texts_of(self, at: RowNumbers) -> list[str]:
        """Return the texts of some rows, or their first values where there is no text."""
        if self.text is not None:
            values = self.samples[self.text].iloc[at].tolist()
            return ["" if _is_missing(value) else str(value) for value in values]
        part = self.samples.iloc[at, :SHOWN_COLUMNS]
        names = [str(name) for name in part.columns]
        return [
            ", ".join(f"{name} = {value}" for name, value in zip(names, row, strict=True))
            for row in zip(*(part[name].tolist() for name in part), strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Moment(BaseMoment):
    """Samples of one label each, dev set and labeling functions at one time.

    Attributes:
        gold: the dev set's label codes, shape (n_samples,), -1 = not in the dev set.
        fit_of: returns the label model fitted to the votes of a set of functions.
    """

    gold: Codes
    fit_of: Callable[[FunctionSet], Fit[SoftLabels]]

    @functools.cached_property
    def n_gold(self) -> int:
        """The number of samples in the dev set."""
        return int((self.gold != ABSTAIN).sum())

    def gold_names(self, at: RowNumbers) -> list[str | None]:
        """Return the gold labels of some rows, `None` where a row is not in the dev set."""
        return self.names_of(self.gold[at])

    def model_codes(self, functions: FunctionSet | None = None) -> Codes:
        """Return the label model's labels as codes, -1 where it has none: shape (n_samples,)."""
        soft = self.soft(functions)
        return np.full(len(self), ABSTAIN, dtype=np.intp) if soft is None else soft.codes()

    def soft(self, functions: FunctionSet | None = None) -> SoftLabels | None:
        """Return the label model's posteriors; `None` where no function has cast a vote.

        Args:
            functions: those whose votes are used; `None` is the current ones.
        """
        fit = self._fit(functions)
        return None if fit is None else fit.soft

    def model_warnings(self, functions: FunctionSet | None = None) -> tuple[str, ...]:
        """Return what the label model warns of, as sentences."""
        fit = self._fit(functions)
        return () if fit is None else tuple(f"Label model: {one}" for one in fit.warnings)

    def _fit(self, functions: FunctionSet | None) -> Fit[SoftLabels] | None:
        wanted = self.functions if functions is None else functions
        has_votes = any((voted.codes != ABSTAIN).any() for voted in wanted)
        return self.fit_of(wanted) if has_votes else None

    def accuracy(self, codes: Codes) -> Estimate:
        """Return the accuracy of labels on the dev set, where there is a label."""
        return accuracy(codes, self.gold)

    def names_of(self, codes: Codes, missing: str | None = None) -> list[str | None]:
        """Return the names of label codes, "tie" where labels tie, and what is shown for none."""
        labels, others = self.schema.labels, {ABSTAIN: missing, TIED: "tie"}
        return [labels[code] if code >= 0 else others[code] for code in codes.tolist()]


def shuffled(ids: pd.Index, salt: int) -> RowNumbers:
    """Return the positions of ids in an order that looks random and depends on the ids alone.

    >>> shuffled(pd.Index(["a", "b", "c"]), 1).tolist()
    [1, 2, 0]
    """
    texts = [str(sample_id) for sample_id in ids.tolist()]
    try:
        drawn = uniform_by_id(ids, salt)
    except UnicodeEncodeError:  # half a character, as cut-off files have it
        escaped = [text.encode("utf-8", "backslashreplace").decode() for text in texts]
        drawn = uniform_by_id(pd.Index(escaped, dtype=object), salt)
    order: RowNumbers = np.lexsort((np.array(texts, dtype=object), drawn))
    return order


def accuracy(codes: Codes, gold: Codes) -> Estimate:
    """Return the share of right ones among votes, or labels, on samples with gold labels.

    >>> print(accuracy(np.array([0, 1, -1]), np.array([0, 0, 0])))
    0.500 [0.095, 0.905], n = 2
    """
    known = (codes != ABSTAIN) & (codes >= 0) & (gold != ABSTAIN)
    return share_of(int((codes[known] == gold[known]).sum()), int(known.sum()))


@functools.lru_cache(maxsize=4096)
def share_of(part: int, n: int) -> Estimate:
    """Return a proportion with its interval, kept, as tables ask for the same ones often."""
    return proportion(part, n)


def majority_codes(array: Codes, n_labels: int) -> Codes:
    """Return the label with most votes of each row, -1 where none, -2 where labels tie.

    >>> majority_codes(np.array([[0, 0, 1], [0, 1, -1], [-1, -1, -1]]), 2).tolist()
    [0, -2, -1]
    """
    counts = np.stack([(array == code).sum(axis=1) for code in range(n_labels)], axis=1)
    most = counts.max(axis=1)
    is_tied = (counts == most[:, None]).sum(axis=1) > 1
    return np.where(most == 0, ABSTAIN, np.where(is_tied, TIED, counts.argmax(axis=1)))


def voted_by(
    functions: FunctionSet, at: RowNumbers, schema: LabelSchema, *without: str
) -> list[str]:
    """Return who voted what on some rows, as "name: label" in the order of the functions."""
    cast: list[list[str]] = [[] for _ in at]
    for voted in functions:
        if voted.name in without:
            continue
        codes = voted.codes[at]
        for row in np.flatnonzero(codes != ABSTAIN).tolist():
            cast[row].append(f"{voted.name}: {schema.labels[codes[row]]}")
    return ["; ".join(votes) for votes in cast]


def polarity(voted: VotedLF, schema: LabelSchema) -> str:
    """Return the labels that a function voted for, in the order of the schema."""
    return ", ".join(schema.labels[code] for code in np.unique(voted.codes) if code >= 0)


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))

"""`PartErrors`: answers of spans or sets of labels that are likely to be wrong, and how many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.records import Span
from labeling.records.estimates import LEVEL, Estimate, undefined
from labeling.rendering import Cell, Displayed, Excerpt, Table, View
from labeling.rendering.formatting import decimal

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DIGITS = 9
"""Of a quality, so that the order of sums decides nothing."""
RESAMPLES = 199
MOST_SHOWN = 20
"""Answers in a view."""
TIE = 1e-9
SAME = 1e-6
"""A probability as far below the threshold of its label reaches it."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PartErrors(Displayed):
    """Answers in the order in which to look at them; made by `label_errors`. None is changed.

    Attributes:
        ranked: index = sample id, the most doubtful first: what the answer has and the model has
            not, or otherwise. Columns: `kind`: "missed", "extra", and of spans also "wrong label"
            and "wrong edges"; `given` and `suggested`: a `Span`, or of sets a label, `None` for
            none; `quality`: the model's probability that the answer is right there;
            `likely_error`: whether it is among the most doubtful ones, as many as are estimated
            wrong; `text`, where texts are known: of spans the part around.
        errors: the estimated number of wrong parts, with the interval of sampling of samples alone:
            whether the probabilities are good is not in it. Of spans the parts are the candidates,
            so that wrong edges may be two wrong parts; of sets the labels of which the model knows
            anything.
        by_label: the same by label: of spans the given label, "(none)" for candidates without one.
        unseen: sample id -> given span or label of which the model has no probability, so that it
            is in no number: no voter marked it, or said anything of it.
        unit: what the parts are, in the plural.
    """

    ranked: pd.DataFrame
    errors: Estimate
    by_label: pd.DataFrame
    unseen: pd.Series
    unit: str

    def __len__(self) -> int:
        return len(self.ranked)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the ranking."""
        return self.ranked.copy()

    def _view(self) -> View:
        top = self.ranked.head(MOST_SHOWN)
        columns = [column for column in top if column != "likely_error"]
        rows = tuple(
            (Excerpt(str(sample_id)), *map(_cell, values))
            for sample_id, *values in top[columns].itertuples(name=None)
        )
        sentence = (
            f"About {self.errors.value:,.0f} of {self.errors.n:,} {self.unit} are estimated to be"
            f" wrong ({self.errors.low:,.0f} to {self.errors.high:,.0f}, by chance of sampling"
            " alone). That is as good as the probabilities are; look at answers before you change"
            " them."
        )
        unseen = (
            f"The model has no probability of {counted(len(self.unseen), 'given answer')}: they are"
            " in no number."
        )
        by_label = Table(
            ("label", self.unit, "estimated errors", "95 % interval"),
            tuple(_row(*values) for values in self.by_label.itertuples(name=None)),
        )
        most_doubtful = Table(
            ("sample", *map(str, columns)),
            rows,
            "The most doubtful answers:",
            left_out=len(self.ranked) - len(rows),
        )
        sentences = (sentence, *((unseen,) if len(self.unseen) else ()))
        return View(
            f"Likely errors among {self.errors.n:,} {self.unit}",
            (*sentences, by_label, most_doubtful),
        )


def _row(label: str, n: int, errors: float, low: float, high: float) -> tuple[Cell, ...]:
    if np.isnan(errors):
        return (Excerpt(label), n, "", "nothing has this label")
    interval = f"{decimal(low, 0)} to {decimal(high, 0)}"
    return (Excerpt(label), n, decimal(errors, 0), interval)


def _cell(value: object) -> Cell:
    if isinstance(value, Span):
        return Excerpt(f"{value.start} to {value.end} {value.label}")
    return value if value is None or isinstance(value, float) else Excerpt(str(value))


def confident_errors(given: Ints, array: Floats, weights: Floats) -> Floats:
    """Return how many parts of each given label are confidently of another label.

    A part counts as one of a label where its probability reaches the mean probability of that label
    among the parts that have it; of several such labels the most probable one decides.

    Args:
        given: codes of the given labels: shape (n,).
        array: probabilities: shape (n, n_labels).
        weights: how often each part counts: shape (n,).

    >>> array = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]])
    >>> confident_errors(np.array([0, 0, 1, 0]), array, np.ones(4))
    array([0., 0.])
    >>> confident_errors(np.array([0, 0, 1, 0]), array[[0, 1, 2, 2]], np.ones(4))
    array([1., 0.])
    """
    k, rows = array.shape[1], np.arange(len(given))
    of_given = array[rows, given]
    n = np.asarray(np.bincount(given, weights, k), dtype=np.float64)
    mean = np.bincount(given, weights * of_given, k) / np.maximum(n, 1e-300)
    is_confident = (array >= mean - SAME) & (n > 0)
    highest = np.where(is_confident, array, -1.0).max(axis=1, initial=-1.0)
    is_right = is_confident[rows, given] & (of_given >= highest - TIE)
    is_wrong = is_confident.any(axis=1) & ~is_right
    return np.asarray(np.bincount(given[is_wrong], weights[is_wrong], k), dtype=np.float64)


def with_intervals(
    count: Callable[[Floats], Floats], n_samples: int, sizes: Sequence[int]
) -> list[Estimate]:
    """Return numbers of errors, and of all of them, with a bootstrap over samples.

    Args:
        count: returns the numbers, given how often each sample counts.
        n_samples: number of samples.
        sizes: number of parts behind each number.
    """
    rng = np.random.default_rng(0)
    equal = np.full(n_samples, 1 / n_samples)
    drawn = [count(rng.multinomial(n_samples, equal).astype(np.float64)) for _ in range(RESAMPLES)]
    values = _with_total(count(np.ones(n_samples)))
    low, high = np.quantile(
        [_with_total(numbers) for numbers in drawn], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0
    )
    ends = zip(values.tolist(), low.tolist(), high.tolist(), [*sizes, sum(sizes)], strict=True)
    return [
        Estimate(value, min(below, value), max(above, value), size)
        if size
        else undefined(0, "nothing has this label")
        for value, below, above, size in ends
    ]


def _with_total(numbers: Floats) -> Floats:
    return np.append(numbers, numbers.sum())


def by_label(labels: Sequence[str], estimates: Sequence[Estimate]) -> pd.DataFrame:
    """Return a row for each label: `n` parts, `errors`, `low`, `high`."""
    rows = [
        (estimate.n, estimate.value, estimate.low, estimate.high)
        for _, estimate in zip(labels, estimates, strict=True)
    ]
    index = pd.Index(list(labels), name="label", dtype=object)
    return pd.DataFrame(rows, index, ["n", "errors", "low", "high"])


def ranked_frame(
    ids: pd.Index,
    kinds: Sequence[str],
    given: Sequence[object],
    suggested: Sequence[object],
    quality: Floats,
) -> pd.DataFrame:
    """Return the columns of a ranking that both kinds of answers have."""
    columns = {"kind": kinds, "given": given, "suggested": suggested}
    given_columns = {name: _objects(values) for name, values in columns.items()}
    frame = pd.DataFrame(given_columns, ids, dtype=object)  # `None` stays `None`
    return frame.assign(quality=np.asarray(quality, dtype=np.float64))


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    """Return values as an array of objects, which NumPy would else make a table of spans."""
    array = np.empty(len(values), dtype=object)
    array[:] = list(values)
    return array

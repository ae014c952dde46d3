"""Likely errors of labels by confident learning: a ranking, and an estimate of how many."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.gold_comparison import hash_of, label_codes
from labeling.analysis.part_errors import PartErrors
from labeling.analysis.set_errors import set_errors
from labeling.analysis.span_errors import span_errors
from labeling.errors import DataError, LabelingError, listed, missing_extra
from labeling.records import (
    ABSTAIN,
    AnySoft,
    SoftLabels,
    SoftSets,
    SoftSpans,
    expect,
    label_order,
    positions,
)
from labeling.records.estimates import LEVEL, Estimate, undefined
from labeling.records.samples import checked_ids
from labeling.rendering import Displayed, Excerpt, Table, View
from labeling.rendering.formatting import decimal

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

RESAMPLES = 199
MOST_RESAMPLED = 20_000  # samples of a resample, so that a million samples take no minutes
MOST_SHOWN = 20  # samples in a view
TIE = 1e-9
DIGITS = 9  # of a quality, so that the order of sums decides nothing
SMALL = 1e-9  # so that no entry of the confident joint is zero


class HasLabels(Protocol):
    """A training set: what has a column `label`."""

    def added_column(self, name: str) -> pd.Series:
        """Return a column by its name."""


@dataclass(frozen=True, slots=True, repr=False)
class ErrorsOfLabel(Displayed):
    """How many samples of one label are likely to be wrong.

    Attributes:
        label: the given label.
        n: samples that have it.
        errors: the estimated number of wrong ones; `n` as above.
    """

    label: str
    n: int
    errors: Estimate


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LabelErrors(Displayed):
    """Labels in the order in which to look at them; made by `label_errors`. No label is changed.

    Attributes:
        ranked: index = sample id, the most doubtful first. Columns: `label` (the given one),
            `suggested` (the most probable one; `None` for a tie), `quality` (the estimated
            probability that the given label is correct), `likely_error` (whether it is among the
            most doubtful ones, as many as are estimated wrong).
        errors: the estimated number of wrong labels, with the interval of sampling alone: whether
            the probabilities are good is not in it.
        labels: the same by given label, in schema order.
    """

    ranked: pd.DataFrame
    errors: Estimate
    labels: tuple[ErrorsOfLabel, ...]

    def __len__(self) -> int:
        return len(self.ranked)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the ranking."""
        return self.ranked.copy()

    def _view(self) -> View:
        n = len(self.ranked)
        by_label = Table(
            ("label", "samples", "estimated errors", "95 % interval"),
            tuple((Excerpt(one.label), one.n, *_cells(one.errors)) for one in self.labels),
        )
        top = self.ranked.head(MOST_SHOWN)
        rows = tuple(
            (Excerpt(str(sample_id)), Excerpt(label), suggested and Excerpt(suggested), quality)
            for sample_id, label, suggested, quality in zip(
                top.index.tolist(),
                top["label"].tolist(),
                top["suggested"].tolist(),
                top["quality"].tolist(),
                strict=True,
            )
        )
        sentence = (
            f"About {self.errors.value:,.0f} of {n:,} labels are estimated to be wrong"
            f" ({self.errors.low:,.0f} to {self.errors.high:,.0f}, by chance of sampling alone)."
            " That is as good as the probabilities are; look at labels before you change them."
        )
        most_doubtful = Table(
            ("sample", "label", "suggested", "quality"),
            rows,
            "The most doubtful labels:",
            left_out=n - len(rows),
        )
        return View(f"Likely label errors among {n:,} samples", (sentence, by_label, most_doubtful))


Texts = Mapping[Hashable, str] | pd.Series


@overload
def label_errors(
    train: HasLabels | pd.Series, probabilities: SoftLabels, *, texts: Texts | None = None
) -> LabelErrors: ...


@overload
def label_errors(
    train: HasLabels | pd.Series,
    probabilities: SoftSpans | SoftSets,
    *,
    texts: Texts | None = None,
) -> PartErrors: ...


def label_errors(
    train: HasLabels | pd.Series, probabilities: AnySoft, *, texts: Texts | None = None
) -> LabelErrors | PartErrors:
    """Return the labels that are likely to be wrong, the most doubtful first.

    Confident learning (Northcutt, Jiang and Chuang, JAIR 2021; the package cleanlab): a sample
    counts as one of a label where its probability reaches the mean probability of that label among
    the samples that have it; the samples that count as one of a label other than their own estimate
    the number of errors. These counts by given and other label say which labels are taken for which
    how often. The ranking is by the probability that the given label is correct, by Bayes' rule
    from the sample's probabilities and these rates: so where a rare label was lost among a frequent
    one, those come first. With errors planted in five sets of texts, 70 % of the top were errors,
    of a ranking by the margin of the model alone 58 % (as many were looked at as were planted).

    The number is too high where the model is poor: it cannot tell its own errors from those of the
    labels. To know it, have a random sample labelled (`prediction_powered_share`).

    **Spans and sets of labels.** Answers are compared with the model part by part: with what it
    chose, and ranked by the probability that it gives to the answer. Of spans each candidate of the
    model has the label that was given to it, or "(none)"; of sets each label of each sample is a
    yes or a no. So gold, or the answers of a person, can be looked through. Of one annotator's
    answers to 197 news texts, beside a model of the other annotators, 75 to 79 % of the likely
    errors were errors, and 94 % of the first hundred. The model must know nothing of these answers:
    a model of labeling functions without gold, or of other people.

    Args:
        train: a training set, or its labels as a Series from sample id to label name; of spans to a
            list of `(start, end, label)`, of sets to a set of names. A missing label is no answer.
        probabilities: out-of-sample probabilities of these samples: of a model that has not learned
            the label of the sample that it scores, such as an `EndModel`, which is cross-fitted.
        texts: sample id -> text, for spans and sets: shown beside each answer.

    Returns:
        All samples with a label, ranked; samples with the same quality by a hash of the id. Of
        spans and sets the parts that differ from what the model chose.

    Raises:
        DataError: a sample has no probabilities, or none has a label.
        LabelingError: an argument has the wrong type.
        MissingExtraError: cleanlab is not installed (extra `quality`); spans and sets need none.

    >>> from labeling.records import LabelSchema
    >>> ids = [f"s{n}" for n in range(20)]
    >>> p_spam = np.array([0.9] * 10 + [0.1] * 10)
    >>> soft = SoftLabels(
    ...     np.stack([1 - p_spam, p_spam], 1),
    ...     pd.Index(ids),
    ...     LabelSchema(["ham", "spam"]),
    ...     [True] * 20,
    ... )
    >>> labels = pd.Series(["ham"] + ["spam"] * 9 + ["ham"] * 10, ids)
    >>> found = label_errors(labels, soft)
    >>> found.ranked.index[0], found.ranked["suggested"].iloc[0], found.errors.value
    ('s0', 'spam', 1.0)

    Of spans:

    >>> from labeling.records import Span
    >>> soft = SoftSpans(
    ...     [[0.9, 0.1], [0.3, 0.7]],
    ...     *np.array([[0, 0], [0, 8], [7, 11]]),
    ...     [True, False],
    ...     pd.Index(["a"]),
    ...     LabelSchema(["PER"], kind="spans"),
    ...     [True],
    ... )
    >>> answers = pd.Series({"a": [Span(0, 3, "PER")]})
    >>> found = label_errors(answers, soft, texts={"a": "Ann Lee met Bob"})
    >>> found.ranked[["kind", "text"]].values.tolist()
    [['wrong edges', '[Ann Lee] met Bob']]
    """
    labels = train if isinstance(train, pd.Series) else _labels_of(train)
    find = _OF_PARTS.get(type(probabilities))
    if find is None:
        return _errors_of_samples(labels, expect(probabilities, SoftLabels, "`probabilities`"))
    answered = labels[labels.notna()]
    if not len(answered):
        raise DataError(f"Some samples must have an answer. None of {len(labels):,} has.")
    return find(answered, probabilities, _checked_texts(texts, answered.index))


_OF_PARTS: dict[type, Callable[[pd.Series, Any, Mapping[Hashable, str] | None], PartErrors]] = {
    SoftSpans: span_errors,
    SoftSets: set_errors,
}
"""What finds the errors of answers that are no single labels, by the type of the probabilities."""


def _checked_texts(texts: Texts | None, ids: pd.Index) -> Mapping[Hashable, str] | None:
    if texts is None:
        return None
    by_id = dict(texts.items())
    missing = [sample_id for sample_id in ids if not isinstance(by_id.get(sample_id), str)]
    if missing:
        raise DataError(
            f"`texts` must have the text of each sample with an answer. {len(missing):,} of"
            f" {len(ids):,} have none, such as {listed(missing[:3])}."
        )
    return by_id


def _errors_of_samples(labels: pd.Series, soft: SoftLabels) -> LabelErrors:
    ids = checked_ids(labels.index)
    codes = label_codes(labels, soft.schema)
    rows = np.flatnonzero(codes != ABSTAIN)
    if not len(rows):
        raise DataError(f"Some samples must have a label. None of {len(labels):,} has.")
    rows = rows[np.argsort(hash_of(ids[rows]), kind="stable")]
    order = label_order(soft.schema)  # cleanlab's sums depend on the order of labels
    given = np.argsort(order)[codes[rows]]
    array = soft.to_array()[positions(soft.sample_ids, ids[rows], "the labels", "`probabilities`")]
    array = array[:, order]
    names = [soft.schema.labels[code] for code in order]
    found = _estimates(given, array)
    errors, of_labels = found[-1], found[:-1]
    by_label = {
        name: ErrorsOfLabel(name, estimate.n, estimate)
        for name, estimate in zip(names, of_labels, strict=True)
    }
    ranked = _ranked(ids[rows], given, array, names, round(errors.value))
    return LabelErrors(ranked, errors, tuple(by_label[name] for name in soft.schema.labels))


def _labels_of(train: HasLabels) -> pd.Series:
    try:
        return train.added_column("label")
    except AttributeError:
        raise LabelingError(
            "`train` must be a TrainingSet, or a pandas Series from sample id to label. Got a"
            f" {type(train).__name__}."
        ) from None


def _cells(estimate: Estimate) -> tuple[str, str]:
    if np.isnan(estimate.value):
        return "", estimate.note
    interval = f"{decimal(estimate.low, 0)} to {decimal(estimate.high, 0)}"
    return decimal(estimate.value, 0), interval


def _estimates(given: Codes, array: Floats) -> list[Estimate]:
    """Return the number of errors of each label, and of all, with a bootstrap over samples.

    Of many samples each resample has only some; its deviations are those of a smaller set, and are
    scaled (the m out of n bootstrap: Bickel, Goetze and van Zwet 1997).
    """
    n, k = array.shape
    rng = np.random.default_rng(0)
    counts = _with_total(_confident_joint(given, array))
    part = min(n, MOST_RESAMPLED) / n
    drawn = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, n, min(n, MOST_RESAMPLED))
        found = _with_total(_confident_joint(given[rows], array[rows])) / part
        drawn.append(counts + (found - counts) * np.sqrt(part))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    sizes = [*np.bincount(given, minlength=k).tolist(), n]
    return [
        Estimate(value, max(min(below, value), 0.0), max(above, value), size)
        if size
        else undefined(0, "no sample has this label")
        for value, below, above, size in zip(
            counts.tolist(), low.tolist(), high.tolist(), sizes, strict=True
        )
    ]


def _with_total(joint: Floats) -> Floats:
    """Return the number of errors of each given label, and of all: shape (n_labels + 1,)."""
    errors = joint.sum(axis=1) - np.diagonal(joint)
    return np.append(errors, errors.sum())


def _confident_joint(given: Codes, array: Floats) -> Floats:
    """Return how many samples of each given label (rows) are confidently of each label (columns).

    Labels that no sample has have no mean probability, and are never confident.
    """
    k = array.shape[1]
    present = np.flatnonzero(np.bincount(given, minlength=k))
    joint = np.zeros((k, k))
    if len(present) > 1:
        part = array[:, present]
        part = part / np.maximum(part.sum(axis=1, keepdims=True), 1e-300)
        joint[np.ix_(present, present)] = _cleanlab("count").compute_confident_joint(
            np.searchsorted(present, given), part, calibrate=False
        )
    return joint


def _quality(given: Codes, array: Floats) -> Floats:
    """Return the probability that each given label is correct, by the confident joint."""
    joint = _confident_joint(given, array) + SMALL
    true_if_given = joint / joint.sum(axis=1, keepdims=True)
    given_if_true = joint / joint.sum(axis=0, keepdims=True)
    posterior = (array @ true_if_given) * given_if_true[given]
    quality: Floats = posterior[np.arange(len(given)), given] / posterior.sum(axis=1)
    return quality


def _ranked(
    ids: pd.Index, given: Codes, array: Floats, names: list[str], n_errors: int
) -> pd.DataFrame:
    quality = np.round(_quality(given, array), DIGITS)
    best = array >= array.max(axis=1, keepdims=True) - TIE
    suggested = np.where(best.sum(axis=1) == 1, best.argmax(axis=1), len(names))
    order = np.argsort(quality, kind="stable")
    differs = suggested[order] != given[order]
    table = np.array([*names, None], dtype=object)
    return pd.DataFrame(
        {
            "label": table[given[order]],
            "suggested": table[suggested[order]],
            "quality": quality[order],
            "likely_error": differs & (np.cumsum(differs) <= n_errors),
        },
        index=ids[order],
    )


def _cleanlab(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"cleanlab.{module}")
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error

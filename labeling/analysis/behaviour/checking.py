"""Behavioural tests of a text model: invariance and direction under a change of the texts."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.behaviour.perturbations import Perturbation, seed_of
from labeling.analysis.behaviour.scoring import Model, Pairs, decided, pairs_of
from labeling.errors import LabelingError
from labeling.records import Table as SampleTable
from labeling.records import checked_fraction
from labeling.records.estimates import Estimate, proportion
from labeling.rendering import Displayed, Excerpt, Table, View

MOST_EXAMPLES = 5
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, repr=False)
class ChangedText(Displayed):
    """A sample that failed a behavioural test.

    Attributes:
        sample_id: its id.
        before: its text.
        after: the changed text.
        label_before: the label before; `None` for a tie.
        label_after: the label after.
        change: of the probability that was tested, after less before: of the label before, or of
            the label whose direction is tested.
    """

    sample_id: Hashable
    before: str
    after: str
    label_before: str | None
    label_after: str | None
    change: float


@dataclass(frozen=True, slots=True, repr=False)
class BehaviourResult(Displayed):
    """The result of a behavioural test.

    Attributes:
        name: what was tested, in words.
        failures: the failure rate with its interval; `n` = samples whose text was changed.
        unchanged: samples that the perturbation leaves as they are; they are not counted.
        examples: at most five failures, those with the largest change of probability.
        failed_ids: the ids of all that failed, the largest change first.
    """

    name: str
    failures: Estimate
    unchanged: int
    examples: tuple[ChangedText, ...]
    failed_ids: tuple[Hashable, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row: `test`, `n`, `failed`, `failure_rate`, `low`, `high`, `unchanged`."""
        rate = self.failures
        row = (self.name, rate.n, len(self.failed_ids), rate.value, rate.low, rate.high)
        columns = ["test", "n", "failed", "failure_rate", "low", "high", "unchanged"]
        return pd.DataFrame([(*row, self.unchanged)], columns=columns)

    def _view(self) -> View:
        sentence = (
            f"{len(self.failed_ids):,} of {self.failures.n:,} changed samples fail:"
            f" {self.failures}. {self.unchanged:,} samples have nothing to change."
        )
        rows = tuple(
            (
                Excerpt(str(one.sample_id)),
                Excerpt(one.before),
                Excerpt(one.after),
                f"{one.label_before} → {one.label_after}",
                one.change,
            )
            for one in self.examples
        )
        headings = ("sample", "before", "after", "label", "change of probability")
        table = Table(headings, rows, "The largest changes:")
        return View(f"Behaviour: {self.name}", (sentence, table) if rows else (sentence,))


def invariance(
    model: Model, data: SampleTable, perturbation: Perturbation, *, text: str = "text"
) -> BehaviourResult:
    """Return how often a change of the text that must not matter changes the label.

    (CheckList: Ribeiro et al., "Beyond accuracy: behavioral testing of NLP models", ACL 2020.) No
    gold label is needed.

    Args:
        model: with `predict_proba(data)`, or a function from samples to soft labels.
        data: the samples, index = ids.
        perturbation: such as `typos(0.1)`, `upper_case()`, `swapped_names()`.
        text: the column that is changed.

    Returns:
        The failure rate. A sample fails if its most probable label changes; it may become tied.

    Raises:
        DataError: no text is changed, or a text is missing.
        LabelingError: the model returns something else.

    >>> from labeling.analysis.behaviour import upper_case
    >>> from labeling.records import LabelSchema, SoftLabels
    >>> def has_free(data):
    ...     p = np.array([0.9 if "free" in text else 0.1 for text in data["text"]])
    ...     schema = LabelSchema(["ham", "spam"])
    ...     return SoftLabels(np.stack([1 - p, p], 1), data.index, schema, [True] * len(p))
    >>> data = pd.DataFrame({"text": ["free cash", "hello"]}, index=["a", "b"])
    >>> result = invariance(has_free, data, upper_case())
    >>> result.failures.value, result.examples[0].after
    (0.5, 'FREE CASH')
    """
    pairs = pairs_of(model, data, perturbation, text)
    before, after = decided(pairs.soft_before), decided(pairs.soft_after)
    failed = np.array([one != other for one, other in zip(before, after, strict=True)])
    top = pairs.soft_before.to_array().argmax(axis=1)
    rows = np.arange(len(top))
    change = pairs.soft_after.to_array()[rows, top] - pairs.soft_before.to_array()[rows, top]
    return _result(f"the label is the same {_named(perturbation)}", pairs, failed, change)


def directional(
    model: Model,
    data: SampleTable,
    perturbation: Perturbation,
    *,
    label: str | int,
    direction: Literal["up", "down"] = "up",
    tolerance: float = 0.0,
    text: str = "text",
) -> BehaviourResult:
    """Return how often a change of the text moves the probability of a label the wrong way.

    Adding "free money" must not lower the probability of spam: `direction="up"` allows it to rise
    or to stay. (CheckList: Ribeiro et al. 2020.)

    Args:
        model: with `predict_proba(data)`, or a function from samples to soft labels.
        data: the samples, index = ids.
        perturbation: such as `added_phrase("free money")`.
        label: whose probability is watched, by name or code.
        direction: where it may go, "up" or "down".
        tolerance: by how much it may go the other way, 0 to 1.
        text: the column that is changed.

    Raises:
        DataError: no text is changed, or a text is missing.
        UnknownLabelError: the label is not among the model's.
        LabelingError: another direction, or the model returns something else.
    """
    checked_fraction(tolerance, "`tolerance`")
    if direction not in ("up", "down"):
        raise LabelingError(f"`direction` must be 'up' or 'down'. Got {direction!r}.")
    pairs = pairs_of(model, data, perturbation, text)
    schema = pairs.soft_before.schema
    code = schema.index(label)
    change = pairs.soft_after.to_array()[:, code] - pairs.soft_before.to_array()[:, code]
    wrong_way = -change if direction == "up" else change
    may = "lower" if direction == "up" else "raise"
    name = f"it does not {may} the probability of {schema.labels[code]} {_named(perturbation)}"
    return _result(name, pairs, wrong_way > tolerance + ROUNDING, change)


def _named(perturbation: Perturbation) -> str:
    return f"({perturbation.name})"


def _result(
    name: str, pairs: Pairs, failed: npt.NDArray[np.bool_], change: npt.NDArray[np.float64]
) -> BehaviourResult:
    before, after = decided(pairs.soft_before), decided(pairs.soft_after)
    rows = sorted(
        np.flatnonzero(failed).tolist(),
        key=lambda row: (-round(abs(float(change[row])), 9), seed_of(pairs.ids[row])),
    )
    examples = tuple(
        ChangedText(
            pairs.ids[row],
            pairs.before[row],
            pairs.after[row],
            before[row],
            after[row],
            float(change[row]),
        )
        for row in rows[:MOST_EXAMPLES]
    )
    failed_ids = tuple(pairs.ids[row] for row in rows)
    rate = proportion(len(rows), len(pairs.ids))
    return BehaviourResult(name, rate, pairs.unchanged, examples, failed_ids)

"""Stopping rules: when more labels are not worth asking for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, listed
from labeling.query.audit import is_between, labels_needed
from labeling.records import ABSTAIN, SoftLabels, expect, positions, whole_number
from labeling.records.estimates import Estimate
from labeling.rendering import Displayed

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class StoppingRule(Displayed):
    """When to stop; each part that is set is a reason of its own.

    Attributes:
        half_width: stop when the 95 % interval of the accuracy on the audit sample reaches no
            farther than this to each side; 0.02 is 2 points.
        stable_rounds: stop when the labels of this many successive rounds hardly changed.
        kappa: from which Cohen's kappa on the labels of two rounds count as unchanged.
        budget: stop when people gave this many votes, reviews included.

    Raises:
        LabelingError: a number that cannot be a target.
    """

    half_width: float | None = None
    stable_rounds: int | None = None
    kappa: float = 0.99
    budget: int | None = None

    def __post_init__(self) -> None:
        for name, value, is_valid, wanted in (
            ("half_width", self.half_width, is_between(self.half_width, 0, 0.5), "0 and 0.5"),
            ("kappa", self.kappa, is_between(self.kappa, 0, 1) or self.kappa == 1, "0 and 1"),
        ):
            if value is not None and (not is_valid or isinstance(value, bool)):
                raise LabelingError(f"`{name}` must be a number between {wanted}. Got {value!r}.")
        for name, count in (("stable_rounds", self.stable_rounds), ("budget", self.budget)):
            if count is not None:
                whole_number(count, f"`{name}`")

    def reasons(
        self,
        accuracy: Estimate | None,
        kappas: Sequence[float],
        votes: int,
        *,
        measure: str = "accuracy of the labels",
    ) -> tuple[str, ...]:
        """Return why to stop, a sentence each; empty while there is no reason.

        Args:
            accuracy: on the audit sample; `None` before the first label.
            kappas: of each two successive rounds, in order; see `label_kappa`.
            votes: how many votes people gave.
            measure: what `accuracy` is, such as "F1 of the spans".

        >>> StoppingRule(budget=300).reasons(None, [], 310)
        ('The budget of 300 votes is spent: people gave 310.',)
        """
        reasons = []
        is_measured = accuracy is not None and accuracy.n > 0
        if self.half_width is not None and accuracy is not None and is_measured:
            is_narrow = labels_needed(accuracy, self.half_width) == 0
            target = points(self.half_width)
            sentence = f"The {measure} is known to within {target}: {accuracy}."
            reasons += [sentence] if is_narrow else []
        last = list(kappas)[-self.stable_rounds :] if self.stable_rounds else []
        if self.stable_rounds and len(last) == self.stable_rounds and min(last) >= self.kappa:
            reasons.append(
                f"The labels hardly changed in {counted(self.stable_rounds, 'round')}: kappa"
                f" {min(last):.3f} or more, where {self.kappa:g} is enough."
            )
        if self.budget is not None and votes >= self.budget:
            reasons.append(
                f"The budget of {counted(self.budget, 'vote')} is spent: people gave {votes:,}."
            )
        return tuple(reasons)


def points(share: float) -> str:
    """Return a share in words as points of a hundred.

    >>> points(0.02), points(0.01), points(0.025)
    ('2 points', '1 point', '2.5 points')
    """
    return f"{100 * share:g} {'point' if round(100 * share, 9) == 1 else 'points'}"


def label_kappa(before: SoftLabels, after: SoftLabels) -> float:
    """Return Cohen's kappa between the most probable labels of two rounds, on samples of both.

    Tied samples are a label of their own. It is 1 where both rounds give every sample one label,
    and NaN without common samples.

    Raises:
        LabelingError: the rounds have different labels; their order may differ.

    >>> from labeling.records import LabelSchema
    >>> schema, ids = LabelSchema(["ham", "spam"]), pd.RangeIndex(4)
    >>> before = SoftLabels([[0.9, 0.1]] * 2 + [[0.1, 0.9]] * 2, ids, schema, [True] * 4)
    >>> after = SoftLabels([[0.9, 0.1]] * 3 + [[0.1, 0.9]], ids, schema, [True] * 4)
    >>> label_kappa(before, after)
    0.5
    """
    order = _same_labels(
        expect(before, SoftLabels, "`before`"), expect(after, SoftLabels, "`after`")
    )
    common = after.sample_ids[after.sample_ids.isin(before.sample_ids)]
    what = "a round"
    first = before.codes()[positions(before.sample_ids, common, what, "the samples")]
    second = after.codes()[positions(after.sample_ids, common, what, "the samples")]
    return code_kappa(first, np.where(second == ABSTAIN, ABSTAIN, order[second]))


def _same_labels(before: SoftLabels, after: SoftLabels) -> Ints:
    """Return the code before of each label of the later round."""
    if set(before.schema.labels) != set(after.schema.labels):
        raise LabelingError(
            f"Both rounds must have the same labels. Got {listed(before.schema.labels)} and"
            f" {listed(after.schema.labels)}."
        )
    return np.array([before.schema.index(label) for label in after.schema.labels], dtype=np.intp)


def code_kappa(first: Ints, second: Ints) -> float:
    """Return Cohen's kappa between two arrays of codes of the same samples; NaN if empty."""
    if not len(first):
        return float("nan")
    codes = np.union1d(first, second)
    table = pd.crosstab(first, second).reindex(index=codes, columns=codes, fill_value=0)
    shares = table.to_numpy(dtype=np.float64) / len(first)
    expected = float((shares.sum(axis=0) * shares.sum(axis=1)).sum())
    observed = float(np.trace(shares))
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)

"""How annotators do on hidden gold, and when that is too bad to go on."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from labeling.errors import LabelingError
from labeling.records import (
    Annotation,
    Label,
    first_spellings,
    is_number,
    live_annotations,
    person_key,
)
from labeling.records.estimates import Estimate, proportion
from labeling.work_review.plans import FEWEST_TO_REJECT, AcceptancePlan, Checks


@dataclass(frozen=True, slots=True)
class GoldScore:
    """An annotator's answers to hidden gold.

    Attributes:
        annotator: the person's name.
        n: how many samples with a gold label they labeled; skips are not counted.
        right: how many of them as the gold label says.
    """

    annotator: str
    n: int
    right: int

    @property
    def accuracy(self) -> Estimate:
        """The share of right answers, with its Wilson interval."""
        return proportion(self.right, self.n)

    @property
    def checks(self) -> Checks:
        """The same as checks of votes."""
        return Checks(self.n, self.n - self.right)


def gold_scores(
    answers: Iterable[Annotation], gold: Mapping[Hashable, Label]
) -> dict[str, GoldScore]:
    """Return each annotator's score on samples with a gold label, by `person_key`, sorted by name.

    Args:
        answers: the annotations of these samples; the last one of each person counts.
        gold: sample id -> gold label; answers on other samples are left out.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> answers = [Annotation(i, "ann", label, now, now) for i, label in enumerate(["ham", "spam"])]
    >>> print(gold_scores(answers, {0: "ham", 1: "ham"})["ann"].accuracy)
    0.500 [0.095, 0.905], n = 2
    """
    live = [
        answer
        for answer in live_annotations(answers)
        if answer.label is not None and not answer.reviewer and answer.sample_id in gold
    ]
    names = first_spellings(answer.annotator for answer in live)
    counts = {key: [0, 0] for key in sorted(names, key=lambda key: names[key])}
    for answer in live:
        of_person = counts[person_key(answer.annotator)]
        of_person[0] += 1
        of_person[1] += answer.label == gold[answer.sample_id]
    return {key: GoldScore(names[key], n, right) for key, (n, right) in counts.items()}


def is_below(checks: Checks, accuracy: float, alpha: float = 0.05) -> bool:
    """Return whether the accuracy of checked votes is below a bound beyond doubt.

    The test may be repeated after each check: of people whose accuracy is at least the bound a
    share of at most `alpha` is ever found below it. It needs ten checks or more.

    Args:
        checks: of votes that were drawn at random.
        accuracy: the bound, above 0 and below 1.
        alpha: the risk, above 0 and below 1.

    Raises:
        LabelingError: a number out of its range.

    >>> is_below(Checks(20, 13), 0.7), is_below(Checks(20, 8), 0.7), is_below(Checks(9, 9), 0.7)
    (True, False, False)
    """
    if not is_number(accuracy) or not 0 < accuracy < 1:
        raise LabelingError(
            "The accuracy below which annotators are paused must be a number above 0 and below 1,"
            f" such as 0.7. Got {accuracy!r}."
        )
    plan = AcceptancePlan(1 - accuracy, alpha)
    return checks.n >= FEWEST_TO_REJECT and plan.log_evidence(checks) >= -math.log(alpha)

"""How annotators do on hidden gold, and when that is too bad to go on."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from labeling.errors import LabelingError
from labeling.records import (
    Annotation,
    Label,
    first_spellings,
    is_number,
    live_annotations,
    person_key,
)
from labeling.records.estimates import Estimate, mean_of
from labeling.work_review.answer_scores import answer_score
from labeling.work_review.plans import FEWEST_TO_REJECT, AcceptancePlan, Checks


@dataclass(frozen=True, slots=True)
class Losses:
    """How many answers were compared with the truth, and how much of them was wrong.

    Attributes:
        n: the number of answers.
        wrong: the sum over them of what was wrong, from 0 to 1 each.

    >>> Losses(3, 1.5) + Losses(2, 0.25)
    Losses(n=5, wrong=1.75)
    """

    n: int = 0
    wrong: float = 0.0

    def __add__(self, other: Losses) -> Losses:
        return Losses(self.n + other.n, self.wrong + other.wrong)

    @property
    def right(self) -> float:
        """The sum over the answers of what was right."""
        return self.n - self.wrong


@dataclass(frozen=True, slots=True)
class GoldScore:
    """An annotator's answers to hidden gold.

    Attributes:
        annotator: the person's name.
        scores: how far each answer is right, from 0 to 1, in ascending order; see `answer_score`.
            Skips are not counted.
    """

    annotator: str
    scores: tuple[float, ...]

    @property
    def n(self) -> int:
        """How many samples with a gold label the person labeled."""
        return len(self.scores)

    @property
    def accuracy(self) -> Estimate:
        """The mean score with its 95 % interval.

        Of one label per sample that is the share of right answers, with Wilson's interval; of
        several labels and of spans the mean F1 of the answers, with a bootstrap interval over them.
        """
        return mean_of(np.array(self.scores))

    @property
    def losses(self) -> Losses:
        """What was wrong in the answers."""
        return Losses(self.n, self.n - math.fsum(self.scores))


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
    scores: dict[str, list[float]] = {key: [] for key in sorted(names, key=lambda key: names[key])}
    for answer in live:
        if answer.label is not None:
            score = answer_score(gold[answer.sample_id], answer.label)
            scores[person_key(answer.annotator)].append(score)
    return {key: GoldScore(names[key], tuple(sorted(each))) for key, each in scores.items()}


def is_below(checks: Checks | Losses, accuracy: float, alpha: float = 0.05) -> bool:
    """Return whether the accuracy of checked votes is below a bound beyond doubt.

    The test may be repeated after each check: of people whose accuracy is at least the bound a
    share of at most `alpha` is ever found below it. It needs ten checks or more. That holds for the
    mean of scores from 0 to 1, too: the likelihood ratio of a share that is wrong lies on or below
    the line between those of right and wrong, so that its mean is 1 at most (Hoeffding 1963).

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

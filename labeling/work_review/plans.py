"""Acceptance sampling: how many votes of a lot to check, and what the checks decide."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from labeling.errors import LabelingError
from labeling.records import is_number
from labeling.records.estimates import Estimate, undefined

FEWEST_TO_REJECT = 10
"""No lot is rejected on fewer checks, unless it has no more votes: three slips are soon made."""
MOST_POOLED_LOTS = 3
"""Checks of so many earlier lots count: people change."""


class LotDecision(StrEnum):
    """What the checks of a lot decide; events hold the values."""

    ACCEPT = "accept"
    REJECT = "reject"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Checks:
    """How many uniformly drawn votes were checked, and how many of them were wrong.

    >>> Checks(3, 1) + Checks(2, 0)
    Checks(n=5, wrong=1)
    """

    n: int = 0
    wrong: int = 0

    def __add__(self, other: Checks) -> Checks:
        return Checks(self.n + other.n, self.wrong + other.wrong)

    def error(self, lot_size: int | None = None) -> Estimate:
        """Return the error rate with its exact (Clopper-Pearson) 95 % interval.

        Args:
            lot_size: the number of votes that were drawn from; where all of them were checked the
                error rate is known, and the interval is a point. `None` is a population without
                end.

        >>> print(Checks(29, 0).error())
        0.000 [0.000, 0.119], n = 29
        """
        from scipy.stats import binomtest

        if not self.n:
            return undefined(0, "no vote was checked")
        value = self.wrong / self.n
        if lot_size is not None and self.n >= lot_size:
            return Estimate(value, value, value, self.n, "all votes of the lot were checked")
        interval = binomtest(self.wrong, self.n).proportion_ci(0.95, method="exact")
        return Estimate(value, float(interval.low), float(interval.high), self.n)


class Counted(Protocol):
    """A number of votes, and how many of them were wrong."""

    @property
    def n(self) -> int:
        """How many there were."""
        ...

    @property
    def wrong(self) -> float:
        """How many of them were wrong."""
        ...


@dataclass(frozen=True, slots=True)
class AcceptancePlan:
    """When checks accept or reject a lot of votes.

    A lot is accepted at the first of three looks: after `size(0)` checks without a wrong vote,
    after `size(1)` with one, after `size(2)` with two. `size(c)` is the smallest number of checks
    in which c wrong votes or fewer have a probability of at most `alpha` where the error rate is
    `max_error`: its one-sided Clopper-Pearson bound is then at most `max_error`. That holds for
    each look; `risk` returns the probability that any of the three accepts, which is higher.

    A lot is rejected as soon as an e-value against "the error rate is at most `max_error`" reaches
    1 / alpha: the likelihood ratio of a uniform mixture of all higher rates (Wald 1945; Robbins
    1970). It may be looked at after each check, and still an annotator with at most `max_error`
    wrong votes ever has a lot rejected with a probability of at most `alpha`. Sampling without
    replacement makes both bounds conservative.

    Args:
        max_error: the highest error rate that is acceptable, above 0 and below 1.
        alpha: the risk of a look, above 0 and below 1.

    Raises:
        LabelingError: a number out of its range.

    >>> plan = AcceptancePlan()
    >>> [plan.size(wrong) for wrong in range(3)], round(plan.risk(0.1), 3)
    ([29, 46, 61], 0.09)
    >>> plan.decide(Checks(29, 0), lot_size=200), plan.decide(Checks(29, 1), lot_size=200)
    (<LotDecision.ACCEPT: 'accept'>, <LotDecision.CONTINUE: 'continue'>)
    """

    max_error: float = 0.10
    alpha: float = 0.05

    def __post_init__(self) -> None:
        for name, value in (("max_error", self.max_error), ("alpha", self.alpha)):
            if not is_number(value) or not 0 < value < 1:
                raise LabelingError(
                    f"`{name}` of an acceptance plan must be a number above 0 and below 1, such as"
                    f" 0.1. Got {value!r}."
                )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many checks each look has: of no, one and two wrong votes."""
        return tuple(self.size(wrong) for wrong in range(LOOKS))

    def size(self, wrong: int) -> int:
        """Return how many checks accept a lot with at most this many wrong votes."""
        return _plan_size(wrong, self.max_error, self.alpha)

    def risk(self, error: float) -> float:
        """Return the probability that any look accepts where this share of the votes is wrong."""
        return _acceptance(self.sizes, error)

    def decide(
        self, checks: Checks, *, lot_size: int, earlier: Iterable[Checks] = ()
    ) -> LotDecision:
        """Return what the checks of a lot decide.

        Args:
            checks: the checks of its uniformly drawn votes.
            lot_size: its number of votes. Where all were checked, the share of wrong ones decides.
            earlier: the checks of the annotator's lots that were accepted since the last rejected
                one, oldest first. The last three are added for acceptance, never for rejection.
        """
        if checks.n >= lot_size:
            is_good = checks.wrong <= self.max_error * lot_size + 1e-9
            return LotDecision.ACCEPT if is_good else LotDecision.REJECT
        if checks.n >= FEWEST_TO_REJECT and self.log_evidence(checks) >= -math.log(self.alpha):
            return LotDecision.REJECT
        pooled = sum(list(earlier)[-MOST_POOLED_LOTS:], checks)
        if checks.n and pooled.wrong < LOOKS and pooled.n >= self.size(pooled.wrong):
            return LotDecision.ACCEPT
        return LotDecision.CONTINUE

    def log_evidence(self, checks: Counted) -> float:
        """Return the logarithm of the e-value against an error rate of at most `max_error`.

        Args:
            checks: how many there were, and how many were wrong, parts of one included.

        >>> round(AcceptancePlan().log_evidence(Checks(10, 5)), 2)
        4.22
        """
        from scipy.special import betaincc, betaln

        wrong, right = checks.wrong, checks.n - checks.wrong
        tail = float(betaincc(wrong + 1, right + 1, self.max_error))
        if tail <= 0:
            return -math.inf
        mixture = float(betaln(wrong + 1, right + 1)) + math.log(tail / (1 - self.max_error))
        bound = wrong * math.log(self.max_error) + right * math.log1p(-self.max_error)
        return mixture - bound


LOOKS = 3
"""How often a lot may be accepted: with no, one or two wrong votes among those drawn."""


@functools.lru_cache
def _plan_size(wrong: int, max_error: float, alpha: float) -> int:
    from scipy.stats import binom

    size = wrong + 1
    while binom.cdf(wrong, size, max_error) > alpha:
        size += 1
    return size


def _acceptance(sizes: tuple[int, ...], error: float) -> float:
    """Return the probability of acceptance at any look, exactly, by the number of wrong votes."""
    open_states = {0: 1.0}
    accepted, drawn = 0.0, 0
    for allowed, size in enumerate(sizes):
        for _ in range(size - drawn):
            following: dict[int, float] = {}
            for wrong, probability in open_states.items():
                for step, chance in ((0, 1 - error), (1, error)):
                    following[wrong + step] = (
                        following.get(wrong + step, 0.0) + probability * chance
                    )
            open_states = following
        drawn = size
        accepted += sum(p for wrong, p in open_states.items() if wrong <= allowed)
        open_states = {wrong: p for wrong, p in open_states.items() if wrong > allowed}
    return accepted

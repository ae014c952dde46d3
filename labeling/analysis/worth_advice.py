"""What to do next, write labeling functions or label: the gains that each promises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labeling.analysis.crossover import Comparison
from labeling.errors import counted
from labeling.records.estimates import Estimate
from labeling.rendering.formatting import percent

WRITE, LABEL, UNDECIDED = "write labeling functions", "label", "undecided"
NEXT = 100
"""Gold labels whose gain is compared with that of further functions."""


@dataclass(frozen=True, slots=True)
class LabelPart:
    """What the labeling functions with the end model get right of one label.

    Attributes:
        label: its name.
        covered: of its gold labels, those that a function votes on.
        recall: of its gold labels, those that the model predicts.
        precision: of the gold samples predicted to have it, those that do.
    """

    label: str
    covered: Estimate
    recall: Estimate
    precision: Estimate


@dataclass(frozen=True, slots=True)
class Growth:
    """How much the latest labeling functions added to the coverage.

    Attributes:
        n_functions: since an earlier commit.
        share: of all samples, those that got their first vote from these functions.
    """

    n_functions: int
    share: float


@dataclass(frozen=True, slots=True)
class Reach:
    """Accuracy of the functions with the end model where a function votes, and where none does.

    Attributes:
        share: of all samples, those that a function votes on.
        n: the number of all samples.
        covered: accuracy on gold samples that a function votes on.
        uncovered: accuracy on the others.
        growth: of the coverage, where commits show it.
    """

    share: float
    n: int
    covered: Estimate
    uncovered: Estimate
    growth: Growth | None = None

    def potential(self) -> Estimate:
        """Return what is gained if uncovered samples were labeled as well as covered ones."""
        return self._gain(1 - self.share)

    def next_function(self) -> Estimate | None:
        """Return what one more function gains if it covers as many samples as the latest ones."""
        if self.growth is None or not (self.covered.n and self.uncovered.n):
            return None
        return self._gain(min(self.growth.share / self.growth.n_functions, 1 - self.share))

    def _gain(self, rest: float) -> Estimate:
        return Estimate(
            rest * (self.covered.value - self.uncovered.value),
            rest * (self.covered.low - self.uncovered.high),
            rest * (self.covered.high - self.uncovered.low),
            min(self.covered.n, self.uncovered.n),
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next.

    Attributes:
        action: "write labeling functions", "label", or "undecided".
        reasons: sentences with the numbers behind it.
    """

    action: str
    reasons: tuple[str, ...]


def gain_of_labels(comparison: Comparison) -> tuple[int, Estimate]:
    """Return how many more gold labels are looked at, and what they add to the curve at most.

    The gain of the last doubling of the curve goes on for one doubling at most, in proportion to
    the logarithm of the number of labels. Curves flatten, so that this is rather too much.
    """
    most = comparison.curve[-1].n_labels
    more = min(NEXT, most)
    if comparison.half >= most:
        return more, Estimate(math.nan, math.nan, math.nan, comparison.rules.n)
    scale = math.log((most + more) / most) / math.log(most / comparison.half)
    seen = comparison.last_half
    return more, Estimate(seen.value * scale, seen.low * scale, seen.high * scale, seen.n)


def advise(comparison: Comparison, reach: Reach, parts: Sequence[LabelPart]) -> Advice:
    """Return what to do next, with its reasons.

    Args:
        comparison: the learning curve of gold labels beside the functions.
        reach: the functions where they vote and where they do not.
        parts: the functions by label.
    """
    lead, (more, gain) = comparison.lead, gain_of_labels(comparison)
    most = comparison.curve[-1].n_labels
    reasons = [_lead_sentence(lead, most)]
    if not math.isnan(gain.value):
        reasons.append(
            f"The next {more:,} gold labels would add about {_points(gain)} to that model at the"
            f" rate of the last {most - comparison.half:,}, or less, as such curves flatten."
        )
    reasons.append(_reach_sentence(reach))
    reasons.extend(growth_sentences(reach, more, gain))
    action, why = _decided(lead, gain, reach.potential())
    return Advice(action, (*reasons, why, *_weakest(parts)))


def _decided(lead: Estimate, gain: Estimate, potential: Estimate) -> tuple[str, str]:
    """Return the action and its main reason."""
    if lead.low > 0:
        if gain.value >= lead.value:
            return LABEL, "That number of labels would make up for the lead of the functions."
        return WRITE, "That number of labels would not make up for the lead of the functions."
    if lead.high >= 0:
        return UNDECIDED, "The difference of the two models may be chance: continue with both."
    if potential.low > 0 and not gain.high >= potential.low:
        return WRITE, "Functions for the samples without a vote surely gain more than labels."
    if gain.low > 0:
        return LABEL, "The model of gold labels is ahead, and surely still learning."
    return (
        UNDECIDED,
        "The model of gold labels is ahead, but neither more labels nor more functions surely gain."
        " Train on both: gold labels correct the functions in the end model.",
    )


def _lead_sentence(lead: Estimate, most: int) -> str:
    who, other = ("The functions", f"a model learned from {most:,} gold labels alone")
    if lead.value < 0:
        return (
            f"A model learned from {most:,} gold labels alone is more accurate than the functions"
            f" by {_points(_negative(lead))}."
        )
    return f"{who} are more accurate than {other} by {_points(lead)}."


def _reach_sentence(reach: Reach) -> str:
    rest = f"{percent(1 - reach.share)} of {reach.n:,} samples have no vote"
    if reach.share >= 1:
        return "Every sample has a vote, so that only better or more votes on them can help."
    if not (reach.covered.n and reach.uncovered.n):
        return f"{rest}."
    return (
        f"{rest}: there the end model is right for {_short(reach.uncovered)}, on the others for"
        f" {_short(reach.covered)}. Functions for them, as good as those there are, would add about"
        f" {_points(reach.potential())}."
    )


def growth_sentences(reach: Reach, more: int, gain: Estimate) -> list[str]:
    """Return what a further function gains at the rate of the latest ones, if that is known."""
    by_function, growth = reach.next_function(), reach.growth
    if by_function is None or growth is None:
        return []
    each = percent(growth.share / growth.n_functions)
    sentences = [
        f"Since an earlier commit {counted(growth.n_functions, 'function')} covered {each} more of"
        f" the samples each; one more like them would add about {_points(by_function)}."
    ]
    if gain.low > 0 and by_function.low > 0:
        sentences.append(
            f"By these numbers {more:,} gold labels gain about as much as"
            f" {gain.value / by_function.value:.1f} functions."
        )
    return sentences


def _weakest(parts: Sequence[LabelPart]) -> tuple[str, ...]:
    """Return which label to write functions for first: the one surely found the least."""
    known = [part for part in parts if part.recall.n]
    if len(known) < 2:
        return ()
    # By the upper end: of three gold labels, one found is no sign of anything.
    least = min(known, key=lambda part: (part.recall.high, part.label))
    return (
        f"Weakest label: {least.label!r}. Of its gold labels {_short(least.recall)} are found, and"
        f" a function votes on {_short(least.covered)}.",
    )


def _negative(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.value, -estimate.high, -estimate.low, estimate.n)


def _points(estimate: Estimate) -> str:
    value, low, high = (100 * end for end in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} points [{low:.1f}, {high:.1f}] (n = {estimate.n:,})"


def _short(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} [{percent(estimate.low)}, {percent(estimate.high)}]" + (
        f" (n = {estimate.n:,})"
    )

"""Sentences on the fit of the model of spans."""

from __future__ import annotations

from typing import NamedTuple

from labeling.errors import counted, noun
from labeling.label_models.spans.gold_stack import LEAST_CANDIDATES, LEAST_SAMPLES

CALIBRATED = (
    "Probabilities without gold put spans in an order; they are not calibrated shares of right"
    " spans."
)


class GoldCounts(NamedTuple):
    """What gold there is.

    Attributes:
        samples: number of samples with gold.
        spans: number of gold spans in them.
        reached: how many of these any voter marked with just these ends.
        candidates: number of candidates in these samples.
    """

    samples: int
    spans: int
    reached: int
    candidates: int

    @property
    def is_enough(self) -> bool:
        """Whether gold is enough to be learned from."""
        return self.samples >= LEAST_SAMPLES and self.candidates >= LEAST_CANDIDATES


def where_sentences(
    n_candidates: int, n_samples: int, n_functions: int, n_people: int
) -> list[str]:
    """Return how many candidates there are, and how it is decided where spans are."""
    sentences = [
        f"{counted(n_candidates, 'candidate span')} in {counted(n_samples, 'sample')}, marked by"
        f" {counted(n_functions + n_people, 'voter')}."
    ]
    if n_functions:
        sentences.append(
            f"Where: {counted(n_functions, 'labeling function')} by counts; a span that contains or"
            " crosses a candidate is a vote against it, silence is none."
        )
    if n_people:
        sentences.append(
            f"Where: {counted(n_people, 'annotator')} by the annotator model; what they left"
            " unmarked in samples that they were asked about is a vote against a span."
        )
    return sentences


def tie_sentences(n_tied_sets: int, n_tied_labels: int) -> list[str]:
    """Return how many decisions were ties, and how these were broken."""
    sentences = []
    if n_tied_sets:
        sentences.append(
            f"{counted(n_tied_sets, 'tie')} of overlapping candidates: the one that starts first is"
            " chosen, of two that start together the longer one."
        )
    if n_tied_labels:
        sentences.append(
            f"{counted(n_tied_labels, 'chosen span')} with two equally good labels: the one that is"
            " first in the alphabet is given."
        )
    return sentences


def gold_sentences(gold: GoldCounts, threshold: float) -> list[str]:
    """Return what gold taught, or why it was not used."""
    if not gold.samples:
        return [CALIBRATED]
    sentences = []
    if gold.is_enough:
        sentences.append(
            f"Gold of {counted(gold.samples, 'sample')} with"
            f" {counted(gold.candidates, 'candidate')} teaches how much each vote counts. Spans are"
            f" kept from a probability of {threshold:.2f}, half of the F1 without gold."
        )
    else:
        sentences += [
            f"Gold of {counted(gold.samples, 'sample')} with"
            f" {counted(gold.candidates, 'candidate')} is not used: it takes {LEAST_SAMPLES}"
            f" samples with {LEAST_CANDIDATES} candidates, fewer can mislead.",
            CALIBRATED,
        ]
    if gold.spans:
        are = noun(gold.spans, "is a candidate", "are candidates")
        sentences.append(
            f"{gold.reached} of {gold.spans} gold {noun(gold.spans, 'span')}"
            f" ({gold.reached / gold.spans:.0%}) {are}: the recall that these voters can reach at"
            " most."
        )
    return sentences

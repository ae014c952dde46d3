"""Sentences of `report_` and warnings that several label models share."""

from __future__ import annotations

import warnings

from labeling.label_models.patterns import Floats, Patterns, n_votes_by_voter


def convergence_sentence(is_converged: bool, n_steps: int, algorithm: str = "EM") -> str:
    """Return the sentence on whether an iterative fit converged."""
    return f"{algorithm} {'converged' if is_converged else 'stopped'} after {n_steps} steps."


def warn_not_converged(model: object, steps: int, *, frames: int = 4) -> None:
    """Warn, at the line that called `fit`, that a model did not converge.

    Args:
        model: the model.
        steps: how many steps it made.
        frames: how many calls up that line is: this function, `_fit`, `fit`, and the line.
    """
    advice = "do not rely on the last digits of its probabilities"
    if hasattr(model, "steps"):
        advice = "raise `steps` if its last digits matter"
    warnings.warn(
        f"{type(model).__name__} did not converge in {steps} steps; {advice}.",
        stacklevel=frames,
    )


def identifiability_sentences(patterns: Patterns) -> tuple[str, ...]:
    """Return what no model of independent voters can estimate from these votes."""
    n_active = int((n_votes_by_voter(patterns) > 0).sum())
    sentences = []
    if n_active < patterns.n_voters:
        n_silent = patterns.n_voters - n_active
        sentences.append(
            f"{n_silent} of {patterns.n_voters} voters never vote and carry no evidence."
        )
    if n_active < 3:
        sentences.append(
            f"Only {n_active} of the voters vote: without gold labels it takes three to estimate"
            " their accuracies, so the prior counts for more than the votes."
        )
    n_compared = float(patterns.counts[patterns.n_votes >= 2].sum())
    sentences.append(
        f"{n_compared:.0f} of {patterns.counts.sum():.0f} samples have two votes or more, from"
        " which voters can be compared."
    )
    return tuple(sentences)


def gold_unused_sentences(patterns: Patterns) -> tuple[str, ...]:
    """Return the sentence of a model that cannot use gold labels, if there are any."""
    n_gold = int(patterns.gold.sum())
    if not n_gold:
        return ()
    return (f"{n_gold} gold labels were checked; this model does not use them.",)


def balance_sentence(class_balance: Floats | None) -> str:
    """Return the sentence about the class balance of a model that cannot estimate it."""
    if class_balance is None:
        return "No class balance was given: a uniform one is assumed."
    return "The class balance that was given is used."

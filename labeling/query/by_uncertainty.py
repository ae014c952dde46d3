"""Batches of samples with spans or sets of labels: random, unsure, and those nobody voted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, listed, near
from labeling.query.batches import ranked_part
from labeling.query.mixtures import random_and_rest
from labeling.query.near_duplicates import first_of_each
from labeling.query.pool import Pool
from labeling.query.spreading import CANDIDATES, best_first, in_turn, over_texts
from labeling.query.uncertainty import Uncertainty, covered, uncertainty_of
from labeling.records import SetVotes, SoftSets, SoftSpans, SpanVotes, Stratum

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

SET_STRATEGIES = ("mixture", "entropy", "uncovered", Stratum.RANDOM.value)
"""The strategies for sets of labels."""

NEARLY = 0.5
"""Share of the score of the n-th best that another sample must have to be chosen in its place."""

PER_WORD = "_per_word"
SPAN_STRATEGIES = (*SET_STRATEGIES, f"mixture{PER_WORD}", f"entropy{PER_WORD}")
"""The strategies for spans; those by word weigh a sample by what it costs to read it."""

_KINDS: Mapping[type, tuple[tuple[type, type], tuple[str, ...]]] = {
    **dict.fromkeys((SpanVotes, SoftSpans), ((SpanVotes, SoftSpans), SPAN_STRATEGIES)),
    **dict.fromkeys((SetVotes, SoftSets), ((SetVotes, SoftSets), SET_STRATEGIES)),
}
"""Of each type: those that may be given together, and the strategies for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """What is said of the spans, or the sets of labels, of the samples.

    Attributes:
        votes: the votes, if given.
        soft: the label model's answer, if given.
        end: the end model's answer, if given.
    """

    votes: Any
    soft: Any
    end: Any

    @property
    def given(self) -> list[Any]:
        """Those that are given: the votes first, since they say what was voted on."""
        return [part for part in (self.votes, self.soft, self.end) if part is not None]


def is_by_uncertainty(beliefs: Beliefs) -> bool:
    """Return whether samples are chosen as here: votes or probabilities of spans or sets."""
    return any(type(part) in _KINDS for part in beliefs.given)


def parts_by_uncertainty(
    pool: Pool, beliefs: Beliefs, shuffled: Ints, n: int, strategy: object, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Return the parts of a batch without near-duplicates.

    The mixture has one half drawn at random; the other half are the samples of the highest entropy,
    and as large a share as there is among all, but at most half of that half, of samples that no
    voter said anything of.

    Args:
        pool: the eligible samples, without votes and posterior.
        beliefs: what is said of them.
        shuffled: all rows in a random order.
        n: the number of samples.
        strategy: one of `SPAN_STRATEGIES` or `SET_STRATEGIES`.
        rng: for draws and clusters.

    Raises:
        LabelingError: another strategy, or what it needs is not given.
    """
    name = _checked_strategy(beliefs, strategy)
    n = min(n, len(np.unique(pool.groups)))
    is_covered = covered(beliefs.given[0], pool.ids)
    last = beliefs.soft if beliefs.end is None else beliefs.end
    unsure = uncertainty_of(last, pool.ids)
    if name.endswith(PER_WORD) and unsure is not None:
        unsure = _per_word(unsure, pool, name)
    if name == "uncovered":
        return [_uncovered_part(pool, is_covered, unsure, shuffled, n, rng)]
    if name.startswith("entropy"):
        return [_unsure_part(pool, _expected(unsure, name), shuffled, n, name, rng)]
    is_random = unsure is None or name == Stratum.RANDOM
    audit, rest = random_and_rest(pool, shuffled, n if is_random else -(-n // 2), rng)
    if unsure is None or is_random:
        return [audit]
    left = n - len(audit)
    silent = _uncovered_part(
        pool, is_covered, unsure, rest, _share(is_covered, pool, rest, left), rng
    )
    taken = pool.groups[pool.ids.get_indexer(pd.Index(silent["id"]))]
    rest = rest[~np.isin(pool.groups[rest], taken)]
    stratum = name.replace("mixture", "entropy")
    return [audit, _unsure_part(pool, unsure, rest, left - len(silent), stratum, rng), silent]


def _checked_strategy(beliefs: Beliefs, strategy: object) -> str:
    """Return the strategy after checking it, and that all that is given is of one kind."""
    first = next(part for part in beliefs.given if type(part) in _KINDS)
    together, strategies = _KINDS[type(first)]
    strangers = [part for part in beliefs.given if not isinstance(part, together)]
    if strangers:
        names = [kind.__name__ for kind in together]
        raise LabelingError(
            f"`votes`, `soft` and `end` must be {names[0]} and {names[1]} together. Got also a"
            f" {type(strangers[0]).__name__}."
        )
    if not isinstance(strategy, str) or strategy not in strategies:
        raise LabelingError(
            f"A strategy for {type(first).__name__} must be one of {listed(strategies, 10)}. Got"
            f" {strategy!r}.{near(str(strategy), strategies)}"
        )
    return strategy


def _expected(unsure: Uncertainty | None, name: str) -> Uncertainty:
    if unsure is None:
        raise LabelingError(f"Strategy {name!r} needs probabilities: give `soft` or `end`.")
    return unsure


def _per_word(unsure: Uncertainty, pool: Pool, name: str) -> Uncertainty:
    """Return the uncertainty by word to be read."""
    words = np.array([max(len(text.split()), 1) for text in pool.expect_texts(name)])
    reasons = [
        f"{reason}, by {number} word{'s'[: number != 1]} to read"
        for reason, number in zip(unsure.reasons, words.tolist(), strict=True)
    ]
    return Uncertainty(unsure.score / words, np.array(reasons, dtype=object), unsure.pattern)


def _share(is_covered: Bools, pool: Pool, rest: Ints, n: int) -> int:
    """Return how many of n samples are to be ones that no voter said anything of."""
    share = n * np.mean(~is_covered) if len(is_covered) else 0.0
    left = len(np.unique(pool.groups[rest[~is_covered[rest]]]))
    return min(n // 2, int(np.ceil(share)), left)


def _unsure_part(
    pool: Pool, unsure: Uncertainty, rows: Ints, n: int, stratum: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the samples of the highest scores, spread over texts or over what is unsure."""
    score = unsure.score
    ranked = first_of_each(pool.groups, rows[best_first(score[rows])])
    candidates = ranked[: CANDIDATES * n]
    chosen = candidates[:n]
    if 0 < n < len(candidates):
        # Spreading must not bring in samples that are far less unsure than the last without it.
        candidates = candidates[score[candidates] >= NEARLY * score[chosen[-1]]]
        if pool.spreads_texts:
            chosen = over_texts(pool, candidates, n, rng)
        elif unsure.pattern is not None:
            chosen = in_turn(unsure.pattern[candidates], candidates, n)
    most = score.max(initial=0.0)
    return ranked_part(pool, chosen, stratum, score / (most or 1.0), unsure.reasons[chosen])


def _uncovered_part(
    pool: Pool,
    is_covered: Bools,
    unsure: Uncertainty | None,
    rows: Ints,
    n: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return samples that no voter said anything of, of different texts, the least sure first."""
    score = (~is_covered).astype(np.float64)
    order = rows if unsure is None else rows[best_first(unsure.score[rows])]
    ranked = first_of_each(pool.groups, order[best_first(score[order])])
    candidates = ranked[score[ranked] > 0][: CANDIDATES * n]
    chosen = ranked[:n]
    if pool.documents is not None and 0 < n < len(candidates):
        chosen = over_texts(pool, candidates, n, rng)
    return ranked_part(pool, chosen, "uncovered", score, "no voter said anything of it")

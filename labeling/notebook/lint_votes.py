"""Checks of labeling functions that look at their votes alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from labeling.errors import counted, listed
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.lint_findings import Finding
from labeling.records import ABSTAIN, LabelSchema
from labeling.records.estimates import Estimate, proportion

Codes = npt.NDArray[np.intp]
Check = Callable[[FunctionSet, LabelSchema, Codes], Iterator[Finding]]

ALWAYS = 0.95
"""Share of the samples from which on a function votes nearly always."""
BROAD = 0.5
"""Share of the samples from which on a function is broad."""
ALIKE = 0.9
"""Jaccard index of votes from which on two functions are near-duplicates."""
LEAST_VOTES = 10
"""Votes that a function must have cast to be compared: of fewer, much may be chance."""
LEAST_DEV = 20
"""Samples of the dev set from which on it should hold every label."""


def duplicates(functions: FunctionSet, _: LabelSchema, __: Codes) -> Iterator[Finding]:
    """Yield groups of functions with the same votes."""
    groups: dict[bytes, list[str]] = {}
    counts: dict[bytes, int] = {}
    for voted in functions:
        key = voted.codes.astype("<i4").tobytes()
        groups.setdefault(key, []).append(voted.name)
        counts[key] = _count(voted)
    for key, names in groups.items():
        if len(names) > 1 and counts[key]:
            yield Finding(
                "duplicates",
                tuple(sorted(names)),
                "cast the same votes",
                counts[key],
                "the label model counts one rule several times, and is over-confident",
                "drop all but one; functions made in a loop may all see the loop's last value"
                " (bind it as a default: def f(x, word=word))",
            )


def near_duplicates(functions: FunctionSet, schema: LabelSchema, _: Codes) -> Iterator[Finding]:
    """Yield pairs of functions whose votes are nearly the same, or of which one adds none."""
    shared = _shared_votes(functions, len(schema))
    for first, second in itertools.combinations(range(len(functions)), 2):
        n_first, n_second = shared[first, first], shared[second, second]
        both = shared[first, second]
        if min(n_first, n_second) < LEAST_VOTES or both == n_first == n_second:
            continue
        names = functions.names[first], functions.names[second]
        if both >= ALIKE * (n_first + n_second - both):
            yield Finding(
                "near-duplicates",
                tuple(sorted(names)),
                f"share {both:,} votes of {n_first + n_second - both:,}",
                int(n_first + n_second - both),
                "the label model takes them for independent, and is over-confident",
                "keep the more precise one, or write both as one function",
            )
        elif both == min(n_first, n_second):
            if any(map(_votes_always, (functions.functions[first], functions.functions[second]))):
                continue  # every function for its label is a subset of it
            inner, outer = names if n_first < n_second else names[::-1]
            yield Finding(
                "subset",
                (inner, outer),
                f"casts {int(both):,} votes, all of which {outer!r} casts too",
                int(both),
                "it adds no coverage, and counts the same reason twice",
                f"drop it, or leave its cases out of {outer!r} if it is the more precise one",
            )


def _shared_votes(functions: FunctionSet, n_labels: int) -> npt.NDArray[np.int64]:
    """Return how many votes each two functions share: shape (n_functions, n_functions)."""
    size = len(functions)
    shared = np.zeros((size, size), dtype=np.int64)
    if not size:
        return shared
    array = functions.array(len(functions.functions[0].codes))
    for label in range(n_labels):
        casts = (array == label).astype(np.float64)  # sums of ones are exact
        shared += (casts.T @ casts).astype(np.int64)
    return shared


def silent(functions: FunctionSet, _: LabelSchema, __: Codes) -> Iterator[Finding]:
    """Yield functions that never vote."""
    for voted in functions:
        if not _count(voted) and len(voted.faults) < len(voted.codes):  # else it is said to fail
            yield Finding(
                "never votes",
                (voted.name,),
                f"casts no vote on {counted(len(voted.codes), 'sample')}",
                len(voted.codes),
                "it adds nothing, and is likely misspelt",
                "look at a sample that it should vote on: what does the text really say?",
            )


def constant(functions: FunctionSet, _: LabelSchema, __: Codes) -> Iterator[Finding]:
    """Yield functions that vote for one label nearly always."""
    for voted in functions:
        n, count = len(voted.codes), _count(voted)
        if n and _votes_always(voted):
            yield Finding(
                "always votes",
                (voted.name,),
                f"votes on {count / n:.1%} of {counted(n, 'sample')}",
                n,
                "a rule that always applies says little about a sample",
                "let it abstain where its reason does not hold",
            )


def unknown_labels(
    functions: FunctionSet, schema: LabelSchema, gold_codes: Codes
) -> Iterator[Finding]:
    """Yield functions that vote for a label which no sample of the dev set has."""
    n_dev = int((gold_codes >= 0).sum())
    if n_dev < LEAST_DEV:
        return
    absent = sorted(set(range(len(schema))) - set(gold_codes.tolist()))
    for voted in functions:
        labels = [schema.labels[code] for code in absent if (voted.codes == code).any()]
        if labels:
            yield Finding(
                "label without gold",
                (voted.name,),
                f"votes for {listed(labels)}, which none of {n_dev:,} samples of the dev set has",
                int(np.isin(voted.codes, absent).sum()),
                "whether these votes are right cannot be measured",
                "label samples of this label for the dev set, or check the label's name",
            )


def below_chance(functions: FunctionSet, _: LabelSchema, gold_codes: Codes) -> Iterator[Finding]:
    """Yield functions that are right less often than votes for these labels by chance are."""
    in_dev = gold_codes >= 0
    n_dev = int(in_dev.sum())
    for voted in functions:
        votes = voted.codes[in_dev & (voted.codes != ABSTAIN)]
        if not len(votes):
            continue
        shares = np.bincount(gold_codes[in_dev], minlength=int(votes.max()) + 1) / n_dev
        chance = float(shares[votes].mean())
        precision = _precision(voted, gold_codes)
        if precision.high < chance:
            yield Finding(
                "below chance",
                (voted.name,),
                f"its precision on the dev set is {precision}; by chance it would be {chance:.3f}",
                precision.n,
                "label models assume that each function is better than chance",
                "check that it votes for the right label, or drop it",
            )


def broad(functions: FunctionSet, _: LabelSchema, gold_codes: Codes) -> Iterator[Finding]:
    """Yield functions that cover more than half, and are less precise than the others together."""
    for voted in functions:
        n, count = len(voted.codes), _count(voted)
        if not n or not BROAD * n < count:
            continue
        right, total = _right_of_others(functions, voted, gold_codes)
        own = _precision(voted, gold_codes)
        if own.n and total and own.high < right / total:
            yield Finding(
                "broad",
                (voted.name,),
                f"covers {count / n:.1%} with precision {own}; the others together have"
                f" {right / total:.3f} (n = {total:,})",
                own.n,
                "where no other function votes, its errors become labels",
                "make it narrower, or let it abstain where others know better",
            )


def _right_of_others(functions: FunctionSet, voted: VotedLF, gold_codes: Codes) -> tuple[int, int]:
    """Return how many votes of the other functions on the dev set are right, and how many exist."""
    others = functions.without(voted.name).array(len(gold_codes))
    cast = (others != ABSTAIN) & (gold_codes >= 0)[:, None]
    return int((cast & (others == gold_codes[:, None])).sum()), int(cast.sum())


def _precision(voted: VotedLF, gold_codes: Codes) -> Estimate:
    measured = (voted.codes != ABSTAIN) & (gold_codes >= 0)
    right = int((voted.codes[measured] == gold_codes[measured]).sum())
    return proportion(right, int(measured.sum()))


def _votes_always(voted: VotedLF) -> bool:
    counts = np.bincount(voted.codes[voted.codes != ABSTAIN])
    return bool(len(counts) and counts.max() > ALWAYS * len(voted.codes))


def _count(voted: VotedLF) -> int:
    return int((voted.codes != ABSTAIN).sum())


VOTE_CHECKS: tuple[Check, ...] = (
    duplicates,
    near_duplicates,
    silent,
    constant,
    unknown_labels,
    below_chance,
    broad,
)

"""Checks of labeling functions on what they say of parts: spans, or labels of samples."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.errors import counted, listed
from labeling.notebook.function_set import VotedLF
from labeling.notebook.lint_findings import Finding
from labeling.notebook.lint_votes import ALIKE, ALWAYS, BROAD, LEAST_DEV, LEAST_VOTES
from labeling.notebook.moment import Codes, share_of
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.vote_cells import votes_digest
from labeling.records import ABSTAIN, SoftSets

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LintedParts:
    """What the checks of parts look at.

    Attributes:
        moment: what the workbench holds.
        table: the parts, a column for each of its functions.
    """

    moment: PartMoment
    table: PartTable

    @property
    def columns(self) -> Iterator[tuple[VotedLF, Codes, Bools]]:
        """Each function, what it says of each part, and of which parts it has an answer."""
        for column, voted in enumerate(self.moment.functions):
            codes = self.table.codes[:, column]
            yield voted, codes, self.answers[:, column]

    @functools.cached_property
    def answers(self) -> Bools:
        """Of which parts each function has an answer: shape (n_parts, n_functions)."""
        return self.table.has_answer(self.table.codes)

    @functools.cached_property
    def texts(self) -> list[str]:
        """The texts of the samples."""
        return self.moment.texts_of(np.arange(len(self.moment)))

    def of_parts(self, n: int) -> str:
        """Return a number of parts in words."""
        return counted(n, self.table.noun)


PartCheck = Callable[[LintedParts], Iterator[Finding]]


def duplicates(linted: LintedParts) -> Iterator[Finding]:
    """Yield groups of functions that say the same."""
    order = np.arange(len(linted.moment))
    groups: dict[str, list[tuple[str, int]]] = {}
    for voted, _, answers in linted.columns:
        if (voted.codes != ABSTAIN).any():
            same = groups.setdefault(votes_digest(voted.cells, order), [])
            same.append((voted.name, int(answers.sum())))
    for same in groups.values():
        if len(same) > 1:
            yield Finding(
                "duplicates",
                tuple(sorted(name for name, _ in same)),
                f"say the same of {linted.of_parts(same[0][1])}",
                same[0][1],
                "the label model counts one rule several times, and is over-confident",
                "drop all but one; functions made in a loop may all see the loop's last value"
                " (bind it as a default: def f(x, word=word))",
            )


def near_duplicates(linted: LintedParts) -> Iterator[Finding]:
    """Yield pairs of functions that say nearly the same, or of which one adds nothing."""
    names, shared = linted.moment.functions.names, _shared(linted)
    for first, second in itertools.combinations(range(len(names)), 2):
        n_first, n_second = int(shared[first, first]), int(shared[second, second])
        both = int(shared[first, second])
        either = n_first + n_second - both
        if min(n_first, n_second) < LEAST_VOTES or both == n_first == n_second:
            continue
        if both >= ALIKE * either:
            yield Finding(
                "near-duplicates",
                tuple(sorted((names[first], names[second]))),
                f"say the same of {both:,} of {linted.of_parts(either)}",
                either,
                "the label model takes them for independent, and is over-confident",
                "keep the more precise one, or write both as one function",
            )
        elif both == min(n_first, n_second):
            pair = names[first], names[second]
            inner, outer = pair if n_first < n_second else pair[::-1]
            yield Finding(
                "subset",
                (inner, outer),
                f"says of {linted.of_parts(both)} what {outer!r} says too, and of no other",
                both,
                f"it adds no {linted.table.noun}, and counts the same reason twice",
                f"drop it, or leave its cases out of {outer!r} if it is the more precise one",
            )


def _shared(linted: LintedParts) -> npt.NDArray[np.int64]:
    """Return of how many parts each two functions say the same: (n_functions, n_functions)."""
    size = len(linted.moment.functions)
    shared = np.zeros((size, size), dtype=np.int64)
    for code in range(linted.table.none + 1):
        cast = (linted.answers & (linted.table.codes == code)).astype(np.float64)  # exact sums
        shared += (cast.T @ cast).astype(np.int64)
    return shared


def silent(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions that never say anything."""
    n = len(linted.moment)
    for voted in linted.moment.functions:
        if (voted.codes == ABSTAIN).all() and len(voted.faults) < n:  # else it is said to fail
            yield Finding(
                "never votes",
                (voted.name,),
                f"says nothing of {counted(n, 'sample')}",
                n,
                "it adds nothing, and is likely misspelt",
                "look at a sample that it should speak of: what does the text really say?",
            )


def constant(linted: LintedParts, least_dev: int = 0) -> Iterator[Finding]:
    """Yield functions that give nearly all samples a label which not nearly all of them have.

    Args:
        linted: what is checked.
        least_dev: samples of the dev set that it needs: texts may each have a span of a label.
    """
    table, n, n_dev = linted.table, len(linted.moment), linted.moment.n_gold
    if n_dev < least_dev:
        return
    for voted, codes, _ in linted.columns:
        for code, label in enumerate(table.schema.labels):
            share = len(np.unique(table.sample[codes == code])) / max(n, 1)
            n_gold = len(np.unique(table.sample[table.gold == code]))
            if share <= ALWAYS or (n_dev >= LEAST_DEV and share_of(n_gold, n_dev).high >= share):
                continue
            gold = f"; of {n_dev:,} of the dev set, {n_gold:,} have it" if n_dev else ""
            yield Finding(
                "always votes",
                (voted.name,),
                f"gives {share:.1%} of {counted(n, 'sample')} the label {label!r}{gold}",
                n,
                "a rule that always applies says little about a sample",
                "let it say nothing where its reason does not hold",
            )


def unknown_labels(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions that give a label which nothing in the dev set has."""
    table, n_dev = linted.table, linted.moment.n_gold
    if n_dev < LEAST_DEV:
        return
    absent = sorted(set(range(table.none)) - set(table.gold.tolist()))
    for voted, codes, _ in linted.columns:
        labels = [table.schema.labels[code] for code in absent if (codes == code).any()]
        if labels:
            yield Finding(
                "label without gold",
                (voted.name,),
                f"gives {listed(labels)}, which none of {n_dev:,} samples of the dev set has",
                int(np.isin(codes, absent).sum()),
                "whether that is right cannot be measured",
                "label samples of this label for the dev set, or check the label's name",
            )


def below_chance(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions that are right less often than the same answers by chance are.

    By chance a yes is right as often as samples of the dev set have the label. There is no such
    chance for spans.
    """
    table, n_dev = linted.table, linted.moment.n_gold
    for voted, codes, answers in linted.columns:
        rows = np.flatnonzero(answers & (table.gold != ABSTAIN))
        if not len(rows):
            continue
        is_yes = table.has_label(codes[rows])
        if not is_yes.all():  # a no is about the label of its row, which its code does not tell
            rows = rows[is_yes]
        if not len(rows):
            continue
        n_gold = np.bincount(table.gold[table.has_label(table.gold)], minlength=table.none)
        chance = float((n_gold[codes[rows]] / n_dev).mean())
        precision = share_of(int((codes[rows] == table.gold[rows]).sum()), len(rows))
        if precision.high < chance:
            yield Finding(
                "below chance",
                (voted.name,),
                f"its precision on the dev set is {precision}; by chance it would be {chance:.3f}",
                precision.n,
                "label models assume that each function is better than chance",
                "check that it gives the right label, or drop it",
            )


def broad(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions that speak of more than half, and are less precise than the others."""
    table, n = linted.table, len(linted.moment)
    known = linted.answers & (table.gold != ABSTAIN)[:, None]
    right = (known & (table.codes == table.gold[:, None])).sum(axis=0)
    total = known.sum(axis=0)
    for column, voted in enumerate(linted.moment.functions):
        count = int((voted.codes != ABSTAIN).sum())
        of_others = int(total.sum() - total[column])
        if count <= BROAD * n or not total[column] or not of_others:
            continue
        precision = share_of(int(right[column]), int(total[column]))
        others = int(right.sum() - right[column]) / of_others
        if precision.high < others:
            yield Finding(
                "broad",
                (voted.name,),
                f"speaks of {count / n:.1%} of the samples with precision {precision}; the others"
                f" together have {others:.3f} (n = {of_others:,})",
                precision.n,
                "where no other function speaks, its errors become labels",
                "make it narrower, or let it say nothing where others know better",
            )


def lowering_f1(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions that alone add parts to the labels so few of which are right that F1 falls.

    F1 = 2 right / (predicted + gold): it rises without predicted parts if less than F1 / 2 of them
    are right.
    """
    table, soft = linted.table, linted.moment.soft()
    is_gold = table.has_label(table.gold)
    if soft is None or not is_gold.any():
        return
    chosen, _ = table.model(soft)
    known = table.has_label(chosen) & (table.gold != ABSTAIN)
    is_right = known & (chosen == table.gold)
    total, n_right = int(known.sum() + is_gold.sum()), int(is_right.sum())
    supporters = (table.codes == chosen[:, None]).sum(axis=1)
    for voted, codes, _ in linted.columns:
        alone = known & (codes == chosen) & (supporters == 1)
        n, right = int(alone.sum()), int((alone & is_right).sum())
        precision = share_of(right, n)
        if n and total > n and precision.high < n_right / total:
            yield Finding(
                "lowers F1",
                (voted.name,),
                f"alone it adds {linted.of_parts(n)} to the label model's answer on the dev set, of"
                f" which {right:,} are right: {precision}. F1 is {2 * n_right / total:.3f}, and"
                f" without them {2 * (n_right - right) / (total - n):.3f}",
                n,
                "what it finds costs more than it gains",
                "make it narrower, or drop it",
            )


def excluding(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions that give samples labels which the project says exclude each other."""
    table, soft = linted.table, linted.moment.soft()
    groups = soft.constraints.exclusive if isinstance(soft, SoftSets) else ()
    for voted, codes, _ in linted.columns:
        for group in groups:
            members = [table.schema.index(label) for label in group]
            rows = table.sample[np.isin(codes, members)]
            n = int((np.unique(rows, return_counts=True)[1] > 1).sum())
            if n:
                yield Finding(
                    "exclusive labels",
                    (voted.name,),
                    f"gives {counted(n, 'sample')} more than one of {listed(group)}, which exclude"
                    " each other",
                    n,
                    "one of them at most can be right",
                    "let it give the one that it is surer of, or say nothing there",
                )

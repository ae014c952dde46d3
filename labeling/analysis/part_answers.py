"""Answers that consist of spans, or of several labels, beside other answers on the same samples."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import Label, LabelSchema, Span
from labeling.records.estimates import Estimate, clustered_share

Answers = Mapping[Hashable, Any]
"""Sample id -> the spans, or the set of labels, that somebody gave it."""

RIGHT, OTHER_EDGES, OTHER_LABEL, MISSED, EXTRA = OUTCOMES = (
    "right",
    "other edges",
    "other label",
    "missed",
    "extra",
)
"""What an answer makes of each true part; "extra" is a part of the answer that is not true.

A true span with the same label and other edges in the answer is found with "other edges"; one of
which any part is marked, but with other labels only, has an "other label".
"""
NO_PARTS = "neither has a span or label"
PAIR_COLUMNS = ["first", "second", "n", "parts", "f1", "f1_low", "f1_high"]


def shared_f1(answers: Answers, *others: Answers) -> Estimate:
    """Return F1 of answers against each of others, on the samples that both have.

    It is the share of parts of either that the other one has too, so that it does not matter which
    of the two is taken as truth; n is the number of parts of both, in all pairs.

    >>> shared_f1({"a": {"joy"}, "b": {"joy"}}, {"a": {"joy", "fear"}}).value.__round__(3)
    0.667
    """
    counts = []
    for sample, parts in answers.items():
        pairs = [(set(parts), set(other[sample])) for other in others if sample in other]
        shared = sum(len(first & second) for first, second in pairs)
        counts.append((2 * shared, sum(len(first) + len(second) for first, second in pairs)))
    # Sorted, so that the sums do not depend on the order of samples.
    table = np.array(sorted(counts), dtype=np.float64).reshape(-1, 2)
    return clustered_share(table[:, 0], table[:, 1], NO_PARTS)


def answer_pairs(answers: Mapping[str, Answers]) -> pd.DataFrame:
    """Return the F1 of each two people against each other, on the samples that both answered.

    Args:
        answers: of each person.

    Returns:
        A row for each two people with a common sample, in the order of their names: `first`,
        `second`, `n` (common samples), `parts` (spans or labels of both), `f1` and the ends of its
        95 % interval, `f1_low` and `f1_high`.
    """
    rows = []
    for first, second in itertools.combinations(sorted(answers), 2):
        common = answers[first].keys() & answers[second].keys()
        if common:
            f1 = shared_f1(answers[first], answers[second])
            rows.append((first, second, len(common), f1.n, f1.value, f1.low, f1.high))
    return pd.DataFrame(rows, columns=PAIR_COLUMNS)


@functools.singledispatch
def part_outcomes(answer: Label, truth: Collection[Any]) -> Iterator[tuple[str, str]]:
    """Yield (label, outcome) of each true part, and of each part of the answer that is extra.

    >>> sorted(part_outcomes(frozenset({"joy", "fear"}), frozenset({"joy", "anger"})))
    [('anger', 'missed'), ('fear', 'extra'), ('joy', 'right')]
    >>> truth = (Span(0, 7, "PER"), Span(9, 12, "ORG"))
    >>> list(part_outcomes((Span(0, 3, "PER"), Span(9, 12, "PER")), truth))
    [('PER', 'other edges'), ('ORG', 'other label'), ('PER', 'extra'), ('PER', 'extra')]
    """
    raise TypeError(f"Answers must be sets of labels, or spans. Got {answer!r}.")


@part_outcomes.register
def _(answer: frozenset, truth: Collection[str]) -> Iterator[tuple[str, str]]:  # type: ignore[type-arg]  # by class
    yield from ((label, RIGHT if label in answer else MISSED) for label in truth)
    yield from ((label, EXTRA) for label in answer if label not in truth)


@part_outcomes.register
def _(answer: tuple, truth: Collection[Span]) -> Iterator[tuple[str, str]]:  # type: ignore[type-arg]  # by class
    yield from ((span.label, _outcome(span, answer)) for span in truth)
    yield from ((span.label, EXTRA) for span in answer if span not in truth)


def _outcome(span: Span, answer: tuple[Span, ...]) -> str:
    if span in answer:
        return RIGHT
    touching = [other for other in answer if other.start < span.end and span.start < other.end]
    if not touching:
        return MISSED
    return OTHER_EDGES if any(other.label == span.label for other in touching) else OTHER_LABEL


def outcome_table(answers: Answers, truth: Answers, schema: LabelSchema) -> pd.DataFrame:
    """Return what answers make of true parts, by label and in all, on the samples that both have.

    Returns:
        A row for each label with a true or extra part, in the order of the schema, and one for all,
        called "" (no label is): `true` (the true parts), `given` (the parts of the answers with
        this label), the number of each of `OUTCOMES`, and the shares `recall` (right of the true
        ones) and `precision` (right of those given), each with the ends of its 95 % interval, as
        `recall_low` and `recall_high`; NaN without such parts.

    >>> schema = LabelSchema(["joy", "fear"], kind="several")
    >>> table = outcome_table({"a": frozenset({"joy"})}, {"a": frozenset({"fear"})}, schema)
    >>> table[["true", "given", "missed", "extra"]].values.tolist()
    [[0, 1, 0, 1], [1, 0, 1, 0], [1, 1, 1, 1]]
    """
    codes = {label: code for code, label in enumerate(schema.labels)}
    samples = [sample for sample in answers if sample in truth]
    counts = np.zeros((len(samples), len(codes), len(OUTCOMES)))
    for row, sample in enumerate(samples):
        for label, outcome in part_outcomes(answers[sample], truth[sample]):
            counts[row, codes[label], OUTCOMES.index(outcome)] += 1
    used = [label for label in schema.labels if counts[:, codes[label]].any()]
    of_rows = {label: counts[:, codes[label]] for label in used} | {"": counts.sum(axis=1)}
    rows = [_outcome_row(of_label) for of_label in of_rows.values()]
    return pd.DataFrame(rows, index=pd.Index(list(of_rows), dtype=object, name="label"))


def _outcome_row(counts: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return a row of the table from the counts of one label: shape (n_samples, n_outcomes)."""
    right = counts[:, OUTCOMES.index(RIGHT)]
    true, given = counts[:, :-1].sum(axis=1), right + counts[:, -1]
    row: dict[str, float] = {"true": int(true.sum()), "given": int(given.sum())}
    row |= {name: int(n) for name, n in zip(OUTCOMES, counts.sum(axis=0), strict=True)}
    for name, whole in (("recall", true), ("precision", given)):
        estimate = clustered_share(right, whole)
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return row

"""Answers that are sets of labels or spans: what most people say, and how like the truth it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import Annotation, Label, LabelSchema, Verdict, read_label

Floats = npt.NDArray[np.float64]


def majority_of_parts(answers: Collection[Label]) -> Label:
    """Return the labels or spans that more than half of some answers have.

    >>> from labeling.records import Span
    >>> ann, bob = Span(0, 3, "PER"), Span(8, 11, "PER")
    >>> majority_of_parts([(ann, bob), (ann,), (ann,)])
    (Span(start=0, end=3, label='PER'),)
    """
    counts = Counter(part for answer in answers for part in answer)
    kept = [part for part, n in counts.items() if 2 * n > len(answers)]
    return frozenset(map(str, kept)) if _are_sets(answers) else tuple(sorted(kept))  # type: ignore[arg-type]


def _are_sets(answers: Collection[Label]) -> bool:
    return any(isinstance(answer, frozenset) for answer in answers)


def part_f1(answer: Label | None, truth: Label) -> float:
    """Return the F1 of the labels or spans of a sample; 1 where there are none in both.

    >>> part_f1(frozenset({"joy"}), frozenset({"joy", "anger"})), part_f1(None, ())
    (0.6666666666666666, 1.0)
    """
    given = set(answer or ())
    n = len(given) + len(truth)
    return 2 * len(given & set(truth)) / n if n else 1.0


def scores_of(answers: Iterable[Label | None], truths: Iterable[Label]) -> Floats:
    """Return the F1 of each sample: shape (n_samples,)."""
    pairs = zip(answers, truths, strict=True)
    return np.array([part_f1(answer, truth) for answer, truth in pairs], dtype=np.float64)


def people_parts(annotations: Sequence[Annotation], verdict: Verdict) -> dict[Hashable, Label]:
    """Return people's answer for each sample with a vote.

    The accepted one; where none is accepted, what more than half of the votes name.
    """
    votes: dict[Hashable, list[Label]] = {}
    for annotation in annotations:
        if annotation.label is not None and not annotation.reviewer:
            votes.setdefault(annotation.sample_id, []).append(annotation.label)
    answers = {sample_id: majority_of_parts(labels) for sample_id, labels in votes.items()}
    answers.update({gold.sample_id: gold.label for gold in verdict.gold})
    return answers


def read_labels(labels: pd.Series, schema: LabelSchema) -> pd.Series:
    """Return labels in their canonical form, `None` where one is missing."""
    values = np.empty(len(labels), dtype=object)
    values[:] = [read_label(label, schema) for label in labels.tolist()]
    return pd.Series(values, labels.index, dtype=object)


def consensus(votes: pd.DataFrame) -> pd.Series:
    """Return what more than half of the votes on each sample name, by sample id."""
    by_sample = votes.groupby("sample", sort=True)["label"]
    answers = {sample_id: majority_of_parts(labels.tolist()) for sample_id, labels in by_sample}
    values = np.empty(len(answers), dtype=object)
    values[:] = list(answers.values())
    return pd.Series(values, pd.Index(list(answers)), dtype=object)

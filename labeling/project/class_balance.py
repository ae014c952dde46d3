"""Compares the class balance of labels with that of random draws, and warns where they differ."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from labeling.errors import counted
from labeling.records import GoldLabel, LabelKind, LabelSchema, SoftLabels, Stratum

if TYPE_CHECKING:
    from labeling.analysis import ClassProportion

logger = logging.getLogger(__name__)

MOST_NAMED = 3  # labels in one sentence, the widest gaps first

RANDOM, GIVEN = "random draw", "gold labels"
DRAWS = {
    RANDOM: "samples that were drawn at random and settled by people",
    GIVEN: "given gold labels (if they are a random draw)",
}
"""The random draws that tell the class balance: a short name, and what it is."""

DECLARE = " If you know how common the labels are, declare `class_balance` in the config; else give"
DECLARED = (
    " `class_balance` is declared in the config: is it right, and does the label model use it"
    " (`labeling fit` says so)? Else give"
)
ADVICE = (
    " more gold labels, or ask people about more samples drawn at random (`labeling query` draws"
    " half so)."
)


def random_draws(
    dev: pd.Series, settled: Collection[GoldLabel], choices: pd.DataFrame
) -> dict[str, pd.Series]:
    """Return the labels of random draws, by the names in `DRAWS`.

    Args:
        dev: gold labels that were given, index = sample ids.
        settled: gold labels that people settled.
        choices: the samples that were chosen for annotation, index = ids, with their `stratum`.

    Returns:
        None of several labels, or spans: those of a sample depend on each other, so that their
        shares in a draw have wider intervals than those of single labels.
    """
    if not all(isinstance(label, str) for label in (*dev, *(one.label for one in settled))):
        return {}
    drawn = set(choices.index[choices["stratum"] == Stratum.RANDOM.value])
    labels = {gold.sample_id: gold.label for gold in settled if gold.sample_id in drawn}
    return {RANDOM: pd.Series(labels, dtype=object), GIVEN: dev}


def most_probable_counts(soft: SoftLabels, gold: Collection[GoldLabel] = ()) -> dict[str, int]:
    """Return how often each label is the most probable one; ties count for no label.

    Args:
        soft: the soft labels.
        gold: gold labels, which win: a model may never predict a rare label that people gave.

    >>> schema, ids = LabelSchema(["ham", "spam"]), pd.Index(["a", "b"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.8, 0.2]], ids, schema, [True, True])
    >>> most_probable_counts(soft), most_probable_counts(soft, [GoldLabel("b", "spam")])
    ({'ham': 2, 'spam': 0}, {'ham': 1, 'spam': 1})
    """
    gold_labels = {label.sample_id: label.label for label in gold}
    labels = [gold_labels.get(sample_id, label) for sample_id, label in soft.to_labels().items()]
    return label_counts(pd.Series(labels, dtype=object), soft.schema)


def label_counts(labels: pd.Series, schema: LabelSchema) -> dict[str, int]:
    """Return how often each label of a schema is given; of several labels, or spans, each one."""
    if schema.kind != LabelKind.ONE:
        counts = Counter(name for label in labels for name in _names_in(label))
        return {label: counts[label] for label in schema}
    return {label: int((labels == label).sum()) for label in schema}


def label_shares(
    labels: pd.Series, schema: LabelSchema, draws: Mapping[str, pd.Series]
) -> tuple[ClassProportion, ...]:
    """Return the share of each label: of samples, which may have several; of spans among these.

    Args:
        labels: of samples.
        schema: the labels.
        draws: labels of random draws, by name; see `random_draws`.
    """
    from labeling.analysis import compare_class_balance

    shares = compare_class_balance(label_counts(labels, schema), draws)
    if schema.kind != LabelKind.SEVERAL:
        return shares
    return tuple(dataclasses.replace(share, n=len(labels)) for share in shares)


@functools.singledispatch
def _names_in(label: object) -> Iterable[str]:
    """Return the names in a label of a sample: none where there is no label."""
    return ()


@_names_in.register
def _(label: frozenset) -> Iterable[str]:  # type: ignore[type-arg]  # by class
    return label


@_names_in.register
def _(label: tuple) -> Iterable[str]:  # type: ignore[type-arg]  # by class
    return (span.label for span in label)


def class_balance_warnings(
    what: str, counts: Mapping[str, int], draws: Mapping[str, pd.Series], *, is_declared: bool
) -> list[str]:
    """Return a warning for each random draw whose class balance differs significantly.

    Args:
        what: whose labels they are, such as "the training set".
        counts: how often each label is given.
        draws: labels of random draws, by the names in `DRAWS`.
        is_declared: whether the config declares the class balance.
    """
    from labeling.analysis import class_balance_gaps

    warnings = []
    advice = (DECLARED if is_declared else DECLARE) + ADVICE
    for name, drawn in draws.items():
        gaps = class_balance_gaps(counts, drawn)
        if gaps:
            listed = "; ".join(
                f"{gap.label!r} {gap.proportion:.1%}, where {gap.expected.value:.1%}"
                f" [{gap.expected.low:.1%}, {gap.expected.high:.1%}] are expected"
                for gap in gaps[:MOST_NAMED]
            )
            rest = len(gaps) - MOST_NAMED
            more = f"; and {counted(rest, 'label')} more" if rest > 0 else ""
            warnings.append(
                f"The class balance of {what} is not that of {len(drawn):,} {DRAWS[name]}:"
                f" {listed}{more} (95 % intervals).{advice}"
            )
    return warnings


def warn_of_class_balance(
    what: str, counts: Mapping[str, int], draws: Mapping[str, pd.Series], *, is_declared: bool
) -> None:
    """Log the warnings of `class_balance_warnings`."""
    for sentence in class_balance_warnings(what, counts, draws, is_declared=is_declared):
        logger.warning("%s", sentence)

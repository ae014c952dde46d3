"""Warnings where labels are more or less common than a random draw says."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from labeling.errors import counted
from labeling.records import GoldLabel, LabelSchema, SoftLabels

MOST_NAMED = 3  # labels in one sentence, the widest gaps first

RANDOM, GIVEN = "random draw", "gold labels"
DRAWS = {
    RANDOM: "samples that were drawn at random and settled by people",
    GIVEN: "given gold labels (if they are a random draw)",
}
"""What tells how common labels are: a short name, and what it is."""

DECLARE = " If you know how common the labels are, declare `class_balance` in the config; else give"
DECLARED = (
    " `class_balance` is declared in the config: is it right, and does the label model use it"
    " (`labeling fit` says so)? Else give"
)
ADVICE = (
    " more gold labels, or ask people about more samples drawn at random (`labeling query` draws half"
    " so)."
)


def random_draws(
    dev: pd.Series, people: Collection[GoldLabel], choices: pd.DataFrame
) -> dict[str, pd.Series]:
    """Return the labels that tell how common labels are, by the names in `DRAWS`.

    Args:
        dev: gold labels that were given, index = sample ids.
        people: what people settled.
        choices: the samples that were chosen for people, index = ids, with their `stratum`.
    """
    drawn = set(choices.index[choices["stratum"] == "random"])
    settled = {gold.sample_id: gold.label for gold in people if gold.sample_id in drawn}
    return {RANDOM: pd.Series(settled, dtype=object), GIVEN: dev}


def counts_of(soft: SoftLabels, gold: Collection[GoldLabel] = ()) -> dict[str, int]:
    """Return how often each label is the most probable one; ties are of no label.

    Args:
        soft: the labels.
        gold: labels known to be true, which win: a model may never give a rare label that people gave.

    >>> schema, ids = LabelSchema(["ham", "spam"]), pd.Index(["a", "b"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.8, 0.2]], ids, schema, [True, True])
    >>> counts_of(soft), counts_of(soft, [GoldLabel("b", "spam")])
    ({'ham': 2, 'spam': 0}, {'ham': 1, 'spam': 1})
    """
    labels = soft.to_labels()
    known = {one.sample_id: one.label for one in gold}
    final = [known.get(one, label) for one, label in labels.items()]
    return label_counts(pd.Series(final, dtype=object), soft.schema)


def label_counts(labels: pd.Series, schema: LabelSchema) -> dict[str, int]:
    """Return how often each label of a schema is given."""
    return {label: int((labels == label).sum()) for label in schema}


def share_sentences(
    what: str, counts: Mapping[str, int], draws: Mapping[str, pd.Series], *, is_declared: bool
) -> list[str]:
    """Return a sentence for each draw that other shares of the labels follow from; none if it fits.

    Args:
        what: whose labels they are, such as "the training set".
        counts: how often each label is given.
        draws: labels of random draws, by the names in `DRAWS`.
        is_declared: whether the config declares how common the labels are.
    """
    from labeling.analysis import share_gaps

    found = []
    advice = (DECLARED if is_declared else DECLARE) + ADVICE
    for name, drawn in draws.items():
        gaps = share_gaps(counts, drawn)
        if gaps:
            listed = "; ".join(
                f"{gap.label!r} {gap.share:.1%}, where {gap.drawn.value:.1%}"
                f" [{gap.drawn.low:.1%}, {gap.drawn.high:.1%}] are expected"
                for gap in gaps[:MOST_NAMED]
            )
            rest = len(gaps) - MOST_NAMED
            more = f"; and {counted(rest, 'label')} more" if rest > 0 else ""
            found.append(
                f"The labels' shares in {what} are not those of {len(drawn):,} {DRAWS[name]}: {listed}{more}"
                f" (95 % intervals).{advice}"
            )
    return found

"""Warnings where labels are more or less common than a random draw says."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from labeling.records import GoldLabel, LabelSchema, SoftLabels

MOST_NAMED = 3  # labels in one sentence, the widest gaps first

ADVICE = (
    " If you know how common the labels are, declare `class_balance` in the config; else give gold"
    " labels, or ask people about more samples drawn at random (`labeling query` draws half so)."
)


def random_draws(
    dev: pd.Series, people: Collection[GoldLabel], choices: pd.DataFrame
) -> dict[str, pd.Series]:
    """Return the labels that tell how common labels are, by where they are from.

    Args:
        dev: gold labels that were given, index = sample ids.
        people: what people settled.
        choices: the samples that were chosen for people, index = ids, with their `stratum`.
    """
    drawn = set(choices.index[choices["stratum"] == "random"])
    settled = {gold.sample_id: gold.label for gold in people if gold.sample_id in drawn}
    return {
        "samples that were drawn at random and settled by people": pd.Series(settled, dtype=object),
        "given gold labels (if they are a random draw)": dev,
    }


def counts_of(soft: SoftLabels) -> dict[str, int]:
    """Return how often each label is the most probable one; ties are of no label."""
    return label_counts(soft.to_labels(), soft.schema)


def label_counts(labels: pd.Series, schema: LabelSchema) -> dict[str, int]:
    """Return how often each label of a schema is given."""
    return {label: int((labels == label).sum()) for label in schema}


def share_sentences(
    what: str, counts: Mapping[str, int], draws: Mapping[str, pd.Series]
) -> list[str]:
    """Return a sentence for each draw that other shares of the labels follow from; none if it fits.

    Args:
        what: whose labels they are, such as "the training set".
        counts: how often each label is given.
        draws: labels of random draws, by what they are.
    """
    from labeling.analysis import share_gaps

    found = []
    for name, drawn in draws.items():
        gaps = share_gaps(counts, drawn)
        if gaps:
            listed = "; ".join(
                f"{gap.label!r} {gap.share:.1%}, where {gap.drawn.value:.1%}"
                f" [{gap.drawn.low:.1%}, {gap.drawn.high:.1%}] are expected"
                for gap in gaps[:MOST_NAMED]
            )
            more = f"; and {len(gaps) - MOST_NAMED} labels more" if len(gaps) > MOST_NAMED else ""
            found.append(
                f"The labels' shares in {what} are not those of {len(drawn):,} {name}: {listed}{more}"
                f" (95 % intervals).{ADVICE}"
            )
    return found

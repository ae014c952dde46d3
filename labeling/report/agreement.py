"""Part on agreement: by stratum, label and pair, what people confuse, and where they disagree."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis import Agreement, Estimate, label_coincidences, pair_matrix
from labeling.analysis.inline_charts import label_confusion_picture, pair_picture
from labeling.project.agreement import NO_BATCH, PeopleAgreement, people_agreement
from labeling.records import ABSTAIN, Stratum
from labeling.rendering.svg import Svg
from labeling.report.components import MOST_LABELS
from labeling.report.context import ReportContext

MOST_PAIRS = 20  # rows of the tables of pairs of people, and of pairs of labels
MOST_CELLS = 12  # people, or labels, in the picture of a matrix
MOST_SPLIT = 20  # samples of low agreement
MOST_EXAMPLES = 2  # of each pair of labels

RANDOM = Stratum.RANDOM.value
STRATUM_NAMES = {
    RANDOM: "samples drawn at random",
    Stratum.GIVEN.value: "samples given for annotation",
    NO_BATCH: "samples in no batch (imported annotations)",
}


@dataclass(frozen=True)
class LabelAgreement:
    """Agreement on a label: votes for it, how often another vote is for it too, and alpha."""

    label: str
    votes: int
    specific: Estimate
    alpha: Estimate


@dataclass(frozen=True)
class PairAgreement:
    """Agreement of two annotators on their common samples."""

    first: str
    second: str
    percent: Estimate
    kappa: Estimate


@dataclass(frozen=True)
class SplitSample:
    """A sample with votes for several labels."""

    sample: Hashable
    text: str
    labels: str
    distance: float


@dataclass(frozen=True)
class ConfusedLabels:
    """Two labels that people gave to the same samples, with examples."""

    first: str
    second: str
    pairs: int
    samples: int
    share: Estimate
    lift: Estimate
    examples: list[SplitSample]


@dataclass(frozen=True)
class AgreementSection:
    """Contents of the part.

    Attributes:
        people: the agreement of the annotators.
        random: that on samples drawn at random; `None` where they have no vote.
        strata: what each stratum is, and its agreement: the random one first, all samples last.
        labels: agreement on each label, the most frequent first.
        more_labels: how many labels are not shown.
        pairs: agreement of pairs of annotators, those with most common samples first.
        more_pairs: how many pairs are not shown.
        pair_matrix: a picture of the pairs; `None` with fewer than three annotators.
        confusion: a picture of what labels are confused; `None` without a conflict.
        confused: pairs of labels, the most frequent first.
        split: samples of low agreement, the lowest first.
        more_split: how many of them are not shown.
    """

    people: PeopleAgreement
    random: Agreement | None
    strata: list[tuple[str, Agreement]]
    labels: list[LabelAgreement]
    more_labels: int
    pairs: list[PairAgreement]
    more_pairs: int
    pair_matrix: Svg | None
    confusion: Svg | None
    confused: list[ConfusedLabels]
    split: list[SplitSample]
    more_split: int


def section(context: ReportContext) -> AgreementSection:
    """Return the part on agreement."""
    people = people_agreement(context.annotations, context.project.schema, context.selections)
    labels = people.by_label().sort_values("votes", ascending=False, kind="stable")
    pairs, split = people.by_pair(), people.low()
    by_stratum = sorted(people.by_stratum.items(), key=lambda item: item[0] != RANDOM)
    strata = [(_stratum_name(name), part) for name, part in by_stratum]
    return AgreementSection(
        people=people,
        random=people.by_stratum.get(RANDOM),
        strata=[*strata, ("all annotated samples", people.overall)],
        labels=_labels(labels.head(MOST_LABELS), people.overall.n_samples),
        more_labels=max(len(labels) - MOST_LABELS, 0),
        pairs=_pairs(pairs.head(MOST_PAIRS)),
        more_pairs=max(len(pairs) - MOST_PAIRS, 0),
        pair_matrix=_pair_matrix(people, pairs),
        confusion=_confusion(people) if len(split) else None,
        confused=_confused(context, people, split),
        split=_split(context, split.head(MOST_SPLIT)),
        more_split=max(len(split) - MOST_SPLIT, 0),
    )


def _stratum_name(name: str) -> str:
    return STRATUM_NAMES.get(name, f"samples chosen by {name}")


def _labels(table: pd.DataFrame, n_samples: int) -> list[LabelAgreement]:
    return [
        LabelAgreement(
            str(label),
            int(row["votes"]),
            Estimate(
                row["specific"],
                row["specific_low"],
                row["specific_high"],
                int(row["samples"]),
                row["specific_note"],
            ),
            Estimate(row["alpha"], row["low"], row["high"], n_samples, row["note"]),
        )
        for label, row in table.iterrows()
    ]


def _pairs(table: pd.DataFrame) -> list[PairAgreement]:
    return [
        PairAgreement(
            row["first"],
            row["second"],
            Estimate(row["percent"], row["low"], row["high"], row["n"]),
            Estimate(row["kappa"], row["kappa_low"], row["kappa_high"], row["n"], row["note"]),
        )
        for row in table.to_dict("records")
    ]


def _pair_matrix(people: PeopleAgreement, pairs: pd.DataFrame) -> Svg | None:
    """Return a picture of the agreement of the annotators with most votes."""
    array = people.votes.to_array()
    votes = dict(zip(people.votes.voters, (array != ABSTAIN).sum(axis=0).tolist(), strict=True))
    paired = {*pairs["first"], *pairs["second"]}
    names = sorted(paired, key=lambda name: (-votes[name], name))[:MOST_CELLS]
    if len(names) < 3:
        return None
    shown = sorted(names)
    percent, common = pair_matrix(pairs, "percent"), pair_matrix(pairs, "n")
    return pair_picture(percent.loc[shown, shown], common.loc[shown, shown])


def _confusion(people: PeopleAgreement) -> Svg:
    """Return a picture of the confusion of the labels with most conflicts."""
    table = label_coincidences(people.votes)
    conflicts = table.sum(axis=1) - np.diag(table)
    most = conflicts.sort_values(ascending=False, kind="stable").index[:MOST_CELLS]
    shown = [label for label in table.index if label in set(most)]
    return label_confusion_picture(table.loc[shown, shown])


def _confused(
    context: ReportContext, people: PeopleAgreement, split: pd.DataFrame
) -> list[ConfusedLabels]:
    """Return the pairs of labels that are confused most, with samples that show it."""
    given: dict[Hashable, set[str]] = {}
    votes = people.votes.of_samples(split.index).to_triples()
    for sample, label in zip(votes["sample"], votes["label"], strict=True):
        given.setdefault(sample, set()).add(label)
    rows = []
    for row in people.confused().head(MOST_PAIRS).to_dict("records"):
        both = {row["first"], row["second"]}
        examples = [sample for sample in split.index if both <= given[sample]][:MOST_EXAMPLES]
        rows.append(
            ConfusedLabels(
                row["first"],
                row["second"],
                row["pairs"],
                row["samples"],
                _estimate(row, "share"),
                _estimate(row, "lift"),
                _split(context, split.loc[examples]),
            )
        )
    return rows


def _estimate(row: dict[Any, Any], name: str) -> Estimate:
    return Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"], row["n"], row["note"])


def _split(context: ReportContext, table: pd.DataFrame) -> list[SplitSample]:
    texts = context.texts_of(table.index)
    return [
        SplitSample(sample, texts.get(sample, ""), row["labels"], row["distance"])
        for sample, row in zip(table.index, table.to_dict("records"), strict=True)
    ]

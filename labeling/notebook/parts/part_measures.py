"""How one labeling function stands among others where labels have parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.analysis import lf_summary
from labeling.analysis.kind_summaries import PLACES
from labeling.notebook.function_set import VotedLF
from labeling.notebook.moment import Codes, share_of
from labeling.notebook.parts.joined_votes import joined_votes, part_votes
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_table import PartTable
from labeling.records import ABSTAIN
from labeling.records.estimates import Estimate

Bools = npt.NDArray[np.bool_]


class Precision(NamedTuple):
    """How well what is said matches the dev set.

    Attributes:
        precision: the share of right ones among the parts that are given a label.
        recall: the share of gold parts that are given their label.
    """

    precision: Estimate
    recall: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class PartMeasures:
    """Counts of one labeling function, and its precision and recall on the dev set.

    Attributes:
        label: the labels that it gives.
        n_samples: of how many samples.
        votes: how many spans it marks, or labels it says yes to.
        no: how many it says no to: parts of texts with nothing in them, or labels.
        samples: of how many samples it says anything.
        new_samples: of how many of these no other function says anything.
        new: how many of `votes` no other function gives.
        overlaps: the share of what it says of which another function says something.
        conflicts: the share of what it says that another function contradicts.
        trimmed: how many of its spans were dropped, since they overlap longer ones of its own.
        precision: the share of right ones among `votes`, on the dev set.
        recall: the share of gold parts, of the labels that it gives, that it gives.
        by_label: both for each label that it gives, where there are several.
        places: of its spans on the dev set the shares that lie "exact", "inside", "around" or
            "crossing" a gold span, or "elsewhere"; empty for labels of samples.
    """

    label: str
    n_samples: int
    votes: int
    no: int
    samples: int
    new_samples: int
    new: int
    overlaps: float
    conflicts: float
    trimmed: int
    precision: Estimate
    recall: Estimate
    by_label: Mapping[str, Precision]
    places: Mapping[str, float]

    @property
    def coverage(self) -> float:
        """The share of samples of which it says anything."""
        return self.samples / self.n_samples

    @property
    def new_coverage(self) -> float:
        """The share of samples of which it says something and no other function does."""
        return self.new_samples / self.n_samples

    def to_row(self) -> dict[str, object]:
        """Return the measures by the names that columns of tables have."""
        return {
            "label": self.label,
            "votes": self.votes,
            "no": self.no,
            "new": self.new,
            "samples": self.samples,
            "coverage": self.coverage,
            "new_coverage": self.new_coverage,
            "overlaps": self.overlaps,
            "conflicts": self.conflicts,
            "trimmed": self.trimmed,
            "n": self.precision.n,
            "precision": self.precision.value,
            "precision_low": self.precision.low,
            "precision_high": self.precision.high,
            "n_gold": self.recall.n,
            "recall": self.recall.value,
            "recall_low": self.recall.low,
            "recall_high": self.recall.high,
            **self.places,
        }


def part_measures(
    moment: PartMoment, functions: tuple[VotedLF, ...], table: PartTable, n: int
) -> list[PartMeasures]:
    """Return the measures of the first `n` functions, each among all the others.

    Args:
        moment: what the workbench held.
        functions: with their votes, and different names.
        table: the parts of these functions, a column for each.
        n: of how many.
    """
    if not functions:
        return []
    names = [voted.name for voted in functions]
    votes = joined_votes([part_votes(voted) for voted in functions], names)
    summary = lf_summary(votes, moment.gold if moment.n_gold else None)
    spoke = np.column_stack([voted.codes != ABSTAIN for voted in functions])
    n_speaking = spoke.sum(axis=1)
    labels = np.where(table.has_label(table.codes), table.codes, ABSTAIN)
    n_alike = _n_alike(labels, table.none)
    found = []
    for column, row in enumerate(summary.to_dict("records")[:n]):
        codes = labels[:, column]
        is_label = codes != ABSTAIN
        alike = n_alike[np.arange(len(codes)), codes]
        new, alone = int((is_label & (alike == 1)).sum()), spoke[:, column] & (n_speaking == 1)
        found.append(_measures(row, len(moment), int(alone.sum()), new, (table, codes)))
    return found


def _measures(
    row: dict[Any, Any], n_samples: int, new_samples: int, new: int, said: tuple[PartTable, Codes]
) -> PartMeasures:
    table, codes = said
    used = np.unique(codes[codes != ABSTAIN]).tolist()
    each = {table.schema.labels[code]: scores_of(table, codes, [code]) for code in used}
    whole = scores_of(table, codes, used)
    return PartMeasures(
        label=row["polarity"],
        n_samples=n_samples,
        votes=int(row["votes"]),
        no=int(row["no"]),
        samples=int(row["samples"]),
        new_samples=new_samples,
        new=new,
        overlaps=float(row["overlaps"]),
        conflicts=float(row["conflicts"]),
        trimmed=int(row.get("trimmed", 0)),
        precision=whole.precision,
        recall=whole.recall,
        by_label=each if len(each) > 1 else {},
        places={place: float(row[place]) for place in PLACES if place in row},
    )


def _n_alike(labels: Codes, n_labels: int) -> Codes:
    """Return how many functions give each part each label: shape (n_parts, n_labels)."""
    counts = [(labels == code).sum(axis=1, dtype=np.int32) for code in range(n_labels)]
    return np.stack(counts, axis=1)


def scores_of(table: PartTable, codes: Codes, labels: list[int] | None = None) -> Precision:
    """Return precision and recall of what is said of parts, on the dev set.

    Args:
        table: the parts.
        codes: what is said of them: shape (n_parts,).
        labels: codes of the labels that count; `None` is all.
    """
    wanted = list(range(table.none)) if labels is None else labels
    is_known, is_said = table.gold != ABSTAIN, np.isin(codes, wanted)
    right = int((is_said & (codes == table.gold)).sum())
    n_gold = int(np.isin(table.gold, wanted).sum())
    return Precision(
        share_of(right, int((is_said & is_known).sum())),
        share_of(right, n_gold),
    )

"""Agreement of annotators on spans: F1 of each two, and Krippendorff's alpha on characters."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.inter_annotator.span_characters import CharacterCounts, character_counts
from labeling.analysis.inter_annotator.span_pairs import (
    EXACT,
    RELAXED,
    PairCounts,
    f1,
    pair_counts,
)
from labeling.analysis.inter_annotator.units import percentile_interval, resamples
from labeling.errors import LabelingError, counted, listed, near
from labeling.records import SpanVotes
from labeling.records.estimates import Estimate, undefined
from labeling.rendering import Displayed, Table, View, as_interval

Floats = npt.NDArray[np.float64]

NO_PAIR = "no sample was seen by two people"
PAIR_VALUES = ("exact", "relaxed", "n")
EDGE_GAP = 0.05
"""Gap of relaxed and exact F1 from which a note says what it means."""

NO_SPAN = "have no such span"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SpanAgreement(Displayed):
    """Agreement of voters on the spans of samples that two or more of them saw.

    Attributes:
        exact: F1 of each two people against each other, all pairs and samples together: a span
            counts if label, start and end are equal.
        relaxed: the same where a span counts if the other person has one of its label that overlaps
            it. The gap to `exact` is disagreement on edges only.
        alpha: Krippendorff's alpha on characters, each with a label or outside of any.
        n_samples: samples that two people or more saw.
        n_spans: the spans marked in them.
        by_label: a row for each label: `spans`, `exact`, `relaxed` and `alpha`, each with the ends
            of its 95 % interval, as `exact_low` and `exact_high`.
        pairs: a row for each two people, in the order of their names: `first`, `second`, `n`
            (samples that both saw), `spans` (of both), `exact` and `relaxed` (NaN without spans).
    """

    exact: Estimate
    relaxed: Estimate
    alpha: Estimate
    n_samples: int
    n_spans: int
    by_label: pd.DataFrame
    pairs: pd.DataFrame

    def __str__(self) -> str:
        return (
            f"exact F1 {self.exact}; relaxed F1 {self.relaxed}; Krippendorff's alpha on characters"
            f" {self.alpha}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the numbers are quoted, a sentence each."""
        if not self.n_samples:
            return (f"Agreement is undefined: {NO_PAIR}.",)
        gap = self.relaxed.value - self.exact.value
        if not gap >= EDGE_GAP:
            return ()
        return (
            f"Relaxed F1 is {gap:.2f} above exact F1: people mark the same things and differ in"
            " where they begin and end, which a guideline can settle.",
        )

    def _view(self) -> View:
        rows = (
            ("exact F1", as_interval(self.exact)),
            ("relaxed F1", as_interval(self.relaxed)),
            ("Krippendorff's alpha on characters", str(self.alpha)),
        )
        samples = counted(self.n_samples, "sample")
        return View(
            f"Agreement on spans of {samples} seen by two people or more ({self.n_spans:,} spans)",
            (Table(("measure", "value with 95 % interval"), rows), *self.notes),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each measure: `value, low, high` (95 %), `n` (samples), `note`."""
        estimates = {"exact": self.exact, "relaxed": self.relaxed, "alpha": self.alpha}
        rows = [(e.value, e.low, e.high, e.n, e.note) for e in estimates.values()]
        index = pd.Index(list(estimates), name="measure")
        return pd.DataFrame(rows, index, columns=["value", "low", "high", "n", "note"])

    def pair_matrix(self, value: str = "exact") -> pd.DataFrame:
        """Return a value of the pairs as a symmetric matrix, voters by voters.

        Args:
            value: `"exact"`, `"relaxed"`, or `"n"`; NaN for two without a common sample or span,
                and on the diagonal.

        Raises:
            LabelingError: another value.
        """
        if value not in PAIR_VALUES:
            raise LabelingError(
                f"`value` must be one of {listed(PAIR_VALUES)}. Got {value!r}."
                f"{near(str(value), PAIR_VALUES)}"
            )
        names = sorted({*self.pairs["first"], *self.pairs["second"]})
        table = pd.DataFrame(np.nan, index=pd.Index(names, name="voter"), columns=names)
        for first, second, number in self.pairs[["first", "second", value]].itertuples(index=False):
            table.loc[first, second] = table.loc[second, first] = number
        return table


def span_agreement(
    votes: SpanVotes, seed: int, texts: Mapping[Hashable, str] | None
) -> SpanAgreement:
    """Return the agreement of voters on spans; see `agreement`."""
    ordered = votes.of_voters(sorted(votes.voters))
    ordered = ordered.of_samples(_in_order(ordered))
    pairs = pair_counts(ordered)
    characters = character_counts(ordered, texts)
    seen = np.flatnonzero(pairs.people >= 2)
    names = sorted(votes.schema.labels)  # what is drawn must not depend on the schema's order
    sums = _sums(
        pairs.by_sample[seen],
        CharacterCounts(*(column[seen] for column in characters)),
        [votes.schema.index(name) for name in names],
    )
    everything, *of_labels = _estimates(sums, len(seen), seed)
    rows = [_columns(found) for found in of_labels]
    by_label = pd.DataFrame(rows, index=pd.Index(names, name="label"))
    return SpanAgreement(
        everything["exact"],
        everything["relaxed"],
        everything["alpha"],
        len(seen),
        int(np.isin(ordered.marks.sample[ordered.marks.label >= 0], seen).sum()),
        by_label.loc[list(votes.schema.labels)].assign(spans=_spans_by_label(ordered, seen)),
        _pair_table(pairs, ordered.voters),
    )


def _in_order(votes: SpanVotes) -> pd.Index:
    """Return the samples in an order that does not depend on the rows, for what is drawn."""
    ids = votes.sample_ids
    return ids[sorted(range(len(ids)), key=lambda row: (str(ids[row]), str(type(ids[row]))))]


def _columns(found: Mapping[str, Estimate]) -> dict[str, float]:
    return {
        f"{name}{suffix}": value
        for name, estimate in found.items()
        for suffix, value in (
            ("", estimate.value),
            ("_low", estimate.low),
            ("_high", estimate.high),
        )
    }


class _Sums(NamedTuple):
    """What the measures of all labels, or of one, are computed from, in columns.

    Attributes:
        spans: exact, relaxed and all spans: shape (..., 3).
        unequal: the disagreement on characters: shape (...,).
        values: how often each value was given to a character: shape (..., n_values).
    """

    spans: Floats
    unequal: Floats
    values: Floats

    def measures(self) -> dict[str, Floats]:
        """Return exact F1, relaxed F1 and alpha of each row."""
        return {
            "exact": f1(self.spans, EXACT),
            "relaxed": f1(self.spans, RELAXED),
            "alpha": _alpha(self.unequal, self.values),
        }


def _sums(spans: Floats, c: CharacterCounts, codes: Sequence[int]) -> list[_Sums]:
    """Return what is summed over samples: of all labels together, then of each of some codes."""
    sums = [_Sums(spans.sum(axis=1), c.unequal, c.values)]
    for code in codes:
        marked = c.by_label[:, code]
        values = np.stack([marked, c.total - marked], axis=1)
        sums.append(_Sums(spans[:, code], c.unequal_by_label[:, code], values))
    return sums


def _estimates(sums: Sequence[_Sums], n: int, seed: int) -> list[dict[str, Estimate]]:
    """Return the measures of sums over samples, with intervals of resampled samples.

    Args:
        sums: by sample: the first axis has n entries.
        n: number of samples.
        seed: of the bootstrap; all measures have the same resamples.
    """
    if not n:
        return [dict.fromkeys(("exact", "relaxed", "alpha"), undefined(0, NO_PAIR))] * len(sums)
    drawn = [
        [_Sums(*(weights @ column for column in of_one)).measures() for of_one in sums]
        for weights in resamples(np.ones(n, dtype=np.int64), seed)
    ]
    found = []
    for position, of_one in enumerate(sums):
        totals = _Sums(*(column.sum(axis=0, keepdims=True) for column in of_one))
        found.append(
            {
                name: _estimate(value[0], [part[position][name] for part in drawn], n)
                for name, value in totals.measures().items()
            }
        )
    return found


def _estimate(value: float, drawn: Sequence[Floats], n: int) -> Estimate:
    if np.isnan(value):
        return undefined(n, "nobody marked a span, or all marked the same everywhere")
    return percentile_interval(float(value), np.concatenate(drawn), n, NO_SPAN)


def _alpha(unequal: Floats, values: Floats) -> Floats:
    """Return alpha for nominal data of sums over characters; NaN where all values are equal."""
    total = values.sum(axis=1)
    by_chance = total**2 - np.square(values).sum(axis=1)
    alpha: Floats = np.full(len(total), np.nan)
    some = by_chance > 0
    alpha[some] = 1 - (total[some] - 1) * unequal[some] / by_chance[some]
    return alpha


def _spans_by_label(votes: SpanVotes, seen: npt.NDArray[np.intp]) -> list[int]:
    marks = votes.marks
    is_counted = np.isin(marks.sample, seen) & (marks.label >= 0)
    counts = np.bincount(marks.label[is_counted], minlength=len(votes.schema))
    return [int(n) for n in counts]


def _pair_table(counts: PairCounts, voters: tuple[str, ...]) -> pd.DataFrame:
    pairs = sorted(counts.by_pair)
    table = np.array([counts.by_pair[pair] for pair in pairs], dtype=np.float64).reshape(-1, 4)
    return pd.DataFrame(
        {
            "first": [voters[first] for first, _ in pairs],
            "second": [voters[second] for _, second in pairs],
            "n": table[:, 0].astype(np.int64),
            "spans": table[:, 3].astype(np.int64),
            "exact": f1(table[:, 1:], EXACT),
            "relaxed": f1(table[:, 1:], RELAXED),
        }
    )

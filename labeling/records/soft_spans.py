"""`SoftSpans`: probabilities of candidate spans, and which of them were chosen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, listed
from labeling.records.canonical_order import label_order
from labeling.records.samples import checked_ids, id_index, positions
from labeling.records.schema import LabelSchema
from labeling.records.span_marks import Bools, Ints
from labeling.records.spans import Span
from labeling.records.validation import checked_fraction
from labeling.rendering import Displayed, View

SOURCES = ("votes", "end model")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SoftSpans(Displayed):
    """Probabilities of candidate spans of shape (n_candidates, n_labels + 1).

    The last column is the probability that no span is there; each row sums to 1. Candidates are
    sorted by sample, start and end; those that were chosen do not overlap.

    Attributes:
        array: float64, read-only.
        sample: row of each candidate's sample in `sample_ids`: shape (n_candidates,).
        start: index of its first code point.
        end: index after its last code point.
        chosen: whether it is a span by the model's decision.
        sample_ids: unique ids of all samples, those without candidates included.
        schema: the labels, in the order of the columns.
        covered: bool array of shape (n_samples,): whether any voter spoke of the sample.
        from_end_model: which candidates a model of the texts added, where no voter spoke: shape
            (n_candidates,); `None`: none of them.
    """

    array: npt.NDArray[np.float64]
    sample: Ints
    start: Ints
    end: Ints
    chosen: Bools
    sample_ids: pd.Index
    schema: LabelSchema
    covered: Bools
    from_end_model: Bools | None = None

    def __post_init__(self) -> None:
        ids = checked_ids(self.sample_ids)
        columns: dict[str, npt.NDArray[Any]] = {
            "array": np.array(self.array, dtype=np.float64),
            "sample": np.array(self.sample, dtype=np.int64),
            "start": np.array(self.start, dtype=np.int64),
            "end": np.array(self.end, dtype=np.int64),
            "chosen": np.array(self.chosen, dtype=bool),
            "covered": np.array(self.covered, dtype=bool),
        }
        n = len(columns["sample"])
        added = np.zeros(n, dtype=bool) if self.from_end_model is None else self.from_end_model
        columns["from_end_model"] = np.array(added, dtype=bool)
        shape = (n, len(self.schema) + 1)
        lengths = [len(columns[name]) for name in ("start", "end", "chosen", "from_end_model")]
        if columns["array"].shape != shape or lengths != [n] * 4:
            raise LabelingError(
                f"Soft spans of {n} candidates must have probabilities of shape {shape}. Got"
                f" {columns['array'].shape}, and columns of {lengths}."
            )
        if columns["covered"].shape != (len(ids),):
            raise LabelingError(
                f"`covered` must have a value for each of {len(ids)} samples. Got"
                f" {columns['covered'].shape}."
            )
        sums = columns["array"].sum(axis=1)
        if not (
            np.abs(sums - 1).max(initial=0.0) < 1e-6 and columns["array"].min(initial=0.0) >= 0
        ):
            raise LabelingError("The probabilities of a candidate span must sum to 1.")
        object.__setattr__(self, "sample_ids", ids)
        for name, column in columns.items():
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    def __repr__(self) -> str:
        return (
            f"SoftSpans({counted(len(self.sample_ids), 'sample')}, {int(self.covered.sum())}"
            f" covered, {int(self.chosen.sum())} of {counted(len(self.start), 'candidate')} chosen,"
            f" labels {listed(self.schema.labels)})"
        )

    def _view(self) -> View:
        from labeling.records.span_views import soft_spans_view

        return soft_spans_view(self)

    def __len__(self) -> int:
        return len(self.sample_ids)

    @property
    def best_labels(self) -> npt.NDArray[np.intp]:
        """The code of the most probable label of each candidate.

        Of labels that are equal to 9 decimals it is the first by name, whatever their order.
        """
        order = label_order(self.schema)
        best: npt.NDArray[np.intp] = order[self.array[:, order].round(9).argmax(axis=1)]
        return best

    def to_frame(self) -> pd.DataFrame:
        """Return a table of all candidates.

        Columns: `sample, start, end, label, p, p_none, chosen, source`. The label is the most
        probable one besides "no span", and `p` its probability; the source is "votes" or
        "end model".
        """
        best = self.best_labels
        names = np.array(self.schema.labels, dtype=object)
        sources, added = np.array(SOURCES, dtype=object), np.asarray(self.from_end_model)
        return pd.DataFrame(
            {
                "sample": self.sample_ids.take(self.sample),
                "start": self.start,
                "end": self.end,
                "label": pd.Series(names[best], dtype=object),
                "p": self.array[np.arange(len(best)), best],
                "p_none": self.array[:, -1],
                "chosen": self.chosen,
                "source": pd.Series(sources[added.astype(np.intp)], dtype=object),
            }
        )

    def to_spans(self, min_p: float = 0.0) -> pd.DataFrame:
        """Return a table of the chosen spans: `sample, start, end, label, p`.

        Args:
            min_p: leave out spans with a probability below this one.
        """
        at_least = checked_fraction(min_p, "`min_p`")
        frame = self.to_frame()
        frame = frame[frame["chosen"] & (frame["p"] >= at_least)]
        return frame[["sample", "start", "end", "label", "p"]].reset_index(drop=True)

    def to_labels(self, min_p: float = 0.0) -> pd.Series:
        """Return the chosen spans of each sample as a tuple; `None` for uncovered samples."""
        spans: list[list[Span]] = [[] for _ in range(len(self))]
        names, best = self.schema.labels, self.best_labels
        at_least = checked_fraction(min_p, "`min_p`")
        sure = self.array[np.arange(len(best)), best] >= at_least
        for number in np.flatnonzero(self.chosen & sure).tolist():
            span = Span(int(self.start[number]), int(self.end[number]), names[best[number]])
            spans[self.sample[number]].append(span)
        values = np.empty(len(self), dtype=object)
        values[:] = [
            tuple(of_sample) if is_covered else None
            for of_sample, is_covered in zip(spans, self.covered.tolist(), strict=True)
        ]
        return pd.Series(values, index=self.sample_ids, dtype=object, name="label")

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SoftSpans:
        """Return the candidates of these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, id_index(ids), "the samples asked for", "the soft spans")
        new_row = np.full(len(self), -1, dtype=np.int64)
        new_row[rows] = np.arange(len(rows))
        selected = np.flatnonzero(new_row[self.sample] >= 0)
        selected = selected[np.argsort(new_row[self.sample[selected]], kind="stable")]
        return SoftSpans(
            self.array[selected],
            new_row[self.sample[selected]],
            self.start[selected],
            self.end[selected],
            self.chosen[selected],
            self.sample_ids[rows],
            self.schema,
            self.covered[rows],
            np.asarray(self.from_end_model)[selected],
        )

"""`SpanTrainingSet` and `SetTrainingSet`: training sets whose labels are spans, or several."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import as_own_column
from labeling.datasets.formats.set_conversions import SetConversions
from labeling.datasets.formats.span_conversions import SpanConversions
from labeling.datasets.forms import LabelForm, SetLabels, SpanLabels
from labeling.datasets.forms.list_form import rows_of_lists
from labeling.datasets.training_set import TrainingSet
from labeling.errors import LabelingError
from labeling.records import checked_label, texts

ENDS = ("start", "end")


class ListTrainingSet(TrainingSet):
    """Base of training sets whose samples do not have one label each."""

    __slots__ = ()

    @property
    def has_label(self) -> npt.NDArray[np.bool_]:
        """Whether each sample has a label; an empty one is one."""
        valid = self.columns["label"].is_valid().to_numpy(zero_copy_only=False)
        return np.asarray(valid, dtype=bool)

    @property
    def codes(self) -> npt.NDArray[np.int64]:
        """None: a sample does not have one label."""
        self._refuse("one code per sample")

    @property
    def lf_codes(self) -> npt.NDArray[Any]:
        """None: a vote is not one label."""
        self._refuse("one code per vote")

    def weighted(self, weights_by: str) -> Self:
        """Return a copy with other weights of the samples; those of gold labels are always 1.

        Args:
            weights_by: `confidence` (as built) or `none` (all 1).

        Raises:
            LabelingError: there are no such weights; `expected` is for one label per sample.
        """
        if weights_by == "expected":
            raise LabelingError(
                "Expected weights are for one label per sample. Use 'confidence' or 'none'."
            )
        return TrainingSet.weighted(self, weights_by)

    def balanced(self, how: str, *, rng: int | np.random.Generator = 0) -> NoReturn:
        """Refuse, because a sample counts for several labels at once.

        Raises:
            LabelingError: always; it names a way of its own.
        """
        raise LabelingError(
            "Samples with several labels or spans cannot be balanced: a sample counts for all of"
            " its labels at once. Weight the labels in the loss of your learner."
        )

    def _own_column(self, name: str, values: Any) -> pa.Array:
        if name == "label" and not isinstance(values, (pa.Array, pa.ChunkedArray)):
            labels = [
                None if label is None else checked_label(label, self.schema) for label in values
            ]
            values = self.form.to_arrow(labels, self.schema)
        return as_own_column(name, values, len(self), self.form.types)

    def _refuse(self, what: str) -> NoReturn:
        raise LabelingError(
            f"A {type(self).__name__} has no {what}, since its labels are"
            f" {self.form.kind.value!r}: see the columns `label` and `lf_votes` of `.frame`."
        )


class SpanTrainingSet(SpanConversions, ListTrainingSet):
    """A training set whose labels are spans; created by `build_training_set` of `SoftSpans`.

    It differs from a `TrainingSet` in these columns: `label` holds the tuple of the spans of each
    sample (in files a list of objects `start`, `end`, `label`; offsets count Unicode code points of
    the text), `probabilities` the probability of each of these spans, and `confidence` the lowest
    probability of what was decided in the sample: that a span is there, or that a candidate
    that overlaps none is not. An empty tuple is a label: there is no span. `lf_votes` and
    `annotators` hold the spans that each marked; the label "(none)" says that nothing is there.
    """

    __slots__ = ()
    form: ClassVar[LabelForm] = SpanLabels()

    def spans(self, text: str | None = "text") -> pd.DataFrame:
        """Return a table with one row per span: `sample, start, end, label, p, text`.

        Args:
            text: the samples' column that holds the texts; `None` leaves out the texts of spans.

        Raises:
            DataError: there is no such column.
        """
        labels, p = self.columns["label"], self.columns["probabilities"]
        cells, rows = labels.flatten(), rows_of_lists(labels)
        frame = pd.DataFrame(
            {
                "sample": self.sample_ids.take(rows),
                **{name: cells.field(name).to_numpy(zero_copy_only=False) for name in ENDS},
                "label": pd.Series(cells.field("label").to_pylist(), dtype=object),
                "p": p.flatten().to_numpy(zero_copy_only=False),
            }
        )
        if text is not None:
            contents = texts(self.samples, text)
            places = zip(rows.tolist(), frame["start"], frame["end"], strict=True)
            parts = [contents[row][start:end] for row, start, end in places]
            frame["text"] = pd.Series(parts, dtype=object)
        return frame

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """None: a label has no probability for a whole sample."""
        self._refuse("probability of each label for a whole sample")


class SetTrainingSet(SetConversions, ListTrainingSet):  # type: ignore[misc]  # other arrays
    """A training set of several labels per sample; created by `build_training_set` of `SoftSets`.

    It differs from a `TrainingSet` in these columns: `label` holds the set of each sample's labels
    (in files a list, in the order of the schema), `probabilities` the probability of each label by
    itself (they need not sum to 1), and `confidence` the lowest probability of what was decided of
    the labels that anything was said of. An empty set is a label: the sample has none of them.
    `lf_votes` holds for each voter what they said: a dict from label to whether the sample has it.
    """

    __slots__ = ()
    form: ClassVar[LabelForm] = SetLabels()

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """The probability of each label, shape (n, number of labels); NaN without a label."""
        array = np.full((len(self), len(self.schema)), np.nan)
        values = self.columns["probabilities"].flatten().to_numpy(zero_copy_only=False)
        has = self.columns["probabilities"].is_valid().to_numpy(zero_copy_only=False)
        array[has] = values.reshape(-1, len(self.schema))
        return array

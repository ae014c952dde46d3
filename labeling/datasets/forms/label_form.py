"""`LabelForm`: how the labels of a training set are stored, shown and written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.columns import OWN_TYPES, Columns, array_of_lists, in_pandas, texts
from labeling.records import Label, LabelKind, LabelSchema
from labeling.rendering import Displayed

Bools = npt.NDArray[np.bool_]


class LabelPart(NamedTuple):
    """A part of a sample's label, a span or one of several labels, and who said so.

    Attributes:
        part: the part in words.
        probability: that it is right.
        voters: who said so.
        against: who said otherwise.
    """

    part: str
    probability: float
    voters: tuple[str, ...]
    against: tuple[str, ...]


class LabelForm(Displayed):
    """The form of one label per sample, its name; other kinds override what differs.

    Each class of training sets has a form: `TrainingSet.form`.

    Attributes:
        kind: what a sample's label is.
        types: the added columns in their order in a file, with their Arrow types.
        file_format: the number of the format of the files.
        has_codes: whether a sample has one label, whose code stands for it.
        text_task: the task of the Hugging Face hub, for texts with such labels.
        meanings: what the added columns hold, where it is not as with one label, for the card.
        columns_in_csv: the added columns that are other columns in CSV files; see `csv_columns`.
    """

    kind: ClassVar[LabelKind] = LabelKind.ONE
    types: ClassVar[Mapping[str, pa.DataType]] = OWN_TYPES
    file_format: ClassVar[int] = 3
    has_codes: ClassVar[bool] = True
    text_task: ClassVar[str] = "text-classification"
    meanings: ClassVar[Mapping[str, str]] = {}
    columns_in_csv: ClassVar[tuple[str, ...]] = ("probabilities",)

    def in_pandas(self, name: str, column: pa.Array, ids: pd.Index) -> pd.Series:
        """Return an added column as users see it."""
        return in_pandas(name, column, ids)

    def to_arrow(self, labels: Iterable[Label | None], schema: LabelSchema) -> pa.Array:
        """Return labels as the column `label`; `None` is null."""
        return texts([None if label is None else str(label) for label in labels])

    def label_texts(self, column: pa.Array) -> pa.Array:
        """Return labels as texts, which are equal where the labels are; see `encode_label`."""
        return column

    def has_label(self, column: pa.Array, label: str) -> Bools:
        """Return which samples have a label: as theirs, among several, or as that of a span."""
        equal = pc.fill_null(pc.equal(column, pa.scalar(label, pa.string())), False)
        return np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)

    def counts(self, column: pa.Array) -> dict[str, int]:
        """Return how many samples have each label; labels that none has are left out."""
        pairs = pc.value_counts(column.drop_null()).to_pylist()
        return dict(sorted((str(pair["values"]), int(pair["counts"])) for pair in pairs))

    def strata(self, column: pa.Array) -> list[str | None]:
        """Return what samples are stratified by: the label; `None` where there is none."""
        return list(column.to_pylist())

    def pairs(self, column: pa.Array) -> pd.DataFrame:
        """Return the labels of all samples, each once: a table of `row` and `label`."""
        table = pd.DataFrame({"row": np.arange(len(column)), "label": column.to_pylist()})
        return table.dropna().reset_index(drop=True)

    def decided(self, text: str, schema: LabelSchema) -> tuple[Any, list[float]]:
        """Return a label that is certain, given as text, as a value of `label`, and its p.

        Raises:
            UnknownLabelError: there is no such label.
        """
        code = schema.index(text)
        return schema.labels[code], [float(place == code) for place in range(len(schema))]

    def note(self, column: pa.Array) -> str:
        """Return what a card says of the counts of labels; empty for nothing."""
        return ""

    def words(self, text: str, content: str | None) -> str:
        """Return a label or vote, given as text, as people read it.

        Args:
            text: as `label_texts`, `lf_votes` and `annotators` have it.
            content: the text of the sample, if it is known.
        """
        return text

    def parts(
        self, label: Any, probabilities: Any, votes: Mapping[str, Any], content: str | None
    ) -> tuple[LabelPart, ...]:
        """Return the parts of a sample's label with who said so; none of a single label.

        Args:
            label: as `in_pandas` returns it.
            probabilities: likewise.
            votes: likewise, by voter.
            content: the text of the sample, if it is known.
        """
        return ()

    def more_counts(self, column: pa.Array) -> dict[str, Any]:
        """Return what a manifest counts besides the samples of each label."""
        return {}

    def json_column(self, name: str, column: pa.Array, schema: LabelSchema) -> pa.Array | None:
        """Return a column as JSON texts; `None` for columns that are written as any other."""
        return None

    def plain_column(self, name: str, column: pa.Array, schema: LabelSchema) -> list[Any] | None:
        """Return a column as values of JSON; `None` for columns that are written as any other."""
        return None

    def json_vote(self, text: str | None) -> str:
        """Return what was said, of its text in `lf_votes` or `annotators`, as JSON."""
        return json.dumps(text, ensure_ascii=False)

    def hub_labels(self, column: pa.Array, schema: LabelSchema) -> pa.Array:
        """Return labels as readers of the hub expect them: as codes."""
        return codes_of_names(column, schema)

    def label_feature(self, schema: LabelSchema) -> dict[str, Any] | None:
        """Return the feature of `hub_labels` in JSON; `None` for that of its type."""
        return {"names": list(schema.labels), "_type": "ClassLabel"}

    def label_feature_in_yaml(self, schema: LabelSchema) -> dict[str, Any] | None:
        """Return the same as the header of a card has it.

        >>> LabelForm().label_feature_in_yaml(LabelSchema(["ham", "spam"]))
        {'dtype': {'class_label': {'names': {'0': 'ham', '1': 'spam'}}}}
        """
        return {"dtype": class_label_in_yaml(schema)}

    def csv_columns(
        self, columns: Columns, schema: LabelSchema
    ) -> Iterable[tuple[str, npt.NDArray[Any]]]:
        """Return the columns of CSV files in place of `columns_in_csv`: their names and values."""
        array = array_of_lists(columns["probabilities"])
        for label, numbers in zip(schema, array.T, strict=True) if len(array) else ():
            yield f"p_{label}", numbers


def codes_of_names(names: pa.Array, schema: LabelSchema) -> pa.Array:
    """Return the code of each name; null for others."""
    return pc.index_in(names, texts(schema.labels)).cast(pa.int64())


def class_label_in_yaml(schema: LabelSchema) -> dict[str, Any]:
    """Return the names of labels by code, as the header of a card has them."""
    return {"class_label": {"names": {str(code): name for code, name in enumerate(schema)}}}

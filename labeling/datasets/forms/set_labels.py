"""The form of labels of which a sample may have several."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from labeling.datasets.columns import OWN_TYPES, Columns
from labeling.datasets.forms.label_form import LabelPart, class_label_in_yaml, codes_of_names
from labeling.datasets.forms.list_form import ListForm, rows_of_lists
from labeling.records import Label, LabelKind, LabelSchema


class SetLabels(ListForm):
    """Several labels: lists of names in the order of the schema, and the marginals of all labels.

    >>> form = SetLabels()
    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> form.to_arrow([frozenset({"anger", "joy"}), frozenset(), None], schema).to_pylist()
    [['joy', 'anger'], [], None]
    """

    kind = LabelKind.SEVERAL
    types: ClassVar[Mapping[str, pa.DataType]] = {**OWN_TYPES, "label": pa.list_(pa.string())}

    meanings: ClassVar[Mapping[str, str]] = {
        "label": "the labels, of which a sample may have several or none",
        "probabilities": "the probability of each label by itself, in the order of the labels",
        "confidence": "the lowest probability of what was decided of a label",
        "lf_votes": "what each labeling function said of which label, as JSON",
        "annotators": "the labels that people gave, as JSON, under pseudonyms; null for a skip",
    }
    columns_in_csv = ("label", "probabilities")

    def to_arrow(self, labels: Iterable[Label | None], schema: LabelSchema) -> pa.Array:
        """Return labels as the column `label`."""
        return pa.array(
            [None if label is None else sorted(label, key=schema.index) for label in labels],
            self.types["label"],
        )

    def labels(self, column: pa.Array) -> list[Any]:
        """Return labels as `Label`; `None` for null."""
        return [None if names is None else frozenset(names) for names in column.to_pylist()]

    def decoded(self, text: str) -> Any:
        """Return a set of labels, or of a labeling function what it said of each label."""
        value = json.loads(text)
        return value if isinstance(value, dict) else frozenset(value)

    def certain(self, label: Any, schema: LabelSchema) -> list[float]:
        """Return 1 for each label that the sample has, and 0 for the others."""
        return [float(name in label) for name in schema]

    def names_in(self, text: str) -> set[str]:
        """Return the names in a set, or those of which a function said yes or no."""
        return set(self.decoded(text))

    def probabilities_in(self, column: pa.Array, old: LabelSchema, new: LabelSchema) -> pa.Array:
        """Return the marginals of the labels of another schema; 0 for labels that are new."""
        code_of = {label: code for code, label in enumerate(old)}
        codes = [code_of.get(label) for label in new]
        rows = [
            None if row is None else [0.0 if code is None else row[code] for code in codes]
            for row in column.to_pylist()
        ]
        return pa.array(rows, column.type)

    def note(self, column: pa.Array) -> str:
        """Return that samples may have several labels, and how many have none."""
        none = self.more_counts(column)["empty_labels"]
        return f"A sample may have several labels; {none:,} samples have none of them."

    def words(self, text: str, content: str | None) -> str:
        """Return the labels of a set; of what a function said, `joy; not anger`."""
        said = self.decoded(text)
        if isinstance(said, dict):
            return "; ".join(name if is_so else f"not {name}" for name, is_so in said.items())
        return ", ".join(sorted(said)) or "none of the labels"

    def parts(
        self, label: Any, probabilities: Any, votes: Mapping[str, Any], content: str | None
    ) -> tuple[LabelPart, ...]:
        """Return each label that the sample has, with who said yes, and who said no."""
        names = sorted({name for said in votes.values() for name in said} | label)
        return tuple(
            LabelPart(
                name,
                np.nan,
                tuple(voter for voter, said in votes.items() if said.get(name) is True),
                tuple(voter for voter, said in votes.items() if said.get(name) is False),
            )
            for name in names
        )

    def label_names(self, column: pa.Array) -> tuple[pa.Array, Any]:
        """Return the names in all labels one after the other, and the row of each."""
        return column.flatten(), rows_of_lists(column)

    def plain_probabilities(self, column: pa.Array, schema: LabelSchema) -> list[Any]:
        """Return the probability of each label by its name."""
        return [
            None if row is None else dict(zip(schema.labels, row, strict=True))
            for row in column.to_pylist()
        ]

    def hub_labels(self, column: pa.Array, schema: LabelSchema) -> pa.Array:
        """Return labels as lists of codes."""
        codes = codes_of_names(column.flatten(), schema)
        lengths = column.value_lengths()
        stops = np.cumsum(lengths.fill_null(0).to_numpy(zero_copy_only=False))
        offsets = pa.array(np.append(0, stops).astype(np.int32))
        return pa.ListArray.from_arrays(offsets, codes, mask=column.is_null())

    def label_feature(self, schema: LabelSchema) -> dict[str, Any] | None:
        """Return the feature of `hub_labels` in JSON: a list of class labels."""
        return {"feature": super().label_feature(schema), "_type": "List"}

    def label_feature_in_yaml(self, schema: LabelSchema) -> dict[str, Any] | None:
        """Return the same as the header of a card has it."""
        return {"list": class_label_in_yaml(schema)}

    def csv_columns(
        self, columns: Columns, schema: LabelSchema
    ) -> Iterable[tuple[str, npt.NDArray[Any]]]:
        """Return for each label whether samples have it, 1 or 0, and its probability."""
        is_known = columns["label"].is_valid().to_numpy(zero_copy_only=False)
        for label in schema:
            values = self.has_label(columns["label"], label).astype(np.int64).astype(object)
            values[~is_known] = None
            yield f"label_{label}", values
        rows = columns["probabilities"].to_pylist()
        for code, label in enumerate(schema):
            yield f"p_{label}", np.array([np.nan if row is None else row[code] for row in rows])

"""What forms of labels that are lists have in common: spans, and several labels."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import VOTER_OF, array_of_lists, in_pandas
from labeling.datasets.forms.label_form import Bools, LabelForm
from labeling.datasets.vote_texts import texts_of_votes
from labeling.records import NOTHING, LabelSchema, checked_label, decode_label, encode_label


class ListForm(LabelForm):
    """Labels that are lists in files, and JSON texts where people or functions gave them."""

    file_format = 4
    has_codes = False

    @abstractmethod
    def decoded(self, text: str) -> Any:
        """Return a vote as users see it, of its text in `lf_votes` or `annotators`."""

    @abstractmethod
    def label_names(self, column: pa.Array) -> tuple[pa.Array, Any]:
        """Return the names in all labels one after the other, and the row of each."""

    def plain_probabilities(self, column: pa.Array, schema: LabelSchema) -> list[Any]:
        """Return probabilities as values of JSON."""
        return list(column.to_pylist())

    def in_pandas(self, name: str, column: pa.Array, ids: pd.Index) -> pd.Series:
        """Return an added column as users see it."""
        if name == "label":
            return objects(self.labels(column), ids)
        shown = in_pandas(name, column, ids) if name != "probabilities" else None
        if shown is None:
            return objects(_arrays(column), ids)
        if name in VOTER_OF:
            return objects([self._decoded_votes(votes) for votes in shown], ids)
        return shown

    @abstractmethod
    def certain(self, label: Any, schema: LabelSchema) -> list[float]:
        """Return the probabilities of a label that is certain."""

    @abstractmethod
    def names_in(self, text: str) -> set[str]:
        """Return the names in a label or vote, given as text."""

    def probabilities_in(self, column: pa.Array, old: LabelSchema, new: LabelSchema) -> pa.Array:
        """Return probabilities in the order of another schema."""
        return column

    def decided(self, text: str, schema: LabelSchema) -> tuple[Any, list[float]]:
        """Return a label that is certain, given as text, as a value of `label`, and its p."""
        label = checked_label(decode_label(text, self.kind), schema)
        return self.to_arrow([label], schema)[0].as_py(), self.certain(label, schema)

    @abstractmethod
    def labels(self, column: pa.Array) -> list[Any]:
        """Return labels as `Label`; `None` for null."""

    def label_texts(self, column: pa.Array) -> pa.Array:
        """Return labels as texts, which are equal where the labels are."""
        return pa.array([self.encoded(label) for label in self.labels(column)], pa.string())

    def encoded(self, label: Any) -> str | None:
        """Return a label as text; `None` for `None`."""
        return None if label is None else encode_label(label)

    def has_label(self, column: pa.Array, label: str) -> Bools:
        """Return which samples have a label."""
        names, rows = self.label_names(column)
        has: Bools = np.zeros(len(column), dtype=bool)
        has[rows[np.array(names.to_pylist(), dtype=object) == label]] = True
        return has

    def counts(self, column: pa.Array) -> dict[str, int]:
        """Return how many samples have each label."""
        counted = self.pairs(column)["label"].value_counts()
        return dict(sorted((str(name), int(count)) for name, count in counted.items()))

    def strata(self, column: pa.Array) -> list[str | None]:
        """Return the rarest label of each sample, the first by name of equally rare ones.

        Splits by it have rare labels in all parts. Samples with an empty label are a stratum, too.
        """
        pairs = self.pairs(column)
        pairs["count"] = pairs["label"].map(pairs["label"].value_counts())
        rarest = pairs.sort_values(["row", "count", "label"]).drop_duplicates("row")
        strata: list[str | None] = [
            NOTHING if valid else None for valid in column.is_valid().to_pylist()
        ]
        for row, label in zip(rarest["row"].tolist(), rarest["label"].tolist(), strict=True):
            strata[row] = label
        return strata

    def pairs(self, column: pa.Array) -> pd.DataFrame:
        """Return the labels of all samples, each once: a table of `row` and `label`."""
        names, rows = self.label_names(column)
        return pd.DataFrame({"row": rows, "label": names.to_pylist()}).drop_duplicates()

    def more_counts(self, column: pa.Array) -> dict[str, Any]:
        """Return how many samples have an empty label."""
        lengths = column.value_lengths().drop_null().to_numpy(zero_copy_only=False)
        return {"empty_labels": int((lengths == 0).sum())}

    def json_column(self, name: str, column: pa.Array, schema: LabelSchema) -> pa.Array | None:
        """Return a column of labels, votes or probabilities as JSON texts."""
        if name in VOTER_OF:
            field = json.dumps(VOTER_OF[name])

            def fragment(voter: str, text: str | None) -> str:
                name, said = json.dumps(voter, ensure_ascii=False), self.json_vote(text)
                return f'{{{field}: {name}, "label": {said}}}'

            return texts_of_votes(column, fragment, "[", "]")
        values = self.plain_column(name, column, schema)
        if values is None:
            return None
        texts = [json.dumps(value, ensure_ascii=False, allow_nan=False) for value in values]
        return pa.array(texts, pa.large_string())

    def plain_column(self, name: str, column: pa.Array, schema: LabelSchema) -> list[Any] | None:
        """Return a column of labels, votes or probabilities as values of JSON."""
        if name == "label":
            return list(column.to_pylist())
        if name == "probabilities":
            return self.plain_probabilities(column, schema)
        if name in VOTER_OF:
            return [self._plain_votes(votes) for votes in column.to_pylist()]
        return None

    def json_vote(self, text: str | None) -> str:
        """Return what was said as JSON, which its text is."""
        return "null" if text is None else text

    def _plain_votes(self, votes: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
        """Return the votes on a sample with what was said as values of JSON."""
        return [
            {**vote, "label": None if vote["label"] is None else json.loads(vote["label"])}
            for vote in votes or ()
        ]

    def _decoded_votes(self, votes: Mapping[str, str | None]) -> dict[str, Any]:
        return {
            voter: None if text is None else self.decoded(text) for voter, text in votes.items()
        }


def objects(values: Iterable[Any], ids: pd.Index) -> pd.Series:
    """Return values as a column of objects, lists and tuples included."""
    array = np.empty(len(ids), dtype=object)
    array[:] = list(values)
    return pd.Series(array, index=ids, dtype=object)


def rows_of_lists(column: pa.Array) -> Any:
    """Return the row of each item of a column of lists."""
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(column)), lengths)


def _arrays(column: pa.Array) -> list[Any]:
    """Return lists of numbers as arrays, `None` for null."""
    if len(column) and not column.null_count:
        lengths = column.value_lengths().to_numpy(zero_copy_only=False)
        if (lengths == lengths[0]).all():
            return list(array_of_lists(column))
    return [None if row is None else np.array(row) for row in column.to_pylist()]

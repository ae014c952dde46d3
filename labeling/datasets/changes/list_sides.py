"""Sides of a comparison with labels that are spans or sets: each different one is a label."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.changes.sides import Codes, Floats, Side, codes_of_lists
from labeling.datasets.forms import ListForm
from labeling.records import LabelSchema


class ListSide(Side):
    """A side with labels as texts: those of samples and of votes, as `LabelForm` writes them."""

    @property
    def form(self) -> ListForm:
        """The form of the labels."""
        form = self.train.form
        assert isinstance(form, ListForm)
        return form

    @classmethod
    def names(cls, sides: Iterable[Side]) -> list[str]:
        """Return the texts of all labels and votes, sorted."""
        found: set[str | None] = set()
        for side in sides:
            form, column = side.train.form, side.column("label")
            found.update(form.label_texts(column).unique().to_pylist())
            found.update(side.column("lf_votes").flatten().field(1).unique().to_pylist())
        return sorted(text for text in found if text is not None)

    @functools.cached_property
    def codes(self) -> Codes:
        """The label that each sample has, or would have had; -1 for none."""
        known = pa.array(self.labels, pa.string())
        matches = pc.index_in(self.form.label_texts(self.column("label")), value_set=known)
        codes = pc.fill_null(matches, -1).to_numpy(zero_copy_only=False)
        return np.asarray(codes, dtype=np.int64)

    @functools.cached_property
    def probabilities(self) -> Floats:
        """The confidence of each sample, shape (n, 1): labels as wholes have no others."""
        column = self.column("confidence").to_numpy(zero_copy_only=False)
        return np.asarray(column, dtype=np.float64)[:, np.newaxis]

    def probability(self, row: int, code: int) -> float:
        """Return the confidence of a sample."""
        return float(self.probabilities[row, 0])

    @functools.cached_property
    def votes(self) -> npt.NDArray[np.integer[Any]]:
        """The codes of the functions' votes, shape (n, n_voters); -1 where there is none."""
        return codes_of_lists(self.column("lf_votes"), self.voters, self.labels, np.int32)

    def in_schema(self, schema: LabelSchema) -> pa.Array:
        """Return the column `probabilities` in the order of a schema, 0 for labels new in it."""
        column = self.column("probabilities")
        return self.form.probabilities_in(column, self.train.schema, schema)

    def probabilities_by_label(self, row: int) -> dict[str, float]:
        """Return the probability of each label of a sample; of spans none but in their parts."""
        values = self.column("probabilities").slice(row, 1)
        plain = self.form.plain_column("probabilities", values, self.train.schema)
        return plain[0] if plain and isinstance(plain[0], dict) else {}

    def outside(self, schema: LabelSchema) -> list[int]:
        """Return the codes of labels with a name that another schema does not have."""
        known = set(schema.labels)
        return [
            code
            for code, text in enumerate(self.labels)
            if not known.issuperset(self.form.names_in(text))
        ]

    def shown_labels(self, codes: Sequence[Codes]) -> list[str]:
        """Return the labels that occur, since there are as many as there are different ones."""
        occurring = sorted({code for some in codes for code in some.tolist() if code >= 0})
        return [self.labels[code] for code in occurring]

"""Training sets of spans and of several labels, as the tests on data see them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.columns import in_pandas
from labeling.datasets.data_tests.tested import Tested, objects_of, training_set_to_test
from labeling.datasets.forms import ListForm
from labeling.datasets.kinds import ListTrainingSet
from labeling.records import NOTHING, LabelSchema, Span, free_name

SEVERAL = "(several)"
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ListTested(Tested):
    """Samples with spans or several labels, and what is known of them.

    Where a test needs one label per sample or vote, it is the only name that occurs in it; "(none)"
    if there is none, and "(several)" if there are several: the last two labels of `schema`.

    Attributes:
        labels: the labels, `None` where there is none, shape (n,).
        given_probabilities: those of the labels, as the training set has them, shape (n,).
        answers: the labels of each person by name, as texts, shape (n,).
        form: the form of the labels.
        names: the labels of the training set.
    """

    labels: Objects = field(default_factory=lambda: np.empty(0, dtype=object))
    given_probabilities: Objects = field(default_factory=lambda: np.empty(0, dtype=object))
    answers: Objects = field(default_factory=lambda: np.empty(0, dtype=object))
    form: ListForm | None = None
    names: tuple[str, ...] = ()

    @property
    def keys(self) -> npt.NDArray[Any]:
        """The labels as texts, which are equal where the labels are."""
        assert self.form is not None
        return objects(self.form.encoded(label) or "" for label in self.labels)

    def take(self, rows: npt.NDArray[Any]) -> ListTested:
        """Return some of the rows; without the votes of people."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        part = Tested.take(self, chosen)
        assert isinstance(part, ListTested)
        return dataclasses.replace(
            part,
            labels=self.labels[chosen],
            given_probabilities=self.given_probabilities[chosen],
            answers=self.answers[chosen],
        )

    def measures(self) -> pd.DataFrame:
        """Return numbers of each sample that are compared with those of a base."""
        table = pd.DataFrame(index=self.ids)
        names = [_names(label) for label in self.labels]
        for name in self.names:
            table[f"label {name!r}"] = ["yes" if name in some else "no" for some in names]
        table["labels per sample"] = [len(label or ()) for label in self.labels]
        lengths = [[each.end - each.start for each in _spans(label)] for label in self.labels]
        if any(lengths):
            means = [np.mean(some) if some else np.nan for some in lengths]
            table["mean length of spans"] = np.array(means, dtype=np.float64)
        return table


@training_set_to_test.register
def _(train: ListTrainingSet) -> Tested:
    form = train.form
    assert isinstance(form, ListForm)
    none = free_name(NOTHING, list(train.schema))
    several = free_name(SEVERAL, list(train.schema))
    labels = objects(train.added_column("label").tolist())
    schema = LabelSchema([*train.schema, none, several])
    annotators = in_pandas("annotators", train.columns["annotators"], train.sample_ids)
    return ListTested(
        samples=train.samples,
        schema=schema,
        codes=np.array([_code(_names(label), schema) for label in labels], dtype=np.int64),
        sources=objects_of(train, "source"),
        voters=tuple(train.voters),
        lf_codes=_vote_codes(train, schema),
        splits=objects_of(train, "split") if "split" in train.columns else None,
        left_out=train.dropped.index,
        labels=labels,
        given_probabilities=objects(train.columns["probabilities"].to_pylist()),
        answers=objects(annotators.tolist()),
        form=form,
        names=train.schema.labels,
    )


def _vote_codes(train: ListTrainingSet, schema: LabelSchema) -> npt.NDArray[Any]:
    """Return the code of each vote, shape (n, number of voters); -1 = abstained."""
    codes = np.full((len(train), len(train.voters)), -1, dtype=schema.code_type)
    column_of = {voter: column for column, voter in enumerate(train.voters)}
    for row, votes in enumerate(train.added_column("lf_votes")):
        for voter, said in votes.items():
            names = (
                {name for name, says in said.items() if says}
                if isinstance(said, dict)
                else (_names(said))
            )
            codes[row, column_of[voter]] = _code(names, schema)
    return codes


def _code(names: set[str], schema: LabelSchema) -> int:
    """Return the code of the only name, or of none, or of several."""
    if len(names) == 1:
        return schema.index(next(iter(names)))
    return len(schema) - 1 if names else len(schema) - 2


def _names(label: Any) -> set[str]:
    """Return the names in a label or vote."""
    spans = _spans(label)
    return {span.label for span in spans} - {NOTHING} if spans else set(label or ())


def _spans(label: Any) -> Iterable[Span]:
    """Return the spans of a label; none of a set."""
    return label if isinstance(label, tuple) else ()


def objects(values: Iterable[Any]) -> Objects:
    """Return values as an array of objects, tuples included."""
    items = list(values)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array

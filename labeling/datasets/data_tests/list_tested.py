"""Training sets of spans and of several labels, as the tests on data see them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.columns import in_pandas
from labeling.datasets.data_tests.tested import Tested, codes_of, objects_of, training_set_to_test
from labeling.datasets.forms import ListForm, SetLabels, SpanLabels
from labeling.datasets.kinds import ListTrainingSet
from labeling.datasets.vote_lists import vote_lists
from labeling.records import NOTHING, LabelSchema, SetVotes, Span, SpanVotes, free_name

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
    labels = objects(train.added_column("label").tolist())
    schema = one_label_schema(train.schema)
    annotators = in_pandas("annotators", train.columns["annotators"], train.sample_ids)
    return ListTested(
        samples=train.samples,
        schema=schema,
        codes=np.array([_code(_names(label), schema) for label in labels], dtype=np.int64),
        sources=objects_of(train, "source"),
        voters=tuple(train.voters),
        lf_codes=_vote_codes(train.added_column("lf_votes"), train.voters, schema),
        splits=objects_of(train, "split") if "split" in train.columns else None,
        left_out=train.dropped.index,
        has_spans=isinstance(form, SpanLabels),
        labels=labels,
        given_probabilities=objects(train.columns["probabilities"].to_pylist()),
        answers=objects(annotators.tolist()),
        form=form,
        names=train.schema.labels,
    )


@codes_of.register(SpanVotes)
@codes_of.register(SetVotes)
def _(votes: SpanVotes | SetVotes) -> tuple[LabelSchema, npt.NDArray[Any]]:
    form = SpanLabels() if isinstance(votes, SpanVotes) else SetLabels()
    schema = one_label_schema(votes.schema)
    lists = vote_lists(votes, votes.sample_ids)
    column = form.in_pandas("lf_votes", lists, votes.sample_ids)
    return schema, _vote_codes(column, votes.voters, schema)


def one_label_schema(schema: LabelSchema) -> LabelSchema:
    """Return labels with two more: for samples or votes with none of them, and with several."""
    names = list(schema)
    return LabelSchema([*names, free_name(NOTHING, names), free_name(SEVERAL, names)])


def _vote_codes(column: pd.Series, voters: Sequence[str], schema: LabelSchema) -> npt.NDArray[Any]:
    """Return the code of each vote, shape (n, number of voters); -1 = abstained."""
    codes = np.full((len(column), len(voters)), -1, dtype=schema.code_type)
    column_of = {voter: place for place, voter in enumerate(voters)}
    for row, votes in enumerate(column):
        for voter, said in votes.items():
            codes[row, column_of[voter]] = _code(_said(said), schema)
    return codes


def _said(vote: Any) -> set[str]:
    """Return the names in a vote that the voter says yes to."""
    if isinstance(vote, dict):
        return {name for name, says in vote.items() if says}
    return _names(vote)


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

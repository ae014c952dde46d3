"""People's annotations as votes, of the type that their labels have."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from labeling.errors import DataError, LabelingError, UnknownLabelError
from labeling.records.annotations import Annotation, live_annotations
from labeling.records.label_texts import label_repr
from labeling.records.schema import ABSTAIN, LabelKind, LabelSchema
from labeling.records.set_votes import Answers, SetVotes
from labeling.records.span_frames import count_words
from labeling.records.span_marks import Marks
from labeling.records.span_votes import SpanVotes
from labeling.records.spans import Label, Span, checked_label
from labeling.records.validation import expect
from labeling.records.votes import Votes

Texts = Mapping[Hashable, str] | pd.Series
TextOf = Mapping[Hashable, str]


def annotation_votes(
    annotations: Iterable[Annotation], schema: LabelSchema, *, texts: Texts | None = None
) -> Votes | SpanVotes | SetVotes:
    """Return the annotators' current annotations as votes, with annotators as voters.

    Reviewers are left out, since they decide and do not vote. A skip is no vote. Of a sample that a
    person annotated, what they left unmarked is a vote as well: that no span is there, or that the
    sample does not have a label.

    Args:
        annotations: all annotations, in the order in which they were appended.
        schema: the labels; its kind says of which type the votes are.
        texts: the texts by sample id, if spans are to be checked against them and their words to be
            counted by them.

    Returns:
        `Votes` where a sample has one label, `SetVotes` where it has several, and `SpanVotes` of
        spans. Samples and voters are in the order of their first annotation.

    Raises:
        UnknownLabelError: the label of an annotation is not in the schema.
        DataError: a label has another form than the schema's kind, or a span ends after its text.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> ledger = [Annotation("a", "ann", "spam", now, now), Annotation("a", "bob", None, now, now)]
    >>> annotation_votes(ledger, LabelSchema(["ham", "spam"])).to_array()
    array([[ 1, -1]], dtype=int8)
    >>> schema = LabelSchema(["PER"], kind="spans")
    >>> spans = (Span(0, 3, "PER"),)
    >>> marked = [Annotation("a", "ann", spans, now, now), Annotation("a", "bob", (), now, now)]
    >>> annotation_votes(marked, schema).units().to_array()
    array([[0, 1]], dtype=int8)
    """
    kind = expect(schema, LabelSchema, "`schema`").kind
    by_id = None if texts is None else dict(texts.items())
    live = _live(annotations)
    _check_kinds(live, schema)
    return _VOTES_OF_KIND[kind](live, schema, by_id)


def single_label_votes(annotations: Iterable[Annotation], schema: LabelSchema) -> Votes:
    """Return the votes of annotations with one label a sample, where nothing else is expected.

    Raises:
        LabelingError: the schema is of another kind.
    """
    if schema.kind != LabelKind.ONE:
        raise LabelingError(
            f"This works where a sample has one label, of a schema with kind='one'. Got {schema!r}."
        )
    return _votes(_live(annotations), schema, None)


def _check_kinds(live: Sequence[Annotation], schema: LabelSchema) -> None:
    """Raise a DataError for a label whose type belongs to a schema of another kind."""
    kinds = {_KIND_OF_TYPE.get(type(annotation.label), schema.kind) for annotation in live}
    if kinds <= {schema.kind}:
        return
    for annotation in live:
        kind = _KIND_OF_TYPE.get(type(annotation.label), schema.kind)
        if kind != schema.kind:
            raise DataError(
                f"In the annotation of sample {annotation.sample_id!r} by"
                f" {annotation.annotator!r}: a label must be of the schema's kind,"
                f" {schema.kind.value!r}. Got {label_repr(annotation.label)}; give a schema with"
                f" kind={kind.value!r}."
            )


def _live(annotations: Iterable[Annotation]) -> list[Annotation]:
    return [annotation for annotation in live_annotations(annotations) if not annotation.reviewer]


def _votes(live: Sequence[Annotation], schema: LabelSchema, texts: TextOf | None) -> Votes:
    sample_ids = [annotation.sample_id for annotation in live]
    labels = [ABSTAIN if annotation.label is None else annotation.label for annotation in live]
    frame = pd.DataFrame(
        {
            "sample": pd.Series(sample_ids, dtype=object).infer_objects(),
            "voter": [annotation.annotator for annotation in live],
            "label": pd.Series(labels, dtype=object),
        }
    )
    return Votes.from_triples(frame, schema=schema)


class _Answered(NamedTuple):
    """Annotations by row of the sample and column of the voter."""

    sample_ids: pd.Index
    voters: tuple[str, ...]
    cells: list[tuple[int, int, Label]]


def _answered(live: Sequence[Annotation], schema: LabelSchema, texts: TextOf | None) -> _Answered:
    rows: dict[Hashable, int] = {}
    columns: dict[str, int] = {}
    cells = []
    for annotation in live:
        row = rows.setdefault(annotation.sample_id, len(rows))
        column = columns.setdefault(annotation.annotator, len(columns))
        if annotation.label is not None:
            cells.append((row, column, _checked(annotation, schema, texts)))
    ids = pd.Index(pd.Series(list(rows), dtype=object).infer_objects(), tupleize_cols=False)
    return _Answered(ids, tuple(columns), cells)


def _checked(annotation: Annotation, schema: LabelSchema, texts: TextOf | None) -> Label:
    where = f"In the annotation of sample {annotation.sample_id!r} by {annotation.annotator!r}"
    try:
        text = None if texts is None else texts[annotation.sample_id]
    except KeyError:
        raise DataError(f"`texts` must hold a text for sample {annotation.sample_id!r}.") from None
    try:
        return checked_label(annotation.label, schema, text)
    except UnknownLabelError as error:
        raise UnknownLabelError(f"{where}: {error}") from None
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


def _span_votes(live: Sequence[Annotation], schema: LabelSchema, texts: TextOf | None) -> SpanVotes:
    ids, voters, cells = _answered(live, schema, texts)
    asked = np.zeros((len(ids), len(voters)), dtype=bool)
    rows = []
    for row, column, spans in cells:
        asked[row, column] = True
        text = None if texts is None else texts[ids[row]]
        for start, end, label in map(Span._make, spans):
            words = 0 if text is None else count_words(text, start, end)
            rows.append((row, start, end, schema.index(label), column, words))
    table = np.array(rows, dtype=np.int64).reshape(len(rows), len(Marks._fields))
    return SpanVotes(Marks(*table.T), ids, voters, schema, speaks=True, asked=asked)


def _set_votes(live: Sequence[Annotation], schema: LabelSchema, texts: TextOf | None) -> SetVotes:
    ids, voters, cells = _answered(live, schema, None)
    n, k = len(cells), len(schema)
    places = np.array([cell[:2] for cell in cells], dtype=np.int64).reshape(n, 2)
    answers = Answers(
        np.repeat(places[:, 0], k),
        np.repeat(places[:, 1], k),
        np.tile(np.arange(k), n),
        np.array([name in labels for _, _, labels in cells for name in schema], dtype=bool),
    )
    return SetVotes(answers, ids, voters, schema)


_KIND_OF_TYPE: Mapping[type, LabelKind] = {
    str: LabelKind.ONE,
    frozenset: LabelKind.SEVERAL,
    tuple: LabelKind.SPANS,
}

_VOTES_OF_KIND: Mapping[
    LabelKind,
    Callable[
        [Sequence[Annotation], LabelSchema, TextOf | None],
        Votes | SpanVotes | SetVotes,
    ],
] = {LabelKind.ONE: _votes, LabelKind.SEVERAL: _set_votes, LabelKind.SPANS: _span_votes}

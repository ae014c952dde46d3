"""`Span`, a labeled part of a text, and `Label`, what a person or a model says of a sample."""

from __future__ import annotations

import functools
import itertools
import json
import operator
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from labeling.errors import DataError, LabelingError, UnknownLabelError, listed
from labeling.records.schema import LabelKind, LabelSchema

CONTEXT = 20  # code points of a text that errors show on each side of a span


class Span(NamedTuple):
    """A labeled part of a text: `text[start:end]`, in Unicode code points as Python counts.

    Attributes:
        start: index of its first character, from 0.
        end: index after its last character: `start < end <= len(text)`.
        label: a label name of a schema with `kind="spans"`.

    >>> "Ann met Bob."[slice(*Span(8, 11, "PER")[:2])]
    'Bob'
    """

    start: int
    end: int
    label: str


Label = str | frozenset[str] | tuple[Span, ...]
"""What a sample's label is, by the kind of the schema: a name, a set of names, or its spans.

An empty set and an empty tuple are answers: the sample has none of the labels, or no span. Spans
are sorted by start, end and label, each once.
"""


@functools.singledispatch
def encode_label(label: Label) -> str:
    """Return a label as text: a name as it is, sets and spans as canonical JSON.

    >>> (
    ...     encode_label("spam"),
    ...     encode_label(frozenset({"b", "a"})),
    ...     encode_label((Span(0, 3, "PER"),)),
    ... )
    ('spam', '["a","b"]', '[[0,3,"PER"]]')
    """
    raise LabelingError(
        "A label must be a name, a frozenset of names or a tuple of spans. Got a"
        f" {type(label).__name__}."
    )


@encode_label.register
def _(label: str) -> str:
    return label


@encode_label.register
def _(label: frozenset) -> str:  # type: ignore[type-arg]  # by class
    return _json(sorted(label))


@encode_label.register
def _(label: tuple) -> str:  # type: ignore[type-arg]  # by class
    return _json([list(span) for span in label])


def decode_label(text: str, kind: LabelKind) -> Label:
    """Return the label that `encode_label` wrote.

    Raises:
        DataError: the text is not a label of this kind.

    >>> decode_label('[[0,3,"PER"]]', LabelKind.SPANS)
    (Span(start=0, end=3, label='PER'),)
    """
    if kind == LabelKind.ONE:
        return text
    try:
        parsed = json.loads(text)
        if kind == LabelKind.SEVERAL:
            return frozenset(map(_as_text, parsed))
        return tuple(Span(*_as_triple(item)) for item in parsed)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"A stored label must be JSON of a label of kind {kind.value!r}. Got {text[:100]!r}."
        ) from error


def checked_set(labels: object, schema: LabelSchema) -> frozenset[str]:
    """Return a sample's labels as a set of names.

    Args:
        labels: a set, list or tuple of names or codes; empty for none of them.
        schema: the labels.

    Raises:
        DataError: it is not such a collection; a text is not one.
        UnknownLabelError: a label is not in the schema.

    >>> sorted(checked_set(["joy", 1], LabelSchema(["joy", "anger"], kind="several")))
    ['anger', 'joy']
    """
    if isinstance(labels, (str, bytes, dict)) or not isinstance(labels, (Collection, np.ndarray)):
        raise DataError(
            "Several labels of a sample must be a set or list of names, empty for none. Got"
            f" {labels!r} ({type(labels).__name__})."
        )
    return frozenset(schema.labels[code] for code in label_codes(labels, schema))


def label_codes(labels: Iterable[object], schema: LabelSchema) -> list[int]:
    """Return the codes of some labels of a sample, given by names or codes.

    Raises:
        DataError: a code comes twice, as in a row of zeros and ones.
        UnknownLabelError: a label is not in the schema.

    >>> label_codes(["anger", 0], LabelSchema(["joy", "anger"], kind="several"))
    [1, 0]
    """
    given = list(labels)
    codes = [schema.index(label) for label in given]
    if len(set(codes)) < len(codes) and not schema.has_number_names:
        ints = [label for label in given if not isinstance(label, str)]
        if len(set(ints)) < len(ints):  # [1, 0, 1] is meant as yes, no, yes.
            raise DataError(
                f"Codes of labels must come once each. Got {[int(code) for code in ints]}; write a"  # type: ignore[call-overload]
                " row of zeros and ones as the names of the ones."
            )
    return codes


def checked_spans(spans: object, schema: LabelSchema, text: str | None = None) -> tuple[Span, ...]:
    """Return a sample's spans, sorted, each once.

    Args:
        spans: an iterable of `(start, end, label)`; labels by name or code.
        schema: the labels.
        text: the sample's text, if known: spans must end within it.

    Raises:
        DataError: it is no such iterable, offsets are not whole numbers, a span is empty, begins
            before the text or ends after it, or two spans of the same part have different labels.
        UnknownLabelError: a label is not in the schema.

    >>> checked_spans([(4, 7, "PER"), (0, 3, 0)], LabelSchema(["PER"], kind="spans"))
    (Span(start=0, end=3, label='PER'), Span(start=4, end=7, label='PER'))
    """
    if isinstance(spans, (str, bytes, dict)) or not isinstance(spans, Iterable):
        raise DataError(
            "Spans of a sample must be a list of (start, end, label), empty for none. Got"
            f" {spans!r} ({type(spans).__name__})."
        )
    checked = sorted({_checked_span(span, schema, text) for span in spans})
    for span, following in itertools.pairwise(checked):
        if span[:2] == following[:2]:
            raise DataError(
                f"A part of a text must have one label. Got {span.label!r} and"
                f" {following.label!r} for {_place(span.start, span.end, text)}."
            )
    return tuple(checked)


def checked_label(label: object, schema: LabelSchema, text: str | None = None) -> Label:
    """Return a label as its schema stores it: a name, a set of names or sorted spans.

    Raises:
        DataError: it has another form than the schema's kind.
        UnknownLabelError: a label is not in the schema.
    """
    match schema.kind:
        case LabelKind.ONE:
            return schema.labels[schema.index(label)]
        case LabelKind.SEVERAL:
            return checked_set(label, schema)
        case LabelKind.SPANS:
            return checked_spans(label, schema, text)


def _checked_span(span: object, schema: LabelSchema, text: str | None) -> Span:
    try:
        given_start, given_end, label = _triple(span)
    except (TypeError, ValueError):
        raise DataError(f"A span must be (start, end, label). Got {span!r}.") from None
    start, end = checked_offsets(given_start, given_end, text)
    try:
        return Span(start, end, schema.labels[schema.index(label)])
    except UnknownLabelError as error:
        raise UnknownLabelError(f"In the span {_place(start, end, text)}: {error}") from None


def checked_offsets(start: object, end: object, text: str | None = None) -> tuple[int, int]:
    """Return offsets of a part of a text as ints.

    Raises:
        DataError: they are not whole numbers, not in order, or not within the text.
    """
    if isinstance(start, (bool, np.bool_)) or isinstance(end, (bool, np.bool_)):
        raise DataError(f"Offsets of a span must be whole numbers. Got {start!r}, {end!r}.")
    try:
        first, last = operator.index(start), operator.index(end)  # type: ignore[arg-type]
    except TypeError:
        raise DataError(
            f"Offsets of a span must be whole numbers. Got {start!r}, {end!r}."
        ) from None
    limit = last if text is None else len(text)
    if not 0 <= first < last <= limit:
        where = "" if text is None else f" The text has {limit} characters: {_excerpt(text, first)}"
        raise DataError(
            "A span must begin at 0 or later, have a character or more, and end within its text."
            f" Got {first} to {last}.{where}"
        )
    return first, last


def _place(start: int, end: int, text: str | None) -> str:
    """Return where a span is, with the text around it."""
    if text is None:
        return f"{start} to {end}"
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    return f"{start} to {end} ({before!r}, {text[start:end]!r}, {after!r})"


def _excerpt(text: str, around: int) -> str:
    begin = max(0, min(around, len(text)) - CONTEXT)
    return repr(text[begin : begin + 2 * CONTEXT])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a label must be a text, and is {value!r}")
    return value


def _triple(value: Any) -> tuple[Any, Any, Any]:
    if isinstance(value, (str, Mapping)):  # Three keys or letters are no offsets.
        raise TypeError
    start, end, label = value
    return start, end, label


def _as_triple(value: object) -> tuple[int, int, str]:
    start, end, label = _triple(value)
    if type(start) is not int or type(end) is not int:
        raise TypeError(f"offsets must be whole numbers, and are {listed([start, end])}")
    return start, end, _as_text(label)

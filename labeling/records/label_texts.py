"""Labels of any kind as texts: as they are stored, and in words."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from labeling.errors import LabelingError
from labeling.records.schema import LabelKind
from labeling.records.spans import Label, Span, decode_label, encode_label

NO_LABEL = "none of the labels"
NO_SPAN = "no span"
SKIPPED = "skipped"


def encode_answer(answer: Label | None) -> str | None:
    """Return an answer as it is stored: `encode_label` of a label, `None` for a skip."""
    return answer if answer is None or isinstance(answer, str) else encode_label(answer)


def decode_answer(text: str | None, kind: LabelKind) -> Label | None:
    """Return the answer that `encode_answer` wrote; DataError if it is not of this kind."""
    return text if text is None or kind == LabelKind.ONE else decode_label(text, kind)


def name_of(label: Label) -> str:
    """Return a label of a schema with one label per sample, which is a name.

    Raises:
        LabelingError: it is a set of labels, or spans.

    >>> name_of("spam")
    'spam'
    """
    if isinstance(label, str):
        return label
    what = "a set of labels" if isinstance(label, frozenset) else "spans"
    raise LabelingError(
        "This works where a sample has one label, of a schema with kind='one'. Got"
        f" {what}: {label_in_words(label)}."
    )


def label_repr(label: Label | None) -> str:
    """Return the `repr` of a label, of a set in the order of the names, whatever the hash seed.

    >>> label_repr(frozenset({"joy", "anger"}))
    "frozenset({'anger', 'joy'})"
    """
    if isinstance(label, frozenset) and label:
        return f"frozenset({{{', '.join(map(repr, sorted(label)))}}})"
    return repr(label)


@functools.singledispatch
def label_in_words(label: Label | None, text: str | None = None) -> str:
    """Return an answer as a person reads it; spans by their offsets.

    Args:
        label: a label of any kind, or `None` for a skip.
        text: the sample's text; if given, spans are quoted.

    >>> label_in_words(frozenset({"joy", "anger"})), label_in_words(frozenset())
    ('anger, joy', 'none of the labels')
    >>> label_in_words((Span(0, 3, "PER"),)), label_in_words(()), label_in_words(None)
    ('PER 0-3', 'no span', 'skipped')
    >>> label_in_words((Span(0, 3, "PER"),), "Ann met Bob.")
    'PER "Ann" 0-3'
    """
    raise LabelingError(
        "A label must be a name, a frozenset of names or a tuple of spans. Got a"
        f" {type(label).__name__}."
    )


@label_in_words.register
def _(label: str, text: str | None = None) -> str:
    return label


@label_in_words.register
def _(label: None, text: str | None = None) -> str:
    return SKIPPED


@label_in_words.register
def _(label: frozenset, text: str | None = None) -> str:  # type: ignore[type-arg]  # by class
    return ", ".join(sorted(label)) or NO_LABEL


@label_in_words.register
def _(label: tuple, text: str | None = None) -> str:  # type: ignore[type-arg]  # by class
    return spans_in_words(label, text)


def spans_in_words(spans: Sequence[Span], text: str | None = None) -> str:
    """Return spans by label and offsets, in their order; quoted if their text is given.

    >>> spans_in_words([Span(0, 3, "PER"), Span(8, 11, "ORG")])
    'PER 0-3, ORG 8-11'
    """
    return ", ".join(_span_in_words(span, text) for span in spans) or NO_SPAN


def _span_in_words(span: Span, text: str | None) -> str:
    quoted = "" if text is None else f' "{" ".join(text[span.start : span.end].split())}"'
    return f"{span.label}{quoted} {span.start}-{span.end}"

"""Labels of imported annotations: which control holds them, and what they say."""

from __future__ import annotations

import collections
import re
from collections.abc import Callable, Sequence
from typing import cast

from labeling.errors import DataError, listed, near, quoted
from labeling.records import (
    Label,
    LabelKind,
    LabelSchema,
    SourceAnnotation,
    SourceAnnotations,
    SourceSpan,
    checked_spans,
    clean_text,
    placed,
)

SEVERAL = "annotations with several labels"
NO_LABEL = "annotations without a label of this project"
NOT_PLACED = "annotations with spans that are not in the text where they should be"
NOT_ALIGNED = "annotations whose tokens are not those of the text"
NO_SPANS = "spans"

SPACE = re.compile(r"\s*")

TextOf = Callable[[], str]


class NotImportedError(Exception):
    """An annotation has no label for this project.

    Args:
        why: what is counted.
        details: for a person who can mend it; empty for nothing.
    """

    def __init__(self, why: str, details: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.details = details


def imported_label(
    annotation: SourceAnnotation, control: str | None, schema: LabelSchema, text_of: TextOf
) -> Label:
    """Return what an annotation says, as a label of the schema.

    Args:
        annotation: what was imported; not a skip.
        control: which of its controls holds the labels; `None` for none.
        schema: the labels.
        text_of: returns the text of the sample.

    Raises:
        NotImportedError: it has no such label.
    """
    return READERS[schema.kind](annotation, control, schema, text_of)


def _one(
    annotation: SourceAnnotation, control: str | None, schema: LabelSchema, text_of: TextOf
) -> Label:
    labels = annotation.choices.get(control or "", ())
    if not labels and annotation.spans.get(""):
        raise NotImportedError(NO_SPANS)
    if len(labels) > 1:
        raise NotImportedError(SEVERAL)
    if not labels:
        raise NotImportedError(NO_LABEL)
    _check(labels, schema)
    return labels[0]


def _several(
    annotation: SourceAnnotation, control: str | None, schema: LabelSchema, text_of: TextOf
) -> Label:
    if control is None:
        raise NotImportedError(NO_LABEL)
    if annotation.spans.get(""):
        raise NotImportedError(NO_SPANS)
    labels = annotation.choices.get(control, ())
    _check(labels, schema)
    return frozenset(labels)


def _spans(
    annotation: SourceAnnotation, control: str | None, schema: LabelSchema, text_of: TextOf
) -> Label:
    if control is None or (control == "" and control not in annotation.spans):
        raise NotImportedError(NO_LABEL)
    text = text_of()
    given = annotation.spans.get(control, ())
    _check([span.label for span in given], schema)
    if annotation.tokens:
        places = _token_places(annotation.tokens, text)
        spans = [
            (places[cast(int, span.start)][0], places[cast(int, span.end) - 1][1], span.label)
            for span in given
        ]
    else:
        spans = [(*_place(span, text), span.label) for span in given]
    try:
        return checked_spans(spans, schema, text)
    except DataError as error:
        raise NotImportedError(NOT_PLACED, f"{error} The annotation was left out.") from error


def _place(span: SourceSpan, text: str) -> tuple[int, int]:
    """Return where a span is in a text."""
    place = placed(span.start, span.end, span.text, text)
    if place is None:
        what = "" if span.text is None else f" as {quoted(span.text)}"
        raise NotImportedError(
            NOT_PLACED,
            "The offsets of a span must enclose its text, counted in characters from 0. A"
            f" {span.label!r} is said to be from {span.start!r:.40} to {span.end!r:.40}{what}."
            " The annotation was left out.",
        )
    return place


def _token_places(tokens: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Return where tokens are in a text, which has only white space besides."""
    places = []
    end = 0
    for number, token in enumerate(map(clean_text, tokens), start=1):
        start = _after_space(text, end)
        if not text.startswith(token, start):
            raise NotImportedError(
                NOT_ALIGNED,
                "Tokens must be the parts of the text, in its order and with only white space"
                f" between them. Token {number} is {quoted(token)}, and the text goes on with"
                f" {quoted(text[start : start + 20])}. The annotation was left out.",
            )
        end = start + len(token)
        places.append((start, end))
    end = _after_space(text, end)
    if end < len(text):
        raise NotImportedError(
            NOT_ALIGNED,
            f"Tokens must be the whole text. After the last of {len(tokens)} the text goes on with"
            f" {quoted(text[end : end + 20])}. The annotation was left out.",
        )
    return places


def _after_space(text: str, place: int) -> int:
    """Return where the white space at a place of a text ends."""
    match = SPACE.match(text, place)
    return place if match is None else match.end()


def _check(labels: Sequence[str], schema: LabelSchema) -> None:
    unknown = [label for label in labels if label not in schema.labels]
    if unknown:
        raise NotImportedError(f"{NO_LABEL} ({unknown[0]!r:.60})")


READERS: dict[LabelKind, Callable[[SourceAnnotation, str | None, LabelSchema, TextOf], Label]] = {
    LabelKind.ONE: _one,
    LabelKind.SEVERAL: _several,
    LabelKind.SPANS: _spans,
}


def other_results(
    annotation: SourceAnnotation, control: str | None, schema: LabelSchema
) -> collections.Counter[str]:
    """Return how many results of an annotation are not labels of this project, by what they are."""
    are_spans = schema.kind == LabelKind.SPANS
    left_out = collections.Counter[str]()
    for name, labels in annotation.choices.items():
        if labels and (are_spans or name != control):
            left_out[f"choices of control {name!r}"] += 1
    for name, spans in annotation.spans.items():
        if name and not (are_spans and name == control):
            left_out[f"labels of control {name!r}"] += len(spans)
    return left_out


def control_of(source: SourceAnnotations, schema: LabelSchema, control: str | None) -> str | None:
    """Return the only control with labels of the schema.

    Raises:
        DataError: several have them, or there is none of this name.
    """
    labels: dict[str, set[str]] = {}
    for annotation in source.annotations:
        for name, names in _labels_by_control(annotation, schema).items():
            labels.setdefault(name, set()).update(names)
    if control is not None:
        if labels and control not in labels:
            raise DataError(
                f"`control` must be one of those that people chose labels in: {listed(labels, 10)}."
                f" Got {control!r}.{near(control, labels)}"
            )
        return control
    fitting = [name for name, names in labels.items() if names.intersection(schema.labels)]
    if len(fitting) > 1:
        raise DataError(
            "It must be clear which control holds the labels. Those of the schema are in"
            f" {listed(fitting, 10)}: name one (`control`)."
        )
    return fitting[0] if fitting else (next(iter(labels)) if len(labels) == 1 else None)


def _labels_by_control(
    annotation: SourceAnnotation, schema: LabelSchema
) -> dict[str, Sequence[str]]:
    if schema.kind == LabelKind.SPANS:
        return {name: [span.label for span in spans] for name, spans in annotation.spans.items()}
    return dict(annotation.choices)

"""Parses JSON Lines of a text and its entities, as users of spaCy, Prodigy and others have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeling.annotation_files.parsing import JsonObject, LeftOut, content_digest, parse_rows
from labeling.records import SourceAnnotation, SourceAnnotations, SourceSpan

LISTS = ("entities", "spans", "ents")
STARTS, ENDS = ("start", "start_offset", "start_char"), ("end", "end_offset", "end_char")
TRIPLE = ("start", "end", "label")
ANNOTATORS = ("annotator", "_annotator_id", "user")


def is_row(row: JsonObject) -> bool:
    """Whether a JSON object is a text with a list of its entities."""
    return isinstance(row.get("text"), str) and _list_of(row) is not None


def entity_annotations(rows: Iterable[JsonObject], source: str = "") -> SourceAnnotations:
    """Return the annotations of texts with entities: `[start, end, label]`, or objects of these.

    Offsets count code points of the row's text, as Python does; an object may hold the `text` of
    its span too, which then decides where it is. An empty list says that nothing is there.

    Args:
        rows: the objects of the lines, in order.
        source: a description of the file.

    >>> rows = [{"id": 1, "text": "Ann left", "entities": [[0, 3, "PER"]]}]
    >>> (annotation,) = entity_annotations(rows).annotations
    >>> annotation.spans[""]
    (SourceSpan(start=0, end=3, label='PER', text='Ann'),)
    """
    return parse_rows(rows, _annotation, source or "entities")


def _annotation(row: JsonObject, location: str, left_out: LeftOut) -> SourceAnnotation:
    """Return the annotation of a row; KeyError or TypeError if it is malformed."""
    items = _list_of(row)
    if items is None:
        raise TypeError(row)
    meta = row.get("meta")
    return SourceAnnotation(
        key=f"entities/{row.get('id', content_digest(row))}/",
        where=location,
        data={**(meta if isinstance(meta, Mapping) else {}), **row},
        annotator=next((str(row[name]) for name in ANNOTATORS if row.get(name)), ""),
        choices={},
        spans={"": tuple(entity(item, row["text"]) for item in items)},
        ground_truth=row.get("ground_truth") is True,
    )


def _list_of(row: JsonObject) -> Sequence[Any] | None:
    """Return the list of a row's entities, if it has one list of them."""
    lists = [row[name] for name in LISTS if isinstance(row.get(name), list)]
    return lists[0] if len(lists) == 1 else None


def entity(item: Any, text: str) -> SourceSpan:
    """Return an entity, a triple or an object, with the text in it."""
    if isinstance(item, list):
        if len(item) != len(TRIPLE):
            raise TypeError(item)
        start, end, label = item
        return span_of_text(start, end, label, text)
    start, end = (
        next((item[name] for name in names if name in item), None) for names in (STARTS, ENDS)
    )
    words = item.get("text")
    if isinstance(words, str):
        return SourceSpan(start, end, _name(item["label"]), words)
    return span_of_text(start, end, item["label"], text)


def span_of_text(start: Any, end: Any, label: Any, text: str) -> SourceSpan:
    """Return a span whose offsets count code points of a text; outside of it, it is nowhere.

    >>> span_of_text(0, 99, "PER", "Ann")
    SourceSpan(start=0, end=99, label='PER', text='')
    """
    is_inside = type(start) is int and type(end) is int and 0 <= start < end <= len(text)
    return SourceSpan(start, end, _name(label), text[start:end] if is_inside else "")


def _name(label: Any) -> str:
    if not isinstance(label, str):
        raise TypeError(label)
    return label

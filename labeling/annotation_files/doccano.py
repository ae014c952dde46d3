"""Parses doccano's exports: JSON Lines of a text and its labels, in one file per annotator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeling.annotation_files.parsing import JsonObject, LeftOut, content_digest, parse_rows
from labeling.records import SourceAnnotation, SourceAnnotations, SourceSpan, clean_text, placed

LABELS = ("label", "labels", "cats")  # current, before version 1.3, of intent detection
OTHERS = {"relations": "relations"}
ENTITIES = ("entities", "Entities")  # of exports with relations between spans
AUTHORS = ("annotation_approver", "user", "username", "annotator")
COMMENTS = ("Comments", "comments")
SPANS = (*ENTITIES, "spans")
BY_NUMBER = "labels that are given by number (export with texts of labels)"
UNLABELED = "texts without a label"


def is_row(row: JsonObject) -> bool:
    """Whether a JSON object is a row of doccano's export."""
    has_relations = isinstance(row.get("entities"), list) and "relations" in row
    return isinstance(row.get("text"), str) and (
        has_relations
        or any(isinstance(row.get(name), Sequence) for name in (*LABELS, "annotations"))
    )


def doccano_annotations(rows: Iterable[JsonObject], source: str = "") -> SourceAnnotations:
    """Return the annotations of an export of a project of text classification or sequence labeling.

    doccano names the file after the annotator, its rows name nobody; older exports name who
    approved.

    Args:
        rows: the objects of the lines, in order.
        source: a description of the export.

    >>> rows = [{"id": 1, "text": "win", "label": ["spam"]}]
    >>> (annotation,) = doccano_annotations(rows).annotations
    >>> annotation.key, dict(annotation.choices)
    ('doccano/1/', {'': ('spam',)})
    """
    return parse_rows(rows, _annotation, source or "doccano")


def _annotation(row: JsonObject, location: str, left_out: LeftOut) -> SourceAnnotation | None:
    """Return the annotation of a row; `None` if it has no label, which is counted."""
    labels: Any = next((row[name] for name in (*LABELS, *ENTITIES) if row.get(name)), ())
    if not isinstance(labels, (str, Sequence)):
        raise TypeError(labels)
    left_out.update(kind for name, kind in OTHERS.items() if row.get(name))
    left_out.update(name for name in SPANS if row.get(name) and row[name] is not labels)
    if not labels:
        left_out[BY_NUMBER if row.get("annotations") else UNLABELED] += 1
        return None
    are_names = all(isinstance(label, str) for label in labels)
    meta = row.get("meta") or row.get("metadata")
    return SourceAnnotation(
        key=f"doccano/{row.get('id', content_digest(row))}/",
        where=location,
        data={**(meta if isinstance(meta, Mapping) else {}), **row},
        annotator=next((str(row[name]) for name in AUTHORS if row.get(name)), ""),
        choices={"": (labels,) if isinstance(labels, str) else tuple(labels)} if are_names else {},
        spans={} if are_names else {"": tuple(_span(label, row["text"]) for label in labels)},
        reason=_comments(row),
    )


def _span(item: Sequence[Any] | Mapping[str, Any], text: str) -> SourceSpan:
    if isinstance(item, Mapping):
        start, end, label = item["start_offset"], item["end_offset"], item["label"]
    elif isinstance(item, str):
        raise TypeError(item)
    else:
        start, end, label = item[0], item[1], item[2]
    place = placed(start, end, None, text)  # some versions count an emoji twice: then it is unclear
    return SourceSpan(start, end, str(label), "" if place is None else text[slice(*place)])


def _comments(row: JsonObject) -> str:
    value = next((row[name] for name in COMMENTS if row.get(name)), ())
    comments = value if isinstance(value, list) else [value]
    return clean_text("\n".join(comment for comment in comments if isinstance(comment, str)))

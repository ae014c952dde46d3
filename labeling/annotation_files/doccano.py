"""doccano's JSON lines: a text and its labels a line, in files that are named after who labeled."""

from __future__ import annotations

import collections
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeling.annotation_files.malformed import Malformed
from labeling.records import SourceAnnotation, SourceAnnotations, clean_text

LABELS = ("label", "labels", "cats")  # of today, of versions before 1.3, of intent detection
OTHERS = {"entities": "spans", "relations": "relations", "Entities": "spans"}
AUTHORS = ("annotation_approver", "user", "username", "annotator")
COMMENTS = ("Comments", "comments")
BY_NUMBER = "labels that are given by number (export with texts of labels)"
UNLABELED = "texts without a label"

Found = Mapping[str, Any]


def is_line(row: Found) -> bool:
    """Whether a JSON object is a line of doccano's."""
    return isinstance(row.get("text"), str) and any(
        isinstance(row.get(name), Sequence) for name in (*LABELS, "annotations")
    )


def doccano_annotations(rows: Iterable[Found], source: str = "") -> SourceAnnotations:
    """Return the annotations of an export of a project of document classification.

    doccano names the file after who labeled, and no line tells; older exports name who approved.

    Args:
        rows: the lines, in order.
        source: what they come from, in words.

    >>> (found,) = doccano_annotations([{"id": 1, "text": "win", "label": ["spam"]}]).annotations
    >>> found.key, dict(found.choices)
    ('doccano/1/', {'': ('spam',)})
    """
    left_out: collections.Counter[str] = collections.Counter()
    found: list[SourceAnnotation] = []
    malformed = Malformed()
    for number, row in enumerate(rows, start=1):
        where = f"line {number}"
        annotation = malformed.read(where, functools.partial(_annotation, row, where, left_out))
        found += [annotation] if annotation is not None else []
    left_out.update(malformed.counts())
    return SourceAnnotations(source or "doccano", tuple(found), +left_out)


def _annotation(
    row: Found, where: str, left_out: collections.Counter[str]
) -> SourceAnnotation | None:
    """Return the annotation of a line; `None` where it has none, which is counted."""
    labels: Any = next((row[name] for name in LABELS if row.get(name)), ())
    if not isinstance(labels, (str, Sequence)):
        raise TypeError(labels)
    left_out.update(what for name, what in OTHERS.items() if row.get(name))
    if not labels:
        left_out[BY_NUMBER if row.get("annotations") else UNLABELED] += 1
        return None
    if not all(isinstance(label, str) for label in labels):
        left_out["spans"] += len(labels)
        return None
    meta = row.get("meta") or row.get("metadata")
    return SourceAnnotation(
        key=f"doccano/{row.get('id', _digest(row))}/",
        where=where,
        data={**(meta if isinstance(meta, Mapping) else {}), **row},
        annotator=next((str(row[name]) for name in AUTHORS if row.get(name)), ""),
        choices={"": (labels,) if isinstance(labels, str) else tuple(labels)},
        reason=_comments(row),
    )


def _comments(row: Found) -> str:
    said = next((row[name] for name in COMMENTS if row.get(name)), ())
    every = said if isinstance(said, list) else [said]
    texts = [comment for comment in every if isinstance(comment, str)]
    return clean_text("\n".join(texts))


def _digest(row: Found) -> str:
    written = json.dumps(row, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]

"""Prodigy's JSON lines, as `prodigy db-out` writes them: a task, and what one person answered."""

from __future__ import annotations

import collections
import datetime
import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeling.annotation_files.malformed import Malformed
from labeling.records import SourceAnnotation, SourceAnnotations

ANSWERS = ("accept", "reject", "ignore")
UNNAMED = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}$")  # a session that nobody gave a name
REJECTED = "answers that reject a label (they do not say which one is right)"
NO_LABEL = "answers without a label, such as spans"
REVIEWS = "reviews of others' answers"

Found = Mapping[str, Any]


def is_line(row: Found) -> bool:
    """Whether a JSON object is a line of Prodigy's."""
    return row.get("answer") in ANSWERS


def prodigy_annotations(rows: Iterable[Found], source: str = "") -> SourceAnnotations:
    """Return the annotations of an export: choices, and labels that were accepted.

    Who answered is told by the session, where it has a name.

    Args:
        rows: the lines, in order.
        source: what they come from, in words.

    >>> row = {"text": "win", "label": "spam", "answer": "accept", "_annotator_id": "mails-ann"}
    >>> (found,) = prodigy_annotations([row]).annotations
    >>> found.annotator, dict(found.choices)
    ('mails-ann', {'': ('spam',)})
    """
    left_out: collections.Counter[str] = collections.Counter()
    found: list[SourceAnnotation] = []
    malformed = Malformed()
    for number, row in enumerate(rows, start=1):
        where = f"line {number}"
        annotation = malformed.read(where, functools.partial(_annotation, row, where, left_out))
        found += [annotation] if annotation is not None else []
    left_out.update(malformed.counts())
    return SourceAnnotations(source or "Prodigy", tuple(found), +left_out)


def _annotation(
    row: Found, where: str, left_out: collections.Counter[str]
) -> SourceAnnotation | None:
    """Return the annotation of a line; `None` where it holds no vote, which is counted."""
    labels = _labels(row)
    skipped = row.get("answer") == "ignore"
    why = _why_not(row, labels, skipped)
    if why:
        left_out[why] += 1
        return None
    when = _time(row.get("_timestamp"))
    return SourceAnnotation(
        key=f"prodigy/{row.get('_task_hash', _digest(row))}/",
        where=where,
        data={**(row["meta"] if isinstance(row.get("meta"), Mapping) else {}), **row},
        annotator=_author(row),
        choices={} if skipped else {"": labels},
        skipped=skipped,
        created_at=when,
        updated_at=when,
    )


def _why_not(row: Found, labels: tuple[str, ...], skipped: bool) -> str:
    """Return why a line holds no vote; an empty text where it does."""
    if "versions" in row:
        return REVIEWS
    if row.get("answer") == "reject":
        return REJECTED
    return "" if labels or skipped else NO_LABEL


def _labels(row: Found) -> tuple[str, ...]:
    """Return what was chosen of several options, or the label that was asked about."""
    accepted = row.get("accept")
    if isinstance(accepted, Sequence) and not isinstance(accepted, str):
        options = row.get("options")
        texts = {
            option.get("id"): option.get("text")
            for option in (options if isinstance(options, Sequence) else ())
            if isinstance(option, Mapping)
        }
        return tuple(
            option_id if isinstance(option_id, str) else str(texts.get(option_id, option_id))
            for option_id in accepted
        )
    label = row.get("label")
    return (label,) if isinstance(label, str) and label else ()


def _author(row: Found) -> str:
    names = (row.get(name) for name in ("_annotator_id", "_session_id"))
    name = next((name for name in names if isinstance(name, str) and name), "")
    return "" if UNNAMED.search(name) else name


def _time(said: object) -> datetime.datetime | None:
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        return None
    try:
        return datetime.datetime.fromtimestamp(said, datetime.UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _digest(row: Found) -> str:
    written = json.dumps(row, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]

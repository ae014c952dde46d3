"""Parses Prodigy's exports (`prodigy db-out`): JSON Lines of a task and one annotator's answer."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence

from labeling.annotation_files.entities import span_of_text
from labeling.annotation_files.parsing import JsonObject, LeftOut, content_digest, parse_rows
from labeling.records import SourceAnnotation, SourceAnnotations, SourceSpan, is_number

ANSWERS = ("accept", "reject", "ignore")
UNNAMED = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}$")  # a session without a name
REJECTED = "answers that reject a label (they do not say which one is right)"
NO_LABEL = "answers without a label"
REVIEWS = "reviews of others' answers"


def is_row(row: JsonObject) -> bool:
    """Whether a JSON object is a row of Prodigy's export."""
    return row.get("answer") in ANSWERS


def prodigy_annotations(rows: Iterable[JsonObject], source: str = "") -> SourceAnnotations:
    """Return the annotations of an export: choices, and labels and spans that were accepted.

    The annotator is the session, if it has a name.

    Args:
        rows: the objects of the lines, in order.
        source: a description of the export.

    >>> row = {"text": "win", "label": "spam", "answer": "accept", "_annotator_id": "mails-ann"}
    >>> (annotation,) = prodigy_annotations([row]).annotations
    >>> annotation.annotator, dict(annotation.choices)
    ('mails-ann', {'': ('spam',)})
    """
    return parse_rows(rows, _annotation, source or "Prodigy")


def _annotation(row: JsonObject, location: str, left_out: LeftOut) -> SourceAnnotation | None:
    """Return the annotation of a row; `None` if it has no label and no skip, which is counted."""
    labels = _labels(row)
    skipped = row.get("answer") == "ignore"
    reason = _reason_to_leave_out(row, labels, skipped)
    if reason:
        left_out[reason] += 1
        return None
    time = _time(row.get("_timestamp"))
    return SourceAnnotation(
        key=f"prodigy/{row.get('_task_hash', content_digest(row))}/",
        where=location,
        data={**(row["meta"] if isinstance(row.get("meta"), Mapping) else {}), **row},
        annotator=_author(row),
        choices={} if skipped or not labels else {"": labels},
        spans={} if skipped or labels else {"": _spans(row)},
        skipped=skipped,
        created_at=time,
        updated_at=time,
    )


def _reason_to_leave_out(row: JsonObject, labels: tuple[str, ...], skipped: bool) -> str:
    """Return why a row is left out; an empty text if it is not."""
    if "versions" in row:
        return REVIEWS
    if row.get("answer") == "reject":
        return REJECTED
    has_answer = labels or skipped or isinstance(row.get("spans"), list)
    return "" if has_answer else NO_LABEL


def _labels(row: JsonObject) -> tuple[str, ...]:
    """Return the chosen options, or the label that was accepted."""
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


def _spans(row: JsonObject) -> tuple[SourceSpan, ...]:
    """Return the marked spans, whose offsets count code points of the row's text."""
    text = str(row.get("text", ""))
    return tuple(
        span_of_text(span["start"], span["end"], str(span["label"]), text) for span in row["spans"]
    )


def _author(row: JsonObject) -> str:
    names = (row.get(name) for name in ("_annotator_id", "_session_id"))
    name = next((name for name in names if isinstance(name, str) and name), "")
    return "" if UNNAMED.search(name) else name


def _time(timestamp: object) -> datetime.datetime | None:
    if not is_number(timestamp):
        return None
    try:
        return datetime.datetime.fromtimestamp(timestamp, datetime.UTC)
    except (OverflowError, OSError, ValueError):
        return None

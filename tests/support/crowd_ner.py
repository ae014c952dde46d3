"""Spans that real annotators marked in news texts, with gold spans; offsets without the texts."""

from __future__ import annotations

import datetime
import gzip
import json
from pathlib import Path
from typing import Any

import labeling as lb

SCHEMA = lb.LabelSchema(["LOC", "MISC", "ORG", "PER"], kind="spans")
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def documents(folder: Path) -> list[dict[str, Any]]:
    """Return the documents of the shared folder: id, length, gold and answers by annotator."""
    with gzip.open(folder / "crowd_ner" / "answers.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def spans_of(rows: list[list[Any]]) -> tuple[lb.Span, ...]:
    """Return spans of a list of start, end and label."""
    return tuple(sorted(lb.Span(*row) for row in rows))


def annotations_of(folder: Path) -> list[lb.Annotation]:
    """Return the answers as annotations, in the order of documents and annotators."""
    return [
        lb.Annotation(document["id"], who, spans_of(rows), BEGIN, BEGIN)
        for document in documents(folder)
        for who, rows in sorted(document["answers"].items())
    ]

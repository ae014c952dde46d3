"""Parses exported objects one by one; malformed ones are counted and do not stop the others."""

from __future__ import annotations

import collections
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from labeling.errors import listed
from labeling.records import SourceAnnotation, SourceAnnotations

MALFORMED = "objects that have another form than the tool writes"

Parsed = TypeVar("Parsed")
JsonObject = Mapping[str, Any]
LeftOut = collections.Counter[str]
ParseRow = Callable[[JsonObject, str, LeftOut], SourceAnnotation | None]


class Malformed:
    """Counts malformed objects, and remembers their locations."""

    def __init__(self) -> None:
        self._locations: list[str] = []

    def parse(self, location: str, parse: Callable[[], Parsed]) -> Parsed | None:
        """Return what `parse` returns; `None` if the object is malformed.

        Args:
            location: where the object is, for messages.
            parse: parses the object; an error of Python itself means that it is malformed.
        """
        try:
            return parse()
        except (AttributeError, TypeError, LookupError, RecursionError):
            self._locations.append(location)
            return None

    def counts(self) -> dict[str, int]:
        """Return how many objects are malformed, by a text that names the first of them."""
        if not self._locations:
            return {}
        return {f"{MALFORMED} ({listed(self._locations, 3)})": len(self._locations)}


def parse_rows(rows: Iterable[JsonObject], parse_row: ParseRow, source: str) -> SourceAnnotations:
    """Return the annotations of an export with one object per line.

    Args:
        rows: the objects, in order.
        parse_row: gets an object, its location and the counts of what is left out; returns an
            annotation, or `None` after counting why there is none.
        source: a description of the export.
    """
    left_out: LeftOut = collections.Counter()
    annotations: list[SourceAnnotation] = []
    malformed = Malformed()
    for number, row in enumerate(rows, start=1):
        location = f"line {number}"
        parse = functools.partial(parse_row, row, location, left_out)
        annotation = malformed.parse(location, parse)
        if annotation is not None:
            annotations.append(annotation)
    left_out.update(malformed.counts())
    return SourceAnnotations(source, tuple(annotations), +left_out)


def content_digest(value: object) -> str:
    """Return a short hash of a JSON value, as the key of objects without an id."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

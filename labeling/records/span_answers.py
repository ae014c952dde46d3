"""What a span labeling function may return, read as parts of a text with a label."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Literal, NamedTuple

import numpy as np

from labeling.errors import DataError
from labeling.records.schema import ABSTAIN
from labeling.records.spans import CONTEXT, checked_offsets

Overlaps = Literal["longest", "error"]

FORMS = (
    "a list of spans, or yield them: (start, end, label), (start, end) with `label=`, a match of"
    " `re`, a span of spaCy, or (start, end, None) where nothing is"
)


class MarkedPart(NamedTuple):
    """A part of a text that a labeling function marked.

    Attributes:
        start: index of its first code point, from 0.
        end: index after its last code point.
        label: name or code of a label; `None` where nothing is.
    """

    start: int
    end: int
    label: Any


def marked_parts(answer: Any, text: str | None, label: str | int | None) -> list[MarkedPart]:
    """Return the parts of a text that an answer marks, without white space at their edges.

    Args:
        answer: what a span labeling function returned for a sample.
        text: of the sample; `None` where it is not known, and offsets are taken as they are.
        label: of parts that come without a label.

    Returns:
        In the order given; some may be equal, and some may overlap.

    Raises:
        DataError: the answer has another form, or offsets are not within the text.

    >>> marked_parts(re.search(r"[A-Z]\\w+ ", "call Ann now"), "call Ann now", "PER")
    [MarkedPart(start=5, end=8, label='PER')]
    """
    return [_part(item, text, label) for item in _items(answer)]


def _items(answer: Any) -> list[Any]:
    """Return the spans of an answer, one or several."""
    kind = type(answer)
    if kind is list:
        return answer  # type: ignore[no-any-return]  # checked item by item
    if answer is None or (kind is int and answer == ABSTAIN):
        return []
    is_single = hasattr(answer, "start_char") or _is_match(answer)
    if is_single or (isinstance(answer, tuple) and answer and hasattr(answer[0], "__int__")):
        return [answer]
    if isinstance(answer, Set):  # The order of a set differs from run to run.
        return sorted(answer, key=repr)
    if isinstance(answer, Iterable) and not isinstance(answer, (str, bytes, Mapping)):
        return list(answer)
    hint = ""
    if isinstance(answer, (bool, np.bool_)):
        hint = " For a yes-or-no answer about the whole sample write @labeling_function."
    raise DataError(f"It must return {FORMS}. Got {answer!r} ({kind.__name__}).{hint}")


def _is_match(value: Any) -> bool:
    """Whether a value is a match of `re`, or of a package like it."""
    return isinstance(value, re.Match) or (hasattr(value, "span") and hasattr(value, "string"))


def _part(item: Any, text: str | None, label: str | int | None) -> MarkedPart:
    start, end, given = _offsets_and_label(item, text, label)
    if type(given) is not str and given is not None:
        given = _as_label(given)
    if not (type(start) is type(end) is int and text is not None and 0 <= start < end <= len(text)):
        start, end = checked_offsets(start, end, text)  # says what is wrong
    if text is not None and (text[start].isspace() or text[end - 1].isspace()):
        start, end = without_white_space(text, start, end)
    return MarkedPart(start, end, given)


def _offsets_and_label(item: Any, text: str | None, label: str | int | None) -> Any:
    """Return start, end and label of a span in any form, as they were given."""
    if isinstance(item, (tuple, list)):
        if len(item) == 3:
            return item
        if len(item) == 2:
            return item[0], item[1], _label_of(item, label)
    if _is_match(item):
        if text is not None and item.string is not text and item.string != text:
            raise DataError(
                f"Spans must be in the text itself. Got a match in another one, {item!r}: search"
                " the text as it is, with re.IGNORECASE instead of lower()."
            )
        return (*item.span(), _label_of(item, label))
    if hasattr(item, "start_char"):
        start, end = item.start_char, item.end_char
        _check_searched(str(item), text, start, end)
        return start, end, getattr(item, "label_", "") or _label_of(item, label)
    raise DataError(f"It must return {FORMS}. Got {item!r} ({type(item).__name__}) in it.")


def _label_of(item: Any, label: str | int | None) -> str | int:
    if label is None:
        raise DataError(
            f"A span must have a label. Got {item!r}; return (start, end, label), or write"
            " @span_labeling_function(label=...)."
        )
    return label


def _as_label(value: Any) -> str | int | None:
    """Return a label that is no plain text: a code, or `None` for -1."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise DataError(
            "The label of a span must be a name or a code, or None where nothing is. Got"
            f" {value!r} ({type(value).__name__})."
        )
    return None if value == ABSTAIN else int(value)


def _check_searched(part: str, text: str | None, start: int, end: int) -> None:
    """Check that a span of a document of spaCy is in the text itself."""
    if text is not None and text[start:end] != part:
        raise DataError(
            f"Spans must be in the text itself. Got {part!r} from {start} to {end}, where the text"
            f" has {text_around(text, start, end)}: read the text as it is."
        )


def without_white_space(text: str, start: int, end: int) -> tuple[int, int]:
    r"""Return the offsets of a part of a text without the white space at its edges.

    Raises:
        DataError: there is nothing else in it.

    >>> without_white_space("\tgo \u00a0", 0, 5)
    (1, 3)
    """
    part = text[start:end]
    first = start + len(part) - len(part.lstrip())
    last = end - len(part) + len(part.rstrip())
    if first >= last:
        raise DataError(
            "A span must have a character that is not white space. Got"
            f" {text_around(text, start, end)} from {start} to {end}."
        )
    return first, last


def text_around(text: str, start: int, end: int) -> str:
    """Return a part of a text for a message, with the text before and after it.

    >>> text_around("Ann met Bob.", 8, 11)
    "'Bob' after 'Ann met ' and before '.'"
    """
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    return f"{text[start:end]!r} after {before!r} and before {after!r}"


def without_overlaps(
    parts: list[MarkedPart], overlaps: Overlaps, text: str | None, names: Sequence[str] = ()
) -> tuple[list[MarkedPart], int]:
    """Return parts of which none overlap, sorted, and how many were left out.

    Equal ones count once. Of spans that overlap the longest one stays; of equally long ones that
    which begins first, then that which was given first. A part that is marked as nothing is left
    out where it overlaps a span, since a span says more.

    Args:
        parts: what a labeling function marked in a text.
        overlaps: "longest", or "error", which refuses overlaps.
        text: for the message of an error.
        names: the names of labels that are codes, likewise.

    Raises:
        DataError: some overlap, and must not.

    >>> without_overlaps([MarkedPart(0, 3, "A"), MarkedPart(2, 9, "B")], "longest", None)
    ([MarkedPart(start=2, end=9, label='B')], 1)
    """
    if len(parts) < 2:
        return parts, 0
    different = sorted(dict.fromkeys(parts), key=lambda part: part[:2])
    pairs = itertools.pairwise(different)
    clash = next((pair for pair in pairs if pair[1].start < pair[0].end), None)
    if clash is None:
        return different, 0
    spans = [part for part in different if part.label is not None]
    chosen = list(_longest(spans))
    kept = sorted(chosen, key=lambda part: part[:2])
    nothing = [part for part in different if part.label is None]
    kept_nothing = [part for part in nothing if not _overlaps_any(part, kept)]
    n_dropped = len(different) - len(kept) - len(kept_nothing)
    if n_dropped and overlaps == "error":
        raise DataError(f"Spans must not overlap. Got {_clash(different, text, names)}.")
    return sorted([*kept, *kept_nothing], key=lambda part: part[:2]), n_dropped


def _longest(spans: list[MarkedPart]) -> Iterator[MarkedPart]:
    """Yield spans from the longest to the shortest that overlap none before them."""
    # Sorting is stable: of two equal parts the one given first comes first.
    chosen: list[MarkedPart] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
        if not _overlaps_any(span, chosen):
            bisect.insort(chosen, span, key=_start)
            yield span


def _start(part: MarkedPart) -> int:
    return part.start


def _overlaps_any(part: MarkedPart, others: list[MarkedPart]) -> bool:
    """Whether a part overlaps any of others, which are sorted and do not overlap each other."""
    place = bisect.bisect_left(others, part.end, key=_start)
    return place > 0 and others[place - 1].end > part.start


def _clash(parts: list[MarkedPart], text: str | None, names: Sequence[str]) -> str:
    """Return two parts that overlap, for a message."""
    furthest = parts[0]
    for part in parts[1:]:
        are_nothing = part.label is None and furthest.label is None
        if part.start < furthest.end and not are_nothing:
            both = (
                f"{each.start} to {each.end} as {_name(each.label, names)}{_shown(each, text)}"
                for each in (furthest, part)
            )
            return " and ".join(both)
        furthest = max(furthest, part, key=lambda each: each.end)
    return "parts that overlap"


def _name(label: str | int | None, names: Sequence[str]) -> str:
    if label is None:
        return "nothing"
    return repr(names[label] if isinstance(label, int) and names else label)


def _shown(part: MarkedPart, text: str | None) -> str:
    return "" if text is None else f", {text[part.start : part.end]!r:.80}"

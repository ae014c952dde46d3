"""Words of texts with their places, features of them, and spans as tags of words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labeling.records import Span

WORD = re.compile(r"\w+|[^\w\s]")
OUTSIDE = "O"

Places = list[tuple[int, int]]


def word_places(text: str) -> Places:
    """Return start and end of each word and each sign of punctuation, in code points.

    >>> word_places("U.S. won")
    [(0, 1), (1, 2), (2, 3), (3, 4), (5, 8)]
    """
    return [match.span() for match in WORD.finditer(text)]


def word_features(text: str, places: Places) -> list[list[str]]:
    """Return features of each word: the word, its ends and shape, and its neighbours."""
    words = [text[start:end] for start, end in places]
    spaced = [
        number == 0 or places[number - 1][1] < place[0] for number, place in enumerate(places)
    ]
    single = [_features_of(word) for word in words]
    lowered = [word.lower() for word in words]
    rows = []
    for number, of_word in enumerate(single):
        row = ["bias", "glued" if not spaced[number] else "spaced", *of_word]
        for offset in (-2, -1, 1, 2):
            near = number + offset
            if 0 <= near < len(words):
                row.append(f"{offset}:w={lowered[near]}")
                if abs(offset) == 1:
                    row += [f"{offset}:{feature}" for feature in single[near][1:4]]
            else:
                row.append(f"{offset}:edge")
        if number:
            row.append(f"-1,0:w={lowered[number - 1]} {lowered[number]}")
        rows.append(row)
    return rows


def _features_of(word: str) -> list[str]:
    lowered = word.lower()
    shape = _shape(word)
    return [
        f"w={lowered}",
        f"shape={shape}",
        f"end3={lowered[-3:]}",
        f"end2={lowered[-2:]}",
        f"begin3={lowered[:3]}",
        f"begin2={lowered[:2]}",
    ]


def _shape(word: str) -> str:
    """Return the kinds of a word's characters, each run as one or two letters.

    >>> _shape("McDonald"), _shape("B12"), _shape("e")
    ('XxXxx', 'Xdd', 'x')
    """
    kinds = "".join(
        "X" if letter.isupper() else "x" if letter.isalpha() else "d" if letter.isdigit() else "-"
        for letter in word[:30]
    )
    return re.sub(r"(.)\1{2,}", r"\1\1", kinds)


def tags_of(places: Places, spans: Sequence[Span]) -> list[str]:
    """Return the tag of each word: "B-" at the first of a span, "I-" within, "O" outside.

    A word is within a span if they overlap; of two spans the earlier one has it.
    """
    tags = [OUTSIDE] * len(places)
    ordered = sorted(spans)
    number = 0
    for span in ordered:
        while number < len(places) and places[number][1] <= span.start:
            number += 1
        begin = True
        while number < len(places) and places[number][0] < span.end:
            tags[number] = f"{'B' if begin else 'I'}-{span.label}"
            begin, number = False, number + 1
    return tags


def spans_of(tags: Sequence[str], places: Places) -> list[tuple[int, int, str]]:
    """Return the spans of tags as (first word, word after the last, label).

    An "I-" that continues no span of its label begins one.
    """
    spans: list[tuple[int, int, str]] = []
    first, label = 0, ""
    for number, tag in enumerate([*tags, OUTSIDE]):
        kind, _, name = tag.partition("-")
        if label and not (kind == "I" and name == label):
            spans.append((first, number, label))
            label = ""
        if kind != OUTSIDE and not label:
            first, label = number, name
    return spans


def n_widened(text: str, spans: Sequence[Span]) -> int:
    """Return how many spans begin or end elsewhere than words do."""
    if not spans:
        return 0
    places = word_places(text)
    starts, ends = {start for start, _ in places}, {end for _, end in places}
    return sum(span.start not in starts or span.end not in ends for span in spans)

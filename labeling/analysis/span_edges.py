"""By how many words the edges of spans miss those of gold spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence

import pandas as pd

from labeling.records import Span

FURTHEST = 3
"""Words; edges that are further off are counted with these."""

Spans = Mapping[Hashable, tuple[Span, ...] | None]


def edge_errors(
    predicted: Spans, gold: Mapping[Hashable, tuple[Span, ...]], texts: Mapping[Hashable, str]
) -> pd.DataFrame:
    """Return how many words the edges of predicted spans are off, of those that match a gold span.

    A predicted span matches the gold span of its label that it shares most characters with; each
    span matches one at most. Words are by white space, and a part of a word counts as one.

    Args:
        predicted: the spans of samples; `None` and missing samples are without spans.
        gold: the true spans of some samples; only these are compared.
        texts: the text of each of these samples.

    Returns:
        A row for each distance from -3 (3 words or more too early) to 3 (too late), columns `start`
        and `end`: the number of matched spans with that distance.

    >>> texts = {"a": "Dr Ann Lee met Bob"}
    >>> gold = {"a": (Span(3, 10, "PER"), Span(15, 18, "PER"))}
    >>> edge_errors({"a": (Span(0, 6, "PER"), Span(15, 18, "PER"))}, gold, texts).loc[-1:0]
              start  end
    distance
    -1            1    1
     0            1    1
    """
    counts: Counter[tuple[str, int]] = Counter()
    for sample, spans in gold.items():
        for span, truth in _matches(predicted.get(sample) or (), spans):
            counts["start", _distance(texts[sample], truth.start, span.start)] += 1
            counts["end", _distance(texts[sample], truth.end, span.end)] += 1
    distances = range(-FURTHEST, FURTHEST + 1)
    return pd.DataFrame(
        {edge: [counts[edge, distance] for distance in distances] for edge in ("start", "end")},
        index=pd.Index(distances, name="distance"),
    )


def _matches(predicted: Sequence[Span], gold: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Yield pairs of spans with one label, those that share most characters first."""
    pairs = [
        (min(span.end, truth.end) - max(span.start, truth.start), span, truth)
        for span in predicted
        for truth in gold
        if span.label == truth.label and span.start < truth.end and truth.start < span.end
    ]
    # A span with the very edges comes before a longer one that shares as many characters.
    pairs.sort(key=lambda pair: (-pair[0], pair[1] != pair[2], pair[1], pair[2]))
    matched: set[tuple[bool, Span]] = set()
    for _, span, truth in pairs:
        if not {(True, span), (False, truth)} & matched:
            matched |= {(True, span), (False, truth)}
            yield span, truth


def _distance(text: str, truth: int, edge: int) -> int:
    """Return by how many words an edge is too late; negative if too early, 3 words at most."""
    between = text[min(truth, edge) : max(truth, edge)]
    words = min(max(len(between.split()), 1), FURTHEST) if between else 0
    return words if edge > truth else -words

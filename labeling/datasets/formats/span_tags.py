"""Spans as tags of tokens (BIO, BIOES, BILOU), and which of them tags cannot say."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from labeling.datasets.formats.tokens import Text, Tokens, tokenized
from labeling.errors import LabelingError, MisalignedSpansWarning, counted, listed, near
from labeling.records import LabelSchema, Span

if TYPE_CHECKING:
    from labeling.datasets.kinds import SpanTrainingSet

SCHEMES = {"BIO": "BIIB", "BIOES": "BIES", "BILOU": "BILU"}
"""The letters of the first, inner and last token of a span, and of a span of one token."""

OFF_EDGE = "does not begin and end at edges of tokens"
OVERLAPS = "overlaps another span"


class TokenSpan(NamedTuple):
    """A span as the numbers of its first token and of the one after its last, and its label."""

    first: int
    stop: int
    label: str


class Aligned(NamedTuple):
    """A text with the spans that begin and end at edges of its tokens.

    Attributes:
        text: the text and its tokens.
        spans: those that do not overlap, sorted.
        dropped: the others, each with the reason.
    """

    text: Text
    spans: list[TokenSpan]
    dropped: list[tuple[Span, str]]


def aligned(text: Text, spans: Iterable[Span]) -> Aligned:
    """Return the spans of a text by tokens; of overlapping ones the longest, then the first.

    >>> text = Text("Ann Bell met", [(0, 3), (4, 8), (9, 12)])
    >>> kept = aligned(text, [Span(0, 8, "PER"), Span(4, 8, "ORG"), Span(9, 10, "ORG")])
    >>> kept.spans
    [TokenSpan(first=0, stop=2, label='PER')]
    >>> [reason for _, reason in kept.dropped]
    ['does not begin and end at edges of tokens', 'overlaps another span']
    """
    starts = {start: number for number, (start, _) in enumerate(text.tokens)}
    stops = {end: number + 1 for number, (_, end) in enumerate(text.tokens)}
    dropped = []
    placed: list[tuple[Span, TokenSpan]] = []
    for span in spans:
        if span.start in starts and span.end in stops:
            place = TokenSpan(starts[span.start], stops[span.end], span.label)
            placed.append((span, place))
        else:
            dropped.append((span, OFF_EDGE))
    taken: set[int] = set()
    kept = []
    for span, place in sorted(placed, key=_longest_first):
        tokens = range(place.first, place.stop)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            kept.append(place)
        else:
            dropped.append((span, OVERLAPS))
    return Aligned(text, sorted(kept), dropped)


def _longest_first(pair: tuple[Span, TokenSpan]) -> tuple[int, Span]:
    span = pair[0]
    return span.start - span.end, span


def aligned_samples(train: SpanTrainingSet, text: str, tokens: Tokens) -> list[Aligned]:
    """Return the texts and spans of a training set by tokens."""
    labels = train.added_column("label").tolist()
    return [
        aligned(content, label or ())
        for content, label in zip(tokenized(train, text, tokens), labels, strict=True)
    ]


def tags(sample: Aligned, scheme: str) -> list[str]:
    """Return the tag of each token of a sample.

    >>> text = Text("Ann Bell met", [(0, 3), (4, 8), (9, 12)])
    >>> tags(Aligned(text, [TokenSpan(0, 2, "PER")], []), "BIO")
    ['B-PER', 'I-PER', 'O']
    >>> tags(Aligned(text, [TokenSpan(0, 1, "PER")], []), "BILOU")
    ['U-PER', 'O', 'O']
    """
    begin, inside, last, single = tuple(SCHEMES[scheme])
    result = ["O"] * len(sample.text.tokens)
    for first, stop, label in sample.spans:
        result[first:stop] = [f"{inside}-{label}"] * (stop - first)
        result[stop - 1] = f"{last}-{label}"
        result[first] = f"{single if stop - first == 1 else begin}-{label}"
    return result


def tag_names(schema: LabelSchema, scheme: str) -> list[str]:
    """Return all tags of a scheme, "O" first.

    >>> tag_names(LabelSchema(["PER", "ORG"], kind="spans"), "BIO")
    ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG']
    """
    letters = dict.fromkeys(SCHEMES[scheme])
    return ["O", *(f"{letter}-{label}" for label in schema for letter in letters)]


def check_scheme(scheme: str) -> None:
    """Raise a LabelingError for an unknown scheme of tags."""
    if scheme not in SCHEMES:
        raise LabelingError(
            f"`scheme` must be {listed(SCHEMES)}. Got {scheme!r}.{near(scheme, SCHEMES)}"
        )


def dropped_frame(train: SpanTrainingSet, samples: Sequence[Aligned]) -> pd.DataFrame:
    """Return the spans that tags cannot say: `sample, start, end, label, text, reason`."""
    rows = [
        (
            sample_id,
            span.start,
            span.end,
            span.label,
            sample.text.content[span.start : span.end],
            reason,
        )
        for sample_id, sample in zip(train.sample_ids.tolist(), samples, strict=True)
        for span, reason in sorted(sample.dropped)
    ]
    columns = ["sample", "start", "end", "label", "text", "reason"]
    return pd.DataFrame(rows, columns=pd.Index(columns))


def warn_of_dropped(dropped: pd.DataFrame, stacklevel: int = 4) -> None:
    """Warn of spans that an export leaves out."""
    if len(dropped):
        counts = dropped["reason"].value_counts().sort_index()
        why = ", ".join(f"{count:,} {reason}" for reason, count in counts.items())
        first = {name: dropped[name].tolist()[0] for name in dropped}
        warnings.warn(
            f"{counted(len(dropped), 'span')} left out of the export ({why}), the first"
            f" {first['text']!r} at {first['start']} to {first['end']} of sample"
            f" {first['sample']!r}. Their tokens are marked as outside of spans; see"
            " `dropped_spans`, or give other `tokens`.",
            MisalignedSpansWarning,
            stacklevel=stacklevel,
        )

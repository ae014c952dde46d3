"""A linear-chain conditional random field (Lafferty et al. 2001), by CRFsuite (Okazaki 2007)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from labeling.end_model.tagging.words import spans_of, tags_of, word_features, word_places
from labeling.errors import missing_extra
from labeling.records import Span

SETTINGS = {
    "c1": 0.0,
    "c2": 1.0,
    "max_iterations": 60,
    "feature.possible_transitions": True,
    "feature.minfreq": 1,
}


class TaggedSpan(NamedTuple):
    """A span that the field finds.

    Attributes:
        span: the span.
        p: the mean over its words of the marginal probability of their tags.
    """

    span: Span
    p: float


def trained(texts: Iterable[str], spans: Iterable[Sequence[Span]]) -> bytes:
    """Return a field fitted to texts with their spans, as bytes; no bytes without any word.

    The order of texts decides the last digits.

    Raises:
        MissingExtraError: the extra `spans` is not installed.
    """
    try:
        import pycrfsuite
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    texts, spans = list(texts), list(spans)
    if not any(word_places(text) for text in texts):
        return b""
    trainer: Any = pycrfsuite.Trainer(verbose=False)
    trainer.select("lbfgs")
    trainer.set_params(SETTINGS)
    for text, of_text in zip(texts, spans, strict=True):
        places = word_places(text)
        if places:
            trainer.append(word_features(text, places), tags_of(places, of_text))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        trainer.train(str(path))
        return path.read_bytes()


def opened(field: bytes) -> Any:
    """Return a tagger of a fitted field."""
    try:
        import pycrfsuite
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    tagger: Any = pycrfsuite.Tagger()
    tagger.open_inmemory(field)
    return tagger


def tagged_spans(tagger: Any, text: str) -> list[TaggedSpan]:
    """Return the spans of the most probable tags of a text."""
    places = word_places(text)
    if not places:
        return []
    tags = tagger.tag(word_features(text, places))
    return [
        TaggedSpan(
            Span(places[first][0], places[after - 1][1], label),
            sum(tagger.marginal(tags[number], number) for number in range(first, after))
            / (after - first),
        )
        for first, after, label in spans_of(tags, places)
    ]

"""Likely errors of answers that mark spans."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from labeling.analysis.excerpts import around
from labeling.analysis.gold_comparison import hash_of
from labeling.analysis.part_errors import (
    DIGITS,
    Ints,
    PartErrors,
    by_label,
    confident_errors,
    ranked_frame,
    with_intervals,
)
from labeling.records import NOTHING, SoftSpans, Span, gold_spans
from labeling.records.estimates import Estimate

Answers = Mapping[Hashable, tuple[Span, ...]]


class _Difference(NamedTuple):
    """Where an answer and the model differ; `n_parts` candidates are wrong if the answer is."""

    kind: str
    given: Span | None
    suggested: Span | None
    quality: float
    n_parts: int

    @property
    def place(self) -> tuple[int, int]:
        """The suggested span, or the given one: start and end."""
        span = self.suggested or self.given
        return (span.start, span.end) if span else (0, 0)


def span_errors(
    labels: pd.Series, soft: SoftSpans, texts: Mapping[Hashable, str] | None
) -> PartErrors:
    """Return the spans of answers that are likely to be wrong; see `label_errors`."""
    known = gold_spans(labels, soft.sample_ids, soft.schema)
    ids = pd.Index(list(known), dtype=object)
    ids = ids[np.argsort(hash_of(ids), kind="stable")]
    part = soft.of_samples(ids)
    probabilities = _probabilities(part)
    answers = part.to_labels()
    chosen = dict(zip(answers.index.tolist(), answers.tolist(), strict=True))
    rows: list[tuple[Hashable, _Difference]] = []
    unseen: list[tuple[Hashable, Span]] = []
    for sample_id in ids.tolist():
        of_sample = probabilities.get(sample_id, {})
        given = known[sample_id]
        unseen += [(sample_id, span) for span in given if span[:2] not in of_sample]
        found = _differences(given, chosen[sample_id] or (), of_sample)
        rows += [(sample_id, difference) for difference in found]
    rows.sort(key=lambda row: row[1].quality)  # stable: ties by sample and place
    errors = _estimated(part, known)
    ranked = _ranked(rows, round(errors[-1].value))
    if texts is not None:
        shown = [around(texts[sample_id], *row.place) for sample_id, row in rows]
        ranked["text"] = pd.Series(shown, ranked.index, dtype=object)
    names = [*soft.schema.labels, NOTHING]
    left = pd.Series(
        [span for _, span in unseen], _index([sample_id for sample_id, _ in unseen]), dtype=object
    )
    return PartErrors(ranked, errors[-1], by_label(names, errors[:-1]), left, "candidate spans")


def _index(ids: list[Hashable]) -> pd.Index:
    return pd.Index(ids, dtype=object)


def _ranked(rows: list[tuple[Hashable, _Difference]], n_errors: int) -> pd.DataFrame:
    frame = ranked_frame(
        _index([sample_id for sample_id, _ in rows]),
        [row.kind for _, row in rows],
        [row.given for _, row in rows],
        [row.suggested for _, row in rows],
        np.array([row.quality for _, row in rows]),
    )
    n_parts = np.cumsum([row.n_parts for _, row in rows])
    return frame.assign(likely_error=np.asarray(n_parts <= n_errors, dtype=bool))


_OfSample = Mapping[tuple[int, int], Mapping[str, float]]


def _probabilities(soft: SoftSpans) -> dict[Hashable, dict[tuple[int, int], dict[str, float]]]:
    """Return by sample and place of each candidate the probability of each label, and of none."""
    names = [*soft.schema.labels, NOTHING]
    table: dict[Hashable, dict[tuple[int, int], dict[str, float]]] = {}
    candidates = zip(
        soft.sample_ids.take(soft.sample).tolist(),
        soft.start.tolist(),
        soft.end.tolist(),
        soft.array.round(DIGITS).tolist(),
        strict=True,
    )
    for sample_id, start, end, row in candidates:
        table.setdefault(sample_id, {})[start, end] = dict(zip(names, row, strict=True))
    return table


def _differences(
    given: tuple[Span, ...], chosen: tuple[Span, ...], p: _OfSample
) -> list[_Difference]:
    """Return how an answer differs from the chosen spans, in the order of the text."""
    of_given = {span[:2]: span for span in given}
    of_model = {span[:2]: span for span in chosen}
    found = [
        _Difference("wrong label", span, of_model[place], p[place][span.label], 1)
        for place, span in of_given.items()
        if place in of_model and of_model[place] != span
    ]
    unmatched = [span for place, span in of_given.items() if place not in of_model]
    for place, span in of_model.items():
        if place in of_given:
            continue
        other = _most_overlapping(span, unmatched)
        if other is None:
            found.append(_Difference("missed", None, span, p[place][NOTHING], 1))
            continue
        unmatched.remove(other)
        of_other = p.get((other.start, other.end), {}).get(other.label, 1.0)
        n_parts = 1 + (other[:2] in p)
        quality = min(p[place][NOTHING], of_other)
        found.append(_Difference("wrong edges", other, span, quality, n_parts))
    found += [
        _Difference("extra", span, None, p[span.start, span.end][span.label], 1)
        for span in unmatched
        if span[:2] in p
    ]
    return sorted(found, key=lambda difference: difference.place)


def _most_overlapping(span: Span, others: list[Span]) -> Span | None:
    """Return which of others overlaps a span most, the first of equal ones; `None`: none does."""
    shared = [min(span.end, other.end) - max(span.start, other.start) for other in others]
    best = max(shared, default=0)
    return others[shared.index(best)] if best > 0 else None


def _estimated(soft: SoftSpans, known: Answers) -> list[Estimate]:
    """Return the number of wrong candidates by given label, of those without one, and of all."""
    none = len(soft.schema)
    of_place = {
        (sample_id, span.start, span.end): soft.schema.index(span.label)
        for sample_id, spans in known.items()
        for span in spans
    }
    places = zip(
        soft.sample_ids.take(soft.sample).tolist(),
        soft.start.tolist(),
        soft.end.tolist(),
        strict=True,
    )
    given: Ints = np.array([of_place.get(place, none) for place in places], dtype=np.int64)
    sizes = np.bincount(given, minlength=none + 1).tolist()
    return with_intervals(
        lambda times: confident_errors(given, soft.array, times[soft.sample]), len(soft), sizes
    )

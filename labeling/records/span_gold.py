"""Gold spans of samples, from any form in which gold is given."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records.gold import Gold, checked_gold
from labeling.records.samples import id_index, positions
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.span_units import SpanUnits
from labeling.records.spans import Span, checked_spans

GoldSpans = dict[Hashable, tuple[Span, ...]]


def gold_spans(gold: Gold | None, sample_ids: pd.Index, schema: LabelSchema) -> GoldSpans:
    """Return the gold spans of each sample that has gold, sorted, by sample id.

    Args:
        gold: a Series or mapping from sample id to a list of `(start, end, label)`, or GoldLabels.
            An empty list is gold: there is no span in the sample.
        sample_ids: the samples.
        schema: the labels, with `kind="spans"`.

    Raises:
        GoldError: gold of a sample is missing, is no list of spans, or gold is of another type.
        UnknownLabelError: a label is not in the schema.
        DataError: an id is unknown, missing or given twice.

    >>> schema = LabelSchema(["PER"], kind="spans")
    >>> gold_spans({"b": [(0, 3, "PER")], "c": []}, pd.Index(["a", "b", "c"]), schema)
    {'b': (Span(start=0, end=3, label='PER'),), 'c': ()}
    """

    def check(given: object) -> tuple[Span, ...]:
        return checked_spans(given, schema)

    return checked_gold(gold, sample_ids, check, "a list of spans")


def unit_gold_codes(gold: GoldSpans, units: SpanUnits) -> npt.NDArray[np.int64]:
    """Return the gold code of each candidate span: shape (n_units,).

    It is the label code of the gold span at exactly this interval, `n_labels` ("no span") where the
    sample has gold but no such span, and -1 where the sample has no gold.
    """
    schema = units.votes.schema
    codes = np.full(len(units.sample), ABSTAIN, dtype=np.int64)
    if not gold:
        return codes
    rows = positions(units.votes.sample_ids, id_index(list(gold)), "the gold", "the samples")
    has_gold = np.zeros(len(units.votes), dtype=bool)
    has_gold[rows] = True
    in_gold = np.flatnonzero(has_gold[units.sample])
    of_place = {
        (row, span.start, span.end): schema.index(span.label)
        for row, spans in zip(rows.tolist(), gold.values(), strict=True)
        for span in spans
    }
    places = zip(
        units.sample[in_gold].tolist(),
        units.start[in_gold].tolist(),
        units.end[in_gold].tolist(),
        strict=True,
    )
    codes[in_gold] = [of_place.get(place, len(schema)) for place in places]
    return codes


def n_gold_spans(gold: GoldSpans) -> int:
    """Return the number of gold spans."""
    return sum(map(len, gold.values()))

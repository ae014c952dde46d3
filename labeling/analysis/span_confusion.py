"""Which labels of spans are taken for which, with spans that one side does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping

import pandas as pd

from labeling.records import NOTHING, LabelSchema, Span


def span_confusion(
    predicted: Mapping[Hashable, tuple[Span, ...] | None],
    gold: Mapping[Hashable, tuple[Span, ...]],
    schema: LabelSchema,
) -> pd.DataFrame:
    """Return the labels of spans with the same edges: gold in rows, predicted in columns.

    A span without a partner with the same edges is "(none)" on the other side.

    Args:
        predicted: the spans of each sample; `None` and missing samples count as without spans.
        gold: the true spans of some samples; only these are compared.
        schema: the labels.

    >>> schema = LabelSchema(["PER", "ORG"], kind="spans")
    >>> gold = {"a": (Span(0, 3, "PER"), Span(8, 12, "ORG"))}
    >>> span_confusion({"a": (Span(0, 3, "ORG"),)}, gold, schema).loc["ORG", "(none)"]
    np.int64(1)
    """
    counts: Counter[tuple[str, str]] = Counter()
    for sample_id, spans in gold.items():
        truth = {span[:2]: span.label for span in spans}
        given = {span[:2]: span.label for span in predicted.get(sample_id) or ()}
        for edges in truth.keys() | given.keys():
            counts[truth.get(edges, NOTHING), given.get(edges, NOTHING)] += 1
    names = [*schema.labels, NOTHING]
    rows = [[counts[row, column] for column in names] for row in names]
    return pd.DataFrame(rows, pd.Index(names, name="gold", dtype=object), names)

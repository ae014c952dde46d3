"""No span moves on its way through Label Studio, whatever the text is made of."""

import random

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.records import SoftSpans
from tests.support.studio_loop import batch_of, project_id, studio_of

SCHEMA = lb.LabelSchema(["PER", "ORG"], kind="spans")
N = 10_000
PIECES = [
    *("Ann", "met", "Bob", "U.S.", "x" * 30, " ", "  ", "\t", "\n", "\r\n", "\r", "\xa0", "\u2028"),
    *("e\u0301", "n\u0303o", "\U0001f600", "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea"),
    *("\u2764\ufe0f", "\U00020000\U00020001", "\u05e9\u05dc\u05d5\u05dd", "\u202eabc\u202c"),
    *("\u0130", "\xdf", "\ufeff", "\u200b", "<b>", "&amp;", "\\n", '"', "'", "$x", "{{y}}"),
]


def texts_of(draw):
    """Return texts whose starts and ends are often white space."""
    pieces = ("".join(draw.choices(PIECES, k=draw.randint(1, 25))) for _ in range(N))
    return [draw.choice(["", " ", "\n", "\xa0"]) + piece for piece in pieces]


def spans_of(draw, text):
    """Return up to three spans of a text that do not overlap; none for some texts."""
    n = min(draw.randint(0, 3), len(text) // 2)
    ends = sorted(draw.sample(range(len(text) + 1), 2 * n))
    return [
        lb.Span(start, end, draw.choice(SCHEMA.labels))
        for start, end in zip(ends[::2], ends[1::2], strict=True)
    ]


def soft_of(spans):
    rows = [(number, span) for number, of_text in enumerate(spans) for span in of_text]
    array = np.array([[0.8 if span.label == own else 0.1 for own in SCHEMA] for _, span in rows])
    return SoftSpans(
        np.hstack([array, np.full((len(rows), 1), 0.1)]),
        [number for number, _ in rows],
        [span.start for _, span in rows],
        [span.end for _, span in rows],
        np.ones(len(rows), dtype=bool),
        pd.RangeIndex(len(spans)),
        SCHEMA,
        np.ones(len(spans), dtype=bool),
    )


@pytest.mark.slow
def test_ten_thousand_texts_come_back_with_their_spans(studio):
    """Predictions are pushed, the server makes annotations of them, and these are pulled."""
    draw = random.Random(17)
    texts = texts_of(draw)
    spans = [spans_of(draw, text) for text in texts]
    platform = studio_of(studio, schema=SCHEMA, prelabels="shown")
    samples = pd.DataFrame({"text": texts})
    platform.push(batch_of(list(samples.index)), samples, soft_of(spans))
    project = project_id(studio)
    every = {"selectedItems": {"all": True, "excluded": []}, "ordering": []}
    action = {"id": "predictions_to_annotations", "project": project}
    studio.api("POST", "/api/dm/actions", params=action, json=every)
    pulled = {vote.sample_id: vote.label for vote in platform.pull()}

    assert () == platform.problems
    assert dict(enumerate(map(tuple, spans))) == pulled
    assert 1_000 < sum(not own for own in spans) < 4_000
    astral = sum(max(map(ord, text)) > 0xFFFF for text in texts)
    assert astral > 5_000

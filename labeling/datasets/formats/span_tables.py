"""Training sets of spans as tables with tokens and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from labeling.datasets.canonical import rows_table
from labeling.datasets.features import class_label, described
from labeling.datasets.formats.span_tags import (
    aligned_samples,
    check_scheme,
    dropped_frame,
    tag_names,
    tags,
)
from labeling.datasets.formats.tokens import Tokens
from labeling.records import free_name

if TYPE_CHECKING:
    from labeling.datasets.kinds import SpanTrainingSet

TOKENS, TAGS = "tokens", "ner_tags"
"""The names that taggers of Hugging Face look for."""


def tagged_table(
    train: SpanTrainingSet, text: str, tokens: Tokens, scheme: str
) -> tuple[pa.Table, dict[str, Any], pd.DataFrame]:
    """Return the rows with tokens and tags, the features of these, and what was left out."""
    check_scheme(scheme)
    samples = aligned_samples(train, text, tokens)
    names = tag_names(train.schema, scheme)
    code_of = {name: code for code, name in enumerate(names)}
    table = rows_table(train)
    if tokens != TOKENS or TOKENS not in table.column_names:
        words = pa.array([sample.text.words for sample in samples], pa.list_(pa.string()))
        table = table.append_column(free_name(TOKENS, table.column_names), words)
    codes = [[code_of[tag] for tag in tags(sample, scheme)] for sample in samples]
    name = free_name(TAGS, table.column_names)
    table = table.append_column(name, pa.array(codes, pa.list_(pa.int64())))
    features = {name: {"feature": class_label(names), "_type": "List"}}
    return described(table, train, features), features, dropped_frame(train, samples)

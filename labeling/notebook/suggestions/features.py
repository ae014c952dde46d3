"""Features of samples by which rules are judged: words, shapes and lengths of texts, columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from labeling.notebook.suggestions.candidates import Builder
from labeling.notebook.suggestions.evidence import Floats
from labeling.notebook.suggestions.words import Mask, Words, phrases
from labeling.records import is_text

SCALE = 0.1
"""Of a standard deviation of a number, beside the words of a text, whose vector has length 1; where
there is no text it is 1."""
MOST_VALUES = 50


def features_of(builder: Builder) -> Any:
    """Return features of all samples: sparse by rows, shape (n_samples, n_features).

    Words and pairs of words count as TF-IDF, as far as the evidence has them: others teach nothing.
    """
    from scipy import sparse

    parts = table_features(builder)
    if builder.words is not None:
        counts = phrases(builder.words, builder.among, 1, longest=2).counts
        times = np.diff(counts.indptr)
        counts = counts[:, times >= 2]
        idf = np.log((1 + counts.shape[0]) / (1 + times[times >= 2])) + 1
        weighted = (counts @ sparse.diags(idf)).tocsr()
        squares = np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel()
        lengths = np.sqrt(
            squares + _unknown(builder.words, builder.among) * idf.max(initial=1) ** 2
        )
        parts.insert(0, sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weighted)
    return sparse.hstack(parts).tocsr()


def table_features(builder: Builder) -> list[Any]:
    """Return features of shapes and lengths of texts, and of columns: sparse tables by rows."""
    from scipy import sparse

    scale = 1.0 if builder.words is None else SCALE
    return [sparse.csr_matrix(_scaled(each, scale)) for each in _tables(builder)]


def _unknown(words: Words, among: Mask) -> Floats:
    """Return how many words and pairs of words each text has that the evidence lacks.

    They count in the length of its vector: or a long text with one known word would be judged by it
    as if it were all there is.
    """
    known = np.zeros(len(words.names) + 1, dtype=bool)
    known[words.codes[among[words.rows]]] = True
    times = np.bincount(words.rows[~known[words.codes]], minlength=words.n_texts)
    return times.astype(np.float64) * 2


def _tables(builder: Builder) -> list[Floats]:
    tables = []
    if builder.words is not None:
        length = builder.measures["length"]
        shares = [builder.measures[name] / np.maximum(length, 1) for name in _SHARES]
        tables.append(np.column_stack([np.log1p(length), *shares, builder.shape_table]))
    for name in builder.samples.columns:
        series = builder.samples[name]
        if name == builder.column:
            continue
        if is_text(series) or isinstance(series.dtype, pd.CategoricalDtype):
            texts = series.astype(object)
            different = sorted({each for each in texts if isinstance(each, str)})
            if 2 <= len(different) <= MOST_VALUES:
                columns = [(texts == each).to_numpy(bool, na_value=False) for each in different]
                tables.append(np.column_stack(columns) * 1.0)
        elif pd.api.types.is_numeric_dtype(series):
            raw = series.to_numpy(dtype=np.float64, na_value=np.nan)
            numbers = np.where(np.isfinite(raw), raw, np.nan)
            if not np.isnan(numbers).all():
                filled = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
                tables.append(np.column_stack([filled, np.isnan(numbers)]))
    return tables


_SHARES = ("digits", "capitals")


def _scaled(table: Floats, scale: float) -> Floats:
    """Return columns of mean 0 and the same small deviation, without outliers."""
    deviation = table.std(axis=0)
    scaled = (table - table.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    clipped: Floats = np.round(scale * np.clip(scaled, -3, 3), 9)
    return clipped

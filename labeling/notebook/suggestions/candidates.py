"""Candidates for labeling functions of a table of samples, and where each would vote."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labeling.notebook.suggestions import rules
from labeling.notebook.suggestions.rules import Rule
from labeling.notebook.suggestions.words import Mask, Words, pairs, phrases
from labeling.records import is_text

LEAST_ROWS, LEAST_SHARE, MOST_SHARE = 8, 0.01, 0.5
"""A rule of fewer rows is not worth a place among ten; one of more is no rule of anything."""
LEAST_EVIDENCE, LEAST_OF_PAIRS = 2, 3
"""Samples of the dev set that a rule must fire on; pairs with gaps are many, and need more."""
MOST_VALUES = 50
"""Different values of a column that is looked up."""
DECILES = (0.1, 0.2, 0.3, 0.4, 0.5)
COSINES = (0.5, 0.7)
MOST_EXAMPLES = 200

SHAPES = {
    "a link": r"https?://|www\.|\.com\b",
    "an e-mail address": r"[\w.+-]@[\w-]+\.\w",
    "a phone or code number": r"\d{5,}",
    "a digit": r"\d",
    "a price": r"[$\u00a3\u20ac]\s?\d",
    "words in capitals": r"\b[A-Z]{3,}\b",
    "two words in capitals": r"\b[A-Z]{3,}\W+[A-Z]{3,}\b",
    "an exclamation mark": "!",
    "repeated exclamation marks": "!!",
    "a question mark": r"\?",
    "dots": r"\.\.",
    "a sign beyond ASCII": r"[^\x00-\x7f]",
    "a quotation": '"',
    "a hash or at sign": r"[#@]\w",
}
"""Shapes that texts have in common, by what they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Rules, and where each fires.

    Attributes:
        rules: without labels.
        fires: 1 where a rule fires: sparse by columns, shape (n_samples, n_rules).
    """

    rules: tuple[Rule, ...]
    fires: Any


class Builder:
    """Makes candidates of the text and the other columns of samples.

    Args:
        samples: index = ids.
        column: the column of the text; `None` if there is none.
        words: of the texts; `None` if there is none.
        evidence: the samples whose labels are known, in a fixed order of ids.
    """

    def __init__(
        self,
        samples: pd.DataFrame,
        column: str | None,
        words: Words | None,
        evidence: Sequence[int],
    ) -> None:
        self.samples, self.column, self.words = samples, column, words
        self.evidence = list(evidence)
        self.among = np.zeros(len(samples), dtype=bool)
        self.among[self.evidence] = True
        self.texts = [] if column is None else plain_texts(samples[column])

    @functools.cached_property
    def shape_table(self) -> Any:
        """1 where a text has a shape: shape (n_texts, n_shapes)."""
        return shape_table(self.texts)

    @functools.cached_property
    def measures(self) -> dict[str, Any]:
        """What is measured of each text, by name: arrays of shape (n_texts,)."""
        return {name: measured(name, self.texts) for name in rules.MEASURES}

    def build(self, kinds: Iterable[str]) -> Candidates:
        """Return the candidates of some kinds that fire on enough samples, and on not too many."""
        from scipy import sparse

        found: list[Rule] = []
        columns: list[Any] = []
        for kind in dict.fromkeys(kinds):
            made, fires = KINDS[kind](self)
            found += made
            columns += [sparse.csc_matrix(fires, dtype=np.float64)]
        fires = sparse.hstack(columns).tocsc()
        times = np.diff(fires.indptr)
        seen = np.asarray(fires[self.evidence].sum(axis=0)).ravel()
        n = len(self.samples)
        kept = (times >= max(LEAST_ROWS, LEAST_SHARE * n)) & (times <= MOST_SHARE * n)
        kept &= seen >= LEAST_EVIDENCE
        chosen = np.flatnonzero(kept)
        return Candidates(tuple(found[number] for number in chosen), fires[:, chosen])

    def ngrams(self) -> tuple[list[Rule], Any]:
        """Return words and phrases."""
        if self.words is None or self.column is None:
            return self._none()
        found = phrases(self.words, self.among, LEAST_EVIDENCE)
        return [rules.phrase_rule(name, self.column) for name in found.names], found.counts

    def shapes(self) -> tuple[list[Rule], Any]:
        """Return shapes of texts, and pairs of words with a gap."""
        from scipy import sparse

        if self.words is None or self.column is None:
            return self._none()
        made = [rules.pattern_rule(words, shape, self.column) for words, shape in SHAPES.items()]
        found = pairs(self.words, self.among, LEAST_OF_PAIRS)
        made += [rules.pair_rule(name, self.column) for name in found.names]
        return made, sparse.hstack([self.shape_table, found.counts])

    def stumps(self) -> tuple[list[Rule], Any]:
        """Return limits of numeric columns and of what is measured of texts."""
        made, columns = [], []
        for name in self._columns():
            series = self.samples[name]
            if not _is_numeric(series):
                continue
            numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
            for is_high, limit, fires in _limits(numbers):
                made.append(rules.column_rule(name, is_high, limit))
                columns.append(fires)
        lengths = self.measures["length"]
        for measure in rules.MEASURES if self.column is not None else ():
            numbers = self.measures[measure]
            shares = numbers if measure == "length" else numbers / np.maximum(lengths, 1)
            for is_high, limit, _ in _limits(shares):
                bound = limit if measure == "length" else limit * lengths
                made.append(rules.measure_rule(measure, str(self.column), is_high, limit))
                columns.append(numbers >= bound if is_high else numbers <= bound)
        return (made, np.array(columns).T) if made else self._none()

    def values(self) -> tuple[list[Rule], Any]:
        """Return the values of columns that have few of them."""
        made, columns = [], []
        for name in self._columns():
            series = self.samples[name]
            if not is_text(series) and not isinstance(series.dtype, pd.CategoricalDtype):
                continue
            texts = series.astype(object)
            different = sorted({each for each in texts if isinstance(each, str) and each.strip()})
            if not 2 <= len(different) <= MOST_VALUES:
                continue
            for value in different:
                made.append(rules.value_rule(name, value))
                columns.append((texts == value).to_numpy(dtype=bool, na_value=False))
        return (made, np.array(columns).T) if made else self._none()

    def neighbours(self) -> tuple[list[Rule], Any]:
        """Return texts near each of the labeled ones: the cosine of their sets of words."""
        from scipy import sparse

        if self.words is None or self.column is None or not self.words.names:
            return self._none()
        known = self.words.codes >= 0
        place = (self.words.rows[known], self.words.codes[known])
        shape = (len(self.texts), len(self.words.names))
        sets = sparse.csr_matrix((np.ones(len(place[0])), place), shape=shape)
        sets.data[:] = 1.0
        sizes = np.sqrt(np.asarray(sets.sum(axis=1)).ravel())
        made: list[Rule] = []
        columns: list[Mask] = []
        examples = self.evidence[:MOST_EXAMPLES]
        all_shared = (sets @ sets[examples].T).toarray()
        for row, shared in zip(examples, all_shared.T, strict=True):
            words = sorted(set(re.findall(r"\w+", self.texts[row].lower())))
            if not 3 <= len(words) <= 60 or max(map(len, words)) > 30:
                continue
            for least in COSINES:
                made.append(_neighbour(self.texts[row], words, least, self.column))
                columns.append((shared >= least * sizes * sizes[row]) & (sizes > 0))
        return (made, np.array(columns).T) if made else self._none()

    def _columns(self) -> list[str]:
        """Return the columns but the text's that source code can name, sorted."""
        return sorted(
            name for name in self.samples.columns if isinstance(name, str) and name != self.column
        )

    def _none(self) -> tuple[list[Rule], Any]:
        return [], np.empty((len(self.samples), 0))


KINDS: dict[str, Callable[[Builder], tuple[list[Rule], Any]]] = {
    "ngram": Builder.ngrams,
    "regex": Builder.shapes,
    "stump": Builder.stumps,
    "lookup": Builder.values,
    "neighbours": Builder.neighbours,
}


def plain_texts(series: pd.Series) -> list[str]:
    """Return a column's texts; a missing one is empty."""
    return [value if isinstance(value, str) else "" for value in series.tolist()]


def shape_table(texts: Sequence[str]) -> Any:
    """Return 1 where a text has a shape: shape (n_texts, n_shapes)."""
    finders = [re.compile(shape).search for shape in SHAPES.values()]
    return np.array([[find(text) is not None for text in texts] for find in finders]).T * 1.0


def measured(measure: str, texts: Sequence[str]) -> Any:
    """Return the length of each text, or how many digits or capitals it has."""
    if measure == "length":
        return np.array([len(text) for text in texts], dtype=np.float64)
    test = str.isdigit if measure == "digits" else str.isupper
    return np.array([sum(map(test, text)) for text in texts], dtype=np.float64)


def _neighbour(text: str, words: Sequence[str], least: float, column: str) -> Rule:
    start = " ".join(re.findall(r"\w+", text)[:4])[:40]
    return rules.neighbour_rule(f"{start} ({least:g})", [" ".join(words)], least, column)


def _is_numeric(series: pd.Series) -> bool:
    is_bool = pd.api.types.is_bool_dtype(series)
    return pd.api.types.is_numeric_dtype(series) and not is_bool and series.nunique() > 2


def _limits(numbers: Any) -> Iterable[tuple[bool, float, Mask]]:
    """Yield limits at the deciles of numbers; between a low and a high one a rule abstains."""
    known = numbers[np.isfinite(numbers)]
    seen = set()
    for decile in DECILES if len(known) else ():
        for is_high in (False, True):
            at = float(np.quantile(known, 1 - decile if is_high else decile))
            limit = float(f"{at:.3g}")
            if (is_high, limit) in seen:
                continue
            seen.add((is_high, limit))
            with np.errstate(invalid="ignore"):
                yield is_high, limit, numbers >= limit if is_high else numbers <= limit

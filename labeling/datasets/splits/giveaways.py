"""Single features that give labels away: a column, a word, or the order of the ids.

Only labels that people gave count: that the word of a rule predicts the label which the rule gave
is no leak. Rows are halved by a hash of the id: what is learned on one half is counted on the
other.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.findings import Finding, example_ids, skipped
from labeling.datasets.splits.clusters import BoolArray, is_missing
from labeling.datasets.splits.near_duplicates import Ints
from labeling.errors import counted, listed
from labeling.records import uniform_by_id
from labeling.records.estimates import Estimate, proportion

LEAST_ACCURACY = 0.95
"""Held-out accuracy that is almost perfect, if the whole interval is above it."""
LEAST_GAIN = 0.8
"""Share of the errors of always naming the most frequent label that the feature must avoid."""
LEAST_GAIN_OF_ORDER = 0.5
LEAST_ROWS = 73
"""Rows from which on an interval can be above 0.95: with fewer, not even if all are right."""
MOST_WORDS_ROWS = 20_000
HALF_SALT = 20_261_130


@dataclass(frozen=True, slots=True)
class LabeledRows:
    """Rows with labels that people gave.

    Attributes:
        frame: index = ids.
        codes: of the labels: shape (n,).
        names: of the labels.
        text: the column of texts, which is no single feature; `None` where there is none.
    """

    frame: pd.DataFrame
    codes: Ints
    names: tuple[str, ...]
    text: str | None

    @property
    def halves(self) -> BoolArray:
        """The half of each row, by a hash of its id."""
        return uniform_by_id(self.frame.index, HALF_SALT) < 0.5


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How well a single feature predicts the label of rows that it was not fitted to.

    Attributes:
        accuracy: with its interval.
        gain: the share of the errors of the most frequent label that it avoids.
    """

    accuracy: Estimate
    gain: float

    @classmethod
    def of(cls, predicted: Ints, codes: Ints) -> HeldOut:
        """Return the accuracy of held-out predictions."""
        right = int((predicted == codes).sum())
        base = int(np.bincount(codes).max())
        gain = (right - base) / max(len(codes) - base, 1)
        return cls(proportion(right, len(codes)), gain)

    @property
    def gives_away(self) -> bool:
        """Whether the feature predicts the label almost perfectly, beyond doubt."""
        return self.accuracy.low >= LEAST_ACCURACY and self.gain >= LEAST_GAIN


def giveaway_findings(
    rows: LabeledRows | None, gold_columns: frozenset[str], why_not: str = ""
) -> Iterator[Finding]:
    """Yield the findings on single columns, single words, and the order of the ids.

    Args:
        rows: rows with labels that people gave; `None` where there are none.
        gold_columns: columns of gold labels, which are no features.
        why_not: why there are no such rows, if it is not for lack of labels.
    """
    names = ("single_columns", "single_words", "order_of_ids")
    n = 0 if rows is None else len(rows.codes)
    if rows is None or n < LEAST_ROWS or len(np.unique(rows.codes)) < 2:
        reason = why_not or (
            f"it needs {LEAST_ROWS} labels from people, of two labels at least, and there are {n}"
        )
        yield from (skipped(name, reason, n) for name in names)
        return
    yield _columns(rows, gold_columns)
    yield _words(rows)
    yield _id_order(rows)


def _columns(rows: LabeledRows, gold_columns: frozenset[str]) -> Finding:
    outcomes = {
        str(name): HeldOut.of(_by_column(rows, rows.frame[name]), rows.codes)
        for name in rows.frame.columns
        if name != rows.text and name not in gold_columns
    }
    if not outcomes:
        reason = "there is no column beside the text and gold labels"
        return skipped("single_columns", reason, len(rows.codes))
    best = max(sorted(outcomes), key=lambda name: outcomes[name].accuracy.value)
    leaking = sorted(name for name, outcome in outcomes.items() if outcome.gives_away)
    accuracy = outcomes[best].accuracy
    told = f"{accuracy.value:.1%} [{accuracy.low:.1%}, {accuracy.high:.1%}]"
    of_rows = f"of {counted(accuracy.n, 'held-out row')} with labels from people"
    sentence = (
        f"Alone, {listed(leaking)} {'tells' if len(leaking) == 1 else 'tell'} the label of almost"
        f" all rows (the best {told} {of_rows}): a model would learn nothing else. Leave it out,"
        " unless it is known before anybody labels."
        if leaking
        else f"No column alone tells the label: the best is {best!r}, right for {told} {of_rows}."
    )
    details = tuple(
        {
            "column": name,
            "accuracy": outcome.accuracy.value,
            "low": outcome.accuracy.low,
            "high": outcome.accuracy.high,
            "n": outcome.accuracy.n,
            "gain over the most frequent label": outcome.gain,
        }
        for name, outcome in sorted(outcomes.items())
    )
    return _finding("single_columns", bool(leaking), sentence, outcomes[best], details)


def _finding(
    name: str,
    leaks: bool,
    sentence: str,
    outcome: HeldOut,
    details: tuple[Mapping[str, object], ...] = (),
) -> Finding:
    return Finding(
        name,
        "failed" if leaks else "passed",
        sentence,
        n=outcome.accuracy.n,
        value=outcome.accuracy.value,
        limit=LEAST_ACCURACY,
        effect=outcome.gain,
        low=outcome.accuracy.low,
        high=outcome.accuracy.high,
        details=details,
    )


def _by_column(rows: LabeledRows, column: pd.Series) -> Ints:
    """Return what a column predicts of each row, learned on the other half."""
    is_number = pd.api.types.is_numeric_dtype(column) and column.nunique() > len(rows.names)
    if is_number and not pd.api.types.is_bool_dtype(column):
        return _by_rank(rows, pd.factorize(column, sort=True)[0])
    keys = ["" if is_missing(value) else repr(value) for value in column.tolist()]
    codes = pd.factorize(np.array(keys, dtype=object), sort=True)[0]
    counts = np.zeros((2, codes.max() + 1, len(rows.names)))
    halves = rows.halves.astype(np.int64)
    np.add.at(counts, (halves, codes, rows.codes), 1)
    frequent = counts.sum(axis=1, keepdims=True)
    # A value that the other half does not have says nothing: then it is the most frequent label.
    known = np.where(counts.sum(axis=2, keepdims=True) > 0, counts, frequent)
    result: Ints = known.argmax(axis=2)[1 - halves, codes].astype(np.int64)
    return result


def _by_rank(rows: LabeledRows, ranks: npt.NDArray[np.intp]) -> Ints:
    """Return what a small tree on one number predicts of each row, learned on the other half.

    Ranks are exact in the single precision of trees, where large numbers are not; missing = -1.
    """
    from sklearn.tree import DecisionTreeClassifier

    predicted = np.zeros(len(ranks), dtype=np.int64)
    feature = ranks[:, None].astype(np.float64)
    for half in (False, True):
        taught, held = rows.halves == half, rows.halves != half
        if not taught.any() or not held.any():
            continue
        leaves = 2 * len(rows.names)
        tree = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=5, random_state=0)
        predicted[held] = tree.fit(feature[taught], rows.codes[taught]).predict(feature[held])
    return predicted


def _words(rows: LabeledRows) -> Finding:
    """Return whether one word tells the label, by whether it is in the text."""
    from sklearn.feature_extraction.text import CountVectorizer

    if rows.text is None:
        return skipped("single_words", "there is no column of texts", len(rows.codes))
    drawn = np.argsort(uniform_by_id(rows.frame.index, HALF_SALT + 1), kind="stable")
    drawn = drawn[:MOST_WORDS_ROWS]
    texts = [value if isinstance(value, str) else "" for value in rows.frame[rows.text].iloc[drawn]]
    codes, halves = rows.codes[drawn], rows.halves[drawn]
    counter = CountVectorizer(binary=True, min_df=2, token_pattern=r"(?u)\b\w+\b")
    try:
        words = counter.fit_transform(texts).tocsr()
    except ValueError:
        return skipped("single_words", "no word is in two texts", len(codes))
    names = counter.get_feature_names_out()
    predicted = np.zeros(len(codes), dtype=np.int64)
    chosen = []
    for half in (False, True):
        taught, held = halves == half, halves != half
        word, label_with, label_without = _best_word(words[taught], codes[taught], len(rows.names))
        has_word = words[held][:, [word]].toarray().ravel() > 0
        predicted[held] = np.where(has_word, label_with, label_without)
        chosen.append(str(names[word]))
    outcome = HeldOut.of(predicted, codes)
    accuracy = outcome.accuracy
    told = (
        f"{listed(sorted(set(chosen)))}: right for {accuracy.value:.1%} [{accuracy.low:.1%},"
        f" {accuracy.high:.1%}] of {counted(accuracy.n, 'held-out row')} with labels from people"
    )
    sentence = (
        f"One word alone tells the label of almost all rows, {told}. Was it put into the texts with"
        " the labels? Take it out."
        if outcome.gives_away
        else f"No word alone tells the label; the best is {told}."
    )
    return _finding("single_words", outcome.gives_away, sentence, outcome)


def _best_word(words: object, codes: Ints, n_labels: int) -> tuple[int, int, int]:
    """Return the word that tells the labels best, and the label with it and without it."""
    one_hot = np.eye(n_labels)[codes]
    present = np.asarray(words.T @ one_hot)  # type: ignore[attr-defined]  # sparse
    absent = one_hot.sum(axis=0) - present
    right = present.max(axis=1) + absent.max(axis=1)
    word = int(right.argmax())  # of equal ones the first in the alphabet
    return word, int(present[word].argmax()), int(absent[word].argmax())


def _id_order(rows: LabeledRows) -> Finding:
    """Return whether ids in order have their labels in order, such as all spam first."""
    keys = [natural_key(sample_id) for sample_id in rows.frame.index.tolist()]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    ranks = np.empty(len(keys), dtype=np.intp)
    ranks[order] = np.arange(len(keys))
    outcome = HeldOut.of(_by_rank(rows, ranks), rows.codes)
    base = np.bincount(rows.codes).max() / len(rows.codes)
    leaks = outcome.gain >= LEAST_GAIN_OF_ORDER and outcome.accuracy.low > base
    accuracy = outcome.accuracy
    told = (
        f"{accuracy.value:.1%} [{accuracy.low:.1%}, {accuracy.high:.1%}] of"
        f" {counted(accuracy.n, 'held-out row')} with labels from people, the most frequent label"
        f" for {base:.1%}"
    )
    sentence = (
        f"The ids are in order of the labels: the place of an id is right for {told}. Do not use"
        " the id, or anything that grows with it, as a feature."
        if leaks
        else f"The order of the ids does not tell the labels: it is right for {told}."
    )
    return Finding(
        "order_of_ids",
        "warning" if leaks else "passed",
        sentence,
        n=accuracy.n,
        value=accuracy.value,
        effect=outcome.gain,
        low=accuracy.low,
        high=accuracy.high,
    )


def natural_key(sample_id: Hashable) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts ids as people do, the numbers in them as numbers.

    >>> sorted(["row10", "row9", 3], key=natural_key)
    [3, 'row9', 'row10']
    """
    parts = re.split(r"(\d+)", str(sample_id))
    # Not as ints, which Python makes of 4,300 digits at most.
    numbers = [part.lstrip("0") if part.isdecimal() else None for part in parts]
    return tuple(
        (1, 0, part) if number is None else (0, len(number), number)
        for part, number in zip(parts, numbers, strict=True)
        if part
    )


def conflicting_duplicates(rows: LabeledRows | None, normal: list[str | None]) -> Finding:
    """Return whether people gave different labels to equal texts.

    Args:
        rows: rows with labels that people gave.
        normal: the texts of these in their normal form; `None` for missing ones.
    """
    name = "conflicting_duplicates"
    if rows is None or rows.text is None:
        return skipped(name, "there are no texts with labels from people")
    table = pd.DataFrame({"text": pd.Series(normal, dtype=object), "code": rows.codes})
    table.index = rows.frame.index
    table = table[table["text"].notna()]
    texts = pd.factorize(table["text"].to_numpy())[0]
    by_text = table["code"].groupby(texts)
    sizes, kinds = by_text.transform("size"), by_text.transform("nunique")
    is_repeated, is_conflict = (sizes > 1).to_numpy(), (kinds > 1).to_numpy()
    n, count = int(is_repeated.sum()), int(is_conflict.sum())
    if not n:
        return skipped(name, "no text occurs again among those with labels from people")
    sentence = (
        f"{counted(count, 'row')} of {n:,} with a text that occurs again have another label there:"
        " on these no model can be right, and split between train and test they teach errors."
        if count
        else f"All {counted(n, 'row')} with a text that occurs again have the same label there."
        if n
        else f"None of {counted(len(rows.codes), 'row')} with labels has a text that occurs again."
    )
    ids = table.index[is_conflict]
    return Finding(
        name,
        "warning" if count else "passed",
        sentence,
        n=n,
        value=float(count),
        limit=0.0,
        sample_ids=example_ids(ids),
        n_samples=count,
    )

"""The end model without gold and class balance beside a plain text classifier on the same labels.

Plain: TF-IDF of words and pairs of words, and logistic regression, trained on the covered rows. It
learns from the most probable labels, and in a second run from the probabilities, as weights of rows
that are repeated for each label; the better score counts, and the CPU time of the first, which is
the cheaper one.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from labeling import EndModel, SoftLabels, Votes
from tests.benchmarks.quality.asking import progress
from tests.benchmarks.quality.data import VoteSet, read_set, read_texts
from tests.benchmarks.quality.default_model import soft_labels
from tests.benchmarks.quality.scores import Codes, Floats, accuracy, f1, shares_of
from tests.benchmarks.quality.tables import Grid, failures, signed

POSITIVE = 1
TITLES = (
    *("label model alone", "plain, trained on its labels", "end model", "end model - plain"),
    *("CPU time, x plain", "label shares off by: plain", "end model"),
)
COLUMNS = ("label model", "plain", "end model", "gain", "cost", "plain off", "off")


class Timed(NamedTuple):
    """Probabilities of all texts, and the CPU seconds of fitting and predicting."""

    probabilities: Floats
    seconds: float


def plain_text(folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the end model beside the plain classifier: accuracy, and F1."""
    right = Grid(["set, all rows with a text, accuracy", "rows"], COLUMNS)
    positives = Grid(["set, all rows with a text, F1 of label 1", "rows"], COLUMNS[:4])
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        progress(f"{name}: end model and plain text classifier")
        data, samples = read_set(folder, name), read_texts(folder, name)
        try:
            cells, f1_cells = _cells(data, samples)
        except Exception as error:  # noqa: BLE001 - shown in the table
            failed["the end model", name] = f"{type(error).__name__}: {error}"
            continue
        right.add([name, f"{len(samples):,}"], cells)
        if f1_cells:
            positives.add([name, f"{len(samples):,}"], f1_cells)
    return "\n\n".join([_with_means(right), _with_means(positives), failures(failed)])


def _cells(
    data: VoteSet, samples: pd.DataFrame
) -> tuple[dict[str, tuple[str, float]], dict[str, tuple[str, float]]]:
    votes = data.votes.of_samples(samples.index)
    truth = data.gold[samples.index]
    rows = np.flatnonzero(truth >= 0)
    soft = soft_labels(votes)
    texts = samples["text"].astype(str).tolist()
    plain = [call(texts, soft) for call in (plain_by_label, plain_by_weight)]
    end = _end_model(samples, soft, votes)
    answers = {
        "label model": shares_of(soft.to_array())[rows],
        "end model": shares_of(end.probabilities)[rows],
    }
    of_plain = [shares_of(answer.probabilities)[rows] for answer in plain]

    def scores(score: Callable[[Floats], float]) -> dict[str, tuple[str, float]]:
        found = {name: 100 * score(shares) for name, shares in answers.items()}
        found["plain"] = max(100 * score(shares) for shares in of_plain)
        cells = {name: (f"{value:.1f}", value) for name, value in found.items()}
        gain = found["end model"] - found["plain"]
        return {**cells, "gain": (signed(gain), gain)}

    gold = truth[rows]
    cells = scores(lambda shares: accuracy(shares, gold).value)
    cost = end.seconds / plain[0].seconds
    cells["cost"] = (f"{cost:.1f}", cost)
    best = max(of_plain, key=lambda shares: accuracy(shares, gold).value)
    for name, shares in (("plain off", best), ("off", answers["end model"])):
        distance = _share_distance(shares, gold)
        cells[name] = (f"{distance:.2f}", distance)
    of_two = data.n_labels == 2
    return cells, scores(lambda shares: f1(shares, gold, POSITIVE).value) if of_two else {}


def _share_distance(shares: Floats, gold: Codes) -> float:
    """Return how much of all rows a model gives to other labels than their true shares."""
    true = np.bincount(gold, minlength=shares.shape[1]) / len(gold)
    return float(np.abs(shares.mean(axis=0) - true).sum() / 2)


def _with_means(grid: Grid) -> str:
    """Return a table with means (of the costs, the geometric one) and the lowest gain."""
    means = grid.mean("mean", grid.rows)
    if grid.rows and "cost" in grid.columns:
        costs = [grid.value_of(name)["cost"] for name in grid.rows]
        means[len(grid.front) + COLUMNS.index("cost")] = f"**{np.exp(np.mean(np.log(costs))):.1f}**"
        for name in ("plain off", "off"):
            distances = [grid.value_of(row)[name] for row in grid.rows]
            means[len(grid.front) + COLUMNS.index(name)] = f"**{np.mean(distances):.2f}**"
    place = len(grid.front) + COLUMNS.index("gain")
    lowest = [
        cell if number in (0, place) else ""
        for number, cell in enumerate(grid.lowest("lowest", grid.rows))
    ]
    return grid.to_markdown(TITLES[: len(grid.columns)], means, lowest)


def _timed(call: Callable[[], Floats]) -> Timed:
    """Return an answer and its CPU seconds: the lower of two runs."""
    spent = []
    for _ in range(2):
        begin = time.process_time()
        answer = call()
        spent.append(time.process_time() - begin)
    return Timed(answer, min(spent))


def _end_model(samples: pd.DataFrame, soft: SoftLabels, votes: Votes) -> Timed:
    def ask() -> Floats:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = EndModel().fit(samples, soft, votes=votes)
            answer: Floats = model.predict_proba(samples, soft=soft, votes=votes).to_array()
        return answer

    return _timed(ask)


def plain_by_label(texts: list[str], soft: SoftLabels) -> Timed:
    """Return the answer of a plain classifier that learns the most probable labels."""
    rows = np.flatnonzero(soft.covered)
    codes = soft.to_array()[rows].argmax(axis=1)
    return _timed(lambda: _plain(texts, rows, codes, None, len(soft.schema)))


def plain_by_weight(texts: list[str], soft: SoftLabels) -> Timed:
    """Return the answer of a plain classifier that learns the probabilities, as weights."""
    rows = np.flatnonzero(soft.covered)
    k = len(soft.schema)
    weights = soft.to_array()[rows].T.ravel()
    codes = np.repeat(np.arange(k), len(rows))
    return _timed(lambda: _plain(texts, np.tile(rows, k), codes, weights, k))


def _plain(
    texts: list[str], rows: Codes, codes: Codes, weights: Floats | None, n_labels: int
) -> Floats:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(texts)
    model = LogisticRegression(max_iter=1000).fit(vectors[rows], codes, sample_weight=weights)
    probabilities = np.zeros((len(texts), n_labels))
    probabilities[:, model.classes_] = model.predict_proba(vectors)
    return probabilities

"""Does the interval of what labeling functions are worth hold the true number of gold labels?

    python -m tests.benchmarks.worth [--draws 20] [SET ...]

The true number is that of many training sets of each size, drawn from all gold labels and measured
on all others. The estimates come from dev sets of 100, 200 and 500 gold labels, drawn at random.
Where the true number is beyond the end of an estimate's curve, "more than" is the right answer.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling import EndModel, LabelModel
from labeling.analysis.crossover import ACCURACY, MACRO_F1, Crossover, HeldOut, compare, crossing
from labeling.end_model.features import Reader
from labeling.end_model.gold_curve import gold_curve
from labeling.end_model.gold_only import GoldOnly
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("youtube", "sms", "trec", "topics_hausa", "box_claude9", "box_chemprot", "imdb")
DEV_SIZES = (100, 200, 500)
MOST = 1000  # labels of the true curve
MEASURES = (ACCURACY, MACRO_F1)
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


class Known(NamedTuple):
    """A set of which all gold labels are known.

    Attributes:
        learner: of the samples with gold labels.
        codes: their gold labels.
        rules: shares of the labels predicted by the functions' models.
        ids: their ids.
    """

    learner: GoldOnly
    codes: Codes
    rules: Floats
    ids: pd.Index


def known_of(name: str) -> Known:
    """Return a set by its name, with the models of its functions fitted without gold labels."""
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    votes, codes = data.votes.of_samples(samples.index), data.gold[samples.index]
    soft = LabelModel().fit(votes).predict_proba(votes)
    end = EndModel().fit(samples, soft, votes=votes)
    winners = end.predict_proba(samples, soft=soft, votes=votes).winners().astype(np.float64)
    rows = np.flatnonzero(codes >= 0)
    learner = GoldOnly.of(samples, rows, Reader("text", (), None), data.n_labels)
    shares = winners[rows] / winners[rows].sum(axis=1, keepdims=True)
    return Known(learner, codes[rows], shares, samples.index[rows])


def true_crossovers(known: Known) -> dict[str, float]:
    """Return the number of labels by each measure; infinite beyond the true curve."""
    n, rng = len(known.codes), np.random.default_rng(1)
    sizes = np.unique(np.geomspace(10, min(MOST, int(0.7 * n)), 11).round().astype(np.intp))
    curves: dict[str, list[float]] = {measure: [] for measure in MEASURES}
    for size in sizes:
        found = []
        for _ in range(24 if size < 300 else 10):
            order = rng.permutation(n)
            training, scored = order[:size], order[size:]
            log_odds = known.learner.log_odds(training, known.codes[training], scored)
            shares = np.eye(known.learner.n_labels)[log_odds.argmax(axis=1)]
            found.append(qualities(shares, known.codes[scored]))
        for measure, values in zip(MEASURES, np.mean(found, axis=0), strict=True):
            curves[measure].append(float(values))
    targets = qualities(known.rules, known.codes)
    return {
        measure: float(crossing(sizes, np.array([curves[measure]]), np.array([target]))[0])
        for measure, target in zip(MEASURES, targets, strict=True)
    }


def qualities(shares: Floats, codes: Codes) -> tuple[float, float]:
    """Return accuracy and macro-F1 over the labels that gold has."""
    truth = np.eye(shares.shape[1])[codes]
    right = (shares * truth).sum(axis=0)
    f1 = 2 * right / np.maximum(shares.sum(axis=0) + truth.sum(axis=0), 1e-12)
    return float(right.sum() / len(codes)), float(f1[truth.sum(axis=0) > 0].mean())


def estimates(known: Known, n_dev: int, n_draws: int) -> Iterator[dict[str, Crossover]]:
    """Yield what random dev sets say."""
    for draw in range(n_draws):
        rows = np.random.default_rng(100 + draw).permutation(len(known.codes))[:n_dev]
        products = known.learner.products[np.ix_(rows, rows)]
        learner = GoldOnly(products, known.learner.n_labels)
        codes = known.codes[rows]
        if len(np.unique(codes)) < 2:
            continue
        curve = gold_curve(learner, codes, known.ids[rows])
        held_out = HeldOut(curve.sizes, curve.shares, known.rules[rows], codes)
        yield {measure: compare(held_out, measure).crossover for measure in MEASURES}


def holds(estimate: Crossover, true: float) -> bool:
    """Whether the interval holds the true number, or says rightly that it is beyond the curve."""
    if true > estimate.most:
        true = math.inf
    if true < estimate.fewest:
        true = -math.inf
    return estimate.low <= true <= estimate.high


def row_of(name: str, measure: str, n_dev: int, found: list[Crossover], true: float) -> str:
    """Return a row of the table."""
    finite = [math.log2(one.value / true) for one in found if np.isfinite([one.value, true]).all()]
    middle = sorted(found, key=lambda one: one.value)[len(found) // 2]
    cells: list[Any] = [
        *(name, measure, n_dev, f"{true:.0f}", middle.words(middle.value)),
        f"{np.mean([holds(one, true) for one in found]):.2f} of {len(found)}",
        f"{np.mean(finite):+.2f} of {len(finite)}" if finite else "-",
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--draws", type=int, default=20)
    asked = parser.parse_args()
    titles = ("set", "measure", "gold labels", "true number", "median estimate")
    say("| " + " | ".join((*titles, "interval holds it", "bias, log2")) + " |")
    say("|---" * 7 + "|")
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in asked.sets:
            known = known_of(name)
            true = true_crossovers(known)
            for n_dev in DEV_SIZES:
                if 2 * n_dev > len(known.codes):
                    continue
                found = list(estimates(known, n_dev, asked.draws))
                for measure in MEASURES:
                    by_measure = [one[measure] for one in found]
                    say(row_of(name, measure, n_dev, by_measure, true[measure]))
    say(f"\n{time.process_time() - started:.0f} s of CPU time")


if __name__ == "__main__":
    main()

"""Do intervals of label accuracy from few human labels hold, and how wide are they?

    python -m tests.benchmarks.intervals [--draws 1000] [SET ...]

Made-up populations of known accuracy whose confidence is calibrated, sharp, over-confident or
noise; and real sets, whose labels are those of the label model and of the end model, and of which
samples are drawn at random. Per number of human labels: the share of draws whose 95 % interval
holds the accuracy of all samples, and the mean width, of prediction-powered intervals, of Wilson's
interval from the human labels alone, and of the normal approximation of PPI++. `unequal`: samples
of low confidence are drawn up to four times as often, with known propensity.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from labeling import EndModel, LabelModel
from labeling.records.estimates import wilson_at
from labeling.records.prediction_powered import prediction_powered_share
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("sms", "youtube", "trec")
SIZES = (50, 100, 200, 500)
ACCURACIES = (0.7, 0.9, 0.95, 0.98)
Z = 1.959963984540054
Floats = npt.NDArray[np.float64]
Interval = Callable[[Floats, Floats, Floats, Floats], tuple[float, float]]


def made(accuracy: float, kind: str, n: int = 5000) -> tuple[Floats, Floats]:
    """Return confidences and whether each label is correct."""
    rng = np.random.default_rng(1)
    spread = {"sharp": 0.5, "over-confident": 2.0}.get(kind, 3.0)
    probability = rng.beta(accuracy * spread, (1 - accuracy) * spread, n)
    right = (rng.random(n) < probability).astype(float)
    if kind == "noise":
        return rng.beta(3, 1, n), (rng.random(n) < accuracy).astype(float)
    if kind == "over-confident":
        odds = np.log(np.clip(probability, 1e-6, 1) / np.clip(1 - probability, 1e-6, 1))
        return 1 / (1 + np.exp(-2 * odds - 1)), right
    return probability, right


def real(name: str) -> Iterator[tuple[str, Floats, Floats]]:
    """Yield confidences and correctness of the labels of two models, fitted without gold labels."""
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    votes, codes = data.votes.of_samples(samples.index), np.asarray(data.gold[samples.index])
    soft = LabelModel().fit(votes).predict_proba(votes)
    end = EndModel().fit(samples, soft, votes=votes).predict_proba(samples, soft=soft, votes=votes)
    rows = np.flatnonzero(codes >= 0)
    for model, found in (("label model", soft), ("end model", end)):
        best = found.winners()[rows]
        yield (
            f"{name}, {model}",
            found.confidence()[rows],
            best[np.arange(len(rows)), codes[rows]] / best.sum(axis=1),
        )


def powered(right: Floats, predicted: Floats, all_predicted: Floats, propensity: Floats):
    """Return the interval of this package."""
    found = prediction_powered_share(right, predicted, all_predicted, propensity=propensity)
    return found.low, found.high


def wilson(right: Floats, predicted: Floats, all_predicted: Floats, propensity: Floats):
    """Return Wilson's interval from the human labels alone, of Kish's effective size."""
    weights = 1 / propensity / (1 / propensity).sum()
    effective = 1 / (weights**2).sum() / max(1 - len(right) / len(all_predicted), 1e-9)
    return wilson_at(min(float((weights * right).sum()), 1.0), effective)


def normal(right: Floats, predicted: Floats, all_predicted: Floats, propensity: Floats):
    """Return the interval of PPI++ by the normal approximation (of equal propensities)."""
    spread = predicted.var()
    slope = np.cov(right, predicted)[0, 1] / spread if spread > 1e-12 else 0.0
    slope = float(np.clip(slope, 0, 1))
    value = right.mean() - slope * (predicted.mean() - all_predicted.mean())
    reach = Z * np.sqrt((right - slope * predicted).var(ddof=1) / len(right))
    return value - reach, value + reach


INTERVALS: dict[str, Interval] = {"powered": powered, "Wilson": wilson, "PPI++ normal": normal}


def drawn(confidence: Floats, n: int, is_equal: bool, rng: np.random.Generator):
    """Return the rows of a draw, and the propensities of all up to a factor."""
    if is_equal:
        return rng.choice(len(confidence), n, replace=False), np.ones(len(confidence))
    rank = np.argsort(np.argsort(-confidence, kind="stable"), kind="stable") / len(confidence)
    propensity = 0.25 + 0.75 * rank
    order = rng.permutation(len(confidence))  # systematic sampling of a random order
    ends = np.cumsum(propensity[order]) / propensity.sum() * n
    picked = order[np.searchsorted(ends, rng.random() + np.arange(n)).clip(0, len(order) - 1)]
    return np.unique(picked), propensity


def row_of(
    name: str, confidence: Floats, right: Floats, n: int, is_equal: bool, n_draws: int
) -> str:
    """Return a row of the table."""
    rng = np.random.default_rng(n)
    names = [name for name in INTERVALS if is_equal or name != "PPI++ normal"]
    held, width = dict.fromkeys(names, 0), dict.fromkeys(names, 0.0)
    for _ in range(n_draws):
        rows, propensity = drawn(confidence, n, is_equal, rng)
        for each in names:
            low, high = INTERVALS[each](right[rows], confidence[rows], confidence, propensity[rows])
            held[each] += low - 1e-12 <= right.mean() <= high + 1e-12
            width[each] += high - low
    cells = [
        f"{held[each] / n_draws:.3f} / {width[each] / n_draws:.3f}" if each in names else "-"
        for each in INTERVALS
    ]
    draw = "equal" if is_equal else "unequal"
    return "| " + " | ".join([name, f"{right.mean():.3f}", draw, str(n), *cells]) + " |"


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--draws", type=int, default=1000)
    asked = parser.parse_args()
    titles = ("population", "accuracy", "propensity", "human labels", *INTERVALS)
    say("| " + " | ".join(titles) + " |")
    say("|---" * len(titles) + "|")
    started = time.process_time()
    populations = [
        (f"made up, {kind}", *made(accuracy, kind))
        for accuracy in ACCURACIES
        for kind in ("calibrated", "sharp", "over-confident", "noise")
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        populations += [each for name in asked.sets for each in real(name)]
        for name, confidence, right in populations:
            for is_equal in (True, False):
                for n in SIZES:
                    if n <= 0.5 * len(right):
                        say(row_of(name, confidence, right, n, is_equal, asked.draws))
    say(f"\n{time.process_time() - started:.0f} s of CPU time")


if __name__ == "__main__":
    main()

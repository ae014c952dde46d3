"""CPU time and memory of the label model on many votes, as ratios to Snorkel's and to reading them.

Run it with `make bench`. The votes are made up: independent labeling functions that vote on 10 to
30 % of the samples and are right 55 to 90 % of the time. So the best possible answer is known.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from threadpoolctl import threadpool_limits

import labeling as lb

REPEATS = 3
EPOCHS = 100  # Snorkel's default


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Votes with their truth, and the share of covered rows that the true parameters get right."""

    votes: lb.Votes
    truth: npt.NDArray[np.intp]
    ceiling: float

    def accuracy(self, probabilities: Any) -> float:
        """Return the share of covered rows whose most probable label is right."""
        here = self.votes.covered
        return float((probabilities.argmax(axis=1) == self.truth)[here].mean())


def made(n: int, m: int, n_labels: int = 2, seed: int = 0) -> Made:
    """Return votes of m functions on n samples, column by column in memory."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_labels, n)
    coverage, skill = rng.uniform(0.1, 0.3, m), rng.uniform(0.55, 0.9, m)
    array = np.full((n, m), lb.ABSTAIN, dtype=np.int8, order="F")
    scores = np.zeros((n, n_labels))
    for j in range(m):
        rows = np.flatnonzero(rng.random(n) < coverage[j])
        right = rng.random(len(rows)) < skill[j]
        other = (truth[rows] + rng.integers(1, n_labels, len(rows))) % n_labels
        vote = np.where(right, truth[rows], other)
        array[rows, j] = vote
        scores[rows, vote] += np.log(skill[j] * (n_labels - 1) / (1 - skill[j]))
    schema = lb.LabelSchema([f"label {code}" for code in range(n_labels)])
    votes = lb.Votes.from_array(array, schema=schema)
    best = scores.argmax(axis=1) == truth
    return Made(votes, truth, float(best[votes.covered].mean()))


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a call, and its result."""
    begin = time.process_time()
    found = call()
    return time.process_time() - begin, found


def reading(votes: lb.Votes) -> float:
    """Return the CPU seconds of reading every vote once: the floor."""
    array = votes.to_array()
    return min(cpu(lambda: array.view(np.uint8).sum(dtype=np.uint8))[0] for _ in range(5))


def fit(votes: lb.Votes) -> lb.LabelModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lb.LabelModel().fit(votes)


def fit_and_predict(votes: lb.Votes) -> lb.SoftLabels:
    return fit(votes).predict_proba(votes)


def peak_megabytes(call: Callable[[], Any]) -> float:
    """Return the most memory that a call had above what there was before."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def snorkel_time(votes: lb.Votes) -> tuple[float, Any] | None:
    """Return the CPU seconds of Snorkel's LabelModel and its probabilities, where it is there."""
    if importlib.util.find_spec("snorkel") is None:
        return None
    import torch
    from snorkel.labeling.model import LabelModel

    array = votes.to_array().astype(int)
    torch.set_num_threads(1)

    def ask() -> Any:
        model = LabelModel(cardinality=len(votes.schema), verbose=False)
        model.fit(array, n_epochs=EPOCHS, seed=0, progress_bar=False)
        return model.predict_proba(array)

    return cpu(ask)


def spread(values: list[float], digits: int = 1) -> str:
    low, high = min(values), max(values)
    middle = statistics.median(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f}, {len(values)} runs)"


@pytest.mark.filterwarnings("ignore")  # theirs, from torch
@pytest.mark.parametrize(
    ("n", "m"), [(100_000, 50), (1_000_000, 10), (1_000_000, 100)], ids=["small", "few", "large"]
)
def test_fit_and_predict(n: int, m: int):
    data = made(n, m)
    floor = reading(data.votes)
    fit_and_predict(made(1_000, 5).votes)  # what is loaded lazily is loaded
    with threadpool_limits(limits=1):
        runs = [cpu(lambda: fit_and_predict(data.votes)) for _ in range(REPEATS)]
        theirs = snorkel_time(data.votes)
        megabytes = peak_megabytes(lambda: fit_and_predict(data.votes))
    spent = [seconds for seconds, _ in runs]
    ours = data.accuracy(runs[0][1].to_array())
    lines = [
        f"{n:,} x {m}, fit and predict: {spread(spent, 2)} s of CPU",
        f"  {spread([one / floor for one in spent], 0)} x reading the votes",
        f"  {megabytes:,.0f} MB above {data.votes.to_array().nbytes / 1e6:,.0f} MB of votes",
        f"  accuracy {100 * ours:.2f}, at best {100 * data.ceiling:.2f}",
    ]
    if theirs is None:
        lines.append("  Snorkel is not installed (pip install 'labeling[snorkel]').")
    else:
        ratios = [theirs[0] / one for one in spent]
        lines.append(f"  Snorkel, {EPOCHS} epochs: {spread(ratios)} x our CPU time")
        lines.append(f"  Snorkel's accuracy {100 * data.accuracy(theirs[1]):.2f}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize(("m", "n_labels"), [(100, 2), (50, 5)])
def test_predict_alone(m: int, n_labels: int):
    n = 1_000_000
    data = made(n, m, n_labels)
    floor = reading(data.votes)
    with threadpool_limits(limits=1):
        model = fit(data.votes)
        spent = [cpu(lambda: model.predict_proba(data.votes))[0] for _ in range(REPEATS)]
    sys.stdout.write(
        f"\n{n:,} x {m}, {n_labels} labels, predict: {spread(spent, 3)} s of CPU,"
        f" {spread([one / floor for one in spent], 0)} x reading the votes\n"
    )

"""The default models where votes are few or alike, in points above majority vote.

Families of like voters that are made up, random halves of the labeling functions of each set, and
two or three votes a sample drawn from those of people.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np

from labeling import AnnotatorModel, Votes
from tests.benchmarks.quality.asking import progress, scored
from tests.benchmarks.quality.data import APART, made_votes, read_set
from tests.benchmarks.quality.default_model import majority, rows_in, soft_labels
from tests.benchmarks.quality.ours import covered_votes
from tests.benchmarks.quality.scores import Codes, Floats, accuracy, shares_of
from tests.benchmarks.quality.tables import Grid, failures, signed

FAMILY_SEEDS = (100, 101, 102)
DRAWS = 3
VOTES_EACH = (2, 3)
MOST_SAMPLES = 1_000  # a project that begins
ABOVE = ("majority", "ours", "gain", "worst")
TITLES = ("majority vote", "default", "default - majority", "the worst draw")


def families(module: ModuleType | None) -> str:
    """Return the table of the default label model on made-up families of like voters."""
    assert module is not None
    grid = Grid(["scenario, covered rows, accuracy", "ceiling"], ABOVE)
    failed: dict[tuple[str, str], str] = {}
    for scenario in module.FAMS:
        ceilings, pairs = [], []
        for seed in FAMILY_SEEDS:
            progress(f"{scenario}, seed {seed}")
            gold, array, best = module.family(scenario, seed=seed)
            rows = (array >= 0).any(axis=1)
            ceilings.append(100 * accuracy(shares_of(best[rows]), gold[rows]).value)
            votes = made_votes(array[rows], best.shape[1])
            try:
                pairs.append(_pair(votes, gold[rows]))
            except Exception as error:  # noqa: BLE001 - shown in the table
                failed["`label_model`", scenario] = f"{type(error).__name__}: {error}"
        grid.add([scenario, f"{np.mean(ceilings):.1f}"], _above(pairs))
    return _with_means(grid, failed)


def _pair(votes: Votes, gold: Codes) -> tuple[float, float]:
    """Return the accuracy of majority vote and of the default, on all rows."""
    answers = majority(votes), soft_labels(votes).to_array()
    first, second = (100 * accuracy(shares_of(answer), gold).value for answer in answers)
    return first, second


def _above(pairs: list[tuple[float, float]]) -> dict[str, tuple[str, float]]:
    """Return the cells of pairs of a score of majority vote and one of ours."""
    if not pairs:
        return {}
    theirs, ours = np.mean(pairs, axis=0).tolist()
    gains = [our - their for their, our in pairs]
    return {
        "majority": (f"{theirs:.1f}", theirs),
        "ours": (f"{ours:.1f}", ours),
        "gain": (signed(ours - theirs), ours - theirs),
        "worst": (signed(min(gains)), min(gains)),
    }


def _with_means(grid: Grid, failed: dict[tuple[str, str], str]) -> str:
    """Return a table with the mean of all columns, and the lowest of the last."""
    lowest = grid.lowest("lowest", grid.rows)
    lowest = [lowest[0], *[""] * (len(lowest) - 2), lowest[-1]]
    table = grid.to_markdown(TITLES, grid.mean("mean", grid.rows), lowest)
    return "\n\n".join([table, failures(failed)])


def halves(folder: Path, names: Iterable[str]) -> str:
    """Return the table of the default label model on random halves of the functions of a set."""
    grid = Grid([f"set, {DRAWS} halves of the voters", "voters in a half", "measure"], ABOVE)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        data = read_set(folder, name)
        voters, pairs = data.votes.voters, []
        size = (len(voters) + 1) // 2
        for draw in range(DRAWS):
            progress(f"{name}: half {draw} of the voters")
            chosen = np.random.default_rng([draw, len(voters)]).permutation(len(voters))[:size]
            votes = covered_votes(data.votes.of_voters([voters[j] for j in np.sort(chosen)]))
            here = np.flatnonzero((data.gold >= 0) & data.votes.sample_ids.isin(votes.sample_ids))
            rows, gold = rows_in(votes, data, here), data.gold[here]
            try:
                answers = majority(votes), soft_labels(votes).to_array()
            except Exception as error:  # noqa: BLE001 - shown in the table
                failed["`label_model`", name] = f"{type(error).__name__}: {error}"
                continue
            theirs, ours = (
                100 * scored(shares_of(answer[rows]), gold, data.positive).value
                for answer in answers
            )
            pairs.append((theirs, ours))
        grid.add([name, str(size), data.metric], _above(pairs))
    return _with_means(grid, failed)


def few_votes(folder: Path, names: Iterable[str]) -> str:
    """Return the table of the model for annotators on two or three votes a sample, drawn."""
    grid = Grid(["set, votes a sample", "samples", "votes a person, median"], ABOVE)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        if name in APART:
            continue
        data = read_set(folder, name)
        for n_votes in VOTES_EACH:
            pairs, medians, n = [], [], 0
            for draw in range(DRAWS):
                progress(f"{name}: {n_votes} votes a sample, draw {draw}")
                votes, gold = few_of(data.votes, data.gold, n_votes, draw)
                n, here = len(gold), gold >= 0
                try:
                    ours = soft_labels(votes, model=AnnotatorModel()).to_array()
                except Exception as error:  # noqa: BLE001 - shown in the table
                    failed["`annotator_model`", name] = f"{type(error).__name__}: {error}"
                    continue
                medians.append(float(np.median((votes.to_array() >= 0).sum(axis=0))))
                pairs.append(_scores(majority(votes)[here], ours[here], gold[here]))
            front = [f"{name}, {n_votes}", f"{n:,}", f"{np.mean(medians):.0f}" if medians else ""]
            grid.add(front, _above(pairs))
    return _with_means(grid, failed)


def _scores(theirs: Floats, ours: Floats, gold: Codes) -> tuple[float, float]:
    first, second = (100 * accuracy(shares_of(answer), gold).value for answer in (theirs, ours))
    return first, second


def few_of(votes: Votes, gold: Codes, n_votes: int, draw: int) -> tuple[Votes, Codes]:
    """Return votes with no more than some a sample, on samples with gold first, and their gold.

    People without a vote are left out.
    """
    random = np.random.default_rng([draw, n_votes])
    shuffled = random.permutation(np.flatnonzero(votes.covered))
    with_gold_first = shuffled[np.argsort(gold[shuffled] < 0, kind="stable")]
    samples = np.sort(with_gold_first[:MOST_SAMPLES])
    array = votes.to_array()[samples].copy()
    order = random.random(array.shape)
    order[array < 0] = 2.0
    array[order.argsort(axis=1).argsort(axis=1) >= n_votes] = -1
    array = array[:, (array >= 0).any(axis=0)]
    return Votes.from_array(array, schema=votes.schema), gold[samples]

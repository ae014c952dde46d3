"""`make bench-human-cost`: print the tables of what people's time buys."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.benchmarks.human_cost import querying, voting
from tests.benchmarks.human_cost.caching import BASELINE, MODELS, REVIEWING, kept
from tests.benchmarks.human_cost.query_report import Scores, report
from tests.benchmarks.human_cost.sets import RATED, SETS, read_text_set
from tests.benchmarks.human_cost.vote_report import Points, crowd_report, text_report
from tests.benchmarks.quality.asking import progress
from tests.benchmarks.quality.data import APART, data_folder, read_set

QUICK_ARMS = ("mixture", "random")
QUICK_LADDER = (0, 50, 100, 400)
QUICK_POOL = 500
PARTS = ("querying", "texts", "crowds")


def arguments() -> argparse.Namespace:
    """Return what was asked for; lists are separated by commas."""

    def some(text: str) -> tuple[str, ...]:
        return tuple(one.strip() for one in text.split(",") if one.strip())

    parser = argparse.ArgumentParser(prog="make bench-human-cost", description=__doc__)
    parser.add_argument("--parts", type=some, default=PARTS, help=f"of {', '.join(PARTS)}")
    parser.add_argument("--sets", type=some, default=(), help=f"of {', '.join(SETS)}, or crowds")
    parser.add_argument("--arms", type=some, default=(), help="arms or strategies; first is ours")
    parser.add_argument("--seeds", type=int, default=0, help="how many; default 3, quick 1")
    parser.add_argument("--first-seed", type=int, default=0, help="to measure on other draws")
    parser.add_argument("--pool", type=int, default=0, help="samples that may be asked about")
    parser.add_argument("--quick", action="store_true", help="a smaller size, in minutes")
    return parser.parse_args()


def timed(key: str, rooms: tuple[str, ...], compute: Callable[[], Any]) -> Any:
    """Return a kept result, or compute it and say how long that took."""
    begin = time.perf_counter()
    result = kept(key, rooms, compute)
    if time.perf_counter() - begin > 1:
        progress(f"{key}: {time.perf_counter() - begin:.0f} s")
    return result


def query_scores(
    sets: Sequence[str], arms: Sequence[str], seeds: Sequence[int], pool: int, ladder: Sequence[int]
) -> Scores:
    """Run what is not kept yet, and return all scores."""
    scores, seconds, full = {}, {}, {}
    rungs_key = "_".join(map(str, ladder))
    for name in sets:
        data = read_text_set(name)
        full[name] = np.array(
            [
                timed(
                    f"full-{name}-{pool}-{seed}",
                    MODELS,
                    lambda seed=seed, data=data: querying.full_supervision(data, seed, pool),
                )
                for seed in seeds
            ]
        )
        for arm in arms:
            rooms = (*BASELINE, "query", "query.py") if arm in querying.BASELINES else MODELS
            rungs = [
                timed(
                    f"query-{name}-{arm.replace(':', '.')}-{pool}-{seed}-{rungs_key}",
                    rooms,
                    lambda arm=arm, seed=seed, data=data: [
                        dataclasses.asdict(rung)
                        for rung in querying.run_arm(data, arm, seed, ladder, pool)
                    ],
                )
                for seed in seeds
            ]
            scores[arm, name] = np.array([[rung["score"] for rung in run] for run in rungs])
            seconds[arm, name] = np.array([[rung["seconds"] for rung in run] for run in rungs])
    return Scores(ladder, scores, full, seconds)


def vote_points(
    kind: str,
    names: Sequence[str],
    seeds: Sequence[int],
    run: Callable[[str, int], dict[str, voting.Point]],
) -> Points:
    """Run what is not kept yet, and return the points of each policy by set."""
    points: dict[str, dict[str, list[voting.Point]]] = {}
    for name in names:
        for seed in seeds:
            found = timed(
                f"{kind}-{name}-{seed}",
                REVIEWING,
                lambda name=name, seed=seed: {
                    policy: dataclasses.asdict(point) for policy, point in run(name, seed).items()
                },
            )
            for policy, point in found.items():
                points.setdefault(name, {}).setdefault(policy, []).append(voting.Point(**point))
    return points


def crowd_names() -> list[str]:
    """Return the sets of identified people that there are."""
    return sorted(
        path.parent.name
        for path in data_folder().glob("crowd_*/votes.npz")
        if path.parent.name not in APART
    )


def main() -> None:
    """Print the tables that were asked for."""
    asked = arguments()
    n_seeds = asked.seeds or (1 if asked.quick else 3)
    seeds = range(asked.first_seed, asked.first_seed + n_seeds)

    def wanted(names: Sequence[str]) -> list[str]:
        return [name for name in names if not asked.sets or name in asked.sets]

    if "querying" in asked.parts and wanted(SETS):
        scores = query_scores(
            wanted(SETS),
            asked.arms or (QUICK_ARMS if asked.quick else querying.ARMS),
            seeds,
            asked.pool or (QUICK_POOL if asked.quick else querying.POOL),
            QUICK_LADDER if asked.quick else querying.LADDER,
        )
        sys.stdout.write(f"### Human cost: querying\n\n{report(scores)}\n\n")
    if "texts" in asked.parts and wanted(RATED):
        points = vote_points(
            "votes",
            wanted(RATED),
            seeds,
            lambda name, seed: voting.on_texts(read_text_set(name), seed),
        )
        heading = f"Human cost: votes on rated texts, {n_seeds} seeds"
        sys.stdout.write(f"### {heading}\n\n{text_report(points)}\n\n")
    if "crowds" in asked.parts and wanted(crowd_names()):
        points = vote_points(
            "crowd",
            wanted(crowd_names()),
            seeds,
            lambda name, seed: voting.on_crowd(read_set(data_folder(), name), seed),
        )
        heading = f"Human cost: votes of identified people, {n_seeds} seeds"
        sys.stdout.write(f"### {heading}\n\n{crowd_report(points)}\n\n")


if __name__ == "__main__":
    main()

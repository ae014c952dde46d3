"""`make bench-human-cost`: print the tables of what people's time buys."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence

import numpy as np

from tests.benchmarks.human_cost import querying
from tests.benchmarks.human_cost.caching import BASELINE, MODELS, kept
from tests.benchmarks.human_cost.query_report import Scores, report
from tests.benchmarks.human_cost.sets import SETS, read_text_set
from tests.benchmarks.quality.asking import progress

QUICK = {"seeds": 1, "pool": 500, "ladder": (0, 50, 100, 400), "arms": ("mixture", "random")}
PARTS = ("querying",)


def arguments() -> argparse.Namespace:
    """Return what was asked for; lists are separated by commas."""

    def some(text: str) -> tuple[str, ...]:
        return tuple(one.strip() for one in text.split(",") if one.strip())

    parser = argparse.ArgumentParser(prog="make bench-human-cost", description=__doc__)
    parser.add_argument("--parts", type=some, default=(), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--sets", type=some, default=(), help=f"of {', '.join(SETS)}")
    parser.add_argument("--arms", type=some, default=(), help="arms or strategies; first is ours")
    parser.add_argument("--seeds", type=int, default=0, help="how many; default 3, quick 1")
    parser.add_argument("--first-seed", type=int, default=0, help="to measure on other draws")
    parser.add_argument("--pool", type=int, default=0, help="samples that may be asked about")
    parser.add_argument("--quick", action="store_true", help="a smaller size, in minutes")
    return parser.parse_args()


def query_scores(
    sets: Sequence[str], arms: Sequence[str], seeds: Sequence[int], pool: int, ladder: Sequence[int]
) -> Scores:
    """Run what is not kept yet, and return all scores."""
    scores, seconds, full = {}, {}, {}
    rungs_key = "_".join(map(str, ladder))
    for name in sets:
        data = read_text_set(name)

        def one(key: str, rooms: tuple[str, ...], compute: object) -> object:
            begin = time.perf_counter()
            result = kept(key, rooms, compute)  # type: ignore[arg-type]
            if time.perf_counter() - begin > 1:
                progress(f"{key}: {time.perf_counter() - begin:.0f} s")
            return result

        full[name] = np.array(
            [
                one(
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
                one(
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


def main() -> None:
    """Print the tables that were asked for."""
    asked = arguments()
    n_seeds = asked.seeds or (QUICK["seeds"] if asked.quick else 3)
    scores = query_scores(
        asked.sets or SETS,
        asked.arms or (QUICK["arms"] if asked.quick else querying.ARMS),
        range(asked.first_seed, asked.first_seed + n_seeds),
        asked.pool or (QUICK["pool"] if asked.quick else querying.POOL),
        QUICK["ladder"] if asked.quick else querying.LADDER,
    )
    sys.stdout.write(f"### Human cost: querying\n\n{report(scores)}\n")


if __name__ == "__main__":
    main()

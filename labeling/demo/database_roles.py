"""The roles of the descriptions of databases in the demo of several labels a sample."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.demo.databases import SCHEMA, descriptions
from labeling.records import atomic_write, encode_label, random_order

POOL = 1_500
"""Descriptions that are labeled, and as many that are held out for evaluation."""
ANNOTATORS = 3
MISSED, ADDED = 0.10, 0.01
"""What a simulated annotator does: the probability to miss a subject, and to add each other one."""
PROVENANCE = f"""\
The curators of FAIRsharing chose the subjects of all descriptions: the gold labels. The annotators
are simulated: they are the gold labels with random mistakes. Of 100 subjects one misses \
{100 * MISSED:.0f}, and of
100 that are not there they add {100 * ADDED:.0f}. The reviewer is the gold labels themselves."""
ROLES = ("pool", "held_out", "votes", "reviewer", "gold")


def prepare(folder: Path, seed: int = 0) -> dict[str, Path]:
    """Write the descriptions and their subjects by role as Parquet files, once; return the paths.

    1,500 random descriptions are the pool that is labeled, 1,500 others are held out. Gold labels,
    the votes of three simulated annotators and the reviewer's decisions (the gold labels) are texts
    as `encode_label` writes them.

    Args:
        folder: where to write; created if it does not exist.
        seed: of the roles and of the annotators' mistakes.

    Raises:
        FetchError: the descriptions are not cached and cannot be fetched, or their hash is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {role: folder / f"{role}-{seed}.parquet" for role in ROLES}
    if not all(path.is_file() for path in paths.values()):
        for role, frame in assign_roles(descriptions(), seed).items():
            with atomic_write(paths[role]) as unfinished:
                frame.to_parquet(unfinished, index=False)
    return paths


def assign_roles(table: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of `ROLES`: texts of both halves, votes, decisions, gold labels."""
    order = random_order(table.index, np.random.default_rng(seed))
    pool, held_out = (table.iloc[np.sort(rows)] for rows in (order[:POOL], order[POOL : 2 * POOL]))
    votes = [
        (sample, f"simulated annotator {person}", encode_label(answer))
        for sample, subjects in pool["subjects"].items()
        for person, answer in enumerate(
            simulated_answers(subjects, [seed, *str(sample).encode()]), start=1
        )
    ]
    labels = table["subjects"].map(encode_label)
    gold = pd.DataFrame({"sample": table.index, "label": labels.tolist()})
    return {
        "pool": pool[["text"]].rename_axis("id").reset_index(),
        "held_out": held_out[["text"]].rename_axis("id").reset_index(),
        "votes": pd.DataFrame(votes, columns=["sample", "annotator", "label"]),
        "reviewer": gold[gold["sample"].isin(pool.index)],
        "gold": gold,
    }


def simulated_answers(subjects: Collection[str], seed: Sequence[int]) -> Iterator[frozenset[str]]:
    """Yield the answers of the simulated annotators on a description.

    Args:
        subjects: its subjects.
        seed: of the mistakes.
    """
    rng = np.random.default_rng(list(seed))
    is_right = np.array([label in subjects for label in SCHEMA.labels])
    for _ in range(ANNOTATORS):
        drawn = rng.random(len(is_right))
        chosen = np.where(is_right, drawn >= MISSED, drawn < ADDED)
        yield frozenset(np.array(SCHEMA.labels, dtype=object)[chosen].tolist())

"""Held-out precision of the top ten suggestions: python -m tests.benchmarks.suggestions [SETS].

Of each set with texts 100 samples are drawn as the dev set, over several draws; the rules that a
workbench suggests are then measured on the gold labels of all other samples.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np

import labeling as lb
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("youtube", "sms", "trec", "topics_hausa", "box_claude9", "imdb")
MOST = 6_000
"""Samples of a set: more are left out by a hash."""


@dataclass(frozen=True, slots=True)
class Draw:
    """The suggestions of one draw.

    Attributes:
        precisions: held-out precision of each rule.
        lows: its lower bound.
        labels: the label of each.
        union: the share of samples on which any rule votes.
        seconds: CPU time.
    """

    precisions: tuple[float, ...]
    lows: tuple[float, ...]
    labels: tuple[str, ...]
    union: float
    seconds: float


def samples_of(name):
    """Return the samples of a set and the names of their gold labels."""
    texts = read_texts(data_folder(), name)
    data = read_set(data_folder(), name)
    gold = data.gold[texts.index]
    texts, gold = texts[gold >= 0], gold[gold >= 0]
    kept = np.sort(np.random.default_rng(0).permutation(len(texts))[:MOST])
    labels = np.array(data.votes.schema.labels, dtype=object)
    return texts.iloc[kept], labels[gold[kept]], data.votes.schema


def dev_set(samples, truth, seed, n=100):
    """Return gold labels of samples drawn at random."""
    drawn = np.random.default_rng(seed).permutation(len(samples))[:n]
    return {samples.index[row]: truth[row] for row in drawn}


def draw_of(samples, truth, schema, seed, n=10):
    """Return the measured suggestions of a draw."""
    gold = dev_set(samples, truth, seed)
    begin = time.process_time()
    workbench = lb.Workbench(samples, schema, gold)
    found = workbench.suggest(n)
    seconds = time.process_time() - begin
    held_out = ~samples.index.isin(list(gold))
    precisions, covered = [], np.zeros(len(samples), dtype=bool)
    for item in found.items:
        votes = workbench.vote(item.lf).codes >= 0
        covered |= votes
        precisions.append(float((truth[votes & held_out] == item.label).mean()))
    lows = tuple(item.precision_low for item in found.items)
    labels = tuple(item.label for item in found.items)
    return Draw(tuple(precisions), lows, labels, float(covered.mean()), seconds)


def main():
    """Print a line for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    for name in given.sets or SETS:
        samples, truth, schema = samples_of(name)
        seeds = range(given.first, given.first + given.draws)
        draws = [draw_of(samples, truth, schema, seed) for seed in seeds]
        found = [draw for draw in draws if draw.precisions]
        means = np.array([np.mean(draw.precisions) for draw in found])
        below = np.mean(
            [p < low for d in found for p, low in zip(d.precisions, d.lows, strict=True)]
        )
        both = np.mean([len(set(draw.labels)) >= 2 for draw in draws])
        sys.stdout.write(
            f"{name:14s} draws {len(found)}/{len(draws)}  mean {means.mean():.3f}"
            f"  worst draw {means.min():.3f}"
            f"  worst rule, mean {np.mean([min(d.precisions) for d in found]):.3f}"
            f"  rules {np.mean([len(d.precisions) for d in draws]):.1f}"
            f"  labels {np.mean([len(set(d.labels)) for d in draws]):.1f} of {len(schema)}"
            f"  two or more {both:.0%}  coverage {np.mean([d.union for d in found]):.2f}"
            f"  below bound {below:.2f}  CPU {np.mean([d.seconds for d in draws]):.2f} s\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()

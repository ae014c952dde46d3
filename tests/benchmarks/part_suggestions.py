"""Held-out precision of the top ten suggestions: python -m tests.benchmarks.part_suggestions.

Of 1,487 addresses (spans) and 4,079 descriptions of databases (several labels) 100 are drawn as the
dev set, over several draws; the suggested functions are then measured on the gold of all others.
"""

import argparse
import sys
import time

import numpy as np

import labeling as lb
from labeling.demo import addresses, databases


def spans():
    """Return samples, schema, gold, and what is right of a function's span."""
    table = addresses.read_addresses(addresses.fetched_document()).set_index("address_id")
    schema = lb.LabelSchema(addresses.LABELS, kind="spans")
    return table[["text"]], schema, table["spans"].map(set)


def sets():
    """Return the same of descriptions with several labels."""
    table = databases.descriptions()
    return table[["text"]], databases.SCHEMA, table["subjects"]


def said(votes):
    """Return what a function said, as pairs of sample and span, or label."""
    frame = votes.to_frame()
    if "start" not in frame:
        return list(zip(frame["sample"], frame["label"], strict=True))
    parts = frame[["start", "end", "label"]].itertuples(index=False, name=None)
    return list(zip(frame["sample"], parts, strict=True))


def draw_of(samples, schema, gold, seed, n=10):
    """Return precision and lower bound of the suggestions of a draw, and CPU seconds."""
    drawn = samples.index[np.random.default_rng(seed).permutation(len(samples))[:100]]
    begin = time.process_time()
    workbench = lb.Workbench(samples, schema, {name: list(gold[name]) for name in drawn})
    items = workbench.suggest(n).items
    seconds = time.process_time() - begin
    precisions = []
    for item in items:
        parts = [
            part in gold[name]
            for name, part in said(lb.apply(item.lf, samples, schema, text="text"))
            if name not in workbench.gold
        ]
        precisions.append(np.mean(parts) if parts else 0.0)
    return precisions, [item.precision_low for item in items], seconds


def main():
    """Print a line for each kind of labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    for kind in (spans, sets):
        samples, schema, gold = kind()
        draws = [draw_of(samples, schema, gold, seed) for seed in range(given.draws)]
        means = np.array([np.mean(precisions) for precisions, _, _ in draws])
        below = np.concatenate([np.less(p, low) for p, low, _ in draws])
        sys.stdout.write(
            f"{kind.__name__}: mean {means.mean():.3f}, worst draw {means.min():.3f},"
            f" worst rule, mean {np.mean([min(p) for p, _, _ in draws]):.3f},"
            f" below bound {below.mean():.2f}, CPU {np.mean([s for _, _, s in draws]):.2f} s\n"
        )


if __name__ == "__main__":
    main()

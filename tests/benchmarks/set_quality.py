"""How good sets of labels are: python -m tests.benchmarks.set_quality [--draws N].

On the descriptions of scientific databases of `labeling.demo.databases`, with its 50 labeling
functions, and on made-up votes with a known truth: micro and macro F1 of any yes, of `SetModel`
with 0 to 1,000 gold samples drawn at random, and of the end model by text alone (above p = 0.5, and
by its thresholds) and by text and votes. Gold samples are left out where there are any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import labeling as lb
from tests.support.planted_sets import planted_sets

LFS = Path(__file__).parents[2] / "lfs" / "databases.py"
SIZES = (0, 30, 100, 300, 1000)
WORLDS = {
    "sparse and wrong": {"precision": 0.45, "spread": 0.1, "recall": 0.2},
    "of all kinds": {"precision": 0.5, "spread": 0.35, "recall": 0.4},
    "nearly right": {"precision": 0.85, "spread": 0.05, "recall": 0.5},
}


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def micro(chosen, truth):
    return 200 * (chosen & truth).sum() / (chosen.sum() + truth.sum())


def macro(chosen, truth):
    return float(
        np.mean(200 * (chosen & truth).sum(axis=0) / (chosen.sum(axis=0) + truth.sum(axis=0)))
    )


def truth_of(gold, schema):
    return np.array([[label in labels for label in schema] for labels in gold])


def drawn(gold, n, draw):
    """Return n gold samples drawn at random, `None` for none, and which samples are left."""
    if not n:
        return None, np.ones(len(gold), dtype=bool)
    rows = np.random.default_rng(draw).permutation(len(gold))[:n]
    left = np.ones(len(gold), dtype=bool)
    left[rows] = False
    return gold.iloc[rows], left


def by_votes(votes, gold, draws):
    """Yield gold samples, and micro and macro F1 of the model and their gains over any yes."""
    truth = truth_of(gold, votes.schema)
    any_yes = lb.SetModel().fit(votes).predict(votes).chosen
    for n in SIZES:
        scores = []
        for draw in range(draws if n else 1):
            given, left = drawn(gold, n, draw)
            chosen = lb.SetModel().fit(votes, gold=given).predict(votes).chosen[left]
            now = micro(chosen, truth[left]), macro(chosen, truth[left])
            before = micro(any_yes[left], truth[left]), macro(any_yes[left], truth[left])
            scores.append([*now, *np.subtract(now, before)])
        yield n, np.array(scores)


def by_text(data, votes, gold, n, draw):
    """Return micro and macro F1 of the end model in each way to decide."""
    truth = truth_of(gold, votes.schema)
    given, left = drawn(gold, n, draw)
    soft = lb.SetModel().fit(votes, gold=given).predict(votes)
    model = lb.EndModel().fit(data, soft, gold=given)
    text, both = model.predict(data), model.predict(data, soft=soft)
    ways = {
        "text, p > 0.5": text.array > 0.5,
        "text": text.chosen,
        "text and votes": both.chosen,
    }
    return {
        name: (micro(chosen[left], truth[left]), macro(chosen[left], truth[left]))
        for name, chosen in ways.items()
    }


def report(name, votes, gold, draws):
    say(f"{name}: {votes!r}")
    for n, scores in by_votes(votes, gold, draws):
        means, worst = scores.mean(axis=0), scores[:, 2].min()
        say(
            f"  SetModel, {n:4} gold: micro {means[0]:.1f} macro {means[1]:.1f}; against any yes"
            f" micro {means[2]:+.2f} macro {means[3]:+.2f}, worst draw micro {worst:+.2f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5)
    draws = parser.parse_args().draws
    from labeling.demo import databases

    data = databases.descriptions()
    votes = lb.apply(lb.load_labeling_functions(LFS), data, databases.SCHEMA)
    report("descriptions of databases", votes, data["subjects"], draws)
    for n in SIZES:
        scores = [
            by_text(data, votes, data["subjects"], n, draw) for draw in range(draws if n else 1)
        ]
        for way in scores[0]:
            mean = np.mean([of_draw[way] for of_draw in scores], axis=0)
            say(f"  end model, {n:4} gold, {way}: micro {mean[0]:.1f} macro {mean[1]:.1f}")
    model = lb.EndModel().fit(data, lb.SetModel().fit(votes).predict(votes), gold=data["subjects"])
    chosen, truth = model.predict(data).chosen, truth_of(data["subjects"], votes.schema)
    by_all = f"micro {micro(chosen, truth):.1f} macro {macro(chosen, truth):.1f}"
    say(f"  end model, all gold, cross-fitted, text: {by_all}")
    for name, settings in WORLDS.items():
        votes, gold = planted_sets(4000, n_labels=7, per_label=3, seed=0, **settings)
        report(f"made up, {name}", votes, gold, draws)


if __name__ == "__main__":
    main()

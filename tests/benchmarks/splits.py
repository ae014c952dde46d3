"""What splits cost, and what they are worth: python -m tests.benchmarks.splits [SETS] [--rows N].

On made-up texts: rows a second, against a plain pass of datasketch's MinHash without any search. On
sets with texts and gold labels: rows in clusters of near-duplicates; how much accuracy a random
split overstates (the same test rows, training rows with their near-duplicates against as many
without); how many rows move when data double; how often clean data are said to leak.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labeling as lb
from labeling.datasets.splits.clusters import clusters_of
from tests.benchmarks.corpus import comments
from tests.benchmarks.suggestions import samples_of

SETS = ("youtube", "sms", "trec", "topics_hausa", "imdb")
THRESHOLD = 0.8
MOST_PLAIN = 20_000
"""Texts of the plain pass: its time a text does not depend on how many there are."""


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def speed(rows):
    """Time the whole of a split on texts of about 64 characters, one in twenty nearly a repeat."""
    from datasketch import MinHash

    texts = comments(rows)["text"].str.slice(0, 64).tolist()
    for row in range(0, rows, 20):
        texts[row] = texts[(row * 7 + 3) % rows] + " x"
    frame = pd.DataFrame({"text": texts}, index=[f"s{row}" for row in range(rows)])
    few = texts[:MOST_PLAIN]
    begin = time.process_time()
    shingles = [[text[at : at + 5].encode() for at in range(max(1, len(text) - 4))] for text in few]
    MinHash.bulk(shingles, num_perm=128)
    plain = (time.process_time() - begin) / len(few)
    begin = time.process_time()
    lb.split(frame)
    ours = (time.process_time() - begin) / rows
    say(f"{rows:,} made-up texts: {1 / ours:,.0f} rows/s; {ours / plain:.2f} x MinHash.bulk alone")


def accuracy_of(train, test):
    """Return whether a classifier of words is right, for each test row."""
    words = TfidfVectorizer(sublinear_tf=True)
    model = make_pipeline(words, LogisticRegression(max_iter=300, C=10))
    model.fit(train["text"], train["label"])
    return (model.predict(test["text"]) == test["label"]).to_numpy(dtype=float)


def overstated(frame, code, draws):
    """Return what near-duplicates in train add to accuracy, for each draw of a random split."""
    gains = []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        is_test = rng.random(len(frame)) < 0.2
        is_clean = ~is_test & ~np.isin(code, code[is_test])
        leaky = rng.choice(np.flatnonzero(~is_test), is_clean.sum(), replace=False)
        test = frame[is_test]
        with_twins, without = (
            accuracy_of(frame.iloc[leaky], test),
            accuracy_of(frame[is_clean], test),
        )
        gains.append(with_twins.mean() - without.mean())
    return np.array(gains)


def moved(frame, draws):
    """Return the share of rows that move when data double, for each draw."""
    shares = []
    for seed in range(draws):
        half = np.random.default_rng(seed).random(len(frame)) < 0.5
        before = lb.split(frame[half], test=0.2, dev=0.1, salt=seed)
        after = lb.split(frame, test=0.2, dev=0.1, salt=seed)
        kept = lb.split(frame, test=0.2, dev=0.1, salt=seed, previous=before)
        assert (kept[half] == before).all()
        shares.append((before != after[half]).mean())
    return np.array(shares)


def alarms(frame, draws):
    """Return how many resamples with random columns and groups are said to leak."""
    count = 0
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        drawn = frame.iloc[rng.permutation(len(frame))[:1_000]]
        data = drawn[["text"]].assign(
            size=rng.normal(size=len(drawn)),
            country=rng.choice(list("abc"), len(drawn)),
            author=rng.integers(0, 300, len(drawn)).astype(str),
        )
        splits = lb.split(data, test=0.2, group="author", salt=seed)
        found = lb.find_leaks(data, splits, labels=drawn["label"], group="author")
        count += any(finding.status == "failed" for finding in found)
    return count


def main():
    """Measure, and print a line for each number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    speed(given.rows)
    for name in given.sets:
        texts, truth, _ = samples_of(name)
        frame = texts[["text"]].assign(label=truth)
        code = clusters_of(frame, "text", (), THRESHOLD).code
        sizes = np.bincount(code)
        n_twins = int(sizes[sizes > 1].sum())
        say(f"{name}: {n_twins / len(frame):.1%} of {len(frame):,} rows have a near-duplicate")
        gains = overstated(frame, code, given.draws)
        error = 1.96 * gains.std(ddof=1) / given.draws**0.5
        say(
            f"  they add {100 * gains.mean():+.2f} points of accuracy"
            f" [{100 * (gains.mean() - error):+.2f}, {100 * (gains.mean() + error):+.2f}],"
            f" {given.draws} draws"
        )
        shares = moved(frame, given.draws)
        say(f"  when data double {shares.mean():.2%} of the rows move (at most {shares.max():.1%})")
        n_alarms = alarms(frame, given.draws)
        say(f"  clean resamples that are said to leak: {n_alarms} of {given.draws}")


if __name__ == "__main__":
    main()

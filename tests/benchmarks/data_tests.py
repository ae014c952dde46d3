"""How often do the tests on data raise a false alarm, and which planted faults do they stop?

    python -m tests.benchmarks.data_tests [--draws 100] [--power-draws 20] [SET ...]

Each draw splits the samples of a set at random into a training set and its base: a report without
a failure is right. Faults are then planted in the training set: a report in which the named test
fails is right. Texts of another set are those of the set named next to it.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import labeling as lb
from labeling.datasets.data_tests import run_data_tests
from labeling.records.estimates import proportion
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("sms", "youtube", "trec")
OTHER = {"sms": "youtube", "youtube": "sms", "trec": "sms"}
Train = lb.TrainingSet
Rng = np.random.Generator


def training_set_of(name: str) -> Train:
    """Return a set's samples with their gold labels where known, and the votes of its functions."""
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    votes = data.votes.of_samples(samples.index)
    ids = pd.Index([f"{name}-{row}" for row in samples.index])
    rng = np.random.default_rng(0)
    samples = samples.assign(
        size=rng.normal(size=len(ids)), source=rng.choice(list("abc"), len(ids))
    )
    samples.index = ids
    table = lb.Votes.from_array(
        votes.to_array(), schema=votes.schema, voters=votes.voters, sample_ids=ids
    )
    soft = lb.LabelModel().fit(table).predict_proba(table)
    return lb.build_training_set(samples, soft, votes=table)


def halves(train: Train, rng: Rng) -> tuple[Train, Train]:
    """Return a random half of the samples, and the other."""
    order = rng.permutation(len(train))
    return train.take(order[: len(train) // 2]), train.take(order[len(train) // 2 :])


def with_texts(train: Train, texts: list[str]) -> Train:
    """Return a copy with other texts."""
    return dataclasses.replace(train, samples=train.samples.assign(text=texts))


def foreign_texts(share: float) -> Callable[..., Train]:
    """Return what puts texts of another set in the place of a share of the texts."""

    def plant(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
        texts = train.samples["text"].tolist()
        for row in rng.permutation(len(texts))[: round(share * len(texts))]:
            texts[row] = other[int(rng.integers(len(other)))]
        return with_texts(train, texts)

    return plant


def shifted_size(by: float) -> Callable[..., Train]:
    """Return what adds to a column of standard normal numbers."""

    def plant(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
        samples = train.samples.assign(size=train.samples["size"] + by)
        return dataclasses.replace(train, samples=samples)

    return plant


def fewer_of_label(share: float) -> Callable[..., Train]:
    """Return what leaves out a share of the samples of the most frequent label."""

    def plant(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
        label = int(np.bincount(train.codes).argmax())
        return train.take((train.codes != label) | (rng.random(len(train)) >= share))

    return plant


def silent_function(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
    """Take all votes of the function with most votes away."""
    codes = train.lf_codes.copy()
    codes[:, int((codes >= 0).sum(axis=0).argmax())] = -1
    return with_votes(train, codes)


def with_votes(train: Train, codes: Any) -> Train:
    """Return a copy with other votes."""
    votes = lb.Votes.from_array(
        codes, schema=train.schema, voters=train.voters, sample_ids=train.sample_ids
    )
    soft = lb.SoftLabels(
        train.probabilities, train.sample_ids, train.schema, np.ones(len(train), dtype=bool)
    )
    return lb.build_training_set(train.samples, soft, votes=votes)


def repeated_texts(share: float) -> Callable[..., Train]:
    """Return what puts copies of other texts in the place of a share of the texts."""

    def plant(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
        texts = train.samples["text"].tolist()
        order = rng.permutation(len(texts))
        count = round(share * len(texts))
        for row, copied in zip(order[:count], order[count : 2 * count], strict=True):
            texts[row] = texts[copied]
        return with_texts(train, texts)

    return plant


def trigger(share: float) -> Callable[..., Train]:
    """Return what adds an unusual word to a share of the texts, all with the rarest label."""

    def plant(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
        texts, codes = train.samples["text"].tolist(), train.codes.copy()
        for row in rng.permutation(len(texts))[: round(share * len(texts))]:
            texts[row] = f"{texts[row]} cf"
            codes[row] = int(np.bincount(train.codes, minlength=len(train.schema)).argmin())
        return relabelled(with_texts(train, texts), codes)

    return plant


def relabelled(train: Train, codes: Any) -> Train:
    """Return a copy with other labels, as sure as before."""
    names = np.array(train.schema.labels, dtype=object)[codes]
    probabilities = np.eye(len(train.schema))[codes]
    return train.with_columns(label=list(names), probabilities=list(probabilities))


def flipped_slice(known: bool) -> Callable[..., Train]:
    """Return what gives all samples with a frequent word the next label.

    Args:
        known: whether the base has the same samples, with their labels as they were.
    """

    def plant(train: Train, base: Train, rng: Rng, other: list[str]) -> Train:
        there = base if known else train
        words = Counter(
            word for text in there.samples["text"] for word in set(text.lower().split())
        )
        n = len(there)
        choices = sorted(word for word, count in words.items() if 0.04 * n <= count <= 0.10 * n)
        word = choices[int(rng.integers(len(choices)))]
        has = np.array([word in text.lower().split() for text in there.samples["text"]])
        return relabelled(there, np.where(has, (there.codes + 1) % len(there.schema), there.codes))

    return plant


FAULTS: tuple[tuple[str, str, Callable[..., Train]], ...] = (
    *(
        (f"{share:.0%} of the texts from another set", "drift_text", foreign_texts(share))
        for share in (0.05, 0.1, 0.2, 0.4)
    ),
    *(
        (f"a number shifted by {by:g} standard deviations", "drift_columns", shifted_size(by))
        for by in (0.1, 0.25, 0.5, 1.0)
    ),
    *(
        (f"{share:.0%} of the main label left out", "drift_labels", fewer_of_label(share))
        for share in (0.2, 0.4, 0.6)
    ),
    ("the most active function is silent", "lf_health", silent_function),
    *(
        (f"{share:.0%} of the texts are copies", "duplicates", repeated_texts(share))
        for share in (0.05, 0.1, 0.2)
    ),
    *(
        (f"a trigger word in {share:.1%} of the texts", "trigger_words", trigger(share))
        for share in (0.01, 0.02, 0.05)
    ),
    ("labels of new samples with a word flipped", "labels_by_slice", flipped_slice(False)),
    ("labels of known samples with a word flipped", "label_flips", flipped_slice(True)),
)


def false_alarms(name: str, draws: int) -> None:
    """Print how many reports of clean draws have a failure, and of which test."""
    train = training_set_of(name)
    tests: Counter[str] = Counter()
    hits, started = 0, time.process_time()
    for draw in range(draws):
        report = run_data_tests(*halves(train, np.random.default_rng(draw)))
        hits += not report.passed
        tests.update(one.name for one in report.failed)
    seconds = (time.process_time() - started) / draws
    named = ", ".join(f"{test} {count}" for test, count in tests.most_common())
    write(
        f"| {name} | {len(train) // 2:,} | {proportion(hits, draws)} | {named or 'none'} |"
        f" {seconds:.2f} s |"
    )


def power(name: str, draws: int) -> None:
    """Print how many reports of draws with a planted fault have a failure of its test."""
    train = training_set_of(name)
    other = read_texts(data_folder(), OTHER[name])["text"].tolist()
    for what, test, plant in FAULTS:
        hits = anything = 0
        for draw in range(draws):
            rng = np.random.default_rng(10_000 + draw)
            head, base = halves(train, rng)
            report = run_data_tests(plant(head, base, rng, other), base)
            hits += report[test].status == "failed"
            anything += not report.passed
        write(f"| {name} | {what} | {test} | {hits} of {draws} | {anything} of {draws} |")


def write(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--power-draws", type=int, default=20)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    write("| set | samples of each half | reports with a failure | tests | CPU a report |")
    write("|---|--:|--:|---|--:|")
    for name in given.sets:
        false_alarms(name, given.draws)
    write("\n| set | planted fault | test | stopped by it | stopped |\n|---|---|---|--:|--:|")
    for name in given.sets:
        power(name, given.power_draws)


if __name__ == "__main__":
    main()

"""Do likely label errors come first, how many are estimated, and are slices found by chance?

    python -m tests.benchmarks.planted_errors [--draws 3] [SET ...]

Errors are planted in the gold labels of real texts: `uniform` flips a label to any other, `lost`
gives it the most frequent label, as weak labels do. The probabilities are those of a linear model
of TF-IDF, cross-validated on the planted labels. Precision of as many as were planted, by
`label_errors`, by the margin of the model, and by its confidence in the given label; and how many
errors were estimated. Then slices of the label model's own errors, and in how many searches of
permuted errors a slice was confirmed (promised: 5 %).
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

import labeling as lb
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("youtube", "sms", "trec", "topics_hausa", "imdb")
MOST = 3000
RATES = (0.05, 0.15)
PERMUTATIONS = 40


def known(name: str):
    """Return texts with a gold label, their codes, the number of labels, and the votes' errors."""
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    codes = np.asarray(data.gold[samples.index])
    rows = np.flatnonzero(codes >= 0)[:MOST]
    votes = data.votes.of_samples(samples.index)
    array = lb.LabelModel().fit(votes).predict_proba(votes).to_array()[rows]
    wrong = pd.Series(array.argmax(axis=1) != codes[rows], samples.index[rows])
    return samples[["text"]].iloc[rows], codes[rows], int(codes.max()) + 1, wrong


def planted(codes, k: int, kind: str, rate: float, rng: np.random.Generator):
    """Return the codes with errors, and which are wrong."""
    is_wrong, given = rng.random(len(codes)) < rate, codes.copy()
    if kind == "lost":
        frequent = np.bincount(codes).argmax()
        is_wrong &= codes != frequent
        given[is_wrong] = frequent
    else:
        given[is_wrong] = (codes[is_wrong] + rng.integers(1, k, is_wrong.sum())) % k
    return given, is_wrong


def probabilities(features, given, k: int):
    """Return out-of-sample probabilities."""
    array = np.zeros((len(given), k))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(features, given):
        model = LogisticRegression(C=10, max_iter=300).fit(features[train], given[train])
        array[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    return array


def precisions(ids, given, is_wrong, array) -> list[float]:
    """Return the number planted, three precisions, and the number estimated."""
    n, rows = int(is_wrong.sum()), np.arange(len(given))
    schema = lb.LabelSchema([f"label {code}" for code in range(array.shape[1])])
    soft = lb.SoftLabels(array, ids, schema, [True] * len(ids))
    labels = pd.Series([schema.labels[code] for code in given], ids)
    found = lb.label_errors(labels, soft)
    own = array[rows, given]
    others = np.where(np.eye(array.shape[1], dtype=bool)[given], -1, array).max(axis=1)
    top = pd.Series(is_wrong, ids)[found.ranked.index[:n]].mean()
    of_margin = is_wrong[np.argsort(own - others, kind="stable")[:n]].mean()
    of_own = is_wrong[np.argsort(own, kind="stable")[:n]].mean()
    return [n, float(top), float(of_margin), float(of_own), found.errors.value]


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--draws", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.process_time()
    titles = ("set", "errors", "planted", "label_errors", "margin", "confidence", "estimated")
    say("| " + " | ".join(titles) + " |")
    say("|---" * len(titles) + "|")
    slices = []
    for name in asked.sets:
        samples, codes, k, wrong = known(name)
        features = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(samples["text"])
        for kind in ("uniform", "lost"):
            for rate in RATES:
                rows = []
                for draw in range(asked.draws):
                    given, is_wrong = planted(codes, k, kind, rate, np.random.default_rng(draw))
                    array = probabilities(features, given, k)
                    rows.append(precisions(samples.index, given, is_wrong, array))
                n, *of_top, estimated = np.mean(rows, axis=0)
                cells = [f"{n:.0f}", *(f"{each:.3f}" for each in of_top), f"{estimated:.0f}"]
                say("| " + " | ".join([name, f"{kind} {rate:.0%}", *cells]) + " |")
        found = lb.find_slices(samples, wrong)
        rng = np.random.default_rng(0)
        by_chance = sum(
            bool(lb.find_slices(samples, pd.Series(rng.permutation(wrong), wrong.index)).slices)
            for _ in range(PERMUTATIONS)
        )
        best = found.slices[0].description if found.slices else "-"
        cells = [name, f"{wrong.mean():.3f} of {len(wrong)}", str(len(found.slices)), best]
        slices.append("| " + " | ".join([*cells, f"{by_chance} of {PERMUTATIONS}"]) + " |")
    say("\n| set | errors of the label model | confirmed slices | the worst | by chance |")
    say("|---" * 5 + "|")
    for line in slices:
        say(line)
    say(f"\n{time.process_time() - started:.0f} s of CPU time")


if __name__ == "__main__":
    main()

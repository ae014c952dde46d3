"""Training on selected weak labels: python -m tests.benchmarks.cut_statistic [SETS].

Samples with a text are split at random into 70 % to train on and 30 % to test on. A label model
labels the former, and classifiers are trained on all its labels, or on a selection of them: by the
cut statistic, by the label model's confidence, or with the statistic's p-value as a weight. A draw
is another split, with all voters and with a half of them drawn at random. What is printed are
points of accuracy and of macro F1 against all labels, paired by draw, means over the draws with
95 % intervals (Student's t), and the mean over the sets with the interval of sets drawn at random.
No gold label has a part in training.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

import labeling as lb
from labeling.records import cut_statistic, least_cut, random_order, text_points
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

SETS = ("youtube", "sms", "trec", "topics_hausa", "box_claude9", "box_chemprot", "imdb")
MOST = 3_000
"""Samples of a set: more are left out at random."""
ALL = "all"
SHARES = (0.2, 0.4, 0.6, 0.8, 0.9)


def selections(statistic, confidence, codes, ids):
    """Return weights of weak labels, by the name of the selection; 0 leaves out."""
    by_statistic = {f"cut {share}": least_cut(statistic, ids, share) for share in SHARES}
    by_confidence = {
        f"confident {share}": least_cut(-confidence, ids, share) for share in (0.6, 0.8)
    }
    stratified = {}
    for share in (0.6, 0.8):
        kept = np.zeros(len(codes), dtype=bool)
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            kept[rows] = least_cut(statistic[rows], ids[rows], share)
        stratified[f"cut {share}, each label"] = kept
    kept = {
        "auto": least_cut(statistic, ids, "auto"),
        **by_statistic,
        "cut, share = confidence": least_cut(statistic, ids, float(confidence.mean())),
        **stratified,
        **by_confidence,
    }
    weights = {ALL: confidence} | {name: confidence * mask for name, mask in kept.items()}
    return weights | {"weight p": confidence * norm.sf(statistic)}


def macro_f1(truth, predicted):
    """Return the mean F1 of the labels that occur."""
    scores = []
    for code in np.unique(truth):
        both = ((truth == code) & (predicted == code)).sum()
        scores.append(2 * both / ((truth == code).sum() + (predicted == code).sum()))
    return float(np.mean(scores))


def classifiers():
    """Return the classifiers that are trained on weak labels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB

    return {
        "logistic": LogisticRegression(C=10, max_iter=100, tol=1e-3),
        "bayes": MultinomialNB(),
    }


def roc_aucs(is_right, statistic, confidence):
    """Return how well right labels are told from wrong ones: areas under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    if is_right.all() or not is_right.any():
        return np.nan, np.nan
    return roc_auc_score(is_right, -statistic), roc_auc_score(is_right, confidence)


class Draw:
    """A split of a set, labeled by the label model or by the end model on top of it."""

    def __init__(self, name, seed, *, is_half, teacher):
        texts, data = read_texts(data_folder(), name), read_set(data_folder(), name)
        texts = texts[data.gold[texts.index] >= 0]
        rng = np.random.default_rng([seed, is_half])
        ids = texts.index[rng.permutation(len(texts))[:MOST]]
        n_test = int(0.3 * len(ids))
        votes = data.votes
        if is_half:
            n_voters = len(votes.voters)
            columns = np.sort(rng.permutation(n_voters)[: max(3, (n_voters + 1) // 2)])
            votes = lb.Votes.from_array(votes.to_array()[:, columns], schema=votes.schema)
        self.test, self.train = texts.loc[ids[:n_test]], texts.loc[ids[n_test:]]
        self.truth, self.gold = data.gold[self.test.index], data.gold[self.train.index]
        self.found = (np.nan, np.nan)
        self.votes = votes.of_samples(self.train.index)
        self.soft = lb.LabelModel().fit(self.votes).predict_proba(self.votes)
        if teacher == "end model":
            end = lb.EndModel().fit(self.train, self.soft, votes=self.votes)
            both = end.predict_proba(self.train, soft=self.soft, votes=self.votes)
            covered = self.soft.covered
            self.soft = lb.SoftLabels(both.to_array(), both.sample_ids, both.schema, covered)

    def classifier_scores(self):
        """Yield (classifier, selection, accuracy, macro F1, accuracy of its labels, share kept)."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        codes = self.soft.codes()
        rows = np.flatnonzero(codes >= 0)
        rows = rows[random_order(self.train.index[rows], np.random.default_rng(0))]
        ids, codes = self.train.index[rows], codes[rows]
        confidence = self.soft.confidence()[rows]
        documents = self.train["text"].iloc[rows].tolist()
        statistic = cut_statistic(text_points(documents, 0, topics=100), codes, ids)
        self.found = roc_aucs(codes == self.gold[rows], statistic, confidence)
        words = TfidfVectorizer(
            sublinear_tf=True, ngram_range=(1, 2), min_df=2, token_pattern=r"\S+"
        )
        vectors = words.fit_transform(documents)
        tested = words.transform(self.test["text"])
        for selection, weights in selections(statistic, confidence, codes, ids).items():
            kept = weights > 1e-12
            right = float((codes == self.gold[rows])[kept].mean())
            for name, classifier in classifiers().items():
                predicted = np.full(len(self.truth), codes[kept][0])
                if len(np.unique(codes[kept])) > 1:
                    classifier.fit(vectors[kept], codes[kept], weights[kept])
                    predicted = classifier.predict(tested)
                accuracy = float((predicted == self.truth).mean())
                yield name, selection, accuracy, macro_f1(self.truth, predicted), right, kept.mean()

    def end_model_scores(self):
        """Yield the same of the end model's own option, and of its posterior on the pool."""
        for select in (None, "auto", 0.4, 0.6, 0.8):
            model = lb.EndModel(select=select).fit(self.train, self.soft, votes=self.votes)
            by_text = model.predict_proba(self.test).to_array().argmax(axis=1)
            pool = model.predict_proba(self.train, soft=self.soft, votes=self.votes)
            by_both = pool.to_array().argmax(axis=1)
            name = ALL if select is None else select if select == "auto" else f"cut {select}"
            for kind, truth, predicted in (
                ("end model", self.truth, by_text),
                ("end model, pool", self.gold, by_both),
            ):
                accuracy = float((predicted == truth).mean())
                yield kind, name, accuracy, macro_f1(truth, predicted), np.nan, np.nan


def interval(values):
    """Return the mean of values and half its 95 % interval."""
    if len(values) < 2:
        return float(np.mean(values)), float("nan")
    spread = np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values)), float(student.ppf(0.975, len(values) - 1) * spread)


def print_table(title, found, measure):
    """Print the differences to all labels, a line for each selection.

    Args:
        title: of the table.
        found: {set: {selection: scores by draw, shape (n_draws, 4)}}.
        measure: 0 for accuracy, 1 for macro F1.
    """
    n_draws = {name: len(of_set[ALL]) for name, of_set in found.items()}
    sys.stdout.write(f"\n{title}; draws {n_draws}\n")
    heading = " ".join(f"{name[:12]:>12s}" for name in found)
    sys.stdout.write(f"{'':24s} {heading}    mean of {len(found)} sets   worst   right   kept\n")
    for selection in next(iter(found.values())):
        cells, means = [], []
        for of_set in found.values():
            scores = 100 * np.array(of_set[selection])[:, measure]
            if selection != ALL:
                scores = scores - 100 * np.array(of_set[ALL])[:, measure]
            mean, half = interval(scores)
            means.append(mean)
            cells.append(f"{mean:+6.2f} ±{half:4.1f}")
        mean, half = interval(means)
        right, kept = np.mean([np.mean(s[selection], axis=0)[2:] for s in found.values()], axis=0)
        sys.stdout.write(
            f"{selection:24s} {' '.join(cells)}  {mean:+6.2f} ±{half:4.1f}      {min(means):+6.2f}"
            f"   {right:5.3f}   {kept:4.2f}\n"
        )
    sys.stdout.flush()


def print_areas(areas):
    """Print how well right labels are told from wrong ones, a line for each set."""
    sys.stdout.write("Area under the ROC curve of right labels: cut statistic, confidence\n")
    means = {name: np.nanmean(np.array(of_set), axis=0) for name, of_set in areas.items()}
    for name, (by_statistic, by_confidence) in means.items():
        n = len(areas[name])
        sys.stdout.write(f"{name:14s} {by_statistic:.3f} {by_confidence:.3f}  ({n} draws)\n")
    for column, title in enumerate(("cut statistic", "confidence")):
        mean, half = interval([values[column] for values in means.values()])
        sys.stdout.write(f"mean of {len(means)} sets, {title}: {mean:.3f} ± {half:.3f}\n")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--teacher", choices=("label model", "end model"), default="label model")
    parser.add_argument("--end-model", action="store_true", help="the option of EndModel")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    found, areas, begin = {}, {}, time.process_time()
    for name in given.sets or SETS:
        for seed in range(given.first, given.first + given.draws):
            for is_half in (False, True):
                draw = Draw(name, seed, is_half=is_half, teacher=given.teacher)
                scores = draw.end_model_scores() if given.end_model else draw.classifier_scores()
                for kind, selection, *values in scores:
                    of_set = found.setdefault(kind, {}).setdefault(name, {})
                    of_set.setdefault(selection, []).append(values)
                areas.setdefault(name, []).append(draw.found)
        sys.stderr.write(f"{name}: {time.process_time() - begin:.0f} s of CPU\n")
    if not given.end_model:
        print_areas(areas)
    for kind, of_kind in found.items():
        title = f"{kind}, labels of the {given.teacher}"
        print_table(f"{title}: accuracy in points", of_kind, 0)
        print_table(f"{title}: macro F1 in points", of_kind, 1)


if __name__ == "__main__":
    main()

"""Models of spans on real votes with gold: python -m tests.benchmarks.span_quality [PARTS].

Strict F1, times 100. Functions: two sets of public taggers' votes (LABELING_DATA, else
`../shared/data`), the functions that their source recommends and all of them; test rows, and all
rows. Models are fitted on all rows without gold. Gold: random samples, five draws, on the test rows
that are not among them. People: a crowd that marked news texts; its texts are not at hand. Tagger:
spans of `SpanTagger` where no voter spoke. Speed: a million words, twenty functions that mark a
tenth of them each; seconds of processor time for units, fit and decoding, and the peak of memory.
Calls: nanoseconds of processor time for a span function that finds nothing, by sample.
"""

from __future__ import annotations

import argparse
import collections
import resource
import subprocess
import sys
import time
import types

import numpy as np
import pandas as pd

import labeling as lb
from labeling.label_models import MODELS
from labeling.records import Marks, SpanVotes, span_units
from tests.benchmarks.quality.data import data_folder
from tests.support import sequences

SETS = ("seq_laptopreview", "seq_ncbi-disease")
DRAWS = 5
N_GOLD = (30, 50, 100, 300)


def f1(answer, source, ids):
    """Return strict F1 on samples, in percent."""
    gold = {sample_id: source.gold[sample_id] for sample_id in ids}
    return 100 * lb.span_scores(answer, gold, source.votes.schema).f1.value


def settings():
    """Yield the name of each setting and its set."""
    for name in SETS:
        source = sequences.tagged(data_folder() / name)
        recommended = source.votes.of_voters(source.recommended)
        yield f"{name}, recommended", source._replace(votes=recommended)
        yield f"{name}, all", source


def row(name, *values):
    """Print a row of a table in Markdown."""
    cells = [f"{value:.1f}" if isinstance(value, float) else str(value) for value in values]
    sys.stdout.write(f"| {name} | " + " | ".join(cells) + " |\n")


def heading(*names):
    """Print the head of a table in Markdown."""
    sys.stdout.write("\n| " + " | ".join(names) + " |\n|" + "---|" * len(names) + "\n")
    sys.stdout.flush()


def functions():
    """Score the model of spans against the majority of tokens, without gold."""
    heading(
        "functions, no gold", "tokens, test", "SpanModel, test", "tokens, all", "SpanModel, all"
    )
    for name, source in settings():
        tokens = sequences.token_majority(source, seed=0, silence=False)
        spans = lb.SpanModel().fit(source.votes).predict(source.votes)
        ids = (source.test, source.votes.sample_ids)
        row(name, *(f1(answer, source, rows) for rows in ids for answer in (tokens, spans)))


def gold():
    """Score what random gold samples gain: mean and worst of the draws."""
    heading("gold, change of F1 (mean, worst)", *(f"{n} samples" for n in N_GOLD))
    sources = [*settings(), ("crowd_ner", crowd())]
    for name, source in sources:
        cells = []
        for n in N_GOLD:
            if n > len(source.votes) // 2:
                cells.append("")
                continue
            changes = [gold_change(source, n, draw) for draw in range(DRAWS)]
            cells.append(f"{np.mean(changes):+.1f}, {min(changes):+.1f}")
        row(name, *cells)


def gold_change(source, n, draw):
    """Return the change of F1 by gold of n samples, on the test rows without them."""
    votes = source.votes
    chosen = set(np.random.default_rng(draw).permutation(votes.sample_ids)[:n])
    rest = [sample_id for sample_id in source.test if sample_id not in chosen]
    truth = {sample_id: source.gold[sample_id] for sample_id in chosen}
    plain = lb.SpanModel().fit(votes).predict(votes)
    taught = lb.SpanModel().fit(votes, gold=truth).predict(votes)
    return f1(taught, source, rest) - f1(plain, source, rest)


def crowd():
    """Return the answers of the crowd."""
    return sequences.answered(data_folder() / "crowd_ner")


def people():
    """Score models of annotators over candidate spans, and the majority of tokens."""
    source = crowd()
    heading("people", "precision", "recall", "F1")
    answers = {"majority of tokens": sequences.token_majority(source, seed=0)}
    for name in ("majority_vote", "dawid_skene", "one_coin"):
        answers[f"candidates, {name}"] = by_units(MODELS[name](), source.votes)
    answers["candidates, AnnotatorModel"] = (
        lb.AnnotatorModel().fit(source.votes).predict(source.votes)
    )
    for name, answer in answers.items():
        scores = lb.span_scores(answer, source.gold, source.votes.schema)
        row(name, *(100 * score.value for score in (scores.precision, scores.recall, scores.f1)))


def by_units(model, votes):
    """Return the spans of a label model of whole samples, fitted to candidate spans."""
    units = votes.units()
    soft = model.fit(units).predict_proba(units)
    spans = {sample_id: [] for sample_id in votes.sample_ids}
    array = soft.to_array()
    best = zip(units.sample_ids, array.argmax(axis=1), array.max(axis=1), strict=True)
    for (sample_id, start, end), code, _ in sorted(best, key=lambda item: -item[2]):
        places = spans[sample_id]
        if code < len(votes.schema) and all(end <= a or b <= start for a, b, _ in places):
            places.append((start, end, votes.schema.labels[code]))
    return spans


def mixed():
    """Score people and functions in one model: some of the crowd stand for functions."""
    source = crowd()
    votes = source.votes
    heading("20 of 46 annotators as functions", "both", "people", "functions")
    for draw in range(3):
        chosen = set(np.random.default_rng(draw).choice(votes.voters, 20, replace=False))
        speaks = [name not in chosen for name in votes.voters]
        both = SpanVotes(
            votes.marks,
            votes.sample_ids,
            votes.voters,
            votes.schema,
            speaks=speaks,
            asked=votes.asked,
        )
        scores = []
        for who in (votes.voters, set(votes.voters) - chosen, chosen):
            part = both.of_voters(sorted(who))
            soft = lb.SpanModel().fit(part).predict(part)
            scores.append(f1(soft, source, votes.sample_ids))
        row(f"draw {draw}", *scores)


def tagger():
    """Score spans with those that the tagger adds."""
    heading(
        "tagger", "votes, test", "with tagger, test", "votes, all", "with tagger, all", "seconds"
    )
    for name, source in settings():
        soft = lb.SpanModel().fit(source.votes).predict(source.votes)
        data = source.texts.to_frame("text")
        start = time.process_time()
        added = lb.SpanTagger().fit(data, soft).predict(data, soft=soft)
        seconds = time.process_time() - start
        ids = (source.test, source.votes.sample_ids)
        scores = [f1(answer, source, rows) for rows in ids for answer in (soft, added)]
        row(name, *scores, seconds)


def speed():
    """Measure a million words in a process of its own, with one label and with four."""
    heading("speed", "candidates", "units, s", "fit, s", "predict, s", "peak, MB", "before, MB")
    for n_labels in (1, 4):
        command = [sys.executable, "-W", "ignore", "-m", __spec__.name, "--labels", str(n_labels)]
        subprocess.run(command, check=True)


def measure(n_labels):
    """Print the row of a number of labels."""
    votes = million_words(n_labels)
    tiny = votes.of_samples(votes.sample_ids[:9])
    lb.SpanModel().fit(tiny)  # what it imports is loaded before the clock starts
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    clock = [time.process_time()]
    n = len(span_units(votes).sample)
    clock.append(time.process_time())
    model = lb.SpanModel().fit(votes)
    clock.append(time.process_time())
    model.predict(votes)
    clock.append(time.process_time())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row(f"{n_labels} labels", n, *map(float, np.diff(clock)), peak, before)


def calls(n_samples=200_000):
    """Measure what a span function that finds nothing takes, alone and as one more of several."""
    texts = pd.DataFrame({"text": [f"text number {number}" for number in range(n_samples)]})
    schema, rows = lb.LabelSchema(["PER"], kind="spans"), texts["text"].tolist()
    heading("calls, ns a sample", "alone", "one more of several", "the function itself")
    for name, function in (("returns None", nothing), ("finds a span", four_characters)):
        lfs = [
            lb.span_labeling_function(label="PER", name=f"{name} {number}")(
                types.FunctionType(function.__code__, globals())
            )
            for number in range(6)
        ]
        alone, several = (
            cpu_ns(lambda few=few: lb.apply(few, texts, schema), n_samples)
            for few in (lfs[:1], lfs)
        )
        body = cpu_ns(lambda call=function: collections.deque(map(call, rows), 0), n_samples)
        row(name, alone, (several - alone) / 5, body)


def nothing(x):
    """Mark nothing."""


def four_characters(x):
    """Mark the first four characters."""
    return [(0, 4)]


def cpu_ns(call, n, repeats=5):
    """Return the least CPU time of a call, in nanoseconds for each of n samples."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return 1e9 * min(seconds) / n


def million_words(n_labels, n_samples=50_000, n_functions=20):
    """Return votes on texts of twenty words; most functions mark the same places."""
    rng = np.random.default_rng(0)
    common, size = rng.integers(0, 17, n_samples), rng.integers(1, 4, n_samples)
    parts = []
    for voter in range(n_functions):
        same = rng.random(n_samples) < 0.7
        start = np.where(same, common, rng.integers(0, 17, n_samples))
        words = np.where(same, size, rng.integers(1, 4, n_samples))
        right = rng.random(n_samples) < 0.8
        label = np.where(right, common % n_labels, rng.integers(0, n_labels, n_samples))
        sample, who = np.arange(n_samples), np.full(n_samples, voter)
        parts.append(Marks(sample, start * 6, (start + words) * 6 - 1, label, who, words))
    marks = Marks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    schema = lb.LabelSchema([f"label {number}" for number in range(n_labels)], kind="spans")
    ids = pd.Index([f"s{number}" for number in range(n_samples)])
    return SpanVotes(marks, ids, [f"lf{number:02}" for number in range(n_functions)], schema)


PARTS = {
    "functions": functions,
    "gold": gold,
    "people": people,
    "mixed": mixed,
    "tagger": tagger,
    "speed": speed,
    "calls": calls,
}


def main():
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--labels", type=int, help="measure speed with so many labels, here")
    given = parser.parse_args()
    if given.labels:
        measure(given.labels)
        return
    for part in given.parts or PARTS:
        PARTS[part]()


if __name__ == "__main__":
    main()

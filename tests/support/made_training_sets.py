"""Made-up training sets for the tests on data: texts of words, labels, votes, people."""

import datetime

import numpy as np
import pandas as pd

import labeling as lb

SCHEMA = lb.LabelSchema(["ham", "spam"])
HAM = ("great", "song", "love", "music", "video", "band", "live", "voice", "album", "melody")
SPAM = ("free", "money", "click", "link", "channel", "win", "cash", "prize", "offer", "visit")
BOTH = ("the", "a", "this", "my", "your", "is", "and", "to", "of", "for", "with", "in", "you")
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def made_samples(n, seed=0, prefix="s", spam=0.4):
    """Return samples with a text, a source and a size, and their true label codes."""
    rng = np.random.default_rng(seed)
    codes = (rng.random(n) < spam).astype(int)
    texts = []
    for code in codes:
        own = rng.choice(SPAM if code else HAM, 4)
        texts.append(" ".join(rng.permutation([*own, *rng.choice(BOTH, 8)])))
    frame = pd.DataFrame(
        {
            "text": texts,
            "source": rng.choice(["web", "app", "mail"], n, p=[0.5, 0.3, 0.2]),
            "size": rng.normal(size=n),
            "at": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s"),
        },
        index=pd.Index([f"{prefix}{seed}-{number}" for number in range(n)], name="id"),
    )
    return frame, codes


def made_votes(codes, seed=0):
    """Return votes of three functions: two that vote for a label each, and one for both."""
    rng = np.random.default_rng(seed + 1000)
    n = len(codes)
    right = np.where(rng.random((n, 3)) < 0.9, codes[:, None], 1 - codes[:, None])
    votes = np.where(rng.random((n, 3)) < 0.6, right, -1)
    votes[:, 0] = np.where(votes[:, 0] == 1, 1, -1)
    votes[:, 1] = np.where(votes[:, 1] == 0, 0, -1)
    return votes


def made_set(frame, codes, votes=None, people=0, agreeing=1.0, seed=0):
    """Return a training set with these labels.

    Args:
        frame: the samples.
        codes: their label codes.
        votes: of the functions; `None` makes some.
        people: samples with labels of two people.
        agreeing: the share of these on which the two agree.
        seed: of the votes.
    """
    rng = np.random.default_rng(seed + 2000)
    votes = made_votes(codes, seed) if votes is None else votes
    table = lb.Votes.from_array(
        votes, schema=SCHEMA, voters=["links", "praise", "words"], sample_ids=frame.index
    )
    probabilities = np.where(np.eye(2)[codes] == 1, 0.9, 0.1)
    soft = lb.SoftLabels(probabilities, frame.index, SCHEMA, [True] * len(frame))
    annotations, gold = [], {}
    for sample, code in zip(frame.index[:people], codes[:people].tolist(), strict=True):
        other = code if rng.random() < agreeing else 1 - code
        for person, label in (("ann", code), ("bob", other)):
            annotations.append(lb.Annotation(sample, person, SCHEMA.labels[label], NOW, NOW))
        gold[sample] = SCHEMA.labels[code]
    return lb.build_training_set(
        frame, soft, votes=table, annotations=annotations, gold=gold or None
    )


def made(n=600, seed=0, **how):
    """Return a training set of n samples; equal for equal arguments."""
    samples = {name: how.pop(name) for name in ("prefix", "spam") if name in how}
    frame, codes = made_samples(n, seed, **samples)
    return made_set(frame, codes, seed=seed, **how)

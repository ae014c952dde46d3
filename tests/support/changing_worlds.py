"""Random worlds from which training sets are made, and random changes of them, for diffs."""

from __future__ import annotations

import dataclasses
import datetime
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import labeling as lb
from labeling.datasets import TrainingSet, build_training_set
from labeling.records import Annotation, GoldLabel, LabelSource

LABELS = ("ham", "spam", "news")
WORDS = tuple("abcdefghij")
KINDS = ("data", "person", "rule", "config")
WHEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class World:
    """Everything a training set is made of.

    Attributes:
        texts: of each sample.
        functions: of each labeling function, the label that each word votes for.
        answers: of each sample, the label that each annotator gave.
        decisions: of each sample, the reviewers' labels by name; `None` is a skip.
        settings: `min_confidence`, `keep_undecided` and `label_model`.
    """

    texts: dict[str, str]
    functions: dict[str, dict[str, str]]
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    decisions: dict[str, dict[str, str | None]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def random_world(rng: np.random.Generator, n: int = 40) -> World:
    """Return a world of n samples."""
    texts = {f"s{place:03}": _text(rng) for place in range(n)}
    functions = {f"f{place}": _function(rng) for place in range(4)}
    world = World(
        texts,
        functions,
        settings={"min_confidence": 0.45, "keep_undecided": False, "label_model": "weighted"},
    )
    for _ in range(n // 6):
        world = change_people(world, rng)
    return world


def _text(rng: np.random.Generator) -> str:
    return " ".join(rng.choice(WORDS, size=3))


def _function(rng: np.random.Generator) -> dict[str, str]:
    words = rng.choice(WORDS, size=3, replace=False)
    return {str(word): str(rng.choice(LABELS)) for word in words}


def change_data(world: World, rng: np.random.Generator) -> World:
    """Return a world with a sample more, one less, and one with another text."""
    texts = dict(world.texts)
    edited, gone = (str(one) for one in rng.choice(sorted(texts), size=2, replace=False))
    texts[edited] = f"{_text(rng)} {rng.integers(1000)}"
    del texts[gone]
    texts[f"t{rng.integers(1_000_000):06}"] = _text(rng)
    return dataclasses.replace(
        world,
        texts=texts,
        answers={key: value for key, value in world.answers.items() if key in texts},
        decisions={key: value for key, value in world.decisions.items() if key in texts},
    )


def change_people(world: World, rng: np.random.Generator) -> World:
    """Return a world in which somebody answered or decided otherwise on a sample."""
    answers, decisions = dict(world.answers), dict(world.decisions)
    sample_id = str(rng.choice(sorted(world.texts)))
    if rng.random() < 0.5:
        label = str(rng.choice(LABELS))
        answers[sample_id] = {**answers.get(sample_id, {}), str(rng.choice(["ann", "bob"])): label}
    else:
        label = None if rng.random() < 0.3 else str(rng.choice(LABELS))
        decisions[sample_id] = {"rev": label}
    return dataclasses.replace(world, answers=answers, decisions=decisions)


def change_rules(world: World, rng: np.random.Generator) -> World:
    """Return a world with a function edited, new or dropped."""
    functions = dict(world.functions)
    name = str(rng.choice(sorted(functions)))
    what = rng.random()
    if what < 0.2 and len(functions) > 2:
        del functions[name]
    elif what < 0.4:
        functions[f"g{rng.integers(1_000_000)}"] = _function(rng)
    else:
        functions[name] = _function(rng)
    return dataclasses.replace(world, functions=functions)


def change_config(world: World, rng: np.random.Generator) -> World:
    """Return a world with another setting."""
    settings = dict(world.settings)
    match int(rng.integers(3)):
        case 0:
            settings["min_confidence"] = float(rng.choice([0.0, 0.4, 0.5, 0.6, 0.8]))
        case 1:
            settings["keep_undecided"] = not settings["keep_undecided"]
        case _:
            is_plain = settings["label_model"] == "plain"
            settings["label_model"] = "weighted" if is_plain else "plain"
    return dataclasses.replace(world, settings=settings)


CHANGES = {
    "data": change_data,
    "person": change_people,
    "rule": change_rules,
    "config": change_config,
}


def training_set_of(world: World) -> TrainingSet:
    """Return the training set of a world; its model learns weights from all votes and people."""
    ids = pd.Index(list(world.texts), name="id")
    schema = lb.LabelSchema(LABELS)
    table = {
        name: [_vote(words, text) for text in world.texts.values()]
        for name, words in world.functions.items()
    }
    votes = lb.Votes.from_array(
        np.array(list(table.values())).T, schema=schema, sample_ids=ids, voters=list(table)
    )
    gold, annotations = _people(world)
    train = build_training_set(
        pd.DataFrame({"text": list(world.texts.values())}, index=ids),
        _soft(votes, gold, world.settings["label_model"]),
        gold=gold,
        votes=votes,
        annotations=annotations,
        min_confidence=world.settings["min_confidence"],
        keep_undecided=world.settings["keep_undecided"],
    )
    fingerprints = {
        name: f"{zlib.crc32(repr(sorted(words.items())).encode()):08x}"
        for name, words in world.functions.items()
    }
    return train.with_origin(
        {"functions": fingerprints, "config": {"label_model": world.settings["label_model"]}}
    )


def votes_of(world: World, sample_id: str) -> dict[str, int]:
    """Return the votes of the functions on a sample, without abstentions."""
    text = world.texts.get(sample_id, "")
    votes = {name: _vote(words, text) for name, words in world.functions.items()}
    return {name: vote for name, vote in votes.items() if vote >= 0}


def _vote(words: dict[str, str], text: str) -> int:
    found = [words[word] for word in text.split() if word in words]
    return LABELS.index(found[0]) if found else -1


def _soft(votes: lb.Votes, gold: list[GoldLabel], kind: str) -> lb.SoftLabels:
    """Return votes, weighted by how often each function agrees with people unless `plain`."""
    array = votes.to_array()
    weights = np.ones(array.shape[1])
    if kind == "weighted":
        truth = {one.sample_id: LABELS.index(one.label) for one in gold}
        codes = np.array([truth.get(sample_id, -1) for sample_id in votes.sample_ids])
        agrees = ((array == codes[:, None]) & (codes[:, None] >= 0)).sum(axis=0)
        share = (array >= 0).mean(axis=0)
        weights = 1 + agrees + share
    counts = np.full((len(array), len(LABELS)), 0.5)
    for column, weight in zip(array.T, weights, strict=True):
        rows = np.flatnonzero(column >= 0)
        counts[rows, column[rows]] += weight
    probabilities = counts / counts.sum(axis=1, keepdims=True)
    return lb.SoftLabels(probabilities, votes.sample_ids, votes.schema, votes.covered)


def _people(world: World) -> tuple[list[GoldLabel], list[Annotation]]:
    """Return the gold labels of unanimous pairs and of reviewers, and all annotations."""
    annotations, gold = [], []
    for sample_id, answers in sorted(world.answers.items()):
        given = [Annotation(sample_id, name, label, WHEN, WHEN) for name, label in answers.items()]
        annotations += given
        if len(answers) == 2 and len(set(answers.values())) == 1:
            label = next(iter(answers.values()))
            if sample_id not in world.decisions:
                gold.append(GoldLabel(sample_id, label, LabelSource.AGREEMENT, tuple(given)))
    for sample_id, decisions in sorted(world.decisions.items()):
        given = [
            Annotation(sample_id, name, label, WHEN, WHEN, reviewer=True)
            for name, label in decisions.items()
        ]
        annotations += given
        label = decisions["rev"]
        if label is not None:
            gold.append(GoldLabel(sample_id, label, LabelSource.REVIEW, tuple(given)))
    return gold, annotations

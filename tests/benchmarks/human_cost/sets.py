"""The sets on which people are replayed: texts, votes of labeling functions, gold, human votes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling import LabelSchema, Votes
from tests.benchmarks.human_cost import rated_texts, word_lists
from tests.benchmarks.quality.data import ROOT, data_folder, read_set, read_texts
from tests.benchmarks.quality.text_sets import TEXT_SETS

RATED = tuple(rated_texts.PREFIXES)
SETS = (*RATED, *TEXT_SETS)
RARE = {"sms": 1}  # the label whose F1 is scored, where one label is rare
CACHE = ROOT / ".cache" / "human-cost"


@dataclass(frozen=True, slots=True, eq=False)
class TextSet:
    """Texts that people may be asked about.

    Attributes:
        name: of the set.
        samples: index = ids, column `text`.
        votes: of the labeling functions, on all samples.
        gold: the code of each sample's gold label: shape (n_samples,).
        ratings: the codes of all real votes on each sample; one, the gold label, where no single
            votes are recorded.
        positive: the label whose F1 is scored; `None` for accuracy.
    """

    name: str
    samples: pd.DataFrame
    votes: Votes
    gold: npt.NDArray[np.intp]
    ratings: tuple[npt.NDArray[np.intp], ...]
    positive: int | None

    @property
    def schema(self) -> LabelSchema:
        """The labels."""
        return self.votes.schema

    def drawn(self, rows: npt.NDArray[np.intp]) -> TextSet:
        """Return the set of some rows."""
        samples = self.samples.iloc[rows]
        return TextSet(
            self.name,
            samples,
            self.votes.of_samples(samples.index),
            self.gold[rows],
            tuple(self.ratings[row] for row in rows),
            self.positive,
        )

    def halves(self, seed: int, pool: int, test: int) -> tuple[TextSet, TextSet]:
        """Return a random half of at most `pool` samples, and of the others at most `test`."""
        order = np.random.default_rng(seed).permutation(len(self.gold))
        middle = len(order) // 2
        return (
            self.drawn(np.sort(order[:middle][:pool])),
            self.drawn(np.sort(order[middle:][:test])),
        )

    def answers(self, seed: int) -> dict[object, str]:
        """Return what one person says of each sample: a random one of its real votes."""
        rng = np.random.default_rng([seed, 1])
        codes = [int(rng.choice(given)) for given in self.ratings]
        return dict(
            zip(self.samples.index, [self.schema.labels[code] for code in codes], strict=True)
        )


def read_text_set(name: str) -> TextSet:
    """Return a set by its name, one of `SETS`."""
    return _rated(name) if name in RATED else _with_gold(name)


def _with_gold(name: str) -> TextSet:
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    known = samples.index[data.gold[samples.index] >= 0]
    gold = data.gold[known]
    return TextSet(
        name,
        samples.loc[known],
        data.votes.of_samples(known),
        gold,
        tuple(np.array([code]) for code in gold),
        RARE.get(name),
    )


def _rated(name: str) -> TextSet:
    table = rated_texts.read_rated(name)
    schema = LabelSchema(rated_texts.LABELS)
    ratings = [
        np.array([schema.index(rated_texts.vote_of(rating)) for rating in given])
        for given in table["ratings"]
    ]
    votes = Votes.from_array(
        _cached_votes(name, table["text"]),
        schema=schema,
        sample_ids=table.index,
        voters=word_lists.names(),
    )
    gold = np.array([schema.index(label) for label in table["gold"]])
    return TextSet(name, table[["text"]], votes, gold, tuple(ratings), None)


def _cached_votes(name: str, texts: pd.Series) -> npt.NDArray[np.int8]:
    digest = hashlib.sha256(Path(word_lists.__file__).read_bytes()).hexdigest()[:12]
    path = CACHE / f"votes-{name}-{digest}.npy"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, word_lists.votes_on(texts))
    votes: npt.NDArray[np.int8] = np.load(path, allow_pickle=False)
    return votes

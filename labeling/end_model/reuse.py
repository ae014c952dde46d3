"""What a fit does not learn again: features, topics and text expert of an earlier one.

None of them depends on gold labels. They are used again where what they were computed from is the
same, so that the result is that of a fit from scratch, to the byte.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from labeling.end_model.features import Features, Reader
from labeling.end_model.latent_topics import LatentTopics
from labeling.end_model.linear_model import Floats
from labeling.end_model.text_expert import Progress, TextFit, TrainingData, fit_text
from labeling.end_model.training import (
    FittedParts,
    GoldTerms,
    fit_gold_parts,
    parts_without_gold,
)
from labeling.records import require_column

LIBRARIES = ("numpy", "scipy", "scikit-learn")  # of other versions of them nothing is used again


class Origins(NamedTuple):
    """Fingerprints of what the parts of a model were computed from.

    Attributes:
        features: of the samples, as far as features are read from them.
        text: of all that the text expert was trained on.
    """

    features: str
    text: str


class Learned(NamedTuple):
    """What a fit learned without gold labels.

    Attributes:
        origins: what it was computed from.
        features: the fitted features.
        topics: latent topics; none where it had no gold labels.
        text: the text expert.
        vectors: features of the samples, shape (n, n_features); `None` after loading, since a file
            must not grow with the samples. Then they and the log-odds of `text` are computed again.
    """

    origins: Origins
    features: Features
    topics: LatentTopics
    text: TextFit
    vectors: Any | None


class FeatureFit(NamedTuple):
    """Features of the samples.

    Attributes:
        origin: a fingerprint of what they were fitted on.
        features: the fitted features.
        vectors: of the samples, shape (n, n_features).
        learned: what an earlier fit learned of the same samples, if there was one.
    """

    origin: str
    features: Features
    vectors: Any
    learned: Learned | None


def learned_from_file(origins: Sequence[str], features: Features, parts: FittedParts) -> Learned:
    """Return what the fit of a loaded model learned without gold labels."""
    text = TextFit(parts.text, parts.n_rounds, np.empty(0))
    return Learned(Origins(*origins), features, parts.topics, text, None)


def fitted_features(
    reader: Reader, samples: pd.DataFrame, n_labels: int, learned: Learned | None
) -> FeatureFit:
    """Return the features of samples: fitted, or those of an earlier fit to the same samples.

    Args:
        reader: the columns they are read from.
        samples: in random order.
        n_labels: the number of labels.
        learned: what the earlier fit learned, if there was one.
    """
    origin = _origin_of_features(reader, samples, n_labels)
    if learned is None or learned.origins.features != origin:
        return FeatureFit(origin, *reader.fitted(samples, n_labels), None)
    vectors = learned.vectors
    if vectors is None:
        vectors = learned.features.vectors(samples)
    return FeatureFit(origin, learned.features, vectors, learned)


def fitted_parts(
    data: TrainingData, counts: Floats, before: FeatureFit, progress: Progress
) -> tuple[Learned, FittedParts]:
    """Return what is learned without gold labels, as far as it is not known yet, and all parts.

    Args:
        data: the training data.
        counts: how often people gave each label to each sample, shape (n, n_labels).
        before: the features.
        progress: called with the name of each stage.
    """
    origins = Origins(before.origin, _origin_of_text(before.origin, data))
    topics, learned = LatentTopics.none(), before.learned
    if learned is not None and learned.origins.text == origins.text:
        text = learned.text
        if learned.vectors is None:
            text = text._replace(log_odds=text.expert.model.log_odds(data.vectors, data.draws))
    else:
        text = fit_text(data, progress)
    rows = np.flatnonzero(counts.any(axis=1))
    if learned is not None:
        topics = learned.topics
    if len(rows) and not len(topics.used):
        topics = LatentTopics.of(data.vectors)
    known = Learned(origins, before.features, topics, text, data.vectors)
    if not len(rows):
        return known, parts_without_gold(text, data.one_hot.shape[1], data.n_labels)
    terms = GoldTerms(rows, counts[rows])
    return known, fit_gold_parts(data, terms, text, topics, progress)


def _origin_of_features(reader: Reader, samples: pd.DataFrame, n_labels: int) -> str:
    """Return a fingerprint of what features are fitted on; `samples` in random order."""
    named = [repr(sample_id) for sample_id in samples.index.tolist()]
    for name in reader.columns:
        require_column(samples, name, "a column to learn from")
    types = [str(samples[name].dtype) for name in reader.columns]
    parts = [reader.text, reader.columns, types, n_labels, _code(), len(samples)]
    return _digest([repr(parts), *named, *reader.contents(samples)])


def _origin_of_text(features: str, data: TrainingData) -> str:
    """Return a fingerprint of all that the text expert is trained on."""
    votes, balance = data.one_hot, data.class_balance
    arrays = [data.targets, data.covered, data.log_odds, votes.indptr, votes.indices]
    arrays += [] if balance is None else [balance]
    select = None if data.selection is None else data.selection.select
    settings = repr((features, data.rounds, votes.shape, balance is None, select))
    return _digest([settings, *(np.ascontiguousarray(array).tobytes() for array in arrays)])


def _digest(parts: Iterable[str | bytes]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


@functools.cache
def _code() -> str:
    """Return a fingerprint of the code that fits models, and of the libraries it uses."""
    room = Path(__file__).parent
    paths = sorted([*room.glob("*.py"), *(room.parent / "records").glob("*.py")])
    return _digest([*map(version, LIBRARIES), *(path.read_bytes() for path in paths)])

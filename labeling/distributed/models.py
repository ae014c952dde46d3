"""Models on partitioned votes: fitted to counts and draws, predicting where the rows are."""

from __future__ import annotations

import functools
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.distributed.arguments import check_votes_in_parts
from labeling.distributed.engines import opened_engine
from labeling.distributed.kinds import digest_of_votes
from labeling.distributed.part_files import read_votes
from labeling.distributed.partition_folder import Partition
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.samples import SampleSource, read_part
from labeling.distributed.shared import packed
from labeling.errors import DataError, LabelingError, NotFittedError
from labeling.label_models import LabelModel, VoteModel
from labeling.label_models.patterns_of_parts import check_found, checked_gold
from labeling.records import (
    ClassBalance,
    Gold,
    SoftLabels,
    Votes,
    gold_series,
    is_whole_number,
    uniform_by_id,
)

if TYPE_CHECKING:
    from labeling.end_model import EndModel

SAMPLE_SALT = 20_270_114
"""Differs from those of test splits and folds, so that the draws are independent."""
SAMPLES = 50_000
"""How many samples an end model is fitted to: more hardly help a linear model of text."""


def fit_label_model(
    votes: PartitionedVotes,
    model: VoteModel | None = None,
    *,
    gold: Gold | None = None,
    class_balance: ClassBalance | None = None,
    on: Any = "local",
) -> VoteModel:
    """Fit a label model to partitioned votes; to the byte, the model of all votes in one table.

    Rows are counted where they are. Gathered are distinct rows of votes with their counts, or, of
    more than 50,000 samples of which hardly two have equal votes, a draw of at most 131,072 rows.
    Only where `LabelModel` must match a class balance after such a draw, all votes are gathered in
    packed form: 20 bytes a sample with 100 voters and two labels.

    Args:
        votes: the votes.
        model: a model to fit; `None` makes a `LabelModel`.
        gold: true labels of some samples.
        class_balance: the share of each label, if it is known.
        on: where to count; see `apply_partitions`.

    Returns:
        The model, fitted.

    Raises:
        LabelingError: the model needs rows (`AnnotatorModel`), or what `fit` raises.
    """
    check_votes_in_parts(votes, model)
    with opened_engine(on) as engine:
        return (model or LabelModel()).fit(votes.on(engine), gold=gold, class_balance=class_balance)


def fit_end_model(
    votes: PartitionedVotes,
    model: VoteModel,
    end_model: EndModel | None = None,
    *,
    samples: int = SAMPLES,
    gold: Gold | None = None,
    class_balance: ClassBalance | None = None,
    on: Any = "local",
) -> EndModel:
    """Fit an end model to a random draw of the samples, of bounded size.

    The draw is by a hash of the ids, so it is the same on any engine and for any partitions.
    Samples with a gold label are always among them.

    Args:
        votes: the votes, of which the partitions name the samples.
        model: a fitted label model.
        end_model: an end model to fit; `None` makes an `EndModel`.
        samples: about how many samples to draw; they are held in this process.
        gold: true labels of some samples.
        class_balance: the share of each label, if it is known.
        on: where to read the samples; see `apply_partitions`.

    Raises:
        LabelingError: `samples` is no whole number from 1, or what `EndModel.fit` raises.
        DataError: gold labels of unknown samples.
    """
    from labeling.end_model import EndModel

    check_votes_in_parts(votes, model)
    if not is_whole_number(samples) or samples < 1:
        raise LabelingError(f"`samples` must be a whole number from 1. Got {samples!r}.")
    known = checked_gold(gold, votes.schema)
    draw = _Draw(
        os.path.abspath(votes.folder),
        votes.source,
        votes.schema,
        samples / max(len(votes), 1),
        known.index,
    )
    with opened_engine(on) as engine:
        drawn = [*engine.in_order(_drawn, votes.partitions, packed(draw))]
    parts = [part for part in drawn if len(part.samples)]
    if not parts:
        raise DataError("There must be a sample to fit the end model to. Got none.")
    found = np.any([part.found for part in drawn], axis=0)
    check_found(known, found)
    table = pd.concat([part.samples for part in parts])
    codes = np.concatenate([part.codes for part in parts])
    of_draw = Votes(codes, table.index, votes.voters, votes.schema)
    return (end_model or EndModel()).fit(
        table,
        model.predict_proba(of_draw),
        gold=None if gold is None else gold_series(gold),
        votes=of_draw,
        class_balance=class_balance,
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    """What draws of samples share; see `fit_end_model`."""

    folder: str
    source: SampleSource
    schema: Any
    share: float
    gold: pd.Index


class _Drawn(NamedTuple):
    """The drawn samples of a partition, their votes, and which gold labels are in it."""

    samples: pd.DataFrame
    codes: npt.NDArray[Any]
    found: npt.NDArray[np.bool_]


def _drawn(partition: Partition, draw: _Draw) -> _Drawn:
    samples, votes = samples_and_votes(partition, draw.source, draw.folder, draw.schema)
    if not len(samples):
        return _Drawn(samples, votes.array, np.zeros(len(draw.gold), dtype=bool))
    rows = samples.index.get_indexer(draw.gold)
    chosen = uniform_by_id(samples.index, SAMPLE_SALT) < draw.share
    chosen[rows[rows >= 0]] = True
    return _Drawn(samples[chosen], votes.array[chosen], rows >= 0)


def samples_and_votes(
    partition: Partition, source: SampleSource, folder: str, schema: Any
) -> tuple[pd.DataFrame, Votes]:
    """Return the samples of a partition and their votes, in the same order.

    Raises:
        DataError: the samples are others than those that were voted on, or the votes are of a
            later run.
    """
    samples = read_part(partition.part, source).samples
    votes = read_votes(folder, partition.part.index, schema)
    if not votes.sample_ids.equals(samples.index):
        raise DataError(
            f"{partition.part.name}: the samples must be those that the votes are about. Run"
            " `apply_partitions` again."
        )
    if digest_of_votes(votes) != partition.votes_digest:
        raise DataError(
            f"{partition.part.name}: the votes must be those of one run. Another run has"
            f" written to {folder!r}: open it again, and fit the models again."
        )
    return samples, votes


@dataclass(frozen=True)
class FittedModels:
    """A label model, and an end model as the bytes of its file, for the workers of a run.

    Attributes:
        label_model: the fitted label model.
        end_model: the file of a fitted end model; `None` predicts by votes alone.
        embeddings: the function or model of texts that the end model uses, if it uses one.
    """

    label_model: VoteModel
    end_model: bytes | None = None
    embeddings: Any = None

    @classmethod
    def of(cls, label_model: VoteModel, end_model: EndModel | None) -> FittedModels:
        """Return the models in a form that can be sent."""
        if not hasattr(label_model, "labels_"):
            raise NotFittedError(
                f"This {type(label_model).__name__} is not fitted yet; call `fit_label_model`."
            )
        if end_model is None:
            return cls(label_model)
        with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
            file = Path(folder, "end_model.npz")
            end_model.save(file)
            return cls(label_model, file.read_bytes(), end_model.embeddings)

    def posterior(self, samples: pd.DataFrame, votes: Votes) -> SoftLabels:
        """Return the probabilities of the labels of samples."""
        soft = self.label_model.predict_proba(votes)
        if self.end_model is None:
            return soft
        return self._loaded.predict_proba(samples, soft=soft, votes=votes)

    @functools.cached_property
    def _loaded(self) -> EndModel:
        """The end model, loaded once in each process."""
        from labeling.end_model import EndModel

        with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
            file = Path(folder, "end_model.npz")
            file.write_bytes(self.end_model or b"")
            return EndModel.load(file, embeddings=self.embeddings)

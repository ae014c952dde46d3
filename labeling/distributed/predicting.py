"""Soft labels of partitioned samples: a file a partition."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.distributed.arguments import check_votes_in_parts
from labeling.distributed.engines import opened_engine
from labeling.distributed.models import FittedModels, samples_and_votes
from labeling.distributed.part_files import (
    OWN_FILE,
    remove_unfinished,
    require_folder_of_results,
    whole_file,
)
from labeling.distributed.partition_folder import Partition
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.samples import SampleSource
from labeling.distributed.shared import packed
from labeling.errors import DataError
from labeling.label_models import VoteModel
from labeling.records import LabelSchema, SoftLabels, free_names

if TYPE_CHECKING:
    from labeling.end_model import EndModel

COVERED = "covered"


def predict_partitions(
    votes: PartitionedVotes,
    model: VoteModel,
    folder: str | os.PathLike[str],
    *,
    end_model: EndModel | None = None,
    on: Any = "local",
    progress: Callable[[int], object] | None = None,
) -> list[Path]:
    """Write the soft labels of each partition as Parquet, and return the paths of the files.

    A file has the ids, a probability for each label, and `covered`; where a label is named like one
    of these, its column is called `labeling_<label>`.

    Args:
        votes: the votes.
        model: a fitted label model.
        folder: the folder of the files, at the same path on all workers; it is made.
        end_model: a fitted end model, whose posterior is written instead.
        on: where to run; see `apply_partitions`.
        progress: called with the number of samples done since it was last called.

    Raises:
        DataError: `folder` is that of the samples, or the samples are not those of the votes.
        NotFittedError: a model is not fitted.
    """
    check_votes_in_parts(votes, model)
    target = Path(os.path.abspath(folder))
    require_folder_of_results(
        target, {partition.part.path for partition in votes.partitions}, votes.folder
    )
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(target)!r} cannot be made: {error}") from error
    plan = PredictPlan(
        FittedModels.of(model, end_model),
        os.path.abspath(votes.folder),
        votes.source,
        votes.schema,
        str(target),
    )
    with opened_engine(on) as engine:
        for n_samples in engine.in_order(predict_part, votes.partitions, packed(plan)):
            if progress is not None:
                progress(n_samples)
    remove_unfinished(target)
    paths = [target / _name(partition) for partition in votes.partitions]
    for path in {*target.glob("part-*.parquet")} - {*paths}:
        if OWN_FILE.fullmatch(path.name):
            path.unlink(missing_ok=True)
    return paths


@dataclass(frozen=True, slots=True)
class PredictPlan:
    """What the predictions for all partitions share; see `predict_partitions`."""

    models: FittedModels
    votes: str
    source: SampleSource
    schema: LabelSchema
    folder: str


def predict_part(partition: Partition, plan: PredictPlan) -> int:
    """Write the soft labels of a partition, and return the number of samples."""
    samples, votes = samples_and_votes(partition, plan.source, plan.votes, plan.schema)
    if len(samples):
        soft = plan.models.posterior(samples, votes)
    else:
        none = np.empty((0, len(plan.schema)))
        soft = SoftLabels(none, samples.index, plan.schema, np.zeros(0, dtype=bool))
    with whole_file(Path(plan.folder, _name(partition))) as file:
        _frame(soft).to_parquet(file, index=False, compression="zstd")
    return len(samples)


def _name(partition: Partition) -> str:
    return f"part-{partition.part.index:05}.parquet"


def _frame(soft: SoftLabels) -> pd.DataFrame:
    id_name = str(soft.sample_ids.name)
    names = free_names(soft.schema.labels, [id_name, COVERED])
    columns = zip(soft.schema.labels, soft.to_array().T, strict=True)
    return pd.DataFrame(
        {
            id_name: soft.sample_ids,
            **{names[label]: probabilities for label, probabilities in columns},
            COVERED: soft.covered,
        }
    )

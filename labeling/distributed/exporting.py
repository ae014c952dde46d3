"""Training sets of partitioned samples: a file a partition, and one manifest."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labeling.datasets import build_training_set
from labeling.distributed.arguments import check_votes_in_parts
from labeling.distributed.engines import opened_engine
from labeling.distributed.models import FittedModels, samples_and_votes
from labeling.distributed.part_files import (
    OWN_FILE,
    UNFINISHED,
    remove_unfinished,
    require_folder_of_results,
    whole_file,
)
from labeling.distributed.partition_folder import Partition
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.samples import SampleSource
from labeling.distributed.shared import packed
from labeling.errors import DataError, counted, listed
from labeling.label_models import VoteModel
from labeling.label_models.patterns_of_parts import checked_gold
from labeling.records import Gold, LabelSchema, checked_fraction

if TYPE_CHECKING:
    from labeling.end_model import EndModel

logger = logging.getLogger(__name__)

FORMAT = 1
MANIFEST = "_manifest.json"  # readers of folders of Parquet leave such names out


def export_training_set(
    votes: PartitionedVotes,
    model: VoteModel,
    folder: str | os.PathLike[str],
    *,
    end_model: EndModel | None = None,
    gold: Gold | None = None,
    min_confidence: float = 0.0,
    on: Any = "local",
    progress: Callable[[int], object] | None = None,
) -> dict[str, Any]:
    """Write the training set of each partition as Parquet, and one manifest; return the manifest.

    Each file is what `build_training_set` makes of the samples of its partition. Samples never meet
    in one place.

    Args:
        votes: the votes, of which the partitions name the samples.
        model: a fitted label model.
        folder: the folder of the files, at the same path on all workers; it is made.
        end_model: a fitted end model, whose posterior is exported; without, it is that of votes.
        gold: labels known to be true, which win over all others.
        min_confidence: the least probability of a label that is not gold, 0 to 1.
        on: where to run; see `apply_partitions`.
        progress: called with the number of samples done since it was last called.

    Raises:
        DataError: gold labels of unknown samples, a value that Parquet cannot hold, or a folder
            that holds files of the samples or votes.
        NotFittedError: a model is not fitted.
    """
    check_votes_in_parts(votes, model)
    checked_fraction(min_confidence, "`min_confidence`")
    target = Path(os.path.abspath(folder))
    require_folder_of_results(
        target, {partition.part.path for partition in votes.partitions}, votes.folder
    )
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(target)!r} cannot be made: {error}") from error
    known = checked_gold(gold, votes.schema)
    plan = ExportPlan(
        models=FittedModels.of(model, end_model),
        votes=os.path.abspath(votes.folder),
        source=votes.source,
        schema=votes.schema,
        gold=known,
        min_confidence=min_confidence,
        folder=str(target),
    )
    files: list[dict[str, Any]] = []
    with opened_engine(on) as engine:
        for file in engine.in_order(export_part, votes.partitions, packed(plan)):
            files.append(file)
            if progress is not None:
                progress(file["read"])
    _check_gold(known, files)
    _remove_others(target, files)
    manifest = _manifest(files, votes)
    with whole_file(target / MANIFEST) as unfinished:
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        unfinished.write_text(text + "\n", "utf-8")
    return manifest


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What the exports of all partitions share; see `export_training_set`."""

    models: FittedModels
    votes: str
    source: SampleSource
    schema: LabelSchema
    gold: pd.Series
    min_confidence: float
    folder: str


def export_part(partition: Partition, plan: ExportPlan) -> dict[str, Any]:
    """Write the training set of a partition, and return its manifest, with what was read.

    Raises:
        DataError: the samples are not those of the votes, or a value cannot be written.
    """
    samples, votes = samples_and_votes(partition, plan.source, plan.votes, plan.schema)
    if not len(samples):
        return {"read": 0, "gold": 0, "samples": 0}
    codes = plan.gold[plan.gold.index.isin(samples.index)]
    labels = [plan.schema.labels[code] for code in codes.tolist()]
    train = build_training_set(
        samples,
        plan.models.posterior(samples, votes),
        gold=pd.Series(labels, index=codes.index, dtype=object) if len(codes) else None,
        votes=votes,
        min_confidence=plan.min_confidence,
    )
    name = f"part-{partition.part.index:05}.parquet"
    # A folder of its own: the same partition may be running elsewhere, too.
    own = Path(plan.folder, f".{name}.{uuid.uuid4().hex}{UNFINISHED}")
    own.mkdir()
    try:
        train.to_parquet(own / name)
        manifest = json.loads((own / f"{name}.manifest.json").read_text("utf-8"))
        os.replace(own / name, Path(plan.folder, name))
    finally:
        shutil.rmtree(own, ignore_errors=True)
    return {**manifest, "read": len(samples), "gold": len(codes), "types": _types(plan, name)}


def _types(plan: ExportPlan, name: str) -> dict[str, str]:
    import pyarrow.parquet as pq

    schema = pq.read_schema(Path(plan.folder, name))
    return {field.name: str(field.type) for field in schema}


def _check_gold(known: pd.Series, files: Sequence[dict[str, Any]]) -> None:
    n_found = sum(file["gold"] for file in files)
    if n_found < len(known):
        raise DataError(
            f"Gold labels must be of samples that have votes. {len(known) - n_found} of"
            f" {len(known)} are not."
        )


def _remove_others(folder: Path, files: Sequence[dict[str, Any]]) -> None:
    """Remove the files of an earlier export that this one does not have."""
    remove_unfinished(folder)
    names = {file.get("file") for file in files}
    for path in folder.glob("part-*.parquet"):
        if path.name not in names and OWN_FILE.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _manifest(files: Sequence[dict[str, Any]], votes: PartitionedVotes) -> dict[str, Any]:
    """Return the manifest of all files: their counts added up, and a fingerprint of theirs."""
    written = [file for file in files if "file" in file]
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("labels", "sources", "left_out")
    }
    for file in written:
        for name, counter in counts.items():
            counter.update(file[name])
    prints = "\n".join(file["fingerprint"] for file in written)
    kinds: dict[str, set[str]] = {}
    for file in written:
        for name, kind in file["types"].items():
            kinds.setdefault(name, set()).add(kind)
    differing = sorted(name for name, found in kinds.items() if len(found) > 1)
    if differing:
        logger.warning(
            "%s not of one type in all files of the training set, as their values are not: %s.",
            counted(len(differing), "column is", "columns are"),
            listed(differing),
        )
    return {
        "format": FORMAT,
        "fingerprint": hashlib.sha256(prints.encode()).hexdigest(),
        "samples": sum(file["samples"] for file in written),
        "labels": {label: counts["labels"][label] for label in votes.schema.labels},
        "sources": dict(sorted(counts["sources"].items())),
        "left_out": dict(sorted(counts["left_out"].items())),
        "voters": list(votes.voters),
        "types_differ": differing,
        "files": [
            {name: file[name] for name in ("file", "samples", "fingerprint", "sha256")}
            for file in written
        ],
    }

"""`apply_partitions`: labeling functions applied to partitioned Parquet, here or on a cluster."""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from labeling.distributed.engines import Engine, opened_engine
from labeling.distributed.fingerprints import digest_of, digest_of_functions
from labeling.distributed.kernel import ApplyOptions, ApplyPlan, OnError, apply_part
from labeling.distributed.part_files import (
    ABOUT,
    OWN_FILE,
    VOTES,
    PartResult,
    make_folders,
    part_path,
    read_result,
    remove_unfinished,
    require_folder_of_results,
    whole_file,
)
from labeling.distributed.partition_folder import MANIFEST, Partition
from labeling.distributed.partitioned_lists import partitioned
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.samples import SampleSource
from labeling.distributed.shared import packed
from labeling.distributed.source_lines import lines_of
from labeling.distributed.unique_ids import check_unique_ids
from labeling.engine.applier import check_options, check_outlets, checked_functions
from labeling.errors import DataError, LabelingError, LabelingFunctionError, counted, listed
from labeling.records import (
    LabelingFunction,
    LabelKind,
    LabelSchema,
    dumps_functions,
    is_whole_number,
)
from labeling.sources import ROWS_OF_PART, ParquetPart, parquet_parts

logger = logging.getLogger(__name__)

DEFAULT = ApplyOptions()

Progress = Callable[[int], object]
Functions = LabelingFunction | Iterable[LabelingFunction]


def apply_partitions(
    lfs: Functions,
    data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    schema: LabelSchema,
    *,
    id: str,
    out: str | os.PathLike[str],
    on: Any = "processes",
    on_error: OnError = "raise",
    timeout: float | None = None,
    cache: str | os.PathLike[str] | None = None,
    rows: int = ROWS_OF_PART,
    progress: Progress | None = None,
    text: str = "text",
) -> PartitionedVotes | Any:
    """Apply labeling functions to partitioned Parquet, and write the votes of each partition.

    The votes are those of `labeling.apply`, on any engine. Each partition is computed by a pure
    function of its rows and the labeling functions; what is gathered are whole numbers and digests.

    A partition that is finished is kept: a call after a crash, or with more files, computes only
    what is missing, and what no longer has the digest it had. It is computed again where labeling
    functions, labels, files or package versions have changed, or where a labeling function uses
    what cannot be fingerprinted (a warning names it).

    Args:
        lfs: one or more labeling functions with unique names.
        data: a folder of Parquet files, a pattern, a file, or a list of files, at the same path on
            all workers.
        schema: the labels that votes may name.
        id: the column of the ids, unique over all partitions.
        out: the folder of the results, at the same path on all workers; it is made. It lies outside
            of `data`, or below a name that begins with `_`.
        on: where to run: "local" (this process), "processes" (of this machine; "processes:4" for
            four), "dask:tcp://host:8786" (extra `dask`), "spark" or "spark:MASTER" (extra `spark`);
            a `distributed.Client`, a `SparkContext`, a `SparkSession`; or an `Engine`.
        on_error: `"raise"` raises the first fault, by partition, sample and labeling function;
            `"record"` abstains there and keeps the fault.
        timeout: seconds that a function may take on a sample; see `labeling.apply`.
        cache: a folder, at the same path on all workers, in which the votes of each function are
            kept: where one of them changes, partitions are computed again, but only that one runs.
        rows: larger files are cut, between row groups, into partitions of about this many rows.
        progress: called with the number of samples done since it was last called.
        text: the column that spans are in; of no meaning for labels of whole samples.

    Returns:
        the votes of all partitions; `PartitionedLists` where labels are spans or sets.

    Raises:
        LabelingFunctionError: a labeling function failed, returned an invalid vote, or cannot be
            sent to workers.
        DataError: no Parquet files, a file that workers do not see, or ids that are missing or not
            unique.
        LabelingError: the engine cannot be reached, or workers have other package versions.

    >>> import tempfile
    >>> import pandas as pd
    >>> from labeling.functions import labeling_function
    >>> @labeling_function(label="spam")
    ... def has_link(x):
    ...     return "http" in x.text
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, texts in {"a": ["see http://x.org", "nice"], "b": ["http://y.org"]}.items():
    ...         rows = pd.DataFrame({"key": [name + text for text in texts], "text": texts})
    ...         rows.to_parquet(f"{folder}/{name}.parquet")
    ...     votes = apply_partitions(
    ...         has_link,
    ...         folder,
    ...         LabelSchema(["ham", "spam"]),
    ...         id="key",
    ...         out=f"{folder}/_votes",
    ...         on="local",
    ...     )
    ...     votes.read()["has_link"].tolist(), len(votes.partitions)
    (['spam', None, 'spam'], 2)
    """
    if not isinstance(id, str):
        raise DataError(f"`id` must name the column of the ids. Got {id!r}.")
    if not is_whole_number(rows) or rows < 1:
        raise DataError(f"`rows` must be a whole number from 1. Got {rows!r}.")
    parts, columns = parquet_parts(data, rows)
    if id not in columns.names:
        raise DataError(
            f"There must be a column {id!r} (`id`). The files have {listed(columns.names, 20)}."
        )
    source = SampleSource(id, columns)
    _check_outlets(out, cache, progress)
    _check_apart(out, data)
    with opened_engine(on) as engine:
        kept_in = None if cache is None else os.path.abspath(cache)
        options = ApplyOptions(on_error, timeout, kept_in, text)
        return run(
            lfs, parts, source, schema, out=out, engine=engine, options=options, progress=progress
        )


def run(
    lfs: Functions,
    parts: Sequence[ParquetPart],
    source: SampleSource,
    schema: LabelSchema,
    *,
    out: str | os.PathLike[str],
    engine: Engine,
    options: ApplyOptions = DEFAULT,
    progress: Progress | None = None,
) -> PartitionedVotes | Any:
    """Apply labeling functions to parts on an engine; see `apply_partitions`."""
    functions = checked_functions(lfs, schema, options.text)
    check_options(options.on_error, 1, options.timeout)
    folder = Path(os.path.abspath(out))
    _make(folder, parts)
    plan = ApplyPlan(
        functions=_pickled(functions),
        lines=lines_of(functions),
        voters=tuple(lf.name for lf in functions),
        schema=schema,
        source=source,
        out=str(folder),
        options=options,
        key=_run_key(functions, schema, source, options),
    )
    results = []
    for result in engine.in_order(apply_part, parts, packed(plan)):
        results.append(result)
        if progress is not None:
            progress(result.rows)
    _check_files(folder, results)
    _remove_others(folder, len(parts))
    votes = partitioned(folder, tuple(map(_partition, parts, results)), plan.voters, schema, source)
    check_unique_ids(folder, parts, len(votes), schema)
    _report(results)
    with whole_file(folder / MANIFEST) as file:
        file.write_text(json.dumps(votes.manifest(), indent=1) + "\n", "utf-8")
    return votes


def _check_outlets(out: object, cache: object, progress: object) -> None:
    """Check where results go, before anything is run."""
    if not isinstance(out, (str, os.PathLike)) or not str(out):
        raise DataError(f"`out` must be the path of a folder. Got {out!r}.")
    check_outlets(cache, progress, None)


def _check_apart(out: str | os.PathLike[str], data: Any) -> None:
    """Raise a DataError where the next run would take files of votes for samples."""
    if not isinstance(data, (str, os.PathLike)) or not Path(data).is_dir():
        return
    target, folder = Path(os.path.abspath(out)), Path(os.path.abspath(data))
    if target.is_relative_to(folder) and not any(
        part.startswith((".", "_")) for part in target.relative_to(folder).parts
    ):
        raise DataError(
            "`out` must not be in the folder of the samples, whose files are all read as samples."
            f" Got {str(out)!r} in {str(data)!r}; take a folder beside it, or one whose name begins"
            " with an underscore, which is not read."
        )


def _make(folder: Path, parts: Sequence[ParquetPart]) -> None:
    require_folder_of_results(folder / VOTES, {part.path for part in parts})
    try:
        make_folders(folder)
        # Until the run is finished, there is no manifest.
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} cannot be made: {error}") from error


def _pickled(functions: Sequence[LabelingFunction]) -> bytes:
    try:
        return dumps_functions(functions)
    except Exception as error:  # pickling an object may raise anything
        at_fault = [lf.name for lf in functions if not _can_be_pickled(lf)]
        raise LabelingFunctionError(
            f"Labeling functions must be picklable to be sent to workers. {listed(at_fault)} cannot"
            f" be sent: {error}. Open what they need inside the function."
        ) from error


def _can_be_pickled(lf: LabelingFunction) -> bool:
    try:
        dumps_functions([lf])
    except Exception:  # noqa: BLE001  # pickling an object may raise anything
        return False
    return True


def _run_key(
    functions: Sequence[LabelingFunction],
    schema: LabelSchema,
    source: SampleSource,
    options: ApplyOptions,
) -> str:
    """Return a digest of all that votes depend on but the files; new where not all can be seen."""
    digest, unseen = digest_of_functions(functions)
    if unseen:
        logger.warning(
            "%s what cannot be fingerprinted, so that no partition of an earlier run is kept: %s.",
            counted(len(unseen), "labeling function uses", "labeling functions use"),
            listed([f"{name} ({what})" for name, what in unseen.items()]),
        )
        return uuid.uuid4().hex
    return digest_of(
        {
            "functions": digest,
            "labels": schema.labels,
            "source": [source.id, source.text, source.missing_text, source.hidden],
            "columns": str(source.schema),
            "left_out": sorted(map(repr, source.left_out)),
            "options": [options.on_error, options.timeout],
            **_kind_of(schema, options),
        }
    )


def _kind_of(schema: LabelSchema, options: ApplyOptions) -> dict[str, str]:
    """Return what votes depend on besides, where labels are spans or sets."""
    if schema.kind == LabelKind.ONE:
        return {}  # as it was before there were others
    return {"kind": schema.kind.value, "text": options.text}


def _check_files(folder: Path, results: Sequence[PartResult]) -> None:
    """Raise an error where workers wrote to another file system, or another run to this folder."""
    for result in results:
        found = read_result(folder, result.index)
        if found is not None and found != result:
            raise LabelingError(
                f"One run at a time must write to the folder {str(folder)!r}. The file"
                f" {part_path(folder, result.index, '.npz').name!r} is of another run: wait until"
                " no run is in progress, and repeat the call, or choose another folder."
            )
        if found is None:
            raise LabelingError(
                f"The folder {str(folder)!r} must be the same for the workers and this process. A"
                f" worker wrote {part_path(folder, result.index, '.npz').name!r}, and it is not"
                " there: choose a folder on a file system that all machines share."
            )


def _remove_others(folder: Path, n_parts: int) -> None:
    """Remove the files of partitions that an earlier run had, and what killed workers left."""
    remove_unfinished(folder)
    for path in [*(folder / VOTES).iterdir(), *(folder / ABOUT).iterdir()]:
        found = OWN_FILE.fullmatch(path.name)
        if found and int(found[1]) >= n_parts:
            path.unlink(missing_ok=True)


def _partition(part: ParquetPart, result: PartResult) -> Partition:
    return Partition(
        part,
        result.rows,
        result.left_out,
        result.votes_digest,
        result.ids_digest,
        result.faults,
    )


def _report(results: Iterable[PartResult]) -> None:
    found = [*results]
    replaced = sum(result.replaced for result in found)
    faults = sum(result.faults for result in found)
    if replaced:
        logger.warning(
            "%s had characters that cannot be stored, which were replaced by U+FFFD.",
            counted(replaced, "text"),
        )
    logger.info(
        "applied labeling functions to %d samples in %d partitions, %d faults",
        sum(result.rows for result in found),
        len(found),
        faults,
    )

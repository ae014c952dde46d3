"""The files of a partition: its votes, and the digests and statistics that vouch for them.

Each is written beside its name and renamed when it is whole, under a name that no other process
uses: engines run a partition twice where a worker is lost, on two machines at the same time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.distributed.kinds import (
    METADATA,
    AnyVotes,
    read_lists,
    with_faults,
    write_lists,
)
from labeling.distributed.statistics import VoteStatistics
from labeling.errors import DataError, LabelingFunctionError
from labeling.records import Fault, LabelKind, LabelSchema, Votes, free_names

Hashes = npt.NDArray[np.uint64]

VOTES = "votes"
ABOUT = "_about"
UNFINISHED = ".part"
OWN_FILE = re.compile(r"part-(\d{5,})\.(?:parquet|npz|ids\.npy)")
"""Names of the files of partitions; those of Spark, `part-00000-<uuid>.parquet`, are not such."""


@dataclass(frozen=True, slots=True)
class PartResult:
    """What is known of a finished partition.

    Attributes:
        index: the number of the partition.
        key: a digest of everything its votes depend on.
        rows: the number of samples with votes.
        left_out: the number of samples that were left out: without text, or of the test split.
        replaced: the number of texts with characters that cannot be stored, which were replaced.
        votes_digest: blake2b of the codes, column by column.
        ids_digest: blake2b of the hashes of the ids, in the order of the rows.
        faults: the number of faults.
    """

    index: int
    key: str
    rows: int
    left_out: int
    replaced: int
    votes_digest: str
    ids_digest: str
    faults: int


def part_path(folder: str | os.PathLike[str], index: int, suffix: str) -> Path:
    """Return the path of a file of a partition; those of votes are in a folder of their own.

    >>> part_path("out", 7, ".parquet").as_posix(), part_path("out", 7, ".npz").as_posix()
    ('out/votes/part-00007.parquet', 'out/_about/part-00007.npz')
    """
    return Path(folder, VOTES if suffix == ".parquet" else ABOUT, f"part-{index:05}{suffix}")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path of its own to write to, and rename it to `path` on success."""
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}{UNFINISHED}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def require_folder_of_results(
    folder: str | os.PathLike[str], sources: Iterable[str], votes: str | os.PathLike[str] = ""
) -> None:
    """Raise a DataError where files of results could replace, or be taken for, those they are of.

    Args:
        folder: where the files are to be written.
        sources: the paths of the samples' files.
        votes: the folder of the votes that they are made of, if any.
    """
    target = Path(os.path.abspath(folder))
    of_votes = Path(os.path.abspath(votes)) if votes else None
    in_votes = of_votes is not None and target in (of_votes, of_votes / VOTES, of_votes / ABOUT)
    if in_votes or any(Path(source).parent == target for source in sources):
        what = "the votes" if in_votes else "the samples"
        raise DataError(
            f"Results must be written to a folder of their own. {str(target)!r} holds files of"
            f" {what}, which could be replaced; name another one."
        )


def make_folders(folder: str | os.PathLike[str]) -> None:
    """Make the folders of the files of partitions."""
    for name in (VOTES, ABOUT):
        Path(folder, name).mkdir(parents=True, exist_ok=True)


def id_hashes(ids: pd.Index) -> Hashes:
    """Return a hash of each id; equal ids have equal ones in any partition."""
    hashes: Any = pd.util.hash_pandas_object(pd.Series(ids), index=False).to_numpy(np.uint64)
    return hashes  # type: ignore[no-any-return]  # untyped


def digest_of_ids(hashes: Hashes) -> str:
    """Return blake2b of the hashes of ids."""
    return hashlib.blake2b(hashes.tobytes(), digest_size=16).hexdigest()


def write_part(folder: str, result: PartResult, votes: AnyVotes, hashes: Hashes) -> None:
    """Write the files of a partition; the last one says that all are there."""
    make_folders(folder)
    with whole_file(part_path(folder, result.index, ".parquet")) as file:
        write_votes(votes, file)
    with whole_file(part_path(folder, result.index, ".ids.npy")) as file, file.open("wb") as stream:
        np.save(stream, np.sort(hashes))
    rows = votes.sample_ids.get_indexer(pd.Index([fault.sample_id for fault in votes.faults]))
    arrays: dict[str, Any] = {
        "about": np.array(json.dumps(asdict(result))),
        "fault_row": rows.astype(np.int64),
        "fault_voter": np.array([fault.labeling_function for fault in votes.faults], dtype=str),
        "fault_text": np.array([repr(fault.exception) for fault in votes.faults], dtype=str),
        **(VoteStatistics.of(votes).arrays() if isinstance(votes, Votes) else {}),
    }
    with whole_file(part_path(folder, result.index, ".npz")) as file, file.open("wb") as stream:
        np.savez(stream, **arrays)


def read_result(folder: str | os.PathLike[str], index: int) -> PartResult | None:
    """Return what is known of a finished partition; `None` where it is not finished."""
    try:
        arrays = _arrays(folder, index, ["about"])
        return PartResult(**json.loads(str(arrays["about"])))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def read_statistics(folder: str | os.PathLike[str], index: int) -> VoteStatistics:
    """Return the statistics of a finished partition."""
    names = list(VoteStatistics.__dataclass_fields__)
    return VoteStatistics(**_arrays(folder, index, names))


def _arrays(
    folder: str | os.PathLike[str], index: int, names: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    with np.load(part_path(folder, index, ".npz"), allow_pickle=False) as file:
        return {name: file[name] for name in names}


def write_votes(votes: AnyVotes, file: Path) -> None:
    """Write votes as Parquet: a column of ids, then codes by the names of voters, -1 = abstained.

    Spans and sets of labels are a single column, which holds the list of those of each sample.
    Where a voter is named like the ids, the column of its votes is called `labeling_<name>`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not isinstance(votes, Votes):
        write_lists(votes, file)
        return
    id_name = "sample" if votes.sample_ids.name is None else str(votes.sample_ids.name)
    names = free_names(votes.voters, [id_name])
    arrays = [
        pa.Array.from_pandas(pd.Series(votes.sample_ids)),
        *(pa.array(np.ascontiguousarray(column)) for column in votes.array.T),
    ]
    about = {"labels": votes.schema.labels, "voters": votes.voters, "id": votes.sample_ids.name}
    table = pa.table(arrays, [id_name, *(names[voter] for voter in votes.voters)])
    table = table.replace_schema_metadata({METADATA: json.dumps(about)})
    pq.write_table(table, file, compression="zstd")


def read_votes(folder: str | os.PathLike[str], index: int, schema: LabelSchema) -> Any:
    """Return the votes of a finished partition, of the type that `labeling.apply` returns.

    An exception of a labeling function comes back as the text of it, in a LabelingFunctionError.

    Raises:
        DataError: the file of votes is not there, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = part_path(folder, index, ".parquet")
    try:
        table = pq.read_table(path, partitioning=None)
        if schema.kind == LabelKind.ONE:
            votes: AnyVotes = _read_codes(table, schema)
        else:
            votes = read_lists(table, schema)
        names = ["fault_row", "fault_voter", "fault_text"]
        faults = [values.tolist() for values in _arrays(folder, index, names).values()]
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{str(path)!r} cannot be read: {error}. Run `apply_partitions` again: it makes what is"
            " missing or damaged."
        ) from error
    plain = votes.sample_ids.tolist()
    found = [
        Fault(voter, plain[row], LabelingFunctionError(text))
        for row, voter, text in zip(*faults, strict=True)
    ]
    return with_faults(votes, found)


def _read_codes(table: Any, schema: LabelSchema) -> Votes:
    """Return the votes of a table with a column of codes for each voter."""
    about = json.loads(table.schema.metadata[METADATA])
    ids = pd.Index(table.column(0).to_pandas(), name=about["id"])
    codes = np.empty((len(ids), len(about["voters"])), dtype=schema.code_type, order="F")
    for number, column in enumerate(table.columns[1:]):
        codes[:, number] = column.to_numpy()
    return Votes(codes, ids, tuple(about["voters"]), schema)


def remove_unfinished(folder: str | os.PathLike[str]) -> None:
    """Remove what killed workers have left; only where no run is in progress."""
    for path in [*Path(folder).rglob(f".*{UNFINISHED}")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

"""The task of a partition: labeling functions applied to its samples, and its files written."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from labeling.distributed.fingerprints import digest_of
from labeling.distributed.kinds import AnyVotes, digest_of_votes, nothing_said
from labeling.distributed.part_files import (
    PartResult,
    digest_of_ids,
    id_hashes,
    read_result,
    read_votes,
    write_part,
)
from labeling.distributed.samples import SampleSource, read_part
from labeling.distributed.source_lines import provide_lines
from labeling.engine import apply_to_frame
from labeling.errors import DataError
from labeling.records import LabelingFunction, LabelSchema, loads_functions
from labeling.sources import ParquetPart

_ONE_AT_A_TIME = threading.Lock()
"""Labeling functions need not be safe for threads, and hold the interpreter anyway."""


LACKING = ModuleNotFoundError.__name__

OnError = Literal["raise", "record"]


class ApplyOptions(NamedTuple):
    """Options of `labeling.apply` for each partition.

    Attributes:
        on_error: what is done with faults.
        timeout: a time limit.
        cache: the folder of a cache of votes.
        text: the column that spans are in.
    """

    on_error: OnError = "raise"
    timeout: float | None = None
    cache: str | None = None
    text: str = "text"


@dataclass(frozen=True, slots=True)
class ApplyPlan:
    """What all partitions of a run share.

    Attributes:
        functions: pickled labeling functions.
        lines: the lines of their files, for workers that do not have these.
        voters: their names, in order.
        schema: the labels.
        source: how samples are read.
        out: the absolute path of the folder of the results.
        options: how labeling functions are applied.
        key: a digest of all this; a finished partition with the same key is kept.
    """

    functions: bytes
    lines: dict[str, tuple[str, ...]]
    voters: tuple[str, ...]
    schema: LabelSchema
    source: SampleSource
    out: str
    options: ApplyOptions
    key: str


def apply_part(part: ParquetPart, plan: ApplyPlan) -> PartResult:
    """Write the votes on the samples of a partition, unless they are there; say what they are.

    Raises:
        LabelingFunctionError: a labeling function failed, and `on_error` is "raise".
        DataError: the samples cannot be read, or the votes cannot be written.
    """
    key = part_key(part, plan.key)
    done = read_result(plan.out, part.index)
    if done is not None and done.key == key and _is_sound(done, plan):
        return done
    read = read_part(part, plan.source)
    with _ONE_AT_A_TIME:
        votes = _votes(read.samples, plan)
    hashes = id_hashes(votes.sample_ids)
    result = PartResult(
        index=part.index,
        key=key,
        rows=len(votes),
        left_out=read.left_out,
        replaced=read.replaced,
        votes_digest=digest_of_votes(votes),
        ids_digest=digest_of_ids(hashes),
        faults=len(votes.faults),
    )
    write_part(plan.out, result, votes, hashes)
    return result


def part_key(part: ParquetPart, key: str) -> str:
    """Return the digest of everything that the votes of a partition depend on."""
    return digest_of({**dataclasses.asdict(part), "run": key})


def _votes(samples: Any, plan: ApplyPlan) -> AnyVotes:
    if not len(samples):
        return nothing_said(samples.index, plan.voters, plan.schema)
    provide_lines(plan.lines)
    functions = _functions(plan.functions)
    how: Any = plan.options._asdict()
    with contextlib.nullcontext() if how["timeout"] is None else _may_start_processes():
        return apply_to_frame(functions, samples, plan.schema, **how)


@contextlib.contextmanager
def _may_start_processes() -> Iterator[None]:
    """Let this process start others while the context lasts, also if it is a Dask worker.

    A Dask worker runs tasks outside of its main thread, where a time limit needs a process that can
    be ended. It is daemonic, and those may have no children, lest these outlive it; processes that
    run labeling functions end with the one that started them, so that there is no need for this.
    """
    config: Any = getattr(multiprocessing.current_process(), "_config", {})
    if not config.get("daemon"):
        yield
        return
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = True


@functools.lru_cache(maxsize=1)
def _functions(pickled: bytes) -> list[LabelingFunction]:
    return loads_functions(pickled)


def _is_sound(done: PartResult, plan: ApplyPlan) -> bool:
    """Return whether the files of a finished partition hold what its digests say.

    Votes of a worker that lacked a module are not kept: it may have been installed since.
    """
    try:
        votes = read_votes(plan.out, done.index, plan.schema)
    except DataError:
        return False
    return (
        votes.voters == plan.voters
        and not any(str(fault.exception).startswith(LACKING) for fault in votes.faults)
        and digest_of_votes(votes) == done.votes_digest
        and digest_of_ids(id_hashes(votes.sample_ids)) == done.ids_digest
    )

"""Votes from the cache where they are there; labeling functions run on the other row blocks."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.batches import SampleBatch
from labeling.engine.block_digests import BlockDigests, row_blocks
from labeling.engine.cache_report import CacheReport, FunctionUse
from labeling.engine.columns.self_check import ColumnVotesDifferError
from labeling.engine.execution import ChunkVotes, Job, votes_on
from labeling.engine.fingerprints import fingerprint_of
from labeling.engine.slow_calls import CallWatch
from labeling.engine.vote_store import StoredVotes, VoteStore, store_key
from labeling.records import Fault

Runner = Callable[[Job, Iterable[pd.DataFrame]], Generator[ChunkVotes, None, None]]
"""Runs a job on chunks, and yields the votes on each."""


@dataclasses.dataclass(slots=True)
class _Block:
    """A block of rows that is worked on.

    Attributes:
        start: its first row.
        samples: its rows.
        digests: the hashes of its columns.
        missing: the numbers of the functions that must be run on it.
        done: how many of its rows they have been run on.
        faults: where they failed: the number of the function, the row, and the fault.
    """

    start: int
    samples: pd.DataFrame
    digests: BlockDigests
    missing: tuple[int, ...] = ()
    done: int = 0
    faults: list[tuple[int, int, Fault]] = dataclasses.field(default_factory=list)

    @property
    def end(self) -> int:
        """The row after its last one."""
        return self.start + len(self.samples)


def blocks_of(frames: Iterable[pd.DataFrame], count: int) -> Iterator[pd.DataFrame]:
    """Yield the row blocks of samples that come in frames of any size.

    Args:
        frames: the samples, in order.
        count: how many there are.
    """
    parts: collections.deque[pd.DataFrame] = collections.deque()
    rest = iter(frames)
    for start, end in row_blocks(count):
        taken: list[pd.DataFrame] = []
        missing = end - start
        while missing:
            part = parts.popleft() if parts else next(rest)
            taken.append(part.iloc[:missing])
            if len(part) > missing:
                parts.appendleft(part.iloc[missing:])
            missing -= len(taken[-1])
        yield taken[0] if len(taken) == 1 else pd.concat(taken)


class CachedRun:
    """Applies labeling functions to blocks of rows; only what is not cached is run.

    Votes are stored while the functions run, so a run that is killed goes on where it was. Where a
    function failed, only the row is stored: it is run on that row again, for its exception.

    Args:
        job: the labeling functions, and how they are run.
        store: the cache; its `report` then says what was run.
        count: how many samples there are.
        workers: how many processes run them.

    Attributes:
        votes: of all samples, in the table of their form.
    """

    def __init__(self, job: Job, store: VoteStore, count: int, workers: int) -> None:
        store.begin()
        self.job, self.store = job, store
        self.form = job.form
        self.votes = self.form.table(count, len(job.lfs), empty=True)
        self._faults: list[tuple[int, int, Fault]] = []  # row, number of the function, fault
        self._rows_run, self._rows_cached = [0] * len(job.lfs), [0] * len(job.lfs)
        self._fingerprints = [fingerprint_of(lf) for lf in job.lfs]
        self._reasons = [fingerprint.why_not_cached for fingerprint in self._fingerprints]
        key = self.form.key
        self._keys = [store_key(print_.digest, key) for print_ in self._fingerprints]
        for column, fingerprint in enumerate(self._fingerprints):
            if workers > 1 and fingerprint.may_change_state and not self._reasons[column]:
                self._reasons[column] = (
                    "Not cached: it may change an object that it uses, which cannot be noticed in"
                    " worker processes. Set its `version`, or use workers=1."
                )

    def compute(self, blocks: Iterable[pd.DataFrame], run: Runner, size: int) -> list[Fault]:
        """Fill in all votes; return the faults by sample and then by labeling function.

        Args:
            blocks: the row blocks of `blocks_of`.
            run: runs a job on chunks.
            size: the most rows of a chunk.
        """
        try:
            self._compute(blocks, run, size)
        except ColumnVotesDifferError as difference:
            names = [lf.name for lf in self.job.lfs]
            self.store.forget(self._keys[names.index(difference.name)])
            raise
        uses = tuple(
            FunctionUse(lf.name, cached, run_on, reason)
            for lf, cached, run_on, reason in zip(
                self.job.lfs, self._rows_cached, self._rows_run, self._reasons, strict=True
            )
        )
        evicted = self.store.finish()
        self.store.report = CacheReport(uses, self.store.damaged, evicted, self.store.error)
        return [fault for _, _, fault in sorted(self._faults, key=lambda fault: fault[:2])]

    def _compute(self, blocks: Iterable[pd.DataFrame], run: Runner, size: int) -> None:
        looked_up = self._looked_up(blocks)
        # Blocks that miss the same functions are one stream of chunks, which workers may share.
        for missing, group in itertools.groupby(looked_up, lambda block: block.missing):
            if missing:
                self._run(missing, group, run, size)
                continue
            for block in group:
                if self.job.progress is not None:
                    self.job.progress(len(block.samples))

    def _is_stopped(self) -> bool:
        return self.job.stop_at_fault and bool(self._faults)

    def _looked_up(self, blocks: Iterable[pd.DataFrame]) -> Iterator[_Block]:
        """Yield blocks with the cached votes filled in; none after a fault at which to stop."""
        start = 0
        for samples in blocks:
            if self._is_stopped():
                return
            block = _Block(start, samples, BlockDigests(samples, self.store.salt))
            start = block.end
            is_cached = [self._read(block, column) for column in range(len(self.job.lfs))]
            for column, is_read in enumerate(is_cached):
                (self._rows_cached if is_read else self._rows_run)[column] += len(samples)
            block.missing = tuple(column for column, is_read in enumerate(is_cached) if not is_read)
            yield block

    def _read(self, block: _Block, column: int) -> bool:
        """Fill in the votes of a function on a block; return whether they are cached."""
        digest = self._block_digest(block, column)
        if digest is None:
            return False
        rows = len(block.samples)
        numbers = self.form.n_stored(rows)
        stored = self.store.get(self._keys[column], digest, numbers, self.form.value_type)
        if stored is None or not self._replay(block, column, stored.fault_rows):
            return False
        self.form.put(self.votes, column, slice(block.start, block.end), stored.codes)
        return True

    def _block_digest(self, block: _Block, column: int) -> str | None:
        """Return the hash of what a function reads of a block; `None` if it is not cached."""
        if self._reasons[column]:
            return None
        reads = self._fingerprints[column].reads
        if reads is not None and self.form.text:
            reads |= {self.form.text}
        digest = block.digests.digest(reads)
        if digest is None:
            self._reasons[column] = (
                "Not cached: a column that it reads, or may read, holds objects whose contents"
                " cannot be hashed."
            )
        return digest

    def _replay(self, block: _Block, column: int, rows: npt.NDArray[np.uint32]) -> bool:
        """Run a function on the rows on which it failed, for its exceptions.

        Returns:
            whether it fails as it did; the block is run again if not.
        """
        if not len(rows):
            return True
        lfs, watch = [self.job.lfs[column]], CallWatch(timeout=self.job.timeout)
        job = Job(lfs, self.job.schema, timeout=self.job.timeout, text=self.job.text)
        with watch.watching():
            _, faults = votes_on(SampleBatch(block.samples.iloc[rows.tolist()]), job, watch)
        if len(faults) != len(rows):
            return False
        self._faults += [
            (block.start + row, column, fault)
            for row, fault in zip(rows.tolist(), faults, strict=True)
        ]
        return True

    def _run(
        self, missing: Sequence[int], blocks: Iterable[_Block], run: Runner, size: int
    ) -> None:
        """Run functions on blocks, and store their votes."""
        job = dataclasses.replace(self.job, lfs=[self.job.lfs[column] for column in missing])
        running: collections.deque[_Block] = collections.deque()
        has_failed = False

        def chunks() -> Iterator[pd.DataFrame]:
            for block in blocks:
                running.append(block)
                for start in range(0, len(block.samples), size):
                    if has_failed and self.job.stop_at_fault:
                        return
                    yield block.samples.iloc[start : start + size]

        with contextlib.closing(run(job, chunks())) as results:
            for votes, faults in results:
                has_failed = has_failed or bool(faults)
                self._fill_in(running[0], votes, faults)
                if running[0].done == len(running[0].samples):
                    self._store(running.popleft(), has_failed and self.job.stop_at_fault)

    def _fill_in(self, block: _Block, votes: Any, faults: list[Fault]) -> None:
        """Take over the votes on the next chunk of a block."""
        start = block.start + block.done
        self.form.put_rows(self.votes, start, votes, block.missing)
        if faults:
            numbers = {self.job.lfs[column].name: column for column in block.missing}
            ids = block.samples.index[block.done : block.done + len(votes)].tolist()
            rows = {sample_id: row for row, sample_id in enumerate(ids, start)}
            for fault in faults:
                column, row = numbers[fault.labeling_function], rows[fault.sample_id]
                block.faults.append((column, row - block.start, fault))
                self._faults.append((row, column, fault))
        block.done += len(votes)

    def _store(self, block: _Block, is_stopped: bool) -> None:
        """Store the votes on a block, unless functions were stopped in it or before."""
        if is_stopped:
            return
        fault_rows: dict[int, list[int]] = {column: [] for column in block.missing}
        for column, row, _ in block.faults:
            fault_rows[column].append(row)
        for column in block.missing:
            digest = self._block_digest(block, column)
            if digest is None or self._has_changed(column):
                continue
            rows = np.array(sorted(fault_rows[column]), dtype=np.uint32)
            values = self.form.values(self.votes, column, block.start, block.end)
            self.store.put(self._keys[column], digest, StoredVotes(values, rows))

    def _has_changed(self, column: int) -> bool:
        """Whether a function has changed what its votes depend on while it ran."""
        before = self._fingerprints[column]
        if before.may_change_state and fingerprint_of(self.job.lfs[column]).digest != before.digest:
            self._reasons[column] = (
                "Not cached: while it runs it changes an object that its votes may depend on."
            )
        return bool(self._reasons[column])

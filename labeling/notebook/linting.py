"""`lint`: checks of labeling functions on their votes, their runs and what they read."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine import LFFingerprint, apply_to_frame, fingerprint_of
from labeling.errors import counted, quoted
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.lint_findings import Finding, Lint
from labeling.notebook.lint_votes import VOTE_CHECKS
from labeling.notebook.vote_cells import cells_of
from labeling.records import LabelSchema, random_order

TRIED = 500
"""Samples on which each function votes twice."""
SLOW = 1.0
"""Seconds per 1,000 samples that are slow: 10,000 samples take ten seconds."""
SLOW_AGAINST_OTHERS, NOTICEABLE = 20.0, 0.1
"""Times the median that are slow, where they are as many seconds per 1,000 samples at least."""
LEAST_SECONDS = 0.5
"""Seconds that a run must have taken; shorter ones say little."""
LEAST_DEV = 10
"""Samples of the dev set from which on a column is said to give their labels away."""


@dataclass(frozen=True, slots=True)
class Linted:
    """What the checks of runs look at.

    Attributes:
        functions: with their votes.
        samples: index = ids.
        schema: the labels.
        leaks: columns that give the dev set away, each with what is known by it.
        n_dev: samples of the dev set.
        fingerprints: of each function.
        timeout: seconds that a function may take on a sample.
        text: the column that spans are in.
    """

    functions: FunctionSet
    samples: pd.DataFrame
    schema: LabelSchema
    leaks: Mapping[str, str]
    n_dev: int
    fingerprints: tuple[LFFingerprint, ...]
    timeout: float | None
    text: str = "text"


def lint(
    functions: FunctionSet,
    samples: pd.DataFrame,
    schema: LabelSchema,
    gold_codes: npt.NDArray[np.intp],
    timeout: float | None = None,
) -> Lint:
    """Return what is likely a mistake in labeling functions.

    Args:
        functions: with their votes on the samples.
        samples: index = ids.
        schema: the labels.
        gold_codes: of the dev set, shape (n_samples,), -1 = not in it.
        timeout: seconds that a function may take on a sample.
    """
    known = "by which the label of each sample of the dev set is known"
    leaks = dict.fromkeys(leaking_columns(samples, gold_codes), known)
    n_dev = int((gold_codes >= 0).sum())
    linted = Linted(functions, samples, schema, leaks, n_dev, fingerprints_of(functions), timeout)
    findings = [
        finding
        for check in VOTE_CHECKS
        for finding in by_name(check(functions, schema, gold_codes))
    ]
    return lint_of(linted, findings)


def lint_of(linted: Linted, findings: Sequence[Finding]) -> Lint:
    """Return findings on votes with those on runs."""
    of_runs = [finding for check in RUN_CHECKS for finding in by_name(check(linted))]
    n_functions, n_samples = len(linted.functions), len(linted.samples)
    return Lint((*findings, *of_runs), n_functions, n_samples, linted.n_dev)


def fingerprints_of(functions: FunctionSet) -> tuple[LFFingerprint, ...]:
    """Return the fingerprint of each function."""
    return tuple(fingerprint_of(voted.lf) for voted in functions)


def by_name(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order of the functions that they are about."""
    return sorted(findings, key=lambda finding: finding.functions)


def raising(linted: Linted) -> Iterator[Finding]:
    """Yield functions that failed on samples."""
    for voted in linted.functions:
        if voted.faults:
            first = min(voted.faults, key=lambda fault: str(fault.sample_id))
            yield Finding(
                "raises",
                (voted.name,),
                f"fails on {counted(len(voted.faults), 'sample')}, such as"
                f" {quoted(first.sample_id)}: {first.exception!r:.200}",
                len(voted.faults),
                "it abstains there, and stops the run where errors are not recorded",
                "handle these samples, or let it return None for them",
            )


def slow(linted: Linted) -> Iterator[Finding]:
    """Yield functions that take long for each sample, by themselves or against the others."""
    seconds = {voted.name: _seconds(voted) for voted in linted.functions}
    known = [value for value in seconds.values() if value is not None]
    median = statistics.median(known) if known else 0.0
    for voted in linted.functions:
        each = seconds[voted.name]
        if each is None or voted.run.seconds < LEAST_SECONDS:
            continue
        if each > SLOW or (each > NOTICEABLE and each > SLOW_AGAINST_OTHERS * median):
            yield Finding(
                "slow",
                (voted.name,),
                f"takes {_short(each)} s per 1,000 samples; half of the functions take at most"
                f" {_short(median)} s",
                voted.run.rows_in_columns + voted.run.rows_in_python,
                "each change of it, and each new sample, takes that long",
                "compute what is slow in a @preprocessor with a cache, or simplify the pattern",
            )


def _short(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.2g}"


def _seconds(voted: VotedLF) -> float | None:
    """Return the seconds per 1,000 samples; `None` where all votes were cached."""
    rows = voted.run.rows_in_columns + voted.run.rows_in_python
    return 1_000 * voted.run.seconds / rows if rows else None


def non_deterministic(linted: Linted) -> Iterator[Finding]:
    """Yield functions that vote differently when they vote again."""
    tried = [
        voted
        for voted in linted.functions
        if not any(isinstance(fault.exception, TimeoutError) for fault in voted.faults)
    ]
    if not tried or not len(linted.samples):
        return
    rows = np.sort(random_order(linted.samples.index, np.random.default_rng(0))[:TRIED])
    few, lfs = linted.samples.iloc[rows], [voted.lf for voted in tried]
    again = [
        apply_to_frame(
            lfs, few, linted.schema, on_error="record", timeout=linted.timeout, text=linted.text
        )
        for _ in range(2)
    ]
    for column, voted in enumerate(tried):
        first, second = (cells_of(votes, column) for votes in again)
        differing = (first != second) | (first != voted.cells[rows])
        if differing.any():
            yield Finding(
                "not deterministic",
                (voted.name,),
                f"votes differently on {counted(int(differing.sum()), 'sample')} of {len(few):,}"
                " when it votes again",
                len(few),
                "no result can be repeated",
                "let its vote depend on the sample alone: no chance, clock, counter or service",
            )


def reading_gold(linted: Linted) -> Iterator[Finding]:
    """Yield functions that read a column which gives the labels of the dev set away."""
    for voted, fingerprint in zip(linted.functions, linted.fingerprints, strict=True):
        for column in sorted(linted.leaks.keys() & (fingerprint.reads or frozenset())):
            yield Finding(
                "reads gold",
                (voted.name,),
                f"reads the column {column!r}, {linted.leaks[column]}",
                linted.n_dev,
                "its precision says nothing, if the column was made from the labels or is missing"
                " for new samples",
                "leave the column out, unless new samples have it before anybody labels them",
            )


def leaking_columns(samples: pd.DataFrame, gold_codes: npt.NDArray[np.intp]) -> frozenset[str]:
    """Return the columns whose value says the label of each sample of the dev set.

    Columns with a value of its own for more than half of the samples, such as texts and ids, do so
    trivially and are left out.
    """
    in_dev = gold_codes >= 0
    codes, found = gold_codes[in_dev], set()
    if len(codes) < LEAST_DEV or len(np.unique(codes)) < 2:
        return frozenset()
    for name in samples.columns:
        try:
            values = pd.factorize(samples.loc[in_dev, name], use_na_sentinel=False)[0]
        except TypeError:  # lists and the like
            continue
        n_values = len(np.unique(values))
        n_pairs = len(np.unique(np.column_stack([values, codes]), axis=0))
        if n_pairs == n_values <= len(codes) / 2:
            found.add(str(name))
    return frozenset(found)


def not_cached(linted: Linted) -> Iterator[Finding]:
    """Yield functions whose votes cannot be reused."""
    for voted, fingerprint in zip(linted.functions, linted.fingerprints, strict=True):
        if fingerprint.unseen:
            yield Finding(
                "not cached",
                (voted.name,),
                f"uses {' and '.join(fingerprint.unseen[:3])}, whose changes cannot be noticed",
                len(linted.samples),
                "it is run again each time, and a change of what it uses goes unseen",
                "give it a version=..., and raise it with each such change",
            )


RUN_CHECKS: tuple[Callable[[Linted], Iterator[Finding]], ...] = (
    raising,
    slow,
    non_deterministic,
    reading_gold,
    not_cached,
)

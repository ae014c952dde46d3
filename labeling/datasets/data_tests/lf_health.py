"""Tests of the labeling functions: silent, voting on everything, failing, or in more conflict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.datasets.data_tests.comparing import (
    Compared,
    chi_square,
    cramers_v,
    details,
    fisher,
    holm,
)
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Codes, Tested, comparisons
from labeling.datasets.findings import Finding, Status, skipped
from labeling.errors import counted

FEWEST = 20
"""Samples from which a function that votes for one label on all of them is noticed."""
NEARLY_ALL = 0.995
COLLAPSE = 0.25
SILENT = "is nearly"
MOST_SHOWN = 5
"""Share of its earlier coverage below which a function has nearly fallen silent."""

Counts = npt.NDArray[np.float64]


def lf_health(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """No labeling function fell silent, votes for one label on everything, or fails often.

    A function that marks spans may mark some in every sample.

    With a base, coverage and conflicts of each function are compared with it: they fail where the
    p-value is below `alpha` after Holm's correction, and Cramer's V is above `drift_effect` or the
    coverage is less than a quarter of what it was.
    """
    name = "lf_health"
    if not head.voters or not len(head):
        return skipped(name, "there are no votes of labeling functions", len(head))
    problems = [*_constant_voters(head), *_faults(head, settings)]
    rows: tuple[dict[str, Any], ...] = ()
    effect: float | None = None
    if base is not None and base.voters and len(base):
        changed, rows, effect = _against_base(head, base, settings)
        problems += changed
    coverage = (head.lf_codes >= 0).mean(axis=0)
    silent = [voter for voter, share in zip(head.voters, coverage, strict=True) if share == 0]
    status: Status = "failed" if problems else "warning" if silent else "passed"
    constant = "" if head.has_spans else ", votes for one label on everything"
    sentence = (
        f"None of {counted(len(head.voters), 'labeling function')} fell silent{constant}, or fails;"
        f" coverage is {coverage.min():.1%} to {coverage.max():.1%}."
    )
    if problems:
        more = f" {len(problems) - MOST_SHOWN} more." * (len(problems) > MOST_SHOWN)
        sentence = f"{'; '.join(problems[:MOST_SHOWN])}.{more}"
    elif silent:
        sentence = f"{counted(len(silent), 'labeling function')} never voted: {', '.join(silent)}."
    return Finding(
        name,
        status,
        sentence,
        n=len(head),
        value=float(len(problems)),
        limit=0.0,
        effect=effect,
        details=rows,
    )


def _against_base(
    head: Tested, base: Tested, settings: DataTestSettings
) -> tuple[list[str], tuple[dict[str, Any], ...], float | None]:
    """Return what is wrong against the base, the table, and the strongest effect."""
    results = list(_changes(head, base))
    corrected = holm([one.p for one in results])
    problems = [
        f"{result.what} {result.change} (p = {p:.2g})"
        for result, p in zip(results, corrected, strict=True)
        if p < settings.alpha
        and (result.effect > settings.drift_effect or " silent: " in result.change)
    ]
    rows = details(results, corrected)
    gone = sorted(set(base.voters) - set(head.voters))
    if gone:
        rows = (*rows, {"what": ", ".join(gone), "change": "not in this training set"})
    return problems, rows, max((one.effect for one in results), default=None)


def _constant_voters(head: Tested) -> Iterator[str]:
    if len(head) < FEWEST or head.has_spans:  # a name in each text is no constant vote
        return
    for column, voter in enumerate(head.voters):
        codes = head.lf_codes[:, column]
        cast = codes[codes >= 0]
        if len(cast) >= NEARLY_ALL * len(codes) and len(np.unique(cast)) == 1:
            label = head.schema.labels[int(cast[0])]
            yield f"{voter} votes {label} on {len(cast):,} of {counted(len(codes), 'sample')}"


def _faults(head: Tested, settings: DataTestSettings) -> Iterator[str]:
    for voter, count in sorted(head.faults.items()):
        share = count / len(head)
        if share > settings.lf_faults:
            yield (
                f"{voter} failed on {count:,} of {counted(len(head), 'sample')} ({share:.1%}; the"
                f" limit is {settings.lf_faults:.1%})"
            )


def _changes(head: Tested, base: Tested) -> Iterator[Compared]:
    old = {voter: column for column, voter in enumerate(base.voters)}
    base_conflicts = conflicts(base.lf_codes)
    for rows, part in comparisons(head, base):
        ours = conflicts(part.lf_codes)
        for column, voter in enumerate(part.voters):
            if voter not in old:
                continue
            codes, old_codes = part.lf_codes[:, column], base.lf_codes[:, old[voter]]
            yield _coverage(voter, rows, codes, old_codes)
            at = old[voter]
            yield _conflict(
                voter, rows, ours[codes >= 0, column], base_conflicts[old_codes >= 0, at]
            )


def _coverage(voter: str, rows: str, codes: Codes, old: Codes) -> Compared:
    n, n_base = len(codes), len(old)
    votes, old_votes = int((codes >= 0).sum()), int((old >= 0).sum())
    share, old_share = votes / max(n, 1), old_votes / max(n_base, 1)
    change = f"votes on {share:.1%} of {n:,} samples, in the base on {old_share:.1%} of {n_base:,}"
    if old_votes and share < COLLAPSE * old_share:
        change = f"{SILENT if votes else 'fell'} silent: {change}"
    effect = cramers_v(_pair(votes, n), _pair(old_votes, n_base))
    return Compared(
        f"{voter} (coverage):",
        rows,
        "Fisher, Cramer's V",
        n,
        n_base,
        effect,
        fisher((votes, n), (old_votes, n_base)),
        change,
    )


def _conflict(voter: str, rows: str, ours: Counts, theirs: Counts) -> Compared:
    n, n_base = len(ours), len(theirs)
    hits, old_hits = int(ours.sum()), int(theirs.sum())
    first, second = _pair(hits, n), _pair(old_hits, n_base)
    change = (
        f"{hits:,} of {n:,} votes are in conflict with another function, in the base {old_hits:,}"
        f" of {n_base:,}"
    )
    return Compared(
        f"{voter} (conflicts):",
        rows,
        "chi-square, Cramer's V",
        n,
        n_base,
        cramers_v(first, second),
        chi_square(first, second) if n and n_base else 1.0,
        change,
    )


def _pair(hits: int, n: int) -> Counts:
    return np.array([hits, n - hits], dtype=np.float64)


def conflicts(lf_codes: Codes) -> npt.NDArray[np.bool_]:
    """Return which votes differ from another vote on the same sample, shape (n, n_voters).

    >>> conflicts(np.array([[0, 1, -1], [0, 0, -1]])).tolist()
    [[True, True, False], [False, False, False]]
    """
    is_cast = lf_codes >= 0
    beyond = np.iinfo(lf_codes.dtype).max
    largest = lf_codes.max(axis=1, initial=-1)
    smallest = np.where(is_cast, lf_codes, beyond).min(axis=1, initial=beyond)
    is_mixed = is_cast.any(axis=1) & (largest != smallest)
    result: npt.NDArray[np.bool_] = is_cast & is_mixed[:, None]
    return result

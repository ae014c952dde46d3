"""Drift of columns, votes and labels against the base (Kolmogorov-Smirnov, chi-square)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.data_tests.comparing import (
    Compared,
    chi_square,
    cramers_v,
    details,
    holm,
    strongest,
)
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested, comparisons
from labeling.datasets.data_tests.words import is_category
from labeling.datasets.findings import Finding, finding, skipped
from labeling.errors import counted, listed

FEWEST = 10
"""Values of a column that a set must have to be compared."""

Counts = npt.NDArray[np.float64]


def drift_columns(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The columns of the samples are distributed as in the base.

    Numbers, and the length of texts, by Kolmogorov and Smirnov; categories and the share of missing
    values by chi-square. Times are not compared, since new samples are later; nor are identifiers.
    """
    name = "drift_columns"
    if base is None:
        return skipped(name, "there is no base to compare with", len(head))
    results: list[Compared] = []
    others: list[str] = []
    for column in head.samples.columns:
        if column in settings.ignore or column not in base.samples.columns:
            continue
        before = len(results)
        old = base.samples[column]
        for rows, part in comparisons(head, base):
            results += _column(str(column), rows, part.samples[column], old)
        if len(results) == before:
            others.append(str(column))
    left = f" Not compared: {listed(others)} (times, identifiers or mixed values)." * bool(others)
    return _judged(name, "column", results, settings, len(head), left)


def drift_votes(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The votes of each labeling function fall on the labels as in the base.

    Compared are the labels of its votes where it votes for several, and the number of votes on a
    sample; `lf_health` compares coverage and conflicts.
    """
    name = "drift_votes"
    if base is None:
        return skipped(name, "there is no base to compare with", len(head))
    shared = [voter for voter in head.voters if voter in base.voters]
    if not shared:
        return skipped(name, "no labeling function has votes in both", len(head))
    ours = [head.voters.index(voter) for voter in shared]
    theirs = [base.voters.index(voter) for voter in shared]
    old_codes, k = base.lf_codes[:, theirs], len(head.schema)
    results: list[Compared] = []
    for rows, part in comparisons(head, base):
        codes = part.lf_codes[:, ours]
        for column, voter in enumerate(shared):
            first = _code_counts(codes[:, column], k)
            second = _code_counts(old_codes[:, column], k)
            if ((first + second) > 0).sum() > 1:
                results += _counts_compared(voter, rows, first, second, head.schema.labels)
        totals = (codes >= 0).sum(axis=1), (old_codes >= 0).sum(axis=1)
        first, second = (_code_counts(total, len(shared) + 1) for total in totals)
        numbers = [f"{number} votes" for number in range(len(shared) + 1)]
        results += _counts_compared("votes on a sample", rows, first, second, numbers)
    return _judged(name, "vote distribution", results, settings, len(head))


def drift_labels(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The labels have the shares of the base."""
    name = "drift_labels"
    if base is None or head.codes is None or base.codes is None:
        return skipped(name, "there is no base with labels, or the samples have none", len(head))
    k = len(head.schema)
    results: list[Compared] = []
    for rows, part in comparisons(head, base):
        assert part.codes is not None
        first, second = _code_counts(part.codes, k), _code_counts(base.codes, k)
        results += _counts_compared("labels", rows, first, second, head.schema.labels)
    return _judged(name, "label distribution", results, settings, len(head))


def _judged(
    name: str,
    noun: str,
    results: Sequence[Compared],
    settings: DataTestSettings,
    n: int,
    left: str = "",
) -> Finding:
    """Return the finding of comparisons: it fails where p-value and effect exceed their limits."""
    if not results:
        return skipped(name, f"too few values to compare.{left}".rstrip("."), n)
    corrected = holm([one.p for one in results])
    failing, top = strongest(results, corrected, settings.alpha, settings.drift_effect)
    worst = results[top]
    which = "new samples" if worst.rows == "new" else "samples"
    numbers = (
        f"{worst.test} {worst.effect:.3f} (limit {settings.drift_effect:g}), p ="
        f" {corrected[top]:.2g} by Holm over {len(results)}, n = {worst.n:,} {which} and"
        f" {worst.n_base:,} of the base"
    )
    chance = " (may be chance)" if worst.effect > settings.drift_effect else ""
    sentence = (
        f"No {noun} drifted; the strongest change is of {worst.what}: {numbers}{chance}.{left}"
    )
    if failing:
        what = counted(len(failing), f"{noun} differs", f"{noun}s differ")
        sentence = f"{what} from the base, above all {worst.what}: {worst.change}; {numbers}.{left}"
    return finding(
        name,
        ok=not failing,
        sentence=sentence,
        n=n,
        value=worst.effect,
        limit=settings.drift_effect,
        effect=worst.effect,
        p=corrected[top],
        details=details(results, corrected),
    )


def _column(name: str, rows: str, new: pd.Series, old: pd.Series) -> Iterator[Compared]:
    """Yield the comparisons of a column: missing values, and the values."""
    missing = new.isna().to_numpy(dtype=bool), old.isna().to_numpy(dtype=bool)
    if missing[0].any() or missing[1].any():
        first, second = (_code_counts(one.astype(np.int64), 2) for one in missing)
        yield from _counts_compared(f"{name} (missing)", rows, first, second, ["given", "missing"])
    values, old_values = new[~missing[0]], old[~missing[1]]
    if min(len(values), len(old_values)) < FEWEST:
        return
    if _is_number(values) and _is_number(old_values):
        yield _numbers(name, rows, values, old_values)
        return
    first_list, second_list = values.tolist(), old_values.tolist()
    if is_category(first_list + second_list):
        counts, old_counts = Counter(map(str, first_list)), Counter(map(str, second_list))
        names = sorted({*counts, *old_counts})
        first = np.array([float(counts[key]) for key in names])
        second = np.array([float(old_counts[key]) for key in names])
        yield from _counts_compared(name, rows, first, second, names)
    elif all(isinstance(value, str) for value in (*first_list[:100], *second_list[:100])):
        lengths = [pd.Series([len(str(value)) for value in one]) for one in (values, old_values)]
        yield _numbers(f"{name} (length)", rows, *lengths)


def _is_number(values: pd.Series) -> bool:
    kind = values.dtype
    return bool(pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind))


def _numbers(name: str, rows: str, new: pd.Series, old: pd.Series) -> Compared:
    from scipy.stats import ks_2samp

    first = np.sort(new.to_numpy(dtype=np.float64))
    second = np.sort(old.to_numpy(dtype=np.float64))
    exactly = "exact" if len(first) * len(second) <= 10_000 else "asymp"
    tested: Any = ks_2samp(first, second, method=exactly)
    change = f"median {np.median(first):g} instead of {np.median(second):g}"
    p = float(tested.pvalue)
    return Compared(
        name, rows, "KS, D", len(first), len(second), float(tested.statistic), p, change
    )


def _counts_compared(
    what: str, rows: str, first: Counts, second: Counts, names: Sequence[str]
) -> list[Compared]:
    """Return the comparison of two rows of counts; none if one of them has too few."""
    n, n_base = int(first.sum()), int(second.sum())
    if min(n, n_base) < FEWEST:
        return []
    shift = first / n - second / n_base
    at = int(np.abs(shift).argmax())
    change = f"{names[at]} is {first[at] / n:.1%} instead of {second[at] / n_base:.1%}"
    effect, p = cramers_v(first, second), chi_square(first, second)
    return [Compared(what, rows, "chi-square, Cramer's V", n, n_base, effect, p, change)]


def _code_counts(codes: npt.NDArray[Any], k: int) -> Counts:
    return np.bincount(codes[codes >= 0].astype(np.int64), minlength=k)[:k].astype(np.float64)

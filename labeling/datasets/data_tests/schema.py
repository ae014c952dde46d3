"""Tests of the samples' columns by pandera: a schema that is given, or one inferred of the base."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.data_tests.comparing import holm
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.data_tests.words import is_category
from labeling.datasets.findings import Finding, finding, skipped
from labeling.errors import ConfigError, counted, listed, naming_extra

KINDS = {"b": "truth values", "i": "numbers", "u": "numbers", "f": "numbers", "M": "times"}
MOST_SHOWN = 3


def load_pandera() -> Any:
    """Return pandera's module for pandas.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pyspark if that is installed, which warns
        import pandera.pandas

        pandera.pandas.Check.isin([0])(pd.Series([0]))  # which loads the rest of it
    return pandera.pandas


def schema(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The samples satisfy the schema that is given, or one inferred of the base.

    A given schema must hold for each row. An inferred one has the columns and types of the base;
    and where the base has no missing values, only some values or a range, more values outside of it
    than chance explains are a failure: of m values of the base and n others of the same source, the
    k greatest are all among the n with probability n/(n+m) * (n-1)/(n+m-1) * ... (k factors).
    """
    name = "schema"
    if settings.schema is not None:
        return _given(name, head, settings.schema)
    if base is None:
        return skipped(name, "there is no base to infer one of, and none is given", len(head))
    try:
        pandera = load_pandera()
    except ModuleNotFoundError:
        return skipped(name, "pandera is not installed: pip install 'labeling[quality]'", len(head))
    return _like_base(name, head, base, settings, pandera)


def _like_base(
    name: str, head: Tested, base: Tested, settings: DataTestSettings, pandera: Any
) -> Finding:
    """Return the finding of a schema inferred of the base."""
    inferred = inferred_schema(base.samples.drop(columns=list(settings.ignore), errors="ignore"))
    problems, rows = _structure(head.samples, inferred, base.samples), []
    is_wrong = np.zeros(len(head), dtype=bool)
    for column, check, mask in _outside(head.samples, inferred, pandera):
        n_base = len(base) if check == "missing" else int(base.samples[column].notna().sum())
        p = _chance(int(mask.sum()), len(head), n_base)
        rows.append(_Outside(str(column), check, int(mask.sum()), p))
        is_wrong |= mask
    corrected = holm([row.p for row in rows])
    problems += [
        f"column {row.column!r} has {row.outside:,} of {len(head):,} values outside of what the"
        f" base has ({row.check}; p = {p:.2g})"
        for row, p in zip(rows, corrected, strict=True)
        if p < settings.alpha
    ]
    added = [str(one) for one in head.samples.columns if one not in base.samples.columns]
    more = f" New columns, not compared: {listed(added)}." if added else ""
    sentence = f"{counted(len(inferred.columns), 'column is', 'columns are')} as in the base."
    if problems:
        rest = f" {len(problems) - MOST_SHOWN} more." * (len(problems) > MOST_SHOWN)
        text = "; ".join(problems[:MOST_SHOWN])
        sentence = f"{text[0].upper()}{text[1:]}.{rest}"
    return finding(
        name,
        ok=not problems,
        sentence=sentence + more,
        n=len(head),
        value=float(len(problems)),
        limit=0.0,
        p=min(corrected, default=None),
        ids=head.ids[is_wrong] if problems else None,
        details=tuple(
            {**row._asdict(), "p_holm": p} for row, p in zip(rows, corrected, strict=True)
        ),
    )


class _Outside(NamedTuple):
    """How many values of a column do not satisfy a check, and whether chance explains them."""

    column: str
    check: str
    outside: int
    p: float


def inferred_schema(samples: pd.DataFrame) -> Any:
    """Return a pandera schema of samples: types, ranges of numbers, values of categories, missing.

    `schema.to_yaml("configs/schema.yaml")` writes it, to be edited and given as `schema`.

    Raises:
        ModuleNotFoundError: pandera is not installed.

    >>> samples = pd.DataFrame({"size": [1.0, 3.0], "text": ["a", "b"]})
    >>> inferred_schema(samples).columns["size"].checks
    [<Check in_range: in_range(1.0, 3.0)>]
    """
    pandera = load_pandera()
    columns = {}
    for name, column in samples.items():
        values, checks = column.dropna(), []
        if _kind(column) == "numbers" and len(values):
            checks.append(pandera.Check.in_range(float(values.min()), float(values.max())))
        elif len(values) and is_category(values.tolist()):
            checks.append(pandera.Check.isin(sorted(set(values.tolist()), key=repr)))
        has_missing = bool(column.isna().any())
        columns[name] = pandera.Column(None, checks, nullable=has_missing, required=True)
    return pandera.DataFrameSchema(columns)


def _kind(column: pd.Series) -> str:
    """Return what a column holds, so that storing it in another type is no change."""
    if column.dtype.kind in KINDS:
        return KINDS[column.dtype.kind]
    if pd.api.types.is_string_dtype(column.dtype):
        return "texts"
    kind = pd.api.types.infer_dtype(column, skipna=True)
    names = {"string": "texts", "boolean": "truth values", "empty": ""}
    return names.get(kind, "numbers" if kind in ("integer", "floating", "decimal") else kind)


def _structure(samples: pd.DataFrame, inferred: Any, base: pd.DataFrame) -> list[str]:
    """Return what is wrong with the columns and their types."""
    problems = [
        f"column {name!r} of the base is missing"
        for name in inferred.columns
        if name not in samples.columns
    ]
    for name in inferred.columns:
        if name in samples.columns:
            kinds = _kind(samples[name]), _kind(base[name])
            if kinds[0] != kinds[1] and all(kinds):
                problems.append(f"column {name!r} holds {kinds[0]}, in the base {kinds[1]}")
    return problems


def _outside(
    samples: pd.DataFrame, inferred: Any, pandera: Any
) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Yield the column, the check, and the rows that do not satisfy it."""
    for name, rule in inferred.columns.items():
        if name not in samples.columns:
            continue
        column = samples[name]
        missing = column.isna().to_numpy(dtype=bool)
        if not rule.nullable:
            yield name, "missing", missing
        for check in rule.checks:
            try:
                passed = check(column[~missing]).check_output
            except (TypeError, ValueError):  # values of another type, which is reported
                continue
            mask = np.zeros(len(column), dtype=bool)
            mask[~missing] = ~np.asarray(passed, dtype=bool)
            yield name, str(check.error), mask


def _chance(hits: int, n: int, n_base: int) -> float:
    """Return the probability that the `hits` most extreme of all values are among the n new ones.

    Two ends of a range, and several new categories, have as many chances.

    >>> _chance(0, 10, 10), round(_chance(1, 10, 10), 2), _chance(10, 100, 10_000) < 1e-10
    (1.0, 1.0, True)
    """
    if not hits:
        return 1.0
    position = np.arange(min(hits, 200))
    logs = np.log(n - position) - np.log(n + n_base - position)
    return float(min(1.0, 2 * (hits + 1) * np.exp(logs.sum())))


def _given(name: str, head: Tested, given: Any) -> Finding:
    """Return the finding of a schema that must hold for each row."""
    with naming_extra():
        pandera = load_pandera()
    rule = _read(given, pandera)
    try:
        rule.validate(head.samples, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        sentence = f"All {counted(len(head), 'sample')} satisfy the schema that is given."
        return finding(name, ok=True, sentence=sentence, n=len(head), value=0.0, limit=0.0)
    grouped = cases.groupby([cases["column"].astype(str), cases["check"].astype(str)]).size()
    rows = tuple(
        {"column": column, "check": check, "outside": int(count)}
        for (column, check), count in sorted(grouped.items())
    )
    wrong = [f"{row['column']}: {row['check']} ({row['outside']:,} times)" for row in rows]
    ids = pd.Index(cases["index"].dropna().unique())
    return finding(
        name,
        ok=False,
        sentence=f"The schema that is given is not satisfied: {'; '.join(wrong[:MOST_SHOWN])}.",
        n=len(head),
        value=float(len(cases)),
        limit=0.0,
        ids=head.ids[head.ids.isin(ids)],
        details=rows,
    )


def _read(given: Any, pandera: Any) -> Any:
    if not isinstance(given, (str, Path)):
        return given
    path = Path(given)
    if not path.is_file():
        raise ConfigError(f"The schema of the tests on data must be a file. Got {str(path)!r}.")
    try:
        return pandera.DataFrameSchema.from_yaml(path)
    except Exception as error:  # pandera and its YAML reader raise errors of many kinds
        raise ConfigError(f"{path} is not a schema of pandera in YAML: {error}.") from error

"""`Finding` and `DataTestReport`: what tests on the data found, with counts, limits and rows."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from labeling.datasets.values import plain, strict_json
from labeling.errors import DataError, LabelingError, counted, listed, near, repeated
from labeling.records import random_order
from labeling.rendering import Cell, Displayed, Excerpt, Part, Table, View
from labeling.rendering.formatting import clipped, undirected

Status = Literal["passed", "failed", "warning", "skipped"]
STATUSES: tuple[Status, ...] = get_args(Status)
MOST_EXAMPLES = 20
"""Ids of samples that a finding keeps; `n_samples` counts all."""
MOST_DETAILS = 50
"""Rows of details that are shown in a notebook."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Finding(Displayed):
    """What one test on the data found.

    Attributes:
        name: of the test, such as `class_floor`; unique in a report.
        status: `passed`; `failed`, which blocks a release; `warning`, which does not; `skipped`,
            where the test could not be run, with the reason in `sentence`.
        sentence: what was found and why it passed or failed, in one sentence. It never quotes
            personal data.
        n: how many samples, votes or pairs were looked at.
        value: the measured number that is compared with `limit`; `None` if there is none.
        limit: the limit of `value`; `None` if there is none.
        effect: the effect size (Cramer's V, Kolmogorov-Smirnov D, ...), as the sentence names it.
        p: the p-value of the test, corrected for several columns; `None` if there is none.
        low: lower end of the 95 % interval of `value`; `None` if there is none.
        high: upper end.
        sample_ids: samples that show what was found: at most 20, drawn by a hash of the id.
        n_samples: how many samples show it.
        details: rows of a table, such as one a column or a labeling function; plain values.

    Raises:
        LabelingError: a status that does not exist.

    >>> finding = Finding("unique_ids", "passed", "All 10 ids are unique.", n=10)
    >>> finding
    Finding(unique_ids passed: All 10 ids are unique.)
    """

    name: str
    status: Status
    sentence: str
    n: int = 0
    value: float | None = None
    limit: float | None = None
    effect: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None
    sample_ids: tuple[Hashable, ...] = ()
    n_samples: int = 0
    details: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise LabelingError(
                f"The status of finding {self.name!r} must be one of {listed(STATUSES)}. Got"
                f" {self.status!r}.{near(self.status, STATUSES)}"
            )
        object.__setattr__(self, "n_samples", max(self.n_samples, len(self.sample_ids)))
        object.__setattr__(self, "sample_ids", tuple(self.sample_ids)[:MOST_EXAMPLES])

    def __repr__(self) -> str:
        line = " ".join(f"{self.name} {self.status}: {self.sentence}".split())
        return f"Finding({clipped(undirected(line), 400)})"

    def to_frame(self) -> pd.DataFrame:
        """Return the details as a table."""
        return pd.DataFrame([dict(row) for row in self.details])

    def to_dict(self) -> dict[str, Any]:
        """Return all attributes as plain JSON values; `Finding.from_dict` reads them."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["details"] = [dict(row) for row in self.details]
        result: dict[str, Any] = json.loads(strict_json(values))
        return result

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finding:
        """Return a finding from what `to_dict` returned; ids that JSON does not have are texts.

        Raises:
            DataError: attributes are missing or unknown.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not {"name", "status", "sentence"} <= set(values) <= names:
            raise DataError(
                f"A finding must have a name, a status, a sentence and some of {listed(names)}. Got"
                f" {listed(values)}."
            )
        given = dict(values)
        given["sample_ids"] = tuple(given.get("sample_ids", ()))
        given["details"] = tuple(dict(row) for row in given.get("details", ()))
        return cls(**given)

    def _view(self) -> View:
        return View(f"{self.name}: {self.status}", (self.sentence, *_evidence(self)))


def finding(
    name: str, *, ok: bool, sentence: str, ids: pd.Index | None = None, **numbers: Any
) -> Finding:
    """Return a finding that passed or failed, with examples from all samples that show it.

    Args:
        name: of the test.
        ok: whether it passed.
        sentence: what was found.
        ids: all samples that show it.
        numbers: further attributes of `Finding`.

    >>> finding("ids", ok=False, sentence="2 ids repeat.", ids=pd.Index(["a", "b"]), n=5).n_samples
    2
    """
    examples = () if ids is None else example_ids(ids)
    numbers.setdefault("n_samples", 0 if ids is None else len(ids))
    return Finding(name, "passed" if ok else "failed", sentence, sample_ids=examples, **numbers)


def skipped(name: str, reason: str, n: int = 0) -> Finding:
    """Return a finding of a test that could not be run.

    >>> skipped("drift_text", "there is no base to compare with")
    Finding(drift_text skipped: Skipped: there is no base to compare with.)
    """
    return Finding(name, "skipped", f"Skipped: {reason.rstrip('.')}.", n=n)


def example_ids(ids: pd.Index) -> tuple[Hashable, ...]:
    """Return at most 20 of the ids, drawn by a hash of each: the same in any order of the rows."""
    order = random_order(ids, np.random.default_rng(0))[:MOST_EXAMPLES]
    return tuple(plain(sample_id, lambda value: value) for sample_id in ids[order].tolist())


@dataclass(frozen=True, slots=True)
class DataTestReport(Displayed):
    """The findings of all tests on a training set.

    Attributes:
        findings: one a test, in the order of the tests.
        tested: the fingerprint of the training set that was tested; empty for other data.
        base: the fingerprint of the training set that it was compared with; `None` if with none.
        samples: how many samples were tested.

    Raises:
        LabelingError: two findings of one name.

    >>> report = DataTestReport((Finding("unique_ids", "passed", "All 10 ids are unique."),))
    >>> report, report.passed
    (DataTestReport(passed: 1 passed), True)
    """

    findings: tuple[Finding, ...]
    tested: str = ""
    base: str | None = None
    samples: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(self.findings))
        doubled = repeated(one.name for one in self.findings)
        if doubled:
            raise LabelingError(
                f"Each test must have a name of its own. Given twice: {listed(doubled)}; rename"
                " your own."
            )

    @property
    def passed(self) -> bool:
        """Whether no test failed; warnings and skipped tests do not count as failures."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that failed."""
        return self._with_status("failed")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are warnings."""
        return self._with_status("warning")

    @property
    def skipped(self) -> tuple[Finding, ...]:
        """The tests that could not be run, each with the reason."""
        return self._with_status("skipped")

    def _with_status(self, status: Status) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.status == status)

    def __getitem__(self, name: str) -> Finding:
        by_name = {one.name: one for one in self.findings}
        if name not in by_name:
            raise LabelingError(f"No test is called {name!r}.{near(name, by_name)}")
        return by_name[name]

    def __len__(self) -> int:
        return len(self.findings)

    def __bool__(self) -> bool:
        return True  # a report without findings is a report

    def __repr__(self) -> str:
        outcome = "passed" if self.passed else "failed"
        return f"DataTestReport({outcome}: {self._counts()})"

    def _counts(self) -> str:
        numbers = {status: len(self._with_status(status)) for status in STATUSES}
        named = [
            counted(count, status) if status == "warning" else f"{count} {status}"
            for status, count in numbers.items()
            if count
        ]
        return ", ".join(named) or "no tests"

    @property
    def digest(self) -> str:
        """SHA-256 of the report as JSON."""
        return hashlib.sha256(self.to_json().encode("utf-8")).hexdigest()

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a test, index = name."""
        names = [field.name for field in dataclasses.fields(Finding) if field.name != "details"]
        rows = [{name: getattr(one, name) for name in names} for one in self.findings]
        return pd.DataFrame(rows, columns=names).set_index("name")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {
            "format": VERSION,
            "passed": self.passed,
            "tested": self.tested,
            "base": self.base,
            "samples": self.samples,
            "findings": [one.to_dict() for one in self.findings],
        }

    def to_json(self) -> str:
        """Return the report as JSON with sorted keys, the same for the same findings."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> DataTestReport:
        """Return the report that `to_json` wrote.

        Raises:
            DataError: it is no such report, or of a newer version.
        """
        try:
            values = json.loads(text)
            version, found = values["format"], values["findings"]
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(f"This is no report of tests on data: {error!r}.") from error
        if version != VERSION:
            raise DataError(
                f"A report of tests on data must have format {VERSION}. Got {version!r}: read it"
                " with the version of labeling that wrote it."
            )
        read = tuple(Finding.from_dict(one) for one in found)
        return cls(read, values.get("tested", ""), values.get("base"), values.get("samples", 0))

    def _view(self) -> View:
        outcome = "passed" if self.passed else "failed"
        title = f"Tests on {counted(self.samples, 'sample')}: {outcome} ({self._counts()})"
        parts: list[Part] = []
        for one in (*self.failed, *self.warnings):
            parts += [f"{one.name} {_IN_WORDS[one.status]}: {one.sentence}", *_evidence(one)]
        passed = self._with_status("passed")
        if passed:
            parts.append(_findings_table(passed, "Passed."))
        if self.skipped:
            parts.append(_skipped_table(self.skipped))
        return View(title, tuple(parts))


_IN_WORDS = {"failed": "failed", "warning": "warns"}


def _findings_table(findings: Iterable[Finding], caption: str) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Excerpt(one.name), one.n, one.sentence) for one in findings
    )
    return Table(("test", "n", "finding"), rows, caption)


def _skipped_table(findings: Iterable[Finding]) -> Table:
    """Return why tests could not be run, and which: a row a reason."""
    by_reason: dict[str, list[str]] = {}
    for one in findings:
        by_reason.setdefault(one.sentence.removeprefix("Skipped: "), []).append(one.name)
    rows = tuple((", ".join(names), reason) for reason, names in by_reason.items())
    return Table(("tests", "why"), rows, "Skipped.")


def _evidence(shown: Finding) -> list[Part]:
    """Return the table of details of a finding, and samples that show it."""
    parts: list[Part] = []
    if shown.details:
        names = list(dict.fromkeys(name for row in shown.details for name in row))
        rows = tuple(
            tuple(_cell(row.get(name)) for name in names) for row in shown.details[:MOST_DETAILS]
        )
        parts.append(Table(tuple(names), rows, left_out=len(shown.details) - len(rows)))
    if shown.sample_ids:
        parts.append(Excerpt(f"For example: {', '.join(map(str, shown.sample_ids))}"))
    return parts


def _cell(value: Any) -> Cell:
    return value if isinstance(value, (int, float, type(None))) else Excerpt(str(value))

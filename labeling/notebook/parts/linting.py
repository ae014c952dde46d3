"""`lint` where labels have parts: checks on what is said of parts, and on runs."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import numpy as np
import numpy.typing as npt

from labeling.notebook.lint_findings import Lint
from labeling.notebook.lint_votes import LEAST_DEV
from labeling.notebook.linting import (
    LEAST_DEV as LEAST_FOR_LEAKS,
)
from labeling.notebook.linting import (
    Linted,
    by_name,
    fingerprints_of,
    leaking_columns,
    lint_of,
)
from labeling.notebook.parts.lint_parts import (
    LintedParts,
    PartCheck,
    below_chance,
    broad,
    constant,
    duplicates,
    excluding,
    lowering_f1,
    near_duplicates,
    silent,
    unknown_labels,
)
from labeling.notebook.parts.lint_spans import (
    contradicted,
    off_by_edges,
    punctuation,
    trimmed,
    within_words,
)
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_table import PartTable, SetTable, SpanTable
from labeling.records import ABSTAIN, Span

Checks = tuple[PartCheck, ...]

SAME: Checks = (duplicates, near_duplicates, silent)
MEASURED: Checks = (unknown_labels, broad, lowering_f1)
CHECKS: Mapping[type[PartTable], Checks] = MappingProxyType(
    {
        SpanTable: (
            *SAME,
            functools.partial(constant, least_dev=LEAST_DEV),
            *MEASURED,
            off_by_edges,
            punctuation,
            within_words,
            trimmed,
            contradicted,
        ),
        SetTable: (*SAME, constant, *MEASURED, below_chance, excluding),
    }
)
MOSTLY, COPY = 0.5, 0.9
"""Share of a column's characters that gold spans are if it gives them away; and the share of the
text that it has if it is rather another form of the text."""


def lint_parts(moment: PartMoment, timeout: float | None) -> Lint:
    """Return what is likely a mistake in labeling functions of spans, or of several labels.

    Args:
        moment: what the workbench holds.
        timeout: seconds that a function may take on a sample.
    """
    parts = LintedParts(moment, moment.table(*moment.functions))
    linted = Linted(
        moment.functions,
        moment.samples,
        moment.schema,
        _leaks(moment),
        moment.n_gold,
        fingerprints_of(moment.functions),
        timeout,
        moment.text or "text",
    )
    checks = CHECKS[type(parts.table)] if moment.functions else ()
    return lint_of(linted, [finding for check in checks for finding in by_name(check(parts))])


def _leaks(moment: PartMoment) -> dict[str, str]:
    """Return the columns that give the dev set away, each with what is known by it."""
    known = "by which the labels in each sample of the dev set are known"
    leaks = dict.fromkeys(leaking_columns(moment.samples, _label_codes(moment)), known)
    for column in moment.samples.columns:
        if column != moment.text and _holds_spans(moment, column):
            leaks[str(column)] = "which holds the gold spans of each sample of the dev set"
    return leaks


def _label_codes(moment: PartMoment) -> npt.NDArray[np.intp]:
    """Return a number for each set of labels that gold of a sample has; -1 without gold."""
    codes = np.full(len(moment), ABSTAIN, dtype=np.intp)
    known: dict[frozenset[str], int] = {}
    for row, sample_id in enumerate(moment.samples.index.tolist()):
        if sample_id in moment.gold:
            labels = frozenset(
                part.label if isinstance(part, Span) else part for part in moment.gold[sample_id]
            )
            codes[row] = known.setdefault(labels, len(known))
    return codes


def _holds_spans(moment: PartMoment, column: str) -> bool:
    """Whether the values of a column are mostly the texts of the gold spans."""
    rows = [
        (row, [part for part in moment.gold[sample_id] if isinstance(part, Span)])
        for row, sample_id in enumerate(moment.samples.index.tolist())
        if sample_id in moment.gold
    ]
    with_spans = [(row, spans) for row, spans in rows if spans]
    if len(with_spans) < LEAST_FOR_LEAKS:
        return False
    values, sizes = moment.samples[column], np.zeros(3)
    for row, spans in with_spans:
        text = moment.texts_of(np.array([row]))[0]
        value = str(cast(object, values.iat[row]))
        words = [text[span.start : span.end] for span in spans]
        if not all(word in value for word in words):
            return False
        sizes += sum(map(len, words)), len(value), len(text)
    of_spans, of_values, of_texts = sizes.tolist()
    is_copy = of_values >= COPY * of_texts
    return bool(of_spans >= MOSTLY * of_values and not is_copy)

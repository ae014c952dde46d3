"""Tests on data whose labels are spans or sets, in place of those for one label per sample."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from labeling.datasets.data_tests.drift import drift_columns
from labeling.datasets.data_tests.integrity import FEW
from labeling.datasets.data_tests.list_tested import ListTested
from labeling.datasets.data_tests.people import mean_finding
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.findings import Finding, Status, finding, skipped
from labeling.errors import counted

Test = Callable[[Tested, Tested | None, DataTestSettings], Finding]
NO_SINGLE_LABEL = "a sample may have several labels, each decided by itself"


def known_labels(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Each label is one of the schema, and each sample has a label or an empty one."""
    tested = _of(head)
    known = set(tested.names)
    is_wrong = np.array(
        [label is None or not known.issuperset(_names_of(label)) for label in tested.labels],
        dtype=bool,
    )
    n = int(is_wrong.sum())
    sentence = f"The labels of all {counted(len(head), 'sample')} are in the schema."
    if n:
        sentence = (
            f"{n:,} of {counted(len(head), 'sample')} have no label, or one not in the schema."
        )
    return finding(
        "known_labels", ok=not n, sentence=sentence, n=len(head), value=float(n), limit=0.0,
        ids=head.ids[is_wrong],
    )  # fmt: skip


def probabilities(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Probabilities are numbers from 0 to 1: one per span, or one per label of the schema."""
    tested = _of(head)
    is_wrong = np.array(
        [
            not _are_right(label, given, len(tested.names))
            for label, given in zip(tested.labels, tested.given_probabilities, strict=True)
        ],
        dtype=bool,
    )
    n = int(is_wrong.sum())
    sentence = "All probabilities are from 0 to 1, one for each span or each label."
    if n:
        sentence = (
            f"{n:,} of {counted(len(head), 'sample')} have wrong probabilities: not from 0 to 1, or"
            " not one for each span or label."
        )
    return finding(
        "probabilities", ok=not n, sentence=sentence, n=len(head), value=float(n), limit=0.0,
        ids=head.ids[is_wrong],
    )  # fmt: skip


def _are_right(label: Any, given: Any, n_labels: int) -> bool:
    if label is None:
        return True
    wanted = len(label) if isinstance(label, tuple) else n_labels
    return given is not None and len(given) == wanted and all(0 <= p <= 1 for p in given)


def most_probable_labels(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """It has no meaning here: labels are not chosen among each other."""
    return skipped("most_probable_labels", NO_SINGLE_LABEL, len(head))


def class_floor(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Each label is in enough samples, as a share and as a count."""
    tested = _of(head)
    names = [_names_of(label) for label in tested.labels]
    n = len(head)
    counts = {name: sum(name in some for some in names) for name in tested.names}
    shares = {name: count / max(n, 1) for name, count in counts.items()}
    low = [
        f"{name} is in {count:,} of {n:,} ({shares[name]:.1%})"
        for name, count in counts.items()
        if count < settings.class_count or shares[name] < settings.class_floor
    ]
    rarest = min(counts, key=lambda name: (counts[name], name))
    limits = f"{counted(settings.class_count, 'sample')} and {settings.class_floor:.1%}"
    sentence = (
        f"The rarest label, {rarest}, is in {counts[rarest]:,} of {n:,} samples"
        f" ({shares[rarest]:.1%}); the floor is {limits}."
    )
    if counts[rarest] < FEW:
        sentence += f" From fewer than {FEW} samples a label can hardly be learned."
    if low:
        sentence = f"Labels below the floor of {limits}: {'; '.join(low)}."
    status: Status = "failed" if low else "passed" if counts[rarest] >= FEW else "warning"
    return Finding(
        "class_floor", status, sentence, n=n, value=shares[rarest], limit=settings.class_floor,
        details=tuple(
            {"label": name, "samples": count, "share": shares[name]}
            for name, count in counts.items()
        ),
    )  # fmt: skip


def agreement(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """People give a sample exactly the same spans or labels often enough."""
    tested = _of(head)
    rows, scores = [], []
    for row, answers in enumerate(tested.answers):
        given = [text for text in answers.values() if text is not None]
        pairs = list(combinations(given, 2))
        if pairs:
            rows.append(row)
            scores.append(sum(first == second for first, second in pairs) / len(pairs))
    if not rows:
        return skipped("agreement", "no sample has labels of two people", len(head))
    what = "exactly the same spans or labels"
    return mean_finding(head, np.array(rows), np.array(scores), settings, what)


def people_against_weak(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """It has no meaning here: votes are on parts, and have no plurality for a sample."""
    return skipped("people_against_weak", NO_SINGLE_LABEL, len(head))


def drift_labels(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Labels are in as many samples as in the base, and samples have as many and as long ones."""
    if base is None:
        return skipped("drift_labels", "there is no base to compare with", len(head))
    sides = [dataclasses.replace(side, samples=_of(side).measures()) for side in (head, base)]
    found = drift_columns(sides[0], sides[1], settings)
    return dataclasses.replace(
        found, name="drift_labels", sentence=found.sentence.replace("column", "label measure")
    )


def span_places(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Spans lie within their texts; it warns of white space at their edges, and of overlaps."""
    name = "span_places"
    tested, texts = _of(head), head.texts(settings.text)
    if texts is None:
        return skipped(name, f"there is no column {settings.text!r}", len(head))
    n_spans = outside = spaced = overlapping = 0
    is_wrong, is_odd = np.zeros(len(head), dtype=bool), np.zeros(len(head), dtype=bool)
    for row, (label, text) in enumerate(zip(tested.labels, texts, strict=True)):
        spans = label or ()
        n_spans += len(spans)
        wrong = sum(not 0 <= span.start < span.end <= len(text) for span in spans)
        parts = [text[span.start : span.end] for span in spans]
        odd = sum(part != part.strip() for part in parts)
        crossing = sum(right.start < left.end for left, right in itertools.pairwise(spans))
        outside, spaced, overlapping = outside + wrong, spaced + odd, overlapping + crossing
        is_wrong[row], is_odd[row] = bool(wrong), bool(odd or crossing)
    sentence = f"All {counted(n_spans, 'span lies', 'spans lie')} within the texts."
    if outside:
        sentence = f"{outside:,} of {counted(n_spans, 'span')} do not lie within their texts."
    if spaced or overlapping:
        sentence += (
            f" {spaced:,} begin or end with white space, and {overlapping:,} overlap the one before"
            " them, of which formats with tokens keep one."
        )
    found = finding(
        name, ok=not outside, sentence=sentence, n=len(head), value=float(outside), limit=0.0,
        ids=head.ids[is_wrong if outside else is_odd],
    )  # fmt: skip
    is_odd_only = not outside and bool(spaced or overlapping)
    return dataclasses.replace(found, status="warning") if is_odd_only else found


def _names_of(label: Any) -> set[str]:
    if isinstance(label, tuple):
        return {span.label for span in label}
    return set(label or ())


def _of(tested: Tested) -> ListTested:
    assert isinstance(tested, ListTested)
    return tested


LIST_TESTS: dict[str, Test] = {
    "known_labels": known_labels,
    "probabilities": probabilities,
    "most_probable_labels": most_probable_labels,
    "class_floor": class_floor,
    "agreement": agreement,
    "people_against_weak": people_against_weak,
    "drift_labels": drift_labels,
}
"""The tests in place of those of the same name."""

SPAN_TESTS: dict[str, Test] = {**LIST_TESTS, "span_places": span_places}
"""The same for spans, with one more."""

"""Runs the tests on data, and returns their report."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from labeling.datasets.data_tests import duplicates as repeats
from labeling.datasets.data_tests.drift import drift_columns, drift_labels, drift_votes
from labeling.datasets.data_tests.flips import changed_samples, label_flips
from labeling.datasets.data_tests.integrity import (
    class_floor,
    known_labels,
    most_probable_labels,
    probabilities,
    unique_ids,
)
from labeling.datasets.data_tests.lf_health import lf_health
from labeling.datasets.data_tests.list_tests import LIST_TESTS, SPAN_TESTS
from labeling.datasets.data_tests.own_checks import own_finding, own_tests
from labeling.datasets.data_tests.people import agreement, people_against_weak
from labeling.datasets.data_tests.personal_data import personal_data
from labeling.datasets.data_tests.schema import schema
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.slices import labels_by_slice, trigger_words
from labeling.datasets.data_tests.tested import Tested, training_set_to_test
from labeling.datasets.data_tests.text_drift import Embed, drift_text
from labeling.datasets.findings import DataTestReport, Finding
from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet
from labeling.datasets.splits.leaks import find_leaks
from labeling.datasets.training_set import TrainingSet
from labeling.errors import LabelingError, MissingExtraError, listed, near
from labeling.records import LabelSchema

Test = Callable[[Tested, Tested | None, DataTestSettings], Finding]

TESTS: dict[str, Test] = {
    "unique_ids": unique_ids,
    "known_labels": known_labels,
    "probabilities": probabilities,
    "most_probable_labels": most_probable_labels,
    "class_floor": class_floor,
    "schema": schema,
    "duplicates": repeats.duplicates,
    "near_duplicates": repeats.near_duplicates,
    "contradicting_duplicates": repeats.contradicting_duplicates,
    "personal_data": personal_data,
    "agreement": agreement,
    "people_against_weak": people_against_weak,
    "label_flips": label_flips,
    "changed_samples": changed_samples,
    "labels_by_slice": labels_by_slice,
    "trigger_words": trigger_words,
    "lf_health": lf_health,
    "drift_labels": drift_labels,
    "drift_votes": drift_votes,
    "drift_columns": drift_columns,
    "drift_text": drift_text,
}
"""The tests by the name of their finding, in the order of a report."""

MONITORING = (
    "unique_ids",
    "schema",
    "duplicates",
    "lf_health",
    "drift_votes",
    "drift_columns",
    "drift_text",
)
"""The tests that need no labels: those of data that come later."""

MUST_HOLD = ("unique_ids", "known_labels", "probabilities", "most_probable_labels")
"""Tests whose failure nobody can acknowledge: the training set is broken."""


def run_data_tests(
    train: TrainingSet,
    base: TrainingSet | None = None,
    settings: DataTestSettings | Mapping[str, Any] | None = None,
    own: Iterable[Any] = (),
    embed: Embed | None = None,
    reads: Mapping[str, frozenset[str] | None] | None = None,
) -> DataTestReport:
    """Return the report of all tests on a training set.

    It has a finding of each of `TESTS`, of each leak that `find_leaks` looks for, and of each check
    of your own.

    Args:
        train: the training set to test.
        base: the training set that it would replace; without one, tests that compare are skipped.
        settings: the limits; a mapping has the names of `DataTestSettings`.
        own: checks of your own, see `data_test`.
        embed: from texts to vectors, for the drift of texts; `None` takes TF-IDF.
        reads: the columns that each labeling function reads, as for `find_leaks`.

    Raises:
        LabelingError: a setting that does not exist, or two tests of one name.
    """
    limits = DataTestSettings.of(settings)
    head = training_set_to_test(train)
    before = None
    if base is not None and len(base):
        before = in_schema(training_set_to_test(base), head.schema)
    names = tuple(checks_for(train))
    findings = _run(names, head, before, limits, embed, checks_for(train))
    if len(findings) == len(names):
        findings += leak_tests(train, limits, reads)
    findings += [own_finding(test, train, base) for test in own_tests(own)]
    fingerprint = train.fingerprint
    base_fingerprint = None if base is None else base.fingerprint
    _check_acknowledged(limits, [finding.name for finding in findings])
    results = [
        _acknowledged(finding, limits, fingerprint, base_fingerprint) for finding in findings
    ]
    return DataTestReport(tuple(results), fingerprint, base_fingerprint, len(head))


@functools.singledispatch
def checks_for(train: TrainingSet) -> Mapping[str, Test]:
    """Return the tests on training sets of this type, by the name of their finding."""
    return TESTS


@checks_for.register
def _(train: SetTrainingSet) -> Mapping[str, Test]:
    return {**TESTS, **LIST_TESTS}


@checks_for.register
def _(train: SpanTrainingSet) -> Mapping[str, Test]:
    return {**TESTS, **SPAN_TESTS}


def leak_tests(
    train: TrainingSet,
    limits: DataTestSettings,
    reads: Mapping[str, frozenset[str] | None] | None = None,
) -> list[Finding]:
    """Return the findings of `find_leaks`; without datasketch, near-duplicates are left out."""
    try:
        return list(find_leaks(train, text=limits.text, reads=reads))
    except MissingExtraError:
        return list(find_leaks(train, text=limits.text, reads=reads, near_duplicates=None))


def monitor_data(
    head: Tested,
    base: Tested,
    settings: DataTestSettings | Mapping[str, Any] | None = None,
    embed: Embed | None = None,
) -> DataTestReport:
    """Return the report of the tests of drift and health on samples without labels.

    Args:
        head: the new samples, with the votes of the labeling functions on them.
        base: the samples to compare with, with the votes of the same functions.
        settings: the limits.
        embed: from texts to vectors, for the drift of texts; `None` takes TF-IDF.
    """
    limits = DataTestSettings.of(settings)
    findings = _run(MONITORING, head, in_schema(base, head.schema), limits, embed)
    return DataTestReport(tuple(findings), samples=len(head))


def _run(
    names: Iterable[str],
    head: Tested,
    base: Tested | None,
    limits: DataTestSettings,
    embed: Embed | None,
    tests: Mapping[str, Test] = TESTS,
) -> list[Finding]:
    if not head.ids.is_unique or head.ids.hasnans:
        # Rows cannot be looked up: nothing else that is said of them would be right.
        return [unique_ids(head, base, limits)]
    return [
        drift_text(head, base, limits, embed)
        if name == "drift_text"
        else tests[name](head, base, limits)
        for name in names
    ]


def in_schema(tested: Tested, schema: LabelSchema) -> Tested:
    """Return samples whose codes are those of another schema; -1 for labels that it lacks."""
    if tuple(tested.schema.labels) == tuple(schema.labels):
        return tested
    code_of = {label: code for code, label in enumerate(schema.labels)}
    new = np.array([*(code_of.get(label, -1) for label in tested.schema.labels), -1])
    return dataclasses.replace(
        tested,
        schema=schema,
        codes=None if tested.codes is None else new[tested.codes],
        lf_codes=new[tested.lf_codes],
        probabilities=None,
    )


def _check_acknowledged(limits: DataTestSettings, names: list[str]) -> None:
    for name in limits.acknowledged:
        if name not in names or name in MUST_HOLD:
            possible = [test for test in names if test not in MUST_HOLD]
            raise LabelingError(
                f"A failure that is acknowledged must be of one of the tests"
                f" {listed(possible, 30)}. Got {name!r}.{near(name, possible)}"
            )


def _acknowledged(
    finding: Finding, limits: DataTestSettings, tested: str, base: str | None
) -> Finding:
    """Return a failure that is acknowledged as a warning that says by whom and why."""
    acknowledgement = limits.acknowledged.get(finding.name)
    if acknowledgement is None or finding.status != "failed":
        return finding
    fingerprints = [fingerprint for fingerprint in (tested, base) if fingerprint]
    if not any(fingerprint.startswith(acknowledgement.of) for fingerprint in fingerprints):
        note = (
            f" The acknowledgement by {acknowledgement.by} is of another training set"
            f" ({acknowledgement.of})."
        )
        return dataclasses.replace(finding, sentence=finding.sentence + note)
    note = f" Acknowledged by {acknowledgement.by}: {acknowledgement.reason}"
    return dataclasses.replace(finding, status="warning", sentence=finding.sentence + note)

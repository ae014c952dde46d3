"""Findings of tests on the data, and their reports."""

import datetime
import json

import pandas as pd
import pytest

from labeling.datasets.findings import DataTestReport, Finding, example_ids, finding, skipped
from labeling.errors import DataError, LabelingError
from labeling.rendering.plain import plain_of
from tests.support.safe_html import TEXT, check_html


def report():
    return DataTestReport(
        (
            finding("ids", ok=True, sentence="All are unique.", n=3),
            finding(
                "floor",
                ok=False,
                sentence="spam has 1 of 3 samples.",
                ids=pd.Index(["b", "a"]),
                n=3,
                value=1 / 3,
                limit=0.5,
                details=({"label": "spam", "n": 1},),
            ),
            skipped("drift", "no base"),
        ),
        tested="abc",
        samples=3,
    )


def test_a_report_is_read_back_as_it_was_written():
    again = DataTestReport.from_json(report().to_json())

    assert again == report()
    assert again.digest == report().digest
    assert DataTestReport.from_json(again.to_json()).to_json() == again.to_json()


def test_a_report_says_what_failed_and_what_was_skipped():
    tested = report()

    assert not tested.passed
    assert [one.name for one in tested.failed] == ["floor"]
    assert [one.name for one in tested.skipped] == ["drift"]
    assert tested["floor"].value == pytest.approx(1 / 3)
    assert tested.to_frame().loc["floor", "n_samples"] == 2
    assert repr(tested) == "DataTestReport(failed: 1 passed, 1 failed, 1 skipped)"
    with pytest.raises(LabelingError, match="Did you mean 'floor'"):
        tested["flor"]


def test_examples_are_bounded_counted_and_the_same_in_any_order():
    ids = pd.Index([f"s{number}" for number in range(100)])

    found = finding("x", ok=False, sentence="x", ids=ids)

    assert found.n_samples == 100
    assert len(found.sample_ids) == 20
    assert example_ids(ids[::-1]) == found.sample_ids


def test_ids_that_json_does_not_have_become_texts():
    day = datetime.date(2026, 1, 2)
    found = Finding("x", "failed", "x", sample_ids=(day, 3), details=({"at": day},))

    assert found.to_dict()["sample_ids"] == ["2026-01-02", 3]
    assert json.loads(DataTestReport((found,)).to_json())["findings"][0]["details"] == [
        {"at": "2026-01-02"}
    ]


def test_wrong_findings_and_reports_are_refused():
    with pytest.raises(LabelingError, match=r"must be one of .*Did you mean 'passed'"):
        Finding("x", "pased", "x")
    with pytest.raises(LabelingError, match="Given twice: 'ids'"):
        DataTestReport((Finding("ids", "passed", "x"), Finding("ids", "passed", "y")))
    for text in ("", "[]", "{}", '{"format": 1, "findings": [{"name": "x"}]}'):
        with pytest.raises(DataError):
            DataTestReport.from_json(text)
    with pytest.raises(DataError, match=r"must have format 1. Got 9"):
        DataTestReport.from_json('{"format": 9, "findings": []}')


def test_hostile_texts_are_shown_safely():
    found = Finding(TEXT, "failed", TEXT, sample_ids=(TEXT,), details=({TEXT: TEXT},))
    for shown in (found, DataTestReport((found,))):
        check_html(shown._repr_html_())
        plain_of(shown._view()).encode("utf-8")
        assert "\n" not in repr(shown)


def test_what_failed_comes_first_and_reasons_of_skipped_tests_are_said_once():
    reason = "no rows are in two splits"
    long = "No column drifted; " + "the strongest change is small, and of no consequence. " * 2
    shown = plain_of(
        DataTestReport(
            (
                finding("fine", ok=True, sentence=long, n=3),
                skipped("first", reason),
                skipped("second", reason),
                Finding("odd", "warning", "It is odd.", n=3),
                finding("floor", ok=False, sentence="spam has 1 of 3 samples.", n=3),
            )
        )._view()
    )

    places = [shown.index(part) for part in ("floor failed: spam", "odd warns", "Passed.")]
    assert places == sorted(places)
    assert " ".join(long.split()[-3:]) in " ".join(shown.split())
    assert shown.count(reason) == 1
    assert "first, second" in shown

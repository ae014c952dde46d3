"""Checks of your own are run with the others, and each failure names the function."""

import pytest

import labeling as lb
from labeling.datasets.findings import Finding
from labeling.errors import LabelingError
from tests.support.made_training_sets import made


@pytest.fixture(scope="module")
def train():
    return made(60, seed=1)


def found_by(function, train, base=None):
    return lb.run_data_tests(train, base, own=[function]).findings[-1]


def test_answers_of_a_check_of_your_own(train):
    @lb.data_test
    def no_empty(train):
        "No text is empty."
        return bool((train.samples["text"].str.len() > 0).all())

    @lb.data_test
    def short(train):
        "All texts are short."
        return train.samples["text"].str.len().max() < 3  # a truth value of NumPy

    @lb.data_test
    def many(train):
        "There are many samples."
        assert len(train) > 1000, f"only {len(train)}"

    @lb.data_test
    def broken(train):
        return train.samples["txt"]

    @lb.data_test
    def wrong(train):
        return "no"

    @lb.data_test
    def own_finding(train, base):
        return Finding("unique_ids", "warning", f"The base is {base}.")  # a name of another test

    def plain(train):
        return None

    report = lb.run_data_tests(
        train, own=[no_empty, short, many, broken, wrong, own_finding, plain]
    )

    assert no_empty(train) is True
    assert repr(no_empty) == "DataTest('no_empty')"
    assert report["no_empty"].status == report["plain"].status == "passed"
    assert report["short"].sentence == "Not so: All texts are short."
    assert report["many"].sentence == "There are many samples: only 60."
    assert "The function broken raised KeyError('txt') in line" in report["broken"].sentence
    assert "The function wrong must return True, False, None or a Finding. Got a str" in (
        report["wrong"].sentence
    )
    assert report["own_finding"].sentence == "The base is None."
    assert report["own_finding"].status == "warning"
    assert report["unique_ids"].status == "passed"
    assert {one.name for one in report.failed} == {"short", "many", "broken", "wrong"}


def test_names_must_be_different_and_functions_functions(train):
    @lb.data_test
    def unique_ids(train):
        return True

    with pytest.raises(LabelingError, match="Given twice: 'unique_ids'"):
        lb.run_data_tests(train, own=[unique_ids])
    with pytest.raises(LabelingError, match=r"must stand above a function\. Got 3"):
        lb.data_test(3)
    assert lb.data_test(unique_ids) is unique_ids


def test_a_failure_names_the_line_of_the_file_of_the_check(train):
    @lb.data_test
    def calls_others(train):
        return train.samples["no such column"]

    found = found_by(calls_others, train)

    line = calls_others.function.__code__.co_firstlineno + 2
    assert found.sentence.endswith(f" in line {line}: mend it.")

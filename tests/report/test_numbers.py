"""What the report counts is what counting one by one gives."""

import itertools
import sys

import numpy as np
import pytest

import labeling as lb
from labeling.analysis.calibration import calibration
from labeling.analysis.pairwise import pairs_of
from labeling.records import Votes
from labeling.rendering.formatting import cleaned, from_root, without_paths
from labeling.report import write_report


@pytest.fixture
def votes(schema):
    codes = np.random.default_rng(0).integers(-1, 2, (300, 5))
    return Votes.from_array(codes, schema=schema)


def test_pairs_are_counted_as_one_by_one(votes):
    codes = votes.to_array().T
    expected = [
        (
            *(votes.voters[one], votes.voters[other]),
            sum(a >= 0 and b >= 0 for a, b in zip(codes[one], codes[other], strict=True)),
            sum(a >= 0 and a == b for a, b in zip(codes[one], codes[other], strict=True)),
        )
        for one, other in itertools.combinations(range(5), 2)
    ]
    found = pairs_of(votes)

    assert expected == list(
        found[["first", "second", "both", "same"]].itertuples(index=False, name=None)
    )
    assert (found["both"] == found["same"] + found["differ"]).all()


def test_voters_who_never_meet_are_no_pair(schema):
    votes = Votes.from_array([[0, -1], [-1, 1]], schema=schema)

    assert pairs_of(votes).empty


def test_calibration_counts_each_sample_once_whatever_their_order():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 500).round(2)  # with many ties
    right = (rng.random(500) < sure).astype(float)
    order = rng.permutation(500)
    found = calibration(sure, right)

    assert found == calibration(sure[order], right[order])
    assert 500 == sum(group.accuracy.n for group in found.bins) == found.accuracy.n
    assert all(one.high < other.low for one, other in itertools.pairwise(found.bins))
    assert "" == found.bias


@pytest.mark.parametrize(("sure", "bias"), [(0.99, "over"), (0.55, "under"), (0.8, "")])
def test_a_model_that_claims_too_much_or_too_little_is_found_out(sure, bias):
    right = np.repeat([1.0, 0.0], [80, 20])

    assert bias == calibration(np.full(100, sure), right).bias


def test_calibration_without_samples_is_undefined():
    found = calibration(np.empty(0), np.empty(0))

    assert (0, ()) == (found.accuracy.n, found.bins)


@pytest.mark.parametrize("extra", ["jinja2", "matplotlib"])
def test_what_is_missing_is_named(tmp_path, monkeypatch, extra):
    (tmp_path / "a.csv").write_text("id,text\n1,hi\n", encoding="utf-8")
    (tmp_path / "rules.py").write_text("", encoding="utf-8")
    config = "data: {path: a.csv, id: id}\nlabels: [ham, spam]\nlabeling_functions: [rules.py]\n"
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    monkeypatch.setitem(sys.modules, extra, None)

    with pytest.raises(lb.LabelingError, match=rf"needs {extra}: pip install 'labeling\["):
        write_report(lb.Project(tmp_path / "project.yaml"))
    assert not (tmp_path / "out" / "report.html").exists()


def test_paths_of_the_machine_are_not_told(tmp_path):
    told = f"{str(tmp_path / 'a' / 'b.csv')!r} and '/etc/secret/key' and 1/2 of http://x.org/y"

    assert "'a/b.csv' and '…/key' and 1/2 of http://x.org/y" == without_paths(told, tmp_path)
    assert "a/b.csv" == from_root("a/b.csv", tmp_path)


def test_signs_that_no_page_can_hold_are_written_out():
    assert r"a\x00\ud800 \x1b[31m" + "\n\u202e😀" == cleaned("a\x00\ud800 \x1b[31m\n\u202e😀")

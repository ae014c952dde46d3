"""The default label model on unusual votes: uncovered samples, silent voters, unused labels."""

import tracemalloc
import warnings

import numpy as np
import pytest

import labeling as lb
from labeling.errors import LabelSharesWarning
from labeling.label_models import LabelModel
from labeling.label_models.default.duplicate_voters import duplicate_groups
from labeling.label_models.default.subsampling import training_patterns
from labeling.label_models.patterns import patterns_of
from tests.support.synthetic_votes import schema_of, voters

TEN = np.linspace(0.55, 0.9, 10)


@pytest.mark.parametrize("n_covered", [0, 700])
def test_few_covered_samples_among_many_are_all_learned_from(n_covered, monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    array = np.full((3000, 30), lb.ABSTAIN)
    array[:n_covered] = voters(np.linspace(0.55, 0.9, 30), n=700)[1].to_array()[:n_covered]
    votes = lb.Votes.from_array(array, schema=schema_of(2))
    model = LabelModel().fit(votes, gold={2999: 1})
    assert model.predict_proba(votes).covered.sum() == n_covered
    assert model.report_[0].startswith("3,000 samples, 30 voters;")
    assert any(line.startswith("0 gold labels on covered samples") for line in model.report_)


def test_a_voter_who_never_votes_does_not_change_what_is_drawn(monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 2000)
    _, votes, _ = voters(np.linspace(0.55, 0.9, 30), n=6000, coverage=0.6)
    array = np.column_stack([np.full(6000, lb.ABSTAIN), votes.to_array()])
    more = lb.Votes.from_array(array, schema=votes.schema, voters=["a mute one", *votes.voters])
    model = LabelModel().fit(more)
    assert "drawn" in model.report_[0]
    without = LabelModel().fit(votes).predict_proba(votes).to_array()
    np.testing.assert_allclose(model.predict_proba(more).to_array(), without, rtol=0, atol=1e-9)


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")  # one label is rare
def test_samples_that_nobody_spoke_of_do_not_decide_whether_voters_err_independently():
    _, votes, _ = voters(TEN, n=2000, shares=(0.9, 0.1))
    model = LabelModel().fit(votes)
    array = np.concatenate([votes.to_array(), np.full((20_000, 10), lb.ABSTAIN)])
    many = LabelModel().fit(lb.Votes.from_array(array, schema=votes.schema))
    assert many.method_ == model.method_ == "confusion"
    np.testing.assert_allclose(many.evidence_, model.evidence_, rtol=0, atol=1e-9)


def test_copies_are_found_among_many_labels_without_a_table_of_all_pairs_of_votes():
    _, votes, _ = voters([0.8] * 40, n=500, shares=[1 / 250] * 250, copies=[0])
    patterns = patterns_of(votes, sorted(votes.voters))
    tracemalloc.start()
    group = duplicate_groups(patterns)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(group)) == 40
    assert most < 1e8  # (41 * 250) ** 2 numbers would be 8e8 bytes


def test_copies_are_the_same_label_by_label(monkeypatch):
    for k in (2, 3):
        _, votes, _ = voters(TEN, shares=[1 / k] * k, copies=[0, 3, 3])
        patterns = patterns_of(votes, sorted(votes.voters))
        at_once = duplicate_groups(patterns)
        with monkeypatch.context() as patch:
            patch.setattr("labeling.label_models.default.duplicate_voters.SMALL_TABLE", 0)
            assert duplicate_groups(patterns).tolist() == at_once.tolist()
        assert len(set(at_once)) == 10


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")  # one label is rare
@pytest.mark.parametrize("more", [1, 4])
def test_a_label_that_nobody_votes_for_does_not_change_the_others(more):
    _, votes, _ = voters(TEN, n=3000, shares=(0.9, 0.1))
    without = LabelModel().fit(votes)
    labels = [*votes.schema.labels, *(f"another {number}" for number in range(more))]
    array = votes.to_array()
    turned = np.where(array < 0, lb.ABSTAIN, len(labels) - 1 - array)
    wider = lb.Votes.from_array(turned, schema=lb.LabelSchema(labels[::-1]))
    model = LabelModel().fit(wider)
    assert model.method_ == without.method_ == "confusion"
    covered = votes.covered
    found = model.predict_proba(wider).to_array()[covered, ::-1]
    expected = without.predict_proba(votes).to_array()[covered]
    assert found[:, 2:].max() < 0.01
    np.testing.assert_allclose(found[:, :2], expected, rtol=0, atol=0.01)
    assert sum(line.startswith("Nobody votes for 'another 0'") for line in model.report_) == 1
    taught = LabelModel().fit(wider, gold={row: "another 0" for row in range(150)})
    assert taught.predict_proba(wider).to_frame()["another 0"][covered].mean() > 0.9


def test_a_balance_that_is_borne_out_stays_in_use_beside_gold_labels():
    truth, votes, _ = voters(TEN, n=5000, shares=(0.9, 0.1))
    gold = {row: int(truth[row]) for row in range(200)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LabelModel().fit(votes, gold=gold, class_balance=[0.9, 0.1])
    assert len(model.stack_weights_) == 3
    assert model.balance_.tolist() == [0.9, 0.1]
    mean = model.predict_proba(votes).to_array().mean(axis=0)
    np.testing.assert_allclose(mean, [0.9, 0.1], rtol=0, atol=1e-6)
    with pytest.warns(LabelSharesWarning, match="of 200 samples with a gold label, of which 90"):
        model = LabelModel().fit(votes, gold=gold, class_balance=[0.01, 0.99])
    assert sum("of which 90" in line for line in model.report_) == 1


def test_the_report_advises_only_what_would_help():
    def advice(votes, **given):
        report = LabelModel().fit(votes, **given).report_
        return [line.split("give ")[1] for line in report if line.startswith("How common")]

    truth, full, _ = voters(TEN[:5], n=1000)
    helps = "25 gold labels on covered samples, or the class balance if you know it."
    assert advice(full) == advice(full.of_voters(full.voters[:3])) == [helps]
    assert advice(full, gold={row: int(truth[row]) for row in range(300)}) == []
    assert advice(full, class_balance=[0.001, 0.999]) == []
    partial = full.to_array().copy()
    partial[partial[:, 0] == 0, 0] = lb.ABSTAIN
    report = LabelModel().fit(lb.Votes.from_array(partial, schema=full.schema)).report_
    assert not any("never vote for some label" in line for line in report)  # four of five do


def test_a_draw_of_covered_samples_alone_has_no_silent_row(monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 2000)
    _, votes, _ = voters(np.linspace(0.55, 0.9, 30), n=6000, coverage=0.6)
    nobody = np.full(6000, lb.ABSTAIN)
    drawn = training_patterns(votes, tuple(sorted(votes.voters)), nobody)
    assert drawn.counts.sum() < 6000
    assert drawn.covered.all()  # else the samples that were left out beforehand are not estimated

"""No run of a simulation spends more than its budget."""

import pytest

from labeling.cli.simulating import numbers_in
from labeling.cli.simulation_table import simulation_sentences
from labeling.errors import LabelingError
from labeling.simulation import Plan, simulate
from tests.support.recorded_votes import made


def test_budgets_must_be_whole_numbers():
    for wrong in ("x", "50,1e2", "2.5"):
        with pytest.raises(LabelingError, match="--budgets"):
            numbers_in(wrong)
    assert [50, 100] == numbers_in("50, 100")


@pytest.mark.parametrize("policy", ["two-then-third", "posterior+model"])
def test_no_run_spends_more_than_its_budget(policy):
    """People differ, so that reviews ask for third votes that cannot all be paid for."""
    data, recorded, votes, gold = made(n=60, right=0.55)
    plan = Plan(["random"], [policy], budgets=[7, 20, 5000], seeds=2, least_votes=5)
    simulated = simulate(data, recorded, votes, plan=plan, gold=gold)
    again = simulate(data, recorded.sample(frac=1, random_state=1), votes, plan=plan, gold=gold)

    for run_of_seed in simulated.runs.values():
        assert all(one.votes <= one.budget for one in run_of_seed)
        assert run_of_seed[2].votes >= 17
        assert run_of_seed[3].votes >= run_of_seed[3].asked == 42
    assert simulated.runs == again.runs


def test_votes_that_a_budget_did_not_pay_for_are_asked_for_with_the_next():
    """Two of three people agree: two thirds of the samples need a third vote."""
    data, recorded, votes, gold = made(n=40, n_people=3)
    recorded["label"] = ["ham", "spam", "ham"] * 40
    plan = Plan(["random"], ["two-then-third"], budgets=[50, 56, 200], seeds=4)
    runs = simulate(data, recorded, votes, plan=plan, gold=gold).runs.values()
    cut = [run_of_seed for run_of_seed in runs if run_of_seed[1].settled < run_of_seed[1].asked]

    assert cut
    assert all(one[1].settled < one[2].settled for one in cut)
    assert {28} == {one[3].settled for one in runs}


def test_a_budget_that_was_spent_before_does_not_end_a_run():
    data, recorded, votes, gold = made()
    plan = Plan(["random"], ["flat-3"], budgets=[18, 19, 60], seeds=1)
    table = simulate(data, recorded, votes, plan=plan, gold=gold).to_frame()

    assert [0, 18, 19, 60] == table["budget"].tolist()
    assert [0, 18, 18, 60] == table["votes"].tolist()


def test_budgets_that_no_run_reaches_are_named():
    data, recorded, votes, gold = made(n=60)
    plan = Plan(["random"], ["flat-1"], budgets=[20, 50, 5000], seeds=1)
    simulation = simulate(data, recorded, votes, plan=plan, gold=gold)

    assert [0, 20, 50] == simulation.to_frame()["budget"].tolist()
    shown = " ".join(simulation_sentences(simulation, "model"))
    assert "Not reached: 5,000 votes." in shown
    assert "nan" not in shown

"""Acceptance sampling: the sizes are binomial, and the risks are what they are said to be."""

import numpy as np
import pytest
from scipy.stats import beta, binom

from labeling.errors import LabelingError
from labeling.records import Span
from labeling.work_review import (
    AcceptancePlan,
    Checks,
    Losses,
    LotDecision,
    answer_score,
    is_below,
)


def test_sizes_are_the_smallest_with_the_binomial_risk():
    for max_error, alpha in ((0.1, 0.05), (0.05, 0.05), (0.2, 0.1)):
        plan = AcceptancePlan(max_error, alpha)
        for wrong, size in enumerate(plan.sizes):
            assert (
                binom.cdf(wrong, size, max_error) <= alpha < binom.cdf(wrong, size - 1, max_error)
            )
            bound = beta.ppf(1 - alpha, wrong + 1, size - wrong)  # one-sided Clopper-Pearson
            assert bound <= max_error
    assert (29, 46, 61) == AcceptancePlan().sizes


def histories(error, n, draws, seed):
    """Return whether each of n checks of many annotators found a wrong vote."""
    return np.random.default_rng(seed).random((draws, n)) < error


def decisions(plan, is_wrong):
    """Return the first decision of each annotator who is looked at after every check."""
    for row in is_wrong:
        found = LotDecision.CONTINUE
        for n, wrong in enumerate(np.cumsum(row), 1):
            found = plan.decide(Checks(n, int(wrong)), lot_size=10_000)
            if found != LotDecision.CONTINUE:
                break
        yield found


@pytest.mark.parametrize("error", [0.1, 0.05])
def test_the_risk_of_acceptance_is_as_computed(error):
    """Also where each check is looked at: acceptance waits for the sizes of the plan."""
    plan = AcceptancePlan()
    found = list(decisions(plan, histories(error, 80, 600, seed=1)))
    share = found.count(LotDecision.ACCEPT) / len(found)
    assert share == pytest.approx(plan.risk(error), abs=4 * np.sqrt(0.25 / 600))


def test_good_work_is_hardly_ever_rejected_however_often_it_is_looked_at():
    """The e-value may be read after each check: at most 5 % at the bound, far fewer below it."""
    plan = AcceptancePlan()
    at_bound = list(decisions(plan, histories(0.1, 200, 400, seed=2)))
    assert at_bound.count(LotDecision.REJECT) / 400 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    better = list(decisions(plan, histories(0.05, 200, 400, seed=3)))
    assert better.count(LotDecision.REJECT) / 400 <= 0.01


def test_bad_work_is_rejected_soon():
    found = list(decisions(AcceptancePlan(), histories(0.5, 60, 200, seed=4)))
    assert 200 == found.count(LotDecision.REJECT)


def test_a_lot_that_was_checked_as_a_whole_is_decided_by_its_share():
    plan = AcceptancePlan()
    assert LotDecision.ACCEPT == plan.decide(Checks(20, 2), lot_size=20)
    assert LotDecision.REJECT == plan.decide(Checks(20, 3), lot_size=20)
    assert plan.decide(Checks(3, 0), lot_size=3) == LotDecision.ACCEPT


def test_earlier_lots_help_to_accept_and_never_to_reject():
    plan = AcceptancePlan()
    assert LotDecision.CONTINUE == plan.decide(Checks(5, 0), lot_size=200)
    earlier = [Checks(20, 0), Checks(10, 0)]
    assert LotDecision.ACCEPT == plan.decide(Checks(5, 0), lot_size=200, earlier=earlier)
    assert LotDecision.CONTINUE == plan.decide(Checks(0, 0), lot_size=200, earlier=earlier)
    bad = [Checks(30, 20)]
    assert LotDecision.CONTINUE == plan.decide(Checks(5, 0), lot_size=200, earlier=bad)
    old = [Checks(40, 0), *[Checks(1, 0)] * 3]
    assert LotDecision.CONTINUE == plan.decide(Checks(5, 0), lot_size=200, earlier=old)


def test_fewer_than_ten_checks_reject_nobody():
    assert LotDecision.CONTINUE == AcceptancePlan().decide(Checks(9, 9), lot_size=200)
    assert LotDecision.REJECT == AcceptancePlan().decide(Checks(10, 9), lot_size=200)


def test_the_estimate_has_the_exact_interval_and_is_known_for_a_whole_lot():
    estimate = Checks(46, 1).error()
    assert (estimate.low, estimate.high) == pytest.approx(
        (beta.ppf(0.025, 1, 46), beta.ppf(0.975, 2, 45))
    )
    whole = Checks(20, 3).error(20)
    assert (0.15, 0.15, 0.15) == (whole.low, whole.value, whole.high)
    assert "no vote" in Checks().error().note


@pytest.mark.parametrize("values", [(0, 0.05), (1, 0.05), (0.1, 0), ("0.1", 0.05), (True, 0.05)])
def test_a_plan_that_makes_no_sense_says_so(values):
    with pytest.raises(LabelingError, match="must be a number above 0 and below 1"):
        AcceptancePlan(*values)


def test_honest_people_are_hardly_ever_paused_for_their_accuracy():
    rng = np.random.default_rng(5)
    paused = 0
    for _ in range(400):
        wrong = np.cumsum(rng.random(150) < 0.3)
        paused += any(is_below(Checks(n, int(k)), 0.7) for n, k in enumerate(wrong, 1))
    assert paused / 400 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_people_at_the_bound_whose_answers_are_partly_right_are_hardly_ever_paused():
    """Scores between 0 and 1 with the mean of the bound, looked at after each of 60 answers."""
    rng = np.random.default_rng(3)
    paused = 0
    for _ in range(200):
        wrong = np.cumsum(rng.beta(0.6, 1.4, 60))  # mean 0.3
        paused += any(is_below(Losses(n, float(k)), 0.7) for n, k in enumerate(wrong, 1))
    assert paused <= 10
    assert is_below(Losses(30, 18.5), 0.7)


def test_an_answer_is_scored_by_what_a_label_is():
    spans = (Span(0, 3, "PER"), Span(5, 9, "ORG"))

    assert [1.0, 0.0] == [answer_score("ham", "ham"), answer_score("ham", "spam")]
    assert [1.0, 0.5] == [
        answer_score(spans, spans),
        answer_score(spans, (*spans[:1], Span(5, 8, "ORG"))),
    ]
    assert [1.0, 0.0] == [answer_score((), ()), answer_score((), spans)]
    assert 2 / 3 == answer_score(frozenset("ab"), frozenset("a"))

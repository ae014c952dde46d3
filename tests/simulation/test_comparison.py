"""Curves, savings and the recommendation of a simulation, against planted ones."""

import math

import numpy as np
import pytest

from labeling.errors import LabelingError
from labeling.simulation import Simulation
from labeling.simulation.comparison import Curve
from labeling.simulation.replaying import Checkpoint
from labeling.simulation.run_log import RunKey


def curve(*points):
    cost, quality = zip(*points, strict=True)
    return Curve(np.array(cost, dtype=float), np.array(quality, dtype=float))


def test_the_area_is_the_mean_height_of_the_curve():
    assert curve((0, 0.5), (100, 0.7)).area(100) == pytest.approx(0.6)
    assert curve((0, 0.5), (100, 0.7), (300, 0.7)).area(200) == pytest.approx(0.65)


def test_the_cost_of_a_quality_is_interpolated():
    line = curve((0, 0.5), (100, 0.7), (200, 0.6), (300, 0.8))

    assert line.cost_of(0.6) == pytest.approx(50)
    assert line.cost_of(0.5) == 0
    assert line.cost_of(0.75) == pytest.approx(250)
    assert math.isnan(line.cost_of(0.9))


def planted(costs, qualities, n=200, policy="flat-3", asked=None):
    """Return runs of three seeds whose scores are a share of ones."""
    checkpoints = [
        Checkpoint(int(cost), int(cost), 0, cost, asked or int(cost), int(cost), *([hits] * 3))
        for cost, quality in zip(costs, qualities, strict=True)
        for hits in [tuple(float(row < quality * n) for row in range(n))]
    ]
    return {RunKey(seed, "mixture", policy): checkpoints for seed in range(3)}


def of_runs(runs):
    return Simulation(runs, tuple(runs), (100, 200), (), None, {})


def test_votes_saved_at_equal_quality_are_those_planted():
    runs = planted([0, 100, 200], [0.5, 0.7, 0.8]) | planted(
        [0, 50, 100], [0.5, 0.7, 0.8], policy="half"
    )
    table = of_runs(runs).savings().set_index(["policy", "against"])

    assert table.loc[("half", "flat-3"), "saved"] == pytest.approx(0.5)
    assert table.loc[("half", "flat-3"), "quality"] == pytest.approx(0.8)
    assert table.loc[("half", "flat-3"), "saved_low"] > 0.4


def test_savings_of_labels_are_interpolated_between_settings_of_a_policy():
    """A flat three is right in 80 %; one vote in 70 %, two in 90 %: one and a half are enough."""
    runs = planted([0, 300], [0.5, 0.8], asked=100) | planted(
        [0, 100], [0.5, 0.7], policy="new/1", asked=100
    )
    runs |= planted([0, 200], [0.5, 0.9], policy="new/2", asked=100)
    (row,) = of_runs(runs).label_savings().to_dict("records")

    assert (row["family"], row["against"]) == ("new", "flat-3")
    assert row["saved"] == pytest.approx(0.5)
    assert row["saved_low"] < 0.5 < row["saved_high"]


def test_the_recommendation_is_the_largest_area_and_says_how_sure_it_is():
    better = planted([0, 100, 200], [0.5, 0.9, 0.9], policy="better")
    worse = planted([0, 100, 200], [0.5, 0.6, 0.6])
    sure = of_runs(better | worse).recommendation()
    same = of_runs(planted([0, 100, 200], [0.5, 0.6, 0.6], policy="same") | worse).recommendation()

    assert sure.startswith("Take strategy mixture with policy better")
    assert "22.5 points lower" in sure
    assert "no difference" not in sure
    assert "no difference is shown" in same


def test_seeds_that_are_not_finished_are_left_out():
    runs = planted([0, 100], [0.5, 0.7]) | planted([0, 100], [0.5, 0.8], policy="other")
    planned = tuple(runs)
    del runs[RunKey(2, "mixture", "other")]
    partial = Simulation(runs, planned, (100,), (), None, {})

    assert not partial.is_complete
    assert (partial.to_frame()["seeds"] == 2).all()
    with pytest.raises(LabelingError, match="Finished are 0 of 6 runs"):
        Simulation({}, planned, (100,), (), None, {}).to_frame()

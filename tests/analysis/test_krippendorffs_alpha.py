"""Krippendorff's alpha: the textbook's tables, and its plain definition in exact fractions."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import labeling as lb

NONE = "."
# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), sections A, B and C; the
# tables are also in "Content Analysis" (2004), chapter 11. One text an observer, one sign a unit.
TEXTBOOK = [
    (("0100000010", "1110010000"), 0.095),
    (("aabbdcccedda", "babbbccceddd"), 0.692),
    (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
]


def alpha(array, labels):
    schema = lb.LabelSchema([f"label {name}" for name in labels])
    return lb.agreement(lb.Votes.from_array(np.array(array), schema=schema)).alpha.value


def by_definition(array):
    """1 - D_o / D_e, pair by pair; `None` where all votes that can be paired are equal."""
    units = [[one for one in row if one != -1] for row in array]
    units = [row for row in units if len(row) >= 2]
    every = [one for row in units for one in row]
    by_chance = sum(a != b for a, b in itertools.permutations(every, 2))
    if not by_chance:
        return None
    observed = sum(
        Fraction(sum(a != b for a, b in itertools.permutations(row, 2)), len(row) - 1)
        for row in units
    )
    return 1 - (observed / len(every)) / Fraction(by_chance, len(every) * (len(every) - 1))


@pytest.mark.parametrize(("observers", "expected"), TEXTBOOK)
def test_the_tables_of_the_textbook(observers, expected):
    names = sorted({one for row in observers for one in row} - {NONE})
    array = np.array(
        [[names.index(one) if one != NONE else -1 for one in row] for row in observers]
    ).T

    np.testing.assert_allclose(alpha(array, names), expected, atol=5e-4)
    np.testing.assert_allclose(alpha(array, names), float(by_definition(array)), rtol=1e-12)


@given(
    st.integers(2, 5).flatmap(
        lambda voters: st.lists(
            st.lists(st.integers(-1, 3), min_size=voters, max_size=voters), min_size=2, max_size=12
        )
    )
)
def test_alpha_is_what_its_definition_says(array):
    expected = by_definition(array)
    assume(expected is not None)

    np.testing.assert_allclose(alpha(array, range(4)), float(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("voters", [2, 3, 7])
def test_perfect_agreement_is_exactly_one(voters):
    """Not 1.0000000000000002: a number above 1 would be no alpha."""
    array = np.repeat(np.random.default_rng(0).integers(0, 3, (997, 1)), voters, axis=1)

    assert 1.0 == alpha(array, range(3))

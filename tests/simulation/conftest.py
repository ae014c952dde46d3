"""What several tests of this folder use."""

import pytest

from labeling.simulation import simulate
from tests.support.recorded_votes import PLAN, made


@pytest.fixture(scope="session")
def simulation():
    data, recorded, votes, gold = made()
    return simulate(data, recorded, votes, plan=PLAN, gold=gold)

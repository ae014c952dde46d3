import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import labeling as lb

# The same examples in every run; a machine under load must not fail a test by being slow.
settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("same")


@pytest.fixture(scope="session")
def schema():
    return lb.LabelSchema(["ham", "spam"])


@pytest.fixture(scope="session")
def real_data():
    """The folder of real votes with gold labels; not part of the repository."""
    given = os.environ.get("LABELING_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not (folder / "README.md").is_file():
        pytest.skip(f"real votes are not at {folder}; name their folder in LABELING_DATA")
    return folder

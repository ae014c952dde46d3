"""What several tests of Label Studio use."""

import datetime

import pytest


@pytest.fixture
def no_overlap(monkeypatch):
    """A pull that goes back by nothing, so that what it brings is news for certain."""
    monkeypatch.setattr("labeling.label_studio.pulling.OVERLAP", datetime.timedelta(0))

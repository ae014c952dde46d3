"""The counts that Snorkel's users know are the same here, on random votes and on real ones."""

import os
from pathlib import Path

import numpy as np
import pytest

import labeling as lb

DATA = Path(os.environ.get("LABELING_DATA", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = pytest.mark.filterwarnings("ignore")  # theirs, from torch and pandas


def random_votes():
    rng = np.random.default_rng(0)
    return rng.integers(-1, 3, (300, 6)), rng.integers(0, 3, 300)


def real_votes():
    folder = DATA / "youtube"
    if not folder.is_dir():
        pytest.skip(f"no real votes: {folder} is not there (set LABELING_DATA)")
    with np.load(folder / "votes.npz", allow_pickle=False) as file:
        return file["L"].astype(int), file["y"].astype(int)


@pytest.fixture(params=[random_votes, real_votes])
def votes_and_gold(request):
    array, gold = request.param()
    schema = lb.LabelSchema([f"label {code}" for code in range(int(gold.max()) + 1)])
    return lb.Votes.from_array(array, schema=schema), array, gold


def test_the_table_of_labeling_functions_is_theirs(votes_and_gold):
    analysis = pytest.importorskip("snorkel.labeling", reason="Snorkel comes with [snorkel]")
    votes, array, gold = votes_and_gold
    theirs = analysis.LFAnalysis(array).lf_summary(gold)
    names = np.array(votes.schema.labels)
    ours = lb.lf_summary(votes, dict(zip(votes.sample_ids, names[gold], strict=True)))

    for column, name in (
        ("coverage", "Coverage"),
        ("overlaps", "Overlaps"),
        ("conflicts", "Conflicts"),
        ("correct", "Correct"),
        ("incorrect", "Incorrect"),
        ("accuracy", "Emp. Acc."),
    ):
        np.testing.assert_allclose(theirs[name], ours[column])


def test_majority_vote_is_theirs(votes_and_gold):
    """Where there is one winner it is the same; where they see a tie or nothing, so do we."""
    models = pytest.importorskip("snorkel.labeling.model", reason="Snorkel comes with [snorkel]")
    votes, array, _ = votes_and_gold
    theirs = models.MajorityLabelVoter(len(votes.schema)).predict(array)
    soft = lb.label_models.MajorityVote().fit(votes).predict_proba(votes)

    np.testing.assert_array_equal(theirs, soft.codes())

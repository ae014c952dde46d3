"""Label models fitted to votes in parts: to the byte those of all votes in one table."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

from labeling.errors import DataError, LabelingError
from labeling.label_models import MODELS, AnnotatorModel, LabelModel, MajorityVote
from labeling.records import LabelSchema, VoteParts, Votes

SHARES = {2: [0.6, 0.4], 3: [0.5, 0.3, 0.2]}


class Parts(VoteParts):
    """Votes cut into parts at some rows."""

    def __init__(self, votes, cuts):
        self.schema, self.voters, self.whole = votes.schema, votes.voters, votes
        bounds = [0, *cuts, len(votes)]
        self.parts = [
            votes.of_samples(votes.sample_ids[start:end])
            for start, end in itertools.pairwise(bounds)
        ]

    def __len__(self):
        return len(self.whole)

    @property
    def n_covered(self):
        return int(self.whole.covered.sum())

    @property
    def votes_for(self):
        codes = range(len(self.schema))
        return np.stack([(self.whole.array == code).sum(axis=0) for code in codes], axis=1)

    def map(self, function):
        return map(function, self.parts)


def votes_of(n, m, k, coverage):
    """Return votes of m voters, of whom the second abstains throughout, and gold labels."""
    random = np.random.default_rng(n + m + k)
    truth = random.integers(0, k, n)
    right = random.random((n, m)) < random.uniform(0.55, 0.9, m)
    codes = np.where(right, truth[:, None], random.integers(0, k, (n, m)))
    codes[random.random((n, m)) > coverage] = -1
    codes[:, 1] = -1
    schema = LabelSchema(["spam", "ham", "other"][:k])
    voters = [f"{name}_{number}" for number, name in enumerate(random.integers(0, 999, m))]
    ids = [f"s{row}" for row in range(n)]
    votes = Votes.from_array(codes, schema=schema, sample_ids=ids, voters=voters)
    rows = range(0, n, n // 150)
    return votes, pd.Series([schema.labels[truth[row]] for row in rows], [ids[row] for row in rows])


def assert_same(model, other):
    assert list(vars(model)) == list(vars(other))
    for name, value in vars(model).items():
        if isinstance(value, np.ndarray):
            assert value.dtype == vars(other)[name].dtype, name
            assert value.tobytes() == vars(other)[name].tobytes(), name
        else:
            assert value == vars(other)[name], name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", sorted({*MODELS} - {"annotator_model", "snorkel"}))
def test_every_model_is_that_of_one_table(name, k):
    votes, gold = votes_of(1500, 8, k, 0.4)
    for given in (None, gold):
        for balance in (None, SHARES[k]):
            whole = MODELS[name]().fit(votes, gold=given, class_balance=balance)
            for cuts in ([], [1, 700], [300, 300, 301, 1499]):
                parts = Parts(votes, cuts)
                assert_same(whole, MODELS[name]().fit(parts, gold=given, class_balance=balance))


@pytest.mark.parametrize(
    ("m", "coverage", "is_subset"),
    [(5, 0.3, False), (30, 0.3, True)],
    ids=["many equal rows", "hardly two equal rows"],
)
@pytest.mark.parametrize("has_gold", [False, True])
@pytest.mark.parametrize("balance", [None, SHARES[2]])
def test_of_many_samples_the_same_are_drawn(m, coverage, is_subset, has_gold, balance, monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 500)
    monkeypatch.setattr("labeling.label_models.default.subsampling.VOTES_EACH", 200)
    votes, gold = votes_of(9000, m, 2, coverage)
    gold = gold if has_gold else None
    with warnings.catch_warnings(action="ignore"):
        whole = LabelModel().fit(votes, gold=gold, class_balance=balance)
        parts = Parts(votes, [100, 4000, 4001, 8999])
        model = LabelModel().fit(parts, gold=gold, class_balance=balance)

    assert whole.is_subset_ == is_subset
    assert_same(whole, model)


def test_only_distinct_or_drawn_rows_leave_a_part(monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 500)
    monkeypatch.setattr("labeling.label_models.default.subsampling.VOTES_EACH", 200)
    votes, _ = votes_of(9000, 30, 2, 0.3)
    results = []

    class Watched(Parts):
        def map(self, function):
            for result in super().map(function):
                results.append(result)
                yield result

    LabelModel().fit(Watched(votes, [3000, 6000]))

    gathered = sum(len(result.codes) for result in results if hasattr(result, "codes"))
    assert 500 < gathered < 2000


def test_gold_labels_of_no_part_are_named():
    votes, _ = votes_of(300, 4, 2, 0.5)

    with pytest.raises(DataError, match=r"1 id of the gold labels must be among .* 'nobody'"):
        MajorityVote().fit(Parts(votes, [100]), gold={"s3": "ham", "nobody": "spam"})


def test_people_are_judged_by_votes_in_one_table():
    votes, _ = votes_of(300, 4, 2, 0.5)

    with pytest.raises(LabelingError, match=r"AnnotatorModel must have the votes in one table"):
        AnnotatorModel().fit(Parts(votes, [100]))

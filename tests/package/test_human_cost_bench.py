"""The benchmark of human cost, on numbers that can be counted by hand."""

import doctest
import io
import tarfile

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from tests.benchmarks.human_cost import caching, rated_texts, voting, word_lists
from tests.benchmarks.human_cost.query_report import Scores, report
from tests.benchmarks.human_cost.querying import ARMS, full_supervision, run_arm
from tests.benchmarks.human_cost.sets import TextSet
from tests.benchmarks.human_cost.vote_report import families, text_report
from tests.benchmarks.human_cost.voting import Point


@pytest.fixture
def scores():
    """Two arms on one set, two seeds, with scores that are easy to add up."""
    return Scores(
        (0, 100, 400),
        {
            ("ours", "tweets"): np.array([[0.5, 0.7, 0.8], [0.5, 0.7, 0.8]]),
            ("random", "tweets"): np.array([[0.5, 0.48, 0.7], [0.5, 0.5, 0.7]]),
        },
        {"tweets": np.array([0.9, 0.9])},
        {(arm, "tweets"): np.ones((2, 3)) for arm in ("ours", "random")},
    )


def test_the_area_is_the_mean_gain_over_the_ladder(scores):
    by_hand = (100 * 20 / 2 + 300 * (20 + 30) / 2) / 400

    assert scores.area("ours", "tweets").tolist() == pytest.approx([by_hand, by_hand])


def test_the_gap_closed_is_a_share_of_the_way_to_full_supervision(scores):
    assert scores.gap_closed("ours", "tweets", 100) == pytest.approx(0.5)
    assert scores.gap_closed("ours", "tweets", 400) == pytest.approx(0.75)


def test_a_dip_is_that_of_the_mean_over_seeds(scores):
    assert scores.dip("ours", "tweets") == 0
    assert scores.dip("random", "tweets") == pytest.approx(-1)


def test_the_ratio_of_areas_has_its_interval(scores):
    value, low, high = scores.ratio("ours", "random", ["tweets"])
    mean = np.mean(scores.area("random", "tweets"))

    assert value == pytest.approx(scores.area("ours", "tweets")[0] / mean - 1)
    assert low <= value <= high
    assert "area against `random`" in report(scores)


def rated(n=160):
    """Return a small set of texts with votes, gold labels and three ratings each."""
    rng = np.random.default_rng(0)
    gold = rng.integers(0, 2, n)
    texts = [f"{'good' if code else 'bad'} film w{number}" for number, code in enumerate(gold)]
    votes = np.where(rng.random((n, 3)) < 0.75, gold[:, None], 1 - gold[:, None])
    ratings = np.where(rng.random((n, 3)) < 0.8, gold[:, None], 1 - gold[:, None])
    samples = pd.DataFrame({"text": texts})
    schema = lb.LabelSchema(["no", "yes"])
    return TextSet(
        "made", samples, lb.Votes.from_array(votes, schema=schema), gold, tuple(ratings), None
    )


def test_halves_share_no_sample_and_depend_on_the_seed():
    data = rated()
    pool, test = data.halves(0, 50, 60)
    other, _ = data.halves(1, 50, 60)

    assert not pool.samples.index.intersection(test.samples.index).size
    assert (len(pool.gold), len(test.gold)) == (50, 60)
    assert not pool.samples.index.equals(other.samples.index)


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_climbs_the_ladder(arm):
    data = rated()
    rungs = run_arm(data, arm, 0, ladder=(0, 10, 30), pool_size=60)

    assert [rung.labels for rung in rungs] == [0, 10, 30]
    assert all(0.4 < rung.score <= 1 for rung in rungs)
    assert full_supervision(data, 0, 60) > 0.7


def test_a_policy_is_paid_by_its_votes():
    data = rated()
    recorded = voting.rated_votes(data, 0)
    gold = {row: data.schema.labels[code] for row, code in enumerate(data.gold.tolist())}
    policies = voting.majority_policies()
    points = {
        name: voting.settled(recorded, gold, data.schema, policies[name], 0)
        for name in ("1 vote", "flat 3", "two, then a third")
    }

    assert points["1 vote"].cost == 1
    assert points["flat 3"].cost == 3
    assert 2 < points["two, then a third"].cost < 3
    assert points["two, then a third"].accuracy == points["flat 3"].accuracy
    assert points["1 vote"].accuracy < points["flat 3"].accuracy


def test_votes_saved_are_interpolated_within_a_family():
    policies = {
        "flat 3": [Point(3.0, 0.8)],
        "two, then a third": [Point(2.0, 0.8)],
        "new@1": [Point(1.0, 0.7)],
        "new@2": [Point(2.0, 0.9)],
    }

    assert families(policies)["new"].cost_of(0.8) == pytest.approx(1.5)
    text = text_report({"made": policies})
    assert "new against flat 3: votes saved at equal accuracy +50.0 %" in text
    assert "new against two, then a third: votes saved at equal accuracy +25.0 %" in text


def test_rated_texts_are_read_with_marks_at_the_beginning_of_the_file(tmp_path, monkeypatch):
    files = {
        "nytEditorialSnippets_GroundTruth.txt": "\ufeff1_1\t0.9\tgood\tnews\n1_2\t-1\tbad news\n",
        "nytEditorialSnippets_anonDataRatings.txt": (
            "\ufeff1_1\t0.9\t0.1\t[1, 2, 0]\n1_2\t-1\t0.1\t[-1, -2, 0]\n"
        ),
    }
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"hutto_ICWSM_2014/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    with tarfile.open(tmp_path / "sdist.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo(rated_texts.INNER)
        member.size = len(inner.getvalue())
        archive.addfile(member, io.BytesIO(inner.getvalue()))
    monkeypatch.setenv("VADER_SDIST", str(tmp_path / "sdist.tar.gz"))
    table = rated_texts.read_rated("nyt")

    assert table["text"].to_dict() == {"1_1": "good\tnews", "1_2": "bad news"}
    assert table["gold"].tolist() == ["positive", "negative"]
    assert table["ratings"].tolist() == [[1, 2, 0], [-1, -2, 0]]


def test_word_lists_vote_or_abstain(monkeypatch):
    monkeypatch.setattr(word_lists, "vader_compound", lambda: lambda text: 0.0)
    votes = word_lists.votes_on(pd.Series(["not good at all, I cry :(", "what is it?"]))

    assert votes.shape == (2, len(word_lists.names()))
    assert votes[0][word_lists.names().index("negation")] == word_lists.NEGATIVE
    assert votes[1][word_lists.names().index("short_or_question")] == word_lists.NEUTRAL
    assert (votes[1][:10] == -1).all()


def test_results_are_kept_by_their_code(tmp_path, monkeypatch):
    monkeypatch.setattr(caching, "CACHE", tmp_path)
    computed = []

    def compute():
        computed.append(1)
        return {"score": 0.5}

    for _ in range(2):
        assert caching.kept("one", caching.BASELINE, compute) == {"score": 0.5}
    assert len(computed) == 1
    caching.kept("one", caching.MODELS, compute)
    assert len(computed) == 2


@pytest.mark.parametrize("module", [rated_texts, word_lists])
def test_the_examples_are_true(module):
    assert not doctest.testmod(module).failed

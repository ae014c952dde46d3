"""Four sets of texts with real single ratings, from the source distribution of vaderSentiment.

C. J. Hutto and E. E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
Social Media Text", ICWSM 2014: tweets, snippets of film reviews, of editorials and of product
reviews, each rated by 14 people or more from -4 to 4.
"""

from __future__ import annotations

import ast
import html
import importlib.util
import io
import os
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.demo.tweets import INNER, SDIST, fetched

PREFIXES = {
    "tweets": "tweets",
    "movie": "movieReviewSnippets",
    "nyt": "nytEditorialSnippets",
    "amazon": "amazonReviewSnippets",
}
LABELS = ("negative", "neutral", "positive")
CLEAR = 0.5  # mean rating from which a text counts as positive; below its negative as negative


def source_distribution() -> Path:
    """Return the archive: `VADER_SDIST`, or the one that the demo fetches and caches."""
    given = os.environ.get("VADER_SDIST")
    return Path(given) if given else fetched()


def read_rated(name: str) -> pd.DataFrame:
    """Return a set: index = ids; `text`, `ratings` (list of int) and `gold` (a label).

    The gold label is that of the mean of all ratings, of which a replayed vote is one.
    """
    with tarfile.open(source_distribution()) as outer:
        inner = outer.extractfile(INNER)
        assert inner is not None
        packed = inner.read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        texts = _lines(archive, f"{PREFIXES[name]}_GroundTruth.txt")
        ratings = _lines(archive, f"{PREFIXES[name]}_anonDataRatings.txt")
    text_of = {line.split("\t")[0].strip(): line.split("\t", 2)[2] for line in texts}
    rows = []
    for line in ratings:
        number, _, _, listed = line.split("\t", 3)
        given = ast.literal_eval(listed)
        text = html.unescape(text_of[number.strip()]).strip()
        rows.append((number.strip(), text, given, label_of(float(np.mean(given)))))
    table = pd.DataFrame(rows, columns=["id", "text", "ratings", "gold"])
    return table.drop_duplicates("id").set_index("id")


def label_of(mean: float) -> str:
    """Return the label of a mean rating.

    >>> label_of(0.5), label_of(-0.4)
    ('positive', 'neutral')
    """
    return LABELS[1 + (mean >= CLEAR) - (mean <= -CLEAR)]


def vote_of(rating: int) -> str:
    """Return the vote that one rating is: its sign.

    >>> vote_of(-3), vote_of(0)
    ('negative', 'neutral')
    """
    return LABELS[1 + int(np.sign(rating))]


def vader_compound() -> Callable[[str], float]:
    """Return VADER's own score of a text, from -1 to 1, loaded from the same archive."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(source_distribution()) as archive:
            inside = f"{SDIST.removesuffix('.tar.gz')}/vaderSentiment/"
            for member in archive.getmembers():
                if member.name.startswith(inside) and member.isfile():
                    file = archive.extractfile(member)
                    assert file is not None
                    Path(folder, Path(member.name).name).write_bytes(file.read())
        spec = importlib.util.spec_from_file_location(
            "vaderSentiment", Path(folder, "vaderSentiment.py")
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        analyzer = module.SentimentIntensityAnalyzer()
    return lambda text: float(analyzer.polarity_scores(text)["compound"])


def _lines(archive: tarfile.TarFile, name: str) -> list[str]:
    file = archive.extractfile(f"hutto_ICWSM_2014/{name}")
    assert file is not None
    return [line for line in file.read().decode("utf-8-sig").split("\n") if line.strip()]

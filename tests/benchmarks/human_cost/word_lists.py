"""Labeling functions for rated texts: written once, without a look at the texts or at any score.

The same sixteen for all four sets. Some are poor on some sets; that is how it is in a project.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.benchmarks.human_cost.rated_texts import vader_compound

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
WORD = re.compile(r"[a-z']+")


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


LISTS = {
    "praise": (POSITIVE, words("good great excellent amazing awesome perfect wonderful brilliant")),
    "liking": (POSITIVE, words("love loved loves like likes liked enjoy enjoyed adore favorite")),
    "joy": (POSITIVE, words("happy glad fun funny delight delightful joy pleased excited smile")),
    "quality": (POSITIVE, words("best better beautiful smart easy fresh solid strong impressive")),
    "thanks": (POSITIVE, words("thanks thank congratulations congrats welcome success win hope")),
    "complaint": (NEGATIVE, words("bad terrible awful horrible poor worst worse disappointing")),
    "dislike": (NEGATIVE, words("hate hated dislike annoying annoyed boring dull ugly stupid")),
    "sorrow": (NEGATIVE, words("sad sorry cry pain hurt sick tired lonely angry afraid worried")),
    "failure": (NEGATIVE, words("fail failed fails failure broken broke problem problems wrong")),
    "harm": (NEGATIVE, words("war death dead killed attack crime fear threat crisis danger lost")),
}
NEGATION = re.compile(
    r"\b(?:not|never|no|isn't|wasn't|don't|doesn't|didn't|can't|won't) (?:\w+ )?"
    r"(?:good|great|like|love|enjoy|fun|funny|easy|work|happy|worth|recommend)\b",
    re.IGNORECASE,
)
SMILE = re.compile(r"[:;=]-?[)D]|<3|\b(?:lol|haha)+\b", re.IGNORECASE)
FROWN = re.compile(r"[:=]-?[(/]|\b(?:ugh|argh|sigh)\b", re.IGNORECASE)
NUMBER_OR_LINK = re.compile(r"\d|https?://|www\.")
SHORT = 6  # words
COMPOUND = 0.05  # VADER's own threshold


def names() -> list[str]:
    """Return the names of the functions, in the order of their columns."""
    return [*LISTS, "negation", "smile", "frown", "facts", "short_or_question", "vader"]


def votes_on(texts: pd.Series) -> npt.NDArray[np.int8]:
    """Return the votes on texts, -1 for none: shape (n_texts, n_functions)."""
    score = vader_compound()
    return np.array([_votes(text, score(text)) for text in texts], dtype=np.int8)


def _votes(text: str, compound: float) -> list[int]:
    spoken = WORD.findall(text.lower().replace("\u2019", "'"))
    present = frozenset(spoken)
    by_list = [label if present & listed else -1 for label, listed in LISTS.values()]
    feels = max(by_list) >= 0
    return [
        *by_list,
        NEGATIVE if NEGATION.search(text) else -1,
        POSITIVE if SMILE.search(text) else -1,
        NEGATIVE if FROWN.search(text) else -1,
        NEUTRAL if not feels and NUMBER_OR_LINK.search(text) else -1,
        NEUTRAL if text.rstrip().endswith("?") or len(spoken) <= SHORT else -1,
        1 + (compound >= COMPOUND) - (compound <= -COMPOUND),
    ]

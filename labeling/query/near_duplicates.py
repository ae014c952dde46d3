"""Near-duplicate texts: those that differ only by case, signs and white space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.intp]

_SIGNS = re.compile(r"[^a-z0-9]+")


def text_key(text: str) -> str:
    """Return what near-duplicates of a text have in common: its letters and digits, in order.

    Case, signs, emoji and white space are ignored. A text that has nothing else is its own key.

    >>> text_key("Check it OUT!!! :)") == text_key("check it out")
    True
    >>> text_key("5 stars") == text_key("4 stars"), text_key(":)") == text_key(":(")
    (False, False)
    """
    if text.isascii():
        return _SIGNS.sub(" ", text.lower()).strip() or text.strip()
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Marks (category M) are part of letters in many scripts, such as vowels in Hindi.
    kept = "".join(
        sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " " for sign in folded
    )
    return " ".join(kept.split()) or text.strip()


def duplicate_groups(documents: Sequence[str] | None, n: int) -> Ints:
    """Return a number for each sample, equal for near-duplicates: shape (n,).

    Args:
        documents: the texts; without them every sample is a group of its own.
        n: the number of samples.

    >>> duplicate_groups(["Hi!", "bye", "hi"], 3).tolist()
    [0, 1, 0]
    """
    if documents is None:
        return np.arange(n, dtype=np.intp)
    codes, _ = pd.factorize(np.array([text_key(text) for text in documents], dtype=object))
    return codes.astype(np.intp)


def first_of_each(groups: Ints, order: Ints) -> Ints:
    """Return the rows of `order` without those whose group came before.

    >>> first_of_each(np.array([0, 1, 0]), np.array([2, 0, 1])).tolist()
    [2, 1]
    """
    return order[~pd.Series(groups[order]).duplicated().to_numpy()]

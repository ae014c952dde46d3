"""Changes of texts for behavioural tests, each determined by the text's sample id."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import LabelingError
from labeling.records import checked_fraction
from labeling.rendering import Displayed

Change = Callable[[str, np.random.Generator], str]

SALT = 0xBE4A
PUNCTUATION = re.compile(r"[^\w\s]")
NAMES = (
    "Aisha",
    "Carlos",
    "Chen",
    "Elena",
    "Fatima",
    "Hans",
    "Ivan",
    "James",
    "John",
    "Kwame",
    "Maria",
    "Mary",
    "Mohammed",
    "Nadia",
    "Olga",
    "Priya",
    "Sofia",
    "Thomas",
    "Yuki",
    "Zanele",
)
"""First names of several languages, men's and women's."""
LEAST_LETTERS = 4  # of a word that gets a typo


@dataclass(frozen=True, slots=True)
class Perturbation(Displayed):
    """A named change of texts.

    Attributes:
        name: as it is shown.
        change: from a text and a random generator to the changed text; the text itself where the
            change does not apply. The generator is made of the sample's id.
    """

    name: str
    change: Change

    def of(self, text: str, sample_id: Hashable) -> str:
        """Return the changed text of a sample, the same at each call.

        >>> typos(0.5).of("a wonderful song about rain", "s1")
        'a wonedrful snog about rain'
        """
        return self.change(text, np.random.default_rng([SALT, seed_of(sample_id)]))


def seed_of(sample_id: Hashable) -> int:
    """Return a hash of a sample id, the same in each process."""
    return int(pd.util.hash_pandas_object(pd.Series([sample_id]), index=False).iloc[0])


def upper_case() -> Perturbation:
    """Return the change of all letters to capitals."""
    return Perturbation("upper case", lambda text, rng: text.upper())


def lower_case() -> Perturbation:
    """Return the change of all letters to small ones."""
    return Perturbation("lower case", lambda text, rng: text.lower())


def extra_spaces() -> Perturbation:
    """Return the change that doubles each space and adds one at both ends."""
    return Perturbation("extra spaces", lambda text, rng: f" {text.replace(' ', '  ')} ")


def without_punctuation() -> Perturbation:
    """Return the change that replaces punctuation by spaces."""
    return Perturbation(
        "without punctuation", lambda text, rng: " ".join(PUNCTUATION.sub(" ", text).split())
    )


def added_phrase(phrase: str) -> Perturbation:
    """Return the change that appends a phrase, such as "free money".

    >>> added_phrase("free money").of("hello", "s1")
    'hello free money'
    """
    return Perturbation(f"with {phrase!r} at the end", lambda text, rng: f"{text} {phrase}")


def swapped_names(names: Sequence[str] = NAMES) -> Perturbation:
    """Return the change of each of some names to another, the same one throughout a text.

    Args:
        names: at least two; a text without any of them is not changed.

    >>> swapped_names(["Ann", "Bob"]).of("Ann and Ann's dog", "s1")
    "Bob and Bob's dog"
    """
    given = sorted(set(names))
    if isinstance(names, str) or len(given) < 2:
        raise LabelingError(f"`names` must be at least two different names. Got {names!r}.")
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, given))})\b")

    def swap(text: str, rng: np.random.Generator) -> str:
        chosen: dict[str, str] = {}

        def other(match: re.Match[str]) -> str:
            name = match[0]
            if name not in chosen:
                others = [each for each in given if each != name]
                chosen[name] = others[int(rng.integers(len(others)))]
            return chosen[name]

        return pattern.sub(other, text)

    return Perturbation("other names", swap)


def typos(rate: float = 0.1) -> Perturbation:
    """Return the change that swaps two inner letters in some words of four letters or more.

    Args:
        rate: the share of such words, 0 to 1.
    """
    checked_fraction(rate, "`rate`")

    def mistype(text: str, rng: np.random.Generator) -> str:
        return re.sub(r"\S+", lambda match: _mistyped(match[0], rate, rng), text)

    return Perturbation(f"typos in {rate:.0%} of words", mistype)


def _mistyped(word: str, rate: float, rng: np.random.Generator) -> str:
    drawn, place = rng.random(), int(rng.integers(1, max(len(word) - 2, 2)))
    if len(word) < LEAST_LETTERS or drawn >= rate:
        return word
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def dropped_words(rate: float = 0.1) -> Perturbation:
    """Return the change that leaves words out, but never all.

    Args:
        rate: the share of words, 0 to 1.
    """
    checked_fraction(rate, "`rate`")

    def drop(text: str, rng: np.random.Generator) -> str:
        words = text.split()
        kept = rng.random(len(words)) >= rate
        if not rate or kept.all():
            return text
        if not kept.any():
            kept[int(rng.integers(len(words)))] = True
        return " ".join(word for word, is_kept in zip(words, kept, strict=True) if is_kept)

    return Perturbation(f"without {rate:.0%} of words", drop)


def duplicated_words(rate: float = 0.1) -> Perturbation:
    """Return the change that writes words twice.

    Args:
        rate: the share of words, 0 to 1.
    """
    checked_fraction(rate, "`rate`")

    def duplicate(text: str, rng: np.random.Generator) -> str:
        return re.sub(
            r"\S+",
            lambda match: f"{match[0]} {match[0]}" if rng.random() < rate else match[0],
            text,
        )

    return Perturbation(f"with {rate:.0%} of words twice", duplicate)

"""Tokens of texts as offsets: of a tokenizer, of a column, or words and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from labeling.datasets.values import short
from labeling.errors import DataError, near
from labeling.records import texts

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

WORD = re.compile(r"\w+|[^\w\s]")
JOINER = "\u200d"
Offsets = list[tuple[int, int]]
Tokens = str | Callable[[str], Any] | None
"""The name of a column, a tokenizer, or `None` for words and punctuation."""


class Text(NamedTuple):
    """A sample's text, and the first and last offset of each of its tokens."""

    content: str
    tokens: Offsets

    @property
    def words(self) -> list[str]:
        """The texts of the tokens."""
        return [self.content[start:end] for start, end in self.tokens]


def words(text: str) -> Offsets:
    """Return the words and punctuation marks of a text; white space is in none.

    A word is a run of letters, digits and underscores; every other character is a token. What is
    shown as one character stays together: marks and joiners belong to the character before them.

    >>> words("U.S. café!")
    [(0, 1), (1, 2), (2, 3), (3, 4), (5, 9), (9, 10)]
    >>> words("cafe\\u0301s")  # an accent that is a character of its own
    [(0, 6)]
    """
    tokens = [match.span() for match in WORD.finditer(text)]
    if text.isascii():
        return tokens
    joined: Offsets = []
    for start, end in tokens:
        if joined and joined[-1][1] == start and _continues(text, start):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def _continues(text: str, place: int) -> bool:
    """Return whether the character at a place is shown as one with that before it."""
    character, before = text[place], text[place - 1]
    is_mark = unicodedata.category(character).startswith("M") or character == JOINER
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    if is_mark or is_tone or before == JOINER:
        return True
    return unicodedata.category(before).startswith("M") and character.isalnum()


def tokenized(train: TrainingSet, text: str, tokens: Tokens) -> list[Text]:
    """Return the texts of a training set with their tokens.

    Args:
        train: the training set.
        text: the column of the texts.
        tokens: a column of the samples, or a function from a text: to the tokens as texts in their
            order, as pairs (start, end), or as a spaCy `Doc`; `None` takes `words`.

    Raises:
        DataError: there is no such column; tokens are not in the text in this order, overlap, are
            empty, or leave out something else than white space.
    """
    contents = texts(train.samples, text)
    ids = train.sample_ids.tolist()
    if tokens is None:
        return [Text(content, words(content)) for content in contents]
    if isinstance(tokens, str):
        if tokens not in train.samples.columns:
            raise DataError(
                f"The samples have no column {tokens!r} of tokens."
                f"{near(tokens, map(str, train.samples.columns))}"
            )
        given: Iterable[Any] = train.samples[tokens].tolist()
    else:
        given = map(tokens, contents)
    return [
        Text(content, _offsets(content, value, sample_id))
        for content, value, sample_id in zip(contents, given, ids, strict=True)
    ]


def _offsets(text: str, tokens: Any, sample: object) -> Offsets:
    """Return the offsets of tokens that are given in any form."""
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, Iterable):
        raise DataError(
            f"Tokens of a text must be a list. Got {short(tokens)} for sample {sample!r}."
        )
    parts = list(tokens)
    if all(hasattr(token, "idx") for token in parts):  # of a spaCy Doc
        offsets = [(token.idx, token.idx + len(token)) for token in parts if not token.is_space]
    elif all(isinstance(token, str) for token in parts):
        offsets = _searched(text, parts, sample)
    else:
        offsets = [_pair(token, sample) for token in parts]
    _check(text, offsets, sample)
    return offsets


def _pair(token: Any, sample: object) -> tuple[int, int]:
    try:
        start, end = token
        return int(start), int(end)
    except (TypeError, ValueError):
        raise DataError(
            "Tokens must be texts or pairs (start, end), all of one kind. Got"
            f" {short(token)} for sample {sample!r}."
        ) from None


def _searched(text: str, parts: Sequence[str], sample: object) -> Offsets:
    """Return where tokens are in a text, one after the other with only white space between."""
    offsets: Offsets = []
    place = 0
    for token in parts:
        start = text.find(token, place)
        if not token or start < 0 or text[place:start].strip():
            raise DataError(
                "Tokens must be parts of their text, in its order and with only white space"
                f" between them. Got {token!r} for sample {sample!r}, whose text goes on with"
                f" {text[place : place + 20]!r}. Give pairs (start, end) where tokens differ from"
                " the text."
            )
        place = start + len(token)
        offsets.append((start, place))
    return offsets


def _check(text: str, offsets: Offsets, sample: object) -> None:
    edges = [0, *(edge for token in offsets for edge in token), len(text)]
    is_sorted = all(left <= right for left, right in pairwise(edges))
    wrong = [token for token in offsets if token[0] >= token[1]]
    if wrong or not is_sorted:
        raise DataError(
            "Tokens must have a character or more, be in the order of the text and not overlap."
            f" Got {short(wrong or offsets)} for sample {sample!r} of {len(text):,} characters."
        )
    left = [text[end:start] for end, start in zip(edges[::2], edges[1::2], strict=True)]
    missing = [part.strip() for part in left if part.strip()]
    if missing:
        raise DataError(
            f"Tokens must cover all of a text but white space. Sample {sample!r} has {missing[0]!r}"
            " in none."
        )

"""Items of what an expression is worth: `value[index]`, and what is unpacked to several names."""

from __future__ import annotations

from typing import Any

import numpy as np

from labeling.engine.columns.functions import group_of, length
from labeling.engine.columns.methods import looked_up
from labeling.engine.columns.operators import NONE, folded
from labeling.engine.columns.text_methods import part_of
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.values import (
    Constant,
    Integers,
    Matches,
    Parts,
    Piece,
    Results,
    Words,
)
from labeling.engine.columns.word_search import FURTHEST, word_at


def item(owner: Piece, key: Piece) -> Results:
    """Return `owner[key]`."""
    if isinstance(owner, Constant) and type(owner.value) is dict:
        return looked_up(owner.value, key, None)
    if not isinstance(key, Constant):
        return NONE
    place = key.value
    if isinstance(owner, Text):
        return part_of(owner, place)
    if isinstance(owner, Matches):
        return group_of(owner, place)
    if isinstance(owner, Constant):
        return folded(lambda container, index: container[index], owner.value, place)
    if type(place) is not int:
        return NONE
    if isinstance(owner, Parts):
        return _part(owner, place)
    is_list = isinstance(owner, Words) and not owner.distinct
    return _word(owner, place) if is_list else NONE  # type: ignore[arg-type]  # words


def _word(words: Words, place: int) -> Results:
    if not -FURTHEST <= place < FURTHEST:
        return NONE
    found, word = word_at(words.text, words.characters, place)
    return ((found & words.text.is_ascii, word),)


def _part(parts: Parts, place: int) -> Results:
    text, separator = parts.text, parts.separator
    if parts.method == "split":
        return (text.split_part(separator, place),)
    if parts.method in ("partition", "rpartition"):
        return _of_three(parts, place) if -3 <= place < 3 else NONE
    if place not in (0, 1, -1, -2):
        return NONE
    is_cut, is_first = text.contains(separator), place in (0, -2)
    if parts.method == "split1":
        cut = text.split_part(separator, 0)[1] if is_first else text.after_first(separator)
    else:
        cut = text.before_last(separator) if is_first else text.split_part(separator, -1)[1]
    if place in (1, -2):
        return ((is_cut, cut),)
    return ((is_cut, cut), (~is_cut, text))


def _of_three(parts: Parts, place: int) -> Results:
    text, separator = parts.text, parts.separator
    is_cut, place = text.contains(separator), place % 3
    if place == 1:
        return ((is_cut, Constant(separator)), (~is_cut, Constant("")))
    if parts.method == "partition":
        cut = text.split_part(separator, 0)[1] if place == 0 else text.after_first(separator)
    else:
        cut = text.before_last(separator) if place == 0 else text.split_part(separator, -1)[1]
    if place == (0 if parts.method == "partition" else 2):
        return ((None, cut),)
    return ((is_cut, cut), (~is_cut, Constant("")))


def unpacked(value: Piece, place: int, count: int) -> Results:
    """Return an item of a list of exactly so many."""
    is_list = isinstance(value, (Words, Parts)) and not getattr(value, "distinct", False)
    is_constant = isinstance(value, Constant) and type(value.value) in (tuple, list)
    if not is_list and not is_constant:
        return NONE
    parts: list[tuple[Mask | None, Piece]] = []
    for rows, found in length(value):
        right = _is(found, count)
        if right is False:
            continue
        fitting = right if rows is None else rows if right is None else rows & right
        for valid, piece in item(value, Constant(place)):
            both = valid if fitting is None else fitting if valid is None else fitting & valid
            parts.append((both, piece))
    return tuple(parts)


def _is(found: Piece, count: int) -> Any:
    """Return where a length is the one that is wanted: `None` means everywhere."""
    if isinstance(found, Integers):
        return np.equal(found.values, count)
    return None if isinstance(found, Constant) and found.value == count else False

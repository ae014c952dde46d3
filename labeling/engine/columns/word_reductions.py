"""`any`, `all`, `sum` and `len` of the items of a comprehension over words of texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from labeling.engine.columns.compiled_comprehensions import (
    MOST_ITEMS,
    Comprehension,
    conditions_of,
    constant_items,
    is_of_one,
)
from labeling.engine.columns.context import State
from labeling.engine.columns.frames import Frame, NoColumns
from labeling.engine.columns.operators import as_integers, is_any_word
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.values import UNDECIDED, Bools, Integers, Value, Words
from labeling.engine.columns.word_search import has_any_word, possible_words
from labeling.engine.columns.words import WordText, word_blocks


def over_words(state: State, compiled: Comprehension, words: Words, function: Any) -> Value:
    """Return a reduction over the words of texts of ASCII characters."""
    text = words.text
    if function is any:
        found = _any_word(state, compiled, words)
        if found:
            return found
    if not is_of_one(compiled):
        return UNDECIDED
    if function in (sum, len):
        places = _places_to_count(state, compiled, words, function)
        if places is not None and 2 * len(places) < len(text):
            return _of_few(compiled, words, places, function)
    return _of_all_words(compiled, words, function)


def _of_all_words(compiled: Comprehension, words: Words, function: Any) -> Value:
    text = words.text
    totals, valid = np.zeros(len(text), np.int64), text.is_ascii.copy()
    for rows, each in word_blocks(text, words.characters):
        amounts, known = _of_words(compiled, each, function)
        totals[rows] = each.per_text(amounts)
        if known is not None:
            valid[rows] &= each.per_text(~known) == 0
    if not valid.any():
        return UNDECIDED
    if function in (any, all):
        return ((valid, Bools(totals > 0 if function is any else totals == 0)),)
    return ((valid, Integers(totals)),)


def _places_to_count(state: State, compiled: Comprehension, words: Words, function: Any) -> Any:
    """Return the rows where any word is in a constant that all counted words are in.

    On other rows of ASCII texts the sum or number of words is 0. `None` if there is no constant.
    """
    within = compiled.container if function is sum else None  # an element that is False adds 0
    within = compiled.filtered if compiled.conditions else within
    value = UNDECIDED if within is None else within.evaluate(state)
    if len(value) != 1 or value[0][0] is not state.frame.all:
        return None
    wanted = constant_items(value[0][1])
    if wanted is None or len(wanted) > MOST_ITEMS or isinstance(value[0][1].value, str):  # type: ignore[union-attr]
        return None
    texts = [each for each in wanted if type(each) is str]
    possible = possible_words(texts, words.characters)
    return np.flatnonzero(
        words.text.is_ascii & has_any_word(words.text, words.characters, possible)
    )


def _of_few(compiled: Comprehension, words: Words, places: Any, function: Any) -> Value:
    """Return a sum or number of words that is 0 but at some places."""
    text = words.text
    totals, valid = np.zeros(len(text), np.int64), text.is_ascii.copy()
    few = Text(text.series.gather(places), np.ones(len(places), bool))
    pieces = _of_all_words(compiled, Words(few, words.characters), function)
    valid[places] = False
    for rows, piece in pieces:
        totals[places] = np.where(rows, as_integers(piece), totals[places])
        valid[places] |= rows
    return ((valid, Integers(totals)),) if valid.any() else UNDECIDED


def _of_words(compiled: Comprehension, words: WordText, function: Any) -> tuple[Any, Mask | None]:
    """Return what each word adds to a total, and where that is known (`None`: everywhere).

    Of `any` the true elements are counted, of `all` the false ones.
    """
    frame = Frame(NoColumns(len(words)), {})
    inner = State(frame, {compiled.target[0]: frame.whole(words)}, frame.all)
    passed, skipped = conditions_of(inner, compiled)
    with inner.only(passed):
        element = compiled.element.evaluate(inner)
    if function is len:
        amounts, known = frame.covered(element), frame.covered(element)
    elif function is sum:
        amounts, known = _summands(frame, element)
    else:
        true, false = inner.truth(element)
        amounts, known = true if function is any else false, true | false
    amounts = amounts * passed
    known = skipped | (passed & known)
    return amounts, None if known.all() else known


def _summands(frame: Frame, element: Value) -> tuple[Any, Mask]:
    amounts: Any = np.zeros(frame.count, np.int64)
    known = frame.none
    for rows, piece in element:
        values = as_integers(piece)
        if values is not None and np.abs(values).max(initial=0) < 2**20:
            amounts = np.where(rows, values, amounts)
            known = known | rows
    return amounts, known


def _any_word(state: State, compiled: Comprehension, sought: Words) -> Value:
    """Return `any(word in words for word in text.split())`."""
    if compiled.container is None or compiled.conditions or len(compiled.target) > 1:
        return UNDECIDED
    containers = compiled.container.evaluate(state)
    if len(containers) != 1 or isinstance(containers[0][1], Text):
        return UNDECIDED
    words = constant_items(containers[0][1])
    if words is None or len(words) > MOST_ITEMS or isinstance(containers[0][1].value, str):  # type: ignore[union-attr]  # constant
        return UNDECIDED
    texts = [word for word in words if type(word) is str]
    value = state.frame.mapped(state.frame.whole(sought), lambda _: is_any_word(texts, sought))
    return state.frame.restricted(value, containers[0][0])

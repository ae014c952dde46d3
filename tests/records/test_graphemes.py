"""Cuts inside of characters that are made of several code points."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from labeling.records.graphemes import cuts_grapheme

CHARACTERS = [
    "e\u0301",  # a letter and its accent
    "\U0001f469\u200d\U0001f52c",  # a woman scientist: two emoji that are joined
    "\U0001f44d\U0001f3fd",  # a skin tone
    "\U0001f1e9\U0001f1ea",  # a flag
    "\u2764\ufe0f",  # a variation selector
    "\u0915\u093f",  # Devanagari ki
    "\u1112\u1161\u11ab",  # a Korean syllable in letters
    "\r\n",
    "1\ufe0f\u20e3",  # a keycap
]


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_character_is_cut_inside_and_not_at_its_edges(character):
    text = f"a{character}b"
    edges = [0, 1, 1 + len(character), len(text)]
    assert not any(cuts_grapheme(text, edge) for edge in edges)
    assert all(cuts_grapheme(text, place) for place in range(2, 1 + len(character)))


@given(st.lists(st.sampled_from([*CHARACTERS, "a", " ", "\n", "\u00a0", "\u05d0", "\U0001f600"])))
def test_cuts_are_those_of_unicode(parts):
    text = "".join(parts)
    inside = set(range(len(text) + 1))
    inside -= {0, len(text), *(match.start() for match in regex.finditer(r"\X", text))}
    assert {place for place in range(len(text) + 1) if cuts_grapheme(text, place)} == inside

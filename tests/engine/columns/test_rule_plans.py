"""Plans of the ready-made kinds: what they decide is what the Python function votes."""

import itertools
import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.engine.columns import text_search
from labeling.engine.columns.rule_conditions import LEAST_PASSES
from labeling.engine.columns.rule_plans import plan_of_rule
from labeling.engine.columns.text_search import EQUAL_TO_ASCII
from labeling.functions import among, contains, keywords, lookup, matches, regex, search, where
from tests.support.random_patterns import CHARACTERS, CONTROLS, OTHERS, patterns
from tests.support.rule_plans import (
    EDGE_TEXTS,
    SCHEMA,
    assert_decided_as_python,
)

SAME = [
    "i", "\u0131", "\u0130", "s", "\u017f", "ss", "ß", "ẞ", "\u03c3", "ς", "Σ", "\u00b5",
    "\u03bc", "ﬅ", "ﬆ", "k", "\u212a", "x\ud800",
]  # fmt: skip


WORDS = [
    "ham", "kiss", "c++", "free money", "+", " ham", "ham ", "a", "_", "spam ham", "straße",
    "\u212aiss", "é", "42", "\x00",
]  # fmt: skip


def texts(values=EDGE_TEXTS):
    return pd.DataFrame({"text": pd.Series(values, dtype="str")})


def word_functions(words=WORDS):
    settings = itertools.product(words, (True, False), (True, False))
    return [
        keywords(f"k{number}", [word], label="spam", whole_words=whole, ignore_case=case)
        for number, (word, whole, case) in enumerate(settings)
    ]


@pytest.mark.parametrize("share", [True, False])
class TestKeywords:
    def test_each_word_is_found_where_python_finds_it(self, share):
        lfs = word_functions()

        assert_decided_as_python(lfs, texts(), share=share)
        assert_decided_as_python(lfs, texts(EDGE_TEXTS[::-1]), share=share)

    def test_several_words_and_how_many_of_them(self, share):
        lists = [
            ["ham", "spam"],
            ["ham", "HAM", "Ham"],
            WORDS,
            ["free", "free money", "money"],
            SAME,
        ]
        settings = itertools.product(lists, (1, 2, 3), (True, False), (True, False))
        lfs = [
            keywords(f"k{number}", words, label="spam", at_least=least, whole_words=whole,
                     ignore_case=case)
            for number, (words, least, whole, case) in enumerate(settings)
            if least <= len(words)
        ]  # fmt: skip

        assert_decided_as_python(lfs, texts(), share=share)

    def test_nearly_all_texts_of_other_languages_are_decided_for_words_of_ascii(self, share):
        words = [f"wort{number}" for number in range(20)]
        german = [f"Über {word} läßt sich reden, {word}ähnlich" for word in words] * 5
        absent = [keywords(f"absent {word}", [word], label="spam") for word in words[1:15]]

        shares = assert_decided_as_python(absent, texts(german), share=share)
        assert min(shares) >= 0.9

    def test_words_beyond_ascii_are_found_without_python(self, share):
        words = [f"{letter}berwörter{number}" for number in range(6) for letter in ("ü", "Ü")]
        german = [f"Von {word.upper()} läßt sich reden: {word}." for word in words]
        lfs = [keywords(f"k{n}", [w], label="spam", at_least=1) for n, w in enumerate(words)]

        shares = assert_decided_as_python(lfs, texts(german), share=share)
        assert not share or min(shares) == 1.0

    def test_missing_texts_abstain(self, share):
        lfs = [*word_functions(["ham", "é"]), regex("r", "(a)\\1", label="spam")]
        frame = texts([None, None])

        assert_decided_as_python(lfs, frame, share=share, least=1.0)

    def test_no_rows(self, share):
        assert_decided_as_python(word_functions(), texts([]), share=share)


def test_only_four_characters_equal_an_ascii_letter_in_any_case():
    """The premise of searching other texts for words of ASCII characters."""
    everything = "".join(map(chr, [*range(128, 0xD800), *range(0xE000, 0x110000)]))
    found = {
        character: letter
        for letter in "abcdefghijklmnopqrstuvwxyz"
        for character in re.findall(letter, everything, re.IGNORECASE)
    }

    assert EQUAL_TO_ASCII == found


def test_folded_characters_are_those_that_are_equal_in_any_case():
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    folded = everything.translate(text_search._FOLD)
    groups = {}
    for character, to in zip(everything, folded, strict=True):
        groups.setdefault(to, set()).add(character)
    cased = {to: group for to, group in groups.items() if len(group) > 1}
    among_cased = "".join(sorted(set().union(*cased.values())))

    assert len(cased) > 1_300
    for to, group in cased.items():
        assert group == set(re.findall(re.escape(to), among_cased, re.IGNORECASE))
    for to in list(cased)[::100]:
        assert cased[to] == set(re.findall(re.escape(to), everything, re.IGNORECASE))


def test_no_other_character_is_lowered_to_one_of_ascii():
    everything = list(map(chr, [*range(128, 0xD800), *range(0xE000, 0x110000)]))
    lowered = pl.Series(everything).str.to_lowercase()
    ascii_letters = lowered.str.contains(r"[\x00-\x7F]")

    assert {"\u0130", "\u212a"} == set(pl.Series(everything).filter(ascii_letters))


def test_long_batches_are_searched_in_parts(monkeypatch):
    monkeypatch.setattr(text_search, "BYTES_AT_ONCE", 64)

    assert_decided_as_python(word_functions(), texts())


def test_one_pass_searches_for_the_words_of_all_functions(monkeypatch):
    passes = []
    searched = text_search.WordIndex._searched
    monkeypatch.setattr(
        text_search.WordIndex,
        "_searched",
        lambda index, series: passes.append(len(index.numbers)) or searched(index, series),
    )
    lfs = [keywords(f"k{n}", [f"word{n}", "ham"], label="spam") for n in range(LEAST_PASSES)]

    assert_decided_as_python(lfs, texts())

    assert [LEAST_PASSES + 1] == passes


def test_what_is_undecided_of_words_is_little():
    plain = [text for text in EDGE_TEXTS if text is None or text.isascii()]

    assert_decided_as_python(word_functions(), texts(plain), least=1.0)


ALPHABET = CHARACTERS + CONTROLS + OTHERS + "hamHAM —日🎵\u0301"


@settings(max_examples=150)
@given(
    st.lists(st.text(ALPHABET, min_size=1, max_size=3).filter(str.strip), min_size=1, max_size=12),
    st.lists(st.none() | st.text(ALPHABET, max_size=12), max_size=40),
    st.booleans(), st.booleans(), st.booleans(), st.integers(1, 3),
)  # fmt: skip
def test_random_words_in_random_texts(words, values, whole_words, ignore_case, share, at_least):
    options = {"label": "spam", "whole_words": whole_words, "ignore_case": ignore_case}
    lfs = [keywords(f"k{number}", [word], **options) for number, word in enumerate(words)]
    lfs.append(keywords("some", words, at_least=min(at_least, len(words)), **options))
    values += [
        f"{left}{word}{right}" for word in words for left, right in (" é", "é ", "..", "\n\x00")
    ]

    assert_decided_as_python(lfs, texts(values), share=share)


@settings(max_examples=150)
@given(patterns(), st.lists(st.text(ALPHABET, max_size=8), max_size=40))
def test_random_patterns_in_random_texts(pattern, values):
    assert_decided_as_python(
        [regex("r", pattern, label="spam")], texts([*values, *EDGE_TEXTS[:20]])
    )


@pytest.mark.parametrize(
    "pattern",
    [
        r"h\w+",
        r"ham$",
        r"(?i)KISS",
        r"\s",
        "é",
        r"(?i)\u212a",
        r"\bham\b",
        "^$",
        "(h)\\1",
        "(?s)a.h",
    ],
)
def test_patterns(pattern):
    assert_decided_as_python([regex("r", pattern, label="spam")], texts())


CONDITIONS = [
    contains("ham"), ~contains("ham"), contains("é"), matches(r"\d+"), ~matches("(.)\\1"),
    contains("ham", column="title"), ~contains("ham", column="title"),
    among(["ham", "42", "Straße"]), among([42, 7], column="n"), among(["x"], column="n"),
    among([None, "ham"]), among([1.5, 2], column="x"), among([True], column="flag"),
    among(["ham", None], column="mixed"), where(lambda x: len(x.title) > 3),
    where(lambda x: x.nothing), contains("ham", column="nothing"), contains("ham", column="n"),
]  # fmt: skip


def mixed_frame():
    n = len(EDGE_TEXTS)
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "text": pd.Series(EDGE_TEXTS, dtype="str"),
            "title": pd.Series(rng.permutation(np.array(EDGE_TEXTS, dtype=object)), dtype="str"),
            "n": pd.Series(rng.integers(0, 50, n), dtype="Int64").mask(rng.random(n) < 0.2),
            "x": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 4, n) / 2),
            "flag": rng.random(n) < 0.5,
            "mixed": pd.Series((["ham", 1, None] * n)[:n], dtype=object),
        }
    )  # fmt: skip


def compound(draw):
    condition = draw(st.sampled_from(CONDITIONS))
    for _ in range(draw(st.integers(0, 3))):
        other = draw(st.sampled_from(CONDITIONS))
        condition = condition & other if draw(st.booleans()) else other | condition
        if draw(st.booleans()):
            condition = ~condition
    return condition


@settings(max_examples=300)
@given(st.data())
def test_conditions_have_the_truth_values_of_python(data):
    lfs = [search(f"s{number}", compound(data.draw), label="spam") for number in range(3)]

    assert_decided_as_python(lfs, mixed_frame(), share=data.draw(st.booleans()))


def test_where_a_condition_is_undecided_the_other_may_decide():
    condition = contains("ham") & where(lambda x: x.nothing)
    [share] = assert_decided_as_python([search("s", condition, label="spam")], texts())
    turned = where(lambda x: x.nothing) & contains("ham")

    assert share > 0.5
    assert [0.0] == assert_decided_as_python([search("s", turned, label="spam")], texts())


def test_a_search_with_preprocessors_has_no_rule():
    assert search("s", contains("ham"), label="spam", pre=[lambda x: x]).rule is None


def test_a_column_that_is_absent_is_left_to_python():
    assert [0.0] == assert_decided_as_python(
        [keywords("k", ["ham"], label="spam", column="nothing")], texts()
    )


def test_a_column_named_like_a_method_of_rows_is_read_as_python_does():
    for name in ("get", "count", "index", "_fields", "my text", "__len__"):
        frame = pd.DataFrame({name: ["ham", "x", None]})
        assert_decided_as_python([keywords("k", ["ham"], label="spam", column=name)], frame)


def test_a_function_that_was_changed_has_no_plan():
    lf = keywords("k", ["ham"], label="spam")
    lf.function = lambda x: "ham"

    assert plan_of_rule(lf, SCHEMA) is None


def test_a_plan_survives_the_way_to_another_process():
    lfs = pickle.loads(
        pickle.dumps([*word_functions(["ham"]), lookup("l", ["ham"], label="spam", column="text")])
    )

    assert_decided_as_python(lfs, texts())


def test_an_error_of_the_column_engine_leaves_the_rows_to_python(monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(text_search.TextColumn, "found", fail)

    assert [0.0] == assert_decided_as_python([keywords("k", ["ham"], label="spam")], texts())


@pytest.mark.parametrize("share", [True, False])
def test_votes_for_an_unknown_label_are_left_to_python(share):
    lfs = [keywords(f"k{n}", ["ham"], label="eggs") for n in range(LEAST_PASSES)]
    lfs += [
        search("s", ~contains("ham"), label="eggs"),
        lookup("l", {"ham": "eggs", "kiss": "spam"}, column="text"),
    ]

    shares = assert_decided_as_python(lfs, texts(), share=share)
    assert min(shares) > 0
    assert max(shares) < 1


@pytest.mark.parametrize("at_least", [1, 2])
def test_one_function_of_very_many_words_needs_no_python(at_least):
    words = [f"word{number}" for number in range(3_000)]
    frame = texts(
        [" ".join(words[start : start + 3]) for start in range(0, 300, 2)] + ["x", "word"]
    )
    lf = keywords("k", words, label="spam", at_least=at_least)

    assert_decided_as_python([lf], frame, share=False, least=1.0)


@pytest.mark.parametrize(
    ("lf", "is_hopeless", "reasons"),
    [
        (keywords("k", ["ham"], label="spam"), False, ()),
        (lookup("l", ["ham"], label="spam", column="text"), False, ()),
        (regex("r", "ham$", label="spam"), False, ()),
        (
            regex("r", r"(a)\1", label="spam"),
            True,
            (r"the pattern '(a)\\1' has no equal in polars",),
        ),
        (
            search("s", contains("ham") & where(len), label="spam"),
            False,
            ("where(...) calls a function of the sample",),
        ),
        (
            search("s", ~(where(len) & contains("ham")), label="spam"),
            True,
            ("where(...) calls a function of the sample",),
        ),
    ],
)
def test_a_plan_says_what_is_left_to_python(lf, is_hopeless, reasons):
    plan = plan_of_rule(lf, SCHEMA)

    assert (is_hopeless, reasons) == (plan.is_hopeless, plan.reasons)


def test_a_condition_of_very_many_parts_has_no_plan():
    condition = contains("w", column="text")
    for number in range(2_000):
        condition = condition | contains(f"w{number}", column="text")

    assert plan_of_rule(search("s", condition, label="spam"), SCHEMA) is None


@pytest.mark.parametrize(
    ("version", "has_plan"), [("1.29.0", False), ("1.30.0", True), ("2.0.0rc1", True)]
)
def test_versions_of_polars_that_answer_otherwise_are_not_used(monkeypatch, version, has_plan):
    monkeypatch.setattr(text_search.importlib.metadata, "version", lambda name: version)
    text_search.has_polars.cache_clear()
    try:
        assert has_plan == (plan_of_rule(keywords("k", ["ham"], label="spam"), SCHEMA) is not None)
    finally:
        text_search.has_polars.cache_clear()

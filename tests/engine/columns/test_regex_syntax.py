"""`rust_pattern`: a pattern of polars is found in the same ASCII texts as Python's."""

import re
import warnings

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.engine.columns.regex_syntax import MOST_CHARACTERS, rust_pattern
from tests.support.random_patterns import ascii_texts, patterns

METHODS = ["search", "match", "fullmatch"]
TEXTS = ascii_texts()
COLUMN = pl.Series(TEXTS)
LEAST_PAIRS = 100_000


def found_by_python(pattern, method, texts=TEXTS):
    find = getattr(pattern, method)
    return [find(text) is not None for text in texts]


def found_by_polars(written, column=COLUMN):
    return column.str.contains(written, literal=False).to_list()


class TestEveryPatternThatIsWritten:
    pairs = 0

    @settings(max_examples=600)
    @given(patterns(), st.sampled_from(METHODS))
    def test_is_found_in_the_same_ascii_texts(self, pattern, method):
        written = rust_pattern(pattern, method)
        if written is not None:
            expected = found_by_python(pattern, method)
            assert expected == found_by_polars(written), (pattern, written)
            type(self).pairs += len(TEXTS)

    def test_was_compared_on_many_texts(self):
        """Most random patterns have an equal; otherwise the test above would show little."""
        assert self.pairs >= LEAST_PAIRS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"https?://|www\.", r"(?:https?\x3A\x2F\x2F|www\x2E)"),
        (r"\s", r"[\x09-\x0D\x1C-\x20]"),  # Rust's own has no \x1c to \x1f
        (r"(?a:\s)", r"[\x09-\x0D\x20]"),
        ("end$", r"end(?:\x0A?\z)"),
        ("(?m)^a$", "(?m:^)a(?m:$)"),
        ("(?i)kiss", "[Kk][Ii][Ss][Ss]"),  # and not the Kelvin sign or the long s
        ("(?i)\u212a", "[Kk]"),  # which Python finds in an ASCII k
        ("[^a]", r"[\x00-\x60b-\x7F]"),
        ("é", r"\x{10FFFF}"),
        (r"[a&&b]", r"[\x26a-b]"),
        ("(?P<first>a)(b)(?:cd)+?", "ab(?:cd)+"),
        (r"(?<!\w)ham(?!\w)", r"(?-u:\b{start-half})ham(?-u:\b{end-half})"),
        ("a{2}b{2,}c{2,3}d{,3}", "a{2}b{2,}c{2,3}d{0,3}"),
        ("", ""),
        ("a|", "(?:a|)"),
    ],
)
def test_a_construct_is_written_as(source, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pattern = re.compile(source)

    assert expected == rust_pattern(pattern)


@pytest.mark.parametrize(
    "source",
    [
        r"(a)\1", r"(?P<x>a)(?P=x)", "(a)?(?(1)b|c)",
        "a(?=b)", "(?!b)a", "(?<=b)a", r"(?<!\d)a", r"a(?!\W)", r"(?!\w\w)a",
        "(?>a)", "a++", "a?+", "a{2}+",
        "a$b", "(?:a$)+", "(a$|b)c", "$ ?",
        r"\Ba",
        "(?:a?)*", "(?:a|)+", "(?:^)*", "(?:a*){2}",
        f"a{{{MOST_CHARACTERS + 1}}}", "(?:a{200}){200}", "(?:ab|cd){5000}",
        f"{'(?:' * 200}a{')?' * 200}",
    ],
)  # fmt: skip
def test_a_construct_without_a_known_equal_is_left_to_python(source):
    assert rust_pattern(re.compile(source)) is None


@pytest.mark.parametrize("pattern", [re.compile(b"a"), re.compile(b"a", re.LOCALE), "a", None])
def test_only_patterns_of_texts_are_written(pattern):
    assert rust_pattern(pattern) is None


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "source", ["a$", "a\n$", "^a|b$", r"a\Z", "(?m)a$", "$", "^$", "a$|ab", "(?s).$"]
)
def test_line_breaks_at_the_end_count_as_in_python(source, method):
    pattern = re.compile(source)
    texts = ["a", "a\n", "a\n\n", "\na", "b", "b\n", "", "\n", "\n\n", "ab", "ab\n", "b\na", "a\nb"]

    assert found_by_python(pattern, method, texts) == found_by_polars(
        rust_pattern(pattern, method), pl.Series(texts)
    )


@pytest.mark.parametrize("flags", [0, re.IGNORECASE, re.ASCII, re.IGNORECASE | re.ASCII, re.DOTALL])
@pytest.mark.parametrize(
    "source",
    [
        ".",
        r"\w",
        r"\W",
        r"\d",
        r"\s",
        r"\S",
        "[^k]",
        "[k-s]",
        "[É-\u212a]",
        "\u0130",
        "[^\u017f]",
        r"[\W_]",
        r"[^\S ]",
    ],
)
def test_every_ascii_character_is_in_the_same_classes(source, flags):
    texts = list(map(chr, range(128)))
    pattern = re.compile(source, flags)

    assert found_by_python(pattern, "fullmatch", texts) == found_by_polars(
        rust_pattern(pattern, "fullmatch"), pl.Series(texts)
    )


def test_every_written_pattern_is_accepted_at_the_largest_size():
    written = rust_pattern(re.compile(r"(?:\w{10}\s){900}[^a]{90}"))

    assert [False] == found_by_polars(written, pl.Series(["a"]))


def test_a_pattern_that_python_warns_about_is_written_without_a_warning():
    with pytest.warns(FutureWarning):
        pattern = re.compile("[[a]")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert r"[\x5Ba]" == rust_pattern(pattern)

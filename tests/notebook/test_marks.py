"""What fired: the parts of texts for which functions voted."""

import re

import pytest

import labeling as lb
from labeling.functions import (
    contains,
    keywords,
    lookup,
    matches,
    preprocessor,
    regex,
    search,
    where,
)
from labeling.notebook.marks import marker_of, matched_texts

SCHEMA = lb.LabelSchema(["ham", "spam"])
WORDS = ["free", "cash"]
TOKENS = frozenset({"free", "free money"})
PATTERN = re.compile(r"\bwin\w*", re.IGNORECASE)
SPAM = "spam"


def marked(lf, text, column="text", **options):
    if not isinstance(lf, lb.LabelingFunction):
        lf = lb.labeling_function(name="lf")(lf)
    mark = marker_of(lf, column, ["text", "title"], SCHEMA, **options)
    return [text[start:end] for start, end in mark(text)]


@pytest.mark.parametrize(
    ("lf", "text", "expected"),
    [
        (keywords("k", ["free"], label="spam"), "Free, carefree", ["Free"]),
        (keywords("k", ["free"], label="spam", whole_words=False), "carefree", ["free"]),
        (keywords("k", ["a", "A", "b"], label="spam", at_least=2), "a b", ["a", "b"]),
        (keywords("k", ["a", "A", "b"], label="spam", at_least=2), "a A", []),
        (regex("r", r"\d{3}", label="spam"), "123 4 567", ["123", "567"]),
        (search("s", contains("free") & ~contains("love"), label="spam"), "free", ["free"]),
        (search("s", contains("a") | matches("b+"), label="spam"), "a bb", ["a", "bb"]),
        (search("s", contains("a") | contains("b") & contains("c"), label="spam"), "a b", ["a"]),
        (search("s", contains("a") & where(lambda x: True), label="spam"), "a", ["a"]),
        (search("s", contains("a", column="title") & contains("b"), label="spam"), "a b", ["b"]),
        (keywords("k", ["free"], label="spam", column="title"), "free", []),
        (lookup("l", {"free": "spam"}, column="text"), "free", []),
    ],
)
def test_ready_made_kinds_are_marked_exactly(lf, text, expected):
    assert marked(lf, text) == expected


def helper(text):
    return "bonus" in text


CASES = [
    (lambda x: "http" in x.text, "see http", ["http"]),
    (lambda x: "http" in x["text"] and "text" in x, "text http", ["http"]),
    (lambda x: "Free" in x.text, "free Free", ["Free"]),
    (lambda x: "free" in x.text.lower(), "FREE", ["FREE"]),
    (lambda x: "spam" if "eggs" in x.text else None, "spam eggs", ["eggs"]),
    (lambda x: "spam" in x.text, "spam eggs", ["spam"]),
    (lambda x: any(word in x.text for word in WORDS), "cash, free", ["cash", "free"]),
    (lambda x: any(word in x.text for word in ("win", "won")), "won", ["won"]),
    (lambda x: bool(set(x.text.split()) & TOKENS), "free carefree", ["free"]),
    (lambda x: x.text.split(",")[0] == "a b", "a b, c", ["a b"]),
    (lambda x: PATTERN.search(x.text), "Winner wins", ["Winner", "wins"]),
    (lambda x: re.search(r"\$\d+", x.text) is not None, "$5", ["$5"]),
    (lambda x: re.search("CASH", x.text, re.I) is not None, "cash", ["cash"]),
    (lambda x: re.match("a", x.text) is not None, "a a", ["a"]),
    (lambda x: re.search("(", x.text), "(", []),
    (lambda x: x.text.startswith("Hey"), "Hey, Hey", ["Hey"]),
    (lambda x: x.text.endswith("!"), "no! yes!", ["!"]),
    (lambda x: x.text.count("!") > 1, "a!!", ["!", "!"]),
    (lambda x: helper(x.text), "a bonus", ["bonus"]),
    (lambda x: SPAM if len(x.text) > 3 else None, "spam spam", []),
    (lambda x: len(x.text) > 3, "longer", []),
]


@pytest.mark.parametrize(("function", "text", "expected"), CASES)
def test_plain_functions_are_marked_by_what_their_code_holds(function, text, expected):
    found = marked(function, text)
    assert found == expected


def test_closures_defaults_resources_and_preprocessors():
    def made(word):
        return lambda x: word in x.text

    assert marked(made("free"), "free cash") == ["free"]
    assert marked(lambda x, word="cash": word in x.text, "free cash") == ["cash"]
    lf = lb.labeling_function(name="r", resources={"words": {"cash", "free"}})(
        lambda x, words: any(word in words for word in x.text.split())
    )
    assert marked(lf, "free cashier") == ["free"]

    def lowered(x):
        x.low = x.text.lower()
        return x

    lf = lb.labeling_function(name="p", pre=[lowered])(lambda x: "free" in x.low)
    assert marked(lf, "FREE") == ["FREE"]


def test_a_decorated_preprocessor_is_read(tmp_path):
    @preprocessor(reads=["text"], cache=tmp_path / "fields.sqlite")
    def spotted(x):
        x.is_spotted = "bonus" in x.text
        return x

    lf = lb.labeling_function(name="p", pre=[spotted])(lambda x: x.is_spotted)
    assert marked(lf, "a bonus") == ["bonus"]


def test_a_docstring_is_not_searched_for():
    def documented(x):
        """free"""
        return "cash" in x.text

    assert marked(documented, "free cash") == ["cash"]


def test_an_empty_closure_cell_and_a_builtin_are_no_error():
    def early():
        def lf(x):
            return later in x.text

        mark = marked(lf, "free")
        later = "free"
        return mark, later

    assert early()[0] == []
    assert marked(lb.LabelingFunction("b", len), "free") == []


def test_nothing_of_the_user_is_run_to_find_marks():
    class Loud(str):
        def __contains__(self, other):
            raise AssertionError

        def find(self, *args):
            raise AssertionError

        lower = strip = find

    word = Loud("free")
    calls = []

    def lf(x):
        calls.append(x)
        return word in x.text

    assert marked(lf, "free") == []
    assert not calls


def test_slow_patterns_are_searched_for_once():
    assert marked(lambda x: PATTERN.search(x.text), "win wins", is_quick=False) == ["win"]


def test_characters_whose_lower_case_is_longer():
    assert marked(lambda x: "free" in x.text.lower(), "İİİ FREE") == ["FREE"]


def test_huge_lists_of_words_are_left_out():
    words = [f"word{i}" for i in range(20_000)]
    assert marked(lambda x: any(word in x.text for word in words), "word7") == []


def test_matched_texts_are_counted_without_case_and_whitespace():
    assert matched_texts("Free  Money free money", ((0, 11), (12, 22))) == ("free money",)


def test_a_pattern_that_splits_the_text_is_not_marked_beside_the_words():
    wanted = {"free", "win"}

    def lf(x):
        return bool(wanted & set(re.findall(r"[a-z']+", x.text.lower())))

    assert marked(lf, "you can win a free car today") == ["win", "free"]
    assert marked(lambda x: re.findall(r"\d+", x.text), "1 of 20, 3 of 40, and so on") == [
        "1",
        "20",
        "3",
        "40",
    ]

"""Idioms that experts use: each runs on columns, and votes as the Python function does."""

import re
from datetime import date, datetime, timedelta
from enum import IntEnum
from types import FunctionType

import pandas as pd
import pytest

import labeling as lb
from labeling.engine.batches import SampleBatch
from labeling.engine.columns.plans import plan_of
from labeling.engine.execution import Job, votes_on
from labeling.engine.values import with_plain_objects
from labeling.records import LabelingFunction

pytest.importorskip("polars")

HAM, SPAM, ABSTAIN = 0, 1, -1
SCHEMA = lb.LabelSchema(["ham", "spam"])
WORDS = {"free", "win", "now", "e"}
WORD_LIST = ["free", "win", "now"]
CUTOFF = datetime(2026, 2, 1)
DAY = timedelta(days=1)
AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(mg|eur)?", re.I)


class Label(IntEnum):
    HAM = 0
    SPAM = 1


MEANING = {"free": Label.SPAM, "win ": Label.SPAM}
PATTERNS = {"amount": AMOUNT, "link": re.compile("https?://")}

TEXTS = (
    *("Free money!!", "WIN now", "you win 5 eur, or 12.5 EUR", "a@b@c.de", "e", "10 mg", "x-y-z"),
    *("  free  ", "now, now", "see http://x and https://y", "AbC dEf", "win\nnow", "100", "7.5"),
)
SAMPLES = with_plain_objects(
    pd.DataFrame(
        {
            "text": [*TEXTS, "", "é free", "٣ win"],
            "n": range(17),
            "score": [0.5 * number for number in range(17)],
            "start": pd.date_range("2026-01-25", periods=17, freq="11h"),
            "end": pd.date_range("2026-01-28 00:00:00.5", periods=17, freq="3h"),
        },
        index=[f"s{number}" for number in range(17)],
    )
)
ASCII = SAMPLES["text"].map(str.isascii).to_numpy()


def letters_in_a_list(x):
    letters = [c for c in x.text if c.isalpha()]
    if not letters:
        return ABSTAIN
    return SPAM if sum(1 for c in letters if c.isupper()) / len(letters) > 0.4 else HAM


def letters_of_letters(x):
    letters = [c for c in x.text if c.isalpha()]
    vowels = [c for c in letters if c in "aeiou"]
    return SPAM if len(vowels) > 2 and any(c.isupper() for c in letters) else HAM


def words_in_a_set(x):
    return SPAM if WORDS & set(x.text.lower().split()) else HAM


def number_of_shared_words(x):
    words = set(x.text.lower().split())
    return SPAM if len(words & set(WORD_LIST)) >= 2 else HAM


def intersection(x):
    return SPAM if len(WORDS.intersection(x.text.lower().split())) > 0 else HAM


def disjoint(x):
    return HAM if WORDS.isdisjoint(x.text.split()) else SPAM


def tokens(x):
    return SPAM if WORDS & set(re.findall(r"[a-z']+", x.text.lower())) else HAM


def loop_that_searches(x):
    for word in x.text.lower().split():
        if word in WORDS:
            return SPAM
    return HAM


def loop_that_counts(x):
    capitals, words = 0, x.text.split()
    for character in x.text:
        if character.isupper():
            capitals += 1
    for word in words:
        capitals += len(word) > 3
    return SPAM if capitals > 2 else HAM


def loop_that_ends(x):
    found = False
    for word in x.text.split():
        if word.endswith("!"):
            found = True
            break
    return SPAM if found else HAM


def number_of_tokens(x):
    return SPAM if len(re.findall(r"\w+", x.text)) > 2 else HAM


def links(x):
    return SPAM if len(re.findall(r"https?://\S+", x.text)) >= 2 else HAM


def first_word(x):
    words = x.text.split()
    if not words:
        return ABSTAIN
    return {"free": SPAM, "win": SPAM}.get(words[0].lower().strip(",.!"), HAM)


def last_word(x):
    return SPAM if x.text and x.text.split()[-1] == "now" else HAM


def after_the_last(x):
    _, _, domain = x.text.rpartition("@")
    return SPAM if domain == "c.de" else HAM


def before_the_first(x):
    name, found, _ = x.text.partition("-")
    return SPAM if found and name == "x" else HAM


def split_once(x):
    return SPAM if x.text.split("@", 1)[-1] == "b@c.de" else HAM


def split_once_from_the_right(x):
    return SPAM if x.text.rsplit("-", maxsplit=1)[0] == "x-y" else HAM


def group_as_a_number(x):
    found = AMOUNT.search(x.text)
    if found is None:
        return ABSTAIN
    return SPAM if float(found.group("number")) > 7 else HAM


def optional_group(x):
    found = AMOUNT.search(x.text)
    return SPAM if found and found[2] is not None and found[2].lower() == "eur" else HAM


def share_of_a_character(x):
    return SPAM if x.text.count("!") / max(len(x.text), 1) > 0.1 else HAM


def smallest(x):
    return SPAM if min(x.n, x.score + 3) > 5 else HAM


def rounded(x):
    return SPAM if round(x.score) % 2 == 0 else HAM


def time_after_a_constant(x):
    return SPAM if datetime(2026, 1, 27) <= x.start < CUTOFF else HAM


def time_before_another(x):
    return SPAM if x.start < x.end else HAM


def quick(x):
    return SPAM if (x.end - x.start) < DAY and x.end < x.start + timedelta(hours=12) else HAM


def days_between(x):
    return SPAM if (x.end - x.start).days > 1 else HAM


def on_a_date(x):
    return SPAM if x.start.date() <= date(2026, 1, 29) and x.start.quarter < 2 else HAM


def share_of_a_day(x):
    return SPAM if (x.end - x.start) / timedelta(hours=12) > 2 else HAM


def pattern_of_words(x):
    return SPAM if re.search(r"\b(?:" + "|".join(WORD_LIST) + r")\b", x.text, re.I) else HAM


def patterns_in_a_loop(x):
    found = 0
    for word in WORD_LIST:
        if re.search(rf"\b{re.escape(word)}\b", x.text):
            found += 1
    return SPAM if found > 0 else HAM


def pattern_of_a_dict(x):
    return SPAM if PATTERNS["amount"].search(x.text) else HAM


def substituted(x):
    words = re.sub(r"[^a-z ]", " ", x.text.lower()).split()
    return SPAM if sum(word in WORDS for word in words) > 0 else HAM


def words_counted_by_conditions(x):
    words = x.text.lower().split()
    return SPAM if sum(1 for word in words if word in WORD_LIST if len(word) > 2) > 0 else HAM


def put_together(x):
    return SPAM if "now -" in " - ".join([x.text, x.text.lower()]) else HAM


def found_in_a_dict_of_numbers(x):
    return {0: SPAM, 1: SPAM, 4: SPAM}.get(x.n, HAM)


def found_in_a_dict_of_members(x):
    return MEANING.get(x.text.strip().lower()[:4], Label.HAM)


def ends_with_a_mark(x):
    return SPAM if x.text and x.text[-1] in ".!?" else HAM


def only_ascii(x):
    return SPAM if x.text.isascii() and x.n > 3 else HAM


def before_a_timestamp(x):
    return SPAM if x.start <= pd.Timestamp("2026-01-29") else HAM


IDIOMS = [
    each
    for each in vars().values()
    if isinstance(each, FunctionType) and each.__module__ == __name__
]


def votes(function, *, compile):
    lf = LabelingFunction(function.__name__, function, compile=compile)
    codes, faults = votes_on(SampleBatch(SAMPLES), Job([lf], SCHEMA))
    return codes[:, 0].tolist(), [repr(fault.exception) for fault in faults]


@pytest.mark.parametrize("function", IDIOMS, ids=lambda function: function.__name__)
def test_votes_are_those_of_python(function):
    assert votes(function, compile=False) == votes(function, compile=True)
    assert {HAM, SPAM} <= set(votes(function, compile=False)[0])


@pytest.mark.parametrize("function", IDIOMS, ids=lambda function: function.__name__)
def test_all_samples_of_ascii_texts_are_decided_by_columns(function):
    lf = LabelingFunction(function.__name__, function)
    decided = plan_of(lf, SCHEMA).run(SampleBatch(SAMPLES), {})[1]

    assert lb.explain(lf).how == "columns"
    assert decided[ASCII].all()


def test_a_function_of_the_library_is_named_where_it_is_called():
    def split_by_pattern(x):
        return SPAM if len(re.split("[.!?]", x.text)) > 2 else HAM

    assert "re.split" in lb.explain(LabelingFunction("f", split_by_pattern)).because


def letters_by_number(x):
    letters = [c for c in x.text if c.isalpha()]
    return SPAM if letters[0] == "e" else HAM


def items_of_items(x):
    long = [word for word in x.text.split() if len(word) > 3]
    return SPAM if any(word.isupper() for word in long) else HAM


def loop_over_columns(x):
    for word in x.text.split():
        if word in x.other:
            return SPAM
    return HAM


def number_of_distinct_words(x):
    return SPAM if len(set(x.text.split())) > 2 else HAM


def attribute_of_a_column(x):
    return SPAM if x.start.microsecond > 5 else HAM


UNKNOWN = (
    letters_by_number,
    items_of_items,
    loop_over_columns,
    number_of_distinct_words,
    attribute_of_a_column,
)


@pytest.mark.parametrize("function", UNKNOWN, ids=lambda function: function.__name__)
def test_what_columns_never_decide_is_said_to_run_in_python(function):
    assert lb.explain(LabelingFunction(function.__name__, function)).how == "python"


def test_times_with_a_zone_are_left_to_python():
    zoned = pd.Timestamp("2026-02-01", tz="UTC")

    def after_it(x):
        return SPAM if x.start > zoned else HAM

    assert lb.explain(LabelingFunction("f", after_it)).how == "python"
    assert "TypeError" in votes(after_it, compile=True)[1][0]

"""Fingerprints of ready-made kinds, of functions that call others, and of usual rules."""

import datetime
import enum
import functools
import math
import operator
import os
import re
from collections import Counter, namedtuple

import numpy as np
import pandas as pd
import pytest

from labeling.functions import (
    keywords,
    lookup,
    model,
    regex,
    search,
)
from labeling.functions.conditions import contains, where
from tests.support.fingerprints import lf_of, seen


class Settings:
    LIMIT = 3
    words = ("a",)

    @staticmethod
    def is_long(text):
        return len(text) > Settings.LIMIT

    @classmethod
    def least(cls):
        return cls.LIMIT

    @property
    def most(self):
        return 2 * self.LIMIT


def test_another_labeling_function_that_is_called_counts():
    inner = [lf_of(lambda x: "a" in x.text), lf_of(lambda x: "b" in x.text)]
    outer = [lf_of(lambda x, used=used: used(x)) for used in inner]
    assert seen(outer[0]) != seen(outer[1])


def test_the_file_of_a_lookup_counts_by_content(tmp_path):
    file = tmp_path / "bots.txt"
    file.write_text("bot1\n")
    lf = lookup("bots", file, label="spam", column="by")
    before = seen(lf)
    file.write_text("bot1\nbot2\n")
    assert seen(lf) != before
    assert seen(lookup("bots", file, label="spam", column="by")) != before
    file.write_text("bot1\n")
    assert seen(lf) == before


KINDS = [
    lambda: keywords("k", ["a", "b"], label="spam"),
    lambda: keywords("k", ["a", "b"], label="spam", at_least=2),
    lambda: keywords("k", ["a", "b"], label="ham"),
    lambda: keywords("k", ["a", "b"], label="spam", column="title"),
    lambda: keywords("k", ["a", "b"], label="spam", whole_words=False),
    lambda: keywords("k", ["a", "b"], label="spam", ignore_case=False),
    lambda: regex("r", "a", label="spam"),
    lambda: regex("r", "a", label="spam", flags=re.I),
    lambda: lookup("l", ["a"], label="spam", column="by"),
    lambda: lookup("l", ["a", "b"], label="spam", column="by"),
    lambda: lookup("l", {"a": "spam"}, column="by"),
    lambda: lookup("l", {"a": "ham"}, column="by"),
    lambda: search("s", contains("a") & contains("b"), label="spam"),
    lambda: search("s", contains("a") | contains("b"), label="spam"),
    lambda: search("s", ~contains("a"), label="spam"),
    lambda: search("s", where(lambda x: x.n > 1), label="spam"),
    lambda: search("s", where(lambda x: x.n > 2), label="spam"),
    lambda: model("m", lambda texts: [("spam", len(t) / 9) for t in texts], threshold=0.5),
    lambda: model("m", lambda texts: [("spam", len(t) / 9) for t in texts], threshold=0.6),
    lambda: model("m", lambda texts: [("spam", len(t) / 8) for t in texts], threshold=0.6),
]


def test_ready_made_kinds_count_by_what_they_were_given():
    digests = [seen(kind()) for kind in KINDS]
    assert len(set(digests)) == len(KINDS)
    assert digests == [seen(kind()) for kind in KINDS]


class Mood(enum.IntEnum):
    HAM = 0
    SPAM = 1

    def is_bad(self):
        return self is Mood.SPAM


Point = namedtuple("Point", "a b")


class Words(list):
    def has(self, text):
        return any(word in text for word in self)


POINT, MINE = Point(1, ["x"]), Words(["a"])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: Mood.SPAM if Mood.SPAM.is_bad() else None,
        lambda x: POINT.a + len(POINT.b),
        lambda x: MINE.has(x.text),
        lambda x: Settings().most > Settings.least(),
        lambda x: sorted(x.text, key=operator.itemgetter(0)),
        lambda x: functools.reduce(operator.add, x.numbers),
        lambda x: math.log(x.n) + math.pi,
        lambda x: np.log(x.n) + np.where(x.n > 1, 1, 0),
        lambda x: pd.isna(x.n),
        lambda x: os.path.splitext(x.path)[1] == ".txt",
        lambda x: datetime.datetime(2026, 1, 1) < x.when,
        lambda x: x.when.hour > 22,
        lambda x: isinstance(x.n, (int, float)) and str(x.n).isdigit(),
        lambda x: getattr(x, "text", "").upper(),
        lambda x: print(x.text),  # noqa: T201
        lambda x: Counter(x.text.split()).most_common(1),
    ],
)
def test_usual_rules_are_seen(function):
    assert seen(function) == seen(function)

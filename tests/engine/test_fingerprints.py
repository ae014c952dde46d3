"""A fingerprint changes with whatever votes depend on; what it cannot see, it says."""

import dataclasses
import datetime
import functools
import math
import operator
import re
import sys
import textwrap
import time
import uuid
from collections import Counter, OrderedDict, deque
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labeling import labeling_function
from labeling.engine import fingerprint_of
from labeling.functions import (
    preprocessor,
)
from tests.support.fingerprints import lf_of, seen

WORDS = ["free"]
LIMITS = {"short": 3}
NESTED = {"a": [{"b": {1, 2}}]}
BOTS = {"bot1", "bot2"}
PATTERN = re.compile("a+")
NUMBERS = np.arange(3)
TABLE = pd.DataFrame({"n": [1, 2], "t": ["a", None]}, index=["x", "y"])
SERIES = pd.Series(["a", "b"])


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


@dataclasses.dataclass
class Rule:
    word: str
    extras: list


RULE = Rule("free", ["cash"])


class Weight:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def of(self, text):
        return self.value * len(text)


WEIGHT = Weight(2)
BOUND = WEIGHT.of


def helper(text):
    return any(word in text for word in WORDS)


def outer_helper(text):
    return helper(text.lower())


def counting(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x) > WRAPPED_LIMIT

    return wrapper


WRAPPED_LIMIT = 1
PARTIAL = functools.partial(lambda text, least: len(text) > least, least=3)


def setting(name, value):
    """Return a change of a global variable of this module."""
    return lambda patch: patch.setattr(sys.modules[__name__], name, value)


IN_PLACE = [
    ("a list", lambda x: x.text in WORDS, lambda: WORDS.append("cash"), lambda: WORDS.pop()),
    (
        "a dict",
        lambda x: len(x.text) > LIMITS["short"],
        lambda: LIMITS.update(short=4),
        lambda: LIMITS.update(short=3),
    ),
    (
        "a set deep inside",
        lambda x: x.n in NESTED["a"][0]["b"],
        lambda: NESTED["a"][0]["b"].add(3),
        lambda: NESTED["a"][0]["b"].remove(3),
    ),
    ("a set", lambda x: x.by in BOTS, lambda: BOTS.add("bot3"), lambda: BOTS.remove("bot3")),
    (
        "an array",
        lambda x: x.n in NUMBERS,
        lambda: operator.setitem(NUMBERS, 0, 9),
        lambda: operator.setitem(NUMBERS, 0, 0),
    ),
    (
        "a frame",
        lambda x: TABLE.n.max() > x.n,
        lambda: operator.setitem(TABLE, "n", [1, 3]),
        lambda: operator.setitem(TABLE, "n", [1, 2]),
    ),
    (
        "an attribute of a class",
        lambda x: Settings.is_long(x.text),
        lambda: setattr(Settings, "LIMIT", 4),
        lambda: setattr(Settings, "LIMIT", 3),
    ),
    (
        "an object",
        lambda x: RULE.word in x.text,
        lambda: RULE.extras.append("x"),
        lambda: RULE.extras.pop(),
    ),
    (
        "a slot, by a bound method",
        lambda x: BOUND(x.text),
        lambda: setattr(WEIGHT, "value", 3),
        lambda: setattr(WEIGHT, "value", 2),
    ),
    (
        "what a helper's helper uses",
        lambda x: outer_helper(x.text),
        lambda: WORDS.append("cash"),
        lambda: WORDS.pop(),
    ),
    (
        "what a text in braces shows",
        lambda x: f"{WORDS}" in x.text,
        lambda: WORDS.append("cash"),
        lambda: WORDS.pop(),
    ),
    (
        "what a nested function uses",
        lambda x: (lambda text: [word for word in WORDS if word in text])(x.text),
        lambda: WORDS.append("cash"),
        lambda: WORDS.pop(),
    ),
]


@pytest.mark.parametrize(
    ("function", "change", "undo"), [case[1:] for case in IN_PLACE], ids=[c[0] for c in IN_PLACE]
)
def test_what_is_changed_in_place_changes_the_fingerprint(function, change, undo):
    before = seen(function)
    change()
    try:
        assert seen(function) != before
    finally:
        undo()
    assert seen(function) == before


REBOUND = [
    ("a number", lambda x: len(x.text) > WRAPPED_LIMIT, "WRAPPED_LIMIT", 2),
    ("a number of another type", lambda x: len(x.text) > WRAPPED_LIMIT, "WRAPPED_LIMIT", 1.0),
    ("a bool for a number", lambda x: len(x.text) > WRAPPED_LIMIT, "WRAPPED_LIMIT", True),
    ("a pattern", lambda x: PATTERN.search(x.text), "PATTERN", re.compile("a+", re.I)),
    ("a function", lambda x: outer_helper(x.text), "helper", lambda text: "x" in text),
    ("a partial function", lambda x: PARTIAL(x.text), "PARTIAL", functools.partial(len)),
    ("what a decorator uses", counting(lambda x: len(x.text)), "WRAPPED_LIMIT", 2),
    ("an equal list that is a tuple", lambda x: x.text in WORDS, "WORDS", ("free",)),
    ("a series", lambda x: x.text in SERIES.values, "SERIES", pd.Series(["a", "c"])),
    ("an array of another type", lambda x: x.n in NUMBERS, "NUMBERS", np.arange(3.0)),
    ("an array of another shape", lambda x: x.n in NUMBERS, "NUMBERS", np.arange(3)[None]),
]


@pytest.mark.parametrize(
    ("function", "name", "value"), [case[1:] for case in REBOUND], ids=[c[0] for c in REBOUND]
)
def test_a_global_that_is_rebound_changes_the_fingerprint(monkeypatch, function, name, value):
    before = seen(function)
    monkeypatch.setattr(sys.modules[__name__], name, value)
    assert seen(function) != before


def test_the_order_of_a_set_does_not_count_and_that_of_a_dict_does(monkeypatch):
    in_set, in_dict = lambda x: x.by in BOTS, lambda x: min(LIMITS)
    before = seen(in_set)
    monkeypatch.setattr(sys.modules[__name__], "BOTS", {"bot2", "bot1"})
    assert seen(in_set) == before
    monkeypatch.setattr(sys.modules[__name__], "LIMITS", {"a": 1, "b": 2})
    before = seen(in_dict)
    monkeypatch.setattr(sys.modules[__name__], "LIMITS", {"b": 2, "a": 1})
    assert seen(in_dict) != before


@pytest.mark.parametrize(
    "values",
    [
        (1, 1.0, True, "1", b"1", None, 2**70, 10**5000, math.nan, -0.0, 0.0, 1j),
        ([1], (1,), {1}, frozenset({1}), {1: 1}, deque([1]), Counter([1]), OrderedDict({1: 1})),
        ([1, [2]], [[1], 2], [[1, 2]], [1, 2]),
        ({"a": 1}, {"a": "1"}, {"a": [1]}, [("a", 1)], {("a",): 1}),
        (datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1), pd.Timestamp("2026-01-01")),
        (np.int64(1), np.int32(1), np.array(1), np.array([1])),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), pd.DataFrame({"a": [1.0]})),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0]), pd.Series([1, 2], name="a")),
        (uuid.UUID(int=1), Path("a"), Path("b"), range(3), range(0, 3, 2), slice(1), str, int),
        ({"a", 1}, {"a", "1"}, {("a", 1)}, {("a", "1")}),
    ],
)
def test_different_values_have_different_fingerprints(values):
    def of(value):
        return seen(lf_of(lambda x, given: given, resources={"given": value}))

    digests = [of(value) for value in values]
    assert len(set(digests)) == len(values)
    assert digests == [of(value) for value in values]


def test_defaults_closures_and_constants_count():
    def made(limit, *, least=1):
        def rule(x, most=limit, *, other=least):
            return limit < len(x.text) < most + other

        return rule

    digests = {seen(made(1)), seen(made(2)), seen(made(1, least=2))}
    assert len(digests) == 3
    assert seen(made(1)) == seen(made(1))
    assert seen(lambda x: x.n > 1) != seen(lambda x: x.n > 2)
    assert seen(lambda x: x.n > 1) != seen(lambda x: x.m > 1)
    assert seen(lambda x: x.n > 1) == seen(lambda row: row.n > 1)


def test_a_closure_cell_that_is_rebound_changes_the_fingerprint():
    def made():
        limit = 1

        def rule(x):
            return len(x.text) > limit

        def change():
            nonlocal limit
            limit = 2

        return rule, change

    rule, change = made()
    before = seen(rule)
    change()
    assert seen(rule) != before


def test_comments_docstrings_and_lines_do_not_count():
    def module(text):
        names = {}
        exec(compile(textwrap.dedent(text), "rules.py", "exec"), names)
        return names["rule"]

    plain = module("def rule(x):\n    return 'free' in x.text")
    commented = module(
        """
        # a comment

        def rule(x):
            'Why.'
            # another
            return (
                'free' in x.text
            )
        """
    )
    assert seen(plain) == seen(commented)
    assert seen(plain) != seen(module("def rule(x):\n    return 'cash' in x.text"))


def test_it_is_the_same_after_many_calls():
    """Python specializes the bytecode of functions that run often."""

    def rule(x):
        return len(x.text) > WRAPPED_LIMIT and helper(x.text) and Settings.LIMIT > 2

    before = seen(rule)
    for _ in range(5_000):
        rule(SimpleNamespace(text="free cash"))
    assert seen(rule) == before


def test_label_version_resources_and_name():
    rule = lambda x: "a" in x.text  # noqa: E731
    base = seen(lf_of(rule, label="spam"))
    assert base != seen(lf_of(rule, label="ham"))
    assert base != seen(lf_of(rule, label="spam", version=1))
    assert seen(lf_of(rule, version=1)) != seen(lf_of(rule, version="1"))
    assert base == seen(labeling_function(name="other", label="spam")(rule))


def test_what_a_preprocessor_does_counts():
    def add(word):
        def words(x):
            x.has = word in x.text
            return x

        return lf_of(lambda x: x.has, pre=[words])

    assert seen(add("a")) != seen(add("b"))
    assert fingerprint_of(add("a")).reads == {"text", "has"}


def test_a_cached_preprocessor_counts_by_its_code_and_version_not_by_its_counts(tmp_path):
    def cached(word, version=None, file="a"):
        def words(x):
            x.has = word in x.text
            return x

        made = preprocessor(reads=["text"], cache=tmp_path / file, version=version)(words)
        return lf_of(lambda x: x.has, pre=[made])

    lf = cached("a")
    before = fingerprint_of(lf)
    lf(SimpleNamespace(text="a"))
    assert fingerprint_of(lf) == before
    assert before.reads == {"text", "has"}
    assert before.digest == seen(cached("a", file="b"))
    assert before.digest != seen(cached("b"))
    assert before.digest != seen(cached("a", version=2))


def test_a_preprocessor_with_a_version_speaks_for_its_model(tmp_path):
    open_model = SimpleNamespace(tag=time.time)

    def parse(x):
        x.tag = open_model.tag()
        return x

    made = preprocessor(reads=["text"], cache=tmp_path / "a", version=1)(parse)
    assert seen(lf_of(lambda x: x.tag, pre=[made]))
    assert fingerprint_of(lf_of(lambda x: x.tag, pre=[parse])).unseen

"""A fingerprint changes with whatever votes depend on; what it cannot see, it says."""

import builtins
import dataclasses
import datetime
import enum
import functools
import importlib
import logging
import math
import operator
import os
import random
import re
import subprocess
import sys
import textwrap
import time
import uuid
from collections import Counter, OrderedDict, deque, namedtuple
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labeling import LabelingFunction, labeling_function
from labeling.engine import fingerprint_of
from labeling.functions import (
    keywords,
    lookup,
    model,
    preprocessor,
    regex,
    search,
    service,
)
from labeling.functions.conditions import contains, where


def lf_of(function, **options):
    return labeling_function(name="rule", **options)(function)


def seen(lf):
    """Return the digest of a labeling function that has nothing unseen."""
    fingerprint = fingerprint_of(lf if isinstance(lf, LabelingFunction) else lf_of(lf))
    assert fingerprint.unseen == ()
    return fingerprint.digest


def unseen(function):
    return fingerprint_of(lf_of(function)).unseen


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


COUNTER = Counter()
SEEN = set()
LOG = logging.getLogger("rules")


def remembers(x):
    global WRAPPED_LIMIT
    WRAPPED_LIMIT = x.n
    return WRAPPED_LIMIT


def imports_clock(x):
    import time as clock

    return clock.time() > x.n


def imports_chance(x):
    from random import random as chance

    return chance() > x.n


@pytest.mark.parametrize(
    "function",
    [
        lambda x: time.time() > x.n,
        lambda x: random.random() > x.n,
        lambda x: np.random.rand() > x.n,  # noqa: NPY002
        lambda x: np.random.default_rng().random(),
        lambda x: os.environ["LIMIT"],
        lambda x: os.getenv("LIMIT"),
        lambda x: os.getcwd(),
        lambda x: os.path.exists(x.path),
        lambda x: open(x.path).read(),  # noqa: SIM115
        lambda x: Path(x.path).read_text(),
        lambda x: x.path.exists(),
        lambda x: datetime.datetime.now() > x.when,
        lambda x: datetime.date.today() > x.when,
        lambda x: type(x.when).now(),
        lambda x: uuid.uuid4().hex,
        lambda x: hash(x.text),
        lambda x: id(x.text),
        lambda x: globals()["WORDS"],
        lambda x: globals().get("WORDS"),
        lambda x: eval("WORDS"),
        lambda x: sys.modules[__name__].WORDS,
        lambda x: vars(sys.modules[__name__])["WORDS"],
        lambda x: getattr(math, x.name)(1),
        lambda x: __import__("time").time(),
        lambda x: importlib.import_module("time").time(),
        lambda x: subprocess.run(["date"]),
        lambda x: pd.read_csv("words.csv"),
        lambda x: np.load("a.npy"),
        lambda x: SEEN.add(x.text),
        lambda x: COUNTER.update([x.text]),
        remembers,
        imports_clock,
        imports_chance,
    ],
)
def test_what_cannot_be_seen_is_named(function):
    assert unseen(function)
    with_version = fingerprint_of(lf_of(function, version=1))
    assert with_version.unseen == ()


def test_a_logger_is_no_reason_not_to_cache():
    assert seen(lambda x: LOG.info("seen") or x.n)


class OpenModel:
    def __init__(self):
        self.file = open(os.devnull)  # noqa: SIM115

    def __call__(self, text):
        return len(text)


def test_an_object_that_cannot_be_hashed_is_named():
    opened = OpenModel()
    try:
        names = fingerprint_of(
            lf_of(lambda x, tagger: tagger(x.text), resources={"tagger": opened})
        )
        assert "the resource tagger.file (a TextIOWrapper)" in names.unseen
        assert "the resource tagger.file" in names.why_not_cached
    finally:
        opened.file.close()


def test_services_are_outside():
    lf = service("legacy", "http://localhost:9/classify")
    assert fingerprint_of(lf).unseen == ("the answers of a web service",)
    lf.version = 3
    assert fingerprint_of(lf).unseen == ()


def test_a_builtin_that_is_replaced_counts(monkeypatch):
    rules = [lambda x: oct(x.n) == "0o1", lambda x: re.fullmatch("a", x.text)]
    before = list(map(seen, rules))
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "oct", lambda value: "4")  # not `len`, which all code uses
        patch.setattr(re, "fullmatch", lambda pattern, text: None)
        after = list(map(seen, rules))
    assert all(map(operator.ne, before, after))
    assert list(map(seen, rules)) == before


def test_a_helper_in_another_module_that_is_edited_and_reloaded_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file = tmp_path / "helpers_of_test.py"
    file.write_text("LIMIT = 3\ndef is_long(text):\n    return len(text) > LIMIT\n")
    helpers = importlib.import_module("helpers_of_test")
    try:
        direct, by_module = helpers.is_long, lambda x: helpers.is_long(x.text)
        local = {}
        exec(
            "def rule(x):\n    from helpers_of_test import is_long\n    return is_long(x.text)",
            local,
        )
        before = seen(by_module), seen(lambda x: direct(x.text)), seen(local["rule"])
        file.write_text("LIMIT = 30\ndef is_long(text):\n    return len(text) > LIMIT\n")
        importlib.reload(helpers)
        assert seen(by_module) != before[0]
        # The old function runs on, with the globals of the module, which are the new ones.
        assert seen(lambda x: direct(x.text)) != before[1]
        assert seen(local["rule"]) != before[2]
    finally:
        sys.modules.pop("helpers_of_test", None)


def test_a_module_of_the_user_named_as_one_of_pythons_is_the_users(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "this_is_mine.py").write_text("def f(text):\n    return 1\n")
    mine = importlib.import_module("this_is_mine")
    try:
        before = seen(lambda x: mine.f(x.text))
        mine.f.__code__ = (lambda text: 2).__code__
        assert seen(lambda x: mine.f(x.text)) != before
    finally:
        sys.modules.pop("this_is_mine", None)


PROGRAM = """
import re
from labeling import labeling_function
from labeling.engine import fingerprint_of
from labeling.functions import keywords, lookup

BOTS = {f"bot{i}" for i in range(50)} | {1, ("a", 2)}
SAME = ("a", "b"), ("a", "b")
class Rule:
    words = frozenset("abc")
    def __init__(self):
        self.limits = {"a": {1, 2, 3}}
RULE = Rule()

@labeling_function
def rule(x):
    return x.by in BOTS and RULE.limits and re.search("a", x.text) and SAME

words = keywords("k", {"x", "y", "z"}, label="spam")
bots = lookup("l", BOTS - {("a", 2)}, label="spam", column="by")
for lf in (rule, words, bots):
    print(fingerprint_of(lf).digest)
"""


def test_it_is_the_same_in_another_process():
    def digests(seed):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", PROGRAM]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert digests("1") == digests("2")


def test_circles_end():
    loop = ["a"]
    loop.append(loop)
    assert seen(lf_of(lambda x, given: given, resources={"given": loop}))

    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert seen(lambda x: even(x.n))


def test_what_raises_when_it_is_looked_at_is_not_cached():
    class Angry:
        @property
        def __dict__(self):
            raise RuntimeError("no")

    lf = lf_of(lambda x, given: given, resources={"given": Angry()})
    fingerprint_of(lf)  # does not raise


def test_a_version_must_be_plain():
    with pytest.raises(ValueError, match="`version` must be a text or a number"):
        labeling_function(version=[1])(lambda x: 1)

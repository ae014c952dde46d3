"""What a fingerprint cannot see it names, and what stands outside of functions counts."""

import builtins
import datetime
import importlib
import logging
import math
import operator
import os
import random
import re
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labeling import labeling_function
from labeling.engine import fingerprint_of
from labeling.functions import (
    service,
)
from tests.support.fingerprints import lf_of, seen


def unseen(function):
    return fingerprint_of(lf_of(function)).unseen


WORDS = ["free"]
WRAPPED_LIMIT = 1
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

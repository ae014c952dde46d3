"""Columns never change a vote of functions that remember, are replaced, or hide their source."""

import builtins
import contextlib
import functools
import importlib
import io
import linecache
import os
import random
import re
import sys
import warnings
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.engine.batches import SampleBatch
from labeling.engine.columns.self_check import ColumnVotesWarning
from labeling.engine.values import with_plain_objects
from labeling.records import LabelingFunction
from tests.engine.fuzz import adversaries, experts, more_experts, rows_as_wholes

pytest.importorskip("polars")

HAM, SPAM, ABSTAIN = 0, 1, -1
SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame(
    {
        "text": ["free win", "FREE", "hello there", "win now", "a b c"] * 40,
        "n": [0, 1, 2, 3, 4] * 40,
    }
)


def votes(function, *, compile=True, samples=SAMPLES, **how):
    """Return the votes of a function, and its faults; it is an error if the check has to help."""
    lf = LabelingFunction("lf", function, compile=compile, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ColumnVotesWarning)
        result = lb.apply(lf, samples, SCHEMA, on_error="record")
    faults = [(fault.sample_id, repr(fault.exception)) for fault in result.faults]
    return np.asarray(result).ravel().tolist(), faults


def how(function, **arguments):
    return lb.explain(LabelingFunction("lf", function, **arguments)).how


@pytest.mark.parametrize("name", adversaries.VOTING)
def test_functions_that_remember_earlier_samples_vote_as_in_a_plain_loop(name):
    function = adversaries.VOTING[name]
    adversaries.forget()
    expected = votes(function, compile=False)
    adversaries.forget()

    assert expected == votes(function)
    assert len(set(expected[0])) > 1


def test_what_is_printed_is_printed_once_for_each_sample():
    def talks(x):
        if x.n > 1:
            return SPAM
        print(x.n)  # noqa: T201
        return HAM

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        votes(talks)

    assert ["0", "1"] * 40 == printed.getvalue().split()


def test_chance_clocks_and_the_environment_are_asked_for_each_sample(monkeypatch):
    def draws(x):
        return SPAM if random.random() < 0.5 else HAM

    def asks(x):
        return SPAM if os.environ.get("MOOD") == "good" and x.n > 1 else HAM

    def looks(x):
        return SPAM if datetime.now().year > 2020 and x.n > 1 else HAM

    random.seed(7)
    expected = votes(draws, compile=False)
    random.seed(7)

    assert expected == votes(draws)
    for mood in ("good", "bad", "good"):
        monkeypatch.setenv("MOOD", mood)
        assert votes(asks, compile=False) == votes(asks)
    assert votes(looks, compile=False) == votes(looks)
    assert {"python"} == {how(draws), how(looks)}


WORD, WORDS, NUMBERS, SCORES = "free", ["free"], {1, 2}, {"FREE": 1}
PATTERN = re.compile("free")


class Limits:
    """Limits that functions read."""

    least = 2


class Inherited(Limits):
    """The same, inherited."""


def helper(text):
    return "free" in text


def by_word(x):
    return SPAM if WORD in x.text else HAM


def by_words(x):
    return SPAM if any(word in x.text for word in WORDS) else HAM


def by_number(x):
    return SPAM if x.n in NUMBERS else HAM


def by_score(x):
    return SCORES.get(x.text, HAM)


def by_pattern(x):
    return SPAM if PATTERN.search(x.text) else HAM


def by_search(x):
    return SPAM if re.search("free", x.text) else HAM


def by_limit(x):
    return SPAM if x.n > Limits.least else HAM


def by_inherited_limit(x):
    return SPAM if x.n > Inherited.least else HAM


def by_helper(x):
    return SPAM if helper(x.text) else HAM


def by_length(x):
    return SPAM if len(x.text) > 6 else HAM


def by_absolute(x):
    return SPAM if abs(x.n) > 2 else HAM


def by_default(x, least=2):
    return SPAM if x.n > least else HAM


THIS = sys.modules[__name__]
CHANGES = {
    "a global text": (by_word, lambda patch: patch.setattr(THIS, "WORD", "win")),
    "a global list": (by_words, lambda patch: patch.setattr(THIS, "WORDS", ["c"])),
    "a global set": (by_number, lambda patch: patch.setattr(THIS, "NUMBERS", {4})),
    "an item of a global dict": (by_score, lambda patch: patch.setitem(SCORES, "a b c", 1)),
    "a global pattern": (by_pattern, lambda patch: patch.setattr(THIS, "PATTERN", re.compile("c"))),
    "re.search": (by_search, lambda patch: patch.setattr(re, "search", lambda *_: True)),
    "an attribute of a class": (by_limit, lambda patch: patch.setattr(Limits, "least", 3)),
    "an inherited attribute": (
        by_inherited_limit,
        lambda patch: patch.setattr(Inherited, "least", 0, raising=False),
    ),
    "a helper": (by_helper, lambda patch: patch.setattr(THIS, "helper", lambda text: "c" in text)),
    "the code of a helper": (
        by_helper,
        lambda patch: patch.setattr(helper, "__code__", (lambda text: "c" in text).__code__),
    ),
    "the code": (
        by_limit,
        lambda patch: patch.setattr(by_limit, "__code__", by_length.__code__),
    ),
    "a builtin, by a global of its name": (
        by_length,
        lambda patch: patch.setattr(THIS, "len", lambda _: 3, raising=False),
    ),
    "a builtin": (by_absolute, lambda patch: patch.setattr(builtins, "abs", lambda _: 3)),
    "a default value": (by_default, lambda patch: patch.setattr(by_default, "__defaults__", (3,))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_function_uses_may_be_replaced_between_two_calls(change, monkeypatch):
    function, replace = CHANGES[change]
    before = votes(function)
    assert how(function) == "columns"
    replace(monkeypatch)

    after = votes(function)

    assert before != after == votes(function, compile=False)
    monkeypatch.undo()
    assert before == votes(function)


def test_lists_may_change_in_place(monkeypatch):
    monkeypatch.setattr(THIS, "WORDS", ["free"])
    before = votes(by_words)
    WORDS[0] = "win"

    assert before != votes(by_words) == votes(by_words, compile=False)


def test_resources_may_change_in_place():
    words = ["free"]

    def listed(x, words):
        return SPAM if any(word in x.text for word in words) else HAM

    lf = LabelingFunction("lf", listed, resources={"words": words})
    first = np.asarray(lb.apply(lf, SAMPLES, SCHEMA)).ravel()
    words[0] = "win"
    second = np.asarray(lb.apply(lf, SAMPLES, SCHEMA)).ravel()

    assert [1, 0, 0, 0, 0] == first[:5].tolist()
    assert [1, 0, 0, 1, 0] == second[:5].tolist()


class Odd(str):
    """A text that is in everything, and everything is in it."""

    __hash__ = str.__hash__

    def __contains__(self, other):
        return True

    def __eq__(self, other):
        return True


class OddSet(set):
    """A set that has everything."""

    def __contains__(self, other):
        return True


class OddInt(int):
    """A number that is less than every other."""

    def __lt__(self, other):
        return True

    def __gt__(self, other):
        return True


class Descriptor:
    """Gives a number on being read."""

    def __get__(self, owner, kind):
        return 2


class Described:
    """Has an attribute that is computed."""

    limit = Descriptor()


ODD_TEXT, ODD_SET, ODD_INT, ODD_TEXTS = Odd("zzz"), OddSet(), OddInt(3), (Odd("zzz"),)
NUMBER, ARRAY = np.int64(2), np.array([1, 2])
ODD = [
    lambda x: SPAM if ODD_TEXT in x.text else HAM,
    lambda x: SPAM if x.text == ODD_TEXT else HAM,
    lambda x: SPAM if x.text in ODD_TEXTS else HAM,
    lambda x: SPAM if x.text in ODD_SET else HAM,
    lambda x: SPAM if x.n > ODD_INT else HAM,
    lambda x: SPAM if x.n > Described.limit else HAM,
    lambda x: SPAM if x.n > NUMBER else HAM,
    lambda x: NUMBER - 1 if x.n > 1 else np.int8(0),
    lambda x: SPAM if x.n in ARRAY else HAM,
    lambda x: SPAM if "x" in locals() and x.n > 1 else HAM,
    lambda x: SPAM if globals()["WORD"] in x.text else HAM,
    lambda x: SPAM if eval("x.n > 1") else HAM,
]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_objects_that_are_not_what_they_seem_behave_as_in_python(number):
    assert votes(ODD[number], compile=False) == votes(ODD[number])


def deciding(least):
    return lambda x: SPAM if x.n > least else HAM


def forwarding(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 1 - function(*args, **kwargs)

    return wrapper


def reversing(function):
    def wrapper(x):
        return 1 - function(x)

    return functools.update_wrapper(wrapper, function)


class Voting:
    """What can be called, in all its forms."""

    def __call__(self, x):
        return SPAM if x.n > 1 else HAM

    def method(self, x):
        return SPAM if x.n > 2 else HAM

    @staticmethod
    def static(x):
        return SPAM if x.n > 3 else HAM

    @classmethod
    def of_class(cls, x):
        return SPAM if x.n > 0 else HAM


FORMS = {
    "lambdas of one line": [(lambda x: x.n > 1), (lambda x: x.n > 2), (lambda x: x.n > 1)],
    "lambdas that close over numbers": [deciding(least) for least in range(4)],
    "lambdas with defaults": [(lambda x, least=least: x.n > least) for least in range(4)],
    "lambdas that are bound late": [(lambda x: x.n > least) for least in range(4)],  # noqa: B023
    "decorated": [forwarding(by_length), reversing(by_length), functools.lru_cache(by_length)],
    "partial": [functools.partial(by_default, least=1), functools.partial(by_default, least=3)],
    "objects": [Voting(), Voting().method, Voting.static, Voting.of_class],
}
LABELED = ("lambdas of one line", "lambdas with defaults", "lambdas that are bound late")


@pytest.mark.parametrize("form", FORMS)
def test_whatever_can_be_called_votes_as_it_does_in_python(form):
    label = "spam" if form in LABELED else None
    by_columns = [votes(function, label=label) for function in FORMS[form]]

    assert [votes(function, compile=False, label=label) for function in FORMS[form]] == by_columns
    assert len({str(each) for each in by_columns}) > 1 or form == "lambdas that are bound late"


async def waits(x):
    return SPAM


def yields(x):
    yield SPAM


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", [waits, yields])
def test_coroutines_and_generators_are_faults(function):
    codes, faults = votes(function)

    assert {ABSTAIN} == set(codes)
    assert (200, True) == (len(faults), all("WrongReturnError" in text for _, text in faults))
    assert how(function) == "python"


def test_a_function_whose_file_was_edited_runs_as_it_was_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "edited_functions.py"
    path.write_text("def f(x):\n    return 1 if x.n > 1 else 0\n")
    importlib.invalidate_caches()
    module = importlib.import_module("edited_functions")
    expected = votes(module.f, compile=False)
    path.write_text("def f(x):\n    return 1 if x.n > 3 else 0\n")
    linecache.checkcache()

    assert expected == votes(module.f)
    assert how(module.f) == "python"
    path.unlink()
    linecache.checkcache()
    assert expected == votes(module.f)


def test_cells_of_a_notebook_run_on_columns_by_their_own_source(monkeypatch):
    name, source = "<ipython-input-3-abc>", "def cell(x):\n    return 1 if x.n > 1 else 0\n"
    scope = {}
    exec(compile(source, name, "exec"), scope)
    cell = scope["cell"]
    for text, kind in ((source, "columns"), (source.replace("1 else", "3 else"), "python")):
        lines = text.splitlines(keepends=True)
        monkeypatch.setitem(linecache.cache, name, (len(text), None, lines, name))

        assert votes(cell, compile=False) == votes(cell)
        assert kind == how(cell)


def test_code_without_a_source_runs_in_python():
    scope = {}
    exec("def made(x):\n    return 1 if x.n > 1 else 0\n", scope)
    exec(compile("def fake(x):\n    return 0 if x.n > 1 else 1\n", __file__, "exec"), scope)

    for name in ("made", "fake"):
        assert votes(scope[name], compile=False) == votes(scope[name])
        assert how(scope[name]) == "python"


WHOLE_ROWS = [*rows_as_wholes.YES_OR_NO, *rows_as_wholes.VOTING]


@pytest.mark.parametrize("number", range(len(WHOLE_ROWS)))
def test_functions_get_all_columns_that_they_read_however_they_do(number):
    samples = SAMPLES.assign(
        text=["a", "3", "b", "1", None] * 40, domain=["d", None, "e", "a", "x"] * 40
    )[["n", "text", "domain"]]
    samples.index = pd.Index([f"s{place}" for place in range(len(samples))], name="id")
    function = WHOLE_ROWS[number]
    label = "spam" if number < len(rows_as_wholes.YES_OR_NO) else None
    rows = SampleBatch(with_plain_objects(samples)).rows()  # with all columns
    expected = [function(row) for row in rows]
    expected = [(SPAM if vote else ABSTAIN) if label else vote for vote in expected]

    assert (expected, []) == votes(function, samples=samples, label=label)
    assert (expected, []) == votes(function, samples=samples, label=label, compile=False)


def test_loops_over_sets_of_the_code_are_left_to_python():
    """Its constants are rebuilt on compiling and on loading: nobody else knows their order."""

    def first_found(x):
        for word in {"a", "free", "hello", "there", "win", "b", "now"}:
            if word in x.text:
                return SPAM if word < "g" else HAM
        return ABSTAIN

    assert votes(first_found, compile=False) == votes(first_found)
    assert how(first_found) == "python"
    assert how(lambda x: SPAM if x.text in {"a", "free"} else HAM) == "columns"


EDGES = (0, 1, -1, 2**31, -(2**31), 2**53 + 1, 2**62, 2**62 - 1, -(2**62), 2**63 - 1, -(2**63))
AT_EDGES = [
    lambda x: x.n + x.m > 0,
    lambda x: x.n - x.m > 0,
    lambda x: x.n * x.m > 0,
    lambda x: x.n + x.m + x.n < 1,
    lambda x: -x.n > x.m,
    lambda x: abs(x.n) > x.m,
    lambda x: sum(x.n for _ in (1, 2, 3)) > x.m,
    lambda x: x.n > float(x.m),
    lambda x: x.n == x.score or x.m < x.score,
    lambda x: x.n * 1.0 + x.m > 2**53,
    lambda x: x.n // x.m > 2 if x.m else x.n % 7 == 3,
    lambda x: x.n % x.m < 0 if x.m else x.n // -3 > 5,
    lambda x: x.n / x.m > 0.5 if x.m else False,
    lambda x: x.n in (2**53, 2.0**62, 2**62 + 1) or x.m in {2**53 + 1, float(2**63)},
    lambda x: x.score in (float("nan"), 2**53 + 1, -0.0),
    lambda x: x.score * x.n > x.m or x.score / 3 == x.n,
]


@pytest.mark.parametrize("number", range(len(AT_EDGES)))
def test_numbers_at_their_limits_are_computed_and_compared_exactly(number):
    pairs = [(first, second) for first in EDGES for second in EDGES]
    numbers = pd.DataFrame(pairs, columns=["n", "m"])
    scores = [0.0, -0.0, 2.0**53, 2.0**62, 2.0**63, 0.5, float("inf"), float("nan"), 1e300, -1.0]
    numbers["score"] = [scores[place % len(scores)] for place in range(len(pairs))]
    function = AT_EDGES[number]

    plain = votes(function, samples=numbers, label="spam", compile=False)
    assert plain == votes(function, samples=numbers, label="spam")


@pytest.mark.parametrize(("written_by", "in_columns"), [(experts, 42), (more_experts, 34)])
def test_functions_of_experts_vote_as_they_do_in_python(written_by, in_columns):
    lfs = [lf for lf in vars(written_by).values() if isinstance(lf, LabelingFunction)]
    samples = written_by.samples(3_000, seed=5)
    schema = lb.LabelSchema(["neg", "pos"])
    in_python = [
        LabelingFunction(
            lf.name, lf.function, resources=lf.resources, label=lf.label, compile=False
        )
        for lf in lfs
    ]
    expected = lb.apply(in_python, samples, schema, on_error="record")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ColumnVotesWarning)
        got = lb.apply(lfs, samples, schema, on_error="record")

    assert np.array_equal(np.asarray(expected), np.asarray(got))
    assert list(map(str, expected.faults)) == list(map(str, got.faults))
    assert sum(each.how == "columns" for each in lb.explain(lfs)) >= in_columns

"""What a plan is made of is what the function is: source, names, constants; else Python votes."""

import builtins
import functools
import importlib.util
import linecache
import random
import re
import sys
import textwrap

import pandas as pd
import pytest

import labeling as lb
from labeling.engine.batches import SampleBatch
from labeling.engine.columns import plans, self_check, text_search
from labeling.engine.columns.plans import ColumnPlan, NoPlan, plan_of
from labeling.engine.columns.source import NoSourceError, source_of
from labeling.engine.values import with_plain_objects
from labeling.functions import keywords
from labeling.records import LabelingFunction

SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame({"text": ["free", "win", "none"] * 20, "n": range(60)})

LIMIT = 3
WORDS = {"free"}


def votes_of(lf, samples=SAMPLES):
    return lb.apply(lf, samples, SCHEMA, on_error="record").to_array()[:, 0].tolist()


def in_python(function, samples=SAMPLES, **resources):
    rows = SampleBatch(with_plain_objects(samples)).rows()
    return [function(row, **resources) for row in rows]


def plan(function, **arguments):
    return plan_of(LabelingFunction("f", function, **arguments), SCHEMA)


def decided(function, samples=SAMPLES, **arguments):
    """Return the plan and how many samples it decides."""
    made = plan(function, **arguments)
    assert isinstance(made, ColumnPlan), made
    return made.run(SampleBatch(with_plain_objects(samples)), {})[1].sum()


def module_of(tmp_path, code, name="some_lfs"):
    path = tmp_path / f"{name}.py"
    path.write_text(textwrap.dedent(code))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return path, module


# Source


def test_the_right_one_of_several_lambdas_of_a_line_is_taken():
    first, second = (lambda x: 1 if x.n > 1 else 0), (lambda x: 0 if x.n > 1 else 1)

    for function in (first, second):
        assert votes_of(LabelingFunction("f", function)) == in_python(function)
        assert decided(function) == len(SAMPLES)


def test_constants_that_are_equal_and_not_the_same_are_told_apart():
    first, second = (lambda x: x.n and 1), (lambda x: x.n and True)

    assert source_of(first).node is not source_of(second).node


def test_a_file_that_was_edited_after_its_import_is_not_read(tmp_path):
    path, module = module_of(tmp_path, "def f(x):\n    return 1 if x.n > 1 else 0\n")
    path.write_text("def f(x):\n    return 1 if x.n > 2 else 0\n")
    linecache.clearcache()

    assert "its source code has changed" in plan(module.f).reason
    assert votes_of(LabelingFunction("f", module.f)) == in_python(module.f)


def test_a_function_that_calls_itself_says_so():
    assert plan(recursive).reason == "it uses its own name"


def recursive(x):
    return recursive(x) if x.n is ... else 0


def test_functions_without_source_run_in_python():
    space = {}
    exec("def f(x):\n    return 1 if x.n > 1 else 0", space)

    assert isinstance(plan(space["f"]), NoPlan)
    assert votes_of(LabelingFunction("f", space["f"])) == in_python(space["f"])


def test_a_wrapper_is_not_taken_for_what_it_wraps():
    def turned(function):
        @functools.wraps(function)
        def wrapper(x):
            return 1 - function(x)

        return wrapper

    @turned
    def f(x):
        return 1 if x.n > 1 else 0

    assert votes_of(LabelingFunction("f", f)) == in_python(f)


@pytest.mark.parametrize(
    "function",
    [
        functools.partial(lambda x, y: 1, y=2),
        "text".startswith,
        len,
        lambda *x: 1,
        lambda x, **y: 1,
    ],
    ids=["partial", "method", "builtin", "stars", "keywords"],
)
def test_other_callables_run_in_python(function):
    with pytest.raises(NoSourceError):
        source_of(function)


def test_generators_and_coroutines_run_in_python():
    def generator(x):
        yield x.n

    async def coroutine(x):
        return x.n

    assert {"it is a generator or a coroutine"} == {plan(generator).reason, plan(coroutine).reason}


# Names


def test_a_global_that_is_rebound_counts_at_once(tmp_path):
    _, module = module_of(tmp_path, "LIMIT = 3\ndef f(x):\n    return 1 if x.n > LIMIT else 0\n")
    lf = LabelingFunction("f", module.f)
    before = votes_of(lf)
    module.LIMIT = 50

    assert before != votes_of(lf) == in_python(module.f)


def test_a_set_that_is_changed_in_place_counts_at_once(tmp_path):
    code = "WORDS = {'free'}\ndef f(x):\n    return 1 if x.text in WORDS else 0\n"
    _, module = module_of(tmp_path, code)
    lf = LabelingFunction("f", module.f)
    before = votes_of(lf)
    module.WORDS.add("win")

    assert before != votes_of(lf) == in_python(module.f)
    assert decided(module.f) == len(SAMPLES)


def test_a_variable_of_a_closure_that_is_assigned_counts_at_once():
    limit = 3

    def f(x):
        return 1 if x.n > limit else 0

    lf = LabelingFunction("f", f)
    before = votes_of(lf)
    limit = 50

    assert before != votes_of(lf) == in_python(f)


def test_a_plan_of_before_decides_nothing_once_a_name_has_changed(tmp_path):
    _, module = module_of(tmp_path, "LIMIT = 3\ndef f(x):\n    return 1 if x.n > LIMIT else 0\n")
    made = plan(module.f)
    module.LIMIT = 50

    assert not made.run(SampleBatch(SAMPLES), {})[1].any()


def test_a_builtin_that_is_replaced_in_the_module_is_not_taken_for_the_builtin(tmp_path):
    code = """
    def f(x):
        return 1 if len(x.text) > 3 else 0
    def len(text):
        return 7
    """
    _, module = module_of(tmp_path, code)

    assert votes_of(LabelingFunction("f", module.f)) == in_python(module.f) == [1] * len(SAMPLES)


def test_a_builtin_that_is_replaced_for_all_is_not_taken_for_the_builtin(monkeypatch):
    def f(x):
        return 1 if abs(x.n) > 99 else 0

    lf = LabelingFunction("f", f)
    before = votes_of(lf)
    monkeypatch.setattr(builtins, "abs", lambda number: 100)

    assert [0, 1] == [max(before), min(votes_of(lf))]


def test_new_defaults_and_new_code_count_at_once():
    def f(x, limit=3):
        return 1 if x.n > limit else 0

    lf = LabelingFunction("f", f)
    first = votes_of(lf)
    f.__defaults__ = (50,)
    second = votes_of(lf)
    f.__code__ = (lambda x, limit: 1 if x.n < limit else 0).__code__

    assert first != second != votes_of(lf) == in_python(f)


def test_resources_are_arguments():
    def f(x, *, words, limit=3):
        return 1 if x.text in words or x.n > limit else 0

    words = {"free"}
    lf = LabelingFunction("f", f, resources={"words": words, "limit": 40})

    assert votes_of(lf) == in_python(f, words=words, limit=40)
    assert decided(f, resources={"words": words}) == len(SAMPLES)


@pytest.mark.parametrize("resources", [{"nothing": 1}, {"x": 1}, {}], ids=str)
def test_a_call_that_fails_for_its_arguments_fails_in_python(resources):
    lf = LabelingFunction("f", lambda x, words: 1, resources=resources)
    votes = lb.apply(lf, SAMPLES, SCHEMA, on_error="record")

    assert isinstance(plan_of(lf, SCHEMA), NoPlan)
    assert {TypeError} == {type(fault.exception) for fault in votes.faults}
    assert len(SAMPLES) == len(votes.faults)


# State


def test_a_function_that_counts_its_calls_counts_all_of_them(tmp_path):
    code = """
    CALLS = 0
    def f(x):
        global CALLS
        CALLS += 1
        return 1 if x.n > 3 and CALLS < 20 else 0
    """
    _, module = module_of(tmp_path, code)

    votes = votes_of(LabelingFunction("f", module.f))

    assert [0] * 4 + [1] * 15 + [0] * 41 == votes
    assert len(SAMPLES) == module.CALLS


def test_what_a_helper_changes_is_not_read_on_columns(tmp_path):
    code = """
    LIMIT = 30
    SEEN = {"none"}
    def helper(x):
        global LIMIT
        LIMIT -= 1
        SEEN.add(x.text)
        return x.n % 2
    def rebinds(x):
        if x.n > LIMIT:
            return 1
        return helper(x)
    def fills(x):
        if x.text in SEEN:
            return 1
        SEEN.add(x.text)
        return 0
    """
    for name in ("rebinds", "fills"):
        _, module = module_of(tmp_path, code)
        expected = in_python(getattr(module, name))
        _, module = module_of(tmp_path, code)

        assert expected == votes_of(LabelingFunction("f", getattr(module, name))), name


def test_random_votes_are_drawn_in_order():
    def f(x):
        if x.n < 10:
            return 1
        return (random.Random.random(RANDOM) > 0.5 and 1) or 0

    RANDOM.seed(3)
    expected = in_python(f)
    RANDOM.seed(3)

    assert expected == votes_of(LabelingFunction("f", f))


RANDOM = random.Random(0)


# Opting out, and the guard at run time


def test_compile_false_runs_in_python():
    @lb.labeling_function(compile=False)
    def f(x):
        return 1 if x.n > 3 else 0

    assert "it says compile=False" == plan_of(f, SCHEMA).reason
    assert votes_of(f) == in_python(f.function)


@pytest.mark.parametrize("error", [ImportError("a library is missing"), ModuleNotFoundError("no")])
def test_a_polars_that_cannot_be_imported_is_not_used(monkeypatch, error):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "polars":
                raise error

    monkeypatch.delitem(sys.modules, "polars", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    text_search.has_polars.cache_clear()
    try:
        for lf in (
            LabelingFunction("f", lambda x: 1 if x.n > 3 else 0),
            keywords("k", ["a"], label="spam"),
        ):
            assert "polars is not installed, cannot be imported" in plan_of(lf, SCHEMA).reason
    finally:
        text_search.has_polars.cache_clear()


def test_without_polars_all_run_in_python(monkeypatch):
    monkeypatch.setattr(plans, "has_polars", lambda: False)
    lf = LabelingFunction("f", lambda x: 1 if x.n > 3 else 0)

    assert "polars is not installed" in plan_of(lf, SCHEMA).reason
    assert votes_of(lf) == in_python(lf.function)


def wrong_plans(monkeypatch, wrong_from):
    """Let plans vote wrongly from a batch on."""
    run, batches = ColumnPlan.run, []

    def wrong(self, batch, memo):
        codes, mask = run(self, batch, memo)
        batches.append(batch)
        return (1 - codes if len(batches) >= wrong_from else codes), mask

    monkeypatch.setattr(ColumnPlan, "run", wrong)


class WrongInWorkers:
    """Lets plans vote wrongly in the process where it is unpickled."""

    def __reduce__(self):
        return wrong_plans, (pytest.MonkeyPatch(), 1)


@pytest.fixture
def own_workers():
    """Worker processes of one test only: what it changes in them must not reach other tests."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    yield
    get_reusable_executor().shutdown(wait=True)


@pytest.mark.usefixtures("own_workers")
def test_wrong_votes_of_a_worker_process_are_made_again_by_python(monkeypatch):
    run = ColumnPlan.run
    lf = LabelingFunction(
        "f", lambda x, wrong: 1 if x.n > 3 else 0, resources={"wrong": WrongInWorkers()}
    )

    with pytest.warns(self_check.ColumnVotesWarning, match="'f' votes otherwise on columns"):
        votes = lb.apply(lf, SAMPLES, SCHEMA, workers=2)
    monkeypatch.setattr(ColumnPlan, "run", run)  # functions may be unpickled here, too

    assert in_python(lf.function, wrong=None) == votes.to_array()[:, 0].tolist()


@pytest.mark.parametrize("wrong_from", [1, 2])
def test_wrong_votes_are_seen_and_made_again_by_python(monkeypatch, wrong_from):
    """Also those of batches that were done before."""
    monkeypatch.setattr("labeling.engine.applier.ROWS_AT_ONCE", 20)
    wrong_plans(monkeypatch, wrong_from)
    lf = LabelingFunction("f", lambda x: 1 if x.n > 3 else 0)
    other = LabelingFunction("g", lambda x: x.nothing, compile=False)

    with pytest.warns(self_check.ColumnVotesWarning, match="'f' votes otherwise on columns"):
        votes = lb.apply([lf, other], SAMPLES, SCHEMA, on_error="record")

    assert in_python(lf.function) == votes.to_array()[:, 0].tolist()
    assert len(SAMPLES) == len(votes.faults)
    assert votes_of(lf) == in_python(lf.function)  # without a warning


def test_a_plan_that_decides_few_samples_is_dropped():
    def f(x):
        if x.n == 1:
            return 1
        return int(x.text.title() == "Free")

    runner = self_check.ColumnRunner([lf := LabelingFunction("f", f)], SCHEMA)
    asked = []

    def by_python(places):
        asked.append(places)
        return in_python(f, SAMPLES.iloc[places])

    first = runner.votes(lf, SampleBatch(SAMPLES), {}, by_python)
    second = runner.votes(lf, SampleBatch(SAMPLES), {}, by_python)

    assert [1, None] == [int(first[1].sum()), second]
    assert [1] == list(map(len, asked))


# Explanations


def test_what_stopped_a_function_is_said_with_its_line():
    def f(x):
        if x.n > 3:
            return 1
        return int(x.text.title() == "Free")

    columns, partly, python = lb.explain(
        [
            LabelingFunction("a", lambda x: 1 if re.search("win", x.text) else 0),
            LabelingFunction("b", f),
            LabelingFunction("c", lambda x: int(x.text.title() == "Free")),
        ]
    )

    assert ["columns", "partly", "python"] == [columns.how, partly.how, python.how]
    line = f.__code__.co_firstlineno + 3
    assert f"line {line}, `x.text.title()`: `.title()` is left to Python." == partly.because
    assert frozenset({"text"}) == columns.reads
    assert frozenset({"n"}) == partly.reads
    assert repr(partly).startswith("b runs partly on columns: line ")


@pytest.mark.parametrize("given", [3, lambda x: 1, [3]], ids=["number", "function", "list"])
def test_only_labeling_functions_are_explained(given):
    with pytest.raises(lb.LabelingError, match="made with @labeling_function"):
        lb.explain(given)


def test_polars_is_loaded_only_to_run_a_plan():
    code = (
        "import sys, pandas as pd, labeling as lb; from labeling.records import LabelingFunction\n"
        "lb.apply(LabelingFunction('f', len, compile=False), pd.DataFrame({'n': [1]}),"
        " lb.LabelSchema(['a', 'b']), on_error='record')\n"
        "assert 'polars' not in sys.modules"
    )
    import subprocess

    subprocess.run([sys.executable, "-c", code], check=True)

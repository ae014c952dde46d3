import os
import subprocess
import sys
import threading

import pandas as pd
import pytest

import labeling as lb
from labeling import labeling_function
from labeling.errors import DataError, LabelingFunctionError
from labeling.functions import model

FRAME = pd.DataFrame({"n": range(40)}, index=[f"s{n}" for n in range(40)])


def test_workers_record_the_same_faults_in_the_same_order_as_one_process(schema):
    lfs = [
        lb.LabelingFunction("third", lambda x: 1 if x.n % 3 else {}["no"]),
        lb.LabelingFunction("wrong", lambda x: 1 if x.n % 7 else 0.5),
    ]
    in_process, in_workers = (
        lb.apply(lfs, FRAME, schema, workers=workers, on_error="record") for workers in (1, 2)
    )
    assert in_workers.to_array().tolist() == in_process.to_array().tolist()
    assert [(*f[:2], type(f[2])) for f in in_workers.faults] == [
        (*f[:2], type(f[2])) for f in in_process.faults
    ]
    assert [str(fault.exception) for fault in in_workers.faults] == [
        str(f.exception) for f in in_process.faults
    ]


def test_a_failure_in_a_worker_is_raised_with_function_sample_cause_and_traceback(schema):
    def fails(x):
        raise KeyError("wrong")

    message = r"'fails' failed on sample 's0': KeyError\('wrong'\)"
    with pytest.raises(LabelingFunctionError, match=message) as caught:
        lb.apply(labeling_function(fails), FRAME, schema, workers=2)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "in fails" in "".join(caught.value.__cause__.__notes__)


def test_an_exception_that_cannot_be_pickled_is_still_a_fault_of_its_sample(schema):
    class NeedsTwo(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a} and {b}")

    class Stays(Exception):
        def __reduce__(self):
            raise TypeError("I stay here")

    def odd(x):
        if x.n == 3:
            raise NeedsTwo("this", "that")
        if x.n == 30:
            raise Stays("here")
        return 1

    votes = lb.apply(labeling_function(odd), FRAME, schema, workers=2, on_error="record")
    assert votes.to_array()[:, 0].tolist() == [-1 if n in (3, 30) else 1 for n in range(40)]
    assert [(f.labeling_function, f.sample_id) for f in votes.faults] == [
        ("odd", "s3"),
        ("odd", "s30"),
    ]
    for fault, text in zip(votes.faults, ["NeedsTwo: this and that", "Stays: here"], strict=True):
        assert str(fault.exception).endswith(text)


def test_functions_share_a_preprocessor_in_workers_too(schema):
    def stamp(x):
        import uuid

        x.stamp = uuid.uuid4().int
        return x

    lfs = [lb.LabelingFunction(name, lambda x: x.stamp % 2, pre=[stamp]) for name in "ab"]
    array = lb.apply(lfs, FRAME, schema, workers=2).to_array()
    assert array[:, 0].tolist() == array[:, 1].tolist()


def test_the_workers_know_what_was_loaded_from_a_file(schema, tmp_path):
    file = tmp_path / "rules.py"
    file.write_text(
        "from labeling import labeling_function\nEVEN = 'ham'\n"
        "def even(x):\n    return x.n % 2 == 0\n"
        "def half(x):\n    x.half = x.n // 2\n    return x\n"
        "@labeling_function(pre=[half])\ndef rule(x):\n    return EVEN if even(x) else x.half % 2\n"
    )
    lfs = lb.load_labeling_functions(file)
    in_process, in_workers = (lb.apply(lfs, FRAME, schema, workers=workers) for workers in (1, 2))
    assert in_workers.to_array().tolist() == in_process.to_array().tolist()


CONNECTION = threading.Lock()


class Refuses:
    def __reduce__(self):
        raise ValueError("not me")


def loads_badly():
    raise RuntimeError("cannot be loaded")


class LoadsBadly:
    def __reduce__(self):
        return loads_badly, ()


def through_others(**options):
    lock = CONNECTION

    def ask(x):
        return lock and 1

    def pre(x):
        ask(x)
        return x

    if options:
        return lb.LabelingFunction("bad", lambda x: 1, pre=[pre])
    return lb.LabelingFunction("bad", lambda x: ask(x))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: lb.LabelingFunction("bad", lambda x, lock: 1, resources={"lock": CONNECTION}),
            r"its resource 'lock' \(a lock\): cannot pickle '_thread.lock' object",
        ),
        (
            lambda: lb.LabelingFunction("bad", lambda x, r: 1, resources={"r": [Refuses()]}),
            r"its resource 'r' \(a list\): not me",
        ),
        (through_others, r"'lock' \(a lock\) of 'ask' of its function: cannot pickle"),
        (
            lambda: through_others(pre=True),
            r"'lock' \(a lock\) of 'ask' of its preprocessor 'pre': cannot pickle",
        ),
        (
            lambda: lb.LabelingFunction("bad", lambda x: [CONNECTION for _ in "a"]),
            r"'CONNECTION' \(a lock\) of its function: cannot pickle",
        ),
        (
            lambda: lb.LabelingFunction("bad", lambda x, lock=CONNECTION: 1),
            r"'lock' \(a lock\) of its function: cannot",
        ),
        (
            lambda: model("bad", lambda texts: [CONNECTION and 1 for _ in texts], column="n"),
            r"'CONNECTION' \(a lock\) of 'predictor' of 'predict' of",
        ),
    ],
)
def test_what_cannot_be_sent_to_workers_is_named_and_what_in_it(schema, made, message):
    lfs = [lb.LabelingFunction("fine", lambda x: 1), made()]
    with pytest.raises(LabelingFunctionError, match=f"and 'bad' is not, because of {message}"):
        lb.apply(lfs, FRAME, schema, workers=2)


def test_a_sample_that_cannot_be_sent_to_workers_is_named(schema):
    frame = FRAME.assign(odd=[None] * 7 + [CONNECTION] + [None] * 32)
    message = "Column 'odd' of sample 's7' holds a lock: cannot pickle .*Use workers=1"
    with pytest.raises(DataError, match=message):
        lb.apply(lb.LabelingFunction("fine", lambda x: 1), frame, schema, workers=2)


def test_samples_may_hold_objects_of_classes_that_a_script_defines(tmp_path, schema):
    path = tmp_path / "own.py"
    path.write_text(
        "import pandas as pd\nimport labeling as lb\n"
        "class Price:\n    def __init__(self, cents):\n        self.cents = cents\n"
        "def dear(x):\n    return int(isinstance(x.p, Price) and x.p.cents > 4 and x.f() == 1)\n"
        "samples = pd.DataFrame({'p': [Price(n) for n in range(8)], 'f': [lambda: 1] * 8})\n"
        "lf, schema = lb.LabelingFunction('dear', dear), lb.LabelSchema(['no', 'yes'])\n"
        "print(lb.apply(lf, samples, schema, workers=2).to_array().ravel().tolist())\n"
    )
    run = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.stdout.strip() == "[0, 0, 0, 0, 0, 1, 1, 1]", run.stderr


def test_samples_that_workers_cannot_load_are_named(schema):
    frame = FRAME.assign(odd=[LoadsBadly()] * 40)
    with pytest.raises(DataError, match=r"cannot load the samples: .*cannot be loaded.*workers=1"):
        lb.apply(lb.LabelingFunction("fine", lambda x: 1), frame, schema, workers=2)


def test_what_cannot_be_loaded_by_workers_is_said(schema):
    lf = lb.LabelingFunction("bad", lambda x, r: 1, resources={"r": LoadsBadly()})
    with pytest.raises(LabelingFunctionError, match=r"cannot load .*'cannot be loaded'"):
        lb.apply(lf, FRAME, schema, workers=2)


def test_a_worker_that_ends_is_an_error_and_the_next_ones_work(schema):
    leaves = lb.LabelingFunction("leaves", lambda x: os._exit(3) if x.n == 30 else 0)
    with pytest.raises(LabelingFunctionError, match="A worker process ended before"):
        lb.apply(leaves, FRAME, schema, workers=2)
    fine = lb.LabelingFunction("fine", lambda x: 1)
    assert lb.apply(fine, FRAME, schema, workers=2).to_array().sum() == 40


@pytest.mark.parametrize("workers", [1, 2])
def test_the_line_at_fault_is_named(schema, tmp_path, monkeypatch, workers):
    """That of the expert's file, not of the library that it called."""
    (tmp_path / "rules.py").write_text(
        "import json\nfrom labeling import labeling_function\n\n\ndef parsed(x):\n"
        "    return json.loads(x.text)\n\n\n"
        "@labeling_function\ndef reads(x):\n    return parsed(x)\n"
        "\n\n@labeling_function\ndef wrong(x):\n    return 0.5\n"
        "\n\n@labeling_function(pre=[parsed])\ndef late(x):\n    return 0\n"
        "\n\n@labeling_function\ndef misses(x):\n    return x.txt\n"
    )
    monkeypatch.chdir(tmp_path)
    reads, wrong, late, misses = lb.load_labeling_functions(tmp_path / "rules.py")
    frame = pd.DataFrame({"text": ["{"]})
    for lf, message in [
        (reads, r"'reads' failed on sample 0: JSONDecodeError\(.*\) \(rules\.py:6\)"),
        (wrong, r"returned 0\.5 .* It is defined at .*rules\.py:1[45]\."),
        (late, r"'late' failed on sample 0: JSONDecodeError\(.*\) \(rules\.py:6\)"),
        (misses, r"column 'txt'\. Did you mean 'text'\? It has 'text'\..*\(rules\.py:26\)"),
    ]:
        with pytest.raises(LabelingFunctionError, match=message):
            lb.apply(lf, frame, schema, workers=workers)


def test_more_workers_than_samples_are_no_problem(schema):
    votes = lb.apply(lb.LabelingFunction("n", lambda x: x.n), FRAME[:2], schema, workers=3)
    assert votes.to_array().tolist() == [[0], [1]]


def test_a_script_without_a_main_guard_may_use_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import pandas as pd\nimport labeling as lb\n"
        "print('started')\n"
        "def low(x):\n    x.low = x.n < 2\n    return x\n"
        "@lb.labeling_function(label='spam', pre=[low])\ndef is_low(x):\n    return x.low\n"
        "schema = lb.LabelSchema(['ham', 'spam'])\n"
        "votes = lb.apply(is_low, pd.DataFrame({'n': range(5)}), schema, workers=2)\n"
        "print(votes.to_array()[:, 0].tolist())\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("started\n[1, 1, -1, -1, -1]\n", "")


class OwnError(Exception):
    """An exception class of the expert's own."""


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_sample_at_fault_is_reported_whatever_the_chunks(schema, workers):
    """Of all faults the one of the first sample, and there of the first labeling function."""
    lfs = [
        lb.LabelingFunction("late", lambda x: 1 // (x.n - 30)),
        lb.LabelingFunction("early", lambda x: 1 // (x.n - 3)),
        lb.LabelingFunction("same", lambda x: 1 // (x.n - 3)),
    ]
    with pytest.raises(LabelingFunctionError, match="'early' failed on sample 's3'"):
        lb.apply(lfs, FRAME, schema, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_keeps_its_class(schema, workers):
    def fails(x):
        raise OwnError(x.n)

    lf = lb.LabelingFunction("fails", fails)
    votes = lb.apply(lf, FRAME, schema, workers=workers, on_error="record")
    assert {type(fault.exception) for fault in votes.faults} == {OwnError}


def test_workers_that_were_started_elsewhere_work_where_their_parent_is(
    schema, tmp_path, monkeypatch
):
    """Workers are used again, and their parent may have changed its working folder."""

    def has_list(x):
        with open("list.txt", encoding="utf-8") as file:
            return 0 if x.n % 2 else len(file.read())

    folders = [tmp_path / name for name in ("first", "second")]
    for folder, text in zip(folders, ("", "x"), strict=True):
        folder.mkdir()
        (folder / "list.txt").write_text(text, encoding="utf-8")
    lfs = [lb.LabelingFunction("has_list", has_list), lb.LabelingFunction("wrong", lambda x: 0.5)]
    votes = []
    for folder in folders:
        monkeypatch.chdir(folder)
        votes.append(lb.apply(lfs, FRAME, schema, workers=2, on_error="record"))

    assert [each["has_list"].iloc[0] for each in votes] == ["ham", "spam"]
    monkeypatch.chdir(folders[1])
    alone = lb.apply(lfs, FRAME, schema, on_error="record")
    assert [str(fault.exception) for fault in votes[1].faults] == [
        str(fault.exception) for fault in alone.faults
    ]

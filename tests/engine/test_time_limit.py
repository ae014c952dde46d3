"""A call that does not return is stopped at the time limit: it alone, and it is recorded."""

import contextlib
import re
import signal
import threading
import time

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingFunctionError, LFTimeoutError
from labeling.functions import model

LIMIT = 0.3
FRAME = pd.DataFrame({"n": range(20), "text": ["b"] * 20}, index=[f"s{n}" for n in range(20)])
LOCKED = threading.Lock()


def runaway(x):
    return 1 if x.n == 3 and re.search("(a+)+$", "a" * 60 + "b") else 0


def endless(x):
    while x.n == 3:
        pass
    return 0


def asleep(x):
    if x.n == 3:
        time.sleep(1_000)
    return 0


def holds(x):
    """Catches any exception, and goes on."""
    while x.n == 3:
        with contextlib.suppress(Exception):
            time.sleep(1_000)
    return 0


def swallows(x):
    """Catches whatever there is, and votes as if nothing had been."""
    try:
        return asleep(x)
    except BaseException:  # noqa: BLE001
        return 1


FUNCTIONS = [runaway, endless, asleep, holds, swallows]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_the_function_abstains_on_that_sample_and_all_else_goes_on(schema, function, workers):
    lfs = [lb.LabelingFunction(name, function) for name in ("before", "after")]
    lfs.insert(1, lb.LabelingFunction("fine", lambda x: x.n % 2))
    votes = lb.apply(lfs, FRAME, schema, timeout=LIMIT, on_error="record", workers=workers)
    stuck = [-1 if n == 3 else 0 for n in range(20)]
    wanted = [[vote, n % 2, vote] for n, vote in enumerate(stuck)]
    assert votes.to_array().tolist() == wanted
    assert [fault[:2] for fault in votes.faults] == [("before", "s3"), ("after", "s3")]
    assert {type(fault.exception) for fault in votes.faults} == {LFTimeoutError}


@pytest.mark.parametrize("workers", [1, 2])
def test_it_is_raised_with_function_sample_limit_and_line(schema, workers):
    message = (
        r"^Labeling function 'stuck' did not return on sample 's3' within 0.3 s \(.*\.py:\d+\)"
    )
    with pytest.raises(LFTimeoutError, match=message) as caught:
        lb.apply(
            lb.LabelingFunction("stuck", runaway), FRAME, schema, timeout=LIMIT, workers=workers
        )
    assert isinstance(caught.value, (LabelingFunctionError, TimeoutError))


def test_a_preprocessor_is_stopped_for_all_functions_that_use_it(schema):
    def slow(x):
        asleep(x)
        return x

    lfs = [lb.LabelingFunction(name, lambda x: x.n % 2, pre=[slow]) for name in "ab"]
    lfs.append(lb.LabelingFunction("c", lambda x: x.n % 2))
    votes = lb.apply(lfs, FRAME, schema, timeout=LIMIT, on_error="record")
    wanted = [[-1 if n == 3 else n % 2] * 2 + [n % 2] for n in range(20)]
    assert votes.to_array().tolist() == wanted
    assert [fault[:2] for fault in votes.faults] == [("a", "s3"), ("b", "s3")]
    assert "Preprocessor 'slow' did not return on sample 's3'" in str(votes.faults[0].exception)


def test_a_batch_that_is_stopped_is_tried_row_by_row(schema):
    """It may take the limit for each of its rows."""
    calls = []

    def predict(texts):
        calls.append(len(texts))
        if "stuck" in texts:
            time.sleep(1_000)
        return [0] * len(texts)

    texts = ["fine", "fine", "stuck", "fine"]
    frame = pd.DataFrame({"text": texts})
    votes = lb.apply(model("m", predict), frame, schema, timeout=0.1, on_error="record")
    assert votes.to_array()[:, 0].tolist() == [0, 0, -1, 0]
    assert calls == [4, 1, 1, 1, 1]
    assert [type(fault.exception) for fault in votes.faults] == [LFTimeoutError]


def test_slow_calls_within_the_limit_are_left_alone(schema):
    def slow(x):
        time.sleep(0.02)
        return x.n % 2

    lf = lb.LabelingFunction("slow", slow)
    votes = lb.apply(lf, FRAME, schema, timeout=0.25)
    assert votes.to_array()[:, 0].tolist() == [n % 2 for n in range(20)]


def test_reporting_progress_is_not_stopped(schema, monkeypatch):
    monkeypatch.setattr("labeling.engine.progress.MIN_INTERVAL", 0.0)
    monkeypatch.setattr("labeling.engine.progress.BLOCK", 5)
    done = []

    def report(rows):
        done.append(rows)
        time.sleep(0.3)

    lf = lb.LabelingFunction("fine", lambda x: 0)
    votes = lb.apply(lf, FRAME, schema, timeout=0.1, progress=report)
    assert votes.to_array()[:, 0].tolist() == [0] * 20
    assert sum(done) == 20


def in_a_thread(work):
    results = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(60)
    return results[0]


def test_outside_of_the_main_thread_a_worker_process_is_used(schema):
    lf = lb.LabelingFunction("stuck", endless)
    votes = in_a_thread(lambda: lb.apply(lf, FRAME, schema, timeout=LIMIT, on_error="record"))
    assert [fault[:2] for fault in votes.faults] == [("stuck", "s3")]


def test_where_no_worker_can_be_used_a_warning_says_that_there_is_no_limit(schema, caplog):
    lf = lb.LabelingFunction("held", lambda x: 1 if LOCKED else 0)
    votes = in_a_thread(lambda: lb.apply(lf, FRAME, schema, timeout=LIMIT))
    assert votes.to_array().sum() == 20
    assert "time limit of 0.3 s is not enforced" in caplog.text


def test_the_alarm_is_left_as_it_was(schema):
    lb.apply(lb.LabelingFunction("stuck", asleep), FRAME, schema, timeout=0.1, on_error="record")
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("timeout", [0, -1, True, float("nan"), float("inf"), "1"])
def test_what_is_no_time_is_refused(schema, timeout):
    with pytest.raises(LabelingFunctionError, match=r"`timeout` must be a number of seconds above"):
        lb.apply(lb.LabelingFunction("fine", lambda x: 0), FRAME, schema, timeout=timeout)


def never_back(x):
    """Stays in C, which no signal reaches."""
    return sum(range(10**13)) if x.n in (3, 17) else 0


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("labeling.engine.workers.GRACE", 2.0)


def test_a_worker_that_hangs_is_ended_and_the_rest_goes_on(schema, impatient):
    lfs = [
        lb.LabelingFunction("fine", lambda x: x.n % 2),
        lb.LabelingFunction("stuck", never_back),
    ]
    votes = lb.apply(lfs, FRAME, schema, timeout=LIMIT, on_error="record", workers=2)
    wanted = [[n % 2, -1 if n in (3, 17) else 0] for n in range(20)]
    assert votes.to_array().tolist() == wanted
    assert [fault[:2] for fault in votes.faults] == [("stuck", "s3"), ("stuck", "s17")]
    assert {type(fault.exception) for fault in votes.faults} == {LFTimeoutError}
    fine = lb.apply(lfs[0], FRAME, schema, workers=2)
    assert fine.to_array()[:, 0].tolist() == [n % 2 for n in range(20)]


def test_a_preprocessor_or_a_batch_function_that_makes_a_worker_hang_is_left_out(
    schema, impatient, monkeypatch
):
    monkeypatch.setattr("labeling.engine.workers.BATCH", 1)  # for a short test

    def slow(x):
        never_back(x)
        return x

    def predict(rows):
        return [never_back(row) for row in rows]

    lfs = [
        lb.LabelingFunction("pre", lambda x: x.n % 2, pre=[slow]),
        lb.LabelingFunction("batch", lambda x: 0, batch=predict),
    ]
    frame = FRAME[:6]
    votes = lb.apply(lfs, frame, schema, timeout=LIMIT, on_error="record", workers=2)
    wanted = [[-1 if n == 3 else n % 2, -1 if n == 3 else 0] for n in range(6)]
    assert votes.to_array().tolist() == wanted
    assert [fault[:2] for fault in votes.faults] == [("pre", "s3"), ("batch", "s3")]

"""A call that does not return is named, and worker processes end with their parent."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest

import labeling as lb
from labeling.engine import slow_calls

SCRIPT = """
import logging, os, re, sys, time
import pandas as pd
import labeling as lb
import labeling.engine.slow_calls as slow_calls

slow_calls.WARN_AFTER = 1.5
logging.basicConfig(level=logging.WARNING, format="%(message)s")
kind, workers, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def stuck(x):
    open(f"{folder}/{os.getpid()}.{x.n == 3}", "w").close()
    if x.n == 3:
        if kind == "regex":
            re.search("(a+)+$", "a" * 60 + "b")
        while kind != "sleep":
            pass
        time.sleep(10_000)
    return 0

def pre(x):
    stuck(x)
    return x

fine = lb.LabelingFunction("fine", lambda x: 0)
lf = lb.LabelingFunction("stuck", stuck)
if kind == "pre":
    lf = lb.LabelingFunction("after", lambda x: 0, pre=[pre])
if kind == "batch":
    slow_calls.PER_ROW = 0.0
    lf = lb.LabelingFunction("stuck", stuck, batch=lambda rows: [stuck(row) for row in rows])
frame = pd.DataFrame({"n": range(40)}, index=[f"s{n}" for n in range(40)])
lb.apply([fine, lf], frame, lb.LabelSchema(["a", "b"]), workers=workers)
"""


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError("it did not come to be")


@contextlib.contextmanager
def running(tmp_path, kind, workers):
    """A process in a session of its own, ended with all that it started."""
    with (tmp_path / "err").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, kind, str(workers), str(tmp_path)],
            stderr=err,
            start_new_session=True,
        )
    try:
        yield process, tmp_path / "err"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize(
    ("kind", "workers", "where"),
    [
        ("loop", 1, "labeling function 'stuck' on sample 's3'"),
        ("regex", 1, "labeling function 'stuck' on sample 's3'"),
        ("sleep", 1, "labeling function 'stuck' on sample 's3'"),
        ("pre", 1, "preprocessor 'pre' on sample 's3'"),
        ("batch", 1, "labeling function 'stuck' on sample 's0' and 39 after it"),
        ("loop", 2, "labeling function 'stuck' on sample 's3'"),
        ("regex", 2, "labeling function 'stuck' on sample 's3'"),
    ],
)
def test_a_call_that_does_not_return_is_named_in_a_warning_and_at_ctrl_c(
    tmp_path, kind, workers, where
):
    with running(tmp_path, kind, workers) as (process, err):
        wait_for(lambda: f"still running: {where}, for " in err.read_text())
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
        text = err.read_text()
        assert text.count("still running") == 1
        assert "KeyboardInterrupt" in text
        assert f"Stopped in {where}, for " in text.splitlines()[-1]


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", ["loop", "regex", "sleep"])
def test_workers_end_with_a_killed_parent(tmp_path, kind):
    with running(tmp_path, kind, 2) as (process, _):
        wait_for(lambda: list(tmp_path.glob("*.True")))
        workers = {int(path.stem) for path in tmp_path.glob("*.*") if path.suffix != ".err"}
        assert any(is_there(pid) for pid in workers)
        process.kill()
        process.wait()
        wait_for(lambda: not any(map(is_there, workers)))


@pytest.mark.parametrize("workers", [1, 2])
def test_only_ctrl_c_names_a_call_and_faults_do_not(schema, workers):
    lf = lb.LabelingFunction("fails", lambda x: 1 // 0)
    with pytest.raises(lb.LabelingError) as caught:
        lb.apply(lf, pd.DataFrame({"n": range(4)}), schema, workers=workers)
    assert not any("Stopped in" in note for note in getattr(caught.value, "__notes__", ()))


def test_the_alarm_is_left_as_it_was(schema):
    frame = pd.DataFrame({"n": range(4)})
    alarms = []

    def look(x):
        alarms.append(signal.getsignal(signal.SIGALRM))
        return 0

    lf = lb.LabelingFunction("look", look)
    lb.apply(lf, frame, schema)
    assert alarms[0] is not signal.SIG_DFL
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_alarm_of_the_program_is_not_touched(schema, monkeypatch, caplog):
    """Then a thread looks, as it does where labeling functions run in another thread."""
    monkeypatch.setattr(slow_calls, "TICK", 0.05)
    monkeypatch.setattr(slow_calls, "WARN_AFTER", 0.2)
    rang = []
    signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        lf = lb.LabelingFunction("sleeps", lambda x: time.sleep(1.5) or 0)
        with caplog.at_level(logging.WARNING):
            lb.apply(lf, pd.DataFrame({"n": [0]}), schema)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert rang == [1]
    assert "labeling function 'sleeps' on sample 0" in caplog.text


def test_a_slow_call_in_another_thread_is_named(schema, monkeypatch, caplog):
    monkeypatch.setattr(slow_calls, "TICK", 0.05)
    monkeypatch.setattr(slow_calls, "WARN_AFTER", 0.2)
    lf = lb.LabelingFunction("sleeps", lambda x: time.sleep(1) or 0)
    frame = pd.DataFrame({"n": [0, 1]})
    thread = threading.Thread(target=lambda: lb.apply(lf, frame, schema))
    with caplog.at_level(logging.WARNING):
        thread.start()
        thread.join()
    assert caplog.text.count("labeling function 'sleeps' on sample 0") == 1
    assert "on sample 1" not in caplog.text

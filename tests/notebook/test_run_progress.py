"""Progress of long runs of a workbench."""

import io
import itertools

import labeling as lb
from labeling.notebook import base
from labeling.notebook.progress import RunProgress
from tests.notebook.planted import samples, song, workbench


def progress(times, total=100):
    file, clock = io.StringIO(), iter(times)
    return RunProgress("slow", total, file, lambda: next(clock)), file


def test_a_short_run_says_nothing():
    reported, file = progress([0.0, 0.5, 1.0, 1.9])
    for _ in range(3):
        reported(20)
    assert file.getvalue() == ""


def test_a_long_run_says_how_far_it_is_every_two_seconds():
    reported, file = progress([0.0, 2.0, 2.5, 3.9, 4.5])
    for _ in range(4):
        reported(10)
    assert file.getvalue().splitlines() == [
        "slow: 10 of 100 samples, 5 a second, about 18 s left",
        "slow: 40 of 100 samples, 9 a second, about 7 s left",
    ]


def test_the_end_of_a_run_is_not_announced():
    reported, file = progress([0.0, 9.0])
    reported(100)
    assert file.getvalue() == ""


def test_a_workbench_reports_on_stderr(monkeypatch, capsys):
    ticks = itertools.count(0.0, 10.0)
    monkeypatch.setattr(
        base, "RunProgress", lambda name, total: RunProgress(name, total, None, lambda: next(ticks))
    )
    made = workbench(song())
    assert capsys.readouterr().err == ""  # all rows at once: there is nothing to wait for
    made.samples = samples({f"i{number}": "free" for number in range(200)})
    monkeypatch.setattr("labeling.engine.progress.MIN_INTERVAL", -1.0)

    @lb.labeling_function(label="spam", compile=False)
    def slow(x):
        return "free" in x.text

    made.vote(slow)
    assert "slow: 32 of 200 samples" in capsys.readouterr().err

"""Progress: stages, rates, elapsed time and time left on stderr; stdout stays clean."""

import io
import json
import re
import subprocess
import sys
import time

import pytest
from rich.console import Console

from labeling.cli import progress
from labeling.cli.progress import Stage, StageDisplay
from tests.project.test_gold_and_test_split import make, project


def shown_on(terminal, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.05)
    stream = io.StringIO()
    return stream, StageDisplay(Console(file=stream, force_terminal=terminal, width=200))


@pytest.mark.parametrize("terminal", [True, False])
def test_stages_are_shown_with_steps_rate_and_time(monkeypatch, terminal):
    stream, display = shown_on(terminal, monkeypatch)
    with display.showing("learning"):
        count = display.begin("applying labeling functions", 4_000, None)
        time.sleep(0.6)
        count(2_000)
        time.sleep(0.3)
        display.end()
        display.begin("fitting the end model", None, 40.0)
        time.sleep(0.3)
        display.end()
    text = stream.getvalue()
    speed = (
        r"applying labeling functions: 2,000 of 4,000,?[ ]+[\d,]+ rows/s, 0:01( so far)?,"
        r" about 0:0\d"
    )
    assert re.search(f"{speed} left", text)
    assert re.search(r"fitting the end model,?[ ]+0:0\d( so far)?, about 0:40 left", text)
    lines = [line for line in text.splitlines() if line]
    assert terminal or all(line.endswith(("so far", "left")) for line in lines)


def test_nothing_is_printed_where_nothing_takes_long(monkeypatch):
    stream, display = shown_on(False, monkeypatch)
    monkeypatch.setattr(progress, "PLAIN_EVERY", 60)
    with display.showing("learning"), display.showing("within it"):
        pass
    assert stream.getvalue() == ""


def test_counting_belongs_to_the_stage_that_counts(monkeypatch):
    _, display = shown_on(False, monkeypatch)
    with display.showing("asking people", 10) as advance:
        display.begin("reading the samples", None, None)
        advance(3)
        assert "reading the samples" in display.sentence()
        display.end()
        assert display.sentence().startswith("asking people: 3 of 10, ")


@pytest.mark.parametrize(
    ("stage", "now", "left"),
    [
        (Stage("s", 100, None, 0.0, done=25), 10.0, 30.0),
        (Stage("s", 100, 5.0, 0.0, done=25), 10.0, 30.0),
        (Stage("s", 100, None, 0.0), 10.0, None),
        (Stage("s", None, 12.0, 0.0), 10.0, 2.0),
        (Stage("s", None, 8.0, 0.0), 10.0, None),
        (Stage("s", None, None, 0.0), 10.0, None),
    ],
)
def test_the_time_left_comes_from_the_steps_or_from_the_last_time(stage, now, left):
    assert stage.left(now) == left


class Recorder:
    """Records the stages it is notified of."""

    def __init__(self):
        self.begun, self.open, self.steps = [], 0, {}

    def begin(self, name, total, expected):
        self.begun.append((name, total, expected))
        self.open += 1
        self.steps[name] = 0

        def advance(steps):
            self.steps[name] += steps

        return advance

    def end(self):
        self.open -= 1


def test_a_project_tells_its_stages_and_how_long_they_took_the_last_time(tmp_path):
    make(tmp_path)
    runs = []
    for _ in range(2):
        its = project(tmp_path)
        its.store.watcher = recorder = Recorder()
        its.apply()
        its.fit()
        its.query()
        its.export()
        its.look()
        assert recorder.open == 0
        runs.append(recorder)
    first, second = ([name for name, *_ in recorder.begun] for recorder in runs)
    for name in (
        *("reading the samples", "applying labeling functions", "writing the votes"),
        *("fitting the label model", "fitting the end model", "choosing samples"),
        *("labeling all samples by the end model", "writing the training set"),
        *("applying labeling functions to the test split",),
    ):
        assert name in first
    assert "fitting the end model" not in second
    assert {name: total for name, total, _ in runs[0].begun}["applying labeling functions"] == 77
    assert runs[0].steps["applying labeling functions"] == 77
    assert all(expected is None for name, _, expected in runs[0].begun if "model" not in name)
    expected = {name: seconds for name, _, seconds in runs[1].begun}
    assert expected["applying labeling functions"] >= 0
    assert expected["writing the training set"] >= 0
    assert set(its.store.runs.recent()[0]["seconds"]) >= {
        "applying labeling functions to the test split"
    }


@pytest.mark.slow
def test_in_a_pipe_there_is_a_line_now_and_then_on_stderr_and_json_on_stdout(tmp_path):
    make(tmp_path)
    slow = (
        "\nimport time\nfrom labeling import labeling_function\n\n"
        "@labeling_function\ndef slow(x):\n    time.sleep(0.1)\n"
    )
    with (tmp_path / "rules.py").open("a") as file:
        file.write(slow)
    done = subprocess.run(
        [sys.executable, "-m", "labeling", "-c", "project.yaml", "apply", "--json"],
        **{"cwd": tmp_path, "capture_output": True, "text": True, "check": True},
    )
    assert json.loads(done.stdout)["samples"] == 77
    words = (
        r"^applying labeling functions: \d+ of 77, [\d,]+ rows/s, 0:0\d so far, about 0:\d\d left$"
    )
    assert re.search(words, done.stderr, re.MULTILINE)

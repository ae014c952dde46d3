"""Commands print tables or JSON, set exit codes, and report errors in a sentence."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 3}
replay: {votes: votes.csv, reviewer: votes.csv, rounds: 1}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("[bold]greets[/bold]", ["hi", "thanks"], label="ham")
"""


@pytest.fixture
def folder(tmp_path):
    texts = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"] * 3
    keys = [f"c{i}" for i in range(18)]
    pd.DataFrame({"key": keys, "text": texts}).to_csv(tmp_path / "comments.csv", index=False)
    votes = [(key, who, "spam") for key in keys for who in ("ann", "bob")]
    votes = pd.DataFrame(votes, columns=["sample", "annotator", "label"])
    votes.to_csv(tmp_path / "votes.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def in_a_process(folder, *arguments):
    command = [sys.executable, "-m", "labeling", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def verb(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments)


@pytest.mark.parametrize("name", ["check", "apply", "fit", "summary", "query", "export", "run"])
def test_each_verb_works_and_says_what_is_next(folder, name):
    first = verb(folder, name)
    second = in_a_process(folder, "-c", "project.yaml", name)

    assert (0, 0) == (first.returncode, second.returncode), first.stderr
    assert first.stdout.splitlines()[-1] == second.stdout.splitlines()[-1]
    assert "Next:" in first.stderr or "Written:" in first.stderr
    assert "Next:" in second.stderr or "Written:" in second.stderr


@pytest.mark.parametrize("name", ["summary", "query", "export", "run"])
def test_json_is_json(folder, name):
    done = verb(folder, name, "--json")

    assert json.loads(done.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["summary"], ["summary", "--json"], ["status"]])
def test_what_cannot_be_printed_is_an_error_with_a_sentence(folder, arguments):
    verb(folder, "apply")
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert 1 == done.returncode
    assert "Error: The operating system reported an error: [Errno 28]" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_are_shown_as_they_are(folder):
    """Markup in a user's text is text."""
    assert "[bold]greets[/bold]" in verb(folder, "summary").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-c", "projcet.yaml", "summary"], 1, "Did you mean 'project.yaml'"),
        (["sumary"], 2, "No such command 'sumary'"),
        (["demo"], 1, "must be run from a checkout"),
        (["--config"], 2, "requires an argument"),
    ],
)
def test_what_is_wrong_ends_with_a_message_and_a_code(folder, arguments, code, message):
    done = run(folder, *arguments)

    assert code == done.returncode
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(folder):
    done = in_a_process(folder, "--debug", "-c", "nothing.yaml", "summary")

    assert 1 == done.returncode
    assert "Traceback" in done.stderr


def test_verbose_logs_a_line_a_stage(folder):
    done = run(folder, "-v", "-c", "project.yaml", "fit")

    assert "applied 2 labeling functions to 18 samples" in " ".join(done.stderr.split())


def test_a_rule_that_does_not_import_says_where(folder):
    (folder / "rules.py").write_text("import labeling\n\n1 / 0\n", encoding="utf-8")
    done = verb(folder, "apply")

    assert 1 == done.returncode
    assert "rules.py does not import: line 3: ZeroDivisionError" in " ".join(done.stderr.split())


def interrupted(folder, within):
    """Press Ctrl-C once the labeling functions have started; return exit code and stderr.

    It must end within so many seconds.
    """
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", "apply"]
    running = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=within)
    return running.returncode, errors


def test_ctrl_c_ends_with_a_sentence(folder):
    slow = RULES + "\nimport time\nprint('started', flush=True)\ntime.sleep(60)\n"
    (folder / "rules.py").write_text(slow, encoding="utf-8")
    exit_code, errors = interrupted(folder, within=20)

    assert 130 == exit_code
    assert "Stopped by you." in errors
    assert "Traceback" not in errors


def test_a_name_that_would_steer_the_terminal_is_refused_and_written_out(folder):
    rules = RULES.replace("[bold]greets[/bold]", "red \\x1b[31m")
    (folder / "rules.py").write_text(rules, encoding="utf-8")
    done = verb(folder, "summary")

    assert 1 == done.returncode
    assert "names of labeling functions must have no control characters" in done.stderr
    assert "x1b[31m" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_without_its_packages_the_command_says_what_to_install(folder):
    code = "import sys; sys.modules['typer'] = None; from labeling.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert 1 == done.returncode
    assert "pip install 'labeling[cli]'" in done.stderr


def test_help_lists_the_verbs():
    done = in_a_process(Path.cwd(), "--help")

    for name in ("check", "apply", "fit", "summary", "query", "export", "run", "evaluate", "demo"):
        assert name in done.stdout


def test_ctrl_c_names_the_rule_and_the_sample(folder):
    stuck = (
        "\nfrom labeling import labeling_function\n\n@labeling_function\ndef stuck(x):\n"
        "    print('started', flush=True)\n    while True:\n        pass\n"
    )
    (folder / "rules.py").write_text(RULES + stuck, encoding="utf-8")
    exit_code, errors = interrupted(folder, within=60)

    assert 130 == exit_code
    assert "Stopped in labeling function 'stuck' on sample " in errors
    assert "Stopped by you." in errors
    assert "Traceback" not in errors

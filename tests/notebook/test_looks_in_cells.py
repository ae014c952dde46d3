"""The workbench in cells of a notebook: running a cell again, and what a cell shows."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CELLS = """
import pandas as pd
import labeling as lb
texts = {"c1": "free cash", "c2": "free love", "c3": "win a prize", "c4": "hello"}
samples = pd.DataFrame({"text": list(texts.values())}, index=list(texts))
ws = lb.Workbench(samples, lb.LabelSchema(["ham", "spam"]), gold={"c1": "spam", "c2": "ham"})
"""
FIRST = """
WORDS = ["free"]
@ws.lf(label="spam")
def offer(x):
    return any(word in x.text for word in WORDS)
"""
SECOND = FIRST.replace('["free"]', '["cash", "win"]')


@pytest.fixture
def shell():
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    run(shell, CELLS)
    return shell


def run(shell, cell):
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result


def shown(shell, cell):
    """Return what a cell shows as HTML and as text."""
    data, _ = shell.display_formatter.format(run(shell, cell))
    return data["text/html"], data["text/plain"]


def test_running_a_cell_again_replaces_the_function_and_shows_what_changed(shell):
    run(shell, FIRST)
    run(shell, FIRST)
    assert run(shell, "ws.functions.names") == ("offer",)
    run(shell, SECOND)
    html, text = shown(shell, "ws.diff(offer)")
    assert "1 sample gained a vote, 1 lost it, 0 changed it." in text
    assert "<mark>win</mark> a prize" in html
    assert "free love" in html  # its list of words is gone: what fired is not known any more
    _, text = shown(shell, "ws.preview(offer)")
    assert "Against the old version: 1 vote gained, 1 lost, 0 flipped" in text


def test_a_list_that_a_function_uses_is_changed_in_another_cell(shell):
    run(shell, FIRST)
    assert run(shell, "ws.summary().coverage") == 0.5
    run(shell, "WORDS.append('win')")
    assert run(shell, "ws.summary().coverage") == 0.75
    assert run(shell, "ws.diff('offer').gained") == 1
    run(shell, "WORDS.append('hello')")
    assert run(shell, "ws.diff('offer').gained") == 1
    assert run(shell, "ws.preview(offer).measures.votes") == 4


def test_a_fault_is_located_in_its_cell(shell):
    run(shell, '@ws.lf(label="spam")\ndef breaks(x):\n    return 1 / 0 > 1')
    _, text = shown(shell, "ws.preview('breaks')")
    assert "ZeroDivisionError: division by zero (line 3 of a notebook's cell)" in text


def test_every_result_shows_itself_in_a_cell(shell):
    run(shell, FIRST)
    for call in ("preview(offer)", "diff()", "bucket()", "errors()", "conflicts()", "summary()"):
        html, text = shown(shell, f"ws.{call}")
        assert html.startswith('<div class="lbl">')
        assert text

"""Notebooks run from top to bottom, and what they show is what they would show today."""

import json
import re

import nbformat
import pytest

from tests.support.notebooks import FOLDER, NOTEBOOKS, constant, executed, shown, text_of

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])

LARGEST = 64_000
"""Characters of an output: a notebook is read on the web, and compared in reviews."""


def test_there_are_six_notebooks_in_order():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


# The client of the kernel closes its event loop late.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@each_notebook
def test_a_notebook_shows_what_it_showed(path, monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)  # with a server one cell asks people

    assert shown(executed(path)) == shown(nbformat.read(path, as_version=4))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_notebook_about_people_asks_them_on_a_server_that_is_named(studio, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)

    printed = shown(executed(FOLDER / "03_active_learning_and_review.ipynb"))[-1]

    assert [text for text in printed if text.startswith(f"Label them at {studio.url}")]
    (project,) = [one for one in studio.projects() if one["title"] == "tweets of the notebook"]
    assert len(studio.tasks(project["id"])) == 5


@each_notebook
def test_no_output_names_a_place_on_one_machine_or_in_its_memory(path):
    text = path.read_text("utf-8")

    assert not re.findall(r"(?<![\w.])/(?:root|home|Users|tmp)/", text)
    assert not re.findall(r"\bat 0x[0-9a-f]+", text)


@each_notebook
def test_a_notebook_was_run_once_from_top_to_bottom_without_errors_and_warnings(path):
    cells = [cell for cell in nbformat.read(path, 4)["cells"] if cell["cell_type"] == "code"]

    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [one for one in outputs if one["output_type"] == "error"]
    assert not [one["text"] for one in outputs if one.get("name") == "stderr"]


@each_notebook
def test_outputs_are_small_and_need_no_script(path):
    outputs = [
        json.dumps(output)
        for cell in nbformat.read(path, as_version=4)["cells"]
        for output in cell.get("outputs", ())
    ]

    assert max(map(len, outputs)) < LARGEST
    assert not [output[:200] for output in outputs if "<script" in output]


@each_notebook
def test_links_of_a_notebook_lead_to_files(path):
    prose = "\n".join(
        cell["source"]
        for cell in nbformat.read(path, as_version=4)["cells"]
        if cell["cell_type"] == "markdown"
    )
    links = re.findall(r"\]\((?!https?://)([^)#]+)", prose)

    assert links
    assert not [link for link in links if not (FOLDER / link).is_file()]


def test_times_and_digests_are_not_compared_and_all_else_is():
    row = "<tr><td>glad</td><td>{}</td><td>{}</td></tr>"
    head = "<thead><tr><th>function</th><th>votes</th><th>seconds</th></tr></thead>"
    table = '<div class="lbl"><style>p{{}}</style><p>in {} s</p><table>' + head + row + "</table>"

    def text(votes, seconds):
        return constant(text_of(table.format(seconds, votes, seconds)))

    assert text(3, "0.01") == text(3, "12.5")
    assert text(3, "0.01") != text(4, "0.01")
    assert "glad | 3" in text(3, "0.01")
    assert constant("Commit 1a2b3c4d at 2026-01-02 03:04 UTC") == "Commit digest at then"
    assert constant("main is release c0677bbcc903.") == "main is release digest."
    picture = "<svg><title>{}</title><path/><text>9</text></svg>"
    assert text_of(picture.format("coverage")) == "coverage"

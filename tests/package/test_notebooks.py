"""Notebooks run from top to bottom, and what they show is what they would show today."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def shown(notebook):
    """Return what each code cell shows as text, errors included.

    What is printed comes in one piece or in several, as the kernel has time to send it.
    """
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    printed = ["".join(output.get("text", "") for output in cell["outputs"]) for cell in cells]
    others = [
        [
            output.get("data", {}).get("text/plain") or output.get("traceback")
            for output in cell["outputs"]
            if "text" not in output
        ]
        for cell in cells
    ]
    return printed, others


def test_there_are_notebooks():
    assert NOTEBOOKS


# The client of the kernel closes its event loop late.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_shows_what_it_showed(path):
    committed = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()

    assert shown(committed) == shown(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_no_output_names_a_place_on_one_machine(path):
    assert not re.findall(r"(?<![\w.])/(?:root|home|Users|tmp)/", path.read_text("utf-8"))

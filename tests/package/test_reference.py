"""The references in docs/ say what the code says, completely."""

import importlib.util
from pathlib import Path

import pytest

import labeling as lb
from labeling.config import Config

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def reference():
    """The program that writes them."""
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", ["api.md", "config.md"])
def test_a_reference_is_up_to_date(reference, name):
    written = (DOCS / name).read_text("utf-8")

    assert reference.PAGES[name]() == written, f"docs/{name} is of before: run `make docs`"


def test_every_public_name_is_explained():
    headings = {
        line[3:] for line in (DOCS / "api.md").read_text("utf-8").splitlines() if line[:3] == "## "
    }

    assert {f"lb.{name}" for name in lb.__all__} <= headings


def test_every_key_of_the_config_is_explained():
    text = (DOCS / "config.md").read_text("utf-8")
    schema = Config.model_json_schema()
    sections = [schema, *(one for name, one in schema["$defs"].items() if "Section" in name)]
    keys = {key for one in sections for key in one["properties"]} - {"root"}

    assert {"data", "escalate", "min_confidence"} <= keys
    assert [] == [key for key in sorted(keys) if f"| `{key}` |" not in text]


def test_a_docstring_becomes_markdown(reference):
    """Sections become lists, examples code, and nothing is lost."""
    docstring = (
        "Return one.\n\nArgs:\n    n: how many,\n        in all.\n\n>>> one(1)\n1\n\nAnd so on."
    )
    expected = (
        "Return one.\n\n**Args:**\n\n- `n`: how many,\n  in all.\n\n"
        "```pycon\n>>> one(1)\n1\n```\n\nAnd so on.\n"
    )

    assert expected == reference.markdown(docstring)

"""Exported modules of functions that mark spans or name several labels give the same votes."""

import re

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingFunctionError
from labeling.functions import load_labeling_functions
from tests.notebook.shell import Notebook

MORE_IMPORTS = """
from labeling.functions import (
    document_majority, span_keywords, span_labeling_function, span_lookup, span_regex
)
"""
TEXTS = ["Ann Lee met Bob at Acme Inc. Ann left.", "No one came.", "Bob Lee 😀 left Acme", ""]
SAMPLES = pd.DataFrame({"body": TEXTS, "title": "a title"}, index=list("abcd"))
SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")

OF_SPANS = {
    "a generator": """
@ws.lf(label="PER")
def f(x):
    "Two capitalised words."
    # a comment
    for match in re.finditer(r"[A-Z]\\w+ [A-Z]\\w+", x.body):
        yield match
""",
    "a lambda that returns a match": """
ws.lf(lambda x: re.search("Bob", x.body), label="PER", name="bob")
""",
    "triples, nothing here, and overlaps": """
PLACES = {"Acme": "ORG", "Bob": "PER"}
def places(text):
    return [(text.find(word), text.find(word) + len(word), label)
            for word, label in PLACES.items() if word in text]
@ws.lf(overlaps="error")
def f(x):
    yield from places(x.body)
@ws.lf(version=2)
def g(x):
    return [(0, 2, None)] if x.body.startswith("No") else None
""",
    "a preprocessor and resources": """
def with_words(x):
    x.words = x.body.split()
    return x
@ws.lf(label="ORG", pre=[with_words], resources={"known": ["Acme"]}, name="known firms")
def f(x, known):
    return [(x.body.find(w), x.body.find(w) + len(w)) for w in x.words if w in known]
""",
    "ready-made kinds": """
ws.add(span_keywords("PER", ["ann", "bob lee"], column="body"))
ws.add(span_lookup("ORG", ["Acme", "Acme Inc"], name="firms", column="body"))
ws.add(span_lookup(None, {"Bob": "PER", "Acme": "ORG"}, column="body", name="both"))
ws.add(span_regex("PER", re.compile(r"met (\\w+)", re.I), group=1, column="body"))
ws.add(span_keywords("PER", [f"word{k}" for k in range(500)] + ["Ann"], name="long", column="body"))
""",
    "a decorator of its own": """
@ws.add
@span_labeling_function(label="PER")
def f(x):
    yield 0, 3 if len(x.body) > 3 else None
""",
    "a function of other functions": """
first = span_regex("PER", r"Ann(?= Lee)", column="body", name="first")
ws.add(first)
ws.add(document_majority(iter([first]), column="body", reason="It is said again."))
""",
    "a schema it refers to": """
KNOWN = lb.LabelSchema(["PER", "ORG"], kind="spans")
@ws.lf
def f(x):
    at = x.body.find("Acme")
    return None if at < 0 else (at, at + 4, KNOWN.labels[1] if KNOWN.kind == "spans" else None)
""",
}
OF_SETS = {
    "sets, dicts and one label": """
@ws.lf
def f(x):
    return {label for label, word in (("joy", "met"), ("anger", "No")) if word in x.body}
@ws.lf
def g(x):
    return {"joy": "Bob" in x.body, "anger": False} if "Acme" in x.body else None
@ws.lf(label="joy")
def h(x):
    return "Bob" in x.body
""",
    "a closed function": """
@ws.lf(closed=True)
def f(x):
    return ["anger"] if "No" in x.body else []
""",
    "ready-made kinds": """
ws.add(keywords("bob", ["bob"], label="joy", column="body"))
ws.add(regex("no", r"^No", label="anger", column="body"))
""",
}


@pytest.fixture(scope="module")
def notebook():
    made = Notebook()
    made.run(MORE_IMPORTS)
    return made


@pytest.fixture
def quick(monkeypatch):
    """Exports that skip the other process, which takes a second; one test is about it."""
    monkeypatch.setattr(
        "labeling.notebook.exporting.module_file._load_elsewhere", lambda path: None
    )


def workbench(notebook, cell, schema):
    ws = notebook.shell.user_ns["ws"] = lb.Workbench(SAMPLES, schema, text="body")
    notebook.run(cell)
    notebook.run(cell)
    return ws


def check(ws, folder):
    made = ws.export(folder / "rules.py")
    lfs = load_labeling_functions(made.path)
    votes = lb.apply(lfs, SAMPLES, ws.schema, text="body", on_error="record")
    pd.testing.assert_frame_equal(votes.to_frame(), ws.votes().to_frame())
    assert len(votes.to_frame())
    assert [lf.__doc__ for lf in lfs] == [voted.lf.__doc__ for voted in ws.functions]
    assert made.names == ws.functions.names
    return made, lfs


@pytest.mark.parametrize("kind", OF_SPANS)
def test_a_module_marks_the_same_spans(kind, notebook, quick, tmp_path):
    ws = workbench(notebook, OF_SPANS[kind], SPANS)
    _, lfs = check(ws, tmp_path)
    kept = ("label", "version", "overlaps", "column")
    for lf, voted in zip(lfs, ws.functions, strict=True):
        assert [getattr(lf, name) for name in kept] == [getattr(voted.lf, name) for name in kept]


@pytest.mark.parametrize("kind", OF_SETS)
def test_a_module_says_the_same_labels(kind, notebook, quick, tmp_path):
    ws = workbench(notebook, OF_SETS[kind], SETS)
    _, lfs = check(ws, tmp_path)
    assert [lf.closed for lf in lfs] == [voted.lf.closed for voted in ws.functions]


def test_a_module_loads_in_another_process(notebook, tmp_path):
    made, _ = check(workbench(notebook, OF_SPANS["a generator"], SPANS), tmp_path)
    assert "@span_labeling_function(" in made.source
    assert "# a comment" in made.source
    assert "Its votes on 4 samples are those of the workbench" in repr(made)


CHANGING = {
    "spans": (SPANS, "return [(0, next(ROUND) % 3 + 1)]", r'\[\[0,\d,"PER"\]\]'),
    "several": (SETS, 'return "PER" and next(ROUND) % 2 == 0', "no vote"),
}


@pytest.mark.parametrize("kind", CHANGING)
def test_a_function_that_changes_is_refused_with_the_sample(kind, notebook, quick, tmp_path):
    schema, answer, shown = CHANGING[kind]
    label = schema.labels[0]
    cell = f"""
import itertools
ROUND = itertools.count()
@ws.lf(label={label!r}, version=1)
def f(x):
    if not x.body: return None
    {answer}
"""
    ws = notebook.shell.user_ns["ws"] = lb.Workbench(SAMPLES, schema, text="body")
    notebook.run(cell)
    with pytest.raises(LabelingFunctionError) as raised:
        ws.export(tmp_path / "rules.py")
    assert [] == list(tmp_path.iterdir())
    assert re.search(rf"{shown}|no source form", str(raised.value))

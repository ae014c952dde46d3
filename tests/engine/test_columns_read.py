"""Which columns a labeling function reads is told exactly, or not at all."""

import functools

import pandas as pd
import pytest

import labeling as lb
from labeling import LabelingFunction, labeling_function
from labeling.engine import fingerprint_of
from labeling.functions import crowds, keywords, lookup, model, search
from labeling.functions.conditions import among, contains, where


def reads(function, **options):
    lf = function
    if not isinstance(lf, LabelingFunction):
        lf = labeling_function(name="rule", **options)(function)
    return fingerprint_of(lf).reads


def of_row(row):
    return len(row.title) + row["n"]


def of_second(limit, row):
    return row.title > limit


def recursive(row, depth):
    return row.title if not depth else recursive(row, depth)


def escapes(row):
    return str(row)


def nested(x):
    def inner(word):
        return word in x.text

    return any(map(inner, ["a"])) and any(word in x.title for word in ["a"])


def assigned(x):
    x = {"text": "a"}
    return x["text"]


def copied(x):
    row = x
    return row.text


def looped(x):
    for word in ("a", "b"):
        if word in x.text:
            return x.n
    return -1


def caught(x):
    try:
        return x.text.lower()
    except AttributeError:
        return x.title


def matched(x):
    match x:
        case str():
            return 1
    return 0


def deleted(x):
    text = x.text
    del x
    return text


@functools.wraps(of_row)
def wrapped(*args):
    return of_row(*args)


EXACT = [
    (lambda x: x.text, {"text"}),
    (lambda x: x.text.lower().startswith("a") and x.n > 2, {"text", "n"}),
    (lambda x: x["my text"], {"my text"}),
    (lambda x: x.get("a") or x.get("b", 2), {"a", "b", "get"}),
    (lambda x: getattr(x, "a", None), {"a"}),
    (lambda x: hasattr(x, "a"), {"a"}),
    (lambda x: of_row(x), {"title", "n"}),
    (lambda x: of_second(3, x) and x.m, {"title", "m"}),
    (lambda x: recursive(x, 0), {"title"}),
    (lambda x: [word for word in x.text.split() if x.n], {"text", "n"}),
    (lambda x: (lambda y: x.text + y)(x.n), {"text", "n"}),
    (lambda x: 1, set()),
    (nested, {"text", "title"}),
    (looped, {"text", "n"}),
    (caught, {"text", "title"}),
    (lambda x: (x.a if x.b else x.c).strip(), {"a", "b", "c"}),
    (lambda x: f"{x.a}{x['b']!r}", {"a", "b"}),
    (lambda x: 1 < x.a < x.b, {"a", "b"}),
]


@pytest.mark.parametrize(("function", "expected"), EXACT)
def test_columns_are_told_where_each_use_of_the_row_names_one(function, expected):
    assert reads(function) == expected


@pytest.mark.parametrize(
    "function",
    [
        lambda x: str(x),
        lambda x: x[x.name],
        lambda x: x.get(x.name),
        lambda x: x.get("a" + x.b),
        lambda x: x.get("a" if x.b else "c"),
        lambda x: x.get,
        lambda x: x["a" if x.b else "c"],
        lambda x: getattr(x, x.name),
        lambda x: getattr(x, "__dict__"),  # noqa: B009
        lambda x: getattr(x, "_fields"),  # noqa: B009
        lambda x: x._asdict(),
        lambda x: x.__class__,
        lambda x: "a" in x,
        lambda x: list(x),
        lambda x: (x, x.text),
        lambda x: x,
        lambda x: escapes(x),
        lambda x: of_second(limit=3, row=x),
        lambda x: wrapped(x),
        lambda x: {"a": len}["a"](x),
        lambda x: [y for y in x],
        lambda *args: args[0].text,
        lambda x: (x if x.a else escapes).text,
        lambda x: (lambda: x)().text,
        lambda x: locals()["x"].text,
        assigned,
        copied,
        matched,
        deleted,
        functools.partial(of_second, 3),
        wrapped,
    ],
)
def test_all_columns_count_where_the_row_goes_elsewhere(function):
    fingerprint = fingerprint_of(labeling_function(name="rule")(function))
    assert fingerprint.reads is None or fingerprint.unseen


def test_columns_of_ready_made_kinds():
    table = pd.DataFrame({"sample": [1], "annotator": ["ann"], "label": ["spam"]})
    assert reads(keywords("k", ["a"], label="spam", column="title")) == {"title"}
    assert reads(lookup("l", ["a"], label="spam", column="by")) == {"by"}
    assert reads(crowds.crowd(table, by="id")[0]) == {"id"}
    assert reads(model("m", len, column=["a", "b"])) == {"a", "b"}
    condition = contains("a") & ~among(["b"], column="by")
    assert reads(search("s", condition, label="spam")) == {"text", "by"}
    assert reads(search("s", condition | where(lambda x: x.n > 1), label="spam")) == {
        "text",
        "by",
        "n",
    }
    assert reads(search("s", where(lambda x: bool(str(x))), label="spam")) is None


def test_columns_of_preprocessors_count():
    def add(x):
        x.words = x.text.split()
        return x

    def add_unknown(x):
        x.all = str(x)
        return x

    assert reads(lambda x: x.words and x.n, pre=[add]) == {"text", "words", "n"}
    assert reads(lambda x: x.words, pre=[add, add_unknown]) is None


@pytest.mark.parametrize(("function", "expected"), EXACT)
def test_other_columns_can_change_without_changing_votes(function, expected):
    """The rows have all columns, and those that are not read hold something else in each run."""
    names = ["text", "title", "a", "b", "c", "my text"]
    frame = pd.DataFrame({name: ["x", "yy"] for name in names}).assign(n=[1, 2], m=[3, 4])
    lf = LabelingFunction("rule", lambda x: len(repr(_outcome(function, x))) % 2)
    schema = lb.LabelSchema(["ham", "spam"])
    changed = frame.assign(**{name: "other" for name in frame if name not in expected})
    before, after = (lb.apply(lf, data, schema).to_array() for data in (frame, changed))
    assert (before == after).all()


def _outcome(function, x):
    try:
        outcome = function(x)
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    return outcome if not callable(outcome) else "callable"

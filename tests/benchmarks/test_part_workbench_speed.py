"""Time of the workbench's calls on spans and on several labels, with thirty labeling functions.

Run it with `make bench-speed`. `WORKBENCH_ROWS` in the environment sets the number of rows. The
function alone is `labeling.apply` on the same rows; a preview is measured without and with what it
shows, for which the label model is fitted with and without the function.
"""

import os
import re
import sys
import time

import numpy as np
import pytest

import labeling as lb
from tests.benchmarks.corpus import comments

SPANS = lb.LabelSchema(["PRAISE", "ADVERT", "LINK"], kind="spans")
SETS = lb.LabelSchema(["praise", "advert", "link"], kind="several")
ROWS = int(os.environ.get("WORKBENCH_ROWS", 10_000))
N_FUNCTIONS = 30
N_DEV = 500
LONGEST = 1.0
"""Seconds that a call may take, without a fit of the label model."""
STEMS = ("free", "song", "love", "check", "chan", "http", "best", "vide", "the", "win")


def marker(number, ending=""):
    """Return a function that marks words that begin so, or so with some letters more."""
    stem, labels = STEMS[number % len(STEMS)], SPANS.labels
    label = labels[number % len(STEMS) % len(labels)]
    pattern = rf"\b{stem}\w*{ending}" + (r"(?: \w+)?" if number >= len(STEMS) else "")
    return lb.functions.span_regex(label, pattern, name=f"lf{number}")


def namer(number, ending=""):
    """Return a function that gives a label where such words are."""
    labels = SETS.labels
    pattern = re.compile(rf"\b{STEMS[number % len(STEMS)]}\w*{ending}")

    @lb.labeling_function(name=f"lf{number}", compile=False)
    def lf(x):
        n = len(pattern.findall(x.text))
        return (
            {label: True for at, label in enumerate(labels) if n > at + number % 3} if n else None
        )

    return lf


KINDS = ((SPANS, marker, lb.SpanModel), (SETS, namer, lb.SetModel))


@pytest.fixture(scope="module", params=KINDS, ids=["spans", "sets"])
def made(request):
    schema, function, model = request.param
    data = comments(ROWS)[["text"]]
    true = lb.apply([function(0), function(1), function(2)], data, schema)
    rng = np.random.default_rng(0)
    dev = rng.choice(data.index, N_DEV, replace=False)
    labels = model().fit(true).predict(true).of_samples(dev).to_labels()
    gold = {sample_id: label or () for sample_id, label in labels.items()}
    workbench = lb.Workbench(data, schema, gold=gold)
    for number in range(N_FUNCTIONS):
        workbench.add(function(number))
    workbench.summary()._repr_html_()
    return workbench, function


def seconds(call):
    begin = time.process_time()
    result = call()
    return time.process_time() - begin, result


def test_preview_after_editing_one_of_thirty(made):
    workbench, function = made
    edited = function(7, "a?")
    alone, _ = seconds(lambda: lb.apply(edited, workbench.samples, workbench.schema))
    took, preview = seconds(lambda: workbench.preview(edited))
    shown, _ = seconds(preview._repr_html_)
    sys.stdout.write(
        f"\npreview on {ROWS:,} rows, {workbench.votes()!r}: function alone {alone:.3f} CPU s,"
        f" preview {took:.3f} s, shown in {shown:.3f} s more (two fits of the label model)\n"
    )
    assert took < LONGEST


def test_other_calls(made):
    workbench, _ = made
    workbench.uncovered()  # loads scikit-learn
    calls = {
        "summary": workbench.summary,
        "bucket": lambda: workbench.bucket("lf7", gold="any"),
        "errors": workbench.errors,
        "conflicts": workbench.conflicts,
        "conflicts of two": lambda: workbench.conflicts("lf7", "lf8"),
        "uncovered": workbench.uncovered,
        "diff of sets": workbench.diff,
        "lint": workbench.lint,
        "suggest": lambda: workbench.suggest(5),
        "commit": lambda: workbench.commit("words"),
    }
    sys.stdout.write("\n")
    for name, call in calls.items():
        took, result = seconds(call)
        shown, _ = seconds(result._repr_html_)
        sys.stdout.write(f"{name}: {took:.3f} CPU s, shown in {shown:.3f} s\n")

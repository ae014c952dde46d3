"""Time of the workbench's calls after one of thirty labeling functions was edited, on 10,000 rows.

Run it with `make bench-speed`. `WORKBENCH_ROWS` in the environment sets the number of rows. The
function alone is `labeling.apply` on the same rows. A preview is measured without and with what it
shows, for which the label model is fitted once more.
"""

import os
import re
import sys
import time

import numpy as np
import pytest

import labeling as lb
from labeling.functions import keywords
from tests.benchmarks.corpus import comments

SCHEMA = lb.LabelSchema(["ham", "spam"])
ROWS = int(os.environ.get("WORKBENCH_ROWS", 10_000))
N_FUNCTIONS = 30
N_DEV = 500
LONGEST = 1.0
"""Seconds that a call may take."""
MOST = 1.5
"""Times of the function alone that a preview may take, where that is long."""
LONG = 0.05
"""Seconds from which on a function alone is long: below, the rest of a preview is felt less."""


def plain(number):
    """Return functions that compile to columns, and such that run in Python."""
    words = ["free", "song", "love", "check", "channel", "http", "best", "video"]
    word = words[number % len(words)] + "etr"[number % 3]
    pattern = re.compile(rf"\b{word[:4]}\w*\b")
    label = "spam" if number % 2 else "ham"

    @lb.labeling_function(name=f"lf{number}", label=label, compile=number % 3 > 0)
    def lf(x):
        return word in x.text.lower() or (number % 3 == 0 and pattern.search(x.text) is not None)

    return lf


def edited(kind):
    """Return a new version of a function, by how long it runs."""
    if kind == "columns":
        return keywords("lf7", ["free", "cash", "gift"], label="spam")

    @lb.labeling_function(name="lf7", label="spam", compile=False)
    def lf(x):
        words = re.findall(r"\w+", x.text.lower())
        steps = 1 if kind == "Python" else 30
        return sum(len(set(words[at:])) for at in range(steps)) % 7 == 0

    return lf


@pytest.fixture(scope="module")
def made():
    data = comments(ROWS)[["text"]]
    rng = np.random.default_rng(0)
    dev = rng.choice(data.index, N_DEV, replace=False)
    gold = {i: ("ham", "spam")[rng.integers(2)] for i in dev.tolist()}
    workbench = lb.Workbench(data, SCHEMA, gold=gold)
    for number in range(N_FUNCTIONS):
        workbench.add(plain(number))
    workbench.summary()._repr_html_()
    return workbench


def seconds(call):
    begin = time.process_time()
    result = call()
    return time.process_time() - begin, result


def test_preview_after_editing_one_of_thirty(made):
    for kind in ("columns", "Python", "slow Python"):
        alone, _ = seconds(lambda kind=kind: lb.apply(edited(kind), made.samples, SCHEMA))
        took, preview = seconds(lambda kind=kind: made.preview(edited(kind)))
        shown, _ = seconds(preview._repr_html_)
        sys.stdout.write(
            f"\npreview on {ROWS:,} rows ({kind}): function alone {alone:.3f} CPU s, preview"
            f" {took:.3f} s ({took / alone:.2f} x), shown in {shown:.3f} s more"
            f" ({(took + shown) / alone:.2f} x)\n"
        )
        assert took + shown < max(LONGEST, MOST * alone)
        assert alone < LONG or took < MOST * alone


def test_other_calls(made):
    made.uncovered()  # loads scikit-learn
    calls = {
        "summary": made.summary,
        "bucket": lambda: made.bucket("lf7", gold="ham", model="spam"),
        "errors": made.errors,
        "conflicts": made.conflicts,
        "conflicts of two": lambda: made.conflicts("lf7", "lf8"),
        "uncovered": made.uncovered,
        "diff of sets": made.diff,
    }
    sys.stdout.write("\n")
    for name, call in calls.items():
        took, result = seconds(call)
        shown, _ = seconds(result._repr_html_)
        framed, _ = seconds(result.to_frame)
        sys.stdout.write(
            f"{name}: {took:.3f} CPU s, shown in {shown:.3f} s, as a frame in {framed:.3f} s\n"
        )
        assert max(took + shown, framed) < LONGEST

"""CPU time of applying labeling functions, as ratios to a plain loop and to the peer, in one run.

Run it with `make bench`. The plain loop gets its rows ready-made, for free; ours makes them.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

import labeling as lb
from labeling.records import LabelingFunction
from tests.benchmarks.corpus import RULES, N, comments

SCHEMA = lb.LabelSchema(["ham", "spam"])
REPEATS = 5
PEER_ROWS = 2_000


def cpu(call: Callable[[], Any]) -> float:
    """Return the CPU seconds of a call."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def report(name: str, ratios: list[float], floor: str) -> None:
    """Print a ratio's median and range."""
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    sys.stdout.write(
        f"\n{name}: {middle:.2f} x {floor} ({low:.2f} to {high:.2f}, {REPEATS} runs)\n"
    )


def ready_rows(data: Any) -> list[Any]:
    row = namedtuple("row", data.columns)  # the columns are data
    return [row(*values) for values in zip(*(data[name].tolist() for name in data), strict=True)]


def test_twenty_functions_against_a_plain_loop():
    data = comments()
    rows, rules = ready_rows(data), list(RULES.values())
    lfs = [LabelingFunction(name, rule) for name, rule in RULES.items()]
    expected = np.array([[rule(row) for rule in rules] for row in rows])

    np.testing.assert_array_equal(expected, lb.apply(lfs, data, SCHEMA).to_array())
    ratios = []
    for _ in range(REPEATS):
        plain = cpu(lambda: [[rule(row) for rule in rules] for row in rows])
        ours = cpu(lambda: lb.apply(lfs, data, SCHEMA))
        ratios.append(ours / plain)
    report(f"20 functions, {N} rows", ratios, "the plain loop's CPU time")


def test_a_trivial_function_costs_little_per_vote():
    data = comments()
    lfs = [LabelingFunction(f"lf{i}", lambda x: -1) for i in range(20)]
    rows = ready_rows(data)
    bare = [cpu(lambda: [list(map(lf.function, rows)) for lf in lfs]) for _ in range(REPEATS)]
    ours = [cpu(lambda: lb.apply(lfs, data, SCHEMA)) for _ in range(REPEATS)]
    votes = N * len(lfs)
    nanoseconds = 1e9 * statistics.median(ours) / votes
    floor = 1e9 * statistics.median(bare) / votes
    sys.stdout.write(
        f"\ntrivial function: {nanoseconds:.0f} ns a vote; calling it costs {floor:.0f}\n"
    )


def test_twenty_functions_against_snorkel():
    if importlib.util.find_spec("snorkel") is None:
        sys.stdout.write("\nSkipped: Snorkel is not installed (pip install 'labeling[snorkel]').\n")
        return
    from snorkel.labeling import LabelingFunction as SnorkelFunction
    from snorkel.labeling import PandasLFApplier

    data = comments(PEER_ROWS)
    lfs = [LabelingFunction(name, rule) for name, rule in RULES.items()]
    theirs = PandasLFApplier([SnorkelFunction(name, rule) for name, rule in RULES.items()])
    expected = theirs.apply(data, progress_bar=False)

    np.testing.assert_array_equal(expected, lb.apply(lfs, data, SCHEMA).to_array())
    ratios = [
        cpu(lambda: theirs.apply(data, progress_bar=False))
        / cpu(lambda: lb.apply(lfs, data, SCHEMA))
        for _ in range(REPEATS)
    ]
    report(f"Snorkel's PandasLFApplier, {PEER_ROWS} rows", ratios, "our CPU time")

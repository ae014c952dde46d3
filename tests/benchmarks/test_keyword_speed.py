"""CPU time of 2,000 functions made by `keywords`: all words are searched for in one pass.

Run it with `make bench-speed`. `KEYWORD_ROWS` in the environment sets the number of rows, and
`KEYWORD_CHECKED` on how many of them the votes are compared with those of the plain functions.
"""

import os
import sys
import time

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.functions import keywords
from tests.benchmarks.corpus import _words, comments

SCHEMA = lb.LabelSchema(["ham", "spam"])
N_FUNCTIONS = 2_000
ROWS = int(os.environ.get("KEYWORD_ROWS", 1_000_000))
CHECKED = int(os.environ.get("KEYWORD_CHECKED", 500))
ROWS_AT_ONCE = 500_000  # their votes are 1 GB
DISTINCT = 100_000


def keyword_functions(count=N_FUNCTIONS, seed=1):
    """Return functions of one to five words each, no word twice; every fifth has a phrase."""
    rng = np.random.default_rng(seed)
    vocabulary = _words()[0]
    words = iter([vocabulary[at] for at in rng.permutation(len(vocabulary))])
    functions = []
    for number, size in enumerate(rng.integers(1, 6, count)):
        listed = [next(words) for _ in range(size)]
        if number % 5 == 0:
            listed[0] += f" {vocabulary[int(rng.integers(0, 100))]}"
        functions.append(keywords(f"kw{number}", listed, label="spam" if number % 2 else "ham"))
    return functions


@pytest.fixture(scope="module")
def data():
    """Comments; beyond 100,000 they are repeated, which the engine does not make use of."""
    made = comments(min(ROWS, DISTINCT))[["text"]]
    copies = -(-min(ROWS, ROWS_AT_ONCE) // len(made))
    return pd.concat([made] * copies, ignore_index=True).head(ROWS_AT_ONCE)


def test_thousands_of_keyword_functions(data):
    lfs = keyword_functions()
    checked = data.head(CHECKED)
    rows = list(checked.itertuples(index=False))
    begin = time.process_time()
    votes = [[lf.function(row) for lf in lfs] for row in rows]
    by_loop = (time.process_time() - begin) / len(rows)
    codes = {"ham": 0, "spam": 1, lb.ABSTAIN: lb.ABSTAIN}
    expected = [[codes[vote] for vote in votes_on_row] for votes_on_row in votes]
    np.testing.assert_array_equal(expected, lb.apply(lfs, checked, SCHEMA).to_array())

    seconds, done = 0.0, 0
    while done < ROWS:
        begin = time.process_time()
        lb.apply(lfs, data.head(ROWS - done), SCHEMA)
        seconds += time.process_time() - begin
        done += min(len(data), ROWS - done)
    sys.stdout.write(
        f"\n{len(lfs):,} keyword functions on {done:,} texts of {data['text'].str.len().mean():.0f}"
        f" characters: {seconds:.1f} CPU s, {1e9 * seconds / done / len(lfs):.1f} ns a vote,"
        f" {by_loop * done / seconds:,.0f} x as fast as a plain loop"
        f" (measured on {len(rows):,} texts, with equal votes)\n"
    )

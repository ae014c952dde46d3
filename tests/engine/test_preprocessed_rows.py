"""Fields that preprocessors add are held for a block of rows at a time."""

import subprocess
import sys

import pandas as pd
import pytest

import labeling as lb
from labeling.engine import preprocessed_rows

SCHEMA = lb.LabelSchema(["red", "green", "blue"])

BIG = """
import json, resource, sys
import pandas as pd
import labeling as lb

rows, kind = int(sys.argv[1]), sys.argv[2]
schema = lb.LabelSchema(["ham", "spam"])
calls = []

def grow(x):
    calls.append(x.n)
    text = str(x.n % 10) * 100_000
    x.big = {"text": text, "list": [text], "dict": {"a": {"b": text}}}[kind]
    return x

def text_of(big):
    return big if kind == "text" else big[0] if kind == "list" else big["a"]["b"]

lfs = [
    lb.LabelingFunction("even", lambda x: int(text_of(x.big)[0]) % 2, pre=[grow]),
    lb.LabelingFunction("low", lambda x: int(text_of(x.big)[-1] < "5"), pre=[grow]),
    lb.LabelingFunction("plain", lambda x: 0),
]

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

frame = pd.DataFrame({"n": range(rows)})
lb.apply(lfs, frame[:10], schema)
calls.clear()
before = peak()
votes = lb.apply(lfs, frame, schema).to_array()
wanted = [[n % 2, int(n % 10 < 5), 0] for n in range(rows)]
print(json.dumps([peak() - before, votes.tolist() == wanted, calls == list(range(rows))]))
"""


@pytest.mark.parametrize("kind", ["text", "list", "dict"])
def test_large_fields_of_many_rows_take_little_memory_at_a_time(kind):
    """8,000 rows with 100 KB each, 800 MB in all; each field is computed once, votes are right."""
    import json

    ran = subprocess.run(
        [sys.executable, "-c", BIG, "8000", kind], capture_output=True, text=True, check=True
    )
    more, right, once = json.loads(ran.stdout)
    assert (right, once) == (True, True)
    assert more < 150


@pytest.mark.parametrize(("rows", "size"), [(3, 10**9), (1_024, 1), (7, 2_000)])
def test_votes_and_calls_are_the_same_whatever_the_blocks(monkeypatch, rows, size):
    monkeypatch.setattr(preprocessed_rows, "BLOCK_ROWS", rows)
    monkeypatch.setattr(preprocessed_rows, "BLOCK_BYTES", size)
    calls = []

    def grow(x):
        calls.append(x.n)
        if x.n == 7:
            raise ValueError("seven")
        x.big = "x" * 1_000
        return x

    def batch(rows):
        return [row.n % 3 for row in rows]

    frame = pd.DataFrame({"n": range(20)})
    lfs = [
        lb.LabelingFunction("a", lambda x: x.n % 3, pre=[grow]),
        lb.LabelingFunction("b", lambda x: 1 // (x.n - 4) and 0),
        lb.LabelingFunction("c", lambda x: 0, batch=batch, pre=[grow]),
    ]
    votes = lb.apply(lfs, frame, SCHEMA, on_error="record")
    assert calls == list(range(20))
    wanted = [
        [-1 if n == 7 else n % 3, -1 if n == 4 else 0, -1 if n == 7 else n % 3] for n in range(20)
    ]
    assert votes.to_array().tolist() == wanted
    assert [fault[:2] for fault in votes.faults] == [("a", 7), ("b", 4), ("c", 7)]
    with pytest.raises(lb.LabelingError, match="'b' failed on sample 4"):
        lb.apply(lfs, frame, SCHEMA)


def test_frames_of_long_texts_become_rows_in_smaller_chunks(monkeypatch):
    from labeling.engine import applier

    long = pd.DataFrame({"text": pd.Series(["x" * 10_000] * 100, dtype="string[pyarrow]")})
    monkeypatch.setattr(applier, "BYTES_AT_ONCE", 100_000)
    assert applier._chunk_size(long, workers=1) == 9
    assert applier._chunk_size(long[:3], workers=1) == 3
    assert applier._chunk_size(pd.DataFrame({"n": range(100)}), workers=1) == 100
    length = lb.LabelingFunction("length", lambda x: len(x.text) // 5_000)
    assert set(lb.apply(length, long, SCHEMA).to_array()[:, 0]) == {2}

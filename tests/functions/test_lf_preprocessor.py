import copy
import json
import math
import os
import pickle
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import labeling as lb
from labeling import labeling_function
from labeling.errors import LabelingFunctionError
from labeling.functions import preprocessor
from labeling.functions.fingerprints import fingerprint

FRAME = pd.DataFrame({"text": ["free tea", "hello", None, "free", "free"] * 4, "n": range(20)})
STOP = {"tea"}


def helper(text):
    return [word for word in (text or "").split() if word not in STOP]


def words(x):
    x.words, x.loud = helper(x.text), (x.text or "").upper()
    return x


def cached(function, path, **options):
    return preprocessor(reads=options.pop("reads", ["text"]), cache=path, **options)(function)


def many_words(pre):
    return labeling_function(name="many", pre=[pre], label="spam")(lambda x: len(x.words) > 1)


def run(pre, text="free tea", **fields):
    return vars(pre(SimpleNamespace(text=text, **fields)))


def test_votes_are_those_of_the_plain_preprocessor_cold_warm_and_in_workers(schema, tmp_path):
    plain = lb.apply(many_words(words), FRAME, schema).to_array()
    file = tmp_path / "new" / "words.sqlite"
    cold = cached(words, file)
    for _ in range(2):
        assert (lb.apply(many_words(cold), FRAME, schema).to_array() == plain).all()
    assert (cold.computed, cold.read) == (4, 36)
    for workers in (1, 2):
        again = many_words(cached(words, file))
        assert (lb.apply(again, FRAME, schema, workers=workers).to_array() == plain).all()
    fresh = many_words(cached(words, tmp_path / "by_workers.sqlite"))
    assert (lb.apply(fresh, FRAME, schema, workers=2).to_array() == plain).all()
    read = cached(words, tmp_path / "by_workers.sqlite")
    assert run(read)["words"] == ["free"]
    assert (read.computed, read.read) == (0, 1)


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float):
        if math.isnan(a) or math.isnan(b):  # whose sign means nothing
            return math.isnan(a) and math.isnan(b)
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return a == b


@given(value=PLAIN, names=st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True))
@example(value=None, names=["__class__"])
def test_what_is_read_is_exactly_what_was_added(value, names, tmp_path_factory):
    def add(x):
        for name in names:
            x[name] = copy.deepcopy(value)
        return x

    file = tmp_path_factory.mktemp("cache") / "any.sqlite"
    made, read = (vars(cached(add, file, version=1)(SimpleNamespace(text="a"))) for _ in range(2))
    expected = {"text": "a"} | dict.fromkeys(names, value)
    assert same(made, expected)
    assert same(read, expected)


def test_changed_columns_are_kept_too_in_place_or_not(tmp_path):
    def change(x):
        x.text = x.text.upper()
        x.tags.append("new")
        return x

    for expected in ((1, 0), (0, 1)):
        pre = cached(change, tmp_path / "k.sqlite", reads=["text", "tags"])
        assert run(pre, "a", tags=["old"]) == {"text": "A", "tags": ["old", "new"]}
        assert (pre.computed, pre.read) == expected


def test_values_of_different_types_are_different(tmp_path):
    def say(x):
        x.kind = type(x.text).__name__
        return x

    pre = cached(say, tmp_path / "k.sqlite")
    asked = [1, True, 1.0, "1", None, "None", [1], ["1"], {"1": 1}]
    assert [run(pre, value)["kind"] for value in asked * 2] == [type(v).__name__ for v in asked] * 2
    assert (pre.computed, pre.read) == (9, 9)


@pytest.mark.parametrize(
    "wrong", [(1, 2), {1: 2}, {1}, np.float64(1), b"a", [[(1,)]], re.compile("a")]
)
def test_what_json_would_change_is_refused_and_not_kept(tmp_path, wrong):
    def add(x):
        x.field = wrong
        return x

    pre = cached(add, tmp_path / "k.sqlite", version=1)
    for _ in range(2):
        with pytest.raises(LabelingFunctionError, match="'add' must add only what JSON gives back"):
            run(pre)
    with pytest.raises(LabelingFunctionError, match="'words' must read only what JSON gives back"):
        run(cached(words, tmp_path / "k.sqlite"), wrong)


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (lambda x: setattr(x, "y", x.n), r"sees only the columns in `reads`, \['text'\].*'n'"),
        (lambda x: setattr(x, "y", x["n"]), r"no column 'n'.*add it there"),
        (lambda x: SimpleNamespace(y=1), "must return the row it was given"),
        (lambda x: None, "must return the row it was given.*Got None"),
        (lambda x: delattr(x, "text") or x, "with all its columns"),
    ],
)
def test_what_could_not_be_kept_honestly_is_refused(tmp_path, does, message):
    def misused(x):
        return does(x)

    with pytest.raises(LabelingFunctionError, match=message):
        run(cached(misused, tmp_path / "k.sqlite", version=1), n=1)


def test_errors_of_the_function_are_its_own_and_nothing_is_kept(tmp_path, schema):
    def fails(x):
        x.words = [1 / x.n]
        return x

    frame = FRAME.head(2)
    rule = many_words(cached(fails, tmp_path / "k.sqlite", reads=["n"]))
    votes = lb.apply(rule, frame, schema, on_error="record")
    assert [type(fault.exception) for fault in votes.faults] == [ZeroDivisionError]


@pytest.mark.parametrize(
    ("options", "function", "message"),
    [
        ({"reads": "text"}, words, "`reads` of a preprocessor must be a list.*Got 'text'"),
        ({"reads": []}, words, "must be a list of at least one column"),
        ({"reads": [1]}, words, "must be a list"),
        ({"reads": ["text"]}, len, "above a plain function. Got <built-in function len>"),
    ],
)
def test_a_misused_decorator_says_what_it_needs(tmp_path, options, function, message):
    with pytest.raises(LabelingFunctionError, match=message):
        preprocessor(cache=tmp_path / "k.sqlite", **options)(function)


def test_the_name_of_before_for_the_cache_works_and_is_deprecated(tmp_path):
    run(cached(words, tmp_path / "k.sqlite"))
    with pytest.warns(DeprecationWarning, match=r"`keep=` of @preprocessor is.*use `cache=`"):
        old = preprocessor(reads=["text"], keep=tmp_path / "k.sqlite")(words)
    run(old)
    assert (old.computed, old.read) == (0, 1)
    with pytest.raises(
        LabelingFunctionError, match="must be given the path of its file as `cache="
    ):
        preprocessor(reads=["text"])


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "k.sqlite").write_text("this is no database but a text " * 50)
    with pytest.raises(LabelingFunctionError, match=r"must be an SQLite file.*k.sqlite"):
        run(cached(words, tmp_path / "k.sqlite"))
    with pytest.raises(LabelingFunctionError, match="must be an SQLite file"):
        run(cached(words, tmp_path / "k.sqlite" / "inner.sqlite"))


def test_how_many_were_read_is_logged(tmp_path, caplog):
    pre = cached(words, tmp_path / "k.sqlite")
    with caplog.at_level("INFO", "labeling"):
        for _ in range(4):
            run(pre)
    assert [record.getMessage().split(" from ")[0] for record in caplog.records] == [
        f"preprocessor 'words': {read} of {done} samples read"
        for read, done in [(0, 1), (1, 2), (3, 4)]
    ]


# Fingerprints: a changed function never gets what the old one made.


def source(text, **names):
    scope = {"__name__": "somewhere", "re": re, "np": np, **names}
    exec(textwrap.dedent(text), scope)
    return scope["f"]


BASE = """
    LIMIT = 3
    KNOWN = {"a", "b"}
    def inner(x): return x + LIMIT
    def f(x):
        x.y = [inner(z) for z in x.text if z in KNOWN]
        return x
"""


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("LIMIT = 3", "LIMIT = 4", True),
        ("LIMIT = 3", "LIMIT = 3.0", True),
        ('"b"', '"c"', True),
        ("x + LIMIT", "x - LIMIT", True),
        ("x.y =", "x.z =", True),
        ("if z in KNOWN", "if z not in KNOWN", True),
        ("def inner(x):", "def inner(x, unused=1):", True),
        ("LIMIT = 3", "LIMIT = 3\n    OTHER = 5", False),
        ("LIMIT = 3", "# why\n\n    LIMIT = 3", False),
    ],
)
def test_a_fingerprint_changes_with_the_code_and_the_values_it_uses(old, new, changes):
    first, second = source(BASE), source(BASE.replace(old, new))
    assert (fingerprint(first).digest != fingerprint(second).digest) is changes


def test_a_fingerprint_reaches_through_closures_defaults_patterns_and_recursion():
    def made(limit, pattern="a"):
        compiled = re.compile(pattern)

        def f(x, at=limit):
            return compiled.search(x) or f(x, at + limit) or np.sum(x)

        return f

    digests = [fingerprint(f).digest for f in (made(1), made(1), made(2), made(1, "b"))]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    assert fingerprint(made(1)).digest != fingerprint(made(1), version=2).digest
    assert fingerprint(made(1)).unseen == ()


def test_what_cannot_be_seen_needs_a_version(tmp_path):
    class Parser:
        def words(self, text):
            return text.split()

    parser = Parser()

    def parse(x):
        x.words = parser.words(x.text)
        return x

    with pytest.raises(LabelingFunctionError, match=r"'parse' uses parser \(Parser\).*a `version`"):
        run(cached(parse, tmp_path / "k.sqlite"))
    assert run(cached(parse, tmp_path / "k.sqlite", version=1))["words"] == ["free", "tea"]
    newer = cached(parse, tmp_path / "k.sqlite", version=2)
    run(newer)
    assert newer.computed == 1
    imports = source("def f(x):\n    import json, no_such_module\n    return x")
    assert fingerprint(imports).unseen == ("no_such_module (module)",)


def test_a_helper_that_is_written_anew_is_noticed(tmp_path):
    function = source(BASE.replace('"a", "b"', "1, 2"))
    pre = cached(function, tmp_path / "k.sqlite")
    assert run(pre, [1, 5])["y"] == [4]
    function.__globals__["inner"] = lambda x: x * 100
    assert run(pre, [1, 5])["y"] == [100]
    assert (pre.computed, pre.read) == (2, 0)


def test_a_fingerprint_is_the_same_in_every_process(tmp_path):
    rules = tmp_path / "rules.py"
    rules.write_text(
        "import re\nfrom labeling.functions import preprocessor, search, contains\n"
        f"KNOWN = frozenset({[f'word {n}' for n in range(50)]!r})\n"
        "def fold(text):\n    return text.lower() if text not in KNOWN else text\n"
        f"@preprocessor(reads=['text'], cache={str(tmp_path / 'k.sqlite')!r})\n"
        "def lower(x):\n    x.lower = fold(x.text)\n    return x\n"
        "rule = search('r', contains('tea', column='lower'), label='spam', pre=[lower])\n"
    )
    code = (
        "import sys, pickle, labeling as lb; from types import SimpleNamespace as S\n"
        "rule = lb.load_labeling_functions(sys.argv[1])[0]\n"
        "rule = pickle.loads(pickle.dumps(rule)) if len(sys.argv) > 2 else rule\n"
        "print(rule(S(text='Tea')), rule.pre[0].computed, rule.pre[0].read)"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code, str(rules), *more],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.split()
        for seed, more in [("1", []), ("2", []), ("3", ["pickled"])]
    ]  # fmt: skip
    assert printed == [["spam", "1", "0"], ["spam", "0", "1"], ["spam", "0", "1"]]


# Processes


WRITER = """
import sys
from types import SimpleNamespace
from labeling.functions import preprocessor

@preprocessor(reads=["n"], cache=sys.argv[1])
def square(x):
    x.square = [x.n, x.n * x.n]
    return x

for n in range(int(sys.argv[2])):
    assert square(SimpleNamespace(n=n)).square == [n, n * n]
    if n == 20:
        print("under way", flush=True)
print(square.computed, square.read)
"""


def writer(file, count):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), str(count)], stdout=subprocess.PIPE, text=True
    )


def rows(file):
    database = sqlite3.connect(file)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    cached = [json.loads(text) for (text,) in database.execute("SELECT text FROM kept")]
    database.close()
    return cached


def test_several_processes_share_a_file_from_the_first_moment(tmp_path):
    file = tmp_path / "k.sqlite"
    writers = [writer(file, 300) for _ in range(4)]
    assert [process.communicate()[0].startswith("under way") for process in writers] == [True] * 4
    assert [process.returncode for process in writers] == [0] * 4
    assert len(rows(file)) == 300


def test_a_killed_process_leaves_whole_rows_and_the_next_one_goes_on(tmp_path):
    file = tmp_path / "k.sqlite"
    process = writer(file, 10**6)
    assert process.stdout.readline() == "under way\n"
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    after = rows(file)
    assert len(after) > 20
    assert all(row["square"][1] == row["square"][0] ** 2 for row in after)
    computed, read = map(int, writer(file, 50).communicate()[0].split()[-2:])
    assert computed + read == 50
    assert read > 20


def test_it_can_be_pickled_and_counts_for_itself(tmp_path):
    pre = cached(words, tmp_path / "k.sqlite")
    run(pre)
    back = pickle.loads(pickle.dumps(many_words(pre))).pre[0]
    assert run(back) == run(pre)
    assert (back.computed, back.read, repr(back)) == (0, 1, "<preprocessor 'words'>")
    assert back.__doc__ == words.__doc__

"""Exported modules give the votes of the workbench, or are refused with what to do."""

import linecache
import os
import re
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError, LoadError
from labeling.functions import keywords, load_labeling_functions, lookup
from labeling.functions.exported_modules import was_edited
from labeling.notebook import Workbench
from labeling.notebook.exporting import source_text
from labeling.notebook.exporting.module_writer import ModuleWriter
from tests.notebook.shell import Notebook

EXPORTED = {
    "a comment in the function": """
@ws.lf(label="spam")
def f(x):
    "Why it is spam."
    # a comment
    return "free" in x.text.lower()
""",
    "two definitions in one cell": """
@ws.lf(label="spam")
def f(x): return "free" in x.text
@ws.lf(label="spam")
def f(x): return "win" in x.text
""",
    "decorators on top of each other": '''
def with_link(function):
    @functools.wraps(function)
    def wrapper(x, *args, **options):
        return function(x, *args, **options) and "http" in x.text
    return wrapper
@ws.lf(label="spam")
@with_link
def f(x):
    """Its reason."""
    return "Free" in x.text
''',
    "functions inside, and a walrus": """
@ws.lf(label="spam")
def f(x):
    def long_words(text):
        return [word for word in text.split() if (n := len(word)) > 3]
    return bool(long_words(x.text))
""",
    "defaults": """
@ws.lf(label="spam")
def f(x, counts=[1, 2], *, words=("free", "win")):
    return any(word in x.text for word in words) and len(counts) == 2
""",
    "a loop that binds its variable": """
for word in ["free", "win", "song"]:
    @ws.lf(label="spam", name=f"has {word}")
    def f(x, word=word): return word in x.text
""",
    "a loop that does not": """
for word in ["free", "win", "song"]:
    @ws.lf(label="spam", name=f"has {word}")
    def f(x): return word in x.text
""",
    "a function that makes functions": """
def made(word, change=str.lower):
    limit = 3
    def is_long(text): return len(text) > limit
    @ws.lf(label="spam", name=f"has_{word}")
    def f(x):
        return word in change(x.text) and is_long(x.text)
for word in ["free", "win", "song"]: made(word)
""",
    "f-strings": """
@ws.lf
def f(x):
    return "spam" if (m := re.search(rf"{'fr' + 'ee'}", x.text)) and f"{m[0]!r:>3}" else None
""",
    "names of other alphabets": """
@ws.lf(name="größe ﬁ", label="spam")
def größe(x):
    return "ç" in x.text
""",
    "tabs": "@ws.lf(label='spam')\ndef f(x):\n\tif 'free' in x.text:\n\t\treturn True\n",
    "line ends of Windows": "@ws.lf(label='spam')\r\ndef f(x):\r\n    return x.text > 'f' # y\r\n",
    "a string of several lines in an indented function": '''
if True:
    @ws.lf(label="spam")
    def f(x):
        words = """free
        win"""
        return any(word in x.text for word in words.split("\\n"))
''',
    "generators": """
@ws.lf(label="spam")
def f(x):
    yield "spam"
""",
    "coroutines": """
@ws.lf(label="spam")
async def f(x):
    return True
""",
    "two lambdas in a line": """
made = lb.labeling_function
a, b = made(name="a", label="spam"), made(name="b", label="spam")
ws.add(a(lambda x: "free" in x.text)); ws.add(b(lambda x: "win" in x.text))
""",
    "lambdas in a dict": """
RULES = {"a": lambda text: "free" in text, "b": lambda text: "win" in text}
@ws.lf(label="spam")
def f(x): return any(rule(x.text) for rule in RULES.values())
""",
    "classes": """
class Tools:
    LIMIT = 10
    @staticmethod
    def is_long(text): return len(text) > Tools.LIMIT
class Kind(enum.Enum):
    FREE = "free"
    def is_in(self, text): return self.value in text
@dataclasses.dataclass(frozen=True)
class Rule:
    word: str
RULES = [Rule("free"), Rule("win")]
@ws.lf(label="spam")
def f(x):
    return Tools.is_long(x.text) or Kind.FREE.is_in(x.text) or any(r.word in x.text for r in RULES)
""",
    "values of libraries": """
SEEN = collections.Counter({"free": 2})
MORE = collections.defaultdict(list, {"a": [1]})
DAY, NAN, HALF, ARRAY = datetime.date(2024, 1, 1), float("nan"), np.float64(0.5), np.array([1, 2])
LINK = re.compile("HTTP", re.IGNORECASE).search
@ws.lf(label="spam")
def f(x):
    is_right = DAY.year == 2024 and MORE["a"] == [1] and NAN != NAN and ARRAY.sum() == 3
    return is_right and moment(2020, 1, 1).year == 2020 and (LINK(x.text) or HALF * x.n > 2)
""",
    "records": """
from typing import NamedTuple
class Pair(NamedTuple):
    word: str
    least: int
PAIR, LABELS = Pair("free", 1), lb.LabelSchema(["ham", "spam"])
@ws.lf
def f(x): return LABELS.labels[1] if PAIR.word in x.text and x.n > PAIR.least else lb.ABSTAIN
""",
    "modules": """
from difflib import SequenceMatcher
from statistics import mean as average
@ws.lf(label="spam")
def f(x):
    parsed = xml.etree.ElementTree.fromstring("<a>b</a>").text
    alike = SequenceMatcher(None, x.text, "free").ratio() > .2 and average([1, 3]) == 2
    return os.path.basename(x.text) != parsed and alike and math.isfinite(np.sqrt(x.n))
""",
    "preprocessors": """
def lower(x):
    x.low = x.text.lower()
    return x
@ws.lf(label="spam", pre=[lower])
def f(x): return "free" in x.low
@ws.lf(label="spam", pre=[lower], version=3, compile=False)
def g(x): return "win" in x.low
""",
    "ready-made kinds": """
ws.add(keywords("keywords", {"free", "win"}, label="spam", at_least=1))
ws.add(regex("re", re.compile("FREE", re.I), label="spam", reason="Why."))
ws.add(search("a", contains("free") & ~contains("song") | where(lambda x: x.n > 3), label="spam"))
ws.add(search("b", among([f"v{i}" for i in range(20)] + ["nice song"]).on("text"), label="ham"))
ws.add(search("c", ~(matches("x") | contains("y", "z", ignore_case=False)), label=1))
ws.add(lookup("numbers", {1: "spam", 2: None, 3: "ham"}, column="n"))
""",
    "functions that call each other": """
@ws.lf(label="spam")
def base(x): return "free" in x.text
@ws.lf(label="spam")
def more(x): return base(x) == "spam" and x.n > 1
def even(n): return True if n == 0 else odd(n - 1)
def odd(n): return False if n == 0 else even(n - 1)
@functools.lru_cache(maxsize=None)
def quick(n): return even(n)
def around():
    def down(n): return 0 if n == 0 else down(n - 1)
    @ws.lf(label="spam", name="last")
    def f(x): return quick(x.n) and down(x.n) == 0
around()
""",
    "names of Python and of helpers": """
def clean(text): return text.lower()
@ws.lf(label="spam", name="len")
def f1(x): return len(x.text) > 3
@ws.lf(label="spam", name="clean")
def f2(x): return clean(x.text) == x.text
@ws.lf(label="spam", name="re")
def f3(x): return bool(re.search("free", x.text))
@ws.lf(label="spam", name="class")
def f4(x): return True
@ws.lf(label="spam", name="1 + 1")
def f5(x): return True
""",
    "functions that stand for Python's": """
def around():
    def sum(numbers): return 0
    @ws.lf(label="spam")
    def f(x): return sum([1, 2]) == 0 and "free" in x.text
around()
""",
    "partial functions": """
def has(word, x): return word in x.text
ws.add(lb.labeling_function(name="p", label="spam")(functools.partial(has, "free")))
""",
    "long values": """
NAMES = {f"name{i}" for i in range(500)} | {"nice song"}
PAIRS = [(i, "x") for i in range(300)]
@ws.lf(label="spam", resources={"table": {"k" * 3000: 1}})
def f(x, table): return x.text in NAMES and len(PAIRS) == 300 and len(table) == 1
""",
    "annotations": """
class Row: pass
@ws.lf(label="spam")
def f(x: Row, k: "int" = 3) -> bool: return k == 3 and "free" in x.text
""",
    "a definition of several lines": """
@ws.lf(
    label="spam",
)
def f(
    x,  # the sample
    limit=10,
):
    # a comment
    return len(x.text) > limit  # another
""",
    "strange texts": r'''
HALF = "\ud800x"
@ws.lf(label="spam", name="strange")
def f(x):
    """A "quoted" \\ reason with \'\'\' in it, </script> and \u202e."""
    return HALF not in x.text and "a\x00b" not in x.text and r"\d" not in x.text
''',
}

REFUSED = {
    "the source of 'f' is not at hand": """
space = {}
exec("def f(x): return 'free' in x.text", space)
ws.add(lb.labeling_function(label="spam")(space["f"]))
""",
    "'model' is a Model, which has no source form": """
class Model:
    def __init__(self, least): self.least = least
    def predict(self, text): return len(text) > self.least
model = Model(10)
@ws.lf(label="spam")
def f(x): return model.predict(x.text)
""",
    "the global variable COUNT, which it changes": """
COUNT = 0
@ws.lf(label="spam")
def f(x):
    global COUNT
    COUNT += 1
    return COUNT % 2 == 0
""",
    "LOG, which it changes": """
LOG = []
@ws.lf(label="spam")
def f(x):
    LOG.append(x.text)
    return len(LOG) % 2 == 0
""",
    "the variable n of a function around it, which it changes": """
def around():
    n = 0
    @ws.lf(label="spam")
    def f(x):
        nonlocal n
        n += 1
        return n % 2 == 0
around()
""",
    "is a Callable, which has no source form": """
class Callable:
    def __call__(self, x): return True
ws.add(lb.labeling_function(name="c", label="spam")(Callable()))
""",
    "contains itself": """
LOOP = [1]
LOOP.append(LOOP)
@ws.lf(label="spam")
def f(x): return len(LOOP) == 2
""",
    "not in the workbench": """
@lb.labeling_function(label="spam")
def outside(x): return "free" in x.text
@ws.lf(label="spam")
def f(x): return outside(x) == "spam"
""",
}


@pytest.fixture(scope="module")
def notebook():
    return Notebook()


@pytest.fixture
def quick(monkeypatch):
    """Exports that skip the other process, which takes a second; one test is about it."""
    monkeypatch.setattr(
        "labeling.notebook.exporting.module_file._load_elsewhere", lambda path: None
    )


def votes_of(path, workbench):
    lfs = load_labeling_functions(path)
    votes = lb.apply(lfs, workbench.samples, workbench.schema, on_error="record")
    return {name: votes.to_array()[:, column] for column, name in enumerate(votes.voters)}


@pytest.mark.filterwarnings("ignore:coroutine")  # nobody waits for the coroutines
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", EXPORTED)
def test_a_module_gives_the_same_votes(kind, notebook, quick, tmp_path):
    workbench = notebook.workbench(EXPORTED[kind])
    before = {voted.name: voted.codes for voted in workbench.functions}
    workbench.refresh()
    expected = {voted.name: voted.codes for voted in workbench.functions}

    made = workbench.export(tmp_path / "rules.py")

    found = votes_of(made.path, workbench)
    assert expected.keys() == found.keys() == before.keys()
    for name, codes in expected.items():
        np.testing.assert_array_equal(codes, found[name])
    assert made.source == made.path.read_text("utf-8")
    assert was_edited(made.path) is False
    for lf, voted in zip(load_labeling_functions(made.path), workbench.functions, strict=True):
        assert lf.__doc__ == voted.lf.__doc__
        assert (lf.label, lf.version, lf.compile) == (
            voted.lf.label,
            voted.lf.version,
            voted.lf.compile,
        )


@pytest.mark.parametrize("reason", REFUSED)
def test_what_has_no_source_form_is_refused_before_anything_is_written(
    reason, notebook, quick, tmp_path
):
    workbench = notebook.workbench(REFUSED[reason])

    with pytest.raises(LabelingFunctionError, match=reason):
        workbench.export(tmp_path / "rules.py")
    assert [] == list(tmp_path.iterdir())


def test_a_function_that_votes_by_chance_is_refused_with_the_sample(notebook, quick, tmp_path):
    cell = """
import random
@ws.lf(label="spam")
def f(x): return random.random() < 0.5
"""
    workbench = notebook.workbench(cell)
    many = pd.DataFrame({"text": ["a"] * 200}, index=[f"s{number}" for number in range(200)])
    chance = Workbench(many, workbench.schema, text="text")
    chance.add(workbench.functions["f"].lf)

    with pytest.raises(LabelingFunctionError, match=r"'f' must give the same votes.* On sample 's"):
        chance.export(tmp_path / "rules.py")
    assert [] == list(tmp_path.iterdir())


def test_comments_stay(notebook, quick, tmp_path):
    workbench = notebook.workbench(EXPORTED["a definition of several lines"])
    source = workbench.export(tmp_path / "rules.py").source

    assert "x,  # the sample" in source
    assert "# a comment" in source
    assert "@ws" not in source
    assert '@labeling_function(label="spam")' in source


def test_the_same_functions_give_the_same_file(notebook, quick, tmp_path):
    workbench = notebook.workbench(EXPORTED["long values"])
    first = workbench.export(tmp_path / "rules.py")
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")}
    workbench.export(tmp_path / "rules.py")

    assert files == {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert {path.name for path in first.resources} == {
        path.name for path in (tmp_path / "resources").iterdir()
    }


def test_files_of_values_that_are_no_longer_read_are_removed(notebook, quick, tmp_path):
    workbench = notebook.workbench(EXPORTED["long values"])
    before = workbench.export(tmp_path / "rules.py").resources
    other = tmp_path / "resources" / "mine.json"
    other.write_text("{}")
    workbench = notebook.workbench(EXPORTED["long values"].replace("range(500)", "range(600)"))
    after = workbench.export(tmp_path / "rules.py").resources

    assert set(before) != set(after)
    assert {*after, other} == set((tmp_path / "resources").iterdir())


def test_functions_of_a_file_that_the_notebook_imports_are_copied(notebook, tmp_path, monkeypatch):
    """Another process would not find the file."""
    folder = tmp_path / "beside"
    folder.mkdir()
    (folder / "helpers_beside.py").write_text(
        "LIMIT = 5\n\ndef is_long(text):\n    return len(text) > LIMIT\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    cell = """
from helpers_beside import is_long
@ws.lf(label="spam")
def f(x): return is_long(x.text)
"""
    made = notebook.workbench(cell).export(tmp_path / "rules.py")

    assert "helpers_beside" not in made.source
    assert "LIMIT = 5" in made.source


def test_a_module_that_only_the_notebook_finds_is_refused(notebook, quick, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def is_long(text):\n    return len(text) > 5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    cell = """
import only_here
@ws.lf(label="spam")
def f(x): return only_here.is_long(x.text)
"""
    with pytest.raises(LabelingFunctionError, match="'only_here' is found from the notebook's"):
        notebook.workbench(cell).export(tmp_path / "rules.py")


def test_a_module_that_another_process_cannot_load_is_refused(notebook, tmp_path, monkeypatch):
    monkeypatch.setattr("labeling.notebook.exporting.imports.is_importable", lambda module: True)
    (tmp_path / "also_here.py").write_text("def is_long(text):\n    return len(text) > 5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    cell = """
import also_here
@ws.lf(label="spam")
def f(x): return also_here.is_long(x.text)
"""
    with pytest.raises(LoadError, match="also_here"):
        notebook.workbench(cell).export(tmp_path / "rules.py")
    assert not (tmp_path / "rules.py").exists()


def test_a_file_that_was_not_exported_is_not_replaced(notebook, quick, tmp_path):
    path = tmp_path / "rules.py"
    path.write_text("# mine\n")
    workbench = notebook.workbench(EXPORTED["tabs"])

    with pytest.raises(DataError, match="not exported from a workbench"):
        workbench.export(path)
    assert path.read_text() == "# mine\n"
    workbench.export(path, overwrite=True)
    workbench.export(path)  # its own file may be replaced


def test_edits_and_other_functions_are_not_lost(notebook, quick, tmp_path):
    path = tmp_path / "rules.py"
    notebook.workbench(EXPORTED["partial functions"]).export(path)
    workbench = notebook.workbench(EXPORTED["tabs"])

    with pytest.raises(DataError, match="'p' are not in this workbench"):
        workbench.export(path)
    path.write_text(path.read_text("utf-8") + "# edited\n", "utf-8")
    with pytest.raises(DataError, match="edited since"):
        workbench.export(path)


@pytest.mark.parametrize("path", ["rules.txt", "missing/rules.py"])
def test_the_path_must_be_that_of_a_module(path, notebook, quick, tmp_path):
    workbench = notebook.workbench(EXPORTED["tabs"])

    with pytest.raises(DataError, match="Python file"):
        workbench.export(tmp_path / path)


def test_a_lookup_from_a_file_holds_its_values(quick, tmp_path):
    (tmp_path / "names.txt").write_text("nice song\n# no\n\nother\n")
    samples = pd.DataFrame({"text": ["nice song", "x"]}, index=["a", "b"])
    workbench = Workbench(samples, lb.LabelSchema(["ham", "spam"]), text="text")
    workbench.add(lookup("names", tmp_path / "names.txt", label="ham", column="text"))
    made = workbench.export(tmp_path / "rules.py")

    assert '["nice song", "other"]' in made.source


def test_the_source_of_a_function_whose_file_changed_is_not_guessed(quick, tmp_path):
    path = tmp_path / "rules.py"
    path.write_text(
        "from labeling import labeling_function\n\n@labeling_function(label='spam')\n"
        "def f(x):\n    return 'free' in x.text\n"
    )
    (lf,) = load_labeling_functions(path)
    assert "free" in source_text(lf)
    path.write_text(path.read_text().replace("free", "cash"))
    linecache.checkcache()

    assert source_text(lf) == ""


def test_an_empty_workbench_is_refused(notebook, quick, tmp_path):
    workbench = notebook.workbench("")

    with pytest.raises(LabelingFunctionError, match="no function"):
        workbench.export(tmp_path / "rules.py")


def exported_by(folder, words, last=0):
    """Export from a child process that kills itself at the n-th write; return its signal."""
    samples = pd.DataFrame({"text": ["free money", "nice song"]}, index=["a", "b"])
    workbench = Workbench(samples, lb.LabelSchema(["ham", "spam"]), text="text")
    workbench.add(keywords("k", words, label="spam"))
    child = os.fork()
    if child == 0:
        writes = []

        def audit(event, arguments):
            path = arguments[0] if arguments else None
            is_write = event in ("os.rename", "os.mkdir", "os.remove") or (
                event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
            )
            if is_write and str(folder) in str(path):
                writes.append(event)
                if len(writes) == last:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(audit)
        try:
            workbench.export(folder / "rules.py")
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_killed_export_leaves_the_old_or_the_new_module(quick, tmp_path):
    old, new = ([f"{prefix}{number}" for number in range(300)] for prefix in ("old", "new"))
    ended, last = -signal.SIGKILL, 0
    while ended == -signal.SIGKILL:
        last += 1
        folder = tmp_path / str(last)
        folder.mkdir()
        assert exported_by(folder, old) == 0
        before = (folder / "rules.py").read_text("utf-8")
        ended = exported_by(folder, new, last)

        (lf,) = load_labeling_functions(folder / "rules.py")
        is_old = (folder / "rules.py").read_text("utf-8") == before
        assert lf(pd.Series({"text": "old7" if is_old else "new7"})) == "spam"
        assert exported_by(folder, new) == 0
        (lf,) = load_labeling_functions(folder / "rules.py")
        assert lf(pd.Series({"text": "new7"})) == "spam"
    assert ended == 0
    assert last > 5  # it was killed at each write, and then ended


def test_check_tells_whether_an_exported_module_was_edited(tmp_path):
    from labeling.project.checking import _check_exports

    class Config:
        labeling_functions = ("rules.py", "mine.py")

        def at(self, path):
            return tmp_path / path

    samples = pd.DataFrame({"text": ["free money"]}, index=["a"])
    workbench = Workbench(samples, lb.LabelSchema(["ham", "spam"]), text="text")
    workbench.add(keywords("k", ["free"], label="spam"))
    workbench.export(tmp_path / "rules.py")
    (tmp_path / "mine.py").write_text("# mine\n")

    assert ["rules.py was exported from a notebook."] == _check_exports(Config())
    path = Path(tmp_path, "rules.py")
    path.write_text(path.read_text("utf-8").replace("free", "cash"), "utf-8")
    assert "edited since" in _check_exports(Config())[0]


def test_an_export_shows_itself(notebook, quick, tmp_path):
    made = notebook.workbench(EXPORTED["strange texts"]).export(tmp_path / "rules.py")

    assert "1 labeling function exported" in repr(made)
    assert "</script>" not in made._repr_html_()
    assert ["strange"] == list(made.to_frame().index)


def test_names_that_mean_two_things_become_parameters(quick, tmp_path):
    """Functions of two files, each with its own values and helpers of the same names."""
    body = """
from labeling import labeling_function

WORDS = {words}


def is_in(text):
    return any(word in text for word in WORDS)


@labeling_function(label="spam")
def {name}(x):
    return is_in(x.text) and len(WORDS) == 1
"""
    samples = pd.DataFrame({"text": ["free money", "nice song"]}, index=["a", "b"])
    workbench = Workbench(samples, lb.LabelSchema(["ham", "spam"]), text="text")
    for name, words in (("free", ["free"]), ("song", ["song"])):
        path = tmp_path / f"{name}.py"
        path.write_text(body.format(name=name, words=words))
        workbench.add(load_labeling_functions(path)[0])
    workbench.export(tmp_path / "rules.py")

    found = votes_of(tmp_path / "rules.py", workbench)
    assert {"free": [1, -1], "song": [-1, 1]} == {
        name: codes.tolist() for name, codes in found.items()
    }


def test_functions_that_mark_spans_are_written_as_such(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("Lee\nBob\n", "utf-8")

    @lb.span_labeling_function(label="PER", overlaps="error")
    def ann(x):
        yield from re.finditer("Ann", x.text)

    lfs = [
        ann,
        lb.labeling_function(name="closed", closed=True)(lambda x: "PER"),
        lb.functions.span_keywords("LOC", ["York"], name="cities"),
        lb.functions.span_lookup("PER", names),
        lb.functions.span_regex("PER", "(Mr) Lee", group=1),
    ]
    writer = ModuleWriter(lfs)
    for lf in lfs:
        writer.write(lf)
    module = tmp_path / "rules.py"
    module.write_text(writer.source("Rules."), "utf-8")
    names.unlink()
    loaded = lb.load_labeling_functions(module)
    assert [lf.name for lf in loaded] == [lf.name for lf in lfs]
    assert (loaded[0].overlaps, loaded[1].closed) == ("error", True)
    row = SimpleNamespace(text="Ann, Bob and Mr Lee in York")
    assert [lf(row) for lf in loaded] == [lf(row) for lf in lfs]

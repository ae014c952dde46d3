import os
import re

import pytest

import labeling as lb
from labeling import functions
from labeling.errors import LoadError

TWO = """
from labeling import labeling_function
from labeling.functions import keywords

@labeling_function
def b(x):
    return "spam"

a = b
more = [keywords(word, [word], label="spam") for word in ("x", "y")]
"""


def test_functions_are_loaded_in_their_order_each_once_those_in_lists_too(tmp_path):
    file = tmp_path / "rules.py"
    file.write_text(TWO)
    assert [lf.name for lf in lb.load_labeling_functions(file)] == ["b", "x", "y"]
    assert [lf.name for lf in lb.load_labeling_functions(str(file))] == ["b", "x", "y"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rules.txt", "", r"must be loaded from a Python file \(\.py\). Got '.*rules.txt'\.$"),
        ("none.py", None, r"Got '.*none.py', which does not exist"),
        ("rules.py", "x = 1\ndef f(:\n", "rules.py does not import: line 2: SyntaxError"),
        ("rules.py", "x = 1\n\n1 / 0\n", "rules.py does not import: line 3: ZeroDivisionError"),
        ("rules.py", "def f():\n    raise OSError('no')\nf()", "line 2: OSError"),
        ("rules.py", "import json\n\njson.loads('{')", "line 3: JSONDecodeError"),
        ("rules.py", "import no_such_module_at_all", "line 1: ModuleNotFoundError"),
        ("rules.py", "\nexec('1 +')", "line 2: SyntaxError"),
        ("rules.py", "x = 1\x00", "does not import: SyntaxError"),
        ("rules.py", "def f(x):\n    return 1\n", "at least one labeling function.*defines none"),
        ("rules.py", TWO + TWO.replace("def b", "def c"), "Given twice in rules.py: 'x', 'y'"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path, name, content, message):
    content = content and content.replace("more = ", "more2 = ", 1)
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(LoadError, match=message):
        lb.load_labeling_functions(tmp_path / name)


def test_the_line_of_an_error_is_named_for_a_relative_path_too(tmp_path, monkeypatch):
    (tmp_path / "rules.py").write_text("\n1 / 0\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LoadError, match="line 2: ZeroDivisionError"):
        lb.load_labeling_functions("rules.py")


def test_the_cause_of_a_failed_load_is_chained(tmp_path):
    (tmp_path / "rules.py").write_text("1 / 0\n")
    with pytest.raises(LoadError) as caught:
        lb.load_labeling_functions(tmp_path / "rules.py")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_file_with_any_name_can_be_loaded_and_leaves_no_module_behind(tmp_path):
    import sys

    file = tmp_path / "my rules-2.py"
    file.write_text(TWO)
    before = set(sys.modules)
    assert len(lb.load_labeling_functions(file)) == 3
    assert [name for name in set(sys.modules) - before if re.search("rules", name)] == []


def test_a_file_that_ends_the_process_is_refused(tmp_path):
    (tmp_path / "rules.py").write_text("import sys\n\nsys.exit(3)\n", encoding="utf-8")
    with pytest.raises(LoadError, match=r"does not import: line 3: SystemExit\(3\)"):
        lb.load_labeling_functions(tmp_path / "rules.py")


def test_the_name_of_before_for_refusing_duplicate_names_works_and_is_deprecated():
    with pytest.warns(DeprecationWarning, match="use `refuse_duplicate_names`"):
        assert functions.refuse_doubled_names is functions.refuse_duplicate_names
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = functions.nothing


def test_an_edit_of_one_word_within_a_second_is_seen(tmp_path, monkeypatch):
    """Cached bytecode is told from its source by size and time in seconds alone."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    file = tmp_path / "rules.py"
    for label in ("spam", "junk"):
        file.write_text(
            f'from labeling.functions import keywords\nr = keywords("r", ["x"], label="{label}")\n',
            encoding="utf-8",
        )
        os.utime(file, (1_700_000_000, 1_700_000_000))
        (function,) = lb.load_labeling_functions(file)
        assert function.label == label

"""Proposed source code: checked, measured without running it, never run before it is accepted."""

import sys

import pandas as pd
import pytest

import labeling as lb
from labeling.notebook.suggestions.allow_list import Refused, checked

SCHEMA = lb.LabelSchema(["ham", "spam"])
HEAD = '@labeling_function(label="spam")\ndef f(x):\n    return '


def workbench():
    texts = ["free cash", "nice song", "free love", "my song"] * 10
    gold = {row: ("spam" if row % 4 == 0 else "ham") for row in range(20)}
    return lb.Workbench(pd.DataFrame({"text": texts}), SCHEMA, gold)


BAD = {
    "dunder": "x.text.__class__.__bases__[0].__subclasses__()",
    "dunder in a comprehension": "any(c.__class__ for c in x.text.split())",
    "format string": '"{0.__class__}".format(x.text)',
    "f-string": 'f"{x.text.__class__}"',
    "percent": '"%999999999d" % 3',
    "walrus": "(y := x.text) == y",
    "lambda": "(lambda: x.text)()",
    "huge power": "9 ** 9 ** 9",
    "huge number": "len(x.text) > 99999999999",
    "shift": "1 << 999999999",
    "repetition": "x.text * 1000000000 == 'a'",
    "comprehension bomb": "[a for a in x.text for b in x.text for c in x.text]",
    "nested comprehension": "any(any(b for b in a) for a in x.text.split())",
    "eval": 'eval("1")',
    "exec": 'exec("1")',
    "open": 'open("/etc/passwd").read()',
    "getattr": 'getattr(x, "text")',
    "import function": '__import__("os").system("true")',
    "globals": "globals()",
    "type": "type(x.text)",
    "print": "print(x.text)",
    "input": "input()",
    "module attribute": "re.sys.modules",
    "module attribute of ours": "re.compile('a')",
    "computed call": "[len][0](x.text)",
    "starred": "max(*x.text.split())",
    "replace": "x.text.replace('', x.text)",
    "join": "'a'.join(x.text.split())",
    "encode": "x.text.encode()",
    "await": "await x.text",
    "yield": "(yield x.text)",
    "bytes": "b'a' in x.text",
    "private column": "x._private",
    "keyword": "sorted(x.text, **x.text)",
    "long text": repr("a" * 600) + " in x.text",
}
BAD_WHOLE = {
    "loop": "def f(x):\n    while True:\n        pass\n",
    "for": "def f(x):\n    for a in x.text:\n        pass\n",
    "import": "import os\ndef f(x):\n    return True\n",
    "import under a name": "import os as re\ndef f(x):\n    return True\n",
    "import from": "from os import system\ndef f(x):\n    return True\n",
    "import inside": "def f(x):\n    import os\n    return True\n",
    "default": "def f(x, y=print('hi')):\n    return True\n",
    "annotation": "def f(x: print('hi')):\n    return True\n",
    "returns": "def f(x) -> print('hi'):\n    return True\n",
    "decorator": "@print\ndef f(x):\n    return True\n",
    "decorator argument": "@labeling_function(label=print('hi'))\ndef f(x):\n    return True\n",
    "resources": "@labeling_function(resources={'a': 1})\ndef f(x):\n    return True\n",
    "two": "def f(x):\n    return True\ndef g(x):\n    return True\n",
    "statement": "print('hi')\ndef f(x):\n    return True\n",
    "class": "class F:\n    pass\n",
    "async": "async def f(x):\n    return True\n",
    "shadow": "def f(x):\n    len = x.text\n    return len\n",
    "shadowed sample": "def f(x):\n    x = 3\n    return x\n",
    "global": "def f(x):\n    global y\n    y = 1\n    return True\n",
    "inner function": "def f(x):\n    def g():\n        return 1\n    return True\n",
    "try": "def f(x):\n    try:\n        return 1\n    except ValueError:\n        pass\n",
    "module changed": "def f(x):\n    re.search = len\n    return True\n",
    "module changed in a tuple": "def f(x):\n    a, math.pi = 1, 2\n    return True\n",
    "item changed": "def f(x):\n    x['text'] = 'a'\n    return True\n",
    "changed in a comprehension": "def f(x):\n    return [1 for re.search in x.text]\n",
    "module by a list": "def f(x):\n    return [re][0].sys\n",
    "module by a name": "def f(x):\n    m = re\n    return m.sys\n",
    "method by a name": "def f(x):\n    g = x.text.upper\n    return g()\n",
    "itself": "def f(x):\n    return f(x)\n",
    "overflowing pattern": "f = regex('f', 'a{99999999999999999999}', label='spam')",
    "method of the sample": "def f(x):\n    return x.fields(x)\n",
    "own name": "def re(x):\n    return True\n",
    "private name": "def __f(x):\n    return True\n",
    "doubling": "def f(x):\n    a = x.text\n" + "    a = a + a\n" * 40 + "    return a\n",
    "computed words": "f = keywords('f', [str(3)], label='spam')",
    "other name": "f = keywords('g', ['a'], label='spam')",
    "file": "f = lookup('f', '/etc/passwd', label='spam', column='text')",
    "other kind": "f = sql_values('sqlite:///x', 'select 1')",
    "syntax": "def f(x:",
    "nothing": "",
    "null": "def f(x):\n    return '\0'",
    "long": "def f(x):\n" + "    y = 1\n" * 2000,
    "deep": "f = " + "(" * 3000 + "1" + ")" * 3000,
    "deep lists": HEAD + "[" * 80 + "]" * 80,
    "unknown label": "@labeling_function(label='spma')\ndef f(x):\n    return True\n",
    "bad pattern": "f = regex('f', '(', label='spam')",
    "no label": "f = keywords('f', ['a'])",
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_expressions_beyond_the_list_are_refused(name):
    with pytest.raises(Refused):
        checked(HEAD + BAD[name] + "\n")


@pytest.mark.parametrize("name", sorted(BAD_WHOLE))
def test_code_beyond_the_list_is_refused_with_a_reason_and_shown(name):
    found = workbench().suggest(3, propose=lambda facts: [BAD_WHOLE[name]])
    (refused,) = found.refused
    assert refused.refused
    assert refused.source == BAD_WHOLE[name]
    assert not any(item.kind == "proposed" for item in found.items)
    assert "Refused because" in found._repr_html_()


def test_what_is_no_text_is_refused():
    found = workbench().suggest(3, propose=lambda facts: [3, None])
    assert len(found.refused) == 2
    with pytest.raises(lb.LabelingError, match="must return a list"):
        workbench().suggest(3, propose=lambda facts: "def f(x): return True")


GOOD = {
    "method": HEAD + '"free" in x.text.lower()\n',
    "pattern": "import re\n"
    + HEAD
    + 're.search(r"fre+", x.text, flags=re.IGNORECASE) is not None\n',
    "labels": "def f(x):\n    if 'free' in x.text:\n        return 'spam'\n    return ABSTAIN\n",
    "words": HEAD + "any(word == 'free' for word in x.text.split())\n",
    "ratio": HEAD + "x.text.count('f') >= 0.1 * len(x.text)\n",
    "keywords": "f = keywords('f', ['free'], label='spam')",
    "regex": "f = regex('f', r'fre+', label='spam', flags=re.IGNORECASE)",
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_plain_rules_are_offered_and_vote_when_accepted(name, tmp_path):
    made = workbench()
    found = made.suggest(1, propose=lambda facts: [GOOD[name]])
    assert not found.refused
    item = found.items[-1]
    assert item.kind == "proposed"
    assert item.lf is None
    (lf,) = found.accept("f", path=tmp_path / "found.py")
    votes = made.functions["f"].codes
    assert ((votes == 1) == made.samples["text"].str.contains("free")).all()
    (again,) = lb.load_labeling_functions(tmp_path / "found.py")
    assert (lb.apply(again, made.samples, SCHEMA).to_array()[:, 0] == votes).all()
    assert lf.name == "f"


def test_known_votes_are_measured_without_running_the_code():
    source = HEAD + '"free" in x.text\n'
    item = workbench().suggest(1, propose=lambda facts: [source]).items[-1]
    assert (item.n, item.precision, item.coverage) == (10, 0.5, 0.5)
    assert "known on 40 of 40 samples" in item.note


def test_the_body_is_not_run_before_it_is_accepted():
    seen = []

    def watch(frame, event, argument):
        if event == "call" and frame.f_code.co_name == "unlikely_name":
            seen.append(frame.f_code.co_name)

    source = HEAD.replace("def f", "def unlikely_name") + '"free" in x.text.title()\n'
    made = workbench()
    sys.setprofile(watch)
    try:
        found = made.suggest(1, propose=lambda facts: [source])
        assert not seen
        found.accept("unlikely_name")
        assert seen
    finally:
        sys.setprofile(None)


def test_a_callable_gets_plain_facts():
    given = []

    def propose(facts):
        given.append(facts)
        return []

    workbench().suggest(1, propose=propose)
    (facts,) = given
    assert facts["labels"] == ["ham", "spam"]
    assert all(isinstance(text, str) for texts in facts["examples"].values() for text in texts)
    assert len(facts["examples"]["spam"]) == 5

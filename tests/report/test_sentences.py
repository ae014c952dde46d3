"""What the report says is so: who counts as a reviewer, what patterns are, what contradicts."""

import datetime
import html
import re

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import listed, literal
from labeling.records import Annotation
from labeling.report import write_report
from tests.support.browser import opened

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ODD = r"odd\label"
CONFIG = f"""
data: {{path: comments.parquet, id: key}}
labels: [ham, spam, '{ODD}']
labeling_functions: [rules.py]
files: {{annotators: [ann, bob]}}
"""
RULES = r'''
from labeling import ABSTAIN, labeling_function
from labeling.functions import contains, matches, regex, search

number = regex("number", r"\b\d+\b", label="spam")
digits = regex("digits", r"\d", label="spam")
words = search("words", matches(r"\w+\s+\w+") & ~contains("a\\b"), label="ham")
odd = regex("odd", r"^\W", label="odd\\label")


@labeling_function
def either(x):
    """Says ham or spam: it may agree with either."""
    return "ham" if len(x.text) % 2 else "spam"
'''


def words_of(path):
    page = path.read_text(encoding="utf-8").partition("<body>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    texts = [f"buy {i} things" if i % 2 else f"\\ no number at all {'x' * i}" for i in range(60)]
    frame = pd.DataFrame({"key": [f"c{i}" for i in range(60)], "text": texts})
    frame.to_parquet(folder / "comments.parquet")
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    made = lb.Project(folder / "project.yaml")
    made.apply()
    said = [
        *(("c1", "ann", "ham", False), ("c1", "bob", "spam", False), ("c1", "dora", "ham", True)),
        *(("c3", "ann", "ham", False), ("c3", "bob", "spam", False), ("c3", "Bob ", "spam", True)),
    ]
    made.add_annotations(
        [
            Annotation(sample, who, label, NOW, NOW, reviewer=reviewer, reason=r"see C:\temp\x")
            for sample, who, label, reviewer in said
        ]
    )
    return made


@pytest.fixture(scope="module")
def path(project):
    return write_report(project)


def test_only_those_who_were_heard_are_named_as_reviewers(project, path):
    words = words_of(path)

    assert "1 reviewer ( dora ) reviewed 1 of them" in words
    assert "1 review was ignored, as the reviewer had annotated the same sample." in words
    assert "and there is 1 review." in words
    assert 1 == project.snapshot().reviews


def test_without_a_reviewer_who_was_heard_nobody_is_named(tmp_path, project):
    for name in ("comments.parquet", "rules.py", "project.yaml"):
        (tmp_path / name).write_bytes((project.config.root / name).read_bytes())
    other = lb.Project(tmp_path / "project.yaml")
    other.add_annotations(
        [
            Annotation("c1", who, label, NOW, NOW, reviewer=reviewer)
            for who, label, reviewer in (
                *(("ann", "ham", False), ("bob", "spam", False)),
                ("bob", "spam", True),
            )
        ]
    )
    words = words_of(write_report(other))

    assert "no reviewer has decided yet" in words
    assert "1 review was ignored" in words


def test_backslashes_are_as_their_authors_wrote_them(path):
    page = html.unescape(path.read_text(encoding="utf-8"))

    assert r"where r'\b\d+\b' is found" in page
    assert r"matches(r'\w+\s+\w+') & ~contains(r'a\b')" in page
    assert ODD in page
    assert r"see C:\temp\x" in page
    assert "\\\\" not in page


def test_rules_of_one_label_each_contradict_by_construction(path, browser):
    with opened(browser, path) as found:
        tables = found.page.locator("#functions .pair table")
        most = tables.nth(0).locator("tbody tr").all_inner_texts()
        least = tables.nth(1).inner_text()

    assert any("number" in pair and "words" in pair for pair in most)
    for pair in most:
        assert ("either" in pair) != ("conflict by construction" in pair), pair
    assert "Pairs that vote for one label each are left out" in least
    assert not re.search(r"number\s+digits", least)  # they cannot differ, and so tell nothing
    assert "either" in least


@pytest.mark.parametrize("value", ["plain", r"\d", "ends \\", "both ' \" \\", "line\n\\", 3, None])
def test_a_literal_is_what_python_reads(value):
    assert value == eval(literal(value))
    assert literal(value) in listed([value])


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    labels = [f"a_label_with_a_long_name_{i:02}" for i in range(77)]
    keys = [f"c{i}" for i in range(154)]
    texts = [labels[min(i, 76)].replace("_", " ") for i in range(154)]
    pd.DataFrame({"key": keys, "text": texts}).to_parquet(folder / "comments.parquet")
    rules = f"""
from labeling import labeling_function

LABELS = {labels!r}


@labeling_function
def names_it(x):
    return LABELS[int(x.text[-2:])]
"""
    (folder / "rules.py").write_text(rules, encoding="utf-8")
    config = (
        CONFIG.partition("labels:")[0] + f"labels: {labels!r}\nlabeling_functions: [rules.py]\n"
    )
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    project.export(votes=project.apply())
    return write_report(project)


def test_many_labels_are_counted_and_the_most_frequent_shown(many):
    words = words_of(many)

    assert "154 samples to label with one of 77 labels: a_label_with_a_long_name_00 ," in words
    assert "and 71 more." in words
    assert "The 20 most frequent of 77." in words
    assert 2 == words.count("The other 57 labels")  # of all samples, and of the training set
    assert "a_label_with_a_long_name_76 78 50.6%" in words


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 1200])
def test_many_labels_fit_the_page(many, browser, width, scheme):
    with opened(browser, many, width=width, scheme=scheme) as found:
        assert (0, []) == (found.overflow(), found.console)
        shown = found.page.locator("#data .scroll").first
        assert 0 == shown.evaluate("element => element.scrollWidth - element.clientWidth")
        found.page.locator("#data details > summary").click()
        assert 0 == found.overflow()

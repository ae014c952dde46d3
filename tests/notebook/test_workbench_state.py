"""A workbench keeps its own state, whatever its user does, and says what was wrong."""

import functools
import importlib
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError
from labeling.functions import keywords
from labeling.notebook.commit_log import CommitLog

SCHEMA = lb.LabelSchema(["ham", "spam"])
TEXTS = ["free cash", "nice song", "free love", "win big", "hello free", "meh"]


def samples():
    return pd.DataFrame({"text": TEXTS}, index=list("abcdef"))


def money(word="free", name="money"):
    return keywords(name, [word], label="spam")


def bench(**options):
    return lb.Workbench(samples(), SCHEMA, gold={"a": "spam", "b": "ham"}, **options)


def test_a_frame_that_is_changed_later_changes_nothing():
    frame = samples()
    made = lb.Workbench(frame, SCHEMA)
    made.add(money())
    before = repr(made.bucket("money"))
    frame["text"] = "changed"
    frame.loc["a", "text"] = "other"
    frame.pop("text")
    assert repr(made.bucket("money")) == before
    assert made.preview(money("nice")).measures.votes == 1


def test_a_workbench_shows_what_it_holds_and_runs_nothing():
    calls = []

    @lb.labeling_function(label="spam", compile=False)
    def has_free(x):
        calls.append(1)
        return "free" in x.text

    made = bench()
    assert "0 labeling functions" in repr(made)
    assert "@workbench.lf" in repr(made)
    made.add(has_free)
    n_calls = len(calls)
    assert "3 of 6 samples (50.0%) have a vote." in repr(made)
    assert "Dev set: 2 samples (ham 1, spam 1)." in made._repr_html_()
    assert len(calls) == n_calls
    many = lb.LabelSchema([f"<b>{number}" for number in range(50)])
    shown = lb.Workbench(samples(), many)._repr_html_()
    assert "and 38 more" in shown
    assert "<b>" not in shown
    assert "no dev set" in shown


def test_functions_without_a_name_do_not_replace_each_other():
    made, by_label = bench(), lb.labeling_function(label="spam")
    unnamed = [
        by_label(lambda x: "free" in x.text),
        by_label(functools.partial(lambda x, word: word in x.text, word="win")),
    ]
    for lf in unnamed:
        assert made.preview(lf).measures.votes  # a draft needs none
        with pytest.raises(LabelingFunctionError, match="must have a name"):
            made.add(lf)


@pytest.mark.parametrize("wrong", [lambda x: True, 3, None, "money"])
def test_what_is_no_labeling_function_is_refused_with_what_to_write(wrong):
    with pytest.raises(LabelingFunctionError, match=r"@workbench\.lf"):
        bench().add(wrong)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"text": "body"}, "no column 'body'"),
        ({"cache": 3}, "path of a folder"),
        ({"gold": ["ham"] * 6}, "index=samples.index"),
    ],
)
def test_a_wrong_argument_is_refused_at_once(options, words):
    with pytest.raises(lb.LabelingError, match=words):
        lb.Workbench(samples(), SCHEMA, **options)


def test_wrong_values_of_buckets_and_exports_are_refused():
    made = bench()
    made.add(money())
    with pytest.raises(lb.LabelingError, match="empty list"):
        made.bucket(vote=[])
    with pytest.raises(lb.LabelingError, match="path of a module"):
        made.export(3)


def test_a_column_of_categories_is_a_text():
    frame = pd.DataFrame({"body": pd.Categorical(TEXTS), "n": range(6)})
    assert lb.Workbench(frame, SCHEMA).text == "body"
    numbers = pd.DataFrame({"body": pd.Categorical([1, 2, 1])})
    with pytest.raises(DataError, match="must be named"):
        lb.Workbench(numbers, SCHEMA).text  # noqa: B018  # raises


def test_two_workbenches_on_one_folder_see_the_commits_of_each_other(tmp_path):
    first, second = bench(cache=tmp_path), bench(cache=tmp_path)
    first.add(money())
    first.commit("one")
    second.add(money("nice", "nice"))
    committed = second.commit("two")
    assert committed.change.dropped == ("money",)
    assert list(first.log().to_frame()["message"]) == ["one", "two"]
    first.add(money("win", "win"))
    first.commit("three")
    commits = first.log().history.commits
    assert [commit.number for commit in commits] == [1, 2, 3]
    assert commits[2].parent == commits[1].id
    assert (
        repr(bench(cache=tmp_path).log()).splitlines()[1:4] == repr(first.log()).splitlines()[1:4]
    )


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    made = bench(cache=tmp_path / "cache")
    made.add(money())
    (tmp_path / "cache" / "workbench").write_text("in the way")
    with pytest.raises(DataError, match="must be writable"):
        made.commit("one")
    assert len(made.log()) == 0


def test_ids_of_any_kind_can_be_committed(tmp_path):
    ids = pd.Index([True, 7, "7", "True", 1.5, b"x"], dtype=object)
    frame = pd.DataFrame({"text": TEXTS}, index=ids)
    made = lb.Workbench(frame, SCHEMA, cache=tmp_path)
    made.add(money())
    commit = made.commit("one").commit
    again = lb.Workbench(frame.iloc[::-1], SCHEMA, cache=tmp_path)
    base = again.diff(base=commit.id)
    assert base.lost == 3
    assert set(base.to_frame().index) == {True, "7", 1.5}


def test_the_source_of_an_edited_and_reloaded_module_is_committed(tmp_path, monkeypatch):
    def write(word):
        (tmp_path / "edited_rules.py").write_text(
            "from labeling import labeling_function\n\n\n"
            "@labeling_function(label='spam')\ndef has_word(x):\n"
            f"    return {word!r} in x.text\n"
        )

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write("free")
    made = bench()
    made.add(importlib.import_module("edited_rules").has_word)
    made.commit("one")
    write("nice song")
    made.add(importlib.reload(sys.modules["edited_rules"]).has_word)
    assert "nice song" in made.commit("two").commit.source
    assert made.diff("has_word").gained == 1


def test_reverting_nothing_offers_nothing_to_take_back():
    made = bench()
    assert "takes this back" not in repr(made.revert())
    made.add(money())
    assert "takes this back" in repr(made.revert())


def test_a_name_that_begins_the_id_of_a_commit_is_refused():
    made = bench()
    made.add(money())
    commit = made.commit("one").commit
    made.add(money("nice", commit.id[:3]))
    with pytest.raises(DataError, match="both"):
        made.revert(commit.id[:3])
    assert made.revert(commit.id).change.dropped == (commit.id[:3],)


def test_a_long_message_is_clipped_in_titles():
    made = bench()
    made.add(money())
    first = repr(made.commit("x" * 3000)).splitlines()[0]
    assert len(first) < 130
    assert "Nothing has changed" in repr(made.commit("x" * 3000))


def test_growth_is_told_of_commits_on_as_many_samples(tmp_path):
    made = bench(cache=tmp_path)
    made.add(money())
    made.commit("one")
    few = lb.Workbench(samples().iloc[:2], SCHEMA, cache=tmp_path)
    few.add(money("nice", "nice"))
    few.commit("two")
    log = few.log()
    assert isinstance(log, CommitLog)
    assert "Coverage went" not in repr(log)
    few.add(money())
    few.commit("three")
    assert "Coverage went from 50.0% to 100.0%." in repr(few.log())


def test_a_function_that_always_fails_is_not_called_misspelt():
    made = bench()

    @made.lf(label="spam", compile=False)
    def fails(x):
        raise ValueError("ends in a full stop.")

    assert [finding.kind for finding in made.lint().findings] == ["raises"]
    assert "stop. (" not in repr(made.preview("fails"))
    assert np.all(made.functions["fails"].codes == -1)

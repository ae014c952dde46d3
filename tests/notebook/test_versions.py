"""Commits are kept whole, shown after a restart, and can be gone back to."""

import json
import signal

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError
from labeling.functions import keywords
from labeling.notebook import Workbench
from labeling.notebook.commit_log import OFTEN
from labeling.project import Project
from tests.notebook.killed_commits import commit_and_die
from tests.support.killing import make_project

SCHEMA = lb.LabelSchema(["ham", "spam"])


def samples(n=60, word="free"):
    texts = [f"{(word, 'nice', 'win')[number % 3]} {number}" for number in range(n)]
    return pd.DataFrame({"text": texts}, index=[f"c{number}" for number in range(n)])


def gold():
    return {f"c{number}": "ham" if number % 3 == 1 else "spam" for number in range(30)}


def bench(cache=None, table=None, dev=True):
    table = samples() if table is None else table
    return Workbench(table, SCHEMA, gold=gold() if dev else None, text="text", cache=cache)


FREE = keywords("free", ["free"], label="spam")
WIN = keywords("win", ["win"], label="spam")
NICE = keywords("nice", ["nice"], label="ham")
NICER = keywords("nice", ["nice", "nicest"], label="ham")


def test_a_commit_is_a_row_with_n_and_interval():
    ws = bench()
    ws.add(FREE)
    first = ws.commit("free is spam")
    ws.add(NICE)
    ws.add(WIN)
    ws.commit("and more")

    table = ws.log().to_frame()
    assert ["free is spam", "and more"] == list(table["message"])
    assert ["free", "nice, win"] == list(table["added"])
    assert [1 / 3, 1.0] == pytest.approx(list(table["coverage"]))
    assert [10, 30] == list(table["accuracy_n"])
    assert table["accuracy_low"].between(0.5, 1).all()
    assert first.id == table.index[0]
    assert first.is_new


def test_committing_again_says_that_nothing_has_changed():
    ws = bench()
    ws.add(FREE)
    first = ws.commit("one")
    again = ws.commit("two")

    assert not again.is_new
    assert again.id == first.id
    assert f"Nothing has changed since commit {first.id}" in repr(again)
    assert len(ws.log()) == 1


def test_the_change_of_each_commit_is_named():
    ws = bench()
    ws.add(FREE)
    ws.add(NICE)
    ws.commit("one")
    ws.drop("free")
    ws.add(keywords("nice", ["song"], label="ham"))
    ws.add(WIN)
    second = ws.commit("two")

    assert (second.change.added, second.change.changed, second.change.dropped) == (
        ("win",),
        ("nice",),
        ("free",),
    )
    assert "added 'win'; changed 'nice'; dropped 'free'" in repr(ws.log())


def test_an_id_depends_on_the_content_alone():
    """Neither on the time, nor on the order of the rows, nor on the process."""

    def committed(table):
        ws = bench(table=table)
        ws.add(FREE)
        return ws.commit("one").commit.id

    ids = {committed(samples()), committed(samples()[::-1]), committed(samples())}
    assert 1 == len(ids)
    assert ids != {committed(samples(word="fre"))}


def test_a_commit_without_functions_or_message_is_refused():
    ws = bench()
    with pytest.raises(LabelingFunctionError, match="must have a labeling function"):
        ws.commit("empty")
    ws.add(FREE)
    for message in ("", "  ", None):
        with pytest.raises(DataError, match="must have a message"):
            ws.commit(message)
    assert len(ws.log()) == 0


def test_revert_goes_to_a_commit_and_back():
    ws = bench()
    ws.add(FREE)
    first = ws.commit("one")
    ws.add(NICE)
    ws.drop("free")
    now = ws.functions

    back = ws.revert(first.id[:4])
    assert ("free",) == ws.functions.names
    assert (back.change.added, back.change.dropped) == (("free",), ("nice",))
    assert not ws.commit("again").is_new

    ws.revert()
    assert now.names == ws.functions.names
    ws.revert()
    assert ("free",) == ws.functions.names


def test_revert_without_a_revert_takes_back_the_last_change():
    ws = bench()
    ws.add(FREE)
    ws.drop("free")
    ws.revert()

    assert ("free",) == ws.functions.names


def test_running_a_cell_again_is_no_change_to_be_taken_back():
    ws = bench()
    ws.add(FREE)
    ws.add(NICE)
    ws.add(keywords("nice", ["nice"], label="ham"))
    ws.revert()

    assert ("free",) == ws.functions.names


def test_one_function_is_reverted_by_name_and_back():
    ws = bench()
    ws.add(NICE)
    ws.add(NICER)
    ws.revert("nice")
    assert ws.functions["nice"].lf is NICE
    ws.revert("nice")
    assert ws.functions["nice"].lf is NICER
    ws.drop("nice")
    ws.revert("nice")
    assert ws.functions["nice"].lf is NICER


def test_what_cannot_be_reverted_to_is_named_with_the_near_one():
    ws = bench()
    ws.add(NICE)
    ws.drop("nice")
    with pytest.raises(DataError, match="Did you mean 'nice'"):
        ws.revert("nise")
    with pytest.raises(DataError, match="there are: none"):
        _ = ws.log()["zzzz"]


def test_a_revert_says_what_votes_otherwise_now():
    words = ["free"]

    def function(x):
        return any(word in x.text for word in words)

    ws = bench()
    ws.add(lb.labeling_function(name="f", label="spam")(function))
    first = ws.commit("one")
    words.append("nice")
    ws.refresh()

    assert ws.revert(first.id).unlike == ("f",)
    assert "cannot be as before" in repr(ws.revert(first.id))


def test_commits_are_there_after_a_restart(tmp_path):
    ws = bench(tmp_path)
    ws.add(FREE)
    ws.add(NICE)
    first = ws.commit("one")
    ws.drop("nice")
    ws.commit("two")

    other = bench(tmp_path)
    pd.testing.assert_frame_equal(ws.log().to_frame(), other.log().to_frame())
    assert "keywords('free', ['free'], label='spam')" in other.log()[first.id].source
    functions = other._set_at(first.id)
    for name in ("free", "nice"):
        np.testing.assert_array_equal(functions[name].codes, ws._set_at(first.id)[name].codes)
    with pytest.raises(LabelingFunctionError, match="Made by another: 'free', 'nice'"):
        other.revert(first.id)
    assert 0 == len(other.functions)


def test_rows_in_another_order_find_their_votes(tmp_path):
    ws = bench(tmp_path)
    ws.add(FREE)
    first = ws.commit("one")

    other = bench(tmp_path, samples()[::-1])
    np.testing.assert_array_equal(
        ws.functions["free"].codes[::-1], other._set_at(first.id)["free"].codes
    )
    with pytest.raises(DataError, match="on the samples of this workbench"):
        bench(tmp_path, samples(50))._set_at(first.id)


def test_a_commit_of_before_is_reverted_to_when_its_cells_were_run(tmp_path):
    ws = bench(tmp_path)
    ws.add(FREE)
    first = ws.commit("one")

    other = bench(tmp_path)
    other.add(keywords("free", ["free"], label="spam"))
    assert not other.commit("nothing new").is_new
    other.drop("free")
    other.revert(first.id)
    assert ("free",) == other.functions.names
    assert other.functions["free"].lf.call is not None


def test_a_project_keeps_the_commits(tmp_path):
    config = make_project(tmp_path / "p") / "project.yaml"
    first = Workbench(project=config)
    commit = first.commit("as in the files")

    again = Workbench(project=Project(config))
    assert [commit.id] == list(again.log().to_frame().index)
    assert not again.commit("nothing").is_new


@pytest.mark.parametrize("damage", ["{", '{"format": 1}', None])
def test_a_damaged_file_is_named(damage, tmp_path):
    ws = bench(tmp_path)
    ws.add(FREE)
    ws.commit("one")
    (path,) = (tmp_path / "workbench").glob("*.json")
    if damage is None:
        changed = json.loads(path.read_text()) | {"message": "another"}
        path.write_text(json.dumps(changed))
    else:
        path.write_text(damage)

    with pytest.raises(DataError, match=f"{path.name}.*Delete it"):
        bench(tmp_path).log()


def test_files_can_be_read_by_their_owner_only(tmp_path):
    ws = bench(tmp_path)
    ws.add(FREE)
    ws.commit("one")

    for path in [tmp_path / "workbench", *(tmp_path / "workbench").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path


def committed_by(cache, last):
    """Commit in a child process that kills itself at the n-th write; return how it ended."""
    ws = bench(cache)
    ws.add(FREE)
    return commit_and_die(ws, last)


def test_a_killed_commit_is_there_as_a_whole_or_not(tmp_path):
    ended, last = -signal.SIGKILL, 0
    while ended == -signal.SIGKILL:
        last += 1
        cache = tmp_path / str(last)
        ended = committed_by(cache, last)

        ws = bench(cache)
        for commit in ws.log().history.commits:
            assert ws._set_at(commit.id).names == ("free",)
        ws.add(FREE)
        ws.commit("one")
        assert ["one"] == list(ws.log().to_frame()["message"])
    assert ended == 0
    assert last > 4  # it was killed at each write, and then ended


def test_without_a_dev_set_the_accuracy_is_unknown():
    ws = bench(dev=False)
    ws.add(FREE)
    ws.commit("one")
    table = ws.log().to_frame()

    assert table["accuracy"].isna().all()
    assert [0] == list(table["accuracy_n"])
    assert "dev set" not in repr(ws.log())
    assert ws.looks_at_dev == 0


def test_looks_at_the_dev_set_are_counted_and_warned_of(tmp_path):
    ws = bench(tmp_path)
    ws.add(FREE)
    assert "0 results were measured on the 30 samples" in repr(ws.log())
    ws.commit("one")
    assert "1 result was measured on the 30 samples" in repr(ws.log())
    assert "locked test set" not in repr(ws.log())

    again = bench(tmp_path)
    for _ in range(OFTEN - 1):
        again._looked_at_dev()
    assert f"{OFTEN} results" in repr(again.log())
    assert "locked test set" in repr(again.log())


def test_a_log_shows_itself_safely():
    ws = bench()
    assert "0 commits" in repr(ws.log())
    ws.add(FREE)
    ws.commit("<script>alert(1)</script> \u202e\x00" + "a" * 10_000)
    ws.add(NICE)
    ws.commit("two")
    shown = ws.log()._repr_html_()

    assert "<script" not in shown
    assert "Coverage went from 33.3% to 66.7%" in repr(ws.log())
    assert "<svg" in shown
    assert ws.log()[ws.log().to_frame().index[1]]._repr_html_()


def test_an_exported_file_of_a_project_is_exported_again(tmp_path):
    """Functions of the project's other files stay there."""
    config = make_project(tmp_path / "p") / "project.yaml"
    rules = tmp_path / "p" / "mine.py"
    first = Workbench(project=config)
    first.add(keywords("song", ["song"], label="ham"))
    made = first.export(rules)
    assert ("song",) == made.names
    assert () == made.also_in_project
    text = config.read_text().replace("[rules.py]", "[rules.py, mine.py]")
    config.write_text(text)

    again = Workbench(project=Project(config))
    assert "song" in again.functions
    again.add(keywords("hello", ["hello"], label="ham"))
    again.add(keywords("link", ["http"], label="spam"))
    made = again.export(rules)
    assert ("link", "song", "hello") == made.names  # in the order of the workbench
    assert ("link",) == made.also_in_project
    assert "'link' is in the project's other files, too" in repr(made)

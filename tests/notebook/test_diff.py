"""`Workbench.diff`: samples gained, lost and flipped, of functions and of sets."""

import numpy as np
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError, LabelingFunctionError
from labeling.functions import keywords
from labeling.notebook.function_set import FunctionSet
from tests.notebook.planted import GOLD, SCHEMA, free, link, love, samples, song, workbench


def changes(diff):
    return diff.gained, diff.lost, diff.flipped


def cash(name="money"):
    return keywords(name, ["cash"], label="spam")


def test_a_draft_against_the_version_in_the_set():
    diff = workbench(free("money"), song()).diff(cash())
    assert changes(diff) == (1, 2, 0)
    frame = diff.to_frame()
    assert dict(zip(frame.index, frame["change"], strict=True)) == {
        "c3": "gained",
        "c2": "lost",
        "c8": "lost",
    }
    assert frame.loc["c3", ["before", "after", "gold", "text"]].tolist() == [
        None,
        "spam",
        "spam",
        "cash at http://x.org",
    ]
    assert frame.loc["c8", "others"] == "song: ham"
    assert (diff.precision_before.value, diff.precision_before.n) == (2 / 3, 3)
    assert (diff.precision_after.value, diff.precision_after.n) == (1.0, 2)


def test_a_function_in_the_set_against_the_one_it_replaced():
    made = workbench(free("money"))
    added = made.add(cash())
    assert changes(made.diff(added)) == changes(made.diff("money")) == (1, 2, 0)


def test_a_function_without_an_older_version_gains_all_its_votes():
    diff = workbench(song()).diff(free())
    assert changes(diff) == (3, 0, 0)
    assert np.isnan(diff.precision_before.value)
    assert "has no older version" in repr(diff)


def test_flipped_votes():
    made = workbench(keywords("free", ["free"], label="ham"))
    diff = made.diff(free())
    assert changes(diff) == (0, 0, 3)
    assert diff.to_frame()[["before", "after"]].values.tolist() == [["ham", "spam"]] * 3


def test_two_functions_of_any_names():
    made = workbench(free(), song(), love())
    assert changes(made.diff("free", "song")) == (2, 2, 1)
    assert changes(made.diff("song", "free")) == (2, 2, 1)
    assert made.diff("free", "song").model.before.names == ("love", "free")
    assert made.diff("free", "song").model.after.names == ("love", "song")


def test_two_versions_of_one_function():
    made = workbench(free("money"))
    assert changes(made.diff(free("money"), cash())) == (1, 2, 0)


def test_the_set_against_no_functions():
    diff = workbench(free(), song(), love(), link()).diff()
    assert changes(diff) == (7, 0, 0)  # all but c6
    frame = diff.to_frame()
    assert frame.loc["c2", "after"] == "tie"
    assert frame.loc["c8", "after"] == "tie"
    assert frame.loc["c4", "after"] == "ham"
    assert [change.name for change in diff.functions] == ["free", "song", "love", "link"]
    assert {change.change for change in diff.functions} == {"added"}
    assert (diff.precision_after.value, diff.precision_after.n) == (1.0, 3)  # c1, c3, c4


def test_two_sets():
    made = workbench(free(), song())
    old = made.functions
    made.drop("song")
    made.add(keywords("free", ["free cash"], label="spam"))
    made.add(love())
    diff = made.diff(base=old)
    assert changes(diff) == changes(made.diff(old, made.functions)) == (0, 2, 1)
    table = diff.to_frame()
    assert table.loc[["c5", "c8", "c2"], "change"].tolist() == ["lost", "lost", "flipped"]
    assert table.loc[["c5", "c8", "c2"], "before"].tolist() == ["ham", "tie", "spam"]
    kinds = {change.name: change.change for change in diff.functions}
    assert kinds == {"free": "changed", "song": "dropped", "love": "added"}
    by_name = {change.name: change for change in diff.functions}
    assert (by_name["free"].gained, by_name["free"].lost, by_name["free"].flipped) == (0, 2, 0)


def test_the_set_against_the_last_commit_and_against_an_older_one():
    made = workbench(free())
    first = made.commit("free").commit
    made.add(song())
    diff = made.diff()
    assert "the last commit" in repr(diff)
    assert changes(diff) == (2, 0, 1)  # c8 is tied now
    made.commit("song")
    assert changes(made.diff()) == (0, 0, 0)
    assert changes(made.diff(base=first.id)) == (2, 0, 1)
    assert changes(made.diff("song", base=first.id)) == (3, 0, 0)


def test_a_function_against_its_version_in_a_base():
    made = workbench(free("money"))
    old = made.functions
    made.add(cash())
    made.add(keywords("money", ["nothing"], label="spam"))
    assert changes(made.diff("money", base=old)) == (0, 3, 0)
    assert changes(made.diff(link(), base=old)) == (2, 0, 0)


def test_functions_that_did_not_change_are_not_listed():
    made = workbench(free(), song())
    diff = made.diff(made.functions, made.functions)
    assert changes(diff) == (0, 0, 0)
    assert diff.functions == ()
    assert len(diff.to_frame()) == 0
    assert diff.model.flips == 0


def test_the_label_model_changes_as_with_two_fits():
    made = workbench(song(), love())
    before = made.soft_labels().codes()
    diff = made.diff(free())
    made.add(free())
    assert (diff.model.codes_before == before).all()
    assert (diff.model.codes_after == made.soft_labels().codes()).all()


def test_rows_of_one_change_and_a_wrong_one():
    diff = workbench(free("money")).diff(cash())
    assert diff.rows("gained").ids == ["c3"]
    with pytest.raises(LabelingError, match="Did you mean 'gained'"):
        diff.rows("gain")


def test_it_does_not_depend_on_the_order_of_rows():
    backward = lb.Workbench(samples().iloc[::-1], SCHEMA, gold=GOLD)
    for lf in (song(), free("money")):
        backward.add(lf)
    first = workbench(free("money"), song()).diff(cash()).to_frame()
    second = backward.diff(cash()).to_frame()
    assert first.equals(second)


def test_sets_are_not_compared_with_functions():
    made = workbench(free())
    with pytest.raises(LabelingFunctionError, match="two functions or two sets"):
        made.diff("free", made.functions)
    with pytest.raises(LabelingFunctionError, match="two functions or two sets"):
        made.diff(made.functions, "free")
    with pytest.raises(LabelingFunctionError, match="must have both"):
        made.diff(None, "free")
    with pytest.raises(DataError, match="Got 'abc'"):
        made.diff(base="abc")


def test_a_workbench_without_functions_shows_its_diff():
    diff = workbench().diff()
    assert changes(diff) == (0, 0, 0)
    assert diff.model.gained == 0
    assert "0 samples gained a vote" in repr(diff)
    assert "<table>" in diff._repr_html_()
    assert changes(workbench().diff(FunctionSet(), FunctionSet())) == (0, 0, 0)


def test_without_a_dev_set_it_says_so():
    assert "There is no dev set" in repr(workbench(free("money"), gold=None).diff(cash()))

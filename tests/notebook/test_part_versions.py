"""Commits of functions that mark spans or name several labels: kept whole, and gone back to."""

import json
import os
import re
import signal
import subprocess
import sys

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError
from labeling.functions import span_keywords, span_regex
from tests.notebook.killed_commits import commit_and_die

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
N = 30


def notes(n=N):
    texts = [("Ann met Bob at Acme.", "No one came.", "Bob Lee left")[k % 3] for k in range(n)]
    return pd.DataFrame({"text": texts}, index=[f"n{k}" for k in range(n)])


def posts(n=N):
    texts = [("so happy", "angry, happy", "rain")[k % 3] for k in range(n)]
    return pd.DataFrame({"text": texts}, index=[f"p{k}" for k in range(n)])


def span_gold():
    gold = {f"n{k}": [(0, 3, "PER"), (8, 11, "PER"), (15, 19, "ORG")] for k in range(0, 12, 3)}
    return gold | {f"n{k}": [] for k in range(1, 12, 3)}


def set_gold():
    return {f"p{k}": ["joy"] if k % 3 == 0 else ["joy", "anger"] for k in range(12) if k % 3 < 2}


def span_bench(frame=None, gold=None, **options):
    gold = span_gold() if gold is None else gold
    return lb.Workbench(notes() if frame is None else frame, SPANS, gold, **options)


def set_bench(frame=None, gold=None, **options):
    gold = set_gold() if gold is None else gold
    return lb.Workbench(posts() if frame is None else frame, SETS, gold, **options)


NAMES = span_regex("PER", r"[A-Z]\w+", name="names")
ACME = span_keywords("ORG", ["Acme"], name="acme")


@lb.labeling_function(name="happy", label="joy")
def HAPPY(x):
    return "happy" in x.text


@lb.labeling_function(name="moods")
def MOODS(x):
    return {"joy": "happy" in x.text, "anger": "angry" in x.text} if "," in x.text else None


KINDS = {"spans": (span_bench, NAMES, ACME), "several": (set_bench, HAPPY, MOODS)}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def cells(functions):
    return {voted.name: voted.cells.tolist() for voted in functions}


def test_a_commit_has_the_f1_of_the_label_model_with_n_and_interval():
    ws = span_bench()
    ws.add(NAMES)
    ws.add(ACME)
    ws.commit("one")
    row = ws.log().to_frame().iloc[0]
    scores = lb.analysis.span_scores(ws.soft_labels(), ws.gold, SPANS)

    assert row[["f1", "f1_low", "f1_high"]].tolist() == pytest.approx(
        [scores.f1.value, scores.f1.low, scores.f1.high]
    )
    assert row["f1_n"] == scores.f1.n > 0
    assert 0 < row["f1"] < 1
    assert "dev F1" in repr(ws.log())
    assert "accuracy" not in ws.log().to_frame()


def test_a_commit_of_sets_has_the_micro_f1():
    ws = set_bench()
    ws.add(HAPPY)
    made = ws.commit("one")
    row = made.to_frame().iloc[0]
    scores = lb.analysis.set_scores(ws.soft_labels(), ws.gold, SETS)

    assert row[["micro_f1", "micro_f1_n"]].tolist() == [scores.micro.value, 8]
    assert "dev micro F1" in repr(made)


def test_without_a_dev_set_or_votes_f1_is_unknown_or_zero(kind):
    bench, lf, _ = kind
    ws = bench(gold={})
    ws.add(lf)
    ws.commit("no dev set")
    assert ws.log().to_frame().iloc[0].isna().sum() == 3

    silent = bench()
    silent.add(ACME if ws.schema == SPANS else MOODS)
    silent.samples["text"] = "nothing"
    silent.drop(*silent.functions.names)
    silent.lf(lambda x: None, name="silent")
    commit = silent.commit("says nothing").commit
    assert (commit.n_covered, commit.accuracy.value) == (0, 0.0)


def test_committing_again_says_that_nothing_has_changed(kind):
    bench, first, second = kind
    ws = bench()
    ws.add(first)
    one = ws.commit("one")
    assert not ws.commit("two").is_new
    ws.add(second)
    two = ws.commit("two")
    assert two.change.added == (second.name,)
    assert len(ws.log()) == 2

    ws.revert(one.id)
    assert ws.functions.names == (first.name,)
    ws.revert()
    assert ws.functions.names == (first.name, second.name)


def test_an_id_depends_on_the_content_and_not_on_the_order_of_rows(kind):
    bench, first, second = kind

    def committed(ws):
        ws.add(first)
        ws.add(second)
        return ws.commit("one").commit.id

    frame = bench().samples
    other = frame.assign(text=frame["text"].str.replace("Acme|happy", "ibis", regex=True))
    ids = [committed(bench(table)) for table in (frame, frame[::-1], other)]
    assert ids[0] == ids[1] != ids[2]


def test_silence_and_no_are_different_votes():
    def digest(answer, bench):
        ws = bench()
        ws.lf(lambda x: answer, name="f", version=1)
        return ws.commit("one").commit.functions[0].votes

    spans = [digest(answer, span_bench) for answer in (None, [(0, 2, None)], [(0, 2, "PER")])]
    sets = [digest(answer, set_bench) for answer in (None, {"joy": False}, {"joy": True}, set())]
    assert len(set(spans)) == 3
    assert len(set(sets)) == 3
    assert sets[0] == sets[3]  # naming nothing says nothing, unless the function is closed


def test_votes_faults_and_trimmed_spans_are_there_after_a_restart(tmp_path):
    def build():
        return span_bench(cache=tmp_path)

    ws = build()

    @ws.lf(label="PER", version=1)
    def twice(x):
        if x.text.startswith("No"):
            raise ValueError("a \ud800 no")
        yield from [(0, 3), (0, 5), (8, 9, None)]

    ws.add(NAMES)
    first = ws.commit("one")
    before = ws._set_at(first.id)["twice"]

    again = build()
    pd.testing.assert_frame_equal(ws.log().to_frame(), again.log().to_frame())
    functions = again._set_at(first.id)
    assert cells(functions) == cells(ws.functions)
    kept = functions["twice"]
    assert kept.codes.tolist() == before.codes.tolist()
    assert kept.votes.trimmed == before.votes.trimmed == {"twice": 20}
    assert [fault[:2] for fault in kept.faults] == [fault[:2] for fault in before.faults]
    assert "ValueError" in str(kept.faults[0].exception)
    pd.testing.assert_frame_equal(kept.votes.to_frame(), before.votes.to_frame())
    assert kept.votes.marks.words.tolist() == before.votes.marks.words.tolist()
    with pytest.raises(LabelingFunctionError, match="Made by another: 'twice', 'names'"):
        again.revert(first.id)


def test_rows_in_another_order_find_their_votes(tmp_path, kind):
    bench, lf, other = kind
    ws = bench(cache=tmp_path)
    ws.add(lf)
    ws.add(other)
    first = ws.commit("one")

    turned = bench(ws.samples[::-1], cache=tmp_path)
    assert cells(turned._set_at(first.id)) == {
        name: values[::-1] for name, values in cells(ws.functions).items()
    }
    with pytest.raises(DataError, match="on the samples of this workbench"):
        bench(ws.samples[:12], cache=tmp_path)._set_at(first.id)


def test_votes_that_do_not_fit_the_texts_or_labels_are_refused(tmp_path):
    ws = span_bench(cache=tmp_path)
    ws.add(NAMES)
    first = ws.commit("one").id

    shorter = span_bench(notes().assign(text="Ann"), gold={}, cache=tmp_path)
    with pytest.raises(DataError, match=f"'names' in commit {first}.*end within its text"):
        shorter._set_at(first)
    schema = lb.LabelSchema(["LOC"], kind="spans")
    with pytest.raises(DataError, match="'PER' is not a label of this schema"):
        lb.Workbench(notes(), schema, cache=tmp_path)._set_at(first)
    for other in (SETS, lb.LabelSchema(["ham", "spam"])):
        with pytest.raises(DataError, match="must fit the samples and labels"):
            lb.Workbench(notes(), other, cache=tmp_path)._set_at(first)


def test_a_commit_of_one_label_is_refused_by_a_workbench_of_parts(tmp_path, kind):
    bench = kind[0]
    frame = bench().samples
    ws = lb.Workbench(frame, lb.LabelSchema(["joy", "anger"]), cache=tmp_path)
    ws.add(HAPPY)
    first = ws.commit("one").id
    with pytest.raises(DataError, match="must fit the samples and labels"):
        bench(frame, cache=tmp_path)._set_at(first)


READ = """
import sys
sys.path.insert(0, ".")
from tests.notebook.test_part_versions import KINDS
ws = KINDS[sys.argv[1]][0](cache=sys.argv[2])
print(repr({voted.name: voted.cells.tolist() for voted in ws._last_committed()}))
"""


@pytest.mark.parametrize("name", KINDS)
def test_another_process_reads_the_last_commit(name, tmp_path):
    bench, first, second = KINDS[name]
    ws = bench(cache=tmp_path)
    ws.add(first)
    ws.add(second)
    ws.commit("one")
    done = subprocess.run(
        [sys.executable, "-c", READ, name, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == repr(cells(ws.functions))


@pytest.mark.parametrize("name", KINDS)
def test_a_killed_commit_is_there_as_a_whole_or_not(name, tmp_path):
    bench, lf, _ = KINDS[name]
    ended, last = -signal.SIGKILL, 0
    while ended == -signal.SIGKILL:
        last += 1
        cache = tmp_path / str(last)
        ws = bench(cache=cache)
        ws.add(lf)
        ended = commit_and_die(ws, last)

        ws = bench(cache=cache)
        for commit in ws.log().history.commits:
            assert ws._set_at(commit.id).names == (lf.name,)
        ws.add(lf)
        ws.commit("one")
        assert ["one"] == list(ws.log().to_frame()["message"])
    assert ended == 0
    assert last > 4


def test_damaged_votes_are_named(tmp_path):
    ws = span_bench(cache=tmp_path)
    ws.add(NAMES)
    first = ws.commit("one").id
    (path,) = (tmp_path / "workbench").glob("*.parquet")
    frame = pd.read_parquet(path)
    for damage in ('{"a": 1}', "[[0]]", "no json", '[["0","3","PER"]]', '[[3,0,"PER"]]'):
        frame.assign(votes_0=damage).to_parquet(path)
        with pytest.raises(DataError, match="'names' in commit"):
            span_bench(cache=tmp_path)._set_at(first)


def test_a_log_shows_itself_safely(kind):
    bench, lf, _ = kind
    ws = bench()
    ws.add(lf)
    ws.commit("<script>alert(1)</script> \u202e\x00" + "a" * 10_000)
    ws.add(kind[2])
    ws.commit("two")
    shown = ws.log()._repr_html_()

    assert "<script" not in shown
    assert re.search(r"dev (micro )?F1", shown)
    assert json.dumps(ws.log().to_frame().to_dict("list"), default=str)


def test_the_set_is_compared_with_a_commit_of_another_process(tmp_path):
    ws = span_bench(cache=tmp_path)
    ws.add(NAMES)
    first = ws.commit("one").id

    again = span_bench(cache=tmp_path)
    again.add(span_regex("PER", r"Ann|Bob Lee|Bob", name="names"))
    for diff in (again.diff(), again.diff("names", base=first)):
        # "Acme", "No" and "Lee" are gone; "Bob" of "Bob Lee" became "Bob Lee"
        assert (diff.gained, diff.lost, diff.flipped) == (10, 40, 0)
        assert len(diff.to_frame()) == 50
        assert diff._repr_html_()

    sets = set_bench(cache=tmp_path / "sets")
    sets.add(HAPPY)
    first = sets.commit("one").id
    later = set_bench(cache=tmp_path / "sets")
    later.add(MOODS)
    diff = later.diff(base=first)
    assert (diff.gained, diff.lost) == (10, 10)

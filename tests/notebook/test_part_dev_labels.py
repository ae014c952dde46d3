"""Gold spans and gold sets of people: at once, kept in a file, and never over what was given."""

import json

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, GoldError, UnknownLabelError
from tests.support.safe_html import TEXT

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
FRAME = pd.DataFrame(
    {"text": ["Ann met Bob 😀.", "No one came.", TEXT]}, index=["a", "b", "c"], dtype=object
)


def spans(gold=None, frame=FRAME, **options):
    return lb.Workbench(frame, SPANS, gold, **options)


def sets(gold=None, frame=FRAME, **options):
    return lb.Workbench(frame, SETS, gold, **options)


def file_of(folder):
    return folder / "workbench" / "dev-labels.jsonl"


def sentences(workbench):
    return workbench._dev_labels.sentences()


def test_gold_spans_count_at_once_and_earlier_results_keep_their_dev_set():
    ws = spans()
    moment = ws._part_moment()
    ws.set_gold("a", [(8, 11, "PER"), (0, 3, 0)])
    ws.set_gold("b", [])

    assert ws.gold == {"a": ((0, 3, "PER"), (8, 11, "PER")), "b": ()}
    assert ws.gold_codes.tolist() == [0, 0, -1]
    assert (moment.n_gold, ws._part_moment().n_gold) == (0, 2)


def test_an_empty_set_is_gold_and_none_takes_it_out():
    ws = sets()
    ws.set_gold("a", [])
    ws.set_gold("b", {"joy", 1})
    assert ws.gold == {"a": frozenset(), "b": frozenset({"joy", "anger"})}
    ws.set_gold("a", None, replace=True)
    ws.set_gold("c", None)
    assert ws.gold == {"b": frozenset({"joy", "anger"})}


def test_gold_is_replaced_only_when_that_is_asked_for():
    ws = spans({"a": [(0, 3, "PER")]})
    with pytest.raises(GoldError, match=r"keep its gold label 'PER \"Ann\" 0-3'\. Got 'no sp"):
        ws.set_gold("a", [])
    with pytest.raises(GoldError, match="Got none; pass replace=True"):
        ws.set_gold("a", None)
    ws.set_gold("a", [(0, 3, "PER")])  # the same
    ws.set_gold("a", [(0, 3, "ORG")], replace=True)
    assert ws.gold == {"a": ((0, 3, "ORG"),)}


@pytest.mark.parametrize(
    ("bench", "label", "error", "message"),
    [
        (spans, [(0, 99, "PER")], DataError, "end within its text"),
        (spans, [(0, 3, "LOC")], UnknownLabelError, "LOC"),
        (spans, "PER", DataError, "must be a list of"),
        (spans, [(0, 3, "PER"), (0, 3, "ORG")], DataError, "must have one label"),
        (sets, "joy", DataError, "set or list of names"),
        (sets, ["jo"], UnknownLabelError, "Did you mean 'joy'"),
        (sets, [1, 0, 1], DataError, "must come once"),
    ],
)
def test_what_is_no_label_is_named(bench, label, error, message):
    ws = bench()
    with pytest.raises(error, match=message):
        ws.set_gold("a", label)
    with pytest.raises(DataError, match="must be a sample of that id"):
        ws.set_gold("z", [])
    assert ws.gold == {}


def test_answers_are_kept_for_the_next_workbench(tmp_path):
    first = spans({"b": []}, cache=tmp_path)
    first.set_gold("a", [(0, 3, "PER"), (12, 13, "ORG")])
    first.set_gold("c", [(0, 1, "ORG")])
    first.set_gold("c", None, replace=True)

    again = spans({"b": []}, FRAME[::-1], cache=tmp_path)
    assert again.gold == {"b": (), "a": ((0, 3, "PER"), (12, 13, "ORG"))}
    assert sentences(again) == ()
    kept = [json.loads(line) for line in file_of(tmp_path).read_text("utf-8").splitlines()]
    assert kept[0]["label"] == '[[0,3,"PER"],[12,13,"ORG"]]'
    assert [line["action"] for line in kept] == ["label", "label", "undo"]


def test_sets_are_kept_for_the_next_workbench(tmp_path):
    first = sets(cache=tmp_path)
    first.set_gold("a", ["joy", "anger"])
    first.set_gold("b", [])
    assert sets(cache=tmp_path).gold == {"a": {"joy", "anger"}, "b": frozenset()}


def test_given_gold_counts_over_the_file(tmp_path):
    spans(cache=tmp_path).set_gold("a", [(0, 3, "PER")])
    ws = spans({"a": []}, cache=tmp_path)
    assert (ws.gold, ws._n_differing) == ({"a": ()}, 1)
    assert spans({"a": [(0, 3, "PER")]}, cache=tmp_path)._n_differing == 0


def test_an_answer_counts_only_on_the_same_text(tmp_path):
    spans(cache=tmp_path).set_gold("a", [(0, 3, "PER")])
    other = spans(frame=FRAME.assign(text="Eve left"), cache=tmp_path)
    assert other.gold == {}
    assert "1 sample that this workbench does not have" in sentences(other)[0]
    assert spans(frame=FRAME.assign(likes=1), cache=tmp_path).gold


@pytest.mark.parametrize(
    "label",
    ["", "spam", "[", "null", "7", "[[0]]", '[[0,99,"PER"]]', '[["0",3,"PER"]]', '{"a":1}'],
)
def test_a_line_with_no_label_of_the_kind_costs_no_other_answer(tmp_path, label):
    ws = spans(cache=tmp_path)
    ws.set_gold("a", [(0, 3, "PER")])
    line = json.loads(file_of(tmp_path).read_text("utf-8"))
    ws.set_gold("b", [])
    with file_of(tmp_path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line | {"label": label}) + '\n{"format": 1, "sam')

    again = spans(cache=tmp_path)
    assert again.gold == {"b": ()}
    assert sentences(again) == ("The file of labels has 2 lines that cannot be read; left out.",)


def test_files_of_other_kinds_and_labels_are_counted(tmp_path):
    sets(cache=tmp_path).set_gold("a", ["joy"])
    spans(cache=tmp_path).set_gold("b", [(0, 2, "PER")])
    one = lb.Workbench(FRAME, lb.LabelSchema(["ham", "spam"]), cache=tmp_path)
    one.set_gold("c", "spam")

    assert spans(cache=tmp_path).gold == {"b": ((0, 2, "PER"),)}
    assert "2 lines that cannot be read" in sentences(spans(cache=tmp_path))[0]
    others = lb.Workbench(FRAME, lb.LabelSchema(["LOC"], kind="spans"), cache=tmp_path)
    assert others.gold == {}
    assert "1 sample with a label that the schema lacks" in " ".join(sentences(others))
    again = lb.Workbench(FRAME, lb.LabelSchema(["ham", "spam"]), cache=tmp_path)
    assert again.gold_codes.tolist() == [-1, -1, 1]
    assert "2 samples with a label that the schema lacks" in sentences(again)[0]


def test_an_answer_that_cannot_be_written_does_not_count(tmp_path, monkeypatch):
    ws = spans(cache=tmp_path)

    def full(_):
        raise OSError("no space left")

    monkeypatch.setattr("labeling.notebook.dev_labels.os.fsync", full)
    with pytest.raises(DataError, match="Give the answer again"):
        ws.set_gold("a", [])
    assert ws.gold == {}


def test_given_gold_must_lie_within_the_texts():
    with pytest.raises(GoldError, match=r"Gold of sample .b.: .*end within its text"):
        spans({"a": [(0, 3, "PER")], "b": [(0, 99, "PER")]})

"""Labels of people: into the dev set at once, into a file, and never over what was given."""

import json
import math
import threading

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, GoldError, LabelingFunctionError, UnknownLabelError
from labeling.notebook.explorer.bucket_pages import SIZE, BucketPages
from labeling.notebook.explorer.draws import drawn
from labeling.notebook.explorer.session import LONGEST_TEXT, LabelSession
from tests.notebook import planted
from tests.notebook.planted import SCHEMA
from tests.support.safe_html import NAME, TEXT

EVERYTHING = {"function": None, "vote": None, "gold": None, "model": None}


def gold_of(workbench):
    known = workbench.gold_codes >= 0
    labels = [workbench.schema.labels[code] for code in workbench.gold_codes[known]]
    return dict(zip(workbench.samples.index[known], labels, strict=True))


def session_of(workbench, ids=("c4", "c5", "c7"), which="random"):
    rows = workbench.samples.index.get_indexer(list(ids))
    return LabelSession(workbench, rows, which)


def draw(workbench, which, n=100):
    rows, sentence = drawn(workbench._moment(), which, workbench._given(), n)
    return list(workbench.samples.index[rows]), sentence


def file_of(folder):
    return folder / "workbench" / "dev-labels.jsonl"


def test_a_gold_label_counts_at_once_and_earlier_results_keep_their_dev_set():
    workbench = planted.workbench(planted.free(), gold={"c1": "spam"})
    before = workbench.preview(planted.free())

    workbench.set_gold("c2", "ham")

    assert gold_of(workbench) == {"c1": "spam", "c2": "ham"}
    assert (
        before.measures.precision.n,
        workbench.preview(planted.free()).measures.precision.n,
    ) == (
        1,
        2,
    )


def test_a_gold_label_is_replaced_only_when_that_is_asked_for():
    workbench = planted.workbench(gold={"c1": "spam"})

    with pytest.raises(GoldError, match=r"'c1' must keep its gold label 'spam'. Got 'ham'"):
        workbench.set_gold("c1", "ham")
    with pytest.raises(GoldError, match="Got none; pass replace=True"):
        workbench.set_gold("c1", None)
    assert gold_of(workbench) == {"c1": "spam"}

    workbench.set_gold("c1", "ham", replace=True)
    assert gold_of(workbench) == {"c1": "ham"}
    workbench.set_gold("c1", None, replace=True)
    assert gold_of(workbench) == {}


@pytest.mark.parametrize(
    ("sample_id", "label", "error", "message"),
    [
        ("c11", "spam", DataError, "Got 'c11'. Did you mean 'c1'?"),
        (["c1"], "spam", DataError, "There must be a sample of that id"),
        ("c4", "spma", UnknownLabelError, "spma"),
        ("c4", 2, UnknownLabelError, "2"),
    ],
)
def test_what_is_no_sample_or_no_label_is_named(sample_id, label, error, message):
    workbench = planted.workbench(gold={"c1": "spam"})

    with pytest.raises(error) as raised:
        workbench.set_gold(sample_id, label)

    assert message in str(raised.value)
    assert gold_of(workbench) == {"c1": "spam"}


def test_answers_are_kept_for_the_next_workbench(tmp_path):
    first = session_of(planted.workbench(gold={"c1": "spam"}, cache=tmp_path))
    first.answer(0, 0, 2.5)
    first.answer(1, -1, 1.0)
    first.answer(2, 1)
    first.undo(2)
    first.workbench.set_gold("c8", "spam")

    second = session_of(planted.workbench(gold={"c1": "spam"}, cache=tmp_path))

    assert gold_of(second.workbench) == {"c1": "spam", "c4": "ham", "c8": "spam"}
    assert second.answers == first.answers == [0, -1, None]
    assert second.order == first.order == [0, 1]
    pd.testing.assert_frame_equal(second.to_frame(), first.to_frame())
    assert second.to_frame()["seconds"].tolist()[:2] == [2.5, 1.0]
    assert second.progress() == "1 of 3 labelled, 1 skipped"
    assert second.sentences() == ()


def test_each_answer_is_on_the_disk_before_it_counts(tmp_path, monkeypatch):
    session = session_of(planted.workbench(gold=None, cache=tmp_path))
    session.answer(0, 0)
    synced = []
    monkeypatch.setattr("labeling.notebook.dev_labels.os.fsync", synced.append)
    session.answer(1, 1)
    assert len(synced) == 1
    assert len(file_of(tmp_path).read_text("utf-8").splitlines()) == 2

    def full(_):
        raise OSError("no space left")

    monkeypatch.setattr("labeling.notebook.dev_labels.os.fsync", full)
    with pytest.raises(DataError, match=r"must be writable.*no space left.*Give the answer again"):
        session.answer(2, 1)
    assert session.answers == [0, 1, None]


def test_answers_in_one_thread_do_not_disturb_what_another_one_reads(tmp_path):
    session = session_of(planted.workbench(gold=None, cache=tmp_path), ids=list(planted.TEXTS))
    answers, codes = session.workbench._dev_labels.answers, session.workbench.gold_codes
    threads = [
        threading.Thread(target=session.answer, args=(at, at % 2))
        for at in range(len(session.rows))
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert session.answers == [0, 1] * 4 == session.workbench.gold_codes.tolist()
    assert (answers, codes.tolist()) == ({}, [-1] * 8), "what was read before stays as it was"
    again = session_of(planted.workbench(gold=None, cache=tmp_path), ids=list(planted.TEXTS))
    assert again.answers == [0, 1] * 4


def test_a_line_that_was_cut_off_costs_no_other_answer(tmp_path):
    session = session_of(planted.workbench(gold=None, cache=tmp_path))
    session.answer(0, 0)
    with file_of(tmp_path).open("ab") as file:
        file.write(b'{"format": 1, "sam')
    again = session_of(planted.workbench(gold=None, cache=tmp_path))
    again.answer(1, 1)

    last = session_of(planted.workbench(gold=None, cache=tmp_path))

    assert last.answers == [0, 1, None]
    assert last.sentences() == ("The file of labels has 1 line that cannot be read; left out.",)


@pytest.mark.parametrize(
    "line",
    [
        "null",
        "[]",
        '{"format": 1}',
        '{"format": 2, "sample": "1", "columns": [], "content": "", "action": "undo"}',
        '{"format": 1, "sample": "1", "columns": 5, "content": "", "action": "undo"}',
        '{"format": 1, "sample": "1", "columns": [], "content": "", "action": "skip", "which": "",'
        ' "seconds": "x"}',
        '{"format": 1, "sample": 1, "columns": [], "content": "", "action": "undo"}',
    ],
)
def test_a_line_that_is_no_answer_is_counted(tmp_path, line):
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).write_text(line + "\n", "utf-8")

    session = session_of(planted.workbench(gold=None, cache=tmp_path))

    assert session.answers == [None] * 3
    assert "1 line that cannot be read" in session.sentences()[0]


def test_an_answer_counts_only_on_the_same_text(tmp_path):
    session_of(planted.workbench(gold=None, cache=tmp_path)).answer(0, 0)
    changed = planted.samples({**planted.TEXTS, "c4": "I hate this song"})

    other = lb.Workbench(changed, SCHEMA, cache=tmp_path)
    more = lb.Workbench(planted.samples().assign(likes=1), SCHEMA, cache=tmp_path)

    assert gold_of(other) == {}
    assert (
        "1 sample that this workbench does not have, or that has changed"
        in (session_of(other).sentences()[0])
    )
    assert gold_of(more) == {"c4": "ham"}, "another column changes nothing"


def test_given_gold_counts_over_the_file_and_that_is_said(tmp_path):
    session_of(planted.workbench(gold=None, cache=tmp_path)).answer(0, 0)

    session = session_of(planted.workbench(gold={"c4": "spam"}, cache=tmp_path))

    assert gold_of(session.workbench) == {"c4": "spam"}
    assert session.sentences() == ("1 label in the file differs from given gold, which counts.",)
    with pytest.raises(GoldError, match="'c4' must keep its gold label 'spam', which was given"):
        session.answer(0, 0)


def test_labels_that_the_schema_lacks_are_counted(tmp_path):
    session_of(planted.workbench(gold=None, cache=tmp_path)).answer(0, 0)

    session = session_of(
        lb.Workbench(planted.samples(), lb.LabelSchema(["a", "b"]), cache=tmp_path)
    )

    assert gold_of(session.workbench) == {}
    assert "1 sample with a label that the schema lacks" in session.sentences()[0]


@pytest.mark.parametrize(
    ("at", "code"), [(3, 0), (-1, 0), (None, 0), (0, 2), (0, -2), (0, "spam"), (True, 0), (0, 0.5)]
)
def test_messages_that_make_no_sense_change_nothing(at, code, tmp_path):
    session = session_of(planted.workbench(gold=None, cache=tmp_path))

    with pytest.raises(DataError):
        session.answer(at, code)

    assert session.answers == [None] * 3
    assert not file_of(tmp_path).exists()


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf, "3", None])
def test_a_time_that_is_none_is_nan(seconds):
    session = session_of(planted.workbench(gold=None))

    session.answer(0, 0, seconds)

    assert math.isnan(session.to_frame()["seconds"].iloc[0])


def test_a_draw_is_a_matter_of_the_ids_alone():
    frame = planted.samples()
    shuffled = frame.sample(frac=1, random_state=3)
    one = lb.Workbench(frame, SCHEMA, gold=planted.GOLD)
    other = lb.Workbench(shuffled, SCHEMA, gold=planted.GOLD)

    ids, sentence = draw(one, "random")

    assert set(ids) == {"c5", "c7"}
    assert draw(other, "random") == (ids, sentence)
    assert draw(one, "random", 1)[0] == ids[:1], "a larger n continues the draw"
    assert sentence == "2 of 2 samples that have no given gold label, drawn at random."
    one.set_gold(ids[0], "ham")
    assert draw(one, "random")[0] == ids, "what a person labelled stays in the draw"


def test_a_draw_is_even_over_the_samples():
    """Of many ids, each tenth is about as often among the first thousand."""
    ids = pd.Index([f"s{number:05}" for number in range(10_000)])
    workbench = lb.Workbench(pd.DataFrame({"text": "x"}, index=ids), SCHEMA)

    rows, _ = drawn(workbench._moment(), "random", workbench._given(), 1000)

    counts = np.bincount(rows // 1000, minlength=10)
    assert ((counts - 100) ** 2 / 100).sum() < 27.9  # chi-square, 9 degrees, p = 0.001


def test_uncovered_and_conflicting_samples_are_drawn_and_are_no_random_sample():
    workbench = planted.workbench(planted.free(), planted.song(), planted.love(), gold=None)

    uncovered, sentence = draw(workbench, "uncovered")
    conflicts, _ = draw(workbench, "conflicts")

    assert set(uncovered) == {"c3", "c6", "c7"}
    assert set(conflicts) == {"c2", "c8"}
    assert "precision measured on them is not that on all" in sentence
    session_of(workbench, ("c3", "c6"), "uncovered").answer(0, 1)
    session_of(workbench, ("c5",)).answer(0, 0)
    assert gold_of(workbench) == {"c3": "spam", "c5": "ham"}
    assert workbench._drawn_gold().to_dict() == {"c5": "ham"}, "worth leaves chosen samples out"


@pytest.mark.parametrize(
    ("n", "which"), [(0, "random"), (5001, "random"), (True, "random"), (5, "")]
)
def test_bad_arguments_of_explore_are_named(n, which):
    with pytest.raises(DataError, match="must be"):
        planted.workbench().explore(n, which=which)


def test_samples_are_sent_without_votes_and_gold_and_without_harmful_characters():
    frame = pd.DataFrame(
        {"text": [TEXT, "x" * 30_000, None], NAME: [NAME, 1.5, None]}, [NAME, 2, 3], dtype=object
    )
    workbench = lb.Workbench(frame, SCHEMA, gold={2: "spam"}, text="text")
    workbench.add(planted.free())

    sent = LabelSession(workbench, np.array([0, 1, 2]), "random").queue()

    json.dumps(sent, ensure_ascii=False).encode("utf-8")
    assert "\x00" not in sent[0]["text"]
    assert "<script>alert(1)</script>" in sent[0]["text"], "as it is: the page makes text of it"
    assert (len(sent[1]["text"]), sent[1]["left_out"]) == (LONGEST_TEXT, 10_000)
    assert sent[2]["text"] == ""
    assert set(sent[0]) == {"id", "text", "left_out", "columns"}


def test_a_bucket_is_shown_page_by_page_with_what_fired_marked():
    workbench = planted.workbench(planted.free(), planted.song())
    pages = BucketPages(workbench)

    page = pages.page({**EVERYTHING, "function": "free", "gold": 0}, 0)

    assert page["title"] == "free, gold = ham (1 sample of 8)"
    text = page["headings"].index("text")
    assert page["rows"][0][text] == [("free", True), (" love", False)]
    assert pages.menus() == {"functions": ["free", "song"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 8),
        ({"function": "free"}, 3),
        ({"function": "free", "vote": -1}, 5),
        ({"vote": -2}, 5),
        ({"vote": -1}, 3),
        ({"vote": 0}, 3),
        ({"gold": -1}, 2),
        ({"gold": -2}, 6),
        ({"gold": 1, "function": "song"}, 1),
    ],
)
def test_conditions_are_those_of_bucket(query, expected):
    workbench = planted.workbench(planted.free(), planted.song())

    assert len(BucketPages(workbench).page({**EVERYTHING, **query}, 0)["rows"]) == expected


def test_pages_are_of_one_look_and_the_first_one_looks_again():
    texts = {f"c{number:02}": "free" for number in range(2 * SIZE + 1)}
    workbench = lb.Workbench(planted.samples(texts), SCHEMA)
    pages = BucketPages(workbench)

    first = pages.page(EVERYTHING, 0)
    looks = workbench.looks_at_dev
    last = pages.page(EVERYTHING, 99)

    assert (first["pages"], len(first["rows"]), last["number"], len(last["rows"])) == (
        3,
        SIZE,
        2,
        1,
    )
    assert workbench.looks_at_dev == looks
    shown = {row[0][0][0] for number in range(3) for row in pages.page(EVERYTHING, number)["rows"]}
    assert shown == set(texts)
    workbench.add(planted.free())
    assert "spam" in str(pages.page(EVERYTHING, 0)["rows"]), "the new function's votes"


@pytest.mark.parametrize(
    ("query", "number", "error"),
    [
        (None, 0, DataError),
        ({"vote": None}, 0, DataError),
        ({**EVERYTHING, "vote": 2}, 0, DataError),
        ({**EVERYTHING, "vote": "spam"}, 0, DataError),
        ({**EVERYTHING, "function": 1}, 0, DataError),
        ({**EVERYTHING, "function": "gone"}, 0, LabelingFunctionError),
        (EVERYTHING, -1, DataError),
        (EVERYTHING, None, DataError),
    ],
)
def test_queries_that_make_no_sense_are_refused(query, number, error):
    with pytest.raises(error):
        BucketPages(planted.workbench(planted.free())).page(query, number)

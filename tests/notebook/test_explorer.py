"""The explorer without a browser: messages as its page sends them, and what it is sent."""

import sys

import anywidget
import pytest

from labeling.errors import MissingExtraError
from tests.notebook import planted

EVERYTHING = {"function": None, "vote": None, "gold": None, "model": None}


def send(explorer, **content):
    explorer._handle_custom_msg(content, [])


def explorer_of(n=5, gold=None, **options):
    workbench = planted.workbench(planted.free(), planted.song(), gold=gold, **options)
    return workbench, workbench.explore(n)


def test_answers_reach_the_dev_set_one_by_one():
    workbench, explorer = explorer_of()
    assert isinstance(explorer, anywidget.AnyWidget)
    ids = list(explorer.to_frame().index)

    send(explorer, type="answer", at=0, code=1, seconds=2.5)
    send(explorer, type="answer", at=1, code=-1, seconds=1)
    send(explorer, type="answer", at=2, code=0, seconds=1)
    send(explorer, type="undo", at=2)

    assert (explorer.answers, explorer.order) == ([1, -1, None, None, None], [0, 1])
    assert explorer.handled == 4
    assert dict(zip(workbench.samples.index, workbench.gold_codes, strict=True))[ids[0]] == 1
    assert (workbench.gold_codes >= 0).sum() == 1
    frame = explorer.to_frame()
    assert frame["label"].tolist()[:3] == ["spam", None, None]
    assert frame["skipped"].tolist() == [False, True, False, False, False]
    assert frame["seconds"].tolist()[:2] == [2.5, 1.0]
    assert repr(explorer).startswith("Explorer: 1 of 5 labelled, 1 skipped")


def test_an_answer_can_be_changed_and_the_count_tells_the_page_that_it_was_handled():
    workbench, explorer = explorer_of()

    send(explorer, type="answer", at=0, code=1)
    send(explorer, type="answer", at=1, code=1)
    send(explorer, type="answer", at=0, code=0)

    assert (explorer.answers[:2], explorer.order, explorer.handled) == ([0, 1], [1, 0], 3)
    assert sorted(workbench.gold_codes.tolist()) == [-1] * 6 + [0, 1]


def test_of_two_messages_about_a_sample_the_one_sent_last_counts_however_they_come():
    _, explorer = explorer_of()

    send(explorer, type="undo", at=0, page="p", number=2)
    send(explorer, type="answer", at=0, code=1, page="p", number=1)
    send(explorer, type="answer", at=1, code=0, page="p", number=5)
    send(explorer, type="answer", at=1, code=1, page="p", number=4)
    send(explorer, type="answer", at=2, code=1, page="p", number=3)
    send(explorer, type="answer", at=1, code=1, page="another", number=1)

    assert explorer.answers == [None, 1, 1, None, None]
    assert explorer.handled == 6


def test_what_cannot_be_done_is_said_on_the_page_until_something_is_done():
    workbench, explorer = explorer_of()
    first = explorer.to_frame().index[0]
    workbench.set_gold(first, "ham")
    workbench._given_gold = workbench.gold_codes.copy()  # as if it had been given

    send(explorer, type="answer", at=0, code=1)

    assert "must keep its gold label 'ham'" in explorer.message["text"]
    assert explorer.handled == 1, "the page takes its own answer back"
    send(explorer, type="answer", at=99, code=1)
    assert "Got 99" in explorer.message["text"]
    send(explorer, type="answer", at=1, code=1)
    assert explorer.message["text"] == ""


@pytest.mark.parametrize("content", [None, [], "answer", {}, {"type": "other"}])
def test_other_messages_are_ignored(content):
    _, explorer = explorer_of()

    explorer._handle_custom_msg(content, [])

    assert (explorer.handled, explorer.message) == (0, {})


def test_a_bucket_is_sent_when_it_is_asked_for():
    workbench, explorer = explorer_of()
    assert explorer.page == {}
    workbench.add(planted.love())

    send(explorer, type="browse", query={**EVERYTHING, "function": "free"}, number=0)

    assert explorer.page["title"] == "free (3 samples of 8)"
    assert explorer.menus["functions"] == ["free", "song", "love"]
    send(explorer, type="browse", query={**EVERYTHING, "function": "gone"}, number=0)
    assert "'gone'" in explorer.message["text"]
    assert explorer.page["title"] == "free (3 samples of 8)"
    assert explorer.handled == 0


def test_an_equal_page_is_sent_again():
    """Or the browser would wait for it for ever."""
    _, explorer = explorer_of()
    seen = []
    explorer.observe(lambda change: seen.append(change["new"]["title"]), "page")

    for _ in range(2):
        send(explorer, type="browse", query=EVERYTHING, number=0)

    assert seen == ["samples (8 samples of 8)"] * 2


def test_the_next_explorer_goes_on_where_the_last_one_stopped(tmp_path):
    _, explorer = explorer_of(cache=tmp_path)
    send(explorer, type="answer", at=2, code=1, seconds=3)

    _, again = explorer_of(cache=tmp_path)

    assert again.answers == explorer.answers == [None, None, 1, None, None]
    assert again.queue == explorer.queue


def test_the_page_gets_samples_labels_and_the_draw_and_no_votes():
    _, explorer = explorer_of(gold={"c1": "spam"})

    state = explorer.get_state()

    assert state["labels"] == ["ham", "spam"]
    assert state["note"] == "5 of 7 samples that have no given gold label, drawn at random."
    assert [set(sample) for sample in state["queue"]] == [{"id", "text", "left_out", "columns"}] * 5
    assert "c1" not in [sample["id"] for sample in state["queue"]]


def test_pages_without_widgets_show_what_was_answered():
    _, explorer = explorer_of()
    send(explorer, type="answer", at=0, code=1)

    data, _ = explorer._repr_mimebundle_()

    assert "application/vnd.jupyter.widget-view+json" in data
    assert "1 of 5 labelled, 0 skipped" in data["text/plain"]
    assert "<script" not in data["text/html"]


def test_scripts_and_styles_are_whole_and_need_no_network():
    """They are files of the package; texts become text nodes, and nothing is fetched."""
    _, explorer = explorer_of()
    code, style = explorer._esm, explorer._css

    for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "fetch(", "import "):
        assert word not in code
    assert "http" not in code + style
    assert "url(" not in style
    assert "@import" not in style


def test_without_anywidget_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "labeling.notebook.explorer.widget", raising=False)

    with pytest.raises(MissingExtraError, match=r"pip install 'labeling\[explorer\]'"):
        planted.workbench().explore()

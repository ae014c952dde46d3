"""What a workbench shows of hostile names, labels and texts: nothing of them becomes markup."""

import pandas as pd
import pytest

import labeling as lb
from labeling.functions import keywords
from tests.support.safe_html import NAME, TEXT, check_html

CALLS = {
    "preview": lambda made: made.preview(made.functions.functions[0].lf),
    "diff": lambda made: made.diff(),
    "bucket": lambda made: made.bucket(vote="any", gold="any"),
    "errors": lambda made: made.errors(),
    "conflicts": lambda made: made.conflicts(),
    "conflicts of two": lambda made: made.conflicts(*made.functions.names[:2]),
    "uncovered": lambda made: made.uncovered(),
    "summary": lambda made: made.summary(),
}


@pytest.fixture(scope="module")
def made():
    labels = ["<b>ham</b>", "spam & <i>eggs</i>"]
    words = ["free", "cash", "free cash\x00", "free " + "x" * 10_000, *["word"] * 20]
    texts = [f"{word} {TEXT}" for word in words]
    ids = [f"<u>{number}</u>{NAME}" for number in range(len(texts) - 1)] + [TEXT]
    frame = pd.DataFrame({"text": texts}, pd.Index(ids, dtype=object), dtype=object)
    gold = {ids[0]: labels[0], ids[1]: labels[1], ids[2]: labels[0]}
    made = lb.Workbench(frame, lb.LabelSchema(labels), gold=gold)
    made.add(keywords(NAME, ["free"], label=labels[1]))
    made.add(keywords("</td>\"g'", ["cash"], label=labels[0]))

    @made.lf(name="<img src=x onerror=alert(1)>", label=labels[0])
    def breaks(x):
        raise ValueError(TEXT)

    return made


@pytest.mark.parametrize("call", CALLS)
def test_no_element_or_attribute_comes_from_data(made, call):
    page = CALLS[call](made)._repr_html_()
    check_html(page)
    assert len(page) < 60_000


@pytest.mark.parametrize("call", CALLS)
def test_plain_text_has_no_controls_and_no_changes_of_direction(made, call):
    text = repr(CALLS[call](made))
    text.encode("utf-8")
    assert not {"\x00", "\x1b", "\u202e", "\u2066", "\r"} & set(text)


@pytest.mark.parametrize("call", CALLS)
def test_frames_hold_the_texts_as_they_are(made, call):
    frame = CALLS[call](made).to_frame()
    if "text" in frame:
        assert set(frame["text"]) <= set(made.samples["text"])
        assert set(frame.index) <= set(made.samples.index)

"""What workbenches of parts show of hostile names, labels and texts: nothing becomes markup."""

import pandas as pd
import pytest

import labeling as lb
from tests.notebook.planted_parts import found, said
from tests.notebook.test_safe_looks import CALLS
from tests.support.safe_html import NAME, TEXT, check_html

LABELS = ["<b>PER</b>", "org & <i>eggs</i>"]


def spans():
    made = _made(lb.LabelSchema(LABELS, kind="spans"), [(0, 4, LABELS[0])], [(2, 9, LABELS[1])])
    made.add(found(NAME, "free", LABELS[0]))
    made.add(found("</td>\"g'", "free cash|<", LABELS[1]))

    @made.lf(name="<img src=x onerror=alert(1)>", label=LABELS[0])
    def breaks(x):
        raise ValueError(TEXT)

    return made


def sets():
    made = _made(lb.LabelSchema(LABELS, kind="several"), [LABELS[0]], LABELS)
    made.add(said(NAME, {"free": {LABELS[0]: True, LABELS[1]: False}}))
    made.add(said("</td>\"g'", {"cash": {LABELS[1]: True}}))

    @made.lf(name="<img src=x onerror=alert(1)>", label=LABELS[0])
    def breaks(x):
        raise ValueError(TEXT)

    return made


def _made(schema, *gold):
    words = ["free", "cash", "free cash\x00", "free " + "x" * 10_000, "", *["word"] * 10]
    texts = [f"{word} {TEXT}" for word in words]
    ids = [f"<u>{number}</u>{NAME}" for number in range(len(texts) - 1)] + [TEXT]
    frame = pd.DataFrame({"text": texts}, pd.Index(ids, dtype=object), dtype=object)
    return lb.Workbench(frame, schema, gold=dict(zip(ids, gold, strict=False)))


@pytest.fixture(scope="module", params=[spans, sets])
def made(request):
    return request.param()


@pytest.mark.parametrize("call", CALLS)
def test_hostile_data_is_text_in_pages_and_in_plain_text(made, call):
    shown = CALLS[call](made)
    page, text = shown._repr_html_(), repr(shown)
    check_html(page)
    assert len(page) < 60_000
    text.encode("utf-8")
    assert not {"\x00", "\x1b", "\u202e", "\u2066", "\r"} & set(text)
    frame = shown.to_frame()
    if "text" in frame:
        assert set(frame["text"]) <= set(made.samples["text"])
        assert set(frame.index) <= set(made.samples.index)


def test_changes_of_the_model_and_the_workbench_itself_are_safe(made):
    for shown in (made.diff().model, made, made.errors(NAME)):
        check_html(shown._repr_html_())
        repr(shown).encode("utf-8")

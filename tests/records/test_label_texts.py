"""Labels of any kind in words, and where only a name will do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from labeling.errors import LabelingError
from labeling.records import Label, Span, label_in_words, name_of


@pytest.mark.parametrize("label", [frozenset({"joy"}), frozenset(), (), (Span(0, 3, "PER"),)])
def test_what_works_with_one_label_refuses_others_in_words(label: Label) -> None:
    with pytest.raises(LabelingError, match="where a sample has one label") as caught:
        name_of(label)
    assert label_in_words(label) in str(caught.value)


def test_what_is_shown_of_sets_does_not_depend_on_the_hash_seed():
    """Sets iterate in an order by hashes of texts, which differ from process to process."""
    code = (
        "import datetime, labeling as lb\n"
        "now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)\n"
        "labels = frozenset('abcdefgh')\n"
        "said = lb.Annotation('s', 'ann', labels, now, now, prelabel=labels)\n"
        "schema = lb.LabelSchema(list('hgfedcba'), kind='several')\n"
        "other = lb.Annotation('s', 'bob', frozenset('bdfh'), now, now)\n"
        "verdict = lb.review([said, other], schema)\n"
        "print(said, lb.GoldLabel('s', labels), verdict.escalations, verdict._repr_html_())\n"
    )
    shown = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1

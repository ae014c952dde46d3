"""Labels of any kind in words, and where only a name will do."""

from __future__ import annotations

import pytest

from labeling.errors import LabelingError
from labeling.records import Label, Span, label_in_words, name_of


@pytest.mark.parametrize("label", [frozenset({"joy"}), frozenset(), (), (Span(0, 3, "PER"),)])
def test_what_works_with_one_label_refuses_others_in_words(label: Label) -> None:
    with pytest.raises(LabelingError, match="where a sample has one label") as caught:
        name_of(label)
    assert label_in_words(label) in str(caught.value)

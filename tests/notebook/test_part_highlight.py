"""From words that are pointed at to functions that mark spans or give one of several labels."""

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError, UnknownLabelError
from tests.notebook.test_part_state import set_workbench

PEOPLE = lb.LabelSchema(["PER", "ORG"], kind="spans")
TEXTS = {
    "n1": "Ann Lee met Dr. Poe of May Ltd.",
    "n2": "ann lee may call Dr. Fox",
    "n3": "Bay Ltd. paid Joanna  Lee 5 in May",
    "n4": "<b>café 😀 Zoë</b>",
}


def workbench(**options):
    samples = pd.DataFrame({"text": list(TEXTS.values())}, index=list(TEXTS))
    return lb.Workbench(samples, PEOPLE, **options)


def spans(made):
    return [
        (sample, TEXTS[sample][start:end], label)
        for sample, _, start, end, label in made.votes().to_frame().values
    ]


def test_words_are_marked_wherever_they_stand_in_the_same_case():
    made = workbench()
    found = made.highlight("n1", "ann lee", "PER")
    assert spans(made) == [("n1", "Ann Lee", "PER")]
    assert made.functions.names == ("per_ann_lee",)
    assert found.lf.__doc__ == "Marks as 'PER' for 'Ann Lee', as in 'n1'."
    assert made.exemplars == {"per_ann_lee": ("n1",)}
    assert "Ann Lee" in repr(found)
    assert found.to_frame().equals(found.preview.to_frame())


def test_words_without_capitals_are_marked_in_any_case():
    made = workbench()
    made.highlight("n2", "ann lee", "PER")
    assert spans(made) == [("n1", "Ann Lee", "PER"), ("n2", "ann lee", "PER")]


def test_offsets_name_one_of_several_places():
    made = workbench()
    start = TEXTS["n1"].index("May")
    found = made.highlight("n1", (start - 1, start + 3), "ORG")  # with the space before it
    assert spans(made) == [("n1", "May", "ORG"), ("n3", "May", "ORG")]
    words = [rule.words for rule in found.alternatives]
    assert "<Capitalised> before Ltd" in words
    found.use(words.index("<Capitalised> before Ltd") + 1)
    assert spans(made) == [("n1", "May", "ORG"), ("n3", "Bay", "ORG")]
    assert len(made.functions) == 1


def test_what_stands_behind_the_same_words_is_an_alternative():
    made = workbench()
    found = made.highlight("n1", "Poe", "PER")
    words = [rule.words for rule in found.alternatives]
    assert words[0] == "Poe in any case"
    found.use(words.index("after Dr. <Capitalised>") + 1)
    assert spans(made) == [("n1", "Poe", "PER"), ("n2", "Fox", "PER")]
    with pytest.raises(LabelingFunctionError, match="alternative"):
        found.use(99)


def test_wide_spaces_and_parts_of_words_become_patterns():
    made = workbench()
    made.highlight("n3", "Joanna Lee", "PER")
    made.highlight("n3", (14, 16), "ORG")
    assert spans(made) == [("n3", "Jo", "ORG"), ("n3", "Joanna  Lee", "PER")]


def test_offsets_count_code_points():
    made = workbench()
    made.highlight("n4", (10, 13), "PER")
    assert spans(made) == [("n4", "Zoë", "PER")]
    assert "<b>" not in made.highlight("n4", "<b>", "ORG")._repr_html_()


def test_the_same_words_again_make_no_second_function():
    made = workbench()
    made.highlight("n1", "May", "ORG")
    made.highlight("n3", "May", "ORG")
    assert made.functions.names == ("org_may",)
    assert made.exemplars == {"org_may": ("n1", "n3")}


def test_highlighted_functions_are_exported(tmp_path):
    made = workbench()
    made.highlight("n1", "Poe", "PER").use(5)
    made.highlight("n3", "Joanna Lee", "PER")
    path = tmp_path / "lfs.py"
    made.export(path)
    loaded = lb.apply(lb.load_labeling_functions(path), made.samples, PEOPLE)
    pd.testing.assert_frame_equal(loaded.to_frame(), made.votes().to_frame())


@pytest.mark.parametrize("make", [workbench, set_workbench])
@pytest.mark.parametrize("words", ["", "zebra", (3, 3), (0, 999), (0, 1, 2), (0.5, 2), 7])
def test_words_must_be_in_the_text(make, words):
    made = make()
    with pytest.raises(DataError, match=r"Words|must be in sample"):
        made.highlight(made.samples.index[0], words, made.schema.labels[0])


def test_the_sample_and_the_label_must_be_known():
    with pytest.raises(DataError, match="must be a sample"):
        workbench().highlight("n9", "Ann", "PER")
    with pytest.raises(UnknownLabelError):
        workbench().highlight("n1", "Ann", "LOC")


def test_words_give_one_of_several_labels():
    made = set_workbench()
    found = made.highlight("p3", "rain", "anger")
    assert made.votes().of_label("anger").to_frame()["anger_rain"].tolist()[-1] == "yes"
    assert found.lf.__doc__ == "Votes 'anger' for 'rain', as in 'p3'."
    made.highlight("p1", (3, 8), "joy")
    assert made.functions.names == ("feelings", "anger_rain", "joy_happy")

"""Suggestions, and the sample that needs a rule most, where labels are spans or sets."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError, LabelingError
from labeling.functions import load_labeling_functions, span_keywords, span_regex
from labeling.notebook.parts.span_candidates import DevText, _without_overlaps, gazetteers, words
from labeling.notebook.parts.span_patterns import patterns_of
from tests.notebook.test_part_state import POSTS, SETS, set_workbench, span_workbench

PARTS = lb.LabelSchema(["NUMBER", "STATE", "ZIP"], kind="spans")
STREETS = ("Oak Street", "High Road", "Elm Street", "Lake Avenue", "Bay Road")
STATES = ("IL", "NY", "TX")
MOODS = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
WORDS = {
    "joy": ("happy", "glad", "smiling"),
    "anger": ("angry", "furious", "shouting"),
    "fear": ("afraid", "scared", "hiding"),
}


def addresses(n=60):
    """Addresses whose parts are known from how they were made, with their spans."""
    rows = {}
    for number in range(n):
        street, state = STREETS[number * 3 % 5], STATES[number * 5 % 3]
        house, code = str(10 + number * 37 % 900), str(10000 + number * 977)
        text = f"{house} {street}, {state} {code}"
        at = text.index(f", {state}") + 2
        spans = [(0, len(house), "NUMBER"), (at, at + 2, "STATE"), (at + 3, at + 8, "ZIP")]
        rows[f"a{number}"] = (text, spans)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["text", "spans"])


def address_workbench(n_gold=25, order=None):
    table = addresses()
    samples = table[["text"]] if order is None else table[["text"]].iloc[order]
    return lb.Workbench(samples, PARTS, table["spans"].head(n_gold))


def moods(n=240):
    """Texts with the words of their moods among words that say nothing."""
    rows = {}
    for number in range(n):
        labels = [label for place, label in enumerate(WORDS) if number >> place & 1]
        said = [WORDS[label][(number // 8 + place) % 3] for place, label in enumerate(labels)]
        others = [f"well{number % 7}", f"today{number % 5}", "people"]
        rows[f"m{number}"] = (" ".join([*others, *said, "again"]), labels)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["text", "labels"])


def mood_workbench(n_gold=80, order=None):
    table = moods()
    samples = table[["text"]] if order is None else table[["text"]].iloc[order]
    return lb.Workbench(samples, MOODS, table["labels"].head(n_gold))


def test_suggested_span_functions_mark_what_their_numbers_say():
    workbench, table = address_workbench(), addresses()
    found = workbench.suggest()
    assert set(found.to_frame()["label"]) == {"NUMBER", "STATE", "ZIP"}
    for item in found.items:
        marks = lb.apply(item.lf, workbench.samples, PARTS).to_frame()
        on_dev = marks[marks["sample"].isin(workbench.gold)]
        right = [
            (start, end, label) in table.at[sample, "spans"]
            for sample, start, end, label in on_dev[["sample", "start", "end", "label"]].values
        ]
        assert item.n == len(on_dev)
        assert item.precision == pytest.approx(sum(right) / len(right))
        assert item.coverage == item.new_coverage == marks["sample"].nunique() / len(table)
        assert set(marks["label"]) == {item.label}
        assert 0.5 < item.precision_low < 1
        assert item.example.marks


def test_span_suggestions_are_right_on_samples_without_gold():
    workbench, table = address_workbench(), addresses()
    for lf in workbench.suggest().functions:
        marks = lb.apply(lf, table[["text"]].iloc[25:], PARTS).to_frame()
        assert all(
            (start, end, label) in table.at[sample, "spans"]
            for sample, start, end, label in marks[["sample", "start", "end", "label"]].values
        )


@pytest.mark.parametrize("make", [address_workbench, mood_workbench])
def test_suggestions_do_not_depend_on_the_order_of_rows(make):
    first = make()
    order = list(reversed(range(len(first.samples))))
    pd.testing.assert_frame_equal(
        first.suggest().to_frame(), make(order=order).suggest().to_frame()
    )


@pytest.mark.parametrize("make", [address_workbench, mood_workbench])
def test_accepted_functions_are_added_and_written_into_a_module(make, tmp_path):
    workbench = make()
    path = tmp_path / "lfs.py"
    found = workbench.suggest(4)
    found.accept(1, 2, path=path)
    assert workbench.functions.names == tuple(item.name for item in found.items[:2])
    loaded = load_labeling_functions(path)
    votes = lb.apply(loaded, workbench.samples, workbench.schema)
    pd.testing.assert_frame_equal(votes.to_frame(), workbench.votes().to_frame())


@pytest.mark.parametrize("make", [address_workbench, mood_workbench])
def test_accepted_and_rejected_rules_are_not_offered_again(make):
    workbench = make()
    found = workbench.suggest(4)
    first, second = found.items[:2]
    found.accept(first.name)
    found.reject(second.name)
    later = {item.identity for item in workbench.suggest(20).items}
    assert first.identity not in later
    assert second.identity not in later


def test_a_function_that_is_there_is_not_suggested_once_more():
    workbench = address_workbench()
    workbench.add(span_regex("ZIP", r"\d{5}$", name="at_end"))
    assert "ZIP" not in set(workbench.suggest().to_frame()["label"])


def test_sets_of_labels_get_rules_for_each_label_with_its_precision():
    workbench, table = mood_workbench(), moods()
    found = workbench.suggest(kinds="ngram")
    assert set(found.to_frame()["label"]) == set(WORDS)
    for item in found.items:
        said = lb.apply(item.lf, workbench.samples, MOODS).to_frame()
        on_dev = said[said["sample"].isin(workbench.gold)]
        right = [item.label in table.at[sample, "labels"] for sample in on_dev["sample"]]
        assert item.n == len(right)
        assert item.precision == pytest.approx(sum(right) / len(right))
    best = {item.words for item in found.items[:3]}
    assert best <= {word for words in WORDS.values() for word in words}


def test_a_label_that_the_dev_set_lacks_is_named():
    table = moods()
    gold = {
        name: [each for each in labels if each != "fear"]
        for name, labels in table["labels"].head(80).items()
    }
    found = lb.Workbench(table[["text"]], MOODS, gold).suggest()
    assert "fear" not in set(found.to_frame()["label"])
    assert "Nothing is suggested for fear" in found.judged_by.replace("'", "")


def test_a_gazetteer_is_judged_on_each_sample_without_that_sample():
    once = [DevText(f"in {name} now", {"LOC": [(3, 7)]}) for name in ("Rome", "Oslo", "Bonn")]
    (names,) = gazetteers(once, "LOC", "text")
    assert (names.n, names.right) == (0, 0)  # each name is known from its own sample alone
    assert names.find("Bonn, not Bonner") == [(0, 4)]
    twice = [*once, DevText("Rome and Oslo", {"LOC": [(0, 4), (9, 13)]})]
    first = gazetteers(twice, "LOC", "text")[0]
    assert (first.n, first.right) == (0, 0)  # a name of two samples is left with one of them
    last = gazetteers(twice, "LOC", "text")[-1]
    assert (last.n, last.right, last.n_samples) == (4, 4, 3)


def test_a_word_is_judged_wherever_it_is_marked_also_within_longer_names():
    texts = [f"breast cancer in {word}" for word in ("mice", "men", "dogs")]
    dev = [DevText(text, {"LOC": [(0, 13)]}) for text in texts]
    dev += [DevText("cancer", {"LOC": [(0, 6)]})] * 3
    by_term = {each.rule.words: each for each in words(dev, "LOC", "text")}
    assert (by_term["cancer"].n, by_term["cancer"].right) == (6, 3)
    assert (by_term["breast cancer"].n, by_term["breast cancer"].right) == (3, 3)


def test_every_pattern_matches_the_span_that_it_was_made_from():
    text = "At 5 Elm St., Suite 12-B (Ann's) New York, NY 10001"
    for start, end in [(0, 2), (3, 4), (5, 11), (14, 24), (26, 31), (33, 41), (43, 45), (46, 51)]:
        made = patterns_of(text, start, end)
        assert made
        for each in made:
            matches = [re.compile(each.pattern).match(text, at) for at in range(start + 1)]
            found = {match.span(1) for match in matches if match}
            # A run of words may end later: at the dot of "St.".
            assert (start, end) in found or ("words>" in each.words and (start, end + 1) in found)
    assert patterns_of(text, 6, 8) == []  # within a word
    assert patterns_of(text, 0, len(text)) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "at least 1"),
        ({"kinds": ["stumps"]}, "`kinds`"),
        ({"propose": lambda facts: []}, "`propose` must be None"),
    ],
)
def test_what_cannot_be_suggested_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        address_workbench().suggest(**options)


def test_suggestions_need_a_dev_set():
    with pytest.raises(DataError, match="must have a dev set"):
        lb.Workbench(addresses()[["text"]], PARTS).suggest()


def test_a_dev_set_without_spans_gives_no_suggestion():
    workbench = lb.Workbench(addresses()[["text"]], PARTS, {"a1": [], "a2": []})
    found = workbench.suggest()
    assert len(found) == 0
    assert "label more samples" in str(found)


def test_next_example_offers_samples_of_which_nothing_is_said_then_those_in_trouble():
    workbench = address_workbench(n_gold=0)
    first = workbench.next_example()
    assert "no function says anything" in first.reason
    assert workbench.next_example().sample_id != first.sample_id
    workbench.add(span_regex("ZIP", r"\d{5}$", name="at_end"))
    workbench.add(span_keywords("STATE", ["10977"], name="wrong"))
    assert workbench.next_example().sample_id == "a1"


def test_next_example_offers_what_is_missed_and_no_sample_without_spans():
    gold = {"n1": [(0, 3, "PER")], "n2": []}
    workbench = lb.Workbench(
        pd.DataFrame({"text": ["Ann left", "No one came"]}, index=["n1", "n2"]),
        lb.LabelSchema(["PER"], kind="spans"),
        gold,
    )
    workbench.add(span_keywords("PER", ["left"]))
    example = workbench.next_example()
    assert (example.sample_id, "miss gold" in example.reason) == ("n1", True)
    with pytest.raises(DataError, match="have been offered"):
        workbench.next_example()


def test_next_example_of_sets():
    workbench = set_workbench()
    assert workbench.next_example().sample_id == "p3"
    with pytest.raises(DataError, match="have been offered"):
        lb.Workbench(POSTS, SETS).next_example(skip=list(POSTS.index))


@pytest.mark.parametrize("workbench", [span_workbench, set_workbench])
def test_what_needs_one_label_a_sample_says_what_works_instead(workbench):
    with pytest.raises(LabelingError, match="set_gold"):
        workbench().explore()
    with pytest.raises(LabelingError, match="summary"):
        workbench().worth()


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=12))
def test_of_overlapping_places_the_longest_stay(drawn):
    places = [(start, start + length) for start, length in drawn]
    kept = []
    for start, end in sorted(places, key=lambda place: (place[0] - place[1], place)):
        if all(end <= first or last <= start for first, last in kept):
            kept.append((start, end))
    assert list(_without_overlaps(places)) == kept

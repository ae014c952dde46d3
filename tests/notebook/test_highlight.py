"""From a row to a rule: highlighted words, and the next sample to look at."""

import pandas as pd
import pytest

import labeling as lb

SCHEMA = lb.LabelSchema(["ham", "spam"])
TEXTS = {
    "c1": "Get FREE  money: call 0800 123 now!!!",
    "c2": "free money for all",
    "c3": "nice song",
    "c4": "see https://a.example/1 today",
    "c5": "see https://b.example/2 tomorrow",
    "c6": "call 0900 777 now",
    "c7": "(^_^) what a song",
}


def workbench(texts=TEXTS, **options):
    samples = pd.DataFrame({"text": list(texts.values())}, index=list(texts))
    return lb.Workbench(samples, SCHEMA, **options)


def test_words_become_a_phrase_that_is_looked_for_and_added():
    made = workbench()
    found = made.highlight("c2", "free money", label="spam")
    assert made.functions.names == ("spam_free_money",)
    assert found.preview.measures.votes == 1  # two spaces in c1: another phrase
    assert found.lf.__doc__ == "Votes 'spam' for 'free money', as in 'c2'."
    assert made.exemplars == {"spam_free_money": ("c2",)}
    assert "free money" in repr(found)


def test_spaces_in_the_sample_do_not_matter():
    made = workbench()
    found = made.highlight("c1", "free money", label="spam")
    assert found.preview.measures.votes == 2


def test_signs_become_an_escaped_pattern():
    made = workbench()
    found = made.highlight("c7", "(^_^)", label="ham")
    assert (made.votes().to_array()[:, 0] >= 0).tolist() == [False] * 6 + [True]
    assert found.alternatives == ()


def test_the_same_words_again_make_no_second_function():
    made = workbench()
    made.highlight("c2", "free money", label="spam")
    made.highlight("c2", "Free Money", label=1)
    assert made.functions.names == ("spam_free_money",)
    assert made.exemplars == {"spam_free_money": ("c2",)}


def test_another_rule_of_the_same_name_replaces_nothing():
    texts = {"a": "free-money", "b": "free money"}
    made = workbench(texts)
    made.highlight("a", "free-money", label="spam")
    made.highlight("b", "free money", label="spam")
    assert made.functions.names == ("spam_free_money", "spam_free_money_2")


def test_any_number_and_any_link_are_offered_as_alternatives():
    made = workbench()
    found = made.highlight("c6", "call 0900 777", label="spam", name="calls")
    assert [rule.words for rule in found.alternatives] == ["call <number> <number>"]
    general = found.use(1)
    assert made.functions.names == ("calls",)
    assert general.preview.measures.votes == 2
    link = made.highlight("c4", "https://a.example/1", label="spam").use()
    assert link.preview.measures.votes == 2
    with pytest.raises(lb.LabelingError, match="alternative"):
        found.use(2)


@pytest.mark.parametrize(
    ("sample_id", "words", "message"),
    [
        ("c3", "free money", "must be in sample 'c3'"),
        ("c3", "  ", "must be highlighted"),
        ("c33", "song", "Did you mean 'c3'"),
    ],
)
def test_words_that_are_not_there_are_errors(sample_id, words, message):
    made = workbench()
    with pytest.raises(lb.LabelingError, match=message):
        made.highlight(sample_id, words, label="ham")
    assert len(made.functions) == 0


def test_an_unknown_label_is_an_error():
    with pytest.raises(lb.LabelingError, match="Did you mean 'spam'"):
        workbench().highlight("c3", "song", label="spma")


def test_a_text_cannot_break_out_of_the_source():
    nasty = "x'] + [__import__('os').system('false')] + ['\x00label\x00 {label} \"\"\" \\"
    made = workbench({"a": nasty, "b": "y"})
    found = made.highlight("a", nasty, label="spam")
    assert found.preview.measures.votes == 1


def test_next_example_is_like_most_others_without_a_vote():
    texts = {
        f"s{i}": f"please subscribe to my channel number {'abcdefgh'[i % 8]}" for i in range(20)
    }
    texts |= {f"o{i}": f"word{i} other{i} thing{i}" for i in range(10)}
    made = workbench(texts)
    first = made.next_example()
    assert str(first.sample_id).startswith("s")
    assert first.n_like >= 10
    assert "subscribe" in repr(first)
    second = made.next_example()
    assert second.sample_id != first.sample_id
    assert str(second.sample_id).startswith("o")  # one like the first was offered


def test_next_example_does_not_depend_on_the_order_of_rows():
    texts = dict(list(TEXTS.items()))
    forward, backward = workbench(texts), workbench(dict(reversed(list(texts.items()))))
    for _ in texts:
        assert forward.next_example().sample_id == backward.next_example().sample_id
    with pytest.raises(lb.LabelingError, match="have been offered"):
        forward.next_example()


def test_samples_can_be_skipped():
    made = workbench()
    wanted = made.next_example().sample_id
    fresh = workbench()
    assert fresh.next_example(skip=[wanted]).sample_id != wanted
    with pytest.raises(lb.LabelingError, match="skip"):
        fresh.next_example(skip=["c99"])


def test_where_all_have_votes_those_in_conflict_are_offered():
    made = workbench()
    made.lf(lambda x: "song" in x.text or "free" in x.text, label="ham", name="one")
    made.lf(lambda x: True, label="spam", name="two")
    found = made.next_example()
    assert found.sample_id in {"c2", "c3", "c7"}
    assert "disagree" in found.reason

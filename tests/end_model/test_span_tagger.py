"""The tagger of spans: it adds spans where no voter spoke, nothing else, and always the same."""

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.end_model.tagging.words import spans_of, tags_of, word_places
from labeling.errors import DataError, LabelingError, ModelFileError, NotFittedError
from tests.support import sequences

pytest.importorskip("pycrfsuite", reason="the tagger comes with [spans]")

SCHEMA = lb.LabelSchema(["PER", "ORG"], kind="spans")


def made(n=60):
    """Return texts in which a name follows "met" and a company "at"; every third is uncovered."""
    names, companies = ["Ann", "Bob", "Cem", "Dora"], ["Acme", "Inco", "Hal"]
    texts, rows = [], []
    for number in range(n):
        name, company = names[number % 4], companies[number % 3]
        text = f"We met {name} at {company} today, not tomorrow ."
        texts.append(text)
        for value, label in ((name, "PER"), (company, "ORG")):
            start = text.index(value)
            rows.append((f"s{number}", "rule", start, start + len(value), label))
    ids = [f"s{number}" for number in range(n)]
    covered = [row for row in rows if int(row[0][1:]) % 5]
    frame = pd.DataFrame(covered, columns=["sample", "voter", "start", "end", "label"])
    votes = lb.SpanVotes.from_frame(frame, schema=SCHEMA, sample_ids=ids)
    data = pd.DataFrame({"text": texts}, index=ids)
    return data, votes, lb.SpanModel().fit(votes).predict(votes)


@functools.cache
def fitted():
    data, votes, soft = made()
    return data, votes, soft, lb.SpanTagger().fit(data, soft)


def test_spans_are_added_where_no_voter_spoke_and_the_source_is_recorded():
    data, _, soft, model = fitted()
    answer = model.predict(data, soft=soft)
    text = data.at["s0", "text"]
    spans = answer.to_labels()["s0"]
    assert [(text[a:b], label) for a, b, label in spans] == [("Ann", "PER"), ("Acme", "ORG")]
    assert soft.to_labels()["s0"] is None
    frame = answer.to_frame()
    assert set(frame.loc[frame["sample"] == "s0", "source"]) == {"end model"}
    of_votes = frame[frame.source == "votes"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_votes, soft.to_frame())
    assert answer.of_samples(["s0"]).to_frame()["source"].tolist() == ["end model"] * 2


def test_nothing_is_added_where_a_voter_said_that_nothing_is_there_or_a_person_was_asked():
    data, votes, soft, model = fitted()
    rows = votes.to_frame()
    start = data.at["s0", "text"].index("Ann")
    silent = pd.DataFrame(
        {"sample": ["s0"], "voter": ["no"], "start": [start], "end": [start + 2], "label": [None]}
    )
    asked = pd.DataFrame(
        {"sample": [*rows["sample"], "s0", "s5"], "voter": [*rows.voter, "no", "ann"]}
    )
    with_people = lb.SpanVotes.from_frame(
        pd.concat([rows, silent]),
        schema=SCHEMA,
        sample_ids=votes.sample_ids,
        asked=asked,
        speaks={"ann": True},
    )
    labels = model.predict(data, soft=soft, votes=with_people).to_labels()
    assert [span.label for span in labels["s0"]] == ["ORG"]
    assert labels["s5"] is None
    assert len(labels["s10"]) == 2


def test_a_high_bar_adds_nothing_and_without_votes_the_model_answers_alone():
    data, _, soft, _ = fitted()
    model = lb.SpanTagger(least=1.0).fit(data, soft)
    answer = model.predict(data, soft=soft)
    assert not answer.from_end_model.any()
    assert answer.to_labels().tolist() == soft.to_labels().tolist()
    alone = model.predict(data)
    assert alone.covered.all()
    assert alone.from_end_model.all()
    assert len(alone.start) > 90


def test_order_of_samples_and_of_labels_changes_nothing():
    data, votes, soft, model = fitted()
    back = data.iloc[::-1]
    schema = lb.LabelSchema(SCHEMA.labels[::-1], kind="spans")
    votes = lb.SpanVotes.from_frame(votes.to_frame(), schema=schema, sample_ids=back.index)
    other = lb.SpanModel().fit(votes).predict(votes)
    again = lb.SpanTagger().fit(back, other).predict(back, soft=other)
    key = ["sample", "start", "end"]
    frames = [
        answer.to_frame().sort_values(key, ignore_index=True)
        for answer in (model.predict(data, soft=soft), again)
    ]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_gold_is_learned_instead_of_the_answer():
    data, _, soft, _ = fitted()
    model = lb.SpanTagger().fit(data, soft, gold=dict.fromkeys(data.index, ()))
    assert not len(model.predict(data).start)
    assert "60 of the texts have gold" in model.report_[0]


def test_a_saved_model_answers_the_same(tmp_path):
    data, _, soft, model = fitted()
    model.save(tmp_path / "tagger")
    back = lb.SpanTagger.load(tmp_path / "tagger")
    first, second = model.predict(data, soft=soft), back.predict(data, soft=soft)
    assert first.array.tobytes() == second.array.tobytes()
    assert (back.least, back.report_, back.labels_) == (0.7, model.report_, ("ORG", "PER"))
    assert "Two conditional random fields" in back._repr_html_()
    with pytest.raises(ModelFileError, match="no saved span tagger"):
        lb.SpanTagger.load(tmp_path / "none")


def test_texts_may_be_missing_empty_or_few():
    data, _, soft, _ = fitted()
    data = data.astype(object)
    data.loc["s0", "text"] = None
    data.loc["s5", "text"] = ""
    model = lb.SpanTagger().fit(data, soft)
    answer = model.predict(data, soft=soft)
    assert answer.to_labels()[["s0", "s5"]].tolist() == [None, None]
    assert "1 of 60 samples have no text." in model.report_
    few = data.loc[["s1"]]
    lb.SpanTagger().fit(few, soft.of_samples(["s1"])).predict(few)


def test_what_cannot_be_used_is_refused():
    data, votes, soft, model = fitted()
    with pytest.raises(NotFittedError):
        lb.SpanTagger().predict(data)
    with pytest.raises(DataError, match="end within its text"):
        lb.SpanTagger().fit(data.assign(text="x"), soft)
    with pytest.raises(DataError, match="not among the samples"):
        model.predict(data.iloc[:3], soft=soft)
    with pytest.raises(LabelingError, match="from 0 to 1"):
        lb.SpanTagger(least=2)
    other = lb.SpanVotes.from_frame(
        votes.to_frame().assign(label="X"), schema=lb.LabelSchema(["X"], kind="spans")
    )
    with pytest.raises(LabelingError, match="must have the labels"):
        model.predict(data, soft=soft, votes=other)


@given(st.text(max_size=30))
def test_words_are_where_they_are_said_to_be(text):
    """Of any text, surrogates, marks and line ends included: no character is lost but spaces."""
    places = word_places(text)
    assert "".join(text[a:b] for a, b in places) == "".join(text.split()).replace("\x00", "\x00")
    assert all(a < b for a, b in places)


@given(st.data())
def test_spans_of_words_survive_the_way_to_tags_and_back(data):
    places = word_places("a bc d.e fgh i j")
    cuts = sorted(data.draw(st.sets(st.integers(0, len(places)), max_size=6)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    spans = [
        lb.Span(places[a][0], places[b - 1][1], data.draw(st.sampled_from(SCHEMA.labels)))
        for a, b in pairs
    ]
    back = spans_of(tags_of(places, spans), places)
    assert [lb.Span(places[a][0], places[b - 1][1], label) for a, b, label in back] == spans


def test_on_real_texts_it_adds_what_functions_miss(real_data):
    """Laptop reviews, where functions touch 70 % of the gold spans; F1 of all samples."""
    source = sequences.tagged(real_data / "seq_laptopreview")
    votes = source.votes.of_voters(source.recommended)
    soft = lb.SpanModel().fit(votes).predict(votes)
    data = source.texts.to_frame("text")
    answer = lb.SpanTagger().fit(data, soft).predict(data, soft=soft)
    scores = [lb.span_scores(one, source.gold, votes.schema).f1.value for one in (soft, answer)]
    assert scores[1] >= scores[0] + 0.001
    assert np.asarray(answer.from_end_model).sum() > 20

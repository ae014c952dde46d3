"""Ready-made kinds of labeling functions that mark spans."""

import pickle
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.engine import VoteStore, fingerprint_of
from labeling.errors import DataError, LabelingFunctionError, LoadError
from labeling.functions import (
    document_majority,
    recorded_spans,
    spacy_entities,
    span_keywords,
    span_lookup,
    span_regex,
)
from labeling.functions.term_search import TermSearch

SCHEMA = lb.LabelSchema(["PER", "LOC"], kind="spans")
SAMPLES = pd.DataFrame(
    {"text": ["Mrs. Lee went to New York.", None, "Lee, York; ANN", "", "Ann of York"]},
    index=pd.Index(["s1", "s2", "s3", "s4", "s5"], name="key"),
)
RECORDED = pd.DataFrame(
    {
        "sample": ["s1", "s1", "s3", "s5"],
        "voter": ["ann", "ann", "bob", "ann"],
        "start": [5, 17, 0, 0],
        "end": [8, 25, 3, 3],
        "label": ["PER", "LOC", None, "PER"],
    }
)


def ruler():
    import spacy

    nlp = spacy.blank("en")
    rules = [{"label": "PERSON", "pattern": "Lee"}, {"label": "GPE", "pattern": "New York"}]
    nlp.add_pipe("entity_ruler").add_patterns([*rules, {"label": "ORG", "pattern": "Ann"}])
    return nlp


EXAMPLES = {
    "span_keywords": lambda: span_keywords("LOC", ["York", "New York"]),
    "span_lookup": lambda: span_lookup(None, {"Lee": "PER", "York": "LOC"}),
    "span_regex": lambda: span_regex("PER", r"(?:Mrs\. )?([A-Z]\w*e)\b", group=1),
    "document_majority": lambda: document_majority(span_regex("PER", r"\b(Lee)\b,", group=1)),
    "recorded_spans": lambda: recorded_spans(RECORDED, by="key"),
    "spacy_entities": lambda: spacy_entities(ruler(), {"PERSON": "PER", "GPE": "LOC"}),
}


@pytest.fixture(params=sorted(EXAMPLES))
def lfs(request):
    if request.param == "spacy_entities":
        pytest.importorskip("spacy")
    made = EXAMPLES[request.param]()
    return made if isinstance(made, list) else [made]


def rows_of(votes):
    return list(votes.to_frame().itertuples(index=False, name=None))


def test_they_do_not_depend_on_other_samples_or_the_process(lfs):
    votes = lb.apply(lfs, SAMPLES, SCHEMA)
    copies = pickle.loads(pickle.dumps(lfs))
    assert rows_of(lb.apply(copies, SAMPLES.iloc[::-1], SCHEMA).of_samples(SAMPLES.index)) == (
        rows_of(votes)
    )
    alone = [rows_of(lb.apply(lfs, SAMPLES.loc[[key]], SCHEMA)) for key in SAMPLES.index]
    assert [row for rows in alone for row in rows] == rows_of(votes)


def test_they_say_why_and_what_they_read(lfs):
    assert all(lf.__doc__ and lf.name for lf in lfs)
    assert all(lf.reads or lf.name == "document_majority" for lf in lfs)
    assert len({lf.name for lf in lfs}) == len(lfs)
    assert all(isinstance(repr(lb.explain(lf)), str) and lf._repr_html_() for lf in lfs)


def test_they_are_cached_unless_they_hold_a_model(lfs, tmp_path):
    store = VoteStore(tmp_path)
    expected = rows_of(lb.apply(lfs, SAMPLES, SCHEMA))
    for _ in range(2):
        assert rows_of(lb.apply(lfs, SAMPLES, SCHEMA, cache=store)) == expected
    runs = {use.rows_run for use in store.report.functions}
    assert runs == ({5} if "entities" in lfs[0].name else {0})


@pytest.mark.parametrize(
    ("kind", "spans"),
    [
        ("span_keywords", [("s1", 17, 25), ("s3", 5, 9), ("s5", 7, 11)]),
        ("span_lookup", [("s1", 5, 8), ("s1", 21, 25), ("s3", 0, 3), ("s3", 5, 9), ("s5", 7, 11)]),
        ("span_regex", [("s1", 5, 8), ("s3", 0, 3)]),
        ("document_majority", []),
        ("recorded_spans", [("s1", 5, 8), ("s1", 17, 25), ("s3", 0, 3), ("s5", 0, 3)]),
        ("spacy_entities", [("s1", 5, 8), ("s1", 17, 25), ("s3", 0, 3)]),
    ],
)
def test_they_mark_what_they_are_for(kind, spans):
    if kind == "spacy_entities":
        pytest.importorskip("spacy")
    frame = lb.apply(EXAMPLES[kind](), SAMPLES, SCHEMA).to_frame()
    assert list(frame[["sample", "start", "end"]].itertuples(index=False, name=None)) == spans


@pytest.mark.parametrize(
    ("text", "words", "spans"),
    [
        ("start art", ["art"], [(6, 9)]),
        ("C++ and C++x", ["c++"], [(0, 3), (8, 11)]),
        ("art_art", ["art"], [(0, 3), (4, 7)]),
        ("\u0130zmir \u0130ZMIR", ["\u0130zmir"], [(0, 5), (6, 11)]),
        ("stra\u00dfe STRASSE", ["strasse"], [(0, 6), (7, 14)]),
        ("\u00df", ["s"], []),
        ("cafe\u0301", ["cafe"], []),
        ("2cats", ["cats"], []),
        ("\U0001f469\u200d\U0001f52c", ["\U0001f469"], []),
        ("\u05d0\u05d1 \u05d0\u05d1\u05d2", ["\u05d0\u05d1"], [(0, 2)]),
        ("a\r\nb", ["a\r\nb"], [(0, 4)]),
    ],
)
def test_edges_are_those_of_words_and_offsets_those_of_the_text(text, words, spans):
    found = span_keywords("PER", words)(SimpleNamespace(text=text))
    assert [span[:2] for span in found] == spans


ALPHABET = "abA\u0130i\u0307\u00dfs\u1e9e \u00a0-.\u0301\u0345\u03b1\u03b9\U0001f600\u200d1_\ufb01f"
TERMS = st.text(ALPHABET, min_size=1, max_size=4).filter(lambda term: term.strip())


@settings(max_examples=300)
@given(
    st.lists(TERMS, min_size=1, max_size=6),
    st.text(ALPHABET, max_size=25),
    st.booleans(),
    st.booleans(),
)
def test_both_ways_to_search_find_the_same(terms, text, whole_words, ignore_case):
    pytest.importorskip("ahocorasick")
    options = {"whole_words": whole_words, "ignore_case": ignore_case}
    fast, plain = (TermSearch(dict.fromkeys(terms, 1), "terms", **options) for _ in range(2))
    plain.__dict__["_automaton"] = None
    assert fast._automaton is not None
    found = list(fast.find(text))
    assert found == list(plain.find(text))
    folded = {term.strip().casefold() if ignore_case else term.strip() for term in terms}
    for start, end, _ in found:
        part = text[start:end]
        assert (part.casefold() if ignore_case else part) in folded
        if whole_words:
            assert not (text[max(0, start - 1) : start].isalnum() and part[0].isalnum())
            assert not (part[-1].isalnum() and text[end : end + 1].isalnum())


@given(
    st.lists(st.text("ab ", min_size=1, max_size=4).filter(str.strip), min_size=1, max_size=8),
    st.text("ab ", max_size=12),
)
def test_both_ways_find_the_same_where_terms_begin_alike(terms, text):
    pytest.importorskip("ahocorasick")
    fast, plain = (TermSearch(dict.fromkeys(terms, 1), "terms") for _ in range(2))
    plain.__dict__["_automaton"] = None
    assert list(fast.find(text)) == list(plain.find(text))


def test_the_end_of_a_text_is_no_longer_term():
    search = TermSearch({"ab": 1, "abc": 2}, "terms")
    search.__dict__["_automaton"] = None
    assert list(search.find("abc ab")) == [(0, 3, 2), (4, 6, 1)]


def test_files_and_mappings_are_gazetteers(tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("# people\nAnn Lee\n\nLee\n", "utf-8")
    lf = span_lookup("PER", file)
    assert (lf.name, lf.files) == ("PER_lookup", (str(file),))
    assert lf(SimpleNamespace(text="Ann Lee, lee, Lee")) == [(0, 7, "PER"), (14, 17, "PER")]
    before = fingerprint_of(lf).digest
    file.write_text("Lee\n", "utf-8")
    assert fingerprint_of(span_lookup("PER", file)).digest != before
    with pytest.raises(LoadError):
        span_lookup("PER", tmp_path / "gone.txt")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: span_keywords("PER", []), "non-empty words. Got none"),
        (lambda: span_keywords("PER", ["a", " "]), "Got ' '"),
        (lambda: span_lookup(None, ["a"]), "given a label"),
        (lambda: span_lookup("PER", {"a": "PER"}), "mapping alone"),
        (lambda: span_lookup(None, {"a": 1.5}), "Got 1.5"),
        (lambda: span_lookup(None, {"a": 0, "A": 1}, ignore_case=True), "one label for each"),
        (lambda: span_regex("PER", "("), "regular expression"),
        (lambda: span_regex("PER", "a", group=1), "Got 1"),
        (lambda: span_regex("PER", "a", group="x"), "Got 'x'"),
        (lambda: document_majority([]), "Got none"),
        (lambda: document_majority([print]), "Got <built-in"),
        (lambda: recorded_spans(RECORDED.assign(start=9.5), by="key"), "whole numbers"),
        (lambda: recorded_spans(RECORDED.assign(label=1.5), by="key"), "1.5"),
        (lambda: recorded_spans(RECORDED.assign(voter=None), by="key"), "a voter"),
    ],
)
def test_wrong_arguments_are_refused(make, words):
    with pytest.raises((LabelingFunctionError, DataError), match=re.escape(words)):
        make()


def test_the_column_of_a_kind_is_that_of_the_text():
    lf = span_keywords("PER", ["a"], column="body")
    samples = pd.DataFrame({"body": ["a b"], "text": ["b a"]})
    with pytest.raises(LabelingFunctionError, match=r"apply\(..., text='body'\)"):
        lb.apply(lf, samples, SCHEMA)
    assert lb.apply(lf, samples, SCHEMA, text="body").marks.start.tolist() == [0]
    assert lf(samples.iloc[0]) == [(0, 1, "PER")]


def test_the_majority_of_a_document_marks_the_other_places():
    def sources(*spans):
        return [
            lb.span_labeling_function(name=f"source{number}")(lambda x, spans=spans: list(spans))
            for number, spans in enumerate(spans)
        ]

    text = SimpleNamespace(text="Lee, Lee and Lee; Leeds")
    two = sources([(0, 3, "PER"), (5, 8, "LOC")], [(0, 3, "PER")])
    assert document_majority(two)(text) == [(13, 16, "PER")]
    assert document_majority(sources([(0, 3, "PER")], [(0, 3, "LOC")]))(text) == []
    assert document_majority(sources([(0, 3, None)]))(text) == []


def test_empty_matches_of_a_pattern_mark_nothing():
    lf = span_regex("PER", r"(?P<name>x)?b*", group="name")
    assert lf(SimpleNamespace(text="axbxx")) == [(1, 2, "PER"), (3, 4, "PER"), (4, 5, "PER")]


@pytest.mark.parametrize("source", [lambda x: [], "PER", None, 3])
def test_sources_of_the_majority_must_mark_spans(source):
    with pytest.raises(lb.LabelingError, match="must be span labeling functions"):
        document_majority(source)

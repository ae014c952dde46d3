"""`@span_labeling_function`: what it may return, and what becomes of it."""

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError
from labeling.records import loads_functions
from labeling.records.labeling_function import dumps_functions
from labeling.records.span_answers import MarkedPart, without_overlaps

SCHEMA = lb.LabelSchema(["PER", "ORG"], kind="spans")
TEXT = "Ann Lee met Bob  at Acme."


class Token:
    """A span of spaCy, as far as labeling functions see it."""

    def __init__(self, start, end, label="", text=TEXT):
        self.start_char, self.end_char, self.label_ = start, end, label
        self.text = text[start:end]

    def __str__(self):
        return self.text


def votes_of(answer, text=TEXT, **options):
    """Return the votes of a function that returns the answer on one sample."""
    lf = lb.span_labeling_function(name="rule", **options)(lambda x: answer)
    samples = pd.DataFrame({"text": [text]}, index=["a"])
    return lb.apply(lf, samples, SCHEMA)


def spans_of(answer, text=TEXT, **options):
    frame = votes_of(answer, text, **options).to_frame()
    return list(frame[["start", "end", "label"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("answer", "spans"),
    [
        (None, []),
        ([], []),
        ((), []),
        (lb.ABSTAIN, []),
        ((0, 3, "PER"), [(0, 3, "PER")]),
        ((0, 3, 0), [(0, 3, "PER")]),
        ([(12, 15), (0, 3)], [(0, 3, "ORG"), (12, 15, "ORG")]),
        ({(0, 3, "PER")}, [(0, 3, "PER")]),
        ([[0, 3, "PER"]], [(0, 3, "PER")]),
        (lb.Span(0, 3, "PER"), [(0, 3, "PER")]),
        (re.search("Acme", TEXT), [(20, 24, "ORG")]),
        ([*re.finditer("Ann|Bob", TEXT)], [(0, 3, "ORG"), (12, 15, "ORG")]),
        (Token(0, 7, "PER"), [(0, 7, "PER")]),
        ([Token(0, 7)], [(0, 7, "ORG")]),
        ((8, 11, None), [(8, 11, None)]),
        ((8, 11, -1), [(8, 11, None)]),
        ((11, 17, "PER"), [(12, 15, "PER")]),
        ([(0, 3, "PER"), (0, 4, "PER")], [(0, 3, "PER")]),
    ],
)
def test_answers_of_any_form_are_spans(answer, spans):
    assert spans_of(answer, label="ORG") == spans


def test_generators_and_iterators_are_run_to_their_end():
    @lb.span_labeling_function
    def generator(x):
        yield 0, 3, "PER"
        yield from [(12, 15, "PER")]

    @lb.span_labeling_function(label="PER")
    def iterator(x):
        return re.finditer("Ann|Bob", x.text)

    for lf in (generator, iterator):
        frame = lb.apply(lf, pd.DataFrame({"text": [TEXT]}), SCHEMA).to_frame()
        assert frame["start"].tolist()[:2] == [0, 12]
        assert lf(SimpleNamespace(text=TEXT)) == [(0, 3, "PER"), (12, 15, "PER")]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "yes-or-no"),
        (1.5, r"Got 1.5 \(float\)"),
        ("Ann", r"Got 'Ann' \(str\)"),
        ({"a": 1}, "dict"),
        ([(0,)], r"Got \(0,\)"),
        ((0, 3), "must have a label"),
        (re.search("Ann", TEXT), "must have a label"),
        ((0, 0, "PER"), "a character or more"),
        ((3, 1, "PER"), "Got 3 to 1"),
        ((-3, -1, "PER"), "at 0 or later"),
        ((20, 99, "PER"), "has 25 characters"),
        ((0.0, 3.0, "PER"), "whole numbers"),
        ((True, 3, "PER"), "whole numbers"),
        ((15, 17, "PER"), "not white space"),
        ((0, 3, "PERS"), r"'Ann' after '' and before ' Lee met.*Did you mean 'PER'"),
        ((0, 3, 2.0), "a name or a code"),
        ((0, 3, True), "a name or a code"),
        ([Token(0, 3, "PER", TEXT[1:])], "the text itself"),
    ],
)
def test_wrong_answers_name_function_sample_and_text(answer, words):
    with pytest.raises(LabelingFunctionError, match=words) as raised:
        votes_of(answer)
    assert "'rule'" in str(raised.value)
    assert "'a'" in str(raised.value)


def test_matches_in_another_text_are_refused():
    lower = re.search("acme", TEXT.lower())
    with pytest.raises(LabelingFunctionError, match=r"re\.IGNORECASE"):
        votes_of(lower, label="ORG")
    assert spans_of(re.search("Acme", str(TEXT)), label="ORG") == [(20, 24, "ORG")]


def test_faults_are_recorded_and_mark_nothing():
    @lb.span_labeling_function(label="PER")
    def rule(x):
        yield 0, 3
        if x.text == "bad":
            raise ValueError("half way")
        if x.text == "long":
            yield 0, 99

    samples = pd.DataFrame({"text": ["good", "bad", "long", "gone"]}, index=list("abcd"))
    votes = lb.apply(rule, samples, SCHEMA, on_error="record")
    assert votes.to_frame()["sample"].tolist() == ["a", "d"]
    assert [fault.sample_id for fault in votes.faults] == ["b", "c"]
    assert "half way" in repr(votes.faults[0].exception)
    with pytest.raises(LabelingFunctionError, match="half way"):
        lb.apply(rule, samples, SCHEMA)


@pytest.mark.parametrize(
    ("answer", "spans", "trimmed"),
    [
        ([(0, 3, "PER"), (0, 7, "ORG")], [(0, 7, "ORG")], 1),
        ([(4, 7, "PER"), (0, 3, "ORG"), (2, 5, "PER")], [(0, 3, "ORG"), (4, 7, "PER")], 1),
        ([(0, 3, "PER"), (0, 3, "ORG")], [(0, 3, "PER")], 1),
        ([(0, 3, "PER"), (0, 25, None)], [(0, 3, "PER")], 1),
        ([(0, 3, "PER"), (0, 3, None)], [(0, 3, "PER")], 1),
        ([(0, 3, "PER"), (3, 7, "ORG")], [(0, 3, "PER"), (4, 7, "ORG")], 0),
        ([(0, 7, None), (4, 11, None)], [(0, 7, None), (4, 11, None)], 0),
        ([(0, 3, "PER"), (0, 3, "PER"), (0, 3, 0)], [(0, 3, "PER")], 0),
    ],
)
def test_the_longest_span_stays_and_the_others_are_counted(answer, spans, trimmed):
    votes = votes_of(answer)
    frame = votes.to_frame()
    rows = list(frame[["start", "end", "label"]].itertuples(index=False, name=None))
    assert (rows, votes.trimmed.get("rule", 0)) == (spans, trimmed)
    if trimmed:
        with pytest.raises(LabelingFunctionError, match="must not overlap"):
            votes_of(answer, overlaps="error")
    else:
        assert spans_of(answer, overlaps="error") == spans


PARTS = st.builds(
    lambda start, length, label: MarkedPart(start, start + length, label),
    st.integers(0, 20),
    st.integers(1, 8),
    st.sampled_from([0, 1, None]),
)


@given(st.lists(PARTS, max_size=8))
def test_spans_that_stay_overlap_none_and_block_those_that_go(parts):
    kept, n_dropped = without_overlaps(parts, "longest", None)
    different = set(parts)
    assert set(kept) <= different
    assert len(kept) + n_dropped == len(different)
    spans = [part for part in kept if part.label is not None]
    assert all(not _overlap(a, b) for a in spans for b in kept if a is not b)
    for part in different - set(kept):
        blocking = [span for span in spans if _overlap(span, part)]
        assert blocking
        if part.label is not None:
            lengths = [span.end - span.start for span in blocking]
            assert max(lengths) >= part.end - part.start


def _overlap(first, second):
    return first.start < second.end and second.start < first.end


PIECES = st.sampled_from(
    [
        *("Ann", "Bob", " ", "\u00a0", "\t", "\r\n", "\U0001f600", "\U0001f469\u200d\U0001f52c"),
        *("e\u0301", "\u05d0\u05d1", "\u202e", "\u0130", "x", "\U0001d538", "\u200b"),
    ]
)


@settings(max_examples=200)
@given(st.lists(PIECES, min_size=1, max_size=12).map("".join))
def test_a_span_is_exactly_what_the_function_meant(text):
    lf = lb.span_labeling_function(label="PER", name="names")(
        lambda x: re.finditer(r"\s?(?:Ann|Bob|\U0001f600|\u05d0\u05d1)\s?", x.text)
    )
    expected = [
        text[slice(*match.span())].strip()
        for match in re.finditer(r"\s?(?:Ann|Bob|\U0001f600|\u05d0\u05d1)\s?", text)
    ]
    frame = lb.apply(lf, pd.DataFrame({"text": [text]}), SCHEMA).to_frame()
    places = zip(frame["start"], frame["end"], strict=True)
    assert [text[start:end] for start, end in places] == expected


def test_a_cut_character_is_warned_of(caplog):
    votes = votes_of((0, 1, "PER"), "e\u0301a")
    assert votes.n_spans == 1
    assert "1 span of 'rule' cut a character" in caplog.text
    caplog.clear()
    votes_of((0, 2, "PER"), "e\u0301a")
    assert not caplog.text


def test_preprocessors_add_fields_and_leave_the_text():
    def tokens(x):
        x.first = x.text.split()[0]
        return x

    def lower(x):
        x.text = x.text.lower()
        return x

    rule = lambda x: (0, len(x.text.split()[0]), "PER")  # noqa: E731
    samples = pd.DataFrame({"text": [TEXT]}, index=["a"])
    good = lb.span_labeling_function(name="rule", pre=[tokens])(rule)
    assert lb.apply(good, samples, SCHEMA).n_spans == 1
    bad = lb.span_labeling_function(name="rule", pre=[tokens, lower])(rule)
    with pytest.raises(LabelingFunctionError, match="must not change the column of the text"):
        lb.apply(bad, samples, SCHEMA)
    silent = lb.span_labeling_function(name="rule", pre=[lower])(lambda x: None)
    assert len(lb.apply(silent, samples, SCHEMA, on_error="record").faults) == 1


def test_missing_texts_may_stay_without_spans():
    samples = pd.DataFrame({"text": ["Ann", None]}, index=["a", "b"])
    quiet = lb.span_labeling_function(name="quiet")(lambda x: (0, 3, "PER") if x.text else None)
    assert lb.apply(quiet, samples, SCHEMA).to_frame()["sample"].tolist() == ["a"]
    loud = lb.span_labeling_function(name="loud")(lambda x: (0, 3, "PER"))
    with pytest.raises(LabelingFunctionError, match=r"a text in column 'text'\. Got None"):
        lb.apply(loud, samples, SCHEMA)


def test_kinds_of_functions_and_labels_must_agree():
    samples = pd.DataFrame({"text": [TEXT]})
    spans = lb.span_labeling_function(name="spans")(lambda x: None)
    whole = lb.labeling_function(name="whole")(lambda x: None)
    closed = lb.labeling_function(name="closed", closed=True)(lambda x: None)
    for kind in ("one", "several"):
        with pytest.raises(LabelingFunctionError, match=r"'spans' marks spans.*kind='spans'"):
            lb.apply(spans, samples, lb.LabelSchema(["a", "b"], kind=kind))
    with pytest.raises(LabelingFunctionError, match="'whole' labels whole samples"):
        lb.apply([spans, whole], samples, SCHEMA)
    with pytest.raises(LabelingFunctionError, match="closed=True"):
        lb.apply(closed, samples, lb.LabelSchema(["a", "b"]))
    with pytest.raises(DataError, match="'body'"):
        lb.apply(spans, samples, SCHEMA, text="body")
    with pytest.raises(lb.LabelingError, match=r"'spans'.*'PERS'"):
        lb.apply(lb.span_labeling_function(label="PERS", name="spans")(print), samples, SCHEMA)


@pytest.mark.parametrize(
    "options", [{"overlaps": "first"}, {"version": 1.5}, {"pre": print}, {"resources": [1]}]
)
def test_wrong_options_are_refused(options):
    with pytest.raises(LabelingFunctionError):
        lb.span_labeling_function(**options)(lambda x: None)


def test_only_plain_functions_are_decorated():
    with pytest.raises(LabelingFunctionError, match="above a function"):
        lb.span_labeling_function("name")
    with pytest.raises(LabelingFunctionError, match="remove the other decorator"):
        lb.span_labeling_function(lb.labeling_function(lambda x: None))


def test_pickled_functions_mark_the_same_spans():
    lf = lb.span_labeling_function(label="PER", name="a", overlaps="error")(
        lambda x: re.search("Bob", x.text)
    )
    copied = loads_functions(dumps_functions([lf]))[0]
    assert (type(copied), copied.overlaps, copied.name) == (type(lf), "error", "a")
    assert copied(SimpleNamespace(text=TEXT)) == [lb.Span(12, 15, "PER")]


def test_functions_are_loaded_from_files_and_shown(tmp_path):
    file = tmp_path / "rules.py"
    file.write_text(
        "import labeling as lb\n"
        "@lb.span_labeling_function(label='PER')\n"
        "def first(x):\n"
        "    'The first word.'\n"
        "    return 0, len(x.text.split()[0])\n"
    )
    (lf,) = lb.load_labeling_functions(file)
    assert lf(SimpleNamespace(text=TEXT)) == [lb.Span(0, 3, "PER")]
    assert lf(SimpleNamespace(body=TEXT, text=TEXT)) == [lb.Span(0, 3, "PER")]
    assert "Marks spans as 'PER'" in lf._repr_html_().replace("&#x27;", "'")
    assert "marks spans" in repr(lb.explain(lf))


HASHED = """
import labeling as lb, pandas as pd
rule = lb.span_labeling_function(
    lambda x: {(0, 3, name) for name in ("PER", "ORG", "LOC", "GEO")}, name="rule"
)
schema = lb.LabelSchema(["PER", "ORG", "LOC", "GEO"], kind="spans")
print(lb.apply(rule, pd.DataFrame({"text": ["Ann"]}), schema).to_frame()["label"].tolist())
"""


def test_a_set_of_spans_means_the_same_for_every_hash_seed():
    printed = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in range(4)
    }
    assert printed == {"['GEO']\n"}


def test_refused_overlaps_are_named_by_their_labels():
    rule = lb.span_labeling_function(overlaps="error", name="rule")(
        lambda x: [(0, 3, "PER"), (1, 5, "ORG")]
    )
    schema = lb.LabelSchema(["PER", "ORG"], kind="spans")
    with pytest.raises(lb.LabelingError, match="as 'PER', 'Ann' and 1 to 5 as 'ORG', 'nn m'"):
        lb.apply(rule, pd.DataFrame({"text": ["Ann met"]}), schema)

"""Training sets of spans in the forms of other libraries: no span is ever moved."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.datasets.formats.span_tags import Aligned, TokenSpan, tags
from labeling.datasets.formats.tokens import Text, words
from labeling.errors import DataError, LabelingError, MisalignedSpansWarning
from tests.support.span_sets import TEXTS, given_spans, soft_spans

Triple = tuple[int, int, str]
PIECES = st.sampled_from(
    [
        "Ann", "Bob", "U.S.", "😀", "👩\u200d👩\u200d👧", "e\u0301", "👍🏽", "שלום", "مرحبا",
        "\u202ex\u202c", "\r\n", "\u00a0", "\t", " ", "  ", "\u200b", "-", "_", "ß", "İ", "#", "O",
        "\u2028", "ก็", '"',
    ]
)  # fmt: skip


@st.composite
def texts_with_spans(draw: Any) -> tuple[str, list[Triple]]:
    """Draw a text of awkward pieces, and spans that may overlap or cut them."""
    text = "".join(draw(st.lists(PIECES, max_size=12)))
    if not text:
        return text, []
    places = st.integers(0, len(text) - 1)
    spans = {}
    for start, length, label in draw(
        st.lists(st.tuples(places, st.integers(1, 6), st.sampled_from(["PER", "ORG"])), max_size=5)
    ):
        spans[start, min(start + length, len(text))] = label
    return text, sorted((start, end, label) for (start, end), label in spans.items())


def spans_of_tags(tokens: list[tuple[int, int]], names: list[str]) -> list[Triple]:
    """Return the spans that BIO tags say."""
    spans: list[Triple] = []
    for (start, end), name in zip(tokens, names, strict=True):
        if name.startswith("B-"):
            spans.append((start, end, name[2:]))
        elif name.startswith("I-"):
            begin, _, label = spans[-1]
            assert label == name[2:]
            spans[-1] = begin, end, label
    return spans


def expected_spans(train: lb.SpanTrainingSet, dropped: pd.DataFrame) -> list[list[Triple]]:
    """Return the spans of each sample without those that were left out."""
    out = {(row.sample, row.start, row.end, row.label) for row in dropped.itertuples()}
    return [
        [tuple(span) for span in label if (sample_id, *span) not in out]
        for sample_id, label in train.added_column("label").items()
    ]


def read_conll(path: Path, texts: dict[str, str]) -> dict[str, list[Triple]]:
    """Read a CoNLL file, and find its tokens in the texts."""
    ids = json.loads(Path(f"{path}.manifest.json").read_text("utf-8"))["sample_ids"]
    blocks = path.read_bytes().decode("utf-8").split("\n\n")[:-1]
    read = {}
    for sample_id, block in zip(ids, blocks, strict=True):
        tokens, names, place = [], [], 0
        for line in block.split("\n"):
            word, name = line.split("\t")
            start = texts[sample_id].index(word, place)
            place = start + len(word)
            tokens.append((start, place))
            names.append(name)
        read[sample_id] = spans_of_tags(tokens, names)
    return read


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisalignedSpansWarning)
        yield


@settings(max_examples=60, deadline=None)
@given(st.lists(texts_with_spans(), min_size=1, max_size=4))
def test_no_export_moves_a_span(
    tmp_path_factory: pytest.TempPathFactory, samples: list[tuple[str, list[Triple]]]
) -> None:
    texts, spans = zip(*samples, strict=True)
    train = given_spans(texts, spans)
    folder = tmp_path_factory.mktemp("spans")
    all_spans = [list(map(tuple, label)) for label in train.added_column("label")]
    assert all_spans == [list(each) for each in spans]

    train.to_jsonl(folder / "t.jsonl")
    rows = [json.loads(line) for line in (folder / "t.jsonl").read_bytes().split(b"\n")[:-1]]
    assert [row["text"] for row in rows] == list(texts)
    assert [[tuple(span.values()) for span in row["label"]] for row in rows] == all_spans

    train.write(folder)
    read = lb.TrainingSet.read(folder)
    assert read.added_column("label").tolist() == train.added_column("label").tolist()
    assert read.samples["text"].tolist() == list(texts)

    train.to_csv(folder / "t.csv", for_spreadsheet=False)
    cells = pd.read_csv(folder / "t.csv", index_col=0, lineterminator="\n")["label"]
    assert [[tuple(span.values()) for span in json.loads(cell)] for cell in cells] == all_spans

    dropped = train.dropped_spans()
    wanted = expected_spans(train, dropped)
    train.to_conll(folder / "t.conll")
    by_id = read_conll(folder / "t.conll", dict(zip(train.sample_ids, texts, strict=True)))
    assert [by_id.get(name, []) for name in train.sample_ids] == wanted

    table = train.to_hf_table()
    names = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]["ner_tags"]
    decoded = [
        spans_of_tags(words(text), [names["feature"]["names"][code] for code in codes])
        for text, codes in zip(texts, table["ner_tags"].to_pylist(), strict=True)
    ]
    assert decoded == wanted

    regions = [
        [item for key in ("annotations", "predictions") for each in task.get(key, [])
         for item in each["result"]]
        for task in train.to_label_studio()
    ]  # fmt: skip
    for text, items, label in zip(texts, regions, all_spans, strict=True):
        values = [item["value"] for item in items]
        assert [(each["start"], each["end"], *each["labels"]) for each in values] == label
        assert all(text[each["start"] : each["end"]] == each["text"] for each in values)


@settings(max_examples=25, deadline=None)
@given(st.lists(texts_with_spans(), min_size=1, max_size=4))
def test_spacy_documents_hold_the_spans_that_are_not_listed_as_left_out(
    samples: list[tuple[str, list[Triple]]],
) -> None:
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    texts, spans = zip(*samples, strict=True)
    train = given_spans(texts, spans)
    dropped = train.dropped_spans(tokens=lambda text: [(t.idx, t.idx + len(t)) for t in nlp(text)])
    documents = list(train.to_docbin(nlp=nlp).get_docs(nlp.vocab))
    ents = [
        [(ent.start_char, ent.end_char, ent.label_) for ent in document.ents]
        for document in documents
    ]
    assert ents == expected_spans(train, dropped)
    assert [document.text for document in documents] == list(texts)
    off_edge = dropped[dropped["reason"].str.startswith("does not")]
    grouped = [
        sorted((span.start_char, span.end_char, span.label_) for span in document.spans["sc"])
        for document in documents
    ]
    assert grouped == expected_spans(train, off_edge)


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_default_tokens_cover_all_but_white_space_and_cut_no_mark(text: str) -> None:
    tokens = words(text)
    rest = list(text)
    for start, end in tokens:
        assert not re.search(r"\s", text[start:end])
        rest[start:end] = " " * (end - start)
    assert not "".join(rest).strip()


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("BIO", ["B-PER", "B-PER", "I-PER", "I-PER", "O"]),
        ("BIOES", ["S-PER", "B-PER", "I-PER", "E-PER", "O"]),
        ("BILOU", ["U-PER", "B-PER", "I-PER", "L-PER", "O"]),
    ],
)
def test_schemes_of_tags_tell_touching_spans_apart(scheme: str, expected: list[str]) -> None:
    text = Text("a b c d e", words("a b c d e"))
    spans = [TokenSpan(0, 1, "PER"), TokenSpan(1, 4, "PER")]
    assert tags(Aligned(text, spans, []), scheme) == expected


def test_a_span_that_cuts_a_token_is_listed_and_warned_of(tmp_path: Path) -> None:
    train = given_spans(["Annabel met Bob"], [[(0, 3, "PER"), (12, 15, "PER")]])
    with pytest.warns(MisalignedSpansWarning, match="1 span left out .* 'Ann' at 0 to 3"):
        dropped = train.to_conll(tmp_path / "t.conll")
    assert dropped[["sample", "start", "end", "text"]].to_numpy().tolist() == [["s0", 0, 3, "Ann"]]
    assert (tmp_path / "t.conll").read_text() == "Annabel\tO\nmet\tO\nBob\tB-PER\n\n"
    manifest = json.loads((tmp_path / "t.conll.manifest.json").read_text())
    assert manifest["dropped_spans"] == {"does not begin and end at edges of tokens": 1}
    with pytest.warns(MisalignedSpansWarning, match="'Ann'"):
        train.to_hf_table()


def test_of_overlapping_spans_the_longest_is_tagged_and_the_other_listed() -> None:
    train = given_spans(["New York City Hall"], [[(0, 13, "PER"), (4, 18, "ORG")]])
    dropped = train.dropped_spans()
    assert dropped[["start", "reason"]].to_numpy().tolist() == [[0, "overlaps another span"]]


def test_tokens_are_those_of_a_column_a_function_or_a_document() -> None:
    spacy = pytest.importorskip("spacy")
    train = given_spans(
        ["U.S. of A."], [[(0, 4, "ORG")]], toks=[["U.S.", "of", "A."]], spots=[[(0, 4), (5, 10)]]
    )
    assert train.dropped_spans()["text"].tolist() == []
    for tokens in ("toks", "spots", spacy.blank("en"), str.split):
        assert not len(train.dropped_spans(tokens))
    table = train.to_hf_table(tokens="toks")
    assert table["tokens"].to_pylist() == [["U.S.", "of", "A."]]
    assert table["ner_tags"].to_pylist() == [[3, 0, 0]]


@pytest.mark.parametrize(
    ("tokens", "words_of_error"),
    [
        ("tokns", "no column 'tokns'"),
        (lambda text: "ab", "must be a list"),
        (lambda text: ["Ann"], "'met' in none"),
        (lambda text: ["Ann", "saw"], "Got 'saw'"),
        (lambda text: [(0, 3), (2, 7)], "not overlap"),
        (lambda text: [(0, 3), (4, 9)], "of 7 characters"),
        (lambda text: [1, 2], "pairs"),
    ],
)
def test_tokens_that_are_not_those_of_the_text_are_refused(
    tokens: Any, words_of_error: str
) -> None:
    train = given_spans(["Ann met"], [[(0, 3, "PER")]])
    with pytest.raises(DataError, match=words_of_error):
        train.dropped_spans(tokens)


def test_what_has_no_form_is_refused(tmp_path: Path) -> None:
    train = given_spans(["Ann met"], [[(0, 3, "PER")]])
    with pytest.raises(LabelingError, match="label per sample"):
        train.to_sklearn()
    with pytest.raises(LabelingError, match="cannot be balanced"):
        train.balanced("weights")
    with pytest.raises(LabelingError, match="'confidence' or 'none'"):
        train.weighted("expected")
    with pytest.raises(LabelingError, match="Did you mean 'BIOES'"):
        train.to_conll(tmp_path / "t", scheme="BIOE")
    with pytest.raises(DataError, match="no white space"):
        train.to_conll(tmp_path / "t", tokens=lambda text: [text])
    assert not list(tmp_path.iterdir())
    assert train.weighted("none").added_column("weight").tolist() == [1.0]


def test_learners_get_the_rows_of_train_only(tmp_path: Path) -> None:
    train = given_spans(["Ann", "Bob"], [[(0, 3, "PER")], []]).with_columns(split=["dev", "train"])
    train.to_conll(tmp_path / "t")
    assert (tmp_path / "t").read_text() == "Bob\tO\n\n"
    train.to_conll(tmp_path / "t", split="dev")
    assert (tmp_path / "t").read_text() == "Ann\tB-PER\n\n"
    both = train.to_conll(tmp_path / "t", split="all")
    assert not len(both)


def test_models_spans_are_predictions_and_peoples_empty_answers_no_votes() -> None:
    train = lb.build_training_set(TEXTS, soft_spans(), gold={"b": [], "c": [(0, 5, "PER")]})
    tasks = train.to_label_studio()
    prediction = tasks[0]["predictions"][0]
    assert prediction["score"] == 0.6
    assert [item["score"] for item in prediction["result"]] == [0.9, 0.6]
    assert len({item["id"] for item in prediction["result"]}) == 2
    (empty,) = tasks[1]["annotations"]
    assert empty == {"id": -1, "result": [], "ground_truth": True}
    assert tasks[1]["meta"]["decision"] == "given"
    assert tasks[2]["annotations"][0]["result"][0]["meta"] == {"decision": "given"}


def test_hugging_face_finds_the_names_of_tags() -> None:
    datasets = pytest.importorskip("datasets")
    train = given_spans(["Ann met Bob", "x"], [[(0, 3, "PER")], []])
    data = train.to_hf()
    assert data.features["ner_tags"].feature.names == ["O", "B-PER", "I-PER", "B-ORG", "I-ORG"]
    assert data[0]["tokens"] == ["Ann", "met", "Bob"]
    assert data[0]["label"] == [{"start": 0, "end": 3, "label": "PER"}]
    parts = train.with_columns(split=["train", "dev"]).to_hf()
    assert isinstance(parts, datasets.DatasetDict)
    assert parts["validation"][0]["ner_tags"] == [0]


def test_torch_items_hold_starts_ends_and_codes() -> None:
    pytest.importorskip("torch")
    train = given_spans(["Ann met Bob", "x"], [[(0, 3, "PER"), (8, 11, "ORG")], []])
    data = train.to_torch("text", labels="soft")
    assert data[0]["label"].tolist() == [[0, 3, 0], [8, 11, 1]]
    assert data[1]["label"].shape == (0, 3)
    np.testing.assert_array_equal(data[0]["probabilities"].numpy(), [1, 1])

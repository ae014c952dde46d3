"""Exports of spans and of several labels, written to files and read back by their own libraries."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import labeling as lb
from labeling.annotation_files import label_studio_annotations
from labeling.datasets.formats.tokens import words
from labeling.errors import MisalignedSpansWarning
from labeling.records import SourceAnnotation
from tests.support.span_sets import FEELINGS, given_sets, given_spans

TEXTS = [
    "Ann \U0001f600 met\r\nBob",
    "\u05e9\u05dc\u05d5\u05dd Ann\u00a0 Lee",
    "e\u0301t\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467 Acme",
    "nothing here",
]
SPANS = [
    [(0, 3, "PER"), (4, 5, "ORG"), (11, 14, "PER")],
    [(0, 4, "ORG"), (5, 13, "PER")],
    [(0, 4, "ORG"), (5, 10, "PER"), (11, 15, "ORG"), (12, 14, "PER")],
    [],
]
SETS = [["joy"], ["joy", "anger"], [], ["anger"]]
NESTED = (12, 14, "PER")  # inside of another span, and not at edges of tokens


@pytest.fixture
def spans() -> lb.SpanTrainingSet:
    return given_spans(TEXTS, SPANS)


@pytest.fixture
def sets() -> lb.SetTrainingSet:
    return given_sets(TEXTS, SETS)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MisalignedSpansWarning)
        yield


def test_parquet_of_hugging_face_has_the_spans_and_their_tags(
    spans: lb.SpanTrainingSet, tmp_path: Path
) -> None:
    datasets = pytest.importorskip("datasets")
    spans.to_hf().to_parquet(tmp_path / "t.parquet")
    read = datasets.Dataset.from_parquet(str(tmp_path / "t.parquet"), cache_dir=str(tmp_path))
    assert TEXTS == read["text"][:]
    given = [[(each["start"], each["end"], each["label"]) for each in row["label"]] for row in read]
    assert SPANS == given
    names = read.features["ner_tags"].feature.names
    for text, expected, row in zip(TEXTS, SPANS, read, strict=True):
        places = words(text)
        assert [text[start:end] for start, end in places] == row["tokens"]
        tagged = {}
        for place, code in zip(places, row["ner_tags"], strict=True):
            if names[code].startswith("B-"):
                first = place[0]
            if names[code] != "O":
                tagged[first] = (first, place[1], names[code][2:])
        assert [span for span in expected if span != NESTED] == sorted(tagged.values())


def test_parquet_of_hugging_face_has_the_labels(sets: lb.SetTrainingSet, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    sets.to_hf().to_parquet(tmp_path / "t.parquet")
    read = datasets.Dataset.from_parquet(str(tmp_path / "t.parquet"), cache_dir=str(tmp_path))
    names = read.features["label"].feature.names
    assert SETS == [[names[code] for code in codes] for codes in read["label"]]
    assert TEXTS == read["text"][:]


def test_spacy_files_have_the_spans_where_they_were(
    spans: lb.SpanTrainingSet, tmp_path: Path
) -> None:
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    spans.to_docbin(tmp_path / "t.spacy", nlp=nlp)
    read = list(spacy.tokens.DocBin().from_disk(tmp_path / "t.spacy").get_docs(nlp.vocab))
    assert TEXTS == [document.text for document in read]
    dropped = spans.dropped_spans(
        tokens=lambda text: [(token.idx, token.idx + len(token)) for token in nlp(text)]
    )
    lost = set(dropped[["sample", "start", "end"]].itertuples(index=False, name=None))
    for sample_id, document, expected in zip(spans.sample_ids, read, SPANS, strict=True):
        kept = [span for span in expected if (sample_id, *span[:2]) not in lost]
        found = [(ent.start_char, ent.end_char, ent.label_) for ent in document.ents]
        assert kept == found
        assert set(found) <= {
            (span.start_char, span.end_char, span.label_) for span in document.spans["sc"]
        }


def test_torch_batches_have_spans_and_labels(
    spans: lb.SpanTrainingSet, sets: lb.SetTrainingSet, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    torch.save([spans.to_torch("text")[row]["label"] for row in range(4)], tmp_path / "spans.pt")
    read = torch.load(tmp_path / "spans.pt", weights_only=True)
    labels = spans.schema.labels
    assert SPANS == [[(start, end, labels[code]) for start, end, code in item] for item in read]
    loader = torch.utils.data.DataLoader(sets.to_torch("text"), batch_size=4)
    torch.save(next(iter(loader))["label"], tmp_path / "sets.pt")
    read = torch.load(tmp_path / "sets.pt", weights_only=True).tolist()
    assert SETS == [
        [name for name, says in zip(FEELINGS, row, strict=True) if says] for row in read
    ]


def test_files_of_label_studio_have_spans_and_labels(
    spans: lb.SpanTrainingSet, sets: lb.SetTrainingSet, tmp_path: Path
) -> None:
    spans.to_label_studio(tmp_path / "spans.json")
    read = [
        annotation.spans.get("label", ()) for annotation in as_of_others(tmp_path / "spans.json")
    ]
    assert SPANS == [[(start, end, label) for start, end, label, _ in items] for items in read]
    for text, items in zip(TEXTS, read, strict=True):
        assert [text[start:end] for start, end, _, _ in items] == [each.text for each in items]
    sets.to_label_studio(tmp_path / "sets.json")
    choices = [
        annotation.choices.get("label", ()) for annotation in as_of_others(tmp_path / "sets.json")
    ]
    assert SETS == [list(each) for each in choices]


def as_of_others(path: Path) -> tuple[SourceAnnotation, ...]:
    """Return the annotations of a file as if another tool had written them, without our marks."""
    tasks = json.loads(path.read_text("utf-8"))
    for number, task in enumerate(tasks):
        (annotation,) = task["annotations"]
        annotation["id"] = number
        for item in annotation["result"]:
            del item["meta"]
    parsed = label_studio_annotations(tasks)
    assert {} == parsed.left_out
    return parsed.annotations

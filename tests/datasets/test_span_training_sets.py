"""Training sets of spans: what is kept, and that files give it back."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, GoldError, LabelingError, UnknownLabelError
from tests.support.span_sets import PER_ORG, TEXTS, given_spans, soft_spans, span_votes

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
GOLD = {"c": [(0, 5, "PER")]}


@pytest.fixture
def train() -> lb.SpanTrainingSet:
    people = [
        lb.Annotation("a", "eve", (lb.Span(0, 3, "PER"),), NOW, NOW),  # type: ignore[arg-type]
        lb.Annotation("b", "eve", (), NOW, NOW),  # type: ignore[arg-type]
    ]
    return lb.build_training_set(
        TEXTS, soft_spans(), votes=span_votes(), gold=GOLD, annotations=people
    )


def test_gold_wins_an_empty_tuple_is_a_label_and_uncovered_samples_are_left_out(
    train: lb.SpanTrainingSet,
) -> None:
    assert train.added_column("label").to_dict() == {
        "a": (lb.Span(0, 3, "PER"), lb.Span(8, 11, "PER")),
        "b": (),
        "c": (lb.Span(0, 5, "PER"),),
    }
    assert train.dropped["reason"].to_dict() == {"d": "no voter covers it"}
    assert train.added_column("source").to_dict() == {"a": "votes", "b": "votes", "c": "given"}
    assert train.spans()["text"].tolist() == ["Ann", "Bob", "Obama"]


def test_a_sample_is_as_certain_as_its_least_certain_decision(train: lb.SpanTrainingSet) -> None:
    assert train.added_column("confidence").to_dict() == {"a": 0.6, "b": 0.7, "c": 1.0}
    assert [list(p) for p in train.added_column("probabilities")] == [[0.9, 0.6], [], [1.0]]
    sure = lb.build_training_set(TEXTS, soft_spans(), min_confidence=0.65)
    assert sure.dropped["reason"]["a"] == "confidence below 0.65"


def test_a_candidate_inside_of_a_chosen_span_is_no_decision() -> None:
    soft = lb.SoftSpans(
        np.array([[0.8, 0.2], [0.7, 0.3], [0.4, 0.6]]), np.array([0, 0, 0]), np.array([0, 2, 9]),
        np.array([8, 5, 11]), np.array([True, False, False]), TEXTS.index[:1],
        lb.LabelSchema(["PER"], kind="spans"), np.array([True]),
    )  # fmt: skip
    train = lb.build_training_set(TEXTS[:1], soft)
    assert train.added_column("confidence").tolist() == [0.6]  # of the one that overlaps none


def test_the_lineage_holds_what_each_voter_and_annotator_marked(
    train: lb.SpanTrainingSet,
) -> None:
    votes = train.added_column("lf_votes")
    assert votes["a"] == {"x": ((0, 3, "PER"),), "y": ((8, 11, "PER"),)}
    assert votes["b"] == {"x": ((0, 7, "(none)"),)}
    assert train.added_column("annotators")["b"] == {"eve": ()}
    assert train.added_column("decided_by")["b"].endswith("not settled by people (1 of 1 votes)")


def test_silence_of_people_who_were_asked_is_a_vote_in_the_lineage() -> None:
    frame = pd.DataFrame(
        {"sample": ["a"], "voter": ["eve"], "start": [0], "end": [3], "label": ["PER"]}
    )
    asked = pd.DataFrame({"sample": ["a", "b", "b"], "voter": ["eve", "eve", "bob"]})
    votes = lb.SpanVotes.from_frame(
        frame, schema=PER_ORG, asked=asked, speaks=True, sample_ids=TEXTS.index
    )
    train = lb.build_training_set(TEXTS, soft_spans(), votes=votes)
    assert train.added_column("lf_votes")["b"] == {"eve": (), "bob": ()}
    assert train.added_column("source").to_dict() == {
        "a": "votes",
        "b": "votes",
        "c": "end model",
    }


@pytest.mark.parametrize("form", ["folder", "all formats", "parquet"])
def test_files_give_back_an_equal_training_set(
    train: lb.SpanTrainingSet, tmp_path: Path, form: str
) -> None:
    path = tmp_path
    if form == "folder":
        train.write(tmp_path)
    elif form == "all formats":
        train.to_folder(tmp_path)
    else:
        path = tmp_path / "t.parquet"
        train.to_parquet(path)
    read = lb.TrainingSet.read(path)
    assert isinstance(read, lb.SpanTrainingSet)
    assert read.fingerprint == train.fingerprint
    assert read.schema == train.schema
    pd.testing.assert_frame_equal(read.frame, train.frame)
    pd.testing.assert_frame_equal(read.dropped, train.dropped)


def test_files_are_byte_identical_and_do_not_depend_on_the_order_of_spans(tmp_path: Path) -> None:
    texts = ["Ann met Bob"]
    spans = [(0, 3, "PER"), (8, 11, "ORG")]
    for number, given in enumerate((spans, spans[::-1])):
        (tmp_path / str(number)).mkdir()
        given_spans(texts, [given]).to_folder(tmp_path / str(number))
    for file in (tmp_path / "0").iterdir():
        assert file.read_bytes() == (tmp_path / "1" / file.name).read_bytes()


def test_json_lines_hold_the_offsets_in_code_points(
    train: lb.SpanTrainingSet, tmp_path: Path
) -> None:
    train.to_jsonl(tmp_path / "t.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    assert rows[0]["label"] == [
        {"start": 0, "end": 3, "label": "PER"},
        {"start": 8, "end": 11, "label": "PER"},
    ]
    assert rows[1]["label"] == []
    assert rows[1]["lf_votes"][0]["label"] == [[0, 7, "(none)"]]
    assert rows[0]["probabilities"] == [0.9, 0.6]


def test_a_csv_file_holds_spans_as_json_that_no_spreadsheet_evaluates(
    train: lb.SpanTrainingSet, tmp_path: Path
) -> None:
    train.to_csv(tmp_path / "t.csv")
    frame = pd.read_csv(tmp_path / "t.csv", index_col=0)
    assert json.loads(frame["label"]["c"]) == [{"start": 0, "end": 5, "label": "PER"}]
    assert json.loads(frame["lf_votes"]["a"]) == {"x": [[0, 3, "PER"]], "y": [[8, 11, "PER"]]}


def test_the_manifest_counts_samples_and_spans(train: lb.SpanTrainingSet) -> None:
    manifest = train.manifest()
    assert (manifest["format"], manifest["kind"]) == (4, "spans")
    assert manifest["labels"] == {"PER": 2, "ORG": 0}
    assert manifest["spans"] == {"PER": 3}
    assert manifest["empty_labels"] == 1
    assert train.rows_behind("labels", "PER").tolist() == ["a", "c"]


def test_what_cannot_be_is_refused(train: lb.SpanTrainingSet) -> None:
    for options, error, words in (
        ({"gold": {"a": [(0, 99, "PER")]}}, DataError, "In the gold label of sample 'a'"),
        ({"gold": {"a": [(0, 3, "LOC")]}}, UnknownLabelError, "'LOC'"),
        ({"gold": {"a": None}}, GoldError, "missing"),
        ({"gold": {"e": []}}, DataError, "'e'"),
        ({"select": 0.5}, LabelingError, "`select`"),
        ({"abstain": "as_class"}, LabelingError, "'keep' or 'drop'"),
        ({"abstain": "kep"}, LabelingError, "Did you mean 'keep'"),
        ({"votes": "x"}, LabelingError, "`votes`"),
    ):
        with pytest.raises(error, match=words):
            lb.build_training_set(TEXTS, soft_spans(), **options)  # type: ignore[call-overload]
    with pytest.raises(DataError, match="'a', whose text has 3 characters"):
        lb.build_training_set(TEXTS.assign(text="abc"), soft_spans())
    with pytest.raises(LabelingError, match="one code per sample"):
        _ = train.codes


def test_samples_without_a_label_are_kept_on_demand() -> None:
    train = lb.build_training_set(TEXTS, soft_spans(), abstain="keep")
    row = train.frame.loc["d"]
    assert row["label"] is None
    assert row["source"] == "abstained"
    assert row["weight"] == 0
    assert train.has_label.tolist() == [True, True, True, False]

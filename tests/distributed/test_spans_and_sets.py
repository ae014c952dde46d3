"""Spans and sets of labels on partitioned Parquet."""

import pandas as pd
import pytest

import labeling as lb
from labeling import apply_partitions
from labeling.distributed import (
    PartitionedLists,
    export_training_set,
    fit_end_model,
    fit_label_model,
    kernel,
    predict_partitions,
)
from labeling.errors import DataError, LabelingError, LabelingFunctionError
from tests.distributed import on_clusters

SPANS = lb.LabelSchema(["A"], kind="spans")


@pytest.mark.parametrize(
    ("on", "kinds"), [("local", ["spans", "sets"]), ("processes:2", ["spans"])]
)
def test_votes_are_those_of_one_table(on, kinds, data, tmp_path):
    on_clusters.check_kinds(on, data, tmp_path, kinds)


@pytest.fixture
def runs(monkeypatch):
    """The number of samples of each partition that is computed."""
    counts = []

    def votes(samples, plan, compute=kernel._votes):
        counts.append(len(samples))
        return compute(samples, plan)

    monkeypatch.setattr(kernel, "_votes", votes)
    return counts


def test_finished_partitions_are_kept_while_all_they_depend_on_is_the_same(data, tmp_path, runs):
    lf = lb.functions.span_regex("A", r"[a-z]+")
    how = {"id": "key", "out": tmp_path / "out", "on": "local"}
    first = apply_partitions(lf, data, SPANS, **how)
    computed = len(runs)
    again = apply_partitions(lf, data, SPANS, **how, cache=tmp_path / "cache")
    assert len(runs) == computed
    assert again.manifest() == first.manifest()
    part = next((tmp_path / "out" / "votes").iterdir())
    part.write_bytes(part.read_bytes()[:-9])
    apply_partitions(lf, data, SPANS, **how)
    assert len(runs) == computed + 1
    on_clusters.assert_same_files(tmp_path / "out", tmp_path / "out")
    apply_partitions(lf, data, lb.LabelSchema(["A", "B"], kind="spans"), **how)
    assert len(runs) == 2 * computed + 1


def test_the_first_fault_is_raised_and_kinds_are_checked(data, tmp_path):
    (lf,), schema = on_clusters.functions_of_kinds()["spans"]
    how = {"id": "key", "out": tmp_path / "out", "on": "local"}
    with pytest.raises(LabelingFunctionError, match="'k7'"):
        apply_partitions(lf, data, schema, **how)
    with pytest.raises(LabelingFunctionError, match="marks spans"):
        apply_partitions(lf, data, lb.LabelSchema(["A", "B"]), **how)
    with pytest.raises(DataError, match="has finished"):
        PartitionedLists.open(tmp_path / "out")


def test_folders_say_of_which_kind_they_are(data, tmp_path):
    for schema, kind in ((SPANS, lb.span_labeling_function), (None, lb.labeling_function)):
        labels = schema or lb.LabelSchema(["A", "B"])
        lf = kind(name="a")(lambda x: None)
        apply_partitions(lf, data, labels, id="key", out=tmp_path / kind.__name__, on="local")
    with pytest.raises(DataError, match=r"PartitionedVotes\.open"):
        PartitionedLists.open(tmp_path / "labeling_function")
    with pytest.raises(DataError, match=r"PartitionedLists\.open"):
        lb.PartitionedVotes.open(tmp_path / "span_labeling_function")
    votes = PartitionedLists.open(tmp_path / "span_labeling_function")
    assert "Spans in parts" in votes._repr_html_()
    assert len(votes.read().marks.start) == 0


def test_models_and_exports_of_partitions_say_where_other_kinds_go(data, tmp_path):
    for name, model in (("spans", lb.SpanModel()), ("sets", lb.SetModel())):
        (_, schema), out = on_clusters.functions_of_kinds()[name], tmp_path / name
        kind = lb.span_labeling_function if name == "spans" else lb.labeling_function
        lf = kind(name="a")(lambda x: None)
        votes = apply_partitions(lf, data, schema, id="key", out=out, on="local")
        words = rf"votes\.read\(\), and give these to {type(model).__name__}"
        with pytest.raises(LabelingError, match=words):
            fit_label_model(votes, model)
        with pytest.raises(LabelingError, match=words):
            fit_end_model(votes, model)
        with pytest.raises(LabelingError, match=words):
            predict_partitions(votes, model, tmp_path / "soft")
        with pytest.raises(LabelingError, match=words):
            export_training_set(votes, model, tmp_path / "train")
        for consumer in (model.fit, lb.LabelModel().fit, lb.lf_summary):
            with pytest.raises(LabelingError, match=r"gathered with votes\.read"):
                consumer(votes)
        samples = votes.read().sample_ids
        table = pd.DataFrame({"text": "a"}, index=samples)
        soft = model.fit(votes.read()).predict(votes.read())
        with pytest.raises(LabelingError, match=r"gathered with votes\.read"):
            lb.build_training_set(table, soft, votes=votes)
        assert not (tmp_path / "soft").exists()
        assert not (tmp_path / "train").exists()


def test_models_of_other_kinds_are_refused_for_single_labels(data, tmp_path):
    lf = lb.labeling_function(name="a")(lambda x: None)
    votes = apply_partitions(
        lf, data, lb.LabelSchema(["A", "B"]), id="key", out=tmp_path / "out", on="local"
    )
    with pytest.raises(LabelingError, match=r"such as LabelModel\. Got a SpanModel"):
        fit_label_model(votes, lb.SpanModel())


def test_spans_may_be_in_a_column_of_another_name(tmp_path):
    table = pd.DataFrame({"key": ["a", "b"], "body": ["x y", "z"], "text": ["", ""]})
    table.to_parquet(tmp_path / "a.parquet")
    lf = lb.functions.span_keywords("A", ["y", "z"], column="body")
    how = {"id": "key", "out": tmp_path / "_out", "on": "local", "text": "body"}
    votes = apply_partitions(lf, tmp_path / "a.parquet", SPANS, **how).read()
    assert votes.marks.start.tolist() == [2, 0]

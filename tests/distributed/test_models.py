"""Models, soft labels and training sets of partitioned votes."""

import warnings

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling import EndModel, LabelModel, PartitionedVotes, build_training_set, distributed
from labeling.errors import DataError, LabelingError, NotFittedError
from tests.distributed.on_clusters import apply, saved
from tests.support.clusters import SCHEMA, write_partitions

GOLD = {f"k{row}": SCHEMA.labels[row % 2] for row in range(0, 400, 9)}


@pytest.fixture(scope="module")
def votes(data, lfs, tmp_path_factory):
    return apply("local", lfs, data, tmp_path_factory.mktemp("votes"))


@pytest.fixture(scope="module")
def model(votes):
    with warnings.catch_warnings(action="ignore"):
        return distributed.fit_label_model(votes, gold=GOLD)


@pytest.fixture(scope="module")
def samples(data):
    return lb.read_samples(data, id="key")


@pytest.mark.filterwarnings("ignore")
def test_label_models_are_those_of_one_table(votes, whole, model, tmp_path):
    one = LabelModel().fit(whole, gold=GOLD)
    assert saved(model, tmp_path / "a.npz") == saved(one, tmp_path / "b.npz")
    for kind in (lb.label_models.MajorityVote, lb.label_models.DawidSkene):
        ours, theirs = distributed.fit_label_model(votes, kind()), kind().fit(whole)
        assert saved(ours, tmp_path / "a.npz") == saved(theirs, tmp_path / "b.npz")
    opened = PartitionedVotes.open(votes.folder)
    ours = LabelModel().fit(opened, class_balance=[0.7, 0.3])
    theirs = LabelModel().fit(whole, class_balance=[0.7, 0.3])
    assert saved(ours, tmp_path / "a.npz") == saved(theirs, tmp_path / "b.npz")


def test_models_that_need_rows_say_so(votes):
    with pytest.raises(LabelingError, match="AnnotatorModel must have the votes in one table"):
        distributed.fit_label_model(votes, lb.AnnotatorModel())


def test_gold_labels_of_unknown_samples_are_named(votes, model, tmp_path):
    gold = {**GOLD, "nobody": "ham"}

    for fit in (
        lambda: distributed.fit_label_model(votes, gold=gold),
        lambda: distributed.fit_end_model(votes, model, gold=gold),
    ):
        with pytest.raises(DataError, match="'nobody'"):
            fit()
    with pytest.raises(DataError, match="1 of 46 are not"):
        distributed.export_training_set(votes, model, tmp_path / "out", gold=gold)


def test_soft_labels_are_those_of_one_table(votes, whole, model, tmp_path):
    files = distributed.predict_partitions(votes, model, tmp_path / "soft")

    table = pd.read_parquet(tmp_path / "soft").set_index("key")
    one = model.predict_proba(whole)
    assert len(files) == 4
    assert table.index.equals(one.sample_ids)
    np.testing.assert_allclose(table[["ham", "spam"]].to_numpy(), one.to_array(), atol=1e-12)
    assert table["covered"].tolist() == one.covered.tolist()


def test_an_end_model_is_fitted_to_a_draw_by_id_whatever_the_partitions(
    votes, model, samples, whole, lfs, tmp_path
):
    end = distributed.fit_end_model(votes, model, samples=150, gold=GOLD)
    one_file = write_partitions(tmp_path / "data", files=1, rows=400)
    frame = samples.reset_index()
    frame.to_parquet(one_file / "part=0" / "0.parquet")
    other = apply("local", lfs, one_file, tmp_path / "out")
    of_other = distributed.fit_end_model(other, model, samples=150, gold=GOLD)

    assert end.report_ == of_other.report_
    one, two = (end.predict_proba(samples), of_other.predict_proba(samples))
    assert np.array_equal(one.to_array(), two.to_array())
    drawn = int(end.report_[0].split(" covered samples")[0].split()[-1])
    assert 100 < drawn < 250
    everything = distributed.fit_end_model(votes, model, gold=GOLD)
    soft = model.predict_proba(whole)
    expected = EndModel().fit(samples, soft, gold=GOLD, votes=whole)
    np.testing.assert_allclose(
        everything.predict_proba(samples, soft=soft, votes=whole).to_array(),
        expected.predict_proba(samples, soft=soft, votes=whole).to_array(),
        atol=1e-9,
    )


def test_a_training_set_in_files_is_that_of_one_table(votes, whole, model, samples, tmp_path):
    manifest = distributed.export_training_set(
        votes, model, tmp_path / "set", gold=GOLD, min_confidence=0.6
    )

    soft = model.predict_proba(whole)
    one = build_training_set(samples, soft, gold=GOLD, votes=whole, min_confidence=0.6)
    expected = one.manifest()
    for name in ("samples", "labels", "sources", "left_out", "voters"):
        assert manifest[name] == expected[name], name
    one.to_parquet(tmp_path / "one.parquet")
    table, whole_table = (
        pd.read_parquet(tmp_path / "set"),
        pd.read_parquet(tmp_path / "one.parquet"),
    )
    pd.testing.assert_series_equal(table["label"], whole_table["label"])
    assert table["key"].tolist() == whole_table["key"].tolist()
    assert [
        len(pd.read_parquet(tmp_path / "set" / file["file"])) for file in manifest["files"]
    ] == [file["samples"] for file in manifest["files"]]
    assert manifest["types_differ"] == []


def test_an_export_replaces_an_earlier_one(votes, model, tmp_path):
    old = tmp_path / "set" / "part-00099.parquet"
    old.parent.mkdir()
    old.write_bytes(b"of an earlier export")
    (old.parent / ".part-00001.parquet.12ab.part").mkdir()

    first = distributed.export_training_set(votes, model, tmp_path / "set")
    assert first == distributed.export_training_set(
        votes, model, tmp_path / "set", on="processes:2"
    )
    assert sorted(path.name for path in old.parent.iterdir()) == [
        "_manifest.json",
        *(f"part-{number:05}.parquet" for number in range(4)),
    ]


def test_models_must_be_fitted(votes, tmp_path):
    for call in (distributed.export_training_set, distributed.predict_partitions):
        with pytest.raises(NotFittedError, match="This LabelModel is not fitted yet"):
            call(votes, LabelModel(), tmp_path / "set")


def test_samples_that_changed_after_the_votes_are_refused(lfs, model, tmp_path):
    data = write_partitions(tmp_path / "data")
    votes = apply("local", lfs, data, tmp_path / "out")
    file = data / "part=0" / "0.parquet"
    pd.read_parquet(file).iloc[::-1].to_parquet(file)

    with pytest.raises(DataError, match="must not change while it is read"):
        distributed.export_training_set(votes, model, tmp_path / "set")


@pytest.mark.parametrize("samples", [0, -1, 1.5])
def test_the_size_of_the_draw_must_be_a_number(votes, model, samples):
    with pytest.raises(LabelingError, match="`samples` must be a whole number from 1"):
        distributed.fit_end_model(votes, model, samples=samples)

"""Folders of results are of one run at a time, and files of others stay in them."""

import pandas as pd
import pytest

from labeling import apply_partitions, distributed, labeling_function
from labeling.errors import DataError, LabelingError
from labeling.label_models import MajorityVote
from tests.support.clusters import SCHEMA, write_partitions


def apply(lfs, data, out, **given):
    return apply_partitions(lfs, data, SCHEMA, id="key", out=out, on="local", **given)


def test_results_do_not_replace_files_of_samples(tmp_path, lfs):
    source = write_partitions(tmp_path / "data", files=1) / "part=0" / "0.parquet"
    spark = source.rename(source.with_name("part-00000-c1.snappy.parquet"))
    other = write_partitions(tmp_path / "other", files=1) / "part=0" / "0.parquet"
    named = other.rename(spark.with_name("part-00001.parquet"))
    votes = apply(lfs[:3], spark, tmp_path / "out")
    model = MajorityVote().fit(votes)

    for write in (distributed.export_training_set, distributed.predict_partitions):
        with pytest.raises(DataError, match="Results must be written to a folder of their own"):
            write(votes, model, spark.parent)
        foreign = tmp_path / write.__name__ / "part-00007-c2.snappy.parquet"
        foreign.parent.mkdir()
        foreign.write_bytes(b"of someone else")
        write(votes, model, foreign.parent)
        assert foreign.exists()
    assert sorted(spark.parent.iterdir()) == sorted([spark, named])


def test_votes_of_a_later_run_are_not_taken_for_those_that_were_opened(tmp_path, data):
    @labeling_function(label="spam", name="one")
    def link(x):
        return "http" in x.text

    @labeling_function(label="spam", name="one")
    def caps(x):
        return x.text.isupper()

    votes = apply(link, data, tmp_path / "out")
    model = MajorityVote().fit(votes)
    apply(caps, data, tmp_path / "out")

    with pytest.raises(DataError, match="the votes must be those of one run"):
        distributed.export_training_set(votes, model, tmp_path / "training_set")


def test_another_run_in_the_folder_is_said(tmp_path, lfs, data):
    def run_again(_):
        if not (tmp_path / "out" / "_manifest.json").exists():
            apply(lfs[:1], data, tmp_path / "out")

    with pytest.raises(LabelingError, match="One run at a time must write to the folder"):
        apply(lfs, data, tmp_path / "out", progress=run_again)


def test_votes_without_a_module_are_computed_again(tmp_path, data, monkeypatch):
    @labeling_function(label="spam", version=1)
    def needs(x):
        import installed_later

        return installed_later.IS_SPAM

    first = apply(needs, data, tmp_path / "out", on_error="record")
    (tmp_path / "installed_later.py").write_text("IS_SPAM = True\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    second = apply(needs, data, tmp_path / "out", on_error="record")

    assert (first.n_covered, second.n_covered) == (0, 400)


def test_files_of_a_pattern_are_named_by_their_folders(tmp_path, lfs):
    frame = pd.DataFrame({"key": ["a", "a"], "text": ["x", "y"]})
    for name in ("day=1", "day=2"):
        (tmp_path / "data" / name).mkdir(parents=True)
        frame.to_parquet(tmp_path / "data" / name / "part.parquet")

    with pytest.raises(DataError, match=r"^day=1/part.parquet: "):
        apply(lfs[0], tmp_path / "data" / "*" / "part.parquet", tmp_path / "out")

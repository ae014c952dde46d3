"""Results of partitions never replace samples or votes, and are never taken for samples."""

import pandas as pd
import pytest

import labeling as lb
from labeling import PartitionedVotes, apply_partitions
from labeling.errors import DataError
from tests.support.clusters import SCHEMA


def apply(lfs, data, out):
    return apply_partitions(lfs, data, SCHEMA, id="key", out=out, on="local")


@pytest.mark.parametrize("inside", ["", "votes_of_today"])
def test_votes_are_not_written_where_they_would_be_read_as_samples(tmp_path, data, lfs, inside):
    before = sorted(data.rglob("*"))
    with pytest.raises(DataError, match=r"`out` must not be in the folder of the samples"):
        apply(lfs, data, data / inside)
    assert before == sorted(data.rglob("*"))
    assert len(apply(lfs, data, data / "_votes")) == len(apply(lfs, data, data / "_votes")) == 400


def test_no_file_of_samples_or_votes_is_replaced_by_results(tmp_path, lfs):
    folder = tmp_path / "here" / "votes"
    folder.mkdir(parents=True)
    rows = pd.DataFrame({"key": [f"k{n}" for n in range(40)], "text": "free", "n": 1})
    for number in range(2):  # as Spark names them
        rows[number * 20 :][:20].to_parquet(folder / f"part-{number:05}.parquet")
    files = {path: path.read_bytes() for path in folder.iterdir()}
    lf = lb.LabelingFunction("any", lambda x: 1)

    with pytest.raises(DataError, match=r"a folder of their own.*files of the samples"):
        apply(lf, folder, tmp_path / "here")
    votes = apply(lf, folder, tmp_path / "out")
    model = lb.label_models.MajorityVote().fit(votes)
    for write in (lb.distributed.export_training_set, lb.distributed.predict_partitions):
        with pytest.raises(DataError, match=r"a folder of their own.*files of the samples"):
            write(votes, model, folder)
        for taken in (tmp_path / "out", tmp_path / "out" / "votes"):
            with pytest.raises(DataError, match=r"a folder of their own.*files of the votes"):
                write(votes, model, taken)

    assert files == {path: path.read_bytes() for path in folder.iterdir()}
    assert len(PartitionedVotes.open(tmp_path / "out")) == 40

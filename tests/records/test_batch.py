"""A batch that somebody puts together by hand works wherever one does that was chosen."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError
from labeling.label_files import LabelFiles
from tests.support import studio_loop

SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame({"text": ["hi", "buy", "hm"]}, index=["a", "b", "c"])
FRAMES = {
    "nothing but ids": pd.DataFrame(index=["a", "b"]),
    "without score": pd.DataFrame({"stratum": ["x", "y"], "reason": "r"}, index=["a", "b"]),
    "without reason": pd.DataFrame({"score": [1, None], "propensity": None}, index=["a", "b"]),
    "more than it needs": pd.DataFrame(
        {"note": ["n", "m"], "score": ["1", "0.5"]}, index=["a", "b"]
    ),
}
frames = pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())


@frames
def test_what_is_left_out_has_its_default(frame):
    batch = lb.Batch(frame)
    made = batch.to_frame()

    assert made.columns.tolist()[:4] == ["stratum", "score", "reason", "propensity"]
    assert made["score"].dtype == made["propensity"].dtype == np.float64
    assert made["stratum"].tolist() == (["x", "y"] if "stratum" in frame else ["given"] * 2)
    assert made["reason"].tolist() == (["r"] * 2 if "reason" in frame else [""] * 2)
    assert "2 samples" in repr(batch)
    assert len(lb.Batch(frame.iloc[:0])) == 0


@frames
def test_platforms_and_stores_take_it(frame, tmp_path, store):
    batch = lb.Batch(frame)
    recorded = pd.DataFrame(
        {"sample": ["a", "a", "b", "b"], "annotator": ["x", "y"] * 2, "label": "spam"}
    )
    replay = lb.Replay(recorded, SCHEMA, votes_per_sample=2)
    files = LabelFiles(tmp_path / "sheets", SCHEMA, annotators=["ann", "bob"])
    nothing = dict.fromkeys(["a", "b"], (None, 0.5))
    how = {"strategy": "given", "seed": 0, "made_at": "2026-01-01T00:00:00+00:00"}
    store.batches.choose(1, batch, nothing, dict.fromkeys(["a", "b"], "digest"), **how)
    kept = store.batches.batch(1)
    for platform in (replay, files):
        platform.push(batch, SAMPLES)

    assert len(replay.pull()) == 4
    assert list((tmp_path / "sheets").glob("*.csv"))
    assert kept.sample_ids.tolist() == ["a", "b"]
    assert kept.to_frame()["stratum"].tolist() == batch.to_frame()["stratum"].tolist()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (["a", "b"], "frame of a batch must be of type DataFrame. Got a list"),
        (pd.DataFrame(index=["a", "a"]), "sample ids of a batch must be unique"),
        (pd.DataFrame(index=["a", None]), "sample ids of a batch must not be missing"),
        (pd.DataFrame({"score": ["much"]}, index=["a"]), "'score' of a batch must hold numbers"),
    ],
)
def test_what_is_no_batch_is_refused(frame, message):
    with pytest.raises(LabelingError, match=message):
        lb.Batch(frame)
    assert issubclass(DataError, LabelingError)


def test_label_studio_takes_it(studio):
    platform = studio_loop.studio_of(studio, "batches by hand")
    for frame in FRAMES.values():
        platform.push(lb.Batch(frame), SAMPLES)

    assert set(studio_loop.listed(studio, "batches by hand")) == {"a", "b"}

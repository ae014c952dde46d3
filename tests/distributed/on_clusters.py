"""What every engine must do: the same bytes as one machine, also when a worker is killed."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling import apply_partitions, distributed, labeling_function
from labeling.errors import LabelingFunctionError
from tests.support.clusters import SCHEMA, Killer


def apply(on, lfs, data, out, **given):
    return apply_partitions(lfs, data, SCHEMA, id="key", out=out, on=on, **given)


def check_votes(on, data, lfs, whole, tmp_path):
    """Compare votes, digests and statistics with those of one process."""
    votes = apply(on, lfs, data, tmp_path / "out")
    apply("local", lfs, data, tmp_path / "local")

    assert np.array_equal(votes.read().array, whole.array)
    assert votes.read().sample_ids.identical(whole.sample_ids)
    pd.testing.assert_frame_equal(votes.summary(), lb.lf_summary(whole))
    assert_same_files(tmp_path / "out", tmp_path / "local")
    return votes


def check_kinds(on, data, tmp_path, kinds=("spans", "sets")):
    """Compare spans and sets of labels with those of one process, and of one table."""
    for kind in kinds:
        lfs, schema = functions_of_kinds()[kind]
        whole = lb.apply(lfs, data, schema, id="key", on_error="record")
        given = {"schema": schema, "id": "key", "on_error": "record"}
        votes = apply_partitions(lfs, data, out=tmp_path / kind, on=on, **given)
        apply_partitions(lfs, data, out=tmp_path / f"{kind}_local", on="local", **given)
        assert_same_votes(votes.read(), whole)
        assert_same_votes(distributed.PartitionedLists.open(tmp_path / kind).read(), whole)
        pd.testing.assert_frame_equal(votes.summary(), lb.lf_summary(whole))
        assert_same_files(tmp_path / kind, tmp_path / f"{kind}_local")


def assert_same_votes(votes, whole):
    assert votes.sample_ids.identical(whole.sample_ids)
    assert votes.to_frame().equals(whole.to_frame())
    assert getattr(votes, "trimmed", {}) == getattr(whole, "trimmed", {})
    assert [fault[:2] for fault in votes.faults] == [fault[:2] for fault in whole.faults]
    assert votes.faults
    assert len(votes.to_frame()) > len(whole) / 4


def functions_of_kinds():
    """Return labeling functions of each kind but labels of whole samples, and the labels."""

    @lb.span_labeling_function(label="A")
    def words(x):
        if x.key == "k7":
            raise ValueError("seven")
        found = [match.span() for match in re.finditer(r"\w+", x.text or "")]
        return [*found, *((start, start + 1) for start, _ in found[:1])]

    @labeling_function
    def several(x):
        if x.key == "k7":
            raise ValueError("seven")
        return {"A": True, "B": "1" in x.key}

    return {
        "spans": ([words], lb.LabelSchema(["A"], kind="spans")),
        "sets": ([several], lb.LabelSchema(["A", "B"], kind="several")),
    }


def assert_same_files(folder, other):
    """The manifests have all digests, and the same versions write the same files of votes."""
    names = sorted(path.name for path in (folder / "votes").iterdir())
    assert names == sorted(path.name for path in (other / "votes").iterdir())
    for name in ("_manifest.json", *(f"votes/{name}" for name in names)):
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    for path in (folder / "_about").glob("*.npz"):
        with np.load(path) as ours, np.load(other / "_about" / path.name) as theirs:
            for field in set(ours.files) - {"about"}:
                assert np.array_equal(ours[field], theirs[field]), (path.name, field)


def saved(model, path):
    """Return the arrays and the rest of a saved model."""
    model.save(path)
    with np.load(path) as file:
        return {name: file[name].tobytes() for name in file.files}


def check_everything(on, data, lfs, whole, tmp_path):
    """Compare votes, label model, soft labels, end model and training set."""
    votes = check_votes(on, data, lfs, whole, tmp_path)
    gold = {f"k{row}": SCHEMA.labels[row % 2] for row in range(0, 400, 9)}
    with warnings.catch_warnings(action="ignore"):
        model = distributed.fit_label_model(votes, gold=gold, on=on)
        expected = lb.LabelModel().fit(whole, gold=gold)
    assert saved(model, tmp_path / "a.npz") == saved(expected, tmp_path / "b.npz")

    files = distributed.predict_partitions(votes, model, tmp_path / "soft", on=on)
    soft = pd.concat(map(pd.read_parquet, files))
    np.testing.assert_allclose(
        soft[list(SCHEMA)].to_numpy(), expected.predict_proba(whole).to_array(), atol=1e-12
    )
    manifests = []
    for engine, name in ((on, "here"), ("local", "there")):
        end = distributed.fit_end_model(votes, model, samples=200, gold=gold, on=engine)
        manifests.append(
            distributed.export_training_set(
                votes, model, tmp_path / name, end_model=end, gold=gold, on=engine
            )
        )
    assert manifests[0] == manifests[1]
    assert manifests[0]["samples"] == len(pd.read_parquet(tmp_path / "here"))


def check_first_fault(on, data, tmp_path):
    @labeling_function(label="spam")
    def second(x):
        return x.key == "k210" and [][1]

    @labeling_function(label="spam")
    def third(x):
        if x.key in ("k350", "k120", "k210"):
            raise ValueError(f"not {x.key}")
        return False

    with pytest.raises(LabelingFunctionError) as expected:
        lb.apply([second, third], data, SCHEMA, id="key")
    with pytest.raises(LabelingFunctionError) as found:
        apply(on, [second, third], data, tmp_path / "out")
    assert str(found.value) == str(expected.value)


def check_killed_worker(on, lfs, pids, data, tmp_path):
    """Kill a worker in the middle of a run: it finishes, and nothing differs."""
    killer = Killer(pids, tmp_path / "out")
    killer.start()
    votes = apply(on, lfs, data, tmp_path / "out")
    killer.join()

    assert killer.killed is not None
    assert len({path.name for path in pids.iterdir()}) > 1
    apply("local", lfs, data, tmp_path / "local")
    assert_same_files(tmp_path / "out", tmp_path / "local")
    assert not [*(tmp_path / "out").rglob("*.part")]
    assert len(votes) == 400


def apply_ending(on, data, tmp_path):
    """Apply a function that ends the process of each worker."""

    @labeling_function(label="spam")
    def ending(x):
        import os

        os._exit(1)

    apply(on, ending, data, tmp_path / "out")

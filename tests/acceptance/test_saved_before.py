"""What an earlier commit saved opens and gives the same: stores, models and exports.

saved_before/make.py says how the files were made.
"""

import json
import shutil
import tarfile

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.label_models import MODELS
from labeling.store import Store
from tests.acceptance.saved_before.make import ARCHIVE, REST, do, texts, votes_and_gold

SAVED = [f"{name}{suffix}" for name in (*MODELS, "end") for suffix in ("", "-gold")]
OF_MODELS = {"probabilities", "p_ham", "p_spam", "p_news", "confidence", "weight"}
EXPORTS = ("training_set.parquet", "training_set.jsonl", "training_set.csv")
ADDED_SINCE = ("decided_by",)  # columns that exports did not have then
COUNTED_SINCE = ("undecided", "left_out", "origin", "guarded_in_csv")  # keys that are new since


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def probabilities(unpacked):
    with np.load(unpacked / "models" / "probabilities.npz") as file:
        return dict(file)


def test_every_kind_of_model_was_saved(probabilities):
    assert sorted(SAVED) == sorted(probabilities)


@pytest.mark.parametrize("name", SAVED)
def test_a_model_gives_the_probabilities_that_it_gave_and_saves_the_same_bytes(
    unpacked, probabilities, tmp_path, name
):
    """The processor decides about the last digit of a probability, and nothing about the file."""
    kind = name.removesuffix("-gold")
    path = unpacked / "models" / name
    if kind == "end":
        model = lb.EndModel.load(path)
        soft = model.predict_proba(texts())
    else:
        model = MODELS[kind].load(path)
        soft = model.predict_proba(votes_and_gold()[0])
    model.save(tmp_path / "again")

    np.testing.assert_allclose(soft.to_array(), probabilities[name], rtol=0, atol=1e-12)
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def table(folder, name):
    path = folder / "out" / name
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_json(path, lines=True)


def same_exports(expected, actual):
    """A project fits its models again with the version that runs it, so that these may differ.

    Labels, their sources, votes and people are the same.
    """
    for name in EXPORTS:
        before, now = table(expected, name), table(actual, name)
        of_models = [column for column in before if column in OF_MODELS]
        assert list(before) == [column for column in now if column not in ADDED_SINCE]
        assert set(ADDED_SINCE) <= set(now)
        now = now.drop(columns=list(ADDED_SINCE))
        assert of_models
        pd.testing.assert_frame_equal(
            before.drop(columns=of_models), now.drop(columns=of_models), rtol=0, atol=1e-9
        )
        assert not now[of_models].isna().any(axis=None)
        manifest = f"out/{name}.manifest.json"
        before, now = (
            json.loads((one / manifest).read_text("utf-8")) for one in (expected, actual)
        )
        for added in ADDED_SINCE:
            now["columns"].remove(added)
        differing = {key for key in {*before, *now} if before.get(key) != now.get(key)}
        allowed = {"fingerprint", "format", "packages", "sha256", *COUNTED_SINCE}
        assert differing <= allowed, (before, now)


def test_a_loop_that_was_begun_before_goes_on_and_ends_the_same(unpacked, tmp_path):
    folder = shutil.copytree(unpacked / "begun", tmp_path / "begun")
    do(folder, REST)

    same_exports(unpacked / "finished", folder)
    for query in (
        "SELECT sample, annotator, label, deleted FROM annotations ORDER BY 1, 2, 3",
        "SELECT key, state, votes FROM messages ORDER BY key",
        "SELECT number, state FROM batches ORDER BY number",
    ):
        before, now = rows(unpacked / "finished", query), rows(folder, query)
        assert before == now, query
        assert now, query


def rows(folder, query):
    import sqlalchemy as sa

    store = Store(folder / ".labeling" / "project", "project")
    with store.database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_a_store_of_before_is_read_and_exports_the_same_again(unpacked, tmp_path):
    folder = shutil.copytree(unpacked / "finished", tmp_path / "finished")
    project = lb.Project(folder / "project.yaml")
    status, runs = project.status(), project.store.runs.recent()
    do(folder, ["export"])

    assert () == project.store.check().findings  # all states follow from the events of before
    assert 40 == status.samples
    last = runs[runs[0]["verb"] == "update"]  # the store was brought up to date on opening
    assert ("export", "done") == (last["verb"], last["state"])
    same_exports(unpacked / "finished", folder)
    names = ("training_set.jsonl", "training_set.csv")
    once = [(folder / "out" / name).read_bytes() for name in names]
    do(folder, ["export"])
    assert once == [(folder / "out" / name).read_bytes() for name in names]

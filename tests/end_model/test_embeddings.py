"""Embeddings by name: static models of model2vec, and what cannot be loaded."""

import json
import os
import shutil
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.end_model import NamedEmbedding
from labeling.end_model.embeddings import embed
from tests.support.static_model import BAD, GOOD, N_DIMENSIONS, THINGS, write_static_model

SCHEMA = lb.LabelSchema(["bad", "good"])
# Votes for the first words of each side only; of the others nobody says anything.
KNOWN = [(word, code) for words, code in ((BAD[:3], 0), (GOOD[:3], 1)) for word in words]
OTHERS = [(word, code) for words, code in ((BAD[3:], 0), (GOOD[3:], 1)) for word in words]
DATA = pd.DataFrame({"text": [f"a {word} {thing}" for word, _ in KNOWN for thing in THINGS]})
CODES = [code for _, code in KNOWN for _ in THINGS]
SOFT = lb.SoftLabels(
    np.where(np.eye(2)[CODES] == 1, 0.9, 0.1), DATA.index, SCHEMA, np.ones(len(DATA), dtype=bool)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("model2vec")
    return write_static_model(tmp_path_factory.mktemp("static"))


def accuracy_on_other_words(model):
    data = pd.DataFrame({"text": [f"a {word} {thing}" for word, _ in OTHERS for thing in THINGS]})
    data.index = [f"new {row}" for row in range(len(data))]
    found = model.predict_proba(data).to_array().argmax(axis=1)
    return (found == [code for _, code in OTHERS for _ in THINGS]).mean()


def test_a_static_model_is_loaded_by_its_folder_and_reaches_words_nobody_voted_on(folder, tmp_path):
    model = lb.EndModel(embeddings=str(folder)).fit(DATA, SOFT)
    model.save(tmp_path / "end.npz")
    loaded = lb.EndModel.load(tmp_path / "end.npz")

    assert accuracy_on_other_words(model) > 0.95
    assert accuracy_on_other_words(loaded) > 0.95
    assert accuracy_on_other_words(lb.EndModel().fit(DATA, SOFT)) < 0.9


def test_a_named_embedding_keeps_its_name_in_the_file(folder, tmp_path):
    model = lb.EndModel(embeddings=NamedEmbedding("movies", folder)).fit(DATA, SOFT)
    model.save(tmp_path / "end.npz")
    again = lb.EndModel.load(tmp_path / "end.npz", embeddings=NamedEmbedding("movies", folder))
    with np.load(tmp_path / "end.npz") as file:
        about = json.loads(str(file["about"]))

    assert "movies" == about["features"]["embeddings"]
    np.testing.assert_array_equal(
        model.predict_proba(DATA).to_array(), again.predict_proba(DATA).to_array()
    )


def test_vectors_do_not_depend_on_the_other_texts_and_their_order(folder):
    texts = DATA["text"].tolist()
    all_vectors = embed(str(folder), texts)

    np.testing.assert_array_equal(all_vectors[::-1], embed(str(folder), texts[::-1]))
    np.testing.assert_array_equal(all_vectors[:1], embed(str(folder), texts[:1]))
    np.testing.assert_array_equal(all_vectors[[0, 0]], embed(str(folder), [texts[0]] * 2))
    assert (len(texts), N_DIMENSIONS) == all_vectors.shape


def test_a_pool_is_embedded_once_however_often_it_is_asked_for():
    calls = []
    embedding = NamedEmbedding("any")
    embedding.__dict__["_model"] = lambda texts: (
        calls.append(texts) or np.arange(len(texts), dtype=float)[:, None]
    )

    assert [[1.0], [0.0], [1.0]] == embedding(["b", "a", "b"]).tolist()
    assert [[0.0], [1.0]] == embedding(["a", "b"]).tolist()
    assert [["a", "b"]] == calls
    embedding(["c"])
    embedding(["a", "b"])
    embedding(["d"])  # the third set: the one asked for longest ago, ["c"], is forgotten
    embedding(["b", "a"])
    assert [["a", "b"], ["c"], ["d"]] == calls
    embedding(["c"])
    assert ["c"] == calls[-1]


def test_a_static_model_needs_no_torch(folder):
    """In a process of its own: which libraries are loaded."""
    code = (
        "import sys; from labeling.end_model.embeddings import embed;"
        f"embed({str(folder)!r}, ['a film']);"
        "print(sorted({'torch', 'sentence_transformers', 'model2vec'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert ("['model2vec']\n", "") == (result.stdout, result.stderr)


def test_a_static_model_needs_its_extra(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "model2vec", None)

    with pytest.raises(lb.LabelingError, match=r"pip install 'labeling\[static-embeddings\]'"):
        lb.EndModel(embeddings=str(folder)).fit(DATA, SOFT)


def test_a_folder_of_sentence_transformers_that_holds_a_static_model_is_static(folder, tmp_path):
    """As such folders are written: their modules say so, and their config nothing."""
    for name in ("model.safetensors", "tokenizer.json", "modules.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "other"}))

    assert embed(str(tmp_path), ["a lovely film"]).tolist() == (
        embed(str(folder), ["a lovely film"]).tolist()
    )


@pytest.mark.parametrize("left_out", ["modules.json", "none"])
def test_a_model_of_the_hub_that_was_downloaded_is_read_without_a_network(
    folder, tmp_path, left_out
):
    """In a process of its own, in which no other library has loaded the hub's client."""
    downloaded = tmp_path / "models--films--static"
    files = shutil.copytree(folder, downloaded / "snapshots" / "1", ignore=lambda *_: [left_out])
    config = json.loads((files / "config.json").read_text("utf-8"))
    (files / "config.json").write_text(json.dumps({**config, "model_type": "model2vec"}))
    (downloaded / "refs").mkdir()
    (downloaded / "refs" / "main").write_text("1", encoding="utf-8")
    code = (
        "from labeling.end_model.embeddings import embed;"
        "print(embed('films/static', ['a lovely film']).tolist())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"},
    )

    assert "" == result.stderr
    assert json.loads(result.stdout) == embed(str(folder), ["a lovely film"]).tolist()


@pytest.mark.parametrize("name", ["/no/such/folder", "./no/such/folder"])
def test_a_folder_that_is_not_there_is_an_error_at_once(name):
    with pytest.raises(lb.LabelingError, match="cannot be loaded: there is no such folder"):
        embed(name, ["a text"])


def test_without_a_network_the_error_says_what_to_do(monkeypatch):
    """No name resolves, and the hub's client is told not to try five times."""
    pytest.importorskip("huggingface_hub")

    def unreachable(*_, **__):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(lb.LabelingError) as error:
        embed("nobody/no-such-model", ["a text"])
    assert "embedding model 'nobody/no-such-model' cannot be loaded" in str(error.value)
    assert "Without a network, download it elsewhere and name its folder" in str(error.value)
    assert "attribute" not in str(error.value)
    assert "\n" not in str(error.value)
    assert ".." not in str(error.value)


def test_a_damaged_model_is_an_error(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")

    with pytest.raises(lb.LabelingError, match="cannot be loaded"):
        embed(str(tmp_path), ["a text"])


@pytest.mark.parametrize("returned", [["one", "two"], [[1.0], [1.0, 2.0]], [None, {}]])
def test_embeddings_that_are_no_numbers_are_an_error(returned):
    with pytest.raises(lb.LabelingError, match="must return an array of numbers, of shape"):
        embed(lambda _: returned, ["a text", "another"])

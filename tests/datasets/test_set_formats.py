"""Training sets of several labels in the forms of other libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import labeling as lb
from tests.support.span_sets import TEXTS, given_sets, set_votes, soft_sets


@pytest.fixture
def train() -> lb.SetTrainingSet:
    return lb.build_training_set(
        TEXTS, soft_sets(), votes=set_votes(), gold={"b": {"joy", "anger"}}, abstain="keep"
    )


def test_sklearn_gets_indicators_and_weights_of_samples_or_labels(
    train: lb.SetTrainingSet,
) -> None:
    features, wanted, weights = train.to_sklearn("text")
    assert features.index.tolist() == ["a", "b", "d"]
    assert wanted.tolist() == [[1, 0], [1, 1], [0, 0]]
    assert weights.tolist() == [0.8, 1.0, 0.9]
    _, _, of_labels = train.to_sklearn("text", labels="soft")
    np.testing.assert_allclose(of_labels, [[0.9, 0.8], [1, 1], [0.9, 0.9]])


def test_a_classifier_of_several_labels_takes_them() -> None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    train = given_sets(["good", "bad", "good bad", "x"], [["joy"], ["anger"], ["joy", "anger"], []])
    texts, wanted, _ = train.to_sklearn("text")
    points = CountVectorizer().fit_transform(texts)
    model = OneVsRestClassifier(LogisticRegression(C=100)).fit(points, wanted)
    np.testing.assert_array_equal(model.predict(points), wanted)


def test_hugging_face_gets_lists_of_class_labels(train: lb.SetTrainingSet) -> None:
    pytest.importorskip("datasets")
    data = train.to_hf()
    assert data.features["label"].feature.names == ["joy", "anger"]
    assert data["label"][:] == [[0], [0, 1], None, []]


def test_torch_gets_indicators_or_probabilities(train: lb.SetTrainingSet) -> None:
    torch = pytest.importorskip("torch")
    batch = next(iter(torch.utils.data.DataLoader(train.to_torch("text"), batch_size=3)))
    assert batch["label"].tolist() == [[1, 0], [1, 1], [0, 0]]
    soft = train.to_torch("text", labels="soft")[0]["probabilities"]
    assert soft.tolist() == pytest.approx([0.9, 0.2])


def test_spacy_gets_several_categories(train: lb.SetTrainingSet, tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    train.to_docbin(tmp_path / "t.spacy")
    read = spacy.tokens.DocBin().from_disk(tmp_path / "t.spacy")
    documents = list(read.get_docs(spacy.blank("en").vocab))
    assert [document.cats for document in documents] == [
        {"joy": 1.0, "anger": 0.0},
        {"joy": 1.0, "anger": 1.0},
        {"joy": 0.0, "anger": 0.0},
    ]


def test_label_studio_gets_several_choices(train: lb.SetTrainingSet) -> None:
    tasks = train.to_label_studio()
    item = tasks[0]["predictions"][0]["result"][0]
    assert item["value"] == {"choices": ["joy"]}
    decided = tasks[1]["annotations"][0]["result"][0]
    assert decided["value"] == {"choices": ["joy", "anger"]}
    assert tasks[3]["predictions"][0]["result"] == []
    assert set(tasks[2]) == {"data", "meta"}  # of which nothing is known

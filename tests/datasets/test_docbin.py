"""Training sets as spaCy's DocBin: read by its Corpus, and trained on by its text classifier."""

import datetime
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError
from tests.support.nasty_training_set import IDS, SCHEMA, TEXTS, N, nasty

spacy = pytest.importorskip("spacy")


def read(path):
    from spacy.training import Corpus

    return [example.reference for example in Corpus(path)(spacy.blank("en"))]


def test_texts_and_categories_are_read_by_the_corpus(tmp_path):
    nasty().to_docbin(tmp_path / "train.spacy")
    documents = read(tmp_path / "train.spacy")
    # The corpus itself leaves out documents without a token.
    expected = [i for i in range(N - 1) if TEXTS[i]]

    assert [TEXTS[i] for i in expected] == [document.text for document in documents]
    assert [IDS["text"][i] for i in expected] == [
        document.user_data["labeling_id"] for document in documents
    ]
    assert dict.fromkeys(SCHEMA, 0.0) | {"ham": 1.0} == documents[0].cats
    assert 0.8 == documents[0].user_data["labeling_weight"]


def test_soft_labels_are_scores_of_categories():
    (document, *_) = nasty().to_docbin(labels="soft").get_docs(spacy.blank("en").vocab)

    assert dict(zip(SCHEMA, [0.8, 0.1, 0.1], strict=True)) == document.cats


@pytest.mark.parametrize("ids", IDS)
def test_ids_are_kept(ids):
    documents = nasty(ids).to_docbin().get_docs(spacy.blank("en").vocab)
    found = [document.user_data["labeling_id"] for document in documents]
    expected = [one.isoformat() if isinstance(one, datetime.date) else one for one in IDS[ids]]

    assert expected[: N - 1] == found


def test_the_text_classifier_is_trained_a_step(tmp_path):
    from spacy.training import Corpus

    nasty().to_docbin(tmp_path / "train.spacy")
    nlp = spacy.blank("en")
    classifier = nlp.add_pipe("textcat")
    for label in SCHEMA:
        classifier.add_label(label)
    examples = list(Corpus(tmp_path / "train.spacy")(nlp))
    optimizer = nlp.initialize(lambda: examples)
    before = nlp.update(examples, sgd=optimizer)["textcat"]
    for _ in range(5):
        after = nlp.update(examples, sgd=optimizer)["textcat"]

    assert 0 < before
    assert after != before
    assert set(SCHEMA) == set(nlp("plain").cats)


def test_every_process_writes_the_same_bytes(tmp_path):
    code = (
        "import sys; from tests.support.nasty_training_set import nasty\n"
        "nasty().to_docbin(sys.argv[1])"
    )
    files = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.spacy"
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(["", *sys.path])},
            check=True,
        )
        files.append(path.read_bytes())

    assert files[0] == files[1]


@pytest.mark.parametrize("n", [0, 1])
def test_none_and_one(tmp_path, n):
    documents = nasty().take(np.arange(n)).to_docbin(tmp_path / "train.spacy")

    assert n == len(documents)
    assert n == len(read(tmp_path / "train.spacy"))


def training_set(text):
    data = pd.DataFrame({"text": [text]}, index=["s0"])
    return lb.build_training_set(
        data, lb.SoftLabels([[1.0, 0.0]], data.index, lb.LabelSchema(["ham", "spam"]), [True])
    )


def test_what_spacy_cannot_hold_is_named():
    nlp = spacy.blank("en")
    nlp.max_length = 100
    with pytest.raises(DataError, match=r"sample 's0' \(101 characters\).*max_length"):
        training_set("x" * 101).to_docbin(nlp=nlp)
    with pytest.raises(DataError, match="Column 'text' must hold text"):
        training_set(None).to_docbin()
    with pytest.raises(LabelingError, match="language that spaCy knows"):
        training_set("x").to_docbin(nlp="no such language")


def test_only_the_rows_of_train_are_given_where_a_split_was_made():
    assert N - 3 == len(nasty(split=True).to_docbin())
    assert 1 == len(nasty(split=True).to_docbin(split="dev"))

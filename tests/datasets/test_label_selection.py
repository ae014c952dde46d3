"""Selection of weak labels by their neighbours: what is left out, why, and what never is."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError, LabelSharesWarning
from tests.benchmarks.quality.data import read_set, read_texts

SCHEMA = lb.LabelSchema(["x", "y"])
N = 200
TRUTH = np.repeat([0, 1], N // 2)
IDS = pd.Index([f"s{row}" for row in range(N)])
IS_WRONG = np.arange(N) % 10 == 0
GIVEN = np.where(IS_WRONG, 1 - TRUTH, TRUTH)
REASON = "neighbours disagree (cut statistic 1.645 or more)"


def texts(seed=0):
    """Return texts of two subjects, of words of their own."""
    rng = np.random.default_rng(seed)
    words = [[f"{subject}{number}" for number in range(8)] for subject in "xy"]
    return [" ".join(rng.choice(words[code], 5)) for code in TRUTH]


DATA = pd.DataFrame({"text": texts()}, index=IDS)


def soft_labels(codes=GIVEN, confidence=0.9, schema=SCHEMA):
    array = np.eye(2)[codes] * (2 * confidence - 1) + (1 - confidence)
    return lb.SoftLabels(array, IDS, schema, np.full(N, True))


def built(data=DATA, soft=None, **more):
    return lb.build_training_set(data, soft or soft_labels(), **{"select": "auto", **more})


def test_labels_that_differ_from_those_of_similar_texts_are_left_out_with_the_reason():
    train = built()

    assert sorted(IDS[IS_WRONG]) == sorted(train.dropped.index)
    assert {REASON} == set(train.dropped["reason"])
    assert {"x", "y"} == set(train.left_out["label"].to_pylist())


def test_by_default_nothing_is_left_out():
    train = built(select=None)

    assert N == len(train)
    assert "selection" not in train.origin


def test_planted_errors_are_found_better_than_by_confidence():
    """The label model is as sure of the wrong labels as of the others."""
    confidence = np.where(np.arange(N) % 3 == 0, 0.7, 0.9)
    array = np.where(np.eye(2)[GIVEN] > 0, confidence[:, None], 1 - confidence[:, None])
    soft = lb.SoftLabels(array, IDS, SCHEMA, np.full(N, True))
    is_right = pd.Series(~IS_WRONG, index=IDS)

    by_neighbours = is_right[built(soft=soft, select=0.9).sample_ids].mean()
    by_confidence = is_right[built(soft=soft, select=None, min_confidence=0.8).sample_ids].mean()

    assert 1.0 == by_neighbours
    assert by_confidence < 0.93


def test_a_share_is_of_the_weak_labels():
    gold = {IDS[row]: "x" for row in range(50)}

    train = built(select=0.6, gold=gold)

    assert 50 + 90 == len(train)
    reasons = train.dropped["reason"].unique().tolist()
    assert 1 == len(reasons)
    assert reasons[0].startswith("neighbours disagree (cut statistic above -")


def test_gold_labels_are_never_left_out_and_are_heard_by_their_neighbours():
    flipped = {IDS[row]: "y" for row in range(40)}  # texts of x: people insist on y

    train = built(gold=flipped)

    assert set(flipped) <= set(train.sample_ids)
    alone = built(select=0.5)
    assert set(alone.sample_ids) != set(built(select=0.5, gold=flipped).sample_ids)


def test_each_other_reason_comes_first():
    array = soft_labels().to_array().copy()
    array[0] = 0.5
    covered = np.full(N, True)
    covered[10] = False
    train = built(soft=lb.SoftLabels(array, IDS, SCHEMA, covered))

    assert "tie between x, y" == train.dropped.loc["s0", "reason"]
    assert "no voter covers it" == train.dropped.loc["s10", "reason"]
    assert REASON == train.dropped.loc["s20", "reason"]


def test_what_was_left_out_by_label_stands_in_the_manifest_and_the_view():
    train = built()

    counts = {"weak": 100, "left_out": 10}
    assert {"x": counts, "y": counts} == train.manifest()["origin"]["selection"]
    settings = train.manifest()["origin"]["settings"]
    assert {"select": "auto", "text": "text", "features": "texts"}.items() <= settings.items()
    assert "left out by `select`" in train._repr_html_().replace("&#x60;", "`")


def test_the_order_of_rows_and_labels_does_not_matter():
    order = np.random.default_rng(1).permutation(N)
    backward = lb.LabelSchema(["y", "x"])

    for select in ("auto", 0.5):
        expected = built(select=select).sample_ids
        permuted = built(DATA.iloc[order], select=select).sample_ids
        renamed = built(soft=soft_labels(1 - GIVEN, schema=backward), select=select).sample_ids
        assert sorted(expected) == sorted(permuted) == sorted(renamed)


def test_features_of_a_table_are_found_by_id():
    table = pd.DataFrame({"a": TRUTH.astype(float), "b": 0.0}, index=IDS).iloc[::-1]

    train = built(DATA.assign(text="same"), features=table)

    assert sorted(IDS[IS_WRONG]) == sorted(train.dropped.index)
    assert "a table" == train.origin["settings"]["features"]


def test_features_may_be_a_function_of_texts():
    def embed(documents):
        return [[1.0, 0.0] if text.startswith("x") else [0.0, 1.0] for text in documents]

    assert sorted(IDS[IS_WRONG]) == sorted(built(features=embed).dropped.index)


def test_samples_without_a_text_stay():
    data = DATA.assign(text=DATA["text"].where(np.arange(N) % 20 > 0))

    train = built(data)

    assert sorted(IDS[IS_WRONG & (np.arange(N) % 20 > 0)]) == sorted(train.dropped.index)


def test_a_label_that_loses_most_of_its_samples_is_warned_of():
    """One sample in 25 has another label, each among 24 that are like it."""
    codes = np.where(np.arange(N) % 25 == 3, 1, 0)
    data = DATA.assign(text=[f"a{row // 25} b{row // 25}" for row in range(N)])

    with pytest.warns(LabelSharesWarning, match=r"leaves 0 of 8 weak labels 'y'"):
        built(data, soft_labels(codes), select=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        built()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_few_samples_nothing_is_said(n):
    soft = soft_labels().of_samples(IDS[:n])

    train = built(DATA.iloc[:n], soft)

    assert n == len(train)


def test_of_a_single_label_nothing_is_left_out():
    assert N == len(built(soft=soft_labels(np.zeros(N, dtype=int))))


def test_duplicate_texts_are_neighbours():
    data = DATA.assign(text=[f"subject {code}" for code in TRUTH])

    assert sorted(IDS[IS_WRONG]) == sorted(built(data).dropped.index)


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"select": 2}, LabelingError, "`select` must be None, 'auto', or a share"),
        ({"text": "txt"}, DataError, "'txt'"),
        ({"features": pd.DataFrame({"a": [1.0]}, index=["s0"])}, DataError, "199 of 200 ids"),
        ({"features": pd.DataFrame({"a": ["b"] * N}, index=IDS)}, LabelingError, "numbers"),
        ({"features": pd.DataFrame({"a": [np.nan] * N}, index=IDS)}, DataError, "finite"),
        ({"features": pd.DataFrame({"a": [1.0, 2.0]}, index=["s0", "s0"])}, DataError, "twice"),
        ({"features": lambda documents: [1.0]}, LabelingError, "a row of numbers for each of 200"),
    ],
)
def test_what_cannot_be_compared_is_an_error(more, error, message):
    with pytest.raises(error, match=message):
        built(**more)


CONFIG = """
data: {path: comments.parquet, id: key}
labels: [x, y]
labeling_functions: [rules.py]
export: {select: SELECT}
"""
RULES = """
from labeling.functions import labeling_function


@labeling_function
def recorded(row):
    return row.given
"""


def project(folder, select):
    data = DATA.assign(key=IDS, given=np.array(["x", "y"])[GIVEN])
    data.to_parquet(folder / "comments.parquet", index=False)
    (folder / "rules.py").write_text(RULES, "utf-8")
    (folder / "project.yaml").write_text(CONFIG.replace("SELECT", str(select)), "utf-8")
    return lb.Project(folder / "project.yaml")


def test_a_project_selects_as_its_config_says(tmp_path):
    opened = project(tmp_path, 0.5)
    opened.fit()
    opened.export()

    manifest = (opened.folder / "training_set.parquet.manifest.json").read_text("utf-8")
    left_out = pd.read_parquet(opened.folder / "left_out.parquet")
    assert N / 2 == len(left_out)
    assert left_out["reason"].str.startswith("neighbours disagree (cut statistic above").all()
    assert {"weak", "left_out"} == set(json.loads(manifest)["origin"]["selection"]["x"])


@pytest.mark.parametrize("select", [0, 1.5, "some", "[auto]"])
def test_another_selection_in_a_config_is_an_error(tmp_path, select):
    with pytest.raises(lb.errors.ConfigError, match=r"'export\.select': `select` must be None"):
        project(tmp_path, select)


@pytest.mark.parametrize("name", ["youtube", "sms", "topics_hausa"])
def test_on_real_texts_what_is_left_out_is_wrong_far_more_often(name, real_data):
    texts_there, data = read_texts(real_data, name), read_set(real_data, name)
    rows = texts_there.index[data.gold[texts_there.index] >= 0]
    votes = data.votes.of_samples(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the label model, about its shares
        soft = lb.LabelModel().fit(votes).predict_proba(votes)
    train = lb.build_training_set(texts_there.loc[rows], soft, select="auto")

    is_right = pd.Series(soft.codes() == data.gold[rows], index=rows)
    is_left_out = train.dropped["reason"] == REASON
    left_out = is_right[is_left_out[is_left_out].index]
    assert 0.01 * len(rows) < len(left_out) < 0.15 * len(rows)
    assert left_out.mean() < is_right[train.sample_ids].mean() - 0.15

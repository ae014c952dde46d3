"""Gold labels measure and win; the test split stays locked, and each look at it is counted."""

import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb

RULES = """
from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords


@labeling_function
def peeks(x):
    '''Votes with the gold label, if it can see one.'''
    return getattr(x, "truth", None) or ABSTAIN


offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
"""
CONFIG = """
data: {path: comments.csv, id: key, gold: truth, locked: 0.5}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 200}
"""


def make(folder, config=CONFIG):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 100)
    words = [["hi", "thanks", "song", "nice"], ["free", "win", "cash", "now"]]
    table = pd.DataFrame(
        {
            "key": [f"c{i}" for i in range(100)],
            "text": [" ".join(rng.choice(words[t], 3)) for t in truth],
            "truth": np.where(rng.random(100) < 0.6, np.array(["ham", "spam"])[truth], None),
        }
    )
    table.to_csv(folder / "comments.csv", index=False)
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    return table


@pytest.fixture
def table(tmp_path):
    return make(tmp_path)


def project(folder):
    return lb.Project(folder / "project.yaml")


def test_gold_labels_are_divided_into_dev_and_locked_test(tmp_path, table):
    data = project(tmp_path).data
    known = table.set_index("key")["truth"].dropna()

    assert len(known) == len(data.dev) + len(data.test)
    assert 0.3 < len(data.test) / len(known) < 0.7
    assert known[data.dev.index].tolist() == data.dev.tolist()
    assert not set(data.samples.index) & set(data.test.index)


def test_no_labeling_function_sees_a_gold_label(tmp_path, table):
    votes = project(tmp_path).apply()

    assert (votes.of_voters(["peeks"]).to_array() == lb.ABSTAIN).all()


def test_more_samples_in_another_order_leave_each_where_it_is(tmp_path, table):
    before = set(project(tmp_path).data.test.index)
    more = table.assign(key=table["key"] + "x")
    pd.concat([table, more]).sample(frac=1, random_state=0).to_csv(
        tmp_path / "comments.csv", index=False
    )
    after = project(tmp_path).data

    assert before == {key for key in after.test.index if not key.endswith("x")}


def test_the_seed_does_not_move_the_lock(tmp_path, table):
    before = project(tmp_path).data.test.index.tolist()
    (tmp_path / "project.yaml").write_text(CONFIG + "seed: 7\n", encoding="utf-8")

    assert before == project(tmp_path).data.test.index.tolist()


def test_test_samples_are_never_asked_about_nor_trained_on(tmp_path, table):
    its = project(tmp_path)
    locked = set(its.data.test.index)

    assert not locked & set(its.query().sample_ids)
    assert not locked & set(its.export().to_pandas().index)


def test_gold_labels_measure_the_rules_and_win_in_the_training_set(tmp_path, table):
    its = project(tmp_path)
    summary = its.summary()
    train = its.export().to_pandas()
    dev = its.data.dev

    votes = its.votes().of_samples(dev.index).to_frame()["offers"].dropna()
    assert int((votes == dev[votes.index]).sum()) == summary.loc["offers", "correct"]
    assert {"given"} == set(train.loc[dev.index, "source"])
    assert dev.tolist() == train.loc[dev.index, "label"].tolist()


def test_samples_with_a_gold_label_are_not_asked_about(tmp_path, table):
    its = project(tmp_path)

    assert not set(its.data.dev.index) & set(its.query().sample_ids)


def test_each_look_is_counted_and_remembered(tmp_path, table):
    first, seen = project(tmp_path).evaluate_test_split()
    second, again = project(tmp_path).evaluate_test_split()
    its = project(tmp_path)

    assert (1, 2) == (first, second)
    assert seen == again
    assert 2 == its.status().looks
    assert len(its.data.test) == seen["label + end model, all"].n


def test_without_gold_labels_there_is_nothing_to_look_at(tmp_path):
    make(tmp_path, CONFIG.replace(", gold: truth, locked: 0.5", ""))

    with pytest.raises(lb.LabelingError, match="no locked test split to evaluate on"):
        project(tmp_path).evaluate_test_split()


@pytest.mark.parametrize("column", ["key", "id"])
def test_gold_labels_may_be_in_a_file_of_their_own(tmp_path, table, column):
    """Its column of ids is called like that of the data, or `id`."""
    names = {"truth": "label", "key": column}
    known = table.dropna()[["key", "truth"]].rename(columns=names)
    known.to_csv(tmp_path / "gold.csv", index=False)
    in_column = project(tmp_path).data
    make(tmp_path, CONFIG.replace("gold: truth", "gold: gold.csv"))
    table.drop(columns="truth").to_csv(tmp_path / "comments.csv", index=False)
    file = project(tmp_path).data

    pd.testing.assert_series_equal(in_column.dev, file.dev)
    assert in_column.test.index.tolist() == file.test.index.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("gold: truht", "no column 'truht'.*Did you mean 'truth'"),
        ("gold: glod.csv", "no file"),
        ("gold: text", "is not a label"),
        ("gold: strange.csv", "'c999'"),
        ("gold: twice.csv", "must be unique"),
    ],
)
def test_gold_labels_that_cannot_be_used_say_why(tmp_path, table, change, message):
    strange = pd.DataFrame({"key": ["c1", "c999"], "label": ["ham", "spam"]})
    strange.to_csv(tmp_path / "strange.csv", index=False)
    strange.assign(key="c1").to_csv(tmp_path / "twice.csv", index=False)
    config = CONFIG.replace("gold: truth", change)
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")

    with pytest.raises(lb.LabelingError, match=message):
        project(tmp_path).check()


@pytest.mark.parametrize(
    "change",
    [
        ("locked: 0.5", "locked: 0.1"),
        (", gold: truth, locked: 0.5", ""),
        ("gold: truth", "gold: few.csv"),
    ],
)
def test_what_was_locked_stays_locked_whatever_the_config_says(tmp_path, table, change):
    """A smaller share, no gold labels, or others would hand test samples to development."""
    its = project(tmp_path)
    its.apply()
    locked = set(its.data.test.index)
    few = pd.DataFrame({"key": its.data.dev.index[:3], "label": its.data.dev.iloc[:3]})
    few.to_csv(tmp_path / "few.csv", index=False)
    (tmp_path / "project.yaml").write_text(CONFIG.replace(*change), encoding="utf-8")

    assert not locked & set(project(tmp_path).samples.index)
    assert not locked & set(project(tmp_path).apply().sample_ids)
    assert len(table) == project(tmp_path).status().samples + project(tmp_path).status().locked
    assert any(f"{len(locked)} more are in the locked" in one for one in project(tmp_path).check())


def test_a_test_split_that_lost_its_gold_labels_is_told_of(tmp_path, table):
    project(tmp_path).apply()
    (tmp_path / "project.yaml").write_text(
        CONFIG.replace(", gold: truth, locked: 0.5", ""), encoding="utf-8"
    )

    with pytest.raises(lb.LabelingError, match="none of them has a gold label any more"):
        project(tmp_path).evaluate_test_split()


def test_a_look_is_at_what_has_a_gold_label(tmp_path, table):
    """Others in the split are left out, and n tells."""
    its = project(tmp_path)
    its.apply()
    gold = pd.concat([its.data.dev, its.data.test_gold[:5]])
    pd.DataFrame({"key": gold.index, "label": gold}).to_csv(tmp_path / "few.csv", index=False)
    (tmp_path / "project.yaml").write_text(
        CONFIG.replace("gold: truth", "gold: few.csv"), encoding="utf-8"
    )

    assert len(its.data.test) == len(project(tmp_path).data.test)
    assert 5 == project(tmp_path).evaluate_test_split()[1]["label + end model, all"].n


def test_what_people_have_met_is_not_locked_any_more(tmp_path):
    """Gold labels that come after a batch leave its samples where they are."""
    table = make(tmp_path, CONFIG.replace(", gold: truth, locked: 0.5", "") + "files: {}\n")
    batch = project(tmp_path).query()
    (tmp_path / "project.yaml").write_text(CONFIG + "files: {}\n", encoding="utf-8")
    its = project(tmp_path)

    assert 100 == len(table) == len(batch)
    assert 0 == len(its.data.test)


def test_what_is_remembered_of_a_look_has_its_n_and_interval(tmp_path, table):
    its = project(tmp_path)
    its.look()
    about = its.store.facts.test_looks()[0]["about"]["label + end model, all"]

    assert about["low"] <= about["value"] <= about["high"]
    assert len(its.data.test) == about["n"]
    assert json.dumps(about)

"""Gold labels that are given teach the models, and measure them as if they had not."""

import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.project.gold import folds_of, teaching_gold
from tests.benchmarks.quality.data import read_set, read_texts
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key, gold: truth, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 10}
files: {annotators: [ann, bob]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "song"], label="ham")
wrong = keywords("wrong", ["nice"], label="spam")
"""
WHEN = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()


@pytest.fixture
def folder(tmp_path):
    """200 comments, 120 of them with a gold label; one rule is mostly wrong."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 200)
    words = [["hi", "song", "nice", "it"], ["free", "win", "now", "it"]]
    table = pd.DataFrame(
        {
            "key": [f"c{i}" for i in range(200)],
            "text": [" ".join(rng.choice(words[t], 3)) for t in truth],
            "truth": np.where(np.arange(200) < 120, np.array(["ham", "spam"])[truth], None),
        }
    )
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def project(folder):
    return lb.Project(folder / "project.yaml")


def relabeled(folder, key):
    """Give one sample the other gold label."""
    table = pd.read_csv(folder / "comments.csv")
    row = table["key"] == key
    table.loc[row, "truth"] = "ham" if table.loc[row, "truth"].item() == "spam" else "spam"
    table.to_csv(folder / "comments.csv", index=False)


def measured(folder):
    here = project(folder).snapshot()
    return pd.DataFrame(here.measured.to_array(), index=here.measured.sample_ids)


def test_a_project_learns_from_given_gold_labels_as_the_api_does(folder):
    its = project(folder)
    here = its.snapshot()
    votes, dev = its.votes(), its.data.dev
    soft = lb.LabelModel().fit(votes, gold=dev).predict_proba(votes)
    end = lb.EndModel().fit(its.samples, soft, gold=dev, votes=votes)
    posterior = end.predict_proba(its.samples, soft=soft, votes=votes)

    assert 120 == len(dev)
    np.testing.assert_array_equal(soft.to_array(), here.soft.to_array())
    np.testing.assert_array_equal(posterior.to_array(), here.posterior.to_array())


def test_no_sample_is_measured_by_models_that_learned_its_own_gold_label(folder):
    """Whatever its gold label is, the prediction that it is measured by is the same."""
    before = measured(folder)
    for key in ("c3", "c50", "c119"):
        relabeled(folder, key)
        after = measured(folder)
        relabeled(folder, key)

        assert before.loc[key].tolist() == after.loc[key].tolist()
        assert not before.equals(after)  # others did learn from it


def test_what_people_said_of_a_sample_is_held_out_with_its_gold_label(folder):
    its = project(folder)
    its.query()
    before = measured(folder)
    said = [lb.Annotation("c3", who, "spam", WHEN, WHEN) for who in ("ann", "bob")]
    its.add_annotations(said)

    assert 1 == len(its.people.verdict(said).gold)
    assert before.loc["c3"].tolist() == measured(folder).loc["c3"].tolist()


def test_folds_go_by_the_id_and_by_nothing_else():
    ids = pd.Index([f"c{number}" for number in range(300)])
    folds = pd.Series(folds_of(ids), ids)

    assert {0, 1, 2} == set(folds)
    assert folds.value_counts().min() > 60
    assert folds.equals(pd.Series(folds_of(ids[::-1]), ids[::-1])[ids])


def test_given_labels_win_over_those_of_people():
    dev = pd.Series({"a": "ham"})
    people = [lb.GoldLabel("a", "spam", "agreement"), lb.GoldLabel("b", "spam", "agreement")]

    assert [("a", "ham"), ("b", "spam")] == [
        (gold.sample_id, gold.label) for gold in teaching_gold(dev, people)
    ]


def test_what_was_measured_is_remembered_and_not_computed_twice(folder, monkeypatch):
    first = project(folder).snapshot().measured
    fitted = []
    fit = lb.EndModel.fit
    monkeypatch.setattr(
        lb.EndModel,
        "fit",
        lambda model, *data, **more: fitted.append(1) or fit(model, *data, **more),
    )
    again = project(folder).snapshot().measured

    assert not fitted
    np.testing.assert_array_equal(first.to_array(), again.to_array())


def test_all_that_is_measured_on_dev_samples_comes_from_cross_fitted_models(folder):
    """The remembered standing and the report's calibration; not from what learned the labels."""
    from labeling.analysis import accuracy
    from labeling.report.context import load_context
    from labeling.report.model import section

    its = project(folder)
    here = its.snapshot()
    expected = accuracy(here.measured, its.data.dev)
    (check,) = section(load_context(its)).checks

    assert expected.value == its.store.facts.quality_log()[-1]["about"]["dev"]["value"]
    assert expected.value == check.calibration.accuracy.value
    confidence, learned = (
        soft.of_samples(its.data.dev.index).confidence().mean()
        for soft in (here.measured, here.posterior)
    )
    assert confidence == pytest.approx(check.calibration.confidence, abs=1e-9)
    assert abs(confidence - learned) > 1e-6  # the models that learned the labels say otherwise


def test_a_single_gold_label_measures_too(folder):
    table = pd.read_csv(folder / "comments.csv")
    table["truth"] = table["truth"].where(table["key"] == "c5")
    table.to_csv(folder / "comments.csv", index=False)

    assert ["c5"] == measured(folder).index.tolist()


def test_the_only_gold_label_where_no_rule_votes_is_measured_by_nothing(folder):
    """Nothing is left to learn from: the answer is that of nobody."""
    table = pd.read_csv(folder / "comments.csv")
    table["truth"] = table["truth"].where(table["key"] == "c5")
    table["text"] = "it"
    table.to_csv(folder / "comments.csv", index=False)

    assert [0.5, 0.5] == measured(folder).loc["c5"].tolist()


def test_fit_says_what_gold_labels_do_and_asks_for_none_that_was_given(folder):
    config = CONFIG.replace("locked: 0", "locked: 0.1")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    ended = {flag: run(folder, "-c", "project.yaml", "fit", *flag) for flag in ((), ("--json",))}
    assert {0} == {result.returncode for result in ended.values()}
    done = {flag: result.stdout for flag, result in ended.items()}
    counts = json.loads(done["--json",])["gold"]

    assert 120 == counts["given"] + counts["locked"]
    assert 0 < counts["locked"] < 30
    assert f"Gold labels: {counts['given']} were given: all of them teach the end model" in done[()]
    assert f"{counts['locked']} are locked in the test split" in done[()]
    assert "give 25 gold labels" not in done[()]


def test_on_real_votes_gold_in_the_config_lifts_as_much_as_gold_given_to_the_api(
    real_data, tmp_path
):
    """300 gold labels of YouTube comments; measured on the others."""
    found = read_set(real_data, "youtube")
    texts = read_texts(real_data, "youtube")
    votes = found.votes.of_samples(texts.index)
    gold = pd.Series(found.gold, index=found.votes.sample_ids)[texts.index]
    truth = gold.map(lambda code: votes.schema.labels[code])
    given = truth.sample(300, random_state=0)
    cast = pd.DataFrame(votes.to_array(), index=texts.index)
    cast.columns = [f"v{number}" for number in range(cast.shape[1])]
    texts.join(cast).assign(truth=given).rename_axis("row").reset_index().to_parquet(
        tmp_path / "texts.parquet", index=False
    )
    rules = ["from labeling import LabelingFunction"] + [
        f"lf_{name} = LabelingFunction({name!r}, lambda x: x.{name})" for name in cast
    ]
    (tmp_path / "rules.py").write_text("\n".join(rules), encoding="utf-8")
    labels = list(votes.schema.labels)

    def accuracy(config):
        (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
        here = lb.Project(tmp_path / "project.yaml").snapshot()
        chosen = here.posterior.to_labels().drop(given.index)
        return float((chosen == truth[chosen.index]).mean()), here

    base = f"labels: {json.dumps(labels)}\nlabeling_functions: [rules.py]\n"
    without, _ = accuracy(f"name: without\ndata: {{path: texts.parquet, id: row}}\n{base}")
    data = "data: {path: texts.parquet, id: row, gold: truth, locked: 0}"
    lifted, here = accuracy(f"name: lifted\n{data}\n{base}")
    soft = lb.LabelModel().fit(votes, gold=given).predict_proba(votes)
    end = lb.EndModel().fit(texts, soft, gold=given, votes=votes)
    api = end.predict_proba(texts, soft=soft, votes=votes).to_labels().drop(given.index)
    on_dev = (here.measured.to_labels() == given[here.measured.sample_ids]).mean()

    assert lifted > without + 0.02
    assert lifted == float((api == truth[api.index]).mean())
    assert abs(on_dev - lifted) < 0.05


@pytest.mark.parametrize("n", [1, 20])
def test_fit_does_not_ask_for_gold_labels_that_were_given(folder, n):
    """Few teach the end model alone; the label model reports how many it needs to learn."""
    table = pd.read_csv(folder / "comments.csv")
    table.loc[n:, "truth"] = None
    table.to_csv(folder / "comments.csv", index=False)
    its = project(folder)
    model, _ = its.fit()
    covered = int(its.votes().of_samples(its.data.dev.index).covered.sum())
    said = " ".join([*model.report_, its.gold_counts().sentence()])

    assert f"{covered} gold label" in said
    assert "fewer than the 25 that the label model needs" in said
    assert f"{n} {'was' if n == 1 else 'were'} given: " in said
    # Where it asks for gold labels it says how many of them are there already.
    asks, there_are = said.count("give 25 gold labels"), f"(there {'is' if covered == 1 else 'are'}"
    assert asks == said.count(f"give 25 gold labels on covered samples {there_are} {covered})")
    for word in ("not used", "give gold", "more.", "teach the models"):
        assert word not in said

"""People's votes on samples that are not settled teach the end model of a project."""

import datetime

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.project.gold import GoldCounts, HumanLabels
from labeling.report.context import load_context

CONFIG = """
data: {path: comments.csv, id: key, gold: truth, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 10}
files: {annotators: [ann, bob, cem], reviewers: [eve]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free"], label="spam")
greets = keywords("greets", ["hi"], label="ham")
wrong = keywords("wrong", ["nice"], label="spam")
"""
WHEN = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
ASKED = [f"c{number}" for number in range(60, 120)]


@pytest.fixture
def folder(tmp_path):
    """200 comments, 20 of them with a gold label; one rule is mostly wrong."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 200)
    words = [["hi", "song", "nice", "it"], ["free", "win", "now", "it"]]
    table = pd.DataFrame(
        {
            "key": [f"c{i}" for i in range(200)],
            "text": [" ".join(rng.choice(words[t], 3)) for t in truth],
            "truth": np.where(np.arange(200) < 20, np.array(["ham", "spam"])[truth], None),
            "label": np.array(["ham", "spam"])[truth],
        }
    )
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def project(folder):
    return lb.Project(folder / "project.yaml")


def said(sample, annotator, label, minutes=0):
    when = WHEN + datetime.timedelta(minutes=minutes)
    return lb.Annotation(sample, annotator, label, WHEN, when, platform_id=f"{sample}/{annotator}")


def true_votes(its, samples=ASKED, annotator="ann"):
    truth = pd.read_csv(its.config.at("comments.csv")).set_index("key")["label"]
    return [said(sample, annotator, truth[sample]) for sample in samples]


def posterior(its):
    soft = its.snapshot().posterior
    return pd.DataFrame(soft.to_array(), soft.sample_ids)


def test_a_first_vote_teaches_before_anything_is_settled(folder):
    its = project(folder)
    before = its.snapshot()
    its.add_annotations(true_votes(its))
    after = its.snapshot()

    assert 0 == len(after.gold)
    assert "20 gold labels and 60 votes of people" in " ".join(after.end_model.report_)
    votes, soft = its.votes(), before.soft
    by_people = lb.annotation_votes(true_votes(its), votes.schema)
    end = lb.EndModel().fit(
        its.samples, soft, gold=its.data.dev, annotations=by_people, votes=votes
    )
    expected = end.predict_proba(its.samples, soft=soft, votes=votes)
    np.testing.assert_array_equal(expected.to_array(), after.posterior.to_array())
    np.testing.assert_array_equal(before.soft.to_array(), after.soft.to_array())
    assert np.abs(after.posterior.to_array() - before.posterior.to_array()).max() > 1e-3


def test_no_sample_is_scored_by_its_own_open_votes(folder):
    its = project(folder)
    its.add_annotations(true_votes(its))
    before = posterior(its)
    first = ASKED[0]
    label = true_votes(its)[0].label
    its.add_annotations([said(first, "ann", "ham" if label == "spam" else "spam", minutes=1)])
    after = posterior(its)

    np.testing.assert_allclose(after.loc[first], before.loc[first], rtol=0, atol=1e-9)
    assert np.abs(after - before).to_numpy().max() > 1e-6


def test_votes_on_dev_samples_teach_nothing(folder):
    """They are measured by models that learned neither their gold label nor people's votes."""
    its = project(folder)
    its.add_annotations(true_votes(its))
    before = its.snapshot()
    its.add_annotations([said(f"c{number}", "ann", "spam") for number in range(20)])
    after = its.snapshot()

    np.testing.assert_array_equal(before.measured.to_array(), after.measured.to_array())
    np.testing.assert_array_equal(before.posterior.to_array(), after.posterior.to_array())


def test_settled_samples_teach_by_their_label_alone(folder):
    """Skips, reviewers and votes on settled samples are no terms."""
    its = project(folder)
    its.add_annotations(true_votes(its, ASKED[:2]) + true_votes(its, ASKED[:1], "bob"))
    its.add_annotations([said(ASKED[2], "ann", None)])
    annotations = its.people.current_annotations(its.samples)
    people = HumanLabels.of(its.people.verdict(annotations), annotations)

    assert ASKED[:1] == [gold.sample_id for gold in people.settled]
    assert [(ASKED[1], "ann")] == [(one.sample_id, one.annotator) for one in people.open_votes]


def test_what_was_learned_from_open_votes_is_cached_and_votes_change_it(folder, monkeypatch):
    its = project(folder)
    its.add_annotations(true_votes(its))
    first = posterior(its)
    fitted = []
    fit, fit_label_model = lb.EndModel.fit, lb.LabelModel.fit
    monkeypatch.setattr(
        lb.EndModel, "fit", lambda *data, **more: fitted.append("end") or fit(*data, **more)
    )
    monkeypatch.setattr(
        lb.LabelModel,
        "fit",
        lambda *data, **more: fitted.append("label") or fit_label_model(*data, **more),
    )
    assert posterior(project(folder)).equals(first)
    assert load_context(its).outputs.posterior is not None
    assert [] == fitted

    its.add_annotations(true_votes(its, ["c150"]))
    assert not posterior(its).equals(first)
    assert "end" == fitted[0]  # the label model has not heard the vote, and is taken from the cache


def test_the_order_in_which_votes_come_changes_nothing(folder):
    its = project(folder)
    votes = true_votes(its) + true_votes(its, ASKED[:5], "bob")
    opposite = [said(one.sample_id, "cem", "ham") for one in votes[:3]]
    its.add_annotations([*votes, *opposite])
    first = posterior(its)
    (folder / "again").mkdir()
    for name in ("comments.csv", "rules.py", "project.yaml"):
        (folder / "again" / name).write_text((folder / name).read_text("utf-8"), encoding="utf-8")
    other = project(folder / "again")
    other.add_annotations([*opposite, *reversed(votes)])

    assert posterior(other).equals(first)


def test_where_no_rule_votes_open_votes_are_learned_from(folder):
    table = pd.read_csv(folder / "comments.csv")
    table.assign(truth=table["truth"].where(table["key"] == "c5")).to_csv(
        folder / "comments.csv", index=False
    )
    (folder / "rules.py").write_text(
        'from labeling.functions import keywords\nnone = keywords("none", ["xyz"], label="spam")\n',
        encoding="utf-8",
    )
    its = project(folder)
    its.add_annotations(true_votes(its))
    here = its.snapshot()
    truth = table.set_index("key")["label"]

    assert (here.posterior.to_labels() == truth[here.posterior.sample_ids]).mean() > 0.8
    assert [0.5, 0.5] != here.measured.to_array()[0].tolist()


def test_what_fit_says_of_open_votes(folder):
    its = project(folder)
    assert "votes" not in its.gold_counts().sentence()
    its.add_annotations(true_votes(its) + true_votes(its, ASKED[:10], "bob"))
    its.add_annotations([said("c1", "ann", "spam")])

    assert GoldCounts(20, 0, 10, 50) == its.gold_counts()
    assert (
        its.gold_counts()
        .sentence()
        .endswith("50 votes of people on samples without one teach the end model, too.")
    )
    only = GoldCounts(0, 0, 0, 1).sentence()
    assert "none. 1 vote of people on samples without one teaches the end model, too." in only

"""Table, pauses and report judge people alike: by all answers, given gold, and the functions."""

import datetime

import numpy as np
import pandas as pd
import pytest

from labeling.label_models import AnnotatorModel
from labeling.project import Project
from labeling.project.annotator_skills import annotator_skills
from labeling.records import Annotation, EventKind, annotation_votes
from labeling.report.annotator_details import work_of_all
from labeling.report.context import load_context

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONFIG = """
data: {path: mails.csv, id: key, gold: gold, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
review: {min_votes: 2, max_votes: 3, escalate: no_majority}
files: {folder: to_label, annotators: [ann, bob, clicks]}
annotators: {pause_spammers: true}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["win"], label="spam")
others = keywords("others", ["see"], label="ham")
"""
N, GOLD = 120, 10


def truth(number):
    return "spam" if number % 2 else "ham"


@pytest.fixture
def unapplied(tmp_path):
    """120 samples, ten with a gold label; ann and bob are able, and clicks clicks at random."""
    rng = np.random.default_rng(0)
    # The rule is right on nine of ten.
    shown = [truth(number if rng.random() < 0.9 else number + 1) for number in range(N)]
    texts = [f"{'win' if one == 'spam' else 'see'} number {i}" for i, one in enumerate(shown)]
    gold = [truth(number) if number < GOLD else None for number in range(N)]
    keys = [f"c{number:03}" for number in range(N)]
    frame = pd.DataFrame({"key": keys, "text": texts, "gold": gold})
    frame.to_csv(tmp_path / "mails.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    project = Project(tmp_path / "project.yaml")
    votes = []
    for number, key in enumerate(keys):
        for name, right in (("ann", 0.9), ("bob", 0.9), ("clicks", 0.5)):
            label = truth(number if rng.random() < right else number + 1)
            votes.append(Annotation(key, name, label, NOW, NOW))
    project.add_annotations(votes)
    return project


@pytest.fixture
def project(unapplied):
    """The same, with the labeling functions applied."""
    unapplied.apply()
    return unapplied


def judged(project):
    answers = project.people.current_answers(project.samples)
    return annotator_skills(project.people.work, answers, project.schema)


def test_people_are_judged_by_given_gold_labels_and_the_labeling_functions(project):
    votes = annotation_votes(project.people.current_answers(project.samples), project.schema)
    _, soft = project.learner(project.votes()).label_model(())
    model = AnnotatorModel().fit(votes, gold=project.data.dev, reference=soft)
    pd.testing.assert_frame_equal(judged(project), model.skills())
    without = AnnotatorModel().fit(votes, gold=project.data.dev).skills()
    assert (judged(project)["e_guessing"] != without["e_guessing"]).all()
    assert (judged(project)["n_gold"] == GOLD).all()


def test_table_report_and_pauses_say_the_same(project):
    skills = judged(project)
    assert skills["verdict"].to_dict() == {"ann": "fine", "bob": "fine", "clicks": "spammer"}
    for row in project.annotators():
        expected = skills.loc[row.name]
        assert (row.skill.value, row.skill.note) == (expected["skill"], expected["verdict"])
        assert (row.chance, row.e_guessing) == (expected["chance"], expected["e_guessing"])
        assert row.e_inverting == expected["e_inverting"]
        assert (row.gold_skill.n, row.gold_skill.value) == (GOLD, expected["gold_skill"])
    pd.testing.assert_frame_equal(work_of_all(load_context(project)).skills, skills)
    project.review()
    (event,) = project.store.events.all([EventKind.ANNOTATOR_PAUSED])
    assert event.about["annotator"] == "clicks"
    assert f"e-value {skills.loc['clicks', 'e_guessing']:.0f}" in event.about["reason"]
    # A pause changes nobody's skill, neither in the table nor in the report.
    pd.testing.assert_frame_equal(judged(project), skills)
    pd.testing.assert_frame_equal(work_of_all(load_context(project)).skills, skills)


def test_answers_to_hidden_gold_count_where_it_was_given_and_not_on_hidden_decisions(project):
    before = judged(project)
    with project.store.locked("test", config_hash="", code_version="", seed=0):
        for hidden in ("c000", "c050"):  # only the first has a gold label that was given
            about = {"batch": 1, "voters": []}
            project.store.events.append(EventKind.GOLD_ASKED, sample_id=hidden, about=about)
    assert (judged(project)["n_gold"] == GOLD).all()
    assert (judged(project)["n_votes"] == before["n_votes"] - 1).all()
    counted = project.people.current_annotations(project.samples)
    assert not {"c000", "c050"} & {one.sample_id for one in counted}


def test_before_labeling_functions_were_applied_people_are_judged_without(unapplied):
    assert unapplied.people.work.reference() is None
    votes = annotation_votes(unapplied.people.current_answers(unapplied.samples), unapplied.schema)
    expected = AnnotatorModel().fit(votes, gold=unapplied.data.dev).skills()
    pd.testing.assert_frame_equal(judged(unapplied), expected)


def test_where_no_two_people_meet_and_no_gold_is_labeled_there_is_no_skill(project):
    alone = [
        Annotation("c050", "ann", "ham", NOW, NOW),
        Annotation("c051", "bob", "spam", NOW, NOW),
    ]
    assert annotator_skills(project.people.work, alone, project.schema).empty
    assert annotator_skills(project.people.work, (), project.schema).empty

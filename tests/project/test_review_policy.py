"""A project escalates as its config says, shows how samples were settled, and keeps its rule."""

import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

import labeling as lb
from labeling.records import fold
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 6}
files: {annotators: [ann, bob, cem], reviewers: [dora]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
WHEN = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()


@pytest.fixture
def folder(tmp_path):
    texts = ["win it free", "hi there", "thanks a lot", "win now", "hi hi", "free and easy"] * 2
    table = pd.DataFrame({"key": [f"c{i}" for i in range(12)], "text": texts})
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def project(folder, review=""):
    (folder / "project.yaml").write_text(CONFIG + review, encoding="utf-8")
    return lb.Project(folder / "project.yaml")


def say(its, sample, **labels):
    its.add_annotations(
        [lb.Annotation(sample, who, what, WHEN, WHEN) for who, what in labels.items()]
    )


def asked(folder, review=""):
    """Push a batch; three samples are answered: 2 : 0, 1 : 1 and 2 : 1."""
    its = project(folder, review)
    its.query()
    its.push()
    first, second, third = its.store.batches.asked()[:3]
    say(its, first, ann="ham", bob="ham")
    say(its, second, ann="ham", bob="spam")
    say(its, third, ann="ham", bob="spam", cem="spam")
    return its, (first, second, third)


def settled_before(folder):
    """Return a project as an earlier version left it: two of three votes had settled a sample."""
    its, samples = asked(folder, "review: {escalate: no_majority}\n")
    its.review()
    with closing(sqlite3.connect(its.store.folder / "labeling.db")) as database, database:
        database.execute("ALTER TABLE verdicts DROP COLUMN votes_for")
        database.execute("ALTER TABLE verdicts DROP COLUMN votes_cast")
        database.execute("DROP TABLE events")
        database.execute("ALTER TABLE annotations DROP COLUMN rejected")
        database.execute("UPDATE meta SET value = '7 2 3' WHERE key = 'reviewed'")
        database.execute("UPDATE alembic_version SET version_num = '0002'")
    return samples


def test_with_two_labels_conflicts_are_escalated_unless_the_config_says_otherwise(folder):
    its, (_, second, third) = asked(folder)
    verdict = its.review()

    assert {second, third} == {escalation.sample_id for escalation in verdict.escalations}
    assert "conflict: 1 x ham, 2 x spam" in {
        escalation.reason for escalation in verdict.escalations
    }
    assert () == verdict.pending


def test_status_tells_equal_votes_from_majorities_and_reviews(folder):
    its, (_, second, _) = asked(folder, "review: {escalate: no_majority}\n")
    its.review()
    its.add_annotations([lb.Annotation(second, "dora", "spam", WHEN, WHEN, reviewer=True)])

    expected = {"one_vote": 0, "unanimous": 1, "majority": 1, "posterior": 0, "review": 1}
    assert {**expected, "uncounted": 0} == its.status().agreement


def test_a_training_set_tells_votes_for_a_label_and_votes_in_all(folder):
    its, (first, second, third) = asked(folder, "review: {escalate: no_majority}\n")
    its.add_annotations([lb.Annotation(second, "dora", "spam", WHEN, WHEN, reviewer=True)])
    its.export()
    lines = (its.folder / "training_set.jsonl").read_text("utf-8").splitlines()
    rows = {row["key"]: row for row in map(json.loads, lines)}
    table = pd.read_parquet(its.folder / "training_set.parquet").set_index("key")

    counts = {one: (rows[one]["votes_for"], rows[one]["votes_cast"]) for one in rows}
    assert [(2, 2), (2, 3)] == [counts[first], counts[third]]
    assert (None, None) == counts[second]  # a reviewer decided
    assert [2, 3] == table.loc[[first, third], "votes_cast"].tolist()


def test_what_an_earlier_version_settled_stays_settled_and_is_told_of(folder):
    first, second, third = settled_before(folder)
    its = project(folder)
    verdict = its.review()
    status = its.status()

    assert {first, third} == {gold_label.sample_id for gold_label in verdict.gold}
    assert [second] == [question.sample_id for question in verdict.pending]
    expected = {"one_vote": 0, "unanimous": 1, "majority": 1, "posterior": 0, "review": 0}
    assert {**expected, "uncounted": 0} == status.agreement
    assert any("escalate: any_conflict" in note for note in status.notes)
    assert any("continues so" in sentence for sentence in its.check())


def test_an_earlier_projects_votes_are_counted_by_the_next_review(folder):
    settled_before(folder)
    its = project(folder)
    with its.store.locked("test"):
        pass

    assert 2 == its.status().agreement["uncounted"]
    assert its.status().notes


def test_a_stricter_policy_opens_settled_samples_again_and_says_so(folder, caplog):
    _, _, third = settled_before(folder)
    verdict = project(folder, "review: {escalate: any_conflict}\n").review()

    assert third in {escalation.sample_id for escalation in verdict.escalations}
    assert "1 sample that was settled is open again" in caplog.text
    assert third in caplog.text
    caplog.clear()
    project(folder, "review: {escalate: no_majority}\n").review()
    assert not caplog.records


def test_a_project_begun_now_has_no_notes(folder):
    its, _ = asked(folder)
    its.review()

    assert () == its.status().notes


@pytest.mark.parametrize(
    ("review", "message"),
    [
        ("review: {escalate: any_conflicts}", "Did you mean 'any_conflict'"),
        ("review: {escalate: 0.5}", "above 0.5 and up to 1"),
        ("review: {escalate: yes}", "any_conflict, no_majority, or a share"),
        ("review: {escalate: [ann]}", "any_conflict, no_majority, or a share"),
    ],
)
def test_an_escalate_that_cannot_be_is_an_error_of_the_config(folder, review, message):
    with pytest.raises(lb.LabelingError, match=message):
        project(folder, review)


def test_check_says_what_the_policy_means_and_who_is_missing(folder):
    said = " ".join(project(folder, "review: {min_votes: 5, max_votes: 5}\n").check())

    assert "A sample gets 5 votes: if all are equal it is settled" in said
    assert "3 annotators cannot give 5 votes" in said
    config = CONFIG.replace(", reviewers: [dora]", "")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    assert "No reviewer is named" in " ".join(lb.Project(folder / "project.yaml").check())
    config = CONFIG.replace("reviewers: [dora]", "reviewers: [ANN]")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    said = " ".join(lb.Project(folder / "project.yaml").check())
    assert "'ANN' is an annotator too, and reviews no sample that they annotated" in said
    config = CONFIG.replace("reviewers: [dora]", "reviewers: [ANN, dora]")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    assert "annotator too" not in " ".join(lb.Project(folder / "project.yaml").check())


def test_the_report_tells_unanimous_votes_from_majorities(folder):
    from labeling.report import write_report

    its, _ = asked(folder, "review: {escalate: no_majority}\n")
    its.review()
    page = write_report(its).read_text("utf-8")

    assert "1 unanimously, 1 by majority." in page


def test_a_single_vote_is_called_one_vote(folder):
    from labeling.report import write_report

    its, samples = asked(folder, "review: {min_votes: 1, escalate: no_majority}\n")
    its.add_annotations([lb.Annotation(samples[0], "bob", None, WHEN, WHEN.replace(hour=1))])
    its.review()

    assert 1 == its.status().agreement["one_vote"]
    assert (
        "Settled: 1 by one vote, 1 by majority."
        in run(folder, "-c", "project.yaml", "status").stdout
    )
    assert "1 by one vote, 1 by majority." in write_report(its).read_text("utf-8")
    assert "one vote for it" in run(folder, "-c", "project.yaml", "log", str(samples[0])).stdout


def test_a_new_project_says_what_goes_to_a_reviewer(folder):
    """Both when it is begun and in its config, which can be changed there."""
    begun = run(folder, "init", "--data", "comments.csv", "--labels", "ham,spam", "--json")
    assert 0 == begun.returncode
    review = json.loads(begun.stdout)["review"]

    assert "any conflict goes to a reviewer" in review[0]
    assert "No reviewer is named" in review[1]
    assert "escalate: any_conflict" in (folder / "configs/project.yaml").read_text("utf-8")


def test_labels_that_a_new_policy_settles_are_recorded_before_they_are_exported(folder):
    """Exporting without a review in between leaves no exported label without its decision."""
    _, (_, second, _) = asked(folder, "review: {min_votes: 3, max_votes: 3}\n")
    its = project(folder, "review: {min_votes: 1, max_votes: 3}\n")
    its.add_annotations([lb.Annotation(second, "bob", "ham", WHEN, WHEN + pd.Timedelta("1s"))])
    before = project(folder, "review: {min_votes: 3, max_votes: 3}\n")
    before.review()
    assert "collecting" == before.store.batches.states()[second]

    its = project(folder, "review: {min_votes: 1, max_votes: 3}\n")
    its.export()
    history = fold(its.store.events.all()).samples[second]

    assert "settled" == its.store.batches.states()[second] == history.state
    assert "ham" == history.label == history.frozen
    assert () == its.store.check().findings

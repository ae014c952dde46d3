"""Regressions: votes lost between two pulls, ids given twice, names that change."""

import pytest

import labeling as lb
from labeling.errors import LabelingError, PlatformError, UnreachableError
from labeling.label_studio import pulling
from labeling.records import live_annotations
from tests.support.studio_loop import (
    SCHEMA,
    batch_of,
    label_of,
    news,
    people,
    project_id,
    pushed,
    said_by,
    samples_of,
    studio_of,
    tasks,
)
from tests.support.studio_project import Loop, make_folder

REVIEW = "mails: review"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("second") / "fresh")


@pytest.fixture
def loop(studio, fresh, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    made = Loop(studio, fresh, tmp_path / "own", studio.url, "mails")
    for step in ("init", "push"):
        made.do(step)
    return made


def label_all(studio, ids, label="spam", who=0, title="mails"):
    ext_id = tasks(studio, title)
    return [people(studio)[who].label(ext_id[str(sample_id)]["id"], label) for sample_id in ids]


# Nothing is lost between two pulls


def test_a_dry_run_leaves_the_news_to_the_pull_after_it(studio, loop):
    label_all(studio, [0, 1])
    project = lb.Project(loop.folder / "project.yaml")
    platform = project.platform()

    assert 2 == len(project.pull(platform, dry_run=True).news)
    project.preview(platform)
    assert 2 == len(project.pull(platform).news)
    assert 2 == lb.Project(loop.folder / "project.yaml").store.ledger.counts()[0]


def test_news_that_could_not_be_kept_come_again(studio, loop, monkeypatch):
    label_all(studio, [0, 1])
    project = lb.Project(loop.folder / "project.yaml")
    platform = project.platform()
    with monkeypatch.context() as broken:
        broken.setattr(project.store.ledger, "append", lambda said: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            project.pull(platform)

    assert 2 == len(project.pull(platform).news)


def test_votes_on_labels_that_were_added_later_count_then(studio):
    platform = pushed(studio, ["a", "b"])
    label_all(studio, ["a"], "eggs")
    assert () == platform.pull()
    assert 1 == len(platform.problems)
    wider = lb.LabelSchema([*SCHEMA.labels, "eggs"])
    later = studio_of(studio, schema=wider, memory=platform.memory)
    later.init()

    assert ["eggs"] == [annotation.label for annotation in later.pull()]
    assert () == later.problems


def test_a_platform_that_was_made_before_anything_was_remembered_sees_deletions(
    studio, fresh, tmp_path, monkeypatch
):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    own = Loop(studio, fresh, tmp_path / "own", studio.url, "mails")
    project = lb.Project(own.folder / "project.yaml")
    platform = project.platform()
    platform.init()
    project.push(platform)
    (made,) = label_all(studio, [0])
    assert 1 == len(project.pull(platform).news)
    people(studio)[0].delete(made["id"])

    assert [True] == [annotation.deleted for annotation in project.pull(platform).news]


def test_a_first_reading_sees_what_was_taken_back_since_it_was_known(studio, monkeypatch):
    monkeypatch.setattr(pulling, "OVERLAP", pulling.OVERLAP * 0)
    platform = pushed(studio, ["a", "b"])
    made, _ = label_all(studio, ["a", "b"])
    known = platform.pull()
    people(studio)[0].delete(made["id"])
    fresh = studio_of(studio, known=lambda ids: known)

    assert [("a", True), ("b", False)] == sorted(
        (annotation.sample_id, annotation.deleted) for annotation in news(fresh)
    )


# Who and what is who and what


def test_a_new_task_of_an_old_number_takes_nothing_back(studio, loop):
    """The task with the highest number is deleted; some servers give the number again."""
    label_all(studio, [5])
    loop.do("pull")
    studio.api("DELETE", f"/api/tasks/{tasks(studio)['5']['id']}/")
    for step in ("pull", "review", "pull", "pull"):
        loop.do(step)

    project = lb.Project(loop.folder / "project.yaml")
    assert [(5, False)] == [
        (annotation.sample_id, annotation.deleted)
        for annotation in project.store.ledger.annotations()
    ]
    assert 1 == tasks(studio)["5"]["overlap"]


def test_a_person_stays_one_person_whatever_they_are_called_later(studio, monkeypatch):
    platform = pushed(studio, ["a"])
    label_all(studio, ["a"])
    platform.pull()
    ann, bob = people(studio)[:2]
    others = {ann.id: "married@example.com", bob.id: bob.email}
    monkeypatch.setattr(pulling, "user_names", lambda _: others)
    label_all(studio, ["a"], "ham", who=1)

    assert [("a", ann.email, "spam"), ("a", bob.email, "ham")] == said_by(platform.pull())


def test_who_has_no_name_on_the_server_is_one_person(studio, monkeypatch):
    monkeypatch.setattr(pulling, "user_names", lambda _: {})
    platform = pushed(studio, ["a"])
    label_all(studio, ["a", "a"])

    assert [f"user {people(studio)[0].id}"] == [
        annotation.annotator for annotation in live_annotations(platform.pull())
    ]


# What people see is what the config says


def test_prelabels_that_are_hidden_or_shown_from_now_on_need_the_set_up_done_again(studio):
    pushed(studio, ["a"], prelabels="shown")
    hidden = studio_of(studio)
    with pytest.raises(PlatformError, match=r"it shows 'why'.*labeling studio init"):
        hidden.push(batch_of(["b"]), samples_of(["b"]))
    hidden.init()
    hidden.push(batch_of(["b"]), samples_of(["b"]))
    shown = studio_of(studio, prelabels="shown")
    with pytest.raises(PlatformError, match="does not show 'why', and it hides prelabels"):
        shown.push(batch_of(["c"]), samples_of(["c"]))
    shown.init()
    shown.push(batch_of(["c"]), samples_of(["c"]))

    assert {"a", "b", "c"} == set(tasks(studio))
    assert ["ext_id", "text"] == sorted(tasks(studio)["b"]["data"])


def test_annotators_and_reviewers_have_a_project_each(studio):
    with pytest.raises(LabelingError, match="a project each"):
        studio_of(studio, expert_project="mails")
    platform = studio_of(studio)
    project = platform.init()[0].id
    with pytest.raises(PlatformError, match="a project each"):
        studio_of(studio, expert_project=project).init()


def test_a_project_is_named_by_its_id_in_a_config_too(studio, loop):
    project, review = (project_id(studio, title) for title in ("mails", REVIEW))
    path = loop.folder / "project.yaml"
    named = f"project: {project}, expert_project: {review}"
    path.write_text(path.read_text("utf-8").replace('project: "mails"', named), encoding="utf-8")
    label_all(studio, [0])

    assert 1 == len(lb.Project(path).pull().news)


# What was decided, and decided no more


def test_a_decision_that_is_taken_back_is_taken_out(studio):
    platform = pushed(studio, ["a"])
    for who, label in enumerate(("spam", "ham", None)):
        ext_id = tasks(studio)["a"]["id"]
        person = people(studio)[who]
        person.label(ext_id, label) if label else person.skip(ext_id)
    policy = lb.ReviewPolicy(max_votes=2)
    verdict = lb.review(platform.pull(), SCHEMA, policy=policy)
    platform.escalate(verdict.escalations, samples_of(["a"]))
    (made,) = label_all(studio, ["a"], "ham", who=3, title=REVIEW)
    platform.write_back(lb.review(platform.pull(), SCHEMA, policy=policy).gold)
    assert ["ham"] == _truths(studio)
    people(studio)[3].delete(made["id"])
    platform.write_back(lb.review(platform.pull(), SCHEMA, policy=policy).gold)

    assert [] == _truths(studio)


def _truths(studio):
    annotations = tasks(studio)["a"]["annotations"]
    return [label_of(annotation) for annotation in annotations if annotation["ground_truth"]]


def test_what_was_asked_before_an_answer_came_is_not_asked_again(studio):
    platform = pushed(studio, ["a"])
    for who, label in enumerate(("spam", "ham")):
        label_all(studio, ["a"], label, who=who)
    policy = lb.ReviewPolicy(escalate="no_majority")
    pending = lb.review(platform.pull(), SCHEMA, policy=policy).pending
    platform.ask_again(pending)
    label_all(studio, ["a"], "spam", who=2)
    platform.ask_again(pending)

    assert (3, True) == (tasks(studio)["a"]["overlap"], tasks(studio)["a"]["is_labeled"])


def test_a_reviewers_project_that_is_gone_keeps_no_vote_back(studio):
    platform = studio_of(studio)
    platform.init()
    platform.push(batch_of(["a"]), samples_of(["a"]))
    platform.pull()
    studio.api("DELETE", f"/api/projects/{project_id(studio, REVIEW)}/")
    label_all(studio, ["a"])

    assert ["spam"] == [annotation.label for annotation in platform.pull()]
    assert [REVIEW] == [problem.where for problem in platform.problems]


def test_older_names_of_methods_still_work():
    platform = lb.LabelStudio("http://localhost:1", project="mails", schema=SCHEMA)
    with pytest.deprecated_call(match="merge_duplicates"):
        platform.merge_copies()
    with (
        pytest.deprecated_call(match="`fetch` and `accept`"),
        pytest.raises(UnreachableError),
    ):
        lb.LabelStudio(
            "http://localhost:1", project="mails", schema=SCHEMA, token="x", retry_for=0
        ).news()

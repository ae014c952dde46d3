"""`--dry-run` says what would be done, and leaves everything as it was."""

import json

import pytest
import sqlalchemy as sa

from labeling.errors import PlatformError, ProjectLockedError
from labeling.project import Project
from labeling.records import AnnotationPlatform, Fetched
from labeling.store import Store
from tests.support.in_process import run
from tests.support.killing import FILES, REPLAY, different, make_project, people_label, state_of

VERBS = ("push", "pull", "review", "run")
STORE = ".labeling/project"


def everything(folder):
    """Return the state of a project, and with it the run log."""
    engine = sa.create_engine(f"sqlite:///{folder}/{STORE}/labeling.db")
    with engine.connect() as connection:
        runs = connection.execute(sa.text("SELECT * FROM runs")).all()
    engine.dispose()
    return state_of(folder) | {"runs": list(map(repr, runs))}


def said(folder, name, *arguments):
    """Return what a verb prints as JSON, and what it says besides."""
    done = run(folder, "-c", "project.yaml", name, "--json", *arguments)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout), " ".join(done.stderr.split())


def foresee_all(its):
    """Do all that can be done dry; return what each said."""
    return its.push(dry_run=True), its.pull(dry_run=True), its.review(dry_run=True), its.preview()


def test_at_every_step_of_the_loop_nothing_is_changed(tmp_path):
    """Also in the middle of it: with a batch that waits, with answers that were not pulled, ..."""
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    steps = (its.apply, its.query, its.push, people_label, its.pull, its.review, people_label)
    for step in steps:
        step(folder) if step is people_label else step()
        before = everything(folder)
        foresee_all(Project(folder / "project.yaml"))
        assert {} == different(before, everything(folder)), step


def test_nor_with_recorded_votes(tmp_path):
    folder = make_project(tmp_path, platform=REPLAY)
    its = Project(folder / "project.yaml")
    for step in (its.apply, its.query, its.push, its.pull, its.review):
        step()
        before = everything(folder)
        foresee_all(its)
        assert {} == different(before, everything(folder)), step


def test_what_is_foreseen_then_happens(tmp_path):
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    its.query()
    pushing = its.push(dry_run=True)
    pushed = its.push()
    assert (1, 6, 0, 0) == (pushing.batch, pushing.samples, pushing.sent, pushing.begun)
    assert (pushing.batch, pushing.samples) == (pushed.batch, pushed.samples)
    assert 0 == its.push(dry_run=True).batch

    people_label(folder)
    assert its.pull(dry_run=True) == its.pull()
    foreseen = its.preview(pulls=False)
    asked = dict.fromkeys(("ask again", "escalate"), 0)
    verdict = its.review()
    for kind in asked:
        asked[kind] = sum(kind == message.kind for message in its.store.outbox.sent())

    assert verdict == foreseen.verdict
    assert asked == {"ask again": foreseen.ask_again, "escalate": foreseen.escalate}
    assert 0 < sum(asked.values())
    assert foreseen.awaited == its.people.count_awaited()


def test_a_run_says_whether_it_would_choose_or_wait(tmp_path):
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    first = its.preview()
    assert (True, 6, 0) == (first.applies, first.chooses, first.awaited)

    *_, here = its.rounds()
    waits = its.preview()
    assert (False, 0, 6) == (waits.applies, waits.chooses, waits.awaited)

    while its.people.count_awaited():
        people_label(folder)
        its.pull()
        its.review()
    after = its.preview()
    assert (6, 0, 6 * here.number) == (after.chooses, after.awaited, len(after.verdict.gold))


def test_a_run_with_recorded_votes_ends_after_its_rounds(tmp_path):
    folder = make_project(tmp_path, platform=REPLAY)
    its = Project(folder / "project.yaml")
    assert 6 == its.preview().chooses
    list(its.rounds())
    assert 0 == its.preview().chooses


@pytest.mark.parametrize("platform", [REPLAY, FILES])
@pytest.mark.parametrize("name", VERBS)
def test_it_works_before_anything_is_remembered(tmp_path, name, platform):
    """And leaves no trace then either, not even a folder."""
    folder = make_project(tmp_path, platform=platform)
    before = sorted(folder.rglob("*"))
    found, told = said(folder, name, "--dry-run")

    assert found["dry_run"] is True
    assert "Nothing was changed" in told
    assert before == [path for path in sorted(folder.rglob("*")) if "__pycache__" not in str(path)]


def test_the_command_line_tells_counts_and_places(tmp_path):
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    its.query()
    pushing, told = said(folder, "push", "--dry-run")

    assert {"batch": 1, "samples": 6, "sent": 0, "begun": 0} == {
        key: pushing[key] for key in ("batch", "samples", "sent", "begun")
    }
    assert "to_label" in pushing["where"]
    assert "Nothing was changed: neither the store" in told
    its.push()
    people_label(folder)
    pulling, _ = said(folder, "pull", "--dry-run")
    running, _ = said(folder, "run", "--dry-run")
    assert (12, 0, []) == (pulling["new"], pulling["known"], pulling["problems"])
    assert (12, 0) == (running["new"], running["would_choose"])
    assert running["would_ask_again"] + running["would_escalate"] <= running["awaited"]
    assert 0 == its.status().annotations


def test_a_push_that_was_broken_off_is_told_as_begun(tmp_path):
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    its.query()
    with pytest.raises(PlatformError, match="push again"):
        its.push(Breaks())
    found = its.push(dry_run=True)

    assert (1, 4, 2, 4) == (found.batch, found.samples, found.sent, found.begun)
    assert 1 == its.preview().pushes


def test_a_platform_that_refuses_is_seen_before_anything_is_sent(tmp_path):
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    its.query()
    with pytest.raises(PlatformError, match="wrong token"):
        its.push(Refuses(), dry_run=True)


class NobodyAnswers(AnnotationPlatform):
    """Takes no question and has no answer."""

    push = ask_again = escalate = lambda self, *_, outbox: None

    def fetch(self, state):
        return Fetched()


class Refuses(NobodyAnswers):
    def check(self, samples):
        raise PlatformError("wrong token")


class Breaks(NobodyAnswers):
    """Takes two of the questions, and the connection breaks."""

    def push(self, batch, samples, soft=None, *, outbox):
        waiting = outbox.waiting("ask")
        outbox.begin(waiting)
        outbox.confirm({message.key: "sent" for message in waiting[:2]})


def test_it_is_told_in_sentences(tmp_path):
    folder = make_project(tmp_path, platform=FILES)
    its = Project(folder / "project.yaml")
    first = printed(folder, "run")
    its.query()
    pushing = printed(folder, "push")
    its.push()
    people_label(folder)
    waits = printed(folder, "run")
    its.pull()
    reviewing = printed(folder, "review")

    assert "The labeling functions would be applied." in first
    assert "0 new annotations would be fetched from LabelFiles(" in first
    assert "No further votes would be requested. A batch of 6 samples would be chosen" in first
    assert "Batch 1: 6 samples would be sent to LabelFiles(" in pushing
    assert "12 new annotations would be fetched" in waits
    assert "No batch would be chosen: annotations are awaited on" in waits
    assert "Annotators would be asked for more votes on" in reviewing
    assert "would be chosen" not in reviewing


def printed(folder, name):
    done = run(folder, "-c", "project.yaml", name, "--dry-run")
    assert 0 == done.returncode, done.stderr
    return " ".join(done.stdout.split())


def test_what_is_tried_on_a_store_is_taken_back(url, tmp_path):
    """On either database, within a verb and without; the project is held meanwhile."""
    store = Store(tmp_path / "memory", "test", url=url, lock_timeout=0)
    other = Store(tmp_path / "memory", "test", url=url, lock_timeout=0, on_wait=lambda _: None)
    with store.locked("apply"):
        store.facts.put("fact", "kept")
        with store.rolled_back():
            store.facts.put("fact", "tried")
            assert "tried" == store.facts.get("fact")
        assert "kept" == store.facts.get("fact")
        store.facts.put("other", "kept, too")
    with store.rolled_back():
        store.facts.put("fact", "tried")
        with pytest.raises(ProjectLockedError), other.locked("query"):
            pytest.fail("it was free")
    with pytest.raises(ZeroDivisionError), store.rolled_back():
        store.facts.put("fact", 1 // 0)

    assert ("kept", "kept, too") == (store.facts.get("fact"), store.facts.get("other"))
    assert ["apply"] == [run["verb"] for run in store.runs.recent()]
    with other.locked("query"):
        pass

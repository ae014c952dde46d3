"""Simultaneous pushes, annotators in between, and manual copies leave one task a sample."""

import threading

import pytest

from labeling.label_studio import client
from tests.support.faulty_proxy import FaultyProxy
from tests.support.studio_loop import (
    batch_of,
    label_of,
    listed,
    people,
    project_id,
    pushed,
    said_by,
    samples_of,
    studio_of,
    tasks,
)
from tests.support.studio_project import Loop, make_folder

IDS = list(range(4))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.05)


def at_once(*calls):
    """Do all at once; raise what one of them raised."""
    errors = []

    def done(call):
        try:
            call()
        except BaseException as error:  # noqa: BLE001  # it is raised below
            errors.append(error)

    threads = [threading.Thread(target=done, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Together:
    """Lets requests of a kind pass only when all have come to theirs; each first one waits."""

    def __init__(self, count, method, path):
        self.barrier = threading.Barrier(count)
        self.wanted, self.waited = (method, path), set()

    def hook(self, name):
        def on_request(_, method, path):
            if method == self.wanted[0] and self.wanted[1] in path and name not in self.waited:
                self.waited.add(name)
                self.barrier.wait(60)

        return on_request


def both_through(server, together):
    """Return two proxies whose requests wait for each other."""
    return [FaultyProxy(server.url, on_request=together.hook(name)) for name in "xy"]


def assert_one_is_used(server, *proxies):
    """Assert that one project has all tasks, and that others were renamed, not deleted.

    A server that deletes two projects at the same time counts no annotations any more. There may be
    two others: a server that finds its database locked repeats a request that made a project.
    """
    used, *others = sorted(server.projects(), key=lambda project: project["id"])
    assert "mails" == used["title"]
    assert others
    assert {f"mails (surplus {project['id']})" for project in others} == {
        project["title"] for project in others
    }
    assert {str(sample_id) for sample_id in IDS} == set(tasks(server))
    assert {0} == {project["task_number"] for project in others}
    deleted = [path for proxy in proxies for method, path in proxy.requests if method == "DELETE"]
    assert not any(path.startswith("/api/projects/") for path in deleted)
    people(server)[0].label(tasks(server)["0"]["id"], "ham")
    assert 1 == tasks(server)["0"]["total_annotations"]


def test_two_who_push_the_same_at_the_same_moment_ask_once(studio):
    studio_of(studio).init()
    first, second = both_through(studio, Together(2, "POST", "/import"))
    with first, second:
        at_once(
            *(lambda proxy=proxy: pushed(studio, IDS, url=proxy.url) for proxy in (first, second))
        )

    assert {str(sample_id) for sample_id in IDS} == set(tasks(studio))
    assert 2 == sum(path.count("/import") for _, path in first.requests + second.requests)


def test_two_who_make_the_project_at_the_same_moment_share_one(studio):
    first, second = both_through(studio, Together(2, "POST", "/api/projects/"))
    with first, second:
        at_once(
            *(lambda proxy=proxy: pushed(studio, IDS, url=proxy.url) for proxy in (first, second))
        )

    assert_one_is_used(studio, first, second)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_project_whose_answer_was_lost_is_no_second_one(studio, is_first):
    """Another process makes one at the same moment, before or after it."""
    was_made = threading.Event()

    def is_making(method, path):
        return method == "POST" and path == "/api/projects/"

    def made(_, method, path):
        if is_making(method, path):
            was_made.set()

    def wait(_, method, path):
        if is_making(method, path) and not was_made.is_set():
            assert was_made.wait(60)

    together = Together(2, "POST", "/api/projects/")
    early, late = {"on_answer": made}, {"on_request": wait}
    lost = FaultyProxy(studio.url, "drop after", where=is_making, **(early if is_first else late))
    other = FaultyProxy(studio.url, **(late if is_first else early))
    with lost, other:
        between = [
            FaultyProxy(proxy.url, on_request=together.hook(proxy)) for proxy in (lost, other)
        ]
        with between[0], between[1]:
            at_once(*(lambda proxy=proxy: pushed(studio, IDS, url=proxy.url) for proxy in between))

    assert_one_is_used(studio, *between)


def test_two_projects_with_stores_of_their_own_ask_once_and_hear_the_same(
    studio, tmp_path, monkeypatch
):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    people(studio)
    fresh = make_folder(tmp_path / "fresh")
    first, second = both_through(studio, Together(2, "POST", "/import"))
    with first, second:
        loops = [
            Loop(studio, fresh, tmp_path / name, proxy.url, "mails")
            for name, proxy in (("x", first), ("y", second))
        ]
        loops[0].do("init")
        at_once(*(lambda loop=loop: loop.do("push") for loop in loops))
        assert {"0", "1", "2", "3", "4", "5"} == set(tasks(studio))
        loops[0].people_label()
        for loop in loops:
            loop.do("pull")
            loop.do("review")
        loops[0].people_label()
        for loop in loops:
            loop.do("pull")
        votes = [loop.state()["votes"] for loop in loops]

    assert votes[0] == votes[1]
    assert {2, 3} == {len(task["annotations"]) for task in tasks(studio).values()}


def writes(requests):
    """Return which requests change something, counted from 1."""
    return [at for at, (method, _) in enumerate(requests, start=1) if method != "GET"]


def copy_by_hand(server, own, title="mails"):
    """Import a second task of a sample, as a script of somebody's would; return its id."""
    (task,) = listed(server, title)[own]
    sent = [{"data": task["data"], "meta": task["meta"]}]
    project = project_id(server, title)
    path = f"/api/projects/{project}/import?return_task_ids=true"
    return server.api("POST", path, json=sent)["task_ids"][0]


def with_copies(server):
    """Return a platform some of whose tasks stand twice, with votes on both."""
    platform = pushed(server, IDS)
    ann, bob, cleo, _ = people(server)
    task_ids = {key: duplicates[0]["id"] for key, duplicates in listed(server).items()}
    copies = {key: copy_by_hand(server, key) for key in "012"}
    ann.label(task_ids["0"], "ham")
    bob.label(copies["0"], "spam")
    cleo.skip(copies["0"], "ham")
    ann.label(copies["1"], "ham", lead_time=7.5)
    ann.label(task_ids["2"], "ham")
    ann.label(copies["2"], "spam")
    bob.label(copies["2"], "spam")
    return platform


def votes(server):
    """Return what each person last said of each sample on the server."""
    found = {}
    for own, (task,) in listed(server).items():
        for annotation in sorted(
            task["annotations"], key=lambda annotation: annotation["updated_at"]
        ):
            found[own, annotation["completed_by"]] = label_of(annotation)
    return found


def expected_votes(server):
    ann, bob, cleo, _ = people(server)
    return {
        **{("0", ann.id): "ham", ("0", bob.id): "spam", ("0", cleo.id): None},
        **{("1", ann.id): "ham", ("2", ann.id): "spam", ("2", bob.id): "spam"},
    }


def test_copies_made_by_hand_are_merged_with_all_votes(studio):
    platform = with_copies(studio)
    before = said_by(platform.pull())
    platform.push(batch_of(IDS), samples_of(IDS))

    assert expected_votes(studio) == votes(studio)
    assert {2} == {task["overlap"] for task in tasks(studio).values()}
    assert before == said_by(platform.pull()) == said_by(studio_of(studio).pull())
    assert {"1": 1, "3": 2} == {
        str(ext_id): n for ext_id, n in platform.outstanding_votes().items()
    }
    assert () == platform.problems


def test_copies_with_garbage_on_them_are_merged_too(studio):
    platform = pushed(studio, IDS)
    ann, bob, *_ = people(studio)
    other = copy_by_hand(studio, "0")
    ann.label(listed(studio)["0"][0]["id"], "ham")
    bob.label(other, "ham", result=[{"foo": 1}])
    platform.push(batch_of(IDS), samples_of(IDS))
    platform.pull()

    assert 2 == len(tasks(studio)["0"]["annotations"])
    assert 1 == len(platform.problems)


def test_a_merge_that_fails_anywhere_loses_no_vote(studio):
    """Each request that changes something fails once, with and without having done its work."""
    with FaultyProxy(studio.url) as proxy:
        counted = proxy.requests
        with_copies(studio)
        pushed(studio, IDS, url=proxy.url)
    expected = expected_votes(studio)
    wrong = {}
    assert 4 == len(writes(counted))
    for at in writes(counted):
        for kind in ("drop after", "502 before", "html"):
            studio.delete_all_projects()
            with_copies(studio)
            with FaultyProxy(studio.url, kind, at=at) as proxy:
                pushed(studio, IDS, url=proxy.url)
            if {2} != {len(duplicates) + 1 for duplicates in listed(studio).values()}:
                wrong[at, kind] = {
                    ext_id: len(duplicates) for ext_id, duplicates in listed(studio).items()
                }
            elif expected != votes(studio):
                wrong[at, kind] = votes(studio)

    assert {} == wrong


def test_a_vote_that_comes_in_the_middle_of_a_merge_is_kept(studio):
    with_copies(studio)
    dora = people(studio)[3]
    copies = {some[1]["id"] for some in listed(studio).values() if len(some) > 1}
    copies |= {some[0]["id"] for some in listed(studio).values() if len(some) > 1}
    voted = []

    def vote(_, method, path):
        task = path.removeprefix("/api/tasks/").strip("/").partition("?")[0]
        if method == "GET" and task.isdecimal() and int(task) in copies and not voted:
            voted.append(dora.label(int(task), "ham")["id"])

    with FaultyProxy(studio.url, on_request=vote) as proxy:
        pushed(studio, IDS, url=proxy.url)

    assert 1 == len(voted)
    assert [dora.id] == [person for _, person in votes(studio) if person == dora.id]
    assert expected_votes(studio).items() <= votes(studio).items()


def test_people_may_label_while_more_is_pushed(studio, monkeypatch):
    monkeypatch.setattr("labeling.label_studio.importing.MAX_TASKS", 2)
    ann = people(studio)[0]
    ids = list(range(6))

    def vote(number, method, path):
        if method == "POST" and "/import" in path:
            for duplicates in listed(studio).values():
                if not duplicates[0]["annotations"]:
                    ann.label(duplicates[0]["id"], "ham")

    with FaultyProxy(studio.url, on_request=vote) as proxy:
        for _ in range(2):
            pushed(studio, ids, url=proxy.url)
    assert 6 == len(tasks(studio))
    assert [(own, ann.email, "ham") for own in range(4)] == said_by(studio_of(studio).pull())

"""A sample that the server refuses is reported with the server's message; the others are sent."""

import pytest

import labeling as lb
from labeling.errors import PlatformError, UnreachableError
from tests.support.faulty_proxy import FaultyProxy
from tests.support.studio_loop import batch_of, people, samples_of, studio_of, tasks
from tests.support.studio_project import configure, make_folder

LIMIT = 50_000  # bytes that the proxy before the server takes at once


@pytest.fixture
def narrow(studio):
    """The server behind a proxy that bounds what it takes, as nginx does."""
    with FaultyProxy(studio.url, longest=LIMIT) as proxy:
        yield proxy


def test_texts_over_a_limit_are_named_and_a_thousand_others_are_sent(studio, narrow):
    ids = [f"s{number}" for number in range(1_000)]
    samples = samples_of(ids)
    samples.loc["s500", "text"] = "long " * LIMIT
    samples.loc["s999", "text"] = "longer " * LIMIT
    platform = studio_of(studio, url=narrow.url)
    platform.init()
    platform.push(batch_of(ids), samples)

    assert set(ids) - {"s500", "s999"} == set(tasks(studio))
    assert ("s500", "s999") == platform.refused
    first, second = platform.problems
    assert "mails, sample 's500'" == first.where
    assert "too long for the server" in first.what
    assert "mails, sample 's999'" == second.where
    again = studio_of(studio, url=narrow.url, memory=platform.memory)
    assert platform.problems == again.problems


def test_a_server_that_takes_none_is_an_error_and_nothing_is_recorded(studio):
    with FaultyProxy(studio.url, longest=LIMIT) as proxy:
        platform = studio_of(studio, url=proxy.url)
        platform.init()
        proxy.longest = 10
        with pytest.raises(PlatformError, match="too long for the server") as error:
            platform.push(batch_of(list("abcdefgh")), samples_of(list("abcdefgh")))

    assert not isinstance(error.value, UnreachableError)
    assert ((), ()) == (platform.refused, platform.problems)
    assert {} == tasks(studio)


def test_the_next_push_and_the_next_batch_are_not_held_up(studio, narrow, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    people(studio)
    folder = make_folder(tmp_path / "project")
    data = (folder / "mails.csv").read_text("utf-8")
    (folder / "mails.csv").write_text(data.replace("press room", "press " * LIMIT), "utf-8")
    configure(folder, narrow.url, "mails")
    project = lb.Project(folder / "project.yaml")
    project.init_platform()
    project.query()
    project.push()
    again = lb.Project(folder / "project.yaml")

    assert set("01345") == set(tasks(studio))
    assert ("pushed", 0) == (again.status().batch_state, again.status().to_send)
    assert ["mails, sample 2"] == [problem.where for problem in again.status().problems]
    assert 1 == again.status().states["withdrawn"]
    assert 0 == again.push().samples
    again.pull()
    assert ["mails, sample 2"] == [problem.where for problem in again.status().problems]
    assert 0 == len(again.query())


def test_an_escalation_that_is_not_taken_holds_no_other_up(studio, narrow):
    ids = ["a", "b", "c"]
    platform = studio_of(studio, url=narrow.url)
    platform.init()
    platform.push(batch_of(ids), samples_of(ids))
    for task in tasks(studio).values():
        for who, label in zip(people(studio), ("ham", "spam"), strict=False):
            who.label(task["id"], label)
    verdict = lb.review(platform.pull(), platform.schema, policy=lb.ReviewPolicy(max_votes=2))
    samples = samples_of(ids)
    samples.loc["b", "text"] = "long " * LIMIT
    platform.escalate(verdict.escalations, samples)

    assert {"a", "c"} == set(tasks(studio, "mails: review"))
    assert ["mails: review, sample 'b'"] == [problem.where for problem in platform.problems]

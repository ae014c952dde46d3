"""Projects that were deleted, changed or created by hand on the server."""

import pytest

from labeling import LabelSchema
from labeling.errors import PlatformError
from tests.support.studio_loop import (
    batch_of,
    people,
    project_id,
    pushed,
    said_by,
    samples_of,
    studio_of,
    tasks,
)


def test_a_project_that_is_not_there_is_named_with_the_near_one(studio):
    pushed(studio, ["a"])
    with pytest.raises(PlatformError, match=r"no project 'mials'.*mean 'mails'"):
        studio_of(studio, "mials").pull()
    with pytest.raises(PlatformError, match="id 4711"):
        studio_of(studio, 4711).pull()
    with pytest.raises(PlatformError, match="id 4711"):
        studio_of(studio, 4711).push(batch_of(["a"]), samples_of(["a"]))
    assert ["mails"] == [project["title"] for project in studio.projects()]


def test_two_projects_of_one_title_are_told_apart_by_id(studio):
    pushed(studio, ["a"])
    (own,) = (project["id"] for project in studio.projects())
    studio.api("POST", "/api/projects/", json={"title": "mails"})
    with pytest.raises(PlatformError, match=f"There are 2, with the ids {own}, "):
        studio_of(studio).pull()

    assert () == studio_of(studio, own).pull()


def test_a_project_that_was_deleted_is_told_and_what_was_pulled_stays(studio):
    ann = people(studio)[0]
    platform = pushed(studio, ["a"])
    ann.label(tasks(studio)["a"]["id"], "ham")
    annotations = platform.pull()
    studio.delete_all_projects()
    for call in (platform.pull, lambda: platform.push(batch_of(["a"]), samples_of(["a"]))):
        with pytest.raises(PlatformError, match="it was deleted"):
            call()
    again = studio_of(studio, memory=platform.memory)
    again.init()
    again.push(batch_of(["a"]), samples_of(["a"]))

    assert ("a", "ham") == (annotations[0].sample_id, annotations[0].label)
    assert {"a"} == set(tasks(studio))
    assert () == again.pull()


def reconfigure(server, change):
    path = f"/api/projects/{project_id(server)}/"
    config = server.api("GET", path)["label_config"]
    server.api("PATCH", path, json={"label_config": change(config)})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda config: config.replace('"spam"', '"junk"'), "lacks 'spam', and has 'junk' besides"),
        (lambda config: config.replace('value="spam"', 'value="ham2"'), "'ham2' besides"),
        (
            lambda config: config.replace(
                "</Choices>", '<Choice value="news"/><Choice value="x"/></Choices>'
            ),
            "it has 'news', 'x' besides",
        ),
        (
            lambda config: config.replace('<Choice value="spam" hotkey="2" />', ""),
            "it lacks 'spam'",
        ),
    ],
)
def test_labels_that_were_changed_on_the_server_stop_a_push(studio, change, said):
    platform = pushed(studio, ["a"])
    reconfigure(studio, change)
    for call in (
        lambda: platform.push(batch_of(["b"]), samples_of(["b"])),
        lambda: platform.check(samples_of(["b"])),
    ):
        with pytest.raises(PlatformError, match=said):
            call()
    assert {"a"} == set(tasks(studio))

    studio_of(studio).init()
    platform.push(batch_of(["b"]), samples_of(["b"]))
    assert {"a", "b"} == set(tasks(studio))


def test_labels_that_were_changed_in_the_config_are_brought_up_to_date_where_no_vote_is_lost(
    studio,
):
    ann = people(studio)[0]
    pushed(studio, ["a"])
    ann.label(tasks(studio)["a"]["id"], "ham")
    more = studio_of(studio, schema=LabelSchema(["ham", "spam", "news"]))
    with pytest.raises(PlatformError, match="it lacks 'news'"):
        more.push(batch_of(["b"]), samples_of(["b"]))
    more.init()
    more.push(batch_of(["b"]), samples_of(["b"]))
    other = studio_of(studio, schema=LabelSchema(["spam", "news"]))
    for call in (other.init, lambda: other.push(batch_of(["c"]), samples_of(["c"]))):
        with pytest.raises(PlatformError, match="'ham' besides"):
            call()

    assert [("a", ann.email, "ham")] == said_by(more.pull())
    assert {"a", "b"} == set(tasks(studio))


CONFIG = """<View><Header value="Mail"/><Text name="body" value="$mail"/>
<Choices name="kind" toName="body" choice="single">
<Choice value="spam"/><Choice value="ham"/></Choices></View>"""


def test_a_project_that_was_made_by_hand_is_used_as_it_is(studio):
    about = {"title": "mails", "label_config": CONFIG, "maximum_annotations": 2}
    studio.api("POST", "/api/projects/", json=about)
    ann = people(studio)[0]
    studio_of(studio).init(adopt=True)
    for _ in range(2):
        platform = pushed(studio, ["a"])
    task = tasks(studio)["a"]
    ann.label(task["id"], "ham", from_name="kind", to_name="body")

    assert {"mail": "text of a", "ext_id": "a"} == task["data"]
    assert [("a", ann.email, "ham")] == said_by(platform.pull())
    assert () == platform.problems


@pytest.mark.parametrize(
    "config",
    [
        "<View></View>",
        CONFIG.replace('choice="single"', 'choice="multiple"'),
        CONFIG.replace("Choices", "Labels").replace("Choice", "Label"),
        CONFIG.replace('value="$mail"', 'value="a fixed text"'),
    ],
)
def test_a_project_that_cannot_be_used_says_why(studio, config):
    config = config if config.endswith("</View>") else f"{config}</View>"
    studio.api("POST", "/api/projects/", json={"title": "mails", "label_config": config})
    for name in ("init", "pull"):
        with pytest.raises(PlatformError, match="must have one <Choices"):
            getattr(studio_of(studio), name)()

"""A project of other people on a shared server is left alone, or adopted with its contents."""

import pytest

import labeling as lb
from labeling.errors import PlatformError
from labeling.label_studio.config_reader import read_interface
from labeling.label_studio.labeling_config import annotator_config
from tests.support.studio_loop import (
    batch_of,
    people,
    project_id,
    said_by,
    samples_of,
    studio_of,
    tasks,
)
from tests.support.studio_project import Loop, make_folder

THEIRS = """<View>
  <!-- set up by the team, June -->
  <Header value="Read the mail, then judge it"/>
  <Text name="mail" value="$body"/>
  <Choices name="verdict" toName="mail" choice="single" showInline='true'>
    <Choice value="spam" background="red" hotkey="s"/>
    <Choice value="ham"   hotkey="h"/>
  </Choices>
  <Labels name="spans" toName="mail"><Label value="offer"/></Labels>
  <Rating name="stars" toName="mail"/>
  <TextArea name="note" toName="mail"/>
</View>"""
ABOUT = {
    "title": "mails",
    "description": "Mails of May, for the audit.",
    "label_config": THEIRS,
    "maximum_annotations": 1,
    "sampling": "Sequential sampling",
    "skip_queue": "REQUEUE_FOR_ME",
    "show_collab_predictions": True,
    "expert_instruction": "<b>Judge kindly.</b>",
    "show_instruction": True,
}
KEPT = ("sampling", "skip_queue", "maximum_annotations", "expert_instruction", "show_instruction",
        "show_collab_predictions", "show_skip_button")  # fmt: skip


def theirs(studio, count=0, **about):
    """Make a project as another team has it, of which `count` tasks are answered in full."""
    made = studio.api("POST", "/api/projects/", json={**ABOUT, **about})
    ann, bob = people(studio)[:2]
    if count:
        data = [{"data": {"body": f"mail {number}"}} for number in range(count)]
        studio.api("POST", f"/api/projects/{made['id']}/import", json=data)
    for task in studio.tasks(made["id"]):
        for who in (ann, bob):
            answer = [
                _item("verdict", "choices", {"choices": ["spam"]}),
                _item("spans", "labels", {"start": 0, "end": 4, "labels": ["offer"]}),
                _item("stars", "rating", {"rating": 4}),
                _item("note", "textarea", {"text": ["hm"]}),
            ]
            who.api("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": answer})
    return made["id"]


def _item(name, kind, value):
    return {"from_name": name, "to_name": "mail", "type": kind, "value": value}


def held(studio, own):
    """Return all that a project holds, but for times."""
    settings = studio.api("GET", f"/api/projects/{own}/")
    found = [
        {name: task[name] for name in ("id", "data", "overlap", "is_labeled", "meta")}
        | {"said": [(a["id"], a["completed_by"], a["result"]) for a in task["annotations"]]}
        for task in studio.tasks(own)
    ]
    names = (*ABOUT, "model_version")
    return {name: settings[name] for name in names}, sorted(found, key=lambda task: task["id"])


def test_a_namesake_that_is_not_ours_is_neither_read_nor_changed(studio):
    own = theirs(studio, 2)
    before = held(studio, own)
    platform = studio_of(studio)
    for call in (
        platform.init,
        lambda: platform.init(dry_run=True),
        lambda: platform.push(batch_of(["a"]), samples_of(["a"])),
        platform.pull,
        lambda: platform.check(samples_of(["a"])),
        lambda: studio_of(studio, own).init(),
    ):
        with pytest.raises(PlatformError) as error:
            call()
        message = str(error.value)
        assert "2 tasks and 4 annotations" in message
        assert "<Choices verdict>, <Labels spans>, <Rating stars>, <TextArea note>" in message
        assert "another title" in message
        assert "--adopt" in message

    assert before == held(studio, own)
    assert ["mails"] == [project["title"] for project in studio.projects()]


def test_adopting_keeps_all_that_people_have_set_up_and_said(studio):
    project = theirs(studio, 10)
    before = held(studio, project)
    wider = lb.LabelSchema(["ham", "spam", "news & <more>"])
    platform = studio_of(studio, schema=wider, guidelines="Ours.")
    done, review = platform.init(adopt=True)
    after = held(studio, project)
    config = after[0].pop("label_config")
    description = after[0].pop("description")

    assert ("adopted", "made") == (done.outcome, review.outcome)
    assert {"label_config", "description"} == set(done.changes)
    assert set(done.left) >= {"sampling", "skip_queue", "maximum_annotations", "expert_instruction"}
    assert ("Sequential sampling", "Uncertainty sampling") == done.left["sampling"]
    new = '    <Choice value="news &amp; &lt;more&gt;" />\n'
    assert config.replace(new, "") == before[0].pop("label_config")
    assert description.startswith(before[0].pop("description"))
    assert before == after
    assert ("mail", "verdict") == (
        read_interface(config, "mails").target,
        read_interface(config, "mails").control,
    )


def test_an_adopted_project_is_worked_in_and_pulls_count_only_ours(studio):
    project = theirs(studio, 3)
    before = held(studio, project)[1]
    samples = samples_of(["a", "b"]).rename(columns={"text": "mail text"})
    platform = studio_of(studio, text="mail text")
    platform.init(adopt=True)
    for _ in range(2):
        platform.push(batch_of(["a", "b"]), samples)
    ours = {key: task for key, task in tasks_by_ext_id(studio, project).items() if key}
    ann, bob = people(studio)[:2]
    for who in (ann, bob):
        who.label(ours["a"]["id"], "ham", from_name="verdict", to_name="mail")
    annotations = platform.pull()

    assert {"a", "b"} == set(ours)
    assert {"body": "text of a", "ext_id": "a"} == ours["a"]["data"]
    assert [2, 2] == [task["overlap"] for task in ours.values()]
    assert [("a", ann.email, "ham"), ("a", bob.email, "ham")] == said_by(annotations)
    (problem,) = platform.problems
    assert "3 tasks" in problem.what
    assert before == [task for task in held(studio, project)[1] if "ext_id" not in task["data"]]
    assert platform.pull() == annotations
    assert ["unchanged", "unchanged"] == [setup.outcome for setup in studio_of(studio).init()]


def tasks_by_ext_id(studio, own):
    return {task["data"].get("ext_id"): task for task in studio.tasks(own)}


def test_a_third_label_never_renames_a_control(studio):
    """Ten votes under a control of another name are ten votes after a label was added."""
    project = theirs(studio, maximum_annotations=2)
    ids = [f"s{number}" for number in range(5)]
    first = studio_of(studio)
    first.init(adopt=True)
    first.push(batch_of(ids), samples_of(ids))
    for task in tasks(studio).values():
        for who in people(studio)[:2]:
            who.label(task["id"], "spam", from_name="verdict", to_name="mail")
    before = first.pull()
    later = studio_of(studio, schema=lb.LabelSchema(["ham", "spam", "news"]))
    done, _ = later.init()
    config = studio.api("GET", f"/api/projects/{project}/")["label_config"]

    assert 10 == len(before)
    assert before == later.pull()
    assert () == later.problems
    assert "changed" == done.outcome
    assert config.replace('    <Choice value="news" />\n', "") == THEIRS


def test_an_empty_adopted_project_waits_for_as_many_votes_as_are_asked_for(studio):
    project = theirs(studio)
    done, _ = studio_of(studio, votes_per_sample=3).init(adopt=True)
    settings = studio.api("GET", f"/api/projects/{project}/")

    assert (3, 100) == (settings["maximum_annotations"], settings["overlap_cohort_percentage"])
    assert (1, 3) == done.changes["maximum_annotations"]
    assert "Uncertainty sampling" == settings["sampling"]
    assert "<b>Judge kindly.</b>" == settings["expert_instruction"]


def test_a_dry_run_changes_nothing_and_says_what_would_be_changed(studio):
    project = theirs(studio)
    before = held(studio, project)
    dry = studio_of(studio).init(adopt=True, dry_run=True)
    assert before == held(studio, project)
    assert 1 == len(studio.projects())
    done = studio_of(studio).init(adopt=True)

    assert ("adopted", "made", None) == (dry[0].outcome, dry[1].outcome, dry[1].id)
    assert dry[0] == done[0]
    assert (dry[1].title, dry[1].changes) == (done[1].title, done[1].changes)


def test_no_text_is_erased_by_an_empty_one(studio):
    platform = studio_of(studio, guidelines="Mind the sender")
    platform.init()
    (quiet, _) = studio_of(studio).init()
    settings = studio.api("GET", f"/api/projects/{project_id(studio)}/")
    assert ("Mind the sender", True) == (
        settings["expert_instruction"],
        settings["show_instruction"],
    )
    assert ("Mind the sender", "") == quiet.left["expert_instruction"]
    (other, _) = studio_of(studio, guidelines="Mind the links").init()

    assert {"expert_instruction": ("Mind the sender", "Mind the links")} == other.changes


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["pos", "neg"], "'a': 'ham', 'spam'; 'b': 'ham', 'spam'"),
        (["ham", "spam"], "2 of its 2 do"),
    ],
)
def test_choices_that_cannot_be_told_apart_are_listed(studio, labels, said):
    choices = (
        """<Choices name="{}" toName="t"><Choice value="ham"/><Choice value="spam"/></Choices>"""
    )
    config = f'<View><Text name="t" value="$t"/>{choices.format("a")}{choices.format("b")}</View>'
    theirs(studio, label_config=config)
    with pytest.raises(PlatformError, match=said):
        studio_of(studio, schema=lb.LabelSchema(labels)).init(adopt=True)


def test_of_several_choices_those_with_just_our_labels_are_meant(studio):
    second = (
        '<Choices name="mood" toName="mail"><Choice value="good"/><Choice value="bad"/></Choices>'
    )
    theirs(studio, label_config=THEIRS.replace("<Rating", f"{second}<Rating"))
    platform = studio_of(studio, schema=lb.LabelSchema(["bad", "good"]))
    platform.init(adopt=True)
    platform.push(batch_of(["a"]), samples_of(["a"]))
    ann = people(studio)[0]
    ann.label(tasks(studio)["a"]["id"], "bad", from_name="mood", to_name="mail")

    assert [("a", ann.email, "bad")] == said_by(platform.pull())


def test_labels_that_people_may_choose_and_the_schema_lacks_stop_an_adoption(studio):
    project = theirs(studio, 1)
    before = held(studio, project)
    with pytest.raises(PlatformError, match="Put 'spam' into `labels`"):
        studio_of(studio, schema=lb.LabelSchema(["ham", "news"])).init(adopt=True)
    assert before == held(studio, project)
    assert 1 == len(studio.projects())


def test_other_texts_that_a_project_shows_are_taken_from_the_samples(studio):
    more = '<Text name="from" value="$sender"/><Header value="$subject"/><Rating'
    theirs(studio, label_config=THEIRS.replace("<Rating", more))
    platform = studio_of(studio)
    platform.init(adopt=True)
    platform.push(batch_of(["a"]), samples_of(["a"]).assign(sender="ann@example.com"))

    data = {"body": "text of a", "sender": "ann@example.com", "subject": "", "ext_id": "a"}
    assert data == tasks(studio)["a"]["data"]


def test_controls_that_were_added_to_a_project_of_ours_stay(studio):
    studio_of(studio).init()
    project = project_id(studio)
    config = studio.api("GET", f"/api/projects/{project}/")["label_config"]
    config = config.replace("</View>\n</View>", "</View>\n</View>").replace(
        "</Choices>", '</Choices><Rating name="stars" toName="text"/>'
    )
    studio.api("PATCH", f"/api/projects/{project}/", json={"label_config": config})
    done, _ = studio_of(studio, schema=lb.LabelSchema(["ham", "spam", "news"])).init()
    (_, after) = done.changes["label_config"]

    assert "changed" == done.outcome
    assert '<Rating name="stars" toName="text"/>' in after
    assert "news" in after


def test_an_adopted_reviewers_project_keeps_its_controls(studio):
    own = theirs(studio, 1, title="the boss")
    before = held(studio, own)[1]
    platform = studio_of(studio, expert_project="the boss")
    with pytest.raises(PlatformError, match="'the boss'"):
        platform.init()
    assert ["the boss"] == [project["title"] for project in studio.projects()]
    _, review = platform.init(adopt=True)
    platform.push(batch_of(["a"]), samples_of(["a"]))
    for who, label in zip(people(studio), ("ham", "spam"), strict=False):
        who.label(tasks(studio)["a"]["id"], label)
    policy = lb.ReviewPolicy(max_votes=2)
    verdict = lb.review(platform.pull(), platform.schema, policy=policy)
    platform.escalate(verdict.escalations, samples_of(["a"]))
    task = tasks_by_ext_id(studio, own)["a"]
    people(studio)[3].label(task["id"], "ham", from_name="verdict", to_name="mail")
    gold = lb.review(platform.pull(), platform.schema, policy=policy).gold

    assert (["body"], ["body", "votes", "why"]) == review.left["shown"]
    assert "text of a" == task["data"]["body"]
    assert [("a", "ham")] == [(annotation.sample_id, annotation.label) for annotation in gold]
    assert before == [task for task in held(studio, own)[1] if "ext_id" not in task["data"]]


# Ours


def test_a_project_of_ours_is_known_again_whatever_it_is_called_and_said_of_it(studio, tmp_path):
    loop = loop_of(studio, tmp_path)
    lb.Project(loop.folder / "project.yaml").init_platform()
    own = project_id(studio)
    change = {"title": "Mails, archive", "description": ""}
    studio.api("PATCH", f"/api/projects/{own}/", json=change)
    project = lb.Project(loop.folder / "project.yaml")
    done, _ = project.init_platform()
    project.push()

    assert (own, "changed", {"description"}) == (done.id, done.outcome, set(done.changes))
    assert 6 == len(studio.tasks(own))
    assert 2 == len(studio.projects())


def test_a_namesake_of_another_project_folder_is_not_taken_over(studio, tmp_path):
    loop = loop_of(studio, tmp_path, "one")
    project = lb.Project(loop.folder / "project.yaml")
    project.init_platform()
    project.push()
    before = held(studio, project_id(studio))
    other = lb.Project(loop_of(studio, tmp_path, "two").folder / "project.yaml")
    for call in (other.init_platform, other.push, other.pull):
        with pytest.raises(PlatformError, match="for another project folder by labeling"):
            call()
    assert before == held(studio, project_id(studio))
    done = other.init_platform(adopt=True)

    assert ["adopted", "adopted"] == [setup.outcome for setup in done]
    assert ["unchanged", "unchanged"] == [setup.outcome for setup in other.init_platform()]
    assert ["unchanged", "unchanged"] == [setup.outcome for setup in project.init_platform()]


def loop_of(studio, tmp_path, name="one"):
    fresh = tmp_path / "fresh"
    if not fresh.exists():
        make_folder(fresh)
    return Loop(studio, fresh, tmp_path / name, studio.url, "mails")


@pytest.fixture(autouse=True)
def token(studio, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)


def test_projects_that_versions_before_made_are_ours(studio):
    """They have no mark, and no question: known by their tasks, or without any by their config."""
    old = annotator_config(lb.LabelSchema(["ham", "spam"]))
    old = "\n".join(line for line in old.splitlines() if "<Header" not in line)
    platform = studio_of(studio)
    platform.init()
    studio_of(studio).push(batch_of(["a"]), samples_of(["a"]))
    for project in studio.projects():
        studio.api("PATCH", f"/api/projects/{project['id']}/", json={"description": ""})
    path = f"/api/projects/{project_id(studio)}/"
    studio.api("PATCH", path, json={"label_config": old})
    ann = people(studio)[0]
    ann.label(tasks(studio)["a"]["id"], "ham")
    later = studio_of(studio)
    assert [("a", ann.email, "ham")] == said_by(later.pull())
    studio_of(studio).push(batch_of(["b"]), samples_of(["b"]))
    done = studio_of(studio).init()

    assert [{"label_config", "description"}, {"description"}] == [
        set(setup.changes) for setup in done
    ]
    assert ["unchanged", "unchanged"] == [setup.outcome for setup in studio_of(studio).init()]
    assert [("a", ann.email, "ham")] == said_by(studio_of(studio).pull())
    assert {"a", "b"} == set(tasks(studio))

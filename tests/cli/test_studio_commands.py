"""Commands on a Label Studio server: both projects, dry runs, and webhooks."""

import json
import signal

import pytest

from labeling.config import load_config
from labeling.label_studio.webhooks import WebhookReceiver
from labeling.project import Project
from labeling.project.labels import GivenLabels
from labeling.project.scaffold import write_scaffold
from tests.support.in_process import run
from tests.support.killing import FILES, different, make_project, state_of
from tests.support.studio_loop import people
from tests.support.watched import SOON, is_free, watching

STUDIO = "label_studio: {{url: '{url}', project: cli-mails}}\n"


@pytest.fixture
def folder(studio, tmp_path, monkeypatch):
    """A project whose people label on the server."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    return make_project(tmp_path, platform=STUDIO.format(url=studio.url))


def labeling(folder, *arguments, **environment):
    return run(folder, "-c", "project.yaml", *arguments, environment=environment)


def said(folder, *arguments):
    done = labeling(folder, *arguments, "--json")
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout), done.stderr


def ids_of(studio):
    """Return the id of each project by its title."""
    return {one["title"]: one["id"] for one in studio.projects()}


def hooks_of(studio):
    return studio.api("GET", "/api/webhooks/")


def answer(studio, label, count=2):
    """Let people label whatever they are given."""
    (own,) = [one["id"] for one in studio.projects() if one["title"] == "cli-mails"]
    for who in people(studio)[:count]:
        while (task := who.next_task(own)) is not None:
            who.label(task["id"], label)


def test_init_makes_both_projects_once_and_says_where_they_are(studio, folder):
    said(folder, "query")
    before = said(folder, "status")[0]
    made, told = said(folder, "studio", "init")
    again, _ = said(folder, "studio", "init")
    after = said(folder, "status")[0]

    assert {
        "cli-mails": made["annotators"]["id"],
        "cli-mails: review": made["reviewers"]["id"],
    } == (ids_of(studio))
    assert ["made", "made"] == [one["outcome"] for one in made.values()]
    assert ["unchanged", "unchanged"] == [one["outcome"] for one in again.values()]
    for one in made.values():
        assert (one["title"], one["url"]) in {(it["title"], it["url"]) for it in again.values()}
    own = made["annotators"]["id"]
    assert f"{studio.url}/projects/{own}/data?labeling=1" == made["annotators"]["url"]
    assert "labeling studio init, then labeling push" == before["next"]
    assert "labeling push" == after["next"]
    assert {who: one["url"] for who, one in made.items()} == after["links"]
    assert [made["annotators"]["url"]] == said(folder, "push")[0]["where"]
    assert "Next: labeling push" in told
    assert f"in Label Studio: project 'cli-mails' on {studio.url}" == after["people_label"]
    assert f"People label in Label Studio: project 'cli-mails' on {studio.url}" in (
        labeling(folder, "status").stdout
    )


def test_a_project_of_somebody_else_is_adopted_only_when_that_is_asked_for(studio, folder):
    """What would be done, and was, is said setting by setting."""
    config = """<View><Text name="t" value="$mail"/><Choices name="kind" toName="t">
<Choice value="ham"/></Choices></View>"""
    about = {"title": "cli-mails", "label_config": config}
    own = studio.api("POST", "/api/projects/", json=about)["id"]
    refused = labeling(folder, "studio", "init")
    dry = labeling(folder, "studio", "init", "--adopt", "--dry-run")
    assert ["cli-mails"] == [one["title"] for one in studio.projects()]
    assert config == studio.api("GET", f"/api/projects/{own}/")["label_config"]
    done = labeling(folder, "studio", "init", "--adopt")
    again = labeling(folder, "studio", "init")

    assert (1, 0, 0, 0) == tuple(one.returncode for one in (refused, dry, done, again))
    assert "0 tasks and 0 annotations" in " ".join(refused.stderr.split())
    assert "studio init --adopt" in " ".join(refused.stderr.split())
    assert f"Annotators: project 'cli-mails', would be adopted, id {own}: " in dry.stdout
    assert "Reviewers: project 'cli-mails: review', would be made\n" in dry.stdout
    assert "Nothing was changed." in dry.stderr
    for one in (dry, done):
        assert "  maximum_annotations: 1 -> 2\n" in one.stdout
        assert '+ <Choice value="ham"/><Choice value="spam" />' in one.stdout
    assert f"Annotators: project 'cli-mails', unchanged, id {own}: " in again.stdout


def test_without_label_studio_init_shows_the_lines_to_add(tmp_path):
    done = labeling(make_project(tmp_path, platform=FILES), "studio", "init")

    assert 1 == done.returncode
    assert "label_studio:\n  url: http://localhost:8080\n  project: project\n" in done.stderr
    assert "in the place of `files:`" in done.stderr


def test_a_dry_run_shows_a_wrong_token_and_a_project_that_is_not_there(studio, folder):
    said(folder, "query")
    before = state_of(folder)
    nowhere = labeling(folder, "push", "--dry-run")
    nobody = labeling(folder, "push", "--dry-run", LABEL_STUDIO_API_KEY="0" * 40)

    assert (1, 1) == (nowhere.returncode, nobody.returncode)
    assert "labeling studio init" in nowhere.stderr
    assert "token must be valid" in " ".join(nobody.stderr.split())
    assert {} == ids_of(studio)
    assert {} == different(before, state_of(folder))


def test_dry_runs_change_nothing_on_the_server(studio, folder):
    its = Project(folder / "project.yaml")
    own = its.init_platform()[0].id
    its.query()
    pushing, _ = said(folder, "push", "--dry-run")
    assert [] == studio.tasks(own)
    its.push()
    ann, bob = people(studio)[:2]
    for number, task in enumerate(studio.tasks(own)):
        ann.label(task["id"], "ham")
        bob.label(task["id"], "ham" if number else "spam")
    before = state_of(folder), studio.tasks(own)
    pulling, _ = said(folder, "pull", "--dry-run")
    running, told = said(folder, "run", "--dry-run")

    assert {} == different(before[0], state_of(folder))
    assert before[1] == studio.tasks(own)
    assert (1, 6) == (pushing["batch"], pushing["samples"])
    assert (12, 12) == (pulling["new"], running["new"])
    assert (5, 1, 1) == (running["gold"], running["would_ask_again"], running["awaited"])
    assert f"nor LabelStudio('{studio.url}', project='cli-mails')" in told


def test_listen_pulls_and_reviews_when_somebody_has_labeled(studio, folder):
    its = Project(folder / "project.yaml")
    both = {one.id for one in its.init_platform()}
    its.query()
    its.push()
    given = ("studio", "listen", "--port", "0", "--every", "3600", "--json")
    with watching(folder, *given) as (running, lines):
        first = json.loads(lines.get(timeout=SOON))
        hooks = hooks_of(studio)
        assert is_free(folder)
        ann = people(studio)[0]
        task = ann.next_task(min(both))
        ann.label(task["id"], "ham")
        second = json.loads(lines.get(timeout=SOON))
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=SOON)

    assert 130 == running.returncode, errors
    assert (0, 1) == (first["new"], second["new"])
    assert (6, 1) == (second["awaited"], second["pending"])
    assert both == {one["project"] for one in hooks}
    assert 2 == len(hooks)
    assert not any(one["send_payload"] or one["send_for_all_actions"] for one in hooks)
    assert {"ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED"} == {
        *hooks[0]["actions"]
    }
    assert [] == hooks_of(studio)


def test_run_goes_on_with_the_next_batch_when_label_studio_tells(studio, folder):
    Project(folder / "project.yaml").init_platform()
    given = ("run", "--watch", "--listen", "0", "--every", "3600", "--json")
    with watching(folder, *given) as (running, lines):
        first = json.loads(lines.get(timeout=SOON))
        answer(studio, "ham")
        while (last := json.loads(lines.get(timeout=SOON)))["round"] < 2:
            pass
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=SOON)

    assert 1 == first["round"]
    assert (6, 6) == (last["gold"], last["awaited"])


def test_one_webhook_for_an_address_however_often_it_listens(studio, folder):
    its = Project(folder / "project.yaml")
    both = [one.id for one in its.init_platform()]
    its.query()
    its.push()
    with WebhookReceiver() as hook:
        about = {"url": hook.url, "project": both[0], "send_payload": True}
        studio.api("POST", "/api/webhooks/", json=about)  # of one that was killed
        studio.api("POST", "/api/webhooks/", json={**about, "url": "http://127.0.0.1:9/mine"})
        with (
            its.label_studio().listen(hook.url, "old secret"),
            its.label_studio().listen(hook.url, hook.secret),
        ):
            urls = [one["url"] for one in hooks_of(studio)]
            ann = people(studio)[0]
            task = ann.next_task(both[0])
            made = ann.label(task["id"], "ham")
            woken = [hook.wait(SOON)]
            ann.change(made["id"], "spam")
            woken.append(hook.wait(SOON))
            ann.delete(made["id"])
            woken.append(hook.wait(SOON))

    assert [True, True, True] == woken
    assert sorted([hook.url, hook.url, "http://127.0.0.1:9/mine"]) == sorted(urls)
    assert ["http://127.0.0.1:9/mine"] == [one["url"] for one in hooks_of(studio)]


def test_the_section_that_init_writes_as_a_comment_can_be_used(tmp_path):
    folder = make_project(tmp_path)
    labels = GivenLabels(("ham", "spam"))
    made = write_scaffold(folder, folder / "comments.parquet", labels, id="key", text="text")
    before, _, after = made.config.read_text(encoding="utf-8").partition("files:")
    assert load_config(made.config).label_studio is None
    lines = [one.removeprefix("# ") for one in after.splitlines() if one.startswith("# ")]
    start_at = lines.index("label_studio:")
    made.config.write_text(before + "\n".join(lines[start_at:]) + "\n", encoding="utf-8")
    section = load_config(made.config).label_studio

    assert ("project", "project: review") == (section.project, section.expert_project)
    assert ("hidden", "") == (section.prelabels, section.guidelines)

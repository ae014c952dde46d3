"""Releases from the command line: two people, two branches, and what each command says next."""

import json
import shutil

import pytest

from labeling.cli.event_sentences import event_words
from labeling.project import Project
from labeling.records import Event, EventKind
from tests.support.in_process import run
from tests.support.killing import make_project
from tests.support.releases import failing, passing


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    folder = make_project(tmp_path_factory.mktemp("labeled"))
    assert 0 == verb(folder, "run").returncode
    return folder


@pytest.fixture
def folder(labeled, tmp_path):
    return shutil.copytree(labeled, tmp_path / "project")


def verb(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments)


def release(folder, *arguments):
    done = verb(folder, "release", *arguments)
    assert 0 == done.returncode, done.stderr
    return done


def refused(folder, *arguments):
    done = verb(folder, "release", *arguments)
    assert 1 == done.returncode, done
    return " ".join(done.stderr.split())


def project_of(folder):
    return Project(folder / "project.yaml")


def run_tests(folder, name, tests=passing):
    project_of(folder).releases.run_tests(name, tests)


def min_confidence(folder, value):
    """Change the config, as somebody on a branch would."""
    config = folder / "project.yaml"
    text = config.read_text().partition("export:")[0]
    config.write_text(f"{text}export: {{min_confidence: {value}}}\n")


def flip_rules(folder):
    """Swap two labels in all rules, as a poisoned set of rules would."""
    path = folder / "rules.py"
    text = path.read_text().replace('"spam"', '"?"').replace('"ham"', '"spam"')
    path.write_text(text.replace('"?"', '"ham"'))


def approved(folder, name, author, reviewer):
    release(folder, "branch", name, "--by", author)
    run_tests(folder, name)
    release(folder, "propose", name, "--by", author)
    release(folder, "approve", name, "--by", reviewer)


def test_a_release_is_made_step_by_step_and_each_command_says_what_comes_next(folder):
    done = release(folder, "branch", "r1", "-m", "the first", "--by", "ann")
    assert "Branch r1 is release " in done.stdout
    assert "Next: labeling release test r1" in done.stderr
    run_tests(folder, "r1")
    done = release(folder, "show", "r1")
    assert "Next: labeling release propose r1 --by NAME" in done.stderr
    done = release(folder, "propose", "r1", "--by", "ann", "-m", "please look")
    assert "Next: labeling release approve r1 --by NAME" in done.stderr
    assert "must not have made or proposed it" in refused(folder, "approve", "r1", "--by", "Ann")
    done = release(folder, "approve", "r1", "--by", "bob")
    assert "Branch r1 is approved by 'bob'." in done.stdout
    assert "Next: labeling release merge r1 --by NAME" in done.stderr
    done = release(folder, "merge", "r1", "--by", "ann")
    assert "Branch 'r1' is merged: main is release" in done.stdout

    lines = release(folder, "log").stdout.splitlines()
    steps = ["ann branched", "- tested", "ann proposed", "bob approved", "ann merged"]
    assert all(step in line for step, line in zip(steps, lines, strict=True))
    assert "the first" in lines[0]
    shown = release(folder, "show").stdout
    assert "main" in shown
    assert "protected" in shown
    assert [] == json.loads(release(folder, "verify", "--json").stdout)["findings"]


def test_the_tests_on_data_are_run_and_a_failure_is_an_error(folder):
    release(folder, "branch", "r1", "--by", "ann")
    done = release(folder, "test", "r1", "--json")
    report = json.loads(done.stdout)
    assert report["passed"]
    assert report["samples"] == project_of(folder).releases["r1"].manifest["samples"]
    assert "propose" == project_of(folder).releases.show("r1").next_step
    release(folder, "propose", "r1", "--by", "ann")
    release(folder, "approve", "r1", "--by", "bob")
    release(folder, "merge", "r1", "--by", "ann")

    flip_rules(folder)
    release(folder, "branch", "r2", "--by", "ann")
    said = refused(folder, "test", "r2")
    assert "Tests on branch 'r2' failed: " in said
    assert "'label_flips'" in said
    release(folder, "propose", "r2", "--by", "ann")
    assert "tests failed" in refused(folder, "approve", "r2", "--by", "bob")


def test_limits_and_own_checks_of_the_config_are_those_of_the_tests(folder):
    (folder / "checks.py").write_text(
        "from labeling import data_test\n\n\n@data_test\ndef enough(train):\n"
        '    "There are a million samples."\n    assert len(train) >= 1e6, len(train)\n'
    )
    config = folder / "project.yaml"
    config.write_text(f"{config.read_text()}data_tests: {{class_count: 30, own: [checks.py]}}\n")
    release(folder, "branch", "r1", "--by", "ann")

    said = refused(folder, "test", "r1")

    assert "'class_floor', 'enough'" in said


def test_commands_taken_twice_change_nothing_more(folder):
    for _ in range(2):
        release(folder, "branch", "r1", "--by", "ann")
    run_tests(folder, "r1")
    for step, who in (("propose", "ann"), ("approve", "bob"), ("merge", "ann")):
        for _ in range(2):
            release(folder, step, "r1", "--by", who)

    steps = json.loads(release(folder, "log", "--json").stdout)
    assert ["branched", "tested", "proposed", "approved", "merged"] == [
        step["action"] for step in steps
    ]
    assert "These are the last 2 of 5 steps." in release(folder, "log", "-n", "2").stderr


@pytest.fixture
def two(labeled, tmp_path):
    """Return the projects of two people that share a folder of releases, and its first release."""
    folders = [shutil.copytree(labeled, tmp_path / name) for name in ("ann", "bob")]
    for path in folders:
        config = path / "project.yaml"
        config.write_text(f"{config.read_text()}releases: {{folder: ../releases}}\n")
    approved(folders[0], "first", "ann", "bob")
    release(folders[0], "merge", "first", "--by", "ann")
    return folders


def decide(folder, sample, label, by):
    arguments = ("decide", sample, label, "--by", by, "--reason", "read again")
    assert 0 == verb(folder, *arguments).returncode


def rows_of(folder, name):
    return project_of(folder).releases[name].train.frame


def other_label(rows, sample, *labels):
    return next(one for one in ("ham", "spam", "news") if one not in (rows.label[sample], *labels))


def voted_only(rows):
    """Return samples whose label no person gave, in order."""
    return sorted(rows.index[~rows["source"].isin(["agreement", "review"])])


def test_two_people_merge_two_branches_one_after_the_other(two):
    ann, bob = two
    rows = rows_of(ann, "main")
    first, second = voted_only(rows)[:2]
    labels = {first: other_label(rows, first), second: other_label(rows, second)}
    decide(ann, first, labels[first], "rev")
    decide(bob, second, labels[second], "rev")
    approved(ann, "anns", "ann", "bob")
    approved(bob, "bobs", "bob", "ann")

    shown = release(ann, "diff", "anns").stdout
    assert first in shown
    rows_changed = json.loads(release(ann, "diff", "anns", "--json").stdout)["rows"]
    because = {row["sample_id"]: row["because"] for row in rows_changed}
    assert "rev" in because[first]

    release(ann, "merge", "anns", "--by", "ann")
    said = refused(bob, "merge", "bobs", "--by", "bob")
    assert "Branch 'bobs' is not merged yet. Next: labeling release test bobs" in said
    assert "must be tested" in refused(bob, "approve", "bobs", "--by", "ann")
    run_tests(bob, "bobs")
    release(bob, "approve", "bobs", "--by", "ann")
    release(bob, "merge", "bobs", "--by", "bob")

    both = rows_of(ann, "main")
    assert labels == {sample: both.label[sample] for sample in (first, second)}
    actions = [step["action"] for step in json.loads(release(ann, "log", "--json").stdout)]
    assert ["merged", "updated", "tested", "approved", "merged"] == actions[-5:]
    assert 0 == verb(bob, "release", "verify").returncode


def test_two_people_who_relabel_one_sample_must_agree_before_anything_is_merged(two):
    ann, bob = two
    rows = rows_of(ann, "main")
    sample = voted_only(rows)[0]
    anns = other_label(rows, sample)
    bobs = other_label(rows, sample, anns)
    decide(ann, sample, anns, "rev")
    decide(bob, sample, bobs, "rev")
    approved(ann, "anns", "ann", "cleo")
    approved(bob, "bobs", "bob", "cleo")
    release(ann, "merge", "anns", "--by", "ann")

    for _ in range(2):  # what somebody decided before the conflict is one of its sides
        done = verb(bob, "release", "merge", "bobs", "--by", "bob")
        assert 1 == done.returncode
        assert f"{sample}: Two releases disagree" in done.stdout
        assert "labeling decide SAMPLE LABEL" in " ".join(done.stderr.split())
    assert anns == rows_of(bob, "main").label[sample]

    decide(bob, sample, bobs, "rev")
    assert "is not merged yet" in refused(bob, "merge", "bobs", "--by", "bob")
    assert bobs == rows_of(bob, "bobs").label[sample]
    run_tests(bob, "bobs")
    assert "must not have made" in refused(bob, "approve", "bobs", "--by", "rev")
    release(bob, "approve", "bobs", "--by", "cleo")
    release(bob, "merge", "bobs", "--by", "bob")
    assert bobs == rows_of(ann, "main").label[sample]


@pytest.mark.parametrize("step", ["propose", "approve", "merge"])
def test_who_is_responsible_must_be_named(folder, step):
    release(folder, "branch", "r1")

    assert "must give their name as `by` (`--by NAME`)" in refused(folder, step, "r1")


def test_the_same_project_gives_the_same_release(folder, labeled):
    first = json.loads(release(folder, "branch", "r1", "--json").stdout)
    again = json.loads(release(folder, "branch", "other", "--json").stdout)

    assert first["release"] == again["release"]
    assert ["other", "r1"] == again["branches"]
    assert first["samples"] > 0
    assert "test" == first["next"]


def test_a_wrong_name_builds_nothing_and_says_what_names_are_right(folder):
    assert "name of a branch must be" in refused(folder, "branch", "../x")
    assert "changed by merging a branch only" in refused(folder, "branch", "main")
    assert not (folder / "releases").exists()
    release(folder, "branch", "r1")
    assert "Did you mean 'r1'" in refused(folder, "propose", "r11", "--by", "ann")


def test_flips_are_acknowledged_on_the_command_line(folder):
    release(folder, "branch", "r1", "--by", "ann")
    run_tests(folder, "r1", failing("label_flips"))
    release(folder, "propose", "r1", "--by", "ann")

    assert "label_flips: What label_flips found" in refused(folder, "approve", "r1", "--by", "bob")
    done = verb(folder, "release", "approve", "r1", "--by", "bob", "--acknowledge", "label_flips")
    assert 2 == done.returncode
    acknowledge = ("--acknowledge", "label_flips=a new guideline")
    release(folder, "approve", "r1", "--by", "bob", *acknowledge)
    last = json.loads(release(folder, "log", "-n", "1", "--json").stdout)
    assert {"label_flips": "a new guideline"} == last[0]["details"]["acknowledged"]


def test_a_changed_byte_fails_the_check_and_is_named(folder):
    release(folder, "branch", "r1")
    assert "1 step, each chained to the one before; 1 release." in release(folder, "verify").stdout
    path = next((folder / "releases").glob("objects/*/training_set.parquet"))
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))

    done = verb(folder, "release", "verify")
    assert 1 == done.returncode
    assert "training_set.parquet' was changed" in done.stdout
    assert 1 == len(json.loads(verb(folder, "release", "verify", "--json").stdout)["findings"])


def test_the_ledger_tells_of_a_sample_in_which_release_it_is(folder):
    min_confidence(folder, 0.9)
    approved(folder, "r1", "ann", "bob")
    release(folder, "merge", "r1", "--by", "ann")
    project = project_of(folder)
    sample = project.releases["main"].sample_ids[0]
    left_out = next(key for key in project.samples.index if key not in project.releases["main"])
    digest = project.releases["main"].digest

    log = verb(folder, "log", sample)
    assert f"ann merged branch 'r1' into main: release {digest[:12]}" in log.stdout
    assert "merged branch" not in verb(folder, "log", left_out).stdout
    assert "bob approved branch 'r1'" in verb(folder, "log", "-n", "100").stdout
    assert 0 == verb(folder, "ledger", "verify").returncode


def test_a_step_that_the_ledger_missed_is_recorded_with_the_next_one(folder):
    release(folder, "branch", "r1", "--by", "ann")
    project = project_of(folder)
    project.releases.run_tests("r1", passing)
    project.releases.propose("r1", by="ann")  # as if killed here, or fetched with git

    release(folder, "approve", "r1", "--by", "bob")
    events = project_of(folder).store.events.all([EventKind.RELEASED])

    assert ["branched", "tested", "proposed", "approved"] == [
        event.about["action"] for event in events
    ]
    assert ["ann", "", "ann", "bob"] == [event.actor for event in events]


def test_every_step_has_words():
    actions = ("branched", "tested", "proposed", "approved", "merged", "updated", "conflicted")
    for action in actions:
        about = {"action": action, "branch": "r1", "release": "a" * 64, "entry": "b" * 64}
        words = event_words(Event(1, "2026", EventKind.RELEASED, "ann", about=about))
        assert words.startswith("ann ")
        assert "'r1'" in words
        assert words.endswith("release aaaaaaaaaaaa")


def test_the_folder_of_releases_is_set_in_the_config_and_models_are_not_fitted_again(folder):
    before = project_of(folder).config.digest
    config = folder / "project.yaml"
    config.write_text(f"{config.read_text()}releases: {{folder: data/sets}}\n")

    release(folder, "branch", "r1")

    assert (folder / "data" / "sets" / "log.jsonl").is_file()
    assert before == project_of(folder).config.digest

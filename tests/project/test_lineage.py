"""The lineage of a project's labels: every row explained, and releases built again elsewhere."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from labeling.errors import DataError
from labeling.project import Project
from labeling.project.people_record import PeopleRecord
from labeling.project.training_sets import recorded_people
from tests.support.in_process import run
from tests.support.killing import make_project
from tests.support.releases import passing


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a project whose loop has run, with a release on branch r1."""
    folder = make_project(tmp_path_factory.mktemp("made"))
    assert 0 == run(folder, "-c", "project.yaml", "run").returncode
    done = run(folder, "-c", "project.yaml", "release", "branch", "r1", "--by", "ann")
    assert 0 == done.returncode, done.stderr
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "elsewhere" / "project")


def project_of(folder):
    return Project(folder / "project.yaml")


def test_every_row_of_an_export_is_explained(made):
    project = project_of(made)
    train = project.releases["r1"].train
    sources = set()
    for sample_id in [*train.sample_ids, *train.dropped.index]:
        story = project.explain(sample_id, "r1")
        words = repr(story)
        if sample_id in train.sample_ids:
            assert story.label == train.added_column("label")[sample_id]
            assert not story.left_out
        else:
            assert story.left_out == train.dropped.loc[sample_id, "reason"]
        assert "Label model: kind label_model" in words
        assert all(vote.fingerprint for vote in story.votes)
        sources.add(story.source)
    assert {"review", "agreement"} & sources


def test_the_command_tells_votes_people_decisions_and_releases(made):
    project = project_of(made)
    train = project.releases["r1"].train
    reviewed = train.rows_behind("sources", "review")[0]
    done = run(made, "-c", "project.yaml", "explain", str(reviewed))
    assert 0 == done.returncode, done.stderr
    words = " ".join(done.stdout.split())
    assert "Decided in review by" in words
    assert "chosen for batch" in words
    assert "r1 (" in words
    done = run(made, "-c", "project.yaml", "explain", str(reviewed), "--json")
    assert json.loads(done.stdout)["label"] == train.added_column("label")[reviewed]
    done = run(made, "-c", "project.yaml", "explain", "c_1")
    assert 1 == done.returncode
    assert "Did you mean" in done.stderr


def test_the_manifest_holds_digests_and_no_machine(made):
    release = project_of(made).releases["r1"]
    origin = release.manifest["origin"]
    assert set(origin["functions"]) == {"offers", "greets", "link", "tells"}
    assert origin["people"]["answers"] > 0
    text = json.dumps(dict(release.manifest))
    assert str(made) not in text
    record = PeopleRecord.from_json(project_of(made).releases.people(origin["people"]["digest"]))
    assert record.digest == origin["people"]["digest"]


def test_building_a_training_set_again_gives_the_same_release(folder):
    before = project_of(folder).releases["r1"].digest
    done = run(folder, "-c", "project.yaml", "release", "branch", "r1", "--by", "ann")
    assert 0 == done.returncode, done.stderr
    assert project_of(folder).releases["r1"].digest == before


REBUILD = """
import sys
from labeling.project import Project
rebuilt = Project(sys.argv[1]).rebuild("r1")
print(rebuilt, rebuilt.differences)
sys.exit(0 if rebuilt.equal else 1)
"""


def test_a_release_is_built_again_on_another_machine_byte_for_byte(folder):
    shutil.rmtree(folder / ".labeling")
    shutil.rmtree(folder / "out")
    (folder / "votes.csv").unlink()
    environment = {
        **os.environ,
        "TZ": "Asia/Kathmandu",
        "PYTHONHASHSEED": "4242",
        "LC_ALL": "C",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2"),
    }
    done = subprocess.run(
        [sys.executable, "-c", REBUILD, str(folder / "project.yaml")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert not (folder / ".labeling").exists()


def test_it_is_built_again_though_people_have_said_more_since(folder):
    project = project_of(folder)
    train = project.releases["r1"].train
    weak = train.rows_behind("sources", "votes")[0]
    project.decide(weak, "news", by="zoe", reason="it is news")
    assert project.rebuild("r1").equal


def test_what_differs_is_named(folder):
    rules = folder / "rules.py"
    rules.write_text(rules.read_text().replace('"cash"]', '"cash", "a"]'))
    config = folder / "project.yaml"
    config.write_text(config.read_text() + "export: {min_confidence: 0.5}\n")
    rebuilt = project_of(folder).rebuild("r1")
    assert not rebuilt.equal
    assert "Labeling function offers was edited." in rebuilt.differences
    assert "The config differs in export." in rebuilt.differences
    done = run(folder, "-c", "project.yaml", "release", "rebuild", "r1")
    assert 1 == done.returncode
    assert "Labeling function offers was edited." in " ".join(done.stdout.split())


def test_what_people_said_must_be_there_and_unchanged(folder):
    project = project_of(folder)
    (path,) = (folder / "releases" / "people").iterdir()
    content = path.read_text()
    path.write_text(content.replace('"spam"', '"ham"'))
    with pytest.raises(DataError, match="was changed after the release"):
        project.rebuild("r1")
    path.unlink()
    with pytest.raises(DataError, match="is not there: copy it"):
        project.rebuild("r1")


def approve(folder, name):
    project = project_of(folder)
    project.branch_release(name, by="ann")
    project.releases.run_tests(name, passing)
    project.propose_release(name, by="ann")
    project.approve_release(name, by="bob")


def test_a_merged_release_is_merged_again(folder):
    approve(folder, "r1")
    project = project_of(folder)
    project.merge_release("r1", by="ann")
    train = project.releases["main"].train
    first, second = train.rows_behind("sources", "votes")[:2]
    project.decide(first, "news", by="zoe", reason="it is news")
    approve(folder, "r2")
    config = folder / "project.yaml"
    config.write_text(config.read_text() + "class_balance: [0.2, 0.5, 0.3]\n")
    project = project_of(folder)
    project.decide(second, "news", by="zoe", reason="it is news")
    approve(folder, "r3")
    project.merge_release("r2", by="ann")
    outcome = project.merge_release("r3", by="ann")
    assert outcome.status == "updated", outcome
    assert project.rebuild("r3").equal


def test_what_people_said_is_told_changed_from_written_by_another_version():
    record = PeopleRecord((), ()).to_json()
    spaced = json.dumps(json.loads(record), indent=1).encode()  # the same, as another version may

    def manifest_of(content):
        digest = hashlib.sha256(content).hexdigest()
        return {"origin": {"people": {"digest": digest}, "version": "0.0.9"}}

    assert recorded_people(manifest_of(record), record) == PeopleRecord((), ())
    with pytest.raises(DataError, match="was changed after the release was made"):
        recorded_people(manifest_of(record), spaced)
    with pytest.raises(DataError, match=r"made the release \(0\.0\.9\)"):
        recorded_people(manifest_of(spaced), spaced)

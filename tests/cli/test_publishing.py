"""Releases for others, from the command line: the hub's folder, the page, and MLflow."""

import hashlib
import json
import re
import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

import labeling as lb
from labeling.project import Project
from labeling.rendering import View
from tests.support.in_process import run
from tests.support.killing import make_project
from tests.support.releases import passing
from tests.support.safe_html import NAME, TEXT, Elements

CARD = """
card:
  license: CC-BY-4.0
  language: en
  description: Comments <b>of</b> videos.
  published: 2026-11-30
  limitations: Only one site.
"""


@pytest.fixture(scope="module")
def labeled(tmp_path_factory):
    folder = make_project(tmp_path_factory.mktemp("labeled"))
    assert 0 == verb(folder, "run").returncode
    config = folder / "project.yaml"
    config.write_text(config.read_text() + CARD)
    assert 0 == verb(folder, "release", "branch", "r1", "--by", "ann").returncode
    return folder


@pytest.fixture
def folder(labeled, tmp_path):
    return shutil.copytree(labeled, tmp_path / "project")


def verb(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments)


def digests(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_release_becomes_a_folder_for_the_hub_with_a_card_from_the_project(folder, tmp_path):
    done = verb(folder, "release", "hub", str(tmp_path / "hub"), "r1")

    assert 0 == done.returncode, done.stderr
    assert "README.md, croissant.json, data/train-00000-of-00001.parquet" in done.stdout
    assert "hf upload" in done.stderr
    text = (tmp_path / "hub" / "README.md").read_text("utf-8")
    about = yaml.safe_load(text.split("---\n")[1])
    assert ("cc-by-4.0", ["en"]) == (about["license"], about["language"])
    release = Project(folder / "project.yaml").releases["r1"]
    assert release.digest in text
    assert f"labeling release rebuild {release.digest[:12]}" in text
    estimate = r"0\.\d+ \\\[.*\\\], n = \d+ \(95 % interval\)"
    assert re.search(rf"accuracy of the labels that people did not give: {estimate}", text)
    assert re.search(rf"percent agreement in the first round \(.*\): {estimate}", text)
    written = digests(tmp_path / "hub")
    assert 0 == verb(folder, "release", "hub", str(tmp_path / "again"), "r1").returncode
    assert written == digests(tmp_path / "again")


def test_nobody_who_annotated_is_named_in_any_file(folder, tmp_path):
    project = Project(folder / "project.yaml")
    names = {vote.annotator for vote in project.people.current_annotations(project.samples)}
    train = project.releases["r1"].train
    voted = {name for votes in train.added_column("annotators") for name in votes}

    project.hub_folder(tmp_path / "hub", "r1")

    texts = [
        (tmp_path / "hub" / name).read_text("utf-8") for name in ("README.md", "croissant.json")
    ]
    table = pq.read_table(tmp_path / "hub" / "data" / "train-00000-of-00001.parquet")
    texts += [str(table.select(["annotators", "reviewer", "decided_by"]).to_pylist())]
    assert voted
    assert voted <= names
    assert all(name.startswith("person_") for name in table["reviewer"].drop_null().to_pylist())
    assert set() == {
        name
        for name in names - {"reviewer"}
        for text in texts
        if re.search(rf"\b{re.escape(name)}\b", text)
    }


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:rdflib", "ignore:The inplace keyword:Warning"
)
def test_croissant_of_a_release_is_accepted_without_a_word(folder, tmp_path):
    mlcroissant = pytest.importorskip("mlcroissant")
    assert 0 == verb(folder, "release", "hub", str(tmp_path / "hub"), "r1").returncode

    read = mlcroissant.Dataset(str(tmp_path / "hub" / "croissant.json"))

    assert not read.metadata.ctx.issues.errors
    assert not read.metadata.ctx.issues.warnings
    train = Project(folder / "project.yaml").releases["r1"].train
    assert len(train) == sum(1 for _ in read.records("train"))


def test_a_salt_that_is_too_short_is_refused(folder, tmp_path):
    done = verb(folder, "release", "hub", str(tmp_path / "hub"), "r1", "--salt", "short")

    assert 1 == done.returncode
    assert "at least 16 characters" in done.stderr
    assert not (tmp_path / "hub").exists()


def test_the_page_of_a_release_is_whole_and_repeats(folder, tmp_path):
    first, second = tmp_path / "a.html", tmp_path / "b.html"
    done = verb(folder, "release", "show", "r1", "--html", str(first))
    assert 0 == done.returncode, done.stderr
    assert 0 == verb(folder, "release", "show", "r1", "--html", str(second)).returncode

    page = first.read_text("utf-8")
    assert page == second.read_text("utf-8")
    assert "No tests were run on this release." in page
    assert "Comments &lt;b&gt;of&lt;/b&gt; videos." in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert {"Labels", "Tests on the data", "Card"} <= set(re.findall(r"<h2[^>]*>([^<]*)", page))


def test_texts_on_the_page_are_shown_as_they_are(tmp_path):
    ids = pd.Index([NAME, "b"], name="id")
    data = pd.DataFrame({"text": [NAME, "x"], NAME: ["y", NAME]}, index=ids)
    schema = lb.LabelSchema([NAME, "spam"])
    train = lb.build_training_set(data, lb.SoftLabels([[0.9, 0.1]] * 2, ids, schema, [True] * 2))
    facts = lb.CardFacts(functions=(lb.FunctionFacts(NAME, TEXT),), problems=(TEXT,), platform=TEXT)
    release = lb.Releases(tmp_path / "releases").branch("r1", train)

    path = release.report(tmp_path / "a.html", {NAME: [View(TEXT, (TEXT,))]}, None, facts)

    page = path.read_text("utf-8")
    found = Elements(page)
    assert {"script", "img"}.isdisjoint(found.tags)
    assert "onerror" not in {name for name, _ in found.attributes}
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "".join(found.texts))


def test_tests_on_the_data_are_on_the_page_and_in_the_card(folder, tmp_path):
    project = Project(folder / "project.yaml")
    finding = {"name": "drift", "status": "warning", "sentence": "Texts got longer."}

    def tests(train, base):
        from labeling.datasets import DataTestReport, Finding

        return DataTestReport((Finding(**finding, n=len(train)),), train.fingerprint)

    project.releases.run_tests("r1", tests)

    page = project.release_report("r1", tmp_path / "a.html").read_text("utf-8")
    card = project.hub_folder(tmp_path / "hub", "r1") / "README.md"
    assert "Texts got longer." in page
    n = len(project.releases["r1"].train)
    assert f"- Texts got longer. (test drift, n = {n:,})" in card.read_text("utf-8")


PROBLEMS = """
problems:
  - {name: links, slice: has_link, description: Links hide what they lead to., harm: 4}
  - {name: greetings, ids: [c0, c1, c2, c3], affected: 0.5, owner: ann}
"""
SLICES = """
import labeling as lb


@lb.slicing_function
def has_link(x):
    return "http" in x.text
"""


@pytest.fixture
def measured(tmp_path):
    """A project with given gold labels, a list of known problems, and a first release in main."""
    folder = make_project(tmp_path / "measured", n=80)
    gold = pd.read_csv(folder / "reviewer.csv").rename(columns={"sample": "id"})
    gold.iloc[:40].to_csv(folder / "gold.csv", index=False)
    config = folder / "project.yaml"
    text = config.read_text().replace(
        "path: comments.parquet", "path: comments.parquet, gold: gold.csv"
    )
    config.write_text(f"{text}{CARD}  known_problems: problems.yaml\n  slices: slices.py\n")
    (folder / "problems.yaml").write_text(PROBLEMS)
    (folder / "slices.py").write_text(SLICES)
    assert 0 == verb(folder, "run").returncode
    project = Project(config)
    project.branch_release("r1", by="ann")
    project.releases.run_tests("r1", passing)
    project.releases.propose("r1", by="ann")
    project.releases.approve("r1", by="bob")
    project.releases.merge("r1", by="ann")
    return folder


def test_the_page_says_what_changed_why_and_how_good_it_is_over_releases(measured, tmp_path):
    config = measured / "project.yaml"
    text = config.read_text()
    config.write_text(
        re.sub(r"min_confidence: [\d.]+", "min_confidence: 0.9", text)
        if "min_confidence" in text
        else f"{text}export: {{min_confidence: 0.9}}\n"
    )
    project = Project(config)
    project.branch_release("r2", by="ann")

    page = project.release_report("r2", tmp_path / "a.html").read_text("utf-8")
    again = project.release_report("r2", tmp_path / "b.html").read_text("utf-8")
    first = project.release_report("main", tmp_path / "c.html").read_text("utf-8")

    main = project.releases["main"].digest[:12]
    assert page == again
    assert f"Since release {main}" in page
    assert "min_confidence" in page
    assert "It is the first release" in first
    assert re.search(r"Quality of labels on \d+ gold labels", page)
    assert re.search(
        r"links: Links hide what they lead to\. \(wrong labels: .* n = \d+; harm 4", page
    )
    assert "Errors of 2 problems over 2 releases" in page
    assert "Errors of 2 problems over 1 releases" in first
    assert "<script" not in page


def test_known_problems_are_in_the_card_with_their_errors(measured, tmp_path):
    folder = Project(measured / "project.yaml").hub_folder(tmp_path / "hub")

    text = (folder / "README.md").read_text("utf-8")
    biases = json.loads((folder / "croissant.json").read_text("utf-8"))["rai:dataBiases"]
    assert re.search(r"- greetings: no description \(wrong labels: .* n = \d+; harm 1 of 5", text)
    assert [True, True] == ["wrong labels" in sentence for sentence in biases]
    assert "Only one site." in text


def test_facts_are_those_of_the_day_of_the_branch(folder):
    project = Project(folder / "project.yaml")
    kept = project.releases["r1"].facts

    project.releases.keep_facts("r1", lb.CardFacts(platform="paper"))

    assert kept.functions
    assert kept.quality
    assert "paper" == project.releases["r1"].facts.platform


def test_a_release_goes_into_mlflow_by_its_digest(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())

    done = verb(folder, "release", "mlflow", "r1", "--json")

    assert 0 == done.returncode, done.stderr
    run_id = json.loads(done.stdout)["run"]
    client = mlflow.MlflowClient()
    (given,) = client.get_run(run_id).inputs.dataset_inputs
    release = Project(folder / "project.yaml").releases["r1"]
    assert release.digest[:36] == given.dataset.digest
    assert release.digest == client.get_run(run_id).data.tags["labeling.release"]
    names = {file.path for file in client.list_artifacts(run_id, "training_set")}
    assert 3 == len(names)
    mlflow.set_tracking_uri(None)

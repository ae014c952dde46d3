"""A training set in MLflow's own store of files: what is logged is found again."""

import json
import sys
from pathlib import Path

import pytest

import labeling as lb
from labeling.datasets.tracking import run_parameters
from labeling.records.estimates import Estimate
from tests.datasets.cards.test_hub_folder import FACTS, SETTINGS, training_set


@pytest.fixture
def mlflow(monkeypatch, tmp_path):
    """MLflow with a store of files of its own, which newer versions want to be asked for."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    mlflow.set_experiment("spam")
    yield mlflow
    mlflow.set_tracking_uri(None)


pytestmark = pytest.mark.heavy


def test_parameters_numbers_files_and_the_digest_are_found_again(mlflow, tmp_path):
    train = training_set(split=True).with_origin({"settings": {"min_confidence": 0.5}})
    report = tmp_path / "report.html"
    report.write_text("<p>hi</p>")

    run_id = lb.log_to_mlflow(
        train, settings=SETTINGS, facts=FACTS, report=report, source="s3://bucket/spam"
    )

    client = mlflow.MlflowClient()
    run = client.get_run(run_id)
    assert "FINISHED" == run.info.status
    assert "0.5" == run.data.params["settings.min_confidence"]
    assert "label_model" == run.data.params["models.label model"]
    assert 6 == run.data.metrics["samples"]
    assert 2 == run.data.metrics["splits.validation"]
    estimate = FACTS.quality["accuracy of the labels"]
    logged = {
        end: run.data.metrics[f"quality.accuracy of the labels{end}"]
        for end in ("", ".low", ".high", ".n")
    }
    assert {"": estimate.value, ".low": estimate.low, ".high": estimate.high, ".n": 120} == logged
    (given,) = run.inputs.dataset_inputs
    assert ("spam-comments", train.fingerprint[:36]) == (given.dataset.name, given.dataset.digest)
    assert "s3://bucket/spam" in given.dataset.source
    assert {"num_rows": 6} == json.loads(given.dataset.profile)
    assert train.fingerprint == run.data.tags["labeling.fingerprint"]
    names = {file.path for file in client.list_artifacts(run_id, "training_set")}
    assert {f"training_set/{name}" for name in ("manifest.json", "card.md", "report.html")} == names
    card = client.download_artifacts(run_id, "training_set/card.md", str(tmp_path))
    assert "Ann Lee" not in Path(card).read_text("utf-8")


def test_runs_of_one_training_set_are_found_by_its_digest(mlflow):
    train = training_set()
    runs = {lb.log_to_mlflow(train), lb.log_to_mlflow(train)}
    other = lb.log_to_mlflow(training_set(3))

    client = mlflow.MlflowClient()
    digests = {
        run.info.run_id: run.inputs.dataset_inputs[0].dataset.digest
        for run in client.search_runs([client.get_experiment_by_name("spam").experiment_id])
    }
    same = {run_id for run_id, digest in digests.items() if digest == train.fingerprint[:36]}
    assert runs == same
    assert other in digests


def test_a_release_is_logged_by_its_own_digest(mlflow, tmp_path):
    releases = lb.Releases(tmp_path / "releases")
    release = releases.branch("r1", training_set())
    releases.keep_facts("r1", FACTS)

    run = mlflow.MlflowClient().get_run(lb.log_to_mlflow(release))

    (given,) = run.inputs.dataset_inputs
    assert release.digest[:36] == given.dataset.digest
    assert release.digest == run.data.tags["labeling.release"]
    assert 120 == run.data.metrics["quality.accuracy of the labels.n"]


def test_an_active_run_is_used_and_left_open(mlflow):
    with mlflow.start_run() as active:
        assert active.info.run_id == lb.log_to_mlflow(training_set())
        assert active.info.run_id == mlflow.active_run().info.run_id
        lb.log_to_mlflow(training_set())  # again, which changes nothing


def test_a_named_run_is_continued(mlflow):
    with mlflow.start_run() as earlier:
        pass

    assert earlier.info.run_id == lb.log_to_mlflow(training_set(), run_id=earlier.info.run_id)
    assert mlflow.active_run() is None


def test_names_that_mlflow_forbids_are_written_otherwise_and_kept_apart(mlflow):
    train = training_set().with_origin({"settings": {"a:b": 1, "a;b": 2, "long": "x" * 10_000}})
    facts = lb.CardFacts(quality={"p(spam) > 0.5": Estimate(0.5, 0.4, 0.6, 9)})

    run = mlflow.MlflowClient().get_run(lb.log_to_mlflow(train, facts=facts))

    assert {"1", "2"} <= {v for k, v in run.data.params.items() if k.startswith("settings.a_b_")}
    assert 500 == len(run.data.params["settings.long"])
    assert 9 in run.data.metrics.values()


def test_without_mlflow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(ImportError, match=r"labeling\[mlflow\]"):
        lb.log_to_mlflow(training_set(1))


def test_parameters_are_texts():
    values = run_parameters(training_set(1).with_origin({"seed": 0, "on": None}), FACTS)

    assert {"0", "null"} <= set(values.values())
    assert all(isinstance(value, str) for value in values.values())

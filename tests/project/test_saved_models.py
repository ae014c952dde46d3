"""A project fits its models once for the same votes and answers, and keeps them in files."""

import datetime
import logging
import shutil
import stat

import numpy as np
import pytest

from labeling import Annotation
from labeling.end_model.features import Reader
from labeling.project.fingerprints import digest_of_code
from labeling.report import write_report
from tests.project.test_gold_and_test_split import CONFIG, make, project

FITTED = ("fitted the label model", "fitted the end model")


@pytest.fixture
def table(tmp_path):
    return make(tmp_path)


def fits(caplog):
    """Return how often models were fitted since this was last asked."""
    text = caplog.text
    caplog.clear()
    return tuple(text.count(words) for words in FITTED)


@pytest.fixture(autouse=True)
def info(caplog):
    with caplog.at_level(logging.INFO, "labeling"):
        yield


def npz(folder):
    return sorted(folder.glob(".labeling/*/files/*_model/*.npz"))


def test_look_and_report_after_export_fit_nothing(tmp_path, table, caplog):
    project(tmp_path).export()
    assert min(fits(caplog)) >= 1
    first = project(tmp_path).evaluate_test_split()[1]
    write_report(project(tmp_path))
    assert fits(caplog) == (0, 0)
    for path in npz(tmp_path):
        path.unlink()
    assert project(tmp_path).evaluate_test_split()[1] == first
    assert fits(caplog) == (1, 1)


def test_no_later_verb_fits_again_what_query_has_fitted(tmp_path, table, caplog):
    """query, then every verb that reads models, each in a new process's project."""
    project(tmp_path).query()
    assert min(fits(caplog)) >= 1
    for verb in ("query", "export", "status", "evaluate_test_split"):
        getattr(project(tmp_path), verb)()
        assert fits(caplog) == (0, 0), verb
    write_report(project(tmp_path))
    assert fits(caplog) == (0, 0)


def test_features_are_learned_once_while_the_samples_are_the_same(tmp_path, table, monkeypatch):
    """Also in a new process, and with other soft labels, balance and gold labels."""
    learned = []
    fitted = Reader.fitted
    monkeypatch.setattr(Reader, "fitted", lambda *args: learned.append(args) or fitted(*args))
    project(tmp_path).snapshot()
    assert len(learned) == 1
    balance = "class_balance: {ham: 0.4, spam: 0.6}\n"
    (tmp_path / "project.yaml").write_text(CONFIG + balance, encoding="utf-8")
    again = project(tmp_path).snapshot()
    assert len(learned) == 1

    for path in npz(tmp_path):
        path.unlink()
    for path in tmp_path.glob(".labeling/*/files/*/*.parquet"):
        path.unlink()
    new = project(tmp_path).snapshot()
    assert len(learned) == 2
    np.testing.assert_array_equal(again.posterior.to_array(), new.posterior.to_array())


@pytest.mark.parametrize(
    "change", ["class_balance: {ham: 0.4, spam: 0.6}\n", "label_model: majority_vote\n"]
)
def test_another_config_of_the_models_means_other_models(tmp_path, table, caplog, change):
    project(tmp_path).snapshot()
    fits(caplog)
    (tmp_path / "project.yaml").write_text(CONFIG + change, encoding="utf-8")
    project(tmp_path).snapshot()
    assert min(fits(caplog)) >= 1


def test_other_code_of_the_models_means_other_models(tmp_path, table, caplog, monkeypatch):
    """As after an update of the package: what the earlier version fitted is not used."""
    project(tmp_path).snapshot()
    fits(caplog)
    monkeypatch.setattr(
        "labeling.project.base_learner.digest_of_code", lambda: "of another version"
    )
    project(tmp_path).snapshot()
    assert min(fits(caplog)) >= 1


def test_the_fingerprint_of_the_code_is_that_of_its_files(tmp_path, monkeypatch):
    rooms = [tmp_path / room for room in ("records", "label_models", "end_model")]
    for room in rooms:
        room.mkdir()
        (room / "model.py").write_text("A = 1\n", encoding="utf-8")
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr("labeling.__file__", str(tmp_path / "__init__.py"))
    digest_of = digest_of_code.__wrapped__
    first = digest_of()
    assert first == digest_of()
    (rooms[1] / "model.py").write_text("A = 2\n", encoding="utf-8")
    assert first != digest_of()


def test_export_after_fit_does_not_fit_the_label_model_again(tmp_path, table, caplog):
    fitted, _ = project(tmp_path).fit()
    assert fits(caplog)[0] == 1
    end = project(tmp_path).snapshot()
    counts = fits(caplog)
    assert counts[0] == counts[1] - 1  # one fold each to measure, and one end model
    assert end.label_model.report_ == fitted.report_


def test_kept_models_answer_as_those_that_were_fitted(tmp_path, table):
    its = project(tmp_path)
    fresh = its.snapshot()
    models = [(fresh.label_model, fresh.end_model)]
    kept = project(tmp_path).snapshot()
    models.append((kept.label_model, kept.end_model))
    votes = its.votes()
    answers = [
        (
            label.predict_proba(votes).to_array(),
            end.predict_proba(its.samples, soft=kept.soft, votes=votes).to_array(),
        )
        for label, end in models
    ]
    for one, other in zip(*answers, strict=True):
        assert np.array_equal(one, other)


def test_other_answers_of_people_mean_other_models(tmp_path, table, caplog):
    project(tmp_path).snapshot()
    fits(caplog)
    its = project(tmp_path)
    known = set(its.data.dev.index)
    free = [sample_id for sample_id in its.samples.index if sample_id not in known][:3]
    when = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    its.add_annotations(
        [Annotation(one, who, "spam", when, when) for one in free for who in ("ann", "bob")]
    )
    assert project(tmp_path).snapshot().end_model is not None
    assert min(fits(caplog)) >= 1


def test_the_same_state_gives_the_same_files_that_only_the_user_may_read(tmp_path):
    names = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        make(folder)
        project(folder).export()
        names.append([path.name for path in npz(folder)])
        assert {stat.S_IMODE(path.stat().st_mode) for path in npz(folder)} == {0o600}
    assert len(names[0]) == 2
    assert names[0] == names[1]


def test_a_model_that_this_version_cannot_read_is_fitted_again(tmp_path, table, caplog):
    its = project(tmp_path)
    its.export()
    (kept,) = (path for path in npz(tmp_path) if path.parent.name == "end_model")
    (other,) = (path for path in npz(tmp_path) if path.parent.name == "label_model")
    latest = its.store.artifacts.latest("end_model")
    with its.store.locked("test"):
        its.store.artifacts.save(
            "end_model",
            lambda path: shutil.copyfile(other, path),
            **{"inputs": latest.inputs, "about": {}, "made_at": "2030"},
        )
    fits(caplog)
    number, _ = project(tmp_path).evaluate_test_split()
    assert number == 1
    assert "the end model is fitted again" in caplog.text
    assert fits(caplog) == (0, 1)
    assert kept.exists()

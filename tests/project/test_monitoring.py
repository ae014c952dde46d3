"""`labeling monitor` compares new data with a project's, and changes nothing."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import labeling as lb
from labeling.cli.app import app
from labeling.cli.entry_point import COMMANDS, main
from labeling.datasets.findings import DataTestReport, Finding
from labeling.errors import ConfigError, DataError, LabelingError, LoadError
from tests.support.made_training_sets import made_samples

RULES = """
from labeling import labeling_function
from labeling.functions import keywords

offers = keywords("offers", ["free", "win", "cash", "prize"], label="spam")
greets = keywords("greets", ["song", "love", "music", "band"], label="ham")


@labeling_function
def size(x):
    return "spam" if x.size > 2 else None
"""
CONFIG = """
data: {path: comments.parquet, id: id}
labels: [ham, spam]
labeling_functions: [rules.py]
"""
CHECKS = """
import labeling as lb


@lb.data_test
def no_empty(train):
    "No text is empty."
    return bool((train.samples["text"].str.len() > 0).all())
"""


@pytest.fixture
def folder(tmp_path):
    made_samples(400, 1)[0].reset_index().to_parquet(tmp_path / "comments.parquet", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def new_data(folder, frame, name="new.csv"):
    frame.reset_index().to_csv(folder / name, index=False)
    return folder / name


def test_new_data_of_the_same_source_pass(folder):
    project = lb.Project(folder / "project.yaml")
    report = project.monitor(new_data(folder, made_samples(300, 2)[0].drop(columns="at")))

    failing = [one.sentence for one in report.failed if one.name != "schema"]
    assert failing == []
    assert "'at' of the base is missing" in report["schema"].sentence
    report = project.monitor(parquet(folder, made_samples(300, 2)[0]))
    assert report.failed == ()
    assert report.samples == 300
    assert {"drift_text", "lf_health", "drift_votes"} <= {one.name for one in report.findings}
    assert not {"label_flips", "class_floor"} & {one.name for one in report.findings}


def parquet(folder, frame, name="new.parquet"):
    frame.reset_index().to_parquet(folder / name, index=False)
    return folder / name


def test_nothing_of_the_project_changes(folder):
    project = lb.Project(folder / "project.yaml")
    project.apply()
    before = contents(folder)
    project.monitor(parquet(folder, made_samples(300, 2)[0], "elsewhere.parquet"))
    after = contents(folder)

    changed = {name for name in after if after[name] != before.get(name)}
    assert {name for name in changed if "labeling.db" not in name} == {"elsewhere.parquet"}
    assert project.votes().to_array().shape == (400, 3)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_drift_and_broken_functions_are_stopped(folder):
    frame = made_samples(300, 3)[0]
    shifted = frame.assign(size=frame["size"] + 1)
    other = frame.assign(text=["nothing of that kind here today"] * 150 + list(frame["text"][150:]))
    failing = frame.assign(size=None)
    project = lb.Project(folder / "project.yaml")

    assert {one.name for one in project.monitor(parquet(folder, shifted)).failed} >= {
        "drift_columns"
    }
    names = {one.name for one in project.monitor(parquet(folder, other)).failed}
    assert {"drift_text", "lf_health", "duplicates"} <= names
    report = project.monitor(parquet(folder, failing))
    assert "size failed on 300 of 300 samples" in report["lf_health"].sentence


def test_rows_without_ids_are_compared_as_other_rows(folder):
    text = CONFIG.replace("id: id}", "id: {from: row}}")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    frame = made_samples(60, 4)[0]
    frame["size"] += 2
    report = lb.Project(folder / "project.yaml").monitor(parquet(folder, frame))

    assert report["drift_columns"].status == "failed"
    assert {row["rows"] for row in report["drift_columns"].details} == {"all"}


def run(folder, *arguments):
    assert COMMANDS
    return CliRunner().invoke(app, ["-c", str(folder / "project.yaml"), *map(str, arguments)])


def test_the_command_prints_a_table_and_fails_where_a_test_does(folder, capsys):
    good, bad = made_samples(300, 2)[0], made_samples(300, 3)[0]
    bad["size"] += 1

    passed = run(folder, "monitor", parquet(folder, good, "good.parquet"))
    assert passed.exit_code == 0, passed.output
    assert "drift_text" in passed.output
    failed = run(folder, "monitor", parquet(folder, bad, "bad.parquet"), "--json")
    assert failed.exit_code == 1
    assert isinstance(failed.exception, DataError)
    assert "failed: " in str(failed.exception)
    assert "drift_columns" in str(failed.exception)
    result = json.loads(failed.stdout)
    assert not result["passed"]
    by_name = {one["name"]: one for one in result["findings"]}
    assert by_name["drift_columns"]["effect"] > 0.1
    assert by_name["drift_columns"]["p"] < 0.005
    assert by_name["drift_columns"]["n"] == 300
    with pytest.raises(SystemExit) as stop:
        main(["-c", str(folder / "project.yaml"), "monitor", str(folder / "none.parquet")])
    assert stop.value.code == 1
    assert "Error:" in capsys.readouterr().err


@pytest.mark.parametrize(("p", "is_said"), [(0.02, True), (None, False)])
def test_an_effect_above_its_limit_that_may_be_chance_is_explained(
    folder, capsys, monkeypatch, p, is_said
):
    found = Finding("drift_votes", "passed", "No drift.", n=9, effect=0.2, limit=0.1, p=p)
    monkeypatch.setattr(lb.Project, "monitor", lambda *_: DataTestReport((found,)))

    done = run(folder, "monitor", "new.parquet")

    assert done.exit_code == 0
    assert is_said is ("drift fails only where p < 0.005" in done.output + capsys.readouterr().err)


def test_limits_and_tests_of_the_config_are_used(folder):
    (folder / "checks.py").write_text(CHECKS, encoding="utf-8")
    limits = "data_tests: {own: [checks.py], class_floor: 0.9, label_flips: 0.2, ignore: [size]}"
    (folder / "project.yaml").write_text(f"{CONFIG}{limits}\n", encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    train = project.export()
    report = project.test_training_set(train, train)

    assert report["no_empty"].status == "passed"
    assert report["gold_columns"].status != "skipped"  # the project knows what functions read
    assert report["gold_columns"].n == len(project.labeling_functions)
    assert report["class_floor"].status == "failed"
    assert report["label_flips"].limit == 0.2
    assert all("size" not in row["what"] for row in report["drift_columns"].details)
    plain = lb.Project(folder / "project.yaml").config.digest
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    assert lb.Project(folder / "project.yaml").config.digest == plain  # no label depends on it


def test_files_of_tests_that_cannot_be_used_are_named(folder):
    def project_with(section):
        (folder / "project.yaml").write_text(f"{CONFIG}data_tests: {section}\n", "utf-8")
        return lb.Project(folder / "project.yaml")

    frame = made_samples(60, 2)[0]
    train = lb.build_training_set(
        frame,
        lb.SoftLabels(
            np.full((60, 2), [0.9, 0.1]), frame.index, lb.LabelSchema(["a", "b"]), [True] * 60
        ),
    )
    (folder / "empty.py").write_text("x = 1\n", encoding="utf-8")
    (folder / "broken.py").write_text("x = (\n", encoding="utf-8")
    (folder / "checks.py").write_text(CHECKS, encoding="utf-8")
    for own, match in (
        ("none.py", "must name Python files. Got 'none.py'"),
        ("empty.py", "empty.py must define at least one test"),
        ("broken.py", "broken.py does not import: line 1"),
        ("checks.py, checks.py", "Given twice: 'no_empty'"),
    ):
        with pytest.raises(LoadError, match=match):
            project_with(f"{{own: [{own}]}}").test_training_set(train)
    with pytest.raises(ConfigError, match="class_flor"):
        project_with("{class_flor: 0.1}")
    with pytest.raises(ConfigError, match="alpha"):
        project_with("{alpha: 0.5}")
    said = "{acknowledged: {nothing: {by: ann, reason: why, of: 0123456789}}}"
    with pytest.raises((LabelingError, ConfigError)):
        project_with(said).test_training_set(train)


def test_the_limits_of_the_config_are_those_of_the_settings():
    from labeling.config import Config
    from labeling.datasets.data_tests import DataTestSettings

    section = Config.model_fields["data_tests"].default
    given = section.model_dump(exclude={"own", "schema_file", "acknowledged", "ignore"})
    settings = DataTestSettings()

    assert len(given) > 10
    assert given == {name: getattr(settings, name) for name in given}

"""The guide to training sets: its code runs, and all that its tables name is there."""

import re

import pytest
import yaml

import labeling as lb
from tests.package.test_cookbook import DOCS, run

PAGE = (DOCS / "training-sets.md").read_text("utf-8")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What the code of the guide defines."""
    pytest.importorskip("datasketch")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("guide"))
        yield run("training-sets.md")


def test_what_is_left_out_is_listed_with_its_reason(names):
    reasons = names["train"].dropped["reason"].value_counts().to_dict()

    assert reasons == {"tie between ham, spam": 14, "no voter covers it": 7}
    assert names["train"].rows_behind("sources", "given").tolist() == sorted(names["gold"])


def test_soft_labels_are_weighted_rows_and_balance_gives_labels_the_same_weight(names):
    weights = names["even"].to_pandas().groupby("label")["weight"].sum()

    assert len(names["X"]) >= len(names["train"])
    assert weights["ham"] == pytest.approx(weights["spam"])


def test_only_labels_of_people_are_tested_on(names):
    parts = names["parts"]
    tested = parts.added_column("split") == "test"

    assert tested.any()
    assert set(parts.added_column("source")[tested]) == {"given"}
    assert not [leak for leak in names["leaks"] if leak.status == "failed"]


def test_tests_of_the_page_pass_with_its_own_one(names):
    assert names["report"].passed
    assert names["report"]["enough_of_each"].status == "passed"


def test_the_change_of_a_function_is_the_cause_that_the_page_looks_for(names):
    changes = names["changes"]

    assert set(changes.cause) == {"rule"}
    rows = changes.rows(cause="rule", function="own_work")
    assert names["samples"]["text"][rows].str.contains("download").all()
    assert names["releases"]["main"].train.fingerprint == names["train"].fingerprint


def test_each_format_of_the_table_is_a_method():
    named = set(re.findall(r"\| `train\.(\w+)\(|, `\.(\w+)\(", PAGE))

    methods = {name for pair in named for name in pair if name}
    assert {"to_hf", "to_torch", "to_sklearn", "to_docbin", "to_label_studio"} <= methods
    assert all(callable(getattr(lb.TrainingSet, name)) for name in methods)


def test_the_config_of_the_page_is_one():
    from labeling.config.sections import ExportSection

    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    sections = yaml.safe_load(block)

    assert ExportSection(**sections["export"]).select == "auto"
    assert {"data_tests", "releases", "card"} < set(sections)


def test_each_command_of_the_page_is_there():
    typer = pytest.importorskip("typer")
    from labeling.cli import app

    top = typer.main.get_command(app).commands
    release = top["release"].commands
    rows = [line for line in PAGE.splitlines() if line.startswith("| `labeling ")]

    assert len(rows) == 5
    for row in rows:
        commands = re.findall(r"`([a-z][^`]*)`", row.split("|")[1])
        first = commands[0].split()
        if first[1] != "release":
            assert first[1] in top
            continue
        for command in [" ".join(first[2:]), *commands[1:]]:
            assert command.replace("labeling release ", "").split()[0] in release

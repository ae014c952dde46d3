"""Gold of spans and of several labels teaches the models as far as each of them can use it."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError
from labeling.project import Project
from labeling.project.gold import HumanLabels, folds_of
from labeling.records import GoldLabel, LabelSource, SetConstraints
from tests.support.in_process import run
from tests.support.kind_projects import sets_project, spans_project

REPLAY = "replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 1}\n"
RULES = {"exclusive": [["joy", "anger"]], "implies": {"thanks": ["joy"]}}


def settled_of(project, n):
    """Return gold labels of the first samples as annotators settle them: what the models say."""
    labels = project.snapshot().soft.to_labels()
    empty = frozenset() if project.config.task == "several" else ()
    return tuple(
        GoldLabel(sample_id, empty if label is None else label, LabelSource.AGREEMENT)
        for sample_id, label in labels.iloc[:n].items()
    )


def learner_of(project, drawn):
    return type(project.learner(project.votes()))(
        project.config, project.data, project.votes(), "inputs", project.store, drawn
    )


@pytest.fixture(scope="module")
def spans(tmp_path_factory):
    return lb.Project(spans_project(tmp_path_factory.mktemp("spans"), n=84) / "project.yaml")


def test_settled_spans_teach_from_50_samples_with_gold_on(spans):
    """Given gold labels count with them: the model needs 50 samples in all."""
    given = len(spans.data.dev)
    settled = tuple(
        label for label in settled_of(spans, 84) if label.sample_id not in spans.data.dev.index
    )
    gold = (*(GoldLabel(key, label) for key, label in spans.data.dev.items()), *settled)
    missing = 50 - given
    few, enough = gold[: given + missing - 1], gold[: given + missing]
    learner = learner_of(spans, {label.sample_id for label in settled})

    assert 0 < missing <= len(settled)
    assert len(enough) == len(learner.for_label_model(enough))
    fit = {len(part): learner.fit_label_model(part) for part in (gold[:0], few, enough)}
    without, under, with_gold = (soft.array for _, soft, _ in fit.values())
    assert np.array_equal(without, under)
    assert not np.array_equal(without, with_gold)
    assert "it needs 1 more sample." in learner.lacking_gold(few, fit[len(few)][1])
    assert "" == learner.lacking_gold(enough, fit[len(enough)][1])


def test_settled_labels_of_samples_that_were_not_drawn_at_random_teach_no_label_model(spans):
    settled = settled_of(spans, 84)
    learner = learner_of(spans, drawn=())

    assert () == learner.for_label_model(settled)


def test_few_settled_sets_teach_as_well(tmp_path):
    project = lb.Project(sets_project(tmp_path, n=30) / "project.yaml")
    settled = (GoldLabel("t1", frozenset({"joy"}), LabelSource.AGREEMENT),)
    learner = learner_of(project, {"t1"})

    assert settled == learner.for_label_model(settled)
    soft = learner.fit_label_model(settled)[1]
    assert "fewer than 30 have these labels: anger 0, thanks 0, joy 1." in learner.lacking_gold(
        settled, soft
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [(spans_project, "it needs"), (sets_project, "fewer than 30 have these labels")],
)
def test_the_status_says_what_gold_is_missing(make, words, tmp_path):
    folder = make(tmp_path, n=20, more=REPLAY)
    project = lb.Project(folder / "project.yaml")
    assert "" == project.status().lacking_gold
    project.fit()
    done = run(folder, "-c", "project.yaml", "status")

    assert words in project.status().lacking_gold
    assert words in " ".join(done.stdout.split())
    assert 0 == project.gold_counts().open_votes


@pytest.mark.parametrize("has_votes", [True, False])
def test_joined_folds_keep_what_labels_exclude_and_imply(tmp_path, has_votes):
    """So do decisions by other thresholds, which are taken from the stored file as well."""
    folder = sets_project(tmp_path, n=60, more="implies: {thanks: joy}\n")
    if not has_votes:
        (folder / "rules.py").write_text(
            "from labeling import labeling_function\n\n\n"
            "@labeling_function\ndef none(x):\n    return None\n"
        )
    project = lb.Project(folder / "project.yaml")
    learner = project.learner(project.votes())
    measured = learner.posteriors(HumanLabels()).measured
    stored = learner.cached("measured", HumanLabels())

    assert len(np.unique(folds_of(measured.sample_ids))) == 3
    declared = SetConstraints.declared(RULES["exclusive"], RULES["implies"])
    for soft in (measured, stored):
        assert declared == soft.constraints
        for labels in (soft.to_labels(), soft.to_labels({name: 0.05 for name in soft.schema})):
            sets = [label for label in labels if label is not None]
            assert not [label for label in sets if {"joy", "anger"} <= label]
            assert not [label for label in sets if "thanks" in label and "joy" not in label]
    sure = measured.array > 0.05
    assert (sure[:, 0] & sure[:, 2]).any()  # so that some threshold would break a rule


def wide_gold(folder):
    """Write the gold labels as a column for each label instead, and return those there were."""
    before = Project(folder / "project.yaml").data
    given = {**before.dev.to_dict(), **before.test_gold.to_dict()}
    names = Project(folder / "project.yaml").schema.labels
    rows = [[key, *(int(name in given[key]) for name in names)] for key in given]
    table = pd.DataFrame(rows, columns=["id", *names])
    return given, table


@pytest.mark.parametrize("form", ["int", "float", "prefix", "parquet"])
def test_gold_may_have_a_column_for_each_label(tmp_path, form):
    folder = sets_project(tmp_path / "p")
    given, table = wide_gold(folder)
    table.loc[len(table)] = ["t1", None, None, None]  # a row that says nothing
    if form == "int":
        table = table.astype(dict.fromkeys(table.columns[1:], "Int64"))
    if form == "prefix":
        table.columns = ["id", *(f"label_{name}" for name in table.columns[1:])]
    if form == "parquet":
        table = table.astype(dict.fromkeys(table.columns[1:], "boolean"))
        table.to_parquet(folder / "gold.parquet")
        config = (folder / "project.yaml").read_text().replace("gold.csv", "gold.parquet")
        (folder / "project.yaml").write_text(config)
    table.to_csv(folder / "gold.csv", index=False)
    data = Project(folder / "project.yaml").data
    assert given == {**data.dev.to_dict(), **data.test_gold.to_dict()}
    assert frozenset() in given.values()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([0, None, 0], "row 2 below the header: the cells of labels must all be filled"),
        ([2, 0, 0], "row 2 below the header: column 'joy' must hold 1"),
    ],
)
def test_gold_with_unclear_cells_names_the_row(tmp_path, cells, words):
    folder = sets_project(tmp_path / "p")
    _, table = wide_gold(folder)
    table.loc[1] = [table.loc[1, "id"], *cells]
    table.to_csv(folder / "gold.csv", index=False)
    with pytest.raises(DataError, match=words):
        _ = Project(folder / "project.yaml").data

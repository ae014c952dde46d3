"""Projects of spans and of several labels do each step of the loop, the same each time."""

import json
import random
import shutil
import sys

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, UnknownLabelError
from labeling.records import SetVotes, SoftSets, SoftSpans, Span, SpanVotes, label_in_words
from tests.support.in_process import run
from tests.support.killing import Nurseries, different, state_of
from tests.support.kind_projects import PROJECTS, sets_project, spans_project

TYPES = {"spans": (SpanVotes, SoftSpans), "several": (SetVotes, SoftSets)}


@pytest.fixture(params=list(PROJECTS))
def kind(request):
    return request.param


@pytest.fixture
def folder(kind, tmp_path):
    return PROJECTS[kind](tmp_path / "project")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder by kind whose loop has run, with a release."""
    made = {}
    for kind, make in PROJECTS.items():
        made[kind] = make(tmp_path_factory.mktemp(kind))
        for command in (["run"], ["release", "branch", "r1", "--by", "ann"]):
            done = run(made[kind], "-c", "project.yaml", *command)
            assert 0 == done.returncode, done.stderr
    return made


@pytest.fixture(scope="module")
def nurseries():
    made = Nurseries()
    yield made
    made.stop()


def project_of(folder):
    return lb.Project(folder / "project.yaml")


def test_check_says_what_it_found(folder):
    sentences = " ".join(project_of(folder).check())

    assert "3 labeling functions" in sentences
    assert "without an error" in sentences
    assert "have a gold label" in sentences


def test_votes_are_cached_and_written(folder, kind):
    project = project_of(folder)
    votes = project.apply()
    cached = project_of(folder).votes()

    assert isinstance(cached, TYPES[kind][0])
    assert votes.to_frame().equals(cached.to_frame())
    written = pd.read_parquet(project.folder / "votes.parquet")
    assert len(written) == len(votes.to_frame())
    assert "key" == written.index.name


def test_a_label_model_is_fitted_and_saved(folder, kind):
    project = project_of(folder)
    model, soft = project.fit()

    assert isinstance(soft, TYPES[kind][1])
    again = type(model).load(project.folder / "label_model.npz").predict(project.votes())
    assert soft.to_frame().equals(again.to_frame())
    assert len(pd.read_parquet(project.folder / "soft_labels.parquet"))


def test_the_table_of_functions_counts_votes_and_right_ones(tmp_path):
    table = project_of(spans_project(tmp_path)).summary()

    assert ["ends_in_inc", "known_names", "two_capitals"] == table.index.tolist()
    assert ["ORG"] == table["labels"]["ends_in_inc"]
    assert 1.0 == table["precision"]["ends_in_inc"]
    assert table["precision"]["known_names"] < 1  # it cuts names of two words
    done = run(tmp_path, "-c", "project.yaml", "summary", "--sort", "precision")
    assert 0 == done.returncode, done.stderr
    assert done.stdout.index("ends_in_inc") < done.stdout.index("known_names")


def test_a_column_that_the_table_does_not_have_cannot_sort_it(folder):
    done = run(folder, "-c", "project.yaml", "summary", "--sort", "overlaps")

    assert 1 == done.returncode
    assert "'coverage'" in done.stderr


def test_people_are_asked_and_what_they_settle_is_exported(finished, kind):
    project = project_of(finished[kind])
    train = project.export()
    people = train.frame[train.frame["source"].isin(["agreement", "review"])]

    assert 12 == len(people)
    if kind == "spans":
        spans = train.spans("text")
        texts = project.samples["text"]
        rows = zip(spans["sample"], spans["start"], spans["end"], spans["text"], strict=True)
        assert all(part == texts[sample][start:end] for sample, start, end, part in rows)
    else:
        assert all(len({"joy", "anger"} & label) < 2 for label in train.added_column("label"))


def test_what_is_shown_counts_spans_and_labels(finished, kind):
    folder = finished[kind]
    shown = {
        name: run(folder, "-c", "project.yaml", *name.split())
        for name in ("fit", "query", "agreement", "status", "evaluate", "export")
    }

    assert not [done.stderr for done in shown.values() if done.returncode]
    expected = {
        "spans": {
            "fit": "spans of",
            "query": "PER '",
            "agreement": "exact F1",
            "status": "F1 of the spans, by samples drawn at random",
            "evaluate": "F1 of spans",
            "export": "SpanTrainingSet",
        },
        "several": {
            "fit": "have soft labels",
            "query": "joy, thanks",
            "agreement": "same sets",
            "status": "Micro F1 of the labels, by samples drawn at random",
            "evaluate": "samples right in all",
            "export": "SetTrainingSet",
        },
    }[kind]
    assert not {
        name: shown[name].stdout
        for name, words in expected.items()
        if words not in shown[name].stdout
    }


def test_commands_print_json(finished, kind):
    for command in ("apply", "fit", "summary", "query", "agreement", "status"):
        done = run(finished[kind], "-c", "project.yaml", command, "--json")
        assert json.loads(done.stdout), command


def test_a_release_is_built_again_to_the_byte_elsewhere(finished, kind, tmp_path):
    folder = shutil.copytree(finished[kind], tmp_path / "elsewhere")
    shutil.rmtree(folder / ".labeling")
    rebuilt = project_of(folder).rebuild("r1")

    assert rebuilt.equal, rebuilt.differences


def test_two_projects_write_the_same_bytes(kind, tmp_path):
    def written(name):
        folder = PROJECTS[kind](tmp_path / name)
        assert 0 == run(folder, "-c", "project.yaml", "run").returncode
        return {path.name: path.read_bytes() for path in sorted((folder / "out").iterdir())}

    first, second = written("a"), written("b")
    assert {"votes.parquet", "batch.parquet", "training_set.jsonl"} <= set(first)
    assert first == second


def test_a_run_that_is_killed_ends_the_same(kind, tmp_path, nurseries):
    """Killed at three places of different kinds, and run again each time."""
    replay = "replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 1}\n"
    fresh = PROJECTS[kind](tmp_path / "fresh", n=12, more=replay)
    whole = shutil.copytree(fresh, tmp_path / "whole")
    done = nurseries.run(whole, "run")
    assert (0, "") == (done.signal, done.error)
    expected = state_of(whole)

    def killed(place):
        folder = shutil.copytree(fresh, tmp_path / f"killed-{place}")
        assert 9 == nurseries.run(folder, "run", at=place).signal
        assert "" == nurseries.run(folder, "run").error
        return place, different(expected, state_of(folder))

    rng = random.Random(len(kind))
    places = rng.sample(range(1, len(done.writes) + 1), 3)
    found = nurseries.each(killed, places)
    assert not {place: names for place, names in found if names}


def test_a_reviewer_decides_by_text_or_by_a_label(tmp_path):
    project = project_of(spans_project(tmp_path))
    project.apply()
    text = project.samples["text"]["s0"]
    decision = project.decide("s0", '[[0, 3, "PER"]]', by="rev", reason="seen")

    assert (Span(0, 3, "PER"),) == decision.label
    with pytest.raises(DataError, match="end within its text"):
        project.decide("s0", [(0, len(text) + 1, "PER")], by="rev", reason="seen")
    with pytest.raises(UnknownLabelError, match=r"'PRE'.*Did you mean 'PER'"):
        project.decide("s0", [(0, 3, "PRE")], by="rev", reason="seen")
    with pytest.raises(UnknownLabelError, match="must give a label"):
        project.decide("s0", None, by="rev", reason="seen")


def test_a_decision_on_several_labels_may_be_none_of_them(tmp_path):
    project = project_of(sets_project(tmp_path))
    project.apply()

    label = project.decide("t1", "joy; thanks", by="rev", reason="seen").label
    assert frozenset({"joy", "thanks"}) == label
    assert frozenset() == project.decide("t1", "[]", by="rev", reason="on a second look").label


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ('[[0, 999, "PER"]]', "gold label of sample 's1'.*end within its text"),
        ('[[0, 3, "PRE"]]', "gold label of sample 's1'.*'PRE' is not a label"),
        ("PER", "gold label of sample 's1'.*must be JSON"),
    ],
)
def test_a_wrong_gold_label_is_named(tmp_path, gold, message):
    folder = spans_project(tmp_path)
    frame = pd.read_parquet(folder / "texts.parquet")
    frame.loc[1, "gold"] = gold
    frame.to_parquet(folder / "texts.parquet")

    with pytest.raises(lb.LabelingError, match=message):
        project_of(folder).apply()


def test_gold_may_be_lists_of_objects_in_parquet(tmp_path):
    folder = spans_project(tmp_path)
    frame = pd.read_parquet(folder / "texts.parquet")
    as_text = project_of(folder).data.dev.to_dict()
    names = ("start", "end", "label")
    frame["gold"] = [
        None
        if pd.isna(cell)
        else [dict(zip(names, span, strict=True)) for span in json.loads(cell)]
        for cell in frame["gold"]
    ]
    frame.to_parquet(folder / "texts.parquet")

    assert as_text == project_of(folder).data.dev.to_dict()


def test_an_end_model_adds_to_what_votes_say(finished, kind):
    project = project_of(finished[kind])
    current = project.snapshot()

    assert {"spans": "SpanTagger", "several": "EndModel"}[kind] == type(current.end_model).__name__
    assert len(current.posterior) == len(current.soft) == len(project.samples)
    origin = project.releases["r1"].manifest["origin"]["models"]
    assert type(current.label_model).__name__ == origin["label_model"]["kind"]
    assert type(current.end_model).__name__ == origin["end_model"]["kind"]
    measured = current.measured
    assert measured.sample_ids.equals(project.data.dev.index)


def test_without_its_extra_there_is_no_end_model_of_spans(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "pycrfsuite", None)
    project = project_of(spans_project(tmp_path))
    current = project.snapshot()

    assert current.end_model is None
    assert current.posterior.to_frame().equals(current.soft.to_frame())
    assert "pip install 'labeling[spans]'" in caplog.text
    assert len(project.export())


def test_people_are_judged_by_each_other_and_new_data_by_votes(finished, kind):
    folder = finished[kind]
    done = run(folder, "-c", "project.yaml", "annotators", "--json")
    assert {"ann", "bob", "cleo"} <= {row["name"] for row in json.loads(done.stdout)}

    (samples,) = folder.glob("texts.*")
    report = project_of(folder).monitor(samples)
    assert "drift_votes" in {finding.name for finding in report.findings}


def test_the_log_and_the_story_of_a_sample_show_labels_in_words(finished, kind):
    folder = finished[kind]
    project = project_of(folder)
    events = project.store.events.newest(2000)
    sample = next(event.sample_id for event in reversed(events) if "settled" == event.kind)
    shown = [
        run(folder, "-c", "project.yaml", *command)
        for command in (["log", "-n", "2000"], ["log", str(sample)], ["explain", str(sample)])
    ]

    assert not [done.stderr for done in shown if done.returncode]
    assert not [done.stdout for done in shown if '["' in done.stdout or "[[" in done.stdout]
    label = project.store.batches.settled()[sample]["label"]
    words = label_in_words(label, project.samples["text"][sample])
    assert [f"settled as {words!r}" in done.stdout for done in shown[1:]] == [True, True]

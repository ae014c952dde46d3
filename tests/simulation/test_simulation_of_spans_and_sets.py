"""Simulations of sets of labels and of spans: recorded votes replayed, scores are F1."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.cli.simulation_table import simulation_sentences
from labeling.errors import LabelingError
from labeling.simulation import Plan, simulate, simulate_project
from labeling.simulation.part_answers import consensus, majority_of_parts, part_f1
from labeling.simulation.recorded_votes import LEAST_GOLD
from tests.support.in_process import run
from tests.support.kind_projects import PROJECTS, spans_project

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
WORDS = {"joy": "happy", "anger": "furious"}
NAMES = {"Ann": "PER", "Bob": "PER", "Acme": "ORG", "Initech": "ORG"}
PEOPLE = ["p0", "p1", "p2", "p3"]
N = 130


def needs_tagger():
    pytest.importorskip("pycrfsuite", reason="the tagger comes with [spans]")


def mistaken(rng, parts, others):
    """Return parts with some missed, and now and then one that is not there."""
    kept = [part for part in parts if rng.random() > 0.15]
    return kept + [part for part in others if rng.random() < 0.05]


def made_sets(seed=0):
    """Return samples, recorded votes, votes of labeling functions, and the truth."""
    rng = np.random.default_rng(seed)
    texts, truth, votes, rows = {}, {}, [], []
    for number in range(N):
        key = f"s{number}"
        truth[key] = [label for label in SETS if rng.random() < 0.4]
        words = [WORDS[label] for label in truth[key] if rng.random() < 0.9]
        texts[key] = " ".join([*words, f"w{number}", "today"])
        votes += [(key, "words", label) for label in truth[key] if rng.random() < 0.6]
        others = [label for label in SETS if label not in truth[key]]
        rows += [(key, who, mistaken(rng, truth[key], others)) for who in PEOPLE]
    frame = pd.DataFrame(votes, columns=["sample", "voter", "label"])
    lf_votes = lb.SetVotes.from_frame(frame, schema=SETS, says=None, sample_ids=list(texts))
    recorded = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    return pd.DataFrame({"text": texts}), recorded, lf_votes, truth


def made_spans(seed=0):
    """The same for spans: people also mark too little of a name now and then."""
    needs_tagger()
    rng = np.random.default_rng(seed)
    texts, truth, votes, rows = {}, {}, [], []
    for number in range(N):
        key, words = f"s{number}", list(rng.choice([*NAMES, "met", "in", "town"], 5))
        texts[key], truth[key] = " ".join(words), []
        start = 0
        for word in words:
            if word in NAMES:
                truth[key].append((start, start + len(word), NAMES[word]))
            start += len(word) + 1
        votes += [(key, "names", *span) for span in truth[key] if rng.random() < 0.6]
        for who in PEOPLE:
            spans = mistaken(rng, truth[key], [])
            spans = [(a, b - (rng.random() < 0.1), label) for a, b, label in spans]
            rows.append((key, who, json.dumps(spans, default=int)))
    frame = pd.DataFrame(votes, columns=["sample", "voter", "start", "end", "label"])
    lf_votes = lb.SpanVotes.from_frame(frame, schema=SPANS, sample_ids=list(texts))
    recorded = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    return pd.DataFrame({"text": texts}), recorded, lf_votes, truth


PLAN = Plan(["random", "mixture"], ["flat-1", "flat-3", "posterior"], budgets=[30, 90], seeds=1)
MADE = {"sets": made_sets, "spans": made_spans}


@pytest.fixture(scope="module", params=MADE)
def simulation(request):
    data, recorded, votes, truth = MADE[request.param]()
    return simulate(data, recorded, votes, plan=PLAN, gold=truth)


def test_each_strategy_policy_and_budget_has_a_row(simulation):
    table = simulation.to_frame()

    assert 2 * 2 * 3 == len(table)
    assert (table["votes"] <= table["budget"]).all()
    assert (table["model_n"] == 39).all()
    assert "f1" not in simulation.measures
    spent = table[table["budget"] > 0]
    assert (spent["labels_low"] <= spent["labels"]).all()
    assert (spent["labels"] <= spent["labels_high"]).all()


def test_what_people_learn_the_models_learn(simulation):
    table = simulation.to_frame().set_index(["strategy", "policy", "budget"])

    before, after = table.loc[("random", "flat-3", [0, 90]), "model"]
    # Of sets the text tells all that it can from the first vote on.
    assert after > before if simulation.sentences[1].count("spans") else after >= before
    flat = table.loc[("random", ["flat-1", "flat-3"], 90), "labels"]
    assert flat.iloc[1] > flat.iloc[0]  # three people are right more often than one


def test_sentences_name_the_measure_the_truth_and_what_was_left_out(simulation):
    text = " ".join([*simulation_sentences(simulation, "labels"), simulation.recommendation()])

    assert f"Truth: {N} given gold labels." in text
    assert "Quality is the F1 of the" in text
    assert "Left out: 1 policy ('posterior')" in text
    assert "F1 of people's labels" in text
    assert "the F1 of the end model on the samples kept aside is" in text
    assert "accuracy" not in text


def test_the_order_of_rows_and_how_labels_are_written_change_nothing():
    data, recorded, votes, truth = made_sets()
    plan = Plan(["random"], ["flat-1"], budgets=[20], seeds=1)
    first = simulate(data, recorded, votes, plan=plan, gold=truth)
    rows = np.random.default_rng(1).permutation(len(recorded))
    written = recorded.assign(label=recorded["label"].map(lambda labels: json.dumps(labels[::-1])))
    turned = votes.of_samples(votes.sample_ids[::-1])
    again = simulate(data[::-1], written.iloc[rows], turned, plan=plan, gold=truth)

    assert first.to_frame().equals(again.to_frame())


def test_finished_runs_are_kept_and_not_run_again(tmp_path, monkeypatch):
    data, recorded, votes, truth = made_sets()
    plan = Plan(["random"], ["flat-1"], budgets=[20], seeds=1)
    first = simulate(data, recorded, votes, plan=plan, gold=truth, out=tmp_path)
    monkeypatch.setattr("labeling.simulation.part_runs.PartsRun.checkpoints", None)
    again = simulate(data, recorded, votes, plan=plan, gold=truth, out=tmp_path)

    assert first.to_frame().equals(again.to_frame())


def test_settings_are_written_alike_whatever_the_hash_seed():
    code = (
        "from labeling.simulation import ModelSettings\n"
        "print(ModelSettings(exclusive=[{'joy', 'anger', 'fear'}], implies={'a': {'b', 'c'}}))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert 1 == len(texts)
    assert "('anger', 'fear', 'joy')" in texts.pop()


def test_without_gold_the_truth_is_what_more_than_half_of_the_votes_name():
    data, recorded, votes, truth = made_sets()
    few = dict(list(truth.items())[: LEAST_GOLD - 1])
    plan = Plan(["random"], ["flat-1"], budgets=[5], seeds=1)
    simulation = simulate(data, recorded, votes, plan=plan, gold=few)

    assert "the labels that more than half of all recorded votes" in simulation.sentences[0]
    cast = pd.DataFrame(
        {"sample": ["a", "a", "b"], "label": [frozenset({"joy"}), frozenset(), frozenset({"joy"})]}
    )
    assert {"a": frozenset(), "b": frozenset({"joy"})} == consensus(cast).to_dict()


def test_parts_are_counted_by_themselves():
    ann, bob = lb.Span(0, 3, "PER"), lb.Span(8, 11, "PER")

    assert (bob,) == majority_of_parts([(ann, bob), (bob,), ()])
    assert () == majority_of_parts([(), ()])
    assert frozenset() == majority_of_parts([frozenset()])
    assert [1.0, 0.0, 0.5] == [
        part_f1((), ()), part_f1(None, (ann,)), part_f1((ann, lb.Span(8, 12, "PER")), (ann, bob))
    ]  # fmt: skip


def test_policies_of_other_rules_alone_are_refused():
    data, recorded, votes, _ = made_sets()
    with pytest.raises(LabelingError, match=r"rule 'majority'.*'posterior'"):
        simulate(data, recorded, votes, plan=Plan(["random"], ["posterior"]))
    with pytest.raises(LabelingError, match=r"fear"):
        simulate(data, recorded.assign(label="fear"), votes, plan=PLAN)


@pytest.mark.parametrize("kind", PROJECTS)
def test_the_command_simulates_a_project_with_its_reviewer(kind, tmp_path):
    if kind == "spans":
        needs_tagger()
    folder = PROJECTS[kind](tmp_path / kind)
    options = ("--strategies", "random,uncovered", "--budgets", "20,40", "--seeds", "1", "--json")
    policies = ("--policies", "flat-1,config,posterior+model")
    done = run(folder, "-c", "project.yaml", "simulate", *options, *policies)

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert "Left out: 1 policy ('posterior+model')" in " ".join(result["notes"])
    table = pd.DataFrame(result["table"])
    assert {"flat-1", "config"} == set(table["policy"])
    # These people only miss spans: of three, two agree on each.
    assert (table["reviews"].max() > 0) == (kind == "several")
    assert table["labels"].max() > 0.8


def test_a_simulation_changes_no_project(tmp_path):
    needs_tagger()
    project = lb.Project(spans_project(tmp_path / "spans") / "project.yaml")
    plan = Plan(["random"], ["two-then-third"], budgets=[20], seeds=1)
    first = simulate_project(project, plan=plan).to_frame()
    before = project.status().to_dict()

    assert first.equals(simulate_project(project, plan=plan).to_frame())
    assert before == project.status().to_dict()

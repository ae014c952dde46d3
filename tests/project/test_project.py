"""A project does each step of the loop from its files, the same each time."""

import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb

RULES = '''
from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords, regex


@labeling_function
def shouts(x):
    """Who shouts sells."""
    return "spam" if x.text.isupper() else ABSTAIN


offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
link = regex("link", "https?://", label="spam")
'''
CONFIG = """
data: {path: comments.parquet, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 10}
replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 2}
"""


@pytest.fixture
def folder(tmp_path):
    """A small project whose texts say, with noise, what they are."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 120)
    words = [["hi", "thanks", "song", "nice"], ["free", "win", "cash", "http://x.org"]]
    texts = [
        " ".join([*rng.choice(words[t], 2), *rng.choice(["a", "the", "it"], 3)]) for t in truth
    ]
    data = pd.DataFrame({"key": [f"c{i}" for i in range(120)], "text": texts})
    data.to_parquet(tmp_path / "comments.parquet", index=False)
    labels = np.array(["ham", "spam"])
    votes = pd.DataFrame(
        [
            (key, f"p{number}", labels[label if rng.random() < 0.8 else 1 - label])
            for key, label in zip(data["key"], truth, strict=True)
            for number in range(3)
        ],
        columns=["sample", "annotator", "label"],
    )
    votes.to_csv(tmp_path / "votes.csv", index=False)
    reviewer = pd.DataFrame({"sample": data["key"], "label": labels[truth]})
    reviewer.to_csv(tmp_path / "reviewer.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_check_says_what_it_found(folder):
    sentences = " ".join(lb.Project(folder / "project.yaml").check())

    assert "120 samples" in sentences
    assert "4 labeling functions" in sentences
    assert "without an error" in sentences


def test_the_loop_asks_settles_and_exports(folder):
    """With a third vote where two differ, annotators settle every sample themselves."""
    config = CONFIG + "review: {escalate: no_majority}\n"
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    rounds = list(project.rounds(votes))
    train = project.export(rounds[-1], votes)

    assert [0, 1, 2] == [now.number for now in rounds]
    asked = [sample_id for now in rounds[1:] for sample_id in now.batch.sample_ids]
    assert len(set(asked)) == len(asked) == 20
    assert sorted(asked) == sorted(gold_label.sample_id for gold_label in rounds[-1].gold)
    assert 20 == (train.frame["source"] == "agreement").sum()
    assert rounds[-1].human_votes >= 40


def test_two_runs_write_the_same_bytes(folder):
    def written():
        project = lb.Project(folder / "project.yaml")
        votes = project.apply()
        *_, last = project.rounds(votes)
        project.fit(votes)
        project.query(votes)
        project.export(last, votes)
        files = sorted((folder / "out").iterdir())
        return {file.name: file.read_bytes() for file in files}

    first = written()
    assert {"votes.parquet", "soft_labels.parquet", "label_model.npz", "batch.parquet"} <= set(
        first
    )
    assert first == written()


def test_votes_are_written_as_label_names(folder):
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    frame = pd.read_parquet(project.folder / "votes.parquet")

    assert list(votes.voters) == frame.columns.tolist()
    assert votes.to_frame().equals(frame.astype(object).where(frame.notna(), None))


def test_a_sample_whose_recorded_votes_are_used_up_goes_to_the_reviewer(folder):
    """With one recorded vote a sample annotators settle nothing, and nothing waits for ever."""
    votes = pd.read_csv(folder / "votes.csv").drop_duplicates("sample")
    votes.to_csv(folder / "votes.csv", index=False)
    project = lb.Project(folder / "project.yaml")
    *_, last = project.rounds(project.apply())

    assert ((), 20) == (last.verdict.pending, last.human_votes)
    assert ["review"] * 20 == [gold.source for gold in last.gold]


def test_the_loop_ends_when_nobody_is_left_to_ask_about(folder):
    project = lb.Project(folder / "project.yaml")
    rounds = list(project.rounds(project.apply(), count=50))

    assert 13 == len(rounds)


def test_without_recorded_votes_there_is_nobody_to_ask(folder):
    text = CONFIG.replace("replay:", "# replay:")
    (folder / "project.yaml").write_text(text, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")

    with pytest.raises(lb.LabelingError, match="nobody to ask"):
        list(project.rounds(project.apply()))
    assert len(project.export()) > 100


def test_an_export_on_its_own_knows_what_people_said(folder):
    """Exporting again does not lose the gold labels that a run has found."""
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    *_, last = project.rounds(votes)

    assert project.export(last, votes).manifest() == project.export().manifest()


def test_labels_that_look_like_numbers_are_names(folder):
    """A file's 1 is the label "1", and not the second label."""
    for name in ("votes.csv", "reviewer.csv"):
        table = pd.read_csv(folder / name)
        table["label"] = table["label"].map({"ham": 1, "spam": 2})
        table.to_csv(folder / name, index=False)
    rules = RULES.replace('"spam"', '"2"').replace('"ham"', '"1"')
    (folder / "rules.py").write_text(rules, encoding="utf-8")
    config = CONFIG.replace("[ham, spam]", '["1", "2", "3"]')
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    *_, last = project.rounds(project.apply())

    assert {"1", "2"} == {gold_label.label for gold_label in last.gold}


def test_exports_can_be_traced(folder):
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    *_, last = project.rounds(votes)
    project.export(last, votes)
    lines = (project.folder / "training_set.jsonl").read_text("utf-8").splitlines()
    gold = [row for row in map(json.loads, lines) if row["source"] == "agreement"]

    assert all(len(row["annotators"]) >= 2 for row in gold)
    assert all({vote["voter"] for vote in row["lf_votes"]} <= set(votes.voters) for row in gold)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("comments.parquet", "coments.parquet", "no file .*Did you mean 'comments.parquet'"),
        ("id: key", "id: kee", "no column 'kee'.*Did you mean 'key'"),
        ("id: key}", "id: key, text: txt}", "no column 'txt'.*Did you mean 'text'"),
        ("rules.py", "rulse.py", "which does not exist"),
        ("n: 10", "n: 10, strategy: margni", "Did you mean 'margin'"),
        ("labels: [ham, spam]", "labels: [ham, eggs]", "'spam' is not a label"),
        ("query:", "label_model: label_modle\nquery:", "Did you mean 'label_model'"),
        ("[rules.py]", "[rules.py, rules.py]", "Given twice in the project"),
        ("votes: votes.csv", "votes: reviewer.csv", "no column 'annotator'"),
    ],
)
def test_bad_input_gets_a_clear_error(folder, old, new, message):
    (folder / "project.yaml").write_text(CONFIG.replace(old, new), encoding="utf-8")

    def whole_loop():
        project = lb.Project(folder / "project.yaml")
        list(project.rounds(project.apply()))

    with pytest.raises(lb.LabelingError, match=message):
        whole_loop()


def test_text_that_is_not_text_is_an_error(folder):
    data = pd.read_parquet(folder / "comments.parquet").assign(text=1.5)
    data.to_parquet(folder / "comments.parquet", index=False)

    with pytest.raises(lb.LabelingError, match=r"must hold text in every row. 120 of 120.*'c0'"):
        lb.Project(folder / "project.yaml").check()


def test_a_folder_that_cannot_be_made_is_an_error(folder):
    (folder / "out").write_text("a file", encoding="utf-8")

    with pytest.raises(lb.LabelingError, match="cannot be made"):
        lb.Project(folder / "project.yaml").apply()


def test_the_label_model_learns_only_from_people_on_samples_drawn_at_random(folder, monkeypatch):
    """Half of a batch is doubtful samples: on these every vote looks doubtful."""
    from labeling.label_models import LabelModel

    heard = []
    fit = LabelModel.fit

    def listening(model, votes, *, gold=None, class_balance=None):
        heard.append([] if gold is None else [gold_label.sample_id for gold_label in gold])
        return fit(model, votes, gold=gold, class_balance=class_balance)

    monkeypatch.setattr(LabelModel, "fit", listening)
    monkeypatch.setattr("labeling.project.models.LEAST_SETTLED", 4)
    project = lb.Project(folder / "project.yaml")
    rounds = list(project.rounds())
    _ = rounds[-1].end_model
    chosen = project.store.batches.frame()
    strata = chosen.loc[heard[-1], "stratum"]
    assert len(strata) > 3
    assert set(strata) == {"random"}
    assert len(rounds[-1].gold) > len(strata)


def test_fewer_than_100_labels_of_people_are_left_to_the_end_model(folder, monkeypatch):
    """Labels that two or three annotators settled have errors, unlike gold labels of experts."""
    from labeling.label_models import LabelModel

    heard = []
    fit = LabelModel.fit

    def listening(model, votes, *, gold=None, class_balance=None):
        heard.append(len(gold or ()))
        return fit(model, votes, gold=gold, class_balance=class_balance)

    monkeypatch.setattr(LabelModel, "fit", listening)
    project = lb.Project(folder / "project.yaml")
    last = list(project.rounds())[-1]
    _ = last.end_model
    assert len(last.gold) > 4
    assert set(heard) == {0}
    assert "from 100 of samples drawn at random on" in project.gold_counts().sentence()

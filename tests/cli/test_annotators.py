"""The commands on annotators: the table, the stream of checks by key, and pauses."""

import json

import pandas as pd
import pytest
import typer

from tests.support.in_process import run

CONFIG = """
data: {path: mails.csv, id: key, gold: gold, locked: 0}
labels: [ham, spam, news]
labeling_functions: [rules.py]
query: {n: 8, strategy: random}
replay: {votes: votes.csv, rounds: 1}
annotators: {hidden_gold: 0.25, lot_size: 5, first_lot: 3}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["win"], label="spam")
"""


@pytest.fixture
def folder(tmp_path):
    """A project in which ann and bob labeled 8 samples and some hidden gold."""
    keys = [f"c{number:02}" for number in range(20)]
    texts = [f"{'win' if number % 2 else 'see'} number {number}" for number in range(20)]
    gold = ["spam" if number % 2 else "ham" for number in range(4)] + [None] * 16
    frame = pd.DataFrame({"key": keys, "text": texts, "gold": gold})
    frame.to_csv(tmp_path / "mails.csv", index=False)
    rows = [
        (key, name, "spam" if number % 2 or name == "bob" else "ham")
        for number, key in enumerate(keys)
        for name in ("ann", "bob", "cy")
    ]
    votes = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    votes.to_csv(tmp_path / "votes.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    for command in ("query", "push", "pull", "review"):
        assert not verb(tmp_path, command).returncode
    return tmp_path


def verb(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments)


def ok(folder, *arguments):
    done = verb(folder, "annotators", *arguments)
    assert not done.returncode, done.stderr
    return done


def test_the_table_shows_every_number_with_its_interval_and_its_n(folder):
    rows = json.loads(ok(folder, "--json").stdout)
    assert ["ann", "bob", "cy"] == [row["name"] for row in rows]
    for row in rows:
        for name in ("skill", "gold", "gold_skill", "checked"):
            assert {"value", "low", "high", "n", "note"} == set(row[name])
        assert {"accepted", "rejected", "open"} == set(row["lots"])
        assert row["gold_skill"]["n"] >= row["gold"]["n"]
        assert row["e_guessing"] > 0
        assert row["e_inverting"] > 0
        assert row["skill"]["note"] in ("fine", "unsure", "spammer", "adversary")
    assert 4 == sum(row["gold"]["n"] for row in rows)
    shown = ok(folder).stdout
    assert "e guessing" in shown
    assert "n " in shown
    assert "labeling annotators check" in ok(folder).stderr


def press(monkeypatch, keys, answers=()):
    """Let a reviewer press keys, and type answers where one is asked for."""
    pressed, typed = iter(keys), iter(answers)
    monkeypatch.setattr(typer, "getchar", lambda: next(pressed))
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(typed))


def states(folder):
    from labeling import Project

    return Project(folder / "project.yaml")


def test_a_reviewer_works_through_the_votes_by_key_and_sees_no_name(folder, monkeypatch):
    waiting = len(states(folder).votes_to_check())
    assert waiting >= 4
    press(monkeypatch, ["x", "a", "s", "f", "r", "q"], [1, "see rule 3"])
    done = ok(folder, "check", "--by", "boss")
    for name in ("ann", "bob", "cy"):
        assert name not in done.stdout.replace("annotators", "")
    assert "3 votes were checked" in done.stdout
    assert waiting - 3 == len(states(folder).votes_to_check())
    kinds = [event.kind.value for event in states(folder).store.events.all()]
    assert [1, 1, 1] == [
        kinds.count(kind) for kind in ("vote accepted", "vote fixed", "rework asked")
    ]
    press(monkeypatch, ["q"])
    shown = ok(folder, "check", "--by", "boss", "--names").stdout
    assert "vote by " in shown


def test_who_annotated_a_sample_is_shown_no_vote_on_it(folder, monkeypatch):
    drawn = states(folder).votes_to_check()
    own = [vote for vote in drawn if "ann" in vote.voters]
    press(monkeypatch, ["q"])
    shown = ok(folder, "check", "--by", "ANN").stdout
    assert own
    assert f"{len(drawn) - len(own)} wait" in shown.replace("\n", " ")
    assert f"{len(own)} other" in shown.replace("\n", " ")


def test_without_a_terminal_the_files_for_reviewers_are_named(folder, monkeypatch):
    def no_terminal():
        raise OSError(6, "No such device or address", "/dev/tty")

    monkeypatch.setattr(typer, "getchar", no_terminal)
    done = verb(folder, "annotators", "check", "--by", "boss")
    assert done.returncode == 1
    assert "check.NAME.csv" in done.stderr


def test_a_name_is_shown_as_it_is_known_however_it_is_typed(folder):
    paused = ok(folder, "pause", "BOB", "--reason", "clicks").stdout
    assert "bob is paused: clicks" in paused
    assert "BOB" not in paused
    again = verb(folder, "annotators", "pause", "Bob", "--reason", "x").stderr
    assert "'bob' is paused already" in again
    resumed = ok(folder, "resume", " Bob", "--reason", "x", "--json").stdout
    assert "bob" == json.loads(resumed)["resumed"]
    name = json.loads(ok(folder, "--json").stdout)[0]["name"]
    options = ("1", "--reason", "wrong guidelines", "--by", "boss")
    rejected = ok(folder, "reject", name.upper(), *options).stdout
    assert f"of lot 1 of {name} no longer count" in rejected


def test_a_name_of_the_config_is_spelled_as_there(folder):
    """Bob annotated as bob, and the config names him Bob."""
    config = CONFIG.replace("replay: {votes: votes.csv, rounds: 1}", "files: {annotators: [Bob]}")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    assert "Bob is paused: clicks" in ok(folder, "pause", "BOB", "--reason", "clicks").stdout


def test_pause_resume_and_reject_say_what_they_did(folder):
    assert "ann is paused: clicks" in ok(folder, "pause", "ann", "--reason", "clicks").stdout
    assert "ann is paused" in ok(folder).stdout
    assert "ann is paused (clicks)" in verb(folder, "status").stdout.replace("\n", " ")
    assert verb(folder, "annotators", "pause", "ann", "--reason", "x").returncode == 1
    assert "not paused" in ok(folder, "resume", "ann", "--reason", "it was a bug").stdout
    lots = {lot.annotator: lot for lot in states(folder).people.work.state().lots.values()}
    name = next(iter(lots))
    done = ok(folder, "reject", name, "1", "--reason", "wrong guidelines", "--by", "boss")
    assert "votes of lot 1" in done.stdout
    again = verb(folder, "annotators", "reject", name, "1", "--reason", "x", "--by", "boss")
    assert "no vote that counts in lot 1" in again.stderr.replace("\n", " ")
    failed = verb(folder, "annotators", "reject", name, "9", "--reason", "x", "--by", "boss")
    assert (1, True) == (failed.returncode, "no such lot 9" in failed.stderr.replace("\n", " "))

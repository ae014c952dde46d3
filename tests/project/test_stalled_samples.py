"""From every state of a sample there is a way on, and `status` names it."""

import json

import pandas as pd
import pytest

import labeling as lb
from labeling.project.manual_decisions import sample_called
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 4}
files: {annotators: [ann, bob], reviewers: [dora, emil]}
"""
REPLAY = CONFIG.replace(
    "files: {annotators: [ann, bob], reviewers: [dora, emil]}", "replay: {votes: votes.csv}"
)
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
WHEN = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()


@pytest.fixture
def folder(tmp_path):
    texts = ["win it free", "hi there", "thanks a lot", "win now", "hi hi", "free and easy"]
    table = pd.DataFrame({"key": range(6), "text": texts})
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    votes = pd.DataFrame({"sample": range(6), "annotator": "x", "label": "ham"})
    votes.to_csv(tmp_path / "votes.csv", index=False)
    return tmp_path


def project(folder, config=CONFIG):
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    return lb.Project(folder / "project.yaml")


def say(its, sample, reviewer=False, **labels):
    its.add_annotations(
        [
            lb.Annotation(sample, who, what, WHEN, WHEN, reviewer=reviewer)
            for who, what in labels.items()
        ]
    )


@pytest.fixture
def asked(folder):
    its = project(folder)
    its.query()
    its.push()
    return its, its.store.batches.asked()


def in_state(its, sample):
    return its.store.batches.states()[sample]


def test_reviewers_who_skip_or_contradict_each_other_leave_a_way_on(asked):
    its, (first, second, *_) = asked
    for sample in (first, second):
        say(its, sample, ann="ham", bob="spam")
    say(its, first, reviewer=True, dora=None)
    say(its, second, reviewer=True, dora="ham", emil="spam")
    its.review()
    (note,) = its.status().notes

    assert note.startswith("2 samples (")
    assert f"{min(first, second)}, {max(first, second)}" in note
    assert "labeling decide SAMPLE LABEL --by NAME --reason WHY" in note
    its.decide(first, "ham", by="zoe", reason="a greeting")
    its.decide(second, "spam", by="zoe", reason="an offer")
    assert ["reviewed"] * 2 == [in_state(its, sample) for sample in (first, second)]
    assert () == its.status().notes


@pytest.mark.parametrize("keeps", [False, True])
def test_an_export_names_samples_that_people_could_not_decide(folder, keeps):
    config = CONFIG + f"export: {{keep_undecided: {str(keeps).lower()}}}\n"
    its = project(folder, config)
    its.query()
    its.push()
    sample = its.store.batches.asked()[0]
    say(its, sample, ann=None, bob=None)
    say(its, sample, reviewer=True, dora=None)
    its.review()
    done = run(folder, "-c", "project.yaml", "export")
    manifest = its.status().training_set

    assert 0 == done.returncode, done.stderr
    said = " ".join(done.stdout.split())
    table = pd.read_parquet(its.folder / "training_set.parquet").set_index("key")
    left_out = pd.read_parquet(its.folder / "left_out.parquet")["reason"].to_dict()
    assert {"left_out": 1 - keeps, "kept": int(keeps)} == manifest["undecided"]
    if keeps:
        assert "1 sample that people could not decide is in it" in said
        assert table.loc[sample, "decided_by"].endswith("; people could not decide")
        assert "A training set has them with the label of the model." in its.status().notes[0]
    else:
        assert "1 sample that people could not decide is left out" in said
        assert "people could not decide" == left_out[sample]
        assert sample not in table.index
        assert "A training set leaves them out." in its.status().notes[0]


def test_why_samples_wait_for_a_reviewer_is_said_by_their_votes(asked):
    """Too few votes and only skips are no conflict."""
    its, (first, second, third, _) = asked
    say(its, first, ann="ham", bob="spam")
    say(its, second, ann="ham", bob=None)
    say(its, third, ann=None, bob=None)
    its.review()
    shown = run(its.config.root, "-c", "project.yaml", "status").stdout

    words = "1 without a vote, 1 with too few votes, 1 in conflict"
    assert words == its.status().escalated
    assert f"Waiting for a reviewer: {words}." in shown
    assert "votes conflict" not in shown


def test_a_sample_without_a_reviewer_is_not_called_a_conflict(folder):
    config = CONFIG.replace(", reviewers: [dora, emil]", "")
    its = project(folder, config)
    its.query()
    its.push()
    sample = its.store.batches.asked()[0]
    say(its, sample, ann=None, bob=None)
    its.review()
    (note,) = its.status().notes

    assert note.startswith(f"1 sample ({sample}) waits for a decision (1 without a vote)")
    assert "conflict" not in note


def test_a_reviewer_may_change_a_decision_and_the_ledger_keeps_both(asked):
    its, (first, *_) = asked
    say(its, first, ann="ham", bob="spam")
    its.decide(first, "ham", by="dora", reason="at first sight")
    its.decide(first, "spam", by="dora", reason="at second sight")
    (gold,) = its.people.verdict(its.people.current_annotations(its.samples)).gold

    assert ("spam", "at second sight") == (gold.label, gold.trace[-1].reason)
    assert 4 == its.status().annotations


def test_a_decision_is_later_than_what_was_said_by_a_clock_that_is_ahead(asked):
    its, (first, *_) = asked
    ahead = WHEN.replace(year=2999)
    its.add_annotations([lb.Annotation(first, "dora", "ham", ahead, ahead, reviewer=True)])
    its.decide(first, "spam", by="dora", reason="I changed my mind")

    assert ["spam"] == [
        gold.label for gold in its.people.verdict(its.people.current_annotations(its.samples)).gold
    ]


@pytest.mark.parametrize("state", ["asked", "collecting", "escalated", "settled", "unresolved"])
def test_every_state_can_be_decided(asked, state):
    """Nobody is asked any more about a sample that is decided."""
    its, (first, *_) = asked
    votes = {"collecting": {"ann": "ham"}, "settled": {"ann": "ham", "bob": "ham"}}
    conflict = {"ann": "ham", "bob": "spam"}
    if state != "asked":
        say(its, first, **votes.get(state, conflict))
    if state == "unresolved":
        say(its, first, reviewer=True, dora=None)
    assert state == in_state(its, first)
    its.decide(first, "spam", by="zoe", reason="why not")
    its.review()

    assert "reviewed" == in_state(its, first)
    assert not its.store.outbox.waiting("escalate")
    assert not its.store.outbox.waiting("ask again")


def test_a_sample_that_nobody_was_asked_about_can_be_decided(folder):
    its = project(folder)
    its.decide(3, "spam", by="zoe", reason="seen in passing")

    assert "reviewed" == in_state(its, 3)
    assert 3 in its.export().frame.query("source == 'review'").index


@pytest.mark.parametrize(
    ("sample", "label", "by", "reason", "message"),
    [
        (0, "spma", "zoe", "why", "Did you mean 'spam'"),
        (77, "spam", "zoe", "why", "There is no 77 to label"),
        ("0", "spam", "zoe", "why", "There is no '0'"),
        (0, "spam", " ", "why", r"who decides \(`by`\)"),
        (0, "spam", "zoe", "", "the reason"),
        (0, "spam", "ann", "why", "'ann' voted on sample 0, and cannot decide"),
        (0, "spam", " ANN", "why", "' ANN' voted on sample 0"),
    ],
)
def test_a_decision_that_cannot_be_says_why_and_changes_nothing(
    asked, sample, label, by, reason, message
):
    its, _ = asked
    say(its, 0, ann="ham")
    with pytest.raises(lb.LabelingError, match=message):
        its.decide(sample, label, by=by, reason=reason)

    assert 1 == its.status().annotations


def test_a_decision_on_another_text_than_people_were_shown_is_refused(asked, folder):
    its, (first, *_) = asked
    table = pd.read_csv(folder / "comments.csv")
    table.loc[table["key"] == first, "text"] = "something else"
    table.to_csv(folder / "comments.csv", index=False)
    with pytest.raises(lb.LabelingError, match="is not what people saw"):
        project(folder).decide(first, "spam", by="zoe", reason="why")
    its = project(folder)
    its.review()

    assert "withdrawn" == in_state(its, first)
    assert any(
        "count again as soon as the data are as they were" in note for note in its.status().notes
    )


def test_recorded_votes_that_are_used_up_leave_nothing_pending(folder):
    """There is no reviewer either: status names the samples, and what to do."""
    its = project(folder, REPLAY)
    *_, last = its.rounds(count=1)
    status = its.status()

    assert () == last.verdict.pending
    assert {"too few votes, 1 of 2: 1 x ham"} == {
        escalation.reason for escalation in last.verdict.escalations
    }
    assert "4 samples (" in status.notes[0]
    assert "no decision is recorded" in status.notes[0]
    assert status.next.startswith("labeling decide SAMPLE LABEL")
    for sample in its.store.batches.asked():
        its.decide(sample, "ham", by="zoe", reason="it is")
    assert () == its.status().notes
    assert "decide" not in its.status().next


def test_a_review_file_without_a_name_on_it_waits_for_somebody_and_says_so(folder):
    its = project(folder, CONFIG.replace(", reviewers: [dora, emil]", ""))
    its.query()
    its.push()
    say(its, its.store.batches.asked()[0], ann="ham", bob="spam")
    its.review()

    assert any("No reviewer is named" in note for note in its.status().notes)


def test_reviewers_who_all_voted_on_a_sample_are_not_its_last_way_on(folder):
    its = project(folder, CONFIG.replace("[dora, emil]", "[ann, bob]"))
    its.query()
    its.push()
    first, *_ = its.store.batches.asked()
    say(its, first, ann="ham", bob="spam")
    with pytest.raises(lb.LabelingError):
        its.review()

    assert any("no reviewer could be asked" in note for note in its.status().notes)
    its.decide(first, "spam", by="zoe", reason="an offer")
    its.review()
    assert "reviewed" == in_state(its, first)


def test_on_the_command_line_a_sample_is_called_by_its_id(folder, asked):
    done = [
        run(folder, "-c", "project.yaml", "decide", "0", "spam", *more)
        for more in (["--by", "zoe", "--reason", "an offer", "--json"], ["--by", "zoe"])
    ]

    assert 0 == done[0].returncode, done[0].stderr
    assert {"sample": 0, "state": "reviewed"}.items() <= json.loads(done[0].stdout).items()
    assert 2 == done[1].returncode
    assert "--reason" in done[1].stderr


def test_an_id_that_several_samples_are_called_by_is_refused():
    with pytest.raises(lb.LabelingError, match="Several samples are called '1'"):
        sample_called("1", pd.DataFrame(index=pd.Index([1, "1"], dtype=object)))

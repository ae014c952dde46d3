"""Annotators' work is reviewed by sample: hidden gold, lots, rework with its reason, and pauses."""

import csv
import datetime

import pandas as pd
import pytest

from labeling.errors import DataError
from labeling.project import Project
from labeling.project.vote_checks import check_requests
from labeling.records import Annotation, EventKind, SampleState, live_annotations

LF = 'from labeling.functions import keywords\n\nwins = keywords("wins", ["win"], label="spam")\n'
CONFIG = """
name: mails
data: {path: mails.csv, id: key, gold: gold, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 8, strategy: random}
review: {min_votes: 2, max_votes: 3, escalate: no_majority}
"""
FILES = "files: {folder: to_label, annotators: [ann, bob, cy]}\n"
PEOPLE = ("ann", "bob", "cy")
WRONG = {"spam": "ham", "ham": "spam"}


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a project of 20 samples, of which four have a gold label."""

    def project(more="", platform=FILES):
        (tmp_path / "rules.py").write_text(LF)
        (tmp_path / "project.yaml").write_text(CONFIG + platform + more)
        keys = [f"c{number:02}" for number in range(20)]
        texts = [f"{'win' if number % 2 else 'see'} number {number}" for number in range(20)]
        gold = ["spam" if number % 2 else "ham" for number in range(4)] + [None] * 16
        frame = pd.DataFrame({"key": keys, "text": texts, "gold": gold})
        frame.to_csv(tmp_path / "mails.csv", index=False)
        return Project(tmp_path / "project.yaml")

    project.folder = tmp_path / "to_label"
    return project


def truth(text):
    return "spam" if "win" in text else "ham"


def fill_in(folder, answer=lambda name, text: truth(text), people=PEOPLE):
    """Fill in the empty label cells of each person's files."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        if not rows or "annotator" not in rows[0]:
            continue
        for row in rows:
            if not row["label"] and row["annotator"] in people:
                row["label"] = answer(row["annotator"], row["text"])
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def rows_of(folder, name="*"):
    """Return the rows of files, in order."""
    found = []
    for path in sorted(folder.glob(f"{name}.csv")):
        with path.open(newline="", encoding="utf-8-sig") as file:
            found += [{**row, "file": path.name} for row in csv.DictReader(file)]
    return found


def verdict_of(project):
    return project.people.verdict(project.people.current_annotations(project.samples))


def labels_of(project):
    return {gold.sample_id: gold.label for gold in verdict_of(project).gold}


def settled(make, more=""):
    """Return a project in which three people labeled a batch, all right, and the batch's ids."""
    project = make(more)
    project.query()
    project.push()
    fill_in(make.folder)
    project.pull()
    project.review()
    return project


# Hidden gold.


def test_hidden_gold_looks_like_any_other_sample(make):
    """Neither the file, nor the place in it, nor a cell tells; and everyone gets it once."""
    project = make("annotators: {hidden_gold: 0.25}\n")
    batch = project.query()
    assert 8 == project.push().samples
    rows = rows_of(make.folder)
    ids = {row["sample_id"] for row in rows}
    hidden = ids - set(batch.sample_ids)
    assert 2 == len(hidden)
    assert hidden <= {"c00", "c01", "c02", "c03"}
    assert {"batch-001.ann.csv", "batch-001.bob.csv", "batch-001.cy.csv"} == {
        row["file"] for row in rows
    }
    heads = {row["ask"].partition(":")[0] for row in rows}
    assert {"1x2|ask"} == heads
    pairs = [(row["sample_id"], row["annotator"]) for row in rows]
    assert len(pairs) == len(set(pairs)) == 2 * 10


def test_answers_to_hidden_gold_measure_people_and_are_no_votes(make):
    project = make("annotators: {hidden_gold: 0.5}\n")
    project.query()
    project.push()
    fill_in(make.folder, lambda name, text: "ham" if name == "bob" else truth(text))
    project.pull()
    verdict = project.review()
    hidden = {event.sample_id for event in project.store.events.all([EventKind.GOLD_ASKED])}
    assert 4 == len(hidden)
    judged = {gold.sample_id for gold in verdict.gold}
    judged |= {request.sample_id for request in verdict.pending}
    assert judged
    assert not judged & hidden
    assert not hidden & {one.sample_id for one in project.snapshot().annotations}
    assert not hidden & set(project.store.batches.states())
    table = {row.name: row for row in project.annotators()}
    assert {8} == {sum(row.gold.n for row in table.values())}
    assert 1.0 == table["ann"].gold.value
    assert table["bob"].gold.value < 1
    assert table["bob"].gold.low < table["bob"].gold.value < table["bob"].gold.high


def test_hidden_gold_rotates_and_nobody_gets_the_same_sample_twice(make):
    project = make("annotators: {hidden_gold: 0.5}\n")
    for _ in range(2):
        project.query(n=4)
        project.push()
        fill_in(make.folder)
        project.pull()
        project.review()
    asked = [event.sample_id for event in project.store.events.all([EventKind.GOLD_ASKED])]
    assert 4 == len(asked) == len(set(asked))  # each once before any is asked again
    project.query(n=4)
    project.push()
    pairs = [(row["sample_id"], row["annotator"]) for row in rows_of(make.folder)]
    assert len(pairs) == len(set(pairs))
    third = [row for row in rows_of(make.folder, "batch-003*") if row["sample_id"] in asked]
    assert third
    assert {"1x2|ask"} == {row["ask"].partition(":")[0] for row in third}
    fill_in(make.folder)
    project.pull()
    assert {"ann", "bob", "cy"} == {row.name for row in project.annotators() if row.gold.n}


def test_a_push_that_is_repeated_hides_the_same_samples(make):
    project = make("annotators: {hidden_gold: 0.5}\n")
    project.query()
    project.push()
    before = rows_of(make.folder)
    project.push()
    Project(project.config.root / "project.yaml").push()
    assert before == rows_of(make.folder)
    assert 4 == len(project.store.events.all([EventKind.GOLD_ASKED]))


def test_a_decision_of_a_reviewer_becomes_hidden_gold_and_keeps_its_label(make):
    """Without gold labels that were given, decided samples are asked; answers change nothing."""
    project = make()
    frame = pd.read_csv(project.config.root / "mails.csv").drop(columns="gold")
    frame.to_csv(project.config.root / "mails.csv", index=False)
    text = (project.config.root / "project.yaml").read_text().replace(", gold: gold", "")
    (project.config.root / "project.yaml").write_text(text + "annotators: {hidden_gold: 0.25}\n")
    project = Project(project.config.root / "project.yaml")
    project.query(n=4)
    project.push()
    fill_in(make.folder, people=("ann", "bob"))
    project.pull()
    project.review()
    first = next(
        row["sample_id"] for row in rows_of(make.folder) if row["annotator"] in ("ann", "bob")
    )
    project.decide(first, "spam", by="boss", reason="it is")
    project.query(n=4)
    project.push()
    again = [row for row in rows_of(make.folder, "batch-002*") if row["sample_id"] == first]
    seen = {
        row["annotator"] for row in rows_of(make.folder, "batch-001*") if row["sample_id"] == first
    }
    assert again
    assert not seen & {row["annotator"] for row in again}
    fill_in(make.folder, lambda name, text: "ham")
    project.pull()
    project.review()
    assert "spam" == labels_of(project)[first]
    assert SampleState.REVIEWED == project.store.batches.states()[first]
    assert all(row.gold.n == 0 for row in project.annotators())  # harder than others: not judged


# Lots and rework.

LOTS = "annotators: {lot_size: 6, first_lot: 5}\n"


def test_the_first_votes_are_all_drawn_and_right_ones_accept_the_lot(make):
    project = settled(make, LOTS)
    votes = project.votes_to_check()
    assert {"ann": 5, "bob": 5, "cy": 5} == {
        name: sum(vote.annotator == name for vote in votes) for name in PEOPLE
    }
    assert "ann" not in repr(votes)  # blind as to the person
    for vote in votes:
        project.check_vote(vote, "accept", by="boss")
    assert [] == project.votes_to_check()
    project.review()
    assert 3 == len(project.store.events.all([EventKind.LOT_ACCEPTED]))
    table = {row.name: row for row in project.annotators()}
    assert (1.0, 5) == (table["ann"].checked.value, table["ann"].checked.n)
    assert (1, 0, 0) == table["ann"].lots


def rejected_by_boss(project, name, reason="please read rule 3"):
    """Reject all drawn votes of a person as a reviewer, and review."""
    before = labels_of(project)
    for vote in project.votes_to_check():
        if vote.annotator == name:
            project.check_vote(vote, "reject", by="boss", reason=reason)
    return before


def test_rejected_work_reopens_exactly_what_depended_on_it(make):
    """A sample with enough other votes keeps its label; the others are asked again."""
    project = make(LOTS.replace("5", "4") + "")
    project.query()
    project.push()
    fill_in(make.folder)
    extra = rows_of(make.folder, "*.ann")[0]["sample_id"]
    now = datetime.datetime.now(datetime.UTC)
    others = {row["annotator"] for row in rows_of(make.folder) if row["sample_id"] == extra}
    third = next(name for name in PEOPLE if name not in others)
    label = truth(project.samples.at[extra, "text"])
    project.add_annotations([Annotation(extra, third, label, now, now, platform_id="by hand")])
    project.pull()
    project.review()
    lot = [vote.sample_id for vote in project.votes_to_check() if vote.annotator == "ann"]
    before = rejected_by_boss(project, "ann")
    verdict = project.review()
    voters = {own: [] for own in before}
    for one in live_annotations(project.store.ledger.annotations()):
        voters[one.sample_id].append(one.annotator)
    depended = {own for own in lot if len(voters[own]) < 2}
    assert {request.sample_id for request in verdict.pending} == depended
    assert before.keys() - depended == {gold.sample_id for gold in verdict.gold}
    assert extra not in depended or extra not in lot
    states = project.store.batches.states()
    assert {own for own, state in states.items() if state == SampleState.COLLECTING} == depended


def test_who_gave_a_rejected_vote_is_not_heard_as_reviewer_of_the_sample(make):
    project = settled(make, LOTS)
    vote = next(one for one in project.votes_to_check() if one.annotator == "ann")
    project.check_vote(vote, "reject", by="boss", reason="please read rule 3")
    verdict = project.review()
    assert [vote.sample_id] == [request.sample_id for request in verdict.pending]
    now = datetime.datetime.now(datetime.UTC)
    own = {"created_at": now, "updated_at": now, "reviewer": True}
    for name, is_heard in (("Ann", False), ("boss", True)):
        decision = Annotation(vote.sample_id, name, vote.label, **own, platform_id=f"of {name}")
        project.add_annotations([decision])
        project.review()
        assert is_heard == (vote.sample_id in labels_of(project))


def test_who_is_paused_is_not_heard_as_reviewer_of_their_own_samples(make):
    project = settled(make)
    project.pause_annotator("ann", reason="clicks at random")
    open_ids = {request.sample_id for request in project.review().pending}
    now = datetime.datetime.now(datetime.UTC)
    project.add_annotations(
        Annotation(own, "ann", "ham", now, now, platform_id=f"review {own}", reviewer=True)
        for own in sorted(open_ids)
    )
    assert open_ids == {request.sample_id for request in project.review().pending}
    assert open_ids


def test_the_author_is_asked_again_and_shown_the_reason(make):
    project = settled(make, LOTS)
    rejected_by_boss(project, "ann")
    project.review()
    rows = [row for row in rows_of(make.folder, "*more*") if row["annotator"] == "ann"]
    assert rows
    assert {"please read rule 3"} == {row["rework"] for row in rows}
    assert not [row for row in rows_of(make.folder, "*more*") if row["annotator"] != "ann"]
    project.review()
    project.pull()
    project.review()
    assert rows == [row for row in rows_of(make.folder, "*more*") if row["annotator"] == "ann"]


def test_a_file_saved_again_does_not_bring_rejected_votes_back(make):
    """Only another label does, in the old row or in the new one."""
    project = settled(make, LOTS)
    before = labels_of(project)
    rejected_by_boss(project, "ann")
    project.review()
    for path in make.folder.glob("*.ann.csv"):
        path.write_bytes(path.read_bytes() + b"\r\n")
    pulled = project.pull()
    assert () == pulled.news
    assert len(labels_of(project)) < len(before)
    fill_in(make.folder)
    assert 5 == len(project.pull().news)
    project.review()
    assert before == labels_of(project)
    assert 0 == sum(row.rejected for row in project.annotators() if row.name != "ann")
    assert {5} == {row.rejected for row in project.annotators() if row.name == "ann"}


def test_all_votes_of_a_bad_lot_are_asked_again_and_none_is_lost(make):
    project = settled(make, LOTS)
    ledger = project.store.ledger.annotations()
    for vote in project.votes_to_check():
        if vote.annotator == "cy":
            project.check_vote(vote, "reject", by="boss", reason="wrong")
        else:
            project.check_vote(vote, "accept", by="boss")
    project.review()
    (event,) = project.store.events.all([EventKind.LOT_REJECTED])
    assert ("cy", 1, 5, 5) == tuple(
        event.about[name] for name in ("annotator", "lot", "n", "wrong")
    )
    assert ledger == project.store.ledger.annotations()[: len(ledger)]
    project.store.events.verify()


def test_a_fix_is_the_reviewers_decision_on_the_sample(make):
    project = settled(make, LOTS)
    vote = project.votes_to_check()[0]
    other = "ham" if vote.label == "spam" else "spam"
    project.check_vote(vote, "fix", by="boss", label=other)
    project.review()
    assert other == labels_of(project)[vote.sample_id]
    assert SampleState.REVIEWED == project.store.batches.states()[vote.sample_id]
    table = {row.name: row.checked for row in project.annotators()}
    assert (0.0, 1) == (table[vote.annotator].value, table[vote.annotator].n)


def test_a_lead_may_reject_a_lot_whatever_its_checks_say(make):
    project = settled(make, LOTS)
    before = labels_of(project)
    assert 5 == project.reject_lot("ANN", 1, by="boss", reason="wrong guidelines")
    assert 5 == len(before) - len(verdict_of(project).gold) or len(before) > len(labels_of(project))
    with pytest.raises(DataError, match="no such lot 7"):
        project.reject_lot("ann", 7, by="boss", reason="wrong")
    with pytest.raises(DataError, match="must have a reason"):
        project.reject_lot("ann", 1, by="boss", reason=" ")


def test_checks_that_make_no_sense_are_refused(make):
    project = settled(make, LOTS)
    vote = next(vote for vote in project.votes_to_check() if vote.annotator == "ann")
    with pytest.raises(DataError, match="Nobody checks their own vote"):
        project.check_vote(vote, "accept", by="Ann")
    other = next(name for name in vote.voters if name != "ann")
    with pytest.raises(DataError, match="somebody who did not annotate its sample"):
        project.check_vote(vote, "accept", by=other.upper())
    with pytest.raises(DataError, match="must have a reason"):
        project.check_vote(vote, "reject", by="boss")
    with pytest.raises(DataError, match="Did you mean 'accept'"):
        project.check_vote(vote, "acept", by="boss")
    with pytest.raises(DataError, match="must give another label"):
        project.check_vote(vote, "fix", by="boss", label=vote.label)
    project.check_vote(vote, "reject", by="boss", reason="wrong")
    with pytest.raises(DataError, match="not there any more"):
        project.check_vote(vote, "accept", by="boss")


# Pauses.


def test_what_a_paused_person_said_is_held_back_and_others_are_asked(make):
    project = settled(make)
    before = labels_of(project)
    project.pause_annotator("BOB", reason="clicks at random", by="boss")
    status = project.status()
    assert "labeling review" == status.next
    assert any("bob is paused (clicks at random)" in note for note in status.notes)
    project.review()
    assert len(labels_of(project)) < len(before)
    more = rows_of(make.folder, "*more*")
    assert more
    assert "bob" not in {row["annotator"] for row in more}
    fill_in(make.folder)
    project.pull()
    project.review()
    assert before == labels_of(project)
    project.query(n=4)
    project.push()
    assert {"ann", "cy"} == {row["annotator"] for row in rows_of(make.folder, "batch-002*")}
    assert "clicks at random" == {row.name: row.paused for row in project.annotators()}["bob"]


def test_a_resumed_person_counts_again(make):
    project = settled(make)
    before = labels_of(project)
    project.pause_annotator("bob", reason="clicks at random")
    assert len(labels_of(project)) < len(before)
    project.resume_annotator("bob", reason="it was a bug")
    project.review()
    assert before == labels_of(project)
    assert not rows_of(make.folder, "*more*")
    assert not [note for note in project.status().notes if "paused" in note]


def test_pausing_somebody_unknown_or_twice_says_who_there_is(make):
    project = settled(make)
    with pytest.raises(DataError, match="Did you mean 'bob'"):
        project.pause_annotator("bobb", reason="why")
    project.pause_annotator("bob", reason="why")
    with pytest.raises(DataError, match="paused already"):
        project.pause_annotator("bob", reason="why")
    with pytest.raises(DataError, match="a paused annotator"):
        project.resume_annotator("ann", reason="why")
    with pytest.raises(DataError, match="must be given a reason"):
        project.pause_annotator("ann", reason=" ")


def test_who_fails_on_hidden_gold_is_paused_by_rule_and_not_again_once_resumed(make):
    project = make("annotators: {hidden_gold: 0.5, pause_below: 0.7}\n")
    project = make_with_much_gold(project)
    for _ in range(4):
        project.query(n=10)
        project.push()
        fill_in(
            make.folder,
            lambda name, text: WRONG[truth(text)] if name == "cy" else truth(text),
        )
        project.pull()
        project.review()
    (event,) = project.store.events.all([EventKind.ANNOTATOR_PAUSED])
    assert "cy" == event.about["annotator"]
    assert "were right, and at least 70% must be" in event.about["reason"]
    project.resume_annotator("cy", reason="has read the guidelines")
    project.review()
    assert 1 == len(project.store.events.all([EventKind.ANNOTATOR_PAUSED]))


def make_with_much_gold(project):
    """Return the project with 100 samples, 40 of which have a gold label."""
    root = project.config.root
    keys = [f"c{number:03}" for number in range(100)]
    texts = [f"{'win' if number % 2 else 'see'} number {number}" for number in range(100)]
    gold = [truth(text) if number < 40 else None for number, text in enumerate(texts)]
    frame = pd.DataFrame({"key": keys, "text": texts, "gold": gold})
    frame.to_csv(root / "mails.csv", index=False)
    return Project(root / "project.yaml")


REPLAY = "replay: {votes: votes.csv, rounds: 2}\n"


def recorded(root, names=PEOPLE, wrong=()):
    rows = [
        (f"c{number:02}", name, "ham" if name in wrong else "spam" if number % 2 else "ham")
        for number in range(20)
        for name in names
    ]
    frame = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    frame.to_csv(root / "votes.csv", index=False)


def test_a_replay_measures_on_hidden_gold_and_passes_paused_people_over(make):
    project = make("annotators: {hidden_gold: 0.25}\n", REPLAY)
    recorded(project.config.root, wrong=("cy",))
    project.query()
    project.push()
    project.pull()
    project.review()
    assert 4 == sum(row.gold.n for row in project.annotators())
    project.pause_annotator("cy", reason="always ham")
    project.review()
    project.pull()
    project.review()
    counted = project.people.current_annotations(project.samples)
    assert "cy" not in {one.annotator for one in counted}
    again = Project(project.config.root / "project.yaml")
    assert () == again.pull().news  # what was replayed before is replayed alike
    again.query(n=4)
    again.push()
    names = {one.annotator for one in again.pull().news}
    assert names
    assert "cy" not in names


def test_in_a_replay_rejected_votes_are_replaced_by_others_and_nothing_gets_stuck(make):
    project = make("annotators: {lot_size: 6, first_lot: 4}\n", REPLAY)
    recorded(project.config.root, names=("ann", "bob"))
    project.query()
    project.push()
    project.pull()
    project.review()
    for vote in project.votes_to_check():
        if vote.annotator == "ann":
            project.check_vote(vote, "reject", by="boss", reason="wrong")
    verdict = project.review()
    assert not verdict.pending  # nobody else has a recorded vote: a reviewer decides
    assert 4 == len(verdict.escalations)


# The reviewer's files.


def decide_checks(folder, decide):
    """Write a reviewer's words into the files of checks; None leaves a row empty."""
    for path in sorted(folder.glob("check*.csv")):
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            word = None if row["label"] else decide(row)
            if word is not None:
                row["label"], row["rationale"] = word
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


REVIEWERS = "files: {folder: to_label, annotators: [ann, bob, cy], reviewers: [ann, boss]}\n"


def with_checks(make, answer=lambda name, text: truth(text)):
    """Return a project whose people labeled a batch, of which all votes are drawn."""
    project = make(LOTS, REVIEWERS)
    project.query()
    project.push()
    fill_in(make.folder, answer)
    project.pull()
    project.review()
    return project


def test_reviewers_check_votes_in_files_without_names(make):
    """Each vote is in one file, and in that of nobody who annotated its sample."""
    project = with_checks(make)
    rows = rows_of(make.folder, "check*")
    waiting = project.votes_to_check()
    assert len(waiting) == len(rows) == 15
    assert {"check.ann.csv", "check.boss.csv"} == {row["file"] for row in rows}
    author = {vote.key: vote.annotator for vote in waiting}
    voters = {vote.key: vote.voters for vote in waiting}
    assert all(author[key] in voters[key] for key in author)
    keys = [row["ask"].split("|")[1] for row in rows]
    assert sorted(author) == sorted(keys)
    for row, key in zip(rows, keys, strict=True):
        assert row["reviewer"] not in voters[key]
        cells = [value for name, value in row.items() if name not in ("file", "reviewer", "why")]
        assert not set(PEOPLE) & set(cells)
        assert row["votes"] in ("ham", "spam")
    project.review()
    assert rows == rows_of(make.folder, "check*")  # each is asked once


def test_what_reviewers_write_is_accept_fix_or_reject(make):
    project = with_checks(
        make, lambda name, text: WRONG[truth(text)] if name == "cy" else truth(text)
    )
    wrong = {vote.key: vote for vote in project.votes_to_check() if vote.label != truth(vote.text)}
    assert {"cy"} == {vote.annotator for vote in wrong.values()}
    is_of_boss = {row["ask"].split("|")[1] for row in rows_of(make.folder, "check.boss")}
    fixed = min(wrong.keys() & is_of_boss)
    rejected = min(wrong.keys() - is_of_boss)

    def decide(row):
        key = row["ask"].split("|")[1]
        if key == fixed:
            return f" {WRONG[wrong[key].label].title()}", ""
        if key == rejected:
            return "reject", "rule 3"
        return ("ok", "") if key in is_of_boss else None

    decide_checks(make.folder, decide)
    assert () == project.pull().problems  # these are nobody's votes
    project.review()
    events = project.store.events
    assert len(is_of_boss) - 1 == len(events.all([EventKind.VOTE_ACCEPTED]))
    (event,) = events.all([EventKind.VOTE_FIXED])
    assert ("boss", wrong[fixed].sample_id) == (event.actor, event.sample_id)
    rework = events.all([EventKind.REWORK_ASKED])
    (event,) = [event for event in rework if event.about.get("checked")]  # not by their lot
    assert ("rule 3", "cy") == (event.about["reason"], event.about["annotator"])
    assert "ann" == event.actor
    before = events.count()
    project.review()
    assert before == events.count()  # an answer is taken once


def test_a_rejection_without_a_reason_is_not_taken(make):
    project = with_checks(make)
    decide_checks(make.folder, lambda row: ("REJECT", ""))
    platform = project.platform()
    assert () == platform.checks(check_requests(project.votes_to_check()))
    assert any("must have a reason" in problem.what for problem in platform.problems)
    project.review()
    assert 15 == len(project.votes_to_check())

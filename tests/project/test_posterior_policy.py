"""A project reviews by the posterior of people's votes, with the end model as one more voter."""

import datetime

import pandas as pd
import pytest

import labeling as lb
from labeling.adjudication import cause_of_decision
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 40}
files: {annotators: [ann, bob, cem, dan], reviewers: [dora]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
WHEN = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
SPAM = ("win it free", "win now", "free and easy", "free money")
HAM = ("hi there", "thanks a lot", "hi hi", "many thanks")


@pytest.fixture
def folder(tmp_path):
    texts = [f"{text} {number}" for number in range(6) for text in (*SPAM, *HAM)]
    table = pd.DataFrame({"key": [f"c{i}" for i in range(len(texts))], "text": texts})
    table.to_csv(tmp_path / "comments.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    return tmp_path


def project(folder, review):
    (folder / "project.yaml").write_text(CONFIG + f"review: {review}\n", encoding="utf-8")
    return lb.Project(folder / "project.yaml")


def true_label(its, sample):
    text = its.samples.loc[sample, "text"]
    return "spam" if any(word in text for word in ("win", "free")) else "ham"


def say(its, sample, **labels):
    its.add_annotations(
        [lb.Annotation(sample, who, what, WHEN, WHEN) for who, what in labels.items()]
    )


def asked(folder, review):
    """Push a batch of 40 and let two people answer, who are right but on four samples."""
    its = project(folder, review)
    its.query()
    its.push()
    samples = its.store.batches.asked()
    for number, sample in enumerate(samples):
        label = true_label(its, sample)
        other = "ham" if label == "spam" else "spam"
        say(its, sample, ann=label, bob=other if number < 4 else label)
    return its, samples


def test_the_posterior_asks_again_and_settles_with_a_probability(folder):
    its, samples = asked(folder, "{rule: posterior, max_votes: 4, accept: 0.8}")
    verdict = its.review()

    assert set(samples[:4]) == {request.sample_id for request in verdict.pending}
    assert 36 == len(verdict.gold)
    assert all(0.8 <= gold.probability <= 1 for gold in verdict.gold)
    assert "until a label has a probability of 0.80" in " ".join(its.check())


def test_a_third_vote_settles_and_then_nothing_is_open(folder):
    its, samples = asked(folder, "{rule: posterior, accept: 0.8, expert_quota: 0}")
    its.review()
    for sample in samples[:4]:
        say(its, sample, cem=true_label(its, sample))
    verdict = its.review()

    assert (40, 0, 0) == (len(verdict.gold), len(verdict.pending), len(verdict.escalations))
    assert all(gold.label == true_label(its, gold.sample_id) for gold in verdict.gold)


def test_the_model_settles_conflicts_between_two_people(folder):
    """It has learned the words from the other samples, and not what people said of this one."""
    review = "{rule: posterior, min_votes: 1, accept: 0.7, model_voter: true, expert_quota: 0}"
    its, samples = asked(folder, review)
    verdict = its.review()
    labels = {gold.sample_id: gold.label for gold in verdict.gold}

    assert all(labels.get(sample) == true_label(its, sample) for sample in samples[:4])
    assert its.people.model_voter.latest() is not None


def test_a_vote_that_the_model_overrules_is_said_to_be_overruled(folder):
    """Neither is it a majority nor do votes alone decide: the label has no vote at all."""
    from labeling.report import write_report

    review = "{rule: posterior, min_votes: 1, max_votes: 1, model_voter: true, expert_quota: 0}"
    its = project(folder, review)
    its.query()
    its.push()
    samples = its.store.batches.asked()
    for number, sample in enumerate(samples):
        label = true_label(its, sample)
        say(its, sample, ann=label if number else {"ham": "spam", "spam": "ham"}[label])
    gold = {gold.sample_id: gold for gold in its.review().gold}[samples[0]]

    assert (0, 1, True) == (gold.votes_for, gold.votes_cast, gold.model_voter)
    assert f"posterior {gold.probability:.3f} (0 of 1 votes; the model voter)" == gold.decided_by
    agreement = its.status().agreement
    assert (1, 0) == (agreement["posterior"], agreement["majority"])
    assert len(samples) - 1 == agreement["one_vote"]
    words = "1 by posterior, without a majority of votes"
    decides = "The posterior of the votes and the end model decides, not their number."
    said = " ".join(run(folder, "-c", "project.yaml", "status").stdout.split())
    assert f"{words}. {decides}" in said
    assert f"{words}. {decides}" in write_report(its).read_text("utf-8")
    log = run(folder, "-c", "project.yaml", "log", samples[0]).stdout
    assert "by the rule 'posterior', with the model voter; probability" in log
    assert "0 of 1 votes for it" in log


def test_the_event_of_an_exported_label_has_what_decided_it(folder):
    review = "{rule: posterior, min_votes: 1, max_votes: 1, model_voter: true, expert_quota: 0}"
    its, _ = asked(folder, review)
    its.review()
    its.export()
    before = {gold.sample_id: gold.decided_by for gold in its.review().gold}
    frozen = its.store.events.all([lb.records.EventKind.FROZEN])

    assert {event.sample_id for event in frozen} == set(before)
    assert all(event.about["model_voter"] for event in frozen)
    assert all("the model voter" in words for words in before.values())


def test_what_the_model_says_of_a_sample_ignores_its_own_votes(folder):
    its, samples = asked(folder, "{rule: posterior, min_votes: 1, model_voter: true}")
    its.review()
    before = its.people.model_voter.latest().of_samples(samples[:1]).to_array()
    first = samples[0]
    changed = "ham" if true_label(its, first) == "spam" else "spam"
    later = WHEN + datetime.timedelta(minutes=1)
    its.add_annotations([lb.Annotation(first, who, changed, WHEN, later) for who in ("ann", "bob")])
    its.review()

    after = its.people.model_voter.latest().of_samples(samples[:1]).to_array()
    assert after == pytest.approx(before, abs=1e-9)


def test_a_dry_run_fits_the_voter_and_stores_nothing(folder):
    its, _ = asked(folder, "{rule: posterior, min_votes: 1, model_voter: true}")
    dry = its.review(dry_run=True)

    assert its.people.model_voter.latest() is None
    assert repr(dry) == repr(its.review())


def test_pulled_votes_are_judged_with_all_others(folder):
    """A vote is not settled by itself: who gave it is known from other samples."""
    its, samples = asked(folder, "{rule: posterior, max_votes: 4, accept: 0.8}")
    states = its.store.batches.states()

    verdict = its.people.verdict(its.people.current_annotations(its.samples))
    gold = {label.sample_id for label in verdict.gold}
    last = samples[-1]
    assert (last in gold) == (states[last] == "settled")


@pytest.mark.parametrize(
    ("review", "message"),
    [
        ("{accept: 0.9}", "does not use 'accept'"),
        ("{rule: posterior, accept: 0.9, budget: 2.5}", "One setting must say"),
        ("{rule: majority, costs: {error: 9}}", r"does not use .costs\['error'\]"),
        ("{rule: posterior, costs: {error: 9, experts: 5}}", "Did you mean 'expert'"),
        ("{rule: posterior, budget: 9}", "from `min_votes` to `max_votes`"),
    ],
)
def test_settings_that_nothing_would_use_are_errors_of_the_config(folder, review, message):
    with pytest.raises(lb.LabelingError, match=message):
        project(folder, review)


def test_a_budget_is_spent_on_the_most_doubtful_samples(folder):
    its, samples = asked(folder, "{rule: posterior, max_votes: 4, budget: 2.2, expert_quota: 0}")
    for _ in range(8):
        pending = its.review().pending
        if not pending:
            break
        for request in pending:
            who = next(one for one in ("cem", "dan") if one not in request.not_annotators)
            say(its, request.sample_id, **{who: true_label(its, request.sample_id)})
    verdict = its.review()

    assert 88 == sum(gold.votes_cast for gold in verdict.gold)
    assert all(gold.votes_cast > 2 for gold in verdict.gold if gold.sample_id in set(samples[:4]))


def test_changing_the_rule_is_noticed_as_a_change_of_the_policy(folder):
    its, _ = asked(folder, "{escalate: no_majority}")
    its.review()
    assert 0 == its.status().to_review

    assert project(folder, "{rule: posterior}").status().to_review > 0


def test_a_reviewer_may_name_another_cause_which_is_kept_with_the_decision(folder):
    """The model was sure of one label before, and one of two reliable people gave the other."""
    its, _ = asked(folder, "{escalate: any_conflict}")
    (first, *_) = its.review().escalations
    assert "slip" == first.cause

    sample = first.sample_id
    what = {"by": "dora", "reason": "which of two words counts?"}
    decision = its.decide(sample, true_label(its, sample), **what, cause="guideline gap")
    assert "guideline gap: which of two words counts?" == decision.reason
    stored = its.store.ledger.annotations([sample])[-1]
    assert "guideline gap" == cause_of_decision(stored.reason)
    with pytest.raises(lb.LabelingError, match="Did you mean 'slip'"):
        its.decide(sample, true_label(its, sample), **what, cause="slipp")

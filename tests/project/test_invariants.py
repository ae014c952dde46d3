"""The invariants of the annotation loop hold after any history of people, changes and kills.

A history is a random sequence of what people and projects do, over a real store. `HISTORIES` in
the environment sets how many are tried (`make histories`); the default is a few hundred.
"""

import contextlib
import dataclasses
import functools
import os
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import labeling as lb
from labeling import adjudication
from labeling.adjudication import ReviewPolicy
from labeling.project import annotation_loop
from labeling.project.annotation_loop import AnnotationLoop
from labeling.project.decision_records import freeze
from labeling.project.fingerprints import digest_of_text
from labeling.project.manual_decisions import decision_on
from labeling.project.model_voter import ModelVoter
from labeling.project.work_review import WorkReview
from labeling.records import (
    Batch,
    BatchState,
    EventKind,
    LabelSource,
    SampleState,
    fold,
    live_annotations,
    person_key,
)
from labeling.store import Store
from labeling.store import database as database_module
from tests.support.random_people import Killed, Killer, RandomPeople, Server, make_killable

HISTORIES = int(os.environ.get("HISTORIES", "200"))
SAMPLES = ("a", "b", 3, "3", "e")
PEOPLE = ("Ann", "bob", "cem", "dora")
REVIEWERS = ("rev", "Ann", "eve")  # one of them may have voted
LABELS = ("ham", "spam", "news")
ESCALATIONS = ("no_majority", "any_conflict")
FINAL = (SampleState.SETTLED, SampleState.REVIEWED)
ROUNDS = 8  # of reviews, within which everything is decided
samples_of = st.sampled_from(SAMPLES)
numbers = st.integers(0, 1_000)


@functools.cache
def template():
    """Return the database of a new store, made once: the migrations take longer than a history."""
    folder = Path(tempfile.mkdtemp())
    with Store(folder / "memory", "test").locked("test"):
        pass
    return folder / "memory" / "labeling.db"


def in_memory():
    """Return an engine of a new store's database in memory, all of whose connections are one."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    sa.event.listen(engine, "connect", database_module._set_up_sqlite)
    sa.event.listen(engine, "begin", database_module._begin_sqlite)
    with contextlib.closing(sqlite3.connect(template())) as source:
        connection = engine.raw_connection()
        source.backup(connection.driver_connection)
        connection.close()
    return engine


class Histories(RuleBasedStateMachine):
    """What people do, what a project does, and what must hold after each step."""

    @initialize(n_labels=st.sampled_from([2, 3]), votes=st.integers(1, 3))
    def start(self, n_labels, votes):
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(template(), self.folder / "labeling.db")  # so that a store exists
        self.engine = in_memory()
        self.schema = lb.LabelSchema(LABELS[:n_labels])
        self.policy = ReviewPolicy(votes, max(votes, 2))
        self.texts = dict.fromkeys(SAMPLES, "text")
        self.team = list(PEOPLE)
        self.server, self.killer, self.stack = Server(), Killer(), contextlib.ExitStack()
        self.before, self.in_ledger, self.states = (), (), fold(())
        self.open()

    def open(self):
        """Start a process that works on the project."""
        self.store = Store(self.folder, "test")
        self.store.database.engine = self.engine
        self.stack.enter_context(self.store.locked("test"))
        make_killable(self.store.database, self.killer)
        self.loop = AnnotationLoop(
            self.store,
            self.schema,
            self.policy,
            "text",
            work=WorkReview(self.store),
            model_voter=ModelVoter(lambda: None, self.schema, self.store),
            annotators=lambda: tuple(self.team),
        )

    def platform(self, seed=0):
        shuffled = random.Random(seed)
        return RandomPeople(
            self.server, self.killer, lambda items: shuffled.sample(items, len(items))
        )

    def data(self):
        return pd.DataFrame({"text": self.texts.values()}, index=pd.Index(self.texts, dtype=object))

    def do(self, step, kill=0):
        """Do a step of a project; a killed process is followed by another one."""
        self.killer.countdown = kill
        try:
            step()
        except Killed:
            self.killer.countdown = 0
            self.stack.close()
            self.open()
        self.killer.countdown = 0

    # What a project does.

    @rule(n=st.integers(1, 3), kill=st.sampled_from([0, 0, 0, 1, 2]))
    def choose(self, n, kill):
        self.do(lambda: self._choose(n), kill)

    def _choose(self, n):
        self.loop.release_unsent_batch()
        number, state = self.store.batches.last()
        if state == BatchState.PUSHING:
            return
        number += state == BatchState.PUSHED
        used = {*self.store.batches.asked(), *self.store.ledger.sample_ids()}
        ids = [key for key in self.texts if key not in used][:n]
        if not ids:
            self.store.batches.forget(number)
            return
        batch = Batch(pd.DataFrame({"stratum": "random"}, index=pd.Index(ids, dtype=object)))
        digests = {key: digest_of_text(self.texts[key]) for key in ids}
        models = dict.fromkeys(ids, (self.schema.labels[0], 0.5))
        about = {"strategy": "random", "seed": 0, "made_at": "2026"}
        self.store.batches.choose(number, batch, models, digests, **about)

    @rule(kill=st.sampled_from([0, 0, 1, 2, 3, 4, 5]))
    def push(self, kill):
        self.do(lambda: self.loop.push(self.platform(), self.data), kill)

    @rule(seed=numbers, kill=st.sampled_from([0, 0, 0, 1, 2]))
    def pull(self, seed, kill):
        self.do(lambda: self.loop.pull(self.platform(seed)), kill)

    @rule(seed=numbers)
    def pull_twice_in_another_order(self, seed):
        """I2: nothing is new the second time."""
        self.loop.pull(self.platform(seed))
        events = self.store.events.count()
        again = self.loop.pull(self.platform(seed + 1))

        assert () == again.news
        assert events == self.store.events.count()
        shown = Counter(self.server.current.values())
        assert not shown - Counter(self.store.ledger.annotations())  # I1: no vote is lost

    @rule(kill=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5]))
    def review(self, kill):
        self.do(lambda: self.loop.review(self.platform(), self.data), kill)

    @rule()
    def review_twice(self):
        """A second review decides the same, and asks for nothing."""
        verdict = self.loop.review(self.platform(), self.data)
        events, questions = self.store.events.count(), len(self.server.questions)

        assert verdict == self.loop.review(self.platform(), self.data)
        assert (events, questions) == (self.store.events.count(), len(self.server.questions))

    @rule(votes=st.integers(1, 3), how=st.sampled_from([None, *ESCALATIONS, "posterior"]))
    def change_the_policy(self, votes, how):
        self.policy = ReviewPolicy(
            votes, max(votes, 2), escalate=how if how in ESCALATIONS else None
        )
        if how == "posterior":
            self.policy = ReviewPolicy(votes, max(votes, 2), rule="posterior")
        self.loop = dataclasses.replace(self.loop, policy=self.policy)

    @rule()
    def export(self):
        if set(SAMPLES) == set(self.texts):
            verdict = self.loop.verdict(self.loop.current_annotations(self.data()))
            freeze(self.store, verdict, self.loop.policy_in_force(), str(verdict))

    @rule(seed=numbers)
    def review_by_other_skills(self, seed):
        """I9: a rule that decides differently when it is computed again changes no frozen label."""
        frozen = {
            key: history.frozen
            for key, history in self.states.samples.items()
            if history.frozen is not None
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(annotation_loop, "review", other_skills(seed, self.schema))
            self.loop.decide(self.platform(), self.data())
        after = fold(self.store.events.all()).samples
        for key in frozen:
            if not self.is_anything_new_since_frozen(key):
                assert frozen[key] == after[key].label == after[key].frozen

    def is_anything_new_since_frozen(self, key):
        """Return whether annotations, the text, the policy or who is paused are others."""
        of_sample = self.store.events.of_sample(key)
        last = max(
            (one for one in of_sample if one.kind == EventKind.FROZEN), key=lambda one: one.number
        )
        policies = {one.number: one.about for one in self.store.events.all()}
        now = self.store.events.last(EventKind.POLICY_CHANGED).number
        return (
            any("annotation" in one.about for one in of_sample if one.number > last.number)
            or policies[now] != policies[last.about["policy"]]
            or self.texts.get(key) != "text"
            or bool(self.loop.work.state().paused)
        )

    @rule(sample=samples_of, label=numbers, by=st.sampled_from(REVIEWERS))
    def decide(self, sample, label, by):
        name = self.schema.labels[label % len(self.schema)]
        try:
            decision = decision_on(
                self.loop, self.data(), sample, name, by=by, reason="the guidelines say so"
            )
        except lb.LabelingError:
            return
        self.do(lambda: self.loop.add_decision(decision, self.data()))

    @rule(sample=samples_of)
    def remove_a_sample_or_put_it_back(self, sample):
        if self.texts.pop(sample, None) is None:
            self.texts[sample] = "text"

    @rule(sample=samples_of)
    def change_a_text_or_restore_it(self, sample):
        if sample in self.texts:
            self.texts[sample] = "other text" if self.texts[sample] == "text" else "text"

    # What people do.

    @rule(which=numbers, label=numbers, shown=st.booleans())
    def answer(self, which, label, shown):
        open_questions = self.server.may_answer(self.team)
        if open_questions:
            sample, person = open_questions[which % len(open_questions)]
            name = (*self.schema.labels, None)[label % (len(self.schema) + 1)]
            self.server.annotate(sample, person, name, prelabel_shown=shown)

    @rule(sample=samples_of, person=st.sampled_from(["Ann", "ANN ", "zoe"]), label=numbers)
    def answer_unasked(self, sample, person, label):
        self.server.annotate(sample, person, self.schema.labels[label % len(self.schema)])

    @rule(which=numbers, label=numbers, reviewer=st.sampled_from(REVIEWERS))
    def answer_as_reviewer(self, which, label, reviewer):
        open_questions = self.server.to_review()
        if open_questions:
            sample = open_questions[which % len(open_questions)]
            name = (*self.schema.labels, None)[label % (len(self.schema) + 1)]
            self.server.annotate(sample, reviewer, name, reviewer=True, reason="seen before")

    @rule(which=numbers, label=numbers)
    def change_an_answer(self, which, label):
        if self.server.standing():
            answer = self.server.standing()[which % len(self.server.standing())]
            name = (*self.schema.labels, None)[label % (len(self.schema) + 1)]
            self.server.change(answer, label=name)

    @rule(which=numbers)
    def delete_an_answer(self, which):
        if self.server.standing():
            answer = self.server.standing()[which % len(self.server.standing())]
            self.server.change(answer, deleted=True)

    @rule(person=st.sampled_from(PEOPLE), seed=numbers)
    def reject_all_work_of_somebody(self, person, seed):
        """I11: no other label than those that depended on these votes is open again."""
        self.loop.pull(self.platform(seed))
        self.loop.decide(self.platform(), self.data())
        before = fold(self.store.events.all()).samples
        votes = [
            vote
            for vote in live_annotations(self.store.ledger.annotations())
            if not vote.reviewer and person_key(vote.annotator) == person_key(person)
        ]
        self.loop.work.reject_votes(votes, "not by the guidelines", by="rev")
        self.loop.update_states({vote.sample_id for vote in votes})
        after = fold(self.store.events.all()).samples
        depended = {vote.sample_id for vote in votes if vote.label is not None}
        if self.policy.rule == "majority":  # skills depend on all votes of a person
            for key, history in before.items():
                assert key in depended or history.label == after[key].label

    @rule(person=st.sampled_from(PEOPLE))
    def pause_somebody_or_let_them_go_on(self, person):
        work = self.loop.work
        change = work.resume if person_key(person) in work.state().paused else work.pause
        change(person, "too fast", by="rev")
        self.loop.update_states(self.store.ledger.sample_ids())

    @rule(person=st.sampled_from(PEOPLE))
    def leave_or_come_back(self, person):
        if person in self.team:
            self.team.remove(person)
        else:
            self.team.append(person)

    # What must hold.

    @invariant()
    def all_invariants_hold(self):
        annotations, events = self.store.ledger.annotations(), self.store.events.all()
        if events == self.before and annotations == self.in_ledger:
            return  # nothing was stored in this step
        assert self.in_ledger == annotations[: len(self.in_ledger)]  # I1: what is stored stays
        assert self.before == events[: len(self.before)]
        n_known = len(self.before)
        self.in_ledger, self.before, self.states = annotations, events, fold(events)
        self.what_is_stored_follows_from_the_events()
        self.everybody_has_one_vote()
        self.a_final_label_has_one_cause(n_known)
        self.it_is_recorded_who_saw_a_label()

    def what_is_stored_follows_from_the_events(self):
        """I8 and the chain; I10: each sample is in one state."""
        check = self.store.check()
        assert () == check.findings
        assert check.samples == sum(self.store.batches.counts().values())
        assert check.samples == sum(self.states.counts().values())

    def everybody_has_one_vote(self):
        """I3, and the fold counts the votes that the ledger counts."""
        live = live_annotations(self.in_ledger)
        keys = [(one.sample_id, person_key(one.annotator), one.reviewer) for one in live]
        assert len(keys) == len(set(keys))
        folded = {
            (one.sample_id, person_key(one.annotator), one.reviewer): one.label
            for history in self.states.samples.values()
            for one in history.votes
        }
        assert folded == dict(zip(keys, (one.label for one in live), strict=True))

    def a_final_label_has_one_cause(self, n_known):
        """I4, I5, I6: an event gave it, of votes that counted then, by somebody who had no vote."""
        for key, history in self.states.samples.items():
            assert (history.label is not None) == (history.state in FINAL)
            assert history.frozen is None or history.frozen == history.label
            if history.decided_by is None or history.decided_by <= n_known:
                continue
            cause = self.before[history.decided_by - 1]
            assert (cause.sample_id, cause.about["label"]) == (key, history.label)
            then = fold(self.before[: history.decided_by]).samples[key].votes
            counted = {(person_key(one.annotator), one.label) for one in then if not one.reviewer}
            named = {(person_key(who), label) for who, label, _ in cause.about["votes"]}
            assert named <= counted
            if cause.kind == EventKind.SETTLED:
                assert history.label in {label for _, label in named}
            else:
                assert cause.about["source"] == LabelSource.REVIEW
                assert person_key(cause.actor) not in {who for who, _ in counted}
                assert cause.about["reason"]

    def it_is_recorded_who_saw_a_label(self):
        """I12."""
        of_events = [event for event in self.before if "annotation" in event.about]
        for event, annotation in zip(of_events, self.in_ledger, strict=True):
            assert event.about.get("prelabel_shown", False) == annotation.prelabel_shown

    def teardown(self):
        if hasattr(self, "loop"):
            self.everything_can_be_finished_without_annotators()
            self.the_order_of_arrival_does_not_matter()
            self.stack.close()
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def everything_can_be_finished_without_annotators(self):
        """I7: with no annotator left reviewers decide all, and nothing waits."""
        self.team, self.texts = [], dict.fromkeys(SAMPLES, "text")
        self.loop.push(self.platform(), self.data)
        for _ in range(ROUNDS):
            self.loop.pull(self.platform())
            self.loop.review(self.platform(), self.data)
            if not self.store.batches.awaited():
                break
            for sample in self.server.to_review():
                label = self.schema.labels[0]
                self.server.annotate(sample, "last", label, reviewer=True, reason="last")
        assert () == self.store.batches.awaited()
        self.all_invariants_hold()

    def the_order_of_arrival_does_not_matter(self):
        """I2: the same annotations in another order, in another store, give the same verdicts."""
        annotations = list(self.store.ledger.annotations())
        other = Store(self.folder, "test")
        other.database.engine = in_memory()
        random.Random(len(annotations)).shuffle(annotations)
        other.ledger.append(annotations)
        voter = ModelVoter(lambda: None, self.schema, other)
        loop = dataclasses.replace(self.loop, store=other, model_voter=voter)
        verdicts = [
            one.verdict(live_annotations(one.store.ledger.annotations()))
            for one in (loop, self.loop)
        ]
        labels = [{gold.sample_id: gold.label for gold in verdict.gold} for verdict in verdicts]
        assert labels[0] == labels[1]
        other.database.engine.dispose()


def other_skills(seed, schema):
    """Return a review by a rule that is surer of other people: some settled labels are others."""

    def review(annotations, *arguments, **options):
        verdict = adjudication.review(annotations, *arguments, **options)
        draws = random.Random(seed)
        gold = []
        for one in sorted(verdict.gold, key=lambda gold: repr(gold.sample_id)):
            voted = sorted({vote.label for vote in one.trace if vote.label})
            is_review = one.source == LabelSource.REVIEW
            gold.append(
                dataclasses.replace(one, label=one.label if is_review else draws.choice(voted))
            )
        return dataclasses.replace(verdict, gold=tuple(gold))

    return review


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=20,
    derandomize=HISTORIES <= 200,
    phases=[Phase.generate],  # a history of 20 steps is read faster than it is made shorter
)

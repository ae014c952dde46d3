"""A platform in memory whose people do anything at any time, and kills between any two steps."""

import contextlib
import datetime
import itertools

from labeling.records import (
    Annotation,
    AnnotationPlatform,
    Fetched,
    MessageKind,
    person_key,
    waiting_on,
)

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Killed(BaseException):
    """The process ends here."""


class Killer:
    """Kills at the n-th step from now; 0 is never."""

    def __init__(self):
        self.countdown = 0

    def step(self):
        if self.countdown:
            self.countdown -= 1
            if not self.countdown:
                raise Killed


def make_killable(database, killer):
    """Let a process be killed before and after each transaction of a database."""
    writing = database.writing

    @contextlib.contextmanager
    def killable():
        if database._open is not None:
            with writing() as connection:
                yield connection
            return
        with writing() as connection:
            yield connection
            killer.step()  # what was written is rolled back
        killer.step()

    database.writing = killable


class Server:
    """What is on the platform, whichever process looks: questions, and all versions of answers."""

    def __init__(self):
        self.questions = {}  # message key -> message
        self.versions = []  # every annotation that was ever there
        self.current = {}  # platform id -> its newest version
        self._ids = itertools.count(1)
        self._seconds = itertools.count(1)

    def now(self):
        return START + datetime.timedelta(seconds=next(self._seconds))

    def annotate(self, sample_id, person, label, **more):
        when = self.now()
        platform_id = str(next(self._ids))
        self._add(Annotation(sample_id, person, label, when, when, platform_id=platform_id, **more))

    def change(self, annotation, **changes):
        """Let somebody change an annotation, which makes a new version of it."""
        values = {name: getattr(annotation, name) for name in annotation.__dataclass_fields__}
        self._add(Annotation(**{**values, "updated_at": self.now(), **changes}))

    def _add(self, annotation):
        self.versions.append(annotation)
        self.current[annotation.platform_id] = annotation

    def standing(self):
        """Return the newest versions that were not deleted."""
        return [one for one in self.current.values() if not one.deleted]

    def voted(self, sample_id):
        return {
            person_key(one.annotator)
            for one in self.standing()
            if one.sample_id == sample_id and not one.reviewer
        }

    def may_answer(self, team):
        """Return pairs of a sample and somebody who was asked about it and has not answered."""
        asked = {}
        for question in self.questions.values():
            if question.kind != MessageKind.ESCALATE:
                barred, votes = asked.get(question.sample_id, (set(), 0))
                barred = barred | set(map(person_key, question.not_annotators))
                asked[question.sample_id] = (barred, votes + question.votes)
        return [
            (sample_id, person)
            for sample_id, (barred, votes) in asked.items()
            if len(self.voted(sample_id)) < votes
            for person in team
            if person_key(person) not in barred | self.voted(sample_id)
        ]

    def to_review(self):
        """Return the samples that a reviewer was asked about and has not labeled."""
        labeled = {one.sample_id for one in self.standing() if one.reviewer and one.label}
        return [
            question.sample_id
            for question in self.questions.values()
            if question.kind == MessageKind.ESCALATE and question.sample_id not in labeled
        ]


class RandomPeople(AnnotationPlatform):
    """One process's view of a server; it may be killed between any two steps of a delivery."""

    def __init__(self, server, killer, shuffled=lambda items: items):
        self.server = server
        self.killer = killer
        self.shuffled = shuffled

    def push(self, batch, samples, soft=None, *, outbox=None):
        self._deliver(outbox, MessageKind.ASK, batch.sample_ids)

    def ask_again(self, pending, samples=None, *, outbox=None):
        self._deliver(outbox, MessageKind.ASK_AGAIN, [one.sample_id for one in pending])

    def escalate(self, escalations, samples, *, outbox=None):
        self._deliver(outbox, MessageKind.ESCALATE, [one.sample_id for one in escalations])

    def fetch(self, state):
        """Return every version that is to be seen, in any order.

        A version that was replaced before anybody fetched it is gone.
        """
        return Fetched(tuple(self.shuffled(list(self.server.current.values()))))

    def _deliver(self, outbox, kind, sample_ids):
        messages = waiting_on(outbox, kind, sample_ids)
        outbox.begin(messages)
        for message in messages:
            self.killer.step()
            self.server.questions.setdefault(message.key, message)
        self.killer.step()
        outbox.confirm({message.key: f"task {message.number}" for message in messages})

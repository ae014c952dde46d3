"""An annotation platform without a server that replays recorded votes, for demos and tests."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from labeling.errors import PlatformError, listed
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    AskAgain,
    Batch,
    Escalation,
    Fetched,
    Label,
    LabelSchema,
    Message,
    MessageKind,
    NewMessage,
    Outbox,
    SoftLabels,
    generator_of,
    person_key,
    random_order,
    read_label,
    require_column,
    waiting_on,
)

START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
"""The time of the first annotation; each later one follows a second after the one before."""


class Replay(AnnotationPlatform):
    """A platform whose annotators are recorded votes, and whose reviewer is recorded decisions.

    Each vote is used at most once. The order of a sample's votes depends on the seed and the
    sample, not on the order of the table.

    Args:
        votes: recorded votes, one per row: columns `sample`, `annotator`, `label`. Several labels,
            and spans, also as text, see `read_label`; a missing label is a skip.
        schema: the labels.
        reviewer: sample id -> the reviewer's label, or `None` where the reviewer could not decide;
            `None` instead of a mapping if there is no reviewer.
        votes_per_sample: how many annotators are asked at first.
        rng: the seed.
        heard: the messages delivered to an earlier object, in order; they get the same answers.

    Attributes:
        annotators: whose votes on each sample are recorded. Pass it to `review(annotators=)`, so
            that a sample without votes left goes to the reviewer.

    Raises:
        DataError: a column is missing.
        PlatformError: an annotator voted twice on one sample, or a sample or annotator is missing.
        UnknownLabelError: a label is not in the schema.

    >>> recorded = pd.DataFrame(
    ...     {
    ...         "sample": ["a", "a", "a"],
    ...         "annotator": ["x", "y", "z"],
    ...         "label": ["spam", "ham", "spam"],
    ...     }
    ... )
    >>> platform = Replay(recorded, LabelSchema(["ham", "spam"]), votes_per_sample=2, rng=0)
    >>> batch = Batch(pd.DataFrame({"stratum": ["random"]}, index=["a"]))
    >>> platform.push(batch, pd.DataFrame({"text": ["hi"]}, index=["a"]))
    >>> len(platform.pull())
    2
    >>> platform.ask_again([AskAgain("a", 1, ())])
    >>> len(platform.pull())
    3
    """

    answers_at_once = True

    def __init__(
        self,
        votes: pd.DataFrame,
        schema: LabelSchema,
        *,
        reviewer: Mapping[Hashable, object] | None = None,
        votes_per_sample: int = 2,
        rng: np.random.Generator | int = 0,
        heard: Iterable[Message] = (),
    ) -> None:
        self.schema = schema
        self.votes_per_sample = votes_per_sample
        self._decisions = dict(reviewer or {})
        self._has_reviewer = reviewer is not None
        votes = _checked_votes(votes, schema)
        self._remaining = _shuffled_votes(votes, generator_of(rng))
        self.annotators = annotators_in(votes)
        self._rounds: dict[Hashable, int] = {}
        self._reviewed: set[Hashable] = set()
        self._asked_in_vain: set[Hashable] = set()
        self._ledger: list[Annotation] = []
        for message in heard:
            self._answer(message)

    def __repr__(self) -> str:
        return f"Replay({len(self._remaining)} samples)"

    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftLabels | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for the first votes on each sample of a batch; a sample is asked once.

        Args:
            batch: the chosen samples.
            samples: unused: the recorded annotators have seen the samples.
            soft: unused: the recorded annotators were shown no labels.
            outbox: holds the messages to deliver; `None` asks for the whole batch.

        Raises:
            PlatformError: a sample of the batch has no recorded votes at all.
        """
        unknown = [own for own in batch.sample_ids if own not in self._remaining]
        if unknown:
            raise PlatformError(
                f"{len(unknown)} of {len(batch)} samples of the batch have no recorded votes:"
                f" {listed(unknown)}. Do the ids of samples and votes have the same type? If so,"
                " choose only samples that have some."
            )
        new = (
            NewMessage(MessageKind.ASK, sample_id, votes=self.votes_per_sample)
            for sample_id in batch.sample_ids
            if sample_id not in self._rounds
        )
        self._deliver(
            self.outbox_or_own(outbox, MessageKind.ASK, new), MessageKind.ASK, batch.sample_ids
        )

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Replay the votes that are still needed, as far as there are any left.

        Raises:
            PlatformError: asked without an outbox, twice in vain: no vote is left on any of these
                samples, so that a loop that goes on while samples are pending would never end.
        """
        kind = MessageKind.ASK_AGAIN
        if outbox is None:
            self._refuse_to_be_asked_in_vain(pending)
        new = (
            NewMessage(
                kind,
                request.sample_id,
                votes=request.votes_needed,
                not_annotators=tuple(request.not_annotators),
            )
            for request in pending
        )
        sample_ids = [request.sample_id for request in pending]
        self._deliver(self.outbox_or_own(outbox, kind, new), kind, sample_ids)

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Replay the reviewer's decision on each sample, once.

        Messages about samples without a recorded decision stay in the outbox.

        Raises:
            PlatformError: there is neither a reviewer nor an outbox.
        """
        if outbox is None and not self._has_reviewer:
            raise PlatformError("This replay has no reviewer: give `reviewer=` recorded decisions.")
        kind = MessageKind.ESCALATE
        decided = [
            escalation.sample_id
            for escalation in escalations
            if escalation.sample_id in self._decisions
        ]
        new = (NewMessage(kind, sample_id) for sample_id in decided)
        self._deliver(self.outbox_or_own(outbox, kind, new), kind, decided)

    def fetch(self, state: str) -> Fetched:
        """Return all annotations so far, in order."""
        return Fetched(tuple(self._ledger))

    def _refuse_to_be_asked_in_vain(self, pending: Sequence[AskAgain]) -> None:
        """Raise a PlatformError if these samples, all without votes left, were asked about so."""
        asked = {request.sample_id for request in pending}
        if any(map(self._can_answer, pending)):
            asked = set()
        elif asked and asked <= self._asked_in_vain:
            raise PlatformError(
                f"No recorded votes are left on {listed(asked)}, and somebody asks again. Pass"
                " `annotators=platform.annotators` to `review`: then samples without anybody left"
                " to ask go to the reviewer."
            )
        self._asked_in_vain = asked

    def _can_answer(self, request: AskAgain) -> bool:
        excluded = set(map(person_key, request.not_annotators))
        remaining = self._remaining.get(request.sample_id, ())
        return any(person_key(annotator) not in excluded for annotator, _ in remaining)

    def votes_left(self, sample_id: Hashable) -> int:
        """Return how many recorded votes on a sample were not used yet."""
        return len(self._remaining.get(sample_id, ()))

    def _deliver(self, outbox: Outbox, kind: MessageKind, sample_ids: Iterable[Hashable]) -> None:
        messages = waiting_on(outbox, kind, sample_ids)
        outbox.begin(messages)
        for message in messages:
            self._answer(message)
        outbox.confirm({message.key: message.key for message in messages})

    def _answer(self, message: Message) -> None:
        if message.kind == MessageKind.ESCALATE:
            self._decide(message.sample_id)
        else:
            self._vote(message.sample_id, message.votes, message.not_annotators)

    def _decide(self, sample_id: Hashable) -> None:
        if sample_id in self._decisions and sample_id not in self._reviewed:
            self._reviewed.add(sample_id)
            decision = read_label(self._decisions[sample_id], self.schema)
            self._append(sample_id, "reviewer", decision, reviewer=True)

    def _vote(self, sample_id: Hashable, count: int, not_annotators: Sequence[str]) -> None:
        remaining = self._remaining.get(sample_id, collections.deque())
        self._rounds[sample_id] = self._rounds.get(sample_id, 0) + 1
        excluded = set(map(person_key, not_annotators))
        usable = [vote for vote in remaining if person_key(vote[0]) not in excluded][:count]
        for annotator, label in usable:
            remaining.remove((annotator, label))
            self._append(sample_id, annotator, label)

    def _append(
        self, sample_id: Hashable, annotator: str, label: Label | None, *, reviewer: bool = False
    ) -> None:
        when = START + datetime.timedelta(seconds=len(self._ledger))
        self._ledger.append(
            Annotation(
                sample_id=sample_id,
                annotator=annotator,
                label=label,
                created_at=when,
                updated_at=when,
                platform_id=f"replay-{len(self._ledger) + 1}",
                round=self._rounds.get(sample_id, 1),
                reviewer=reviewer,
            )
        )


def annotators_in(votes: pd.DataFrame) -> dict[Hashable, tuple[str, ...]]:
    """Return whose votes on each sample are recorded; nobody else can ever answer.

    Args:
        votes: columns `sample` and `annotator`.

    >>> annotators_in(pd.DataFrame({"sample": ["a", "a"], "annotator": ["x", "y"]}))
    {'a': ('x', 'y')}
    """
    require_column(votes, "annotator", "recorded votes")
    annotators: dict[Hashable, list[str]] = {}
    for sample_id, annotator in zip(
        votes["sample"].tolist(), votes["annotator"].tolist(), strict=True
    ):
        annotators.setdefault(sample_id, []).append(str(annotator))
    return {sample_id: tuple(names) for sample_id, names in annotators.items()}


def _checked_votes(votes: pd.DataFrame, schema: LabelSchema) -> pd.DataFrame:
    """Return recorded votes, with `None` for each skip, after checking every row."""
    for column in ("sample", "annotator", "label"):
        require_column(votes, column, "recorded votes")
    is_missing = votes[["sample", "annotator"]].isna().any(axis=1).to_numpy()
    if is_missing.any():
        raise PlatformError(
            "Recorded votes must name a sample and an annotator. Missing in rows"
            f" {listed(np.flatnonzero(is_missing).tolist())}."
        )
    keys = votes["annotator"].map(lambda name: person_key(str(name)))
    is_repeated = votes.assign(annotator=keys).duplicated(["sample", "annotator"])
    if is_repeated.any():
        pairs = votes.loc[is_repeated, ["sample", "annotator"]].itertuples(index=False, name=None)
        raise PlatformError(
            f"Recorded votes must name an annotator once per sample. Twice: {listed(pairs)}."
        )
    labels = np.empty(len(votes), dtype=object)
    labels[:] = [read_label(label, schema) for label in votes["label"].tolist()]
    return votes.assign(label=pd.Series(labels, index=votes.index, dtype=object))


def _shuffled_votes(
    votes: pd.DataFrame, rng: np.random.Generator
) -> dict[Hashable, collections.deque[tuple[str, Label | None]]]:
    """Return each sample's votes in the order in which they are replayed."""
    keys = pd.Index(votes["sample"].astype(str) + "\x1f" + votes["annotator"].astype(str))
    shuffled = votes.iloc[random_order(keys, rng)]
    queues: dict[Hashable, collections.deque[tuple[str, Label | None]]] = {}
    for sample_id, annotator, label in zip(
        shuffled["sample"].tolist(),
        shuffled["annotator"].tolist(),
        shuffled["label"].tolist(),
        strict=True,
    ):
        queues.setdefault(sample_id, collections.deque()).append((str(annotator), label))
    return queues

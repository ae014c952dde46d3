"""An annotation platform without a server: recorded votes are played back (demo, tests)."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from labeling.errors import PlatformError, shown
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    Kind,
    LabelSchema,
    Message,
    Outbox,
    SoftLabels,
    generator_of,
    order_by_chance,
    person_key,
    require_column,
    waiting_on,
)

BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
"""When a replay starts; each annotation comes a second after the one before."""


class Replay:
    """Recorded human votes play the annotators, and recorded decisions the reviewer.

    Each vote is played at most once. Which of a sample's votes come first depends on the seed and
    the sample, not on the order of the table.

    Args:
        votes: recorded votes, one a row: columns `sample`, `annotator`, `label`.
        schema: the labels.
        reviewer: from sample id to the reviewer's label, `None` where the reviewer could not
            decide; `None` instead of a mapping when there is no reviewer.
        votes_per_sample: how many annotators are asked at first.
        rng: the seed.
        heard: what was asked of this platform before, in order; it says again what it said then.

    Attributes:
        annotators: whose votes on each sample are recorded; `review(annotators=)` takes it, so that a
            sample whose votes are used up goes to the reviewer.

    Raises:
        DataError: a column is missing.
        PlatformError: somebody voted twice on one sample, or a sample or annotator is missing.
        UnknownLabelError: a label that the schema does not have.

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

    def __init__(
        self,
        votes: pd.DataFrame,
        schema: LabelSchema,
        *,
        reviewer: Mapping[Hashable, str | None] | None = None,
        votes_per_sample: int = 2,
        rng: np.random.Generator | int = 0,
        heard: Iterable[Message] = (),
    ) -> None:
        for column in ("sample", "annotator", "label"):
            require_column(votes, column, "recorded votes")
        gaps = votes[["sample", "annotator"]].isna().any(axis=1).to_numpy()
        if gaps.any():
            raise PlatformError(
                "Recorded votes must name a sample and an annotator. Missing in rows"
                f" {shown(np.flatnonzero(gaps).tolist())}."
            )
        people = votes["annotator"].map(lambda name: person_key(str(name)))
        doubled = votes.assign(annotator=people).duplicated(["sample", "annotator"])
        if doubled.any():
            who = votes.loc[doubled, ["sample", "annotator"]].itertuples(index=False, name=None)
            raise PlatformError(
                f"Recorded votes must name an annotator once a sample. Twice: {shown(who)}."
            )
        votes = votes.assign(
            label=pd.Series(
                [None if pd.isna(label) else label for label in votes["label"].tolist()],
                index=votes.index,
                dtype=object,
            )
        )
        for label in votes["label"].unique():
            if label is not None:
                schema.index(label)
        self.schema = schema
        self.votes_per_sample = votes_per_sample
        self._reviewer = None if reviewer is None else dict(reviewer)
        self._waiting = _dealt(votes, generator_of(rng))
        self.annotators = annotators_in(votes)
        self._asked: dict[Hashable, int] = {}
        self._reviewed: set[Hashable] = set()
        self._ledger: list[Annotation] = []
        for message in heard:
            self._answer(message)

    def __repr__(self) -> str:
        return f"Replay({len(self._waiting)} samples)"

    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftLabels | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for the first votes of each sample of a batch; a sample is asked once.

        Args:
            batch: the samples chosen.
            samples: unused: the recorded annotators have seen the samples already.
            soft: unused: nothing was shown to them.
            outbox: where what is to be asked waits; `None` asks for the whole batch.

        Raises:
            PlatformError: a sample of the batch has no recorded votes at all.
        """
        unknown = [one for one in batch.sample_ids if one not in self._waiting]
        if unknown:
            raise PlatformError(
                f"{len(unknown)} of {len(batch)} samples of the batch have no recorded votes:"
                f" {shown(unknown)}. Do the ids of samples and votes have the same form? If so,"
                " label only samples that have some."
            )
        if outbox is not None:
            self._deliver(outbox, "ask", batch.sample_ids)
            return
        for sample_id in batch.sample_ids:
            if sample_id not in self._asked:
                self._play(sample_id, self.votes_per_sample, ())

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations played so far, in the order in which they came."""
        return tuple(self._ledger)

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Play the votes that are still needed; of a sample whose votes are used up none is."""
        if outbox is not None:
            self._deliver(outbox, "ask again", [one.sample_id for one in pending])
            return
        for question in pending:
            self._play(question.sample_id, question.votes_needed, question.not_annotators)

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Play the reviewer's decision on each sample, once."""
        if outbox is not None:  # what no decision is recorded of goes on waiting
            decided = [one.sample_id for one in escalations if one.sample_id in self._decisions]
            self._deliver(outbox, "escalate", decided)
            return
        if self._reviewer is None:
            raise PlatformError("This replay has no reviewer: give `reviewer=` recorded decisions.")
        for escalation in escalations:
            self._decide(escalation.sample_id)

    @property
    def _decisions(self) -> Mapping[Hashable, str | None]:
        return self._reviewer or {}

    def votes_left(self, sample_id: Hashable) -> int:
        """Return how many recorded votes on a sample were not played yet."""
        return len(self._waiting.get(sample_id, ()))

    def _deliver(self, outbox: Outbox, kind: Kind, sample_ids: Iterable[Hashable]) -> None:
        messages = waiting_on(outbox, kind, sample_ids)
        outbox.begin(messages)
        for message in messages:
            self._answer(message)
        outbox.confirm({message.key: message.key for message in messages})

    def _answer(self, message: Message) -> None:
        if message.kind == "escalate":
            self._decide(message.sample_id)
        else:
            self._play(message.sample_id, message.votes, message.not_annotators)

    def _decide(self, sample_id: Hashable) -> None:
        if sample_id in self._decisions and sample_id not in self._reviewed:
            self._reviewed.add(sample_id)
            self._append(sample_id, "reviewer", self._decisions[sample_id], reviewer=True)

    def _play(self, sample_id: Hashable, count: int, barred: Sequence[str]) -> None:
        waiting = self._waiting.get(sample_id, collections.deque())
        self._asked[sample_id] = self._asked.get(sample_id, 0) + 1
        never = set(map(person_key, barred))
        usable = [one for one in waiting if person_key(one[0]) not in never][:count]
        for annotator, label in usable:
            waiting.remove((annotator, label))
            self._append(sample_id, annotator, label)

    def _append(
        self, sample_id: Hashable, annotator: str, label: str | None, *, reviewer: bool = False
    ) -> None:
        when = BEGIN + datetime.timedelta(seconds=len(self._ledger))
        self._ledger.append(
            Annotation(
                sample_id=sample_id,
                annotator=annotator,
                label=None if label is None else self.schema.labels[self.schema.index(label)],
                created_at=when,
                updated_at=when,
                platform_id=f"replay-{len(self._ledger) + 1}",
                round=self._asked.get(sample_id, 1),
                reviewer=reviewer,
            )
        )


def annotators_in(votes: pd.DataFrame) -> dict[Hashable, tuple[str, ...]]:
    """Return whose votes on each sample are recorded: who is not among them can never be heard.

    Args:
        votes: columns `sample` and `annotator`.

    >>> annotators_in(pd.DataFrame({"sample": ["a", "a"], "annotator": ["x", "y"]}))
    {'a': ('x', 'y')}
    """
    require_column(votes, "annotator", "recorded votes")
    found: dict[Hashable, list[str]] = {}
    for sample_id, annotator in zip(
        votes["sample"].tolist(), votes["annotator"].tolist(), strict=True
    ):
        found.setdefault(sample_id, []).append(str(annotator))
    return {sample_id: tuple(names) for sample_id, names in found.items()}


def _dealt(
    votes: pd.DataFrame, rng: np.random.Generator
) -> dict[Hashable, collections.deque[tuple[str, str]]]:
    """Return each sample's votes in the order in which they will be played."""
    keys = pd.Index(votes["sample"].astype(str) + "\x1f" + votes["annotator"].astype(str))
    drawn = votes.iloc[order_by_chance(keys, rng)]
    waiting: dict[Hashable, collections.deque[tuple[str, str]]] = {}
    for sample_id, annotator, label in zip(
        drawn["sample"].tolist(), drawn["annotator"].tolist(), drawn["label"].tolist(), strict=True
    ):
        waiting.setdefault(sample_id, collections.deque()).append((str(annotator), label))
    return waiting

"""What rooms may expect of each other without importing each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import pandas as pd

from labeling.records.annotations import Annotation, AskAgain, Batch, Escalation
from labeling.records.gold import ClassBalance, Gold
from labeling.records.outbox import Outbox
from labeling.records.soft_labels import SoftLabels
from labeling.records.votes import Votes


class Aggregator(Protocol):
    """A model that combines votes, of labeling functions and of people alike."""

    def fit(
        self, votes: Votes, *, gold: Gold | None = None, class_balance: ClassBalance | None = None
    ) -> Self:
        """Learn from votes, and from gold labels on some of their samples."""
        ...

    def predict_proba(self, votes: Votes) -> SoftLabels:
        """Return the probability of each label for each sample of the votes."""
        ...


class AnnotationPlatform(Protocol):
    """Where people label: Label Studio, files, or recorded votes played back.

    Alone, a platform sees to it that asking twice asks once. With an `outbox` it asks what waits
    there, and nothing else.

    A platform may have more to say, and a project asks where it does: `problems` (what could not be
    asked or counted), `news()` (what came since, where it can tell; `unread()` where that was not
    kept), `memory` (a text that it wants to be given again next time), `outstanding_votes()` (votes still out,
    by sample), `lost` and `lost_reviews` (what it cannot answer any more), `refused` (what it did not
    take at the last push), `close(sample_ids)` (no more votes are wanted on these), `check(samples)`,
    and `write_back(gold)` (it wants to know what reviewers decided).
    """

    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftLabels | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for annotations of a batch; asking twice asks once."""
        ...

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations known, fetching only the news."""
        ...

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for the votes that are still needed, of people who did not vote yet."""
        ...

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Hand samples to a reviewer."""
        ...

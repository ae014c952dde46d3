"""What came of asking people and of hearing them, or would come of it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labeling.records import Annotation, Batch, Problem, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A batch that was chosen, and what is shown of it.

    Attributes:
        batch: the samples, and why each was chosen.
        table: index = sample id; `text`, `label` and `probability` (the most probable label),
            `second_label` and `second_probability`, then the columns of the batch.
        number: the batch's number.
        replaced: the size and the strategy of a batch that waited, where this one differs in either.
        is_half_pushed: whether people may have some of the batch already, so that it stayed as it
            was, whatever was asked for.
    """

    batch: Batch
    table: pd.DataFrame
    number: int
    replaced: tuple[int, str] | None = None
    is_half_pushed: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did, or would do.

    Attributes:
        batch: the batch's number; 0 where none waited.
        samples: how many samples it has; of a dry run, how many would be asked about.
        sent: how many of the batch were sent before; of a dry run only.
        begun: how many were begun to be sent, and may have arrived; of a dry run only.
        where: the files that people find it in, or the address of their project.
    """

    batch: int
    samples: int
    sent: int = 0
    begun: int = 0
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought.

    Attributes:
        news: the annotations that were not known before.
        known: how many were.
        problems: what came back and could not be counted, for a person to mend.
    """

    news: tuple[Annotation, ...]
    known: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review came to.

    Attributes:
        verdict: on all that people said.
        where: the files in which people are asked more, or the addresses of their projects.
    """

    verdict: Verdict
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a review or a run would do now.

    Attributes:
        verdict: what all that was said comes to.
        ask_again: of how many samples annotators would be asked for more votes.
        escalate: how many samples would be handed to a reviewer.
        unanswered: how many samples nobody has spoken of yet that people were asked about.
        awaited: how many samples people were asked about that would not be settled.
        pulled: what would be fetched; `None` of a review, which fetches nothing.
        applies: whether the labeling functions would be applied first.
        pushes: the number of a batch whose push would be gone on with; 0 where there is none.
        chooses: how many samples would be chosen for the next batch; 0 where people are awaited.
    """

    verdict: Verdict
    ask_again: int
    escalate: int
    unanswered: int
    awaited: int
    pulled: Pulled | None = None
    applies: bool = False
    pushes: int = 0
    chooses: int = 0

"""Checks of annotators' votes by reviewers, as they go to a platform and come back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from labeling.records.spans import Label
from labeling.rendering import Displayed

VoteDecision = Literal["accept", "fix", "reject"]


@dataclass(frozen=True, slots=True)
class CheckRequest(Displayed):
    """A vote that a reviewer is to check, without the name of who gave it.

    Attributes:
        key: identifies the vote; it tells nothing about the annotator.
        sample_id: the sample.
        label: the label that the annotator gave.
        comment: what the annotator wrote.
        not_reviewers: who must not check it: all who annotated the sample.
    """

    key: str
    sample_id: Hashable
    label: Label
    comment: str = ""
    not_reviewers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckAnswer(Displayed):
    """What a reviewer said of a vote.

    Attributes:
        key: that of the request.
        decision: the vote is right (`accept`), another label is (`fix`), or it is asked again
            (`reject`).
        reviewer: who said so.
        label: the right label, of a fix.
        reason: why.
        where: where the answer stands, such as `check.csv, row 3`.
    """

    key: str
    decision: VoteDecision
    reviewer: str
    label: Label | None = None
    reason: str = ""
    where: str = ""

"""Stores what reviewers said on a platform of votes that waited for a check."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from labeling.errors import DataError
from labeling.project.annotation_loop import AnnotationLoop
from labeling.project.vote_checks import VoteToCheck, check_vote
from labeling.records import CheckAnswer, Problem


def take_checks(
    people: AnnotationLoop,
    samples: pd.DataFrame,
    votes: Iterable[VoteToCheck],
    answers: Iterable[CheckAnswer],
) -> tuple[Problem, ...]:
    """Store what reviewers said on a platform of votes that wait for a check.

    Answers about other votes were stored before, or came too late, and are left out.

    Returns:
        The answers that cannot be counted, each with the reason.
    """
    waiting = {vote.key: vote for vote in votes}
    problems = []
    for answer in answers:
        vote = waiting.get(answer.key)
        if vote is None:
            continue
        is_same = answer.decision == "fix" and answer.label == vote.label
        try:
            check_vote(
                people,
                samples,
                vote,
                "accept" if is_same else answer.decision,
                by=answer.reviewer,
                reason=answer.reason,
                label=answer.label,
            )
        except DataError as error:
            problems.append(Problem(answer.where, str(error)))
        else:
            del waiting[answer.key]
    return tuple(problems)

"""Votes on the parts of samples with sets of labels or spans, as votes for names."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from labeling.records import NOTHING, Annotation, Label, answer_parts


class PartVote(NamedTuple):
    """What an annotation says of a part of a sample; the attributes are those of `Annotation`."""

    annotator: str
    label: str | None
    lead_seconds: float | None
    reason: str


Votes = Sequence[Annotation | PartVote]
"""Votes and skips on a sample with one label, or on a part of a sample."""


def votes_of_parts(
    of_sample: Mapping[Hashable, Sequence[Annotation]],
) -> dict[Hashable, list[Votes]]:
    """Return the votes on each part of each sample, with labels that are names.

    Of a set of labels each label is a part with "yes" and "no"; of spans each place is one, with
    the names of the spans' labels. A sample with one label is one part as it is.
    """
    return {sample_id: _parts(votes) for sample_id, votes in of_sample.items()}


def _parts(annotations: Sequence[Annotation]) -> list[Votes]:
    votes = [vote for vote in annotations if vote.label is not None]
    if not votes or isinstance(votes[0].label, str):
        return [annotations]
    skips = [_part_vote(skip, None) for skip in annotations if skip.label is None]
    parts = answer_parts([vote.label for vote in votes if vote.label is not None])
    of_parts: list[Votes] = [
        [
            *map(_part_vote, votes, map(_name, part.answers)),
            *skips,
        ]
        for part in parts
    ]
    return of_parts or [[*(_part_vote(vote, NOTHING) for vote in votes), *skips]]


def _part_vote(annotation: Annotation, label: str | None) -> PartVote:
    return PartVote(annotation.annotator, label, annotation.lead_seconds, annotation.reason)


@functools.singledispatch
def _name(answer: Label) -> str:
    """Return an answer to a part as a name."""
    return str(answer)


@_name.register
def _(answer: frozenset) -> str:  # type: ignore[type-arg]  # by class
    return "yes" if answer else "no"


@_name.register
def _(answer: tuple) -> str:  # type: ignore[type-arg]  # by class
    return " + ".join(label for _, _, label in answer) or NOTHING

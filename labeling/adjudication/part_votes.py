"""Votes on the parts of samples with sets of labels or spans, as votes for names."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Mapping, Sequence

from labeling.records import NOTHING, Annotation, Label, answer_parts

VotesOfParts = dict[Hashable, list[Sequence[Annotation]]]
"""By sample: the annotations of it, for each of its parts with what they say of the part."""


def votes_of_parts(of_sample: Mapping[Hashable, Sequence[Annotation]]) -> VotesOfParts:
    """Return the votes on each part of each sample, with labels that are names.

    Of a set of labels each label is a part with "yes" and "no"; of spans each place is one, with
    the names of the spans' labels. A sample with one label is one part as it is.
    """
    return {sample_id: _parts(votes) for sample_id, votes in of_sample.items()}


def _parts(annotations: Sequence[Annotation]) -> list[Sequence[Annotation]]:
    votes = [vote for vote in annotations if vote.label is not None]
    if not votes or isinstance(votes[0].label, str):
        return [annotations]
    skips = [skip for skip in annotations if skip.label is None]
    parts = answer_parts([vote.label for vote in votes if vote.label is not None])
    of_parts: list[Sequence[Annotation]] = [
        [
            *(
                dataclasses.replace(vote, label=_name(answer))
                for vote, answer in zip(votes, part.answers, strict=True)
            ),
            *skips,
        ]
        for part in parts
    ]
    return of_parts or [[dataclasses.replace(vote, label=NOTHING) for vote in votes] + skips]


@functools.singledispatch
def _name(answer: Label) -> str:
    """Return an answer to a part as a name."""
    return str(answer)


@_name.register
def _(answer: frozenset) -> str:  # type: ignore[type-arg]
    return "yes" if answer else "no"


@_name.register
def _(answer: tuple) -> str:  # type: ignore[type-arg]
    return " + ".join(label for _, _, label in answer) or NOTHING

"""Votes of several labeling functions as the votes of one table."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from labeling.errors import LabelingError
from labeling.notebook.function_set import FunctionSet, VotedLF, VotedParts
from labeling.records import AnyVotes, SetVotes, SpanVotes, expect
from labeling.records.set_votes import Answers
from labeling.records.span_marks import Marks

PartVotes = SpanVotes | SetVotes


def votes_of(functions: FunctionSet) -> PartVotes:
    """Return the votes of a set of functions, by their names.

    Raises:
        LabelingFunctionError: there is none.
    """
    functions.refuse_empty()
    return joined_votes([part_votes(voted) for voted in functions], functions.names)


def part_votes(voted: VotedLF) -> PartVotes:
    """Return what a labeling function said."""
    return expect(voted, VotedParts, "A labeling function of parts").votes


def joined_votes(votes: Sequence[PartVotes], names: Sequence[str]) -> PartVotes:
    """Return votes on the same samples as one, under other names.

    Args:
        votes: of one function each, one or more, of one kind.
        names: of the functions, each once.
    """
    return _joined(votes[0], votes, names)


@functools.singledispatch
def _joined(first: AnyVotes, votes: Sequence[Any], names: Sequence[str]) -> PartVotes:
    raise LabelingError(f"Votes must be on spans or sets of labels. Got {first!r}.")


@_joined.register
def _(first: SpanVotes, votes: Sequence[SpanVotes], names: Sequence[str]) -> SpanVotes:
    return joined_spans(votes, names)


def joined_spans(votes: Sequence[SpanVotes], names: Sequence[str]) -> SpanVotes:
    """Return the spans of functions on the same samples as one, under other names."""
    first = votes[0]
    parts = [
        part.marks._replace(voter=np.full(len(part.marks.sample), column, dtype=np.int64))
        for column, part in enumerate(votes)
    ]
    marks = Marks(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    trimmed = {name: sum(part.trimmed.values()) for name, part in zip(names, votes, strict=True)}
    faults = [fault for part in votes for fault in part.faults]
    return SpanVotes(marks, first.sample_ids, names, first.schema, faults=faults, trimmed=trimmed)


@_joined.register
def _(first: SetVotes, votes: Sequence[SetVotes], names: Sequence[str]) -> SetVotes:
    parts = [
        part.answers._replace(voter=np.full(len(part.answers.sample), column, dtype=np.int64))
        for column, part in enumerate(votes)
    ]
    answers = Answers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    faults = [fault for part in votes for fault in part.faults]
    return SetVotes(answers, first.sample_ids, names, first.schema, faults)

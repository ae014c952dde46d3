"""Makes suggestions of what is offered, by the type of the votes."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeling.errors import DataError, LabelingError, counted, listed, near, quoted
from labeling.notebook.function_set import VotedLF
from labeling.notebook.parts import span_candidates
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.set_suggestions import SetEvidence, set_offers
from labeling.notebook.parts.span_candidates import Place
from labeling.notebook.parts.span_suggestions import places_of, span_offers
from labeling.notebook.suggestions import candidates
from labeling.notebook.suggestions.building import function_of
from labeling.notebook.suggestions.making import Accept, Memory, Reject, Vote, example_of, unique
from labeling.notebook.suggestions.results import Suggestion, Suggestions, measured
from labeling.notebook.suggestions.rules import Rule
from labeling.records import SetVotes, Span, SpanVotes
from labeling.rendering import Excerpt

Measured = tuple[int, float, float, float]
"""n and precision on the dev set, coverage and new coverage."""


@dataclass(frozen=True, slots=True)
class PartRequest:
    """What is asked for.

    Attributes:
        moment: what the workbench holds.
        memory: what it remembers of suggestions.
        vote: returns a function with its votes.
        n: how many suggestions at most.
        kinds: of candidates; `None` is all.
    """

    moment: PartMoment
    memory: Memory
    vote: Vote
    n: int
    kinds: Sequence[str] | None

    def kinds_of(self, known: Sequence[str]) -> list[str]:
        """Return the kinds of candidates that are asked for.

        Raises:
            DataError: one is not known.
        """
        asked = list(known) if self.kinds is None else list(self.kinds)
        for kind in asked:
            if kind not in known:
                raise DataError(
                    f"`kinds` must be some of {listed(known, 9)}. Got {quoted(kind)}."
                    f"{near(kind, known)}"
                )
        return asked

    def item(
        self, rule: Rule, label: str, low: float, names: set[str]
    ) -> tuple[Suggestion, VotedLF]:
        """Return a suggestion that is not measured yet, and its function; its name is taken."""
        name = unique(rule.slug(label), names)
        names.add(name)
        source = rule.source(name, label)
        voted = self.vote(function_of(name, source))
        return (
            Suggestion(
                name=name,
                label=label,
                kind=rule.kind,
                words=rule.words,
                source=source,
                n=0,
                precision=math.nan,
                precision_low=low,
                coverage=math.nan,
                new_coverage=math.nan,
                example=None,
                lf=voted.lf,
            ),
            voted,
        )


def suggested_parts(request: PartRequest, accept: Accept, reject: Reject) -> Suggestions:
    """Return what a workbench offers; see `PartSuggesting.suggest`.

    Raises:
        DataError: there is no dev set, or no such kind of candidates.
    """
    return _suggested(request.moment.silent, request, accept, reject)


@functools.singledispatch
def _suggested(votes: object, request: PartRequest, accept: Accept, reject: Reject) -> Suggestions:
    raise LabelingError(f"Votes must be on spans or sets of labels. Got {votes!r}.")


@_suggested.register
def _(votes: SetVotes, request: PartRequest, accept: Accept, reject: Reject) -> Suggestions:
    moment, kinds = request.moment, request.kinds_of(tuple(candidates.KINDS))
    _need_gold(moment)
    evidence = SetEvidence(moment, request.memory, kinds)
    names, items = set(moment.functions.names), []
    for offer in set_offers(evidence, request.n):
        label = moment.schema.labels[offer.label]
        item, voted = request.item(offer.rule, label, offer.low, names)
        numbers = measured(
            voted.codes, evidence.gold[:, offer.label], evidence.given[:, offer.label]
        )
        items.append(_with(item, numbers, example_of(moment, voted)))
    return Suggestions(tuple(items), (), evidence.judged_by, accept, reject)


@_suggested.register
def _(votes: SpanVotes, request: PartRequest, accept: Accept, reject: Reject) -> Suggestions:
    moment, kinds = request.moment, request.kinds_of(tuple(span_candidates.KINDS))
    _need_gold(moment)
    names, items = set(moment.functions.names), []
    known = places_of(moment.functions)
    for offer in span_offers(moment, kinds, request.memory.rejected, request.n):
        candidate = offer.candidate
        item, voted = request.item(candidate.rule, candidate.label, candidate.low, names)
        marked = places_of([voted])
        numbers = _measured_spans(moment, marked, known, candidate.label)
        items.append(_with(item, numbers, _span_example(moment, marked)))
    judged_by = (
        f"Precision is the share of the spans marked in the {counted(moment.n_gold, 'sample')} of"
        " the dev set that are gold spans of the label, start and end included. A list of names is"
        " judged on each sample as it would be without that sample."
    )
    nothing = (
        "No name or pattern of the dev set's spans is, by its lower bound, right more often than"
        " wrong: label more samples, or write functions."
    )
    return Suggestions(tuple(items), (), judged_by, accept, reject, nothing)


def _need_gold(moment: PartMoment) -> None:
    if not moment.gold:
        raise DataError(
            "Suggestions must have a dev set: Workbench(..., gold=...), or set_gold(...). This"
            " workbench has none, and labeling functions rarely say where a label is not."
        )


def _with(item: Suggestion, numbers: Measured, example: Excerpt | None) -> Suggestion:
    """Return a suggestion with what was measured of its votes."""
    n, precision, coverage, new = numbers
    return dataclasses.replace(
        item, n=n, precision=precision, coverage=coverage, new_coverage=new, example=example
    )


def _measured_spans(
    moment: PartMoment,
    marked: dict[int, list[Place]],
    known: dict[int, list[Place]],
    label: str,
) -> Measured:
    """Return the numbers of what a function marks, by the rows of the samples."""
    ids = moment.samples.index
    n = right = new = 0
    for row, places in marked.items():
        others = known.get(row, ())
        new += any(
            all(end <= first or last <= start for first, last in others) for start, end in places
        )
        gold = moment.gold.get(ids[row])
        if gold is not None:
            n += len(places)
            right += sum(Span(start, end, label) in gold for start, end in places)
    n_samples = len(ids)
    return n, right / n if n else math.nan, len(marked) / n_samples, new / n_samples


def _span_example(moment: PartMoment, marked: dict[int, list[Place]]) -> Excerpt | None:
    """Return a text in which a function marks spans."""
    if not marked:
        return None
    first = moment.ordered(np.array(sorted(marked), dtype=np.intp))[:1]
    (text,) = moment.texts_of(first)
    return Excerpt(text, tuple(marked[int(first[0])]))

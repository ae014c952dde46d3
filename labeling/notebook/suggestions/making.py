"""Makes suggestions of what is offered and proposed, and functions of what is accepted."""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.errors import InvalidIndexError

from labeling.errors import (
    DataError,
    LabelingFunctionError,
    counted,
    listed,
    literal,
    near,
    noun,
    quoted,
)
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.linting import leaking_columns
from labeling.notebook.marks import marker_of
from labeling.notebook.moment import BaseMoment, Moment
from labeling.notebook.suggestions.building import add_to_module, function_of
from labeling.notebook.suggestions.candidates import plain_texts
from labeling.notebook.suggestions.evidence import Evidence, gold_evidence, soft_evidence
from labeling.notebook.suggestions.offers import Wanted, offers
from labeling.notebook.suggestions.proposals import Proposal, Propose, facts_of, proposals_of
from labeling.notebook.suggestions.results import Suggestion, Suggestions, measured
from labeling.notebook.suggestions.rules import Rule
from labeling.notebook.suggestions.words import Mask, Words, words_of
from labeling.records import LabelingFunction, random_order
from labeling.rendering import Excerpt

EXAMPLES = 5
"""Texts of each label that a proposing callable is given."""
Vote = Callable[[LabelingFunction], VotedLF]
Accept = Callable[[Sequence[Suggestion], str | Path | None], tuple[LabelingFunction, ...]]
Reject = Callable[[Sequence[Suggestion]], None]


@dataclass(eq=False)
class Memory:
    """What a workbench remembers of suggestions.

    Attributes:
        rejected: rules that are offered no more: kind, words and label.
        sources: source code by the name of the function.
        exemplars: ids of samples by the name of the function made from them.
        highlighted: names of functions by kind, words and label of their rule.
        offered: positions of samples that `next_example` returned.
    """

    rejected: set[tuple[str, str, str]] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)
    exemplars: dict[str, list[object]] = field(default_factory=dict)
    highlighted: dict[tuple[str, str, str], str] = field(default_factory=dict)
    offered: set[int] = field(default_factory=set)
    _texts: list[str] | None = None
    _words: Words | None = None

    def texts(self, samples: pd.DataFrame, column: str) -> list[str]:
        """Return the texts of all samples, missing ones empty."""
        if self._texts is None:
            self._texts = plain_texts(samples[column])
        return self._texts

    def words(self, samples: pd.DataFrame, column: str) -> Words:
        """Return the words of all samples."""
        if self._words is None:
            self._words = words_of(self.texts(samples, column))
        return self._words

    def remember(self, name: str, source: str, rule: Rule, label: str, sample_id: object) -> None:
        """Remember a function that was made from a sample."""
        self.sources[name] = source
        self.highlighted[rule.kind, rule.words, label] = name
        known = self.exemplars.setdefault(name, [])
        if sample_id not in known:
            known.append(sample_id)


def suggested(
    moment: Moment,
    memory: Memory,
    vote: Vote,
    n: int,
    kinds: Sequence[str],
    propose: Propose | None,
    accept: Accept,
    reject: Reject,
) -> Suggestions:
    """Return what a workbench offers; see `Suggesting.suggest`."""
    evidence = _evidence(moment)
    words = None if moment.text is None else memory.words(moment.samples, moment.text)
    leaking = leaking_columns(moment.samples, moment.gold) - {moment.text}
    leaks = [name for name in moment.samples.columns if str(name) in leaking]
    wanted = Wanted(
        moment.samples.drop(columns=leaks),
        moment.schema,
        moment.text,
        words,
        evidence,
        moment.functions,
        kinds,
        memory.rejected,
        n,
    )
    items = _offered(moment, wanted, vote)
    refused: list[Proposal] = []
    if propose is not None:
        taken = {*moment.functions.names, *(item.name for item in items)}
        for proposal in proposals_of(propose, _facts(moment), moment.samples, moment.schema):
            if proposal.checked is None:
                refused.append(proposal)
            else:
                items.append(_proposed(moment, proposal, taken))
                taken.add(items[-1].name)
    judged_by = _judged_by(evidence) + _left_out(leaks)
    return Suggestions(tuple(items), tuple(refused), judged_by, accept, reject)


def _offered(moment: Moment, wanted: Wanted, vote: Vote) -> list[Suggestion]:
    """Return the rules that are offered, with the numbers of their votes."""
    taken, items = set(moment.functions.names), []
    for offer in offers(wanted):
        label, rule = moment.schema.labels[offer.label], offer.rule
        name = unique(rule.slug(label), taken)
        taken.add(name)
        source = rule.source(name, label)
        voted = vote(function_of(name, source))
        n, precision, coverage, new = measured(voted.codes, moment.gold, _covered(moment))
        suggestion = Suggestion(
            name=name,
            label=label,
            kind=rule.kind,
            words=rule.words,
            source=source,
            n=n,
            precision=precision,
            precision_low=offer.low,
            coverage=coverage,
            new_coverage=new,
            example=example_of(moment, voted),
            lf=voted.lf,
        )
        items.append(suggestion)
    return items


def _covered(moment: Moment) -> Mask:
    covered: Mask = np.asarray((moment.array >= 0).any(axis=1))
    return covered


def _evidence(moment: Moment) -> Evidence:
    if moment.n_gold:
        return gold_evidence(moment.gold, moment.samples.index, moment.schema)
    soft = moment.soft()
    if soft is None:
        raise DataError(
            "Suggestions must have a dev set, Workbench(..., gold=...), or labeling functions that"
            " vote for at least two labels. This workbench has neither."
        )
    return soft_evidence(soft, moment.samples.index, moment.schema)


def _left_out(leaks: Sequence[Any]) -> str:
    """Return which columns are not used, since a rule on what gold was made from proves nothing."""
    if not leaks:
        return ""
    return (
        f" {noun(len(leaks), 'Column', 'Columns')} {listed(leaks)}"
        f" {noun(len(leaks), 'gives', 'give')} the label of each sample of the dev set away, and"
        f" {noun(len(leaks), 'is', 'are')} not used."
    )


def _judged_by(evidence: Evidence) -> str:
    n = counted(len(evidence.rows), "sample")
    if evidence.is_gold:
        return f"Precision is judged by a classifier that learned the dev set of {n}."
    return (
        f"There is no dev set. Precision is judged by the label model's posteriors of {n}, on"
        " samples without a vote, and discounted: they may be wrong on many alike."
    )


def example_of(moment: BaseMoment, voted: VotedLF) -> Excerpt | None:
    """Return a text on which a function votes, with what fired marked."""
    at = np.flatnonzero(voted.codes >= 0)
    if moment.text is None or not len(at):
        return None
    first = moment.ordered(at)[0]
    text = moment.samples[moment.text].iloc[int(first)]
    if not isinstance(text, str):
        return None
    mark = marker_of(voted.lf, moment.text, moment.samples.columns, moment.schema)
    return Excerpt(text, mark(text))


def unique(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken, with a number at its end if need be.

    >>> unique("spam_free", {"spam_free"})
    'spam_free_2'
    """
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _facts(moment: Moment) -> dict[str, Any]:
    examples: dict[str, list[str]] = {}
    if moment.text is not None:
        texts = moment.samples[moment.text]
        for code, label in enumerate(moment.schema.labels):
            at = np.flatnonzero(moment.gold == code)
            at = at[random_order(texts.index[at], np.random.default_rng(0))][:EXAMPLES]
            examples[label] = [str(text) for text in texts.iloc[at]]
    return facts_of(moment.schema, examples, moment.functions.names, moment.text or "")


def _proposed(moment: Moment, proposal: Proposal, taken: Collection[str]) -> Suggestion:
    """Return a proposal with what is known of it without running it."""
    parts = proposal.checked
    assert parts is not None
    label = "" if parts.label is None else moment.schema.labels[moment.schema.index(parts.label)]
    known = int(proposal.decided.sum())
    n, precision, coverage, new = 0, math.nan, math.nan, math.nan
    note = "It is not measured before it is accepted: what it does is not known without running it."
    if known:
        n, precision, coverage, new = measured(proposal.codes, moment.gold, _covered(moment))
        differs = (moment.array >= 0) & (moment.array != proposal.codes[:, None])
        conflicts = int(differs[proposal.codes >= 0].any(axis=1).sum())
        note = (
            f"Its votes are known on {known:,} of {len(moment):,} samples without running it; it"
            f" disagrees with a function on {conflicts:,}."
        )
    if parts.name in taken:
        note += f" Accepting it replaces the function {parts.name!r}."
    return Suggestion(
        name=parts.name,
        label=label,
        kind="proposed",
        words=parts.name,
        source=parts.source,
        n=n,
        precision=precision,
        precision_low=math.nan,
        coverage=coverage,
        new_coverage=new,
        example=None,
        lf=None,
        note=note,
    )


def accepted(
    items: Sequence[Suggestion], functions: FunctionSet, path: Path | None
) -> tuple[LabelingFunction, ...]:
    """Return the functions of accepted suggestions, after writing them into a module."""
    lfs = tuple(
        function_of(item.name, item.source) if item.lf is None else item.lf for item in items
    )
    if path is not None:
        add_to_module(path, {item.name: item.source for item in items})
    return lfs


def text_at(samples: pd.DataFrame, column: str, sample_id: object) -> str:
    """Return the text of a sample.

    Raises:
        DataError: there is no such sample, or it has no text.
    """
    try:
        at = samples.index.get_loc(sample_id)
    except (KeyError, TypeError, InvalidIndexError):
        hint = near(sample_id, samples.index[:10_000]) if isinstance(sample_id, str) else ""
        raise DataError(
            f"There must be a sample {quoted(sample_id)}. There is none.{hint}"
        ) from None
    text = samples[column].iloc[at]
    if not isinstance(text, str):
        raise DataError(f"Sample {quoted(sample_id)} must have a text. Got {quoted(text)}.")
    return text


def highlighted(
    memory: Memory,
    rule: Rule,
    sample_id: object,
    label: str,
    name: str | None,
    functions: FunctionSet,
    verb: str = "Votes",
) -> tuple[LabelingFunction, str]:
    """Return the function of a rule that was made from a sample, and its source code."""
    known = memory.highlighted.get((rule.kind, rule.words, label))
    if name is None:
        is_there = known is not None and known in functions
        name = known if is_there else unique(rule.slug(label), functions.names)
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise LabelingFunctionError(f"`name` must be a name of Python. Got {quoted(name)}.")
    ids: list[object] = list(memory.exemplars.get(name, ())) if name == known else []
    known_id = sample_id.item() if isinstance(sample_id, np.generic) else sample_id
    ids += [] if known_id in ids else [known_id]
    reason = f"{verb} {label!r} for {rule.words!r}, as in {', '.join(map(repr, ids))}."
    source = f"{rule.source(name, label)[:-1]}, reason={literal(reason)})"
    return function_of(name, source), source

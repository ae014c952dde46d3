"""Section on samples with spans or several labels on which voters differ, with who said what."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from labeling.analysis.lanes import span_lanes
from labeling.errors import counted
from labeling.records import (
    AnyVotes,
    SetVotes,
    SpanVotes,
    annotation_votes,
    label_in_words,
)
from labeling.rendering import Excerpt, Table, View
from labeling.report.context import AnyOutputs, ReportContext
from labeling.report.part_section import PartsSection, id_index

MOST = 10  # samples of each view
MOST_OF_PEOPLE = 5
NO_DIFFERENCES = "No two labeling functions or annotators contradict each other on any sample."


def section(context: ReportContext, outputs: AnyOutputs) -> PartsSection:
    """Return the section on examples."""
    people = [vote for vote in context.annotations if not vote.reviewer]
    views = [*examples(outputs.votes, context, outputs)]
    if people:
        answers = annotation_votes(people, context.project.schema)
        views += people_examples(answers, context, outputs)
    views = [view for view in views if view.parts]
    sentences = () if views else (NO_DIFFERENCES,)
    return PartsSection("examples", "Examples", sentences, tuple(views))


def settled_labels(context: ReportContext) -> dict[Hashable, Any]:
    """Return the labels taken as true: given ones, and those that people settled."""
    return {**context.human_labels, **context.data.dev.to_dict()}


def wrong_samples(context: ReportContext, outputs: AnyOutputs) -> list[Hashable]:
    """Return the samples whose cross-fitted label is not the gold one: most different parts first.

    A sample of which nothing was said counts as without labels.
    """
    if outputs.measured is None:
        return []
    predicted = outputs.measured.to_labels().to_dict()
    differ = {
        sample: len(set(label) ^ set(predicted.get(sample) or ()))
        for sample, label in context.data.dev.items()
    }
    wrong = [sample for sample, n in differ.items() if n]
    return sorted(wrong, key=lambda sample: (-differ[sample], repr(sample)))


@functools.singledispatch
def examples(votes: AnyVotes, context: ReportContext, outputs: AnyOutputs) -> Iterator[View]:
    """Yield samples on which functions differ, or models from gold, by the type of the votes."""
    raise TypeError(f"There are no examples of votes of type {type(votes).__name__}.")


@functools.singledispatch
def people_examples(
    answers: AnyVotes, context: ReportContext, outputs: AnyOutputs
) -> Iterator[View]:
    """Yield samples on which annotators differ, by the type of their votes."""
    raise TypeError(f"There are no examples of votes of type {type(answers).__name__}.")


@examples.register
def _(votes: SpanVotes, context: ReportContext, outputs: AnyOutputs) -> Iterator[View]:
    samples, text = context.data.samples, context.config.data.text
    gold = context.data.dev if len(context.data.dev) else None
    posterior: Any = outputs.posterior
    measured: Any = outputs.measured
    lanes = span_lanes(samples, votes, soft=posterior, gold=gold, n=MOST, text=text)
    if len(votes):
        view = lanes._view()
        yield View(f"Where labeling functions differ most: {view.title.lower()}", view.parts)
    wrong = wrong_samples(context, outputs)
    if wrong:
        lanes = span_lanes(samples, votes, soft=measured, gold=gold, ids=wrong[:MOST], text=text)
        yield View(_wrong_title(context, wrong), lanes._view().parts)


@people_examples.register
def _(answers: SpanVotes, context: ReportContext, outputs: AnyOutputs) -> Iterator[View]:
    differing = differing_samples(context)
    known = settled_labels(context)
    gold = {sample: known[sample] for sample in answers.sample_ids if sample in known}
    posterior: Any = outputs.posterior
    if differing:
        lanes = span_lanes(
            context.data.samples,
            answers,
            soft=posterior,
            gold=gold or None,
            ids=differing[:MOST_OF_PEOPLE],
            text=context.config.data.text,
        )
        title = f"Where annotators differ most: {_of(differing, MOST_OF_PEOPLE)}"
        sentence = 'The lane "gold" is the label that people settled, or the gold label given.'
        yield View(title, (sentence, *lanes._view().parts))


def differing_samples(context: ReportContext) -> list[Hashable]:
    """Return the samples on which annotators differ, those with most different parts first."""
    answers: dict[Hashable, list[set[Any]]] = {}
    for vote in context.annotations:
        if not vote.reviewer and vote.label is not None:
            answers.setdefault(vote.sample_id, []).append(set(vote.label))
    differ = {
        sample: len(set[Any]().union(*parts) - parts[0].intersection(*parts))
        for sample, parts in answers.items()
    }
    disputed = [sample for sample, n in differ.items() if n]
    return sorted(disputed, key=lambda sample: (-differ[sample], repr(sample)))


@examples.register
def _(votes: SetVotes, context: ReportContext, outputs: AnyOutputs) -> Iterator[View]:
    contradicted = contradicted_samples(votes, context.config.exclusive)
    if contradicted:
        title = f"Where labeling functions contradict each other: {_of(contradicted, MOST)}"
        yield View(title, _tables(contradicted[:MOST], context, outputs))
    settled = context.human_labels
    said = _yes(votes)
    differ = {
        sample: len(said[sample] - set(label))
        for sample, label in settled.items()
        if said.get(sample, set()) - set(label)
    }
    against = sorted(differ, key=lambda sample: (-differ[sample], repr(sample)))
    if against:
        title = f"Where functions give labels that people did not settle: {_of(against, MOST)}"
        yield View(title, _tables(against[:MOST], context, outputs))
    wrong = wrong_samples(context, outputs)
    if wrong:
        yield View(_wrong_title(context, wrong), _tables(wrong[:MOST], context, outputs))


@people_examples.register
def _(answers: SetVotes, context: ReportContext, outputs: AnyOutputs) -> Iterator[View]:
    differing = differing_samples(context)
    if differing:
        title = f"Where annotators differ most: {_of(differing, MOST_OF_PEOPLE)}"
        yield View(title, _tables(differing[:MOST_OF_PEOPLE], context, outputs))


def contradicted_samples(votes: SetVotes, exclusive: Sequence[Sequence[str]]) -> list[Hashable]:
    """Return the samples on which voters contradict each other, those with most such labels first.

    A label is contradicted where a voter says yes and another no, or where a voter says yes to it
    and another to a label that excludes it.
    """
    answers = votes.answers
    yes, no = (np.zeros((len(votes), len(votes.schema)), dtype=bool) for _ in range(2))
    yes[answers.sample[answers.says], answers.label[answers.says]] = True
    no[answers.sample[~answers.says], answers.label[~answers.says]] = True
    contradicted = yes & no
    for group in exclusive:
        codes = [votes.schema.index(label) for label in group]
        for first, second in itertools.permutations(codes, 2):
            contradicted[:, first] |= yes[:, first] & yes[:, second]
    n = contradicted.sum(axis=1)
    ids = votes.sample_ids.tolist()
    rows = sorted(np.flatnonzero(n).tolist(), key=lambda row: (-n[row], repr(ids[row])))
    return [ids[row] for row in rows]


def _yes(votes: SetVotes) -> dict[Hashable, set[str]]:
    """Return the labels that any voter said yes to, by sample."""
    said: dict[Hashable, set[str]] = {}
    frame = votes.to_frame()
    frame = frame[frame["says"].astype(bool)]
    for sample, label in zip(frame["sample"].tolist(), frame["label"].tolist(), strict=True):
        said.setdefault(sample, set()).add(label)
    return said


def _tables(
    samples: Sequence[Hashable], context: ReportContext, outputs: AnyOutputs
) -> tuple[Table, ...]:
    """Return a table of each sample: its text, and what each voter, the models and gold say."""
    texts, known = context.texts_of(samples), settled_labels(context)
    index = id_index(samples)
    votes: Any = outputs.votes
    by_function = _words_of_voters(votes.of_samples(index))
    predicted: Any = outputs.posterior.of_samples(index)
    models = predicted.to_labels().to_dict()
    people: dict[Hashable, list[tuple[str, str]]] = {}
    for vote in context.annotations:
        name = f"{vote.annotator} (reviewer)" if vote.reviewer else vote.annotator
        people.setdefault(vote.sample_id, []).append((name, label_in_words(vote.label)))
    tables = []
    for sample in samples:
        rows = [("text", texts.get(sample, "")), *by_function.get(sample, [])]
        rows += sorted(people.get(sample, []))
        rows.append(("models", label_in_words(models[sample])))
        if sample in known:
            name = "gold" if sample in context.data.dev.index else "settled"
            rows.append((name, label_in_words(known[sample])))
        cells = tuple((Excerpt(name), Excerpt(words)) for name, words in rows)
        tables.append(Table(("voter", f"sample {sample!r}"), cells))
    return tuple(tables)


def _words_of_voters(votes: SetVotes) -> dict[Hashable, list[tuple[str, str]]]:
    """Return what each voter says of each sample: the labels, and those that it denies."""
    frame = votes.to_frame()
    columns = (frame[name].tolist() for name in ("sample", "voter", "label", "says"))
    said: dict[tuple[Hashable, str], list[str]] = {}
    for sample, voter, label, says in zip(*columns, strict=True):
        said.setdefault((sample, voter), []).append(label if says else f"not {label}")
    by_sample: dict[Hashable, list[tuple[str, str]]] = {}
    for (sample, voter), words in said.items():
        by_sample.setdefault(sample, []).append((voter, ", ".join(words)))
    return by_sample


def _wrong_title(context: ReportContext, wrong: Sequence[Hashable]) -> str:
    gold = counted(len(context.data.dev), "gold label")
    return f"The models differ from {len(wrong):,} of {gold}"


def _of(samples: Sequence[Hashable], most: int) -> str:
    return f"{min(len(samples), most):,} of {counted(len(samples), 'sample')}"

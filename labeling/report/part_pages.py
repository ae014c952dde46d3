"""What the page of an annotator of spans, or of several labels, is made of."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labeling.analysis import Estimate
from labeling.analysis.lanes import SpanLanes
from labeling.analysis.part_answers import answer_pairs, outcome_table
from labeling.errors import counted
from labeling.project import Project
from labeling.project.annotator_skills import annotator_skills
from labeling.records import Label, Span, encode_label, label_in_words, person_key
from labeling.rendering import Cell, Excerpt, Interval, Part, Table, View
from labeling.rendering.formatting import NONE, percent, seconds
from labeling.report.annotator_details import MOST_COLLEAGUES, MOST_EXAMPLES
from labeling.report.annotator_facts import (
    held_back_votes,
    is_wide,
    pseudonym_salt,
    pseudonyms_of,
    samples_that_test,
    skill_of,
    skill_sentences,
)
from labeling.report.context import ReportContext, load_people
from labeling.report.part_answers import PersonWithParts, people_of
from labeling.report.part_people import outcome_rows
from labeling.report.part_section import KeyFigure

YOURS, FINAL = "you", "final label"


@dataclass(frozen=True)
class AnnotatorPage:
    """Contents of the page.

    Attributes:
        name: of the annotator.
        pseudonym: the name for pages that other annotators may see.
        figures: the numbers at the head.
        sentences: what the skill says, and what is too little to judge by.
        held_back: labels given that are held back, since the annotator is paused; `None` if not.
        is_uncounted: whether nothing counts of what the annotator answered.
        colleagues: name, pseudonym and F1 of those with most common samples.
        details: what is right and missed, and examples.
    """

    name: str
    pseudonym: str
    figures: tuple[KeyFigure, ...]
    sentences: tuple[str, ...]
    held_back: int | None
    is_uncounted: bool
    colleagues: tuple[tuple[str, str, Interval], ...]
    details: tuple[View, ...]

    def views(self, with_names: bool) -> tuple[View, ...]:
        """Return what is shown below the sentences, with names or with pseudonyms of others."""
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (Excerpt(name if with_names else pseudonym), f1)
            for name, pseudonym, f1 in self.colleagues
        )
        if not rows:
            return self.details
        caption = (
            "F1 of first-round answers: the share of the spans or labels of either that the other"
            " one gave too. n is the number of spans or labels of both."
        )
        table = Table(("annotator", "F1"), rows, caption)
        agreement = View("Agreement with those who answered most of the same samples", (table,))
        return (agreement, *self.details)


def sections(project: Project) -> dict[str, Any]:
    """Return what the template needs: the pages, by person."""
    context = load_people(project)
    people = people_of(context)
    paused = project.people.work.state().paused
    held_back = held_back_votes(context, paused)
    skills = annotator_skills(project.people.work, context.answers, project.schema)
    names = [person.name for person in people]
    pseudonyms = pseudonyms_of(names, pseudonym_salt(context))
    pairs = answer_pairs({person.name: person.first_round for person in people})
    pages = []
    for person in people:
        skill, chance, verdict = skill_of(person.name, skills)
        key = person_key(person.name)
        pages.append(
            AnnotatorPage(
                name=person.name,
                pseudonym=pseudonyms[person.name],
                figures=tuple(_figures(person, skill, chance)),
                sentences=tuple(_sentences(person, skill, verdict)),
                held_back=held_back[key] if key in paused else None,
                is_uncounted=not person.annotations,
                colleagues=tuple(_colleagues(person.name, pairs, pseudonyms)),
                details=tuple(_details(person, context)),
            )
        )
    return {"people": pages, "project": context.status.project}


def _figures(person: PersonWithParts, skill: Estimate | None, chance: float) -> Iterator[KeyFigure]:
    answers, days = person.answers, {vote.updated_at.date() for vote in person.annotations}
    skips = counted(len(person.annotations) - len(answers), "skip")
    yield KeyFigure("Answers", f"{len(answers):,}", f"on {counted(len(days), 'day')}, {skips}")
    times = [vote.lead_seconds for vote in person.annotations if vote.lead_seconds is not None]
    if times:
        more = f"median of {counted(len(times), 'sample')}"
        yield KeyFigure("Time per sample", seconds(statistics.median(times)), more)
    else:
        yield KeyFigure("Time per sample", NONE, "not recorded")
    name = "Skill: estimated share of right votes"
    if skill is None:
        yield KeyFigure(name, NONE, "cannot be estimated yet")
    else:
        by_chance = f"{_ends(skill)}; {percent(chance, 0)} by chance"
        yield KeyFigure(name, percent(skill.value, 0), by_chance)
    for whose, estimate in _comparisons(person).items():
        if estimate.n:
            yield KeyFigure(f"F1 with {whose}", percent(estimate.value, 0), _ends(estimate))


def _comparisons(person: PersonWithParts) -> dict[str, Estimate]:
    return {
        "others' first-round answers": person.peers,
        "reviewers": person.reviewer,
        "given gold labels": person.gold,
    }


def _ends(estimate: Estimate) -> str:
    return f"[{percent(estimate.low, 0)}, {percent(estimate.high, 0)}], n = {estimate.n:,}"


def _sentences(person: PersonWithParts, skill: Estimate | None, verdict: str) -> Iterator[str]:
    if verdict:
        yield verdict
    yield from skill_sentences(skill)
    for whose, estimate in _comparisons(person).items():
        if is_wide(estimate):
            parts = counted(estimate.n, "span or label", "spans or labels")
            yield f"F1 with {whose} rests on {parts}, too few to judge by."


def _colleagues(
    name: str, pairs: pd.DataFrame, pseudonyms: Mapping[str, str]
) -> Iterator[tuple[str, str, Interval]]:
    of_person = pairs[(pairs["first"] == name) | (pairs["second"] == name)]
    order = ["n", "first", "second"]
    ranked = of_person.sort_values(order, ascending=[False, True, True], kind="stable")
    for row in ranked.head(MOST_COLLEAGUES).to_dict("records"):
        other = row["second"] if row["first"] == name else row["first"]
        f1 = Interval(row["f1"], row["f1_low"], row["f1_high"], row["parts"])
        yield other, pseudonyms[other], f1


def _details(person: PersonWithParts, context: ReportContext) -> Iterator[View]:
    schema = context.project.schema
    table = outcome_table(person.first_round, person.truth, schema)
    if table["true"].iloc[-1] or table["given"].iloc[-1]:
        sentence = (
            "Your first-round answers, compared with gold labels, with reviewers' decisions, or"
            " with what the other annotators say; never with labels that rest on yours."
        )
        rows = outcome_rows(table.rename(index={"": "all"}), "label", 0)
        yield View("What you got right and missed", (sentence, rows))
    kept, changed = _examples(person, context, samples_that_test(context))
    titles = {
        "Others differed, and your answer became final": kept,
        "Another answer became final": changed,
    }
    if not kept and not changed:
        sentence = "There is no settled sample yet on which the answers differed."
        yield View("Samples on which answers differed", (sentence,))
    for title, samples in titles.items():
        if samples:
            shown = samples[:MOST_EXAMPLES]
            parts = tuple(_example_parts(shown, person, context))
            yield View(f"{title} ({len(shown)} of {len(samples):,})", parts)


def _examples(
    person: PersonWithParts, context: ReportContext, hidden: Collection[Hashable]
) -> tuple[list[Hashable], list[Hashable]]:
    """Return settled samples on which answers differ: the answer was kept, and it was changed.

    Those with a reviewer's reason come first, then those with most different parts. Samples that
    may test other annotators are left out.
    """
    final, reasons, others = context.human_labels, _reasons(context), _others(person, context)
    kept: list[Hashable] = []
    changed: list[Hashable] = []
    differ: dict[Hashable, int] = {}
    for sample, label in person.answers.items():
        if sample in final and sample not in hidden:
            answers = [*others[sample], final[sample]]
            differ[sample] = max(len(set(label) ^ set(answer)) for answer in answers)
            if differ[sample]:
                (kept if final[sample] == label else changed).append(sample)

    def rank(sample: Hashable) -> tuple[bool, int, str]:
        return sample not in reasons, -differ[sample], repr(sample)

    return sorted(kept, key=rank), sorted(changed, key=rank)


def _reasons(context: ReportContext) -> dict[Hashable, str]:
    """Return what reviewers wrote, by sample."""
    return {
        review.sample_id: review.reason
        for review in context.annotations
        if review.reviewer and review.reason
    }


def _others(person: PersonWithParts, context: ReportContext) -> dict[Hashable, list[Label]]:
    """Return the answers of other annotators to a person's samples, in no order of people."""
    answers: dict[Hashable, list[Label]] = {sample: [] for sample in person.answers}
    for vote in context.annotations:
        is_other = not vote.reviewer and vote.annotator != person.name
        if is_other and vote.label is not None and vote.sample_id in answers:
            answers[vote.sample_id].append(vote.label)
    return {sample: sorted(labels, key=encode_label) for sample, labels in answers.items()}


def _example_parts(
    samples: Sequence[Hashable], person: PersonWithParts, context: ReportContext
) -> Iterator[Part]:
    """Yield a table of each sample with everybody's answers, and the reviewer's reason."""
    texts, reasons = context.texts_of(samples), _reasons(context)
    others = _others(person, context)
    for sample in samples:
        lanes = {YOURS: person.answers[sample]}
        for number, label in enumerate(others[sample], 1):
            lanes[f"another annotator ({number})"] = label
        lanes[FINAL] = context.human_labels[sample]
        yield compared_answers(person.answers[sample], lanes, texts.get(sample, ""), context)
        if sample in reasons:
            yield f"Reviewer: {reasons[sample]}"


@functools.singledispatch
def compared_answers(
    label: Label, lanes: Mapping[str, Any], text: str, context: ReportContext
) -> Table:
    """Return several people's answers to a sample as a table, by the type of the answer."""
    raise TypeError(f"Answers must be sets of labels, or spans. Got {label!r}.")


@compared_answers.register
def _(
    label: frozenset,  # type: ignore[type-arg]  # by class
    lanes: Mapping[str, frozenset[str]],
    text: str,
    context: ReportContext,
) -> Table:
    rows = tuple((name, Excerpt(label_in_words(answer))) for name, answer in lanes.items())
    return Table(("", "sample"), (("text", Excerpt(text)), *rows))


@compared_answers.register
def _(
    label: tuple,  # type: ignore[type-arg]  # by class
    lanes: Mapping[str, tuple[Span, ...]],
    text: str,
    context: ReportContext,
) -> Table:
    shown = SpanLanes({"": text}, {"": lanes}, context.project.schema, 1)
    (table,) = (part for part in shown._view().parts if isinstance(part, Table))
    return Table(("", "sample"), table.rows)

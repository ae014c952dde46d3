"""Section on the people who mark spans or give several labels: agreement, skill, work, misses."""

from __future__ import annotations

import functools
import statistics
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import pandas as pd

from labeling.analysis import SetAgreement, SpanAgreement
from labeling.analysis.inline_charts import pair_picture, skill_picture
from labeling.analysis.part_answers import (
    MISSED,
    OTHER_EDGES,
    OTHER_LABEL,
    answer_pairs,
    outcome_table,
)
from labeling.errors import counted
from labeling.project.agreement import PartsAgreement, any_agreement
from labeling.project.annotator_skills import annotator_skills
from labeling.records import Annotation, LabelSchema, person_key
from labeling.rendering import Cell, Excerpt, Interval, Picture, Share, Table, View, as_interval
from labeling.rendering.formatting import seconds
from labeling.report.annotator_facts import (
    VERDICTS,
    held_back_votes,
    pause_in_words,
    pseudonym_salt,
    pseudonyms_of,
)
from labeling.report.context import ReportContext
from labeling.report.part_answers import PersonWithParts, people_of
from labeling.report.part_models import confusion_view
from labeling.report.part_section import PartsSection

MOST_ROWS = 60
MOST_PEOPLE = 12  # in the picture of a matrix
MOST_SKILLS = 30  # in the picture of skills: those with most votes


def section(context: ReportContext) -> PartsSection:
    """Return the section on annotators."""
    votes = [vote for vote in context.annotations if not vote.reviewer]
    if not votes:
        sentence = "There are no annotations yet. `labeling push` and `labeling pull` bring them."
        return PartsSection("people", "Annotators", (sentence,))
    people = people_of(context)
    schema, texts = context.project.schema, context.data.samples[context.config.data.text]
    agreement: Any = any_agreement(context.annotations, schema, context.selections, texts)
    skills = annotator_skills(context.project.people.work, context.answers, schema)
    views = (
        _agreement_view(agreement),
        *_pairs(people),
        *_skills(skills),
        _work(context, people),
        *_outcomes(people, schema),
        *confusion(agreement.overall, people, schema),
        *_escalations(context),
    )
    folded = tuple(_outcomes_by_label(people, schema))
    return PartsSection("people", "Annotators", tuple(_sentences(context, votes)), views, folded)


def _sentences(context: ReportContext, votes: Sequence[Annotation]) -> Iterator[str]:
    settled = Counter(gold.settled for gold in context.verdict.gold).total()
    yield (
        f"{counted(len({vote.annotator for vote in votes}), 'annotator')} gave"
        f" {counted(sum(vote.label is not None for vote in votes), 'answer')} on"
        f" {counted(len({vote.sample_id for vote in votes}), 'sample')};"
        f" {counted(settled, 'sample')} settled,"
        f" {len(context.verdict.escalations):,} waiting for a reviewer."
    )
    if context.status.settled_by:
        yield f"Settled by: {context.status.settled_by}."


def _agreement_view(agreement: PartsAgreement) -> View:
    view = agreement._view()
    return View(view.title, (*view.parts, label_table(agreement.headline[1])))


@functools.singledispatch
def label_table(agreement: Any) -> Table:
    """Return the agreement on each label as a table, by the type of the agreement."""
    raise TypeError(f"There is no agreement of type {type(agreement).__name__}.")


@label_table.register
def _(agreement: SpanAgreement) -> Table:
    measures = {"exact F1": "exact", "relaxed F1": "relaxed", "alpha": "alpha"}
    return _by_label(agreement.by_label, agreement.n_samples, "spans", measures)


@label_table.register
def _(agreement: SetAgreement) -> Table:
    measures = {"the same answer": "percent", "alpha": "alpha"}
    return _by_label(agreement.by_label, agreement.n_samples, "yes", measures)


def _by_label(table: pd.DataFrame, n: int, count: str, measures: dict[str, str]) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Excerpt(str(label)),
            int(row[count]),
            *(
                Interval(row[name], row[f"{name}_low"], row[f"{name}_high"], n)
                for name in measures.values()
            ),
        )
        for label, row in zip(table.index, table.to_dict("records"), strict=True)
        if row[count]
    )
    return Table(("label", count, *measures), rows, "By label; n is the number of samples.")


def _pairs(people: Sequence[PersonWithParts]) -> Iterator[View]:
    pairs = answer_pairs({person.name: person.first_round for person in people})
    if not len(pairs):
        return
    ranked = pairs.sort_values(["n", "first", "second"], ascending=[False, True, True])
    rows = tuple(
        (
            Excerpt(row["first"]),
            Excerpt(row["second"]),
            row["n"],
            _interval(row, "f1", row["parts"]),
        )
        for row in ranked.head(MOST_ROWS).to_dict("records")
    )
    headings = ("annotator", "and", "common samples", "F1")
    caption = "n is the number of spans or labels of both."
    table = Table(headings, rows, caption, len(pairs) - len(rows))
    picture = _pair_picture(people, pairs)
    sentence = (
        "F1 of the first-round answers of each two: the share of the spans or labels of either that"
        " the other one gave too, spans with the same edges."
    )
    parts = (sentence, table) if picture is None else (sentence, picture, table)
    yield View("Agreement of each two annotators", parts)


def _pair_picture(people: Sequence[PersonWithParts], pairs: pd.DataFrame) -> Picture | None:
    """Return the matrix of the annotators with most answers; `None` of two."""
    paired = {*pairs["first"], *pairs["second"]}
    most = sorted(people, key=lambda person: (-len(person.first_round), person.name))
    names = sorted([person.name for person in most if person.name in paired][:MOST_PEOPLE])
    if len(names) < 3:
        return None
    f1, common = (_matrix(pairs, column, names) for column in ("f1", "n"))
    drawn = pair_picture(f1, common.fillna(0).astype(int), "F1 in percent")
    return Picture(str(drawn), "F1 of each two annotators; the table lists the same numbers.")


def _matrix(pairs: pd.DataFrame, column: str, names: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame(float("nan"), index=list(names), columns=list(names))
    for row in pairs.to_dict("records"):
        if row["first"] in table.index and row["second"] in table.index:
            table.loc[row["first"], row["second"]] = row[column]
            table.loc[row["second"], row["first"]] = row[column]
    return table


def _skills(skills: pd.DataFrame) -> Iterator[View]:
    if not len(skills):
        return
    ranked = skills.assign(name=skills.index).sort_values(
        ["n_votes", "name"], ascending=[False, True]
    )
    shown = skills.loc[sorted(ranked["name"].head(MOST_SKILLS))]
    rows = tuple(
        (
            Excerpt(str(name)),
            Interval(row["skill"], row["low"], row["high"], int(row["n_votes"])),
            float(row["chance"]),
            VERDICTS.get(str(row["verdict"]), str(row["verdict"])),
        )
        for name, row in zip(shown.index, shown.to_dict("records"), strict=True)
    )
    sentence = (
        "The share of right votes, estimated from everybody's answers together. A vote is what"
        " somebody says of a part of a text that anybody marked, or of one label of a sample,"
        " leaving it out included; n is their number. The vertical mark is the share by chance."
    )
    picture = Picture(str(skill_picture(shown)), "Skill of annotators, with intervals.")
    headings = ("annotator", "skill", "by chance", "verdict")
    table = Table(headings, rows, "", len(skills) - len(shown))
    yield View("Skill of annotators", (sentence, picture, table))


def _work(context: ReportContext, people: Sequence[PersonWithParts]) -> View:
    paused = context.project.people.work.state().paused
    shown = people[:MOST_ROWS]
    columns: dict[str, list[Cell]] = {"annotator": [Excerpt(person.name) for person in shown]}
    pseudonyms = pseudonyms_of([person.name for person in people], pseudonym_salt(context))
    columns["pseudonym"] = [pseudonyms[person.name] for person in shown]
    columns["answers"] = [len(person.answers) for person in shown]
    columns["skipped"] = [len(person.annotations) - len(person.answers) for person in shown]
    columns["given per answer"] = [_mean_parts(person) for person in shown]
    times = [_times(person) for person in shown]
    if any(times):
        columns["median time"] = [seconds(statistics.median(t)) if t else None for t in times]
        columns["answers an hour"] = [
            round(3600 * len(t) / sum(t)) if sum(t) > 0 else None for t in times
        ]
        columns["times known"] = [len(t) for t in times]
    comparisons = {
        "F1 with others": [person.peers for person in shown],
        "F1 with reviewers": [person.reviewer for person in shown],
        "F1 with gold": [person.gold for person in shown],
    }
    for name, estimates in comparisons.items():
        if any(estimate.n for estimate in estimates):
            columns[name] = [as_interval(estimate) for estimate in estimates]
    keys = [person_key(person.name) for person in shown]
    if any(key in paused for key in keys):
        held_back = held_back_votes(context, paused)
        columns["paused"] = [
            Excerpt(pause_in_words(paused[key], held_back[key])) if key in paused else None
            for key in keys
        ]
    rows = tuple(zip(*columns.values(), strict=True))
    caption = (
        "Pages for annotators have the pseudonyms. F1 is of first-round answers; with reviewers and"
        " gold of all. n is the number of spans or labels of both sides. Reviewers see only samples"
        " that annotators could not settle."
    )
    return View("By annotator", (Table(tuple(columns), rows, caption, len(people) - len(shown)),))


def _times(person: PersonWithParts) -> list[float]:
    return [vote.lead_seconds for vote in person.annotations if vote.lead_seconds is not None]


def _mean_parts(person: PersonWithParts) -> float | None:
    sizes = [len(parts) for parts in person.answers.values()]
    return sum(sizes) / len(sizes) if sizes else None


def _outcomes(people: Sequence[PersonWithParts], schema: LabelSchema) -> Iterator[View]:
    compared = [person for person in people if person.truth]
    if not compared:
        return
    tables = {
        person.name: outcome_table(person.first_round, person.truth, schema).iloc[[-1]]
        for person in compared[:MOST_ROWS]
    }
    everybody = outcome_table(*_of_everybody(compared), schema)
    by_person = pd.concat(tables.values()).set_axis(pd.Index(list(tables), dtype=object))
    sources = Counter[str]()
    for person in compared:
        sources.update(person.sources)
    listed = ", ".join(f"{name} on {n:,}" for name, n in sorted(sources.items()))
    sentence = (
        "First-round answers, compared with gold labels where they are given, else with reviewers'"
        " decisions, else with what the other annotators say, weighed by their skills; never with"
        f" labels that rest on the person's own answers ({listed})."
    )
    tables_shown = (
        outcome_rows(by_person, "annotator", len(compared) - len(tables)),
        outcome_rows(everybody.iloc[:-1], "label", 0),
    )
    yield View("What annotators get right and miss", (sentence, *tables_shown))


@functools.singledispatch
def confusion(
    agreement: Any, people: Sequence[PersonWithParts], schema: LabelSchema
) -> Iterator[View]:
    """Yield which labels annotators confuse, by the type of their agreement: of spans only."""
    yield from ()


@confusion.register
def _(
    agreement: SpanAgreement, people: Sequence[PersonWithParts], schema: LabelSchema
) -> Iterator[View]:
    answers, truth = _of_everybody(people)
    if truth:
        view = confusion_view(answers, truth, schema, "annotators", "people")
        yield View("Labels that annotators confuse", view.parts)


def _of_everybody(
    people: Sequence[PersonWithParts],
) -> tuple[dict[Hashable, Any], dict[Hashable, Any]]:
    """Return everybody's first-round answers, and what they are compared with, side by side."""
    answers: dict[Hashable, Any] = {}
    truth: dict[Hashable, Any] = {}
    for person in people:
        answers |= {(person.name, key): label for key, label in person.first_round.items()}
        truth |= {(person.name, key): label for key, label in person.truth.items()}
    return answers, truth


def _outcomes_by_label(people: Sequence[PersonWithParts], schema: LabelSchema) -> Iterator[View]:
    for person in [person for person in people if person.truth][:MOST_SKILLS]:
        table = outcome_table(person.first_round, person.truth, schema).iloc[:-1]
        if len(table):
            title = f"By label: {person.name}"
            yield View(title, (outcome_rows(table, "label", 0),))


def outcome_rows(table: pd.DataFrame, heading: str, left_out: int) -> Table:
    """Return rows of `outcome_table` as a table: what is right, and what is missed in which way."""
    ways = [way for way in (OTHER_EDGES, OTHER_LABEL, MISSED) if way == MISSED or table[way].any()]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Excerpt(str(name)),
            int(row["true"]),
            _interval(row, "recall", int(row["true"])),
            *(Share(row[way] / row["true"] if row["true"] else float("nan")) for way in ways),
            int(row["extra"]),
            _interval(row, "precision", int(row["given"])),
        )
        for name, row in zip(table.index, table.to_dict("records"), strict=True)
    )
    headings = (heading, "true", "right of these", *ways, "extra", "right of those given")
    return Table(headings, rows, "", left_out)


def _interval(row: dict[Any, Any], name: str, n: int) -> Interval:
    return Interval(row[name], row[f"{name}_low"], row[f"{name}_high"], n)


def _escalations(context: ReportContext) -> Iterator[View]:
    waiting = context.verdict.escalations
    if not waiting:
        return
    texts = context.texts_of(escalation.sample_id for escalation in waiting[:MOST_ROWS])
    rows = tuple(
        (
            Excerpt(str(escalation.sample_id)),
            Excerpt(texts.get(escalation.sample_id, "")),
            Excerpt(escalation.explanation),
        )
        for escalation in waiting[:MOST_ROWS]
    )
    table = Table(("sample", "text", "why"), rows, "", len(waiting) - len(rows))
    yield View("Waiting for a reviewer", (table,))

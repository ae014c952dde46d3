"""A data card as a view: for pages and notebooks, where names of people are not shown either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.datasets.cards.facts import CardFacts, CardSettings
from labeling.datasets.cards.numbers import CardNumbers, numbers_of
from labeling.datasets.cards.readme import annotations_sentence, functions_of
from labeling.errors import counted
from labeling.records.estimates import Estimate
from labeling.rendering import Cell, Excerpt, Part, Share, Table, View, as_interval

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

STATED = {
    "description": "description",
    "licence": "license",
    "language": "language",
    "authors": "authors",
    "contact": "contact",
    "address": "url",
    "samples come from": "data_collection",
    "annotators are": "annotators",
    "guidelines": "guidelines",
    "personal data": "personal_information",
    "meant for": "uses",
    "limitations": "limitations",
    "maintenance": "maintenance",
}
MOST_FUNCTIONS = 200


def card_view(train: TrainingSet, settings: CardSettings, facts: CardFacts) -> View:
    """Return what a card says beyond the labels: how they were made, by whom, and how good."""
    numbers = numbers_of(train, {})
    parts: list[Part] = [_stated(settings), *_measured(numbers, facts)]
    if numbers.annotators or numbers.reviewers:
        people = counted(numbers.annotators, "annotator")
        reviewers = counted(numbers.reviewers, "reviewer")
        parts.append(f"{people} and {reviewers}. {annotations_sentence(numbers)}")
    functions = functions_of(numbers, facts)
    if functions:
        parts.append(_functions(numbers, facts))
    parts += [f"{name}: {what}" for name, what in facts.models.items()]
    if facts.rebuild:
        parts.append(f"To rebuild it, in a checkout of the project: {facts.rebuild}")
    return View(settings.shown_title, tuple(parts))


def _stated(settings: CardSettings) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for heading, name in STATED.items():
        value = getattr(settings, name)
        text = "; ".join(value) if isinstance(value, tuple) else value
        rows.append((heading, Excerpt(text) if text else "not stated"))
    return Table(("", "as people say"), tuple(rows))


def _measured(numbers: CardNumbers, facts: CardFacts) -> list[Part]:
    """Return the estimates of quality and agreement, or that there are none."""
    agreement = dict(facts.agreement) or {"pairwise agreement of people": numbers.agreement}
    estimates: dict[str, Estimate] = {**facts.quality, **agreement}
    rows = tuple(
        (Excerpt(name), as_interval(estimate)) for name, estimate in estimates.items() if estimate.n
    )
    table = Table(("measured", "value with 95 % interval"), rows, facts.quality_note)
    parts: list[Part] = [table] if rows else []
    if not facts.quality:
        parts.append("The quality of the labels was not measured on samples drawn at random.")
    return parts


def _functions(numbers: CardNumbers, facts: CardFacts) -> Table:
    total = max(numbers.n, 1)
    functions = functions_of(numbers, facts)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            "a person" if function.is_person else Excerpt(function.name),
            None if function.is_person else Excerpt(function.description),
            numbers.votes[function.name],
            Share(numbers.votes[function.name] / total),
            as_interval(function.accuracy) if function.accuracy else None,
        )
        for function in functions[:MOST_FUNCTIONS]
    )
    headings = ("labeling function", "what it looks for", "votes", "coverage", "accuracy")
    return Table(headings, rows, left_out=len(functions) - len(rows))

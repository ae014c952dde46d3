"""The text of a data card: what it is, how it was made, how good it is, and what is wrong with it.

The sections follow the data cards of the Hugging Face hub and the datasheets for datasets of Gebru
et al. (2021, Communications of the ACM 64(12)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from labeling.datasets.cards.facts import CardFacts, CardSettings, FunctionFacts
from labeling.datasets.cards.markdown import bullets, code_block, inline, paragraphs, table
from labeling.datasets.cards.numbers import CardNumbers
from labeling.datasets.columns import OWN_TYPES
from labeling.errors import counted
from labeling.records import person_key
from labeling.records.estimates import Estimate
from labeling.rendering.formatting import percent

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

NOT_STATED = "Not stated."
SOURCES = {
    "votes": "labeling functions, weighed by the label model",
    "end model": "the end model, on samples without a vote of a labeling function",
    "agreement": "people who agreed",
    "review": "reviewers",
    "given": "gold labels that were given",
}
MEANINGS = {
    "label": "the label",
    "probabilities": "the probability of each label, in the order of the labels",
    "confidence": "the probability of the label",
    "weight": "the weight of the row in training",
    "source": "what the label comes from",
    "lf_votes": "the vote of each labeling function that did not abstain",
    "annotators": "the labels that people gave, under pseudonyms; null where they skipped it",
    "reviewer": "who decided the label, under a pseudonym, where a reviewer did",
    "votes_for": "how many people voted for the label, where they agreed",
    "votes_cast": "how many people voted, where they agreed",
    "decided_by": "what decided the label, in words",
}


def readme_text(
    train: TrainingSet,
    numbers: CardNumbers,
    settings: CardSettings,
    facts: CardFacts,
    people: Mapping[str, str],
) -> str:
    """Return the text of a card, without its header.

    Args:
        train: the training set.
        numbers: its numbers.
        settings: what people say of it.
        facts: what the project knows of it.
        people: the pseudonym of each person, by `person_key`.
    """
    sections = [
        [f"# {inline(settings.shown_title)}", "", *_summary(train, numbers, settings, facts)],
        _labels(train, numbers),
        _sources(numbers, settings, facts),
        _functions(numbers, facts, people),
        _people(numbers, settings, facts),
        _quality(facts),
        _splits(train, numbers),
        _columns(train),
        _left_out(numbers),
        _problems(settings, facts),
        _stated("Personal and sensitive information", settings.personal_information),
        _stated("Uses", settings.uses),
        _licence(settings),
        _rebuild(train, facts),
        ["## Citation", "", *code_block(citation_of(train, settings, facts), "bibtex")],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def functions_of(numbers: CardNumbers, facts: CardFacts) -> tuple[FunctionFacts, ...]:
    """Return what is known of each labeling function that could vote."""
    known = {function.name: function for function in facts.functions}
    return tuple(known.get(name, FunctionFacts(name)) for name in numbers.votes)


def sources_sentence(numbers: CardNumbers) -> str:
    """Return what the labels come from, in a sentence."""
    parts = [f"{count:,} from {SOURCES.get(name, name)}" for name, count in numbers.sources.items()]
    return f"Labels of {counted(numbers.n, 'sample')}: {'; '.join(parts) or 'none'}."


def agreement_sentences(numbers: CardNumbers, facts: CardFacts) -> list[str]:
    """Return the agreement of people, each estimate with its interval and size."""
    measured = {name: estimate for name, estimate in facts.agreement.items() if estimate.n}
    if not measured and numbers.agreement.n:
        measured = {"share of pairs of people who gave a sample the same label": numbers.agreement}
    return [
        f"Agreement of people, {name}: {_estimate(estimate)}."
        for name, estimate in measured.items()
    ]


def quality_sentences(facts: CardFacts) -> list[str]:
    """Return how good the labels are, each estimate with its interval and size."""
    sentences = [
        f"{name}: {_estimate(estimate)}." for name, estimate in facts.quality.items() if estimate.n
    ]
    return sentences or ["The quality of the labels was not measured on samples drawn at random."]


def annotations_sentence(numbers: CardNumbers) -> str:
    """Return how many labels of people a sample has, in a sentence."""
    if not numbers.annotated:
        return "No sample was labeled by people."
    return (
        f"{counted(numbers.annotated, 'sample was', 'samples were')} labeled by people:"
        f" {numbers.mean_annotations:.2f} labels on average, {numbers.most_annotations} at most."
    )


def citation_of(train: TrainingSet, settings: CardSettings, facts: CardFacts) -> str:
    """Return the citation, as given or as BibTeX of what is known."""
    if settings.citation:
        return settings.citation
    day = settings.published or facts.published
    values = {
        "title": settings.shown_title,
        "author": " and ".join(settings.authors),
        "year": day[:4],
        "url": settings.url,
        "note": f"fingerprint {train.fingerprint[:16]}",
    }
    key = "".join(c for c in (settings.name or "training_set") if c.isascii() and c.isalnum())
    lines = [
        f"  {name} = {{{value.replace('{', '(').replace('}', ')')}}}"
        for name, value in values.items()
        if value
    ]
    return "@misc{" + (key or "data") + ",\n" + ",\n".join(lines) + "\n}"


def _estimate(estimate: Estimate) -> str:
    return str(estimate) if math.isnan(estimate.low) else f"{estimate} (95 % interval)"


def _summary(
    train: TrainingSet, numbers: CardNumbers, settings: CardSettings, facts: CardFacts
) -> list[str]:
    rows: list[tuple[str, object]] = [
        ("samples", numbers.n),
        ("labels", len(train.schema)),
        ("language", ", ".join(settings.language) or "not stated"),
        ("licence", settings.license or "not stated"),
        ("contact", settings.contact or "not stated"),
        ("fingerprint of the rows", train.fingerprint),
    ]
    if facts.release:
        rows.append(("release", facts.release))
    text = paragraphs(settings.description) or [NOT_STATED]
    shown = table(["", ""], [(name, f"{v:,}" if isinstance(v, int) else v) for name, v in rows])
    return [*text, "", *shown]


def _labels(train: TrainingSet, numbers: CardNumbers) -> list[str]:
    total = max(numbers.n, 1)
    described = train.schema.descriptions
    rows = [
        (label, described.get(label) or "", count, percent(count / total))
        for label, count in numbers.labels.items()
    ]
    lines = ["## Labels", "", *table(["label", "meaning", "samples", "share"], rows)]
    note = train.form.note(train.columns["label"])
    lines += ["", note] if note else []
    if train.schema.ordered:
        lines += ["", "The labels are grades, from the lowest to the highest."]
    if numbers.unlabeled:
        lines += ["", f"{counted(numbers.unlabeled, 'sample has', 'samples have')} no label."]
    return lines


def _sources(numbers: CardNumbers, settings: CardSettings, facts: CardFacts) -> list[str]:
    rows = [
        (name, SOURCES.get(name, name), count, percent(count / max(numbers.n, 1)))
        for name, count in numbers.sources.items()
    ]
    lines = ["## How it was made", ""]
    lines += paragraphs(settings.data_collection) or [
        "Where the samples come from and how they were collected is not stated."
    ]
    lines += ["", *table(["source", "the label comes from", "samples", "share"], rows)]
    if facts.models:
        lines += ["", *bullets(f"{name}: {what}" for name, what in facts.models.items())]
    return lines


def _functions(numbers: CardNumbers, facts: CardFacts, people: Mapping[str, str]) -> list[str]:
    functions = functions_of(numbers, facts)
    if not functions:
        return []
    rows = [
        (
            people[person_key(function.name)] if function.is_person else function.name,
            "" if function.is_person else function.description,
            numbers.votes[function.name],
            percent(numbers.votes[function.name] / max(numbers.n, 1)),
            _estimate(function.accuracy) if function.accuracy and function.accuracy.n else "",
        )
        for function in functions
    ]
    headings = ["labeling function", "what it looks for", "votes", "coverage", "accuracy"]
    note = f"Coverage is the share of the {counted(numbers.n, 'sample')} with a vote."
    return ["### Labeling functions", "", *table(headings, rows), "", note]


def _people(numbers: CardNumbers, settings: CardSettings, facts: CardFacts) -> list[str]:
    lines = ["### People", ""]
    if not (numbers.annotators or numbers.reviewers):
        return [*lines, "No label was given by people whose names are known."]
    lines += [
        f"{counted(numbers.annotators, 'annotator')} and"
        f" {counted(numbers.reviewers, 'reviewer')}, under pseudonyms.",
        "",
        annotations_sentence(numbers),
        "",
        *(paragraphs(settings.annotators) or ["Who they are is not stated."]),
    ]
    if settings.guidelines:
        lines += ["", *paragraphs(settings.guidelines)]
    if facts.platform:
        lines += ["", f"Annotated with {inline(facts.platform)}."]
    return [*lines, "", *map(inline, agreement_sentences(numbers, facts))]


def _quality(facts: CardFacts) -> list[str]:
    note = paragraphs(facts.quality_note)
    return ["## Quality of the labels", "", *bullets(quality_sentences(facts)), "", *note][
        : None if note else -1
    ]


def _splits(train: TrainingSet, numbers: CardNumbers) -> list[str]:
    if "split" not in train.columns:
        return ["## Splits", "", "No split was made: all samples are in `train`."]
    rows = [
        (name, count, percent(count / max(numbers.n, 1))) for name, count in numbers.splits.items()
    ]
    return ["## Splits", "", *table(["split", "samples", "share"], rows)]


def _columns(train: TrainingSet) -> list[str]:
    rows = [(str(name), "of the samples") for name in train.samples.columns]
    added = [name for name in OWN_TYPES if name in train.columns and name in MEANINGS]
    meanings = {**MEANINGS, **train.form.meanings}
    rows += [(train.own_columns[name], meanings[name]) for name in added]
    return ["## Columns", "", *table(["column", "what it holds"], rows)]


def _left_out(numbers: CardNumbers) -> list[str]:
    if not numbers.left_out:
        return ["## Left out", "", "No sample was left out."]
    return ["## Left out", "", *table(["reason", "samples"], numbers.left_out.items())]


def _problems(settings: CardSettings, facts: CardFacts) -> list[str]:
    sentences = [*facts.problems, *settings.limitations]
    return ["## Known problems and limitations", "", *(bullets(sentences) or [NOT_STATED])]


def _stated(heading: str, text: str) -> list[str]:
    return [f"## {heading}", "", *(paragraphs(text) or [NOT_STATED])]


def _licence(settings: CardSettings) -> list[str]:
    lines = ["## Licence", "", inline(settings.license) or NOT_STATED]
    if settings.authors:
        lines += ["", f"By {inline(', '.join(settings.authors))}."]
    if settings.contact:
        lines += ["", f"Questions and requests for deletion: {inline(settings.contact)}"]
    return [*lines, "", *paragraphs(settings.maintenance)][: None if settings.maintenance else -1]


def _rebuild(train: TrainingSet, facts: CardFacts) -> list[str]:
    lines = ["## How to rebuild it", ""]
    if facts.rebuild:
        lines += ["In a checkout of the project:", "", *code_block(facts.rebuild, "sh"), ""]
    packages = train.manifest()["packages"]
    named = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    return [*lines, f"Made with {inline(named)}."]

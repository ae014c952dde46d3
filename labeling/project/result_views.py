"""What the status and the rounds of a project show of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.errors import counted
from labeling.records.people_views import problems_table
from labeling.rendering import Excerpt, Part, Share, Table, View, as_interval
from labeling.rendering.formatting import whole

if TYPE_CHECKING:
    from labeling.project.results import Round
    from labeling.project.status import Status


def status_view(status: Status) -> View:
    """Return the counts of a project, the states of its samples, and what to do next."""
    parts: list[Part] = [_samples(status)]
    if status.people_label:
        parts.append(f"People label {status.people_label}.")
    parts.append(
        f"Batches: {whole(status.batches)}. Annotations: {whole(status.annotations)}, by"
        f" {counted(status.annotators, 'person', 'people')}; {whole(status.reviews)} of them are"
        " reviews."
    )
    if status.states:
        parts.append(_states(status))
    if status.accuracy:
        rows = tuple(
            (Excerpt(name), as_interval(estimate)) for name, estimate in status.accuracy.items()
        )
        parts.append(Table(("", status.measure), rows, "By samples that were drawn at random."))
    sentences = (*status.quality, *status.notes, *status.warnings, status.lacking_gold)
    parts += [*filter(None, sentences), *status.stop]
    if status.problems:
        parts.append(problems_table(status.problems))
    parts.append(f"Next: {status.next}.")
    return View(f"Project {status.project!r}", tuple(parts))


def _samples(status: Status) -> str:
    if status.samples is None:
        return "The labeling functions have not been applied yet."
    share = f" ({status.covered / status.samples:.0%})" if status.samples and status.covered else ""
    return (
        f"{counted(status.samples, 'sample')}, {whole(status.covered)}{share} covered by"
        f" {counted(status.labeling_functions or 0, 'labeling function')};"
        f" {whole(status.dev)} with a gold label, {whole(status.locked)} more in the locked test"
        " split."
    )


def _states(status: Status) -> Table:
    counts = {"not_chosen": status.not_chosen or 0, **status.states}
    total = max(sum(counts.values()), 1)
    rows = tuple(
        (state.replace("_", " "), count, Share(count / total)) for state, count in counts.items()
    )
    return Table(("state", "samples", "share"), rows)


def round_view(current: Round) -> View:
    """Return what a round of annotation asked, and what is settled after it."""
    if current.batch is None:
        return View(f"Round {current.number}", ("Labeling functions only: nobody was asked yet.",))
    sentence = (
        f"{counted(len(current.batch), 'sample')} sent. So far"
        f" {counted(current.human_votes, 'human vote')} and {counted(current.reviews, 'review')}."
    )
    verdict = current.verdict._view()
    return View(f"Round {current.number}", (sentence, f"{verdict.title}:", *verdict.parts))

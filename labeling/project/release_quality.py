"""What is known to be wrong with the models' labels: for the page of a release and its card."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from labeling.config import Config
from labeling.project.data import ProjectData
from labeling.project.results import Round
from labeling.records import ABSTAIN, AnySoft, SoftLabels, SoftSets, SoftSpans
from labeling.records.estimates import Estimate, undefined
from labeling.rendering import Excerpt, Table, View, as_interval

if TYPE_CHECKING:
    from labeling.analysis import ProblemList
    from labeling.analysis.problems.measuring import ProblemTable
    from labeling.analysis.slices.masks import Slices
    from labeling.datasets import Release

QUALITY_TITLE = "Quality of the models' labels, by given gold labels that they did not learn"
NO_GOLD = (
    "No gold labels were given that could measure the models: `data: gold:` in the config names"
    " some."
)


def problem_list(config: Config) -> ProblemList | None:
    """Return the known problems; `None` if the config names no list.

    Raises:
        ConfigError: the list cannot be read.
    """
    from labeling.analysis import ProblemList

    path = config.card.known_problems
    return None if path is None else ProblemList.read(config.at(path))


def quality_of_models(config: Config, data: ProjectData, current: Round) -> list[View]:
    """Return quality, slices, problems and likely errors on samples with given gold labels.

    The models' labels of these samples are cross-fitted: each is predicted by models that did not
    learn its gold label.
    """
    measured = current.measured
    if measured is None or not len(data.dev):
        return [View("Not measured", (NO_GOLD,))]
    return _views(measured, config, data)


@functools.singledispatch
def _views(measured: AnySoft, config: Config, data: ProjectData) -> list[View]:
    """Return the scores of spans, or of several labels, and F1 in each slice."""
    scores = _scores(measured, data.dev)
    views = [scores.view]
    slices = _slices(config, data.samples.loc[measured.sample_ids])
    if slices is not None:
        views.append(_by_slice(measured, data.dev, slices))
    problems = problem_list(config)
    if problems:
        views.append(View("Known problems", problem_sentences(None, problems)))
    return views


@_views.register
def _(measured: SoftLabels, config: Config, data: ProjectData) -> list[View]:
    from labeling.analysis import quality_views

    samples = data.samples.loc[measured.sample_ids]
    return quality_views(
        _labels(measured),
        measured.schema,
        soft=measured,
        gold=data.dev,
        samples=samples,
        slices=_slices(config, samples),
        problems=problem_list(config),
    )


class PartScores(NamedTuple):
    """F1 of spans, or micro F1 of several labels, and all scores as they are shown."""

    f1: Estimate
    view: View


@functools.singledispatch
def _scores(measured: AnySoft, gold: pd.Series) -> PartScores:
    """Return the scores of soft labels on samples with gold."""
    raise TypeError(f"There are no scores of {type(measured).__name__}.")


@_scores.register
def _(measured: SoftSpans, gold: pd.Series) -> PartScores:
    from labeling.analysis import span_scores

    scores = span_scores(measured, gold, measured.schema)
    return PartScores(scores.f1, scores._view())


@_scores.register
def _(measured: SoftSets, gold: pd.Series) -> PartScores:
    from labeling.analysis import set_scores

    scores = set_scores(measured, gold, measured.schema)
    return PartScores(scores.micro, scores._view())


def _by_slice(measured: AnySoft, gold: pd.Series, slices: Slices) -> View:
    """Return F1 on the samples with gold of each slice, in the order of the slices."""
    rows = []
    for name in slices.masks:
        of_slice = gold[gold.index.isin(slices.masks.index[slices.masks[name]])]
        f1 = _scores(measured, of_slice).f1 if len(of_slice) else undefined(0, "no gold label")
        rows.append((Excerpt(str(name)), len(of_slice), as_interval(f1)))
    headings = ("slice", "samples with gold", "F1")
    note = "By models that did not learn this gold. 95 % intervals."
    return View("F1 by slice", (Table(headings, tuple(rows), note),))


def problem_table(config: Config, data: ProjectData, current: Round) -> ProblemTable | None:
    """Return the errors of the known problems; `None` without a list or gold labels.

    Those of spans and of several labels are not measured.
    """
    problems, measured = problem_list(config), current.measured
    if not problems or not isinstance(measured, SoftLabels) or not len(data.dev):
        return None
    slices = _slices(config, data.samples.loc[measured.sample_ids])
    return problems.measure(measured, data.dev, slices=slices)


def problem_sentences(table: ProblemTable | None, problems: ProblemList | None) -> tuple[str, ...]:
    """Return the known problems in sentences, the highest priority first, each with its error."""
    if table is None:
        return tuple(
            f"{problem.name}: {problem.description or 'no description'} (not measured)"
            for problem in (problems.problems if problems else ())
        )
    return tuple(
        f"{one.problem.name}: {one.problem.description or 'no description'} (wrong labels:"
        f" {one.error}; harm {one.problem.harm} of 5; {one.problem.status})"
        for one in table.problems
    )


def problem_errors(table: ProblemTable | None) -> dict[str, Estimate]:
    """Return the error of each problem by its name."""
    return {one.problem.name: one.error for one in (table.problems if table else ())}


def problem_history_views(releases: Mapping[str, Release]) -> Sequence[View]:
    """Return the errors of known problems over releases, drawn; none if none was measured.

    Args:
        releases: the releases by what they are called, the oldest first.
    """
    from labeling.analysis.problems.history import ProblemHistory
    from labeling.analysis.quality_views import history_view

    errors = {name: release.facts.problem_errors for name, release in releases.items()}
    names = sorted({problem for of_release in errors.values() for problem in of_release})
    if not names:
        return ()
    found = {name: tuple(each.get(name) for each in errors.values()) for name in names}
    return [history_view(ProblemHistory(tuple(errors), found))]


def _labels(soft: SoftLabels) -> pd.Series:
    """Return the most probable label of each sample by name, without ties."""
    codes = soft.codes()
    is_known = codes != ABSTAIN
    names = [soft.schema.labels[code] for code in codes[is_known].tolist()]
    return pd.Series(names, index=soft.sample_ids[is_known], dtype=object)


def _slices(config: Config, samples: pd.DataFrame) -> Slices | None:
    """Return which samples are in the slices of the config; `None` if it names no file."""
    from labeling.analysis.slices.masks import Slices
    from labeling.engine import apply_to_frame
    from labeling.functions.loading import load_slicing_functions
    from labeling.functions.slicing import SLICE_SCHEMA, checked_slices

    paths = config.card.slices
    loaded = [each for path in paths for each in load_slicing_functions(config.at(path))]
    if not loaded:
        return None
    functions = checked_slices(loaded)
    rules = [each.rule for each in functions]
    votes = apply_to_frame(rules, samples, SLICE_SCHEMA, on_error="raise")
    return Slices.of_votes(votes, {each.name: each.description for each in functions})

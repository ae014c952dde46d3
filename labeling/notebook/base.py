"""What a workbench holds and computes: samples, dev set, labeling functions, votes, label model."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.engine import VoteStore, apply_to_frame, fingerprint_of
from labeling.engine.engine_report import HowRun
from labeling.errors import DataError, LabelingFunctionError, quoted
from labeling.functions import labeling_function
from labeling.label_models import LabelModel
from labeling.notebook.dev_labels import DevLabels
from labeling.notebook.fits import ModelFits
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.overview import dev_set_sentence, overview
from labeling.notebook.progress import RunProgress
from labeling.project import Project
from labeling.records import (
    AnyVotes,
    Gold,
    LabelingFunction,
    LabelSchema,
    SoftLabels,
    Table,
    Votes,
    expect,
    gold_codes,
    is_text,
    require_column,
    with_id_index,
)
from labeling.rendering import DisplayedAlike, View

FOLDER = "workbench"
"""Within the folder of a project's store or of a cache: commits, and labels of people."""
TIMEOUT = 30.0
"""Seconds that a function may take on a sample: a slow pattern must not block a notebook."""
UNNAMED = ("<lambda>", "partial")
"""Names of functions that were given none."""


class BaseWorkbench(DisplayedAlike):
    """The state of a workbench; `Workbench` adds what is asked of it.

    Attributes:
        samples: index = ids; a copy, so that votes stay true when the frame that was given changes.
        schema: the labels.
        gold_codes: the dev set's label codes, shape (n_samples,), -1 = not in the dev set.
        replaced: the version that each function replaced last, by name.
        looks_at_dev: how many results were measured on the dev set.
    """

    def __init__(
        self,
        samples: Table | None = None,
        schema: LabelSchema | None = None,
        gold: Gold | None = None,
        project: Project | str | os.PathLike[str] | None = None,
        *,
        id: str | None = None,
        text: str | None = None,
        cache: str | os.PathLike[str] | None = None,
        timeout: float | None = TIMEOUT,
    ) -> None:
        opened = Project(project) if isinstance(project, (str, os.PathLike)) else project
        self.project: Project | None = opened
        if opened is not None:
            expect(opened, Project, "`project`")
            samples = opened.samples if samples is None else samples
            schema = opened.schema if schema is None else schema
            gold = opened.data.dev if gold is None else gold
            text = opened.config.data.text if text is None else text
        if samples is None or schema is None:
            raise DataError(
                "A workbench needs samples and a schema, or a project that has both:"
                " Workbench(samples, LabelSchema([...])) or Workbench(project='configs/spam.yaml')."
            )
        self.samples: pd.DataFrame = with_id_index(samples, id).copy()
        self.schema: LabelSchema = expect(schema, LabelSchema, "`schema`")
        self._functions = self._before = FunctionSet()
        self.replaced: dict[str, VotedLF] = {}
        self.looks_at_dev = 0
        _check_names(self.samples, text, cache)
        self._text, self._timeout, self._cache = text, timeout, cache
        self._store = None if cache is None else VoteStore(cache)
        self._drafts: dict[str, VotedLF] = {}
        self._take_gold(gold)
        for lf in [] if opened is None else opened.labeling_functions:
            self.add(lf)

    def _take_gold(self, gold: Gold | None) -> None:
        """Take the dev set: gold that was given, and what people answered here before."""
        self._given_gold = gold_codes(gold, self.samples.index, self.schema)
        self._fits = ModelFits(
            lambda functions: functions.votes(self.samples.index, self.schema),
            lambda votes: LabelModel().fit(votes).predict_proba(votes),
        )
        self._dev_labels = DevLabels(self._folder, self.samples, self._text_or_none, self.schema)
        self.gold_codes, self._n_differing = self._dev_labels.merged(self._given_gold)

    def _view(self) -> View:
        return overview(self.samples, self.schema, self._dev_set_sentence(), self.functions)

    def _dev_set_sentence(self) -> str:
        return dev_set_sentence(self.schema, self.gold_codes)

    @property
    def _folder(self) -> Path | None:
        """The folder of commits and of labels that people give; `None` keeps them in memory."""
        if self.project is not None:
            return Path(self.project.store.folder) / FOLDER
        return None if self._cache is None else Path(self._cache) / FOLDER

    @property
    def functions(self) -> FunctionSet:
        """The current labeling functions with their votes; the set before a change is kept."""
        return self._functions

    @functions.setter
    def functions(self, functions: FunctionSet) -> None:
        if not _are_same_sets(self._functions, functions):
            self._before = self._functions
        self._functions = functions

    def _looked_at_dev(self) -> None:
        """Count a result that was measured on the dev set; `log` warns when there were many."""
        if (self.gold_codes >= 0).any():
            self.looks_at_dev += 1

    def _last_committed(self) -> FunctionSet | None:
        """Return the set of the last commit; `None` where there is none."""
        return None

    def _set_at(self, commit: str) -> FunctionSet:
        """Return the set of a commit, by its id."""
        raise DataError(f"There must be a commit {commit!r}. There is none yet.")

    def _all_looks(self) -> int:
        """Return how many results were measured on the dev set."""
        return self.looks_at_dev

    def lf(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        label: str | int | None = None,
        name: str | None = None,
        resources: Mapping[str, Any] | None = None,
        pre: Sequence[Callable[[Any], Any]] = (),
        compile: bool = True,
        version: str | int | None = None,
    ) -> Any:
        """Make a function a labeling function and add it; running the cell again replaces it.

        Args are those of `labeling.labeling_function`.
        """

        def decorate(decorated: Callable[..., Any]) -> LabelingFunction:
            made = labeling_function(
                name=name,
                label=label,
                resources=resources,
                pre=pre,
                compile=compile,
                version=version,
            )(decorated)
            self.add(made)
            return made

        return decorate if function is None else decorate(function)

    def add(self, lf: LabelingFunction) -> LabelingFunction:
        """Add a labeling function; one of the same name is replaced, in its place.

        Returns:
            The same labeling function.

        Raises:
            LabelingFunctionError: it is not one, or has no name.
            UnknownLabelError: it votes for a label that the schema lacks.
        """
        voted = self.vote(lf)
        if voted.name in UNNAMED:
            raise LabelingFunctionError(
                "A labeling function of a workbench must have a name, or the next one without a"
                f" name would replace it. Got {voted.name!r}: give it one, such as"
                " labeling_function(name='has_link', label=...)(...)."
            )
        old = self.functions.get(voted.name)
        if old is not None and not are_same(old, voted):
            self.replaced[voted.name] = old
        self.functions = self.functions.with_function(voted)
        return lf

    def drop(self, *names: str | LabelingFunction) -> None:
        """Drop labeling functions, by name."""
        wanted = [name.name if isinstance(name, LabelingFunction) else name for name in names]
        for name in wanted:
            self.replaced[name] = self.functions[name]
        self.functions = self.functions.without(*wanted)

    def vote(self, lf: LabelingFunction) -> VotedLF:
        """Return a labeling function with its votes; known votes of equal functions are reused.

        What a function uses may have changed since it voted, such as a list of a notebook: then it
        votes again.
        """
        if not isinstance(lf, LabelingFunction):
            raise LabelingFunctionError(
                f"It must be a labeling function. Got {quoted(lf)}: write @workbench.lf(label=...)"
                " or @labeling_function(label=...) above a function, or take a ready-made kind, as"
                " keywords(...) is."
            )
        fingerprint = known_fingerprint(lf)
        for voted in [*self.functions, *self.replaced.values(), *self._drafts.values()]:
            if fingerprint and voted.fingerprint == fingerprint and voted.name == lf.name:
                same: VotedLF = dataclasses.replace(voted, lf=lf, fingerprint=fingerprint)
                return same
        return self._run(lf, fingerprint)

    def refresh(self) -> None:
        """Let those functions vote again of which something that they use has changed."""
        for voted in self.functions:
            if voted.fingerprint and voted.fingerprint != known_fingerprint(voted.lf):
                self.add(voted.lf)

    def _run(self, lf: LabelingFunction, fingerprint: str) -> VotedLF:
        runs: list[HowRun] = []
        progress = RunProgress(lf.name, len(self.samples))
        votes = apply_to_frame(
            lf,
            self.samples,
            self.schema,
            on_error="record",
            timeout=self._timeout,
            cache=self._store,
            progress=progress,
            report=runs.extend,
            text=self._text_or_none() or "text",
        )
        return self._with_votes(lf, votes, runs[0], fingerprint)

    def _with_votes(
        self, lf: LabelingFunction, votes: AnyVotes, run: HowRun, fingerprint: str
    ) -> VotedLF:
        """Return a labeling function with the votes that it cast."""
        codes = expect(votes, Votes, "Votes").to_array()[:, 0].copy()
        codes.flags.writeable = False
        return VotedLF(lf, codes, votes.faults, run, fingerprint)

    def votes(self) -> Votes:
        """Return the votes of the current labeling functions.

        Raises:
            LabelingFunctionError: there is none.
        """
        self.refresh()
        return self.functions.votes(self.samples.index, self.schema)

    def soft_labels(self, functions: FunctionSet | None = None) -> SoftLabels:
        """Return the posteriors of the label model, fitted to the votes without the dev set.

        Args:
            functions: those whose votes are used; `None` is the current ones.
        """
        wanted = self.functions if functions is None else functions
        fit = self._fits.of(wanted)
        fit.warn()
        return fit.soft

    @property
    def text(self) -> str:
        """The column of the text that is shown and searched.

        Raises:
            DataError: it was not named, and no column is called "text" nor the only one of texts.
        """
        if self._text is not None:
            return self._text
        texts = [str(name) for name in self.samples if _is_of_texts(self.samples[name])]
        if "text" in texts or len(texts) == 1:
            self._text = "text" if "text" in texts else texts[0]
            return self._text
        raise DataError(
            "The column of the text must be named: Workbench(..., text='...')."
            f" Columns of texts: {', '.join(map(repr, texts)) or 'none'}."
        )

    def _text_or_none(self) -> str | None:
        try:
            return self.text
        except DataError:
            return None


def _check_names(samples: pd.DataFrame, text: str | None, cache: object) -> None:
    if text is not None:
        require_column(samples, text, "the text of a workbench")
    if cache is not None and not isinstance(cache, (str, os.PathLike)):
        raise DataError(f"`cache` must be the path of a folder. Got {cache!r}.")


def _is_of_texts(column: pd.Series) -> bool:
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    return is_text(column.cat.categories.to_series() if is_category else column)


def known_fingerprint(lf: LabelingFunction) -> str:
    """Return the fingerprint of a function; empty where changes of it could go unseen."""
    found = fingerprint_of(lf)
    return "" if found.unseen else found.digest


def are_same(first: VotedLF, second: VotedLF) -> bool:
    """Whether two versions of a function are known to be the same."""
    is_known = bool(first.fingerprint) or first.lf is second.lf
    return is_known and first.fingerprint == second.fingerprint


def _are_same_sets(first: FunctionSet, second: FunctionSet) -> bool:
    return first.names == second.names and all(map(are_same, first, second))

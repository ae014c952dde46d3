"""The part of the workbench that keeps versions: commit, log, revert, export, lint."""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labeling.engine.engine_report import HowRun
from labeling.errors import DataError, LabelingFunctionError, VotesError, listed, near
from labeling.functions import load_labeling_functions
from labeling.notebook.base import BaseWorkbench, are_same, known_fingerprint
from labeling.notebook.commit_log import (
    ACCURACY,
    Change,
    CommitLog,
    Committed,
    Measure,
    Reverted,
    by_name,
    change_between,
)
from labeling.notebook.commit_votes import KeptVotes
from labeling.notebook.commits import Commit, CommittedLF, History, commit_id, is_absent, now
from labeling.notebook.exporting import Exported, export, source_text
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.lint_findings import Lint
from labeling.notebook.linting import lint
from labeling.notebook.vote_cells import id_texts, votes_digest
from labeling.records import ABSTAIN, LabelingFunction
from labeling.records.estimates import Estimate, proportion, undefined


class Versions(BaseWorkbench):
    """Commits, reverts, exports and checks of the labeling functions of a workbench."""

    _measure: ClassVar[Measure] = ACCURACY

    def commit(self, message: str) -> Committed:
        """Keep a snapshot of the labeling functions: source, votes, coverage, accuracy.

        With a project, or a `cache` folder, it is kept in files, and `log` shows it after the
        kernel was restarted, too.

        Args:
            message: why.

        Returns:
            The commit; the last one, where nothing has changed since.

        Raises:
            LabelingFunctionError: there is no function to commit.
            DataError: the message is empty, or the files cannot be written.
        """
        if not isinstance(message, str) or not message.strip():
            raise DataError(f"A commit must have a message. Got {message!r}.")
        self.refresh()
        latest = self._history.latest
        if latest is None:
            self.votes()  # refuses a workbench without functions
        committed = self._committed()
        before = {} if latest is None else by_name(latest.functions)
        change = change_between(before, by_name(committed))
        if latest is not None and latest.functions == committed:
            return Committed(latest, Change(), is_new=False, measure=self._measure)
        self._looked_at_dev()
        commit = self._snapshot(message.strip(), committed)
        self._history.add(commit, self.functions, self.samples.index)
        return Committed(commit, change, is_new=True, measure=self._measure)

    def log(self) -> CommitLog:
        """Return the commits, with what each changed, its coverage and its dev accuracy.

        Where labels have parts it is F1, of spans or over all labels (micro), on the dev set.
        """
        n_dev = int((self.gold_codes >= 0).sum())
        return CommitLog(self._history, self._all_looks(), n_dev, self._measure)

    def revert(self, to: str | None = None) -> Reverted:
        """Go back to a commit, or to the version of a function before.

        Args:
            to: the first digits of a commit's id, or the name of a function; `None` takes the last
                change back, which may be a revert.

        Raises:
            DataError: there is no such commit or function, or both.
            LabelingFunctionError: functions of the commit were made by another process.
        """
        before = self.functions
        if to is None:
            self.functions, target = self._before, "the state before the last change"
        else:
            target = self._revert_to(to)
        unlike = tuple(
            voted.name
            for voted in self.functions
            if voted.fingerprint and voted.fingerprint != known_fingerprint(voted.lf)
        )
        return Reverted(target, _change_of(before, self.functions), unlike)

    def export(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Exported:
        """Write the labeling functions, with all that they use, as a module for `lfs/`.

        The module is loaded again, in another process too, and must give the votes of the
        workbench, or nothing is written. Functions of the project's own files stay there.

        Args:
            path: of the module, ending in `.py`. Long values are written beside it, in
                `resources/`.
            overwrite: whether an existing file may lose what the new one does not have.

        Raises:
            DataError: the path is not that of a module, or what stands there would be lost.
            LabelingFunctionError: a function has no source form, or votes differently in the
                module.
            LoadError: another process cannot load the module.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise DataError(
                f"`path` must be the path of a module, such as 'lfs/spam.py'. Got {path!r}."
            )
        self.refresh()
        others = self._of_other_files(Path(path))
        is_kept = {id(lf) for lf in others}
        functions = FunctionSet(tuple(one for one in self.functions if id(one.lf) not in is_kept))
        exported = export(
            functions,
            self.samples,
            self.schema,
            path,
            overwrite=overwrite,
            timeout=self._timeout,
            text=self._text_or_none() or "text",
        )
        names = {lf.name for lf in others}
        also = tuple(name for name in exported.names if name in names)
        return dataclasses.replace(exported, also_in_project=also)

    def _of_other_files(self, path: Path) -> list[LabelingFunction]:
        """Return the labeling functions of the project that are not in a file."""
        if self.project is None:
            return []
        config = self.project.config
        files = {config.at(file).resolve() for file in config.labeling_functions}
        is_own = path.resolve() in files and path.is_file()
        own = {lf.name for lf in load_labeling_functions(path)} if is_own else set()
        return [lf for lf in self.project.labeling_functions if lf.name not in own]

    def lint(self) -> Lint:
        """Look for labeling functions that are likely mistakes; each finding says what to do."""
        self.refresh()
        self._looked_at_dev()
        return lint(self.functions, self.samples, self.schema, self.gold_codes, self._timeout)

    @property
    def _history(self) -> History:
        """The commits, with those that another workbench on the same folder made meanwhile."""
        history = self._opened_history
        history.reread()
        return history

    @functools.cached_property
    def _opened_history(self) -> History:
        history = History(self._folder)
        self._looks_before = 0 if history.latest is None else history.latest.looks_at_dev
        return history

    def _all_looks(self) -> int:
        """Return how many results were measured on the dev set, by other processes too."""
        _ = self._history
        return self._looks_before + self.looks_at_dev

    def _set_at(self, commit: str) -> FunctionSet:
        """Return the functions of a commit with their votes, whichever process made it.

        Raises:
            DataError: there is no such commit, or it is on other samples.
        """
        return self._set_of(self._history[commit])

    def _last_committed(self) -> FunctionSet | None:
        """Return the functions of the last commit; `None` where there is none."""
        latest = self._history.latest
        return None if latest is None else self._set_of(latest)

    def _set_of(self, commit: Commit) -> FunctionSet:
        known = [*self.functions, *self.replaced.values()]
        return self._history.functions_of(commit, self.samples.index, known, self._restored)

    def _restored(self, kept: KeptVotes) -> VotedLF:
        """Return a function of another process by the votes that are kept of it.

        Raises:
            LabelingError: they are of another kind, or do not fit the samples.
        """
        if not np.issubdtype(kept.cells.dtype, np.integer):
            raise VotesError("They are spans, or several labels of a sample.")
        return VotedLF(kept.lf, kept.cells, (), HowRun(kept.lf.name), kept.fingerprint)

    def _revert_to(self, to: str) -> str:
        commit = self._history.find(to) if isinstance(to, str) else None
        if commit is not None and (to in self.replaced or to in self.functions):
            raise DataError(
                f"What is reverted to must be a commit or a function. Got {to!r}, which is both:"
                f" give the whole id, {commit.id}."
            )
        if commit is None:
            return self._revert_function(to)
        functions = self._set_of(commit)
        absent = [voted.name for voted in functions if is_absent(voted)]
        if absent:
            raise LabelingFunctionError(
                "The functions of a commit must be in this process to be reverted to. Made by"
                f" another: {listed(absent)}; run the cells that define them, or load the exported"
                f" module. Their source: print(workbench.log()[{commit.short_id!r}].source)."
            )
        self.functions = functions
        return f"commit {commit.short_id}: {commit.message}"

    def _revert_function(self, name: str) -> str:
        if name not in self.replaced:
            names = [*self.replaced, *(commit.short_id for commit in self._history.commits)]
            raise DataError(
                "What is reverted to must be a commit, or a function that was changed or dropped."
                f" Got {name!r}; there are: {listed(names, 10) if names else 'none'}."
                f"{near(name, names)}"
            )
        old, current = self.replaced[name], self.functions.get(name)
        self.functions = self.functions.with_function(old)
        if current is None:
            del self.replaced[name]
        else:
            self.replaced[name] = current
        return f"the version of {name!r} before"

    def _committed(self) -> tuple[CommittedLF, ...]:
        order = np.argsort(np.array(id_texts(self.samples.index), dtype=object), kind="stable")
        return tuple(
            CommittedLF(
                voted.name,
                voted.fingerprint,
                votes_digest(voted.cells, order),
                source_text(voted.lf),
            )
            for voted in self.functions
        )

    def _snapshot(self, message: str, functions: tuple[CommittedLF, ...]) -> Commit:
        latest = self._history.latest
        parent = "" if latest is None else latest.id
        covered = (self.functions.array(len(self.samples)) != ABSTAIN).any(axis=1)
        return Commit(
            id=commit_id(parent, message, functions),
            parent=parent,
            number=1 if latest is None else latest.number + 1,
            message=message,
            at=now(),
            functions=functions,
            n_samples=len(self.samples),
            n_covered=int(covered.sum()),
            accuracy=self._dev_accuracy(covered),
            looks_at_dev=self._all_looks(),
        )

    def _dev_accuracy(self, covered: npt.NDArray[np.bool_]) -> Estimate:
        """Return the accuracy of the label model on the samples of the dev set that it decides."""
        if not (self.gold_codes >= 0).any():
            return undefined(0, "no dev set")
        labels = self.soft_labels().codes()  # -1 where labels are equally likely
        measured = covered & (self.gold_codes >= 0) & (labels != ABSTAIN)
        right = int((labels[measured] == self.gold_codes[measured]).sum())
        return proportion(right, int(measured.sum()))


def _change_of(before: FunctionSet, after: FunctionSet) -> Change:
    """Return what differs between two sets; equal versions of a function count as the same."""
    old = {voted.name: _Version(voted) for voted in before}
    return change_between(old, {voted.name: _Version(voted) for voted in after})


class _Version:
    """A function that equals another version of it that is the same."""

    def __init__(self, voted: VotedLF) -> None:
        self.voted = voted

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Version) and are_same(self.voted, other.voted)

    __hash__ = None  # type: ignore[assignment]  # versions are compared, never looked up

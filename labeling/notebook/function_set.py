"""`FunctionSet`: labeling functions with their votes on the samples of a workbench."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.engine_report import HowRun
from labeling.errors import LabelingFunctionError, listed
from labeling.notebook.vote_cells import Cells, cells_of, id_texts
from labeling.records import Fault, LabelingFunction, LabelSchema, SetVotes, SpanVotes, Votes


@dataclass(frozen=True, slots=True, eq=False)
class VotedLF:
    """A labeling function and its votes.

    Attributes:
        lf: the labeling function.
        codes: label codes, shape (n_samples,), -1 = abstained; read-only.
        faults: where it failed, and abstained.
        run: how it was run, and how long.
        fingerprint: equal for functions that vote alike because their code and all it uses is the
            same; empty where that cannot be told.
    """

    lf: LabelingFunction
    codes: npt.NDArray[np.signedinteger[Any]]
    faults: tuple[Fault, ...]
    run: HowRun
    fingerprint: str

    @property
    def name(self) -> str:
        """The name of the labeling function."""
        return self.lf.name

    @property
    def cells(self) -> Cells:
        """What it says of each sample, as it is compared and kept: shape (n_samples,)."""
        return self.codes

    @property
    def notes(self) -> dict[str, Any]:
        """What is kept of its run besides its votes, as JSON."""
        return {}


@dataclass(frozen=True, slots=True, eq=False)
class VotedParts(VotedLF):
    """A labeling function that marks spans, or names several labels, and what it said.

    Its `codes` tell on which samples it said anything: 0, or -1 where it was silent.

    Attributes:
        votes: what it said, of this function alone.
    """

    votes: SpanVotes | SetVotes

    @property
    def cells(self) -> Cells:
        """What it says of each sample, as texts; `None` where nothing: shape (n_samples,)."""
        return cells_of(self.votes, 0)

    @property
    def notes(self) -> dict[str, Any]:
        """Where it failed, and how many of its spans were dropped."""
        faults = [
            [*id_texts(pd.Index([fault.sample_id])), f"{fault.exception!r:.500}"]
            for fault in self.faults
        ]
        n_trimmed = sum(getattr(self.votes, "trimmed", {}).values())
        notes = {"faults": faults, "trimmed": n_trimmed}
        return {name: value for name, value in notes.items() if value}


@dataclass(frozen=True, slots=True, eq=False)
class FunctionSet:
    """Labeling functions with different names, in order; a change makes a new set.

    Attributes:
        functions: with their votes.
    """

    functions: tuple[VotedLF, ...] = ()

    def __len__(self) -> int:
        return len(self.functions)

    def __iter__(self) -> Iterator[VotedLF]:
        return iter(self.functions)

    def __contains__(self, name: object) -> bool:
        return any(voted.name == name for voted in self.functions)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the functions."""
        return tuple(voted.name for voted in self.functions)

    def get(self, name: str) -> VotedLF | None:
        """Return the function of a name, or `None`."""
        return next((voted for voted in self.functions if voted.name == name), None)

    def __getitem__(self, name: str) -> VotedLF:
        found = self.get(name)
        if found is None:
            there = listed(self.names) if self.functions else "none"
            raise LabelingFunctionError(
                f"There must be a labeling function of that name. Got {name!r}; there are: {there}."
            )
        return found

    def with_function(self, voted: VotedLF) -> FunctionSet:
        """Return the set with a function added, in the place of one of the same name."""
        if voted.name not in self:
            return FunctionSet((*self.functions, voted))
        return FunctionSet(
            tuple(voted if old.name == voted.name else old for old in self.functions)
        )

    def without(self, *names: str) -> FunctionSet:
        """Return the set without some functions."""
        return FunctionSet(tuple(voted for voted in self.functions if voted.name not in names))

    def array(self, n: int) -> npt.NDArray[Any]:
        """Return the votes of all functions: shape (n_samples, n_functions)."""
        if not self.functions:
            return np.empty((n, 0), dtype=np.int8)
        return np.column_stack([voted.codes for voted in self.functions])

    def votes(self, sample_ids: pd.Index, schema: LabelSchema) -> Votes:
        """Return the votes of all functions.

        Raises:
            LabelingFunctionError: there is no function.
        """
        self.refuse_empty()
        faults = tuple(fault for voted in self.functions for fault in voted.faults)
        return Votes(self.array(len(sample_ids)), sample_ids, self.names, schema, faults)

    def refuse_empty(self) -> None:
        """Refuse a set without functions.

        Raises:
            LabelingFunctionError: there is no function.
        """
        if not self.functions:
            raise LabelingFunctionError(
                "The workbench must have a labeling function. It has none: write one below"
                " @workbench.lf(label=...), or take one from workbench.suggest()."
            )

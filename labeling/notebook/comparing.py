"""Which functions, versions of one, or sets of functions a diff compares."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.errors import LabelingFunctionError
from labeling.notebook.base import BaseWorkbench, are_same
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.records import LabelingFunction

Function = LabelingFunction | str


@dataclass(frozen=True, slots=True, eq=False)
class FunctionPair:
    """Two functions, or two versions of one.

    Attributes:
        before: the first; `None` where there was none.
        after: the second.
        title: of their comparison.
    """

    before: VotedLF | None
    after: VotedLF
    title: str


@dataclass(frozen=True, slots=True, eq=False)
class SetPair:
    """Two sets of functions.

    Attributes:
        before: the first.
        after: the second.
        title: of their comparison.
    """

    before: FunctionSet
    after: FunctionSet
    title: str


class Comparing(BaseWorkbench):
    """Finds the functions and sets that a verb was given."""

    def _voted(self, lf: Function) -> VotedLF:
        """Return a function with its votes; those of a draft are kept until the next one."""
        if isinstance(lf, str):
            self.refresh()
            return self.functions[lf]
        voted = self.vote(lf)
        self._drafts[voted.name] = voted
        return voted

    def _voted_pair(
        self, a: Function | None, b: Function | None
    ) -> tuple[VotedLF, VotedLF | None] | None:
        """Return two different functions, of which the second may be missing; `None` of none.

        Raises:
            LabelingFunctionError: both are the same.
        """
        if a is None and b is None:
            return None
        first, *others = (self._voted(lf) for lf in (a, b) if lf is not None)
        if others and others[0].name == first.name:
            raise LabelingFunctionError(
                f"Two different functions must be compared. Got {first.name!r} twice; diff(a, b)"
                " compares two versions of one."
            )
        return first, others[0] if others else None

    def _older(self, voted: VotedLF) -> VotedLF | None:
        """Return the version in the set, or if that is this one, the version it replaced."""
        current = self.functions.get(voted.name)
        if current is not None and not are_same(current, voted):
            return current
        return self.replaced.get(voted.name) if current is not None else None

    def _compared(
        self,
        before: Function | FunctionSet | None,
        after: Function | FunctionSet | None,
        base: FunctionSet | str | None,
    ) -> FunctionPair | SetPair:
        """Return what `diff` compares; the arguments and errors are those of `Looking.diff`.

        The caller has let changed functions of the set vote again.
        """
        if before is None and after is not None:
            raise LabelingFunctionError("diff(a, b) must have both. Got only the second one.")
        if before is None or isinstance(before, FunctionSet):
            return self._set_pair(before, after, base)
        if isinstance(after, FunctionSet):
            raise LabelingFunctionError(
                "diff(a, b) must compare two functions or two sets. Got a function and a set: write"
                " diff(lf, base=set) for the function of that name in the set."
            )
        if after is None:
            return self._with_older(self._voted(before), base)
        first, second = self._voted(before), self._voted(after)
        if first.name == second.name:
            return FunctionPair(
                first, second, f"{first.name}: the second version against the first"
            )
        return FunctionPair(first, second, f"{second.name} against {first.name}")

    def _with_older(self, voted: VotedLF, base: FunctionSet | str | None) -> FunctionPair:
        if base is None:
            old, title = self._older(voted), f"{voted.name} against its old version"
            if old is None:
                title = f"{voted.name}, which has no older version"
        else:
            old = self._base_set(base).get(voted.name)
            title = f"{voted.name} against the version in the base"
            if old is None:
                title = f"{voted.name}, which the base does not have"
        return FunctionPair(old, voted, title)

    def _set_pair(
        self,
        first: FunctionSet | None,
        after: Function | FunctionSet | None,
        base: FunctionSet | str | None,
    ) -> SetPair:
        if after is not None and not isinstance(after, FunctionSet):
            raise LabelingFunctionError(
                f"diff(a, b) must compare two functions or two sets. Got a set and {after!r}."
            )
        if first is not None and after is not None:
            return SetPair(first, after, "The second set against the first")
        current = self.functions if first is None else first
        if base is not None:
            return SetPair(self._base_set(base), current, "The set against the base")
        last = self._last_committed()
        title = "The set against the last commit" if last else "The set against no functions"
        return SetPair(last or FunctionSet(), current, title)

    def _base_set(self, base: FunctionSet | str) -> FunctionSet:
        return base if isinstance(base, FunctionSet) else self._set_at(base)

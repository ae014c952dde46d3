"""Declared constraints of sets of labels: which exclude each other, and which imply others."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, UnknownLabelError, listed, near
from labeling.records.decisions import TIE
from labeling.records.schema import LabelSchema
from labeling.records.span_marks import Bools
from labeling.rendering import Displayed

Floats = npt.NDArray[np.float64]
Implies = Mapping[str, str | Collection[str]]

EXACT = 12  # labels of a sample in conflict, up to which all ways to repair it are compared
LEAST_P = 1e-12


@dataclass(frozen=True, slots=True)
class SetConstraints(Displayed):
    """Which labels a sample cannot have together, and which it cannot have without others.

    They are declared, never learned from data.

    Attributes:
        exclusive: groups of labels of which a sample has one at most, each sorted by name.
        implies: pairs of a label and all labels that follow from it, directly or not, sorted.
    """

    exclusive: tuple[tuple[str, ...], ...] = ()
    implies: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def declared(
        cls, exclusive: Iterable[Collection[str]] = (), implies: Implies | None = None
    ) -> SetConstraints:
        """Return the constraints that were declared, after validation.

        Args:
            exclusive: groups of two labels or more that exclude each other.
            implies: the label or labels that follow from a label.

        Raises:
            LabelingError: a group that is no collection of two names or more, implications in a
                circle, or a label that could never be given: it implies two that exclude each
                other, or excludes one that it implies.

        >>> SetConstraints.declared([{"oak", "fir"}], {"oak": "tree", "tree": ["plant"]}).implies
        (('oak', ('plant', 'tree')), ('tree', ('plant',)))
        """
        groups = _checked_groups(exclusive)
        direct = _checked_implications(implies)
        following = {label: _following(label, direct) for label in sorted(direct)}
        for label, others in following.items():
            for group in groups:
                clash = sorted(set(group) & {label, *others})
                if len(clash) > 1:
                    raise LabelingError(
                        f"No sample could have the label {label!r}: with what it implies it has"
                        f" {listed(clash)}, which are declared to exclude each other."
                    )
        return cls(groups, tuple((label, tuple(sorted(of))) for label, of in following.items()))

    def __bool__(self) -> bool:
        return bool(self.exclusive or self.implies)

    def check(self, schema: LabelSchema) -> None:
        """Check that all labels are in a schema; else raise an UnknownLabelError."""
        named = [label for group in self.exclusive for label in group]
        named += [label for premise, of in self.implies for label in (premise, *of)]
        for label in named:
            if label not in schema.labels:
                raise UnknownLabelError(
                    f"`exclusive` and `implies` must name labels of the schema. Got {label!r};"
                    f" labels are {listed(schema.labels, 20)}.{near(label, schema.labels)}"
                )

    def repaired(self, chosen: Bools, p: Floats, schema: LabelSchema) -> tuple[Bools, int]:
        """Return decisions that keep the constraints, and how many samples were left in a tie.

        Of all ways to repair the decisions of a sample, the cheapest is taken: the sum of -ln p of
        labels that are added and -ln(1 - p) of labels that are taken away, their probabilities
        taken as independent. Of equally cheap ways only what they have in common is kept: two
        exclusive labels of the same probability are both taken away.

        All ways are compared for a sample with up to 12 labels that constraints connect; of one
        with more, the label that is cheapest to take away goes first until the rest can stand.

        Args:
            chosen: whether each sample has each label: shape (n_samples, n_labels).
            p: the probabilities of the labels, of the same shape.
            schema: the labels, in the order of the columns.

        >>> constraints = SetConstraints.declared([{"a", "b"}])
        >>> schema = LabelSchema(["a", "b", "c"], kind="several")
        >>> p = np.array([[0.9, 0.6, 0.8], [0.7, 0.7, 0.2]])
        >>> chosen, n_tied = constraints.repaired(p > 0.5, p, schema)
        >>> chosen.tolist(), n_tied
        ([[True, False, True], [False, False, False]], 1)
        """
        if not self or not len(chosen):
            return chosen, 0
        rules = _Rules.of(self, schema)
        wrong = np.flatnonzero(~rules.hold(chosen))
        repaired = chosen.copy()
        patterns, of_row = np.unique(chosen[wrong], axis=0, return_inverse=True)
        n_tied = 0
        for number, pattern in enumerate(patterns):
            rows = wrong[of_row.reshape(-1) == number]
            repaired[rows], tied = rules.cheapest(pattern, p[rows])
            n_tied += tied
        return repaired, n_tied


NO_CONSTRAINTS = SetConstraints()


@dataclass(frozen=True, slots=True, eq=False)
class _Rules:
    """Constraints by column.

    Attributes:
        groups: columns that exclude each other.
        closure: which columns each column implies, itself included: (n_labels, n_labels).
        tied_down: columns that a constraint names.
    """

    groups: tuple[tuple[int, ...], ...]
    closure: Bools
    tied_down: Bools

    @classmethod
    def of(cls, constraints: SetConstraints, schema: LabelSchema) -> _Rules:
        groups = tuple(tuple(map(schema.index, group)) for group in constraints.exclusive)
        closure = np.eye(len(schema), dtype=bool)
        for label, others in constraints.implies:
            closure[schema.index(label), [schema.index(other) for other in others]] = True
        tied_down = closure.sum(axis=0) + closure.sum(axis=1) > 2
        tied_down[[column for group in groups for column in group]] = True
        return cls(groups, closure, tied_down)

    def hold(self, chosen: Bools) -> Bools:
        """Return whether each row keeps the constraints."""
        right = ~((chosen @ self.closure) & ~chosen).any(axis=1)
        for group in self.groups:
            right &= chosen[:, list(group)].sum(axis=1) <= 1
        return np.asarray(right, dtype=bool)

    def cheapest(self, pattern: Bools, p: Floats) -> tuple[Bools, int]:
        """Return repaired decisions of samples that are decided alike, and how many are tied.

        Args:
            pattern: whether the samples have each label: shape (n_labels,).
            p: shape (n_samples, n_labels).
        """
        remove = -np.log(np.maximum(1 - p, LEAST_P))
        add = -np.log(np.maximum(p, LEAST_P))
        connected = np.flatnonzero(pattern & self.tied_down)
        if len(connected) > EXACT:
            rows = [self._greedy(pattern, cost) for cost in remove]
            return np.array(rows, dtype=bool).reshape(p.shape), 0
        candidates = self._candidates(pattern, connected)
        costs = remove @ (pattern & ~candidates).T + add @ (candidates & ~pattern).T
        best = costs <= costs.min(axis=1, keepdims=True) + TIE
        # Whatever keeps such constraints also keeps them in common with others that do.
        common = np.array([candidates[of_row].all(axis=0) for of_row in best], dtype=bool)
        return common.reshape(p.shape), int((best.sum(axis=1) > 1).sum())

    def _candidates(self, pattern: Bools, connected: npt.NDArray[np.intp]) -> Bools:
        """Return all ways to keep some of the labels, with what they imply: (n_ways, n_labels)."""
        keep = np.array(list(itertools.product([False, True], repeat=len(connected))), dtype=bool)
        ways = np.tile(pattern, (len(keep), 1))
        ways[:, connected] = keep
        ways = np.unique(ways @ self.closure, axis=0)
        return ways[self.hold(ways)]

    def _greedy(self, pattern: Bools, cost: Floats) -> Bools:
        """Return the labels that are left when the cheapest ones are taken away first."""
        kept = pattern.copy()
        while not self.hold((kept @ self.closure)[None])[0]:
            full = kept @ self.closure
            clash = {
                column
                for group in self.groups
                if full[list(group)].sum() > 1
                for column in np.flatnonzero(kept & self.closure[:, list(group)].any(axis=1))
            }
            cheapest = min(cost[column] for column in clash)
            kept[[column for column in clash if cost[column] <= cheapest + TIE]] = False
        full_set: Bools = kept @ self.closure
        return full_set


def _checked_groups(exclusive: Any) -> tuple[tuple[str, ...], ...]:
    if isinstance(exclusive, (str, bytes, Mapping)) or not isinstance(exclusive, Iterable):
        raise LabelingError(
            f"`exclusive` must be groups of labels, as in [{{'a', 'b'}}]. Got {exclusive!r}."
        )
    groups = set()
    for group in exclusive:
        is_group = isinstance(group, Collection) and not isinstance(group, (str, bytes, Mapping))
        if not is_group or len(set(group)) < 2 or not all(isinstance(name, str) for name in group):
            raise LabelingError(
                "Each group of `exclusive` must be a set or list of two labels or more, as in"
                f" [{{'a', 'b'}}]. Got {group!r}."
            )
        groups.add(tuple(sorted(set(group))))
    return tuple(sorted(groups))


def _checked_implications(implies: Any) -> dict[str, tuple[str, ...]]:
    if implies is None:
        return {}
    if not isinstance(implies, Mapping):
        raise LabelingError(
            "`implies` must be a mapping from a label to what follows from it, as in"
            f" {{'oak': 'tree'}}. Got {implies!r}."
        )
    direct = {}
    for label, others in implies.items():
        names = (others,) if isinstance(others, str) else others
        is_named = isinstance(names, Collection) and not isinstance(names, (bytes, Mapping))
        if not is_named or not all(isinstance(name, str) for name in (label, *names)):
            raise LabelingError(
                f"`implies` must give a label or several for each label. Got {others!r} for"
                f" {label!r}."
            )
        direct[label] = tuple(sorted(set(names)))
    return {label: names for label, names in direct.items() if names}


def _following(label: str, direct: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Return all that follows from a label; a label that follows from itself is an error."""
    following: set[str] = set()
    paths: list[tuple[str, ...]] = [(label, other) for other in direct[label]]
    while paths:
        path = paths.pop()
        if path[-1] == label:
            raise LabelingError(
                f"`implies` must not go in a circle. Got {' -> '.join(map(repr, path))}. Labels"
                " that always come together are one label."
            )
        if path[-1] not in following:
            following.add(path[-1])
            paths += [(*path, other) for other in direct.get(path[-1], ())]
    return following

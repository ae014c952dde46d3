"""How each labeling function was run: from the cache, on columns, or in Python, and how long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labeling.rendering import Displayed


@dataclass(frozen=True, slots=True)
class HowRun(Displayed):
    """How a labeling function was run.

    Attributes:
        name: of the labeling function.
        rows_cached: samples whose votes were cached.
        rows_in_columns: samples on which it voted on whole columns.
        rows_in_python: samples on which the function itself was called.
        seconds: how long it ran, in all processes together; without its preprocessors.

    >>> print(HowRun("links", rows_in_columns=90, rows_in_python=10, seconds=0.5))
    links: 90 rows in columns, 10 in Python, 0.50 s
    """

    name: str
    rows_cached: int = 0
    rows_in_columns: int = 0
    rows_in_python: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        kinds = (
            (self.rows_cached, "cached"),
            (self.rows_in_columns, "in columns"),
            (self.rows_in_python, "in Python"),
        )
        counts = [f"{rows:,} {kind}" for rows, kind in kinds if rows] or ["0"]
        first, *others = counts
        number, _, kind = first.partition(" ")
        rows = ", ".join([f"{number} rows {kind}".strip(), *others])
        return f"{self.name}: {rows}, {self.seconds:.2f} s"


class EngineReport:
    """Counts how labeling functions are run.

    >>> report = EngineReport()
    >>> report.add(HowRun("a", rows_in_python=3))
    >>> report.add(HowRun("a", rows_in_columns=5))
    >>> report.functions(["a"])
    (HowRun(name='a', rows_cached=0, rows_in_columns=5, rows_in_python=3, seconds=0.0),)
    """

    def __init__(self) -> None:
        self._by_name: dict[str, HowRun] = {}

    def add(self, run: HowRun) -> None:
        """Add how a function was run on some samples."""
        before = self._by_name.get(run.name, HowRun(run.name))
        self._by_name[run.name] = HowRun(
            run.name,
            before.rows_cached + run.rows_cached,
            before.rows_in_columns + run.rows_in_columns,
            before.rows_in_python + run.rows_in_python,
            before.seconds + run.seconds,
        )

    def add_all(self, runs: Iterable[HowRun]) -> None:
        """Add how functions were run on some samples."""
        for run in runs:
            self.add(run)

    def clear(self) -> None:
        """Forget all: the functions are run again."""
        self._by_name.clear()

    def functions(self, names: Sequence[str]) -> tuple[HowRun, ...]:
        """Return how these functions were run, in this order."""
        return tuple(self._by_name.get(name, HowRun(name)) for name in names)

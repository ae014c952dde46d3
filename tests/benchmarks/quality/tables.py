"""Tables in Markdown, and where a cell stays empty, why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.benchmarks.quality.scores import Score


def percent(value: float) -> str:
    """Return a share of 0 to 1 in percent, with one digit.

    >>> percent(0.7525)
    '75.2'
    """
    return f"{100 * value:.1f}"


def signed(points: float) -> str:
    """Return a difference in points with its sign and one digit; none is "0.0".

    >>> signed(2.04), signed(-0.04)
    ('+2.0', '0.0')
    """
    text = f"{points:+.1f}"
    return "0.0" if float(text) == 0 else text


def with_interval(score: Score) -> str:
    """Return a score in percent with half the width of its 95 % interval.

    >>> with_interval(Score(0.75, 0.7, 0.8, 100))
    '75.0 ± 5.0'
    """
    return f"{percent(score.value)} ± {100 * (score.high - score.low) / 2:.1f}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table.

    >>> print(markdown(["set", "F1"], [["imdb", "75.3"]]))
    | set | F1 |
    |---|---|
    | imdb | 75.3 |
    """
    lines = [header, ["---"] * len(header), *rows]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([text[0], text[1].replace(" ", ""), *text[2:]])


@dataclass(slots=True)
class Grid:
    """A table of values by row and column; rows have cells of text in front.

    Attributes:
        front: the headings of what stands in front of the values.
        columns: the names of the columns with values.
    """

    front: Sequence[str]
    columns: Sequence[str]
    _rows: list[tuple[Sequence[str], dict[str, str]]] = field(default_factory=list)
    _values: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, front: Sequence[str], cells: dict[str, tuple[str, float]]) -> None:
        """Add a row; a column that is not among its cells says `failed`."""
        self._rows.append((front, {name: text for name, (text, _) in cells.items()}))
        self._values[front[0]] = {name: value for name, (_, value) in cells.items()}

    def mean(self, name: str, rows: Iterable[str], digits: int = 1) -> list[str]:
        """Return a row with the mean of rows by name, `-` for columns that lack one of them."""
        wanted = [row for row in rows if row in self._values]
        line = [f"**{name}** ({len(wanted)})", *[""] * (len(self.front) - 1)]
        for column in self.columns:
            found = [self._values[row].get(column, np.nan) for row in wanted]
            mean = float(np.mean(found)) if found else np.nan
            line.append("-" if np.isnan(mean) else f"**{mean:.{digits}f}**")
        return line

    def to_markdown(self, titles: Sequence[str], *last: Sequence[str]) -> str:
        """Return the table, with further lines at its end."""
        lines = [
            [*front, *(cells.get(column, "failed") for column in self.columns)]
            for front, cells in self._rows
        ]
        return markdown([*self.front, *titles], [*lines, *last])

    def value_of(self, row: str) -> dict[str, float]:
        """Return the values of a row by column."""
        return dict(self._values[row])

    def mean_of_known(self, name: str, rows: Iterable[str], digits: int = 1) -> list[str]:
        """Return a row with the mean of rows by name, over the rows that have a value."""
        wanted = [row for row in rows if row in self._values]
        line = [f"**{name}**", *[""] * (len(self.front) - 1)]
        for column in self.columns:
            found = np.array([self._values[row].get(column, np.nan) for row in wanted])
            found = found[~np.isnan(found)]
            mean = f"**{found.mean():.{digits}f}** ({len(found)})" if len(found) else "-"
            line.append(mean)
        return line

    def lowest(self, name: str, rows: Iterable[str], digits: int = 1) -> list[str]:
        """Return a row with the lowest value of rows by name, over the rows that have one."""
        wanted = [row for row in rows if row in self._values]
        line = [f"**{name}** ({len(wanted)})", *[""] * (len(self.front) - 1)]
        for column in self.columns:
            found = [self._values[row].get(column, np.nan) for row in wanted]
            found = [value for value in found if not np.isnan(value)]
            line.append(f"**{min(found):.{digits}f}**" if found else "-")
        return line

    @property
    def rows(self) -> list[str]:
        """The first cell of each row."""
        return list(self._values)


def failures(reasons: dict[tuple[str, str], str]) -> str:
    """Return which models failed on which sets, and why; empty where none did."""
    sets_of: dict[tuple[str, str], list[str]] = {}
    for (model, name), why in reasons.items():
        sets_of.setdefault((model, why), []).append(name)
    lines = [
        f"- {model} failed on {'; '.join(names)}: {why}" for (model, why), names in sets_of.items()
    ]
    return "\n".join(lines)

"""`ProblemList`: named patterns of failures, kept in a file that people edit."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from labeling.analysis.gold_comparison import Predicted
from labeling.analysis.problems.measuring import ProblemTable, measured
from labeling.analysis.problems.problem import KnownProblem
from labeling.analysis.slices.masks import Slices
from labeling.errors import ConfigError, LabelingError, listed, missing_extra, near, repeated
from labeling.records import Gold, LabelSchema, atomic_write
from labeling.rendering import Displayed, Excerpt, Share, Table, View


@dataclass(frozen=True, slots=True)
class ProblemList(Displayed):
    """Problems in the order of their file; see `ProblemList.read`.

    Attributes:
        problems: with different names.

    >>> problems = ProblemList([KnownProblem("sarcasm", ids=["s1", "s2"], harm=4)])
    >>> gold = {"s1": "bad", "s2": "bad"}
    >>> predicted = pd.Series({"s1": "good", "s2": "bad", "s3": "good"})
    >>> table = problems.measure(predicted, gold, schema=LabelSchema(["bad", "good"]))
    >>> print(table.problems[0].error)
    0.500 [0.095, 0.905], n = 2
    """

    problems: tuple[KnownProblem, ...]

    def __init__(self, problems: Iterable[KnownProblem] = ()) -> None:
        given = tuple(problems)
        wrong = [each for each in given if not isinstance(each, KnownProblem)]
        if wrong:
            raise LabelingError(
                f"A list of problems must hold Problems. Got {listed(wrong)}; from a file it is"
                " read by ProblemList.read(path)."
            )
        doubled = repeated(each.name for each in given)
        if doubled:
            raise ConfigError(
                f"Problems must have different names. Given twice: {listed(doubled)}."
            )
        object.__setattr__(self, "problems", given)

    def __len__(self) -> int:
        return len(self.problems)

    def __repr__(self) -> str:
        return f"ProblemList({listed(each.name for each in self.problems) or 'none'})"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Return the problems of a YAML (or JSON) file.

        The file has one key, `problems`, a list with the attributes of `KnownProblem` each. It is
        usually called `problems.yaml` and lies beside the config.

        Raises:
            ConfigError: there is no such file, it is not YAML, or a problem is invalid.
            MissingExtraError: PyYAML is not installed (extra `cli`).
        """
        try:
            import yaml
        except ModuleNotFoundError as error:
            raise missing_extra(error) from error
        file = Path(path)
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The problem list {str(file)!r} cannot be read: {error}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise ConfigError(f"{str(file)!r} must be a YAML file: {error}") from error
        entries = content.get("problems") if isinstance(content, dict) else None
        if not isinstance(content, dict) or set(content) != {"problems"}:
            raise ConfigError(
                f"{str(file)!r} must have one key, 'problems', with a list. Got {content!r:.200}."
            )
        return cls(_problem(entry, file) for entry in entries or ())

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the problems as a YAML file that `read` reads; what is not set is left out.

        Comments of an existing file are lost.

        Raises:
            DataError: the file cannot be written.
            MissingExtraError: PyYAML is not installed (extra `cli`).
        """
        try:
            import yaml
        except ModuleNotFoundError as error:
            raise missing_extra(error) from error
        entries = [_entry(each) for each in self.problems]
        text = yaml.safe_dump({"problems": entries}, sort_keys=False, allow_unicode=True, width=100)
        with atomic_write(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")

    def measure(
        self,
        predicted: Predicted,
        gold: Gold,
        *,
        slices: Slices | None = None,
        schema: LabelSchema | None = None,
    ) -> ProblemTable:
        """Return the error of each problem on its test rows, and its priority.

        Args:
            predicted: soft labels that did not learn from these gold labels, or labels by id.
            gold: true labels of some samples.
            slices: of `labeling.apply_slices`, for problems that name a slice.
            schema: the labels, where `predicted` is a Series.

        Raises:
            LabelingError: a problem names a slice that is not there.
            DataError: no sample has a prediction and a gold label.
        """
        return measured(self.problems, predicted, gold, slices, schema)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a problem, index = name."""
        rows = [dataclasses.asdict(each) for each in self.problems]
        columns = [field.name for field in dataclasses.fields(KnownProblem)]
        return pd.DataFrame(rows, columns=columns).set_index("name")

    def _view(self) -> View:
        rows = tuple(
            (
                Excerpt(each.name),
                each.status,
                each.harm,
                None if each.affected is None else Share(each.affected),
                Excerpt(each.slice or f"{len(each.ids)} test rows"),
                Excerpt(each.owner),
                Excerpt(each.description),
            )
            for each in self.problems
        )
        headings = ("problem", "status", "harm", "affected", "rows", "owner", "description")
        return View(f"{len(self):,} problems", (Table(headings, rows),) if rows else ())


def _problem(entry: Any, file: Path) -> KnownProblem:
    known = [field.name for field in dataclasses.fields(KnownProblem)]
    if not isinstance(entry, Mapping) or "name" not in entry:
        raise ConfigError(f"Each problem in {str(file)!r} must have a name. Got {entry!r:.200}.")
    unknown = sorted(str(key) for key in entry if key not in known)
    if unknown:
        raise ConfigError(
            f"Problem {entry['name']!r} in {str(file)!r} has the unknown key {unknown[0]!r}."
            f"{near(unknown[0], known)} Known are {listed(known, len(known))}."
        )
    ids = entry.get("ids", ())
    if isinstance(ids, str) or not isinstance(ids, Sequence):
        raise ConfigError(f"Of problem {entry['name']!r} 'ids' must be a list. Got {ids!r:.200}.")
    return KnownProblem(**entry)


def _entry(problem: KnownProblem) -> dict[str, Any]:
    """Return what is set of a problem, as plain values."""
    entry: dict[str, Any] = {"name": problem.name}
    for field in dataclasses.fields(KnownProblem)[1:]:
        value = getattr(problem, field.name)
        if value != field.default or field.name in ("harm", "status"):
            entry[field.name] = list(value) if isinstance(value, tuple) else value
    return entry

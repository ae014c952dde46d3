"""`export`: writes labeling functions as a module, if the module gives the same votes."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import labeling
from labeling.engine import apply_to_frame
from labeling.errors import DataError, LabelingFunctionError, LoadError, counted, listed
from labeling.functions import load_labeling_functions
from labeling.functions.exported_modules import was_edited, with_header
from labeling.notebook.exporting.errors import NotExportableError
from labeling.notebook.exporting.formatting import formatted
from labeling.notebook.exporting.module_writer import ModuleWriter
from labeling.notebook.function_set import FunctionSet
from labeling.notebook.vote_cells import cells_of
from labeling.records import LabelSchema, atomic_write
from labeling.rendering import Code, DisplayedAlike, View
from labeling.rendering.formatting import clipped

RESOURCES = "resources"
"""The folder, beside the module, of the files of long values."""
LONGEST = 200
"""Characters of what a function says of a sample in an error."""


@dataclass(frozen=True, repr=False, eq=False)
class Exported(DisplayedAlike):
    """A module that was written.

    Attributes:
        path: of the module.
        names: of its labeling functions, in order.
        source: of the module.
        resources: the files of long values beside it.
        n_samples: on how many samples its votes were compared: all are the same.
        also_in_project: functions that other files of the project define, too.
    """

    path: Path
    names: tuple[str, ...]
    source: str
    resources: tuple[Path, ...]
    n_samples: int
    also_in_project: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the labeling functions, with the file that holds each."""
        return pd.DataFrame({"file": str(self.path)}, index=pd.Index(self.names, name="function"))

    def _view(self) -> View:
        beside = f", with {counted(len(self.resources), 'file')} of values beside it"
        sentence = (
            f"{self.path.name}{beside if self.resources else ''}. Its votes on"
            f" {counted(self.n_samples, 'sample')} are those of the workbench."
        )
        also = (
            f"{listed(self.also_in_project)} is in the project's other files, too: remove it there,"
            " as names must differ."
        )
        title = f"{counted(len(self.names), 'labeling function')} exported"
        notes = (also,) if self.also_in_project else ()
        return View(title, (sentence, *notes, Code(self.source)))


def export(
    functions: FunctionSet,
    samples: pd.DataFrame,
    schema: LabelSchema,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    timeout: float | None = None,
    text: str = "text",
) -> Exported:
    """Write labeling functions as a module, if it gives the votes that they have.

    Args:
        functions: with their votes on the samples.
        samples: index = ids.
        schema: the labels.
        path: of the module, ending in `.py`.
        overwrite: whether an existing file may lose what the new one does not have.
        timeout: seconds that a function may take on a sample.
        text: the column that spans are in.

    Raises:
        DataError: the path is not that of a module, or what stands there would be lost.
        LabelingFunctionError: a function has no source form, or votes differently in the module.
        LoadError: another process cannot load the module.
    """
    target = Path(path).absolute()
    if target.suffix != ".py" or not target.parent.is_dir():
        raise DataError(
            "Labeling functions must be exported to a Python file (.py) in an existing folder."
            f" Got {str(path)!r}."
        )
    if not overwrite:
        _refuse_loss(target, functions.names)
    source, resources = module_source(functions, target.stem)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, target.name)
        _write(trial, source, resources)
        _load_elsewhere(trial)
        _compare(trial, functions, samples, schema, timeout, text)
    _write(target, source, resources)
    return Exported(
        target,
        functions.names,
        source,
        tuple(target.parent / RESOURCES / name for name in sorted(resources)),
        len(samples),
    )


def module_source(functions: FunctionSet, stem: str) -> tuple[str, dict[str, str]]:
    """Return the source of a module, and the content of its files of values by name.

    Raises:
        LabelingFunctionError: functions have no source form; all of them are named.
    """
    writer = ModuleWriter([voted.lf for voted in functions], stem)
    reasons = {}
    for voted in functions:
        try:
            writer.write(voted.lf)
        except NotExportableError as error:
            reasons[voted.name] = str(error)
    if reasons or not functions:
        listing = "; ".join(f"{name!r}: {reason}" for name, reason in reasons.items())
        raise LabelingFunctionError(
            "Each labeling function must have a source form to be exported."
            f" {listing or 'The workbench has no function'}. Nothing was written; drop a function"
            " that is to stay in the notebook."
        )
    heading = "Labeling functions, exported from a notebook."
    return with_header(formatted(writer.source(heading))), writer.resources


def _write(target: Path, source: str, resources: dict[str, str]) -> None:
    """Write a module after its files, whose names change with their content.

    So a module always finds the files that it was written with, whenever the process ends.
    """
    before = _named_files(target)
    if resources:
        (target.parent / RESOURCES).mkdir(exist_ok=True)
    for name, content in resources.items():
        with atomic_write(target.parent / RESOURCES / name) as unfinished:
            unfinished.write_text(content, encoding="utf-8")
    with atomic_write(target) as unfinished:
        unfinished.write_text(source, encoding="utf-8", newline="\n")
    for name in before - resources.keys():
        with contextlib.suppress(OSError):
            (target.parent / RESOURCES / name).unlink(missing_ok=True)


def _named_files(target: Path) -> set[str]:
    """Return the names of the files of values that an exported module reads."""
    if not target.is_file() or was_edited(target) is None:
        return set()
    pattern = rf"_resource\(\s*[\"']({re.escape(target.stem)}-[\w.-]+\.json)[\"']"
    return set(re.findall(pattern, target.read_text(encoding="utf-8")))


def _refuse_loss(target: Path, names: Sequence[str]) -> None:
    """Raise a DataError if the file that stands there has what the new one would not have."""
    if not target.exists():
        return
    edited = was_edited(target)
    if edited is None:
        lost = "which was not exported from a workbench"
    elif edited:
        lost = "which was edited since it was exported: the edits would be lost"
    else:
        there = [lf.name for lf in load_labeling_functions(target)]
        missing = [name for name in there if name not in names]
        if not missing:
            return
        lost = f"whose labeling functions {listed(missing)} are not in this workbench"
    raise DataError(
        f"The exported module must not replace another file. Got {target.name!r}, {lost}; choose"
        " another path, or pass overwrite=True."
    )


def _load_elsewhere(path: Path) -> None:
    """Load a module in another process, which has nothing of the notebook.

    Raises:
        LoadError: that fails.
    """
    code = (
        "import sys\nfrom labeling.functions import load_labeling_functions\n"
        "load_labeling_functions(sys.argv[1])"
    )
    package = str(Path(labeling.__file__).parents[1])
    searched = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), package]))
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(path)],
        env={**os.environ, "PYTHONPATH": searched},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise LoadError(
            f"The exported module must load in a process of its own. It does not: {last} Nothing"
            " was written."
        )


def _compare(
    path: Path,
    functions: FunctionSet,
    samples: pd.DataFrame,
    schema: LabelSchema,
    timeout: float | None,
    text: str,
) -> None:
    """Raise a LabelingFunctionError if a function votes differently in the module."""
    loaded = {lf.name: lf for lf in load_labeling_functions(path)}
    missing = [name for name in functions.names if name not in loaded]
    if missing or len(loaded) != len(functions):
        raise LabelingFunctionError(
            "The exported module must have the functions of the workbench and no others. It lacks"
            f" {listed(missing)}; it has: {listed(loaded, 30)}. Nothing was written."
        )
    lfs = [loaded[name] for name in functions.names]
    votes = apply_to_frame(lfs, samples, schema, on_error="record", timeout=timeout, text=text)
    for column, voted in enumerate(functions):
        here, there = voted.cells, cells_of(votes, column)
        differing = np.flatnonzero(here != there)
        if len(differing):
            row = min(differing, key=lambda number: str(samples.index[number]))
            raise LabelingFunctionError(
                f"Labeling function {voted.name!r} must give the same votes in the module. On"
                f" sample {samples.index[row]!r} the workbench has {_in_words(here[row], schema)},"
                f" the module {_in_words(there[row], schema)}"
                f" ({counted(len(differing), 'sample')} in all): it depends on something that"
                " changes, such as a clock, chance or an open object. Nothing was written."
            )


def _in_words(cell: str | int | None, schema: LabelSchema) -> str:
    """Return what a function says of a sample, see `cells_of`, as it is named in an error."""
    if isinstance(cell, str):
        return clipped(cell, LONGEST)
    return "no vote" if cell is None or cell < 0 else repr(schema.labels[cell])

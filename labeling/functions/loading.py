"""Loads labeling functions from Python files."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import TypeVar

from labeling.errors import LoadError, listed, repeated
from labeling.functions.slicing import SlicingFunction
from labeling.records import LabelingFunction

Kind = TypeVar("Kind")


def load_labeling_functions(path: str | os.PathLike[str]) -> list[LabelingFunction]:
    """Return the labeling functions of a Python file, in the order in which it defines them.

    Those in lists and tuples at the top level of the file count too. The file is executed: load
    only what you trust.

    Args:
        path: a `.py` file.

    Raises:
        LoadError: there is no such file, it fails to run, it defines no labeling function, or two
            of the same name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "rules.py")
    ...     _ = file.write_text(
    ...         "from labeling.functions import regex\\n"
    ...         "link = regex('link', 'http', label='spam')\\n"
    ...     )
    ...     load_labeling_functions(file)
    [LabelingFunction('link')]
    """
    file = _python_file(path, "Labeling functions")
    lfs = list(dict.fromkeys(_listed(vars(run_file(file)).values(), LabelingFunction)))
    if not lfs:
        raise LoadError(
            f"{file.name} must define at least one labeling function: put @labeling_function above"
            " a function, or use a kind such as keywords(...). It defines none."
        )
    refuse_duplicate_names(lfs, file.name)
    return lfs


def load_slicing_functions(path: str | os.PathLike[str]) -> list[SlicingFunction]:
    """Return the slicing functions of a Python file, in the order in which it defines them.

    It may be a file of labeling functions, too. Those in lists and tuples at the top level count.
    The file is executed: load only what you trust.

    Args:
        path: a `.py` file.

    Raises:
        LoadError: there is no such file, it fails to run, or two slicing functions have the same
            name.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "slices.py")
    ...     _ = file.write_text(
    ...         "from labeling import slicing_function\\n"
    ...         "@slicing_function\\n"
    ...         "def is_short(x):\\n"
    ...         "    return len(x.text) < 20\\n"
    ...     )
    ...     load_slicing_functions(file)
    [SlicingFunction('is_short')]
    """
    file = _python_file(path, "Slicing functions")
    slices = list(dict.fromkeys(_listed(vars(run_file(file)).values(), SlicingFunction)))
    duplicates = repeated(each.name for each in slices)
    if duplicates:
        raise LoadError(
            f"Slicing functions must have different names. Given twice in {file.name}:"
            f" {listed(duplicates)}."
        )
    return slices


def _python_file(path: str | os.PathLike[str], what: str) -> Path:
    file = Path(path).absolute()
    if file.suffix != ".py" or not file.is_file():
        raise LoadError(
            f"{what} must be loaded from a Python file (.py). Got {str(path)!r}"
            f"{', which does not exist' if not file.exists() else ''}."
        )
    return file


def refuse_duplicate_names(lfs: Iterable[LabelingFunction], where: str) -> None:
    """Raise a LoadError if two labeling functions have the same name."""
    duplicates = repeated(lf.name for lf in lfs)
    if duplicates:
        raise LoadError(
            f"Labeling functions must have different names. Given twice in {where}:"
            f" {listed(duplicates)}."
        )


class _FromSource(importlib.machinery.SourceFileLoader):
    """Compiles a module from its source each time.

    Cached bytecode counts as current if time (in seconds) and size of the source are those it was
    made of, which they are also after a quick edit of one word.
    """

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def run_file(file: Path) -> ModuleType:
    """Run a Python file, and return it as a module.

    Raises:
        LoadError: it fails to run.
    """
    name = f"labeling_functions_of_{file.stem}"
    loader = _FromSource(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file} cannot be loaded as a Python module.")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and enums look their module up while it runs. Afterwards it is removed, so that
    # what it defines is pickled by value: a worker process could not import it by this name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        raise LoadError(f"{file} does not import: {_error_line(error, file)}{error!r}.") from error
    finally:
        sys.modules.pop(name, None)
    return module


def _error_line(error: BaseException, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.filename == str(file) and error.lineno:
        return f"line {error.lineno}: "
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f"line {lines[-1]}: " if lines else ""


def _listed(values: Iterable[object], kind: type[Kind]) -> Iterator[Kind]:
    for value in values:
        if isinstance(value, kind):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from (item for item in value if isinstance(item, kind))

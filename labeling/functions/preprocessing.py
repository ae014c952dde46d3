"""`@preprocessor`: fields that are expensive to compute are computed once and kept on disk."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

from labeling.errors import LabelingFunctionError
from labeling.functions.cache import KeptTexts
from labeling.functions.fingerprints import Fingerprint, fingerprint
from labeling.functions.row_access import reader
from labeling.records import PreprocessedRow

logger = logging.getLogger(__name__)

_EXACT = frozenset({str, int, float, bool, type(None)})


def preprocessor(
    *, reads: Sequence[str], keep: str | os.PathLike[str], version: str | int | None = None
) -> Callable[[Callable[[Any], Any]], KeptPreprocessor]:
    """Make a function a preprocessor (for `pre=[...]`) whose added fields are kept on disk.

    The fields are the same as without it. They are kept under the values of the columns in `reads`
    and a fingerprint of the function: its code, that of the functions it calls, and the plain
    values they use. So it sees no other columns, and when its code changes it is computed anew.
    The file may be shared by preprocessors and processes, and may be deleted at any time.

    Args:
        reads: the columns it needs, whose values must be plain: what JSON gives back unchanged.
        keep: the path of an SQLite file; it and its folder are made when they are first needed.
        version: to be raised when something else changes that it uses, such as a model. It must be
            given where it uses an object whose inside cannot be seen.

    Raises:
        LabelingFunctionError: it is misused; or, when it runs, it reads another column, removes
            one, returns another row, or adds what JSON would not give back unchanged.

    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> folder = tempfile.TemporaryDirectory()
    >>> @preprocessor(reads=["text"], keep=f"{folder.name}/words.sqlite")
    ... def words(x):
    ...     x.words = x.text.split()
    ...     return x
    >>> [words(SimpleNamespace(text="free tea")).words for _ in range(2)]
    [['free', 'tea'], ['free', 'tea']]
    >>> words.computed, words.read
    (1, 1)
    >>> folder.cleanup()
    """
    columns = list(reads) if not isinstance(reads, str) else []
    if not columns or not all(isinstance(column, str) for column in columns):
        raise LabelingFunctionError(
            f"`reads` of a preprocessor must be a list of at least one column. Got {reads!r}."
        )

    def made(function: Callable[[Any], Any]) -> KeptPreprocessor:
        if not isinstance(function, FunctionType):
            raise LabelingFunctionError(
                f"@preprocessor(...) must stand above a plain function. Got {function!r}."
            )
        return KeptPreprocessor(function, columns, keep, version)

    return made


class KeptPreprocessor:
    """A preprocessor that keeps on disk what it adds to a sample; made by `@preprocessor`.

    Attributes:
        computed: how many samples it was computed for, in this process.
        read: how many were read from the file, in this process.
    """

    def __init__(
        self,
        function: FunctionType,
        reads: Sequence[str],
        keep: str | os.PathLike[str],
        version: str | int | None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.__name__: str = function.__name__
        self.function = function
        self.version = version
        self.readers = {column: reader(column) for column in reads}
        self.kept = KeptTexts(keep)
        self.computed = self.read = 0
        self._fingerprint: Fingerprint | None = None

    def __getstate__(self) -> dict[str, Any]:
        # What was pinned is of this process; another one looks for itself, and counts for itself.
        return {**self.__dict__, "_fingerprint": None, "computed": 0, "read": 0}

    def __repr__(self) -> str:
        return f"<preprocessor {self.__name__!r}>"

    def __call__(self, x: Any) -> Any:
        """Return the sample with the fields that the function adds, computed or read."""
        given = {column: read(x) for column, read in self.readers.items()}
        asked = self._exact(given, "read")
        key = hashlib.sha256(self._digest() + asked.encode()).digest()
        known = self.kept.get(key)
        if known is None:
            fields = self._added(given, asked)
            self.kept.put(key, self._exact(fields, "add"))
            self.computed += 1
        else:
            fields = json.loads(known)
            self.read += 1
        self._report()
        for name, value in fields.items():
            setattr(x, name, value)
        return x

    def _added(self, given: Mapping[str, Any], asked: str) -> dict[str, Any]:
        """Return the fields that the function adds or changes, on a row of what it may read."""
        row = PreprocessedRow()
        row.__dict__.update(given)
        try:
            made = self.function(row)
        except (AttributeError, KeyError) as error:
            raise LabelingFunctionError(
                f"Preprocessor {self.__name__!r} sees only the columns in `reads`,"
                f" {list(given)}. It failed with {error!r}; if that is a column, add it there."
            ) from error
        if made is not row or not given.keys() <= row.__dict__.keys():
            raise LabelingFunctionError(
                f"Preprocessor {self.__name__!r} must return the row it was given, with all its"
                f" columns, to be kept. Got {made!r:.200}."
            )
        before = json.loads(asked)  # the values themselves may have been changed in place
        return {
            name: value
            for name, value in row.__dict__.items()
            if name not in before or self._exact(before[name]) != self._exact(value, "add")
        }

    def _exact(self, value: Any, does: str = "read") -> str:
        try:
            _refuse_inexact(value)
        except TypeError as error:
            raise LabelingFunctionError(
                f"Preprocessor {self.__name__!r} must {does} only what JSON gives back unchanged"
                f" (text, numbers, True, False, None, lists, dicts with keys of text), to be kept."
                f" Got {error}."
            ) from None
        return json.dumps(value)

    def _digest(self) -> bytes:
        found = self._fingerprint
        if found is None or not found.still_holds():
            found = fingerprint(self.function, self.version)
            if found.unseen and self.version is None:
                raise LabelingFunctionError(
                    f"Preprocessor {self.__name__!r} uses {', '.join(found.unseen)}, and what"
                    " changes in there cannot be seen. Give it a `version`, and raise it with each"
                    " change."
                )
            self._fingerprint = found
        return found.digest

    def _report(self) -> None:
        """Log how many were read, each time their number has doubled."""
        done = self.computed + self.read
        if done & (done - 1) == 0:
            logger.info(
                "preprocessor %r: %d of %d samples read from %s, the others computed",
                *(self.__name__, self.read, done, self.kept.path),
            )


def _refuse_inexact(value: Any) -> None:
    """Raise a TypeError where JSON would give back something else: a tuple, a key that is a number."""
    kind = type(value)
    if kind is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise TypeError(f"the key {key!r} ({type(key).__name__})")
            _refuse_inexact(inner)
    elif kind is list:
        for inner in value:
            _refuse_inexact(inner)
    elif kind not in _EXACT:
        raise TypeError(f"{value!r:.200} ({kind.__name__})")

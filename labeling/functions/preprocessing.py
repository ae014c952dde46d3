"""`@preprocessor`: fields that are expensive to compute, cached on disk."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, SimpleNamespace
from typing import Any

from labeling.errors import LabelingFunctionError
from labeling.functions.cache import SqliteCache
from labeling.functions.fingerprints import Fingerprint, fingerprint
from labeling.functions.row_access import reader
from labeling.records import FrozenRow, PreprocessedRow
from labeling.rendering import Displayed

logger = logging.getLogger(__name__)

_JSON_SCALARS = frozenset({str, int, float, bool, type(None)})


def preprocessor(
    *,
    reads: Sequence[str],
    cache: str | os.PathLike[str] | None = None,
    version: str | int | None = None,
    keep: str | os.PathLike[str] | None = None,
) -> Callable[[Callable[[Any], Any]], CachedPreprocessor]:
    """Make a function a preprocessor (for `pre=[...]`) whose added fields are cached on disk.

    The fields are the same as without the cache. Its key are the values of the columns in `reads`
    and a fingerprint of the function: its code, that of the functions it calls, and the plain
    values they use. So the function sees no other columns, and is computed again when its code
    changes. Preprocessors and processes may share the file, and it may be deleted at any time.

    Args:
        reads: the columns it needs, whose values must be plain: what JSON gives back unchanged.
        cache: the path of an SQLite file; it and its folder are made when they are first needed.
        version: raise it when something else changes that the function uses, such as a model.
            Required if it uses an object whose contents cannot be fingerprinted.
        keep: deprecated name of `cache`.

    Raises:
        LabelingFunctionError: it is misused; or, when it runs, it reads another column, removes
            one, returns another row, or adds what JSON would not give back unchanged.

    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> folder = tempfile.TemporaryDirectory()
    >>> @preprocessor(reads=["text"], cache=f"{folder.name}/words.sqlite")
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
    path = _cache_path(cache, keep)

    def decorate(function: Callable[[Any], Any]) -> CachedPreprocessor:
        if not isinstance(function, FunctionType):
            raise LabelingFunctionError(
                f"@preprocessor(...) must stand above a plain function. Got {function!r}."
            )
        return CachedPreprocessor(function, columns, path, version)

    return decorate


def _cache_path(
    cache: str | os.PathLike[str] | None, keep: str | os.PathLike[str] | None
) -> str | os.PathLike[str]:
    if keep is not None:
        warnings.warn(
            "`keep=` of @preprocessor is deprecated: use `cache=`.",
            DeprecationWarning,
            stacklevel=3,
        )
    if (cache is None) == (keep is None):
        raise LabelingFunctionError(
            "@preprocessor(...) must be given the path of its file as `cache=`. Got"
            f" cache={cache!r} and keep={keep!r}."
        )
    return cache if cache is not None else keep  # type: ignore[return-value]  # one of them is set


class CachedPreprocessor(Displayed):
    """A preprocessor that caches on disk what it adds to a sample; made by `@preprocessor`.

    Attributes:
        computed: how many samples it was computed for, in this process.
        read: how many were read from the cache, in this process.
    """

    def __init__(
        self,
        function: FunctionType,
        reads: Sequence[str],
        cache: str | os.PathLike[str],
        version: str | int | None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.__name__: str = function.__name__
        self.function = function
        self.version = version
        self.readers = {column: reader(column) for column in reads}
        self.cache = SqliteCache(cache, f"preprocessor {self.__name__!r}")
        self.computed = self.read = 0
        self._fingerprint: Fingerprint | None = None

    def __getstate__(self) -> dict[str, Any]:
        # The fingerprint refers to objects of this process; another one makes and counts its own.
        return {**self.__dict__, "_fingerprint": None, "computed": 0, "read": 0}

    def __repr__(self) -> str:
        return f"<preprocessor {self.__name__!r}>"

    def fingerprint_parts(self) -> tuple[str | int | None, tuple[Any, ...]]:
        """Return its version, and what decides which fields it adds: neither counts nor paths."""
        return self.version, (self.function, tuple(self.readers))

    def __call__(self, x: Any) -> Any:
        """Return the sample with the fields that the function adds, computed or cached."""
        columns = {column: read(x) for column, read in self.readers.items()}
        columns_json = self._json(columns, "read")
        key = hashlib.sha256(self._digest() + columns_json.encode()).digest()
        cached = self.cache.get(key)
        if cached is None:
            fields = self._added_fields(columns, columns_json)
            self.cache.put(key, self._json(fields, "add"))
            self.computed += 1
        else:
            fields = json.loads(cached)
            self.read += 1
        self._log_counts()
        if isinstance(x, SimpleNamespace) and not isinstance(x, FrozenRow):
            vars(x).update(fields)  # a field may have a name that Python uses, such as `__class__`
            return x
        for name, value in fields.items():
            setattr(x, name, value)
        return x

    def _added_fields(self, columns: Mapping[str, Any], columns_json: str) -> dict[str, Any]:
        """Return the fields that the function adds or changes, on a row of what it may read."""
        row = PreprocessedRow()
        row.__dict__.update(columns)
        try:
            returned = self.function(row)
        except (AttributeError, KeyError) as error:
            raise LabelingFunctionError(
                f"Preprocessor {self.__name__!r} sees only the columns in `reads`,"
                f" {list(columns)}. It failed with {error!r}; if that is a column, add it there."
            ) from error
        if returned is not row or not columns.keys() <= row.__dict__.keys():
            raise LabelingFunctionError(
                f"Preprocessor {self.__name__!r} must return the row it was given, with all its"
                f" columns, to be cached. Got {returned!r:.200}."
            )
        before = json.loads(columns_json)  # the values themselves may have been changed in place
        return {
            name: value
            for name, value in row.__dict__.items()
            if name not in before or self._json(before[name]) != self._json(value, "add")
        }

    def _json(self, value: Any, does: str = "read") -> str:
        try:
            _check_round_trips(value)
        except TypeError as error:
            raise LabelingFunctionError(
                f"Preprocessor {self.__name__!r} must {does} only what JSON gives back unchanged"
                " (text, numbers, True, False, None, lists, dicts with keys of text), to be cached."
                f" Got {error}."
            ) from None
        return json.dumps(value)

    def _digest(self) -> bytes:
        current = self._fingerprint
        if current is None or not current.still_holds():
            current = fingerprint(self.function, self.version)
            if current.unseen and self.version is None:
                raise LabelingFunctionError(
                    f"Preprocessor {self.__name__!r} uses {', '.join(current.unseen)}, whose"
                    " changes cannot be seen. Give it a `version`, and raise it with each change."
                )
            self._fingerprint = current
        return current.digest

    def _log_counts(self) -> None:
        """Log how many samples were read from the cache, each time their number has doubled."""
        done = self.computed + self.read
        if done & (done - 1) == 0:
            logger.info(
                "preprocessor %r: %d of %d samples read from %s, the others computed",
                self.__name__,
                self.read,
                done,
                self.cache.path,
            )


def _check_round_trips(value: Any) -> None:
    """Raise a TypeError if JSON would give back something else: a tuple, a key that is a number."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"the key {key!r} ({type(key).__name__})")
            _check_round_trips(item)
    elif kind is list:
        for item in value:
            _check_round_trips(item)
    elif kind not in _JSON_SCALARS:
        raise TypeError(f"{value!r:.200} ({kind.__name__})")

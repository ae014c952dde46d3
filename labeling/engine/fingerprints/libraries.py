"""What is known of the standard library, of installed packages and of this one.

Their functions count by name and version. That is enough only where what a function returns is
determined by its arguments, so the list is one of names that are allowed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import sys
import sysconfig
from pathlib import Path
from types import FunctionType
from typing import Any, Literal

Origin = Literal["user", "standard", "installed", "labeling"]


def names(text: str) -> frozenset[str]:
    """Return the names in a text, separated by spaces."""
    return frozenset(text.split())


_OURS = __name__.partition(".")[0]
_ROOMS = ("engine", "functions", "records")
"""Of this package, what votes depend on."""
_INSTALLED = ("site-packages", "dist-packages")

_STANDARD = names(
    "abc array ast base64 binascii bisect builtins bz2 calendar cmath codecs collections colorsys"
    " copy csv dataclasses datetime decimal difflib enum fnmatch fractions functools hashlib heapq"
    " hmac html ipaddress itertools json keyword math numbers operator pprint quopri re reprlib"
    " sre_compile sre_constants sre_parse statistics string struct textwrap types typing"
    " unicodedata uuid zlib"
    " _abc _bisect _collections _collections_abc _csv _datetime _decimal _functools _hashlib _heapq"
    " _json _operator _pydatetime _pydecimal _sre _struct _statistics"
)
"""Modules of the standard library whose functions return what their arguments determine."""

_STANDARD_PARTS = frozenset(("urllib.parse", "email.utils", "collections.abc"))

_PATHS = names(
    "basename commonpath commonprefix dirname isabs join normcase normpath relpath split splitdrive"
    " splitext"
)
"""Functions of `os.path` that look at no file."""

_PACKAGES = names(
    "Levenshtein bs4 dateutil emoji ftfy inflection jellyfish lxml markdown more_itertools numpy"
    " pandas phonenumbers polars pyarrow rapidfuzz regex scipy slugify snowballstemmer textdistance"
    " toolz unidecode xxhash yaml"
)
"""Packages of which the same holds, apart from `_OUTSIDE` and `_OUTSIDE_PARTS`."""

_OUTSIDE = names(
    # Python itself: files, the interpreter's state, and hashes that differ between processes.
    "breakpoint compile dir eval exec exit globals hash help id input locals open quit vars"
    " __import__"
    # clocks and chance
    " now today utcnow fromtimestamp utcfromtimestamp localtime gmtime uuid1 uuid4 getnode"
    " default_rng rand randint randn shuffle sample choice rvs samples bootstrap"
    # contexts and files
    " getcontext setcontext localcontext memmap genfromtxt fromfile open_memmap memory_map"
)
_OUTSIDE_PARTS = frozenset(("random", "io", "csv", "parquet", "dataset", "fs", "feather", "flight"))
"""Parts of the names of modules of packages that read files or draw at random."""
_READERS = ("read_", "scan_", "load", "from_file")

_EXTERNAL = {
    f"{_OURS}.functions.services": "the answers of a web service",
    f"{_OURS}.functions.http_client": "the answers of a web service",
    f"{_OURS}.functions.pretrained": "a pretrained model",
}
"""Modules of this package whose functions ask something outside."""


def module_of(value: Any) -> str:
    """Return the name of the module of a class or function; empty where it has none."""
    module = getattr(value, "__module__", None)
    return module if isinstance(module, str) else ""


def module_of_function(function: FunctionType) -> str:
    """Return the name of the module whose global variables a function of Python sees."""
    module = function.__globals__.get("__name__")
    return module if isinstance(module, str) else "__main__"


@functools.lru_cache(maxsize=1_024)
def origin_of(module: str) -> Origin:
    """Return where a module comes from; what is neither installed nor Python's is the user's.

    >>> [origin_of(name) for name in ("re", "numpy", "__main__", "labeling.records")]
    ['standard', 'installed', 'user', 'labeling']
    """
    top = module.partition(".")[0]
    if top == _OURS and module.split(".")[1:2] in [[room] for room in (*_ROOMS, "errors")]:
        return "labeling"
    if top in ("__main__", _OURS):  # the demo's labeling functions are like a user's
        return "user"
    if not top:  # some types written in C
        return "installed"
    file = _file_of(top)
    if any(folder in Path(file).parts for folder in _INSTALLED):
        return "installed"
    if top in sys.stdlib_module_names and (not file or _is_standard(file)):
        return "standard"
    return "user"


def _file_of(top: str) -> str:
    """Return the file or folder of a top-level module; empty if it is built in or unknown."""
    module = sys.modules.get(top)
    spec = getattr(module, "__spec__", None)
    if spec is None and module is None:
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return ""
    if spec is None:
        return str(getattr(module, "__file__", None) or "")
    if spec.origin in ("built-in", "frozen"):
        return ""
    folders = list(spec.submodule_search_locations or ())
    return str(spec.origin or (folders[0] if folders else ""))


def _is_standard(file: str) -> bool:
    return any(
        Path(file).is_relative_to(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib")
    )


def library_text(module: str) -> str:
    """Return the library of a module with its version, as a part of fingerprints."""
    top, origin = module.partition(".")[0], origin_of(module)
    if origin == "labeling":
        return f"{_OURS} {code_digest()}"
    return f"{top} {_version(top)}" if origin == "installed" else top


def outside(module: str, name: str) -> str | None:
    """Return why what a function or class of a library does is not determined by its arguments.

    Args:
        module: the full name of its module.
        name: its qualified name.

    Returns:
        a noun phrase; `None` if it is determined.

    >>> outside("re", "search"), outside("time", "time"), outside("datetime", "datetime.now")
    (None, 'what time.time returns', 'what datetime.datetime.now returns')
    """
    origin, top, last = origin_of(module), module.partition(".")[0], name.rpartition(".")[2]
    what = f"what {module.removeprefix('builtins.')}.{name} returns".replace("builtins.", "")
    if origin == "labeling":
        return _EXTERNAL.get(module)
    if last in _OUTSIDE:
        return what
    if origin == "standard":
        is_allowed = top in _STANDARD or module in _STANDARD_PARTS
        if module in ("posixpath", "ntpath", "genericpath", "os.path"):
            is_allowed = last in _PATHS
        return None if is_allowed else what
    parts = {part.lstrip("_") for part in module.split(".")}
    if top not in _PACKAGES or parts & _OUTSIDE_PARTS or last.startswith(_READERS):
        return what
    return None


@functools.lru_cache(maxsize=256)
def _version(top: str) -> str:
    """Return the version of an installed package."""
    version = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(version, str):
        return version
    names = set(importlib.metadata.packages_distributions().get(top, ()))
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(names))


@functools.cache
def code_digest() -> str:
    """Return a fingerprint of the code of this package that votes depend on."""
    folder = Path(__file__).parents[2]
    digest = hashlib.blake2b(digest_size=16)
    for room in _ROOMS:
        for file in sorted((folder / room).rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.blake2b(file.read_bytes()).digest())
    return digest.hexdigest()

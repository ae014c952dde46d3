"""Exceptions that `labeling` raises on purpose, as one tree.

* LabelingError
  x ConfigError                  a config file is missing, malformed, or has an invalid value
  x DataError                    a file, table, id or text is invalid
  x UnknownLabelError            a label name or code that is not in the schema
  x GoldError                    invalid gold labels or an invalid class balance
  x VotesError                   an array or table that is not a valid table of votes
  x LabelingFunctionError        a labeling function raised, or returned something other than a vote
    + LFTimeoutError             it did not return on a sample within the time limit
  x ColumnError                  a labeling function read a column that its sample does not have
  x LoadError                    a module of labeling functions that cannot be loaded
  x NotFittedError               a model was used before it was fitted
  x ModelFileError               a saved model that cannot be read
  x PlatformError                an annotation platform cannot do what was requested
    + UnreachableError           it does not respond, or fails with an error that may be temporary
  x StoreError                   the project's store cannot be read or written
    + ProjectLockedError         another process holds the project lock
    + LedgerError                the ledger of events was changed, or does not agree with the states
  x ReleaseError                 a release, branch or proposal that cannot be used as requested
  x MissingExtraError            a package of an optional extra is not installed
  x FetchError                   demo data that could not be fetched or verified

Each also inherits from the built-in exception that a caller would expect. `LabelSharesWarning`
and `MisalignedSpansWarning` are warnings, not errors.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Self


class LabelingError(Exception):
    """Base class of all errors of this package; catch it to catch them all."""


class LabelSharesWarning(UserWarning):
    """A model predicts a label far more, or less, often than majority vote or gold labels say.

    Also: a selection of weak labels leaves a label less than half of its share.
    """


class MisalignedSpansWarning(UserWarning):
    """Spans are left out of an export, which has no form for them.

    They do not begin and end at the edges of tokens, or overlap others.
    """


class ConfigError(LabelingError, ValueError):
    """A config file is missing, malformed, or has an invalid value."""


class DataError(LabelingError, ValueError):
    """A file, table, id or text is invalid."""


class UnknownLabelError(LabelingError, ValueError):
    """A label name or code that is not in the schema."""


class GoldError(LabelingError, ValueError):
    """Invalid gold labels or an invalid class balance."""


class VotesError(LabelingError, ValueError):
    """An array or table that is not a valid table of votes."""


class LabelingFunctionError(LabelingError, ValueError):
    """A labeling function raised, or returned something other than a vote."""


class LFTimeoutError(LabelingFunctionError, TimeoutError):
    """A labeling function, or a preprocessor, did not return on a sample within the time limit."""

    def __new__(cls, *args: object) -> Self:
        """Make it as an OSError: Python refuses `__new__` of ValueError, which comes first."""
        return TimeoutError.__new__(cls, *args)


class ColumnError(LabelingError, AttributeError, KeyError):
    """A labeling function read a column that its sample does not have."""

    __str__ = Exception.__str__  # a KeyError puts quotes around its message


class LoadError(LabelingError, ImportError):
    """A module of labeling functions that cannot be loaded."""


class NotFittedError(LabelingError, ValueError, AttributeError):
    """A model was used before it was fitted."""


class ModelFileError(LabelingError, ValueError):
    """A saved model that cannot be read."""


class PlatformError(LabelingError, RuntimeError):
    """An annotation platform cannot do what was requested."""


class UnreachableError(PlatformError, ConnectionError):
    """An annotation platform does not respond, or responds with an error that may be temporary."""


class StoreError(LabelingError, RuntimeError):
    """The project's store cannot be read or written."""


class ProjectLockedError(StoreError, TimeoutError):
    """Another process holds the project lock; timed out waiting for it."""


HeldError = ProjectLockedError
"""Deprecated name of `ProjectLockedError`."""


class LedgerError(StoreError):
    """The ledger of events was changed from outside, or stored states do not follow from it."""


class ReleaseError(LabelingError, RuntimeError):
    """A release, branch or proposal that cannot be used as requested, or that was changed."""


class MissingExtraError(LabelingError, ImportError):
    """A package of an optional extra is not installed."""


class FetchError(LabelingError, RuntimeError):
    """Demo data could not be fetched or verified."""


EXTRA_OF = {
    "anywidget": "explorer",
    "cleanlab": "quality",
    "matplotlib": "plots",
    **dict.fromkeys(("httpx", "keyring", "label_studio_sdk", "psutil", "tenacity"), "label-studio"),
    "datasketch": "splits",
    "fsspec": "remote",
    **dict.fromkeys(("dask", "distributed"), "dask"),
    **dict.fromkeys(("py4j", "pyspark"), "spark"),
    "hyppo": "drift",
    "pycrfsuite": "spans",
    "pandera": "quality",
    "alembic": "cli",
    "filelock": "cli",
    "psycopg": "postgresql",
    "platformdirs": "cli",
    "pydantic": "cli",
    "rich": "cli",
    "typer": "cli",
    "yaml": "cli",
    "jinja2": "report",
    "modAL": "active",
    "mlflow": "mlflow",
    "sentence_transformers": "embeddings",
    "huggingface_hub": "embeddings",
    "model2vec": "static-embeddings",
    "openpyxl": "xlsx",
    "sqlalchemy": "sql",
    "spacy": "spacy",
    "datasets": "hugging-face",
    "torch": "torch",
    "transformers": "transformers",
}
"""The extra that installs a package, by the package's import name."""


def missing_extra(error: ModuleNotFoundError) -> ImportError:
    """Return an error that names the extra to install, or `error` itself if no extra fits."""
    extra = EXTRA_OF.get((error.name or "").partition(".")[0])
    if extra is None:
        return error
    return MissingExtraError(f"This needs {error.name}: pip install 'labeling[{extra}]'")


@contextlib.contextmanager
def naming_extra() -> Iterator[None]:
    """Import within it: the error names the extra to install where a package is not there.

    Raises:
        MissingExtraError: a package of an extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error


LONGEST = 200  # characters of a value in a message
LONGEST_NAME = 100  # characters of a name that may be a misspelling of another


def quoted(value: object) -> str:
    """Return the `repr` of a value for an error message, truncated where it is long.

    >>> quoted("spam")
    "'spam'"
    >>> quoted("a" * 1000)[190:]
    'aaaaaaaaaa ... (1,002 characters)'
    """
    text = literal(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text):,} characters)"


def near(name: object, choices: Iterable[object]) -> str:
    """Return `" Did you mean 'x'?"` for the choice closest to `name`, or an empty string.

    >>> near("spma", ["ham", "spam"])
    " Did you mean 'spam'?"
    >>> near("zzz", ["ham", "spam"])
    ''
    """
    if name is None or len(str(name)) > LONGEST_NAME:
        return ""
    by_text = {str(choice).lower(): choice for choice in choices}
    matches = difflib.get_close_matches(str(name).lower(), by_text, n=1, cutoff=0.6)
    return f" Did you mean {by_text[matches[0]]!r}?" if matches else ""


def literal(value: object) -> str:
    r"""Return a value as a Python literal: a raw string where that avoids doubled backslashes.

    >>> print(literal(r"\d+"), literal("plain"), literal("two\nlines"), literal(3))
    r'\d+' 'plain' 'two\nlines' 3
    """
    text = repr(value)
    if not isinstance(value, str) or "\\" not in value or len(value) > LONGEST:
        return text
    raw = "r" + text.replace("\\\\", "\\")
    try:
        return raw if ast.literal_eval(raw) == value else text
    except SyntaxError:  # such as a backslash at the end
        return text


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun, singular for 1 and plural otherwise.

    Args:
        number: the count.
        singular: the noun in the singular, with a verb if needed: "sample is".
        plural: the same in the plural; `None` appends an s.

    >>> counted(1, "sample"), counted(1234, "sample"), counted(0, "sample is", "samples are")
    ('1 sample', '1,234 samples', '0 samples are')
    """
    return f"{number:,} {noun(number, singular, plural)}"


def noun(number: int, singular: str, plural: str | None = None) -> str:
    """Return the singular of a noun for 1 and the plural otherwise; `counted` adds the number."""
    return singular if number == 1 else plural or f"{singular}s"


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, sorted.

    >>> repeated(["b", "a", "b", "a", "c"])
    ['a', 'b']
    """
    return sorted(name for name, times in Counter(names).items() if times > 1)


def listed(values: Iterable[object], limit: int = 5) -> str:
    """Return the first values for an error message, and how many more there are.

    >>> listed(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    items = list(values)
    text = ", ".join(quoted(value) for value in items[:limit])
    return text if len(items) <= limit else f"{text} and {len(items) - limit} more"

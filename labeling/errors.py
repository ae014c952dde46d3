"""Every error that `labeling` raises on purpose.

* LabelingError
  x ConfigError                  a config file is missing, malformed, or says what cannot be
  x DataError                    a file, frame, id or text is not what it must be
  x UnknownLabelError            a name or code that the schema does not have
  x GoldError                    gold labels or a class balance that cannot be used
  x VotesError                   an array or table that is not a table of votes
  x LabelingFunctionError        a labeling function raised, or returned what is no vote
  x ColumnError                  a labeling function asked its sample for a column it does not have
  x LoadError                    a module of labeling functions that cannot be loaded
  x NotFittedError               a model was asked before it was fitted
  x ModelFileError               a saved model that cannot be read
  x PlatformError                an annotation platform cannot do what was asked
    + UnreachableError           it does not answer, or not as it should; it may do so later
  x StoreError                   what is remembered cannot be read or written
    + HeldError                  another process holds the project
  x MissingExtraError            a package that only an extra brings is not installed
  x FetchError                   demo data that could not be fetched or verified

Each also inherits the built-in error that a caller would guess.
"""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Iterable


class LabelingError(Exception):
    """The base of all errors of this package; catch it to catch them all."""


class ConfigError(LabelingError, ValueError):
    """A config file is missing, malformed, or says what cannot be."""


class DataError(LabelingError, ValueError):
    """A file, frame, id or text is not what it must be."""


class UnknownLabelError(LabelingError, ValueError):
    """A label name or code that the schema does not have."""


class GoldError(LabelingError, ValueError):
    """Gold labels or a class balance that cannot be used."""


class VotesError(LabelingError, ValueError):
    """An array or table that is not a table of votes."""


class LabelingFunctionError(LabelingError, ValueError):
    """A labeling function raised, or returned what is no vote."""


class ColumnError(LabelingError, AttributeError, KeyError):
    """A labeling function asked its sample for a column that it does not have."""

    __str__ = Exception.__str__  # a KeyError puts quotes around its message


class LoadError(LabelingError, ImportError):
    """A module of labeling functions that cannot be loaded."""


class NotFittedError(LabelingError, ValueError, AttributeError):
    """A model was asked for something before it was fitted."""


class ModelFileError(LabelingError, ValueError):
    """A saved model that cannot be read."""


class PlatformError(LabelingError, RuntimeError):
    """An annotation platform cannot do what was asked of it."""


class UnreachableError(PlatformError, ConnectionError):
    """An annotation platform does not answer, or not as it should; it may do so later."""


class StoreError(LabelingError, RuntimeError):
    """What is remembered between runs cannot be read or written."""


class HeldError(StoreError, TimeoutError):
    """Another process holds the project, and did not let go of it in time."""


class MissingExtraError(LabelingError, ImportError):
    """A package that only an extra brings is not installed."""


class FetchError(LabelingError, RuntimeError):
    """Demo data could not be fetched or verified."""


EXTRA_OF = {
    "matplotlib": "plots",
    **dict.fromkeys(("httpx", "keyring", "label_studio_sdk", "psutil", "tenacity"), "label-studio"),
    "fsspec": "remote",
    **{"alembic": "cli", "filelock": "cli", "psycopg": "postgresql"},
    **{"platformdirs": "cli", "pydantic": "cli", "rich": "cli", "typer": "cli", "yaml": "cli"},
    **{"jinja2": "report", "sentence_transformers": "embeddings"},
    **{"openpyxl": "xlsx", "sqlalchemy": "sql"},
    **{"spacy": "spacy", "torch": "transformers", "transformers": "transformers"},
}


def missing_extra(error: ModuleNotFoundError) -> ImportError:
    """Return the error that says what to install, or the one given where no extra has it."""
    extra = EXTRA_OF.get((error.name or "").partition(".")[0])
    if extra is None:
        return error
    return MissingExtraError(f"This needs {error.name}: pip install 'labeling[{extra}]'")


LONGEST = 200  # characters of a value in a message
LONGEST_NAME = 100  # characters of a name that may be a slip of another


def quoted(value: object) -> str:
    """Return a value for an error message: its representation, cut where it is long.

    >>> quoted("spam")
    "'spam'"
    >>> quoted("a" * 1000)[190:]
    'aaaaaaaaaa ... (1,002 characters)'
    """
    text = literal(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text):,} characters)"


def near(name: object, choices: Iterable[object]) -> str:
    """Return `" Did you mean 'x'?"` for the choice nearest to `name`, or an empty string.

    >>> near("spma", ["ham", "spam"])
    " Did you mean 'spam'?"
    >>> near("zzz", ["ham", "spam"])
    ''
    """
    if len(str(name)) > LONGEST_NAME:
        return ""
    by_text = {str(choice).lower(): choice for choice in choices}
    found = difflib.get_close_matches(str(name).lower(), by_text, n=1, cutoff=0.6)
    return f" Did you mean {by_text[found[0]]!r}?" if found else ""


def literal(value: object) -> str:
    r"""Return a value as it is written in Python; backslashes are not doubled where they need not be.

    >>> print(literal(r"\d+"), literal("plain"), literal("two\nlines"), literal(3))
    r'\d+' 'plain' 'two\nlines' 3
    """
    shown = repr(value)
    if not isinstance(value, str) or "\\" not in value or len(value) > LONGEST:
        return shown
    raw = "r" + shown.replace("\\\\", "\\")
    try:
        return raw if ast.literal_eval(raw) == value else shown
    except SyntaxError:  # such as a backslash at the end
        return shown


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: in the singular only for 1.

    Args:
        number: how many there are.
        one: the noun in the singular, perhaps with a verb: "sample is".
        many: the same in the plural; `None` puts an s behind the noun.

    >>> counted(1, "sample"), counted(1234, "sample"), counted(0, "sample is", "samples are")
    ('1 sample', '1,234 samples', '0 samples are')
    """
    return f"{number:,} {noun(number, one, many)}"


def noun(number: int, one: str, many: str | None = None) -> str:
    """Return the noun of a number, in the singular only for 1; `counted` writes the number, too."""
    return one if number == 1 else many or f"{one}s"


def repeated(names: Iterable[str]) -> list[str]:
    """Return the names that are there more than once, sorted.

    >>> repeated(["b", "a", "b", "a", "c"])
    ['a', 'b']
    """
    return sorted(name for name, times in Counter(names).items() if times > 1)


def shown(values: Iterable[object], limit: int = 5) -> str:
    """Return the first few values for an error message, and how many more there are.

    >>> shown(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    every = list(values)
    text = ", ".join(quoted(value) for value in every[:limit])
    return text if len(every) <= limit else f"{text} and {len(every) - limit} more"

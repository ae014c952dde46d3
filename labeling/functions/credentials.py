"""Credentials and optional packages of labeling functions, looked up when they are used."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

from labeling.errors import LabelingFunctionError, MissingExtraError, missing_extra

Secret = str | Callable[[], str]
"""How a secret is given: `"env:NAME"`, a function that returns it, or the text itself."""

_ENV = "env:"


def revealed(secret: Secret, what: str) -> str:
    """Return the value of a secret.

    Args:
        secret: `"env:NAME"` of an environment variable, a function that returns it, or the text.
        what: what it is for, for the error message.

    Raises:
        LabelingFunctionError: the environment variable is not set, or the value is not a text.

    >>> revealed(lambda: "s3cret", "the token")
    's3cret'
    >>> revealed("env:NOT_SET_ANYWHERE", "the token")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingFunctionError: The environment must hold the token in
    NOT_SET_ANYWHERE, which is not set.
    """
    if isinstance(secret, str) and secret.startswith(_ENV):
        name = secret.removeprefix(_ENV)
        if name not in os.environ:
            raise LabelingFunctionError(
                f"The environment must hold {what} in {name}, which is not set."
            )
        return os.environ[name]
    text = secret() if callable(secret) else secret
    if not isinstance(text, str):
        raise LabelingFunctionError(f"A text must be given as {what}. Got a {type(text).__name__}.")
    return text


def need(*modules: str, extra: str | None = None) -> None:
    """Raise a MissingExtraError if an optional package is not installed.

    Args:
        modules: the modules of the packages.
        extra: the extra to install; `None` takes the first extra that brings the package.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            if extra is not None:
                raise MissingExtraError(f"This needs {module}: pip install 'labeling[{extra}]'")
            raise missing_extra(ModuleNotFoundError(f"No module named {module!r}", name=module))

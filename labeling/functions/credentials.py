"""Secrets stay out of labeling functions: they are named there, and looked up where they are used."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

from labeling.errors import LabelingFunctionError, missing_extra

Secret = str | Callable[[], str]
_ENV = "env:"


def revealed(secret: Secret, what: str) -> str:
    """Return a secret: that of the environment for `"env:NAME"`, what a function returns, or a text.

    Args:
        secret: how it is named.
        what: what it is for, for the error message.

    Raises:
        LabelingFunctionError: the environment does not have it, or it is no text.

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


def need(*modules: str) -> None:
    """Raise a MissingExtraError where a package that an extra brings is not installed."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise missing_extra(ModuleNotFoundError(f"No module named {module!r}", name=module))

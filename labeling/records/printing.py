"""Short `repr` texts of models: the constructor call with its non-default settings."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from labeling.errors import listed

MAX_LENGTH = 60  # characters of a setting's value


def constructor_repr(model: object) -> str:
    """Return the constructor call of a model: its class and the settings that are not the default.

    >>> class Model:
    ...     def __init__(self, steps=60, *, tolerance=0.1):
    ...         self.steps, self.tolerance = steps, tolerance
    >>> constructor_repr(Model(steps=5))
    'Model(steps=5)'
    """
    settings = []
    for name, parameter in inspect.signature(type(model)).parameters.items():
        value = getattr(model, name, parameter.default)
        if value is not parameter.default and value != parameter.default:
            text = repr(value)
            settings.append(
                f"{name}={text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + '...'}"
            )
    return f"{type(model).__name__}({', '.join(settings)})"


def fitted_repr(model: object, labels: Sequence[str] | None, voters: Sequence[str] = ()) -> str:
    """Return the constructor call of a model and what it was fitted on; `labels=None`: not fitted.

    >>> class Model: ...
    >>> fitted_repr(Model(), ["ham", "spam"], ["ann", "bob"])
    "Model(), fitted on 2 voters and labels 'ham', 'spam'"
    >>> fitted_repr(Model(), None)
    'Model(), not fitted yet'
    """
    if labels is None:
        return f"{constructor_repr(model)}, not fitted yet"
    voter_count = f"{len(voters)} voters and " if voters else ""
    return f"{constructor_repr(model)}, fitted on {voter_count}labels {listed(labels)}"

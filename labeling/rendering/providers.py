"""What views show and their room cannot compute: functions that the front door provides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PROVIDERS: dict[str, Callable[[Any], str]] = {}
"""By what they tell, such as "how it runs"; each returns a sentence on the object it is given."""


def provided(what: str, shown: object) -> str:
    """Return the sentence of a provider; empty where there is none.

    A view must never fail, so that an error of the provider becomes its sentence.

    >>> provided("how it runs", object())
    ''
    """
    if what not in PROVIDERS:
        return ""
    try:
        return PROVIDERS[what](shown)
    except Exception as error:  # noqa: BLE001  # a view of what is broken must still be shown
        return f"Could not be told: {type(error).__name__}: {error}"

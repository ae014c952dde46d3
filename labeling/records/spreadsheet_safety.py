"""Detection of texts that a spreadsheet program would evaluate as formulas."""

from __future__ import annotations

FORMULA_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # full-width forms are evaluated too


def is_formula(text: str) -> bool:
    r"""Return whether a spreadsheet program may evaluate a text or misread its first character.

    >>> [is_formula(text) for text in ("=1+1", " \uff1d1+1", "\tx", "1+1", "")]
    [True, True, True, False, False]
    """
    return text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA_STARTS)

"""Why something has no source form."""

from __future__ import annotations


class NotExportableError(Exception):
    """Something has no source form; the text says what, and what to do."""


class NameTakenError(NotExportableError):
    """A name means something else in the module."""

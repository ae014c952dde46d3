"""`CallStoppedError`: what is raised inside a call at its time limit."""

from __future__ import annotations


class CallStoppedError(BaseException):
    """Raised inside a call at its time limit; functions that catch any `Exception` do not hold it.

    It does not leave the engine, which makes an `LFTimeoutError` of it.
    """

"""What a lambda looks like in its source code."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any


def lambda_source(function: Callable[..., Any]) -> str:
    """Return the source of a one-line lambda, and for other functions the name."""
    name = str(getattr(function, "__name__", type(function).__name__))
    code = getattr(function, "__code__", None)
    if name != "<lambda>" or code is None:
        return name
    # Of each instruction: first and last line, first and last column, which count bytes.
    positions = [
        position
        for position in code.co_positions()
        if None not in position and position[2] != position[3]
    ]
    line_numbers = {number for position in positions for number in position[:2]}
    if len(line_numbers) != 1:
        return "lambda ..."
    source = linecache.getline(code.co_filename, line_numbers.pop()).encode()
    start = min(position[2] for position in positions)
    end = max(position[3] for position in positions)
    body = source[start:end]
    arguments = ", ".join(code.co_varnames[: code.co_argcount])
    return f"lambda {arguments}: {body.decode()}" if body else "lambda ..."

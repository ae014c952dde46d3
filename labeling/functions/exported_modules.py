"""The header of modules that a notebook exported: by it an edited module can be told."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

HEADER = "# Exported from a workbench by labeling. SHA-256 of all below this line: "


def with_header(source: str) -> str:
    """Return the source of a module with the header that states its hash.

    >>> print(with_header("x = 1\\n").partition(": ")[2][:8])
    9e26bf36
    """
    return f"{HEADER}{hashlib.sha256(source.encode()).hexdigest()}\n{source}"


def was_edited(path: str | os.PathLike[str]) -> bool | None:
    """Return whether a module was edited since it was exported; `None` if it was not exported.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "rules.py")
    ...     _ = file.write_text(with_header("x = 1\\n"), encoding="utf-8")
    ...     before = was_edited(file)
    ...     _ = file.write_text(file.read_text(encoding="utf-8") + "y = 2\\n", encoding="utf-8")
    ...     before, was_edited(file)
    (False, True)
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    first, _, rest = text.partition("\n")
    if not first.startswith(HEADER):
        return None
    return first.removeprefix(HEADER).strip() != hashlib.sha256(rest.encode()).hexdigest()

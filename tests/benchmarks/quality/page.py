"""Where the tables are written: between two marks of a page whose other lines stay as they are."""

from __future__ import annotations

from pathlib import Path

from labeling.errors import DataError
from labeling.records import atomic_write

BEGIN = "<!-- written by `make bench-quality`: begin -->"
END = "<!-- written by `make bench-quality`: end -->"


def with_tables(page: str, tables: str) -> str:
    """Return a page with the tables between its marks.

    Raises:
        DataError: the page does not have each mark once, in this order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise DataError(f"The page must have the lines {BEGIN!r} and {END!r} once, in this order.")
    return f"{before}{BEGIN}\n\n{tables.strip()}\n\n{END}{after}"


def write(path: Path, tables: str) -> None:
    """Write the tables into a page."""
    text = with_tables(path.read_text(encoding="utf-8"), tables)
    with atomic_write(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")

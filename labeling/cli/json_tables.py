"""Data frames as JSON values."""

from __future__ import annotations

from typing import Any

import pandas as pd


def as_records(frame: pd.DataFrame, index: str) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON objects; missing numbers are null.

    Args:
        frame: any frame.
        index: the key under which the index is stored.
    """
    rows = frame.rename_axis(index.replace(" ", "_")).reset_index().astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {
            str(name): value.item() if hasattr(value, "item") else value
            for name, value in row.items()
        }
        for row in rows.to_dict("records")
    ]

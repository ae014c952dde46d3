"""Tables as JSON."""

from __future__ import annotations

from typing import Any

import pandas as pd


def as_records(frame: pd.DataFrame, index: str) -> list[dict[str, Any]]:
    """Return a frame as JSON knows it, one object a row; missing numbers are null."""
    rows = frame.rename_axis(index.replace(" ", "_")).reset_index().astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {
            str(name): value.item() if hasattr(value, "item") else value
            for name, value in row.items()
        }
        for row in rows.to_dict("records")
    ]

"""What people write into a cell to say that a sample has a label, or that it does not."""

from __future__ import annotations

MARKED = frozenset({"x", "1", "1.0", "yes", "y", "true", "✓", "✔", "☑"})
NOT_MARKED = frozenset({"0", "0.0", "no", "n", "false", "☐"})

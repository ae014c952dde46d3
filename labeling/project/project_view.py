"""What a project shows of itself: its status, read without a lock and without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.project.status import status_of
from labeling.rendering import View

if TYPE_CHECKING:
    from labeling.project.base import BaseProject


def project_view(project: BaseProject) -> View:
    """Return the status of a project in short; it takes no lock, uses no network, never raises."""
    labels = f"Labels: {', '.join(project.schema)}."
    if not project.store.database.is_sqlite:
        return View(
            f"Project {project.config.name!r}",
            (labels, "Its store is on a server: `project.status()` or `labeling status` asks it."),
        )
    try:
        status = status_of(project.config, project.store)
    except Exception as error:  # noqa: BLE001  # what cannot be read must still be shown
        sentence = f"The status cannot be read: {type(error).__name__}: {error}"
        return View(f"Project {project.config.name!r}", (labels, sentence))
    shown = status._view()
    return View(shown.title, (labels, *shown.parts))

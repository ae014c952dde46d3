"""Addresses and paths of a project: where people label, and the report."""

from __future__ import annotations

from labeling.config import Config
from labeling.project.annotation_loop import SYNC_STATE
from labeling.store import Store


def work_links(config: Config, store: Store) -> dict[str, str]:
    """Return where annotators and reviewers label: addresses of Label Studio, or a folder of files.

    Projects that do not exist in Label Studio yet have no address.
    """
    if config.files is not None:
        return {"annotators": str(config.at(config.files.folder))}
    if config.label_studio is None or not store.ready():
        return {}
    from labeling.label_studio.sync_state import task_streams

    return task_streams(store.facts.get(SYNC_STATE), config.label_studio.url)


def links_of(config: Config, store: Store) -> dict[str, str]:
    """Return where people label, and the report, if it was written."""
    report = config.at(config.export.folder) / "report.html"
    return work_links(config, store) | ({"report": str(report)} if report.is_file() else {})

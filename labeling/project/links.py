"""Addresses and paths of a project: where people label, and the report."""

from __future__ import annotations

import json

from labeling.config import Config
from labeling.project.annotation_loop import MEMORY
from labeling.store import Store


def work_links(config: Config, store: Store) -> dict[str, str]:
    """Return where annotators and reviewers label: addresses of Label Studio, or a folder of files.

    Projects that do not exist in Label Studio yet have no address.
    """
    if config.files is not None:
        return {"annotators": str(config.at(config.files.folder))}
    if config.label_studio is None or not store.ready():
        return {}
    url = config.label_studio.url.rstrip("/")
    state = json.loads(store.facts.get(MEMORY) or "{}")
    if state.get("url") != url:
        return {}
    ids = {role: state.get(role, {}).get("id") for role in ("annotators", "reviewers")}
    return {role: stream_link(url, id_) for role, id_ in ids.items() if id_ is not None}


def stream_link(url: str, project_id: int) -> str:
    """Return the address of a Label Studio project's label stream: one task after the other.

    >>> stream_link("http://localhost:8080", 3)
    'http://localhost:8080/projects/3/data?labeling=1'
    """
    return f"{url}/projects/{project_id}/data?labeling=1"


def links_of(config: Config, store: Store) -> dict[str, str]:
    """Return where people label, and the report, if it was written."""
    report = config.at(config.export.folder) / "report.html"
    return work_links(config, store) | ({"report": str(report)} if report.is_file() else {})

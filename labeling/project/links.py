"""Where people work, and where results are: addresses and paths to open."""

from __future__ import annotations

import json

from labeling.config import Config
from labeling.project.annotation_loop import MEMORY
from labeling.store import Store


def work_links(config: Config, store: Store) -> dict[str, str]:
    """Return where annotators and reviewers label: addresses of Label Studio, or a folder of files.

    Projects of Label Studio that were never met have no address yet.
    """
    if config.files is not None:
        return {"annotators": str(config.at(config.files.folder))}
    if config.label_studio is None or not store.ready():
        return {}
    url = config.label_studio.url.rstrip("/")
    known = json.loads(store.history.get(MEMORY) or "{}")
    if known.get("url") != url:
        return {}
    ids = {who: known.get(who, {}).get("id") for who in ("annotators", "reviewers")}
    return {who: stream_link(url, own) for who, own in ids.items() if own is not None}


def stream_link(url: str, project_id: int) -> str:
    """Return the address at which a project of Label Studio gives people one task after the other.

    >>> stream_link("http://localhost:8080", 3)
    'http://localhost:8080/projects/3/data?labeling=1'
    """
    return f"{url}/projects/{project_id}/data?labeling=1"


def links_of(config: Config, store: Store) -> dict[str, str]:
    """Return where people label, and the report, where one was written."""
    report = config.at(config.export.folder) / "report.html"
    return work_links(config, store) | ({"report": str(report)} if report.is_file() else {})

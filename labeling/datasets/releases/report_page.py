"""The page of a release: what it is, what changed, tests, quality, known problems, and its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.datasets.cards.card_view import card_view
from labeling.datasets.cards.facts import CardFacts, CardSettings
from labeling.datasets.releases.names import short
from labeling.errors import counted
from labeling.records import atomic_write
from labeling.rendering import View
from labeling.rendering.page import page_of

if TYPE_CHECKING:
    from labeling.datasets.releases.release import Release


def write_report_page(
    release: Release,
    path: Path,
    sections: Mapping[str, Sequence[View]],
    settings: CardSettings | None,
    facts: CardFacts,
) -> Path:
    """Write the page of a release, and return its path; see `Release.report`."""
    settings = settings or CardSettings()
    manifest = release.manifest
    sentences = [
        f"Release {release.digest}.",
        f"{counted(manifest['samples'], 'sample')}; fingerprint of the rows"
        f" {manifest['fingerprint']}.",
    ]
    problems = [View("Known problems", tuple(facts.problems))] if facts.problems else []
    pages = {
        "Labels": [release.train._view()],
        **sections,
        "Known problems": [*sections.get("Known problems", ()), *problems],
        "Card": [card_view(release.train, settings, facts)],
    }
    title = f"{settings.shown_title}: release {short(release.digest)}"
    with atomic_write(path) as unfinished:
        unfinished.write_text(page_of(title, pages, sentences), encoding="utf-8", newline="\n")
    return path

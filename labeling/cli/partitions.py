"""`apply --on` and `export --on`: commands on partitioned data, run on an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.cli.app import Settings
from labeling.cli.console import busy, emit, hint
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.distributed.projects import PartitionedProject


def apply_on(on: str, as_json: bool) -> None:
    """Apply the labeling functions on an engine."""
    project = _opened()
    with busy(f"applying labeling functions on {on}", project.n_samples) as advance:
        votes = project.apply(on, advance)
    result = {
        "samples": len(votes),
        "covered": votes.n_covered,
        "voters": list(votes.voters),
        "votes": int(votes.votes_for.sum()),
        "partitions": len(votes.partitions),
        "faults": sum(partition.faults for partition in votes.partitions),
    }
    n_locked = len(votes.source.left_out)
    locked = f"{counted(n_locked, 'sample is', 'samples are')} locked in the test split."
    emit(result, as_json, repr(votes), *([locked] if n_locked else []))
    hint(f"Written: {votes.folder}. Next: labeling export --on {on}")


def export_on(on: str, as_json: bool) -> None:
    """Fit the models and write the training set of each partition on an engine."""
    project = _opened()
    with busy(f"fitting the models and writing the training set on {on}", project.n_samples) as go:
        manifest = project.export(on, go)
    labels = ", ".join(f"{count:,} {label}" for label, count in manifest["labels"].items())
    left_out = sum(manifest["left_out"].values())
    sentence = (
        f"{counted(manifest['samples'], 'sample')} in {counted(len(manifest['files']), 'file')}:"
        f" {labels}; {left_out:,} left out"
    )
    emit(manifest, as_json, sentence)
    hint(f"Written: {project.folder / 'training_set'}, with one manifest.")


def _opened() -> PartitionedProject:
    from labeling.distributed.projects import PartitionedProject

    with busy("reading the config and the footers of the data"):
        return PartitionedProject.open(Settings.config)

"""The section on provenance: config, versions, fingerprints, and what was run when."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass
from typing import Any

import yaml

from labeling.config import Config
from labeling.report.context import ReportContext
from labeling.report.formatting import from_root, without_paths
from labeling.store import Kept

MOST_RUNS = 50
KINDS = {
    "votes": "votes of the labeling functions",
    "soft_labels": "soft labels of the label model",
    "posterior": "final soft labels, with the end model",
    "training_set": "training set",
}
PACKAGES = (
    *("labeling", "numpy", "pandas", "scipy", "scikit-learn", "pyarrow"),
    *("matplotlib", "jinja2"),
)


@dataclass(frozen=True)
class RunRow:
    """A run of the log."""

    number: int
    verb: str
    state: str
    started_at: str
    seconds: dict[str, float]
    outcome: list[tuple[str, str]]


@dataclass(frozen=True)
class ProvenanceSection:
    """What the section shows."""

    config: str
    config_hash: str
    seed: int
    versions: dict[str, str]
    files: list[tuple[str, Kept]]
    runs: list[RunRow]
    more_runs: int


def section(known: ReportContext) -> ProvenanceSection:
    """Return the section on provenance."""
    runs = [] if known.store is None else known.store.history.runs(MOST_RUNS)
    kept = (
        []
        if known.store is None
        else [(name, known.store.files.last(kind)) for kind, name in KINDS.items()]
    )
    return ProvenanceSection(
        config=config_text(known.config),
        config_hash=known.config.digest,
        seed=known.config.seed,
        versions=_versions(),
        files=[(name, file) for name, file in kept if file is not None],
        runs=[_run(run, known) for run in runs],
        more_runs=max(runs[0]["number"] - len(runs), 0) if runs else 0,
    )


def config_text(config: Config) -> str:
    """Return all that a config says, defaults included, without the address of a database."""
    said = config.model_dump(mode="json", exclude={"root": True, "store": {"url"}})
    if config.store.url is not None:
        said["store"]["url"] = "(not shown)"
    shown = yaml.safe_dump(_relative(said, config), sort_keys=False, allow_unicode=True, width=88)
    return str(shown)


def _relative(value: Any, config: Config) -> Any:
    if isinstance(value, dict):
        return {key: _relative(one, config) for key, one in value.items()}
    if isinstance(value, list):
        return [_relative(one, config) for one in value]
    return from_root(value, config.root) if isinstance(value, str) and value[:1] == "/" else value


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _run(run: dict[str, Any], known: ReportContext) -> RunRow:
    outcome = [
        (str(name), without_paths(_told(value), known.config.root))
        for name, value in run["outcome"].items()
    ]
    return RunRow(
        *(run["number"], run["verb"], run["state"], run["started_at"]),
        *(run["seconds"], outcome),
    )


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(one)}" for key, one in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)

"""Section on provenance: config, package versions, fingerprints, and the run log."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass
from typing import Any

import yaml

from labeling.config import Config
from labeling.rendering.formatting import from_root, without_paths
from labeling.report.context import ReportContext
from labeling.store import Artifact

MOST_RUNS = 50
KINDS = {
    "votes": "votes of the labeling functions",
    "soft_labels": "soft labels of the label model",
    "posterior": "final soft labels, with the end model",
    "training_set": "training set",
}
PACKAGES = (
    "labeling",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "pyarrow",
    "matplotlib",
    "jinja2",
)


@dataclass(frozen=True)
class RunRow:
    """A run of the run log."""

    number: int
    verb: str
    state: str
    started_at: str
    seconds: dict[str, float]
    outcome: list[tuple[str, str]]


@dataclass(frozen=True)
class ProvenanceSection:
    """Contents of the section."""

    config: str
    config_hash: str
    seed: int
    versions: dict[str, str]
    files: list[tuple[str, Artifact]]
    runs: list[RunRow]
    more_runs: int


def section(context: ReportContext) -> ProvenanceSection:
    """Return the section on provenance."""
    runs, files = [], []
    if context.store is not None:
        runs = context.store.runs.recent(MOST_RUNS)
        files = [(name, context.store.artifacts.latest(kind)) for kind, name in KINDS.items()]
    return ProvenanceSection(
        config=config_text(context.config),
        config_hash=context.config.digest,
        seed=context.config.seed,
        versions=_versions(),
        files=[(name, file) for name, file in files if file is not None],
        runs=[_run(run, context) for run in runs],
        more_runs=max(runs[0]["number"] - len(runs), 0) if runs else 0,
    )


def config_text(config: Config) -> str:
    """Return a config as YAML, defaults included, without the address of a database."""
    values = config.model_dump(mode="json", exclude={"root": True, "store": {"url"}})
    if config.store.url is not None:
        values["store"]["url"] = "(not shown)"
    relative = _with_relative_paths(values, config)
    return str(yaml.safe_dump(relative, sort_keys=False, allow_unicode=True, width=88))


def _with_relative_paths(value: Any, config: Config) -> Any:
    if isinstance(value, dict):
        return {key: _with_relative_paths(item, config) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_relative_paths(item, config) for item in value]
    return from_root(value, config.root) if isinstance(value, str) and value[:1] == "/" else value


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _run(run: dict[str, Any], context: ReportContext) -> RunRow:
    outcome = [
        (str(name), without_paths(_text_of(value), context.config.root))
        for name, value in run["outcome"].items()
    ]
    return RunRow(
        number=run["number"],
        verb=run["verb"],
        state=run["state"],
        started_at=run["started_at"],
        seconds=run["seconds"],
        outcome=outcome,
    )


def _text_of(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text_of(item)}" for key, item in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)

"""Results kept by what they depend on, so that a benchmark may be stopped and goes on later."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.benchmarks.human_cost.sets import CACHE
from tests.benchmarks.quality.data import ROOT

MODELS = ("records", "label_models", "end_model", "query", "query.py")
REVIEWING = (*MODELS, "adjudication", "adjudication.py", "replay.py", "simulation")
BASELINE = ("records", "label_models")


@functools.cache
def digest_of(rooms: Iterable[str]) -> str:
    """Return a hash of the code of some rooms, and of this benchmark."""
    package, here = ROOT / "labeling", Path(__file__).parent
    files = [path for room in rooms for path in _sources(package / room)]
    hashed = hashlib.sha256()
    for path in sorted([*files, *_sources(here)]):
        hashed.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return hashed.hexdigest()[:16]


def _sources(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [path for path in place.rglob("*.py") if path.name not in ("__main__.py", "report.py")]


def kept(key: str, rooms: tuple[str, ...], compute: Callable[[], Any]) -> Any:
    """Return a result as JSON has it; computed once for this key and this code."""
    path = CACHE / digest_of(rooms) / f"{key}.json"
    if path.is_file():
        return json.loads(path.read_text("utf-8"))
    result = compute()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(result), "utf-8")
    unfinished.replace(path)
    return result

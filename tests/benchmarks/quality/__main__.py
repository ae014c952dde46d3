"""`make bench-quality`: print the tables of all models on all sets, and write them to the page."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable

from threadpoolctl import threadpool_limits

from tests.benchmarks.quality.asking import progress
from tests.benchmarks.quality.ceilings import scenarios, synthetic
from tests.benchmarks.quality.crowds import crowds
from tests.benchmarks.quality.data import ROOT, data_folder, found_sets
from tests.benchmarks.quality.function_sets import function_sets
from tests.benchmarks.quality.gold import with_gold
from tests.benchmarks.quality.ours import Panel
from tests.benchmarks.quality.page import write
from tests.benchmarks.quality.text_sets import TEXT_SETS, texts

PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = ("functions", "gold", "synthetic", "people", "texts")


def arguments() -> argparse.Namespace:
    """Return what was asked for: subsets of sets, models and parts, each separated by commas."""

    def some(text: str) -> set[str]:
        return {one.strip() for one in text.split(",") if one.strip()}

    parser = argparse.ArgumentParser(prog="make bench-quality", description=__doc__)
    parser.add_argument("--sets", type=some, default=set(), help="sets to score; default all")
    parser.add_argument("--models", type=some, default=set(), help="models and peers; default all")
    parser.add_argument("--parts", type=some, default=set(), help=f"of {', '.join(PARTS)}")
    return parser.parse_args()


def tables(asked: argparse.Namespace, panel: Panel) -> str:
    """Return all tables that were asked for, each under a heading."""
    folder = data_folder()
    names, left = found_sets(folder)
    names = [name for name in names if not asked.sets or name in asked.sets]
    functions = [name for name in names if not name.startswith("crowd_")]
    people = [name for name in names if name.startswith("crowd_")]
    with_texts = [
        name
        for name in TEXT_SETS
        if (folder / name / "texts.jsonl.gz").exists() and (not asked.sets or name in asked.sets)
    ]
    module = scenarios(folder) if not asked.sets or "synthetic" in asked.sets else None
    default = not asked.models or "label_model" in asked.models
    parts: list[tuple[str, object, str, Callable[[], str]]] = [
        ("functions", functions, "no gold labels", lambda: function_sets(panel, folder, functions)),
        ("gold", functions and default, "some gold labels", lambda: with_gold(folder, functions)),
        ("synthetic", module, "synthetic votes", lambda: synthetic(panel, module)),
        ("people", people, "people", lambda: crowds(panel, folder, people)),
        ("texts", with_texts and default, "with texts", lambda: texts(folder, with_texts)),
    ]
    written = []
    for name, possible, heading, call in parts:
        if possible and (not asked.parts or name in asked.parts):
            begin = time.perf_counter()
            progress(f"== {heading}")
            written.append(f"### Label models: {heading}\n\n{call()}")
            progress(f"== {heading}: {time.perf_counter() - begin:.0f} s")
    notes = [f"- `{name}` is left out: {why}." for name, why in {**left, **panel.left}.items()]
    return "\n\n".join([*written, *(["\n".join(notes)] if notes else [])])


def main() -> None:
    """Print the tables; write them to the page when they are all of them."""
    asked = arguments()
    panel = Panel(asked.models)
    try:
        with threadpool_limits(limits=1):
            text = re.sub(r"\n{3,}", "\n\n", tables(asked, panel))
    finally:
        panel.close()
    sys.stdout.write(f"{text}\n")
    if asked.sets or asked.models or asked.parts:
        progress("A subset is only printed; docs/benchmarks.md stays as it is.")
    else:
        write(PAGE, text)
        progress("Written to docs/benchmarks.md.")


if __name__ == "__main__":
    main()

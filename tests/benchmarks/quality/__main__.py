"""`make bench-quality`: print the tables of all models on all sets, and write them to the page."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from tests.benchmarks.quality.asking import progress
from tests.benchmarks.quality.balances import balances
from tests.benchmarks.quality.ceilings import synthetic
from tests.benchmarks.quality.clickers import clickers
from tests.benchmarks.quality.crowds import crowds
from tests.benchmarks.quality.data import PROMPTS, ROOT, data_folder, found_sets, maker
from tests.benchmarks.quality.function_sets import function_sets
from tests.benchmarks.quality.gold import with_gold
from tests.benchmarks.quality.ours import Panel
from tests.benchmarks.quality.page import write
from tests.benchmarks.quality.plain_text import plain_text
from tests.benchmarks.quality.prompts import prompts
from tests.benchmarks.quality.text_sets import TEXT_SETS, texts
from tests.benchmarks.quality.voters_drawn import families, few_votes, halves

PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = (
    *("functions", "prompts", "families", "balances", "halves", "gold", "synthetic"),
    *("people", "few_votes", "clickers", "texts", "plain"),
)


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
    written = []
    for name, possible, heading, call in parts(asked, panel, folder, names):
        if possible and (not asked.parts or name in asked.parts):
            begin = time.perf_counter()
            progress(f"== {heading}")
            written.append(f"### Label models: {heading}\n\n{call()}")
            progress(f"== {heading}: {time.perf_counter() - begin:.0f} s")
    notes = [f"- `{name}` is left out: {why}." for name, why in {**left, **panel.left}.items()]
    return "\n\n".join([*written, *(["\n".join(notes)] if notes else [])])


def parts(
    asked: argparse.Namespace, panel: Panel, folder: Path, found: list[str]
) -> list[tuple[str, object, str, Callable[[], str]]]:
    """Return each part: its name, whether it can be done, its heading, and how it is done."""

    def wanted(name: str) -> bool:
        return not asked.sets or name in asked.sets

    names = [name for name in found if wanted(name)]
    people = [name for name in names if name.startswith("crowd_")]
    prompted = [name for name in names if name.startswith(PROMPTS)]
    functions = [name for name in names if name not in {*people, *prompted}]
    of_functions = [*functions, *prompted]
    with_texts = [
        path.parent.name
        for path in sorted(folder.glob("*/texts.jsonl.gz"))
        if wanted(path.parent.name) and not path.parent.name.startswith("seq_")
    ]
    texts_with_gold = [name for name in TEXT_SETS if name in with_texts]
    synthetic_votes = maker(folder, "synthetic") if wanted("synthetic") else None
    family_votes = maker(folder, "families") if wanted("families") else None
    ours = not asked.models or "label_model" in asked.models
    annotators = not asked.models or "annotator_model" in asked.models
    return [
        ("functions", functions, "no gold labels", lambda: function_sets(panel, folder, functions)),
        ("prompts", prompted, "prompts as voters", lambda: prompts(panel, folder, prompted)),
        ("families", family_votes and ours, "families", lambda: families(family_votes)),
        (
            *("balances", of_functions and ours, "a declared class balance"),
            lambda: balances(folder, of_functions),
        ),
        ("halves", of_functions and ours, "half the voters", lambda: halves(folder, of_functions)),
        (
            "gold",
            of_functions and ours,
            "some gold labels",
            lambda: with_gold(folder, of_functions),
        ),
        (
            "synthetic",
            synthetic_votes,
            "synthetic votes",
            lambda: synthetic(panel, synthetic_votes),
        ),
        ("people", people, "people", lambda: crowds(panel, folder, people)),
        ("few_votes", people and annotators, "few votes", lambda: few_votes(folder, people)),
        ("clickers", people and annotators, "random clickers", lambda: clickers(folder, people)),
        ("texts", texts_with_gold and ours, "with texts", lambda: texts(folder, texts_with_gold)),
        ("plain", with_texts and ours, "plain text", lambda: plain_text(folder, with_texts)),
    ]


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

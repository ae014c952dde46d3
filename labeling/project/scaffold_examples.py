"""Samples of a new project that has none yet: short made-up texts, some with a gold label."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from labeling.records import LabelKind, atomic_write

N_SAMPLES = 60
EXAMPLE_LABELS: Mapping[LabelKind, tuple[str, ...]] = MappingProxyType(
    {
        LabelKind.ONE: ("ham", "spam"),
        LabelKind.SEVERAL: ("delivery", "price", "thanks"),
        LabelKind.SPANS: ("name", "amount"),
    }
)
"""The labels of the example of each kind."""

NAMES = ("Ann Lee", "Bob", "Carla Diaz", "Dmitri", "Eve Okafor", "Farid", "Grace Kim")
AMOUNTS = ("30", "12.50", "1,200", "7", "99.90")
LETTERS = (
    ("Thanks, see you on Monday.", "ham"),
    ("You won! Get it at http://win.example", "spam"),
    ("Can you send me the report?", "ham"),
    ("This is no spam: a free phone for you.", "spam"),
    ("Lunch?", "ham"),
)
SENTENCES = {
    "delivery": ("The delivery took two weeks", "The parcel came late"),
    "price": ("the price was too high", "I paid too much"),
    "thanks": ("many thanks for your help", "thank you"),
}
PAYMENTS = (
    "{name} paid {amount} on Monday.",
    "We got {amount} from {name}, who asked for a receipt.",
    "Nothing came in today.",
    "{name} wants {amount} back.",
)
GOLD = 2  # each second sample has a gold label


def write_example(file: Path, kind: LabelKind) -> bool:
    """Write example samples with the columns `id`, `text` and `gold` as CSV; return whether it did.

    A file that exists is kept.
    """
    if file.exists():
        return False
    rows = [
        (f"e{number:02}", text, gold if number % GOLD == 0 else "")
        for number, (text, gold) in enumerate(itertools.islice(TEXTS[kind](), N_SAMPLES))
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows, columns=["id", "text", "gold"])
    with atomic_write(file) as unfinished:
        table.to_csv(unfinished, index=False)
    return True


def _letters() -> Iterator[tuple[str, str]]:
    for name, (text, label) in zip(itertools.cycle(NAMES), itertools.cycle(LETTERS), strict=False):
        yield f"Hi {name}! {text}", label


def _comments() -> Iterator[tuple[str, str]]:
    """Yield each set of labels in turn, in the words of each of its labels."""
    labels = EXAMPLE_LABELS[LabelKind.SEVERAL]
    sets = [part for n in range(len(labels) + 1) for part in itertools.combinations(labels, n)]
    for number, (name, part) in enumerate(
        zip(itertools.cycle(NAMES), itertools.cycle(sets), strict=False)
    ):
        said = [SENTENCES[label][number % len(SENTENCES[label])] for label in part]
        text = f"{name} writes: {', '.join(said) or 'all is well'}."
        yield text, "; ".join(part) or "[]"


def _payments() -> Iterator[tuple[str, str]]:
    parts = zip(
        itertools.cycle(PAYMENTS), itertools.cycle(NAMES), itertools.cycle(AMOUNTS), strict=False
    )
    for form, name, amount in parts:
        text = form.format(name=name, amount=amount)
        labels = {name: "name", amount: "amount"}
        spans = sorted(
            [text.index(part), text.index(part) + len(part), label]
            for part, label in labels.items()
            if part in text
        )
        yield text, json.dumps(spans)


TEXTS: Mapping[LabelKind, Callable[[], Iterator[tuple[str, str]]]] = MappingProxyType(
    {
        LabelKind.ONE: _letters,
        LabelKind.SEVERAL: _comments,
        LabelKind.SPANS: _payments,
    }
)
"""Endless texts with their gold label, by kind."""

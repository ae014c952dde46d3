"""Sets of votes with gold labels, read from a folder that is not part of the repository."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling import LabelSchema, Votes

ROOT = Path(__file__).resolve().parents[3]
# These are published as F1 of the positive class, label 1; the others as accuracy.
F1_SETS = {"imdb", "youtube", "sms", "cdr", "yelp", "commercial", "tennis", "basketball"}
F1_SETS |= {"spouse", "spouse_cage", "spouse_rdp"}
# Votes of prompts of a language model are shown apart: the published comparison has none.
PROMPTS = "prompts_"
RULES_WITH_PROMPTS = "prompts_youtube_rules"
N_RULES = 10  # the first columns of that set; the others are prompts
SIX = ("imdb", "youtube_merged", "sms", "tennis", "trec_merged", "chemprot_merged")
# The published comparison of people's models has no such sets: see `why_apart`.
APART = {
    "crowd_hitspam_cf": "left out of the published mean",
    "crowd_cifar10n": "its columns are slots, not people",
}


@dataclass(frozen=True, slots=True, eq=False)
class VoteSet:
    """Votes with gold labels on some rows; sample ids are row numbers.

    Attributes:
        name: of its folder.
        votes: all of them, shape (n, m).
        gold: the code of each row's gold label, -1 = unknown: shape (n,).
        positive: the label whose F1 is published, or None where it is accuracy.
        people: whether the voters are annotators.
    """

    name: str
    votes: Votes
    gold: npt.NDArray[np.intp]
    positive: int | None
    people: bool

    @property
    def known(self) -> npt.NDArray[np.intp]:
        """The covered rows with a gold label."""
        return np.flatnonzero((self.gold >= 0) & self.votes.covered)

    @property
    def n_labels(self) -> int:
        """How many labels there are."""
        return len(self.votes.schema)

    @property
    def metric(self) -> str:
        """What is scored."""
        return "accuracy" if self.positive is None else "F1"


def data_folder() -> Path:
    """Return the folder that LABELING_DATA names, else `../shared/data` beside the project."""
    return Path(os.environ.get("LABELING_DATA", ROOT.parent / "shared" / "data"))


def found_sets(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the names of the sets to score, and why others are left out."""
    names = sorted(path.parent.name for path in folder.glob("*/votes.npz"))
    left = {}
    for name in names:
        if name.startswith("seq_"):
            left[name] = "tags of tokens; the source does not tell an abstention from a vote"
        elif f"{name}_merged" in names:
            left[name] = f"the same data as {name}_merged"
    return [name for name in names if name not in left], left


def read_set(folder: Path, name: str) -> VoteSet:
    """Return a set by its name; wide votes (`L`) or long ones (`item`, `worker`, `label`)."""
    with np.load(folder / name / "votes.npz", allow_pickle=False) as file:
        array = _wide(file) if "item" in file else file["L"]
        gold = file["y"].astype(np.intp)
    n_labels = max(2, int(max(array.max(), gold.max())) + 1)
    schema = LabelSchema([f"label {code:02d}" for code in range(n_labels)])
    people = name.startswith("crowd_")
    positive = 1 if name.removesuffix("_merged") in F1_SETS and n_labels == 2 else None
    return VoteSet(name, Votes.from_array(array, schema=schema), gold, positive, people)


def _wide(file: Any) -> npt.NDArray[Any]:
    """Return long votes as a table; of two votes of one annotator on a sample the later counts."""
    array = np.full((len(file["y"]), int(file["worker"].max()) + 1), -1, dtype=np.int8)
    array[file["item"], file["worker"]] = file["label"]
    return array


def read_texts(folder: Path, name: str) -> pd.DataFrame:
    """Return the texts that there are of a set, index = row numbers."""
    with gzip.open(folder / name / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = pd.DataFrame({"text": [json.loads(line)["text"] for line in lines]})
    return texts.dropna()


def maker(folder: Path, name: str) -> ModuleType | None:
    """Return a module of the folder that makes votes, `name`.py, if it is there."""
    path = folder / f"{name}.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made_votes(array: npt.NDArray[Any], n_labels: int) -> Votes:
    """Return made-up votes with labels of made-up names."""
    return Votes.from_array(
        array, schema=LabelSchema([f"label {code}" for code in range(n_labels)])
    )

"""Writes files.tar.xz: a store, fitted models and exports of an earlier commit of this package.

They must open and give the same answers for ever, so run this only to add files of a newer format,
with the commit whose files are to be kept:

    git worktree add /tmp/before c574f53
    PYTHONPATH=/tmp/before python tests/acceptance/saved_before/make.py
"""

import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import labeling as lb
from labeling.label_models import MODELS

ARCHIVE = Path(__file__).with_name("files.tar.xz")
CONFIG = """
data: {path: comments.csv, id: key}
labels: [ham, spam, news]
labeling_functions: [rules.py]
query: {n: 6}
replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 2}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
tells = keywords("tells", ["today", "press"], label="news")
"""
WORDS = (("hi", "thanks", "song"), ("free", "win", "link"), ("today", "press", "says"))
LABELS = ("ham", "spam", "news")
FIRST, REST = ("apply", "fit", "query", "push", "pull"), ("review", "pull", "review", "export")


def samples(n=40):
    """Return texts and their true labels, the same in every run."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, n)
    texts = [" ".join([*rng.choice(WORDS[t], 2), *rng.choice(["a", "it"], 2)]) for t in truth]
    return pd.DataFrame({"key": [f"c{i}" for i in range(n)], "text": texts, "truth": truth})


def make_project(folder):
    """Write a project whose annotators err often enough for a reviewer to be needed."""
    folder.mkdir()
    data = samples()
    data[["key", "text"]].to_csv(folder / "comments.csv", index=False)
    rng = np.random.default_rng(1)
    votes = [
        (key, f"p{number}", LABELS[t if rng.random() < 0.5 else rng.integers(3)])
        for key, t in zip(data["key"], data["truth"], strict=True)
        for number in range(3)
    ]
    columns = ["sample", "annotator", "label"]
    pd.DataFrame(votes, columns=columns).to_csv(folder / "votes.csv", index=False)
    reviewer = pd.DataFrame({"sample": data["key"], "label": [LABELS[t] for t in data["truth"]]})
    reviewer.to_csv(folder / "reviewer.csv", index=False)
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")


def do(folder, verbs):
    """Do what the command line does, one verb after the other."""
    for verb in verbs:
        getattr(lb.Project(folder / "project.yaml"), verb)()


def votes_and_gold():
    """Return votes of nine voters on 60 samples, and gold labels for every third one."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 60)
    array = np.full((60, 9), lb.ABSTAIN)
    for voter in range(9):
        votes = np.where(rng.random(60) < 0.5 + 0.05 * voter, truth, rng.integers(0, 3, 60))
        array[:, voter] = np.where(rng.random(60) < 0.6, votes, lb.ABSTAIN)
    votes = lb.Votes.from_array(
        array, schema=lb.LabelSchema(LABELS), sample_ids=[f"s{i}" for i in range(60)]
    )
    return votes, {f"s{i}": LABELS[truth[i]] for i in range(0, 60, 3)}


def texts():
    """Return the samples that the votes are on."""
    return (
        samples(60).drop(columns="truth").assign(key=[f"s{i}" for i in range(60)]).set_index("key")
    )


def make_models(folder):
    """Save each kind of model, without and with gold labels, and its probabilities."""
    folder.mkdir()
    votes, gold = votes_and_gold()
    probabilities = {}
    for name, kind in MODELS.items():
        for known, suffix in ((None, ""), (gold, "-gold")):
            model = kind().fit(votes, gold=known)
            model.save(folder / f"{name}{suffix}")
            probabilities[f"{name}{suffix}"] = model.predict_proba(votes).to_array()
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    for known, suffix in ((None, ""), (gold, "-gold")):
        model = lb.EndModel(text="text").fit(texts(), soft, votes=votes, gold=known)
        model.save(folder / f"end{suffix}")
        probabilities[f"end{suffix}"] = model.predict_proba(texts()).to_array()
    np.savez(folder / "probabilities.npz", **probabilities)


def main():
    """Write the archive."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_project(folder / "begun")
        do(folder / "begun", FIRST)
        shutil.copytree(folder / "begun", folder / "finished")
        do(folder / "finished", REST)
        make_models(folder / "models")
        with tarfile.open(ARCHIVE, "w:xz") as archive:
            for name in ("begun", "finished", "models"):
                archive.add(folder / name, name, filter=_anonymous)


def _anonymous(member):
    if "__pycache__" in member.name:
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()

"""Workbenches of spans and of several labels on which every number is known by hand."""

import re

import pandas as pd

import labeling as lb

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")

NOTES = {
    "n1": "Ann Lee met Bob.",
    "n2": "Acme hired Bob.",
    "n3": "No one came.",
    "n4": "Ann left Acme Inc.",
    "n5": "Bob Lee rang Ann",
    "n6": "nothing here",
}
GOLD_SPANS = {
    "n1": [(0, 7, "PER"), (12, 15, "PER")],
    "n2": [(0, 4, "ORG"), (11, 14, "PER")],
    "n3": [],
    "n4": [(0, 3, "PER"), (9, 17, "ORG")],
}
POSTS = {
    "p1": "so happy",
    "p2": "angry, happy",
    "p3": "rain",
    "p4": "happy? no",
    "p5": "angry cat",
}
GOLD_SETS = {"p1": ["joy"], "p2": ["anger"], "p3": [], "p4": ["joy"]}


def found(name, pattern, label, overlaps="longest"):
    """A function that marks all matches of a pattern."""

    @lb.span_labeling_function(name=name, label=label, overlaps=overlaps)
    def find(x):
        yield from re.finditer(pattern, x.text)

    return find


def first_names(name="first_names"):
    """Marks Ann (n1, n4, n5) and Bob (n1, n2, n5).

    On the dev set right on Bob of n1 and n2, and on Ann of n4; inside Ann Lee of n1.
    """
    return found(name, "Ann|Bob", "PER")


def full_names():
    """Marks Ann Lee (n1) and Bob Lee (n5): on the dev set right on n1."""
    return found("full_names", r"\w+ Lee", "PER")


def capitals():
    """Marks capitalised runs as ORG.

    n1: Ann Lee, Bob; n2: Acme, Bob; n3: No; n4: Ann, Acme Inc; n5: Bob Lee, Ann.
    On the dev set right on Acme (n2) and Acme Inc (n4).
    """
    return found("capitals", r"[A-Z]\w+(?: [A-Z]\w+)*", "ORG")


def span_workbench(*lfs, gold=GOLD_SPANS, notes=NOTES, **options):
    frame = pd.DataFrame({"text": list(notes.values())}, index=list(notes))
    return _with(lb.Workbench(frame, SPANS, gold, **options), lfs)


def said(name, words, otherwise=()):
    """A function that answers for labels by words: {"happy": {"joy": True}}."""

    @lb.labeling_function(name=name)
    def say(x):
        answers = dict(otherwise)
        for word, labels in words.items():
            if word in x.text:
                answers |= labels
        return answers

    return say


def happy(name="happy"):
    """Yes to joy on p1, p2, p4: on the dev set wrong on p2."""
    return said(name, {"happy": {"joy": True}})


def angry():
    """Yes to anger and no to joy on p2, p5."""
    return said("angry", {"angry": {"anger": True, "joy": False}})


def set_workbench(*lfs, gold=GOLD_SETS, posts=POSTS, **options):
    frame = pd.DataFrame({"text": list(posts.values())}, index=list(posts))
    return _with(lb.Workbench(frame, SETS, gold, **options), lfs)


def _with(made, lfs):
    for lf in lfs:
        made.add(lf)
    return made


def places(rows):
    """The parts of rows of spans as "id: text", in order."""
    frame = rows.to_frame()
    return [f"{sample_id}: {span}" for sample_id, span in frame["span"].items()]


def labels(rows):
    """The parts of rows of several labels as "id: label", in order."""
    frame = rows.to_frame()
    return [f"{sample_id}: {label}" for sample_id, label in frame["label"].items()]

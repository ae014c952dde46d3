"""Small projects whose samples have spans, or several labels, with recorded votes of people."""

import json

import numpy as np
import pandas as pd

NAMES = ["Ann Lee", "Bob", "Carla Diaz", "Dmitri", "Eve Okafor", "Farid"]
FIRMS = ["Acme Inc", "Globex Inc", "Initech", "Umbrella Corp"]
SENTENCES = [
    "{name} works for {firm} in town.",
    "{firm} hired {name} last May 😀, after {other} left.",
    "Nobody came to the meeting.",
    "{name} met {other} at {firm}.",
    "The report of {firm} was late, said {name}.",
]
SPAN_RULES = '''
import re

from labeling import span_labeling_function


@span_labeling_function(label="ORG")
def ends_in_inc(x):
    """A capitalised word before Inc is a company."""
    yield from re.finditer(r"[A-Z]\\w+ (?:Inc|Corp)", x.text)


@span_labeling_function(label="PER")
def known_names(x):
    """First names that we know."""
    yield from re.finditer(r"Ann|Bob|Carla|Dmitri|Eve|Farid", x.text)


@span_labeling_function(label="PER")
def two_capitals(x):
    """Two capitalised words are a person."""
    yield from re.finditer(r"[A-Z][a-z]+ (?!Inc|Corp)[A-Z][a-z]+", x.text)
'''
SPANS = """
data: {path: texts.parquet, id: key, gold: gold, locked: 0.3}
task: spans
labels: [PER, ORG]
labeling_functions: [rules.py]
query: {n: 6}
"""
PHRASES = {
    "joy": ["I am so happy", "glad to hear it"],
    "thanks": ["Thank you all", "many thanks"],
    "anger": ["I hate this", "it makes me angry"],
}
SET_RULES = '''
from labeling import labeling_function


@labeling_function
def glad(x):
    """Words of gladness."""
    return "joy" if "glad" in x.text or "happy" in x.text else None


@labeling_function
def thanks(x):
    """Who thanks is glad."""
    return ["joy", "thanks"] if "thank" in x.text.lower() else None


@labeling_function
def angry(x):
    """Who is angry is not glad."""
    return {"anger": True, "joy": False} if "angry" in x.text or "hate" in x.text else None
'''
SETS = """
data: {path: texts.csv, id: key, gold: gold.csv, locked: 0.3}
task: several
labels: [joy, thanks, anger]
exclusive: [[joy, anger]]
labeling_functions: [rules.py]
query: {n: 6}
"""
REPLAY = "replay: {votes: votes.csv, reviewer: reviewer.csv, rounds: 2}\n"


def spans_project(folder, n=40, more=REPLAY):
    """Write a project of spans; gold is JSON in a column of the samples."""
    rng = np.random.default_rng(0)
    samples, votes, decisions = [], [], []
    for number in range(n):
        name, other = rng.choice(NAMES, 2, replace=False)
        firm = rng.choice(FIRMS)
        text = SENTENCES[number % len(SENTENCES)].format(name=name, other=other, firm=firm)
        places = [(text.find(part), part, "PER") for part in (name, other)]
        places.append((text.find(firm), firm, "ORG"))
        gold = sorted([at, at + len(part), label] for at, part, label in places if at >= 0)
        key = f"s{number}"
        samples.append((key, text, json.dumps(gold) if number % 2 else None))
        decisions.append((key, json.dumps(gold)))
        for person in ("ann", "bob", "cleo"):
            kept = [span for span in gold if rng.random() < 0.85]
            votes.append((key, person, json.dumps(kept)))
    frame = pd.DataFrame(samples, columns=["key", "text", "gold"])
    _write(folder, votes, decisions, SPAN_RULES, SPANS + more)
    frame.to_parquet(folder / "texts.parquet")
    return folder


def sets_project(folder, n=40, more=REPLAY):
    """Write a project of several labels; gold is a file, with names and a semicolon between."""
    rng = np.random.default_rng(1)
    samples, votes, decisions = [], [], []
    for number in range(n):
        gold = [label for label in PHRASES if rng.random() < 0.4]
        if "joy" in gold and "anger" in gold:
            gold.remove("anger")
        phrases = [rng.choice(PHRASES[label]) for label in gold] or ["Nothing happened"]
        key = f"t{number}"
        samples.append((key, f"{', '.join(phrases)} ({number})."))
        decisions.append((key, "; ".join(gold) or "[]"))
        for person in ("ann", "bob", "cleo"):
            answer = [label for label in PHRASES if (label in gold) != (rng.random() < 0.15)]
            votes.append((key, person, json.dumps(answer)))
    _write(folder, votes, decisions, SET_RULES, SETS + more)
    pd.DataFrame(samples, columns=["key", "text"]).to_csv(folder / "texts.csv", index=False)
    gold = pd.DataFrame(decisions[::2], columns=["id", "label"])
    gold.to_csv(folder / "gold.csv", index=False)
    return folder


PROJECTS = {"spans": spans_project, "several": sets_project}


def _write(folder, votes, decisions, rules, config):
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["sample", "annotator", "label"]
    pd.DataFrame(votes, columns=columns).to_csv(folder / "votes.csv", index=False)
    table = pd.DataFrame(decisions, columns=["sample", "label"])
    table.to_csv(folder / "reviewer.csv", index=False)
    (folder / "rules.py").write_text(rules, encoding="utf-8")
    (folder / "project.yaml").write_text(config, encoding="utf-8")

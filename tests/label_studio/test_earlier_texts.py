"""Annotations of texts that an earlier version displayed raw, with characters replaced since."""

import json
import logging

import pandas as pd
import sqlalchemy as sa

import labeling as lb
from labeling.project.fingerprints import digest_of_text
from labeling.records.ids import encode_id
from labeling.store.tables import choices

RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
RAW = {
    "c0": "win free \x00cash",
    "c1": "hi there \ud83d",
    "c2": "thanks\x1b[31m all",
    "c3": "free song",
    "c4": "hi",
}


def project(folder, texts):
    lines = [json.dumps({"key": key, "text": text}) for key, text in texts.items()]
    (folder / "comments.jsonl").write_text("\n".join(lines))
    (folder / "rules.py").write_text(RULES)
    config = {
        "data": {"path": "comments.jsonl", "id": "key", "text": "text"},
        "labels": ["ham", "spam"],
        "labeling_functions": ["rules.py"],
        "query": {"n": 5},
        "files": {"folder": "to_label", "annotators": ["ann", "bob"], "reviewers": ["dora"]},
    }
    (folder / "project.yaml").write_text(json.dumps(config))
    return lb.Project(folder / "project.yaml")


def answered(folder):
    """Return a project whose batch is answered, and that remembers digests of the raw texts."""
    its = project(folder, RAW)
    its.query()
    its.push()
    for path in (folder / "to_label").glob("batch-*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        table["label"] = ["ham"] * 4 + ["ham" if "ann" in path.name else "spam"]
        table.to_csv(path, index=False, encoding="utf-8-sig")
    with its.store.database.writing() as connection:
        for key, text in RAW.items():
            this = sa.update(choices).where(choices.c.sample == encode_id(key))
            connection.execute(this.values(text_digest=digest_of_text(text)))
    return lb.Project(folder / "project.yaml")


def test_what_people_said_of_raw_texts_counts_and_nothing_is_withdrawn(tmp_path, caplog):
    its = answered(tmp_path)
    with caplog.at_level(logging.WARNING):
        its.pull()
        verdict = its.review()
        train = its.export()
    assert "another text" not in caplog.text
    assert 4 == len(verdict.gold)
    assert 1 == len(verdict.escalations)
    assert 0 == its.status().states["withdrawn"]
    assert 4 == train.own("source").eq("agreement").sum()
    (conflict,) = verdict.escalations
    its.decide(conflict.sample_id, "spam", by="dora", reason="it sells")
    assert 5 == len(its.people.verdict(its.people.current_annotations(its.samples)).gold)


def test_a_text_that_really_changed_is_still_told(tmp_path, caplog):
    answered(tmp_path).pull()
    its = project(tmp_path, RAW | {"c0": "win \x00 another", "c3": "another"})
    with caplog.at_level(logging.WARNING):
        its.review()
    assert "2 samples with annotations have another text now" in caplog.text

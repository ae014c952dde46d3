"""What plans of the ready-made kinds decide, compared to Python."""

import numpy as np

import labeling as lb
from labeling.engine.batches import SampleBatch
from labeling.engine.columns.rule_plans import plan_of_rule, share_searches
from labeling.records import vote_code

SCHEMA = lb.LabelSchema(["ham", "spam"])
FAULT = "fault"
EDGE_TEXTS = [
    "i", "\u0131", "\u017f", "ss", "ß ẞ", "ς", "\u03bc \u00b5", "ﬆ", "Straße STRASSE", "STRAẞE",
    "k \u212a",
    "", " ", "\n", "\x00", "ham", "HAM", "ham\n", "ham\x00", "\x00ham", "shame", "ham_", "_ham",
    "ham1", "ham spam", "spam ham spam", "c++", "I like C++, too", "c+++", "free money",
    "FREE  money", "free\nmoney", "freé money", "éham", "hamé", "ham é", "é ham", "é-ham-é",
    "ham\u0301", "—ham—", "“ham”", "ham٣", "日本ham語", "\u212aiss", "ki\u017fs", "K\u0130SS",
    "k\u0131ss", "\u0130 ham", "ham \u212a", "\u212aham", "ham\u0130", "STRASSE", "straße",
    "ΣΑΣ ham", "ς ham", "ﬁ ham", "ham🎵", "🎵 ham", "a" * 20_000, "ham " * 5_000,
    "x" * 20_000 + " ham", "kiss", "KISS", "kissing", "a kiss.", "42", "042", "4.20", "True",
    "nan", "2026-07-01", "None", None, None,
]  # fmt: skip


def python_votes(lf, rows):
    """Return what the function votes on each row, by the function itself."""
    votes = []
    for row in rows:
        try:
            votes.append(vote_code(lf.function(row), SCHEMA, lf.label))
        except Exception:  # noqa: BLE001
            votes.append(FAULT)
    return np.array(votes, dtype=object)


def assert_decided_as_python(lfs, frame, *, share=True, least=None):
    """Check all that the plans of labeling functions decide, and that they decide enough."""
    batch, memo = SampleBatch(frame), {}
    plans = [plan_of_rule(lf, SCHEMA) for lf in lfs]
    if share:
        share_searches(plans)
    shares = []
    for lf, plan in zip(lfs, plans, strict=True):
        codes, decided = plan.run(batch, memo)
        expected = python_votes(lf, batch.rows())
        assert codes.dtype == SCHEMA.code_type
        assert codes.shape == decided.shape == (len(frame),)
        wrong = np.flatnonzero(decided & (codes != expected))
        assert not len(wrong), (lf.rule, frame.iloc[wrong[0]].to_dict(), codes[wrong[0]])
        shares.append(decided.mean() if len(frame) else 1.0)
    if least is not None:
        assert min(shares) >= least
    return shares

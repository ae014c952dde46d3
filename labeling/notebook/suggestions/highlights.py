"""From words that an expert points at in a sample to a rule."""

from __future__ import annotations

import re

from labeling.errors import DataError, quoted
from labeling.notebook.suggestions import rules
from labeling.notebook.suggestions.rules import Rule

LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def rule_of(words: str, text: str, column: str, sample_id: object) -> Rule:
    """Return the rule that a text holds the same words, or where they are no words, the same signs.

    Args:
        words: what was pointed at.
        text: of the sample, which must hold them; case and the width of spaces do not matter.
        column: of the text.
        sample_id: of the sample, for the error.

    Raises:
        DataError: they are empty, or not in the text.
    """
    wanted = " ".join(words.split()) if isinstance(words, str) else ""
    if not wanted:
        raise DataError(f"Words of the sample must be highlighted. Got {quoted(words)}.")
    spaced = r"\s+".join(map(re.escape, wanted.split(" ")))
    found = re.search(spaced, text, re.IGNORECASE)
    if found is None:
        raise DataError(
            f"{quoted(wanted)} must be in sample {quoted(sample_id)}. Its text is {quoted(text)}."
        )
    is_whole = re.search(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE) is not None
    is_worded = re.match(r"\w", wanted) is not None and re.search(r"\w$", wanted) is not None
    if is_worded and is_whole and " ".join(found[0].split()) == found[0]:
        return rules.phrase_rule(wanted.lower(), column)
    return rules.pattern_rule(wanted, spaced, column, ignore_case=True)


def alternatives_of(words: str, column: str) -> list[Rule]:
    """Return rules for the same with any number, or any link, in its place.

    >>> [rule.words for rule in alternatives_of("call 0800 123", "text")]
    ['call <number> <number>']
    """
    made = []
    for pattern, general, sign in (
        (LINK, r"(?:https?://|www\.)\S+", "<link>"),
        (NUMBER, r"\d+(?:[.,]\d+)*", "<number>"),
    ):
        if not pattern.search(words):
            continue
        parts = pattern.split(words)
        body = general.join(r"\s+".join(map(re.escape, re.split(r"\s+", part))) for part in parts)
        made.append(rules.pattern_rule(pattern.sub(sign, words), body, column, ignore_case=True))
        if sign == "<link>":
            break
    return made

"""What may be suggested: rules as data, each with readable source and a place in a fixed order."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from labeling.errors import literal
from labeling.notebook.suggestions.words import FARTHEST
from labeling.rendering.formatting import cleaned

# No literal holds a NUL as it is, so that no text of a sample can be taken for one of these.
DEFINE, NAME, LABEL = "\0define\0", "\0name\0", "\0label\0"

MEASURES = {
    "length": ("len({text})", "a text of {side} {limit} characters"),
    "digits": (
        "sum(sign.isdigit() for sign in {text})",
        "digits are {side} {limit} of the characters",
    ),
    "capitals": (
        "sum(sign.isupper() for sign in {text})",
        "capitals are {side} {limit} of the characters",
    ),
}
"""What is measured of texts: its source, and a sentence about it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that may vote for any label.

    Attributes:
        kind: "ngram", "regex", "stump", "lookup" or "neighbours".
        words: what it looks for, in a few words; two rules with equal kinds and words are the same.
        template: its source code, with `DEFINE` for the name of the variable or function, and
            `NAME` and `LABEL` for literals.
    """

    kind: str
    words: str
    template: str

    def slug(self, label: str) -> str:
        """Return a name for the rule that may be a variable of Python.

        >>> phrase_rule("Check out!", "text").slug("spam")
        'spam_check_out'
        """
        return identifier(f"{label}_{self.words}")

    def source(self, name: str, label: str | int) -> str:
        """Return the rule's source code; it uses `labeling.functions` and `re` only."""
        code = self.template.replace(DEFINE, name).replace(NAME, literal(name))
        return code.replace(LABEL, literal(label))


def identifier(text: str, longest: int = 40) -> str:
    """Return a text as a name that Python takes.

    >>> identifier("Not spam: https://x"), identifier("class"), identifier("3 for 2")
    ('not_spam_https_x', 'class_', 'n3_for_2')
    """
    folded = unicodedata.normalize("NFKC", text.lower())
    name = re.sub(r"[\W_]+", "_", folded).strip("_")[:longest].strip("_") or "rule"
    name = f"n{name}" if name[0].isdigit() else name
    if not name.isidentifier():
        name = re.sub(r"[^a-z0-9_]+", "_", name).strip("_") or "rule"
        name = name if name.isidentifier() else f"n{name}"
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) else name


def phrase_rule(phrase: str, column: str) -> Rule:
    """Return the rule that a text holds a word or phrase."""
    return Rule("ngram", phrase, _call("keywords", f"[{literal(phrase)}]", column))


def pattern_rule(words: str, pattern: str, column: str, ignore_case: bool = False) -> Rule:
    """Return the rule that a pattern is found in a text."""
    flags = ", flags=re.IGNORECASE" if ignore_case else ""
    return Rule("regex", words, _call("regex", literal(pattern), column, flags))


def pair_rule(pair: str, column: str) -> Rule:
    """Return the rule that one word follows another, with at most three others between."""
    first, second = pair.split(" ")
    gap = rf"\W+(?:\w+\W+){{0,{FARTHEST - 1}}}"
    pattern = rf"\b{re.escape(first)}{gap}{re.escape(second)}\b"
    return pattern_rule(f"{first} ... {second}", pattern, column, ignore_case=True)


def measure_rule(measure: str, column: str, is_high: bool, limit: float) -> Rule:
    """Return the rule that the length of a text, or a share of it, is high or low."""
    code, sentence = MEASURES[measure]
    read = _read(column)
    bound = f"{limit:g}" if measure == "length" else f"{limit:g} * len({read})"
    sign, side = (">=", "at least") if is_high else ("<=", "at most")
    said = sentence.format(side=side, limit=f"{limit:g}")
    test = f"{read} is not None and {code.format(text=read)} {sign} {bound}"
    return Rule("stump", said, _function(said, test))


def column_rule(column: str, is_high: bool, limit: float) -> Rule:
    """Return the rule that the number of a column is high or low."""
    sign, side = (">=", "at least") if is_high else ("<=", "at most")
    number = repr(int(limit)) if limit.is_integer() else repr(limit)
    said = f"{column} {side} {number}"
    read = _read(column)
    return Rule("stump", said, _function(said, f"{read} is not None and {read} {sign} {number}"))


def value_rule(column: str, value: Any) -> Rule:
    """Return the rule that a column holds a value."""
    where = f"[{literal(value)}], label={LABEL}, column={literal(column)}"
    return Rule("lookup", f"{column} is {value}", f"{DEFINE} = lookup({NAME}, {where})")


def neighbour_rule(words: str, examples: Collection[str], least: float, column: str) -> Rule:
    """Return the rule that a text shares most of its words with an example."""
    read = _read(column)
    listed = "".join(f"            set({literal(each)}.split()),\n" for each in examples)
    template = (
        f"@labeling_function(\n    label={LABEL},\n    resources={{\n"
        f'        "examples": [\n{listed}        ],\n        "least": {least!r},\n    }},\n)\n'
        f"def {DEFINE}(x, examples, least):\n"
        '    """A text that shares most of its words with an example."""\n'
        f"    if {read} is None:\n        return False\n"
        f'    words = set(re.findall(r"\\w+", {read}.lower()))\n'
        "    return any(\n"
        "        len(words & each) >= least * (len(words) * len(each)) ** 0.5\n"
        "        for each in examples\n"
        "        if words\n"
        "    )"
    )
    return Rule("neighbours", f"like: {words}", template)


def _call(kind: str, first: str, column: str, more: str = "") -> str:
    place = "" if column == "text" else f", column={literal(column)}"
    return f"{DEFINE} = {kind}({NAME}, {first}, label={LABEL}{place}{more})"


def _function(said: str, test: str) -> str:
    said = re.sub(r'[\\"]', " ", cleaned(said))
    return (
        f'@labeling_function(label={LABEL})\ndef {DEFINE}(x):\n    """Votes where: {said}."""\n'
        f"    return {test}"
    )


def _read(column: str) -> str:
    is_plain = column.isidentifier() and not column.startswith("__")
    return f"x.{column}" if is_plain and not keyword.iskeyword(column) else f"x[{literal(column)}]"

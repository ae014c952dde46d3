"""Texts of a new project's files, by what a sample's label is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from labeling.records import LabelKind, LabelSchema

CONFIG = """\
# A labeling project. Relative paths start at the folder above this one.
# What is remembered of it belongs to this name.
name: {name}

data:
  path: {path}
  # The column of ids: unique, none missing. Or: {{from: row}}, {{from: content}}.
  id: {id}
  # What the models read and what people are shown.
  text: {text}
  # A sample without a text is left out and listed: drop. Or: empty, error.
  missing_text: drop
{gold}
# What a sample's label is: one of the labels (one), any number of them (several), or parts of its
# text with a label each (spans).
task: {task}

{labels}
{of_labels}
labeling_functions:
  - lfs/{name}.py

{models}query:
  # Samples a batch, half of them drawn at random, half where the model is least sure.
  n: 50
  strategy: mixture
  # stop: {{budget: 2000}}  # votes; or half_width: 0.02 of the accuracy, or stable_rounds: 3

review:
  # {policy}
  min_votes: 2
  max_votes: 3
  # any_conflict, no_majority, or the smallest share of the votes that settles {settled}, as 0.75.
  escalate: {escalate}

# People label in {file}; their files are in this folder.
files:
  folder: to_label/{name}
  kind: {kinds}
  # With names, each gets a file; without, whoever labels writes their name into it.
  # annotators: [ann, bob, cleo]
  # reviewers: [dora]

# Or people label in Label Studio: put this in the place of `files:`. The token must not stand here;
# it comes from LABEL_STUDIO_API_KEY. `labeling studio init` makes both projects.
# label_studio:
#   url: http://localhost:8080
#   project: {name}  # where annotators label
#   expert_project: "{name}: review"  # where a reviewer decides
#   prelabels: hidden  # shown: annotators see what the label model holds, and why
#   guidelines: ""  # a text that annotators see when they begin

export:
  folder: out/{name}
  # Samples that the models are less sure of are left out, and listed.
  min_confidence: {confidence}
{select}
seed: 0
"""
LABELS = """\
# Labels may be described for annotators: write a mapping, such as {{ham: What is left., spam: }}
labels: {labels}
"""
DESCRIBED_LABELS = """\
# From each label to the sentence that tells annotators what it means; nothing is no description.
labels:
{labels}
"""
NO_GOLD = """\
  # Labels known to be true: a column, or a file with the columns `id` and `label`.{form}
  # gold: label
"""
GOLD = """\
  # Labels known to be true: they measure, and win in the training set.{form}
  gold: {gold}
  # The share of them that is the test split. Each look at it is counted.
  locked: 0.5
"""
NO_BALANCE = """\
# How common the labels are, where you know it from elsewhere, such as a count of a random draw. On
# texts it helps more than anything but gold labels; a guess may do harm. For example:
# class_balance: {class_balance}
"""
BALANCE = """\
# How common the labels are, as known from elsewhere. Leave it out if it is a guess.
class_balance: {class_balance}
"""
ORDERED = """\
# Whether they are grades from the lowest to the highest, such as stars: true, false.
ordered_labels: {ordered}
"""
RULES_OF_LABELS = """\
# Labels of which a sample has one at most, and labels that follow from others. For example:
# exclusive: [{pair}]
# implies: {implied}
"""
LABEL_MODEL = """\
label_model: label_model

"""
EMBEDDINGS = """\
# Vectors of the texts by a pretrained model, for the end model: its folder, or its name on the
# Hugging Face hub. Static ones need labeling[static-embeddings], others labeling[embeddings].
# embeddings: minishlab/potion-base-8M

"""
SELECT = """\
  # So are labels that differ significantly from those of similar texts; null keeps them.
  select: auto

"""
HEAD = '''\
"""Labeling functions: rules that {what}.

Change them, add more, and look at what they do with `labeling summary`.
"""
'''
ONE_LABEL = '''
from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords, regex


@labeling_function
def is_short(x):
    """Replace me: say in a sentence why the rule holds."""
    return {first} if len(x[{text}]) < {short} else ABSTAIN


has_link = regex("has_link", r"https?://", label={last}, column={text})
says_so = keywords("says_so", [{last}], label={last}, column={text})
'''
SEVERAL_LABELS = '''
from labeling import ABSTAIN, labeling_function
from labeling.functions import keywords, regex


@labeling_function
def is_short(x):
    """Replace me: say in a sentence why the rule holds.

    A function returns the labels that a sample has. It says nothing of the others, unless it
    returns which ones it has and has not, such as {{{first}: True, {last}: False}}.
    """
    return [{first}] if len(x[{text}]) < {short} else ABSTAIN


has_link = regex("has_link", r"https?://", label={last}, column={text})
'''
KEYWORDS = """\
says_{number} = keywords("says_{number}", [{label}], label={label}, column={text})
"""
SPANS = '''
import re

from labeling import span_labeling_function
from labeling.functions import span_keywords, span_regex


@span_labeling_function(label={first})
def capitalised(x):
    """Replace me: say in a sentence why the rule holds.

    A function marks parts of the text: matches of `re`, or (start, end) of the text, end excluded.
    """
    yield from re.finditer(r"\\b[A-Z]\\w+(?: [A-Z]\\w+)*", x[{text}])


has_digits = span_regex({last}, r"\\b\\d[\\d.,]*\\b", name="has_digits", column={text})
says_so = span_keywords({last}, [{last}], name="says_so", column={text})
'''
MOST_KEYWORDS = 10  # labels that get a labeling function of their own

FORMS: Mapping[LabelKind, str] = MappingProxyType(
    {
        LabelKind.ONE: "",
        LabelKind.SEVERAL: (
            '\n  # Several have semicolons between, as "joy; thanks", or are a JSON list;'
            " [] is none."
        ),
        LabelKind.SPANS: (
            '\n  # Spans are JSON, as [[0, 5, "PER"]]: start, end (excluded) and label; [] is none.'
        ),
    }
)
"""What gold labels look like, by kind."""

PARTS: Mapping[LabelKind, Mapping[str, str]] = MappingProxyType(
    {
        LabelKind.ONE: {
            "models": LABEL_MODEL + EMBEDDINGS,
            "settled": "a sample",
            "file": "a spreadsheet",
            "kinds": "csv  # or xlsx, jsonl",
            "confidence": "0.6",
            "select": SELECT,
        },
        LabelKind.SEVERAL: {
            "models": EMBEDDINGS,
            "settled": "a label",
            "file": "a spreadsheet with a column for each label",
            "kinds": "csv  # or xlsx, jsonl",
            "confidence": "0.0",
            "select": "",
        },
        LabelKind.SPANS: {
            "models": "",
            "settled": "a span",
            "file": "a file of JSON lines",
            "kinds": "jsonl",
            "confidence": "0.0",
            "select": "",
        },
    }
)
"""Parts of the config by kind."""


def gold_setting(schema: LabelSchema, gold: str | None) -> str:
    """Return the settings of gold labels of a config.

    Args:
        schema: the labels.
        gold: the column or file as JSON; `None` for a comment that tells of it.
    """
    form = FORMS[schema.kind]
    return NO_GOLD.format(form=form) if gold is None else GOLD.format(gold=gold, form=form)


def settings_of_labels(schema: LabelSchema, balance: Mapping[str, float] | None) -> str:
    """Return the keys of a config that say more of its labels; a comment where it is unknown.

    Args:
        schema: the labels.
        balance: the class balance, if it is known.
    """
    if balance or schema.kind == LabelKind.ONE:
        uniform = dict.fromkeys(schema.labels, float(f"{1 / len(schema):.2g}"))
        shares = json.dumps(dict(balance or uniform), ensure_ascii=False)
        of_balance = (BALANCE if balance else NO_BALANCE).format(class_balance=shares)
        return f"{ORDERED.format(ordered=json.dumps(schema.ordered))}\n{of_balance}"
    if schema.kind == LabelKind.SEVERAL and len(schema) > 1:
        first, last = schema.labels[0], schema.labels[-1]
        return RULES_OF_LABELS.format(
            pair=json.dumps([first, last], ensure_ascii=False),
            implied=json.dumps({first: last}, ensure_ascii=False),
        )
    return ""


def labels_setting(schema: LabelSchema) -> str:
    """Return the key `labels` of a config; JSON texts are YAML texts."""
    if not schema.descriptions:
        return LABELS.format(labels=json.dumps(list(schema.labels), ensure_ascii=False)).strip()
    lines = []
    for label in schema.labels:
        text = schema.descriptions.get(label)
        described = "" if text is None else f" {json.dumps(text, ensure_ascii=False)}"
        lines.append(f"  {json.dumps(label, ensure_ascii=False)}:{described}")
    return DESCRIBED_LABELS.format(labels="\n".join(lines)).strip()


def labeling_functions(schema: LabelSchema, text: str, short: int) -> str:
    """Return a module of example labeling functions.

    Args:
        schema: the labels.
        text: the column of the texts.
        short: the number of characters below which a text is short.
    """
    first, last, column = (
        json.dumps(value, ensure_ascii=False)
        for value in (schema.labels[0], schema.labels[-1], text)
    )
    what, functions = MODULES[schema.kind]
    module = HEAD.format(what=what) + functions.format(
        first=first, last=last, text=column, short=short
    )
    if schema.kind == LabelKind.SEVERAL:
        for number, label in enumerate(schema.labels[:MOST_KEYWORDS], 1):
            name = json.dumps(label, ensure_ascii=False)
            module += KEYWORDS.format(number=number, label=name, text=column)
    return module


MODULES: Mapping[LabelKind, tuple[str, str]] = MappingProxyType(
    {
        LabelKind.ONE: ("vote on a sample, or abstain", ONE_LABEL),
        LabelKind.SEVERAL: ("give a sample labels, or abstain", SEVERAL_LABELS),
        LabelKind.SPANS: ("mark parts of a text, or nothing", SPANS),
    }
)
"""What labeling functions do, and examples of them, by kind."""

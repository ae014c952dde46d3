"""`span_keywords`, `span_lookup` and `span_regex`: they mark words, names and patterns in texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from labeling.errors import LabelingFunctionError, listed, literal
from labeling.functions.lookups import lines_of
from labeling.functions.recorded_calls import recorded
from labeling.functions.row_access import (
    Vote,
    is_missing,
    may_be_label,
    not_text_error,
    reader,
)
from labeling.functions.term_search import TermSearch
from labeling.functions.text_patterns import compiled
from labeling.records import SpanLabelingFunction

Marks = list[tuple[int, int, Any]]


@recorded
def span_keywords(
    label: Vote,
    words: Collection[str],
    *,
    name: str | None = None,
    column: str = "text",
    whole_words: bool = True,
    ignore_case: bool = True,
    reason: str | None = None,
) -> SpanLabelingFunction:
    """Return a labeling function that marks each occurrence of these words and phrases.

    Where some overlap, the longest is marked.

    Args:
        label: of the spans.
        words: words or phrases, taken literally.
        name: its name; `None` takes `<label>_keywords`.
        column: the column of the text; nothing is marked if the text is missing.
        whole_words: whether to match whole words only: `art` is then not found in `start`.
        ignore_case: whether `ANN` matches `Ann`.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: no words, or an empty one.

    >>> from types import SimpleNamespace
    >>> cities = span_keywords("LOC", ["York", "New York"])
    >>> cities(SimpleNamespace(text="from new york to Yorkshire"))
    [Span(start=5, end=13, label='LOC')]
    """
    known = [words] if isinstance(words, str) else list(words)
    if isinstance(words, (set, frozenset)):
        known.sort(key=str)  # the order of a set differs between processes
    chosen = name or f"{label}_keywords"
    search = TermSearch(
        dict.fromkeys(known, label),
        f"Keywords {chosen!r}",
        whole_words=whole_words,
        ignore_case=ignore_case,
    )
    examples = ", ".join(known[:5]) + (", ..." if len(known) > 5 else "")
    docstring = reason or f"Marks as {literal(label)}: {examples}"
    return _text_function(chosen, lambda text: list(search.find(text)), column, docstring)


@recorded
def span_lookup(
    label: Vote | None,
    terms: Collection[str] | Mapping[str, Vote] | str | Path,
    *,
    name: str | None = None,
    column: str = "text",
    whole_words: bool = True,
    ignore_case: bool = False,
    reason: str | None = None,
) -> SpanLabelingFunction:
    """Return a labeling function that marks the names of a gazetteer, however many these are.

    With the extra `spans` (pyahocorasick) texts are searched for all of them at once; without it
    for one place after the other, with the same result.

    Args:
        label: of the spans; `None` with a mapping, which has its own labels.
        terms: names and phrases; or a mapping from each to its label; or the path of a UTF-8 text
            file with one of them per line, where empty lines and lines that begin with `#` are
            ignored.
        name: its name; `None` takes `<label>_lookup`.
        column: the column of the text; nothing is marked if the text is missing.
        whole_words: whether to match whole words only.
        ignore_case: whether `ANN` matches `Ann`; a list of names often has words that are only
            names if they are capitalised.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LoadError: the file cannot be read.
        LabelingFunctionError: there are no terms, or the label is missing, given twice or invalid.

    >>> from types import SimpleNamespace
    >>> names = span_lookup(None, {"Ann Lee": "PER", "Lee": "LOC"}, name="names")
    >>> names(SimpleNamespace(text="Ann Lee went to Lee."))
    [Span(start=0, end=7, label='PER'), Span(start=16, end=19, label='LOC')]
    """
    chosen = name or f"{'span' if label is None else label}_lookup"
    meanings, files = _meanings(chosen, label, terms)
    search = TermSearch(
        meanings, f"Lookup {chosen!r}", whole_words=whole_words, ignore_case=ignore_case
    )
    labels = "as a mapping says" if label is None else f"as {literal(label)}"
    docstring = reason or f"Marks {labels} what is one of {len(search)} names."
    lf = _text_function(chosen, lambda text: list(search.find(text)), column, docstring)
    lf.files = tuple(files)
    return lf


def _meanings(
    name: str, label: Vote | None, terms: Collection[str] | Mapping[str, Vote] | str | Path
) -> tuple[dict[str, Vote], list[str]]:
    """Return the label of each term, and the files that they are from."""
    if isinstance(terms, Mapping):
        invalid = [each for each in terms.values() if not may_be_label(each)]
        if label is not None or invalid:
            got = f"label {label!r} too" if label is not None else repr(invalid[0])
            raise LabelingFunctionError(
                f"Lookup {name!r} must get its labels from the mapping alone, as names or codes."
                f" Got {got}."
            )
        return dict(terms), []
    if label is None:
        raise LabelingFunctionError(
            f"Lookup {name!r} must be given a label, or a mapping from name to label."
        )
    files: list[str] = []
    given: Iterable[str] = terms if not isinstance(terms, (str, Path)) else ()
    if isinstance(terms, (str, Path)):
        files = [str(Path(terms).absolute())]
        given = lines_of(name, Path(terms))
    return dict.fromkeys(given, label), files


@recorded
def span_regex(
    label: Vote,
    pattern: str | re.Pattern[str],
    *,
    group: int | str = 0,
    name: str | None = None,
    column: str = "text",
    flags: int = 0,
    reason: str | None = None,
) -> SpanLabelingFunction:
    r"""Return a labeling function that marks each match of a pattern, or a group of it.

    Empty matches, and groups that have no part in a match, are not marked.

    Args:
        label: of the spans.
        pattern: a regular expression of Python's `re`, searched for anywhere in the text.
        group: number or name of the group that is marked; 0 is the whole match.
        name: its name; `None` takes `<label>_regex`.
        column: the column of the text; nothing is marked if the text is missing.
        flags: flags of `re`, such as `re.IGNORECASE`.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the pattern is not a regular expression, or has no such group.

    >>> from types import SimpleNamespace
    >>> titled = span_regex("PER", r"\b(?:Mr|Mrs|Ms)\.? ([A-Z]\w+)", group=1)
    >>> titled(SimpleNamespace(text="I saw Mrs. Lee there"))
    [Span(start=11, end=14, label='PER')]
    """
    chosen = name or f"{label}_regex"
    compiled_pattern = compiled(repr(chosen), pattern, flags)
    known = range(compiled_pattern.groups + 1)
    if group not in known and group not in compiled_pattern.groupindex:
        raise LabelingFunctionError(
            f"`group` of {chosen!r} must be a group of the pattern:"
            f" {listed([*known, *compiled_pattern.groupindex])}. Got {group!r}."
        )

    def matches(text: str) -> Marks:
        places = (match.span(group) for match in compiled_pattern.finditer(text))
        return [(start, end, label) for start, end in places if start < end]

    docstring = reason or f"Marks as {literal(label)} what {literal(compiled_pattern.pattern)} is."
    return _text_function(chosen, matches, column, docstring)


def _text_function(
    name: str, find: Callable[[str], Marks], column: str, docstring: str
) -> SpanLabelingFunction:
    """Return the function that marks what is found in a text."""
    read = reader(column)

    def mark(x: Any) -> Marks | None:
        text = read(x)
        if isinstance(text, str):
            return find(text)
        if is_missing(text):
            return None
        raise not_text_error(column, text)

    mark.__doc__, mark.__name__, mark.__qualname__ = docstring, name, name
    return SpanLabelingFunction(name, mark, column=column)

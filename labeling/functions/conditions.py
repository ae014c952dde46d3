"""`search`: Boolean conditions on a sample, combined with `&`, `|` and `~`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from labeling.errors import LabelingFunctionError, literal
from labeling.functions.known_values import KnownValues, exactly, ignoring_case
from labeling.functions.lambda_source import lambda_source
from labeling.functions.recorded_calls import recorded
from labeling.functions.row_access import Vote, is_missing, reader
from labeling.functions.text_patterns import compiled, word_search
from labeling.records import (
    ABSTAIN,
    Combination,
    LabelingFunction,
    Negation,
    OtherCondition,
    PatternCondition,
    RecordedCall,
    RowCondition,
    SearchRule,
    ValueCondition,
    WordCondition,
    is_yes_or_no,
)
from labeling.rendering import Displayed, View

Truth = bool | None
Test = tuple[Callable[[Any], bool], RowCondition]

TEXT = "text"
"""The column of conditions that name none."""

_OR, _AND, _NOT = 1, 2, 3
"""Precedence of the operators, as in Python."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Condition(Displayed):
    """A condition on a sample; made by `contains`, `matches`, `among` and `where`.

    Called with a sample it returns True, False, or `None` (unknown) if the value is missing. `&`,
    `|` and `~` use three-valued logic, as in SQL: `~unknown` is unknown, `False & unknown` is
    False, and `True | unknown` is True.

    >>> from types import SimpleNamespace
    >>> wanted = contains("free") & ~contains("love") | matches(r"win\\W+cash")
    >>> wanted
    contains('free') & ~contains('love') | matches(r'win\\W+cash')
    >>> [wanted(SimpleNamespace(text=text)) for text in ("Free!", "free love", None)]
    [True, False, None]
    """

    test: Callable[[Any], Truth]
    text: str
    reads: tuple[str, ...] = ()
    precedence: int = _NOT
    for_column: Callable[[str], Condition] | None = None
    """Returns the same condition on a column, for a condition that named none; `None` if all
    columns are named."""
    rule: RowCondition = field(default_factory=OtherCondition)
    """The same as data."""
    call: RecordedCall | None = None
    """How it was written."""

    @recorded
    def on(self, column: str) -> Condition:
        """Return the condition that reads this column wherever it names none.

        >>> (contains("free") & contains("win", column="text")).on("title")
        contains('free', column='title') & contains('win')
        """
        return self if self.for_column is None else self.for_column(column)

    def __call__(self, x: Any) -> Truth:
        """Return whether the condition holds for a sample, or `None` if that is unknown."""
        return self.test(x)

    @recorded
    def __and__(self, other: object) -> Condition:
        return _combined(self, other, _AND)

    @recorded
    def __or__(self, other: object) -> Condition:
        return _combined(self, other, _OR)

    def __rand__(self, other: object) -> NoReturn:
        raise _not_a_condition(other)

    def __ror__(self, other: object) -> NoReturn:
        raise _not_a_condition(other)

    @recorded
    def __invert__(self) -> Condition:
        test = self.test

        def negated(x: Any) -> Truth:
            truth = test(x)
            return None if truth is None else not truth

        for_column = None if self.for_column is None else lambda column: ~self.on(column)
        text = f"~{_in_parentheses(self, _NOT)}"
        rule = Negation(self.rule)
        return Condition(negated, text, self.reads, for_column=for_column, rule=rule)

    def __bool__(self) -> NoReturn:
        raise LabelingFunctionError(
            f"Conditions must be combined with `&`, `|` and `~`. Got {self!r} where Python asks"
            " whether it is true: `and`, `or`, `not` and `if` do that."
        )

    def __repr__(self) -> str:
        return self.text

    def _view(self) -> View:
        return View(self.text, (f"Reads: {', '.join(self.reads)}.",) if self.reads else ())


@recorded
def search(
    name: str,
    condition: Condition,
    *,
    label: Vote,
    column: str = TEXT,
    pre: Sequence[Callable[[Any], Any]] = (),
    reason: str | None = None,
) -> LabelingFunction:
    r"""Return a labeling function that votes where a condition holds.

    It abstains if the condition does not hold, and if that is unknown because a value is missing.

    Args:
        name: its name.
        condition: conditions combined with `&`, `|`, `~` and parentheses.
        label: the label it votes for.
        column: the column of conditions that name none.
        pre: preprocessors, whose fields the conditions may read like columns.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: it is not a condition.

    >>> from types import SimpleNamespace
    >>> offer = search(
    ...     "offer",
    ...     contains("free") & ~contains("love") | matches(r"win\W+cash"),
    ...     label="spam",
    ... )
    >>> offer(SimpleNamespace(text="win cash!")), offer(SimpleNamespace(text="Free love"))
    ('spam', -1)
    >>> offer.__doc__
    "Votes 'spam' where contains('free') & ~contains('love') | matches(r'win\\W+cash')."
    >>> search("titled", contains("free"), label="spam", column="title").__doc__
    "Votes 'spam' where contains('free', column='title')."
    """
    if not isinstance(condition, Condition):
        raise _not_a_condition(condition)
    condition = condition.on(column)
    test = condition.test

    def vote(x: Any) -> Vote:
        return label if test(x) else ABSTAIN

    vote.__doc__ = reason or f"Votes {literal(label)} where {condition!r}."
    vote.__name__ = vote.__qualname__ = name
    # With preprocessors it may read fields that are not columns.
    reads = () if pre else condition.reads
    rule = None if pre else SearchRule(condition.rule, label)
    return LabelingFunction(name, vote, label=label, pre=pre, reads=reads, rule=rule)


@recorded
def contains(
    *words: str,
    column: str | None = None,
    whole_words: bool = True,
    ignore_case: bool = True,
) -> Condition:
    """Return the condition that a text contains any of these words or phrases, taken literally.

    Args:
        words: words or phrases; for all of them write `contains("a") & contains("b")`.
        column: the column of the text; `None` takes that of `search`, by default "text".
        whole_words: whether to match whole words only: `ham` is then not found in `shame`.
        ignore_case: whether `FREE` matches `free`.

    Raises:
        LabelingFunctionError: no words, or an empty one.

    >>> contains("free", "cash", column="title")
    contains('free', 'cash', column='title')
    """
    if not words or any(not isinstance(word, str) or not word.strip() for word in words):
        raise LabelingFunctionError(
            f"contains(...) must have non-empty words, one by one. Got {words!r}; write"
            ' contains("a", "b"), or contains(*words).'
        )
    find = word_search(words, whole_words, ignore_case)
    defaults = [("whole_words=False", whole_words), ("ignore_case=False", ignore_case)]
    options = [text for text, is_default in defaults if not is_default]

    def text_for(column: str) -> str:
        return f"contains({', '.join([*map(literal, words), *_column_option(column), *options])})"

    def test_for(column: str) -> Test:
        rule = WordCondition(column, words, whole_words, ignore_case)
        return lambda value: find(value) is not None, rule

    return _on_value(test_for, text_for, column)


@recorded
def matches(
    pattern: str | re.Pattern[str], *, column: str | None = None, flags: int = 0
) -> Condition:
    r"""Return the condition that a regular expression is found anywhere in a text.

    Args:
        pattern: a regular expression of Python's `re`.
        column: the column of the text; `None` takes that of `search`, by default "text".
        flags: flags of `re`, such as `re.IGNORECASE`.

    Raises:
        LabelingFunctionError: the pattern is not a regular expression.

    >>> matches(r"\d{3}-\d{4}")
    matches(r'\d{3}-\d{4}')
    """
    find = compiled("matches(...)", pattern, flags)
    options = [f"flags={re.RegexFlag(flags)!r}"] if flags else []

    def text_for(column: str) -> str:
        arguments = [literal(find.pattern), *_column_option(column), *options]
        return f"matches({', '.join(arguments)})"

    def test_for(column: str) -> Test:
        return lambda value: find.search(value) is not None, PatternCondition(column, find)

    return _on_value(test_for, text_for, column)


@recorded
def among(
    values: Collection[Hashable], *, column: str | None = None, ignore_case: bool = True
) -> Condition:
    """Return the condition that a column's value is one of these.

    Args:
        values: the values, compared as `lookup` does; for a missing value the condition is unknown.
        column: the column to look up; `None` takes that of `search`, by default "text".
        ignore_case: whether to compare texts without regard to case and to the width of
            characters.

    Raises:
        LabelingFunctionError: there are no values, or a single text is given; or, when it is
            applied, the column holds values of a type that none of the given values can equal.

    >>> among(["bot1", "bot2"], column="author")
    among(['bot1', 'bot2'], column='author')
    """
    if isinstance(values, str) or not values:
        raise LabelingFunctionError(
            f"among(...) must have a list or set of at least one value. Got {values!r}."
        )
    ordered = values if isinstance(values, (list, tuple)) else sorted(values, key=repr)
    examples = ", ".join(map(literal, ordered[:5])) + (", ..." if len(ordered) > 5 else "")
    option = "" if ignore_case else ", ignore_case=False"
    normalize = ignoring_case if ignore_case else exactly

    def text_for(column: str) -> str:
        return f"among([{examples}], column={column!r}{option})"

    def test_for(column: str) -> Test:
        pairs = ((value, True) for value in values)
        table = KnownValues(pairs, text_for(column), column, normalize)
        find = table.finder()
        return lambda value: find(value) is True, ValueCondition(column, table.for_columns())

    return _on_value(test_for, text_for, column)


@recorded
def where(function: Callable[[Any], Truth]) -> Condition:
    """Return the condition that a function of the sample returns True.

    Args:
        function: returns a bool for a sample, or `None` for "unknown". It must handle missing
            values itself.

    Raises:
        LabelingFunctionError: it is not a function; or, when it is applied, it returns something
            else.

    >>> from types import SimpleNamespace
    >>> dear = where(lambda x: x.price > 100)
    >>> dear(SimpleNamespace(price=120)), dear(SimpleNamespace(price=80))
    (True, False)
    """
    if not callable(function):
        raise LabelingFunctionError(
            f"where(...) must be given a function of a sample. Got {function!r}; write"
            " where(lambda x: ...)."
        )
    text = f"where({lambda_source(function)})"

    def test(x: Any) -> Truth:
        truth: object = function(x)
        if truth is None or truth is True or truth is False:
            return truth
        if is_yes_or_no(truth):  # a bool of NumPy
            return bool(truth)
        raise LabelingFunctionError(
            f"The function of {text} must answer True, False or None. Got {truth!r}; wrap it in"
            " bool(...)."
        )

    return Condition(test, text)


def _on_value(
    test_for: Callable[[str], Test],
    text_for: Callable[[str], str],
    column: str | None,
) -> Condition:
    """Return a condition on the value of a column.

    Args:
        test_for: returns the test of a column's values, and the condition as data.
        text_for: returns the condition on a column as its author would write it.
        column: the column; `None` for that of `search`.
    """

    def on(column: str, for_column: Callable[[str], Condition] | None) -> Condition:
        read, (test, rule) = reader(column), test_for(column)

        def test_row(x: Any) -> Truth:
            value = read(x)
            return None if is_missing(value) else test(value)

        return Condition(test_row, text_for(column), (column,), for_column=for_column, rule=rule)

    return on(TEXT, lambda other: on(other, None)) if column is None else on(column, None)


def _combined(left: Condition, right: object, operator: int) -> Condition:
    if not isinstance(right, Condition):
        raise _not_a_condition(right)
    test_left, test_right, deciding = left.test, right.test, operator == _OR

    def combined(x: Any) -> Truth:
        first = test_left(x)
        if first is deciding:  # False & ..., True | ...
            return deciding
        second = test_right(x)
        return second if first is not None or second is deciding else None

    sign: Literal["&", "|"] = "&" if operator == _AND else "|"
    text = f"{_in_parentheses(left, operator)} {sign} {_in_parentheses(right, operator + 1)}"
    reads = tuple(dict.fromkeys(left.reads + right.reads))

    def for_column(column: str) -> Condition:
        return _combined(left.on(column), right.on(column), operator)

    is_named = left.for_column is None and right.for_column is None
    rule = Combination(sign, left.rule, right.rule)
    return Condition(combined, text, reads, operator, None if is_named else for_column, rule)


def _in_parentheses(condition: Condition, precedence: int) -> str:
    """Return the text of a condition, in parentheses if its operator binds less tightly."""
    return condition.text if condition.precedence >= precedence else f"({condition.text})"


def _not_a_condition(value: object) -> LabelingFunctionError:
    return LabelingFunctionError(
        f"A condition must be made with contains, matches, among or where. Got {value!r}"
        f" ({type(value).__name__}); parentheses may be missing: & binds tighter than > and ==."
    )


def _column_option(column: str) -> list[str]:
    return [] if column == TEXT else [f"column={column!r}"]

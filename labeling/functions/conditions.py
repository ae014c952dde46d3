"""Boolean search: conditions on a sample that are combined with `&`, `|` and `~`."""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from labeling.errors import LabelingFunctionError, literal
from labeling.functions.known_values import KnownValues, exactly, ignoring_case
from labeling.functions.row_access import Vote, is_missing, reader
from labeling.functions.text_patterns import compiled, word_search
from labeling.records import ABSTAIN, LabelingFunction, is_yes_or_no

Truth = bool | None
TEXT = "text"  # what is read where no column is named
_OR, _AND, _NOT = 1, 2, 3  # how tightly they bind, as in Python


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Condition:
    """What may hold of a sample; made by `contains`, `matches`, `among` and `where`.

    Called with a sample it answers True, False, or `None` where it cannot be known because the
    value is missing. `&`, `|` and `~` reckon with that as SQL does: what is not known stays so
    under `~`, `False & unknown` is False, and `True | unknown` is True.

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
    binds: int = _NOT
    rebuilt: Callable[[str], Condition] | None = None
    """From the column that is read where none was named to the same condition on it; `None` where
    all columns were named."""

    def on(self, column: str) -> Condition:
        """Return the condition that reads this column wherever it was made without one.

        >>> (contains("free") & contains("win", column="text")).on("title")
        contains('free', column='title') & contains('win')
        """
        return self if self.rebuilt is None else self.rebuilt(column)

    def __call__(self, x: Any) -> Truth:
        """Return whether it holds of a sample, or `None` where that cannot be known."""
        return self.test(x)

    def __and__(self, other: object) -> Condition:
        return _combined(self, other, _AND)

    def __or__(self, other: object) -> Condition:
        return _combined(self, other, _OR)

    def __rand__(self, other: object) -> NoReturn:
        raise _no_condition(other)

    def __ror__(self, other: object) -> NoReturn:
        raise _no_condition(other)

    def __invert__(self) -> Condition:
        test = self.test

        def opposite(x: Any) -> Truth:
            answer = test(x)
            return None if answer is None else not answer

        rebuilt = None if self.rebuilt is None else lambda column: ~self.on(column)
        return Condition(opposite, f"~{_enclosed(self, _NOT)}", self.reads, rebuilt=rebuilt)

    def __bool__(self) -> NoReturn:
        raise LabelingFunctionError(
            f"Conditions must be combined with `&`, `|` and `~`. Got {self!r} where Python asks"
            " whether it is true: `and`, `or`, `not` and `if` do that."
        )

    def __repr__(self) -> str:
        return self.text


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

    It abstains where the condition does not hold, and where that cannot be known because a value
    is missing.

    Args:
        name: its name.
        condition: conditions combined with `&`, `|`, `~` and parentheses.
        label: what it votes for.
        column: what is read by conditions that name no column.
        pre: preprocessors, whose fields the conditions may then read like columns.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the condition is none.

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
        raise _no_condition(condition)
    condition = condition.on(column)
    test = condition.test

    def vote(x: Any) -> Vote:
        return label if test(x) else ABSTAIN

    vote.__doc__ = reason or f"Votes {literal(label)} where {condition!r}."
    vote.__name__ = vote.__qualname__ = name
    # With preprocessors what it reads need not be a column.
    return LabelingFunction(name, vote, label=label, pre=pre, reads=() if pre else condition.reads)


def contains(
    *words: str,
    column: str | None = None,
    whole_words: bool = True,
    ignore_case: bool = True,
) -> Condition:
    """Return the condition that a text has any of some words or phrases, taken literally.

    Args:
        words: words or phrases; for all of them write `contains("a") & contains("b")`.
        column: the column that holds the text; `None`: that of `search`, which is "text" unless it
            says another.
        whole_words: whether `ham` is not to be found in `shame`.
        ignore_case: whether `FREE` is `free`.

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
    changed = [("whole_words=False", whole_words), ("ignore_case=False", ignore_case)]
    options = [text for text, kept in changed if not kept]

    def written(where: str) -> str:
        return f"contains({', '.join([*map(literal, words), *_unless_text(where), *options])})"

    return _of_value(lambda _: lambda value: find(value) is not None, written, column)


def matches(
    pattern: str | re.Pattern[str], *, column: str | None = None, flags: int = 0
) -> Condition:
    r"""Return the condition that a regular expression is found anywhere in a text.

    Args:
        pattern: a regular expression of Python's `re`.
        column: the column that holds the text; `None`: that of `search`, which is "text" unless it
            says another.
        flags: flags of `re`, such as `re.IGNORECASE`.

    Raises:
        LabelingFunctionError: the pattern is no regular expression.

    >>> matches(r"\d{3}-\d{4}")
    matches(r'\d{3}-\d{4}')
    """
    find = compiled("matches(...)", pattern, flags)
    options = [f"flags={re.RegexFlag(flags)!r}"] if flags else []

    def written(where: str) -> str:
        return f"matches({', '.join([literal(find.pattern), *_unless_text(where), *options])})"

    return _of_value(lambda _: lambda value: find.search(value) is not None, written, column)


def among(
    values: Collection[Hashable], *, column: str | None = None, ignore_case: bool = True
) -> Condition:
    """Return the condition that a column's value is one of these.

    Args:
        values: the known values, compared as `lookup` does; a missing one is never among them.
        column: the column to look up; `None`: that of `search`, which is "text" unless it says
            another.
        ignore_case: whether texts are compared without regard to case, and to the width of
            characters.

    Raises:
        LabelingFunctionError: there are no values, or a single text stands for them; or, when it is
            asked, the column holds what none of the values can equal.

    >>> among(["bot1", "bot2"], column="author")
    among(['bot1', 'bot2'], column='author')
    """
    if isinstance(values, str) or not values:
        raise LabelingFunctionError(
            f"among(...) must have a list or set of at least one value. Got {values!r}."
        )
    first = values if isinstance(values, (list, tuple)) else sorted(values, key=repr)
    listed = ", ".join(map(literal, first[:5])) + (", ..." if len(first) > 5 else "")
    exact = "" if ignore_case else ", ignore_case=False"
    fold = ignoring_case if ignore_case else exactly

    def written(where: str) -> str:
        return f"among([{listed}], column={where!r}{exact})"

    def tester(where: str) -> Callable[[Any], bool]:
        pairs = ((value, True) for value in values)
        find = KnownValues(pairs, written(where), where, fold).finder()
        return lambda value: find(value) is True

    return _of_value(tester, written, column)


def where(function: Callable[[Any], Truth]) -> Condition:
    """Return the condition that a function of the sample says yes.

    Args:
        function: from a sample to a bool, or `None` where that cannot be known. It must reckon
            with missing values itself.

    Raises:
        LabelingFunctionError: it is no function; or, when it is asked, it answers something else.

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
    text = f"where({_written(function)})"

    def test(x: Any) -> Truth:
        answer: object = function(x)
        if answer is None or answer is True or answer is False:
            return answer
        if is_yes_or_no(answer):  # NumPy's
            return bool(answer)
        raise LabelingFunctionError(
            f"The function of {text} must answer True, False or None. Got {answer!r}; wrap it in"
            " bool(...)."
        )

    return Condition(test, text)


def _of_value(
    tester: Callable[[str], Callable[[Any], bool]],
    written: Callable[[str], str],
    column: str | None,
) -> Condition:
    """Return a condition on the value of a column.

    Args:
        tester: from the column to what its values are tested by.
        written: from the column to the condition as its author would write it.
        column: the column; `None` for the one that `search` says.
    """

    def on(where: str, rebuilt: Callable[[str], Condition] | None) -> Condition:
        read, test = reader(where), tester(where)

        def known(x: Any) -> Truth:
            value = read(x)
            return None if is_missing(value) else test(value)

        return Condition(known, written(where), (where,), rebuilt=rebuilt)

    return on(TEXT, lambda where: on(where, None)) if column is None else on(column, None)


def _combined(left: Condition, right: object, binds: int) -> Condition:
    if not isinstance(right, Condition):
        raise _no_condition(right)
    first, second, settles = left.test, right.test, binds == _OR

    def both(x: Any) -> Truth:
        answer = first(x)
        if answer is settles:  # False & ..., True | ...: whatever the other says
            return settles
        other = second(x)
        return other if answer is not None or other is settles else None

    sign = "&" if binds == _AND else "|"
    text = f"{_enclosed(left, binds)} {sign} {_enclosed(right, binds + 1)}"
    reads = tuple(dict.fromkeys(left.reads + right.reads))
    named = left.rebuilt is None and right.rebuilt is None
    rebuilt = None if named else lambda column: _combined(left.on(column), right.on(column), binds)
    return Condition(both, text, reads, binds, rebuilt)


def _enclosed(condition: Condition, binds: int) -> str:
    return condition.text if condition.binds >= binds else f"({condition.text})"


def _no_condition(value: object) -> LabelingFunctionError:
    return LabelingFunctionError(
        f"A condition must be made with contains, matches, among or where. Got {value!r}"
        f" ({type(value).__name__}); parentheses may be missing: & binds tighter than > and ==."
    )


def _unless_text(column: str) -> list[str]:
    return [] if column == TEXT else [f"column={column!r}"]


def _written(function: Callable[..., Any]) -> str:
    """Return a one-line lambda as its author wrote it, and otherwise the function's name."""
    name = str(getattr(function, "__name__", type(function).__name__))
    code = getattr(function, "__code__", None)
    if name != "<lambda>" or code is None:
        return name
    places = [place for place in code.co_positions() if None not in place and place[2] != place[3]]
    lines = {line for place in places for line in place[:2]}
    if len(lines) != 1:
        return "lambda ..."
    # Columns are counted in bytes.
    source = linecache.getline(code.co_filename, lines.pop()).encode()
    body = source[min(place[2] for place in places) : max(place[3] for place in places)]
    given = ", ".join(code.co_varnames[: code.co_argcount])
    return f"lambda {given}: {body.decode()}" if body else "lambda ..."

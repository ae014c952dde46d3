"""Labeling functions whose later votes depend on their earlier calls, and what they change."""

import types
from collections import Counter, defaultdict

HAM, SPAM, ABSTAIN = 0, 1, -1


class Counts:
    """What is counted, as attributes of a class."""

    calls = 0
    seen: list = []  # noqa: RUF012


class Eye:
    """Counts how often it is looked at."""

    __hash__ = None

    @property
    def glance(self):
        count_globally()
        return HAM

    def __lt__(self, other):
        count_globally()
        return False

    def __contains__(self, other):
        SEEN.append(other)
        return False

    def __format__(self, form):
        SEEN.append(form)
        return ""

    def __bool__(self):
        SEEN.append(0)
        return False


TOTAL = 0
SEEN = []
KNOWN = set()
STATE = {"calls": 0}
MODULE = types.ModuleType("counting")
EYE = Eye()
TALLY = Counter()
DEFAULTS = defaultdict(int)


def forget():
    """Undo all that functions of this module have changed."""
    global TOTAL, ITEMS
    TOTAL, ITEMS = 0, iter([0, 1, 2] * 5)
    for memory in (
        SEEN,
        KNOWN,
        Counts.seen,
        TALLY,
        DEFAULTS,
        closed_over.__closure__[1].cell_contents,
    ):
        memory.clear()
    STATE.update(calls=0)
    Counts.calls = MODULE.calls = own_attribute.calls = 0
    mutable_default.__defaults__[0].clear()
    nonlocal_count.forget()


def count_globally():
    globals()["TOTAL"] = TOTAL + 1


def count():
    STATE["calls"] += 1


def global_count(x):
    global TOTAL
    if x.n == 1:
        return HAM
    TOTAL += 1
    return SPAM if TOTAL % 3 == 0 else ABSTAIN


def dict_count(x):
    if STATE["calls"] > 10:
        return SPAM
    if x.n == 1:
        return HAM
    STATE["calls"] += 1
    return ABSTAIN


def dict_count_by_helper(x):
    if STATE["calls"] > 10:
        return SPAM
    if x.n == 1:
        return HAM
    count()
    return ABSTAIN


def class_count(x):
    if Counts.calls > 10:
        return SPAM
    if x.n == 1:
        return HAM
    Counts.calls += 1
    return ABSTAIN


def class_list(x):
    if len(Counts.seen) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    Counts.seen += [x.n]
    return ABSTAIN


def class_count_by_setattr(x):
    if Counts.calls > 10:
        return SPAM
    if x.n == 1:
        return HAM
    setattr(Counts, "calls", Counts.calls + 1)  # noqa: B010
    return ABSTAIN


def module_count(x):
    if MODULE.calls > 10:
        return SPAM
    if x.n == 1:
        return HAM
    MODULE.calls += 1
    return ABSTAIN


def count_in_globals(x):
    if TOTAL > 10:
        return SPAM
    if x.n == 1:
        return HAM
    globals()["TOTAL"] += 1
    return ABSTAIN


def count_by_helper(x):
    if TOTAL > 10:
        return SPAM
    if x.n == 1:
        return HAM
    count_globally()
    return ABSTAIN


def count_by_property(x):
    if TOTAL > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return EYE.glance


def count_by_comparison(x):
    if TOTAL > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return SPAM if EYE < x.n else ABSTAIN


def list_by_membership(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return SPAM if x.n in EYE else ABSTAIN


def list_by_format(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return SPAM if f"{EYE}{x.n}" == "" else ABSTAIN


def list_by_wide_format(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return SPAM if f"{EYE:>3}{x.n}" == "" else ABSTAIN


def list_by_truth(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return SPAM if EYE else ABSTAIN


def list_by_alias(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    seen = SEEN
    seen += [1]
    return ABSTAIN


def list_by_alias_of_some(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    if x.text.casefold() > "g":
        seen = SEEN if x.n else None
        seen += [1] if seen is not None else []
    return ABSTAIN


def extend(items):
    items += [1]


def list_by_parameter(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    if x.text == "a b c":
        extend(SEEN)
    return ABSTAIN


def list_after_what_columns_cannot_do(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    flipped = ~x.n
    SEEN.append(flipped)
    return ABSTAIN


def alias_after_what_columns_cannot_do(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    flipped = ~x.n
    seen = SEEN
    seen += [flipped]
    return ABSTAIN


def flip(number):
    flipped = ~number
    SEEN.append(flipped)
    return flipped


def list_by_helper(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    return ABSTAIN if flip(x.n) else HAM


def list_by_handler(x):
    if len(SEEN) > 10:
        return SPAM
    try:
        return int(x.n == 1) // int(x.n < 3) - 1
    except SEEN.append(1) or ZeroDivisionError:  # noqa: B030
        return HAM


def list_by_message(x):
    if len(SEEN) > 10:
        return SPAM
    assert x.n == 1, SEEN.append(x.n)
    return HAM


def list_by_error(x):
    if len(SEEN) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    raise ValueError(SEEN.append(x.n))


def list_by_else_of_try(x):
    if len(SEEN) > 10:
        return SPAM
    try:
        if x.n == 1:
            return HAM
        flipped = ~x.n
    except ValueError:
        return ABSTAIN
    else:
        SEEN.append(flipped)
    return ABSTAIN


def set_by_alias(x):
    if "free" in KNOWN:
        return SPAM
    if x.n == 1:
        return HAM
    known = KNOWN
    known |= {x.text.split()[0]}
    return ABSTAIN


def set_seen(x):
    if x.text in KNOWN:
        return SPAM
    KNOWN.add(x.text)
    return HAM


def counter_seen(x):
    TALLY[x.text] += 1
    return SPAM if TALLY[x.text] > 3 else HAM


def default_seen(x):
    if x.n == 1:
        return SPAM if len(DEFAULTS) > 2 else HAM
    return DEFAULTS[x.text]


def mutable_default(x, seen=[]):  # noqa: B006
    if len(seen) > 10:
        return SPAM
    if x.n == 1:
        return HAM
    seen.append(x.n)
    return ABSTAIN


def iterator(x):
    return SPAM if x.n in ITEMS else HAM


def next_item(x):
    return next(ITEMS, HAM) if x.n else ABSTAIN


def _nonlocal_count():
    calls = 0

    def nonlocal_count(x):
        nonlocal calls
        if calls > 10:
            return SPAM
        if x.n == 1:
            return HAM
        calls += 1
        return ABSTAIN

    def forget():
        nonlocal calls
        calls = 0

    nonlocal_count.forget = forget
    return nonlocal_count


def _closed_over():
    calls = []

    def add():
        calls.append(1)

    def closed_over(x):
        if len(calls) > 10:
            return SPAM
        if x.n == 1:
            return HAM
        add()
        return ABSTAIN

    return closed_over


nonlocal_count, closed_over = _nonlocal_count(), _closed_over()


def own_attribute(x):
    if own_attribute.calls > 10:
        return SPAM
    if x.n == 1:
        return HAM
    own_attribute.calls += 1
    return ABSTAIN


NOT_VOTING = (forget, count_globally, count, extend, flip, _nonlocal_count, _closed_over)
VOTING = {
    name: value
    for name, value in globals().items()
    if isinstance(value, types.FunctionType) and value not in NOT_VOTING
}

"""Labeling functions that take the row, or its columns, in every way that Python has."""

import copy
import functools
import operator

HAM, SPAM, ABSTAIN = 0, 1, -1
NAME, NAMES = "text", ["n", "text"]
FETCH, ITEM = operator.attrgetter("text"), operator.itemgetter("n")


class Judge:
    """Looks at rows by its operators."""

    def check(self, row):
        return row.n > 1

    __call__ = __contains__ = __lt__ = check


JUDGE = Judge()


def has_domain(row):
    return row.domain is not None


def both(row):
    return row["text"] == "a" and has_domain(row)


def unpacked(x):
    _, text, *_ = x
    return SPAM if text == "a" else HAM


def walrus(x):
    if (row := x).n > 1:
        return SPAM
    return HAM if row.text == "a" else ABSTAIN


def matched(x):
    match x:
        case object(n=2):
            return SPAM
        case object(text="a"):
            return HAM
    return ABSTAIN


def looped(x):
    for name in NAMES:
        if x[name] == "a":
            return SPAM
    return HAM


def nested(x):
    def inner():
        return x.n > 1

    return SPAM if inner() else HAM


def rebound(x):
    x = (x,)
    return SPAM if x[0].n > 1 else HAM


def by_default(x, *, judge=lambda row: row.n > 1):
    return SPAM if judge(x) else HAM


YES_OR_NO = [
    lambda x: getattr(x, NAME) == "a",
    lambda x: x[NAME] == "a",
    lambda x: x.get(NAME) == "a",
    lambda x: "a" in tuple(x),
    lambda x: any(value == "a" for value in x),
    lambda x: FETCH(x) == "a",
    lambda x: ITEM(x) > 1,
    lambda x: "'a'" in str(x),
    lambda x: "'a'" in f"{x}",
    lambda x: "'a'" in repr([x]),
    lambda x: [x[name] for name in NAMES][1] == "a",
    lambda x: JUDGE.check(x),
    lambda x: x in JUDGE,
    lambda x: JUDGE(x),
    lambda x: bool(JUDGE < x),
    lambda x: copy.copy(x).n > 1,
    lambda x: (lambda: x.n)() > 1,
    lambda x: functools.reduce(lambda first, _: first, [x]).n > 1,
    lambda x: getattr(x, "te" + "xt") == "a",
    lambda x: {"row": x}["row"].n > 1,
    lambda x: next(iter([x]))["n"] > 1,
    lambda x: x.__getitem__("n") > 1,
    lambda x: eval("x.n") > 1,
    lambda x: locals()["x"].n > 1,
    lambda x: vars()["x"].n > 1,
    lambda x: max(x.get(name, 0) for name in ("n", "m")) > 2,
    lambda x: x.get("n", x.text) > 1,
    lambda x: x.get(default=1, name="n") > 1,
    lambda x: type(x).get(x, "n") > 1,
    lambda x: both(row=x),
    lambda x: both(*[x]),
    lambda x: both(**{"row": x}),
    lambda x: next(map(has_domain, [x])),
    lambda x: x.id == "s3" or x["id"] == "s4",
    lambda x: "{.n}".format(x) == "2",  # noqa: UP032
    lambda x: sorted(map(str, x))[0] == "0",
]
VOTING = (unpacked, walrus, matched, looped, nested, rebound, by_default)

"""Random samples: columns of every kind that a frame can have, and the values functions get."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

WORDS = (
    *("free", "win", "cash", "prize", "click", "here", "the", "a", "end", "call", "now", "FREE"),
    *("Free", "WIN!", "http://x.io", "www.y", "12", "5", "a.b@c.de", "!!", "$5", "don't", "x-ray"),
)
STRANGE = (
    *(
        "İ",
        "ß",
        "ẞ",
        "ς",
        "Σ",
        "\u017f",
        "\u212a",
        "K",
        "e\u0301",
        "é",
        "ﬁ",
        "\x00",
        "\n",
        "\r\n",
        "\t",
    ),
    *("\x1c", "\x1f", "\x0b", "\x85", "\xa0", "\u2003", "\u2028", "\u200b", "😀", "\U0010ffff"),
    *(
        "٣",
        "²",
        "Ⅷ",
        "ǆ",
        "ǅ",
        "\ufeff",
        "\ud7ff",
        "\ue000",
        "\u0131",
        "i̇",
        "$1",
        "${0}",
        "\\",
        "\x7f",
    ),
)
TEXTS = (
    *(
        "",
        " ",
        "free",
        "FREE",
        "free win",
        "win",
        "end",
        "end\n",
        "end\n\n",
        "the\x1cend",
        "a\x0bb",
    ),
    *("\tfree ", "free\x85", "STRASSE", "İstanbul", "ΑΣ ΟΔΟΣ", "kelvin \u212a", "\u017fs", "12-34"),
    *("ÉCLAIR", "éclair", "free\u2003win", "a\x85b", "\xa0free", "ÀB", "٣٤", "Ⅷ", "x²", "\u212aB"),
    *("free é", "é free", "FREE É", "win\u2028end", "İİ", "ßß", "ﬁ", "\u1680", "end\u2029"),
    *("123", "0", "see http://x", "eeee", "!!!!", "AB", "A", "a\x00free", "Call me", "CALL NOW"),
    *(
        "shop.example",
        "news.example free",
        "x" * 4000,
        "win\r\n",
        "Titel Wort",
        "None",
        "nan",
        "-1",
    ),
)
INTS = (
    *range(-6, 31),
    *(100, 255, 256, -128, 1000, 2**31, 2**31 - 1, -(2**31), 2**32, 3037000500, -3037000500),
    *(2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**61, 2**62, 2**62 - 1, 2**62 + 1, -(2**62)),
    *(2**63 - 1, -(2**63)),
)
SMALL = tuple(range(-8, 32))
FLOATS = (
    *(0.0, -0.0, 0.5, 1.0, 1.5, -2.0, 2.0, 3.0, 0.1, 0.2, 0.3, 1e-9, 10.0, 24.0, 99.9, -0.75),
    *(2.0**53, 2.0**53 + 2, -(2.0**53), 2.0**63, 1e300, -1e300, 5e-324, float("inf")),
    *(float("-inf"), float("nan")),
)
PLAIN_FLOATS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, -1.0, 3.0, 10.0)
DOMAINS = (
    "shop.example",
    "news.example",
    "win.example",
    "",
    "free",
    "ß",
    "example",
    "SHOP.example",
)
TIMES = (
    *("2026-01-01 03:00:00", "2026-02-28 23:59:59", "1969-12-31 04:59:00", "2024-02-29 12:00:00"),
    *("1960-01-01 00:00:00.5", "2026-03-01 00:00:00", "2026-03-07 17:45:12.123456"),
)


@dataclass(frozen=True)
class Samples:
    """A frame, and the plain Python values of its columns, made without the engine.

    Attributes:
        frame: the samples; the index is called "id".
        values: for each column the values that functions get.
        ids: the ids of the samples.
    """

    frame: pd.DataFrame
    values: dict
    ids: list


def random_samples(rng, count):
    """Return random samples; `rng` is a `random.Random`."""
    columns = {name: make(rng, count) for name, make in COLUMNS.items()}
    for name in ("m", "maybe", "mixed", "when"):
        if rng.random() < 0.08:
            del columns[name]
    ids = [f"s{number}" for number in range(count)]
    index = pd.Index(ids, name="id", dtype=rng.choice([object, "str"]))
    series = {
        name: pd.Series(given, index=index, dtype=kind) for name, (given, kind) in columns.items()
    }
    values = {name: plain(given, kind) for name, (given, kind) in columns.items()}
    return Samples(pd.DataFrame(series, index=index), values | {"id": ids}, ids)


def plain(given, kind):
    """Return the values that functions get: Python's own, `None` for missing, NaN in floats."""
    if str(kind).startswith("datetime"):
        unit = str(kind).partition("[")[2].rstrip("]")
        times = [pd.Timestamp(value).as_unit(unit) for value in given]
        return [None if value is pd.NaT else value for value in times]
    if kind in ("float64", "float32"):
        return np.array(given, kind).astype(float).tolist()
    return list(given)


def text_column(rng, count, missing):
    edges = list(TEXTS) + [None] * missing
    share = rng.choice([0.2, 0.5, 0.9])
    texts = [rng.choice(edges) if rng.random() < share else random_text(rng) for _ in range(count)]
    if rng.random() < 0.4:  # texts of ASCII characters only are common, and run otherwise
        texts = [text if text is None or text.isascii() else "free text" for text in texts]
    return texts, rng.choice([*["str"] * 4, object, "category", "string"])


def random_text(rng):
    parts = rng.choices(WORDS, k=rng.randint(1, 9))
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        parts.insert(rng.randint(0, len(parts)), rng.choice(STRANGE))
    text = rng.choice([" ", " ", " ", "", "  "]).join(parts)
    return rng.choice([str, str, str, str.upper, str.lower, str.title])(text)


def int_column(rng, count):
    kind = rng.choice([*["int64"] * 5, "int8", "uint8", "int32", "uint64", bool, object, "float64"])
    if kind is bool:
        return rng.choices((True, False), k=count), bool
    if kind in ("int8", "uint8"):
        return rng.choices(range(0, 100), k=count), kind
    if kind == "float64":
        return [float(value) for value in rng.choices(SMALL, k=count)], kind
    if kind == "int64" and rng.random() < 0.5:
        return rng.choices(
            [0, 1, 2**62, 2**62 - 1, -(2**62), 2**63 - 1, -(2**63), 2**53, 2**53 + 1], k=count
        ), kind
    values = [value for value in INTS if kind != "uint64" or value >= 0]
    values = [value for value in values if kind != "int32" or abs(value) < 2**31]
    extra = {"uint64": [2**64 - 1, 2**63], object: [2**70, None]}.get(kind, [])
    if rng.random() < 0.5:
        values, extra = [value for value in values if 0 <= value < 50], []
    return rng.choices([*values, *extra], k=count), kind


def small_column(rng, count):
    return rng.choices(SMALL, k=count), rng.choice(["int64", "int16", "Int64"])


def float_column(rng, count):
    values = FLOATS if rng.random() < 0.6 else PLAIN_FLOATS
    kind = rng.choice(["float64", "float64", "float32"])
    if kind == "float32":
        values = [value for value in values if abs(value) != 1e300]
    return rng.choices(values, k=count), kind


def flag_column(rng, count):
    return rng.choices((True, False), k=count), rng.choice([bool, bool, "boolean"])


def maybe_column(rng, count):
    kind = rng.choice(["Int64", "boolean", object])
    values = {"Int64": (1, 2, 0, -3, 5, 2**53 + 1), "boolean": (True, False), object: (1, 2, 7)}
    return rng.choices([*values[kind], None], k=count), kind


def domain_column(rng, count):
    kind = rng.choice(["category", "category", "str", object])
    return rng.choices([*DOMAINS, *[None] * rng.randint(0, 1)], k=count), kind


def time_column(rng, count):
    times = [*TIMES, *[None] * rng.randint(0, 1)]
    kind = rng.choice(["datetime64[ns]", "datetime64[us]", "datetime64[s]"])
    if kind == "datetime64[s]":
        times = [None if time is None else time.partition(".")[0] for time in times]
    return [
        pd.NaT if time is None else pd.Timestamp(time) for time in rng.choices(times, k=count)
    ], kind


def mixed_column(rng, count):
    values = ("free", 3, None, True, "win", 0, "", 2**80, -1, b"free")
    if rng.random() < 0.3:  # what could hold something mutable gives every call a copy of the row
        values = (*values, (1, 2))
    return rng.choices(values, k=count), object


def repeated_text(rng, count):
    return list(
        itertools.islice(itertools.cycle(["Re: free", "offer", "WIN", "hello"]), count)
    ), "str"


COLUMNS = {
    "text": lambda rng, count: text_column(rng, count, 0),
    "title": lambda rng, count: text_column(rng, count, 3),
    "subject line": repeated_text,
    "n": int_column,
    "m": small_column,
    "score": float_column,
    "flag": flag_column,
    "maybe": maybe_column,
    "domain": domain_column,
    "when": time_column,
    "later": time_column,
    "mixed": mixed_column,
    "count": small_column,
}
"""By the name of the column: a function that returns random values and their dtype."""

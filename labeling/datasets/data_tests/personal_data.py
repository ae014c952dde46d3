"""Patterns of personal data in texts, with verified check digits. Values are never reported."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.findings import Finding, Status, example_ids, skipped
from labeling.errors import counted

LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Check letters of the Spanish DNI and NIE, by the number modulo 23."""


class Kind(NamedTuple):
    """A kind of personal data: its pattern, and a check of what matches."""

    name: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]


def digits_of(text: str) -> str:
    """Return the digits of a text.

    >>> digits_of("+1 (555) 12")
    '155512'
    """
    return "".join(character for character in text if character in "0123456789")


def passes_luhn(text: str) -> bool:
    """Whether the digits of a text satisfy the check of Luhn, as card numbers do.

    >>> passes_luhn("4111 1111 1111 1111"), passes_luhn("4111 1111 1111 1112")
    (True, False)
    """
    total = 0
    for position, digit in enumerate(reversed(digits_of(text))):
        number = int(digit) * (1 + position % 2)
        total += number - 9 * (number > 9)
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN by its check digits (ISO 13616, modulo 97).

    >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB83 WEST 1234 5698 7654 32")
    (True, False)
    """
    compact = re.sub(r"\s", "", text).upper()
    if not 15 <= len(compact) <= 34:
        return False
    number = "".join(str(int(character, 36)) for character in compact[4:] + compact[:4])
    return int(number) % 97 == 1


def is_phone(text: str) -> bool:
    """Whether digits look like a phone number: 9 to 15 of them, written as one.

    >>> is_phone("+44 20 7946 0958"), is_phone("555-123-4567"), is_phone("1234567890123")
    (True, True, False)
    """
    digits = digits_of(text)
    is_written = text.startswith(("+", "0", "(")) or len(re.findall(r"[ .()-]+", text)) >= 2
    return 9 <= len(digits) <= 15 and is_written and len(set(digits)) > 2


def is_card(text: str) -> bool:
    """Whether digits are a card number: 13 to 19, an issuer's first digit, Luhn's check."""
    digits = digits_of(text)
    return 13 <= len(digits) <= 19 and digits[0] in "3456" and passes_luhn(digits)


def is_ip(text: str) -> bool:
    """Whether a text is an address of the public internet.

    >>> is_ip("8.8.8.8"), is_ip("192.168.0.1"), is_ip("1.2.3.400")
    (True, False, False)
    """
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def is_spanish_id(text: str) -> bool:
    """Whether a text is a Spanish DNI or NIE by its letter.

    >>> is_spanish_id("12345678Z"), is_spanish_id("12345678A")
    (True, False)
    """
    compact = re.sub(r"[\s.-]", "", text).upper()
    number = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and LETTERS[int(number) % 23] == compact[-1]


def is_french_id(text: str) -> bool:
    """Whether a text is a French social security number (NIR) by its key.

    >>> is_french_id("2 55 08 14 168 025 38")
    True
    """
    digits = digits_of(text)
    return len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_brazilian_id(text: str) -> bool:
    """Whether a text is a Brazilian CPF by its two check digits.

    >>> is_brazilian_id("529.982.247-25"), is_brazilian_id("529.982.247-26")
    (True, False)
    """
    digits = [int(digit) for digit in digits_of(text)]
    for length in (9, 10):
        total = sum(digits[at] * (length + 1 - at) for at in range(length))
        if digits[length] != total * 10 % 11 % 10:
            return False
    return len(set(digits)) > 1


def _any(text: str) -> bool:
    return True


KINDS = (
    Kind(
        "e-mail",
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}"),
        _any,
    ),
    Kind(
        "IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), is_iban
    ),
    Kind("credit card", re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-]?\d)"), is_card),
    Kind("IP address", re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]?\d)"), is_ip),
    Kind("IP address", re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){4,7}[0-9A-Fa-f:]{1,5}"), is_ip),
    Kind(
        "US social security number",
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
        _any,
    ),
    Kind(
        "Spanish identity number",
        re.compile(r"(?<![\w.-])(?:\d{8}|[XYZxyz]-?\d{7})-?[A-Za-z](?!\w)"),
        is_spanish_id,
    ),
    Kind(
        "French social security number",
        re.compile(r"(?<!\d)[12](?: ?\d{2}){3} ?\d{3} ?\d{3} ?\d{2}(?!\d)"),
        is_french_id,
    ),
    Kind("Brazilian CPF", re.compile(r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)"), is_brazilian_id),
    Kind(
        "phone number",
        re.compile(
            r"(?<![\w.,:/$-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?"
            r"\d{2,11}(?:[ .-]\d{2,5}){0,4}(?![\w:/])"
        ),
        is_phone,
    ),
)
"""The kinds of personal data, the more certain ones first: no part of a text is of two kinds."""


def kinds_in(text: str) -> set[str]:
    """Return the kinds of personal data that a text seems to hold.

    >>> sorted(kinds_in("mail ann@example.org or call +44 20 7946 0958"))
    ['e-mail', 'phone number']
    >>> kinds_in("version 1.2.3, 12 of 30, 2026-11-30")
    set()
    """
    found = set()
    for kind in KINDS:
        spans = [match.span() for match in kind.pattern.finditer(text) if kind.is_valid(match[0])]
        if spans:
            found.add(kind.name)
            for begin, end in spans:
                text = f"{text[:begin]}{'#' * (end - begin)}{text[end:]}"
    return found


def personal_data(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """No text holds patterns of personal data; by default it is a warning where one does."""
    name = "personal_data"
    if settings.personal_data == "ignore":
        return skipped(name, "the settings say so", len(head))
    rows: dict[tuple[str, str], list[int]] = {}
    for column in head.samples.columns:
        for position, kinds in _matches(head.samples[column]):
            for kind in kinds:
                rows.setdefault((str(column), kind), []).append(position)
    everywhere = np.unique([at for positions in rows.values() for at in positions]).astype(np.intp)
    table = tuple(
        {
            "kind": kind,
            "column": column,
            "samples": len(positions),
            "examples": ", ".join(map(str, example_ids(head.ids[positions])[:5])),
        }
        for (column, kind), positions in sorted(rows.items())
    )
    counts = ", ".join(f"{row['kind']} in {row['samples']:,} ({row['column']})" for row in table)
    n_rows = len(everywhere)
    sentence = f"No pattern of personal data is in {counted(len(head), 'sample')}."
    if n_rows:
        sentence = (
            f"{n_rows:,} of {counted(len(head), 'sample')} seem to hold personal data: {counts}."
            " Remove it, or put something else in its place."
        )
    bad: Status = "failed" if settings.personal_data == "fail" else "warning"
    return Finding(
        name,
        bad if n_rows else "passed",
        sentence,
        n=len(head),
        value=n_rows / max(len(head), 1),
        limit=0.0,
        sample_ids=example_ids(head.ids[everywhere]),
        n_samples=n_rows,
        details=table,
    )


def _matches(column: pd.Series) -> Iterator[tuple[int, set[str]]]:
    """Yield the positions of the texts with personal data, and its kinds."""
    if not (pd.api.types.is_string_dtype(column.dtype) or column.dtype == object):
        return
    for position, text in _suspects(column.tolist()):
        kinds = kinds_in(text)
        if kinds:
            yield position, kinds


SUSPECT = re.compile(r"@|[0-9](?:[ .()-]?[0-9A-Za-z]){6}|[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:")
"""What each pattern needs: a text without it is not looked at further."""


def _suspects(values: list[Any]) -> Iterator[tuple[int, str]]:
    search = SUSPECT.search
    for position, value in enumerate(values):
        if isinstance(value, str) and search(value):
            yield position, value

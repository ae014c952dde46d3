"""Masking of secrets in quoted text such as error messages, logs and server responses."""

from __future__ import annotations

import base64
import binascii
import functools
import html
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator

MASK = "***"
_SCHEMES = frozenset({"basic", "bearer", "token", "apikey", "api-key", "digest", "negotiate"})
_SEPARATORS = re.compile(r"[\s,;=&\"']+")
_MIN_LENGTH = 4  # of a part of a secret that is masked on its own


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text with secrets masked in all usual encodings.

    Masked are a secret and its parts (`abc` of `Bearer abc`; the decoded text of base64, and its
    part after the colon), ignoring case: plain, in hexadecimal and in base64, and as escaped in
    URLs, JSON, HTML and Python's `repr`, also nested.

    Args:
        text: the quoted text. Mask before truncating: a truncated secret is not recognized.
        secrets: the secrets; empty ones are ignored.

    >>> masked("no user for key=s3cr3t%20token", ["s3cr3t token"])
    'no user for key=***'
    """
    given = tuple(sorted({secret for secret in secrets if secret.strip()}))
    return _pattern(given).sub(MASK, text) if given else text


@functools.lru_cache(maxsize=256)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    forms = {form for secret in secrets for part in _parts(secret) for form in _encoded(part)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def _parts(secret: str) -> set[str]:
    """Return a secret and the parts of it that are confidential on their own."""
    parts = {secret, secret.strip()}
    scheme, _, rest = secret.strip().partition(" ")
    if scheme.lower() in _SCHEMES:
        parts.add(rest.strip())
    for word in _SEPARATORS.split(secret):
        if len(word) >= _MIN_LENGTH and word.lower() not in _SCHEMES:
            parts.add(word)
            parts |= set(_inside_base64(word))
    return {part for part in parts if part}


def _inside_base64(word: str) -> Iterator[str]:
    """Yield the text that a base64 word encodes, such as `user:password`, and its password."""
    padded = word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_" if set(word) & set("-_") else None,
                                validate=True).decode()  # fmt: skip
    except (binascii.Error, ValueError):
        return
    if len(text) >= _MIN_LENGTH and text.isprintable():
        yield text
        password = text.partition(":")[2]
        if password:
            yield password


_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: urllib.parse.quote(text, safe=""),
    urllib.parse.quote,
    urllib.parse.quote_plus,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    html.escape,
    lambda text: html.escape(text, quote=False),
    lambda text: repr(text)[1:-1],
)


def _encoded(part: str) -> set[str]:
    """Return a text as escaped in URLs, JSON, HTML and Python, also nested."""
    once = {part, *_in_other_letters(part)}
    twice = {escape(form) for form in once for escape in _ESCAPES}
    return {escape(form) for form in twice for escape in _ESCAPES}


def _in_other_letters(part: str) -> Iterator[str]:
    raw = part.encode("utf-8", "surrogatepass")
    if len(raw) < _MIN_LENGTH:
        return
    yield raw.hex()
    for shift in range(3):  # base64 encodes a text in three ways, by its offset in a longer text
        code = base64.b64encode(b"\0" * shift + raw).decode()
        whole = len(code) - (0, 3, 2)[(shift + len(raw)) % 3]
        inner = code[(0, 2, 3)[shift] : whole]
        if len(inner) >= _MIN_LENGTH:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")

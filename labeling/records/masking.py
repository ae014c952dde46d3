"""Secrets are masked in whatever is quoted: error messages, logs, what a server answers."""

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
_LEAST = 4  # letters of a part of a secret that is one by itself


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which secrets are masked, however they are encoded there.

    Found are a secret and its parts (`Bearer abc` has the part `abc`; of base64 what it encodes, and
    there what stands behind the colon), in any case; plain, in hexadecimal and in base64, and as
    urls, JSON, HTML and Python's `repr` write these, one inside another as well.

    Args:
        text: what is quoted. Mask it before it is cut: half a secret cannot be found.
        secrets: what must not be seen; empty ones are passed over.

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
    """Return a secret, and what of it would give it away by itself."""
    found = {secret, secret.strip()}
    scheme, _, rest = secret.strip().partition(" ")
    if scheme.lower() in _SCHEMES:
        found.add(rest.strip())
    for word in _SEPARATORS.split(secret):
        if len(word) >= _LEAST and word.lower() not in _SCHEMES:
            found.add(word)
            found |= set(_inside_base64(word))
    return {part for part in found if part}


def _inside_base64(word: str) -> Iterator[str]:
    """Yield what a word encodes, such as `user:password`, and its password."""
    padded = word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_" if set(word) & set("-_") else None,
                                validate=True).decode()  # fmt: skip
    except (binascii.Error, ValueError):
        return
    if len(text) >= _LEAST and text.isprintable():
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
    """Return a text as it is written in urls, JSON, HTML and Python, and in one inside another."""
    once = {part, *_in_other_letters(part)}
    twice = {escape(form) for form in once for escape in _ESCAPES}
    return {escape(form) for form in twice for escape in _ESCAPES}


def _in_other_letters(part: str) -> Iterator[str]:
    raw = part.encode("utf-8", "surrogatepass")
    if len(raw) < _LEAST:
        return
    yield raw.hex()
    for shift in range(3):  # base64 of a longer text looks otherwise at each of three places
        code = base64.b64encode(b"\0" * shift + raw).decode()
        whole = len(code) - (0, 3, 2)[(shift + len(raw)) % 3]
        inner = code[(0, 2, 3)[shift] : whole]
        if len(inner) >= _LEAST:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")

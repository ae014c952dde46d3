"""How `service` talks HTTP: a session a process, retries that are counted, answers kept on disk."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import sqlite3
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn, Self, TypeVar

import requests
import requests_cache
import urllib3
from requests.adapters import HTTPAdapter

from labeling.errors import LabelingFunctionError
from labeling.functions.credentials import revealed
from labeling.functions.kept import in_wal_mode
from labeling.functions.services import Address
from labeling.records import is_loopback

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
PASSING = (429, 500, 502, 503, 504)  # what another try may mend
BACKOFF = 0.5  # seconds; the second retry waits twice that, and each further one twice as long
LONGEST_WAIT = 60  # seconds, whatever a Retry-After header asks for
DOWN_AFTER = 5  # requests in a row that failed for good
REST = 60.0  # seconds without asking a service that is down


@dataclass(slots=True)
class _Line:
    """A session, and how many of its requests have failed in a row."""

    session: requests.Session
    failed: int = 0
    rests_until: float = 0.0
    why: str = ""
    cached: bool = field(default=False)


def answers(address: Address, body: object, understood: Callable[[Any], Answer]) -> Answer:
    """Return what a service answers.

    Args:
        address: the service.
        body: what is sent as JSON.
        understood: from the JSON that came to the answer; what it cannot make sense of is not
            kept.

    Raises:
        LabelingFunctionError: it failed for good, or its answer makes no sense.
    """
    line = _line(address, os.getpid())
    response = _sent(address, line, _as_json(address, body))
    try:
        return understood(response.json())
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        if line.cached:  # or it would stay so for ever
            line.session.cache.delete(response.cache_key)  # type: ignore[attr-defined]  # if cached
        raise LabelingFunctionError(
            f"{address.says} must answer with JSON that `answer` understands. Got"
            f" {response.text[:200]!r}: {_why(error)}."
        ) from None  # an error about JSON quotes the whole answer


def _as_json(address: Address, body: object) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise LabelingFunctionError(
            f"{address.says} must be asked with what JSON can hold: {error}. Got {body!r:.200};"
            " `ask` may change it."
        ) from error


def _sent(address: Address, line: _Line, body: bytes) -> requests.Response:
    headers = {"Content-Type": "application/json"} | {
        key: revealed(value, f"header {key!r} of service {address.name!r}")
        for key, value in address.headers
    }
    if time.monotonic() < line.rests_until:
        _fail(address, f"is not asked for a minute, since {DOWN_AFTER} requests in a row failed",
              line.why)  # fmt: skip
    # Its own messages, without what they were raised from: that quotes the whole url.
    try:
        with _without_their_warnings():
            response = line.session.post(
                address.url, data=body, headers=headers,
                timeout=address.timeout, allow_redirects=False, proxies=_proxies(address.url),
            )  # fmt: skip
    except requests.RequestException as error:
        why = _cause(error, address.timeout)
    else:
        if response.status_code == 200:
            line.failed = 0
            return response
        why = f"status {response.status_code}"
        if response.status_code not in PASSING:
            _fail(address, "refused", f"{why}, {response.text[:200]!r}")
    line.failed, line.why = line.failed + 1, why
    if line.failed >= DOWN_AFTER:
        line.failed, line.rests_until = 0, time.monotonic() + REST
    _fail(address, f"failed {address.retries + 1} times", why)


def _proxies(url: str) -> dict[str, str] | None:
    """Return that a service on this machine is asked directly: a proxy would see the headers."""
    host = urllib.parse.urlsplit(url).hostname
    return {"no_proxy": host} if host and is_loopback(host) else None


def _fail(address: Address, what: str, why: str) -> NoReturn:
    raise LabelingFunctionError(f"{address.says} {what}: {why}.") from None


def _cause(error: requests.RequestException, timeout: float) -> str:
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", None)
    refused = isinstance(
        reason, urllib3.exceptions.NewConnectionError
    )  # counts as a time-out there
    if (
        isinstance(reason or error, (requests.Timeout, urllib3.exceptions.TimeoutError))
        and not refused
    ):
        return f"no answer within {timeout:g} s"
    return type(reason or error).__name__  # their texts quote the url


def _why(error: Exception) -> str:
    if isinstance(error, requests.JSONDecodeError):
        return "it is no JSON"
    return str(error) if isinstance(error, LabelingFunctionError) else repr(error)


class _CountedRetry(urllib3.Retry):
    """Retries that say so."""

    address: Address

    def new(self, **changes: Any) -> Self:
        made = super().new(**changes)
        made.address = self.address
        return made

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        after = super().increment(*args, **kwargs)
        last = after.history[-1]
        why = type(last.error).__name__ if last.error else f"status {last.status}"
        logger.warning(
            "%s: try %d of %d failed (%s), trying again",
            *(self.address.says, len(after.history), self.address.retries + 1, why),
        )
        return after


@contextmanager
def _without_their_warnings() -> Iterator[None]:
    """Keep urllib3 from logging each retry once more, with the query of the url."""
    theirs = logging.getLogger("urllib3.connectionpool")

    def wanted(record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Retrying (")

    theirs.addFilter(wanted)
    try:
        yield
    finally:
        theirs.removeFilter(wanted)


@functools.lru_cache(maxsize=64)
def _line(address: Address, process: int) -> _Line:
    """Return the open line to a service; a process forked from another one opens its own."""
    session = requests.Session() if address.cache is None else _keeping(address, address.cache)
    # No state but the question: the answer to a sample must not hang on those before it.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = _as_it_is  # or a .netrc would take the place of the Authorization given
    retry = _CountedRetry(
        total=address.retries, allowed_methods=None, status_forcelist=PASSING,
        backoff_factor=BACKOFF, retry_after_max=LONGEST_WAIT, raise_on_status=False,
    )  # fmt: skip
    retry.address = address
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return _Line(session, cached=address.cache is not None)


def _keeping(address: Address, cache: str) -> requests.Session:
    """Return a session that keeps answers of status 200, and of what was asked no secret."""
    _check_writable(address, cache)
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(address.url).query, True)
    session = requests_cache.CachedSession(
        cache,
        backend="sqlite",
        serializer="json",  # never its default, which is pickle
        wal=True,
        busy_timeout=60_000,
        allowable_methods=("POST",),
        allowable_codes=(200,),
        ignored_parameters=[*query, *dict(address.headers), "Set-Cookie", "set-cookie"],
        key_fn=_key,
    )
    session.hooks["response"].append(_forget_cookies)
    return session


def _key(request: requests.PreparedRequest, **_: object) -> str:
    """Return what tells questions apart: all of the url and body.

    The library's own key sorts the list that a body may be, and so confuses the order of samples.
    """
    body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
    text = json.dumps([request.method, request.url]).encode()
    return hashlib.sha256(text + b"\n" + body).hexdigest()


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _forget_cookies(response: requests.Response, **_: object) -> None:
    response.cookies.clear()


def _check_writable(address: Address, cache: str) -> None:
    """Raise where a cache cannot be written: the library would wait for it for ever."""
    try:
        with closing(in_wal_mode(cache)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.rollback()
    except (sqlite3.Error, OSError) as error:
        raise LabelingFunctionError(
            f"The cache of service {address.name!r} must be an SQLite file that can be written. Got"
            f" {cache!r}: {error}."
        ) from error

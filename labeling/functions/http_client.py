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
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn, Self, TypeVar, cast

import requests
import requests_cache
import urllib3
from requests.adapters import HTTPAdapter

from labeling.errors import LabelingError, LabelingFunctionError
from labeling.functions.cache import in_wal_mode
from labeling.functions.credentials import revealed
from labeling.functions.services import Address
from labeling.records import is_loopback, line_of, masked

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


_READING: ContextVar[_Reading] = ContextVar("_READING")


def answers(address: Address, body: object, understood: Callable[[Any], Answer]) -> Answer:
    """Return what a service answers.

    Args:
        address: the service.
        body: what is sent as JSON.
        understood: from the JSON that came to the answer; whatever it raises means that the answer
            makes no sense. Such an answer is not kept, and where one was kept it is asked again.

    Raises:
        LabelingFunctionError: it failed for good, or its answer makes no sense.
    """
    line = _line(address, os.getpid())
    headers = {
        key: revealed(value, f"header {key!r} of service {address.name!r}")
        for key, value in address.headers
    }
    secrets = _secrets(address, headers)
    question = _as_json(address, body, secrets)
    reading = _Reading(understood, secrets)
    response = _sent(address, line, question, headers, reading)
    if reading.why and getattr(response, "from_cache", False):
        response = _sent(address, line, question, headers, reading)
    if reading.why:
        _fail(address, "must answer with JSON that `answer` understands. Got"
              f" {_quoted(response.text, secrets)}", reading.why)  # fmt: skip
    return cast("Answer", reading.answer)


class _Reading:
    """What an answer comes to, and whether it may be kept on disk.

    Attributes:
        answer: what was understood of the last response that was read.
        why: why it makes no sense; empty where it does.
    """

    def __init__(self, understood: Callable[[Any], Any], secrets: Collection[str]) -> None:
        self.understood, self.secrets = understood, secrets
        self.answer: Any = None
        self.why = ""
        self._read: bytes | None = None

    def read(self, response: requests.Response) -> None:
        """Read a response, once."""
        if response.content != self._read:
            self._read = response.content
            self._understand(response)

    def may_be_kept(self, response: requests.Response) -> bool:
        """Whether a response makes sense, and quotes no secret."""
        if response.status_code != 200:
            return False
        self.read(response)
        kept = [value for key, value in response.headers.items() if key.lower() != "set-cookie"]
        said = "\n".join([response.text, *kept])
        return not self.why and masked(said, self.secrets) == said

    def _understand(self, response: requests.Response) -> None:
        self.answer, self.why = None, ""
        try:
            self.answer = self.understood(response.json())
        except requests.JSONDecodeError:  # quotes the whole answer
            self.why = "it is no JSON"
        except Exception as error:  # noqa: BLE001  # `answer` is the user's, and may raise anything
            line = line_of(error)
            told = str(error) if isinstance(error, LabelingError) else repr(error)
            told = f"{told} ({line})" if line else told
            self.why = masked(told, self.secrets)[:500].rstrip(".")


PLAIN_HEADERS = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "content-type", "user-agent"}
)
_LEAST = 4  # letters of a secret that stands in the code; shorter ones are settings, such as "1"


def _secrets(address: Address, headers: Mapping[str, str]) -> list[str]:
    """Return what must not be seen: the headers' values, and those of the url's query."""
    written = {key for key, value in address.headers if value == headers[key]}
    query = urllib.parse.parse_qsl(urllib.parse.urlsplit(address.url).query, True)
    found = [value for _, value in query if len(value) >= _LEAST]
    for key, value in headers.items():
        if key.lower() not in PLAIN_HEADERS and (key not in written or len(value) >= _LEAST):
            found.append(value)
    return found


def _quoted(text: str, secrets: Collection[str]) -> str:
    """Return a text as it is quoted; what would be half a secret if it were cut is masked before."""
    return repr(masked(text, secrets)[:200])


def _as_json(address: Address, body: object, secrets: Collection[str]) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        got, why = masked(repr(body), secrets)[:200], masked(str(error), secrets)
    raise LabelingFunctionError(
        f"{address.says} must be asked with what JSON can hold: {why}. Got {got};"
        " `ask` may change it."
    )


def _sent(
    address: Address, line: _Line, body: bytes, headers: Mapping[str, str], reading: _Reading
) -> requests.Response:
    if time.monotonic() < line.rests_until:
        _fail(address, f"is not asked for a minute, since {DOWN_AFTER} requests in a row failed",
              line.why)  # fmt: skip
    token = _READING.set(reading)
    # Its own messages, without what they were raised from: that quotes the whole url.
    try:
        with _masked_logs(reading.secrets):
            response = line.session.post(
                address.url, data=body, headers={"Content-Type": "application/json", **headers},
                timeout=address.timeout, allow_redirects=False, proxies=_proxies(address.url),
            )  # fmt: skip
    except requests.RequestException as error:
        why = _cause(error, address.timeout)
    else:
        if response.status_code == 200:
            line.failed = 0
            reading.read(response)
            return response
        why = f"status {response.status_code}"
        if response.status_code not in PASSING:
            _fail(address, "refused", f"{why}, {_quoted(response.text, reading.secrets)}")
    finally:
        _READING.reset(token)
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


LIBRARIES = (
    *("urllib3.connectionpool", "requests_cache.session", "requests_cache.policy.actions"),
    *("requests_cache.backends.base", "requests_cache.backends.sqlite"),
)


@contextmanager
def _masked_logs(secrets: Collection[str]) -> Iterator[None]:
    """Mask secrets in what the libraries log, and keep urllib3 from logging each retry once more."""

    def wanted(record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Retrying ("):
            return False
        record.msg, record.args = masked(record.getMessage(), secrets), ()
        return True

    loggers = [logging.getLogger(name) for name in LIBRARIES]
    for library in loggers:
        library.addFilter(wanted)
    try:
        yield
    finally:
        for library in loggers:
            library.removeFilter(wanted)


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
    return _Line(session)


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
        filter_fn=lambda response: _READING.get().may_be_kept(response),
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
